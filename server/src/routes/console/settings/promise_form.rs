//! The form of the promise: what the next training keeps.

use std::collections::BTreeMap;

use shopdesk_model::intents::IntentId;

use super::percent;
use super::standing::{Outcome, Standing};
use crate::promise::{PromiseSettings, may_be_promised};
use crate::routes::console::frame::Frame;
use crate::state::AppState;
use crate::store::SettingsSection;

/// What the fields are called.
const MAX_ERROR: &str = "max_error";
const CONFIDENCE: &str = "confidence";
const INTENTS: &str = "intents.";

/// The form as it is shown.
pub(super) struct PromiseForm {
    pub(super) standing: Standing,
    pub(super) general: [Field; 2],
    /// Those of the bundle in use.
    pub(super) intents: Vec<Field>,
    /// Whether the bundle in use keeps another promise.
    pub(super) differs: bool,
}

/// A share in percent.
pub(super) struct Field {
    /// What its place on the page is called.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) value: String,
    pub(super) wrong: Option<String>,
    intent: Option<IntentId>,
}

impl PromiseForm {
    /// With the promise that the next training keeps.
    pub(super) fn in_force(app: &AppState, frame: &Frame, outcome: Outcome) -> Self {
        let promise = app.choices().promise.promise();
        Self::with(app, frame, outcome, |name| {
            let of_intent = || {
                let intent = name.strip_prefix(INTENTS)?;
                promise.intents.iter().find(|(id, _)| id.as_str() == intent).map(|(_, &share)| share)
            };
            match name {
                MAX_ERROR => percent::shown(promise.max_error),
                CONFIDENCE => percent::shown(promise.confidence),
                _ => of_intent().map(percent::shown).unwrap_or_default(),
            }
        })
    }

    /// With what somebody filled in, by the names of the fields.
    pub(super) fn with(
        app: &AppState,
        frame: &Frame,
        outcome: Outcome,
        value: impl Fn(&str) -> String,
    ) -> Self {
        let choices = app.choices();
        let general = [MAX_ERROR, CONFIDENCE].map(|name| Field {
            id: format!("promise-{name}"),
            name: name.to_owned(),
            title: frame.t(&format!("settings.promise.{name}")).to_string(),
            value: value(name),
            wrong: None,
            intent: None,
        });
        let known =
            frame.intents.iter().map(|label| (label.id.clone(), frame.title_of_intent(label).to_owned()));
        // What is promised of one that the bundle in use does not know is seen, kept, and can be dropped.
        let promise = choices.promise.promise();
        let is_unknown = |intent: &&IntentId| frame.intents.iter().all(|label| label.id != **intent);
        let unknown = promise.intents.keys().filter(is_unknown).map(|id| (id.clone(), id.to_string()));
        let intents = known.chain(unknown).enumerate().map(|(place, (intent, title))| {
            let name = format!("{INTENTS}{intent}");
            let (id, value) = (format!("promise-intent-{place}"), value(&name));
            Field { id, title, value, name, wrong: None, intent: Some(intent) }
        });
        Self {
            standing: Standing::of(&choices, &SettingsSection::Promise, outcome),
            general,
            intents: intents.collect(),
            differs: !app.assessor.triage().bundle().keeps(&choices.promise.promise()),
        }
    }

    /// Whether any intent has a promise of its own, or should have had one.
    pub(super) fn has_intents(&self) -> bool {
        self.intents.iter().any(|field| !field.value.trim().is_empty())
    }

    /// What was filled in; nothing when something is wrong, which stands at its field then.
    pub(super) fn read(&mut self, frame: &Frame) -> Option<PromiseSettings> {
        let [max_error, confidence] = &mut self.general;
        // All of them, so that each says what is wrong with it.
        let general = (max_error.share(frame), confidence.share(frame));
        let filled = self.intents.iter_mut().filter(|field| !field.value.trim().is_empty());
        let shares: Vec<Option<(IntentId, f64)>> =
            filled.map(|field| Some((field.intent.clone()?, field.share(frame)?))).collect();
        let intents = shares.into_iter().collect::<Option<BTreeMap<_, _>>>()?;
        PromiseSettings::new(general.0?, general.1?, intents).ok()
    }
}

impl Field {
    fn share(&mut self, frame: &Frame) -> Option<f64> {
        let share = percent::read(&self.value).filter(|share| may_be_promised(*share));
        if share.is_none() {
            self.wrong = Some(frame.t("settings.promise.wrong_share").to_string());
        }
        share
    }
}
