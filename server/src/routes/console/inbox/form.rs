//! What the inbox can be filtered by, to choose from.

use shopdesk_model::intents::Priority;
use shopdesk_triage::EscalationReason;

use super::super::frame::Frame;
use super::filters::Filters;
use crate::agent::Agent;
use crate::ticket::TicketState;

const LANGUAGES: [&str; 5] = ["zh", "zh-Hans", "zh-Hant", "en", "other"];

/// One of several values.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

/// A list to choose from.
pub(super) struct Select {
    /// The name of the filter.
    pub(super) name: &'static str,
    pub(super) label: String,
    /// What no choice means.
    pub(super) none: String,
    pub(super) choices: Vec<Choice>,
}

/// The form over the list.
pub(super) struct FilterForm {
    pub(super) selects: Vec<Select>,
    pub(super) is_overdue: bool,
    /// The id of the customer whose tickets these are; empty for everybody's.
    pub(super) customer: String,
    pub(super) words: String,
}

impl FilterForm {
    pub(super) fn new(frame: &Frame, filters: &Filters, agents: &[Agent]) -> Self {
        let words = |group: &str, values: &[&str], chosen: &str| {
            let choice = |value: &&str| Choice {
                value: (*value).to_owned(),
                label: frame.word(group, value),
                is_chosen: *value == chosen,
            };
            values.iter().map(choice).collect::<Vec<_>>()
        };
        let select = |name: &'static str, choices| Select {
            name,
            label: frame.t(&format!("inbox.filter_{name}")).to_string(),
            none: frame.t(&format!("inbox.any_{name}")).to_string(),
            choices,
        };
        let priorities = Priority::ALL.map(Priority::as_str);
        let reasons = EscalationReason::ALL.map(EscalationReason::as_str);
        Self {
            selects: vec![
                select("state", states(frame, &filters.state)),
                select("priority", words("priority", &priorities, &filters.priority)),
                select("intent", intents(frame, &filters.intent)),
                select("reason", words("reason", &reasons, &filters.reason)),
                select("language", words("language", &LANGUAGES, &filters.language)),
                select("assignee", assignees(frame, agents, &filters.assignee)),
            ],
            is_overdue: filters.overdue == "true",
            customer: filters.customer.trim().to_owned(),
            words: filters.q.clone(),
        }
    }
}

/// The states beside those of tickets in work; and several at once where that is what is asked for, so that another filter does not drop it.
fn states(frame: &Frame, chosen: &str) -> Vec<Choice> {
    let of =
        |value: &str, label: String| Choice { value: value.to_owned(), label, is_chosen: value == chosen };
    let word = |state: &str| frame.word("state", state);
    let mut choices: Vec<Choice> =
        TicketState::ALL.iter().map(|state| of(state.as_str(), word(state.as_str()))).collect();
    if chosen.contains(',') {
        choices.push(of(chosen, chosen.split(',').map(word).collect::<Vec<_>>().join(" / ")));
    }
    choices
}

fn intents(frame: &Frame, chosen: &str) -> Vec<Choice> {
    let choice = |label| {
        let title = frame.title_of_intent(label);
        let value = label.id.to_string();
        Choice { is_chosen: value == chosen, value, label: title.to_owned() }
    };
    let mut choices: Vec<Choice> = frame.intents.iter().map(choice).collect();
    choices.sort_by(|one, other| one.label.cmp(&other.label));
    choices
}

fn assignees(frame: &Frame, agents: &[Agent], chosen: &str) -> Vec<Choice> {
    let of =
        |value: &str, label: String| Choice { value: value.to_owned(), label, is_chosen: value == chosen };
    let mut choices =
        vec![of("me", frame.t("inbox.me").to_string()), of("nobody", frame.t("inbox.nobody").to_string())];
    let active = agents.iter().filter(|agent| agent.is_active);
    choices.extend(active.map(|agent| of(&agent.id.to_string(), agent.name.clone())));
    choices
}
