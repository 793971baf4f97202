//! The pipeline for many shoppers at once.
//!
//! Inference computes for milliseconds without yielding, so it must not run on the threads that serve connections: the
//! network runs on the workers of an [`InferenceService`], the rest on tokio's threads for blocking work. When the queue
//! is full, we say so at once instead of letting everybody wait.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::civil::DateTime;
use shopdesk_model::service::{InferenceService, Reply};
use shopdesk_model::{Embedding, Error as ModelError};
use shopdesk_triage::{Assessment, Triage};
use tokio::sync::oneshot;

/// Hands messages to the pipeline. Cheap to clone; the workers end when the last clone is gone.
#[derive(Clone)]
pub struct Assessor {
    triage: Arc<RwLock<Arc<Triage>>>,
    service: Arc<InferenceService>,
}

/// Why there is no assessment.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// Too many messages wait already.
    #[error("the queue of messages to assess is full")]
    Overloaded,
    /// The pipeline failed on this message.
    #[error("the pipeline failed: {0}")]
    Failed(String),
}

impl Assessor {
    /// Starts the workers. At most `queue` messages wait, beside those being computed.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn start(triage: Arc<Triage>, queue: usize) -> Result<Self, ModelError> {
        let encoder = Arc::clone(triage.encoder().network());
        let service = Arc::new(InferenceService::start(encoder, queue)?);
        Ok(Self { service, triage: Arc::new(RwLock::new(triage)) })
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

    /// Assesses one message at that time of the shop's clock. Dropped, it takes the message out of the queue again.
    ///
    /// # Errors
    /// [`AssessError::Overloaded`] at once when the queue is full.
    pub async fn assess(&self, message: &str, at: DateTime) -> Result<Assessment, AssessError> {
        self.assess_after(None, message, at).await
    }

    /// The same for a message that is read together with what was said before it.
    ///
    /// # Errors
    /// [`AssessError::Overloaded`] at once when the queue is full.
    pub async fn assess_after(
        &self,
        before: Option<&str>,
        message: &str,
        at: DateTime,
    ) -> Result<Assessment, AssessError> {
        let triage = self.triage();
        let (preparer, text) = (Arc::clone(&triage), message.to_owned());
        let before = before.map(ToOwned::to_owned);
        let preparing = tokio::task::spawn_blocking(move || match before {
            Some(before) => preparer.prepare_after(&before, &text),
            None => preparer.prepare(&text),
        });
        let prepared = preparing.await.map_err(failed)?.map_err(failed)?;
        let embedding = self.encode(prepared.encoding.ids.clone()).await?;
        let rest = tokio::task::spawn_blocking(move || triage.assess_embedded(prepared, &embedding, at));
        rest.await.map_err(failed)?.map_err(failed)
    }

    /// What a message means, without what is made of it. It waits in the same queue as the messages of shoppers.
    ///
    /// # Errors
    /// [`AssessError::Overloaded`] at once when the queue is full.
    pub async fn embed(&self, message: &str) -> Result<Embedding, AssessError> {
        let (triage, text) = (self.triage(), message.to_owned());
        let preparing = tokio::task::spawn_blocking(move || triage.prepare(&text));
        let prepared = preparing.await.map_err(failed)?.map_err(failed)?;
        self.encode(prepared.encoding.ids).await
    }

    async fn encode(&self, tokens: Vec<u32>) -> Result<Embedding, AssessError> {
        let (sender, receiver) = oneshot::channel();
        self.service.submit(tokens, Box::new(Waiting(sender))).map_err(|error| match error {
            ModelError::Overloaded { .. } => AssessError::Overloaded,
            other => failed(other),
        })?;
        receiver.await.map_err(failed)?.map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> AssessError {
    AssessError::Failed(error.to_string())
}

/// A task that waits for its embedding.
struct Waiting(oneshot::Sender<Result<Embedding, ModelError>>);

impl Reply for Waiting {
    fn is_wanted(&self) -> bool {
        !self.0.is_closed()
    }

    fn deliver(self: Box<Self>, result: Result<Embedding, ModelError>) {
        // Whoever asked may be gone by now.
        drop(self.0.send(result));
    }
}
