//! Token ids and vectors against those of independent implementations: SentencePiece's C++ library and Hugging Face
//! transformers on PyTorch. `scripts/golden-embeddings.py` made the files in `golden/`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use shopdesk_model::folder::ModelFolder;
use shopdesk_model::import::{ImportOptions, import};
use shopdesk_model::tokenizer::Tokenizer;
use shopdesk_model::{Role, TextEncoder};

#[derive(Deserialize)]
struct GoldenTokens {
    text: String,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct GoldenVector {
    name: String,
    kind: String,
    text: String,
    ids: Vec<u32>,
    truncated: bool,
    vector: Vec<f64>,
}

#[test]
fn e5_token_ids_are_those_of_sentencepiece() {
    assert_token_ids("multilingual-e5-small", "tokens.jsonl");
}

#[test]
fn minilm_token_ids_are_those_of_transformers() {
    assert_token_ids("all-MiniLM-L6-v2", "all-MiniLM-L6-v2-tokens.jsonl");
}

#[test]
fn e5_vectors_are_those_of_transformers() {
    assert_vectors("multilingual-e5-small", 60);
}

#[test]
fn minilm_vectors_are_those_of_transformers() {
    assert_vectors("all-MiniLM-L6-v2", 12);
}

#[test]
fn xlm_roberta_counts_its_positions_from_two() {
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tiny-xlm-roberta");
    let target = folder.path().join("tiny");
    let imported = import(&source, &target, &ImportOptions::default()).unwrap();
    let manifest = imported.manifest();
    assert_eq!((manifest.max_tokens, manifest.architecture.layer_norm_eps), (32, 1e-5));
    assert_eq!((manifest.query_prefix.as_str(), manifest.passage_prefix.as_str()), ("ask ", "doc "));
    assert_vectors_of(&target, "tiny-xlm-roberta.jsonl", 12);
    assert_typed_specials_stay_text(&target);
}

#[test]
fn a_special_token_that_somebody_typed_stays_text() {
    for model in ["multilingual-e5-small", "all-MiniLM-L6-v2"] {
        assert_typed_specials_stay_text(&model_folder(model));
    }
}

fn assert_typed_specials_stay_text(folder: &Path) {
    let encoder = TextEncoder::open(folder).unwrap();
    let plain = encoder.tokenize("x", Role::Query).unwrap().ids;
    let (start, end) = (plain[0], plain[plain.len() - 1]);
    let typed = encoder.tokenize("a </s> [SEP] <mask> [MASK] <s> [CLS]", Role::Query).unwrap().ids;
    let inner = &typed[1..typed.len() - 1];
    assert!(!inner.contains(&start) && !inner.contains(&end), "{}: {typed:?}", folder.display());
}

fn assert_token_ids(model: &str, file: &str) {
    let folder = ModelFolder::open(model_folder(model)).unwrap();
    let tokenizer = Tokenizer::open(&folder).unwrap();
    let golden: Vec<GoldenTokens> = read(file);
    assert!(golden.len() >= 400);
    let different: Vec<_> = golden
        .iter()
        .filter_map(|case| {
            let expected = cut(&case.ids, folder.manifest().max_tokens);
            let ids = tokenizer.encode(&case.text).unwrap().ids;
            (ids != expected).then(|| format!("{:?}\n  ours     {ids:?}\n  expected {expected:?}", case.text))
        })
        .collect();
    assert!(different.is_empty(), "{} of {}:\n{}", different.len(), golden.len(), different.join("\n"));
}

/// The golden ids are of whole texts; ours end where the model does.
fn cut(ids: &[u32], max_tokens: usize) -> Vec<u32> {
    if ids.len() <= max_tokens {
        return ids.to_vec();
    }
    [&ids[..max_tokens - 1], &ids[ids.len() - 1..]].concat()
}

fn assert_vectors(model: &str, at_least: usize) {
    assert_vectors_of(&model_folder(model), &format!("{model}.jsonl"), at_least);
}

fn assert_vectors_of(folder: &Path, file: &str, at_least: usize) {
    let encoder = TextEncoder::open(folder).unwrap();
    let golden: Vec<GoldenVector> = read(file);
    assert!(golden.len() >= at_least);
    for case in &golden {
        let role = if case.kind == "query" { Role::Query } else { Role::Passage };
        let encoding = encoder.tokenize(&case.text, role).unwrap();
        assert_eq!(encoding.ids, case.ids, "token ids of {}", case.name);
        let embedded = encoder.embed(&case.text, role).unwrap();
        assert_eq!(embedded.truncated, case.truncated, "{}", case.name);
        let cosine: f64 =
            embedded.embedding.as_slice().iter().zip(&case.vector).map(|(a, b)| f64::from(*a) * b).sum();
        assert!(cosine >= 0.9995, "{}: cosine {cosine}", case.name);
    }
}

fn model_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name);
    assert!(
        folder.exists(),
        "`{}` is missing: run `scripts/fetch-model --with-test-models`",
        folder.display()
    );
    folder
}

fn read<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
