//! `/console/quality`: the promise first, then what the desk did.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::SignedDuration;

use super::super::frame::{Frame, Section, render};
use super::super::visit::Visit;
use super::charts::DayCharts;
use super::intents::{self, IntentRow};
use super::promise::PromiseView;
use super::range::{Asked, PRESETS, Range};
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::state::AppState;
use crate::store::{DayFigures, Stats};

#[derive(Template)]
#[template(path = "console/quality/overview.html")]
struct Page {
    frame: Frame,
    tab: &'static str,
    range: Range,
    presets: Vec<Preset>,
    promise: PromiseView,
    cards: Vec<Card>,
    charts: DayCharts,
    reasons: Vec<Reason>,
    intents: Vec<IntentRow>,
    other_intents: String,
    is_empty: bool,
}

/// A range that is offered.
pub(super) struct Preset {
    pub(super) days: i32,
    pub(super) name: String,
    pub(super) is_chosen: bool,
}

/// A figure.
struct Card {
    name: String,
    value: String,
    detail: String,
}

/// How many tickets were opened for a reason.
struct Reason {
    name: String,
    count: u64,
    share: String,
    percent: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    visit: Visit,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let range = Range::of(&app, asked)?;
    let stats = app.store.stats(range.begin, range.end, &app.settings.time_zone).await?;
    let reviews = app.store.review_figures(range.begin, range.end).await?;
    let corrected = app.store.corrected_tickets(range.begin, range.end).await?;
    let frame = visit.frame(Section::Quality);
    let (rows, others) = intents::rows(&frame, &range, &stats);
    let total = &stats.total;
    render(&Page {
        promise: PromiseView::of(&frame, &app.assessor.triage(), &reviews, corrected, total),
        cards: cards(&frame, total),
        charts: DayCharts::of(&frame, &range, &stats),
        reasons: reasons(&frame, &stats),
        intents: rows,
        other_intents: if others == 0 {
            String::new()
        } else {
            frame.t("quality.other_intents").with("count", others).to_string()
        },
        is_empty: total.conversations + total.messages + total.tickets == 0,
        presets: presets(&frame, &range),
        tab: "overview",
        range,
        frame,
    })
}

pub(super) fn presets(frame: &Frame, range: &Range) -> Vec<Preset> {
    let preset = |days| Preset {
        days,
        name: frame.t("quality.last_days").with("days", days).to_string(),
        is_chosen: range.is_preset(&days),
    };
    PRESETS.map(preset).into()
}

fn cards(frame: &Frame, total: &DayFigures) -> Vec<Card> {
    let none = || "–".to_owned();
    let percent = |share: Option<f64>| share.map_or_else(none, |share| frame.percent(&share));
    let duration = |seconds: Option<f64>| {
        seconds.map_or_else(none, |seconds| frame.duration(SignedDuration::from_secs(seconds as i64)))
    };
    let card = |name: &str, value: String, detail: String| Card {
        name: frame.t(&format!("quality.card.{name}")).to_string(),
        value,
        detail,
    };
    let detail =
        |key: &str, count: u64| frame.t(&format!("quality.detail.{key}")).with("count", count).to_string();
    let mean = total.mean_rating.map_or_else(none, |mean| format!("{mean:.1}"));
    vec![
        card("conversations", total.conversations.to_string(), detail("messages", total.messages)),
        card("automation", percent(total.automation_rate), detail("answered", total.answered)),
        card("first_response", duration(total.first_response_seconds), detail("tickets", total.tickets)),
        card("resolution", duration(total.resolution_seconds), frame.t("quality.detail.closed").to_string()),
        card(
            "missed",
            total.first_responses_missed.to_string(),
            detail("resolutions_missed", total.resolutions_missed),
        ),
        card(
            "satisfied",
            percent(total.satisfied),
            frame.t("quality.detail.ratings").with("count", total.ratings).with("mean", mean).to_string(),
        ),
        card("helpful", total.helpful.to_string(), detail("not_helpful", total.not_helpful)),
    ]
}

fn reasons(frame: &Frame, stats: &Stats) -> Vec<Reason> {
    let all: u64 = stats.handover_reasons.values().sum();
    let mut reasons: Vec<_> = stats.handover_reasons.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let reason = |(reason, &count): (&String, &u64)| {
        let share = count as f64 / all.max(1) as f64;
        Reason {
            name: frame.word("reason", reason),
            count,
            share: format!("{share:.4}"),
            percent: frame.percent(&share),
        }
    };
    reasons.into_iter().map(reason).collect()
}
