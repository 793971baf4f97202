//! What is kept of the shoppers: how each turn went, and all that was said, to be looked for afterwards.

use std::sync::Arc;
use std::time::Duration;

use crate::desk::{Begun, Refusal, ReplyKind, Sent};

/// What one shopper went through.
pub(crate) struct VisitRecord {
    /// How long after its time the generator began the visit: its own fault, and not the desk's.
    pub(crate) late: Duration,
    pub(crate) turns: Vec<TurnRecord>,
    /// Nothing when no conversation could be begun.
    pub(crate) talk: Option<Talk>,
}

/// How a turn went. Times count from the beginning of the scenario.
#[derive(Clone, Debug)]
pub(crate) struct TurnRecord {
    pub(crate) text: Arc<str>,
    /// When its last line should have been sent.
    pub(crate) due: Duration,
    /// From then to the reply, or to whatever came in its place.
    pub(crate) latency: Duration,
    /// Messages that were acknowledged.
    pub(crate) messages: usize,
    pub(crate) fate: Fate,
}

/// What became of a turn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fate {
    /// The desk said what it had to say.
    Answered(ReplyKind),
    /// Shed: the desk was too busy to look at it, or failed to, and a human gets it.
    Unassessed,
    /// A human had the conversation already.
    WithHuman,
    /// Shed: refused with 429.
    Refused,
    /// It got another error, or no answer at all.
    Failed(String),
}

/// A conversation and all that was said in it.
pub(crate) struct Talk {
    pub(crate) begun: Begun,
    pub(crate) said: Vec<Said>,
    /// The ids of the replies that the shopper got.
    pub(crate) replies: Vec<String>,
}

/// A message that was sent.
pub(crate) struct Said {
    pub(crate) client_message_id: String,
    pub(crate) text: String,
    /// Whether the desk said that it has it.
    pub(crate) is_acknowledged: bool,
}

impl VisitRecord {
    /// When it was over.
    pub(crate) fn end(&self) -> Option<Duration> {
        self.turns.last().map(TurnRecord::end)
    }

    /// Whether the desk had room for all of it.
    pub(crate) fn went_well(&self) -> bool {
        self.turns.iter().all(|turn| matches!(turn.fate, Fate::Answered(_) | Fate::WithHuman))
    }
}

impl TurnRecord {
    /// When the reply was there.
    pub(crate) fn end(&self) -> Duration {
        self.due + self.latency
    }

    /// Whether the model was asked for it.
    pub(crate) fn is_assessed(&self) -> bool {
        use ReplyKind::{Answer, AskOrderNumber, Clarify, Handover, OrderStatus, OrderUnknown};
        let Fate::Answered(kind) = &self.fate else { return false };
        matches!(kind, Answer | Clarify | OrderStatus | AskOrderNumber | OrderUnknown | Handover)
    }

    pub(crate) fn is_answered(&self) -> bool {
        matches!(self.fate, Fate::Answered(_))
    }
}

impl Fate {
    pub(crate) fn of(outcome: &Result<Sent, Refusal>) -> Self {
        match outcome {
            Ok(Sent { reply: None, .. }) => Self::WithHuman,
            Ok(Sent { reply: Some(reply), .. }) => match reply.kind {
                ReplyKind::Handover if reply.assessment.is_none() => Self::Unassessed,
                kind => Self::Answered(kind),
            },
            Err(Refusal::TooMany) => Self::Refused,
            Err(Refusal::Failed(what)) => Self::Failed(what.clone()),
        }
    }
}

/// All turns of some visits.
pub(crate) fn turns(visits: &[VisitRecord]) -> impl Iterator<Item = &TurnRecord> {
    visits.iter().flat_map(|visit| &visit.turns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(answer: &str) -> Fate {
        Fate::of(&Ok(serde_json::from_str(answer).unwrap()))
    }

    #[test]
    fn what_was_shed_is_told_from_what_was_answered() {
        let busy =
            r#"{"state": "waiting_for_human", "reply": {"id": "r", "kind": "handover", "assessment": null}}"#;
        assert_eq!(fate(busy), Fate::Unassessed);
        let decided = r#"{"state": "waiting_for_human", "reply": {"id": "r", "kind": "handover", "assessment": {"decision": "escalate"}}}"#;
        assert_eq!(fate(decided), Fate::Answered(ReplyKind::Handover));
        let greeted = r#"{"state": "bot", "reply": {"id": "r", "kind": "small_talk", "assessment": null}}"#;
        assert_eq!(fate(greeted), Fate::Answered(ReplyKind::SmallTalk));
        assert_eq!(fate(r#"{"state": "waiting_for_human", "reply": null}"#), Fate::WithHuman);
        assert_eq!(Fate::of(&Err(Refusal::TooMany)), Fate::Refused);
    }
}
