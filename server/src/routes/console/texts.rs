//! What the console says, in each language: one folder a language, one file a page.
//!
//! A text is found by the name of its file and its key, such as `inbox.empty`; a table in a file adds a part, such as
//! `words.reason.out_of_scope`. `{name}` in a text is filled in.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::sync::LazyLock;

use toml::{Table, Value};

/// A language of the console. A third one is a variant here and a folder in `texts/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Chinese,
    English,
}

/// The files of a language.
macro_rules! files {
    ($language:literal) => {
        [
            ("account", include_str!(concat!("texts/", $language, "/account.toml"))),
            ("inbox", include_str!(concat!("texts/", $language, "/inbox.toml"))),
            ("ticket", include_str!(concat!("texts/", $language, "/ticket.toml"))),
            ("frame", include_str!(concat!("texts/", $language, "/frame.toml"))),
            ("knowledge", include_str!(concat!("texts/", $language, "/knowledge.toml"))),
            ("learning", include_str!(concat!("texts/", $language, "/learning.toml"))),
            ("login", include_str!(concat!("texts/", $language, "/login.toml"))),
            ("problem", include_str!(concat!("texts/", $language, "/problem.toml"))),
            ("quality", include_str!(concat!("texts/", $language, "/quality.toml"))),
            ("settings", include_str!(concat!("texts/", $language, "/settings.toml"))),
            ("words", include_str!(concat!("texts/", $language, "/words.toml"))),
        ]
    };
}

static CHINESE: LazyLock<HashMap<String, String>> = LazyLock::new(|| all(&files!("zh")));
static ENGLISH: LazyLock<HashMap<String, String>> = LazyLock::new(|| all(&files!("en")));

impl Language {
    /// All of them, the first one first.
    pub(super) const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// The language of a tag such as `zh-TW` or `en;q=0.8`.
    pub(super) fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_', ';']).next().unwrap_or_default().to_ascii_lowercase();
        Self::ALL.into_iter().find(|language| language.primary() == primary)
    }

    /// The tag for `lang`.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// What cookies and articles call it.
    pub(super) fn primary(self) -> &'static str {
        match self {
            Self::Chinese => "zh",
            Self::English => "en",
        }
    }

    /// What the language calls itself.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chinese => "中文",
            Self::English => "English",
        }
    }

    fn texts(self) -> &'static HashMap<String, String> {
        match self {
            Self::Chinese => &CHINESE,
            Self::English => &ENGLISH,
        }
    }

    /// The text of a key, if there is one.
    pub(super) fn find(self, key: &str) -> Option<&'static str> {
        self.texts().get(key).map(String::as_str)
    }

    /// The text of a key. A key without a text shows itself, and a test finds it.
    pub(super) fn text(self, key: &str) -> Filled {
        self.find(key).unwrap_or(key).into()
    }
}

/// A text, as far as it is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filled(String);

impl From<&str> for Filled {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Filled {
    /// Puts a value in the place of `{name}`.
    pub(super) fn with(self, name: &str, value: impl Display) -> Self {
        Self(self.0.replace(&format!("{{{name}}}"), &value.to_string()))
    }
}

impl Display for Filled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn all(files: &[(&str, &str)]) -> HashMap<String, String> {
    let mut texts = HashMap::new();
    for (name, file) in files {
        let table: Table = file.parse().unwrap_or_else(|error| panic!("the texts `{name}`: {error}"));
        add(&mut texts, name, &table);
    }
    texts
}

fn add(texts: &mut HashMap<String, String>, prefix: &str, table: &Table) {
    for (key, value) in table {
        let key = format!("{prefix}.{key}");
        match value {
            Value::Table(inner) => add(texts, &key, inner),
            Value::String(text) => drop(texts.insert(key, text.clone())),
            other => panic!("`{key}` is a {} and no text", other.type_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use regex::Regex;

    use super::*;

    fn places(text: &str) -> BTreeSet<&str> {
        static PLACE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{[a-z_]+\}").unwrap());
        PLACE.find_iter(text).map(|place| place.as_str()).collect()
    }

    #[test]
    fn every_language_says_the_same_things() {
        let keys = |language: Language| language.texts().keys().collect::<BTreeSet<_>>();
        for language in Language::ALL {
            assert_eq!(keys(language), keys(Language::Chinese), "{language:?}");
            for (key, text) in language.texts() {
                let chinese = Language::Chinese.find(key).unwrap();
                assert_eq!(places(text), places(chinese), "`{key}` in {language:?}");
                assert!(!text.trim().is_empty(), "`{key}` in {language:?}");
            }
        }
    }

    #[test]
    fn every_key_in_a_template_has_a_text() {
        let key = Regex::new(r#"\.t\(\s*"([a-z0-9_.\-]+)"\s*\)"#).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut seen = 0;
        for place in ["templates/console", "src/routes/console"] {
            for path in files_below(&folder.join(place)) {
                let file = std::fs::read_to_string(path).unwrap();
                for found in key.captures_iter(&file) {
                    seen += 1;
                    assert!(Language::Chinese.find(&found[1]).is_some(), "`{}` has no text", &found[1]);
                }
            }
        }
        assert!(seen > 0);
    }

    fn files_below(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn tags_name_their_language() {
        assert_eq!(Language::from_tag(" zh-TW;q=0.5"), Some(Language::Chinese));
        assert_eq!(Language::from_tag("EN"), Some(Language::English));
        assert_eq!(Language::from_tag("fr"), None);
    }
}
