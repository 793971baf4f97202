//! What the shop may change in the console while the service runs: hours, deadlines, storefronts, the promise.
//!
//! The settings file says what holds at first. What was chosen in the console is kept in the database and comes before it, section by section.
//! Every server looks for changes every two seconds; the one that took a change has it at once. Whoever asks for the [`Choices`] has one state
//! of them until asking again.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::auth::IdentityCheck;
use crate::config::{Position, SiteConfig};
use crate::deadlines::DeadlineSettings;
use crate::hours::OpeningHours;
use crate::promise::PromiseSettings;
use crate::state::{AppState, Settings};
use crate::store::{KeptSettings, SettingsSection, StoreError};

/// What is chosen now.
pub struct Choices {
    /// When people are there.
    pub hours: OpeningHours,
    /// How soon they should answer.
    pub deadlines: DeadlineSettings,
    /// The storefronts, by name.
    pub sites: BTreeMap<String, Site>,
    /// What the next training promises. The bundle in use keeps what it was trained for.
    pub promise: PromiseSettings,
    /// The number of the last change in the console that this is made from.
    pub(crate) revision: i64,
    changes: BTreeMap<SettingsSection, SectionChange>,
}

/// A storefront.
pub struct Site {
    /// Where its pages come from.
    pub origins: Vec<String>,
    /// What it is called, by language.
    pub name: BTreeMap<String, String>,
    /// What shoppers read first, by language.
    pub greeting: BTreeMap<String, String>,
    /// The colour of the widget.
    pub color: Option<String>,
    /// On which side the widget is.
    pub position: Position,
    /// Checks what the shop says of its customers; without it, nobody is believed.
    pub identity: Option<IdentityCheck>,
}

/// The last change of a section in the console.
#[derive(Clone, Debug)]
pub(crate) struct SectionChange {
    pub(crate) revision: i64,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    pub(crate) holds: Holds,
}

/// What holds of a section that was changed in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// What was chosen there.
    Chosen,
    /// What the file says, as somebody wanted it.
    File,
    /// What the file says, because this program cannot read what was chosen.
    FileForWantOfBetter,
}

/// What the settings file says of what the console can change.
#[derive(Clone, Debug)]
pub struct FileChoices {
    /// When people are there.
    pub hours: OpeningHours,
    /// How soon they should answer.
    pub deadlines: DeadlineSettings,
    /// The storefronts, by name.
    pub sites: BTreeMap<String, SiteConfig>,
    /// What the next training promises.
    pub promise: PromiseSettings,
}

/// Finds what checks the shop's word for its customers on the site of a name: the console cannot change secrets, but it can add sites.
pub type FindIdentity = Arc<dyn Fn(&str) -> Option<IdentityCheck> + Send + Sync>;

/// Holds the choices that are in force.
pub struct Chosen(RwLock<Arc<Choices>>);

impl Choices {
    /// What the file says, with what was chosen in the console in its place. What cannot be read is left out with a warning.
    pub(crate) fn of(
        file: &FileChoices,
        kept: &KeptSettings,
        identities: impl Fn(&str) -> Option<IdentityCheck>,
    ) -> Self {
        let FileChoices { mut hours, mut deadlines, mut sites, mut promise } = file.clone();
        let mut changes = BTreeMap::new();
        for (section, last) in &kept.sections {
            let read = last.value.as_deref().map(|value| match section {
                SettingsSection::Hours => put(&mut hours, value),
                SettingsSection::Deadlines => put(&mut deadlines, value),
                SettingsSection::Promise => put(&mut promise, value),
                SettingsSection::Site(name) => {
                    serde_json::from_str(value).map(|site| drop(sites.insert(name.clone(), site)))
                }
            });
            let holds = match read {
                Some(Ok(())) => Holds::Chosen,
                Some(Err(problem)) => {
                    warn(section, &problem);
                    Holds::FileForWantOfBetter
                }
                None => Holds::File,
            };
            let (by, at) = (last.by.clone(), last.at);
            changes.insert(section.clone(), SectionChange { revision: last.revision, by, at, holds });
        }
        let sites = sites.into_iter().map(|(name, config)| {
            let identity = identities(&name);
            (name, Site::new(config, identity))
        });
        Self { hours, deadlines, sites: sites.collect(), promise, revision: kept.revision, changes }
    }

    /// Who changed a section last, and what holds since then. Nothing when nobody ever did in the console.
    pub(crate) fn change_of(&self, section: &SettingsSection) -> Option<&SectionChange> {
        self.changes.get(section)
    }
}

fn put<T: DeserializeOwned>(place: &mut T, value: &str) -> serde_json::Result<()> {
    *place = serde_json::from_str(value)?;
    Ok(())
}

fn warn(section: &SettingsSection, problem: &serde_json::Error) {
    tracing::warn!(
        %section,
        %problem,
        "what was chosen in the console cannot be read, the settings file holds: save it there again, or go back to the file there"
    );
}

impl Site {
    fn new(config: SiteConfig, identity: Option<IdentityCheck>) -> Self {
        let SiteConfig { origins, name, greeting, color, position, identity_secret_file: _ } = config;
        Self { origins, name, greeting, color, position, identity }
    }
}

impl Chosen {
    /// What the settings file says, until [`AppState::follow_choices`] has looked into the database.
    #[must_use]
    pub fn by_file(settings: &Settings) -> Self {
        let nothing = KeptSettings::default();
        let choices = Choices::of(&settings.file, &nothing, |site| (settings.identities)(site));
        Self(RwLock::new(Arc::new(choices)))
    }

    pub(crate) fn now(&self) -> Arc<Choices> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes other choices, unless newer ones are there already.
    fn replace(&self, choices: Choices) {
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if choices.revision > now.revision {
            tracing::info!(settings.revision = choices.revision, "changed settings are in force");
            *now = Arc::new(choices);
        }
    }
}

impl AppState {
    /// What is chosen now.
    #[must_use]
    pub fn choices(&self) -> Arc<Choices> {
        self.chosen.now()
    }

    /// Takes what was changed in the console since the last look, on whichever server.
    ///
    /// # Errors
    /// When the database fails; then all stays as it was.
    pub async fn follow_choices(&self) -> Result<(), StoreError> {
        if self.store.settings_revision().await? == self.choices().revision {
            return Ok(());
        }
        let kept = self.store.kept_settings().await?;
        self.chosen.replace(Choices::of(&self.settings.file, &kept, |site| (self.settings.identities)(site)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::store::KeptSection;

    const TARGETS: &str = "{ first_response_minutes = 10, resolution_minutes = 60, warn_at = 0.5 }";

    fn file() -> FileChoices {
        let deadlines = ["urgent", "high", "normal", "low"].map(|priority| format!("{priority} = {TARGETS}"));
        FileChoices {
            hours: toml::from_str("mon-fri = [\"9:00-18:00\"]").unwrap(),
            deadlines: toml::from_str(&deadlines.join("\n")).unwrap(),
            sites: toml::from_str("[main]\norigins = [\"https://shop.example.com\"]\n[outlet]").unwrap(),
            promise: toml::from_str("max_error = 0.02\nconfidence = 0.95").unwrap(),
        }
    }

    fn site(name: &str) -> SettingsSection {
        SettingsSection::Site(name.to_owned())
    }

    fn merged(sections: &[(SettingsSection, Option<&str>)]) -> Choices {
        let sections = sections.iter().zip(1..).map(|((section, value), revision)| {
            let value = value.map(str::to_owned);
            let by = "boss".to_owned();
            (section.clone(), KeptSection { value, revision, by, at: Timestamp::UNIX_EPOCH })
        });
        let sections: BTreeMap<_, _> = sections.collect();
        let revision = sections.len() as i64;
        let secret = || Secret::new("an identity secret for the tests".to_owned());
        Choices::of(&file(), &KeptSettings { revision, sections }, |name| {
            (name == "main").then(|| IdentityCheck::new(secret()).unwrap())
        })
    }

    #[test]
    fn without_any_choice_the_file_holds() {
        let (choices, file) = (merged(&[]), file());
        assert_eq!((&choices.hours, &choices.deadlines), (&file.hours, &file.deadlines));
        assert_eq!(choices.promise, file.promise);
        assert_eq!(choices.sites["main"].origins, ["https://shop.example.com"]);
        assert!(choices.sites["main"].identity.is_some() && choices.sites["outlet"].identity.is_none());
        assert!(choices.change_of(&SettingsSection::Hours).is_none());
    }

    #[test]
    fn what_was_chosen_comes_before_the_file_section_by_section() {
        let main = r##"{"origins": ["https://a.example.com"], "color": "#abc", "position": "left"}"##;
        let choices = merged(&[
            (SettingsSection::Hours, Some(r#"{"sat": ["10:00-12:00"], "closed": ["2026-10-01"]}"#)),
            (
                SettingsSection::Promise,
                Some(r#"{"max_error": 0.1, "confidence": 0.9, "intents": {"a": 0.3}}"#),
            ),
            (site("main"), Some(main)),
            (site("new"), Some("{}")),
        ]);
        assert_eq!(choices.hours.week().flatten().collect::<Vec<_>>(), ["10:00–12:00"]);
        assert_eq!(choices.promise.promise().max_error, 0.1);
        let main = &choices.sites["main"];
        assert_eq!(
            (main.origins.as_slice(), main.position),
            (&["https://a.example.com".to_owned()][..], Position::Left)
        );
        assert!(main.identity.is_some(), "the console changes no secret");
        assert!(choices.sites["new"].origins.is_empty() && choices.sites.contains_key("outlet"));
        assert_eq!(choices.deadlines, file().deadlines);
        assert_eq!(choices.change_of(&SettingsSection::Hours).unwrap().holds, Holds::Chosen);
        assert_eq!(choices.revision, 4);
    }

    #[test]
    fn whoever_goes_back_to_the_file_has_what_it_says_and_a_site_that_it_lacks_is_gone() {
        let choices = merged(&[(SettingsSection::Hours, None), (site("main"), None), (site("new"), None)]);
        assert_eq!(choices.hours, file().hours);
        assert_eq!(choices.sites.keys().collect::<Vec<_>>(), ["main", "outlet"]);
        assert_eq!(choices.change_of(&SettingsSection::Hours).unwrap().holds, Holds::File);
    }

    #[test]
    fn what_cannot_be_read_leaves_the_file_in_force_and_everything_else_chosen() {
        let choices = merged(&[
            (SettingsSection::Hours, Some(r#"{"mon": ["whenever"]}"#)),
            (SettingsSection::Deadlines, Some("not even JSON")),
            (SettingsSection::Promise, Some(r#"{"max_error": 0.1, "confidence": 0.9}"#)),
            (site("main"), Some(r#"{"origins": ["nowhere"]}"#)),
        ]);
        assert_eq!((&choices.hours, &choices.deadlines), (&file().hours, &file().deadlines));
        assert_eq!(choices.sites["main"].origins, ["https://shop.example.com"]);
        assert_eq!(choices.promise.promise().confidence, 0.9);
        for section in [SettingsSection::Hours, SettingsSection::Deadlines, site("main")] {
            assert_eq!(choices.change_of(&section).unwrap().holds, Holds::FileForWantOfBetter);
        }
    }
}
