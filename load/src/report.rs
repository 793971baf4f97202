//! Everything that was measured, and whether it is good enough.

use serde::Serialize;

use crate::Arguments;
use crate::audit::Audit;
use crate::scenarios::Setting;
use crate::scenarios::burst::Burst;
use crate::scenarios::idle_streams::IdleStreams;
use crate::scenarios::saturation::Saturation;
use crate::scenarios::steady::Steady;

/// The least share of the bare encoder's batched throughput that the service keeps at saturation.
pub(crate) const LEAST_SHARE: f64 = 0.7;

/// What was measured, as far as whoever started it knows: figures are compared with others of the same processor and bundle.
#[derive(Clone, Debug, Default, clap::Args, Serialize)]
pub(crate) struct Subject {
    /// The commit that the desk was built from.
    #[arg(long)]
    pub(crate) commit: Option<String>,
    /// What the processor calls itself.
    #[arg(long)]
    pub(crate) processor: Option<String>,
    /// The id of the bundle that the desk answers with.
    #[arg(long)]
    pub(crate) bundle: Option<String>,
}

/// Scenarios that were not finished are missing.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) subject: Subject,
    pub(crate) cores: usize,
    pub(crate) quiet_milliseconds: u64,
    /// Whether it was too short for its figures to count.
    pub(crate) quick: bool,
    pub(crate) saturation: Saturation,
    pub(crate) steady: Option<Steady>,
    pub(crate) burst: Option<Burst>,
    pub(crate) idle_streams: Option<IdleStreams>,
    /// The most that the desk occupied by the end of the last of them, in bytes.
    pub(crate) most_resident: u64,
    /// Of all scenarios.
    pub(crate) audit: Audit,
}

impl Report {
    /// With the first scenario.
    pub(crate) fn new(
        setting: &Setting,
        arguments: &Arguments,
        saturation: Saturation,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            subject: arguments.subject.clone(),
            cores: setting.cores,
            quiet_milliseconds: u64::try_from(setting.quiet.as_millis())?,
            quick: arguments.quick,
            most_resident: setting.server.most_resident()?,
            audit: saturation.audit.clone(),
            saturation,
            steady: None,
            burst: None,
            idle_streams: None,
        })
    }

    /// Sums up what the finished scenarios lost, and what the desk occupied until now.
    pub(crate) fn sum_up(&mut self, setting: &Setting) -> anyhow::Result<()> {
        let others = [
            self.steady.as_ref().map(|steady| &steady.audit),
            self.burst.as_ref().map(|burst| &burst.audit),
            self.idle_streams.as_ref().map(|idle| &idle.steady.audit),
        ];
        self.audit = self.saturation.audit.clone();
        others.into_iter().flatten().for_each(|audit| self.audit.add(audit));
        self.most_resident = setting.server.most_resident()?;
        Ok(())
    }

    /// Whether all was finished, nothing was lost, no stream broke, and the service kept its share, which a quick run is too short to tell.
    pub(crate) fn holds(&self) -> bool {
        let keeps_share = self.quick || self.share_of_bare() >= LEAST_SHARE;
        let keeps_streams = self.idle_streams.as_ref().is_some_and(|idle| idle.broken == 0);
        keeps_share && keeps_streams && self.audit.nothing_is_lost()
    }

    /// At saturation, in the middle one of the rounds.
    pub(crate) fn share_of_bare(&self) -> f64 {
        self.saturation.middle().share_of_bare
    }
}
