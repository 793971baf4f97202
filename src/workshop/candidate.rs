//! What a new bundle is worth: run over the shop's test messages, compared with the bundle in use, and looked at by the gate.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use shopdesk_eval::{Limits, save};
use shopdesk_server::{
    Candidate, Check, Comparison, FigureChange, IntentChange, MessageChange, TrainingStep, mask,
};
use shopdesk_triage::Triage;

use crate::evaluation::{Manner, observe};
use crate::shop::Shop;

/// How many messages that got worse are shown.
const WORSE: usize = 20;
/// How many intents are shown.
const INTENTS: usize = 20;

/// What a candidate has to keep, and on which messages.
pub(super) struct Gate {
    test: PathBuf,
    limits: Limits,
}

impl Gate {
    /// That of the shop; nothing when it has no test messages. Before minutes of training, so that what is missing is said at once.
    pub(super) fn of(shop: &Shop) -> anyhow::Result<Option<Self>> {
        let Some(test) = shop.paths.test.clone() else { return Ok(None) };
        anyhow::ensure!(
            test.exists(),
            "`paths.test` names `{}`, which is not there: give labelled messages, or leave the key out",
            test.display()
        );
        let limits = match &shop.paths.limits {
            Some(path) => Limits::load(path)?,
            None => Limits::of_a_successor(),
        };
        Ok(Some(Self { test, limits }))
    }
}

/// The candidate with what the test messages say of it. The pipelines are the one in use and the candidate's.
pub(super) fn measured(
    shop: &Shop,
    Gate { test, limits }: &Gate,
    candidate: Candidate,
    (running, new): (&Triage, &Triage),
    threads: Option<NonZeroUsize>,
    mut progress: impl FnMut(TrainingStep, usize, usize),
) -> anyhow::Result<Candidate> {
    let manner = Manner { threads, ..Manner::default() };
    let before = observe(shop, test, running, manner, |done, of| {
        progress(TrainingStep::AssessRunning, done, of);
    })?;
    let after =
        observe(shop, test, new, manner, |done, of| progress(TrainingStep::AssessCandidate, done, of))?;
    let comparison = shopdesk_eval::Comparison::of(&before, &after)?;
    let report = after.report();
    let checks = limits.check(&report, Some(&comparison));
    let folder = shop.report_folder(candidate.bundle.as_str())?;
    save(&folder, &report, &after.observations, false)?;
    let checks =
        checks.into_iter().map(|check| Check { limit: check.limit, found: check.found, kept: check.kept });
    Ok(Candidate {
        checks: checks.collect(),
        comparison: Some(shown(running, comparison)),
        report: folder.file_name().map(|name| name.to_string_lossy().into_owned()),
        ..candidate
    })
}

/// As much of a comparison as somebody reads before a decision; the report has the rest.
fn shown(running: &Triage, comparison: shopdesk_eval::Comparison) -> Comparison {
    let figures = comparison.differences.into_iter().map(|(name, difference)| FigureChange {
        name: name.to_owned(),
        running: difference.first,
        candidate: difference.second,
        interval: difference.interval,
    });
    let mut intents: Vec<IntentChange> = comparison
        .intents
        .into_iter()
        .map(|change| IntentChange {
            intent: change.id,
            messages: change.first.whole,
            running: change.first.or_zero(),
            candidate: change.second.or_zero(),
            p_value: change.corrected_p_value,
        })
        .filter(|change| (change.candidate - change.running).abs() > f64::EPSILON)
        .collect();
    // Those that lost the most stand first, those that gained the most last.
    if intents.len() > INTENTS {
        intents.drain(INTENTS / 2..intents.len() - INTENTS / 2);
    }
    let worse = comparison.worse.into_iter().take(WORSE).map(|change| MessageChange {
        text: mask(&change.text).into_owned(),
        expected: change.expected,
        running: change.first,
        candidate: change.second,
    });
    Comparison {
        running: running.bundle_id().clone(),
        messages: comparison.messages,
        only_running_right: comparison.mcnemar.only_first_right,
        only_candidate_right: comparison.mcnemar.only_second_right,
        p_value: comparison.mcnemar.p_value,
        figures: figures.collect(),
        intents,
        worse: worse.collect(),
    }
}
