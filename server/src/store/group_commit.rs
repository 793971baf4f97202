//! Many transactions, one commit. What SQLite writes it must sync to the disk before it may be acknowledged, and that takes longer than
//! everything else that a message needs of the database. So transactions that come while a disk is busy with others' go into one
//! group: each is a savepoint of its own, which is kept or undone without the others, and none is acknowledged before the commit of all.

use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Executor as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::statements::{Answers, Statement, Statements};
use super::{Dialect, StoreError};
use crate::congestion;
use crate::live::{Live, Signal};

/// How many transactions share a commit at most.
const MOST: usize = 64;
/// So many are several: one by itself does not wait for others.
const SEVERAL: usize = 3;
/// For how long a group of several waits for more, from its beginning.
const GATHERING: Duration = Duration::from_millis(6);
/// The same when many messages wait for the model as it begins: they wait for that about as long or longer, and the disk has less to do.
const GATHERING_IN_CONGESTION: Duration = Duration::from_millis(25);
/// How many may wait for the writer.
const QUEUE: usize = 1024;

/// Takes transactions into groups. Cheap to clone; the groups end with the last clone.
#[derive(Clone)]
pub(super) struct GroupCommit {
    requests: mpsc::Sender<Request>,
    patience: Duration,
}

/// A transaction that wants to begin with these statements.
struct Request {
    first: Statements,
    begun: oneshot::Sender<Result<(Member, Answers), StoreError>>,
}

type Committed = oneshot::Sender<Result<(), Arc<sqlx::Error>>>;

/// The writer, boxed because it goes from hand to hand.
type Writer = Box<PoolConnection<Any>>;

/// A transaction of a group. Dropped, it is undone.
pub(super) struct Member {
    /// The writer, until it is given back.
    lent: Option<(Writer, oneshot::Sender<Returned>)>,
}

struct Returned {
    writer: Writer,
    end: End,
}

/// What becomes of a member's writes.
enum End {
    /// They are kept, and then others hear of them.
    Keep(Committed, Vec<Signal>),
    /// They are undone. Whoever looked at what others wrote waits until that is on disk.
    Undo(Option<Committed>),
}

impl GroupCommit {
    /// Starts taking transactions to the pool's one connection. Whoever has to wait longer than `patience` is refused.
    pub(super) fn start(writer: AnyPool, live: Live, patience: Duration) -> Self {
        let (requests, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(serve(writer, live, waiting));
        Self { requests, patience }
    }

    /// Begins a transaction in a group with these statements. When one of them fails, it is undone.
    pub(super) async fn begin(&self, first: Statements) -> Result<(Member, Answers), StoreError> {
        let (begun, answer) = oneshot::channel();
        let begun = async {
            let request = Request { first, begun };
            self.requests.send(request).await.map_err(|_| sqlx::Error::PoolClosed)?;
            answer.await.map_err(|_| sqlx::Error::PoolClosed)?
        };
        timeout(self.patience, begun).await.map_err(|_| sqlx::Error::PoolTimedOut)?
    }
}

impl Member {
    /// Keeps what was written. From here on it is on disk, and whoever follows has heard of it.
    pub(super) async fn commit(self, signals: Vec<Signal>) -> Result<(), StoreError> {
        self.end(|committed| End::Keep(committed, signals)).await
    }

    /// Undoes what was written. What was seen of others' writes is on disk from here on.
    pub(super) async fn leave(self) -> Result<(), StoreError> {
        self.end(|committed| End::Undo(Some(committed))).await
    }

    async fn end(mut self, end: impl FnOnce(Committed) -> End) -> Result<(), StoreError> {
        let (committed, outcome) = oneshot::channel();
        self.give_back(end(committed));
        Ok(outcome.await.map_err(|_| sqlx::Error::WorkerCrashed)??)
    }

    fn give_back(&mut self, end: End) {
        if let Some((writer, back)) = self.lent.take() {
            drop(back.send(Returned { writer, end }));
        }
    }

    pub(super) fn connection(&self) -> &AnyConnection {
        let (writer, _) = self.lent.as_ref().expect("there until the end");
        writer
    }

    pub(super) fn connection_mut(&mut self) -> &mut AnyConnection {
        let (writer, _) = self.lent.as_mut().expect("there until the end");
        writer
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.give_back(End::Undo(None));
    }
}

/// Serves one group after the other.
async fn serve(pool: AnyPool, live: Live, mut requests: mpsc::Receiver<Request>) {
    while let Some(first) = requests.recv().await {
        match pool.acquire().await {
            Ok(writer) => Group::new(writer).serve(first, &mut requests, &live).await,
            Err(error) => drop(first.begun.send(Err(error.into()))),
        }
    }
}

/// Transactions that share a commit.
struct Group {
    /// Nothing while a member has it.
    writer: Option<Writer>,
    /// How many had it, or would have had.
    lent: usize,
    /// Members that wait for the commit.
    waiting: Vec<Committed>,
    signals: Vec<Signal>,
    last: Last,
}

/// What became of the last member, which the database is told together with what comes next.
#[derive(Clone, Copy)]
enum Last {
    Nobody,
    Kept,
    Undone,
}

impl Group {
    fn new(writer: PoolConnection<Any>) -> Self {
        let (waiting, signals) = Default::default();
        Self { writer: Some(Box::new(writer)), lent: 0, waiting, signals, last: Last::Nobody }
    }

    /// Lends the writer to one member after the other as long as one waits, and commits.
    async fn serve(mut self, first: Request, requests: &mut mpsc::Receiver<Request>, live: &Live) {
        let committed = self.commit_all(first, requests).await;
        if committed.is_ok() {
            self.signals.into_iter().for_each(|signal| live.tell(signal));
        } else if let Some(writer) = self.writer {
            // Nobody knows what state it is in. Closing it undoes everything, and the next group has a new one.
            drop(writer.close().await);
        }
        for member in self.waiting {
            // Whoever asked may be gone by now.
            drop(member.send(committed.clone()));
        }
    }

    async fn commit_all(
        &mut self,
        first: Request,
        requests: &mut mpsc::Receiver<Request>,
    ) -> Result<(), Arc<sqlx::Error>> {
        let mut next = Some(first);
        let gathering = if congestion::is_there() { GATHERING_IN_CONGESTION } else { GATHERING };
        let until = Instant::now() + gathering;
        while let Some(request) = next {
            self.lend(request).await?;
            next = self.next(requests, until).await;
        }
        match self.last {
            Last::Nobody => Ok(()),
            Last::Kept => self.run("RELEASE member; COMMIT").await,
            Last::Undone => self.run("ROLLBACK TO member; RELEASE member; COMMIT").await,
        }
    }

    /// One more for the group. Where several came, more are on their way, and to wait for them is worth more than to commit for each.
    async fn next(&mut self, requests: &mut mpsc::Receiver<Request>, until: Instant) -> Option<Request> {
        match self.lent {
            MOST.. => None,
            SEVERAL.. => timeout_at(until, requests.recv()).await.ok().flatten(),
            _ => requests.try_recv().ok(),
        }
    }

    /// Lends the writer to a member. An error is the whole group's: the transaction is not what its members think it is.
    async fn lend(&mut self, request: Request) -> Result<(), Arc<sqlx::Error>> {
        let Request { first, begun } = request;
        if begun.is_closed() {
            return Ok(());
        }
        self.lent += 1;
        let mut writer = self.writer.take().ok_or(sqlx::Error::WorkerCrashed)?;
        // All of it fails when the database has undone everything by itself.
        let between: &[&'static str] = match self.last {
            // Takes the lock at once, so that a transaction that has read never finds that it may not write.
            Last::Nobody => &["BEGIN IMMEDIATE", "SAVEPOINT member"],
            Last::Kept => &["RELEASE member", "SAVEPOINT member"],
            Last::Undone => &["ROLLBACK TO member", "RELEASE member", "SAVEPOINT member"],
        };
        let first = first.after(between.iter().map(|sql| Statement::new(*sql)).collect());
        let (mut answers, failed) = first.run_as_far_as_possible(&mut writer, Dialect::Sqlite).await;
        match failed {
            Some(error) if answers.len() < between.len() => {
                self.writer = Some(writer);
                let error = Arc::new(error);
                drop(begun.send(Err(Arc::clone(&error).into())));
                return Err(error);
            }
            Some(error) => {
                self.writer = Some(writer);
                self.last = Last::Undone;
                // What is refused leaves the others as they are; after any other failure the database may have undone everything by itself.
                let is_refused = error.as_database_error().is_some_and(DatabaseError::is_unique_violation);
                drop(begun.send(Err(error.into())));
                return if is_refused { Ok(()) } else { self.run("ROLLBACK TO member").await };
            }
            None => answers.skip(between.len()),
        }
        let (back, returned) = oneshot::channel();
        // Whoever goes away just now drops the member, which gives the writer back, too.
        drop(begun.send(Ok((Member { lent: Some((writer, back)) }, answers))));
        let Returned { writer, end } = returned.await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        self.writer = Some(writer);
        match end {
            End::Keep(committed, signals) => {
                self.waiting.push(committed);
                self.signals.extend(signals);
                self.last = Last::Kept;
            }
            End::Undo(left) => {
                self.waiting.extend(left);
                self.last = Last::Undone;
            }
        }
        Ok(())
    }

    async fn run(&mut self, statement: &'static str) -> Result<(), Arc<sqlx::Error>> {
        let writer = self.writer.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        writer.execute(statement).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::task::Poll;

    use tempfile::TempDir;

    use super::*;
    use crate::store::{NewConversation, Store};

    async fn store() -> (Store, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Store::open(&folder.path().join("desk.db")).await.unwrap(), folder)
    }

    /// A member that wrote something.
    async fn written(store: &Store) -> Member {
        let name = uuid::Uuid::now_v7().to_string();
        let insert = Statement::new("INSERT INTO counters (name, value) VALUES ($1, 0)").bind(name);
        store.group_commit.as_ref().unwrap().begin([insert].into()).await.unwrap().0
    }

    /// How many members are on disk.
    async fn kept(store: &Store) -> i64 {
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM counters WHERE length(name) = 36");
        count.fetch_one(&store.readers).await.unwrap()
    }

    /// Lets everything go on that can.
    async fn is_pending(future: &mut (impl Future + Unpin)) -> bool {
        tokio::time::sleep(Duration::from_millis(50)).await;
        matches!(futures_util::poll!(future), Poll::Pending)
    }

    #[tokio::test]
    async fn nothing_is_acknowledged_before_the_commit_of_all() {
        let (store, _folder) = store().await;
        let first = written(&store).await;
        let mut second = Box::pin(written(&store));
        assert!(is_pending(&mut second).await, "there is one writer");
        let mut first = Box::pin(first.commit(Vec::new()));
        assert!(is_pending(&mut first).await);
        let second = second.await;
        assert!(is_pending(&mut first).await, "the second is in the same group");
        assert_eq!(kept(&store).await, 0);
        second.leave().await.unwrap();
        first.await.unwrap();
        assert_eq!(kept(&store).await, 1);
    }

    #[tokio::test]
    async fn members_are_kept_and_undone_one_by_one() {
        let (store, _folder) = store().await;
        let members = (0..200).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let member = written(&store).await;
                match number % 3 {
                    0 => member.commit(Vec::new()).await.unwrap(),
                    1 => member.leave().await.unwrap(),
                    _ => drop(member),
                }
            })
        });
        for member in members.collect::<Vec<_>>() {
            member.await.unwrap();
        }
        assert_eq!(kept(&store).await, 67);
    }

    #[tokio::test]
    async fn a_group_that_the_database_undid_is_acknowledged_to_nobody_and_the_next_one_works() {
        let (store, _folder) = store().await;
        let first = written(&store).await;
        let mut second = Box::pin(written(&store));
        assert!(is_pending(&mut second).await);
        let mut first = Box::pin(first.commit(Vec::new()));
        assert!(is_pending(&mut first).await);
        let mut second = second.await;
        // As SQLite does by itself when the disk is full.
        second.connection_mut().execute("ROLLBACK").await.unwrap();
        assert!(second.commit(Vec::new()).await.is_err());
        assert!(first.await.is_err());
        assert_eq!(kept(&store).await, 0);
        written(&store).await.commit(Vec::new()).await.unwrap();
        assert_eq!(kept(&store).await, 1);
    }

    #[tokio::test]
    async fn other_transactions_have_their_turn_between_groups() {
        let (store, _folder) = store().await;
        let member = written(&store).await;
        let new = || NewConversation {
            site: "main".to_owned(),
            channel: "api".to_owned(),
            language: None,
            customer: None,
            context: std::collections::BTreeMap::new(),
        };
        let mut alone = Box::pin(store.begin(crate::store::Lock::Rows));
        assert!(is_pending(&mut alone).await);
        let after = store.clone();
        let later = tokio::spawn(async move { after.create_conversation(new()).await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        member.commit(Vec::new()).await.unwrap();
        let alone = alone.await.unwrap();
        alone.commit().await.unwrap();
        later.await.unwrap().unwrap();
    }
}
