//! `shopdesk kb list`: the articles in force.

use std::process::ExitCode;

use serde::Serialize;
use shopdesk_kb::Article;

use crate::articles::ShopArticles;
use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only articles in this language.
    #[arg(long)]
    language: Option<String>,
    /// Only articles under this intent.
    #[arg(long)]
    intent: Option<String>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// An article, and whether it holds now.
#[derive(Serialize)]
struct Line<'a> {
    version: &'a str,
    holds: bool,
    #[serde(flatten)]
    article: &'a Article,
}

pub(super) fn run(shop: &Shop, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let now = shop.now()?;
    let articles = ShopArticles::open(shop)?.shelf(shop)?.articles();
    let wanted = articles.iter().filter(|article| {
        arguments.language.as_deref().is_none_or(|language| language == article.language.as_str())
            && arguments.intent.as_ref().is_none_or(|intent| article.intents.contains(intent))
    });
    for article in wanted {
        let holds = article.validity.contains(now);
        if arguments.json {
            output::json(&Line { version: article.version.as_str(), holds, article })?;
        } else {
            let aside = if holds { "" } else { "  (does not hold now)" };
            output::line(format_args!(
                "{:<8} {:<32} {}  {}{aside}",
                article.language, article.id, article.version, article.title
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
