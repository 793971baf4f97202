//! What comes after the network: classes, search and decision, for several messages at once where several wait. Classifying goes
//! through all that was learnt from, which is more than a processor keeps near; for several messages it is fetched once.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::DateTime;
use rayon::{ThreadPool, ThreadPoolBuilder};
use shopdesk_model::{Embedding, Error as ModelError};
use shopdesk_triage::{self as triage, Assessment, Prepared, Triage};
use tokio::sync::oneshot;
use tracing::Span;

use super::{AssessError, failed};

/// How many messages are decided at once at most. With more each hardly takes less time, and the first waits for the last.
const MOST: usize = 8;

/// Computes on as many threads as there are cores: more would only take the processor from each other, and each that comes and goes has to
/// be woken. Cheap to clone; the threads end with the last clone.
#[derive(Clone)]
pub(super) struct Deciding {
    threads: Arc<ThreadPool>,
    waiting: Arc<Mutex<VecDeque<Embedded>>>,
}

/// A message that the network has had.
type Embedded = (Box<Undecided>, Embedding);

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
    /// Starts the threads.
    pub(super) fn start() -> Result<Self, ModelError> {
        let threads = ThreadPoolBuilder::new()
            .thread_name(|number| format!("assess-{number}"))
            // Whoever waits for what was computed sees that nothing comes.
            .panic_handler(|_| tracing::error!("a message could not be assessed: the pipeline panicked"))
            .build()
            .map_err(|error| ModelError::NoThread(std::io::Error::other(error)))?;
        Ok(Self { threads: Arc::new(threads), waiting: Arc::default() })
    }

    /// Decides as soon as a thread is free. It does not block.
    pub(super) fn decide(&self, undecided: Box<Undecided>, embedding: Embedding) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((undecided, embedding));
        let deciding = self.clone();
        self.threads.spawn_fifo(move || deciding.decide_those_that_wait());
    }

    /// Computes something else, away from the threads that serve connections.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> Result<T, AssessError> + Send + 'static,
    ) -> Result<T, AssessError> {
        let (sender, computed) = oneshot::channel();
        self.threads.spawn_fifo(move || {
            // Whoever asked may be gone by now.
            if !sender.is_closed() {
                drop(sender.send(compute()));
            }
        });
        computed.await.map_err(failed)?
    }

    /// Takes some of those that wait: another thread may have taken the one that this was called for.
    fn decide_those_that_wait(&self) {
        let (undecided, embeddings): (Vec<Box<Undecided>>, Vec<Embedding>) = self.take().into_iter().unzip();
        let Some(pipeline) = undecided.first().map(|first| Arc::clone(&first.triage)) else { return };
        let (mut messages, mut asking) = (Vec::new(), Vec::new());
        for (undecided, embedding) in undecided.into_iter().zip(embeddings) {
            let Undecided { prepared, at, span, decided, .. } = *undecided;
            messages.push(triage::Embedded { prepared, embedding, at });
            asking.push((decided, tracing::info_span!(parent: &span, "decide")));
        }
        let assessments = assess_each(&pipeline, messages);
        for ((decided, span), assessment) in asking.into_iter().zip(assessments) {
            drop(span);
            drop(decided.send(assessment));
        }
    }

    /// Those at the front that somebody waits for and that one pipeline decides.
    fn take(&self) -> Vec<Embedded> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken: Vec<Embedded> = Vec::new();
        // Other threads want some, too.
        let most = waiting.len().div_ceil(self.threads.current_num_threads()).clamp(1, MOST);
        while taken.len() < most {
            let together = |next: &mut Embedded| {
                let is_gone = next.0.decided.is_closed();
                is_gone || taken.first().is_none_or(|(first, _)| Arc::ptr_eq(&first.triage, &next.0.triage))
            };
            match waiting.pop_front_if(together) {
                Some(gone) if gone.0.decided.is_closed() => {}
                Some(next) => taken.push(next),
                None => break,
            }
        }
        taken
    }
}

/// Assesses messages together, or each by itself when one of them makes the pipeline panic: it must not cost the others their answers.
fn assess_each(
    pipeline: &Triage,
    mut messages: Vec<triage::Embedded>,
) -> Vec<Result<Assessment, AssessError>> {
    let assess = |messages| catch_unwind(AssertUnwindSafe(|| pipeline.assess_all_embedded(messages)));
    let alone = |message| match assess(vec![message]).map(|mut assessed| assessed.pop()) {
        Ok(Some(assessment)) => assessment.map_err(failed),
        Ok(None) | Err(_) => {
            tracing::error!("a message could not be assessed: the pipeline panicked");
            Err(failed("the pipeline panicked"))
        }
    };
    if let [_] = messages[..] {
        return messages.drain(..).map(alone).collect();
    }
    match assess(messages.clone()) {
        Ok(assessments) => assessments.into_iter().map(|assessment| assessment.map_err(failed)).collect(),
        Err(_) => messages.into_iter().map(alone).collect(),
    }
}
