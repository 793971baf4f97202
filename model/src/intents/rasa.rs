//! Rasa's training data (`nlu.yml`), in the block form and in the list form.
//!
//! Entity annotations, `[订单123](order_id)` or `[blue]{"entity": "colour"}`, become their text. Synonyms, regular expressions and lookup tables are
//! no messages, and are left alone.

use std::fmt;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::load::Loader;

/// Whether a YAML file is Rasa's: has the key `nlu` at its top.
pub(super) fn is_rasa(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("nlu:"))
}

/// Other keys, such as `version` and `stories`, are left alone.
#[derive(Deserialize)]
struct File {
    nlu: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    intent: Option<Spanned<String>>,
    examples: Option<Examples>,
}

/// Either one text with a line for each example, or a list.
enum Examples {
    Block(String),
    List(Vec<String>),
}

#[derive(Deserialize)]
struct ListItem {
    text: String,
}

impl<'de> Deserialize<'de> for Examples {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EitherForm;
        impl<'de> Visitor<'de> for EitherForm {
            type Value = Examples;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text with a line `- …` for each example, or a list of `text: …`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Examples, E> {
                Ok(Examples::Block(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Examples, A::Error> {
                let mut texts = Vec::new();
                while let Some(ListItem { text }) = list.next_element()? {
                    texts.push(text);
                }
                Ok(Examples::List(texts))
            }
        }
        deserializer.deserialize_any(EitherForm)
    }
}

/// Lines are those of the intent: examples have no place of their own in this form.
pub(super) fn read(loader: &mut Loader, path: &Path, text: &str) {
    let file: File = match serde_saphyr::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let line = error.location().map(|location| location.line());
            return loader.mistake(path, line, error.without_snippet().to_string());
        }
    };
    for item in file.nlu {
        let Some(intent) = item.intent else { continue };
        let line = intent.referenced.line();
        let texts = match item.examples {
            Some(Examples::List(texts)) => texts,
            Some(Examples::Block(block)) => {
                let mut texts = Vec::new();
                for example in block.lines().map(str::trim).filter(|example| !example.is_empty()) {
                    match example.strip_prefix('-') {
                        Some(text) => texts.push(text.to_owned()),
                        None => {
                            let problem = format!(
                                "`{example}` does not start with `- `: each example is a line of its own"
                            );
                            loader.mistake(path, Some(line), problem);
                        }
                    }
                }
                texts
            }
            None => Vec::new(),
        };
        if texts.is_empty() {
            loader.mistake(
                path,
                Some(line),
                format!("`{}` has no examples: write some or remove it", intent.value),
            );
        }
        for text in texts {
            loader.example(path, line, &ANNOTATION.replace_all(&text, "$1"), Some(&intent.value), None);
        }
    }
}

static ANNOTATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\[([^\]\[]+)\](?:\([^)]*\)|\{[^}]*\}|\[\{[^\]]*\}\])")
        .expect("a constant that the tests compile")
});
