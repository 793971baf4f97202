//! Everything that was measured, and whether it is good enough.

use serde::Serialize;

use crate::audit::Audit;
use crate::scenarios::Setting;
use crate::scenarios::burst::Burst;
use crate::scenarios::idle_streams::IdleStreams;
use crate::scenarios::saturation::Saturation;
use crate::scenarios::steady::Steady;

/// The least share of the bare encoder's batched throughput that the service keeps at saturation.
pub(crate) const LEAST_SHARE: f64 = 0.7;

#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) cores: usize,
    pub(crate) quiet_milliseconds: u64,
    /// Whether it was too short for its figures to count.
    pub(crate) quick: bool,
    pub(crate) saturation: Saturation,
    pub(crate) steady: Steady,
    pub(crate) burst: Burst,
    pub(crate) idle_streams: IdleStreams,
    /// The most that the desk occupied in the whole run, in bytes.
    pub(crate) most_resident: u64,
    /// Of all scenarios.
    pub(crate) audit: Audit,
}

impl Report {
    pub(crate) fn new(
        setting: &Setting,
        quick: bool,
        saturation: Saturation,
        steady: Steady,
        burst: Burst,
        idle_streams: IdleStreams,
    ) -> anyhow::Result<Self> {
        let mut audit = Audit::default();
        for part in [&saturation.audit, &steady.audit, &burst.audit, &idle_streams.steady.audit] {
            audit.add(part);
        }
        Ok(Self {
            cores: setting.cores,
            quiet_milliseconds: u64::try_from(setting.quiet.as_millis())?,
            quick,
            most_resident: setting.server.most_resident()?,
            saturation,
            steady,
            burst,
            idle_streams,
            audit,
        })
    }

    /// Whether nothing was lost, no stream broke, and the service kept its share, which a quick run is too short to tell.
    pub(crate) fn holds(&self) -> bool {
        let keeps_share = self.quick || self.share_of_bare() >= LEAST_SHARE;
        keeps_share && self.audit.nothing_is_lost() && self.idle_streams.broken == 0
    }

    /// At saturation, in the middle one of the rounds.
    pub(crate) fn share_of_bare(&self) -> f64 {
        self.saturation.middle().share_of_bare
    }
}
