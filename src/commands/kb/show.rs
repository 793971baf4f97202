//! `shopdesk kb show`: an article as it is, as it was, and when it was what.

use std::process::ExitCode;

use anyhow::Context as _;
use shopdesk_kb::{Article, ArticleId, Language};
use shopdesk_server::Origin;

use crate::articles::{RUNTIME, ShopArticles};
use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The article's id.
    id: String,
    /// Which translation; needed when there are several.
    #[arg(long)]
    language: Option<String>,
    /// An older text of it, as `--history` lists them.
    #[arg(long)]
    version: Option<String>,
    /// List which version was in force when.
    #[arg(long)]
    history: bool,
}

pub(super) fn run(shop: &Shop, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let articles = ShopArticles::open(shop)?;
    let id = &arguments.id;
    let in_force: Vec<_> =
        articles.shelf(shop)?.articles().into_iter().filter(|article| article.id.as_str() == id).collect();
    let language = match &arguments.language {
        Some(language) => language.clone(),
        None => only_language(id, &in_force)?,
    };
    if arguments.history {
        return history(&articles, id, &language);
    }
    let current = in_force.iter().find(|article| article.language.as_str() == language);
    match &arguments.version {
        Some(version) => {
            let kept = RUNTIME.block_on(articles.store.article_version(id, &language, version))?;
            let kept = kept.with_context(|| {
                format!("there never was a version `{version}` of `{id}` in `{language}`")
            })?;
            output::line(format_args!("# {}\n\n{}\n\n{}", kept.citation.title, kept.answer, kept.body))?;
        }
        None => {
            let article = current.with_context(|| {
                format!(
                    "no article `{id}` in `{language}` is in force; `--history` tells whether there was one"
                )
            })?;
            output::line(article.to_markdown().trim_end())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn only_language(id: &str, in_force: &[std::sync::Arc<Article>]) -> anyhow::Result<String> {
    let languages: Vec<&str> = in_force.iter().map(|article| article.language.as_str()).collect();
    match languages.as_slice() {
        [] => anyhow::bail!("no article `{id}` is in force: `shopdesk kb list` lists those that are"),
        [language] => Ok((*language).to_owned()),
        several => anyhow::bail!("`{id}` is there in {}: give `--language`", several.join(", ")),
    }
}

fn history(articles: &ShopArticles, id: &str, language: &str) -> anyhow::Result<ExitCode> {
    let article = ArticleId::new(id).with_context(|| format!("`{id}` cannot be an id"))?;
    let entries = RUNTIME.block_on(articles.store.history(&article, &Language::new(language)))?;
    anyhow::ensure!(!entries.is_empty(), "there never was an article `{id}` in `{language}`");
    for entry in entries {
        let origin = entry.origin.map(Origin::as_str).unwrap_or_default();
        let by = [origin, entry.actor.as_deref().unwrap_or_default()].join(" ");
        let what = match (&entry.version, &entry.replaced) {
            (Some(version), Some(replaced)) if version == replaced => format!("taken over as {version}"),
            (Some(version), Some(_)) => format!("changed to {version}"),
            (Some(version), None) => format!("added as {version}"),
            (None, _) => "withdrawn".to_owned(),
        };
        output::line(format_args!("{}  change {:<5} {by:<16} {what}", entry.at, entry.revision))?;
    }
    Ok(ExitCode::SUCCESS)
}
