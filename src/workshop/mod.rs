//! The console's workshop: trains, compares and switches bundles with the same code as the commands, while the server serves.
//!
//! ```text
//! data/
//!   corrections.jsonl   what people labelled and a supervisor approved of, written anew for each training
//!   candidate/          the bundle that the last training made
//!   bundle/             the bundle in use: to put another one here is to switch
//!   bundles/ID/         bundles that are kept, to go back to
//!   workshop.json       the last training, and which bundle was before which
//! ```

mod candidate;
mod memory;
mod shelf;

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use jiff::Timestamp;
use shopdesk_model::classifier::{BundleId, Stage};
use shopdesk_model::write_file;
use shopdesk_server::{
    Assessor, Bundles, Candidate, GateVerdict, LabelledExample, Training, TrainingState, TrainingStep,
    Workshop, WorkshopError,
};

use crate::articles::ShopArticles;
use crate::promise::Promised;
use crate::shop::Shop;
use crate::training::{Material, Step, learn};
use candidate::Gate;
use memory::Memory;

/// The workshop of a shop. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ShopWorkshop {
    shop: Arc<Shop>,
    articles: ShopArticles,
    assessor: Assessor,
    memory: Arc<Memory>,
    /// Held by whoever changes which bundle is in use.
    choosing: Arc<Mutex<()>>,
}

impl ShopWorkshop {
    /// Opens the workshop, and keeps a copy of the bundle in use.
    pub(crate) fn open(shop: Arc<Shop>, articles: ShopArticles, assessor: Assessor) -> Self {
        let memory = Arc::new(Memory::open(shop.paths.data.join("workshop.json")));
        let workshop = Self { shop, articles, assessor, memory, choosing: Arc::default() };
        if let Err(problem) = workshop.notice_chosen() {
            tracing::warn!("the bundle in use is not kept to go back to: {problem:#}");
        }
        workshop
    }

    fn candidate_folder(&self) -> PathBuf {
        self.shop.paths.data.join("candidate")
    }

    /// What a training does, on a thread of its own. However it ends, that is kept.
    fn work(&self) {
        let made = catch_unwind(AssertUnwindSafe(|| self.make_candidate()));
        let at = Timestamp::now();
        let state = match made {
            Ok(Ok(candidate)) => {
                tracing::info!(bundle = %candidate.bundle, verdict = ?candidate.verdict(), "a candidate is trained");
                TrainingState::Finished { at, candidate: Box::new(candidate) }
            }
            Ok(Err(problem)) => {
                tracing::error!("a training failed, the bundle in use stays: {problem:#}");
                TrainingState::Failed { at, problem: format!("{problem:#}") }
            }
            Err(_) => {
                TrainingState::Failed { at, problem: "a fault in shopdesk, which the log has".to_owned() }
            }
        };
        self.end(state);
    }

    /// Keeps how the training ended. Before that no other one may begin: it would be taken for this one.
    fn end(&self, state: TrainingState) {
        let kept = self.memory.change(|contents| {
            if let Some(training) = &mut contents.training {
                training.state = state.clone();
            }
        });
        if let Err(problem) = kept {
            tracing::error!("how the training ended is not on disk: {problem:#}");
            self.memory.progress(state);
        }
    }

    fn make_candidate(&self) -> anyhow::Result<Candidate> {
        let threads = Some(background_threads());
        let gate = Gate::of(&self.shop)?;
        let material = Material::of(&self.shop)?;
        let running = self.assessor.triage();
        let promised = Promised::in_store(&self.shop, &self.articles.store)?;
        let bundle =
            learn(&promised.promise, running.encoder(), &material, None, threads, |step, done, of| {
                self.report(step_of(step), done, of);
            })?;
        bundle.save(&self.candidate_folder())?;
        // As a server would load it.
        let bundle = self.shop.bundle_in(&self.candidate_folder(), running.encoder(), &promised)?;
        let candidate = Candidate {
            bundle: bundle.id()?,
            promise: bundle.thresholds().promise.clone(),
            accuracy: bundle.metrics().accuracy,
            learnt: material.learnt,
            comparison: None,
            checks: Vec::new(),
            report: None,
        };
        let Some(gate) = gate else { return Ok(candidate) };
        let triage = running.with_bundle(bundle)?;
        self.articles.provide_answers(&triage)?;
        candidate::measured(&self.shop, &gate, candidate, (&running, &triage), threads, |step, done, of| {
            self.report(step, done, of);
        })
    }

    fn report(&self, step: TrainingStep, done: usize, of: usize) {
        self.memory.progress(TrainingState::Running { step, done, of });
    }

    /// Writes what people labelled to where `shopdesk train` finds it, too.
    fn keep_examples(&self, examples: &[LabelledExample]) -> anyhow::Result<()> {
        let path = self.shop.corrections();
        if examples.is_empty() {
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
                }
                _ => Ok(()),
            };
        }
        let lines = examples.iter().map(|LabelledExample { text, intent }| {
            serde_json::json!({ "text": text, "intent": intent }).to_string() + "\n"
        });
        Ok(write_file(&path, lines.collect::<String>().as_bytes())?)
    }
}

impl Workshop for ShopWorkshop {
    fn train(&self, examples: Vec<LabelledExample>, by: &str) -> Result<(), WorkshopError> {
        let state = TrainingState::Running { step: TrainingStep::Embed, done: 0, of: 0 };
        let training =
            Training { started_at: Timestamp::now(), by: by.to_owned(), examples: examples.len(), state };
        let is_free = self.memory.change(|contents| {
            let runs = contents
                .training
                .as_ref()
                .is_some_and(|training| matches!(training.state, TrainingState::Running { .. }));
            if !runs {
                contents.training = Some(training);
            }
            !runs
        });
        if !is_free.map_err(failed)? {
            return Err(WorkshopError::Busy);
        }
        let begun = self.keep_examples(&examples).and_then(|()| {
            let workshop = self.clone();
            let training = std::thread::Builder::new().name("training".to_owned());
            training.spawn(move || workshop.work()).context("cannot begin a thread").map(drop)
        });
        begun.map_err(|problem| {
            let state = TrainingState::Failed { at: Timestamp::now(), problem: format!("{problem:#}") };
            self.end(state);
            failed(problem)
        })
    }

    fn training(&self) -> Option<Training> {
        self.memory.contents().training
    }

    fn bundles(&self) -> Result<Bundles, WorkshopError> {
        let _one_at_a_time = self.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        self.shelf().map_err(failed)
    }

    fn switch(&self, wanted: &BundleId, in_spite_of_the_gate: bool) -> Result<(), WorkshopError> {
        let _one_at_a_time = self.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Training { state: TrainingState::Finished { candidate, .. }, .. }) = self.training() else {
            return Err(WorkshopError::NoCandidate);
        };
        if candidate.bundle != *wanted {
            return Err(WorkshopError::Overtaken);
        }
        if candidate.verdict() != GateVerdict::Passed && !in_spite_of_the_gate {
            return Err(WorkshopError::Refused);
        }
        self.choose(&self.candidate_folder(), &candidate.bundle, |contents, replaced| {
            contents.before.push(replaced);
        })
    }

    fn roll_back(&self, wanted: &BundleId) -> Result<(), WorkshopError> {
        let _one_at_a_time = self.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        self.notice_chosen().map_err(failed)?;
        let before = self.before().ok_or(WorkshopError::NoneBefore)?;
        if before != *wanted {
            return Err(WorkshopError::Overtaken);
        }
        self.choose(&self.kept_folder(&before), &before, |contents, _| {
            while contents.before.pop().is_some_and(|popped| popped != before) {}
        })
    }
}

/// Half of the processor, at least one thread: the other half answers shoppers.
fn background_threads() -> NonZeroUsize {
    let there = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    NonZeroUsize::new(there / 2).unwrap_or(NonZeroUsize::MIN)
}

fn step_of(step: Step) -> TrainingStep {
    match step {
        Step::Intents(Stage::Embed) => TrainingStep::Embed,
        Step::Intents(Stage::Select) => TrainingStep::Select,
        Step::Intents(Stage::Fit) => TrainingStep::Fit,
        Step::Sentiment => TrainingStep::Sentiment,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` passes")]
fn failed(problem: anyhow::Error) -> WorkshopError {
    WorkshopError::Failed(format!("{problem:#}"))
}
