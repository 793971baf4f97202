//! Listens until it is told to stop, and lets requests under way finish.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::net::TcpListener;
use tower_http::timeout::TimeoutLayer;

use crate::{AppState, ServerConfig, router};

/// Serves on `listener` until `stop` resolves.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    config: &ServerConfig,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let limit = Duration::from_secs(config.request_timeout_seconds);
    let app = router(state).layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limit));
    let local: SocketAddr = listener.local_addr()?;
    tracing::info!(server.address = %local, "listening");
    axum::serve(listener, app).with_graceful_shutdown(stop).await?;
    tracing::info!("stopped");
    Ok(())
}
