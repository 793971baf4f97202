//! A copy of an SQLite database comes back whole, or not at all.

use std::path::PathBuf;

use shopdesk_server::{NewAgent, RestoreError, Role, Skills, Store};
use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;

struct Files {
    folder: TempDir,
}

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A database with `lin` in it, a copy of it, and then `wang`.
    async fn with_copy() -> (Self, Store) {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        let store = Store::open(&files.path("shopdesk.db")).await.unwrap();
        store.add_agent(new("lin")).await.unwrap().unwrap();
        Store::back_up(&files.path("shopdesk.db"), &files.path("copy.db")).await.unwrap();
        store.add_agent(new("wang")).await.unwrap().unwrap();
        (files, store)
    }

    /// Keeps a copy of the log of the open database, with `wang` in it.
    fn keep_log(&self, name: &str) {
        assert!(std::fs::copy(self.path("shopdesk.db-wal"), self.path(name)).unwrap() > 0);
    }

    async fn restore(&self, from: &str) -> Result<bool, RestoreError> {
        Store::restore(&self.path(from), &self.path("shopdesk.db"), &self.path("before.db")).await
    }

    async fn logins(&self, name: &str) -> Vec<String> {
        let store = Store::open(&self.path(name)).await.unwrap();
        let logins = store.agents().await.unwrap().into_iter().map(|agent| agent.login).collect();
        store.close().await;
        logins
    }
}

fn new(login: &str) -> NewAgent {
    NewAgent { login: login.to_owned(), name: login.to_owned(), role: Role::Agent, skills: Skills::default() }
}

#[tokio::test]
async fn a_copy_comes_back_and_what_was_there_is_kept() {
    let (files, store) = Files::with_copy().await;
    store.close().await;
    assert!(files.restore("copy.db").await.unwrap());
    assert_eq!(files.logins("shopdesk.db").await, ["lin"]);
    assert_eq!(files.logins("before.db").await, ["lin", "wang"]);
    assert_eq!(files.logins("copy.db").await, ["lin"]);
}

#[tokio::test]
async fn a_copy_comes_back_where_there_is_no_database() {
    let (files, store) = Files::with_copy().await;
    store.close().await;
    std::fs::remove_file(files.path("shopdesk.db")).unwrap();
    assert!(!files.restore("copy.db").await.unwrap());
    assert_eq!(files.logins("shopdesk.db").await, ["lin"]);
}

#[tokio::test]
async fn the_log_of_a_database_that_is_gone_is_not_read_into_the_copy() {
    let (files, store) = Files::with_copy().await;
    files.keep_log("stale");
    store.close().await;
    std::fs::remove_file(files.path("shopdesk.db")).unwrap();
    std::fs::rename(files.path("stale"), files.path("shopdesk.db-wal")).unwrap();
    assert!(!files.restore("copy.db").await.unwrap());
    assert_eq!(files.logins("shopdesk.db").await, ["lin"]);
    assert!(files.path("before.db-wal").exists());
}

#[tokio::test]
async fn what_a_restoring_left_that_was_stopped_halfway_is_not_read_into_the_copy() {
    let (files, store) = Files::with_copy().await;
    files.keep_log("shopdesk.db.restoring-wal");
    store.close().await;
    assert!(files.restore("copy.db").await.unwrap());
    assert_eq!(files.logins("shopdesk.db").await, ["lin"]);
}

#[tokio::test]
async fn a_file_with_a_log_beside_it_is_no_copy() {
    let (files, store) = Files::with_copy().await;
    files.keep_log("copy.db-wal");
    store.close().await;
    assert!(matches!(files.restore("copy.db").await, Err(RestoreError::Incomplete { .. })));
    assert_eq!(files.logins("shopdesk.db").await, ["lin", "wang"]);
}

#[tokio::test]
async fn a_damaged_database_makes_room_for_a_copy() {
    let (files, store) = Files::with_copy().await;
    store.close().await;
    let mut half = std::fs::read(files.path("shopdesk.db")).unwrap();
    half.truncate(half.len() / 2);
    for damaged in [half, b"not a database".repeat(1000)] {
        std::fs::write(files.path("shopdesk.db"), &damaged).unwrap();
        assert!(files.restore("copy.db").await.unwrap());
        assert_eq!(files.logins("shopdesk.db").await, ["lin"]);
        assert_eq!(std::fs::read(files.path("before.db")).unwrap(), damaged);
    }
}

#[tokio::test]
async fn a_back_up_brings_the_database_of_an_older_program_not_up_to_date() {
    sqlx::any::install_default_drivers();
    let folder = tempfile::tempdir().unwrap();
    let (older, copy) = (folder.path().join("older.db"), folder.path().join("copy.db"));
    assert!(Store::back_up(&older, &copy).await.is_err() && !older.exists(), "there is none yet");
    let url = format!("sqlite://{}?mode=rwc", older.display());
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    sqlx::query("CREATE TABLE of_an_older_program (id TEXT)").execute(&mut connection).await.unwrap();
    Store::back_up(&older, &copy).await.unwrap();
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master").fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert_eq!(tables, ["of_an_older_program"]);
    assert!(copy.exists());
}

#[tokio::test]
async fn a_database_in_use_is_left_alone() {
    let (files, store) = Files::with_copy().await;
    assert!(matches!(files.restore("copy.db").await, Err(RestoreError::InUse { .. })));
    store.close().await;
    assert_eq!(files.logins("shopdesk.db").await, ["lin", "wang"]);
    assert!(!files.path("before.db").exists() && !files.path("shopdesk.db.restoring").exists());
}

#[tokio::test]
async fn what_is_no_copy_is_refused() {
    let (files, store) = Files::with_copy().await;
    store.close().await;
    let mut half = std::fs::read(files.path("copy.db")).unwrap();
    half.truncate(half.len() / 2);
    std::fs::write(files.path("half.db"), half).unwrap();
    std::fs::write(files.path("text.db"), "not a database").unwrap();
    std::fs::write(files.path("empty.db"), "").unwrap();
    for name in ["half.db", "text.db", "empty.db"] {
        assert!(matches!(files.restore(name).await, Err(RestoreError::NotABackup { .. })), "{name}");
    }
    assert_eq!(files.logins("shopdesk.db").await, ["lin", "wang"]);
}
