//! A `tokenizer.json` that holds a SentencePiece Unigram, as XLM-R's does, becomes our own vocabulary.
//!
//! Ours starts in no time, and keeps typed special tokens as text. The `tokenizers` crate cannot do that here, since
//! the special tokens are pieces of a Unigram vocabulary as well.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::tokenizer::charsmap::{self, Charsmap};
use crate::tokenizer::vocabulary::VocabularySource;
use crate::{Error, Result};

/// What we need of the file.
#[derive(Deserialize)]
struct TokenizerJson {
    model: Value,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
}

#[derive(Deserialize)]
struct AddedToken {
    id: u32,
    content: String,
}

#[derive(Deserialize)]
struct UnigramModel {
    vocab: Vec<(String, f32)>,
    unk_id: Option<u32>,
}

/// The vocabulary; nothing when the file holds another kind of tokeniser.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Option<VocabularySource>> {
    let unreadable = |error: serde_json::Error| Error::unusable(path, error.to_string());
    let TokenizerJson { model, normalizer, pre_tokenizer, added_tokens } =
        serde_json::from_slice(bytes).map_err(unreadable)?;
    if model["type"] != "Unigram" {
        return Ok(None);
    }
    let UnigramModel { vocab, unk_id } = serde_json::from_value(model).map_err(unreadable)?;
    let special = |content: &str| {
        let token = added_tokens.iter().find(|token| token.content == content);
        token.map(|token| token.id).ok_or_else(|| {
            Error::unusable(
                path,
                format!("a Unigram tokeniser without the token `{content}` cannot be imported"),
            )
        })
    };
    let (start_id, end_id) = (special("<s>")?, special("</s>")?);
    let unknown_id = unk_id.ok_or_else(|| Error::unusable(path, "`model.unk_id` is missing"))?;
    let is_special = |id: u32| id == unknown_id || added_tokens.iter().any(|token| token.id == id);
    let (pieces, scores) =
        (0..).zip(vocab).map(|(id, (piece, score))| ((!is_special(id)).then_some(piece), score)).unzip();
    let mut charsmap = read_charsmap(path, &normalizer)?;
    if splits_at_white_space(&pre_tokenizer) {
        for space in ('\u{1}'..=char::MAX).filter(|c| c.is_whitespace() && *c != ' ') {
            charsmap.entry(space.to_string()).or_insert_with(|| " ".to_owned());
        }
    }
    Ok(Some(VocabularySource { pieces, scores, start_id, end_id, unknown_id, charsmap }))
}

/// Whether all white space is what a space is, also where the normaliser does not say so.
fn splits_at_white_space(pre_tokenizer: &Value) -> bool {
    let steps =
        pre_tokenizer["pretokenizers"].as_array().map_or(std::slice::from_ref(pre_tokenizer), Vec::as_slice);
    steps.iter().any(|step| step["type"] == "WhitespaceSplit")
}

/// The compiled rules, wherever they stand in the normaliser. Folding of spaces, the other thing that such normalisers do, is
/// what our tokeniser does anyway.
fn read_charsmap(path: &Path, normalizer: &Value) -> Result<Charsmap> {
    let steps = match normalizer["normalizers"].as_array() {
        Some(steps) => steps.as_slice(),
        None if normalizer.is_null() => &[],
        None => std::slice::from_ref(normalizer),
    };
    let mut charsmap = Charsmap::new();
    for step in steps {
        match step["type"].as_str() {
            Some("Precompiled") => {
                let compiled =
                    step["precompiled_charsmap"].as_str().and_then(|text| STANDARD.decode(text).ok());
                charsmap = compiled.and_then(|compiled| charsmap::decode(&compiled)).ok_or_else(|| {
                    Error::unusable(path, "its `precompiled_charsmap` is damaged; fetch it again")
                })?;
            }
            Some("Replace" | "Strip") => {}
            other => {
                let problem = format!(
                    "a Unigram tokeniser with the normaliser `{}` cannot be imported",
                    other.unwrap_or("?")
                );
                return Err(Error::unusable(path, problem));
            }
        }
    }
    Ok(charsmap)
}
