//! What a shop promises of its automatic answers, as the settings file and the console say it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shopdesk_model::classifier::Promise;
use shopdesk_model::intents::IntentId;

/// The section `[promise]`: what the next training promises. Every share is above 0 and below 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct PromiseSettings {
    max_error: f64,
    confidence: f64,
    intents: BTreeMap<IntentId, f64>,
}

/// The section as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    max_error: f64,
    confidence: f64,
    #[serde(default)]
    intents: BTreeMap<IntentId, f64>,
}

/// The number cannot be promised.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`promise.{key}` is {value}: give a share above 0 and below 1, such as 0.02")]
pub struct WrongPromise {
    /// Which one, such as `max_error` or `intents.refund_amount`.
    pub key: String,
    /// The number.
    pub value: f64,
}

impl PromiseSettings {
    /// The largest share of automatic answers that may be wrong, how sure that must be, and other shares for single intents.
    ///
    /// # Errors
    /// When a number is not above 0 and below 1.
    pub fn new(
        max_error: f64,
        confidence: f64,
        intents: BTreeMap<IntentId, f64>,
    ) -> Result<Self, WrongPromise> {
        let general = [("max_error".to_owned(), max_error), ("confidence".to_owned(), confidence)];
        let of_intents = intents.iter().map(|(intent, &share)| (format!("intents.{intent}"), share));
        let mut shares = general.into_iter().chain(of_intents);
        match shares.find(|(_, share)| !may_be_promised(*share)) {
            Some((key, value)) => Err(WrongPromise { key, value }),
            None => Ok(Self { max_error, confidence, intents }),
        }
    }

    /// What training takes.
    #[must_use]
    pub fn promise(&self) -> Promise {
        Promise { max_error: self.max_error, confidence: self.confidence, intents: self.intents.clone() }
    }
}

/// Whether a share can be promised.
pub(crate) fn may_be_promised(share: f64) -> bool {
    share > 0.0 && share < 1.0
}

impl TryFrom<Written> for PromiseSettings {
    type Error = WrongPromise;

    fn try_from(Written { max_error, confidence, intents }: Written) -> Result<Self, Self::Error> {
        Self::new(max_error, confidence, intents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_promised_and_comes_back_as_it_was() {
        let toml = "max_error = 0.02\nconfidence = 0.95\n[intents]\nrefund_amount = 0.003";
        let settings: PromiseSettings = toml::from_str(toml).unwrap();
        let promise = settings.promise();
        assert_eq!((promise.max_error, promise.confidence), (0.02, 0.95));
        assert_eq!(promise.intents.into_iter().collect::<Vec<_>>(), [(id("refund_amount"), 0.003)]);
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<PromiseSettings>(&json).unwrap(), settings);
    }

    #[test]
    fn shares_of_nothing_and_of_all_are_no_promise() {
        for (toml, problem) in [
            ("max_error = 0.0\nconfidence = 0.95", "`promise.max_error` is 0: give a share above 0"),
            ("max_error = 0.02\nconfidence = 1.0", "`promise.confidence` is 1: give a share"),
            ("max_error = 0.02\nconfidence = nan", "`promise.confidence` is NaN: give a share"),
            (
                "max_error = 0.02\nconfidence = 0.9\nintents = { a = 2.0 }",
                "`promise.intents.a` is 2: give a share above 0 and below 1, such as 0.02",
            ),
        ] {
            let error = toml::from_str::<PromiseSettings>(toml).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }

    fn id(id: &str) -> IntentId {
        IntentId::new(id).unwrap()
    }
}
