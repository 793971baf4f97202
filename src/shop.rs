//! `shopdesk.toml`: one small struct for each concern. The annotated file in `shop/` is the documentation.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use serde::Deserialize;
use shopdesk_eval::search_quality::read_questions;
use shopdesk_model::classifier::Bundle;
use shopdesk_model::encoder::EngineChoice;
use shopdesk_model::intents::Intents;
use shopdesk_model::{EncoderOptions, TextEncoder};
use shopdesk_qdrant::QdrantSettings;
use shopdesk_server::{
    DatabaseConfig, DeadlineSettings, DialogueConfig, LimitConfig, LookupConfig, OpeningHours,
    PromiseSettings, Replies, Secret, ServerConfig, SiteConfig, WebhookConfig,
};
use shopdesk_triage::{KnowledgeBase, KnownQuestion, Policy, SignalRules, SignalSettings, Triage};

use crate::articles::ShopArticles;
use crate::promise::Promised;

const FILE: &str = "shopdesk.toml";

/// A shop's settings, with paths made relative to the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shop {
    pub(crate) shop: Identity,
    pub(crate) paths: Paths,
    #[serde(default)]
    pub(crate) model: Model,
    pub(crate) promise: PromiseSettings,
    pub(crate) policy: Policy,
    #[serde(default)]
    pub(crate) index: IndexSettings,
    #[serde(default)]
    signals: SignalSettings,
    pub(crate) server: ServerConfig,
    #[serde(default)]
    pub(crate) dialogue: DialogueConfig,
    pub(crate) hours: OpeningHours,
    pub(crate) deadlines: DeadlineSettings,
    #[serde(default)]
    pub(crate) limits: LimitConfig,
    #[serde(default)]
    pub(crate) database: DatabaseConfig,
    pub(crate) sites: BTreeMap<String, SiteConfig>,
    #[serde(default)]
    pub(crate) webhooks: BTreeMap<String, WebhookConfig>,
    pub(crate) lookup: Option<LookupConfig>,
    pub(crate) replies: Replies,
}

/// Who and where the shop is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    pub(crate) default_language: String,
    pub(crate) time_zone: String,
}

/// Where things are kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paths {
    pub(crate) intents: PathBuf,
    /// Messages to learn sentiment from; without them, tickets do not say how the shopper feels.
    pub(crate) sentiment: Option<PathBuf>,
    pub(crate) articles: PathBuf,
    /// Questions of shoppers with the articles that answer them; without them, only the similar questions tell how far a search can be believed.
    pub(crate) questions: Option<PathBuf>,
    pub(crate) model: PathBuf,
    pub(crate) data: PathBuf,
    /// Labelled messages that nothing is learnt from, on which a new bundle is compared with the one in use.
    pub(crate) test: Option<PathBuf>,
    /// What a new bundle has to keep on them, as `shopdesk eval gate` takes it.
    pub(crate) limits: Option<PathBuf>,
}

/// Where passages are found.
#[derive(Debug, Default, Deserialize)]
#[serde(tag = "store", rename_all = "snake_case")]
pub(crate) enum IndexSettings {
    /// In memory.
    #[default]
    Embedded,
    /// In Qdrant.
    Qdrant(QdrantSettings),
}

/// How the language model is run.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Model {
    pub(crate) engine: EngineChoice,
    threads: usize,
}

impl Model {
    pub(crate) fn options(&self) -> EncoderOptions {
        EncoderOptions { engine: self.engine, threads: NonZeroUsize::new(self.threads) }
    }
}

impl Shop {
    /// Reads the file, or the one in the folder, and checks what cannot be said by types.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = if path.is_dir() { path.join(FILE) } else { path.to_path_buf() };
        let text = std::fs::read_to_string(&file).with_context(|| {
            format!("cannot read the shop's settings in `{}`; `--shop` says where they are", file.display())
        })?;
        let mut shop: Self = toml::from_str(&text).with_context(|| format!("in `{}`", file.display()))?;
        let problem = |problem: &str| anyhow::anyhow!("in `{}`: {problem}", file.display());
        if !shop.replies.has(&shop.shop.default_language) {
            return Err(problem(&format!(
                "`shop.default_language` is `{0}`, but there is no section `[replies.{0}]`",
                shop.shop.default_language
            )));
        }
        let folder = file.parent().unwrap_or(Path::new("."));
        let Paths { intents, sentiment, articles, questions, model, data, test, limits } = &mut shop.paths;
        let secrets = shop.sites.values_mut().filter_map(|site| site.identity_secret_file.as_mut());
        let secrets = secrets.chain(&mut shop.database.url_file);
        let secrets =
            secrets.chain(shop.webhooks.values_mut().filter_map(|webhook| webhook.secret_file.as_mut()));
        let secrets = secrets.chain(shop.lookup.iter_mut().filter_map(|lookup| lookup.secret_file.as_mut()));
        let optional = sentiment.iter_mut().chain(questions).chain(test).chain(limits);
        for path in [intents, articles, model, data].into_iter().chain(optional).chain(secrets) {
            *path = folder.join(&*path);
        }
        Ok(shop)
    }

    pub(crate) fn encoder(&self) -> anyhow::Result<Arc<TextEncoder>> {
        Ok(Arc::new(TextEncoder::open(&self.paths.model, &self.model.options())?))
    }

    pub(crate) fn intents(&self) -> anyhow::Result<Intents> {
        Intents::load(&self.paths.intents).context("the intents have mistakes")
    }

    /// Messages with how their writers feel in place of what they want.
    pub(crate) fn sentiment(&self) -> anyhow::Result<Option<Intents>> {
        let load = |path| Intents::load(path).context("the messages to learn sentiment from have mistakes");
        self.paths.sentiment.as_deref().map(load).transpose()
    }

    pub(crate) fn bundle_folder(&self) -> PathBuf {
        self.paths.data.join("bundle")
    }

    /// Messages that people labelled while the desk was running: learnt from beside the intents.
    pub(crate) fn corrections(&self) -> PathBuf {
        self.paths.data.join("corrections.jsonl")
    }

    /// Reports that the console lists.
    pub(crate) fn reports(&self) -> PathBuf {
        self.paths.data.join("reports")
    }

    /// A new folder there for a report of now on that bundle.
    pub(crate) fn report_folder(&self, bundle: &str) -> anyhow::Result<PathBuf> {
        let now = self.now()?.strftime("%Y-%m-%d-%H%M%S");
        Ok(self.reports().join(format!("{now}-{bundle}")))
    }

    /// What evaluations computed, so that the next one need not.
    pub(crate) fn evaluation_cache(&self) -> PathBuf {
        self.paths.data.join("evaluation")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.paths.data.join("shopdesk.db")
    }

    /// Where the PostgreSQL database is, if the shop has one.
    pub(crate) fn database_url(&self) -> anyhow::Result<Option<Secret>> {
        optional_secret("SHOPDESK_DATABASE_URL", self.database.url_file.as_deref())
    }

    /// The whole pipeline, ready to assess messages.
    pub(crate) fn triage(&self) -> anyhow::Result<Triage> {
        let encoder = self.encoder()?;
        let bundle = self.bundle(&encoder, &Promised::of(self)?)?;
        self.triage_of(encoder, bundle)
    }

    /// The shop's bundle, if it suits the settings and what was chosen in the console.
    pub(crate) fn bundle(&self, encoder: &TextEncoder, promised: &Promised) -> anyhow::Result<Bundle> {
        self.bundle_in(&self.bundle_folder(), encoder, promised)
    }

    /// A bundle of any folder, if it suits them.
    pub(crate) fn bundle_in(
        &self,
        folder: &Path,
        encoder: &TextEncoder,
        promised: &Promised,
    ) -> anyhow::Result<Bundle> {
        let bundle = Bundle::load(folder, encoder)?;
        promised.check(&bundle, folder)?;
        let Policy { human_intent, small_talk_intents, .. } = &self.policy;
        let human = human_intent.iter().map(|intent| ("human_intent", intent, "asking for a human"));
        let small_talk =
            small_talk_intents.iter().map(|intent| ("small_talk_intents", intent, "wanting nothing"));
        for (key, intent, what) in human.chain(small_talk) {
            anyhow::ensure!(
                bundle.classifier().labels().iter().any(|label| label.id == *intent),
                "`policy.{key}` names `{intent}`, which the bundle in `{}` does not know: name the intent of {what}, or leave the key \
                 out",
                folder.display()
            );
        }
        let looked_up = self.lookup.iter().flat_map(|lookup| &lookup.intents);
        let unknown = looked_up
            .filter(|intent| !bundle.classifier().labels().iter().any(|label| label.id == **intent))
            .map(|intent| format!("`{intent}`"))
            .collect::<Vec<_>>();
        anyhow::ensure!(
            unknown.is_empty(),
            "`lookup.intents` names {}, which the bundle in `{}` does not know: name the intents of asking how an order stands",
            unknown.join(", "),
            self.bundle_folder().display()
        );
        Ok(bundle)
    }

    /// The pipeline with another bundle, whatever that promises.
    pub(crate) fn triage_with(&self, bundle: &Path) -> anyhow::Result<Triage> {
        let encoder = self.encoder()?;
        let bundle = Bundle::load(bundle, &encoder)?;
        self.triage_of(encoder, bundle)
    }

    /// The pipeline with a bundle that was just trained.
    pub(crate) fn triage_of(&self, encoder: Arc<TextEncoder>, bundle: Bundle) -> anyhow::Result<Triage> {
        let articles = ShopArticles::open(self)?;
        let (knowledge_base, _) =
            articles.knowledge_base(self, &encoder, &articles.shelf(self)?.articles())?;
        self.triage_over(&articles, encoder, bundle, knowledge_base)
    }

    /// The pipeline over a knowledge base that is there.
    pub(crate) fn triage_over(
        &self,
        articles: &ShopArticles,
        encoder: Arc<TextEncoder>,
        bundle: Bundle,
        knowledge_base: Arc<KnowledgeBase>,
    ) -> anyhow::Result<Triage> {
        let signal_rules = SignalRules::new(&self.signals).context("in the shop's settings")?;
        let triage = Triage::new(encoder, bundle, knowledge_base, signal_rules, self.policy.clone())?
            .with_known_questions(self.known_questions()?);
        articles.provide_answers(&triage)?;
        Ok(triage)
    }

    /// Questions whose answers the shop knows.
    fn known_questions(&self) -> anyhow::Result<Arc<[KnownQuestion]>> {
        let Some(path) = &self.paths.questions else { return Ok(Arc::default()) };
        Ok(read_questions(path)?.into())
    }

    /// The shop's clock.
    pub(crate) fn time_zone(&self) -> anyhow::Result<jiff::tz::TimeZone> {
        jiff::tz::TimeZone::get(&self.shop.time_zone).with_context(|| {
            format!(
                "`shop.time_zone` is `{}`; give an IANA name such as `Asia/Shanghai`",
                self.shop.time_zone
            )
        })
    }

    /// What the shop's clock shows.
    pub(crate) fn now(&self) -> anyhow::Result<jiff::civil::DateTime> {
        Ok(jiff::Timestamp::now().to_zoned(self.time_zone()?).datetime())
    }
}

/// A secret from the environment or a file; nothing when it is in neither.
pub(crate) fn optional_secret(variable: &str, file: Option<&Path>) -> anyhow::Result<Option<Secret>> {
    if std::env::var_os(variable).is_none() && file.is_none() {
        return Ok(None);
    }
    Ok(Some(Secret::from_env_or_file(variable, file)?))
}
