//! What stands around every page: the navigation, the language, the person; and how pages write times and numbers.

use std::fmt::Display;
use std::sync::Arc;

use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use shopdesk_model::intents::Label;

use super::assets;
use super::texts::{Filled, Language};
use crate::agent::{Agent, Role};
use crate::problem::Problem;
use crate::state::AppState;

/// A part of the console, as the navigation has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Inbox,
    Knowledge,
    Quality,
    Learning,
    Settings,
}

impl Section {
    /// All of them, in the order of the navigation.
    pub(super) const ALL: [Self; 5] =
        [Self::Inbox, Self::Knowledge, Self::Quality, Self::Learning, Self::Settings];

    /// The word in paths and in the keys of texts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Knowledge => "knowledge",
            Self::Quality => "quality",
            Self::Learning => "learning",
            Self::Settings => "settings",
        }
    }

    /// Who may open it.
    pub(super) fn role(self) -> Role {
        match self {
            Self::Inbox | Self::Knowledge => Role::Agent,
            Self::Quality | Self::Learning => Role::Supervisor,
            Self::Settings => Role::Admin,
        }
    }
}

/// What stands around a page.
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) language: Language,
    /// Where the page is; nothing where nobody is logged in.
    pub(super) section: Option<Section>,
    pub(super) agent: Option<Agent>,
    pub(super) csrf_token: String,
    pub(super) zone: TimeZone,
    pub(super) now: Timestamp,
    /// Where the page is, to come back to it.
    pub(super) path: String,
    /// The shop's intents.
    pub(super) intents: Arc<[Label]>,
}

impl Frame {
    /// What stands around a page that nobody has to be logged in for.
    pub(super) fn of_nobody(app: &AppState, language: Language, path: &str) -> Self {
        Self {
            language,
            section: None,
            agent: None,
            csrf_token: String::new(),
            zone: app.settings.time_zone.clone(),
            now: app.time(),
            path: path.to_owned(),
            intents: Arc::new([]),
        }
    }

    /// The text of a key in the page's language.
    pub(super) fn t(&self, key: &str) -> Filled {
        self.language.text(key)
    }

    /// The word of a value that the program knows, such as `words.reason.out_of_scope`; the value itself where there is none, as for the shop's
    /// own intents.
    pub(super) fn word(&self, group: &str, value: impl Display) -> String {
        let value = value.to_string();
        self.language.find(&format!("words.{group}.{value}")).map_or(value, str::to_owned)
    }

    /// The sections that whoever looks may open.
    pub(super) fn sections(&self) -> Vec<Section> {
        let role = self.agent.as_ref().map(|agent| agent.role);
        Section::ALL.into_iter().filter(|section| role.is_some_and(|role| role >= section.role())).collect()
    }

    /// What the navigation calls a section.
    pub(super) fn title_of(&self, section: &Section) -> Filled {
        self.t(&format!("frame.{}", section.name()))
    }

    /// Whether the page belongs to that section.
    pub(super) fn is_at(&self, section: &Section) -> bool {
        self.section == Some(*section)
    }

    /// Whether the page is in that language.
    pub(super) fn speaks(&self, language: &Language) -> bool {
        self.language == *language
    }

    /// What the shop calls an intent; its id where the shop has no such intent any more.
    pub(super) fn intent(&self, id: impl Display) -> String {
        let id = id.to_string();
        let label = self.intents.iter().find(|label| label.id.as_str() == id);
        label.map_or_else(|| id.clone(), |label| self.title_of_intent(label).to_owned())
    }

    /// What the shop calls one of its intents.
    pub(super) fn title_of_intent<'label>(&self, label: &'label Label) -> &'label str {
        label.title_in(&[self.language.primary(), "en"])
    }

    /// The languages to choose from.
    pub(super) fn languages(&self) -> [Language; 2] {
        Language::ALL
    }

    /// Where a file of the console is, by a name that changes with its contents.
    pub(super) fn asset(&self, name: &str) -> String {
        assets::path(name)
    }

    /// A time by the shop's clock, such as `2026-11-22 13:05`.
    pub(super) fn time(&self, at: &Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// A time by the shop's clock, without the day when that is today.
    pub(super) fn short_time(&self, at: &Timestamp) -> String {
        let (at, now) = (at.to_zoned(self.zone.clone()), self.now.to_zoned(self.zone.clone()));
        let format = if at.date() == now.date() { "%H:%M" } else { "%m-%d %H:%M" };
        at.strftime(format).to_string()
    }

    /// How long ago that was.
    pub(super) fn since(&self, at: &Timestamp) -> String {
        self.duration(self.now.duration_since(*at))
    }

    /// How long until then; a time that has passed counts as none.
    pub(super) fn until(&self, at: &Timestamp) -> String {
        self.duration(at.duration_since(self.now))
    }

    /// Whether that time has passed.
    pub(super) fn has_passed(&self, at: &Timestamp) -> bool {
        *at <= self.now
    }

    /// A length of time in its largest unit.
    pub(super) fn duration(&self, length: SignedDuration) -> String {
        let minutes = length.as_mins().max(0);
        let (key, count) = match minutes {
            0 => return self.t("frame.under_a_minute").to_string(),
            1..60 => ("frame.minutes", minutes),
            60..2880 => ("frame.hours", minutes / 60),
            _ => ("frame.days", minutes / 1440),
        };
        self.t(key).with("count", count).to_string()
    }

    /// A share as a percentage with one decimal.
    pub(super) fn percent<Share: Copy + Into<f64>>(&self, share: &Share) -> String {
        format!("{:.1} %", (*share).into() * 100.0)
    }
}

/// Renders a page or a part of one.
pub(super) fn render(template: &impl Template) -> Result<Response, Problem> {
    match template.render() {
        Ok(html) => Ok(Html(html).into_response()),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            Err(Problem::Failed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame {
            language: Language::English,
            section: None,
            agent: None,
            csrf_token: String::new(),
            zone: TimeZone::fixed(jiff::tz::offset(8)),
            now: "2026-11-22T05:05:00Z".parse().unwrap(),
            path: String::new(),
            intents: Arc::new([]),
        }
    }

    #[test]
    fn times_are_the_shops_and_without_a_day_when_it_is_today() {
        let frame = frame();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(frame.time(&at("2026-11-22T05:05:00Z")), "2026-11-22 13:05");
        assert_eq!(frame.short_time(&at("2026-11-22T00:01:00Z")), "08:01");
        assert_eq!(frame.short_time(&at("2026-11-21T15:59:00Z")), "11-21 23:59");
    }

    #[test]
    fn lengths_of_time_are_in_their_largest_unit() {
        let frame = frame();
        let text = |minutes| frame.duration(SignedDuration::from_mins(minutes));
        assert_eq!([text(-5), text(59), text(119), text(2880)], ["under a minute", "59 min", "1 h", "2 d"]);
    }

    #[test]
    fn values_without_a_word_show_themselves() {
        assert_eq!(frame().word("reason", "out_of_scope"), "Not a matter of the shop's");
        assert_eq!(frame().word("intent", "refund_amount"), "refund_amount");
    }
}
