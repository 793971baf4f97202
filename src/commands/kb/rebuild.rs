//! `shopdesk kb rebuild`: everything that is made from the articles, made again.

use std::process::ExitCode;

use crate::articles::ShopArticles;
use crate::output;
use crate::shop::Shop;

pub(super) fn run(shop: &Shop) -> anyhow::Result<ExitCode> {
    let encoder = shop.encoder()?;
    let articles = ShopArticles::open(shop)?;
    let in_force = articles.shelf(shop)?.articles();
    let passages = articles.rebuild(shop, &encoder, &in_force)?;
    output::line(format_args!("{} articles in {passages} passages", in_force.len()))?;
    Ok(ExitCode::SUCCESS)
}
