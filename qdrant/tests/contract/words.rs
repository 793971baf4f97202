//! Passages by their words.

use shopdesk_kb::{Candidate, Index, Part};

use super::material::{Material, everything, find, texts};

pub(crate) fn model_numbers_are_found_by_their_words(index: &dyn Index) {
    let models = ["扫地机NL-VC20没吸力", "扫地机NL-VC21没吸力", "order 20241101-88231 is late"];
    models
        .iter()
        .fold(Material::new("a", "zh"), |material, text| material.with(Part::Body, text, &[1.0]))
        .put(index);
    let first = |text| texts(&find(index, text, &[1.0], &everything(), 10).lexical).into_iter().next();
    assert_eq!(first("我的NL-VC21坏了").as_deref(), Some("a/zh/1"));
    assert_eq!(first("nlvc20").as_deref(), Some("a/zh/0"));
    assert_eq!(first("Where is 20241101-88231?").as_deref(), Some("a/zh/2"));
    assert_eq!(first("NL-VC9000XYZ").as_deref(), Some("a/zh/0"), "by the part that they share");
    assert_eq!(first("完全无关"), None);
}

pub(crate) fn rare_words_say_more(index: &dyn Index) {
    let texts_put = ["refund parcel", "refund money", "refund later", "refund freight"];
    texts_put.iter().fold(Material::new("a", "en"), |it, text| it.with(Part::Body, text, &[1.0])).put(index);
    let found = find(index, "refund freight", &[1.0], &everything(), 10).lexical;
    assert_eq!(texts(&found), ["a/en/3", "a/en/0", "a/en/1", "a/en/2"]);
    // One term of two in a passage, all four having it: `2.2 / (1 + 1.2 (1 - 0.75 + 0.75 * 2 / 32)) * ln(0.5 / 4.5 + 1)`.
    let expected = 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * 2.0 / 32.0)) * (0.5_f32 / 4.5 + 1.0).ln();
    assert!((found[1].lexical - expected).abs() < 1e-5, "{} and not {expected}", found[1].lexical);
}

pub(crate) fn those_found_by_words_have_their_cosine(index: &dyn Index) {
    let near =
        |material: Material, turn: u8| material.with(Part::Body, "money", &[1.0, f32::from(turn) / 10.0]);
    (0..5).fold(Material::new("near", "en"), near).put(index);
    Material::new("far", "en").with(Part::Body, "parcel", &[0.6, 0.0, 0.8]).put(index);
    let found = find(index, "parcel", &[1.0], &everything(), 3);
    assert_eq!(texts(&found.dense), ["near/en/0", "near/en/1", "near/en/2"]);
    assert!(found.dense.iter().all(|found| found.lexical == 0.0));
    assert_eq!(texts(&found.lexical), ["far/en/0"]);
    assert!((found.lexical[0].cosine - 0.6).abs() < 1e-5, "{:?}", found.lexical);
    assert!(found.lexical[0].lexical > 0.0);
    // In both lists it is the same.
    let found = find(index, "parcel", &[1.0], &everything(), 10);
    let both: Vec<&Candidate> = found.dense.iter().filter(|dense| dense.lexical > 0.0).collect();
    assert_eq!(both, [&found.lexical[0]]);
}

pub(crate) fn without_words_nothing_is_found_by_words(index: &dyn Index) {
    Material::new("a", "en").with(Part::Body, "parcel", &[1.0]).with(Part::Body, "……！", &[1.0]).put(index);
    for text in ["", "？！", "😀"] {
        let found = find(index, text, &[1.0], &everything(), 10);
        assert_eq!((found.dense.len(), found.lexical.len()), (2, 0), "{text:?}");
    }
    assert_eq!(index.passages().expect("it is there"), 2);
}
