//! Which points a filter is about, by Qdrant's documentation of filtering.

use std::collections::HashMap;

use qdrant_client::qdrant::condition::ConditionOneOf;
use qdrant_client::qdrant::r#match::MatchValue;
use qdrant_client::qdrant::value::Kind;
use qdrant_client::qdrant::{Condition, FieldCondition, Filter, Match, Range, Value};
use tonic::Status;

use super::state;

/// `must` all, `must_not` none, and of `should` at least one where there are any.
pub(crate) fn admits(filter: &Filter, id: &str, payload: &HashMap<String, Value>) -> Result<bool, Status> {
    if filter.min_should.is_some() {
        return Err(Status::unimplemented("min_should"));
    }
    let holds = |condition: &Condition| holds(condition, id, payload);
    let any_should = filter.should.is_empty() || any(&filter.should, holds)?;
    Ok(any_should && all(&filter.must, holds)? && !any(&filter.must_not, holds)?)
}

fn any(
    conditions: &[Condition],
    mut holds: impl FnMut(&Condition) -> Result<bool, Status>,
) -> Result<bool, Status> {
    for condition in conditions {
        if holds(condition)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn all(
    conditions: &[Condition],
    mut holds: impl FnMut(&Condition) -> Result<bool, Status>,
) -> Result<bool, Status> {
    Ok(!any(conditions, |condition| Ok(!holds(condition)?))?)
}

fn holds(condition: &Condition, id: &str, payload: &HashMap<String, Value>) -> Result<bool, Status> {
    match &condition.condition_one_of {
        Some(ConditionOneOf::Field(field)) => field_holds(field, payload),
        Some(ConditionOneOf::Filter(filter)) => admits(filter, id, payload),
        Some(ConditionOneOf::IsEmpty(is_empty)) => Ok(values(payload, &is_empty.key).is_empty()),
        Some(ConditionOneOf::HasId(has_id)) => {
            let ids = has_id.has_id.iter().map(|id| state::id(Some(id))).collect::<Result<Vec<_>, _>>()?;
            Ok(ids.iter().any(|wanted| wanted == id))
        }
        other => Err(Status::unimplemented(format!("the condition {other:?}"))),
    }
}

/// Whether one of the field's values fits.
fn field_holds(field: &FieldCondition, payload: &HashMap<String, Value>) -> Result<bool, Status> {
    let values = values(payload, &field.key);
    let wanted = FieldCondition {
        key: field.key.clone(),
        r#match: field.r#match.clone(),
        range: field.range,
        ..FieldCondition::default()
    };
    match (&field.r#match, &field.range) {
        _ if *field != wanted => Err(Status::unimplemented(format!("the condition {field:?}"))),
        (Some(wanted), None) => matches(wanted, &values),
        (None, Some(range)) => Ok(values.iter().any(|value| in_range(range, value))),
        _ => Err(Status::invalid_argument("one condition for a field")),
    }
}

fn matches(wanted: &Match, values: &[&Value]) -> Result<bool, Status> {
    let texts: Vec<&String> = values.iter().filter_map(|value| value.as_str()).collect();
    match &wanted.match_value {
        Some(MatchValue::Keyword(wanted)) => Ok(texts.contains(&wanted)),
        Some(MatchValue::Keywords(wanted)) => Ok(wanted.strings.iter().any(|wanted| texts.contains(&wanted))),
        other => Err(Status::unimplemented(format!("the match {other:?}"))),
    }
}

fn in_range(range: &Range, value: &Value) -> bool {
    let number = match value.kind {
        Some(Kind::IntegerValue(number)) => number as f64,
        Some(Kind::DoubleValue(number)) => number,
        _ => return false,
    };
    range.lt.is_none_or(|end| number < end)
        && range.lte.is_none_or(|end| number <= end)
        && range.gt.is_none_or(|end| number > end)
        && range.gte.is_none_or(|end| number >= end)
}

/// The values of a field: those of a list each by itself, and none for what is absent or null.
fn values<'a>(payload: &'a HashMap<String, Value>, key: &str) -> Vec<&'a Value> {
    match payload.get(key).map(|value| (value, &value.kind)) {
        None | Some((_, None | Some(Kind::NullValue(_)))) => Vec::new(),
        Some((_, Some(Kind::ListValue(list)))) => list.values.iter().collect(),
        Some((value, _)) => vec![value],
    }
}
