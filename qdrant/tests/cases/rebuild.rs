//! A new collection in place of the old one.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use shopdesk_kb::{Filter, Index, Part, Query, Terms};
use shopdesk_qdrant::{QdrantError, QdrantIndex, Rebuild};

use crate::contract::{Material, at, texts, unit};
use crate::server::{DIMENSION, Mood, TestServer};

#[test]
fn searches_go_on_while_the_index_is_rebuilt() {
    let server = TestServer::start();
    let index = server.index();
    article("old").put(&index);
    let (stop, searches) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let searcher = scope.spawn(|| {
            let mut seen = Vec::new();
            while !stop.load(Ordering::SeqCst) {
                let found = find(&index);
                if seen.last() != Some(&found) {
                    seen.push(found);
                }
                searches.fetch_add(1, Ordering::SeqCst);
            }
            seen
        });
        let await_searches = || {
            let enough = searches.load(Ordering::SeqCst) + 2;
            while searches.load(Ordering::SeqCst) < enough && !searcher.is_finished() {
                thread::yield_now();
            }
        };
        await_searches();
        let rebuild = index.rebuild().unwrap();
        await_searches();
        article("new").put(rebuild.index());
        await_searches();
        rebuild.finish().unwrap();
        await_searches();
        stop.store(true, Ordering::SeqCst);
        assert_eq!(searcher.join().unwrap(), [["old/en/0"], ["new/en/0"]], "never none and never both");
    });
    let state = server.state();
    assert_eq!(state.collections.len(), 1, "the old one is deleted");
    assert!(state.collections.contains_key(&state.aliases["shopdesk"]));
}

#[test]
fn a_killed_rebuild_leaves_the_old_one_working_and_is_cleaned_up_by_the_next() {
    let server = TestServer::start();
    let index = server.index();
    article("old").put(&index);
    let killed = index.rebuild().unwrap();
    article("half").put(killed.index());
    std::mem::forget(killed);
    assert_eq!(find(&index), ["old/en/0"]);
    assert_eq!(find(&server.index()), ["old/en/0"]);
    assert_eq!(server.state().collections.len(), 2);
    let rebuild = index.rebuild().unwrap();
    article("new").put(rebuild.index());
    rebuild.finish().unwrap();
    assert_eq!(find(&index), ["new/en/0"]);
    assert_eq!(server.state().collections.len(), 1);
}

#[test]
fn a_rebuild_that_is_given_up_is_deleted() {
    let server = TestServer::start();
    let index = server.index();
    drop(index.rebuild().unwrap());
    // It is deleted in the background.
    while server.state().collections.len() > 1 {
        thread::yield_now();
    }
    assert_eq!(index.passages().unwrap(), 0);
}

#[test]
fn a_second_rebuild_takes_the_first_ones_place() {
    let server = TestServer::start();
    let index = server.index();
    article("old").put(&index);
    let first = index.rebuild().unwrap();
    let first_collection = server.state().collections.keys().max().cloned().unwrap();
    let second = index.rebuild().unwrap();
    assert!(!server.state().collections.contains_key(&first_collection));
    let error = first.finish().unwrap_err();
    assert!(matches!(error, QdrantError::Refused { .. }), "{error}");
    assert_eq!(find(&index), ["old/en/0"], "the old one stays in use");
    article("new").put(second.index());
    second.finish().unwrap();
    assert_eq!(find(&index), ["new/en/0"]);
}

#[test]
fn a_server_that_goes_away_leaves_the_old_one_in_use() {
    let server = TestServer::start();
    let index = server.index();
    article("old").put(&index);
    let rebuild = index.rebuild().unwrap();
    server.become_(Mood::Unavailable);
    rebuild.finish().unwrap_err();
    server.become_(Mood::Well);
    assert_eq!(find(&index), ["old/en/0"]);
}

#[test]
fn it_helps_where_a_collection_does_not_fit() {
    let server = TestServer::start();
    article("old").put(&server.index());
    let handle = server.runtime.handle();
    let refused = QdrantIndex::connect(&server.settings(), 384, handle).unwrap_err();
    assert!(refused.to_string().contains("shopdesk kb rebuild"), "{refused}");
    Rebuild::start(&server.settings(), 384, handle).unwrap().finish().unwrap();
    QdrantIndex::connect(&server.settings(), 384, handle).unwrap();
    QdrantIndex::connect(&server.settings(), DIMENSION, handle).unwrap_err();
}

#[test]
fn collections_of_others_are_left_alone() {
    let server = TestServer::start();
    let index = server.index();
    let other = shopdesk_qdrant::QdrantSettings { collection: "shopdesk-en".to_owned(), ..server.settings() };
    let other = QdrantIndex::connect(&other, DIMENSION, server.runtime.handle()).unwrap();
    article("other").put(&other);
    {
        let mut state = server.state();
        let foreign = state.collections.remove("shopdesk-en-s1-0").expect("it was made");
        // Not even an alias leads to these.
        for name in ["shopdesk-s1-backup", "photos"] {
            state.collections.insert(name.to_owned(), foreign.clone());
        }
        state.collections.insert("shopdesk-en-s1-0".to_owned(), foreign);
    }
    index.rebuild().unwrap().finish().unwrap();
    assert_eq!(find(&other), ["other/en/0"]);
    for name in ["shopdesk-s1-backup", "photos"] {
        assert!(server.state().collections.contains_key(name), "{name}");
    }
}

fn article(id: &str) -> Material {
    Material::new(id, "en").with(Part::Body, "parcel", &[1.0])
}

fn find(index: &QdrantIndex) -> Vec<String> {
    let (vector, terms) = (unit(&[1.0]), Terms::of_query("parcel"));
    let query = Query { vector: &vector, terms: &terms };
    texts(&index.candidates(&query, &Filter::new(Vec::new(), at(12, 0, 0)), 10).expect("it is there").dense)
}
