//! `shopdesk eval search`: how well the knowledge base finds the right article.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::civil::DateTime;
use shopdesk_eval::search_quality::{SearchQuality, read_questions, search_quality};
use shopdesk_eval::statistics::Share;

use crate::output::{self, percent};
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  shopdesk eval search --data shop/test/questions.jsonl

A line of the file is `{\"text\": \"…\", \"articles\": [\"an-id\"]}`: a shopper's question and the articles that answer it, none of them when
nothing does.")]
pub(crate) struct Arguments {
    /// Questions with the articles that answer them.
    #[arg(long)]
    data: PathBuf,
    /// At what time of the shop's clock, such as 2026-11-22T12:00; articles hold or do not hold by it. Without it, now.
    #[arg(long)]
    at: Option<DateTime>,
    /// List the questions whose first article is wrong.
    #[arg(long)]
    missed: bool,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let questions = read_questions(&arguments.data)?;
    let triage = shop.triage()?;
    let at = arguments.at.map_or_else(|| shop.now(), Ok)?;
    let quality = search_quality(&triage, &questions, at)?;
    if arguments.json {
        output::json(&quality)?;
    } else {
        print(&quality, arguments.missed)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(quality: &SearchQuality, missed: bool) -> anyhow::Result<()> {
    output::line(format_args!(
        "{} questions with an answer, {} without",
        quality.answerable, quality.unanswerable
    ))?;
    output::line("                                 hit@1             hit@3            MRR   nDCG@10")?;
    for way in &quality.found_by {
        let questions = if way.similar_questions { "with" } else { "without" };
        output::line(format_args!(
            "  {:<8} {questions:>8} similar  {:<16}  {:<16}  {:.3}  {:.3}",
            way.ranking,
            share(&way.hit_at_1),
            share(&way.hit_at_3),
            way.mrr,
            way.ndcg_at_10
        ))?;
    }
    let probability = &quality.answer_probability;
    let figure = |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.3}"));
    output::line(format_args!(
        "The probability that there is an answer: AUROC {}, calibration error {} (of the first article's own: {})",
        figure(probability.auroc),
        figure(probability.calibration_error),
        figure(probability.first_article_calibration_error)
    ))?;
    if missed {
        for miss in &quality.missed {
            output::line(format_args!(
                "{:.3}  {}\n       right: {}; found: {}",
                miss.answer_probability,
                miss.text,
                miss.right.join(", "),
                miss.found.join(", ")
            ))?;
        }
    }
    Ok(())
}

fn share(share: &Share) -> String {
    let interval = share.interval.map(|[low, high]| format!(" ({:.0}-{:.0})", low * 100.0, high * 100.0));
    format!("{}{}", share.share.map_or_else(|| "-".to_owned(), percent), interval.unwrap_or_default())
}
