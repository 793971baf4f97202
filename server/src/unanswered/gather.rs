//! From the tickets to groups: read, masked, embedded beside the shoppers' messages, grouped on a thread of its own.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use shopdesk_model::Embedding;
use shopdesk_triage::detect_language;

use super::group::group;
use super::{Grouped, Progress};
use crate::inference::AssessError;
use crate::mask::mask;
use crate::problem::Problem;
use crate::state::AppState;

/// How many messages are grouped at most, the latest ones.
pub(crate) const MOST: u32 = 2_000;
/// How many messages are embedded at once: few, so that shoppers do not wait.
const AT_ONCE: usize = 4;
/// How long to wait when shoppers take all the room, and how often in a row.
const PAUSE: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(120);
/// How many messages of a language tell what its questions have in common, and with how few that is not known.
const REFERENCE: usize = 64;
const TOO_FEW: usize = 8;

/// Groups the messages of so many days.
pub(super) async fn gather(app: &AppState, days: u16, progress: &Progress) -> Result<Grouped, Problem> {
    let at = app.time();
    let mut messages =
        app.store.unanswered(at - SignedDuration::from_hours(24 * i64::from(days)), MOST).await?;
    for message in &mut messages {
        message.text = mask(&message.text).into_owned();
    }
    progress.of.store(messages.len(), Ordering::Relaxed);
    let centres = centres(app).await?;
    let mut vectors = Vec::with_capacity(messages.len());
    for some in messages.chunks(AT_ONCE) {
        for (message, embedding) in
            some.iter().zip(embedded(app, some.iter().map(|one| one.text.as_str())).await?)
        {
            vectors.push(centres.take_out(&message.text, &embedding));
        }
        progress.done.store(vectors.len(), Ordering::Relaxed);
    }
    let grouping = tokio::task::spawn_blocking(move || Grouped {
        at,
        is_cut: messages.len() >= MOST as usize,
        groups: group(messages, &vectors),
    });
    grouping.await.map_err(|_| Problem::Failed)
}

/// The mean vectors of ordinary questions, by language: vectors of any two questions are alike, and what they have in common is
/// nothing that they are about. Those that the classifier learnt from are as ordinary as any.
async fn centres(app: &AppState) -> Result<Centres, Problem> {
    let triage = app.assessor.triage();
    let mut by_language: HashMap<Option<&'static str>, Vec<&str>> = HashMap::new();
    for message in triage.bundle().messages() {
        by_language.entry(detect_language(message).base()).or_default().push(message);
    }
    let mut centres = Centres::default();
    let mut all = Sum::default();
    for (language, messages) in by_language {
        let step = messages.len().div_ceil(REFERENCE).max(1);
        let sample: Vec<&str> = messages.into_iter().step_by(step).collect();
        let mut sum = Sum::default();
        for some in sample.chunks(AT_ONCE) {
            for embedding in embedded(app, some.iter().copied()).await? {
                sum.add(embedding.as_slice());
                all.add(embedding.as_slice());
            }
        }
        if sum.count >= TOO_FEW {
            centres.by_language.insert(language, sum.mean());
        }
    }
    centres.of_all = all.mean();
    Ok(centres)
}

/// The vectors of texts, as far as they are not known from before.
async fn embedded<'a>(
    app: &AppState,
    texts: impl Iterator<Item = &'a str>,
) -> Result<Vec<Embedding>, Problem> {
    futures_util::future::try_join_all(texts.map(|text| vector(app, text))).await
}

async fn vector(app: &AppState, text: &str) -> Result<Embedding, Problem> {
    let known = &app.present.unanswered.vectors;
    if let Some(known) = known.lock().unwrap_or_else(PoisonError::into_inner).get(text) {
        return Ok(known.clone());
    }
    let until = Instant::now() + PATIENCE;
    let embedding = loop {
        match app.assessor.meaning(text, PATIENCE).await {
            Ok(embedding) => break embedding,
            Err(AssessError::Overloaded) if Instant::now() < until => tokio::time::sleep(PAUSE).await,
            Err(AssessError::Overloaded) => return Err(Problem::Overloaded),
            Err(error @ AssessError::Failed(_)) => {
                tracing::error!(%error, "a message cannot be embedded");
                return Err(Problem::Failed);
            }
        }
    };
    known.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned(), embedding.clone());
    Ok(embedding)
}

/// What questions have in common.
#[derive(Default)]
struct Centres {
    by_language: HashMap<Option<&'static str>, Vec<f32>>,
    of_all: Vec<f32>,
}

impl Centres {
    /// What is left of a question's vector, of unit length.
    fn take_out(&self, text: &str, embedding: &Embedding) -> Vec<f32> {
        let centre = self.by_language.get(&detect_language(text).base()).unwrap_or(&self.of_all);
        if centre.is_empty() {
            return embedding.as_slice().to_vec();
        }
        let left = embedding.as_slice().iter().zip(centre).map(|(own, common)| own - common).collect();
        let left = Embedding::normalized(left);
        left.as_ref().unwrap_or(embedding).as_slice().to_vec()
    }
}

/// Adds up vectors.
#[derive(Default)]
struct Sum {
    count: usize,
    numbers: Vec<f32>,
}

impl Sum {
    fn add(&mut self, vector: &[f32]) {
        self.numbers.resize(vector.len(), 0.0);
        self.numbers.iter_mut().zip(vector).for_each(|(sum, number)| *sum += number);
        self.count += 1;
    }

    fn mean(&self) -> Vec<f32> {
        self.numbers.iter().map(|sum| sum / self.count as f32).collect()
    }
}
