//! When people are there, and, in a form of its own, how soon they should answer.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Tab;
use super::deadlines::DeadlinesForm;
use super::hours_form::HoursForm;
use super::standing::{self, Outcome};
use super::submitted::Submitted;
use super::typed_hours::TypedHours;
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::console::fields::Fields;
use crate::routes::console::frame::{Frame, Section, render};
use crate::routes::console::visit::Visit;
use crate::state::AppState;
use crate::store::SettingsSection;

#[derive(Template)]
#[template(path = "console/settings/hours.html")]
struct Page {
    frame: Frame,
    tab: Tab,
    hours: HoursForm,
    deadlines: DeadlinesForm,
}

#[derive(Template)]
#[template(path = "console/settings/hours_card.html")]
struct Card {
    frame: Frame,
    form: HoursForm,
}

pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    // Somebody may have changed it on another server just now.
    app.follow_choices().await?;
    let frame = visit.frame(Section::Settings);
    let hours = HoursForm::in_force(&app, &frame, Outcome::Shown);
    let deadlines = DeadlinesForm::in_force(&app, &frame, Outcome::Shown);
    render(&Page { frame, tab: Tab::Hours, hours, deadlines })
}

pub(super) async fn keep(
    State(app): State<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let submitted = Submitted(fields);
    let (typed, since) = (TypedHours::submitted(&submitted), submitted.since());
    let (outcome, mistakes) = match typed.read() {
        Ok(hours) => {
            let outcome = standing::keep(&app, &visit, &SettingsSection::Hours, &hours, since).await?;
            (outcome, Box::default())
        }
        Err(mistakes) => (Outcome::Wrong { since }, mistakes),
    };
    let form = if outcome == Outcome::Saved {
        HoursForm::in_force(&app, &frame, outcome)
    } else {
        HoursForm::of(&app, &frame, typed, &mistakes, outcome)
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
    let outcome = standing::reset(&app, &visit, &SettingsSection::Hours, since).await?;
    let form = HoursForm::in_force(&app, &frame, outcome);
    standing::answer(outcome, &Card { frame, form })
}
