//! Where a check runs: a store of its own, which is empty.

use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;

use shopdesk_server::{Secret, Store, StoreError};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use tempfile::TempDir;
use uuid::Uuid;

/// Names a PostgreSQL database in which the tests may make schemas.
const DATABASE: &str = "SHOPDESK_TEST_DATABASE_URL";
/// What an SQLite database is called.
const FILE: &str = "test.db";
/// How many connections a check has to it: many checks run at once.
const CONNECTIONS: u32 = 5;

/// Runs a check over both stores. It gets a [`Place`].
macro_rules! contract {
    ($check:ident) => {
        mod $check {
            use crate::place::Place;

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$check(&Place::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                let Some(place) = Place::postgres().await else { return };
                super::$check(&place).await;
                place.remove().await;
            }
        }
    };
}
pub(crate) use contract;

/// An empty store, and the way to it past its own methods.
pub(crate) struct Place {
    pub(crate) store: Store,
    url: String,
    kind: Kind,
}

enum Kind {
    Sqlite(TempDir),
    /// A schema, and the database that it is in.
    Postgres {
        schema: String,
        database: String,
    },
}

impl Place {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let store = Store::open(&file).await.unwrap();
        Self { store, url: format!("sqlite://{}", file.display()), kind: Kind::Sqlite(folder) }
    }

    /// Nothing where there is no server to test with.
    pub(crate) async fn postgres() -> Option<Self> {
        let Ok(database) = env::var(DATABASE) else {
            // Past the harness, which keeps what tests that pass print to itself.
            drop(writeln!(io::stderr(), "not tested over PostgreSQL: `{DATABASE}` names no database"));
            return None;
        };
        let schema = format!("t_{}", Uuid::now_v7().simple());
        execute(&database, format!("CREATE SCHEMA {schema}")).await;
        let separator = if database.contains('?') { '&' } else { '?' };
        let url = format!("{database}{separator}options=-csearch_path%3D{schema}");
        let store = Store::connect(&Secret::new(url.clone()), Some(CONNECTIONS)).await.unwrap();
        Some(Self { store, url, kind: Kind::Postgres { schema, database } })
    }

    /// The same store, as another program opens it.
    pub(crate) async fn open_again(&self) -> Result<Store, StoreError> {
        match &self.kind {
            Kind::Sqlite(folder) => Store::open(&folder.path().join(FILE)).await,
            Kind::Postgres { .. } => Store::connect(&Secret::new(self.url.clone()), Some(CONNECTIONS)).await,
        }
    }

    /// Where an SQLite database is.
    pub(crate) fn file(&self) -> PathBuf {
        match &self.kind {
            Kind::Sqlite(folder) => folder.path().join(FILE),
            Kind::Postgres { .. } => panic!("a server's database is in no file"),
        }
    }

    /// Does something to the tables that the store has no method for.
    pub(crate) async fn execute(&self, sql: &str) {
        execute(&self.url, sql.to_owned()).await;
    }

    /// Leaves nothing behind on the server.
    pub(crate) async fn remove(self) {
        if let Kind::Postgres { schema, database } = &self.kind {
            execute(database, format!("DROP SCHEMA {schema} CASCADE")).await;
        }
    }
}

async fn execute(url: &str, sql: String) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.unwrap();
    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
