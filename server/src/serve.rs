//! Listens until it is told to stop, and lets requests under way finish.

use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::dialogue::catch_up;
use crate::{AppState, router};

/// Serves on `listener` until `stop` resolves. Messages that were left over before are settled first, and ever again
/// those that were refused because too many came at once.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    tracing::info!(server.address = %listener.local_addr()?, "listening");
    let sweeper = tokio::spawn(sweep(state.clone(), Timestamp::now()));
    axum::serve(listener, router(state)).with_graceful_shutdown(stop).await?;
    sweeper.abort();
    tracing::info!("stopped");
    Ok(())
}

/// First whatever is older than this process, then whatever has waited longer than a request may take.
async fn sweep(app: AppState, started: Timestamp) {
    let mut before = started;
    loop {
        if let Err(problem) = catch_up(&app, before).await {
            tracing::warn!(
                problem = problem.code(),
                "messages that were left over could not all be settled, trying again"
            );
        }
        tokio::time::sleep(app.request_timeout).await;
        before = Timestamp::now() - app.request_timeout;
    }
}
