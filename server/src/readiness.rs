//! Whether the service can do its work just now, for whoever sends it shoppers. Its parts are asked at most once a second, however
//! often somebody wants to know.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::metrics::Doing;
use crate::state::AppState;

/// For how long an answer holds.
const FRESH: Duration = Duration::from_secs(1);
/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the service can do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Readiness {
    /// Whether all of it can.
    pub(crate) ready: bool,
    /// Whether the service stops, and takes nothing new.
    pub(crate) stopping: bool,
    /// Its parts.
    #[serde(flatten)]
    pub(crate) parts: Parts,
}

/// What the service needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Parts {
    /// Where everything is kept.
    pub(crate) database: Part,
    /// Where articles are found.
    pub(crate) index: Part,
    /// What reads messages.
    pub(crate) model: Part,
}

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// It answers.
    Ok,
    /// It says that it cannot.
    Failed,
    /// It does not answer in time.
    Late,
}

/// What was found the last time, and when.
pub(crate) type Known = Mutex<Option<(Instant, Parts)>>;

/// How the service is, or was a moment ago.
pub(crate) async fn readiness(app: &AppState) -> Readiness {
    let parts = parts(app).await;
    let stopping = app.present.is_stopping();
    Readiness { ready: parts.are_ok() && !stopping, stopping, parts }
}

async fn parts(app: &AppState) -> Parts {
    // Whoever comes while the parts are asked waits for the same answer.
    let mut known = app.present.readiness.lock().await;
    if let Some((_, parts)) = known.filter(|(asked, _)| asked.elapsed() < FRESH) {
        return parts;
    }
    let (database, index) = tokio::join!(database(app), index(app));
    let model = if app.assessor.is_alive() { Part::Ok } else { Part::Failed };
    let parts = Parts { database, index, model };
    let before = known.is_none_or(|(_, parts)| parts.are_ok());
    match (before, parts.are_ok()) {
        (true, false) => tracing::warn!(?database, ?index, ?model, "the service is not ready"),
        (false, true) => tracing::info!("the service is ready again"),
        _ => {}
    }
    *known = Some((Instant::now(), parts));
    parts
}

impl Parts {
    fn are_ok(self) -> bool {
        [self.database, self.index, self.model].into_iter().all(|part| part == Part::Ok)
    }
}

async fn database(app: &AppState) -> Part {
    let asked = timeout(PATIENCE, app.store.ping()).await;
    let part = match asked {
        Ok(Ok(())) => return Part::Ok,
        Ok(Err(error)) => {
            tracing::debug!(%error, "the database does not answer");
            Part::Failed
        }
        Err(_) => Part::Late,
    };
    app.metrics.database_failed(Doing::Readiness);
    part
}

async fn index(app: &AppState) -> Part {
    let triage = app.assessor.triage();
    // An index elsewhere blocks until it has answered, or given up.
    let asking = tokio::task::spawn_blocking(move || triage.knowledge_base().library().index().ping());
    match timeout(PATIENCE, asking).await {
        Ok(Ok(Ok(()))) => Part::Ok,
        Ok(Ok(Err(error))) => {
            tracing::debug!(%error, "the index does not answer");
            Part::Failed
        }
        Ok(Err(_)) => Part::Failed,
        Err(_) => Part::Late,
    }
}
