//! What the inbox is filtered by: the same in its address, in its form and in saved views.

use axum::extract::Query;
use axum::http::Uri;
use jiff::Timestamp;
use serde::Deserialize;
use shopdesk_model::intents::Priority;
use url::form_urlencoded::Serializer;

use crate::problem::Problem;
use crate::routes::caller::Staff;
use crate::routes::tickets::{Wanted, filter};
use crate::store::TicketFilter;

/// The states of tickets that somebody should look at.
const IN_WORK: &str = "open,assigned";

/// What the inbox is filtered by. What is empty does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Filters {
    /// Words with commas between them; without any, those of tickets in work.
    pub(super) state: String,
    pub(super) priority: String,
    pub(super) intent: String,
    pub(super) reason: String,
    pub(super) language: String,
    /// An agent's id, `me` or `nobody`.
    pub(super) assignee: String,
    /// `true` for tickets past a deadline.
    pub(super) overdue: String,
    /// The shop's id of a customer.
    pub(super) customer: String,
    /// Words to look for.
    pub(super) q: String,
}

impl Filters {
    /// The filters of the part of an address after the question mark. What is not one of them is left out.
    pub(super) fn from_query(query: &str) -> Self {
        let uri = format!("/?{query}").parse::<Uri>().unwrap_or_default();
        Query::try_from_uri(&uri).map(|Query(filters)| filters).unwrap_or_default()
    }

    /// The part of the inbox's address after the question mark; the same for the same filters.
    pub(super) fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        for (name, value) in self.all() {
            if !value.trim().is_empty() {
                query.append_pair(name, value.trim());
            }
        }
        query.finish()
    }

    /// The inbox's address.
    pub(super) fn path(&self) -> String {
        let query = self.query();
        if query.is_empty() { "/console/inbox".to_owned() } else { format!("/console/inbox?{query}") }
    }

    /// Whether nothing is filtered.
    pub(super) fn are_empty(&self) -> bool {
        self.query().is_empty()
    }

    /// What the store should look for.
    pub(super) fn filter(&self, staff: &Staff, now: Timestamp) -> Result<TicketFilter, Problem> {
        let text = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        let wanted = Wanted {
            state: Some(text(&self.state).unwrap_or_else(|| IN_WORK.to_owned())),
            priority: text(&self.priority).map(|word| priority(&word)).transpose()?,
            intent: text(&self.intent),
            reason: text(&self.reason),
            language: text(&self.language),
            assignee: text(&self.assignee),
            overdue: self.overdue == "true",
            customer: text(&self.customer),
            q: text(&self.q),
            ..Wanted::default()
        };
        let filter = filter(wanted, staff, now)?;
        // Of what is over, people want what was there a short while ago.
        let latest_first = matches!(self.state.as_str(), "closed" | "merged");
        Ok(TicketFilter { latest_first, ..filter })
    }

    fn all(&self) -> [(&'static str, &str); 9] {
        [
            ("state", &self.state),
            ("priority", &self.priority),
            ("intent", &self.intent),
            ("reason", &self.reason),
            ("language", &self.language),
            ("assignee", &self.assignee),
            ("overdue", &self.overdue),
            ("customer", &self.customer),
            ("q", &self.q),
        ]
    }
}

fn priority(word: &str) -> Result<Priority, Problem> {
    let found = Priority::ALL.into_iter().find(|priority| priority.as_str() == word);
    let detail = || format!("`{word}` is none of urgent, high, normal, low");
    found.ok_or_else(|| Problem::InvalidParameter { detail: detail() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_the_same_whatever_it_came_from() {
        let filters = Filters::from_query("q=%23%E9%80%80%20a%26b&priority=urgent&state=&unknown=1");
        assert_eq!((filters.q.as_str(), filters.priority.as_str()), ("#退 a&b", "urgent"));
        assert_eq!(filters.query(), "priority=urgent&q=%23%E9%80%80+a%26b");
        assert_eq!(Filters::from_query(&filters.query()), filters);
    }

    #[test]
    fn nothing_is_filtered_by_nothing() {
        assert!(Filters::from_query("").are_empty());
        assert!(Filters::from_query("q=++&state=").are_empty());
        assert_eq!(Filters::default().path(), "/console/inbox");
    }
}
