//! Where everything is kept: one set of queries over SQLite, the embedded default, and PostgreSQL, for several servers.
//!
//! SQLite: write-ahead log, `synchronous = FULL`: what was acknowledged survives a crash and a power cut. All writing goes through one
//! connection, so that a transaction never waits for a lock it cannot get; readers have their own. PostgreSQL: rows that a
//! transaction decides by are locked with an `UPDATE` first, which means the same in both. Messages share their commits ([`group_commit`]).

mod rows;

mod conversations;
mod feedback;
mod turns;
pub use conversations::NewConversation;
pub use feedback::Judged;
pub use turns::{NewMessage, Received, Turn};

mod settle;
pub use settle::{NewTicket, Outcome, Settled};

mod search;
mod tickets;
pub use tickets::{Cursor, TicketFilter, TicketPage};

mod corrections;
mod ticket_replies;
mod ticket_rows;
mod ticket_steps;
pub use ticket_steps::{Actor, TicketChange};

mod canned_replies;
mod saved_views;
mod ticket_counts;
pub(crate) use saved_views::MOST_VIEWS;
pub(crate) use ticket_counts::MANY_TICKETS;
pub use ticket_counts::TicketCounts;

mod assignment;
mod backup;
pub(crate) mod deadlines;
mod erase;
mod figures;
mod stats;
pub use backup::RestoreError;
pub use erase::Erased;
pub(crate) use figures::Figures;
pub use stats::{DayFigures, IntentFigures, Stats};

mod settings;
pub use settings::{KeptSection, KeptSettings, SettingsSection};

mod labelled;
mod reviews;
pub use labelled::{ApprovedLabel, LabelSource, WaitingLabel};
pub use reviews::{AnswerToReview, NewReview};

mod articles;
mod shelf;
mod unanswered;
pub use shelf::{ArticleInForce, HistoryEntry, KeptArticle, Origin, Shelf, StoredVectors};
pub use unanswered::UnansweredMessage;

mod audit;
mod deliveries;
mod keys;
mod people;
mod presence;
pub use audit::{AuditCursor, AuditEntry, AuditFilter, AuditPage};
pub use deliveries::{Delivery, DeliveryCount};
pub use keys::StoredKey;
pub use people::{NewAgent, StoredAgent};
pub use presence::StoredSession;

mod group_commit;
mod listen;
mod statements;
mod writing;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use group_commit::GroupCommit;
use sqlx::any::AnyPoolOptions;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, Executor as _, Transaction};
use statements::{Answers, Statements};
use url::Url;
use writing::{Begun, Writing};

use crate::conversation::IllegalStep;
use crate::live::Live;
use crate::secret::Secret;
use crate::ticket::IllegalTicketStep;

/// How many connections read an SQLite file.
const READERS: u32 = 4;
/// How many connections a server has to PostgreSQL, if its settings do not say.
pub(crate) const CONNECTIONS: u32 = 16;
/// How long a request waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where our advisory locks begin, away from those of others in the same database.
const ADVISORY_LOCKS: i64 = 0x5348_4f50;

/// The store refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The database failed for several at once.
    #[error("the database failed: {0}")]
    Commit(#[from] Arc<sqlx::Error>),
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be brought up to date: {0}")]
    Migration(sqlx::migrate::MigrateError),
    /// The database was written by a newer program.
    #[error(
        "the database has a newer schema (version {version}) than this program knows: use a newer shopdesk, or restore a backup"
    )]
    NewerSchema {
        /// The version that is not known.
        version: i64,
    },
    /// A row does not hold what this program writes.
    #[error("the database holds something unreadable in {what}: {problem}")]
    Unreadable {
        /// Which column.
        what: &'static str,
        /// Why it cannot be read.
        problem: String,
    },
    /// A conversation cannot take that step.
    #[error(transparent)]
    Step(#[from] IllegalStep),
    /// Another message has this client's id.
    #[error("another message of the conversation has this client message id")]
    ClientMessageIdReused,
    /// A ticket cannot take that step.
    #[error(transparent)]
    TicketStep(#[from] IllegalTicketStep),
    /// Nobody would be left who may change people and keys.
    #[error("nobody else is an active administrator")]
    LastAdministrator,
    /// Only somebody can have a ticket.
    #[error("whoever claims a ticket must be an agent")]
    ClaimByNobody,
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => Self::NewerSchema { version },
            other => Self::Migration(other),
        }
    }
}

/// The database. Cheap to clone. What a method has returned is on disk.
#[derive(Clone)]
pub struct Store {
    writer: AnyPool,
    readers: AnyPool,
    /// One of SQLite's readers, for what every message needs.
    at_hand: Arc<tokio::sync::Mutex<Option<PoolConnection<Any>>>>,
    dialect: Dialect,
    /// Of SQLite only: PostgreSQL makes such groups by itself.
    group_commit: Option<GroupCommit>,
    url: Secret,
    live: Live,
    subscriptions: Arc<Vec<Subscription>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

/// Who wants to hear of what.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// The webhook's name.
    pub endpoint: String,
    /// Kinds such as `ticket.opened`; all when empty.
    pub events: Vec<String>,
}

/// What a transaction must not do at the same time as another one, where row locks do not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lock {
    /// Rows are enough.
    Rows,
    /// Which articles are in force.
    Articles,
    /// The first administrator.
    People,
    /// Which ticket goes on in place of which.
    Merging,
    /// What was chosen in the console.
    Settings,
}

impl Store {
    /// Opens an SQLite file, makes it when it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// When the file cannot be used, or was made by a newer program.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let url = file_url(path)?;
        let pool = |connections| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
                // A file does not hang up.
                .test_before_acquire(false)
        };
        let writer = pool(1)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    // Pages that messages change again and again stay in memory (32 MiB), and go from the log into the file every 16 MiB.
                    connection.execute("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4096").await?;
                    Ok(())
                })
            })
            .connect(url.as_str())
            .await?;
        sqlx::migrate!("migrations/sqlite").run(&writer).await?;
        let readers = pool(READERS)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection.execute("PRAGMA busy_timeout = 10000; PRAGMA query_only = ON").await?;
                    Ok(())
                })
            })
            .connect(url.as_str())
            .await?;
        let url = Secret::new(url.to_string());
        Self::ready(writer, readers, Dialect::Sqlite, url).await
    }

    /// Connects to PostgreSQL and brings the schema up to date.
    ///
    /// # Errors
    /// When the database cannot be used, or was made by a newer program.
    pub async fn connect(url: &Secret, connections: Option<u32>) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let pool = AnyPoolOptions::new()
            .max_connections(connections.unwrap_or(CONNECTIONS))
            .acquire_timeout(PATIENCE)
            .connect(url.expose())
            .await?;
        sqlx::migrate!("migrations/postgres").run(&pool).await?;
        Self::ready(pool.clone(), pool, Dialect::Postgres, url.clone()).await
    }

    /// The store over a database with the schema of this program, and with what is in it in this program's form.
    async fn ready(
        writer: AnyPool,
        readers: AnyPool,
        dialect: Dialect,
        url: Secret,
    ) -> Result<Self, StoreError> {
        let live = Live::new();
        let group_commit =
            (dialect == Dialect::Sqlite).then(|| GroupCommit::start(writer.clone(), live.clone(), PATIENCE));
        let (at_hand, subscriptions) = Default::default();
        let store = Self { writer, readers, at_hand, dialect, group_commit, url, live, subscriptions };
        store.make_searchable().await?;
        Ok(store)
    }

    /// The same, with deliveries kept for those who subscribe, in the transaction in which something happens.
    #[must_use]
    pub fn with_subscriptions(self, subscriptions: Vec<Subscription>) -> Self {
        Self { subscriptions: Arc::new(subscriptions), ..self }
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT id FROM conversations LIMIT 1").fetch_optional(&self.readers).await?;
        Ok(())
    }

    /// Closes all connections when what they do is done. Nothing can be asked after that.
    pub async fn close(&self) {
        drop(self.at_hand.lock().await.take());
        // The last of SQLite's connections writes its log into the file, which two that close at once leave to each other.
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Whether it is a server that several programs share.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Who follows what.
    pub(crate) fn live(&self) -> &Live {
        &self.live
    }

    /// Begins a transaction that will write.
    async fn begin(&self, lock: Lock) -> Result<Writing, StoreError> {
        let transaction = match self.dialect {
            // Takes the lock at once, so that a transaction that has read never finds that it may not write.
            Dialect::Sqlite => self.writer.begin_with("BEGIN IMMEDIATE").await?,
            Dialect::Postgres => {
                let mut transaction = self.writer.begin().await?;
                if lock != Lock::Rows {
                    sqlx::query("SELECT pg_advisory_xact_lock($1)")
                        .bind(ADVISORY_LOCKS + lock as i64)
                        .execute(&mut *transaction)
                        .await?;
                }
                transaction
            }
        };
        Ok(self.writing(Begun::Alone(transaction)))
    }

    /// Begins a transaction that will write, and that may share its commit with others: for what every message needs. It sees
    /// what others wrote before that is on disk, so [`Writing::leave`] ends it where it writes nothing.
    ///
    /// It begins with these statements, and is undone when one of them fails.
    async fn begin_in_group(&self, first: Statements) -> Result<(Writing, Answers), StoreError> {
        if let Some(group_commit) = &self.group_commit {
            let (member, answers) = group_commit.begin(first).await?;
            return Ok((self.writing(Begun::InGroup(member)), answers));
        }
        let mut writing = self.begin(Lock::Rows).await?;
        let answers = writing.run(first).await?;
        Ok((writing, answers))
    }

    fn writing(&self, transaction: Begun) -> Writing {
        Writing {
            transaction,
            dialect: self.dialect,
            live: self.live.clone(),
            subscriptions: Arc::clone(&self.subscriptions),
            signals: Vec::new(),
        }
    }

    /// Reads what every message needs. A connection that goes back to its pool is asked first whether it is still there, which takes
    /// SQLite's as long as the reading; so that one of them stays out of it, as long as nothing fails.
    async fn read(&self, statements: Statements) -> Result<Answers, StoreError> {
        if self.dialect == Dialect::Postgres {
            let mut reader = self.readers.acquire().await?;
            return Ok(statements.run(&mut reader, self.dialect).await?);
        }
        let mut at_hand = self.at_hand.lock().await;
        let mut reader = match at_hand.take() {
            Some(reader) => reader,
            None => self.readers.acquire().await?,
        };
        let answers = statements.run(&mut reader, self.dialect).await?;
        *at_hand = Some(reader);
        Ok(answers)
    }

    /// Begins a transaction that sees one state of the database.
    async fn snapshot(&self) -> Result<Transaction<'static, Any>, StoreError> {
        match self.dialect {
            Dialect::Sqlite => Ok(self.readers.begin().await?),
            Dialect::Postgres => {
                Ok(self.readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        }
    }
}

/// The address of a file as the database's driver takes it: without `.` and `..`, which would mean something else in an address.
fn file_url(path: &Path) -> Result<Url, StoreError> {
    let unusable = |error: std::io::Error| StoreError::Database(sqlx::Error::Io(error));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(unusable)?;
    let mut url = Url::parse("sqlite:///").expect("a constant that is an address");
    let file = folder.join(path.file_name().unwrap_or_default());
    // What is no address yet may look as if it were encoded.
    url.set_path(&file.to_string_lossy().replace('%', "%25"));
    url.set_query(Some("mode=rwc"));
    Ok(url)
}
