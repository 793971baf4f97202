//! `shopdesk classify`: what messages mean and what would be done with them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;
use shopdesk_model::{Probability, SentimentGuess};
use shopdesk_triage::{Assessment, Decision, Entity, RuleName};

use super::texts_or_lines;
use crate::output;
use crate::shop::Shop;

/// How many intents are printed.
const PRINTED: usize = 3;

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  shopdesk classify 退款怎么还没到\n  shopdesk classify --file messages.txt > classified.jsonl"
)]
pub(crate) struct Arguments {
    /// A file with a message a line.
    #[arg(long, conflicts_with = "messages")]
    file: Option<PathBuf>,
    /// The messages; lines of standard input when there is neither a message nor a file.
    messages: Vec<String>,
}

/// One message, as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    language: &'static str,
    language_confidence: Probability,
    intent: &'a str,
    confidence: f64,
    alternatives: Vec<Alternative<'a>>,
    out_of_scope: Probability,
    sentiment: Option<SentimentGuess>,
    entities: &'a [Entity],
    human_request: Option<&'a RuleName>,
    priority: &'static str,
    raised_by: &'a [RuleName],
    decision: &'static str,
    reason: Option<&'static str>,
    article: Option<&'a str>,
    bundle: &'a str,
    truncated: bool,
}

#[derive(Serialize)]
struct Alternative<'a> {
    intent: &'a str,
    confidence: Probability,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let messages = match &arguments.file {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
            Some(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
        }
        None => Some(arguments.messages.clone()).filter(|messages| !messages.is_empty()),
    };
    let triage = shop.triage()?;
    let now = shop.now()?;
    for message in texts_or_lines(messages.as_deref()) {
        let message = message?;
        print(&message, &triage.assess(&message, now)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(text: &str, assessment: &Assessment) -> anyhow::Result<()> {
    let evidence = &assessment.evidence;
    let likeliest = evidence.intents.first();
    let (decision, reason, article) = match &assessment.decision {
        Decision::Answer { article, .. } => ("answer", None, Some(article.hit.article.id.as_str())),
        Decision::Clarify { .. } => ("clarify", None, None),
        Decision::Escalate { reason } => ("escalate", Some(reason.as_str()), None),
    };
    output::json(&Line {
        text,
        language: evidence.signals.language.language.tag(),
        language_confidence: evidence.signals.language.confidence,
        intent: likeliest.map_or("", |intent| intent.label.id.as_str()),
        confidence: likeliest.map_or(0.0, |intent| intent.confidence.get()),
        alternatives: evidence
            .intents
            .iter()
            .take(PRINTED)
            .skip(1)
            .map(|intent| Alternative { intent: intent.label.id.as_str(), confidence: intent.confidence })
            .collect(),
        out_of_scope: evidence.out_of_scope,
        sentiment: evidence.sentiment,
        entities: &evidence.signals.entities,
        human_request: evidence.signals.human_request.as_ref(),
        priority: assessment.urgency.priority.as_str(),
        raised_by: &assessment.urgency.raised_by,
        decision,
        reason,
        article,
        bundle: assessment.bundle.as_str(),
        truncated: assessment.truncated,
    })
}
