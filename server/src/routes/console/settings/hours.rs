//! When people are there, and how soon they should answer, as the settings file has it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::SignedDuration;
use shopdesk_model::intents::Priority;

use super::Tab;
use crate::agent::Role;
use crate::dialogue::opening;
use crate::problem::Problem;
use crate::routes::console::frame::{Frame, Section, render};
use crate::routes::console::visit::Visit;
use crate::state::AppState;

/// The days of a week, as the settings file calls them.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

#[derive(Template)]
#[template(path = "console/settings/hours.html")]
struct Page {
    frame: Frame,
    tab: Tab,
    is_open: bool,
    /// What is said of the present moment.
    now: String,
    week: Vec<Day>,
    /// Dates to come that differ.
    dates: Vec<Day>,
    deadlines: Vec<Row>,
}

struct Day {
    name: String,
    /// Nobody is there when it is empty.
    hours: Vec<String>,
    is_today: bool,
}

struct Row {
    priority: String,
    first_response: String,
    resolution: String,
    warn_at: String,
}

pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let hours = &app.settings.hours;
    let today = app.now().date();
    let weekday = usize::from(today.weekday().to_monday_zero_offset().unsigned_abs());
    let week = DAYS.into_iter().zip(hours.week()).enumerate().map(|(place, (day, hours))| Day {
        name: frame.t(&format!("settings.day.{day}")).to_string(),
        hours,
        is_today: place == weekday,
    });
    let week = week.collect();
    let dates = hours.dates_from(today).take(30).map(|(date, hours)| Day {
        name: date.to_string(),
        hours,
        is_today: date == today,
    });
    let dates = dates.collect();
    let (is_open, now) = now(&app, &frame);
    let deadlines = Priority::ALL.into_iter().map(|priority| row(&app, &frame, priority)).collect();
    render(&Page { frame, tab: Tab::Hours, is_open, now, week, dates, deadlines })
}

/// Whether people are there, and what today's hours are or when they are back.
fn now(app: &AppState, frame: &Frame) -> (bool, String) {
    let (is_open, opens) = opening(app);
    let text = match opens {
        _ if is_open => {
            let today = app.settings.hours.hours_on(app.now().date());
            frame.t("settings.hours.open_now").with("hours", today.join(&frame.t("settings.and").to_string()))
        }
        Some(opens) => frame.t("settings.hours.opens").with("opens", opens.strftime("%Y-%m-%d %H:%M")),
        None => frame.t("settings.hours.never"),
    };
    (is_open, text.to_string())
}

fn row(app: &AppState, frame: &Frame, priority: Priority) -> Row {
    let targets = app.settings.deadlines.targets(priority);
    let minutes = |minutes: std::num::NonZeroU32| minutes_of(frame, minutes.get());
    Row {
        priority: frame.word("priority", priority.as_str()),
        first_response: minutes(targets.first_response_minutes),
        resolution: minutes(targets.resolution_minutes),
        warn_at: frame.percent(&targets.warn_at),
    }
}

/// Hours and minutes: targets are chosen to the minute.
fn minutes_of(frame: &Frame, minutes: u32) -> String {
    let text = |minutes: u32| frame.duration(SignedDuration::from_mins(i64::from(minutes)));
    match (minutes / 60, minutes % 60) {
        (0, _) => text(minutes),
        (hours, 0) => frame.t("frame.hours").with("count", hours).to_string(),
        (hours, rest) => format!("{} {}", frame.t("frame.hours").with("count", hours), text(rest)),
    }
}
