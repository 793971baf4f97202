//! The shop's articles: from the folder into the database, and from there into force.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use shopdesk_kb::import::Plan;
use shopdesk_kb::{Article, ArticleKey, Articles, EmbeddedIndex, Index, Mistake};
use shopdesk_model::TextEncoder;
use shopdesk_qdrant::{QdrantIndex, QdrantSettings, Rebuild};
use shopdesk_server::{Origin, Shelf, Store, StoredVectors};
use shopdesk_triage::{Centres, KnowledgeBase, Triage};
use tokio::runtime::{Builder, Runtime};

use crate::progress::Progress;
use crate::shop::{IndexSettings, Shop};

/// Names under which the database keeps what is made from all articles.
const CENTRES: &str = "centres";
const ANSWER_MODEL: &str = "answer_model";

/// With more passages, the log advises to use Qdrant.
const EMBEDDED_AT_MOST: usize = 100_000;

/// What waits for the database, and serves. It computes little, and each thread that falls asleep has to be woken, so that it has half as
/// many as there are cores, and they look for work less often while messages wait for the model.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(cores.div_ceil(2)).enable_all().on_thread_park(shopdesk_server::rest);
    runtime.build().expect("the system has threads for us")
});

/// The shop's database, and what depends on the articles in it.
#[derive(Clone)]
pub(crate) struct ShopArticles {
    pub(crate) store: Store,
}

impl ShopArticles {
    /// Opens the database, and makes it if there is none.
    pub(crate) fn open(shop: &Shop) -> anyhow::Result<Self> {
        if let Some(url) = shop.database_url()? {
            let connections = shop.database.connections.map(NonZeroU32::get);
            let store = RUNTIME.block_on(Store::connect(&url, connections));
            return Ok(Self { store: store.context("cannot use the PostgreSQL database")? });
        }
        let path = shop.database();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        }
        let store = RUNTIME.block_on(Store::open(&path));
        Ok(Self { store: store.with_context(|| format!("cannot use `{}`", path.display()))? })
    }

    /// The articles in force. A shop that never imported any gets those of its folder.
    pub(crate) fn shelf(&self, shop: &Shop) -> anyhow::Result<Shelf> {
        let shelf = RUNTIME.block_on(self.store.articles())?;
        if shelf.revision > 0 {
            return Ok(shelf);
        }
        let articles = folder(shop, &shop.paths.articles)?;
        for mistake in &articles.mistakes {
            tracing::warn!("left out: {mistake}");
        }
        let plan = Plan::new(&[], &articles.articles, &articles.mistakes);
        tracing::info!(
            articles = plan.changes.len(),
            "the articles of the shop's folder are imported for the first time"
        );
        // Another command may be faster; then this changes nothing.
        RUNTIME.block_on(self.store.change(0, &plan.changes, Origin::Folder))?;
        Ok(RUNTIME.block_on(self.store.articles())?)
    }

    /// The knowledge base with these articles in force, and what a shared index still holds of others.
    pub(crate) fn knowledge_base(
        &self,
        shop: &Shop,
        encoder: &Arc<TextEncoder>,
        articles: &[Arc<Article>],
    ) -> anyhow::Result<(Arc<KnowledgeBase>, Vec<ArticleKey>)> {
        let centres = self.centres(encoder, articles)?;
        let index: Box<dyn Index> = match qdrant(shop, encoder, &centres) {
            Some(settings) => {
                Box::new(QdrantIndex::connect(&settings, encoder.dimension(), RUNTIME.handle())?)
            }
            None => Box::new(EmbeddedIndex::new(encoder.dimension())),
        };
        let knowledge_base = self.over(encoder, index, centres);
        let surplus = knowledge_base.switch(articles)?;
        advise(&knowledge_base)?;
        Ok((Arc::new(knowledge_base), surplus))
    }

    /// Makes everything again that is made from the articles. Searches go on with what was there until all is done.
    pub(crate) fn rebuild(
        &self,
        shop: &Shop,
        encoder: &Arc<TextEncoder>,
        articles: &[Arc<Article>],
    ) -> anyhow::Result<usize> {
        // A collection is called by its centres: with others, running servers would not look into the new one.
        let kept = self.kept_centres(encoder)?.filter(|_| matches!(shop.index, IndexSettings::Qdrant(_)));
        RUNTIME.block_on(self.store.forget_derived())?;
        if let Some(kept) = kept {
            self.keep_centres(encoder, &kept)?;
        }
        let centres = self.centres(encoder, articles)?;
        let Some(settings) = qdrant(shop, encoder, &centres) else {
            return Ok(self.knowledge_base(shop, encoder, articles)?.0.library().index().passages()?);
        };
        let rebuild = Rebuild::start(&settings, encoder.dimension(), RUNTIME.handle())?;
        let filling = self.over(encoder, Box::new(rebuild.index().clone()), centres.clone());
        filling.switch(articles)?;
        rebuild.finish()?;
        // What was imported meanwhile went into the old collection.
        let index = QdrantIndex::connect(&settings, encoder.dimension(), RUNTIME.handle())?;
        let knowledge_base = self.over(encoder, Box::new(index), centres);
        knowledge_base.switch(&self.shelf(shop)?.articles())?;
        Ok(knowledge_base.library().index().passages()?)
    }

    fn over(&self, encoder: &Arc<TextEncoder>, index: Box<dyn Index>, centres: Centres) -> KnowledgeBase {
        KnowledgeBase::new(Arc::clone(encoder), index, Box::new(self.vectors()), centres)
    }

    /// The centres of the shop's vectors, kept until the base has outgrown them.
    pub(crate) fn centres(
        &self,
        encoder: &TextEncoder,
        articles: &[Arc<Article>],
    ) -> anyhow::Result<Centres> {
        if let Some(kept) = self.kept_centres(encoder)?.filter(|kept| !kept.outgrown(articles)) {
            return Ok(kept);
        }
        let progress = Progress::new("embedding the articles");
        let report = |done, of| progress.report(done, of);
        let centres = KnowledgeBase::centres(encoder, &self.vectors(), articles, report)?;
        self.keep_centres(encoder, &centres)?;
        Ok(centres)
    }

    fn kept_centres(&self, encoder: &TextEncoder) -> anyhow::Result<Option<Centres>> {
        let json = RUNTIME.block_on(self.store.derived(CENTRES, &encoder.id().to_string()))?;
        // What another version of the program wrote is as good as nothing.
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    }

    fn keep_centres(&self, encoder: &TextEncoder, centres: &Centres) -> anyhow::Result<()> {
        let json = serde_json::to_string(centres)?;
        Ok(RUNTIME.block_on(self.store.keep_derived(CENTRES, &encoder.id().to_string(), &json))?)
    }

    /// Gives a pipeline the answer model that belongs to it: the one from the last time, if nothing changed since.
    pub(crate) fn provide_answers(&self, triage: &Triage) -> anyhow::Result<()> {
        let made_from = triage.answer_fingerprint();
        let known = RUNTIME.block_on(self.store.derived(ANSWER_MODEL, &made_from))?;
        if let Some(model) = known.and_then(|json| serde_json::from_str(&json).ok()) {
            triage.use_answers(model);
            return Ok(());
        }
        let Some(model) = triage.learn_answers()? else {
            tracing::warn!(
                "no article has similar questions, so nothing tells when an article is the answer: none is given"
            );
            return Ok(());
        };
        if triage.answer_fingerprint() == made_from {
            let json = serde_json::to_string(model.as_ref())?;
            RUNTIME.block_on(self.store.keep_derived(ANSWER_MODEL, &made_from, &json))?;
        }
        Ok(())
    }

    /// Says when the shop's folder holds other articles than those in force.
    pub(crate) fn warn_of_differences(&self, shop: &Shop, shelf: &Shelf) -> anyhow::Result<()> {
        if !shop.paths.articles.is_dir() {
            return Ok(());
        }
        let folder = folder(shop, &shop.paths.articles)?;
        let plan = Plan::new(&shelf.standings(Origin::Folder), &folder.articles, &folder.mistakes);
        let (added, changed, withdrawn) = plan.counts();
        if added + changed + withdrawn > 0 {
            tracing::warn!(
                added,
                changed,
                withdrawn,
                "the articles in `{}` are not those in force: `shopdesk kb import` takes them over",
                shop.paths.articles.display()
            );
        }
        if !plan.kept_aside.is_empty() {
            tracing::info!(
                articles = plan.kept_aside.len(),
                "articles were changed in the console: those in `{}` say something else",
                shop.paths.articles.display()
            );
        }
        Ok(())
    }

    /// Embeds what is new, and then makes all changes in one step.
    pub(crate) fn apply(
        &self,
        encoder: &TextEncoder,
        shelf: &Shelf,
        plan: &Plan,
        origin: Origin,
    ) -> anyhow::Result<()> {
        let progress = Progress::new("embedding the articles");
        KnowledgeBase::embed(encoder, &self.vectors(), &plan.brought(), |done, of| {
            progress.report(done, of);
        })?;
        drop(progress);
        let changed = RUNTIME.block_on(self.store.change(shelf.revision, &plan.changes, origin))?;
        changed
            .context("somebody else changed the articles meanwhile, nothing was imported: import again")?;
        Ok(())
    }

    fn vectors(&self) -> StoredVectors {
        StoredVectors::new(self.store.clone(), RUNTIME.handle().clone())
    }
}

/// The collection of the shop's index, if Qdrant keeps it. Vectors of another encoder, or centred in another way, have one of their own, so that
/// programs of two versions can run side by side.
fn qdrant(shop: &Shop, encoder: &TextEncoder, centres: &Centres) -> Option<QdrantSettings> {
    let IndexSettings::Qdrant(settings) = &shop.index else { return None };
    let mut settings = settings.clone();
    let made_with =
        Sha256::digest(format!("{}\n{}", encoder.id(), serde_json::to_string(centres).expect("plain data")));
    let made_with: String = made_with.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    settings.collection = format!("{}-{made_with}", settings.collection);
    Some(settings)
}

/// Says when the embedded index is more than it is good for.
fn advise(knowledge_base: &KnowledgeBase) -> anyhow::Result<()> {
    let index = knowledge_base.library().index();
    let passages = index.passages()?;
    if !index.is_shared() && passages > EMBEDDED_AT_MOST {
        tracing::warn!(
            passages,
            "the embedded index compares every message with all passages and keeps them in memory; \
             with more than {EMBEDDED_AT_MOST}, Qdrant is the better choice: see `[index]` in the shop's settings"
        );
    }
    Ok(())
}

/// What a folder brings. Articles that would never be an answer are left out.
pub(crate) fn folder(shop: &Shop, path: &Path) -> anyhow::Result<Articles> {
    let mut articles = Articles::load(path)?;
    leave_out_unknown_intents(shop, &mut articles)?;
    Ok(articles)
}

/// Leaves out articles that are filed under intents that there are not.
pub(crate) fn leave_out_unknown_intents(shop: &Shop, articles: &mut Articles) -> anyhow::Result<()> {
    let intents = shop.intents()?;
    let known: BTreeSet<&str> = intents.intents.iter().map(|intent| intent.label.id.as_str()).collect();
    let Articles { articles, mistakes } = articles;
    articles.retain(|article| {
        let unknown = article.intents.iter().find(|intent| !known.contains(intent.as_str()));
        if let Some(intent) = unknown {
            mistakes.push(Mistake {
                path: article.path.clone(),
                article: Some(article.id.clone()),
                line: article.intents_line,
                problem: format!("there is no intent `{intent}` in `{}`", shop.paths.intents.display()),
            });
        }
        unknown.is_none()
    });
    Ok(())
}
