//! What a key may be used for, so that a program that reads figures cannot read conversations.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that a key may do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Begin conversations and take part in them.
    Conversations,
    /// Read tickets.
    Tickets,
    /// Change tickets; reading them is part of that.
    TicketsWrite,
    /// Classify texts.
    Classify,
    /// Read figures.
    Stats,
    /// Take everything out.
    Export,
    /// Everything, the settings and the keys too.
    Admin,
}

/// That word names no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no scope; take one of `conversations`, `tickets`, `tickets_write`, `classify`, `stats`, `export`, `admin`"
)]
pub struct UnknownScope(pub String);

/// All that a key may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scope {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Conversations,
        Self::Tickets,
        Self::TicketsWrite,
        Self::Classify,
        Self::Stats,
        Self::Export,
        Self::Admin,
    ];

    /// The word used in data, JSON and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conversations => "conversations",
            Self::Tickets => "tickets",
            Self::TicketsWrite => "tickets_write",
            Self::Classify => "classify",
            Self::Stats => "stats",
            Self::Export => "export",
            Self::Admin => "admin",
        }
    }

    fn includes(self, other: Self) -> bool {
        self == other || self == Self::Admin || (self == Self::TicketsWrite && other == Self::Tickets)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

impl Scopes {
    /// Whether one of them allows that.
    #[must_use]
    pub fn allow(&self, wanted: Scope) -> bool {
        self.0.iter().any(|scope| scope.includes(wanted))
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes as they were given, each once.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_has_one_word_everywhere() {
        for scope in Scope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert!(UnknownScope(String::new()).to_string().contains(scope.as_str()));
        }
        assert_eq!("ticket".parse::<Scope>(), Err(UnknownScope("ticket".into())));
    }

    #[test]
    fn writing_tickets_is_reading_them_and_an_administrator_may_do_all() {
        let writer: Scopes = serde_json::from_str(r#"["tickets_write"]"#).unwrap();
        let admin: Scopes = [Scope::Admin].into_iter().collect();
        assert!(writer.allow(Scope::Tickets) && writer.allow(Scope::TicketsWrite));
        assert!(!writer.allow(Scope::Export) && !writer.allow(Scope::Admin));
        assert!(Scope::ALL.into_iter().all(|scope| admin.allow(scope)));
        assert!(!Scope::ALL.into_iter().any(|scope| Scopes::default().allow(scope)));
        assert_eq!(serde_json::to_string(&writer).unwrap(), r#"["tickets_write"]"#);
    }
}
