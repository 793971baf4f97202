//! `shopdesk serve`: the chat.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use shopdesk_kb::ArticleKey;
use shopdesk_model::classifier::Bundle;
use shopdesk_server::{AppState, ArticleStore, Assessor, Store, serve};
use shopdesk_triage::Triage;
use tokio::net::TcpListener;
use tokio::time::{Instant, MissedTickBehavior};

use crate::articles::{RUNTIME, ShopArticles};
use crate::output;
use crate::shop::Shop;

/// How often we look whether there is a new bundle, or new articles.
const LOOK: Duration = Duration::from_secs(2);

/// How long an old version stays in an index that other servers search: several times as long as they take to notice.
const RETIREMENT: Duration = Duration::from_secs(30);

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
    let encoder = shop.encoder()?;
    let bundle = shop.bundle(&encoder)?;
    let articles = ShopArticles::open(&shop)?;
    let shelf = articles.shelf(&shop)?;
    articles.warn_of_differences(&shop, &shelf)?;
    let (knowledge_base, surplus) = articles.knowledge_base(&shop, &encoder, &shelf.articles())?;
    let triage = Arc::new(shop.triage_over(&articles, encoder, bundle, knowledge_base)?);
    RUNTIME.block_on(run_server(shop, triage, fingerprint, articles, shelf.revision, surplus))?;
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

async fn run_server(
    shop: Shop,
    triage: Arc<Triage>,
    fingerprint: Option<String>,
    articles: ShopArticles,
    revision: i64,
    surplus: Vec<ArticleKey>,
) -> anyhow::Result<()> {
    let assessor = Assessor::start(triage, shop.server.queue)?;
    let state = AppState {
        store: Arc::clone(&articles.store) as Arc<dyn Store>,
        articles: Arc::clone(&articles.store) as Arc<dyn ArticleStore>,
        assessor: assessor.clone(),
        time_zone: shop.time_zone()?,
        clock: Arc::new(Timestamp::now),
        replies: Arc::new(shop.replies.clone()),
        default_language: shop.shop.default_language.clone(),
        max_message_characters: shop.server.max_message_characters,
        request_timeout: Duration::from_secs(shop.server.request_timeout_seconds),
        hosts: shop.server.hosts.clone(),
    };
    let listener = TcpListener::bind(shop.server.listen).await.with_context(|| {
        format!("cannot listen on `{}`; `--listen` takes another address", shop.server.listen)
    })?;
    tokio::spawn(follow_articles(articles.clone(), assessor.clone(), revision, surplus));
    tokio::spawn(follow_bundle(Arc::new(shop), articles, assessor, fingerprint));
    output::line(format_args!("The chat is at http://{}/ (stop it with Ctrl-C)", listener.local_addr()?))?;
    serve(listener, state, stop_signal()).await.context("the server failed")
}

/// Takes every new bundle of the shop into use, and keeps the one in use when the new one does not suit.
async fn follow_bundle(
    shop: Arc<Shop>,
    articles: ShopArticles,
    assessor: Assessor,
    mut seen: Option<String>,
) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let (shop, triage, before) = (Arc::clone(&shop), assessor.triage(), seen.clone());
        let articles = articles.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let found =
                Bundle::fingerprint(&shop.bundle_folder()).filter(|found| before.as_ref() != Some(found))?;
            let bundle = shop.bundle(triage.encoder());
            let with_it = || {
                let triage = triage.with_bundle(bundle?)?;
                articles.provide_answers(&triage)?;
                Ok(triage)
            };
            let triage: anyhow::Result<Triage> = with_it();
            Some((found, triage))
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

/// Takes every change of the articles into force, and keeps those in force when it cannot.
async fn follow_articles(
    articles: ShopArticles,
    assessor: Assessor,
    mut revision: i64,
    surplus: Vec<ArticleKey>,
) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut retired = vec![(Instant::now(), surplus)];
    loop {
        look.tick().await;
        forget_retired(&assessor, &mut retired).await;
        let shelf = match articles.store.revision().await {
            Ok(found) if found == revision => continue,
            Ok(_) => articles.store.articles().await,
            Err(error) => Err(error),
        };
        let shelf = match shelf {
            Ok(shelf) => shelf,
            Err(error) => {
                tracing::error!(%error, "cannot look for changes of the articles");
                continue;
            }
        };
        let (articles, triage) = (articles.clone(), assessor.triage());
        let found = shelf.revision;
        let switched = tokio::task::spawn_blocking(move || -> anyhow::Result<Vec<ArticleKey>> {
            let surplus = triage.knowledge_base().switch(&shelf.articles(), |_, _| ())?;
            articles.provide_answers(&triage)?;
            Ok(surplus)
        });
        match switched.await {
            Ok(Ok(surplus)) => {
                retired.push((Instant::now(), surplus));
                revision = found;
                tracing::info!(articles.revision = revision, "changed articles are in force");
            }
            Ok(Err(problem)) => tracing::error!("the articles before stay in force: {problem:#}"),
            Err(problem) => tracing::error!("cannot bring the articles into force: {problem}"),
        }
    }
}

/// Removes versions from a shared index when every other server has switched, too.
async fn forget_retired(assessor: &Assessor, retired: &mut Vec<(Instant, Vec<ArticleKey>)>) {
    let now = Instant::now();
    let due: Vec<ArticleKey> =
        retired.extract_if(.., |(since, _)| *since + RETIREMENT <= now).flat_map(|(_, keys)| keys).collect();
    if due.is_empty() {
        return;
    }
    let triage = assessor.triage();
    let forgetting =
        tokio::task::spawn_blocking(move || triage.knowledge_base().library().forget(&due)).await;
    if let Ok(Err(error)) = forgetting {
        // They are left over, and the next start finds them.
        tracing::warn!(%error, "old versions stay in the index for now");
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
