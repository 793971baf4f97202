//! How many tickets wait, for whom, and which of them are late: what stands beside the inbox.

use jiff::Timestamp;
use shopdesk_model::intents::Priority;
use sqlx::{AssertSqlSafe, Row as _};

use super::settle::urgency;
use super::tickets::overdue;
use super::{Store, StoreError};
use crate::agent::AgentId;

/// How many tickets are counted at most where there may be millions, and nobody waits for them.
pub(crate) const MANY_TICKETS: i64 = 1000;

/// How many tickets there are of each sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TicketCounts {
    /// Open, or in somebody's hands.
    pub in_work: i64,
    /// Of those, the agent's.
    pub mine: i64,
    /// Of those, nobody's.
    pub unassigned: i64,
    /// Of those, urgent.
    pub urgent: i64,
    /// Of those, past a deadline.
    pub overdue: i64,
    /// Put off.
    pub snoozed: i64,
    /// Closed; a limit stands for as many or more.
    pub closed: i64,
}

impl Store {
    /// How many tickets there are of each sort, for that agent at that time. It looks at no closed ticket but to count them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ticket_counts(&self, agent: AgentId, at: Timestamp) -> Result<TicketCounts, StoreError> {
        let of = |condition: &str| format!("COUNT(CASE WHEN state <> 'snoozed' AND {condition} THEN 1 END)");
        let select = format!(
            "SELECT {in_work} AS in_work, {mine} AS mine, {unassigned} AS unassigned, {urgent} AS urgent, {overdue} AS overdue, \
             COUNT(CASE WHEN state = 'snoozed' THEN 1 END) AS snoozed, \
             (SELECT COUNT(*) FROM (SELECT id FROM tickets WHERE state = 'closed' LIMIT {MANY_TICKETS}) AS some_closed) AS closed \
             FROM tickets WHERE state IN ('open', 'assigned', 'snoozed')",
            in_work = of("1 = 1"),
            mine = of("assignee = $1"),
            unassigned = of("assignee IS NULL"),
            urgent = of(&format!("priority = {}", urgency(Priority::Urgent))),
            overdue = of(&overdue("$2")),
        );
        let row = sqlx::query(AssertSqlSafe(select))
            .bind(agent.to_string())
            .bind(at.as_millisecond())
            .fetch_one(&self.readers)
            .await?;
        Ok(TicketCounts {
            in_work: row.try_get("in_work")?,
            mine: row.try_get("mine")?,
            unassigned: row.try_get("unassigned")?,
            urgent: row.try_get("urgent")?,
            overdue: row.try_get("overdue")?,
            snoozed: row.try_get("snoozed")?,
            closed: row.try_get("closed")?,
        })
    }

    /// The number of the ticket that was opened last; 0 when there was none yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_ticket_number(&self) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT value FROM counters WHERE name = 'ticket'");
        let row = row.fetch_optional(&self.readers).await?;
        row.map_or(Ok(0), |row| Ok(row.try_get("value")?))
    }
}
