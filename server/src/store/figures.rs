//! How much there is to do just now, for those who watch the service.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row as _};

use super::tickets::{first_response_overdue, resolution_overdue};
use super::{Store, StoreError};

/// How much there is to do just now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Tickets that are not done, by state.
    pub(crate) tickets: BTreeMap<String, i64>,
    /// Open and assigned tickets that nobody answered in time.
    pub(crate) first_responses_overdue: i64,
    /// Open and assigned tickets that should be closed by now.
    pub(crate) resolutions_overdue: i64,
    /// Deliveries that wait, by webhook.
    pub(crate) deliveries_waiting: BTreeMap<String, i64>,
    /// The number of the last change of the articles.
    pub(crate) articles_revision: i64,
}

impl Store {
    /// How much there is to do at that time. It reads by indexes what is not done, however much was done before.
    pub(crate) async fn figures(&self, at: Timestamp) -> Result<Figures, StoreError> {
        let mut figures = Figures { articles_revision: self.revision().await?, ..Figures::default() };
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT state, COUNT(*) AS tickets, \
             COUNT(CASE WHEN state <> 'snoozed' AND {} THEN 1 END) AS unanswered, \
             COUNT(CASE WHEN state <> 'snoozed' AND {} THEN 1 END) AS unresolved \
             FROM tickets WHERE state IN ('open', 'assigned', 'snoozed') GROUP BY state",
            first_response_overdue("$1"),
            resolution_overdue("$1"),
        )))
        .bind(at.as_millisecond())
        .fetch_all(&self.readers)
        .await?;
        for row in &rows {
            figures.tickets.insert(row.try_get("state")?, row.try_get("tickets")?);
            figures.first_responses_overdue += row.try_get::<i64, _>("unanswered")?;
            figures.resolutions_overdue += row.try_get::<i64, _>("unresolved")?;
        }
        let rows = sqlx::query(
            "SELECT endpoint, COUNT(*) AS waiting FROM deliveries WHERE state = 'waiting' GROUP BY endpoint",
        )
        .fetch_all(&self.readers)
        .await?;
        for row in &rows {
            figures.deliveries_waiting.insert(row.try_get("endpoint")?, row.try_get("waiting")?);
        }
        Ok(figures)
    }
}
