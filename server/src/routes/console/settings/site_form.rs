//! The form of a storefront: as it is, or as somebody filled it in, with what is wrong at its place.

use std::collections::{BTreeMap, BTreeSet};

use super::standing::{Outcome, Standing};
use super::submitted::Submitted;
use crate::choices::{Choices, Site};
use crate::config::{Position, SiteConfig};
use crate::routes::console::frame::Frame;
use crate::site;
use crate::state::AppState;
use crate::store::SettingsSection;

/// The longest name and the longest greeting, in characters.
const NAME: usize = 100;
const GREETING: usize = 500;
/// The longest tag of a language, as RFC 5646 recommends to expect.
const TAG: usize = 35;

/// The form as it is shown.
pub(super) struct SiteForm {
    pub(super) standing: Standing,
    pub(super) name: String,
    /// What its place on the page is called.
    pub(super) anchor: String,
    /// One a line.
    pub(super) origins: String,
    pub(super) wrong_origins: Vec<String>,
    pub(super) languages: Vec<Texts>,
    pub(super) color: String,
    pub(super) wrong_color: Option<String>,
    pub(super) is_left: bool,
    /// Whether the shop vouches for its customers.
    pub(super) knows_customers: bool,
}

/// What shoppers read in a language.
pub(super) struct Texts {
    pub(super) tag: String,
    pub(super) language: String,
    pub(super) name: Text,
    pub(super) greeting: Text,
}

pub(super) struct Text {
    pub(super) value: String,
    pub(super) longest: usize,
    pub(super) wrong: Option<String>,
}

/// What can be filled in.
#[derive(Clone, Debug, Default)]
pub(super) struct TypedSite {
    origins: String,
    names: BTreeMap<String, String>,
    greetings: BTreeMap<String, String>,
    color: String,
    is_left: bool,
}

impl TypedSite {
    /// As somebody would type what the site is.
    pub(super) fn of(site: &Site) -> Self {
        Self {
            origins: site.origins.join("\n"),
            names: site.name.clone(),
            greetings: site.greeting.clone(),
            color: site.color.clone().unwrap_or_default(),
            is_left: site.position == Position::Left,
        }
    }

    /// As it was filled in.
    pub(super) fn submitted(submitted: &Submitted) -> Self {
        let texts = |beginning: &str| -> BTreeMap<String, String> {
            let texts = submitted.below(beginning).filter(|(tag, _)| may_be_tag(tag));
            texts.map(|(tag, text)| (tag.to_owned(), text.trim().to_owned())).collect()
        };
        Self {
            origins: submitted.one("origins").to_owned(),
            names: texts("name."),
            greetings: texts("greeting."),
            color: submitted.one("color").trim().to_owned(),
            is_left: submitted.one("position") == "left",
        }
    }
}

fn may_be_tag(tag: &str) -> bool {
    let is_of_one = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
    (1..=TAG).contains(&tag.len()) && tag.bytes().all(is_of_one)
}

impl SiteForm {
    /// Every storefront as it is now, but for the one of that name, of which somebody just wanted something.
    pub(super) fn all(app: &AppState, frame: &Frame, choices: &Choices, just: (&str, Outcome)) -> Vec<Self> {
        let form = |(name, site): (&String, &Site)| {
            let outcome = if name == just.0 { just.1 } else { Outcome::Shown };
            Self::of(app, frame, choices, name, TypedSite::of(site), outcome)
        };
        choices.sites.iter().map(form).collect()
    }

    /// A storefront with what was typed.
    pub(super) fn of(
        app: &AppState,
        frame: &Frame,
        choices: &Choices,
        name: &str,
        typed: TypedSite,
        outcome: Outcome,
    ) -> Self {
        let section = SettingsSection::Site(name.to_owned());
        let is_in_file = app.settings.file.sites.contains_key(name);
        let mut tags: BTreeSet<&str> = app.settings.replies.languages().collect();
        tags.extend(typed.names.keys().chain(typed.greetings.keys()).map(String::as_str));
        let text = |texts: &BTreeMap<String, String>, tag: &str, longest: usize| Text {
            value: texts.get(tag).cloned().unwrap_or_default(),
            longest,
            wrong: None,
        };
        let languages = tags.into_iter().map(|tag| Texts {
            tag: tag.to_owned(),
            language: frame.word("language", tag),
            name: text(&typed.names, tag, NAME),
            greeting: text(&typed.greetings, tag, GREETING),
        });
        Self {
            standing: Standing::of(choices, &section, outcome).with_file(is_in_file),
            name: name.to_owned(),
            anchor: anchor(name),
            languages: languages.collect(),
            origins: typed.origins,
            wrong_origins: Vec::new(),
            color: typed.color,
            wrong_color: None,
            is_left: typed.is_left,
            knows_customers: choices.sites.get(name).is_some_and(|site| site.identity.is_some()),
        }
    }

    /// What was filled in; nothing when something is wrong, which stands at its field then.
    pub(super) fn read(&mut self, frame: &Frame) -> Option<SiteConfig> {
        let (origins, wrong) = origins(frame, &self.origins);
        self.wrong_origins = wrong;
        let color = Some(self.color.as_str()).filter(|color| !color.is_empty()).map(site::color);
        let color = color.transpose().unwrap_or_else(|_| {
            let wrong = frame.t("settings.sites.wrong_color").with("value", &self.color);
            self.wrong_color = Some(wrong.to_string());
            None
        });
        let (mut name, mut greeting) = (BTreeMap::new(), BTreeMap::new());
        for texts in &mut self.languages {
            name.extend(texts.name.read(frame).map(|text| (texts.tag.clone(), text)));
            greeting.extend(texts.greeting.read(frame).map(|text| (texts.tag.clone(), text)));
        }
        let mut texts = self.languages.iter().flat_map(|texts| [&texts.name, &texts.greeting]);
        let is_wrong = !self.wrong_origins.is_empty()
            || self.wrong_color.is_some()
            || texts.any(|text| text.wrong.is_some());
        let position = if self.is_left { Position::Left } else { Position::Right };
        let config = SiteConfig { origins, name, greeting, color, position, ..SiteConfig::default() };
        (!is_wrong).then_some(config)
    }

    /// Whether it was added here and can go again. The one of pages that do not say stays.
    pub(super) fn can_go(&self) -> bool {
        !self.standing.is_in_file && self.name != super::sites::MAIN
    }
}

impl Text {
    /// The text, if there is any.
    fn read(&mut self, frame: &Frame) -> Option<String> {
        if self.value.chars().count() > self.longest {
            let wrong = frame.t("settings.sites.wrong_text").with("count", self.longest);
            self.wrong = Some(wrong.to_string());
        }
        Some(self.value.clone()).filter(|text| !text.is_empty())
    }
}

/// The origins of lines, each once, and what is wrong with the others.
pub(super) fn origins(frame: &Frame, lines: &str) -> (Vec<String>, Vec<String>) {
    let (mut origins, mut wrong) = (Vec::new(), Vec::new());
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match site::origin(line) {
            Ok(origin) if !origins.contains(&origin) => origins.push(origin),
            Ok(_) => {}
            Err(_) => wrong.push(frame.t("settings.sites.wrong_origin").with("value", line).to_string()),
        }
    }
    (origins, wrong)
}

/// A name as a part of the ids of a page, whatever the settings file calls the site.
fn anchor(name: &str) -> String {
    let part = |byte: u8| match byte {
        b'-' => "-".to_owned(),
        letter if letter.is_ascii_alphanumeric() => char::from(letter).to_string(),
        other => format!("_{other:02x}"),
    };
    name.bytes().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_have_places_of_their_own_whatever_they_are_called() {
        assert_eq!(anchor("outlet-2"), "outlet-2");
        assert_eq!(anchor("a b"), "a_20b");
        assert_ne!(anchor("a_20b"), anchor("a b"));
        assert!(anchor("店\"><script>").bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    }

    #[test]
    fn texts_are_of_languages() {
        let fields =
            [("name.zh-Hant", " 售後 "), ("name.<b>", "x"), ("name.", "x"), ("greeting.en", "Hello")];
        let fields = fields.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let typed = TypedSite::submitted(&Submitted(fields.into()));
        assert_eq!(typed.names, BTreeMap::from([("zh-Hant".to_owned(), "售後".to_owned())]));
        assert_eq!(typed.greetings, BTreeMap::from([("en".to_owned(), "Hello".to_owned())]));
    }
}
