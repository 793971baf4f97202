//! What the program says of its work while it does it: the log on standard error, and traces for whoever collects them.

use anyhow::Context as _;
use clap::ValueEnum;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt, registry};

use crate::traces::Traces;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// The log and the traces, until the program ends.
pub(crate) struct Logging {
    traces: Option<Traces>,
}

impl Logging {
    /// Begins. `SHOPDESK_LOG` takes the filters of tracing-subscriber, as in `shopdesk_server=debug`; traces are another matter and go by the
    /// variables of OpenTelemetry. They are `traced` for what serves: all else is over before anybody looks.
    pub(crate) fn start(format: LogFormat, traced: bool) -> anyhow::Result<Self> {
        let filter = match std::env::var("SHOPDESK_LOG") {
            Ok(filter) => {
                EnvFilter::try_new(&filter).with_context(|| format!("`SHOPDESK_LOG` is `{filter}`"))?
            }
            Err(_) => EnvFilter::new("info"),
        };
        let log = fmt::layer().with_writer(std::io::stderr);
        let log = match format {
            LogFormat::Text => log.boxed(),
            LogFormat::Json => log.json().boxed(),
        };
        let traces = if traced { Traces::from_environment()? } else { None };
        registry().with(log.with_filter(filter)).with(traces.as_ref().map(Traces::layer)).try_init()?;
        Ok(Self { traces })
    }

    /// Sends what was not sent yet.
    pub(crate) fn finish(self) {
        if let Some(traces) = self.traces {
            traces.finish();
        }
    }
}
