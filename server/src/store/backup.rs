//! Copies of an SQLite database, and how one comes back into its place. PostgreSQL has tools of its own.

use std::io::ErrorKind;
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
    /// Changes lie beside the file that are not in it: somebody copied files, and no back-up wrote it.
    #[error("`{}` holds changes that the copy lacks: give a copy that `shopdesk backup` wrote", path.display())]
    Incomplete {
        /// Where they are.
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

/// What SQLite calls its files beside a database: its log, the log's index, and what takes back a change that was not finished.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

impl Store {
    /// Writes a copy of an SQLite database as it is at one moment, while others go on using it, and changes nothing in it: it may be one of
    /// an older program's. PostgreSQL has `pg_dump`.
    ///
    /// # Errors
    /// When there is no such database, when the file is there already, or cannot be written.
    pub async fn back_up(database: &Path, to: &Path) -> Result<(), StoreError> {
        sqlx::any::install_default_drivers();
        let mut url = file_url(database)?;
        // One that is not there is not made.
        url.set_query(Some("mode=rw"));
        let mut connection = AnyConnection::connect(url.as_str()).await?;
        let to = to.to_string_lossy().into_owned();
        let written = sqlx::query("VACUUM INTO $1").bind(to).execute(&mut connection).await;
        connection.close().await?;
        written?;
        Ok(())
    }

    /// Puts a copy in the place of the database in a file, brought up to date; the database that was there is kept as `aside`, damaged or
    /// not. Returns whether there was one.
    ///
    /// # Errors
    /// When the copy is none, when a program has the database open, and when files cannot be written.
    pub async fn restore(backup: &Path, database: &Path, aside: &Path) -> Result<bool, RestoreError> {
        sqlx::any::install_default_drivers();
        let copy = with_suffix(database, ".restoring");
        // What a restoring left that was stopped halfway would become a part of this copy.
        remove(&copy)?;
        for path in ["-wal", "-journal"].map(|suffix| with_suffix(backup, suffix)) {
            if path.metadata().is_ok_and(|found| found.len() > 0) {
                return Err(RestoreError::Incomplete { path });
            }
        }
        std::fs::copy(backup, &copy).map_err(file("copy", backup))?;
        let put = put_in_place(backup, &copy, database, aside).await;
        if put.is_err() {
            // What is left of it would only be in the way.
            drop(remove(&copy));
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
        match leave(database).await {
            Err(error) if is_busy(&error) => {
                return Err(RestoreError::InUse { path: database.to_owned() });
            }
            // It is what somebody wants to get away from, and no reason to refuse.
            Err(error) if is_damage(&error) => {}
            left => left?,
        }
    }
    let mut moved = Vec::new();
    let put = exchange(copy, database, aside, &mut moved);
    if put.is_err() {
        for (from, to) in moved.into_iter().rev() {
            drop(std::fs::rename(to, from));
        }
    }
    put.map(|()| was_there)
}

/// Puts the copy where the database was, and the database aside with all that lies beside it: another database's log would be read into the
/// copy. What was moved from where to where is in `moved`, also when it fails.
fn exchange(
    copy: &Path,
    database: &Path,
    aside: &Path,
    moved: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), RestoreError> {
    for suffix in std::iter::once("").chain(BESIDE) {
        let (from, to) = (with_suffix(database, suffix), with_suffix(aside, suffix));
        if from.exists() {
            std::fs::rename(&from, &to).map_err(file("rename", &from))?;
            moved.push((from, to));
        }
    }
    std::fs::rename(copy, database).map_err(file("rename", copy))
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
    let left = connection.execute("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE").await;
    // Also when that failed: a connection that is only dropped goes on for a while, and the files are moved next.
    connection.close().await?;
    left?;
    Ok(())
}

/// Whether others have the database open.
fn is_busy(error: &StoreError) -> bool {
    // <https://www.sqlite.org/rescode.html>: `SQLITE_BUSY` and `SQLITE_LOCKED`.
    matches!(sqlite_code(error), Some(5 | 6))
}

/// Whether the file cannot be read as a database.
fn is_damage(error: &StoreError) -> bool {
    // `SQLITE_IOERR`, `SQLITE_CORRUPT` and `SQLITE_NOTADB`.
    matches!(sqlite_code(error), Some(10 | 11 | 26))
}

/// SQLite's code of an error, without what it adds in the higher bits to tell more.
fn sqlite_code(error: &StoreError) -> Option<u32> {
    let StoreError::Database(sqlx::Error::Database(error)) = error else { return None };
    Some(error.code()?.parse::<u32>().ok()? & 0xff)
}

/// Removes a database with all that lies beside it, if it is there.
fn remove(database: &Path) -> Result<(), RestoreError> {
    for suffix in std::iter::once("").chain(BESIDE) {
        let path = with_suffix(database, suffix);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(file("remove", &path)(error)),
            _ => {}
        }
    }
    Ok(())
}

/// The path with more at its end.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn file(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> RestoreError {
    let path = path.to_owned();
    move |source| RestoreError::File { doing, path, source }
}
