//! What comes after the network: classes, search and decision, for several messages at once where several wait. Classifying goes
//! through all that was learnt from, which is more than a processor keeps near; for several messages it is fetched once.

use std::collections::VecDeque;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::civil::DateTime;
use shopdesk_model::Embedding;
use shopdesk_model::service::Ahead;
use shopdesk_triage::{self as triage, Assessment, Prepared, Triage};
use tokio::sync::oneshot;
use tracing::Span;

use super::{AssessError, failed};

/// How many messages are decided at once at most. With more each hardly takes less time, and the first waits for the last.
const MOST: usize = 16;
/// When so many will soon be there, they are waited for.
const ENOUGH: usize = 12;
/// Whoever has waited for so long when a batch comes out of the network waits for no other.
const PATIENCE: Duration = Duration::from_millis(40);

/// Messages on their way from the network. Whoever puts some here sees to it that they are decided.
#[derive(Default)]
pub(super) struct Deciding {
    waiting: Mutex<VecDeque<Embedded>>,
}

/// A message that the network has had.
struct Embedded {
    undecided: Box<Undecided>,
    embedding: Embedding,
    since: Instant,
}

/// A message that the network has, or has had.
pub(super) struct Undecided {
    pub(super) triage: Arc<Triage>,
    pub(super) prepared: Prepared,
    pub(super) at: DateTime,
    /// Of whoever asked.
    pub(super) span: Span,
    pub(super) decided: oneshot::Sender<Result<Assessment, AssessError>>,
}

impl Deciding {
    /// Puts a message where it is decided together with others.
    pub(super) fn add(&self, undecided: Box<Undecided>, embedding: Embedding) {
        self.lock().push_back(Embedded { undecided, embedding, since: Instant::now() });
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Embedded>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides those that wait, as long as they had better not wait for those that are ahead.
    pub(super) fn decide(&self, ahead: Ahead) {
        while !self.has_time(ahead) {
            let taken = self.take();
            if taken.is_empty() {
                return;
            }
            // Those that are left have nobody else.
            drop(catch_unwind(AssertUnwindSafe(|| decide(taken))));
        }
    }

    fn has_time(&self, ahead: Ahead) -> bool {
        let waiting = self.lock();
        let longest = waiting.front().map(|first| first.since.elapsed()).unwrap_or_default();
        can_wait(waiting.len(), longest, ahead)
    }

    /// Those at the front that somebody waits for and that one pipeline decides.
    fn take(&self) -> Vec<Embedded> {
        let mut waiting = self.lock();
        let mut taken: Vec<Embedded> = Vec::new();
        let most = waiting.len().div_ceil(waiting.len().div_ceil(MOST).max(1));
        while taken.len() < most {
            let together = |next: &mut Embedded| {
                let pipeline = taken.first().map(|first| &first.undecided.triage);
                let is_gone = next.undecided.decided.is_closed();
                is_gone || pipeline.is_none_or(|pipeline| Arc::ptr_eq(pipeline, &next.undecided.triage))
            };
            match waiting.pop_front_if(together) {
                Some(gone) if gone.undecided.decided.is_closed() => {}
                Some(next) => taken.push(next),
                None => break,
            }
        }
        taken
    }
}

/// Whether so many messages, of which the first has waited for so long, had better wait for more.
fn can_wait(waiting: usize, longest: Duration, ahead: Ahead) -> bool {
    match ahead {
        Ahead::Batch(coming) => {
            longest < PATIENCE && (ENOUGH - coming.min(ENOUGH)..ENOUGH).contains(&waiting)
        }
        Ahead::Nothing => false,
    }
}

/// Decides messages of one pipeline.
fn decide(together: Vec<Embedded>) {
    let Some(first) = together.first() else { return };
    let pipeline = Arc::clone(&first.undecided.triage);
    let (mut messages, mut asking) = (Vec::new(), Vec::new());
    for Embedded { undecided, embedding, .. } in together {
        let Undecided { prepared, at, span, decided, .. } = *undecided;
        messages.push(triage::Embedded { prepared, embedding, at });
        asking.push((decided, tracing::info_span!(parent: &span, "decide")));
    }
    let assessments = each(messages, |messages| pipeline.assess_all_embedded(messages));
    for ((decided, span), assessment) in asking.into_iter().zip(assessments) {
        drop(span);
        drop(decided.send(assessment));
    }
}

/// Assesses messages together, or each by itself when one of them makes `assess` panic: it must not cost the others their answers.
fn each<M: Clone, T, E: Display>(
    messages: Vec<M>,
    assess: impl Fn(Vec<M>) -> Vec<Result<T, E>>,
) -> Vec<Result<T, AssessError>> {
    let assess = |messages| catch_unwind(AssertUnwindSafe(|| assess(messages)));
    if messages.len() > 1
        && let Ok(assessments) = assess(messages.clone())
    {
        return assessments.into_iter().map(|assessment| assessment.map_err(failed)).collect();
    }
    let alone = |message| match assess(vec![message]).map(|mut assessed| assessed.pop()) {
        Ok(Some(assessment)) => assessment.map_err(failed),
        Ok(None) | Err(_) => {
            tracing::error!("a message could not be assessed: the pipeline panicked");
            Err(failed("the pipeline panicked"))
        }
    };
    messages.into_iter().map(alone).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// What came of messages of which 13 panics and 4 is an error, and which were assessed together.
    fn assess_all(messages: &[u32]) -> (Vec<Result<u32, String>>, Vec<Vec<u32>>) {
        let together = RefCell::new(Vec::new());
        let assessments = each(messages.to_vec(), |messages| {
            together.borrow_mut().push(messages.clone());
            let assess = |message| match message {
                13 => panic!("on purpose"),
                4 => Err("four"),
                message => Ok(10 * message),
            };
            messages.into_iter().map(assess).collect()
        });
        let told = assessments.into_iter().map(|assessment| assessment.map_err(|error| error.to_string()));
        (told.collect(), together.into_inner())
    }

    #[test]
    fn messages_wait_for_others_only_when_enough_will_soon_be_there() {
        let (early, late) = (Duration::ZERO, PATIENCE);
        assert!(can_wait(1, early, Ahead::Batch(ENOUGH - 1)) && can_wait(4, early, Ahead::Batch(60)));
        assert!(!can_wait(1, early, Ahead::Batch(1)), "a long text of somebody else's may be all that comes");
        assert!(!can_wait(1, late, Ahead::Batch(60)), "they have waited long enough");
        assert!(!can_wait(ENOUGH, early, Ahead::Batch(60)), "there are enough");
        assert!(!can_wait(1, early, Ahead::Nothing), "nobody comes any more");
    }

    #[test]
    fn messages_are_assessed_together_and_an_error_is_one_messages_alone() {
        let (assessments, together) = assess_all(&[1, 4, 2]);
        assert_eq!(assessments, [Ok(10), Err("the pipeline failed: four".to_owned()), Ok(20)]);
        assert_eq!(together, [vec![1, 4, 2]]);
    }

    #[test]
    fn a_message_that_makes_the_pipeline_panic_costs_the_others_nothing() {
        let panicked = || Err("the pipeline failed: the pipeline panicked".to_owned());
        let (assessments, together) = assess_all(&[1, 13, 2]);
        assert_eq!(assessments, [Ok(10), panicked(), Ok(20)]);
        assert_eq!(together, [vec![1, 13, 2], vec![1], vec![13], vec![2]]);
        let (alone, together) = assess_all(&[13]);
        assert_eq!((alone, together), (vec![panicked()], vec![vec![13]]));
    }
}
