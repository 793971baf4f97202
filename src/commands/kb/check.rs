//! `shopdesk kb check`: mistakes in the articles of the shop's folder.

use std::process::ExitCode;

use crate::articles::folder;
use crate::output;
use crate::shop::Shop;

pub(super) fn run(shop: &Shop) -> anyhow::Result<ExitCode> {
    let articles = folder(shop, &shop.paths.articles)?;
    for mistake in &articles.mistakes {
        output::line(mistake)?;
    }
    output::line(format_args!("{} articles, {} mistakes", articles.articles.len(), articles.mistakes.len()))?;
    Ok(if articles.mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
