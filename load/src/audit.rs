//! Whether anything was lost: every conversation is read again, and all that was said is looked for.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::desk::{Desk, Event, Message};
use crate::record::{Talk, VisitRecord};

/// How many conversations are read at once.
const AT_ONCE: usize = 64;
/// How long to wait before a conversation that is not as it should be is read again.
const AGAIN: Duration = Duration::from_secs(2);
/// How long a desk may take to settle what went wrong the first time: it looks for that every `request_timeout_seconds`.
pub(crate) const PATIENCE: Duration = Duration::from_secs(75);

/// What was found. Everything from `lost` on should be nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Audit {
    pub(crate) conversations: usize,
    /// Messages that the desk had acknowledged.
    pub(crate) messages: usize,
    /// Conversations that a human got because the desk was too busy.
    pub(crate) busy: usize,
    /// Conversations that a human got because something failed.
    pub(crate) failures: usize,
    /// Messages that were acknowledged, and replies that a shopper got, and that are not there or say something else.
    pub(crate) lost: usize,
    /// Messages that are there twice.
    pub(crate) repeated: usize,
    /// Conversations whose events are not numbered from 1 on without gaps.
    pub(crate) gaps: usize,
    /// Conversations whose last message got neither a reply nor a human.
    pub(crate) unanswered: usize,
    /// Conversations that could not be read.
    pub(crate) unread: usize,
}

impl Audit {
    /// Reads all conversations, those that still wait for something again and again for a while.
    pub(crate) async fn of_all(desk: &Arc<Desk>, visits: &mut [VisitRecord], patience: Duration) -> Self {
        let until = Instant::now() + patience;
        let (mut sum, mut reading) = (Self::default(), JoinSet::new());
        for talk in visits.iter_mut().filter_map(|visit| visit.talk.take()) {
            if reading.len() >= AT_ONCE {
                sum.add(&reading.join_next().await.expect("some are read").expect("reading does not panic"));
            }
            let desk = Arc::clone(desk);
            reading.spawn(async move { read(&desk, &talk, until).await });
        }
        reading.join_all().await.iter().for_each(|found| sum.add(found));
        sum
    }

    pub(crate) fn nothing_is_lost(&self) -> bool {
        [self.lost, self.repeated, self.gaps, self.unanswered, self.unread] == [0; 5]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.conversations += other.conversations;
        self.messages += other.messages;
        self.busy += other.busy;
        self.failures += other.failures;
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.gaps += other.gaps;
        self.unanswered += other.unanswered;
        self.unread += other.unread;
    }

    /// What one conversation's events say about what was said in it.
    fn of(talk: &Talk, events: &[Event]) -> Self {
        let kept: Vec<&Message> = events.iter().filter_map(|event| event.message.as_ref()).collect();
        let acknowledged = || talk.said.iter().filter(|said| said.is_acknowledged);
        let times = |client_message_id: &str| {
            kept.iter()
                .filter(|message| message.client_message_id.as_deref() == Some(client_message_id))
                .count()
        };
        let is_there = |client_message_id: &str, text: &str| {
            kept.iter().any(|message| {
                message.client_message_id.as_deref() == Some(client_message_id) && message.text == text
            })
        };
        let messages = acknowledged().filter(|said| !is_there(&said.client_message_id, &said.text)).count();
        let replies = talk.replies.iter().filter(|reply| kept.iter().all(|message| message.id != **reply));
        let handed_over = |reason: &str| events.iter().any(|event| event.reason.as_deref() == Some(reason));
        Self {
            conversations: 1,
            messages: acknowledged().count(),
            busy: usize::from(handed_over("busy")),
            failures: usize::from(handed_over("failure")),
            lost: messages + replies.count(),
            repeated: talk.said.iter().filter(|said| times(&said.client_message_id) > 1).count(),
            gaps: usize::from((1..).zip(events).any(|(number, event): (i64, _)| event.sequence != number)),
            unanswered: usize::from(is_owed_an_answer(events)),
            unread: 0,
        }
    }
}

/// Reads a conversation until there is nothing to wait for.
async fn read(desk: &Desk, talk: &Talk, until: Instant) -> Audit {
    loop {
        let found = match desk.events(&talk.begun).await {
            Ok(events) => Audit::of(talk, &events),
            Err(_) => Audit { conversations: 1, unread: 1, ..Audit::default() },
        };
        if found.nothing_is_lost() || Instant::now() >= until {
            return found;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Whether the last word is the shopper's, and no human has the conversation.
fn is_owed_an_answer(events: &[Event]) -> bool {
    let last = events.iter().filter_map(|event| event.message.as_ref()).next_back();
    let state = events.iter().rev().find_map(|event| event.state.as_deref()).unwrap_or("bot");
    state == "bot" && last.is_some_and(|message| message.sender == "shopper")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Begun;
    use crate::record::Said;

    fn shopper(sequence: i64, client_message_id: &str, text: &str) -> Event {
        event(sequence, "shopper", Some(client_message_id), text)
    }

    fn bot(sequence: i64) -> Event {
        event(sequence, "bot", None, "Well.")
    }

    fn event(sequence: i64, sender: &str, client_message_id: Option<&str>, text: &str) -> Event {
        let message = Message {
            id: format!("message-{sequence}"),
            sender: sender.to_owned(),
            text: text.to_owned(),
            client_message_id: client_message_id.map(ToOwned::to_owned),
        };
        Event { sequence, message: Some(message), state: None, reason: None }
    }

    fn handed_over(sequence: i64, reason: &str) -> Event {
        let (state, reason) = (Some("waiting_for_human".to_owned()), Some(reason.to_owned()));
        Event { sequence, message: None, state, reason }
    }

    /// Two messages were acknowledged, a third was not, and one reply came.
    fn audit(events: &[Event]) -> Audit {
        let said = [("0-0", "a", true), ("0-1", "b", true), ("1-0", "c", false)];
        let said = said.map(|(client_message_id, text, is_acknowledged)| Said {
            client_message_id: client_message_id.to_owned(),
            text: text.to_owned(),
            is_acknowledged,
        });
        let begun = Begun { id: String::new(), token: String::new() };
        Audit::of(&Talk { begun, said: said.into(), replies: vec!["message-3".to_owned()] }, events)
    }

    #[test]
    fn what_was_acknowledged_and_is_there_is_not_lost() {
        let found = audit(&[shopper(1, "0-0", "a"), shopper(2, "0-1", "b"), bot(3)]);
        assert_eq!(found, Audit { conversations: 1, messages: 2, ..Audit::default() });
        assert!(found.nothing_is_lost());
    }

    #[test]
    fn a_message_that_was_not_acknowledged_may_be_there() {
        let found =
            audit(&[shopper(1, "0-0", "a"), shopper(2, "0-1", "b"), bot(3), shopper(4, "1-0", "c"), bot(5)]);
        assert!(found.nothing_is_lost());
    }

    #[test]
    fn missing_messages_and_replies_and_changed_texts_are_lost() {
        assert_eq!(audit(&[shopper(1, "0-0", "a"), bot(2), bot(3)]).lost, 1);
        assert_eq!(audit(&[shopper(1, "0-0", "a"), shopper(2, "0-1", "b")]).lost, 1);
        assert_eq!(audit(&[shopper(1, "0-0", "a"), shopper(2, "0-1", "x"), bot(3)]).lost, 1);
        assert_eq!(audit(&[]).lost, 3);
    }

    #[test]
    fn numbers_without_gaps_begin_with_one() {
        assert_eq!(audit(&[shopper(1, "0-0", "a"), shopper(3, "0-1", "b"), bot(4)]).gaps, 1);
        assert_eq!(audit(&[shopper(2, "0-0", "a"), shopper(3, "0-1", "b"), bot(4)]).gaps, 1);
    }

    #[test]
    fn a_message_is_there_once() {
        let found =
            audit(&[shopper(1, "0-0", "a"), shopper(2, "0-1", "b"), bot(3), shopper(4, "0-1", "b"), bot(5)]);
        assert_eq!(found.repeated, 1);
        assert!(!found.nothing_is_lost());
    }

    #[test]
    fn the_last_message_gets_a_reply_or_a_human() {
        let asked = [shopper(1, "0-0", "a"), bot(2), bot(3), shopper(4, "0-1", "b")];
        assert_eq!(audit(&asked).unanswered, 1);
        let with_human = [&asked[..], &[handed_over(5, "busy")]].concat();
        assert_eq!((audit(&with_human).unanswered, audit(&with_human).busy), (0, 1));
        let failed = [&asked[..], &[handed_over(5, "failure")]].concat();
        assert_eq!((audit(&failed).busy, audit(&failed).failures), (0, 1));
    }
}
