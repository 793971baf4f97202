//! What is there after passages came and went.

use std::sync::Arc;

use shopdesk_kb::{ArticleKey, Entry, Error, Index, Part, Query, Terms, Version};

use super::material::{Material, everything, find, found, texts, unit};

pub(crate) fn put_again_it_is_replaced(index: &dyn Index) {
    let article = Material::new("a", "en");
    let long = article.clone().with(Part::Body, "parcel", &[1.0]).with(Part::Body, "parcel", &[1.0]);
    long.put(index);
    Material::new("b", "en").with(Part::Body, "parcel", &[1.0]).put(index);
    assert_eq!(found(index, &everything()), ["a/en/0", "a/en/1", "b/en/0"]);
    article.with(Part::Answer, "refund", &[0.0, 1.0]).put(index);
    assert_eq!(index.passages().expect("it is there"), 2);
    let candidates = find(index, "refund parcel", &[0.0, 1.0], &everything(), 10);
    assert_eq!(texts(&candidates.dense), ["a/en/0", "b/en/0"]);
    assert_eq!(candidates.dense[0].part, Part::Answer);
    assert!((candidates.dense[0].cosine - 1.0).abs() < 1e-5);
    assert_eq!(candidates.lexical.len(), 2, "{candidates:?}");
}

pub(crate) fn versions_stand_side_by_side(index: &dyn Index) {
    let version = |answer| Material::new("a", "en").saying(answer).with(Part::Body, "parcel", &[1.0]);
    let (old, new) = (version("old"), version("new"));
    index.put([old.entries(), new.entries()].concat()).expect("it is taken in");
    assert_eq!(found(index, &everything()), ["a/en/0", "a/en/0"]);
    index.remove(&[old.key()]).expect("it is there");
    let candidates = find(index, "parcel", &[1.0], &everything(), 10);
    assert_eq!(candidates.dense.len(), 1);
    assert_eq!(*candidates.dense[0].passage.article, new.key());
}

pub(crate) fn removed_it_is_gone(index: &dyn Index) {
    let one = Material::new("a", "en").with(Part::Body, "parcel", &[1.0]);
    let two = Material::new("a", "zh").with(Part::Body, "parcel", &[1.0]).with(Part::Body, "parcel", &[1.0]);
    one.put(index);
    two.put(index);
    assert_eq!(index.articles().expect("it is there"), [(one.key(), 1), (two.key(), 2)]);
    assert_eq!(index.passages().expect("it is there"), 3);
    index.remove(&[two.key()]).expect("it is there");
    index.remove(&[two.key()]).expect("what is not there is removed, too");
    index.remove(&[]).expect("nothing is removed, too");
    index.put(Vec::new()).expect("nothing is taken in, too");
    assert_eq!(index.articles().expect("it is there"), [(one.key(), 1)]);
    assert_eq!(found(index, &everything()), ["a/en/0"]);
}

pub(crate) fn translations_with_one_version_are_apart(index: &dyn Index) {
    let same_version = |language| {
        let mut entries = Material::new("a", language).with(Part::Body, "parcel", &[1.0]).entries();
        for entry in &mut entries {
            Arc::make_mut(&mut entry.passage.article).version = Version::new("one");
        }
        entries
    };
    let (english, chinese) = (same_version("en"), same_version("zh"));
    let key = ArticleKey::of(&english[0].passage.article);
    index.put([english.clone(), chinese].concat()).expect("it is taken in");
    index.put(english).expect("it is taken in");
    assert_eq!(found(index, &everything()), ["a/en/0", "a/zh/0"]);
    index.remove(&[key]).expect("it is there");
    assert_eq!(found(index, &everything()), ["a/zh/0"]);
}

pub(crate) fn more_than_fits_one_call(index: &dyn Index) {
    let long = |id: String| {
        (0..30).fold(Material::new(&id, "en"), |material, _| material.with(Part::Body, "x", &[1.0]))
    };
    let materials: Vec<Material> = (0..150).map(|n| long(format!("article-{n:03}"))).collect();
    let entries: Vec<Entry> = materials.iter().flat_map(Material::entries).collect();
    index.put(entries).expect("it is taken in");
    let expected: Vec<_> = materials.iter().map(|material| (material.key(), 30)).collect();
    assert_eq!(index.articles().expect("it is there"), expected);
    assert_eq!(index.passages().expect("it is there"), 4500);
    let keys: Vec<_> = materials.iter().skip(1).map(Material::key).collect();
    index.remove(&keys).expect("it is there");
    assert_eq!(index.articles().expect("it is there"), expected[..1]);
}

pub(crate) fn another_dimension_is_refused(index: &dyn Index) {
    let other = unit(&[1.0; 9]);
    let query = Query { vector: &other, terms: &Terms::default() };
    let refused = index.candidates(&query, &everything(), 10);
    assert!(matches!(refused, Err(Error::WrongDimension { expected: 8, found: 9 })), "{refused:?}");
    let good = Material::new("a", "en").with(Part::Body, "parcel", &[1.0]);
    let bad = Material::new("b", "en").with(Part::Body, "parcel", &[1.0; 9]);
    let refused = index.put([good.entries(), bad.entries()].concat());
    assert!(matches!(refused, Err(Error::WrongDimension { expected: 8, found: 9 })), "{refused:?}");
    assert_eq!(index.passages().expect("it is there"), 0, "nothing is taken in by half");
}
