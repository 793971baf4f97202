//! Copies of an SQLite database, and how one comes back into its place. PostgreSQL has tools of its own.

use std::path::{Path, PathBuf};

use sqlx::{AnyConnection, Connection as _, Executor as _};

use super::{Store, StoreError, file_url};

/// Why a copy does not come into the place of a database. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file is none that a back-up wrote, or is damaged.
    #[error("`{}` is not a whole copy of a shopdesk database", path.display())]
    NotABackup {
        /// The file.
        path: PathBuf,
    },
    /// A program has the database open.
    #[error("`{}` is in use", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A file cannot be read, written or renamed.
    #[error("cannot {doing} `{}`", path.display())]
    File {
        /// What could not be done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The copy cannot be opened as a database, or was made by a newer program.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Writes a copy of the database as it is at one moment, while others go on using it. Only SQLite: PostgreSQL has `pg_dump`.
    ///
    /// # Errors
    /// When the file is there already, or cannot be written.
    pub async fn back_up(&self, to: &Path) -> Result<(), StoreError> {
        sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy().into_owned()).execute(&self.writer).await?;
        Ok(())
    }

    /// Puts a copy in the place of the database in a file, brought up to date; the database that was there is kept as `aside`. Returns
    /// whether there was one.
    ///
    /// # Errors
    /// When the copy is none, when a program has the database open, and when files cannot be written.
    pub async fn restore(backup: &Path, database: &Path, aside: &Path) -> Result<bool, RestoreError> {
        sqlx::any::install_default_drivers();
        let copy = beside(database, "restoring");
        std::fs::copy(backup, &copy).map_err(file("copy", backup))?;
        let put = put_in_place(backup, &copy, database, aside).await;
        if put.is_err() {
            // What is left of it would only be in the way the next time.
            drop(std::fs::remove_file(&copy));
        }
        put
    }
}

async fn put_in_place(
    backup: &Path,
    copy: &Path,
    database: &Path,
    aside: &Path,
) -> Result<bool, RestoreError> {
    check(copy).await.map_err(|_| RestoreError::NotABackup { path: backup.to_owned() })?;
    // Whatever an older program wrote is brought up to date now, not when shoppers wait.
    Store::open(copy).await?.close().await;
    // Its log has another name: nothing may be left in it.
    leave(copy).await?;
    let was_there = database.exists();
    if was_there {
        leave(database).await.map_err(|_| RestoreError::InUse { path: database.to_owned() })?;
        std::fs::rename(database, aside).map_err(file("rename", database))?;
    }
    std::fs::rename(copy, database).map_err(file("rename", copy))?;
    Ok(was_there)
}

/// Whether it is a database of ours, and whole.
async fn check(copy: &Path) -> Result<(), StoreError> {
    let mut connection = AnyConnection::connect(file_url(copy)?.as_str()).await?;
    connection.execute("SELECT version FROM _sqlx_migrations LIMIT 1").await?;
    let found: String = sqlx::query_scalar("PRAGMA quick_check").fetch_one(&mut connection).await?;
    connection.close().await?;
    if found == "ok" { Ok(()) } else { Err(StoreError::Database(sqlx::Error::RowNotFound)) }
}

/// Writes everything from the log into the file, which only goes when nobody else has it open: every connection to a
/// database with a log holds a lock on it.
async fn leave(database: &Path) -> Result<(), StoreError> {
    let mut connection = AnyConnection::connect(file_url(database)?.as_str()).await?;
    connection.execute("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE").await?;
    Ok(connection.close().await?)
}

/// A file beside another one.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(suffix);
    path.with_file_name(name)
}

fn file(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> RestoreError {
    let path = path.to_owned();
    move |source| RestoreError::File { doing, path, source }
}
