//! Who gets the next ticket, and from whom one is taken back: decided by what is in the database, so that a restart or a second server
//! changes nothing.

use sqlx::Row as _;

use super::rows::{id, required_json};
use super::ticket_rows::locked;
use super::ticket_steps::give_back;
use super::{Actor, Lock, Store, StoreError, TicketChange};
use crate::agent::{AgentId, Skills};
use crate::live::Signal;
use crate::ticket::{TicketId, TicketState};

impl Store {
    /// Gives waiting tickets to agents who are there, whom they suit and who have the fewest. `present` are those who are there.
    pub(crate) async fn assign_waiting(
        &self,
        present: &[AgentId],
    ) -> Result<Vec<(TicketId, AgentId)>, StoreError> {
        if present.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.snapshot().await?;
        let rows = sqlx::query(
            "SELECT id, name, skills, (SELECT COUNT(*) FROM tickets WHERE assignee = agents.id AND state = 'assigned') AS load \
             FROM agents WHERE is_active = 1 AND role = 'agent' ORDER BY id",
        )
        .fetch_all(&mut *reader)
        .await?;
        let mut agents: Vec<(AgentId, String, Skills, i64)> = Vec::new();
        for row in &rows {
            let agent = id(row, "id")?;
            if present.contains(&agent) {
                agents.push((
                    agent,
                    row.try_get("name")?,
                    required_json(row, "skills")?,
                    row.try_get("load")?,
                ));
            }
        }
        let rows = sqlx::query("SELECT id, intent, language FROM tickets WHERE state = 'open' ORDER BY priority, opened_at, id LIMIT 100")
            .fetch_all(&mut *reader)
            .await?;
        drop(reader);
        let mut assigned = Vec::new();
        for row in &rows {
            let (ticket, intent, language): (TicketId, Option<String>, Option<String>) =
                (id(row, "id")?, row.try_get("intent")?, row.try_get("language")?);
            let suited = agents.iter_mut().filter(|(_, _, skills, load)| {
                *load < i64::from(skills.most_tickets) && skills.suit(intent.as_deref(), language.as_deref())
            });
            let Some((agent, name, _, load)) = suited.min_by_key(|(.., load)| *load) else { continue };
            let actor = Actor { name: "shopdesk".to_owned(), shown: name.clone(), agent: Some(*agent) };
            match self.change_ticket(ticket, &actor, TicketChange::Claim).await {
                Ok(_) => {
                    *load += 1;
                    assigned.push((ticket, *agent));
                }
                // Somebody claimed it meanwhile.
                Err(StoreError::TicketStep(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(assigned)
    }

    /// Takes back the tickets of those who do not work for the shop any more, so that others get them.
    pub(crate) async fn take_back_abandoned(&self) -> Result<(), StoreError> {
        let rows = sqlx::query(
            "SELECT tickets.id FROM agents JOIN tickets ON assignee = agents.id \
             WHERE is_active = 0 AND state IN ('assigned', 'snoozed')",
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
