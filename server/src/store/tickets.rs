//! Tickets, found and read.

use std::str::FromStr;

use jiff::Timestamp;
use shopdesk_model::intents::{IntentId, Priority};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};

use super::rows::{
    from_json, from_word, id, json, optional_id, optional_timestamp, required_json, timestamp, unreadable,
};
use super::search::searchable;
use super::settle::{priority_of, urgency};
use super::{Store, StoreError};
use crate::agent::AgentId;
use crate::conversation::{ConversationId, Customer};
use crate::ticket::{Correction, Entry, LogEntry, Ticket, TicketId, TicketState};

const TICKET: &str = "tickets.id, number, conversation, message, tickets.state, priority, intent, reason, tickets.language, sentiment, \
     tickets.customer, customer_name, contact, assignee, opened_at, reopened_at, tickets.updated_at, first_response_due, first_response_at, resolution_due, \
     closed_at, snoozed_until, merged_into, contents";

/// Which tickets are wanted. What is empty does not matter.
#[derive(Clone, Debug, Default)]
pub struct TicketFilter {
    /// In one of these states.
    pub states: Vec<TicketState>,
    /// Of that urgency.
    pub priority: Option<Priority>,
    /// About that.
    pub intent: Option<String>,
    /// Handed over for that reason.
    pub reason: Option<String>,
    /// In that language, in any script of it.
    pub language: Option<String>,
    /// Of that agent.
    pub assignee: Option<AgentId>,
    /// Of nobody.
    pub unassigned: bool,
    /// Of that customer.
    pub customer: Option<String>,
    /// With all of these words, in what the shopper wrote, in the number or in the customer's name.
    pub words: Option<String>,
    /// Past a deadline at that time.
    pub overdue_at: Option<Timestamp>,
    /// Whether those that were opened last come first, in place of the most urgent.
    pub latest_first: bool,
    /// Behind that place, as a page before named it.
    pub after: Option<Cursor>,
    /// How many at most.
    pub limit: u32,
}

/// A place in a list of tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) urgency: i64,
    pub(super) opened_at: i64,
    pub(super) id: TicketId,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.urgency, self.opened_at, self.id)
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not the `next` of a page");
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or_else(wrong);
        Ok(Self {
            urgency: part()?.parse().map_err(|_| wrong())?,
            opened_at: part()?.parse().map_err(|_| wrong())?,
            id: part()?.parse().map_err(|_| wrong())?,
        })
    }
}

/// Some of the tickets that were wanted.
#[derive(Clone, Debug)]
pub struct TicketPage {
    /// The most urgent first, and among those the longest waiting; or the latest first.
    pub tickets: Vec<Ticket>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

impl Store {
    /// Tickets, the most urgent first and among those the longest waiting; or the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tickets(&self, filter: &TicketFilter) -> Result<TicketPage, StoreError> {
        let mut wanted = Conditions::default();
        wanted.add(filter);
        let limit = wanted.place(Bound::Number(i64::from(filter.limit) + 1));
        let order = if filter.latest_first {
            "opened_at DESC, tickets.id DESC"
        } else {
            "priority, opened_at, tickets.id"
        };
        // Which ones is decided by an index; only those are read with all that they hold.
        let select = format!(
            "SELECT {TICKET} FROM tickets JOIN conversations ON conversations.id = tickets.conversation \
             WHERE tickets.id IN (SELECT tickets.id FROM tickets {} ORDER BY {order} LIMIT {limit}) ORDER BY {order}",
            wanted.sql()
        );
        let rows = wanted.bind(sqlx::query(AssertSqlSafe(select))).fetch_all(&self.readers).await?;
        let mut tickets: Vec<Ticket> = rows.iter().map(ticket_of).collect::<Result<_, _>>()?;
        let has_more = tickets.len() > filter.limit as usize;
        tickets.truncate(filter.limit as usize);
        let next = tickets.last().filter(|_| has_more).map(|last| Cursor {
            urgency: urgency(last.priority),
            opened_at: last.opened_at.as_millisecond(),
            id: last.id,
        });
        Ok(TicketPage { tickets, next })
    }

    /// How many tickets are like that. `most` stands for as many or more: those beyond are not looked at.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_tickets(&self, filter: &TicketFilter, most: i64) -> Result<i64, StoreError> {
        let mut wanted = Conditions::default();
        wanted.add(filter);
        let limit = wanted.place(Bound::Number(most));
        let select = format!(
            "SELECT COUNT(*) AS count FROM (SELECT tickets.id FROM tickets {} LIMIT {limit}) AS counted",
            wanted.sql()
        );
        let row = wanted.bind(sqlx::query(AssertSqlSafe(select))).fetch_one(&self.readers).await?;
        Ok(row.try_get("count")?)
    }

    /// A ticket.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ticket(&self, ticket: TicketId) -> Result<Option<Ticket>, StoreError> {
        self.ticket_where("tickets.id = $1", Bound::Text(ticket.to_string())).await
    }

    /// The ticket that people call by that number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ticket_by_number(&self, number: i64) -> Result<Option<Ticket>, StoreError> {
        self.ticket_where("number = $1", Bound::Number(number)).await
    }

    /// The ticket that a conversation has now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ticket_of(&self, conversation: ConversationId) -> Result<Option<Ticket>, StoreError> {
        let conversation = Bound::Text(conversation.to_string());
        self.ticket_where("conversation = $1 AND tickets.state <> 'merged'", conversation).await
    }

    async fn ticket_where(&self, condition: &str, value: Bound) -> Result<Option<Ticket>, StoreError> {
        let select = format!(
            "SELECT {TICKET} FROM tickets JOIN conversations ON conversations.id = tickets.conversation \
             WHERE {condition} ORDER BY number DESC LIMIT 1"
        );
        let row = value.bind(sqlx::query(AssertSqlSafe(select))).fetch_optional(&self.readers).await?;
        row.as_ref().map(ticket_of).transpose()
    }

    /// What happened to a ticket, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ticket_log(&self, ticket: TicketId) -> Result<Vec<LogEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT sequence, at, actor, contents FROM ticket_log WHERE ticket = $1 ORDER BY sequence",
        )
        .bind(ticket.to_string())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(LogEntry {
                    sequence: row.try_get("sequence")?,
                    at: timestamp(row, "at")?,
                    actor: row.try_get("actor")?,
                    entry: required_json::<Entry>(row, "contents")?,
                })
            })
            .collect()
    }

    /// How many waiting tickets come before that one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn position(&self, ticket: &Ticket) -> Result<i64, StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS count FROM tickets WHERE state = 'open' AND (priority < $1 OR (priority = $1 AND opened_at < $2))",
        )
        .bind(urgency(ticket.priority))
        .bind(ticket.opened_at.as_millisecond())
        .fetch_one(&self.readers)
        .await?;
        Ok(row.try_get("count")?)
    }

    /// Corrections in that state, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn corrections(&self, state: Option<&str>, limit: u32) -> Result<Vec<Correction>, StoreError> {
        // A condition that takes everything would keep the database from its indexes.
        let wanted = if state.is_some() { "state = $1" } else { "$1 = ''" };
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT id, ticket, text, language, field, old, new, actor, at, state FROM corrections \
             WHERE {wanted} ORDER BY at DESC, id DESC LIMIT $2"
        )))
        .bind(state.unwrap_or_default().to_owned())
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Correction {
                    id: id(row, "id")?,
                    ticket: id(row, "ticket")?,
                    text: row.try_get("text")?,
                    language: row.try_get("language")?,
                    field: row.try_get("field")?,
                    old: row.try_get("old")?,
                    new: row.try_get("new")?,
                    actor: row.try_get("actor")?,
                    at: timestamp(row, "at")?,
                    state: row.try_get("state")?,
                })
            })
            .collect()
    }
}

/// A row of `tickets`, with the customer's name and contact of its conversation.
pub(super) fn ticket_of(row: &AnyRow) -> Result<Ticket, StoreError> {
    let customer: Option<String> = row.try_get("customer")?;
    let name: Option<String> = row.try_get("customer_name")?;
    let intent: Option<String> = row.try_get("intent")?;
    let contents: String = row.try_get("contents")?;
    Ok(Ticket {
        id: id(row, "id")?,
        number: row.try_get("number")?,
        conversation: id(row, "conversation")?,
        message: id(row, "message")?,
        state: from_word(row.try_get("state")?, "tickets.state")?,
        priority: priority_of(row.try_get("priority")?),
        intent: intent
            .map(|intent| IntentId::new(&intent).ok_or(intent).map_err(unreadable("tickets.intent")))
            .transpose()?,
        reason: from_word(row.try_get("reason")?, "tickets.reason")?,
        language: row.try_get("language")?,
        sentiment: row.try_get("sentiment")?,
        customer: customer.map(|id| Customer { id, name }),
        contact: json(row, "contact")?,
        assignee: optional_id(row, "assignee")?,
        opened_at: timestamp(row, "opened_at")?,
        reopened_at: optional_timestamp(row, "reopened_at")?,
        updated_at: timestamp(row, "updated_at")?,
        first_response_due: optional_timestamp(row, "first_response_due")?,
        first_response_at: optional_timestamp(row, "first_response_at")?,
        resolution_due: optional_timestamp(row, "resolution_due")?,
        closed_at: optional_timestamp(row, "closed_at")?,
        snoozed_until: optional_timestamp(row, "snoozed_until")?,
        merged_into: optional_id(row, "merged_into")?,
        contents: from_json(&contents, "tickets.contents")?,
    })
}

/// A value in a query.
enum Bound {
    Text(String),
    Number(i64),
}

impl Bound {
    fn bind(self, query: AnyQuery<'_>) -> AnyQuery<'_> {
        match self {
            Self::Text(text) => query.bind(text),
            Self::Number(number) => query.bind(number),
        }
    }
}

/// What rows must be like, as it grows.
#[derive(Default)]
struct Conditions {
    all: Vec<String>,
    bound: Vec<Bound>,
}

type AnyQuery<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

impl Conditions {
    /// The place of a value in the query.
    fn place(&mut self, value: Bound) -> String {
        self.bound.push(value);
        format!("${}", self.bound.len())
    }

    fn text(&mut self, condition: impl FnOnce(&str) -> String, value: Option<String>) {
        if let Some(value) = value {
            let place = self.place(Bound::Text(value));
            self.all.push(condition(&place));
        }
    }

    fn add(&mut self, filter: &TicketFilter) {
        if !filter.states.is_empty() {
            let states: Vec<String> = filter
                .states
                .iter()
                .map(|state| self.place(Bound::Text(state.as_str().to_owned())))
                .collect();
            self.all.push(format!("tickets.state IN ({})", states.join(", ")));
        }
        if let Some(priority) = filter.priority {
            let place = self.place(Bound::Number(urgency(priority)));
            self.all.push(format!("priority = {place}"));
        }
        self.text(|place| format!("intent = {place}"), filter.intent.clone());
        self.text(|place| format!("reason = {place}"), filter.reason.clone());
        self.text(
            |place| format!("(tickets.language = {place} OR tickets.language LIKE {place} || '-%')"),
            filter.language.clone(),
        );
        self.text(|place| format!("assignee = {place}"), filter.assignee.map(|agent| agent.to_string()));
        self.text(|place| format!("tickets.customer = {place}"), filter.customer.clone());
        if filter.unassigned {
            self.all.push("assignee IS NULL".to_owned());
        }
        for word in filter.words.iter().flat_map(|words| words.split_whitespace()) {
            let pattern = format!("%{}%", literal(&searchable(word)));
            self.text(|place| format!("search LIKE {place} ESCAPE '\\'"), Some(pattern));
        }
        if let Some(at) = filter.overdue_at {
            let at = self.place(Bound::Number(at.as_millisecond()));
            self.all.push(overdue(&at));
        }
        if let Some(cursor) = &filter.after {
            self.add_place(cursor, filter.latest_first);
        }
    }

    fn add_place(&mut self, Cursor { urgency, opened_at, id }: &Cursor, latest_first: bool) {
        let opened_at = self.place(Bound::Number(*opened_at));
        let id = self.place(Bound::Text(id.to_string()));
        let behind = if latest_first {
            format!("(opened_at, tickets.id) < ({opened_at}, {id})")
        } else {
            let urgency = self.place(Bound::Number(*urgency));
            format!("(priority, opened_at, tickets.id) > ({urgency}, {opened_at}, {id})")
        };
        self.all.push(behind);
    }

    fn sql(&self) -> String {
        if self.all.is_empty() { String::new() } else { format!("WHERE {}", self.all.join(" AND ")) }
    }

    fn bind(self, query: AnyQuery<'_>) -> AnyQuery<'_> {
        self.bound.into_iter().fold(query, |query, value| value.bind(query))
    }
}

/// The condition of tickets that are past a deadline at that time.
pub(super) fn overdue(at: &str) -> String {
    format!("({} OR {})", first_response_overdue(at), resolution_overdue(at))
}

/// The condition of tickets that nobody answered in time.
pub(super) fn first_response_overdue(at: &str) -> String {
    format!("(first_response_at IS NULL AND first_response_due < {at})")
}

/// The condition of tickets that should be closed by then.
pub(super) fn resolution_overdue(at: &str) -> String {
    format!("resolution_due < {at}")
}

/// A text that a pattern of `LIKE` takes as it is.
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
