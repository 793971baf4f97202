//! What the columns beside text and intent mean, whatever the file's format.

use shopdesk_model::intents::{OUT_OF_SCOPE, Priority};

use super::{Distance, ExpectedDecision, LabelledMessage};

/// Longer values than this are free text, which no figure can be looked at by.
const LONGEST_VALUE: usize = 80;

/// No intent is written as nothing or as the id that a folder of intents gives it.
pub(super) fn intent(id: Option<&str>) -> Option<String> {
    id.map(str::trim).filter(|id| !id.is_empty() && *id != OUT_OF_SCOPE).map(str::to_owned)
}

/// Takes a column that is neither the text nor the intent, nor an article. An empty value says nothing.
pub(super) fn set(message: &mut LabelledMessage, key: &str, value: &str) -> Result<(), String> {
    let value = value.trim();
    if value.is_empty() {
        return Ok(());
    }
    let expectation = &mut message.expectation;
    match key {
        "weight" => message.weight = weight(value)?,
        "decision" => expectation.decision = Some(decision(value)?),
        "priority" => expectation.priority = Some(priority(value)?),
        "distance" => expectation.distance = Some(distance(value)?),
        _ if value.chars().count() <= LONGEST_VALUE => {
            message.columns.insert(key.to_owned(), value.to_owned());
        }
        _ => {}
    }
    Ok(())
}

fn weight(value: &str) -> Result<f64, String> {
    let weight = value.parse().ok().filter(|weight: &f64| weight.is_finite() && *weight > 0.0);
    weight.ok_or_else(|| format!("`weight` is `{value}`: give a number above 0"))
}

fn decision(value: &str) -> Result<ExpectedDecision, String> {
    match value {
        "answer" => Ok(ExpectedDecision::Answer),
        "clarify" => Ok(ExpectedDecision::Clarify),
        "escalate" => Ok(ExpectedDecision::Escalate),
        _ => Err(format!("`decision` is `{value}`: give `answer`, `clarify` or `escalate`")),
    }
}

fn priority(value: &str) -> Result<Priority, String> {
    let known = [Priority::Urgent, Priority::High, Priority::Normal, Priority::Low];
    let found = known.into_iter().find(|priority| priority.as_str() == value);
    found.ok_or_else(|| format!("`priority` is `{value}`: give `urgent`, `high`, `normal` or `low`"))
}

fn distance(value: &str) -> Result<Distance, String> {
    match value {
        "near" => Ok(Distance::Near),
        "far" => Ok(Distance::Far),
        _ => Err(format!("`distance` is `{value}`: give `near` or `far`")),
    }
}
