//! Which passages may be found.

use std::sync::Arc;

use shopdesk_kb::{Filter, Index, Part, PassageKey};

use super::material::{Material, at, everything, found, in_languages};

pub(crate) fn only_in_these_languages(index: &dyn Index) {
    for language in ["en", "zh", "zh-Hant"] {
        parcel("a", language).put(index);
    }
    assert_eq!(found(index, &in_languages(&[])), ["a/en/0", "a/zh/0", "a/zh-Hant/0"]);
    assert_eq!(found(index, &in_languages(&["zh"])), ["a/zh/0"]);
    assert_eq!(found(index, &in_languages(&["zh-Hant", "en"])), ["a/en/0", "a/zh-Hant/0"]);
    assert!(found(index, &in_languages(&["de"])).is_empty());
}

pub(crate) fn only_while_it_holds(index: &dyn Index) {
    let (from, until) = (at(10, 0, 0), at(11, 0, 0));
    parcel("always", "en").put(index);
    parcel("from", "en").valid(Some(from), None).put(index);
    parcel("span", "en").valid(Some(from), Some(until)).put(index);
    parcel("until", "en").valid(None, Some(until)).put(index);
    let found_at = |time| found(index, &Filter::new(Vec::new(), time));
    assert_eq!(found_at(at(9, 59, 59)), ["always/en/0", "until/en/0"]);
    assert_eq!(found_at(from), ["always/en/0", "from/en/0", "span/en/0", "until/en/0"]);
    assert_eq!(found_at(at(10, 59, 59)), ["always/en/0", "from/en/0", "span/en/0", "until/en/0"]);
    assert_eq!(found_at(until), ["always/en/0", "from/en/0"]);
}

pub(crate) fn only_what_the_reader_may_read(index: &dyn Index) {
    parcel("all", "en").put(index);
    parcel("both", "en").only_for(&["member", "staff"]).put(index);
    parcel("staff", "en").only_for(&["staff"]).put(index);
    let reader = |audience: &[&str]| {
        let audience = audience.iter().map(|&group| group.to_owned()).collect();
        found(index, &Filter { audience, ..everything() })
    };
    assert_eq!(reader(&[]), ["all/en/0"]);
    assert_eq!(reader(&["member"]), ["all/en/0", "both/en/0"]);
    assert_eq!(reader(&["stranger", "staff"]), ["all/en/0", "both/en/0", "staff/en/0"]);
    assert_eq!(reader(&["sta"]), ["all/en/0"]);
}

pub(crate) fn not_in_an_excepted_article(index: &dyn Index) {
    let excepted = parcel("a", "en");
    excepted.put(index);
    parcel("a", "zh").put(index);
    parcel("ab", "en").put(index);
    let filter = Filter { except_article: Some(excepted.key().id), ..everything() };
    assert_eq!(found(index, &filter), ["ab/en/0"]);
}

pub(crate) fn not_an_excepted_passage(index: &dyn Index) {
    let english = parcel("a", "en").with(Part::Body, "parcel", &[1.0]);
    english.put(index);
    parcel("a", "zh").put(index);
    let article = Arc::new(english.key());
    let filter = Filter { except_passage: Some(PassageKey { article, number: 0 }), ..everything() };
    assert_eq!(found(index, &filter), ["a/en/1", "a/zh/0"]);
}

pub(crate) fn not_in_excepted_parts(index: &dyn Index) {
    parcel("a", "en").with(Part::Answer, "parcel", &[1.0]).with(Part::Body, "parcel", &[1.0]).put(index);
    let without = |parts: &[Part]| found(index, &Filter { except_parts: parts.to_vec(), ..everything() });
    assert_eq!(without(&[]), ["a/en/0", "a/en/1", "a/en/2"]);
    assert_eq!(without(&[Part::Question]), ["a/en/1", "a/en/2"]);
    assert_eq!(without(&[Part::Body, Part::Answer]), ["a/en/0"]);
}

pub(crate) fn exceptions_add_up(index: &dyn Index) {
    let (a, b) = (parcel("a", "en").with(Part::Body, "parcel", &[1.0]), parcel("b", "en"));
    for material in [&a, &b, &parcel("c", "zh"), &parcel("d", "en").only_for(&["staff"])] {
        material.put(index);
    }
    let filter = Filter {
        except_article: Some(b.key().id),
        except_passage: Some(PassageKey { article: Arc::new(a.key()), number: 1 }),
        ..in_languages(&["en"])
    };
    assert_eq!(found(index, &filter), ["a/en/0"]);
    assert!(found(index, &Filter { except_parts: vec![Part::Question], ..filter }).is_empty());
}

/// An article with one passage.
fn parcel(id: &str, language: &str) -> Material {
    Material::new(id, language).with(Part::Question, "parcel", &[1.0])
}
