//! Groups of messages that mean the same, and what an article about each of them would be about.

use std::collections::BTreeMap;

use shopdesk_model::intents::IntentId;
use shopdesk_triage::{EscalationReason, detect_language};

use super::average_linkage;
use crate::store::UnansweredMessage;
use crate::ticket::TicketId;

/// Messages are of one group from that mean cosine on, once what questions of their language have in common is taken out.
///
/// At 0.35, ways to ask one thing are together, also across languages: `docs/knowledge-base.md` has the figures.
const ALIKE: f32 = 0.35;

/// Messages that mean the same.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The most typical first.
    pub(crate) messages: Vec<UnansweredMessage>,
    /// Their languages, each with how many, the most first.
    pub(crate) languages: Vec<(String, usize)>,
    /// Why they were handed over, in the same way.
    pub(crate) reasons: Vec<(EscalationReason, usize)>,
    /// What most of them are about.
    pub(crate) intent: Option<IntentId>,
}

impl Group {
    /// Different texts of the group, the most typical first.
    pub(crate) fn texts(&self, most: usize) -> Vec<&str> {
        let mut texts: Vec<&str> = Vec::new();
        for message in &self.messages {
            let text = message.text.trim();
            if texts.len() < most && !text.is_empty() && !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts
    }

    /// Whether the message of that ticket is one of them.
    pub(crate) fn holds(&self, ticket: TicketId) -> bool {
        self.messages.iter().any(|message| message.ticket == ticket)
    }

    /// The language that most of them are in.
    pub(crate) fn language(&self) -> Option<&str> {
        self.languages.first().map(|(language, _)| language.as_str())
    }

    fn of(members: Vec<(UnansweredMessage, &[f32])>) -> Self {
        let width = members.first().map_or(0, |(_, vector)| vector.len());
        let mut sum = vec![0.0_f32; width];
        for (_, vector) in &members {
            sum.iter_mut().zip(*vector).for_each(|(sum, number)| *sum += number);
        }
        let typical = |vector: &[f32]| vector.iter().zip(&sum).map(|(a, b)| a * b).sum::<f32>();
        let mut members: Vec<(UnansweredMessage, f32)> =
            members.into_iter().map(|(message, vector)| (message, typical(vector))).collect();
        members.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| b.0.at.cmp(&a.0.at)));
        let messages: Vec<UnansweredMessage> = members.into_iter().map(|(message, _)| message).collect();
        let languages = messages.iter().map(|message| detect_language(&message.text).tag().to_owned());
        let intents = messages.iter().filter_map(|message| message.intent.as_ref());
        Self {
            languages: counted(languages),
            reasons: counted(messages.iter().map(|message| message.reason.as_str()))
                .into_iter()
                .filter_map(|(word, count)| {
                    let reason =
                        messages.iter().map(|message| message.reason).find(|reason| reason.as_str() == word);
                    Some((reason?, count))
                })
                .collect(),
            intent: counted(intents).into_iter().next().map(|(intent, _)| intent.clone()),
            messages,
        }
    }
}

/// Groups messages by their vectors: the largest group first, of equals the one with the latest message.
pub(super) fn group(messages: Vec<UnansweredMessage>, vectors: &[Vec<f32>]) -> Vec<Group> {
    let mut messages: Vec<Option<UnansweredMessage>> = messages.into_iter().map(Some).collect();
    let mut groups: Vec<Group> = average_linkage::groups(vectors, ALIKE)
        .into_iter()
        .map(|places| {
            let members =
                places.into_iter().filter_map(|at| Some((messages[at].take()?, vectors[at].as_slice())));
            Group::of(members.collect())
        })
        .collect();
    let latest = |group: &Group| group.messages.iter().map(|message| message.at).max();
    groups.sort_by(|a, b| b.messages.len().cmp(&a.messages.len()).then_with(|| latest(b).cmp(&latest(a))));
    groups
}

/// Each value with how often it is there, the most frequent first.
fn counted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<(T, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
