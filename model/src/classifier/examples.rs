//! Labelled messages in the order in which they are learnt from.

use super::LabelledText;
use super::kernel::Features;

/// Fewest examples of an intent: with one, nothing is left to predict it from.
pub(super) const FEWEST: usize = 2;

/// Messages with their classes; those out of scope are the class after the intents. Titles are among them, from which only is learnt.
///
/// They stand in such an order that the first so many are a fair sample: of each class its share, but at least two.
pub(super) struct Examples<'a> {
    pub(super) intents: usize,
    pub(super) features: Vec<&'a Features>,
    pub(super) classes: Vec<usize>,
    /// Their places among the messages, and behind these among the titles.
    pub(super) origins: Vec<usize>,
    /// How many messages there are in all.
    messages: usize,
}

impl<'a> Examples<'a> {
    pub(super) fn new(intents: usize, [messages, titles]: [(&[LabelledText], &'a [Features]); 2]) -> Self {
        let all: Vec<&LabelledText> = messages.0.iter().chain(titles.0).collect();
        let class_of = |place: usize| all[place].label.unwrap_or(intents);
        // Shuffled in a way that depends only on their number: people write similar examples one after the other.
        let mut origins: Vec<usize> = (0..all.len()).collect();
        origins.sort_by_key(|&place| split_mix(place as u64));
        let mut counts = vec![0_usize; intents + 1];
        let mut ranked: Vec<(usize, usize)> = origins
            .into_iter()
            .map(|place| {
                let count = &mut counts[class_of(place)];
                *count += 1;
                (count.saturating_sub(FEWEST), place)
            })
            .collect();
        // The share of its class that comes before an example; ties stay as they were shuffled.
        let share = |&(rank, place): &(usize, usize)| rank as f64 / counts[class_of(place)] as f64;
        ranked.sort_by(|a, b| share(a).total_cmp(&share(b)));
        let features: Vec<&Features> = messages.1.iter().chain(titles.1).collect();
        let origins: Vec<usize> = ranked.into_iter().map(|(_, place)| place).collect();
        Self {
            intents,
            features: origins.iter().map(|&place| features[place]).collect(),
            classes: origins.iter().map(|&place| class_of(place)).collect(),
            origins,
            messages: messages.0.len(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.classes.len()
    }

    pub(super) fn is_message(&self, place: usize) -> bool {
        self.origins[place] < self.messages
    }

    pub(super) fn knows_out_of_scope(&self) -> bool {
        self.classes.contains(&self.intents)
    }

    /// How many classes there are.
    pub(super) fn count(&self) -> usize {
        self.intents + usize::from(self.knows_out_of_scope())
    }

    /// The messages with those places, and all titles.
    pub(super) fn only(&self, keep: impl Fn(usize) -> bool) -> Self {
        self.filter(|place| !self.is_message(place) || keep(self.origins[place]))
    }

    fn filter(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.len()).filter(|&place| keep(place)).collect();
        Self {
            intents: self.intents,
            features: kept.iter().map(|&place| self.features[place]).collect(),
            classes: kept.iter().map(|&place| self.classes[place]).collect(),
            origins: kept.iter().map(|&place| self.origins[place]).collect(),
            messages: self.messages,
        }
    }

    pub(super) fn sample(&self, size: usize) -> Self {
        self.filter(|place| place < size)
    }

    /// The part of each example, so that each class is shared out evenly; titles are in none.
    pub(super) fn folds(&self, folds: usize) -> Vec<Option<usize>> {
        let mut counts: Vec<usize> = (0..=self.intents).collect();
        let part = |place: usize| {
            let count = &mut counts[self.classes[place]];
            *count += 1;
            self.is_message(place).then_some(*count % folds)
        };
        (0..self.len()).map(part).collect()
    }
}

/// How many parts there are.
pub(super) fn parts(folds: &[Option<usize>]) -> usize {
    folds.iter().flatten().max().map_or(0, |last| last + 1)
}

/// `SplitMix64` (Steele et al. 2014): scrambles a number the same way everywhere.
pub(super) fn split_mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
