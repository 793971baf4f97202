//! Whether second messages of dialogues are understood: alone, together with the first, and as the chat reads them.

use std::path::Path;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use shopdesk_model::intents::IntentId;
use shopdesk_triage::{Assessment, Decision, Triage};

use crate::{Error, Result};

/// Two messages of a shopper's, and what the second one means after the first.
#[derive(Clone, Debug, Deserialize)]
pub struct Dialogue {
    /// What was said before.
    pub first: String,
    /// What is to be understood.
    pub second: String,
    /// What it means.
    pub intent: IntentId,
    /// The articles that answer it; none when nothing does.
    pub articles: Vec<String>,
    /// `new_topic` when the second message needs nothing of the first.
    pub kind: String,
}

/// How well second messages are understood.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DialogueQuality {
    /// How many need what was said before.
    pub follow_ups: usize,
    /// How many do not.
    pub new_topics: usize,
    /// Read by themselves.
    pub alone: Way,
    /// Read together with the first message, always.
    pub joined: Way,
    /// Read as the chat does.
    pub as_served: Way,
}

/// How well second messages are understood when they are read in one way.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Way {
    /// The share of follow-ups whose likeliest intent is right.
    pub follow_ups: f64,
    /// The same of messages about something new.
    pub new_topics: f64,
    /// The same of all.
    pub all: f64,
    /// How many are answered.
    pub answered: usize,
    /// How many of these under a wrong intent.
    pub wrong_intent: usize,
    /// How many of these with an article that does not answer.
    pub wrong_article: usize,
}

/// Reads dialogues, one JSON object a line.
///
/// # Errors
/// When the file cannot be read, or a line is none.
pub fn read_dialogues(path: &Path) -> Result<Vec<Dialogue>> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    let lines = (1_u64..).zip(text.trim_start_matches('\u{feff}').lines());
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| Error::Line {
                path: path.to_path_buf(),
                line: number,
                problem: format!("{error}. A line has `first`, `second`, `intent`, `articles` and `kind`"),
            })
        })
        .collect()
}

/// Reads every second message in each way.
///
/// # Errors
/// When the model or the index fails.
pub fn dialogue_quality(triage: &Triage, dialogues: &[Dialogue], at: DateTime) -> Result<DialogueQuality> {
    let mut counts = [Count::default(), Count::default(), Count::default()];
    for dialogue in dialogues {
        let alone = triage.assess(&dialogue.second, at)?;
        let joined = triage.assess_after(&dialogue.first, &dialogue.second, at)?;
        let served = if triage.needs_context(&dialogue.second, &alone) { &joined } else { &alone };
        for (count, assessment) in counts.iter_mut().zip([&alone, &joined, served]) {
            count.add(dialogue, assessment);
        }
    }
    let new_topics = dialogues.iter().filter(|dialogue| is_new_topic(dialogue)).count();
    let follow_ups = dialogues.len() - new_topics;
    let [alone, joined, as_served] = counts.map(|count| count.way(follow_ups, new_topics));
    Ok(DialogueQuality { follow_ups, new_topics, alone, joined, as_served })
}

fn is_new_topic(dialogue: &Dialogue) -> bool {
    dialogue.kind == "new_topic"
}

#[derive(Clone, Default)]
struct Count {
    right_follow_ups: usize,
    right_new_topics: usize,
    answered: usize,
    wrong_intent: usize,
    wrong_article: usize,
}

impl Count {
    fn add(&mut self, dialogue: &Dialogue, assessment: &Assessment) {
        let likeliest = assessment.evidence.intents.first();
        let is_right = likeliest.is_some_and(|intent| intent.label.id == dialogue.intent);
        let right =
            if is_new_topic(dialogue) { &mut self.right_new_topics } else { &mut self.right_follow_ups };
        *right += usize::from(is_right);
        if let Decision::Answer { intent, article } = &assessment.decision {
            let answers = dialogue.articles.iter().any(|id| *id == article.hit.article.id.as_str());
            self.answered += 1;
            self.wrong_intent += usize::from(*intent != dialogue.intent);
            self.wrong_article += usize::from(!answers);
        }
    }

    fn way(self, follow_ups: usize, new_topics: usize) -> Way {
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        Way {
            follow_ups: share(self.right_follow_ups, follow_ups),
            new_topics: share(self.right_new_topics, new_topics),
            all: share(self.right_follow_ups + self.right_new_topics, follow_ups + new_topics),
            answered: self.answered,
            wrong_intent: self.wrong_intent,
            wrong_article: self.wrong_article,
        }
    }
}
