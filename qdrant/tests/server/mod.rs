//! A server that answers as Qdrant does, in memory, for the calls that the index makes. Any other call, and any part of a call that
//! it does not know, is refused, so that nothing passes because it was overlooked.

mod collections;
mod filter;
mod points;
mod query;
mod state;
mod unimplemented;

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use qdrant_client::qdrant::collections_server::CollectionsServer;
use qdrant_client::qdrant::points_server::PointsServer;
use shopdesk_qdrant::{QdrantIndex, QdrantSettings};
use tokio::runtime::Runtime;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Status};

pub(crate) use state::State;

/// How many numbers the vectors of the tests have.
pub(crate) const DIMENSION: usize = 8;

/// A server on a port of its own, and the runtime that it and its clients run on.
pub(crate) struct TestServer {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) url: String,
    service: Service,
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::start_on(runtime(), None)
    }

    /// One that serves only those who bring the key.
    pub(crate) fn start_with_key(key: &str) -> Self {
        Self::start_on(runtime(), Some(key.to_owned()))
    }

    pub(crate) fn start_on(runtime: Arc<Runtime>, key: Option<String>) -> Self {
        let inside = runtime.enter();
        let local = "127.0.0.1:0".parse().expect("an address");
        let incoming = TcpIncoming::bind(local).expect("some port is free").with_nodelay(Some(true));
        let address = incoming.local_addr().expect("it is bound");
        let service = Service { shared: Arc::new(Shared { key, ..Shared::default() }) };
        let points = PointsServer::new(service.clone()).max_decoding_message_size(32 << 20);
        let server =
            Server::builder().add_service(CollectionsServer::new(service.clone())).add_service(points);
        runtime.spawn(server.serve_with_incoming(incoming));
        drop(inside);
        Self { runtime, url: format!("http://{address}"), service }
    }

    pub(crate) fn settings(&self) -> QdrantSettings {
        QdrantSettings { urls: vec![self.url.clone()], ..QdrantSettings::default() }
    }

    /// An index of its own, ready for use.
    pub(crate) fn index(&self) -> QdrantIndex {
        QdrantIndex::connect(&self.settings(), DIMENSION, self.runtime.handle()).expect("the server is there")
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.service.state()
    }

    /// How many calls have arrived.
    pub(crate) fn calls(&self) -> usize {
        self.service.shared.calls.load(Ordering::SeqCst)
    }

    /// Says to the next calls that it cannot.
    pub(crate) fn fail_next(&self, calls: usize) {
        self.service.shared.failures.store(calls, Ordering::SeqCst);
    }

    pub(crate) fn become_(&self, mood: Mood) {
        self.service.shared.mood.store(mood as u8, Ordering::SeqCst);
    }
}

/// An address where nobody listens: the port is set apart for a service of 1988 that nobody runs.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:1";

pub(crate) fn runtime() -> Arc<Runtime> {
    Arc::new(Runtime::new().expect("a runtime"))
}

/// How a server takes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mood {
    /// It answers.
    Well,
    /// It never answers.
    Hanging,
    /// It says that it cannot.
    Unavailable,
}

#[derive(Clone)]
struct Service {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    calls: AtomicUsize,
    mood: AtomicU8,
    failures: AtomicUsize,
    key: Option<String>,
}

impl Service {
    /// What happens to every call first.
    async fn accept<T>(&self, request: Request<T>) -> Result<T, Status> {
        self.shared.calls.fetch_add(1, Ordering::SeqCst);
        let mood = self.shared.mood.load(Ordering::SeqCst);
        if mood == Mood::Hanging as u8 {
            std::future::pending::<()>().await;
        }
        let fails =
            self.shared.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if mood == Mood::Unavailable as u8 || fails.is_ok() {
            return Err(Status::unavailable("not now"));
        }
        if let Some(key) = &self.shared.key {
            let sent = request.metadata().get("api-key").and_then(|sent| sent.to_str().ok());
            if sent != Some(key) {
                return Err(Status::unauthenticated("Invalid API key or JWT"));
            }
        }
        Ok(request.into_inner())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
