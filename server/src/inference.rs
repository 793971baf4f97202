//! The pipeline for many shoppers at once.
//!
//! Inference computes for milliseconds without yielding, so it must not run on the threads that serve connections: the
//! network runs on the workers of an [`InferenceService`], the rest on as many threads as there are cores: more would only take the
//! processor from each other, and each that comes and goes has to be woken. When the service's queue
//! is full, messages wait for a place in it in the order in which they came, each no longer than it has patience.

use std::fmt::Display;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::civil::DateTime;
use rayon::{ThreadPool, ThreadPoolBuilder};
use shopdesk_model::service::{InferenceService, Load, Reply};
use shopdesk_model::{Embedding, Error as ModelError};
use shopdesk_triage::{Assessment, Prepared, Triage};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use tracing::{Instrument as _, Span, info_span};

use crate::Metrics;
use crate::under_way::UnderWay;

/// Workers that leave a message waiting for that long do not work any more.
const STALLED: Duration = Duration::from_secs(60);

/// Hands messages to the pipeline. Cheap to clone; the workers end when the last clone is gone.
#[derive(Clone)]
pub struct Assessor {
    triage: Arc<RwLock<Arc<Triage>>>,
    service: Arc<InferenceService>,
    /// For what is computed beside the network.
    computing: Arc<ThreadPool>,
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
        let service = Arc::new(InferenceService::start(encoder, queue)?);
        let computing = ThreadPoolBuilder::new()
            .thread_name(|number| format!("assess-{number}"))
            // Whoever waits for what was computed sees that nothing comes.
            .panic_handler(|_| tracing::error!("a message could not be assessed: the pipeline panicked"))
            .build()
            .map_err(|error| ModelError::NoThread(std::io::Error::other(error)))?;
        let (places, waiting) = (Arc::new(Semaphore::new(queue)), Arc::new(UnderWay::new()));
        Ok(Self {
            service,
            triage: Arc::new(RwLock::new(triage)),
            computing: Arc::new(computing),
            places,
            waiting,
            metrics,
        })
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
        let (embedding, waited) = self.embed(&prepared, patience).await?;
        let searches_elsewhere = triage.knowledge_base().library().index().is_shared();
        let decide = move || triage.assess_embedded(prepared, &embedding, at);
        let assessment = if searches_elsewhere {
            // It waits for a network, and others must not wait for that.
            let span = info_span!("decide");
            let decided = tokio::task::spawn_blocking(move || span.in_scope(decide)).await;
            decided.map_err(failed)?.map_err(failed)?
        } else {
            self.compute(info_span!("decide"), decide).await?
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
        Ok(self.embed(&prepared, patience).await?.0)
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
    async fn embed(
        &self,
        prepared: &Prepared,
        patience: Duration,
    ) -> Result<(Embedding, Duration), AssessError> {
        let ((taken, is_taken), (sender, embedding)) = (oneshot::channel(), oneshot::channel());
        let (queued, waits) = (Instant::now(), self.waiting.begin());
        let begun = async {
            let place = self.places.acquire().await.map_err(failed)?;
            let waiting = Box::new(Waiting { taken: Some(taken), sender });
            self.service.submit(prepared.encoding.ids.clone(), waiting).map_err(|error| match error {
                ModelError::Overloaded { .. } => self.refused(),
                other => failed(other),
            })?;
            is_taken.await.map_err(failed)?;
            drop(place);
            Ok(())
        };
        // Whoever is not taken in time goes away, and then the workers pass the message over.
        let begun = timeout(patience, begun).instrument(info_span!("queue")).await;
        begun.map_err(|_| self.refused())??;
        drop(waits);
        let waited = queued.elapsed();
        let embedding = embedding.instrument(info_span!("embed")).await;
        Ok((embedding.map_err(failed)?.map_err(failed)?, waited))
    }

    /// What comes before the network.
    async fn prepare(
        &self,
        triage: &Arc<Triage>,
        before: Option<&str>,
        message: &str,
    ) -> Result<Prepared, AssessError> {
        let (triage, before, message) =
            (Arc::clone(triage), before.map(ToOwned::to_owned), message.to_owned());
        let prepare = move || match before {
            Some(before) => triage.prepare_after(&before, &message),
            None => triage.prepare(&message),
        };
        self.compute(info_span!("prepare"), prepare).await
    }

    /// Computes away from the threads that serve connections.
    async fn compute<T, E>(
        &self,
        span: Span,
        compute: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, AssessError>
    where
        T: Send + 'static,
        E: Display + Send + 'static,
    {
        let (sender, computed) = oneshot::channel();
        self.computing.spawn_fifo(move || {
            // Whoever asked may be gone by now.
            if !sender.is_closed() {
                drop(sender.send(span.in_scope(compute)));
            }
        });
        computed.await.map_err(failed)?.map_err(failed)
    }

    fn refused(&self) -> AssessError {
        self.metrics.refusal();
        AssessError::Overloaded
    }
}

fn failed(error: impl Display) -> AssessError {
    AssessError::Failed(error.to_string())
}

/// A task that waits for its embedding.
struct Waiting {
    /// Tells that a worker has it.
    taken: Option<oneshot::Sender<()>>,
    sender: oneshot::Sender<Result<Embedding, ModelError>>,
}

impl Reply for Waiting {
    fn is_wanted(&self) -> bool {
        !self.sender.is_closed()
    }

    fn begin(&mut self) {
        // Whoever asked may be gone by now.
        let _ = self.taken.take().map(|taken| taken.send(()));
    }

    fn deliver(self: Box<Self>, result: Result<Embedding, ModelError>) {
        drop(self.sender.send(result));
    }
}
