//! `shopdesk kb export`: a folder that `kb import` reads.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::articles::ShopArticles;
use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to; a folder for each language is made in it.
    folder: PathBuf,
}

pub(super) fn run(shop: &Shop, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let is_empty = std::fs::read_dir(&arguments.folder).map_or(true, |mut entries| entries.next().is_none());
    anyhow::ensure!(
        is_empty,
        "`{}` is not empty: what lies there would be imported with the articles; give another folder",
        arguments.folder.display()
    );
    let articles = ShopArticles::open(shop)?.shelf(shop)?.articles();
    for article in &articles {
        let folder = arguments.folder.join(article.language.as_str());
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        let file = folder.join(format!("{}.md", article.id));
        std::fs::write(&file, article.to_markdown())
            .with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    output::line(format_args!("{} articles in `{}`", articles.len(), arguments.folder.display()))?;
    Ok(ExitCode::SUCCESS)
}
