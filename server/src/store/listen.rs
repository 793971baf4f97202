//! Signals between several servers over one PostgreSQL (`LISTEN` and `NOTIFY`).

use std::time::Duration;

use sqlx::postgres::PgListener;

use super::rows::to_json;
use super::{Dialect, Store, StoreError};
use crate::live::Signal;

pub(super) const CHANNEL: &str = "shopdesk";
const RETRY: Duration = Duration::from_secs(2);

impl Store {
    /// Hears what other servers tell, for as long as it is polled. With SQLite there are no others.
    pub(crate) async fn listen(self) {
        if self.dialect == Dialect::Sqlite {
            return std::future::pending().await;
        }
        loop {
            if let Err(error) = self.hear().await {
                tracing::warn!(%error, "the database's signals are lost for now, trying again");
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn hear(&self) -> Result<(), StoreError> {
        let mut listener = PgListener::connect(self.url.expose()).await?;
        listener.listen(CHANNEL).await?;
        // Whatever was signalled while nobody listened is in the database.
        self.live.tell_all();
        loop {
            // Nothing says that the connection was lost and made again.
            let Some(notification) = listener.try_recv().await? else {
                self.live.tell_all();
                continue;
            };
            match serde_json::from_str(notification.payload()) {
                Ok(signal) => self.live.tell(signal),
                Err(error) => tracing::warn!(%error, "a signal of another version was not understood"),
            }
        }
    }

    /// Tells those who follow, here and on other servers, of something that is not kept.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn sign(&self, signal: Signal) -> Result<(), StoreError> {
        if self.dialect == Dialect::Postgres {
            sqlx::query("SELECT pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(to_json(&signal))
                .execute(&self.writer)
                .await?;
        } else {
            self.live.tell(signal);
        }
        Ok(())
    }
}
