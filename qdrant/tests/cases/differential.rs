//! Random passages and messages: the index in Qdrant must find what the embedded one finds.

use std::collections::HashMap;
use std::sync::Arc;

use fastrand::Rng;
use jiff::ToSpan as _;
use shopdesk_kb::{
    Candidate, Candidates, EmbeddedIndex, Entry, Filter, Index, Language, Part, PassageKey, Query, Terms,
};

use crate::contract::{Material, at, unit};
use crate::server::{DIMENSION, TestServer};

const ARTICLES: usize = 150;
const QUERIES: usize = 200;
/// Closer scores are no different.
const TIE: f32 = 1e-5;
const CLOSE: f32 = 1e-4;

const WORDS: [&str; 24] = [
    "退货",
    "运费",
    "发票",
    "洗衣机",
    "NL-VC20",
    "NL-VC21",
    "订单",
    "20241101-88231",
    "保修",
    "物流",
    "优惠券",
    "会员",
    "refund",
    "parcel",
    "warranty",
    "invoice",
    "freight",
    "coupon",
    "battery",
    "9.90",
    "late",
    "broken",
    "the",
    "my",
];
const LANGUAGES: [&str; 3] = ["zh", "zh-Hant", "en"];
const GROUPS: [&str; 3] = ["member", "staff", "wholesale"];
const PARTS: [Part; 3] = [Part::Question, Part::Answer, Part::Body];

#[test]
fn both_stores_find_the_same() {
    let mut random = Rng::with_seed(20_260_601);
    let server = TestServer::start();
    let (embedded, qdrant) = (EmbeddedIndex::new(DIMENSION), server.index());
    let materials: Vec<Material> = (0..ARTICLES).map(|n| material(&mut random, n)).collect();
    let entries: Vec<Entry> = materials.iter().flat_map(Material::entries).collect();
    assert!(entries.len() > 300, "{}", entries.len());
    embedded.put(entries.clone()).unwrap();
    qdrant.put(entries).unwrap();
    let removed: Vec<_> = materials.iter().step_by(10).map(Material::key).collect();
    embedded.remove(&removed).unwrap();
    qdrant.remove(&removed).unwrap();
    assert_eq!(embedded.articles().unwrap(), qdrant.articles().unwrap());
    let mut lexical = 0;
    for number in 0..QUERIES {
        let (vector, words) = (unit(&direction(&mut random)), text(&mut random, 0..6));
        let terms = Terms::of_query(&words);
        let filter = filter(&mut random, &materials);
        let limit = [1, 5, 20, 100][random.usize(..4)];
        let query = Query { vector: &vector, terms: &terms };
        let expected = embedded.candidates(&query, &filter, limit).unwrap();
        let found = qdrant.candidates(&query, &filter, limit).unwrap();
        let context = format!("query {number}: {words:?}, the first {limit} under {filter:?}");
        assert_same(&expected.dense, &found.dense, |found| found.cosine, &context);
        assert_same(&expected.lexical, &found.lexical, |found| found.lexical, &context);
        assert_scores(&expected, &found, &context);
        lexical += found.lexical.len();
    }
    assert!(lexical > QUERIES, "the words found something: {lexical}");
}

/// The same passages in the same order, but for those whose scores are no different.
fn assert_same(
    expected: &[Candidate],
    found: &[Candidate],
    score: impl Fn(&Candidate) -> f32,
    context: &str,
) {
    assert_eq!(expected.len(), found.len(), "{context}");
    let last = expected.last().map_or(0.0, &score);
    let expected_scores: HashMap<&PassageKey, f32> =
        expected.iter().map(|candidate| (&candidate.passage, score(candidate))).collect();
    for (place, (expected, found)) in expected.iter().zip(found).enumerate() {
        let (a, b) = (score(expected), score(found));
        assert!((a - b).abs() < CLOSE, "{context}: {a} and {b} at {place}");
        if expected.passage != found.passage {
            let there = expected_scores.get(&found.passage).copied().unwrap_or(last);
            assert!((there - a).abs() < TIE, "{context}: {found:?} and not {expected:?} at {place}");
        }
    }
}

/// What both found has the same numbers in both.
fn assert_scores(expected: &Candidates, found: &Candidates, context: &str) {
    let all = |candidates: &Candidates| -> Vec<Candidate> {
        candidates.dense.iter().chain(&candidates.lexical).cloned().collect()
    };
    let by_passage: HashMap<PassageKey, Candidate> =
        all(expected).into_iter().map(|candidate| (candidate.passage.clone(), candidate)).collect();
    let last = expected.lexical.last().map_or(0.0, |candidate| candidate.lexical);
    for found in all(found) {
        let Some(expected) = by_passage.get(&found.passage) else { continue };
        assert_eq!(expected.part, found.part, "{context}");
        assert!((expected.cosine - found.cosine).abs() < CLOSE, "{context}: {found:?} and not {expected:?}");
        // At the end of the list of words a tie may be cut elsewhere.
        let cut = |candidate: &Candidate| candidate.lexical == 0.0 || (candidate.lexical - last).abs() < TIE;
        let same = (expected.lexical - found.lexical).abs() < CLOSE || (cut(expected) && cut(&found));
        assert!(same, "{context}: {found:?} and not {expected:?}");
    }
}

fn material(random: &mut Rng, number: usize) -> Material {
    let mut material = Material::new(&format!("article-{}", number / 2), LANGUAGES[random.usize(..3)]);
    material = material.saying(&format!("answer {number}"));
    if random.u8(..3) == 0 {
        material = material.only_for(&some(random, &GROUPS));
    }
    let noon = at(12, 0, 0);
    let day = |random: &mut Rng| (random.u8(..3) == 0).then(|| noon + random.i64(-5..5).days());
    let (from, until) = (day(random), day(random));
    material = material.valid(from, until);
    for _ in 0..random.usize(1..6) {
        let (part, text, direction) = (PARTS[random.usize(..3)], text(random, 1..12), direction(random));
        material = material.with(part, &text, &direction);
    }
    material
}

fn filter(random: &mut Rng, materials: &[Material]) -> Filter {
    let languages = some(random, &LANGUAGES).into_iter().map(Language::new).collect();
    let mut filter = Filter::new(languages, at(12, 0, 0) + random.i64(-6..6).days());
    filter.audience = some(random, &GROUPS).into_iter().map(str::to_owned).collect();
    let key = materials[random.usize(..materials.len())].key();
    match random.u8(..6) {
        0 => filter.except_article = Some(key.id),
        1 => filter.except_passage = Some(PassageKey { article: Arc::new(key), number: 0 }),
        2 => filter.except_parts = vec![PARTS[random.usize(..3)]],
        3 => filter.except_parts = PARTS[..2].to_vec(),
        _ => {}
    }
    filter
}

/// Each with a chance of one half.
fn some<'a>(random: &mut Rng, of: &[&'a str]) -> Vec<&'a str> {
    of.iter().copied().filter(|_| random.bool()).collect()
}

fn text(random: &mut Rng, words: std::ops::Range<usize>) -> String {
    let words = random.usize(words);
    (0..words).map(|_| WORDS[random.usize(..WORDS.len())]).collect::<Vec<_>>().join(" ")
}

fn direction(random: &mut Rng) -> Vec<f32> {
    (0..DIMENSION).map(|_| random.f32() - 0.5).collect()
}
