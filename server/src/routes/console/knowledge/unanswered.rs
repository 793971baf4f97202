//! Questions that found no answer, grouped by meaning, with the article to write about each group.

use askama::Template;
use axum::extract::State as AxumState;
use axum::response::Response;
use serde::Deserialize;

use super::super::frame::{Frame, Section, render};
use super::super::visit::Visit;
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::state::AppState;
use crate::unanswered::{Group, Grouped, Look, MOST, look};

/// Of how many days questions may be grouped.
const DAYS: [u16; 3] = [7, USUAL, 90];
/// Of how many they are grouped first.
const USUAL: u16 = 30;
/// How many groups are shown, and how many messages of each.
const GROUPS: usize = 100;
const EXAMPLES: usize = 5;

/// Of how many days.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    days: Option<u16>,
}

#[derive(Template)]
#[template(path = "console/knowledge/unanswered.html")]
struct Page {
    frame: Frame,
    choices: [u16; 3],
    may_write: bool,
    view: View,
}

#[derive(Template)]
#[template(path = "console/knowledge/groups.html")]
struct Part {
    frame: Frame,
    may_write: bool,
    view: View,
}

/// The groups as far as they are there.
struct View {
    days: u16,
    progress: Option<Progress>,
    has_failed: bool,
    groups: Option<Groups>,
}

impl View {
    fn is_of(&self, days: &u16) -> bool {
        self.days == *days
    }
}

/// How far grouping is.
struct Progress {
    done: usize,
    of: usize,
}

struct Groups {
    at: String,
    messages: usize,
    /// How many are read at most, if there are more.
    cut_at: Option<u32>,
    rows: Vec<Row>,
    /// How many groups are not shown.
    more: usize,
}

impl Groups {
    /// How many there are, shown or not.
    fn total(&self) -> usize {
        self.rows.len() + self.more
    }
}

/// A group.
struct Row {
    count: usize,
    /// The most typical message, and others.
    title: String,
    examples: Vec<String>,
    more: usize,
    languages: Vec<String>,
    reasons: Vec<String>,
    intent: Option<String>,
    /// The tickets of the latest messages: numbers and places.
    tickets: Vec<(i64, String)>,
    latest: String,
    write: String,
}

pub(super) async fn show(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let frame = visit.frame(Section::Knowledge);
    let days = wanted.days.filter(|days| DAYS.contains(days)).unwrap_or(USUAL);
    let view = View::of(&frame, days, look(&app, days));
    let may_write = visit.agent.role >= Role::Supervisor;
    if visit.wants_part {
        return render(&Part { frame, may_write, view });
    }
    render(&Page { frame, choices: DAYS, may_write, view })
}

impl View {
    fn of(frame: &Frame, days: u16, look: Look) -> Self {
        let (progress, has_failed, found) = match look {
            Look::Ready(found) => (None, false, Some(found)),
            Look::UnderWay { done, of, before } => (Some(Progress { done, of }), false, before),
            Look::Failed => (None, true, None),
        };
        Self { days, progress, has_failed, groups: found.map(|found| groups(frame, days, &found)) }
    }
}

fn groups(frame: &Frame, days: u16, found: &Grouped) -> Groups {
    Groups {
        at: frame.short_time(&found.at),
        messages: found.groups.iter().map(|group| group.messages.len()).sum(),
        cut_at: found.is_cut.then_some(MOST),
        rows: found.groups.iter().take(GROUPS).map(|group| row(frame, days, group)).collect(),
        more: found.groups.len().saturating_sub(GROUPS),
    }
}

fn row(frame: &Frame, days: u16, group: &Group) -> Row {
    let counted = |name: String, count: &usize| format!("{name} {count}");
    let mut texts = group.texts(EXAMPLES + 1).into_iter().map(ToOwned::to_owned);
    let title = texts.next().unwrap_or_default();
    let mut latest: Vec<_> = group.messages.iter().collect();
    latest.sort_by_key(|message| std::cmp::Reverse(message.at));
    let typical = group.messages.first().map(|message| message.ticket.to_string()).unwrap_or_default();
    let examples: Vec<String> = texts.collect();
    Row {
        count: group.messages.len(),
        title,
        more: group.texts(usize::MAX).len().saturating_sub(examples.len() + 1),
        examples,
        languages: group
            .languages
            .iter()
            .map(|(tag, count)| counted(frame.word("language", tag), count))
            .collect(),
        reasons: group
            .reasons
            .iter()
            .map(|(reason, count)| counted(frame.word("reason", reason.as_str()), count))
            .collect(),
        intent: group.intent.as_ref().map(|intent| frame.intent(intent)),
        tickets: latest
            .iter()
            .take(EXAMPLES)
            .map(|message| (message.number, format!("/console/tickets/{}", message.ticket)))
            .collect(),
        latest: latest.first().map(|message| frame.short_time(&message.at)).unwrap_or_default(),
        write: format!("/console/knowledge/new?ticket={typical}&days={days}"),
    }
}
