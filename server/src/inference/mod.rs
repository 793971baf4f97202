//! The pipeline for many shoppers at once.
//!
//! Inference computes for milliseconds without yielding, so it must not run on the threads that serve connections: it
//! runs on the workers of an [`InferenceService`], the network and what comes after it ([`Deciding`]). When the service's queue
//! is full, messages wait for a place in it in the order in which they came, each no longer than it has patience.

mod deciding;

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use deciding::{Deciding, Undecided};
use jiff::civil::DateTime;
use shopdesk_model::service::{InferenceService, Load, Reply};
use shopdesk_model::{Embedding, Error as ModelError};
use shopdesk_triage::{Assessment, Prepared, Triage};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout_at;
use tracing::{Span, info_span};

use crate::Metrics;
use crate::congestion::Waits;
use crate::under_way::{Begun, UnderWay};

/// Longer texts, in bytes, are prepared away from the threads that serve connections; to go there and back takes longer than to prepare a
/// shorter one.
const SHORT: usize = 500;

/// Workers that leave a message waiting for that long do not work any more.
const STALLED: Duration = Duration::from_secs(60);

/// Hands messages to the pipeline. Cheap to clone; the workers end when the last clone is gone.
#[derive(Clone)]
pub struct Assessor {
    triage: Arc<RwLock<Arc<Triage>>>,
    service: Arc<InferenceService>,
    deciding: Arc<Deciding>,
    /// Places for long texts that are prepared.
    preparing: Arc<Semaphore>,
    /// Places in the service's queue.
    places: Arc<Semaphore>,
    waiting: Arc<UnderWay>,
    metrics: Metrics,
}

/// Why there is no assessment.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// Too many messages wait.
    #[error("there were too many messages to assess")]
    Overloaded,
    /// The pipeline failed on this message.
    #[error("the pipeline failed: {0}")]
    Failed(String),
}

impl Assessor {
    /// Starts the workers, which see at most `queue` messages that wait. How long that takes is kept in `metrics`.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn start(triage: Arc<Triage>, queue: usize, metrics: Metrics) -> Result<Self, ModelError> {
        let encoder = Arc::clone(triage.encoder().network());
        // More at once would only take the cores from each other.
        let preparing = Arc::new(Semaphore::new(encoder.threads().max(1)));
        let deciding = Arc::new(Deciding::default());
        let decide = Arc::clone(&deciding);
        let service =
            Arc::new(InferenceService::start_with(encoder, queue, move |ahead| decide.decide(ahead))?);
        let (places, waiting) = (Arc::new(Semaphore::new(queue)), Arc::new(UnderWay::new()));
        let triage = Arc::new(RwLock::new(triage));
        Ok(Self { triage, service, deciding, preparing, places, waiting, metrics })
    }

    /// The pipeline for messages that come now.
    #[must_use]
    pub fn triage(&self) -> Arc<Triage> {
        Arc::clone(&self.triage.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes another pipeline with the same encoder for messages that come from now on; those under way end with the one that
    /// they began with.
    pub fn replace(&self, triage: Arc<Triage>) {
        *self.triage.write().unwrap_or_else(PoisonError::into_inner) = triage;
    }

    /// Assesses one message at that time of the shop's clock, read together with what was said `before` it, if that is given. Dropped,
    /// it takes the message out of the queue again.
    ///
    /// # Errors
    /// [`AssessError::Overloaded`] when no worker took the message within `patience`.
    #[tracing::instrument(name = "assess", skip_all)]
    pub async fn assess(
        &self,
        before: Option<&str>,
        message: &str,
        at: DateTime,
        patience: Duration,
    ) -> Result<Assessment, AssessError> {
        let begun = Instant::now();
        let triage = self.triage();
        let prepared = self.prepare(&triage, before, message).await?;
        let ids = prepared.encoding.ids.clone();
        let (assessment, waited) = if triage.knowledge_base().library().index().is_shared() {
            let (embedding, waited) = self.embed(ids, patience).await?;
            // It waits for a network, and others must not wait for that.
            let span = info_span!("decide");
            let decide = move || span.in_scope(|| triage.assess_embedded(prepared, &embedding, at));
            (tokio::task::spawn_blocking(decide).await.map_err(failed)?.map_err(failed)?, waited)
        } else {
            let (decided, assessment) = oneshot::channel();
            let undecided = Box::new(Undecided { triage, prepared, at, span: Span::current(), decided });
            let next = Next::Decide { undecided, deciding: Arc::clone(&self.deciding) };
            let (assessment, waited) = self.submit(ids, next, assessment, patience).await?;
            (assessment?, waited)
        };
        self.metrics.assessed(waited, begun.elapsed().saturating_sub(waited));
        Ok(assessment)
    }

    /// What a message means, without what is made of it. It waits in the same queue as the messages of shoppers.
    ///
    /// # Errors
    /// [`AssessError::Overloaded`] when no worker took the message within `patience`.
    pub async fn meaning(&self, message: &str, patience: Duration) -> Result<Embedding, AssessError> {
        let prepared = self.prepare(&self.triage(), None, message).await?;
        Ok(self.embed(prepared.encoding.ids, patience).await?.0)
    }

    /// How many messages wait for the model.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.count()
    }

    /// Whether messages are taken from the queue.
    pub(crate) fn is_alive(&self) -> bool {
        let Load { workers, longest_wait, .. } = self.service.load();
        workers > 0 && longest_wait < STALLED
    }

    /// The message's vector, and how long it waited for a worker.
    async fn embed(&self, ids: Vec<u32>, patience: Duration) -> Result<(Embedding, Duration), AssessError> {
        let (sender, embedding) = oneshot::channel();
        let (embedding, waited) = self.submit(ids, Next::Tell(sender), embedding, patience).await?;
        Ok((embedding.map_err(failed)?, waited))
    }

    /// Puts a message into the service's queue. What comes of it in the end, and how long it waited for a worker.
    async fn submit<T>(
        &self,
        ids: Vec<u32>,
        next: Next,
        mut outcome: oneshot::Receiver<T>,
        patience: Duration,
    ) -> Result<(T, Duration), AssessError> {
        let (queued, waits) = (tokio::time::Instant::now(), (self.waiting.begin(), Waits::begin()));
        let until = queued + patience;
        let place = timeout_at(until, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.map_err(|_| self.refused())?.map_err(failed)?;
        let taken = Arc::new(OnceLock::new());
        let queue = Some((place, waits, info_span!("queue")));
        let waiting =
            Waiting { asking: Span::current(), queue, taken: Arc::clone(&taken), embed: None, next };
        self.service.submit(ids, Box::new(waiting)).map_err(|error| match error {
            ModelError::Overloaded { .. } => self.refused(),
            other => failed(other),
        })?;
        let outcome = match timeout_at(until, &mut outcome).await {
            Ok(outcome) => outcome,
            // Once a worker has it, it is worth waiting for.
            Err(_) if taken.get().is_some() => outcome.await,
            // Whoever is not taken in time goes away, and then the workers pass the message over.
            Err(_) => return Err(self.refused()),
        };
        let waited = taken.get().map_or(Duration::ZERO, |taken| taken.duration_since(queued.into_std()));
        Ok((outcome.map_err(failed)?, waited))
    }

    /// What comes before the network.
    async fn prepare(
        &self,
        triage: &Arc<Triage>,
        before: Option<&str>,
        message: &str,
    ) -> Result<Prepared, AssessError> {
        let span = info_span!("prepare");
        let prepare = |triage: &Triage, before: Option<&str>, message: &str| {
            let prepared = match before {
                Some(before) => triage.prepare_after(before, message),
                None => triage.prepare(message),
            };
            prepared.map_err(failed)
        };
        if message.len() + before.map_or(0, str::len) <= SHORT {
            let prepared = AssertUnwindSafe(|| span.in_scope(|| prepare(triage, before, message)));
            return catch_unwind(prepared).unwrap_or_else(|_| Err(failed("preparing the message panicked")));
        }
        let (triage, before, message) =
            (Arc::clone(triage), before.map(ToOwned::to_owned), message.to_owned());
        let prepare = move || span.in_scope(|| prepare(&triage, before.as_deref(), &message));
        let place = Arc::clone(&self.preparing).acquire_owned().await.map_err(failed)?;
        let prepared = tokio::task::spawn_blocking(move || {
            let prepared = prepare();
            drop(place);
            prepared
        });
        prepared.await.map_err(failed)?
    }

    fn refused(&self) -> AssessError {
        self.metrics.refusal();
        AssessError::Overloaded
    }
}

fn failed(error: impl Display) -> AssessError {
    AssessError::Failed(error.to_string())
}

/// A message in the service's queue, or on its way through the network.
struct Waiting {
    /// The span of whoever asked.
    asking: Span,
    /// Its place, and that it waits; until a worker takes it.
    queue: Option<(OwnedSemaphorePermit, (Begun, Waits), Span)>,
    /// When that was.
    taken: Arc<OnceLock<Instant>>,
    /// From then on.
    embed: Option<Span>,
    next: Next,
}

/// What becomes of an embedding.
enum Next {
    /// Somebody wants it.
    Tell(oneshot::Sender<Result<Embedding, ModelError>>),
    /// It is decided by it, without those who serve connections having to be woken before that.
    Decide { undecided: Box<Undecided>, deciding: Arc<Deciding> },
}

impl Reply for Waiting {
    fn is_wanted(&self) -> bool {
        match &self.next {
            Next::Tell(sender) => !sender.is_closed(),
            Next::Decide { undecided, .. } => !undecided.decided.is_closed(),
        }
    }

    fn begin(&mut self) {
        // Nobody else sets it.
        let _ = self.taken.set(Instant::now());
        self.queue = None;
        self.embed = Some(info_span!(parent: &self.asking, "embed"));
    }

    fn deliver(self: Box<Self>, result: Result<Embedding, ModelError>) {
        drop(self.embed);
        match (self.next, result) {
            (Next::Tell(sender), result) => drop(sender.send(result)),
            (Next::Decide { undecided, deciding }, Ok(embedding)) => deciding.add(undecided, embedding),
            (Next::Decide { undecided, .. }, Err(error)) => drop(undecided.decided.send(Err(failed(error)))),
        }
    }
}
