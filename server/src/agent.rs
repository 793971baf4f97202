//! The shop's people, and what each of them may do.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::conversation::id_newtype;

id_newtype!(
    /// Names an agent.
    AgentId
);

/// One of the shop's people.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Agent {
    /// The id.
    pub id: AgentId,
    /// The name to log in with.
    pub login: String,
    /// What shoppers and colleagues read.
    pub name: String,
    /// What the agent may do.
    pub role: Role,
    /// What the agent takes.
    pub skills: Skills,
    /// Whether the agent may log in and gets tickets.
    pub is_active: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What somebody may do; each may do what those before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works on tickets.
    Agent,
    /// Sees figures, approves corrections.
    Supervisor,
    /// Changes settings, people, keys.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Agent, Self::Supervisor, Self::Admin];

    /// The word used in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == word);
        found.ok_or_else(|| format!("`{word}` is none of agent, supervisor, admin"))
    }
}

/// What tickets an agent takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Skills {
    /// Intents, or beginnings of their names such as `refund`; any when empty.
    pub intents: Vec<String>,
    /// Languages such as `zh` or `en`; any when empty.
    pub languages: Vec<String>,
    /// How many tickets at once are given to the agent; more may be claimed.
    pub most_tickets: u32,
}

impl Default for Skills {
    fn default() -> Self {
        Self { intents: Vec::new(), languages: Vec::new(), most_tickets: 8 }
    }
}

impl Skills {
    /// Whether a ticket about that intent in that language suits the agent.
    #[must_use]
    pub fn suit(&self, intent: Option<&str>, language: Option<&str>) -> bool {
        let any = |wanted: &[String], found: Option<&str>| {
            wanted.is_empty() || found.is_some_and(|found| wanted.iter().any(|wanted| begins(found, wanted)))
        };
        any(&self.intents, intent) && any(&self.languages, language)
    }
}

/// Whether a name is `start`, or goes on after it with `_` or `-`.
fn begins(name: &str, start: &str) -> bool {
    name.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_suit_by_intent_and_language() {
        let skills = Skills {
            intents: vec!["refund".to_owned(), "invoice_vat".to_owned()],
            languages: vec!["zh".to_owned()],
            most_tickets: 1,
        };
        assert!(skills.suit(Some("refund_amount"), Some("zh-Hant")));
        assert!(skills.suit(Some("invoice_vat"), Some("zh-Hans")));
        assert!(!skills.suit(Some("invoice"), Some("zh-Hans")));
        assert!(!skills.suit(Some("refunds"), Some("zh-Hans")));
        assert!(!skills.suit(Some("refund"), Some("en")));
        assert!(!skills.suit(None, Some("zh-Hans")));
        assert!(Skills::default().suit(None, None));
    }
}
