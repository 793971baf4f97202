//! Every measurement that there is: its name, its unit, and what it says. `docs/operations.md` has the same table.

use metrics::{KeyName, Recorder, Unit};

/// A measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measurement {
    pub(super) name: &'static str,
    kind: Kind,
    unit: Option<Unit>,
    description: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Goes up only.
    Counter,
    /// Is what it is just now.
    Gauge,
    /// How often something took how long.
    Histogram,
}

pub(super) const HTTP_REQUESTS: Measurement = counter(
    "shopdesk_http_requests_total",
    "Requests that were answered, by method, route and status. Streams count when they begin.",
);
pub(super) const HTTP_SECONDS: Measurement = seconds(
    "shopdesk_http_request_duration_seconds",
    "How long requests took until the response began, by method and route.",
);
pub(super) const HTTP_UNDER_WAY: Measurement =
    gauge("shopdesk_http_requests_under_way", "Requests that are not answered yet, without streams.");
pub(super) const MESSAGES: Measurement =
    counter("shopdesk_messages_total", "Messages that shoppers sent and that are kept.");
pub(super) const REPLIES: Measurement =
    counter("shopdesk_replies_total", "What the program replied to messages, by kind.");
pub(super) const HANDOVERS: Measurement =
    counter("shopdesk_handovers_total", "Conversations that were handed over to a human, by reason.");
pub(super) const ANSWERS_UNDER_WAY: Measurement =
    gauge("shopdesk_answers_under_way", "Messages that are being answered.");
pub(super) const QUEUE_SECONDS: Measurement =
    seconds("shopdesk_assess_queue_seconds", "How long messages waited for the model before it took them.");
pub(super) const PIPELINE_SECONDS: Measurement = seconds(
    "shopdesk_assess_pipeline_seconds",
    "How long it took to assess a message, without the wait for the model.",
);
pub(super) const REFUSALS: Measurement = counter(
    "shopdesk_assess_refusals_total",
    "How often the model had no room for a message. A message tries several times before a human gets it.",
);
pub(super) const QUEUE: Measurement =
    gauge("shopdesk_assess_queue_messages", "Messages that wait for the model.");
pub(super) const STREAMS: Measurement =
    gauge("shopdesk_event_streams", "Open streams of events, by what they follow.");
pub(super) const TICKETS: Measurement =
    gauge("shopdesk_tickets", "Tickets that are not done, by state. Servers over one database say the same.");
pub(super) const OVERDUE: Measurement = gauge(
    "shopdesk_tickets_overdue",
    "Open and assigned tickets whose deadline is over, by deadline. Servers over one database say the same.",
);
pub(super) const DEADLINES_MISSED: Measurement = counter(
    "shopdesk_deadlines_missed_total",
    "Deadlines that this server noticed to be missed, by deadline.",
);
pub(super) const DELIVERIES: Measurement = counter(
    "shopdesk_webhook_deliveries_total",
    "Attempts to deliver a webhook, by webhook and outcome: `delivered`, `failed` (tried again) or `given_up`.",
);
pub(super) const DELIVERIES_WAITING: Measurement = gauge(
    "shopdesk_webhook_deliveries_waiting",
    "Deliveries that wait for their first or next attempt, by webhook. Servers over one database say the same.",
);
pub(super) const DATABASE_ERRORS: Measurement =
    counter("shopdesk_database_errors_total", "How often the database failed, by what it was needed for.");
pub(super) const BUNDLE: Measurement =
    gauge("shopdesk_bundle_info", "1 for the bundle in use, 0 for one that was in use before.");
pub(super) const REVISION: Measurement =
    gauge("shopdesk_articles_revision", "The number of the last change of the articles in the database.");
pub(super) const ARTICLES: Measurement =
    gauge("shopdesk_articles", "Articles in force in this server, each language counted.");
pub(super) const BUILD: Measurement = gauge("shopdesk_build_info", "1, with the version of the program.");
pub(super) const STARTED: Measurement = Measurement {
    name: "process_start_time_seconds",
    kind: Kind::Gauge,
    unit: Some(Unit::Seconds),
    description: "When the service was started, in seconds since 1970.",
};

/// All of them.
pub(super) const ALL: [Measurement; 23] = [
    HTTP_REQUESTS,
    HTTP_SECONDS,
    HTTP_UNDER_WAY,
    MESSAGES,
    REPLIES,
    HANDOVERS,
    ANSWERS_UNDER_WAY,
    QUEUE_SECONDS,
    PIPELINE_SECONDS,
    REFUSALS,
    QUEUE,
    STREAMS,
    TICKETS,
    OVERDUE,
    DEADLINES_MISSED,
    DELIVERIES,
    DELIVERIES_WAITING,
    DATABASE_ERRORS,
    BUNDLE,
    REVISION,
    ARTICLES,
    BUILD,
    STARTED,
];

/// The upper bounds of the histograms' buckets, in seconds: from less than a small message takes to more than a request may.
pub(super) const BUCKETS: [f64; 13] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0];

impl Measurement {
    /// Says what it is, for those who read it.
    pub(super) fn describe(&self, recorder: &impl Recorder) {
        let (name, unit) = (KeyName::from_const_str(self.name), self.unit);
        match self.kind {
            Kind::Counter => recorder.describe_counter(name, unit, self.description.into()),
            Kind::Gauge => recorder.describe_gauge(name, unit, self.description.into()),
            Kind::Histogram => recorder.describe_histogram(name, unit, self.description.into()),
        }
    }
}

const fn counter(name: &'static str, description: &'static str) -> Measurement {
    Measurement { name, kind: Kind::Counter, unit: None, description }
}

const fn gauge(name: &'static str, description: &'static str) -> Measurement {
    Measurement { name, kind: Kind::Gauge, unit: None, description }
}

const fn seconds(name: &'static str, description: &'static str) -> Measurement {
    Measurement { name, kind: Kind::Histogram, unit: Some(Unit::Seconds), description }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        let names: BTreeSet<&str> = ALL.iter().map(|measurement| measurement.name).collect();
        assert_eq!(names.len(), ALL.len(), "each has a name of its own");
        for Measurement { name, kind, unit, .. } in ALL {
            assert!(name.starts_with("shopdesk_") || name == STARTED.name, "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert_eq!(name.ends_with("_total"), kind == Kind::Counter, "{name}");
            assert_eq!(name.ends_with("_seconds"), unit == Some(Unit::Seconds), "{name}");
        }
    }

    #[test]
    fn the_documents_name_each_of_them() {
        let documents = include_str!("../../../docs/operations.md");
        for Measurement { name, .. } in ALL {
            assert!(documents.contains(&format!("`{name}`")), "{name}");
        }
    }
}
