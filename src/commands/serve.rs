//! `shopdesk serve`: the chat.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use shopdesk_model::classifier::Bundle;
use shopdesk_server::{AppState, Assessor, SqliteStore, Store as _, serve};
use shopdesk_triage::Triage;
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;

use crate::output;
use crate::shop::Shop;

/// How often we look whether there is a new bundle.
const BUNDLE_LOOK: Duration = Duration::from_secs(2);

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
    // Before it is loaded: a bundle that comes meanwhile is noticed.
    let fingerprint = Bundle::fingerprint(&shop.bundle_folder());
    let triage = Arc::new(shop.triage()?);
    tokio::runtime::Runtime::new().context("cannot start the asynchronous runtime")?.block_on(run_server(
        shop,
        triage,
        fingerprint,
    ))?;
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

async fn run_server(shop: Shop, triage: Arc<Triage>, fingerprint: Option<String>) -> anyhow::Result<()> {
    let database = shop.database();
    let store =
        SqliteStore::open(&database).await.with_context(|| format!("cannot use `{}`", database.display()))?;
    store.remember_articles(triage.knowledge_base().articles()).await?;
    let assessor = Assessor::start(triage, shop.server.queue)?;
    let state = AppState {
        store: Arc::new(store),
        assessor: assessor.clone(),
        time_zone: shop.time_zone()?,
        replies: Arc::new(shop.replies.clone()),
        default_language: shop.shop.default_language.clone(),
        max_message_characters: shop.server.max_message_characters,
        request_timeout: Duration::from_secs(shop.server.request_timeout_seconds),
        hosts: shop.server.hosts.clone(),
    };
    let listener = TcpListener::bind(shop.server.listen).await.with_context(|| {
        format!("cannot listen on `{}`; `--listen` takes another address", shop.server.listen)
    })?;
    tokio::spawn(follow_bundle(Arc::new(shop), assessor, fingerprint));
    output::line(format_args!("The chat is at http://{}/ (stop it with Ctrl-C)", listener.local_addr()?))?;
    serve(listener, state, stop_signal()).await.context("the server failed")
}

/// Takes every new bundle of the shop into use, and keeps the one in use when the new one does not suit.
async fn follow_bundle(shop: Arc<Shop>, assessor: Assessor, mut seen: Option<String>) {
    let mut look = tokio::time::interval(BUNDLE_LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let (shop, triage, before) = (Arc::clone(&shop), assessor.triage(), seen.clone());
        let looking = tokio::task::spawn_blocking(move || {
            let found =
                Bundle::fingerprint(&shop.bundle_folder()).filter(|found| before.as_ref() != Some(found))?;
            let bundle = shop.bundle(triage.encoder());
            Some((found, bundle.and_then(|bundle| Ok(triage.with_bundle(bundle)?))))
        });
        match looking.await {
            Ok(Some((found, Ok(triage)))) => {
                seen = Some(found);
                tracing::info!(bundle = %triage.bundle_id(), "a new bundle is in use");
                assessor.replace(Arc::new(triage));
            }
            Ok(Some((found, Err(problem)))) => {
                seen = Some(found);
                tracing::error!("the new bundle is not used, the old one stays: {problem:#}");
            }
            Ok(None) => {}
            Err(problem) => tracing::error!("cannot look for a new bundle: {problem}"),
        }
    }
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
