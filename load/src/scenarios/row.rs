//! How the turns of some time went, in figures.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::desk::ReplyKind;
use crate::latencies::Percentiles;
use crate::record::{Fate, TurnRecord};

/// Turns that were due in some time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) seconds: f64,
    /// Messages that the desk acknowledged.
    pub(crate) messages_per_second: f64,
    pub(crate) turns: usize,
    pub(crate) answered: BTreeMap<ReplyKind, usize>,
    /// Shed: a human gets them unassessed.
    pub(crate) unassessed: usize,
    /// Shed: 429.
    pub(crate) refused: usize,
    /// A human had the conversation already.
    pub(crate) with_human: usize,
    /// By status and code.
    pub(crate) failed: BTreeMap<String, usize>,
    /// From when it should have been sent to the reply, of those answered; nothing when none was.
    pub(crate) to_reply: Option<Percentiles>,
}

impl Row {
    pub(crate) fn of<'a>(
        name: &str,
        lasts: Duration,
        turns: impl IntoIterator<Item = &'a TurnRecord>,
    ) -> Self {
        let turns: Vec<&TurnRecord> = turns.into_iter().collect();
        let messages: usize = turns.iter().map(|turn| turn.messages).sum();
        let count = |fate: &Fate| turns.iter().filter(|turn| turn.fate == *fate).count();
        let (mut answered, mut failed) = (BTreeMap::new(), BTreeMap::new());
        for turn in &turns {
            match &turn.fate {
                Fate::Answered(kind) => *answered.entry(*kind).or_default() += 1,
                Fate::Failed(what) => *failed.entry(what.clone()).or_default() += 1,
                Fate::Unassessed | Fate::WithHuman | Fate::Refused => {}
            }
        }
        Self {
            name: name.to_owned(),
            seconds: lasts.as_secs_f64(),
            messages_per_second: messages as f64 / lasts.as_secs_f64(),
            turns: turns.len(),
            answered,
            unassessed: count(&Fate::Unassessed),
            refused: count(&Fate::Refused),
            with_human: count(&Fate::WithHuman),
            failed,
            to_reply: Percentiles::of(
                turns.iter().filter(|turn| turn.is_answered()).map(|turn| turn.latency),
            ),
        }
    }

    /// Turns that the desk had no room for.
    pub(crate) fn shed(&self) -> usize {
        self.unassessed + self.refused
    }

    pub(crate) fn failures(&self) -> usize {
        self.failed.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shed_is_counted_and_not_in_the_times() {
        let turn = |fate, milliseconds, messages| TurnRecord {
            text: "".into(),
            due: Duration::ZERO,
            latency: Duration::from_millis(milliseconds),
            messages,
            fate,
        };
        let turns = [
            turn(Fate::Answered(ReplyKind::Answer), 100, 2),
            turn(Fate::Answered(ReplyKind::Answer), 100, 1),
            turn(Fate::Unassessed, 9_000, 1),
            turn(Fate::Refused, 1, 0),
            turn(Fate::WithHuman, 1, 1),
            turn(Fate::Failed("504 timed-out".to_owned()), 30_000, 0),
        ];
        let row = Row::of("steady", Duration::from_secs(10), &turns);
        assert_eq!((row.turns, row.shed(), row.failures(), row.with_human), (6, 2, 1, 1));
        assert_eq!(row.answered[&ReplyKind::Answer], 2);
        assert_eq!(row.messages_per_second, 0.5);
        let to_reply = row.to_reply.unwrap();
        assert!((99.0..101.0).contains(&to_reply.p50) && to_reply.longest < 101.0, "{to_reply:?}");
    }
}
