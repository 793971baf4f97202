//! Articles that change while they are searched.

use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;

use shopdesk_kb::{Article, Error, Index, Library, Part, Query, Ranking, Terms};

use super::material::{Material, everything, unit};

const SWITCHES: usize = 50;
const SEARCHERS: usize = 2;

/// An article that has an old text and a new one is always found once, and at the end of a search in the text that was in force at some
/// time during it.
pub(crate) fn a_search_sees_an_article_old_or_new(index: Box<dyn Index>) {
    let version = |answer: &str| {
        let passages = [[1.0, 0.0], [0.9, 0.1], [0.8, 0.2]];
        let article = Material::new("changing", "en").saying(answer);
        passages.iter().fold(article, |article, direction| article.with(Part::Body, "parcel", direction))
    };
    let other = Material::new("steady", "en").with(Part::Body, "refund", &[0.0, 1.0]);
    let versions = [version("old"), version("new")];
    let library = Library::new(index);
    let switch = |version: &Material| {
        let materials = [version, &other];
        let articles: Vec<(Arc<Article>, usize)> =
            materials.iter().map(|material| (material.article(), material.entries().len())).collect();
        let entries = |article: &Arc<Article>| {
            let material = materials.iter().find(|material| material.article() == *article);
            Ok(material.expect("one of them").entries())
        };
        library.switch::<Error>(&articles, entries).expect("it is there");
    };
    switch(&versions[0]);
    let start = Barrier::new(SEARCHERS + 1);
    thread::scope(|scope| {
        // Closed when the switches are over. Holds as many searches as one has to wait for between two switches.
        let (seen, searches) = mpsc::sync_channel(0);
        for _ in 0..SEARCHERS {
            let (seen, library, versions, start) = (seen.clone(), &library, &versions, &start);
            scope.spawn(move || {
                start.wait();
                while seen.send(search(library, versions)).is_ok() {}
            });
        }
        drop(seen);
        start.wait();
        let mut found = [0, 0];
        for turn in 1..=SWITCHES {
            switch(&versions[turn % 2]);
            for _ in 0..=SEARCHERS {
                if let Some(which) = searches.recv().expect("no searcher failed") {
                    found[which] += 1;
                }
            }
        }
        drop(searches);
        assert!(found[0] > 0 && found[1] > 0, "both were in force: {found:?}");
    });
}

/// Which version is found; none when the articles changed too often meanwhile, which a caller is told.
fn search(library: &Library, versions: &[Material; 2]) -> Option<usize> {
    let (vector, terms) = (unit(&[1.0]), Terms::of_query("parcel"));
    let query = Query { vector: &vector, terms: &terms };
    let hits = match library.search(&query, &everything(), Ranking::Fused, 10) {
        Ok(hits) => hits,
        Err(Error::Unsettled) => return None,
        Err(error) => panic!("{error}"),
    };
    let changing = versions[0].key().id;
    let hits: Vec<_> = hits.iter().filter(|hit| hit.article.id == changing).collect();
    assert_eq!(hits.len(), 1, "never both and never neither");
    versions.iter().position(|version| version.article() == hits[0].article)
}
