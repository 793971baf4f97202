//! What the shop says of its own numbers and models.

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use super::Signals;
use super::entities::Models;
use super::pattern_set::ASCII_BOUNDARY;
use crate::{Error, Result};

/// The section `[signals]` of `shopdesk.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignalSettings {
    /// How the shop's order numbers look: a regular expression, matched against whole numbers without regard to case.
    pub order_number: String,
    /// The models of the shop's products, as `NL-RC40`. They are found with and without hyphens, and without what stands
    /// before the last hyphen.
    pub models: Vec<String>,
    /// How models look, for shops that have too many to list: a regular expression like that of order numbers.
    pub model_pattern: Option<String>,
}

impl Default for SignalSettings {
    /// Order numbers of 12 to 18 digits, or as `NL20241101-88231`; no models.
    fn default() -> Self {
        Self {
            order_number: r"[0-9]{12,18}|[a-z]{1,4}[0-9]{6,8}-[0-9]{3,8}".to_owned(),
            models: Vec::new(),
            model_pattern: None,
        }
    }
}

/// Everything that signals are detected by: the rules that ship with the program, and the shop's own.
pub struct SignalRules {
    order_number: Regex,
    models: Models,
}

impl SignalRules {
    /// Compiles what the shop says, and everything else that is compiled once, so that no shopper waits for it.
    ///
    /// # Errors
    /// When a pattern is no regular expression, or is too large.
    pub fn new(settings: &SignalSettings) -> Result<Self> {
        let order_number = shops_own("signals.order_number", &settings.order_number)?;
        let model_pattern = settings.model_pattern.as_deref();
        let model_pattern =
            model_pattern.map(|pattern| shops_own("signals.model_pattern", pattern)).transpose()?;
        let models = Models::new(&settings.models, model_pattern)
            .map_err(|source| Error::SignalPattern { key: "signals.models", source: Box::new(source) })?;
        let rules = Self { order_number, models };
        // A message that every rule looks at: some look only at those with digits.
        drop(Signals::detect(&rules, "订单 1, no. 12345678901"));
        Ok(rules)
    }

    pub(super) fn order_number(&self) -> &Regex {
        &self.order_number
    }

    pub(super) fn models(&self) -> &Models {
        &self.models
    }
}

/// A pattern of the shop's, matched against whole words.
fn shops_own(key: &'static str, pattern: &str) -> Result<Regex> {
    RegexBuilder::new(&format!("{ASCII_BOUNDARY}(?:{pattern}){ASCII_BOUNDARY}"))
        .case_insensitive(true)
        .build()
        .map_err(|source| Error::SignalPattern { key, source: Box::new(source) })
}
