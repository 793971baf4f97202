//! `shopdesk eval dialogues`: whether follow-ups are understood that need what was said before, and what reading them so costs the others.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::civil::DateTime;
use shopdesk_eval::dialogues::{DialogueQuality, Way, dialogue_quality, read_dialogues};

use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  shopdesk eval dialogues --data shop/test/dialogues.jsonl

A line of the file is `{\"first\": \"…\", \"second\": \"…\", \"intent\": \"…\", \"articles\": [\"an-id\"], \"kind\": \"elliptical\"}`: two messages of
a shopper's, and what the second one means after the first. The kind `new_topic` is for second messages that need nothing.")]
pub(crate) struct Arguments {
    /// Dialogues of two messages.
    #[arg(long)]
    data: PathBuf,
    /// At what time of the shop's clock, such as 2026-11-22T12:00. Without it, now.
    #[arg(long)]
    at: Option<DateTime>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let dialogues = read_dialogues(&arguments.data)?;
    let triage = shop.triage()?;
    let at = arguments.at.map_or_else(|| shop.now(), Ok)?;
    let quality = dialogue_quality(&triage, &dialogues, at)?;
    if arguments.json {
        output::json(&quality)?;
    } else {
        print(&quality)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(quality: &DialogueQuality) -> anyhow::Result<()> {
    output::line(format_args!(
        "{} follow-ups that need what was said before, {} that do not",
        quality.follow_ups, quality.new_topics
    ))?;
    output::line(
        "  the second message read     right intent: follow-ups  new topics    all   answered  wrong intent  wrong article",
    )?;
    for (name, way) in [
        ("alone", &quality.alone),
        ("with the first one", &quality.joined),
        ("as the chat reads it", &quality.as_served),
    ] {
        let Way { follow_ups, new_topics, all, answered, wrong_intent, wrong_article } = way;
        output::line(format_args!(
            "  {name:<24}                {:>9.1} %   {:>8.1} % {:>6.1} %   {answered:>6}  {wrong_intent:>12}  {wrong_article:>13}",
            follow_ups * 100.0,
            new_topics * 100.0,
            all * 100.0
        ))?;
    }
    Ok(())
}
