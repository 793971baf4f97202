//! How soon people should answer, by priority. The form stands on the page of the hours.

use std::num::NonZeroU32;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use shopdesk_model::intents::Priority;
use unicode_normalization::UnicodeNormalization as _;

use super::percent;
use super::standing::{self, Outcome, Standing};
use super::submitted::Submitted;
use crate::agent::Role;
use crate::deadlines::{DeadlineSettings, Share, Targets};
use crate::problem::Problem;
use crate::routes::console::fields::Fields;
use crate::routes::console::frame::{Frame, Section};
use crate::routes::console::visit::Visit;
use crate::state::AppState;
use crate::store::SettingsSection;

/// The longest deadline: a year without a break, in minutes.
const LONGEST: u32 = 365 * 24 * 60;

/// The keys of a priority in the settings file, which are parts of the names of its fields.
const FIRST_RESPONSE: &str = "first_response_minutes";
const RESOLUTION: &str = "resolution_minutes";
const WARN_AT: &str = "warn_at";

/// The form as it is shown.
pub(super) struct DeadlinesForm {
    pub(super) standing: Standing,
    pub(super) rows: Vec<Row>,
}

/// The targets of a priority.
pub(super) struct Row {
    pub(super) title: String,
    pub(super) fields: [Field; 3],
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) value: String,
    pub(super) wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "console/settings/deadlines_card.html")]
struct Card {
    frame: Frame,
    form: DeadlinesForm,
}

pub(super) async fn keep(
    State(app): State<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let submitted = Submitted(fields);
    let since = submitted.since();
    let value = |priority: Priority, key: &str| submitted.one(&name(priority, key)).to_owned();
    let mut form = DeadlinesForm::with(&app, &frame, Outcome::Wrong { since }, value);
    let Some(deadlines) = form.read(&frame) else {
        return standing::answer(Outcome::Wrong { since }, &Card { frame, form });
    };
    let outcome = standing::keep(&app, &visit, &SettingsSection::Deadlines, &deadlines, since).await?;
    form = if outcome == Outcome::Saved {
        DeadlinesForm::in_force(&app, &frame, outcome)
    } else {
        DeadlinesForm::with(&app, &frame, outcome, value)
    };
    standing::answer(outcome, &Card { frame, form })
}

/// Goes back to what the settings file says.
pub(super) async fn reset(
    State(app): State<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let since = Submitted(fields).since();
    let outcome = standing::reset(&app, &visit, &SettingsSection::Deadlines, since).await?;
    let form = DeadlinesForm::in_force(&app, &frame, outcome);
    standing::answer(outcome, &Card { frame, form })
}

impl DeadlinesForm {
    /// With the deadlines that are in force.
    pub(super) fn in_force(app: &AppState, frame: &Frame, outcome: Outcome) -> Self {
        let choices = app.choices();
        Self::with(app, frame, outcome, |priority, key| {
            let targets = choices.deadlines.targets(priority);
            match key {
                FIRST_RESPONSE => targets.first_response_minutes.to_string(),
                RESOLUTION => targets.resolution_minutes.to_string(),
                _ => percent::shown(targets.warn_at.into()),
            }
        })
    }

    fn with(
        app: &AppState,
        frame: &Frame,
        outcome: Outcome,
        value: impl Fn(Priority, &str) -> String,
    ) -> Self {
        let field = |priority: Priority, key: &'static str, text: &str| Field {
            name: name(priority, key),
            title: frame.t(&format!("settings.hours.{text}")).to_string(),
            value: value(priority, key),
            wrong: None,
        };
        let rows = Priority::ALL.into_iter().map(|priority| Row {
            title: frame.word("priority", priority.as_str()),
            fields: [
                field(priority, FIRST_RESPONSE, "first_response"),
                field(priority, RESOLUTION, "resolution"),
                field(priority, WARN_AT, "warn_at"),
            ],
        });
        let rows = rows.collect();
        Self { standing: Standing::of(&app.choices(), &SettingsSection::Deadlines, outcome), rows }
    }

    /// What was filled in; nothing when something is wrong, which stands at its field then.
    fn read(&mut self, frame: &Frame) -> Option<DeadlineSettings> {
        // In the order of `Priority::ALL`.
        let targets: Vec<Option<Targets>> = self.rows.iter_mut().map(|row| row.read(frame)).collect();
        let [Some(urgent), Some(high), Some(normal), Some(low)] = targets[..] else { return None };
        Some(DeadlineSettings { urgent, high, normal, low })
    }
}

impl Row {
    fn read(&mut self, frame: &Frame) -> Option<Targets> {
        let [first_response, resolution, warn_at] = &mut self.fields;
        // All of them, so that each says what is wrong with it.
        let minutes = (first_response.minutes(frame), resolution.minutes(frame));
        let warn_at = warn_at.share(frame);
        let (first_response_minutes, resolution_minutes) = (minutes.0?, minutes.1?);
        Some(Targets { first_response_minutes, resolution_minutes, warn_at: warn_at? })
    }
}

impl Field {
    fn minutes(&mut self, frame: &Frame) -> Option<NonZeroU32> {
        let typed: String = self.value.nfkc().collect();
        let minutes = typed.trim().parse::<NonZeroU32>().ok().filter(|minutes| minutes.get() <= LONGEST);
        if minutes.is_none() {
            let wrong = frame.t("settings.hours.wrong_minutes").with("count", LONGEST);
            self.wrong = Some(wrong.to_string());
        }
        minutes
    }

    fn share(&mut self, frame: &Frame) -> Option<Share> {
        let share = percent::read(&self.value).and_then(|share| Share::try_from(share).ok());
        if share.is_none() {
            self.wrong = Some(frame.t("settings.hours.wrong_percent").to_string());
        }
        share
    }
}

/// What the form calls the field of a priority, such as `urgent.warn_at`.
fn name(priority: Priority, key: &str) -> String {
    format!("{}.{key}", priority.as_str())
}
