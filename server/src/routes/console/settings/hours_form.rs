//! The form of the opening hours: as they are, or as somebody filled it in, with what is wrong at its place.

use jiff::civil::DateTime;

use super::standing::{Outcome, Standing};
use super::typed_hours::{Mistakes, TypedHours};
use crate::dialogue::opening;
use crate::hours::{DAYS, HoursError};
use crate::routes::console::frame::Frame;
use crate::state::AppState;
use crate::store::SettingsSection;

/// The form as it is shown.
pub(super) struct HoursForm {
    pub(super) standing: Standing,
    pub(super) is_open: bool,
    /// What is said of the present moment.
    pub(super) now: String,
    pub(super) days: Vec<DayField>,
    pub(super) dates: String,
    pub(super) wrong_dates: Vec<String>,
}

/// The hours of a day of an ordinary week.
pub(super) struct DayField {
    pub(super) key: &'static str,
    pub(super) title: String,
    /// Nobody is there when it is empty.
    pub(super) hours: String,
    pub(super) wrong: Option<String>,
    pub(super) is_today: bool,
}

impl HoursForm {
    /// With the hours that are in force.
    pub(super) fn in_force(app: &AppState, frame: &Frame, outcome: Outcome) -> Self {
        let typed = TypedHours::of(&app.choices().hours);
        Self::of(app, frame, typed, &Mistakes::default(), outcome)
    }

    /// With what somebody filled in.
    pub(super) fn of(
        app: &AppState,
        frame: &Frame,
        typed: TypedHours,
        mistakes: &Mistakes,
        outcome: Outcome,
    ) -> Self {
        let today = usize::from(app.now().date().weekday().to_monday_zero_offset().unsigned_abs());
        let days = DAYS.into_iter().zip(typed.days).zip(&mistakes.days).enumerate();
        let days = days.map(|(place, ((key, hours), wrong))| DayField {
            key,
            title: frame.t(&format!("settings.day.{key}")).to_string(),
            hours,
            wrong: wrong.as_ref().map(|mistake| text(frame, mistake)),
            is_today: place == today,
        });
        let wrong_dates = mistakes.dates.iter().map(|(line, mistake)| {
            let line = frame.t("settings.hours.line").with("line", line);
            line.with("wrong", text(frame, mistake)).to_string()
        });
        let (is_open, now) = now(app, frame);
        Self {
            standing: Standing::of(&app.choices(), &SettingsSection::Hours, outcome),
            is_open,
            now,
            days: days.collect(),
            dates: typed.dates,
            wrong_dates: wrong_dates.collect(),
        }
    }
}

/// Whether people are there, and what today's hours are or when they are back.
fn now(app: &AppState, frame: &Frame) -> (bool, String) {
    let (is_open, opens) = opening(app);
    let text = match opens {
        _ if is_open => {
            let today = app.choices().hours.hours_on(app.now().date());
            frame.t("settings.hours.open_now").with("hours", today.join(&frame.t("settings.and").to_string()))
        }
        Some(opens) => frame.t("settings.hours.opens").with("opens", moment(opens)),
        None => frame.t("settings.hours.never"),
    };
    (is_open, text.to_string())
}

fn moment(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// What is wrong, and what to write instead.
fn text(frame: &Frame, mistake: &HoursError) -> String {
    let (key, value) = match mistake {
        HoursError::NotAnInterval { value, .. } => ("wrong_interval", value),
        HoursError::EndsBeforeStart { value, .. } => ("wrong_order", value),
        HoursError::Overlap { value, .. } => ("wrong_overlap", value),
        HoursError::NotADate { value, .. } => ("wrong_date", value),
        HoursError::DateTwice { value, .. } => ("wrong_twice", value),
        // The form has no place for these.
        HoursError::UnknownDay { .. } | HoursError::DayTwice { .. } => return mistake.to_string(),
    };
    frame.t(&format!("settings.hours.{key}")).with("value", value).to_string()
}
