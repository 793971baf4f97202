//! `shopdesk kb`: check the articles, search them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use shopdesk_kb::{Filter, Hit, Language, Mistake};
use shopdesk_model::Role;

use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Read all articles and list their mistakes.
    #[command(after_help = "Example:\n  shopdesk kb check")]
    Check,
    /// Find the articles that a message is the closest to.
    #[command(after_help = "Example:\n  shopdesk kb search --language zh 运费谁出")]
    Search {
        /// The message.
        message: String,
        /// Only articles in this language.
        #[arg(long)]
        language: Option<String>,
        /// How many articles.
        #[arg(long, default_value_t = 5)]
        limit: usize,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    match &arguments.action {
        Action::Check => check(&shop),
        Action::Search { message, language, limit, json } => {
            search(&shop, message, language.as_deref(), *limit, *json)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check(shop: &Shop) -> anyhow::Result<ExitCode> {
    let articles = shopdesk_kb::Articles::load(&shop.paths.articles)?;
    let intents = shop.intents()?;
    let known: BTreeSet<&str> = intents.intents.iter().map(|intent| intent.label.id.as_str()).collect();
    let mut mistakes = articles.mistakes.clone();
    for article in &articles.articles {
        for intent in article.intents.iter().filter(|intent| !known.contains(intent.as_str())) {
            let problem = format!("there is no intent `{intent}` in `{}`", shop.paths.intents.display());
            mistakes.push(Mistake { path: article.path.clone(), line: article.intents_line, problem });
        }
    }
    for mistake in &mistakes {
        output::line(mistake)?;
    }
    output::line(format_args!("{} articles, {} mistakes", articles.articles.len(), mistakes.len()))?;
    Ok(if mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    language: &'a str,
    version: &'a str,
    title: &'a str,
    similarity: f32,
}

fn search(
    shop: &Shop,
    message: &str,
    language: Option<&str>,
    limit: usize,
    json: bool,
) -> anyhow::Result<()> {
    let encoder = shop.encoder()?;
    let knowledge_base = shop.knowledge_base(&encoder)?;
    let embedded = encoder.embed(&shopdesk_triage::redact(message), Role::Query)?;
    let filter = Filter { languages: language.map(Language::new).into_iter().collect(), day: shop.today()? };
    for Hit { article, similarity, .. } in
        knowledge_base.index().search(embedded.embedding.as_slice(), &filter, limit)?
    {
        if json {
            output::json(&Line {
                id: article.id.as_str(),
                language: article.language.as_str(),
                version: article.version.as_str(),
                title: &article.title,
                similarity,
            })?;
        } else {
            output::line(format_args!(
                "{similarity:.3}  {:<4} {:<28} {}",
                article.language, article.id, article.title
            ))?;
        }
    }
    Ok(())
}
