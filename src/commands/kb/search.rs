//! `shopdesk kb search`: the articles that answer a message, as the chat would look them up.

use std::process::ExitCode;

use serde::Serialize;
use shopdesk_kb::{Filter, Language, Part};
use shopdesk_model::{Probability, Role};
use shopdesk_triage::{RankedArticle, detect_language, languages_for};

use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The message.
    message: String,
    /// Only articles in this language. Without it, in those that a reader of the message's language can read.
    #[arg(long)]
    language: Option<String>,
    /// For readers of this audience, beside what everybody may read.
    #[arg(long)]
    audience: Vec<String>,
    /// How many articles.
    #[arg(long, default_value_t = 5)]
    limit: usize,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    language: &'a str,
    version: &'a str,
    title: &'a str,
    probability: Probability,
    similarity: f32,
    lexical: f32,
    part: Part,
}

pub(super) fn run(shop: &Shop, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let triage = shop.triage()?;
    let text = shopdesk_triage::redact(&arguments.message);
    let embedded = triage.encoder().embed(&text, Role::Query)?;
    let languages = match &arguments.language {
        Some(language) => vec![Language::new(language.as_str())],
        None => languages_for(detect_language(&arguments.message)),
    };
    let mut filter = Filter::new(languages, shop.now()?);
    filter.audience.clone_from(&arguments.audience);
    let mut found = triage.search(&text, &embedded.embedding, &filter)?;
    found.truncate(arguments.limit);
    if !arguments.json {
        output::line("answers  cosine  words  article")?;
    }
    for RankedArticle { hit, probability } in found {
        let article = &hit.article;
        if arguments.json {
            output::json(&Line {
                id: article.id.as_str(),
                language: article.language.as_str(),
                version: article.version.as_str(),
                title: &article.title,
                probability,
                similarity: hit.similarity,
                lexical: hit.lexical,
                part: hit.part,
            })?;
        } else {
            output::line(format_args!(
                "{:>7.3}  {:>6.3}  {:>5.1}  {:<4} {:<28} {}",
                probability.get(),
                hit.similarity,
                hit.lexical,
                article.language,
                article.id,
                article.title
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
