//! Traces for a collector, by OTLP over HTTP, when the environment names one. What a span may say is decided where it is made; here
//! it is decided that only our own spans leave the house, and no entry of the log.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Key, KeyValue, global};
use opentelemetry_otlp::SpanExporter as OtlpExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::articles::RUNTIME;

/// What the service is called, if its environment does not say.
const NAME: &str = "shopdesk";
/// Where the collector is; without one of them there are no traces.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// What collects spans and sends them.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// As OpenTelemetry's variables say (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>); nothing
    /// when they name no collector.
    pub(crate) fn from_environment() -> anyhow::Result<Option<Self>> {
        if !is_wanted() {
            return Ok(None);
        }
        let exporter = OtlpExporter::builder().with_http().build();
        let exporter =
            exporter.context("traces cannot be exported; see the variables `OTEL_EXPORTER_OTLP_…`")?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(OnRuntime { exporter: Arc::new(exporter) })
            .with_resource(resource())
            .build();
        global::set_text_map_propagator(TraceContextPropagator::new());
        Ok(Some(Self { provider }))
    }

    /// Takes our own spans, and nothing else.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(NAME))
            .with_context_activation(false)
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_ours))
    }

    /// Sends what was not sent yet.
    pub(crate) fn finish(self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO && metadata.target().starts_with("shopdesk")
}

fn is_wanted() -> bool {
    let value = |name: &str| std::env::var(name).unwrap_or_default();
    let is_named = ENDPOINTS.iter().any(|name| !value(name).is_empty());
    is_named
        && !value("OTEL_SDK_DISABLED").eq_ignore_ascii_case("true")
        && value("OTEL_TRACES_EXPORTER") != "none"
}

/// What is said of the service itself. `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` come first.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version.clone()).build();
    let name = resource.get(&Key::from_static_str("service.name"));
    if name.is_some_and(|name| !name.as_str().starts_with("unknown_service")) {
        return resource;
    }
    Resource::builder().with_attribute(version).with_service_name(NAME).build()
}

/// Sends on our own runtime: batches are made on a thread that has none, and the client needs one.
#[derive(Debug)]
struct OnRuntime {
    exporter: Arc<OtlpExporter>,
}

impl SpanExporter for OnRuntime {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exporter = Arc::clone(&self.exporter);
        let sending = RUNTIME.spawn(async move { exporter.export(batch).await });
        let sent = sending.await.map_err(|error| OTelSdkError::InternalFailure(error.to_string())).flatten();
        if let Err(error) = &sent {
            tracing::warn!(%error, "traces were not taken");
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        // It is set before anything is sent.
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}
