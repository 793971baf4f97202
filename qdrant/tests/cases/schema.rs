//! What the collection looks like, and collections that do not fit.

use qdrant_client::Qdrant;
use qdrant_client::qdrant::{
    CreateAliasBuilder, CreateCollectionBuilder, Distance, FieldType, VectorParamsBuilder,
};
use shopdesk_kb::{Index, Part};
use shopdesk_qdrant::{QdrantError, QdrantIndex, QdrantSettings};

use crate::contract::Material;
use crate::server::{DIMENSION, TestServer};

#[test]
fn the_first_to_come_makes_the_collection() {
    let server = TestServer::start();
    let index = server.index();
    Material::new("a", "en").with(Part::Body, "parcel", &[1.0]).put(&index);
    assert_eq!(server.index().passages().unwrap(), 1, "the second finds it");
    assert!(index.is_shared());
    let state = server.state();
    assert_eq!(state.aliases["shopdesk"], "shopdesk-s1-0");
    let indexes = &state.collections["shopdesk-s1-0"].indexes;
    for field in ["article", "language", "version", "part", "audience"] {
        assert_eq!(indexes[field], FieldType::Keyword as i32, "{field}");
    }
    for field in ["number", "valid_from", "valid_until"] {
        assert_eq!(indexes[field], FieldType::Integer as i32, "{field}");
    }
}

#[test]
fn whoever_was_stopped_on_the_way_goes_on() {
    let server = TestServer::start();
    server.index();
    {
        let mut state = server.state();
        state.aliases.clear();
        state.collections.get_mut("shopdesk-s1-0").unwrap().indexes.clear();
    }
    server.index();
    let state = server.state();
    assert_eq!(state.aliases["shopdesk"], "shopdesk-s1-0");
    assert_eq!(state.collections["shopdesk-s1-0"].indexes.len(), 8);
}

#[test]
fn those_who_come_together_find_one() {
    let server = TestServer::start();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| server.index());
        }
    });
    assert_eq!(server.state().collections.len(), 1);
}

#[test]
fn another_dimension_is_refused() {
    let server = TestServer::start();
    server.index();
    let error = QdrantIndex::connect(&server.settings(), 384, server.runtime.handle()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the collection `shopdesk-s1-0` has vectors of 8 numbers compared by Dot, and words with IDF, \
         not vectors of 384 numbers compared by Dot, and words with IDF; run `shopdesk kb rebuild`"
    );
}

#[test]
fn other_vectors_are_refused() {
    let server = TestServer::start();
    make(&server, "shopdesk-s1-0", Some("shopdesk"));
    let error = QdrantIndex::connect(&server.settings(), DIMENSION, server.runtime.handle()).unwrap_err();
    assert!(matches!(error, QdrantError::OtherVectors { .. }), "{error}");
}

#[test]
fn another_schema_is_refused() {
    let server = TestServer::start();
    make(&server, "shopdesk-s999-0", Some("shopdesk"));
    let error = QdrantIndex::connect(&server.settings(), DIMENSION, server.runtime.handle()).unwrap_err();
    assert!(matches!(error, QdrantError::OtherSchema { .. }), "{error}");
    assert!(error.to_string().contains("shopdesk kb rebuild"), "{error}");
}

#[test]
fn a_collection_that_has_the_name_of_the_alias_is_left_alone() {
    let server = TestServer::start();
    make(&server, "shopdesk", None);
    let error = QdrantIndex::connect(&server.settings(), DIMENSION, server.runtime.handle()).unwrap_err();
    assert!(matches!(error, QdrantError::NoAlias { .. }), "{error}");
}

#[test]
fn settings_are_data() {
    let settings: QdrantSettings =
        toml::from_str("urls = ['http://a:6334', 'https://b:6334']\nretries = 0").unwrap();
    assert_eq!((settings.urls.len(), settings.retries, settings.timeout_seconds.get()), (2, 0, 2));
    assert_eq!(settings.collection, "shopdesk");
    for wrong in ["timeout = 2", "timeout_seconds = 0", "api_key = 'no'"] {
        assert!(toml::from_str::<QdrantSettings>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn wrong_addresses_are_refused() {
    let server = TestServer::start();
    for urls in [vec![], vec!["localhost:6334".to_owned()], vec!["http://".to_owned()]] {
        let settings = QdrantSettings { urls, ..QdrantSettings::default() };
        let error = QdrantIndex::connect(&settings, DIMENSION, server.runtime.handle()).unwrap_err();
        assert!(matches!(error, QdrantError::NoUrl | QdrantError::Url { .. }), "{error}");
    }
}

/// A collection that is not ours, and an alias to it.
fn make(server: &TestServer, collection: &str, alias: Option<&str>) {
    let client = Qdrant::from_url(&server.url).skip_compatibility_check().build().expect("an address");
    let vectors = VectorParamsBuilder::new(DIMENSION as u64, Distance::Cosine);
    server.runtime.block_on(async {
        let request = CreateCollectionBuilder::new(collection).vectors_config(vectors);
        client.create_collection(request).await.expect("it is made");
        if let Some(alias) = alias {
            client.create_alias(CreateAliasBuilder::new(collection, alias)).await.expect("it is made");
        }
    });
}
