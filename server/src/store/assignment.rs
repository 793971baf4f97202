//! Who gets the next ticket, and from whom one is taken back: decided by what is in the database, so that a restart or a second server
//! changes nothing.

use sqlx::Row as _;

use super::rows::{id, required_json};
use super::ticket_rows::locked;
use super::ticket_steps::give_back;
use super::{Actor, Cursor, Lock, Store, StoreError, TicketChange};
use crate::agent::{AgentId, Skills};
use crate::live::Signal;
use crate::ticket::{TicketId, TicketState};

/// How many waiting tickets are looked at in one query.
const PAGE: i64 = 200;

/// An agent who is there, and how many tickets the agent has.
struct Free {
    id: AgentId,
    name: String,
    skills: Skills,
    load: i64,
}

impl Free {
    fn has_room(&self) -> bool {
        self.load < i64::from(self.skills.most_tickets)
    }
}

/// A ticket that waits, and its place in the queue.
struct Waiting {
    place: Cursor,
    intent: Option<String>,
    language: Option<String>,
}

impl Waiting {
    fn suits(&self, skills: &Skills) -> bool {
        skills.suit(self.intent.as_deref(), self.language.as_deref())
    }
}

impl Store {
    /// Gives waiting tickets to agents who are there, whom they suit and who have the fewest. `present` are those who are there. One that
    /// cannot be given to anybody waits on, and keeps no other waiting.
    pub(crate) async fn assign_waiting(
        &self,
        present: &[AgentId],
    ) -> Result<Vec<(TicketId, AgentId)>, StoreError> {
        let mut free = self.free(present).await?;
        let (mut assigned, mut after) = (Vec::new(), None);
        // Tickets that suit nobody must not hide those behind them.
        while free.iter().any(Free::has_room) {
            let page = self.waiting_after(after.as_ref()).await?;
            for waiting in &page {
                let suited = free.iter_mut().filter(|agent| agent.has_room() && waiting.suits(&agent.skills));
                let Some(agent) = suited.min_by_key(|agent| agent.load) else { continue };
                let actor = Actor { shown: agent.name.clone(), agent: Some(agent.id), ..Actor::program() };
                match self.change_ticket(waiting.place.id, &actor, TicketChange::Claim).await {
                    Ok(_) => {
                        agent.load += 1;
                        assigned.push((waiting.place.id, agent.id));
                    }
                    // Somebody claimed it meanwhile.
                    Err(StoreError::TicketStep(_)) => {}
                    Err(error) => {
                        tracing::error!(%error, ticket.id = %waiting.place.id, "a ticket cannot be assigned, trying again");
                    }
                }
            }
            after = page.into_iter().last().map(|last| last.place);
            if after.is_none() {
                break;
            }
        }
        Ok(assigned)
    }

    /// Those of `present` who are given tickets.
    async fn free(&self, present: &[AgentId]) -> Result<Vec<Free>, StoreError> {
        if present.is_empty() {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(
            "SELECT id, name, skills, (SELECT COUNT(*) FROM tickets WHERE assignee = agents.id AND state = 'assigned') AS load \
             FROM agents WHERE is_active = 1 AND role = 'agent' ORDER BY id",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut free = Vec::new();
        for row in &rows {
            let (id, name) = (id(row, "id")?, row.try_get("name")?);
            free.push(Free { id, name, skills: required_json(row, "skills")?, load: row.try_get("load")? });
        }
        free.retain(|agent| present.contains(&agent.id));
        Ok(free)
    }

    /// The next tickets that wait behind that place, the most urgent first and among those the longest waiting.
    async fn waiting_after(&self, after: Option<&Cursor>) -> Result<Vec<Waiting>, StoreError> {
        let start = Cursor { urgency: -1, opened_at: 0, id: TicketId::new() };
        let Cursor { urgency, opened_at, id: last } = after.unwrap_or(&start);
        let rows = sqlx::query(
            "SELECT id, priority, opened_at, intent, language FROM tickets \
             WHERE state = 'open' AND (priority, opened_at, id) > ($1, $2, $3) \
             ORDER BY priority, opened_at, id LIMIT $4",
        )
        .bind(*urgency)
        .bind(*opened_at)
        .bind(last.to_string())
        .bind(PAGE)
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let place = Cursor {
                    urgency: row.try_get("priority")?,
                    opened_at: row.try_get("opened_at")?,
                    id: id(row, "id")?,
                };
                Ok(Waiting { place, intent: row.try_get("intent")?, language: row.try_get("language")? })
            })
            .collect()
    }

    /// Takes back the tickets of those who do not work for the shop any more, so that others get them.
    pub(crate) async fn take_back_abandoned(&self) -> Result<(), StoreError> {
        let rows = sqlx::query(
            "SELECT tickets.id FROM agents CROSS JOIN tickets \
             WHERE is_active = 0 AND assignee = agents.id AND state IN ('assigned', 'snoozed')",
        )
        .fetch_all(&self.readers)
        .await?;
        for row in &rows {
            self.take_back(id(row, "id")?).await?;
        }
        Ok(())
    }

    async fn take_back(&self, ticket: TicketId) -> Result<(), StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        let Some(found) = locked(&mut writing, ticket).await? else { return Ok(()) };
        let gone = sqlx::query("SELECT id FROM agents WHERE id = $1 AND is_active = 0")
            .bind(found.assignee.map(|agent| agent.to_string()))
            .fetch_optional(&mut *writing)
            .await?;
        // Somebody else may have got it, or finished it, meanwhile.
        if gone.is_none() || !matches!(found.state, TicketState::Assigned | TicketState::Snoozed) {
            return Ok(());
        }
        give_back(&mut writing, ticket, &found, Some(&Actor::program().name)).await?;
        writing.signals.push(Signal::Ticket { ticket });
        writing.commit().await
    }
}
