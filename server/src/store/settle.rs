//! What becomes of a turn: the program's reply and, if a human takes over, a ticket; all of it or nothing.

use jiff::Timestamp;
use shopdesk_model::intents::{IntentId, Priority};
use shopdesk_triage::{EscalationReason, RuleName};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::conversations::{conversation, lock, locking, state_of, step_of};
use super::rows::{EVENT, message_of, now, to_json};
use super::search::{SEARCHED, searchable};
use super::statements::{Statement, Statements};
use super::ticket_rows::insert_log;
use super::turns::HUMAN;
use super::writing::{NewRow, Writing, insert_message, lock_and_take_next};
use super::{Dialect, Lock, Store, StoreError};
use crate::conversation::{Conversation, ConversationId, ConversationState, ConversationStep, MessageId};
use crate::live::Signal;
use crate::message::{Message, Reply};
use crate::ticket::{Entry, Suggestion, TicketContents, TicketId, TicketState};
use crate::webhooks::TicketOpened;

/// What is to become of a turn.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the program says.
    pub text: String,
    /// What it says beside the text.
    pub reply: Reply,
    /// The ticket to open, if a human takes over.
    pub ticket: Option<NewTicket>,
}

/// What a ticket says beside its conversation and message.
#[derive(Clone, Debug)]
pub struct NewTicket {
    /// How soon to look at it.
    pub priority: Priority,
    /// The rules that made it more urgent than its intents do.
    pub raised_by: Vec<RuleName>,
    /// Why the program did not answer.
    pub reason: EscalationReason,
    /// The likeliest intent.
    pub intent: Option<IntentId>,
    /// Articles that may help.
    pub suggestions: Vec<Suggestion>,
    /// Until when somebody should have answered.
    pub first_response_due: Option<Timestamp>,
    /// Until when it should be closed.
    pub resolution_due: Option<Timestamp>,
}

/// What became of a turn.
#[derive(Clone, Debug)]
pub enum Settled {
    /// The reply is on disk.
    Replied {
        /// The reply.
        reply: Box<Message>,
        /// Who speaks for the shop from now on.
        state: ConversationState,
        /// The ticket that was opened.
        ticket: Option<TicketId>,
    },
    /// The shopper wrote more meanwhile: that is a turn of its own, with all of this one in it.
    Superseded,
    /// A part of it was answered meanwhile; the rest has to be looked at again.
    Stale,
    /// There is nothing to reply to any more: a human has the conversation, or another server was faster.
    Elsewhere {
        /// Who speaks for the shop.
        state: ConversationState,
    },
}

impl Store {
    /// Keeps what became of the messages from `first` to `last`, and says it. When the shopper wrote more meanwhile, that happens only if `in_any_case`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(
        &self,
        id: ConversationId,
        (first, last): (&Message, &Message),
        in_any_case: bool,
        outcome: Outcome,
    ) -> Result<Settled, StoreError> {
        let mut first_statements = Statements::from([lock_and_take_next(id), owed(id)]);
        // PostgreSQL has nothing of it, and would keep the number from others for longer.
        let together = self.dialect == Dialect::Sqlite;
        if outcome.ticket.is_some() && together {
            first_statements.extend([take_ticket_number(), said_by_shopper(id)]);
        }
        let (mut writing, mut answers) = self.begin_in_group(first_statements).await?;
        let Some(found) = writing.taken(answers.optional().as_ref())? else {
            drop(writing);
            return self.settle_elsewhere(id).await;
        };
        let owed = answers.one()?;
        let (oldest, newest): (Option<i64>, Option<i64>) = (owed.try_get("oldest")?, owed.try_get("newest")?);
        let state = found.state;
        let instead = if oldest.is_none_or(|oldest| oldest > last.sequence) {
            Some(Settled::Elsewhere { state })
        } else if oldest != Some(first.sequence) {
            Some(Settled::Stale)
        } else if newest > Some(last.sequence) && !in_any_case && outcome.ticket.is_none() {
            Some(Settled::Superseded)
        } else {
            None
        };
        if let Some(instead) = instead {
            writing.leave().await?;
            return Ok(instead);
        }
        let Outcome { text, reply, ticket } = outcome;
        let (row, made) = (NewRow::reply(text, &reply), (MessageId::new(), now()));
        let mut statements = Statements::from([insert_message(id, made, &row)]);
        let said = row.numbered(made, found.last_sequence);
        statements.extend(writing.created(id, &said));
        statements.push(settling_up_to(id, last.sequence, &said.id.to_string()));
        let (mut opened, mut after) = (None, state);
        if let Some(ticket) = ticket {
            if newest > Some(last.sequence) {
                statements.push(settling_up_to(id, i64::MAX, HUMAN));
            }
            if !together {
                answers = writing.run([take_ticket_number(), said_by_shopper(id)]).await?;
            }
            let reason = ticket.reason;
            let number = answers.one()?.try_get("value")?;
            let opening =
                Opening { number, conversation: &found, about: last, said: &answers.rows(), ticket };
            let (ticket, opening) = opening.statements(&mut writing, &reply)?;
            statements.extend(opening);
            let (state, step) = step_of(id, state, ConversationStep::HandOver, Some(reason), None)?;
            statements.extend(step);
            (opened, after) = (Some(ticket), state);
        }
        writing.run(statements).await?;
        writing.commit().await?;
        let reply = Box::new(Message { reply: Some(reply), ..said });
        Ok(Settled::Replied { reply, state: after, ticket: opened })
    }

    /// The program does not speak in the conversation: what it owes is a human's to answer.
    async fn settle_elsewhere(&self, id: ConversationId) -> Result<Settled, StoreError> {
        let (mut writing, mut answers) = self.begin_in_group([locking(id)].into()).await?;
        let state = state_of(answers.optional().as_ref())?.unwrap_or(ConversationState::Closed);
        if state == ConversationState::Bot {
            // It was opened again for the program between the two transactions.
            writing.leave().await?;
            return Ok(Settled::Stale);
        }
        writing.run([settling_up_to(id, i64::MAX, HUMAN)]).await?;
        writing.commit().await?;
        Ok(Settled::Elsewhere { state })
    }

    /// Says something of the program's own accord, as long as `state` is as it was when that was decided.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn say(
        &self,
        id: ConversationId,
        while_in: ConversationState,
        text: String,
        reply: Reply,
    ) -> Result<Option<Message>, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        if lock(&mut writing, id).await? != Some(while_in) {
            return Ok(None);
        }
        let said = writing.append_message(id, NewRow::reply(text, &reply)).await?;
        writing.commit().await?;
        Ok(Some(Message { reply: Some(reply), ..said }))
    }

    /// Hands a conversation over though no message asks for it just now, as when the shopper presses the button. The state after it;
    /// nothing when there is no such conversation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hand_over(
        &self,
        id: ConversationId,
        outcome: Outcome,
    ) -> Result<Option<(ConversationState, Option<TicketId>)>, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        let Some(state) = lock(&mut writing, id).await? else { return Ok(None) };
        let Some(found) = conversation(&mut writing, id).await? else { return Ok(None) };
        let (Some(ticket), ConversationState::Bot) = (outcome.ticket, state) else {
            return Ok(Some((state, None)));
        };
        let message = writing.append_message(id, NewRow::reply(outcome.text, &outcome.reply)).await?;
        // A ticket is about the last thing that the shopper wrote, or, when that is nothing, about the hand-over itself.
        let about = last_of_shopper(&mut writing, id).await?.unwrap_or(message);
        let mut answers = writing.run([take_ticket_number(), said_by_shopper(id)]).await?;
        let (number, reason) = (answers.one()?.try_get("value")?, ticket.reason);
        let opening = Opening { number, conversation: &found, about: &about, said: &answers.rows(), ticket };
        let mut statements = Statements::from([settling_up_to(id, i64::MAX, HUMAN)]);
        let (opened, opening) = opening.statements(&mut writing, &outcome.reply)?;
        statements.extend(opening);
        let (state, step) = step_of(id, state, ConversationStep::HandOver, Some(reason), None)?;
        statements.extend(step);
        writing.run(statements).await?;
        writing.commit().await?;
        Ok(Some((state, Some(opened))))
    }
}

/// Selects the numbers of the first and the last message that the program owes a reply to.
fn owed(id: ConversationId) -> Statement {
    Statement::new(
        "SELECT MIN(sequence) AS oldest, MAX(sequence) AS newest FROM events \
         WHERE conversation = $1 AND kind = 'message' AND sender = 'shopper' AND settled_by IS NULL",
    )
    .bind(id.to_string())
}

/// Says of all that the program owes a reply to up to that number what settled it.
fn settling_up_to(id: ConversationId, sequence: i64, by: &str) -> Statement {
    Statement::new(
        "UPDATE events SET settled_by = $3 WHERE conversation = $1 AND sequence <= $2 \
         AND kind = 'message' AND sender = 'shopper' AND settled_by IS NULL",
    )
    .bind(id.to_string())
    .bind(sequence)
    .bind(by.to_owned())
}

/// What the shopper wrote last.
pub(super) async fn last_of_shopper(
    connection: &mut AnyConnection,
    id: ConversationId,
) -> Result<Option<Message>, StoreError> {
    let row = sqlx::query(AssertSqlSafe(format!(
        "SELECT {EVENT} FROM events WHERE conversation = $1 AND sender = 'shopper' ORDER BY sequence DESC LIMIT 1"
    )))
    .bind(id.to_string())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(message_of).transpose()
}

/// The number of a log's first entry, which says that the ticket was opened.
const OPENED: i64 = 1;

fn take_ticket_number() -> Statement {
    Statement::new("UPDATE counters SET value = value + 1 WHERE name = 'ticket' RETURNING value")
}

/// Selects what the shopper wrote, the latest first.
fn said_by_shopper(id: ConversationId) -> Statement {
    Statement::new(
        "SELECT text FROM events WHERE conversation = $1 AND sender = 'shopper' ORDER BY sequence DESC",
    )
    .bind(id.to_string())
}

/// A ticket that is to be opened about a message.
struct Opening<'a> {
    number: i64,
    conversation: &'a Conversation,
    about: &'a Message,
    /// What [`said_by_shopper`] selects.
    said: &'a [AnyRow],
    ticket: NewTicket,
}

impl Opening<'_> {
    /// Its id, and what opens it; `reply` is what the shopper is told.
    fn statements(self, writing: &mut Writing, reply: &Reply) -> Result<(TicketId, Statements), StoreError> {
        let search = self.search()?;
        let Self { number, conversation, about, ticket: new, .. } = self;
        let (ticket, id) = (TicketId::new(), conversation.id);
        let assessment = reply.assessment.clone();
        let contents = TicketContents {
            text: about.text.clone(),
            raised_by: new.raised_by,
            assessment: assessment.clone(),
            suggestions: new.suggestions,
        };
        let language = assessment.as_ref().map(|assessed| assessed.language.tag().to_owned());
        let language = language.or_else(|| conversation.language.clone());
        let sentiment = assessment.and_then(|assessed| assessed.sentiment).map(|guess| guess.level.as_str());
        let insert = Statement::new(
            "INSERT INTO tickets (id, number, conversation, message, state, priority, intent, reason, language, sentiment, customer, \
             opened_at, updated_at, first_response_due, resolution_due, search, contents, last_log) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14, $15, $16, $17)",
        )
        .bind(ticket.to_string())
        .bind(number)
        .bind(id.to_string())
        .bind(about.id.to_string())
        .bind(TicketState::Open.as_str())
        .bind(urgency(new.priority))
        .bind(new.intent.map(|intent| intent.to_string()))
        .bind(new.reason.as_str())
        .bind(language)
        .bind(sentiment)
        .bind(conversation.customer.as_ref().map(|customer| customer.id.clone()))
        .bind(now().as_millisecond())
        .bind(new.first_response_due.map(Timestamp::as_millisecond))
        .bind(new.resolution_due.map(Timestamp::as_millisecond))
        .bind(search)
        .bind(to_json(&contents))
        .bind(OPENED);
        let (priority, reason) = (new.priority, new.reason);
        let opened = TicketOpened { ticket, number, conversation: id, priority, reason };
        let mut statements = Statements::from([insert]);
        statements.extend(writing.deliveries(id, &opened));
        statements.push(insert_log(ticket, OPENED, None, &Entry::Opened));
        writing.signals.push(Signal::Ticket { ticket });
        Ok((ticket, statements))
    }

    /// What the ticket is found by.
    fn search(&self) -> Result<String, StoreError> {
        let mut words = vec![format!("#{}", self.number)];
        let mut length = 0;
        for row in self.said {
            let text: String = row.try_get("text")?;
            length += text.chars().count() as i64;
            words.push(text);
            if length >= SEARCHED {
                break;
            }
        }
        if let Some(customer) = &self.conversation.customer {
            words.push(customer.id.clone());
            words.extend(customer.name.clone());
        }
        words.extend(self.conversation.context.values().cloned());
        Ok(searchable(&words.join("\n")))
    }
}

/// The number that sorts by urgency; 0 is the most urgent.
pub(super) fn urgency(priority: Priority) -> i64 {
    match priority {
        Priority::Urgent => 0,
        Priority::High => 1,
        Priority::Normal => 2,
        Priority::Low => 3,
    }
}

/// The priority of a number.
pub(super) fn priority_of(urgency: i64) -> Priority {
    match urgency {
        0 => Priority::Urgent,
        1 => Priority::High,
        2 => Priority::Normal,
        _ => Priority::Low,
    }
}
