//! The log of a ticket in words.

use super::super::frame::Frame;
use crate::agent::Agent;
use crate::ticket::{Deadline, Entry, LogEntry};

/// A line of the log.
pub(super) struct LogLine {
    pub(super) time: String,
    pub(super) text: String,
    /// Another ticket that it speaks of.
    pub(super) path: Option<String>,
}

/// Something that only colleagues see.
pub(super) struct Note {
    pub(super) name: String,
    pub(super) time: String,
    pub(super) text: String,
}

impl LogLine {
    pub(super) fn of(frame: &Frame, agents: &[Agent], entry: &LogEntry) -> Self {
        let path = match &entry.entry {
            Entry::MergedInto { ticket } | Entry::MergedFrom { ticket } => {
                Some(format!("/console/tickets/{ticket}"))
            }
            _ => None,
        };
        let actor = actor(frame, agents, entry.actor.as_deref());
        let text = format!("{actor} · {}", words(frame, &entry.entry));
        Self { time: frame.short_time(&entry.at), text, path }
    }
}

impl Note {
    /// The notes among what happened.
    pub(super) fn all(frame: &Frame, agents: &[Agent], log: &[LogEntry]) -> Vec<Self> {
        let note = |entry: &LogEntry| match &entry.entry {
            Entry::Note { text } => Some(Self {
                name: actor(frame, agents, entry.actor.as_deref()),
                time: frame.short_time(&entry.at),
                text: text.clone(),
            }),
            _ => None,
        };
        log.iter().filter_map(note).collect()
    }
}

/// Who did it: the name of an agent, the key, or the program.
fn actor(frame: &Frame, agents: &[Agent], actor: Option<&str>) -> String {
    match actor {
        None | Some("shopdesk") => frame.t("ticket.program").to_string(),
        Some(login) => {
            let agent = agents.iter().find(|agent| agent.login == login);
            agent.map_or(login, |agent| &agent.name).to_owned()
        }
    }
}

/// A reason for closing, in words where it is one of those to choose from.
fn closing(frame: &Frame, reason: &str) -> String {
    let known = frame.language.find(&format!("ticket.closing.{reason}"));
    known.unwrap_or(reason).to_owned()
}

fn words(frame: &Frame, entry: &Entry) -> String {
    let text = |key: &str| frame.t(&format!("ticket.log.{key}"));
    let filled = match entry {
        Entry::Assigned { name, .. } => text("assigned").with("name", name),
        Entry::Note { .. } => text("note"),
        Entry::Intent { old, new } => {
            let old = old.as_ref().map_or_else(|| "–".to_owned(), |old| frame.intent(old));
            text("intent").with("old", old).with("new", frame.intent(new))
        }
        Entry::Priority { old, new } => text("priority")
            .with("old", frame.word("priority", old.as_str()))
            .with("new", frame.word("priority", new.as_str())),
        Entry::Snoozed { until } => text("snoozed").with("time", frame.time(until)),
        Entry::Closed { reason: Some(reason) } => {
            text("closed_because").with("reason", closing(frame, reason))
        }
        Entry::Deadline { deadline, missed } => text(match (deadline, missed) {
            (Deadline::FirstResponse, false) => "first_response_near",
            (Deadline::FirstResponse, true) => "first_response_missed",
            (Deadline::Resolution, false) => "resolution_near",
            (Deadline::Resolution, true) => "resolution_missed",
        }),
        other => text(other.kind()),
    };
    filled.to_string()
}
