//! Questions that found no answer, grouped by meaning, so that somebody can write the article that is missing.
//!
//! Grouping takes seconds, so nobody waits for it: it is begun when somebody looks, and kept for a while. What is kept is masked as in
//! exports, and only in memory.

mod average_linkage;
mod gather;
mod group;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LruCache;
use jiff::{SignedDuration, Timestamp};
use shopdesk_model::Embedding;

pub(crate) use gather::MOST;
pub(crate) use group::Group;

use crate::state::AppState;

/// For how long groups are shown as they are, and for how long while new ones are made.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// How many vectors are remembered: those of all messages that are grouped, and some more.
const VECTORS: usize = 3 * MOST as usize;

/// What is known of questions without an answer.
pub(crate) struct Unanswered {
    periods: Mutex<HashMap<u16, Period>>,
    vectors: Mutex<LruCache<String, Embedding>>,
}

impl Default for Unanswered {
    fn default() -> Self {
        Self { periods: Mutex::default(), vectors: Mutex::new(LruCache::new(VECTORS)) }
    }
}

/// The groups of so many days.
#[derive(Default)]
struct Period {
    found: Option<Arc<Grouped>>,
    work: Work,
}

#[derive(Default)]
enum Work {
    #[default]
    Resting,
    UnderWay(Arc<Progress>),
    Failed,
}

/// How far grouping is.
#[derive(Default)]
struct Progress {
    done: AtomicUsize,
    of: AtomicUsize,
}

/// Questions that found no answer.
pub(crate) struct Grouped {
    /// As of when.
    pub(crate) at: Timestamp,
    /// Whether there are more than are grouped.
    pub(crate) is_cut: bool,
    /// The largest first.
    pub(crate) groups: Vec<Group>,
}

/// What there is to see just now.
pub(crate) enum Look {
    /// The groups.
    Ready(Arc<Grouped>),
    /// They are being made: so many messages are read of so many.
    UnderWay { done: usize, of: usize, before: Option<Arc<Grouped>> },
    /// They could not be made. Whoever looks again lets it be tried again.
    Failed,
}

/// The groups of so many days, as far as they are there; begins to make them where they are not, or are old.
pub(crate) fn look(app: &AppState, days: u16) -> Look {
    let now = app.time();
    let mut periods = app.present.unanswered.periods.lock().unwrap_or_else(PoisonError::into_inner);
    let period = periods.entry(days).or_default();
    let age = |found: &Grouped| now.duration_since(found.at);
    period.found.take_if(|found| age(found) > KEPT);
    if let Some(found) = period.found.as_ref().filter(|found| age(found) <= FRESH) {
        return Look::Ready(Arc::clone(found));
    }
    let progress = match &period.work {
        Work::UnderWay(progress) => Arc::clone(progress),
        Work::Failed => {
            period.work = Work::Resting;
            return Look::Failed;
        }
        Work::Resting => {
            let progress = Arc::<Progress>::default();
            period.work = Work::UnderWay(Arc::clone(&progress));
            tokio::spawn(work(app.clone(), days, Arc::clone(&progress)));
            progress
        }
    };
    Look::UnderWay {
        done: progress.done.load(Ordering::Relaxed),
        of: progress.of.load(Ordering::Relaxed),
        before: period.found.clone(),
    }
}

/// What was found last, however old.
pub(crate) fn known(app: &AppState, days: u16) -> Option<Arc<Grouped>> {
    let periods = app.present.unanswered.periods.lock().unwrap_or_else(PoisonError::into_inner);
    periods.get(&days)?.found.clone()
}

async fn work(app: AppState, days: u16, progress: Arc<Progress>) {
    // Its own task, so that a panic is seen here and the page does not wait for ever.
    let gathering = {
        let app = app.clone();
        tokio::spawn(async move { gather::gather(&app, days, &progress).await })
    };
    let gathered = gathering.await;
    let mut periods = app.present.unanswered.periods.lock().unwrap_or_else(PoisonError::into_inner);
    let period = periods.entry(days).or_default();
    period.work = match gathered {
        Ok(Ok(found)) => {
            period.found = Some(Arc::new(found));
            Work::Resting
        }
        Ok(Err(problem)) => {
            tracing::warn!(problem = problem.code(), "questions without an answer could not be grouped");
            Work::Failed
        }
        Err(_) => Work::Failed,
    };
}
