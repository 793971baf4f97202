//! `shopdesk kb import`: what changes is printed before it is changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use shopdesk_kb::import::{Plan, TableDefaults, TableFormat, article_of_html, read_table};
use shopdesk_kb::{Articles, Language, Mistake};
use shopdesk_server::Origin;

use crate::articles::{RUNTIME, ShopArticles, folder, leave_out_unknown_intents};
use crate::output;
use crate::shop::Shop;

pub(super) const EXAMPLES: &str = "\
Examples:
  shopdesk kb import                                                the shop's folder of articles
  shopdesk kb import --dry-run                                      what it would change
  shopdesk kb import faq.csv --language zh --intent product_info    columns `question` and `answer`
  shopdesk kb import returns.html --language en --intent return_request
  shopdesk kb import --overwrite                                    also what was changed in the console

The shop's own folder is complete: an article that came from it and is not in it any more is withdrawn. Other folders and
files add to what is there and change it; `kb withdraw` takes out what came from them. What somebody changed or withdrew in the console is
left alone and listed as kept; `--overwrite` replaces it, and a text that says the same takes it over. A broken article is reported and stays as it was; the others are imported. Texts that were in force
stay readable for good.";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A folder of Markdown articles, or a file: CSV, JSON lines, HTML or Markdown. Without it, the shop's folder.
    path: Option<PathBuf>,
    /// The folder is complete like the shop's own: withdraw what came from a folder and is not in this one.
    #[arg(long)]
    complete: bool,
    /// Replace what was changed or withdrawn in the console, too.
    #[arg(long)]
    overwrite: bool,
    /// Print what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// The language of a table's rows without one, and of pages.
    #[arg(long)]
    language: Option<String>,
    /// The intent of a table's rows without any, and of pages; several times for several.
    #[arg(long)]
    intent: Vec<String>,
}

pub(super) fn run(shop: &Shop, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = arguments.path.as_deref().unwrap_or(&shop.paths.articles);
    let is_complete = path.is_dir() && (arguments.complete || path == shop.paths.articles);
    let brought = read(shop, path, arguments)?;
    anyhow::ensure!(
        !brought.articles.is_empty() || !brought.mistakes.is_empty(),
        "there is no article in `{}`: nothing was changed",
        path.display()
    );
    let articles = ShopArticles::open(shop)?;
    let origin = if is_complete { Origin::Folder } else { Origin::File };
    let shelf = if is_complete || arguments.dry_run {
        RUNTIME.block_on(articles.store.articles())?
    } else {
        // What is added is added to the shop's own articles.
        articles.shelf(shop)?
    };
    let mut plan = Plan::new(&shelf.standings(origin), &brought.articles, &brought.mistakes);
    if arguments.overwrite {
        plan = plan.overwriting();
    }
    for mistake in &brought.mistakes {
        output::line(format_args!("left out   {mistake}"))?;
    }
    for change in &plan.changes {
        output::line(change)?;
    }
    for kept in &plan.kept_aside {
        let (id, language) = kept.name();
        output::line(format_args!(
            "kept       {language:<8} {id}  (changed in the console; `--overwrite` replaces it)"
        ))?;
    }
    let (added, changed, withdrawn) = plan.counts();
    output::line(format_args!(
        "{added} added, {changed} changed, {withdrawn} withdrawn, {} unchanged, {} kept, {} left out",
        plan.unchanged,
        plan.kept_aside.len(),
        brought.mistakes.len()
    ))?;
    if !arguments.dry_run && !plan.changes.is_empty() {
        let encoder = shop.encoder()?;
        articles.apply(&encoder, &shelf, &plan, origin)?;
        output::line("imported; a running server takes it over within seconds")?;
    }
    Ok(if brought.mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(shop: &Shop, path: &Path, arguments: &Arguments) -> anyhow::Result<Articles> {
    if path.is_dir() {
        return folder(shop, path);
    }
    let mut brought = read_file(path, arguments)?;
    leave_out_unknown_intents(shop, &mut brought)?;
    Ok(brought)
}

fn read_file(path: &Path, arguments: &Arguments) -> anyhow::Result<Articles> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let language = arguments.language.as_deref().map(Language::new);
    let intents: BTreeSet<String> = arguments.intent.iter().cloned().collect();
    if let Some(format) = TableFormat::of(path) {
        let defaults = TableDefaults { language, intents };
        return Ok(read_table(path, &text, format, &defaults));
    }
    let mut articles = Articles::default();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("md") => match shopdesk_kb::Article::parse(path, &text) {
            Ok(article) => articles.articles.push(Arc::new(article)),
            Err(mistakes) => articles.mistakes = mistakes,
        },
        Some("html" | "htm") => {
            let language = language.context("a page does not say its language: give `--language`")?;
            anyhow::ensure!(!intents.is_empty(), "a page does not say what it answers: give `--intent`");
            match article_of_html(path, &text, language, intents) {
                Ok(article) => articles.articles.push(Arc::new(article)),
                Err(error) => articles.mistakes.push(Mistake {
                    path: path.to_path_buf(),
                    article: None,
                    line: None,
                    problem: error.to_string(),
                }),
            }
        }
        _ => anyhow::bail!(
            "`{}` is neither a folder nor a file that ends in `.csv`, `.jsonl`, `.html` or `.md`",
            path.display()
        ),
    }
    Ok(articles)
}
