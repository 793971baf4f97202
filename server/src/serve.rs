//! Listens until it is told to stop, does what has to be done meanwhile, and lets requests under way finish.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::dialogue::catch_up;
use crate::webhooks::deliver;
use crate::{AppState, router, watch};

/// How long streams and requests under way have to end when the service stops.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves on `listener` until `stop` resolves. Messages that were left over before are settled first, and ever again
/// those that something went wrong with.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    tracing::info!(server.address = %listener.local_addr()?, "listening");
    let mut background = JoinSet::new();
    background.spawn(sweep(state.clone(), Timestamp::now()));
    background.spawn(state.store.clone().listen());
    background.spawn(watch::watch(state.clone()));
    background.spawn(watch::tidy(state.clone()));
    for name in state.settings.webhooks.keys() {
        background.spawn(deliver(state.clone(), name.clone()));
    }
    let stopping = state.present.stopping.clone();
    let mut stopped = stopping.subscribe();
    let stop = async move {
        stop.await;
        tracing::info!("stopping: streams are told, work under way is finished");
        stopping.send_replace(true);
    };
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let serving = async { axum::serve(listener, service).with_graceful_shutdown(stop).await };
    let late = async {
        // An error means that nobody can tell any more.
        drop(stopped.wait_for(|stopped| *stopped).await);
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        served = serving => served?,
        () = late => tracing::warn!("some requests did not end in time"),
    }
    background.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}

/// First whatever is older than this process, then whatever has waited longer than a request may take.
async fn sweep(app: AppState, started: Timestamp) {
    let mut before = started;
    let patience = app.settings.request_timeout;
    loop {
        if let Err(problem) = catch_up(&app, before).await {
            tracing::warn!(
                problem = problem.code(),
                "messages that were left over could not all be settled, trying again"
            );
        }
        tokio::time::sleep(patience).await;
        before = Timestamp::now() - patience;
    }
}
