//! The key that Qdrant asks for, which is never shown.

use std::env;
use std::fmt;
use std::fs;

use crate::{QdrantError, QdrantSettings, Result};

const VARIABLE: &str = "SHOPDESK_QDRANT_API_KEY";

/// A secret. [`fmt::Debug`] hides it, and it can be printed in no other way.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ApiKey(String);

impl ApiKey {
    /// A key that can stand in a header: visible ASCII. The client would put any other into its error message.
    pub(crate) fn new(key: impl Into<String>) -> Option<Self> {
        let key = key.into();
        (!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())).then_some(Self(key))
    }

    /// From the environment or the file that the settings name; none where there is neither.
    pub(crate) fn find(settings: &QdrantSettings) -> Result<Option<Self>> {
        if let Some(key) = env::var_os(VARIABLE).filter(|key| !key.is_empty()) {
            let key = key.into_string().ok().and_then(|key| Self::new(key.trim()));
            return key.map(Some).ok_or_else(|| QdrantError::ApiKey { from: format!("${VARIABLE}") });
        }
        let Some(path) = &settings.api_key_file else { return Ok(None) };
        let text = fs::read_to_string(path)
            .map_err(|source| QdrantError::ApiKeyFile { path: path.clone(), source })?;
        let from = || path.display().to_string();
        Self::new(text.trim()).map(Some).ok_or_else(|| QdrantError::ApiKey { from: from() })
    }

    /// The key itself, to be sent and for nothing else.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = ApiKey::new("open-sesame").unwrap();
        assert_eq!(format!("{key:?}"), "ApiKey(…)");
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_no_key() {
        for key in ["", "two words", "line\nbreak", "钥匙"] {
            assert_eq!(ApiKey::new(key), None, "{key:?}");
        }
    }
}
