//! Servers that are away, hang, refuse or ask for a key.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::{Duration, Instant};

use shopdesk_kb::{Candidates, Filter, Index, Part, Query, Terms};
use shopdesk_qdrant::{QdrantError, QdrantIndex, QdrantSettings};

use crate::contract::{Material, at, texts, unit};
use crate::server::{DIMENSION, Mood, NOWHERE, TestServer, runtime};

/// Far longer than a call needs, and far shorter than it takes where it should not wait.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn the_next_server_is_asked_when_one_is_away() {
    let server = TestServer::start();
    let settings = QdrantSettings { urls: vec![NOWHERE.to_owned(), server.url.clone()], ..server.settings() };
    let index = QdrantIndex::connect(&settings, DIMENSION, server.runtime.handle()).unwrap();
    Material::new("a", "en").with(Part::Body, "parcel", &[1.0]).put(&index);
    assert_eq!(texts(&search(&index).unwrap().dense), ["a/en/0"]);
}

#[test]
fn the_next_server_is_asked_when_one_is_in_trouble() {
    let runtime = runtime();
    let [first, second] = [(), ()].map(|()| TestServer::start_on(runtime.clone(), None));
    // They are one cluster: what is asked of one is there in the other.
    for server in [&first, &second] {
        Material::new("a", "en").with(Part::Body, "parcel", &[1.0]).put(&server.index());
    }
    let settings = QdrantSettings {
        urls: vec![first.url.clone(), second.url.clone()],
        timeout_seconds: NonZeroU64::MIN,
        ..QdrantSettings::default()
    };
    let index = QdrantIndex::connect(&settings, DIMENSION, runtime.handle()).unwrap();
    for mood in [Mood::Unavailable, Mood::Hanging] {
        first.become_(mood);
        let before = first.calls();
        assert_eq!(texts(&search(&index).unwrap().dense), ["a/en/0"], "{mood:?}");
        let asked = first.calls();
        assert!(asked > before, "{mood:?}");
        assert_eq!(texts(&search(&index).unwrap().dense), ["a/en/0"], "{mood:?}");
        assert_eq!(first.calls(), asked, "the one that answered is asked first from then on");
        first.become_(Mood::Well);
        second.become_(Mood::Unavailable);
        search(&index).unwrap();
        second.become_(Mood::Well);
    }
}

#[test]
fn a_server_in_trouble_for_a_moment_is_asked_again() {
    let server = TestServer::start();
    let index = server.index();
    // The client itself asks twice at each try.
    server.fail_next(3);
    search(&index).unwrap();
    server.fail_next(100);
    search(&index).unwrap_err();
}

#[test]
fn nobody_waits_while_all_are_away() {
    let server = TestServer::start();
    let settings =
        QdrantSettings { failures_to_open: NonZeroU32::MIN, open_seconds: hour(), ..server.settings() };
    let index = QdrantIndex::connect(&settings, DIMENSION, server.runtime.handle()).unwrap();
    server.become_(Mood::Unavailable);
    let begun = Instant::now();
    let error = qdrant_error(search(&index).unwrap_err());
    assert!(begun.elapsed() < SOON);
    assert!(matches!(&error, QdrantError::Unreachable { urls, .. } if *urls == settings.urls), "{error}");
    assert!(error.to_string().contains("see that it runs"), "{error}");

    let calls = server.calls();
    let error = qdrant_error(search(&index).unwrap_err());
    assert!(matches!(error, QdrantError::Open { .. }), "{error}");
    let material = Material::new("a", "en").with(Part::Body, "parcel", &[1.0]);
    for refused in [index.put(material.entries()), index.remove(&[material.key()])] {
        assert!(matches!(qdrant_error(refused.unwrap_err()), QdrantError::Open { .. }));
    }
    assert!(matches!(index.health().unwrap_err(), QdrantError::Open { .. }));
    assert!(matches!(qdrant_error(index.ping().unwrap_err()), QdrantError::Open { .. }));
    assert_eq!(server.calls(), calls, "nobody was asked");
}

#[test]
fn after_a_while_one_trial_is_made() {
    let server = TestServer::start();
    let settings = QdrantSettings {
        failures_to_open: NonZeroU32::MIN,
        open_seconds: NonZeroU64::MIN,
        retries: 0,
        ..server.settings()
    };
    let index = QdrantIndex::connect(&settings, DIMENSION, server.runtime.handle()).unwrap();
    server.become_(Mood::Unavailable);
    search(&index).unwrap_err();
    server.become_(Mood::Well);
    let begun = Instant::now();
    while let Err(error) = search(&index) {
        assert!(matches!(qdrant_error(error), QdrantError::Open { .. }));
        assert!(begun.elapsed() < SOON);
        std::thread::yield_now();
    }
    assert!(begun.elapsed() > Duration::from_millis(500), "it was left alone first");
}

#[test]
fn where_nobody_listens_the_error_comes_soon() {
    let settings =
        QdrantSettings { urls: vec![NOWHERE.to_owned(), NOWHERE.to_owned()], ..QdrantSettings::default() };
    let begun = Instant::now();
    let error = QdrantIndex::connect(&settings, DIMENSION, runtime().handle()).unwrap_err();
    assert!(begun.elapsed() < SOON);
    assert!(matches!(error, QdrantError::Unreachable { .. }), "{error}");
}

#[test]
fn a_server_that_hangs_is_not_waited_for() {
    let server = TestServer::start();
    let settings = QdrantSettings { timeout_seconds: NonZeroU64::MIN, ..server.settings() };
    let index = QdrantIndex::connect(&settings, DIMENSION, server.runtime.handle()).unwrap();
    server.become_(Mood::Hanging);
    let (begun, calls) = (Instant::now(), server.calls());
    let error = qdrant_error(search(&index).unwrap_err());
    assert!(begun.elapsed() >= Duration::from_secs(1) && begun.elapsed() < SOON);
    assert!(error.to_string().contains("no answer within 1s"), "{error}");
    assert_eq!(server.calls(), calls + 1, "it is not made to wait again");
}

#[test]
fn a_refusal_is_no_failure() {
    let server = TestServer::start();
    let settings = QdrantSettings { failures_to_open: NonZeroU32::MIN, ..server.settings() };
    let index = QdrantIndex::connect(&settings, DIMENSION, server.runtime.handle()).unwrap();
    let aliases = std::mem::take(&mut server.state().aliases);
    let error = qdrant_error(search(&index).unwrap_err());
    assert!(matches!(error, QdrantError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("kb rebuild"), "{error}");
    assert!(index.health().is_err());
    server.state().aliases = aliases;
    assert_eq!(index.health().unwrap(), 0, "the breaker stayed closed");
    index.ping().unwrap();
}

#[test]
fn the_key_is_sent_and_never_shown() {
    let server = TestServer::start_with_key("open-sesame");
    let error = QdrantIndex::connect(&server.settings(), DIMENSION, server.runtime.handle()).unwrap_err();
    assert!(error.to_string().contains("SHOPDESK_QDRANT_API_KEY"), "{error}");

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "open-sesame\n").unwrap();
    let settings = QdrantSettings { api_key_file: Some(file.path().to_owned()), ..server.settings() };
    let index = QdrantIndex::connect(&settings, DIMENSION, server.runtime.handle()).unwrap();
    search(&index).unwrap();
    let shown = format!("{settings:?} {index:?} {:?}", index.rebuild().unwrap());
    assert!(!shown.contains("sesame"), "{shown}");
}

#[test]
fn what_is_no_key_is_refused_without_being_shown() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "open sesame").unwrap();
    let settings = QdrantSettings { api_key_file: Some(file.path().to_owned()), ..QdrantSettings::default() };
    let error = QdrantIndex::connect(&settings, DIMENSION, runtime().handle()).unwrap_err();
    assert!(matches!(error, QdrantError::ApiKey { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("sesame"));
}

fn search(index: &QdrantIndex) -> shopdesk_kb::Result<Candidates> {
    let (vector, terms) = (unit(&[1.0]), Terms::of_query("parcel"));
    index.candidates(&Query { vector: &vector, terms: &terms }, &Filter::new(Vec::new(), at(12, 0, 0)), 10)
}

fn hour() -> NonZeroU64 {
    NonZeroU64::new(3600).expect("not 0")
}

/// The error of ours within the knowledge base's.
fn qdrant_error(error: shopdesk_kb::Error) -> QdrantError {
    match error {
        shopdesk_kb::Error::Index(error) => *error.downcast().expect("an error of this crate"),
        other => panic!("{other}"),
    }
}
