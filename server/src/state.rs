//! What the handlers share. Only `main` and the tests construct it.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::DateTime};
use shopdesk_triage::MessageLanguage;

use crate::{ArticleStore, Assessor, LanguageReplies, Replies, Store};

/// The parts of the running service.
#[derive(Clone)]
pub struct AppState {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Where the articles are kept.
    pub articles: Arc<dyn ArticleStore>,
    /// The pipeline.
    pub assessor: Assessor,
    /// The sentences beside the articles.
    pub replies: Arc<Replies>,
    /// The language for readers whose own we do not know.
    pub default_language: String,
    /// Where the shop's days begin and end.
    pub time_zone: TimeZone,
    /// What time it is; articles come into force and expire by it.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The longest message, in characters.
    pub max_message_characters: usize,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// Names under which a proxy passes requests on, beside those of this machine.
    pub hosts: Vec<String>,
}

impl AppState {
    /// What the shop's clock shows.
    pub(crate) fn now(&self) -> DateTime {
        (self.clock)().to_zoned(self.time_zone.clone()).datetime()
    }

    /// The sentences for a reader of that language.
    pub(crate) fn replies_for(&self, language: MessageLanguage) -> Option<&LanguageReplies> {
        self.replies.for_language(language, &self.default_language)
    }
}
