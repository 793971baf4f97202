//! `shopdesk data check`: what is wrong with examples, as people and programs read it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use shopdesk_model::data_check::{CheckOptions, Finding, Located, Severity, Stage, check};
use shopdesk_model::intents::{IntentId, Intents};
use shopdesk_triage::redact;

use crate::output::{self, percent};
use crate::progress::Progress;
use crate::shop::Shop;
use crate::training::add_labels;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Check these, a file or a folder of any known format, instead of what `shopdesk train` learns from: the shop's intents and
    /// corrections.
    #[arg(long)]
    intents: Option<PathBuf>,
    /// Messages for testing: none of them should be among the examples. Those of the shop, for its own intents, when not given.
    #[arg(long)]
    test: Option<PathBuf>,
    /// The least cosine of two messages' embeddings for them to mean almost the same.
    #[arg(long, default_value_t = 0.97)]
    near: f32,
    /// How many examples an intent should have.
    #[arg(long, default_value_t = 10)]
    fewest: usize,
    /// How many findings of a kind are printed.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Print all findings as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Everything that was found.
#[derive(Serialize)]
struct Report {
    messages: usize,
    intents: usize,
    errors: usize,
    warnings: usize,
    findings: Vec<Graded>,
}

/// A finding that says how grave it is.
#[derive(Serialize)]
struct Graded {
    severity: Severity,
    #[serde(flatten)]
    finding: Finding,
}

pub(super) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let path = arguments.intents.as_ref().unwrap_or(&shop.paths.intents);
    let (mut intents, mistakes) = Intents::load_with_mistakes(path)?;
    if arguments.intents.is_none() {
        add_labels(&shop, &mut intents)?;
    }
    let mut findings: Vec<Finding> = mistakes.into_iter().map(Finding::from).collect();
    let test = arguments.test(&shop).map(Intents::load_with_mistakes).transpose()?;
    let test = test.map(|(test, mistakes)| {
        findings.extend(mistakes.into_iter().map(Finding::from));
        test
    });
    let encoder = shop.encoder()?;
    let options = CheckOptions { near: arguments.near, fewest: arguments.fewest };
    let bars = [Progress::new("embedding"), Progress::new("predicting each without itself")];
    let mask = |text: &str| redact(text).into_owned();
    findings.extend(check(&encoder, &intents, test.as_ref(), options, &mask, |stage, done, of| {
        let bar = match stage {
            Stage::Embed => &bars[0],
            Stage::Predict => &bars[1],
        };
        bar.report(done, of);
    })?);
    drop(bars);
    let report = Report::of(&intents, findings);
    if arguments.json {
        output::json(&report)?;
    } else {
        report.print(arguments.limit)?;
    }
    Ok(if report.errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Arguments {
    /// The messages for testing. The shop's say nothing of the intents of somebody else.
    fn test<'a>(&'a self, shop: &'a Shop) -> Option<&'a Path> {
        let of_shop = shop.paths.test.as_deref().filter(|_| self.intents.is_none());
        self.test.as_deref().or(of_shop)
    }
}

impl Report {
    fn of(intents: &Intents, findings: Vec<Finding>) -> Self {
        let findings: Vec<Graded> =
            findings.into_iter().map(|finding| Graded { severity: finding.severity(), finding }).collect();
        let errors = findings.iter().filter(|graded| graded.severity == Severity::Error).count();
        let examples: usize = intents.intents.iter().map(|intent| intent.examples.len()).sum();
        Self {
            messages: examples + intents.out_of_scope.len(),
            intents: intents.intents.len(),
            errors,
            warnings: findings.len() - errors,
            findings,
        }
    }

    /// Kind by kind, each with what to do about it.
    fn print(&self, limit: usize) -> std::io::Result<()> {
        let kinds = self.findings.chunk_by(|a, b| kind(&a.finding) == kind(&b.finding));
        for findings in kinds {
            let (what, remedy) = kind(&findings[0].finding);
            output::line(format_args!("{what} ({}): {remedy}", findings.len()))?;
            for Graded { severity, finding } in findings.iter().take(limit) {
                let severity = match severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                };
                for (number, line) in lines(finding).iter().enumerate() {
                    match number {
                        0 => output::line(format_args!("  {severity}: {line}"))?,
                        _ => output::line(format_args!("    {line}"))?,
                    }
                }
            }
            if findings.len() > limit {
                output::line(format_args!(
                    "  and {} more: `--limit` prints more of them, `--json` all",
                    findings.len() - limit
                ))?;
            }
        }
        output::line(format_args!(
            "{} messages, {} intents: {} errors, {} warnings",
            self.messages, self.intents, self.errors, self.warnings
        ))
    }
}

/// What it is, and what to do about it.
fn kind(finding: &Finding) -> (&'static str, &'static str) {
    match finding {
        Finding::Mistake { .. } => {
            ("mistakes in the files", "correct them, they hide what stands around them")
        }
        Finding::SameText { .. } => {
            ("the same text under two intents", "a message has one intent, keep one of each")
        }
        Finding::SameWords { .. } => (
            "the same words under two intents",
            "they differ in case, width or punctuation alone, keep one of each",
        ),
        Finding::NearDuplicate { .. } => (
            "almost the same under two intents, the nearest first",
            "if they mean the same, file them under the same intent",
        ),
        Finding::TooFewExamples { .. } => ("too few examples", "write more, as shoppers really write"),
        Finding::UnlikelyLabel { .. } => (
            "doubtful labels, the most doubtful first",
            "file them elsewhere if they are wrong; leave them if they are right",
        ),
        Finding::Leak { similarity: None, .. } => (
            "test messages that are among the examples",
            "a test on them says too much good, remove them from one side",
        ),
        Finding::Leak { similarity: Some(_), .. } => (
            "test messages that are almost among the examples, the nearest first",
            "if they were copied, remove them from one side",
        ),
    }
}

/// The finding for people, with file and line.
fn lines(finding: &Finding) -> Vec<String> {
    match finding {
        Finding::Mistake { path, line, problem } => {
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            vec![format!("{}{line}: {problem}", path.display())]
        }
        Finding::SameText { messages } | Finding::SameWords { messages } => {
            messages.iter().map(shown).collect()
        }
        Finding::NearDuplicate { similarity, messages: [first, second] } => {
            vec![format!("{similarity:.3}  {}", shown(first)), format!("       {}", shown(second))]
        }
        Finding::TooFewExamples { intent, examples, wanted, path } => {
            let path = path.as_ref().map(|path| format!("{}: ", path.display())).unwrap_or_default();
            vec![format!("{path}`{intent}` has {examples}, it should have {wanted}")]
        }
        Finding::UnlikelyLabel { message, confidence, likelier, likelier_confidence } => vec![format!(
            "{} ({}), likelier {} ({})",
            shown(message),
            percent(*confidence),
            name(likelier.as_ref()),
            percent(*likelier_confidence)
        )],
        Finding::Leak { similarity, test, training } => {
            let similarity = similarity.map(|similarity| format!("{similarity:.3}  ")).unwrap_or_default();
            vec![format!("{similarity}{}", shown(test)), format!("among the examples: {}", shown(training))]
        }
    }
}

fn shown(located: &Located) -> String {
    let Located { text, intent, path, line } = located;
    format!("{}:{line}: `{text}` is {}", path.display(), name(intent.as_ref()))
}

fn name(intent: Option<&IntentId>) -> &str {
    intent.map_or("out of scope", IntentId::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shops_test_messages_are_looked_for_among_its_own_intents() {
        let shop = Shop::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("shop")).unwrap();
        let path = |path: &str| Some(PathBuf::from(path));
        let test = |intents: Option<PathBuf>, test: Option<PathBuf>| {
            let arguments = Arguments { intents, test, near: 0.97, fewest: 10, limit: 20, json: false };
            arguments.test(&shop).map(Path::to_path_buf)
        };
        assert_eq!(test(None, None), shop.paths.test);
        assert_eq!(test(None, path("a.csv")), path("a.csv"));
        assert_eq!(test(path("nlu.yml"), path("a.csv")), path("a.csv"));
        assert_eq!(test(path("nlu.yml"), None), None);
        assert!(shop.paths.test.is_some());
    }
}
