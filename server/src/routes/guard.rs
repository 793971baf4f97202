//! What every request passes before its handler.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use super::caller::{Address, limit};
use crate::problem::Problem;
use crate::state::AppState;

/// Answers in time, or says that it could not. Work that was begun goes on.
pub(super) async fn time_limit(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    tokio::time::timeout(app.settings.request_timeout, next.run(request)).await.map_err(|_| Problem::TimedOut)
}

/// Bounds what one address may ask.
pub(super) async fn rate_limit(
    State(app): State<AppState>,
    address: Address,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    limit(&app.present.addresses, &address.key())?;
    Ok(next.run(request).await)
}

/// Refuses requests for a name that is not ours. A page elsewhere can make its own name point to this machine (DNS
/// rebinding) and would then read what has no login.
pub(super) async fn known_host(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if is_loopback(host) || app.settings.hosts.iter().any(|known| known == without_port(host)) {
        return Ok(next.run(request).await);
    }
    Err(Problem::UnknownHost)
}

fn is_loopback(host: &str) -> bool {
    let name = without_port(host);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in ["localhost", "localhost:8080", "127.0.0.1:80", "[::1]:8080", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "example.com", "127.0.0.1.example.com:80", "10.0.0.1", "localhost.example.com"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
