//! `shopdesk serve`: the chat.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use shopdesk_server::{AppState, Assessor, SqliteStore, Store as _, serve};
use shopdesk_triage::Triage;
use tokio::net::TcpListener;

use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  shopdesk serve --listen 127.0.0.1:8080")]
pub(crate) struct Arguments {
    /// Where to listen, instead of what the shop's settings say.
    #[arg(long)]
    listen: Option<SocketAddr>,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut shop = Shop::open(shop)?;
    shop.server.listen = arguments.listen.unwrap_or(shop.server.listen);
    require_loopback(shop.server.listen)?;
    let triage = Arc::new(shop.triage()?);
    tokio::runtime::Runtime::new()
        .context("cannot start the asynchronous runtime")?
        .block_on(run_server(shop, triage))?;
    Ok(ExitCode::SUCCESS)
}

/// Tickets hold what shoppers wrote, and nobody has to log in to read them yet.
fn require_loopback(listen: SocketAddr) -> anyhow::Result<()> {
    anyhow::ensure!(
        listen.ip().is_loopback(),
        "`{listen}` can be reached from other machines, but the tickets need no login yet: listen on 127.0.0.1, \
         behind a proxy that lets only `/`, `/assets`, `/v1/conversations` and `/v1/articles` through"
    );
    Ok(())
}

async fn run_server(shop: Shop, triage: Arc<Triage>) -> anyhow::Result<()> {
    let database = shop.database();
    let store =
        SqliteStore::open(&database).await.with_context(|| format!("cannot use `{}`", database.display()))?;
    store.remember_articles(triage.knowledge_base().articles()).await?;
    let state = AppState {
        store: Arc::new(store),
        assessor: Assessor::start(triage, shop.server.queue)?,
        time_zone: shop.time_zone()?,
        replies: Arc::new(shop.replies),
        default_language: shop.shop.default_language,
        max_message_characters: shop.server.max_message_characters,
        request_timeout: Duration::from_secs(shop.server.request_timeout_seconds),
        hosts: shop.server.hosts,
    };
    let listener = TcpListener::bind(shop.server.listen).await.with_context(|| {
        format!("cannot listen on `{}`; `--listen` takes another address", shop.server.listen)
    })?;
    output::line(format_args!("The chat is at http://{}/ (stop it with Ctrl-C)", listener.local_addr()?))?;
    serve(listener, state, stop_signal()).await.context("the server failed")
}

/// Ctrl-C, or what a service manager sends.
async fn stop_signal() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminated) = terminated {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    drop(interrupted.await);
}
