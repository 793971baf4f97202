//! One shopper: begins a conversation, writes, waits for the reply, thinks, and writes on, until all is said or a human takes over.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::desk::{Desk, Refusal, Sent};
use crate::messages::{Turn, Visit};
use crate::record::{Fate, Said, Talk, TurnRecord, VisitRecord};

/// How fast shoppers are.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// From one line of a turn to the next.
    pub(crate) between_lines: Duration,
    /// From a reply to the next turn.
    pub(crate) thinks: Duration,
}

impl Pace {
    /// As people are, though those who type in less than the quiet time are quick.
    pub(crate) const PEOPLE: Self =
        Self { between_lines: Duration::from_millis(300), thinks: Duration::from_secs(2) };
    /// Nobody thinks; the lines of a turn still come apart, so that they have to be put together.
    pub(crate) const HURRIED: Self = Self { thinks: Duration::ZERO, ..Self::PEOPLE };
}

/// Makes a visit that is due so long after `start`. The first message's time includes beginning the conversation.
pub(crate) async fn walk(
    desk: &Desk,
    visit: &Visit,
    start: Instant,
    due: Duration,
    pace: Pace,
) -> VisitRecord {
    let late = start.elapsed().saturating_sub(due);
    let begun = match desk.begin(visit.language.as_deref()).await {
        Ok(begun) => begun,
        Err(refusal) => return turned_away(visit, start, due, late, refusal),
    };
    let mut shopper =
        Shopper { desk, start, pace, talk: Talk { begun, said: Vec::new(), replies: Vec::new() } };
    let mut turns: Vec<TurnRecord> = Vec::new();
    for (number, turn) in visit.turns.iter().enumerate() {
        let due = turns.last().map_or(due, |before| before.end() + pace.thinks);
        let (record, is_with_bot) = shopper.say(number, turn, due).await;
        let goes_on = record.is_answered() && is_with_bot;
        turns.push(record);
        if !goes_on {
            break;
        }
    }
    VisitRecord { late, turns, talk: Some(shopper.talk) }
}

/// A visit that ended before it began.
fn turned_away(
    visit: &Visit,
    start: Instant,
    due: Duration,
    late: Duration,
    refusal: Refusal,
) -> VisitRecord {
    let latency = start.elapsed().saturating_sub(due);
    let fate = Fate::of(&Err(refusal));
    let first = visit.turns.iter().take(1);
    let turns = first.map(|turn| TurnRecord {
        text: turn.text.clone(),
        due,
        latency,
        messages: 0,
        fate: fate.clone(),
    });
    VisitRecord { late, turns: turns.collect(), talk: None }
}

struct Shopper<'a> {
    desk: &'a Desk,
    start: Instant,
    pace: Pace,
    talk: Talk,
}

impl Shopper<'_> {
    /// Writes all lines of a turn, the first when it is due, and waits for the reply to the last. Also says whether the desk still
    /// speaks for the shop.
    async fn say(&mut self, number: usize, turn: &Turn, due: Duration) -> (TurnRecord, bool) {
        let (mut due, mut messages) = (due, 0);
        let last = turn.lines.len() - 1;
        for (line, text) in turn.lines.iter().enumerate() {
            sleep_until(self.start + due).await;
            let outcome = self.send(format!("{number}-{line}"), text, line == last).await;
            messages += usize::from(outcome.is_ok());
            if line == last || outcome.is_err() {
                let latency = self.start.elapsed().saturating_sub(due);
                let is_with_bot = outcome.as_ref().is_ok_and(|sent| sent.state == "bot");
                let (text, fate) = (turn.text.clone(), Fate::of(&outcome));
                return (TurnRecord { text, due, latency, messages, fate }, is_with_bot);
            }
            due += self.pace.between_lines;
        }
        unreachable!("a turn has a last line")
    }

    async fn send(&mut self, client_message_id: String, text: &str, waits: bool) -> Result<Sent, Refusal> {
        let outcome = self.desk.send(&self.talk.begun, text, &client_message_id, waits).await;
        let reply = outcome.as_ref().ok().and_then(|sent| sent.reply.as_ref());
        self.talk.replies.extend(reply.map(|reply| reply.id.clone()));
        let is_acknowledged = outcome.is_ok();
        self.talk.said.push(Said { client_message_id, text: text.to_owned(), is_acknowledged });
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Audit;
    use crate::desk::ReplyKind;
    use crate::messages::Visits;
    use crate::stand_in::{Manner, StandIn};

    async fn visits(manner: Manner, count: usize) -> (Vec<VisitRecord>, Audit) {
        let stand_in = StandIn::start(manner).await;
        let desk = std::sync::Arc::new(Desk::new(stand_in.address, 8));
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shop/test");
        let all = Visits::read(&folder).unwrap();
        let (mut records, start) = (Vec::new(), Instant::now());
        let pace = Pace { between_lines: Duration::ZERO, thinks: Duration::ZERO };
        for _ in 0..count {
            records.push(walk(&desk, &all.next(), start, start.elapsed(), pace).await);
        }
        let audit = Audit::of_all(&desk, &mut records, Duration::ZERO).await;
        (records, audit)
    }

    #[tokio::test]
    async fn everything_that_is_said_is_answered_and_found_again() {
        let (records, audit) = visits(Manner::Good, 40).await;
        assert!(crate::record::turns(&records).all(|turn| turn.fate == Fate::Answered(ReplyKind::Answer)));
        assert!(audit.nothing_is_lost(), "{audit:?}");
        assert_eq!(audit.conversations, 40);
        assert_eq!(audit.messages, crate::record::turns(&records).map(|turn| turn.messages).sum::<usize>());
        assert!(audit.messages > 40, "some visits have more than one message");
    }

    #[tokio::test]
    async fn a_message_that_the_desk_forgets_is_noticed() {
        let (_, audit) = visits(Manner::Forgetful, 10).await;
        assert_eq!(audit.lost, audit.messages);
        assert!(!audit.nothing_is_lost());
    }

    #[tokio::test]
    async fn what_the_desk_is_too_busy_for_is_shed_and_not_answered() {
        let (records, audit) = visits(Manner::Busy, 10).await;
        assert!(crate::record::turns(&records).all(|turn| turn.fate == Fate::Unassessed));
        assert_eq!((audit.busy, audit.lost), (10, 0));
    }

    #[tokio::test]
    async fn what_the_desk_refuses_is_not_lost() {
        let (records, audit) = visits(Manner::Refusing, 10).await;
        assert!(crate::record::turns(&records).all(|turn| turn.fate == Fate::Refused));
        assert_eq!((records.len(), audit.conversations), (10, 0));
        assert!(audit.nothing_is_lost());
    }

    #[tokio::test]
    async fn time_counts_from_when_a_message_was_due() {
        let stand_in = StandIn::start(Manner::Good).await;
        let desk = Desk::new(stand_in.address, 1);
        let turn = Turn { lines: vec!["hi".to_owned()], text: "hi".into() };
        let visit = Visit { language: None, turns: vec![turn] };
        let start = Instant::now() - Duration::from_secs(5);
        let record = walk(&desk, &visit, start, Duration::from_secs(2), Pace::PEOPLE).await;
        assert!(record.late >= Duration::from_secs(3), "{:?}", record.late);
        assert!(record.turns[0].latency >= Duration::from_secs(3), "{:?}", record.turns[0].latency);
    }
}
