//! The pipeline on a thread of its own, behind a bounded queue.
//!
//! Inference computes for milliseconds without yielding, so it must not run on the threads that serve connections.
//! When the queue is full, we say so at once instead of letting everybody wait.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::civil::Date;
use shopdesk_triage::{Assessment, Triage};
use tokio::sync::{mpsc, oneshot};

/// Hands messages to the pipeline. Cheap to clone; the thread ends when the last clone is gone.
#[derive(Clone)]
pub struct Assessor {
    queue: mpsc::Sender<Job>,
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

struct Job {
    message: String,
    day: Date,
    answer: oneshot::Sender<Result<Assessment, AssessError>>,
}

impl Assessor {
    /// Starts the thread. At most `queue` messages wait, beside the one being assessed.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn start(triage: Arc<Triage>, queue: usize) -> std::io::Result<Self> {
        let (sender, mut receiver) = mpsc::channel::<Job>(queue.max(1));
        std::thread::Builder::new().name("inference".to_owned()).spawn(move || {
            while let Some(job) = receiver.blocking_recv() {
                // Whoever asked may be gone by now.
                if !job.answer.is_closed() {
                    let assessment = assess(&triage, &job.message, job.day);
                    drop(job.answer.send(assessment));
                }
            }
        })?;
        Ok(Self { queue: sender })
    }

    /// Assesses one message on that day.
    ///
    /// # Errors
    /// [`AssessError::Overloaded`] at once when the queue is full.
    pub async fn assess(&self, message: &str, day: Date) -> Result<Assessment, AssessError> {
        let (answer, wait) = oneshot::channel();
        let job = Job { message: message.to_owned(), day, answer };
        self.queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => AssessError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => {
                AssessError::Failed("the inference thread ended".to_owned())
            }
        })?;
        wait.await.unwrap_or_else(|_| Err(AssessError::Failed("the inference thread ended".to_owned())))
    }
}

/// A panic on one message must not take the thread from all the others.
fn assess(triage: &Triage, message: &str, day: Date) -> Result<Assessment, AssessError> {
    match catch_unwind(AssertUnwindSafe(|| triage.assess(message, day))) {
        Ok(assessed) => assessed.map_err(|error| AssessError::Failed(error.to_string())),
        Err(_) => Err(AssessError::Failed("it panicked".to_owned())),
    }
}
