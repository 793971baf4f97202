//! Every call to Qdrant: with a time-out, to the next server when one fails, again after a pause, and past a breaker.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use qdrant_client::{Qdrant, QdrantError as ClientError};
use tonic::Code;

use crate::api_key::ApiKey;
use crate::breaker::Breaker;
use crate::{QdrantError, QdrantSettings, Result};

/// The longest pause before a server is asked for the second time; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The servers of one cluster, any of which can answer.
pub(crate) struct Servers {
    urls: Vec<String>,
    clients: Vec<Qdrant>,
    /// Which one answered last and is asked first.
    first: AtomicUsize,
    breaker: Breaker,
    tries: usize,
}

impl Servers {
    pub(crate) fn new(settings: &QdrantSettings) -> Result<Self> {
        let key = ApiKey::find(settings)?;
        if settings.urls.is_empty() {
            return Err(QdrantError::NoUrl);
        }
        let client = |url: &String| client(url, key.as_ref(), settings);
        Ok(Self {
            urls: settings.urls.clone(),
            clients: settings.urls.iter().map(client).collect::<Result<_>>()?,
            first: AtomicUsize::new(0),
            breaker: Breaker::new(
                settings.failures_to_open.get(),
                Duration::from_secs(settings.open_seconds.get()),
            ),
            tries: settings.urls.len().max(settings.retries as usize + 1),
        })
    }

    /// Makes a call, each try of which may take as long as `patience`. It is made more than once when a server fails, so it must do no
    /// harm the second time.
    pub(crate) async fn call<T>(
        &self,
        patience: Duration,
        request: impl AsyncFn(&Qdrant) -> Result<T, ClientError>,
    ) -> Result<T> {
        let permit = self.breaker.enter(Instant::now()).map_err(|wait| QdrantError::Open { wait })?;
        let result = self.attempts(patience, request).await;
        permit.settle(Instant::now(), !matches!(result, Err(QdrantError::Unreachable { .. })));
        result
    }

    /// The server to begin with, for calls that nobody waits for.
    pub(crate) fn any(&self) -> Qdrant {
        self.clients[self.first.load(Ordering::Relaxed)].clone()
    }

    async fn attempts<T>(
        &self,
        patience: Duration,
        request: impl AsyncFn(&Qdrant) -> Result<T, ClientError>,
    ) -> Result<T> {
        let first = self.first.load(Ordering::Relaxed);
        let mut hung = vec![false; self.clients.len()];
        let mut failure = None;
        for attempt in 0..self.tries {
            let at = (first + attempt) % self.clients.len();
            if hung[at] {
                // It was given its time, and whoever waits has waited long enough.
                continue;
            }
            pause(attempt / self.clients.len()).await;
            match tokio::time::timeout(patience, request(&self.clients[at])).await {
                Ok(Ok(reply)) => {
                    self.first.store(at, Ordering::Relaxed);
                    return Ok(reply);
                }
                Ok(Err(error)) => failure = Some(Failure::of(error)?),
                Err(_) => {
                    hung[at] = true;
                    failure = Some(Failure::Unreachable(format!("no answer within {patience:?}")));
                }
            }
            tracing::debug!(server = self.urls[at], attempt, failure = ?failure, "a call to Qdrant failed");
        }
        Err(failure.map_or(QdrantError::NoUrl, |failure| failure.into_error(&self.urls)))
    }
}

/// Something that may be otherwise the next time.
#[derive(Debug)]
enum Failure {
    /// The server did not answer, or with an error of its own.
    Unreachable(String),
    /// It does not know a name. While an alias is switched, another server of the cluster may know better.
    NotFound(String),
}

impl Failure {
    /// Unless asking again would not help.
    fn of(error: ClientError) -> Result<Self> {
        let status = match error {
            ClientError::ResponseError { status } | ClientError::ResourceExhaustedError { status, .. } => {
                status
            }
            other => return Ok(Self::Unreachable(other.to_string())),
        };
        let (code, message) = (status.code(), status.message().to_owned());
        match code {
            // The client reports a connection that was refused as an internal error.
            Code::Internal
            | Code::Unavailable
            | Code::Unknown
            | Code::Cancelled
            | Code::Aborted
            | Code::DeadlineExceeded
            | Code::ResourceExhausted => Ok(Self::Unreachable(message)),
            Code::NotFound => Ok(Self::NotFound(message)),
            _ => Err(QdrantError::Refused { code, message }),
        }
    }

    fn into_error(self, urls: &[String]) -> QdrantError {
        match self {
            Self::Unreachable(last) => QdrantError::Unreachable { urls: urls.to_vec(), last },
            Self::NotFound(message) => QdrantError::Refused { code: Code::NotFound, message },
        }
    }
}

fn client(url: &str, key: Option<&ApiKey>, settings: &QdrantSettings) -> Result<Qdrant> {
    let refuse = |reason: String| QdrantError::Url { url: url.to_owned(), reason };
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(refuse("it starts with neither `http://` nor `https://`".to_owned()));
    }
    Qdrant::from_url(url)
        .api_key(key.map(ApiKey::reveal))
        // Ours ends a call before; the client's would make it start another.
        .timeout(settings.change_patience() * 2)
        .connect_timeout(settings.search_patience())
        // It would print, and ask the server before we want to.
        .skip_compatibility_check()
        .build()
        .map_err(|error| refuse(error.to_string()))
}

/// Waits before the servers are asked for the `round`th time, for a random part of a time that doubles ("full jitter", so that those who
/// were refused together do not come back together).
async fn pause(round: usize) {
    if round > 0 {
        let longest = FIRST_PAUSE.saturating_mul(1 << (round - 1).min(16)).min(LONGEST_PAUSE);
        tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
    }
}
