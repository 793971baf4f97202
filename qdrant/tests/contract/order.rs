//! Which passages come first, and how many come.

use shopdesk_kb::{Index, Part};

use super::material::{Material, everything, find, texts};

pub(crate) fn closest_first(index: &dyn Index) {
    Material::new("far", "en").with(Part::Answer, "x", &[-1.0, 0.1]).put(index);
    Material::new("near", "en").with(Part::Answer, "x", &[1.0, 0.1]).put(index);
    Material::new("between", "en").with(Part::Answer, "x", &[0.1, 1.0]).put(index);
    let found = find(index, "", &[1.0], &everything(), 10).dense;
    assert_eq!(texts(&found), ["near/en/0", "between/en/0", "far/en/0"]);
    for (found, expected) in found.iter().zip([0.995_037, 0.099_504, -0.995_037]) {
        assert!((found.cosine - expected).abs() < 1e-5, "{found:?}, not {expected}");
    }
}

pub(crate) fn at_most_the_limit(index: &dyn Index) {
    let parcel = |material: Material, turn: u8| {
        material.with(Part::Body, &format!("parcel {}", "word ".repeat(turn.into())), &[1.0, turn.into()])
    };
    (0..5).fold(Material::new("a", "en"), parcel).put(index);
    for (limit, expected) in [(0, 0), (1, 1), (3, 3), (5, 5), (50, 5)] {
        let found = find(index, "parcel", &[1.0], &everything(), limit);
        assert_eq!((found.dense.len(), found.lexical.len()), (expected, expected), "of {limit}");
    }
    let found = find(index, "parcel", &[1.0], &everything(), 2);
    assert_eq!(texts(&found.dense), ["a/en/0", "a/en/1"]);
    assert_eq!(texts(&found.lexical), ["a/en/0", "a/en/1"]);
}

pub(crate) fn equal_ones_in_the_order_of_their_keys(index: &dyn Index) {
    for (id, language) in [("b", "en"), ("a", "zh"), ("c", "en"), ("a", "en")] {
        let same = |material: Material, _| material.with(Part::Body, "parcel", &[1.0]);
        (0..2).fold(Material::new(id, language), same).put(index);
    }
    let expected = ["a/en/0", "a/en/1", "a/zh/0", "a/zh/1", "b/en/0", "b/en/1", "c/en/0", "c/en/1"];
    let found = find(index, "parcel", &[1.0], &everything(), 10);
    assert_eq!(texts(&found.dense), expected);
    assert_eq!(texts(&found.lexical), expected);
}
