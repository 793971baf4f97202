//! Where articles are, and what their pages say of them: their state, their validity, who changed them.

use jiff::civil::DateTime;
use shopdesk_kb::{Article, ArticleId, Language, Validity, Version};

use super::super::frame::Frame;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::{HistoryEntry, KeptArticle};

/// The article that a path names.
pub(super) fn named(id: &str, language: &str) -> Result<(ArticleId, Language), Problem> {
    let id = ArticleId::new(id).ok_or(Problem::NoRoute)?;
    let language = Some(Language::new(language)).filter(Language::is_well_formed).ok_or(Problem::NoRoute)?;
    Ok((id, language))
}

/// The article that a path names, as far as it is or was in force.
pub(super) async fn find(app: &AppState, id: &str, language: &str) -> Result<KeptArticle, Problem> {
    let (id, language) = named(id, language)?;
    kept(app, &id, &language).await?.ok_or(Problem::NoRoute)
}

/// An article that is or was in force.
pub(super) async fn kept(
    app: &AppState,
    id: &ArticleId,
    language: &Language,
) -> Result<Option<KeptArticle>, Problem> {
    let translations = app.store.kept_articles(Some(id)).await?;
    Ok(translations.into_iter().find(|kept| kept.article.language == *language))
}

/// Where an article's page is.
pub(super) fn path(id: &ArticleId, language: &Language) -> String {
    format!("/console/knowledge/{id}/{language}")
}

/// Where a version of an article is.
pub(super) fn version_path(id: &ArticleId, language: &Language, version: &Version) -> String {
    format!("{}/versions/{version}", path(id, language))
}

/// Whether an article is given as an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    InForce,
    NotYet,
    Expired,
    Withdrawn,
}

impl State {
    pub(super) const ALL: [Self; 4] = [Self::InForce, Self::NotYet, Self::Expired, Self::Withdrawn];

    /// At that time of the shop's clock.
    pub(super) fn of(kept: &KeptArticle, now: DateTime) -> Self {
        let Validity { from, until } = kept.article.validity;
        if !kept.is_in_force() {
            Self::Withdrawn
        } else if from.is_some_and(|from| now < from) {
            Self::NotYet
        } else if until.is_some_and(|until| until <= now) {
            Self::Expired
        } else {
            Self::InForce
        }
    }

    /// The word in addresses and in keys of texts.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::NotYet => "not_yet",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What people call it.
    pub(super) fn title(self, frame: &Frame) -> String {
        frame.t(&format!("knowledge.state.{}", self.as_str())).to_string()
    }

    pub(super) fn is_in_force(self) -> bool {
        self == Self::InForce
    }

    pub(super) fn is_withdrawn(self) -> bool {
        self == Self::Withdrawn
    }

    /// The class of its tag.
    pub(super) fn look(self) -> &'static str {
        match self {
            Self::InForce => "good",
            Self::NotYet => "info",
            Self::Expired => "warn",
            Self::Withdrawn => "",
        }
    }
}

/// From when until when an article holds.
pub(super) fn validity(frame: &Frame, article: &Article) -> String {
    let (from, until) = article.validity.written();
    let plain = |moment: Option<String>| moment.map(|moment| moment.replace('T', " "));
    let text = match (plain(from), plain(until)) {
        (None, None) => frame.t("knowledge.always"),
        (Some(from), None) => frame.t("knowledge.valid_from").with("from", from),
        (None, Some(until)) => frame.t("knowledge.valid_until").with("until", until),
        (Some(from), Some(until)) => {
            frame.t("knowledge.valid_between").with("from", from).with("until", until)
        }
    };
    text.to_string()
}

/// Who changed something, and from where.
pub(super) fn author(frame: &Frame, entry: &HistoryEntry) -> String {
    let origin =
        entry.origin.map(|origin| frame.t(&format!("knowledge.origin.{}", origin.as_str())).to_string());
    let parts: Vec<String> = entry.actor.iter().cloned().chain(origin).collect();
    if parts.is_empty() { frame.t("knowledge.origin.unknown").to_string() } else { parts.join(" · ") }
}
