//! `shopdesk kb check`: mistakes in the articles of the shop's folder.

use std::process::ExitCode;

use crate::articles::unknown_intents;
use crate::output;
use crate::shop::Shop;

pub(super) fn run(shop: &Shop) -> anyhow::Result<ExitCode> {
    let articles = shopdesk_kb::Articles::load(&shop.paths.articles)?;
    let mut mistakes = articles.mistakes.clone();
    mistakes.extend(unknown_intents(shop, &articles)?);
    for mistake in &mistakes {
        output::line(mistake)?;
    }
    output::line(format_args!("{} articles, {} mistakes", articles.articles.len(), mistakes.len()))?;
    Ok(if mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
