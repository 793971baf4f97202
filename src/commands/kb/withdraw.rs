//! `shopdesk kb withdraw`: an article is in force no more.

use std::process::ExitCode;

use anyhow::Context as _;
use shopdesk_kb::import::{Change, Plan};
use shopdesk_server::Origin;

use crate::articles::ShopArticles;
use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The article's id.
    id: String,
    /// Only this translation; without it, all.
    #[arg(long)]
    language: Option<String>,
}

pub(super) fn run(shop: &Shop, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let articles = ShopArticles::open(shop)?;
    let shelf = articles.shelf(shop)?;
    let meant = shelf.articles().into_iter().filter(|article| {
        article.id.as_str() == arguments.id
            && arguments.language.as_deref().is_none_or(|language| language == article.language.as_str())
    });
    let changes: Vec<Change> = meant
        .map(|article| Change::Withdraw {
            id: article.id.clone(),
            language: article.language.clone(),
            old: article.version.clone(),
        })
        .collect();
    anyhow::ensure!(
        !changes.is_empty(),
        "no such article is in force: `shopdesk kb list` lists those that are"
    );
    let plan = Plan { changes, ..Plan::default() };
    let encoder = shop.encoder()?;
    articles.apply(&encoder, &shelf, &plan, Origin::File).context("nothing was withdrawn")?;
    for change in &plan.changes {
        output::line(change)?;
    }
    Ok(ExitCode::SUCCESS)
}
