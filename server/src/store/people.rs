//! Agents, their sessions, and the links that let them choose a password.

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::rows::{from_word, id, now, required_json, timestamp, to_json};
use super::{Lock, Store, StoreError};
use crate::agent::{Agent, AgentId, Role, Skills};

const AGENT: &str = "agents.id, login, name, role, password, skills, is_active, agents.created_at";

/// Somebody to add.
#[derive(Clone, Debug)]
pub struct NewAgent {
    /// The name to log in with.
    pub login: String,
    /// What shoppers and colleagues read.
    pub name: String,
    /// What the agent may do.
    pub role: Role,
    /// What the agent takes.
    pub skills: Skills,
}

/// An agent with the hash of the password.
#[derive(Clone, Debug)]
pub struct StoredAgent {
    /// Who.
    pub agent: Agent,
    /// Nothing until an invitation was taken.
    pub password: Option<String>,
}

impl Store {
    /// Adds somebody. Nothing when the login is taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_agent(&self, new: NewAgent) -> Result<Option<Agent>, StoreError> {
        let agent = Agent {
            id: AgentId::new(),
            login: new.login,
            name: new.name,
            role: new.role,
            skills: new.skills,
            is_active: true,
            created_at: now(),
        };
        let done = sqlx::query(
            "INSERT INTO agents (id, login, name, role, skills, is_active, created_at) VALUES ($1, $2, $3, $4, $5, 1, $6) \
             ON CONFLICT DO NOTHING",
        )
        .bind(agent.id.to_string())
        .bind(agent.login.clone())
        .bind(agent.name.clone())
        .bind(agent.role.as_str())
        .bind(to_json(&agent.skills))
        .bind(agent.created_at.as_millisecond())
        .execute(&self.writer)
        .await?;
        Ok((done.rows_affected() == 1).then_some(agent))
    }

    /// Whether anybody can log in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_password(&self) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT id FROM agents WHERE password IS NOT NULL AND is_active = 1 LIMIT 1")
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.is_some())
    }

    /// Everybody, by login.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT {AGENT} FROM agents ORDER BY login")))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| Ok(agent_of(row)?.agent)).collect()
    }

    /// Somebody, by login.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agent_by_login(&self, login: &str) -> Result<Option<StoredAgent>, StoreError> {
        let row = sqlx::query(AssertSqlSafe(format!("SELECT {AGENT} FROM agents WHERE login = $1")))
            .bind(login.to_owned())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(agent_of).transpose()
    }

    /// Somebody, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agent(&self, id: AgentId) -> Result<Option<Agent>, StoreError> {
        let row = sqlx::query(AssertSqlSafe(format!("SELECT {AGENT} FROM agents WHERE id = $1")))
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(|row| Ok(agent_of(row)?.agent)).transpose()
    }

    /// Changes what somebody may do and takes. Whether there is such a one. Whoever may do nothing any more is logged out,
    /// and has no tickets any more.
    ///
    /// # Errors
    /// When the database fails, or [`StoreError::LastAdministrator`] when no active administrator would be left.
    pub async fn change_agent(&self, changed: &Agent) -> Result<bool, StoreError> {
        let mut writing = self.begin(Lock::People).await?;
        let had_one = has_administrator(&mut writing).await?;
        let done =
            sqlx::query("UPDATE agents SET name = $2, role = $3, skills = $4, is_active = $5 WHERE id = $1")
                .bind(changed.id.to_string())
                .bind(changed.name.clone())
                .bind(changed.role.as_str())
                .bind(to_json(&changed.skills))
                .bind(i64::from(changed.is_active))
                .execute(&mut *writing)
                .await?;
        if had_one && !has_administrator(&mut writing).await? {
            return Err(StoreError::LastAdministrator);
        }
        if !changed.is_active {
            sqlx::query("DELETE FROM sessions WHERE agent = $1")
                .bind(changed.id.to_string())
                .execute(&mut *writing)
                .await?;
        }
        writing.commit().await?;
        if !changed.is_active {
            self.take_back_abandoned().await?;
        }
        Ok(done.rows_affected() == 1)
    }

    /// Keeps a link by its hash, in place of those before it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invite(&self, agent: AgentId, hash: &str, expires_at: Timestamp) -> Result<(), StoreError> {
        let mut writing = self.begin(Lock::People).await?;
        sqlx::query("DELETE FROM invitations WHERE agent = $1")
            .bind(agent.to_string())
            .execute(&mut *writing)
            .await?;
        sqlx::query("INSERT INTO invitations (hash, agent, expires_at) VALUES ($1, $2, $3)")
            .bind(hash.to_owned())
            .bind(agent.to_string())
            .bind(expires_at.as_millisecond())
            .execute(&mut *writing)
            .await?;
        writing.commit().await
    }

    /// Whom a link is for, as long as it holds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invited(&self, hash: &str, at: Timestamp) -> Result<Option<Agent>, StoreError> {
        let row = sqlx::query(AssertSqlSafe(format!(
            "SELECT {AGENT} FROM agents JOIN invitations ON agent = agents.id WHERE hash = $1 AND expires_at > $2"
        )))
        .bind(hash.to_owned())
        .bind(at.as_millisecond())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(|row| Ok(agent_of(row)?.agent)).transpose()
    }

    /// Keeps a password's hash for whom the link is for, and uses up the link. All sessions of before end. False when the link does not hold.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_invitation(
        &self,
        hash: &str,
        password: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut writing = self.begin(Lock::People).await?;
        let row = sqlx::query("DELETE FROM invitations WHERE hash = $1 AND expires_at > $2 RETURNING agent")
            .bind(hash.to_owned())
            .bind(at.as_millisecond())
            .fetch_optional(&mut *writing)
            .await?;
        let Some(row) = row else { return Ok(false) };
        let agent: String = row.try_get("agent")?;
        sqlx::query("UPDATE agents SET password = $2 WHERE id = $1")
            .bind(agent.clone())
            .bind(password.to_owned())
            .execute(&mut *writing)
            .await?;
        sqlx::query("DELETE FROM sessions WHERE agent = $1").bind(agent).execute(&mut *writing).await?;
        writing.commit().await?;
        Ok(true)
    }

    /// Keeps a session by its hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_session(
        &self,
        agent: AgentId,
        hash: &str,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO sessions (hash, agent, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(hash.to_owned())
            .bind(agent.to_string())
            .bind(now().as_millisecond())
            .bind(expires_at.as_millisecond())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Whose session it is, as long as it holds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self, hash: &str, at: Timestamp) -> Result<Option<Agent>, StoreError> {
        let row = sqlx::query(AssertSqlSafe(format!(
            "SELECT {AGENT} FROM agents JOIN sessions ON agent = agents.id WHERE hash = $1 AND expires_at > $2 AND is_active = 1"
        )))
        .bind(hash.to_owned())
        .bind(at.as_millisecond())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(|row| Ok(agent_of(row)?.agent)).transpose()
    }

    /// Forgets sessions and links that held until then. How many there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_expired(&self, at: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        for forget in
            ["DELETE FROM sessions WHERE expires_at <= $1", "DELETE FROM invitations WHERE expires_at <= $1"]
        {
            let done = sqlx::query(forget).bind(at.as_millisecond()).execute(&self.writer).await?;
            forgotten += done.rows_affected();
        }
        Ok(forgotten)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, hash: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE hash = $1")
            .bind(hash.to_owned())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

async fn has_administrator(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT id FROM agents WHERE role = 'admin' AND is_active = 1 LIMIT 1")
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

fn agent_of(row: &AnyRow) -> Result<StoredAgent, StoreError> {
    let is_active: i64 = row.try_get("is_active")?;
    Ok(StoredAgent {
        agent: Agent {
            id: id(row, "id")?,
            login: row.try_get("login")?,
            name: row.try_get("name")?,
            role: from_word(row.try_get("role")?, "agents.role")?,
            skills: required_json(row, "skills")?,
            is_active: is_active != 0,
            created_at: timestamp(row, "created_at")?,
        },
        password: row.try_get("password")?,
    })
}
