//! What agents write to shoppers. Whoever answers has the ticket.

use super::rows::{Signed, to_json};
use super::ticket_rows::{Locked, locked, log};
use super::ticket_steps::assign;
use super::turns::known;
use super::writing::{NewRow, Writing};
use super::{Actor, Lock, Store, StoreError};
use crate::live::Signal;
use crate::message::{Message, Sender};
use crate::ticket::{Entry, TicketId, TicketState, TicketStep};

impl Store {
    /// Keeps what an agent says to the shopper of a ticket. Sent again under the same id, it is the same message.
    ///
    /// # Errors
    /// [`StoreError::TicketStep`] when nobody or somebody else has the ticket; when the database fails.
    pub async fn reply_on_ticket(
        &self,
        ticket: TicketId,
        actor: &Actor,
        text: String,
        client_message_id: Option<String>,
    ) -> Result<Option<Message>, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        let Some(found) = locked(&mut writing, ticket).await? else { return Ok(None) };
        let known = known(&mut writing, found.conversation, client_message_id.as_deref()).await?;
        if let Some((known, _)) = known {
            if known.sender != Sender::Agent || known.text != text {
                return Err(StoreError::ClientMessageIdReused);
            }
            return Ok(Some(known));
        }
        let is_theirs = found.state == TicketState::Assigned && found.assignee == actor.agent;
        if !is_theirs {
            // Whoever answers takes the ticket; two agents do not answer one shopper.
            let Some(agent) = actor.agent else {
                found.state.after(TicketStep::Release)?;
                return self
                    .append_reply(writing, ticket, &found, actor, text, client_message_id)
                    .await
                    .map(Some);
            };
            assign(&mut writing, ticket, &found, TicketStep::Claim, (agent, &actor.shown), Some(&actor.name))
                .await?;
        }
        self.append_reply(writing, ticket, &found, actor, text, client_message_id).await.map(Some)
    }

    async fn append_reply(
        &self,
        mut writing: Writing,
        ticket: TicketId,
        found: &Locked,
        actor: &Actor,
        text: String,
        client_message_id: Option<String>,
    ) -> Result<Message, StoreError> {
        let contents = Some(to_json(&Signed { name: actor.shown.clone() }));
        let row = NewRow { contents, ..NewRow::of(Sender::Agent, text, client_message_id) };
        let message = writing.append_message(found.conversation, row).await?;
        sqlx::query("UPDATE tickets SET first_response_at = $2 WHERE id = $1 AND first_response_at IS NULL")
            .bind(ticket.to_string())
            .bind(message.created_at.as_millisecond())
            .execute(&mut *writing)
            .await?;
        log(&mut writing, ticket, Some(&actor.name), &Entry::Replied { message: message.id }).await?;
        writing.signals.push(Signal::Ticket { ticket });
        writing.commit().await?;
        Ok(Message { sender_name: Some(actor.shown.clone()), ..message })
    }
}
