//! How well messages that are none of the intents are told from those that are one.

use serde::{Deserialize, Serialize};

use super::quality::scope;
use crate::Observation;
use crate::data::Distance;
use crate::metrics::Ranked;
use crate::statistics::Share;

/// The share of messages with an intent that must get through when the false positive rate is given.
const TRUE_POSITIVES: f64 = 0.95;

/// How well messages out of scope are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutOfScope {
    /// All of them.
    pub all: ScopeGroup,
    /// Those that the file calls near.
    pub near: Option<ScopeGroup>,
    /// Those that it calls far.
    pub far: Option<ScopeGroup>,
    /// Of those taken for out of scope, those that are.
    pub precision: Share,
    /// How much of the accuracy on messages with an intent is lost by taking some for out of scope.
    pub in_scope_loss: f64,
}

/// Messages out of scope, against all that have an intent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScopeGroup {
    /// How often one is held for likelier to be out of scope than one with an intent.
    pub auroc: f64,
    /// The share of them that would get through if 95 % of those with an intent did.
    pub fpr_at_95_tpr: f64,
    /// The share of them that is taken for out of scope.
    pub recall: Share,
}

impl OutOfScope {
    pub(super) fn of(observations: &[Observation], weights: &[f64]) -> Option<Self> {
        let all = ScopeGroup::of(observations, weights, |_| true)?;
        let at = |distance| {
            ScopeGroup::of(observations, weights, move |o| o.expectation.distance == Some(distance))
        };
        let taken = observations.iter().filter(|o| o.taken_for_out_of_scope);
        let in_scope = || observations.iter().filter(|o| o.expected.is_some());
        let without = Share::of(in_scope().map(|o| (o.weight, o.likeliest_right()))).or_zero();
        let with = Share::of(in_scope().map(|o| (o.weight, o.right()))).or_zero();
        Some(Self {
            all,
            near: at(Distance::Near),
            far: at(Distance::Far),
            precision: Share::of(taken.map(|o| (o.weight, o.expected.is_none()))),
            in_scope_loss: without - with,
        })
    }
}

impl ScopeGroup {
    /// `None` when there are no such messages, or none with an intent.
    fn of(
        observations: &[Observation],
        weights: &[f64],
        belongs: impl Fn(&Observation) -> bool,
    ) -> Option<Self> {
        let of_group = |o: &Observation| o.expected.is_none() && belongs(o);
        let weights: Vec<f64> = observations
            .iter()
            .zip(weights)
            .map(|(o, &weight)| if o.expected.is_some() || of_group(o) { weight } else { 0.0 })
            .collect();
        let in_scope = observations.iter().map(|o| (-o.out_of_scope, o.expected.is_some()));
        Some(Self {
            auroc: scope(observations).auroc(&weights)?,
            fpr_at_95_tpr: Ranked::of(&in_scope.collect::<Vec<_>>())
                .false_positives_at(TRUE_POSITIVES, &weights)?,
            recall: Share::of(
                observations.iter().filter(|o| of_group(o)).map(|o| (o.weight, o.taken_for_out_of_scope)),
            ),
        })
    }
}
