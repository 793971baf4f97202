//! What is measured while the service runs, for Prometheus to read at `/metrics`: one function a measurement.
//!
//! Every service has figures of its own instead of one recorder for the whole process, so that several can run in one process.

mod catalogue;
mod scrape;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _, SharedString};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use shopdesk_triage::EscalationReason;

use crate::message::ReplyKind;
use crate::state::AppState;
use crate::ticket::Deadline;
use catalogue::Measurement;

pub(crate) use scrape::scrape;

/// How often what was measured is summed up. Without that it would grow while nobody reads it.
const UPKEEP: Duration = Duration::from_secs(5);

/// What replies to messages are.
const KINDS: [ReplyKind; 7] = [
    ReplyKind::Answer,
    ReplyKind::Clarify,
    ReplyKind::OrderStatus,
    ReplyKind::AskOrderNumber,
    ReplyKind::OrderUnknown,
    ReplyKind::Handover,
    ReplyKind::SmallTalk,
];
const DEADLINES: [Deadline; 2] = [Deadline::FirstResponse, Deadline::Resolution];

static METADATA: Metadata<'_> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// The figures of a service. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    /// Which bundle was in use when somebody read the last time.
    bundle: Arc<Mutex<Option<String>>>,
    started_at: Timestamp,
}

/// What the database was needed for when it failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Doing {
    /// A request.
    Request,
    /// To answer a message for which nobody waits.
    Answer,
    /// To settle what was left over.
    Sweep,
    /// To look after deadlines, and assign tickets.
    Watch,
    /// To remove what is old.
    Tidy,
    /// To deliver webhooks.
    Webhooks,
    /// To go on with a stream of events.
    Events,
    /// To say whether the service is ready.
    Readiness,
    /// To read these figures.
    Metrics,
}

impl Doing {
    const ALL: [Self; 9] = [
        Self::Request,
        Self::Answer,
        Self::Sweep,
        Self::Watch,
        Self::Tidy,
        Self::Webhooks,
        Self::Events,
        Self::Readiness,
        Self::Metrics,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Answer => "answer",
            Self::Sweep => "sweep",
            Self::Watch => "watch",
            Self::Tidy => "tidy",
            Self::Webhooks => "webhooks",
            Self::Events => "events",
            Self::Readiness => "readiness",
            Self::Metrics => "metrics",
        }
    }
}

/// How an attempt to deliver a webhook ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    /// It was taken.
    Delivered,
    /// It will be tried again.
    Failed,
    /// It will not.
    GivenUp,
}

impl Metrics {
    /// Those of a service that starts now: nothing was measured yet.
    #[must_use]
    pub fn start() -> Self {
        let builder = PrometheusBuilder::new().set_buckets(&catalogue::BUCKETS).expect("there are buckets");
        let recorder = builder.build_recorder();
        for measurement in catalogue::ALL {
            measurement.describe(&recorder);
        }
        let metrics =
            Self { recorder: Arc::new(recorder), bundle: Arc::default(), started_at: Timestamp::now() };
        metrics.begin_at_zero();
        metrics
    }

    /// A counter that first appears as 1 has not risen for who watches it, so what can be counted is there from the start.
    fn begin_at_zero(&self) {
        let zero = |measurement, label, words: &[&'static str]| {
            for word in words {
                self.counter(measurement, [(label, (*word).into())]).increment(0);
            }
        };
        self.counter(&catalogue::MESSAGES, []).increment(0);
        self.counter(&catalogue::REFUSALS, []).increment(0);
        zero(&catalogue::REPLIES, "kind", &KINDS.map(ReplyKind::as_str));
        zero(&catalogue::HANDOVERS, "reason", &EscalationReason::ALL.map(EscalationReason::as_str));
        zero(&catalogue::DEADLINES_MISSED, "deadline", &DEADLINES.map(word));
        zero(&catalogue::DATABASE_ERRORS, "doing", &Doing::ALL.map(Doing::word));
    }

    /// A request was answered. `path` is that of the route, not of the request, whose paths are without number.
    pub(crate) fn request(&self, method: &'static str, path: &str, status: u16, took: Duration) {
        let (method, path): (SharedString, SharedString) = (method.into(), path.to_owned().into());
        let status = ("status", status.to_string().into());
        self.histogram(&catalogue::HTTP_SECONDS, [("method", method.clone()), ("path", path.clone())])
            .record(took);
        self.counter(&catalogue::HTTP_REQUESTS, [("method", method), ("path", path), status]).increment(1);
    }

    /// A shopper's message was kept.
    pub(crate) fn message(&self) {
        self.counter(&catalogue::MESSAGES, []).increment(1);
    }

    /// The program replied to a message.
    pub(crate) fn reply(&self, kind: ReplyKind) {
        self.counter(&catalogue::REPLIES, [("kind", kind.as_str().into())]).increment(1);
    }

    /// A human takes over.
    pub(crate) fn handover(&self, reason: EscalationReason) {
        self.counter(&catalogue::HANDOVERS, [("reason", reason.as_str().into())]).increment(1);
    }

    /// A message was assessed: how long it waited for the model, and how long all else took.
    pub(crate) fn assessed(&self, waited: Duration, computed: Duration) {
        self.histogram(&catalogue::QUEUE_SECONDS, []).record(waited);
        self.histogram(&catalogue::PIPELINE_SECONDS, []).record(computed);
    }

    /// There was no room for a message.
    pub(crate) fn refusal(&self) {
        self.counter(&catalogue::REFUSALS, []).increment(1);
    }

    /// A ticket was not answered, or not closed, in time.
    pub(crate) fn deadline_missed(&self, deadline: Deadline) {
        self.counter(&catalogue::DEADLINES_MISSED, [("deadline", word(deadline).into())]).increment(1);
    }

    /// An attempt to deliver a webhook ended.
    pub(crate) fn delivery(&self, webhook: &str, attempt: Attempt) {
        self.attempts(webhook, attempt).increment(1);
    }

    /// There is a webhook of that name, to which nothing was delivered yet.
    pub(crate) fn webhook(&self, webhook: &str) {
        for attempt in [Attempt::Delivered, Attempt::Failed, Attempt::GivenUp] {
            self.attempts(webhook, attempt).increment(0);
        }
    }

    fn attempts(&self, webhook: &str, attempt: Attempt) -> Counter {
        let outcome = match attempt {
            Attempt::Delivered => "delivered",
            Attempt::Failed => "failed",
            Attempt::GivenUp => "given_up",
        };
        let labels = [("webhook", webhook.to_owned().into()), ("outcome", outcome.into())];
        self.counter(&catalogue::DELIVERIES, labels)
    }

    /// The database failed.
    pub(crate) fn database_failed(&self, doing: Doing) {
        self.counter(&catalogue::DATABASE_ERRORS, [("doing", doing.word().into())]).increment(1);
    }

    /// All figures, as Prometheus reads them.
    fn render(&self) -> String {
        self.recorder.handle().render()
    }

    /// Says which bundle is in use; the one before is not any more.
    fn use_bundle(&self, bundle: &str) {
        let mut known = self.bundle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = known.as_ref().filter(|before| *before != bundle) {
            self.gauge(&catalogue::BUNDLE, [("bundle", before.clone().into())]).set(0.0);
        }
        self.gauge(&catalogue::BUNDLE, [("bundle", bundle.to_owned().into())]).set(1.0);
        *known = Some(bundle.to_owned());
    }

    fn counter<const N: usize>(
        &self,
        measurement: &Measurement,
        labels: [(&'static str, SharedString); N],
    ) -> Counter {
        self.recorder.register_counter(&key(measurement, labels), &METADATA)
    }

    fn gauge<const N: usize>(
        &self,
        measurement: &Measurement,
        labels: [(&'static str, SharedString); N],
    ) -> Gauge {
        self.recorder.register_gauge(&key(measurement, labels), &METADATA)
    }

    fn histogram<const N: usize>(
        &self,
        measurement: &Measurement,
        labels: [(&'static str, SharedString); N],
    ) -> Histogram {
        self.recorder.register_histogram(&key(measurement, labels), &METADATA)
    }
}

/// Sums up what was measured, ever again, until the service stops.
pub(crate) async fn keep_up(app: AppState) {
    let mut look = tokio::time::interval(UPKEEP);
    while app.present.comes_round(&mut look).await {
        app.metrics.recorder.handle().run_upkeep();
    }
}

fn key<const N: usize>(measurement: &Measurement, labels: [(&'static str, SharedString); N]) -> Key {
    let labels: Vec<Label> = labels.into_iter().map(|(name, value)| Label::new(name, value)).collect();
    Key::from_parts(measurement.name, labels)
}

/// What a deadline is called.
fn word(deadline: Deadline) -> &'static str {
    match deadline {
        Deadline::FirstResponse => "first_response",
        Deadline::Resolution => "resolution",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_services_have_figures_of_their_own() {
        let (first, second) = (Metrics::start(), Metrics::start());
        first.message();
        assert!(first.render().contains("shopdesk_messages_total 1"), "{}", first.render());
        assert!(second.render().contains("shopdesk_messages_total 0"), "{}", second.render());
    }

    #[test]
    fn what_can_be_counted_begins_at_zero() {
        let metrics = Metrics::start();
        metrics.webhook("crm");
        let text = metrics.render();
        for line in [
            r#"shopdesk_handovers_total{reason="busy"} 0"#,
            r#"shopdesk_replies_total{kind="answer"} 0"#,
            r#"shopdesk_replies_total{kind="order_status"} 0"#,
            r#"shopdesk_deadlines_missed_total{deadline="resolution"} 0"#,
            r#"shopdesk_database_errors_total{doing="watch"} 0"#,
            r#"shopdesk_webhook_deliveries_total{webhook="crm",outcome="given_up"} 0"#,
            "shopdesk_assess_refusals_total 0",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn durations_come_in_buckets() {
        let metrics = Metrics::start();
        metrics.request("GET", "/v1/sites/{site}", 200, Duration::from_millis(30));
        let text = metrics.render();
        for line in [
            r#"shopdesk_http_requests_total{method="GET",path="/v1/sites/{site}",status="200"} 1"#,
            r#"shopdesk_http_request_duration_seconds_bucket{method="GET",path="/v1/sites/{site}",le="0.025"} 0"#,
            r#"shopdesk_http_request_duration_seconds_bucket{method="GET",path="/v1/sites/{site}",le="0.05"} 1"#,
            r#"shopdesk_http_request_duration_seconds_bucket{method="GET",path="/v1/sites/{site}",le="+Inf"} 1"#,
            "# TYPE shopdesk_http_request_duration_seconds histogram",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn one_bundle_is_in_use() {
        let metrics = Metrics::start();
        metrics.use_bundle("aaaa");
        metrics.use_bundle("bbbb");
        let text = metrics.render();
        assert!(text.contains(r#"shopdesk_bundle_info{bundle="aaaa"} 0"#), "{text}");
        assert!(text.contains(r#"shopdesk_bundle_info{bundle="bbbb"} 1"#), "{text}");
    }
}
