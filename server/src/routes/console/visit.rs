//! Who looks at a page of the console, and in which language.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use shopdesk_model::intents::Label;

use super::frame::{Frame, Section};
use super::texts::Language;
use crate::agent::{Agent, Role};
use crate::problem::Problem;
use crate::routes::caller::Staff;
use crate::state::AppState;

/// The cookie that keeps the language somebody chose.
pub(super) const LANGUAGE_COOKIE: &str = "shopdesk_language";

/// Somebody who is logged in looks at a page, or changes something from one.
///
/// Changes carry the token against forged requests in `X-CSRF-Token`; htmx sends it with every request of a page.
pub(super) struct Visit {
    /// For what the API's handlers share: roles, the actor in logs, the audit log.
    pub(super) staff: Staff,
    /// Who it is.
    pub(super) agent: Agent,
    /// In which language the page is.
    pub(super) language: Language,
    /// Whether htmx asks for a part of a page.
    pub(super) wants_part: bool,
    csrf_token: String,
    zone: TimeZone,
    now: Timestamp,
    path: String,
    intents: Arc<[Label]>,
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let staff = Staff::from_request_parts(parts, app).await?;
        let Staff::Agent { agent, session } = &staff else { return Err(Problem::NotAllowed) };
        Ok(Self {
            agent: agent.clone(),
            csrf_token: session.csrf_token(),
            language: language_of(&parts.headers),
            wants_part: parts.headers.contains_key("hx-request"),
            zone: app.settings.time_zone.clone(),
            now: app.time(),
            path: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            intents: app.assessor.triage().bundle().classifier().labels().into(),
            staff,
        })
    }
}

impl Visit {
    /// Lets through whoever has at least that role.
    pub(super) fn require(&self, role: Role) -> Result<(), Problem> {
        if self.agent.role >= role { Ok(()) } else { Err(Problem::NotAllowed) }
    }

    /// What stands around a page of that section.
    pub(super) fn frame(&self, section: Section) -> Frame {
        Frame {
            language: self.language,
            section: Some(section),
            agent: Some(self.agent.clone()),
            csrf_token: self.csrf_token.clone(),
            zone: self.zone.clone(),
            now: self.now,
            path: self.path.clone(),
            intents: Arc::clone(&self.intents),
        }
    }
}

/// The language that somebody chose, or else the one that the browser asks for.
pub(super) fn language_of(headers: &HeaderMap) -> Language {
    let text = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut cookies =
        text(header::COOKIE).flat_map(|all| all.split(';')).filter_map(|one| one.trim().split_once('='));
    let chosen =
        cookies.find(|(name, _)| *name == LANGUAGE_COOKIE).and_then(|(_, tag)| Language::from_tag(tag));
    let asked = || text(header::ACCEPT_LANGUAGE).flat_map(|all| all.split(',')).find_map(Language::from_tag);
    chosen.or_else(asked).unwrap_or(Language::Chinese)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(header::HeaderName, &str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_chosen_language_comes_before_the_browsers_and_chinese_is_the_first() {
        let english = (header::ACCEPT_LANGUAGE, "fr;q=0.9, en-GB;q=0.8, zh;q=0.7");
        assert_eq!(language_of(&headers(&[])), Language::Chinese);
        assert_eq!(language_of(&headers(std::slice::from_ref(&english))), Language::English);
        let chosen = (header::COOKIE, "a=b; shopdesk_language=zh");
        assert_eq!(language_of(&headers(&[english, chosen])), Language::Chinese);
    }
}
