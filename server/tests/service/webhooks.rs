//! What happens reaches the shop's own systems over HTTP: signed, again and again, and nowhere else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use shopdesk_server::{
    AppState, Delivery, Parts, Scope, Settings, Subscription, Webhook, WebhookConfig, WebhookSecret, serve,
};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

use crate::support::{Clock, TestApp, settings};
use crate::watch::while_running;

/// 24 bytes.
const KEY: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// No test waits longer than this for something to come.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_delivery_is_signed_as_standard_webhooks_has_it() {
    let receiver = Receiver::start().await;
    let (app, clock) = app(&receiver.url, true).await;
    let conversation = app.conversation().await;
    app.post(&format!("/v1/conversations/{conversation}/human"), json!({})).await;
    let received = while_running(&app, receiver.next()).await;
    let header = |name: &str| received.headers[name].to_str().unwrap().to_owned();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    assert_eq!(header("webhook-signature"), signature(&id, &timestamp, &received.body));
    assert_eq!(header("content-type"), "application/json");
    let sent_at: i64 = timestamp.parse().unwrap();
    assert!((clock.now().as_second() - sent_at).abs() < 60, "{timestamp}");
    let body: Value = serde_json::from_slice(&received.body).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]["conversation"]),
        (&json!("ticket.opened"), &json!(conversation))
    );
    let delivery = only(&app).await;
    assert_eq!((delivery.id, delivery.state.as_str()), (id, "delivered"));
    let figures = figures(&app).await;
    assert!(figures.contains(&outcome("delivered", 1)), "{figures}");
}

#[tokio::test]
async fn what_is_not_taken_is_tried_again_after_a_restart_given_up_and_sent_when_somebody_asks() {
    let receiver = Receiver::start().await;
    receiver.answer(StatusCode::INTERNAL_SERVER_ERROR);
    let (app, clock) = app(&receiver.url, true).await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let tried = while_running(&app, until_tried(&app, 1)).await;
    assert_eq!(tried.last_error.as_deref(), Some("it answered 500 Internal Server Error"));
    assert_eq!(tried.state, "waiting");
    let wait = tried.next_at.duration_since(clock.now()).as_secs();
    assert!((0..=6).contains(&wait), "five seconds, more or less: {wait}");

    // Longer than each of the waits, the last of which is a day.
    let app = subscribed(app.restarted().await);
    while_running(&app, async {
        for attempts in 2..=8 {
            clock.forward(30 * 3600);
            until_tried(&app, attempts).await;
        }
    })
    .await;
    let dead = only(&app).await;
    assert_eq!((dead.state.as_str(), dead.attempts, receiver.count()), ("dead", 8, 8));
    assert_eq!(receiver.ids(), vec![dead.id.clone(); 8], "a receiver can tell that it is the same");
    let figures = figures(&app).await;
    assert!(figures.contains(&outcome("failed", 6)), "{figures}");
    assert!(figures.contains(&outcome("given_up", 1)), "{figures}");

    let app = subscribed(app.restarted().await);
    receiver.answer(StatusCode::NO_CONTENT);
    let key = app.key(&[Scope::Admin]).await;
    let path = format!("/v1/deliveries/{}/retry", dead.id);
    let revived = app.with_token(&key, Method::POST, &path, None).await;
    assert_eq!(revived.status, StatusCode::NO_CONTENT);
    let taken = while_running(&app, until_tried(&app, 1)).await;
    assert_eq!((taken.id, taken.state.as_str()), (dead.id, "delivered"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let receiver = Receiver::start().await;
    receiver.answer(StatusCode::TEMPORARY_REDIRECT);
    let (app, _) = app(&receiver.url, true).await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let tried = while_running(&app, until_tried(&app, 1)).await;
    assert_eq!(tried.last_error.as_deref(), Some("it answered 307 Temporary Redirect"));
    assert_eq!(receiver.count(), 1);
}

#[test]
fn what_can_never_be_delivered_is_refused_at_the_start() {
    let problem = |config: &WebhookConfig| Webhook::new("crm", config, secret()).err().unwrap().to_string();
    let private = config("https://127.0.0.1/hook", false);
    assert_eq!(problem(&private), "`webhooks.crm.url` cannot be used: `127.0.0.1` is not a public address");
    let misspelt = vec!["ticket.closed".to_owned(), "ticket.open".to_owned()];
    let misspelt = WebhookConfig { events: misspelt, ..config("https://example.com/hook", false) };
    assert_eq!(
        problem(&misspelt),
        "`webhooks.crm.events` names `ticket.open`, which never happens; give some of `message.created`, `ticket.opened`, \
         `ticket.closed`, `conversation.rated`"
    );
}

#[tokio::test]
async fn a_service_that_stops_hears_the_receiver_out() {
    let receiver = Receiver::start().await;
    let held = receiver.hold();
    let (app, _) = app(&receiver.url, true).await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(serve(listener, app.state.clone(), async move { drop(stopped.await) }));
    receiver.next().await;
    stop.send(()).unwrap();
    // Long enough for a service that does not wait to be gone.
    tokio::time::sleep(Duration::from_millis(200)).await;
    held.notify_one();
    serving.await.unwrap().unwrap();
    assert_eq!(only(&app).await.state, "delivered");
}

/// A service with one webhook, and its clock.
async fn app(url: &str, allow_private: bool) -> (TestApp, Clock) {
    // The program does that at its start.
    drop(rustls::crypto::ring::default_provider().install_default());
    let webhook = Webhook::new("crm", &config(url, allow_private), secret()).unwrap();
    let webhooks = Arc::new(BTreeMap::from([("crm".to_owned(), webhook)]));
    let clock = Clock::default();
    let shown = clock.clone();
    let settings = Settings { webhooks, ..settings() };
    (subscribed(TestApp::with_settings(8, move || shown.now(), settings).await), clock)
}

fn config(url: &str, allow_private: bool) -> WebhookConfig {
    let events = vec!["ticket.opened".to_owned()];
    WebhookConfig { url: url.to_owned(), events, secret_file: None, allow_private }
}

fn secret() -> WebhookSecret {
    WebhookSecret::parse(&format!("whsec_{KEY}")).unwrap()
}

/// The same service, which keeps deliveries for its webhook.
fn subscribed(app: TestApp) -> TestApp {
    let events = vec!["ticket.opened".to_owned()];
    let subscription = Subscription { endpoint: "crm".to_owned(), events };
    let store = app.state.store.clone().with_subscriptions(vec![subscription]);
    let state = AppState::new(Parts { store, ..Parts::clone(&app.state) });
    app.with_state(state)
}

/// The only delivery, when that attempt is over.
async fn until_tried(app: &TestApp, attempts: i64) -> Delivery {
    let waiting = async {
        loop {
            let delivery = only(app).await;
            // While it is tried, it is the server's for a minute. No wait after an attempt is as long as that.
            let rest = delivery.next_at.duration_since((app.state.clock)()).as_secs();
            let is_over = delivery.state != "waiting" || !(45..=60).contains(&rest);
            if delivery.attempts == attempts && is_over {
                return delivery;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it is tried in time")
}

/// The only delivery that there is.
async fn only(app: &TestApp) -> Delivery {
    let deliveries = app.state.store.deliveries(None, 10).await.unwrap();
    let [delivery]: [Delivery; 1] = deliveries.try_into().unwrap();
    delivery
}

async fn figures(app: &TestApp) -> String {
    let key = app.key(&[Scope::Stats]).await;
    app.with_token(&key, Method::GET, "/metrics", None).await.text
}

fn outcome(outcome: &str, count: u32) -> String {
    format!(r#"shopdesk_webhook_deliveries_total{{webhook="crm",outcome="{outcome}"}} {count}"#)
}

/// By the specification alone: HMAC-SHA256 under the decoded key.
fn signature(id: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&BASE64_STANDARD.decode(KEY).unwrap()).unwrap();
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// One of the shop's systems.
struct Receiver {
    url: String,
    desk: Arc<Desk>,
}

#[derive(Default)]
struct Desk {
    received: Mutex<Vec<Received>>,
    arrived: Notify,
    status: Mutex<Option<StatusCode>>,
    /// Answers only when it is told to.
    held: Mutex<Option<Arc<Notify>>>,
}

#[derive(Clone)]
struct Received {
    headers: HeaderMap,
    body: Bytes,
}

impl Receiver {
    async fn start() -> Self {
        let desk = Arc::new(Desk::default());
        let router = Router::new().route("/hook", post(receive)).route("/elsewhere", post(receive));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let service = router.with_state(Arc::clone(&desk));
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { url, desk }
    }

    /// What it answers from now on.
    fn answer(&self, status: StatusCode) {
        *self.desk.status.lock().unwrap() = Some(status);
    }

    /// Lets it answer only when what this returns says so.
    fn hold(&self) -> Arc<Notify> {
        let held = Arc::new(Notify::new());
        *self.desk.held.lock().unwrap() = Some(Arc::clone(&held));
        held
    }

    /// The latest that it received, when it has received something.
    async fn next(&self) -> Received {
        tokio::time::timeout(PATIENCE, self.desk.arrived.notified()).await.expect("something comes in time");
        self.desk.received.lock().unwrap().last().unwrap().clone()
    }

    fn count(&self) -> usize {
        self.desk.received.lock().unwrap().len()
    }

    fn ids(&self) -> Vec<String> {
        let received = self.desk.received.lock().unwrap();
        received.iter().map(|received| received.headers["webhook-id"].to_str().unwrap().to_owned()).collect()
    }
}

async fn receive(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    desk.received.lock().unwrap().push(Received { headers, body });
    desk.arrived.notify_one();
    let held = desk.held.lock().unwrap().clone();
    if let Some(held) = held {
        held.notified().await;
    }
    let status = desk.status.lock().unwrap().unwrap_or(StatusCode::NO_CONTENT);
    (status, [(header::LOCATION, "/elsewhere")]).into_response()
}
