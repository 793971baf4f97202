//! The same checks over every index.

use std::env;
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use qdrant_client::Qdrant;
use shopdesk_kb::EmbeddedIndex;
use shopdesk_qdrant::{QdrantIndex, QdrantSettings};

use crate::contract::{self, CHECKS, clear, for_each_check};
use crate::server::{DIMENSION, TestServer, runtime};

macro_rules! tests {
    ($new:expr; $($check:ident,)*) => {$(
        #[test]
        fn $check() {
            let (index, _kept) = $new;
            contract::$check(&index);
        }
    )*};
}

mod embedded {
    use super::*;

    for_each_check!(tests!((EmbeddedIndex::new(DIMENSION), ());));

    #[test]
    fn a_search_sees_an_article_old_or_new() {
        contract::a_search_sees_an_article_old_or_new(Box::new(EmbeddedIndex::new(DIMENSION)));
    }
}

mod in_process {
    use super::*;

    fn new() -> (QdrantIndex, TestServer) {
        let server = TestServer::start();
        (server.index(), server)
    }

    for_each_check!(tests!(new();));

    #[test]
    fn a_search_sees_an_article_old_or_new() {
        let (index, _server) = new();
        contract::a_search_sees_an_article_old_or_new(Box::new(index));
    }
}

#[test]
fn a_real_server() {
    let Ok(url) = env::var("QDRANT_TEST_URL") else {
        not_tested();
        return;
    };
    let runtime = runtime();
    let collection = format!("shopdesk-test-{:016x}", fastrand::u64(..));
    let settings = QdrantSettings { urls: vec![url.clone()], collection, ..QdrantSettings::default() };
    let index = QdrantIndex::connect(&settings, DIMENSION, runtime.handle()).unwrap();
    for (name, check) in CHECKS {
        clear(&index);
        let result = catch_unwind(AssertUnwindSafe(|| check(&index)));
        assert!(result.is_ok(), "{name}");
    }
    clear(&index);
    contract::a_search_sees_an_article_old_or_new(Box::new(index.clone()));
    let client = Qdrant::from_url(&url).build().unwrap();
    let first = format!("{}-s1-0", settings.collection);
    runtime.block_on(client.delete_collection(first)).unwrap();
}

/// Written past the test runner, which would keep back what a test that passes prints.
fn not_tested() {
    let note = "NOT TESTED: no real Qdrant server, for `QDRANT_TEST_URL` is not set";
    writeln!(io::stderr(), "{note}").expect("there is somewhere to write to");
}
