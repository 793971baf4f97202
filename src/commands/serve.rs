//! `shopdesk serve`: the chat.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use shopdesk_kb::ArticleKey;
use shopdesk_model::classifier::Bundle;
use shopdesk_server::{
    AppState, Assessor, Chosen, FileChoices, FindIdentity, IdentityCheck, Lookup, Metrics, Parts, Present,
    Secret, Settings, Shelf, Subscription, VisitorTokens, Webhook, WebhookConfig, WebhookSecret,
    first_invitation, new_key, serve,
};
use shopdesk_triage::Triage;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, timeout};

use crate::articles::{RUNTIME, ShopArticles};
use crate::output;
use crate::promise::Promised;
use crate::shop::{Shop, optional_secret};
use crate::workshop::ShopWorkshop;

/// How often we look whether there is a new bundle, or new articles.
const LOOK: Duration = Duration::from_secs(2);

/// How long an old version stays in an index that other servers search: several times as long as they take to notice.
const RETIREMENT: Duration = Duration::from_secs(30);

/// For how long a visitor's token holds. It is renewed as long as the visitor comes back.
const TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long the database may take to close.
const CLOSING: Duration = Duration::from_secs(2);

/// How often a shared index is compared with the articles in force.
const COMPARISON: Duration = Duration::from_secs(60);

/// Holds the identity secret of all sites that have none of their own.
const IDENTITY_VARIABLE: &str = "SHOPDESK_IDENTITY_SECRET";

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
    // Before it is loaded: a bundle that comes meanwhile is noticed.
    let fingerprint = Bundle::fingerprint(&shop.bundle_folder());
    let encoder = shop.encoder()?;
    let bundle = shop.bundle(&encoder, &Promised::of(&shop)?)?;
    let articles = ShopArticles::open(&shop)?;
    let shelf = articles.shelf(&shop)?;
    if let Err(problem) = articles.warn_of_differences(&shop, &shelf) {
        tracing::warn!("the shop's folder of articles cannot be compared with those in force: {problem:#}");
    }
    let (knowledge_base, surplus) = articles.knowledge_base(&shop, &encoder, &shelf.articles())?;
    let triage = Arc::new(shop.triage_over(&articles, encoder, bundle, knowledge_base)?);
    RUNTIME.block_on(run_server(shop, triage, fingerprint, articles, shelf.revision, surplus))?;
    Ok(ExitCode::SUCCESS)
}

/// What the shop chose, as the service takes it.
pub(crate) fn settings(shop: &Shop) -> anyhow::Result<Settings> {
    Ok(Settings {
        replies: shop.replies.clone(),
        default_language: shop.shop.default_language.clone(),
        time_zone: shop.time_zone()?,
        file: FileChoices {
            hours: shop.hours.clone(),
            deadlines: shop.deadlines.clone(),
            sites: shop.sites.clone(),
            promise: shop.promise.clone(),
        },
        identities: identities(shop)?,
        webhooks: Arc::new(webhooks(shop)?),
        lookup: lookup(shop)?,
        dialogue: shop.dialogue.clone(),
        max_message_characters: shop.server.max_message_characters,
        request_timeout: Duration::from_secs(shop.server.request_timeout_seconds),
        token_lifetime: TOKEN_LIFETIME,
        retention_days: shop.database.retention_days,
        hosts: shop.server.hosts.clone(),
        behind_proxy: shop.server.behind_proxy,
        reports: shop.reports(),
    })
}

/// Who wants to hear of what.
fn subscriptions(shop: &Shop) -> Vec<Subscription> {
    let subscription = |(name, webhook): (&String, &WebhookConfig)| Subscription {
        endpoint: name.clone(),
        events: webhook.events.clone(),
    };
    shop.webhooks.iter().map(subscription).collect()
}

fn webhooks(shop: &Shop) -> anyhow::Result<BTreeMap<String, Webhook>> {
    let checked = |(name, config): (&String, &WebhookConfig)| {
        let secret = Secret::from_env_or_file("SHOPDESK_WEBHOOK_SECRET", config.secret_file.as_deref());
        let secret = secret.with_context(|| format!("of `webhooks.{name}`"))?;
        let secret =
            WebhookSecret::parse(secret.expose()).with_context(|| format!("of `webhooks.{name}`"))?;
        Ok((name.clone(), Webhook::new(name, config, secret)?))
    };
    shop.webhooks.iter().map(checked).collect()
}

/// The shop's system that knows how orders stand.
fn lookup(shop: &Shop) -> anyhow::Result<Option<Lookup>> {
    let Some(config) = &shop.lookup else { return Ok(None) };
    let secret = Secret::from_env_or_file("SHOPDESK_LOOKUP_SECRET", config.secret_file.as_deref());
    let secret = secret.context("of `[lookup]`")?;
    let secret = WebhookSecret::parse(secret.expose()).context("of `[lookup]`")?;
    Ok(Some(Lookup::new(config, secret)?))
}

/// What checks the shop's word for its customers, by site. Those of the file's sites are read now, so that a mistake is found at the start;
/// those of sites that are added in the console when they come.
fn identities(shop: &Shop) -> anyhow::Result<FindIdentity> {
    let known = shop
        .sites
        .iter()
        .map(|(name, site)| Ok((name.clone(), identity(name, site.identity_secret_file.as_deref())?)));
    let known = known.collect::<anyhow::Result<BTreeMap<String, Option<IdentityCheck>>>>()?;
    Ok(Arc::new(move |name: &str| {
        if let Some(identity) = known.get(name) {
            return identity.clone();
        }
        identity(name, None).unwrap_or_else(|problem| {
            tracing::warn!(
                "nobody is believed to be a customer of a site that was added in the console: {problem:#}"
            );
            None
        })
    }))
}

fn identity(site: &str, file: Option<&Path>) -> anyhow::Result<Option<IdentityCheck>> {
    let variable = identity_variable(site, |variable| std::env::var_os(variable).is_some());
    let secret = optional_secret(&variable, file).with_context(|| format!("of `sites.{site}`"))?;
    secret.map(IdentityCheck::new).transpose().with_context(|| format!("of `sites.{site}`"))
}

/// The variable that holds a site's identity secret: its own when that is set, or else that of all sites.
fn identity_variable(site: &str, is_set: impl Fn(&str) -> bool) -> String {
    let name = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    let own = format!("{IDENTITY_VARIABLE}_{}", site.chars().map(name).collect::<String>());
    if is_set(&own) { own } else { IDENTITY_VARIABLE.to_owned() }
}

async fn run_server(
    shop: Shop,
    triage: Arc<Triage>,
    fingerprint: Option<String>,
    articles: ShopArticles,
    revision: i64,
    surplus: Vec<ArticleKey>,
) -> anyhow::Result<()> {
    let metrics = Metrics::start();
    let assessor = Assessor::start(triage, shop.server.queue, metrics.clone())?;
    let shop = Arc::new(shop);
    let workshop = ShopWorkshop::open(Arc::clone(&shop), articles.clone(), assessor.clone());
    let key = articles.store.installation("visitor_key", new_key).await?;
    let settings = Arc::new(settings(&shop)?);
    let state = AppState::new(Parts {
        store: articles.store.clone().with_subscriptions(subscriptions(&shop)),
        assessor: assessor.clone(),
        chosen: Arc::new(Chosen::by_file(&settings)),
        settings,
        clock: Arc::new(Timestamp::now),
        tokens: Arc::new(VisitorTokens::from_text(&key)),
        present: Arc::new(Present::new(&shop.limits)?),
        metrics,
        workshop: Some(Arc::new(workshop)),
    });
    state.follow_choices().await?;
    let store = state.store.clone();
    let listener = TcpListener::bind(shop.server.listen).await.with_context(|| {
        format!("cannot listen on `{}`; `--listen` takes another address", shop.server.listen)
    })?;
    let changing = Arc::new(Mutex::new(()));
    let follower = ArticleFollower {
        shop: Arc::clone(&shop),
        articles: articles.clone(),
        assessor: assessor.clone(),
        changing: Arc::clone(&changing),
        revision,
        compared: Instant::now(),
        retired: vec![(Instant::now(), surplus)],
    };
    let mut following = JoinSet::new();
    following.spawn(follower.follow());
    following.spawn(follow_bundle(shop, articles, assessor, changing, fingerprint));
    output::line(format_args!("The chat is at http://{}/ (stop it with Ctrl-C)", listener.local_addr()?))?;
    if let Some(invitation) = first_invitation(&state).await? {
        let address = listener.local_addr()?;
        // Whoever reads the first line only has no need of this one.
        drop(output::line(format_args!(
            "Nobody can log in yet. Choose the password of `admin` within three days: http://{address}{invitation}"
        )));
    }
    let served = serve(listener, state, stop_signal()).await;
    following.shutdown().await;
    if timeout(CLOSING, store.close()).await.is_err() {
        tracing::warn!("the database was still in use at the end");
    }
    served.context("the server failed")
}

/// Takes every new bundle of the shop into use, and keeps the one in use when the new one does not suit.
async fn follow_bundle(
    shop: Arc<Shop>,
    articles: ShopArticles,
    assessor: Assessor,
    changing: Arc<Mutex<()>>,
    mut seen: Option<String>,
) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let _one_at_a_time = changing.lock().await;
        let (shop, triage, before) = (Arc::clone(&shop), assessor.triage(), seen.clone());
        let articles = articles.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let found =
                Bundle::fingerprint(&shop.bundle_folder()).filter(|found| before.as_ref() != Some(found))?;
            let promised = match Promised::in_store(&shop, &articles.store) {
                Ok(promised) => promised,
                Err(problem) => return Some((found, true, Err(problem))),
            };
            let bundle = shop.bundle(triage.encoder(), &promised);
            let suits = bundle.is_ok();
            let with_it = || {
                let triage = triage.with_bundle(bundle?)?;
                articles.provide_answers(&triage)?;
                Ok(triage)
            };
            let triage: anyhow::Result<Triage> = with_it();
            Some((found, suits, triage))
        });
        match looking.await {
            Ok(Some((found, _, Ok(triage)))) => {
                seen = Some(found);
                tracing::info!(bundle = %triage.bundle_id(), "a new bundle is in use");
                assessor.replace(Arc::new(triage));
            }
            Ok(Some((found, false, Err(problem)))) => {
                seen = Some(found);
                tracing::error!("the new bundle is not used, the old one stays: {problem:#}");
            }
            // What failed beside a bundle that suits may go well the next time.
            Ok(Some((_, true, Err(problem)))) => {
                tracing::error!("the new bundle is not used yet, it is tried again: {problem:#}");
            }
            Ok(None) => {}
            Err(problem) => tracing::error!("cannot look for a new bundle: {problem}"),
        }
    }
}

/// Takes every change of the articles into force, and keeps those in force when it cannot.
struct ArticleFollower {
    shop: Arc<Shop>,
    articles: ShopArticles,
    assessor: Assessor,
    /// Held by whoever replaces a part of the pipeline.
    changing: Arc<Mutex<()>>,
    /// Of the articles in force.
    revision: i64,
    /// When the index was last compared with them.
    compared: Instant,
    /// Versions that other servers may still search, and since when they are not in force.
    retired: Vec<(Instant, Vec<ArticleKey>)>,
}

impl ArticleFollower {
    async fn follow(mut self) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            self.forget_retired().await;
            match self.articles.store.revision().await {
                Ok(found) if found == self.revision && !self.compares() => {}
                Ok(_) => self.switch().await,
                Err(error) => tracing::error!(%error, "cannot look for changes of the articles"),
            }
        }
    }

    /// Whether it is time to look whether a shared index still holds what it should: a rebuild may have overtaken an import.
    fn compares(&self) -> bool {
        let is_shared = self.assessor.triage().knowledge_base().library().index().is_shared();
        is_shared && self.compared.elapsed() > COMPARISON
    }

    async fn switch(&mut self) {
        let shelf = match self.articles.store.articles().await {
            Ok(shelf) => shelf,
            Err(error) => return tracing::error!(%error, "cannot read the articles"),
        };
        let changing = Arc::clone(&self.changing);
        let _one_at_a_time = changing.lock().await;
        let (shop, articles) = (Arc::clone(&self.shop), self.articles.clone());
        let (assessor, revision) = (self.assessor.clone(), shelf.revision);
        let switching =
            tokio::task::spawn_blocking(move || bring_into_force(&shop, &articles, &assessor, &shelf));
        match switching.await {
            Ok(Ok(surplus)) => {
                self.retired.push((Instant::now(), surplus));
                self.compared = Instant::now();
                if self.revision != revision {
                    tracing::info!(articles.revision = revision, "changed articles are in force");
                }
                self.revision = revision;
            }
            Ok(Err(problem)) => {
                tracing::error!("changed articles are not wholly in force, it is tried again: {problem:#}");
            }
            Err(problem) => tracing::error!("cannot bring the articles into force: {problem}"),
        }
    }

    /// Removes versions from a shared index when every other server has switched, too.
    async fn forget_retired(&mut self) {
        let now = Instant::now();
        let due = self.retired.extract_if(.., |(since, _)| *since + RETIREMENT <= now);
        let due: Vec<ArticleKey> = due.flat_map(|(_, keys)| keys).collect();
        if due.is_empty() {
            return;
        }
        let triage = self.assessor.triage();
        let forgetting =
            tokio::task::spawn_blocking(move || triage.knowledge_base().library().forget(&due)).await;
        if let Ok(Err(error)) = forgetting {
            // They are left over, and the next comparison finds them.
            tracing::warn!(%error, "old versions stay in the index for now");
        }
    }
}

/// Switches the articles under the pipeline in use, or, when they have outgrown its centres, makes one with new centres and then
/// replaces it. Returns what other servers may still search.
fn bring_into_force(
    shop: &Shop,
    articles: &ShopArticles,
    assessor: &Assessor,
    shelf: &Shelf,
) -> anyhow::Result<Vec<ArticleKey>> {
    let triage = assessor.triage();
    let in_force = shelf.articles();
    if articles.centres(triage.encoder(), &in_force)? == *triage.knowledge_base().centres_in_use() {
        let surplus = triage.knowledge_base().switch(&in_force)?;
        let provided = articles.provide_answers(&triage);
        provided.context("the changed articles are searched with the old measure of what answers")?;
        return Ok(surplus);
    }
    let (knowledge_base, surplus) = articles.knowledge_base(shop, triage.shared_encoder(), &in_force)?;
    let triage = triage.with_knowledge_base(knowledge_base);
    articles.provide_answers(&triage)?;
    assessor.replace(Arc::new(triage));
    Ok(surplus)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_its_own_identity_secret_before_that_of_all() {
        let set = |variable: &str| variable == "SHOPDESK_IDENTITY_SECRET_OUTLET_EU";
        assert_eq!(identity_variable("outlet-eu", set), "SHOPDESK_IDENTITY_SECRET_OUTLET_EU");
        assert_eq!(identity_variable("main", set), "SHOPDESK_IDENTITY_SECRET");
    }
}
