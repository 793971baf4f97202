//! Where a section of the settings stands: in the file, or in the database over it; how a change of it is kept, and what became of that.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::choices::{Choices, Holds, SectionChange};
use crate::problem::Problem;
use crate::routes::console::frame::{Frame, render};
use crate::routes::console::visit::Visit;
use crate::state::AppState;
use crate::store::SettingsSection;

/// What became of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was only shown.
    Shown,
    /// What was filled in is in force.
    Saved,
    /// What the file says is in force again.
    Back,
    /// Something that was filled in cannot be. The form was made from the change of that number.
    Wrong { since: i64 },
    /// Somebody else changed the section meanwhile, so nothing is kept.
    Conflict,
    /// The same, when somebody wanted to go back to the file.
    Overtaken,
}

impl Outcome {
    fn status(self) -> StatusCode {
        match self {
            Self::Shown | Self::Saved | Self::Back => StatusCode::OK,
            Self::Wrong { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict | Self::Overtaken => StatusCode::CONFLICT,
        }
    }
}

/// Where a section stands, as its form shows it.
pub(super) struct Standing {
    outcome: Outcome,
    /// The change that the form is made from.
    pub(super) since: i64,
    /// Whether the settings file has the section, too.
    pub(super) is_in_file: bool,
    /// Whether a training has to take it before it holds.
    is_trained: bool,
    change: Option<SectionChange>,
}

impl Standing {
    /// That of a section which the settings file has.
    pub(super) fn of(choices: &Choices, section: &SettingsSection, outcome: Outcome) -> Self {
        let change = choices.change_of(section).cloned();
        // After a conflict has been shown, whoever saves again knows what they replace.
        let since = match outcome {
            Outcome::Wrong { since } => since,
            _ => change.as_ref().map_or(0, |change| change.revision),
        };
        let is_trained = *section == SettingsSection::Promise;
        Self { outcome, since, is_in_file: true, is_trained, change }
    }

    /// The same for what the settings file may have or not.
    pub(super) fn with_file(self, is_in_file: bool) -> Self {
        Self { is_in_file, ..self }
    }

    /// Whether there is something to go back from.
    pub(super) fn is_over_file(&self) -> bool {
        self.holds().is_some_and(|holds| holds != Holds::File)
    }

    /// Whether what was filled in is not kept.
    pub(super) fn is_problem(&self) -> bool {
        self.outcome.status() != StatusCode::OK
    }

    /// What became of the form just now.
    pub(super) fn news(&self, frame: &Frame) -> Option<String> {
        let key = match self.outcome {
            Outcome::Shown => return None,
            Outcome::Saved if self.is_trained => "saved_to_train",
            Outcome::Back if self.is_trained => "back_to_train",
            Outcome::Saved => "saved",
            Outcome::Back => "back",
            Outcome::Wrong { .. } => "wrong",
            Outcome::Conflict => "conflict",
            Outcome::Overtaken => "overtaken",
        };
        Some(self.filled(frame, key))
    }

    /// What holds: this, or the file.
    pub(super) fn source(&self, frame: &Frame) -> String {
        let key = match self.holds() {
            Some(Holds::FileForWantOfBetter) => "unreadable",
            _ if !self.is_in_file => "added",
            Some(Holds::Chosen) => "chosen",
            Some(Holds::File) | None => "in_file",
        };
        frame.t(&format!("settings.choice.{key}")).to_string()
    }

    /// Who changed it last, and when.
    pub(super) fn last(&self, frame: &Frame) -> Option<String> {
        let key = if self.holds()? == Holds::File { "was_back" } else { "changed" };
        Some(self.filled(frame, key))
    }

    fn holds(&self) -> Option<Holds> {
        self.change.as_ref().map(|change| change.holds)
    }

    fn filled(&self, frame: &Frame, key: &str) -> String {
        let text = frame.t(&format!("settings.choice.{key}"));
        let Some(SectionChange { by, at, .. }) = &self.change else { return text.to_string() };
        text.with("by", by).with("at", frame.time(at)).to_string()
    }
}

/// Keeps what was filled in, unless somebody was faster. This server has it in force at once.
pub(super) async fn keep<T: Serialize + Sync>(
    app: &AppState,
    visit: &Visit,
    section: &SettingsSection,
    value: &T,
    since: i64,
) -> Result<Outcome, Problem> {
    let kept = app.store.keep_settings(section, value, since, &visit.staff.name()).await?;
    app.follow_choices().await?;
    Ok(if kept.is_some() { Outcome::Saved } else { Outcome::Conflict })
}

/// Goes back to the settings file in the same way.
pub(super) async fn reset(
    app: &AppState,
    visit: &Visit,
    section: &SettingsSection,
    since: i64,
) -> Result<Outcome, Problem> {
    let kept = app.store.reset_settings(section, since, &visit.staff.name()).await?;
    app.follow_choices().await?;
    Ok(if kept.is_some() { Outcome::Back } else { Outcome::Overtaken })
}

/// A part of a page with the status of what became of its form.
pub(super) fn answer(outcome: Outcome, part: &impl Template) -> Result<Response, Problem> {
    Ok((outcome.status(), render(part)?).into_response())
}
