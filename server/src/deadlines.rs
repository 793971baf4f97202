//! By when a ticket should have its first answer and its solution, counted in the hours in which humans are there.

use std::num::NonZeroU32;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use shopdesk_model::intents::Priority;

use crate::hours::OpeningHours;

/// The section `[deadlines]`: targets by priority.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadlineSettings {
    /// Danger to people, threats.
    pub urgent: Targets,
    /// Something went wrong for the shopper.
    pub high: Targets,
    /// The usual.
    pub normal: Targets,
    /// What can wait.
    pub low: Targets,
}

/// The targets of one priority, in minutes of open time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// Until a human answers.
    pub first_response_minutes: NonZeroU32,
    /// Until the ticket is solved.
    pub resolution_minutes: NonZeroU32,
    /// After which share of that time somebody is warned.
    pub warn_at: Share,
}

/// A part of a whole, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(f64);

/// The number is no share.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("`{0}` is no share; write a number from 0 to 1")]
pub struct ShareError(pub f64);

/// The deadlines of a ticket. A deadline is nothing where nobody will be there in time to keep it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// By when a human should answer.
    pub first_response: Option<DueTime>,
    /// By when the ticket should be solved.
    pub resolution: Option<DueTime>,
}

/// One deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueTime {
    /// From when on somebody is warned.
    pub warn_at: Timestamp,
    /// From when on it is missed.
    pub due_at: Timestamp,
}

impl DeadlineSettings {
    /// The deadlines of a ticket of that priority.
    #[must_use]
    pub fn due(
        &self,
        priority: Priority,
        opened_at: Timestamp,
        hours: &OpeningHours,
        zone: &TimeZone,
    ) -> Due {
        let targets = self.targets(priority);
        let deadline = |minutes: NonZeroU32| {
            let duration = SignedDuration::from_mins(minutes.get().into());
            let until_warning = SignedDuration::from_secs_f64(duration.as_secs_f64() * targets.warn_at.0);
            Some(DueTime {
                warn_at: hours.add_open_time(opened_at, until_warning, zone)?,
                due_at: hours.add_open_time(opened_at, duration, zone)?,
            })
        };
        Due {
            first_response: deadline(targets.first_response_minutes),
            resolution: deadline(targets.resolution_minutes),
        }
    }

    /// The targets of that priority.
    pub(crate) fn targets(&self, priority: Priority) -> &Targets {
        match priority {
            Priority::Urgent => &self.urgent,
            Priority::High => &self.high,
            Priority::Normal => &self.normal,
            Priority::Low => &self.low,
        }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0
    }
}

impl TryFrom<f64> for Share {
    type Error = ShareError;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        if (0.0..=1.0).contains(&number) { Ok(Self(number)) } else { Err(ShareError(number)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = r"
        urgent = { first_response_minutes = 10, resolution_minutes = 120, warn_at = 0.5 }
        high = { first_response_minutes = 30, resolution_minutes = 480, warn_at = 0.8 }
        normal = { first_response_minutes = 120, resolution_minutes = 1440, warn_at = 0.8 }
        low = { first_response_minutes = 480, resolution_minutes = 2880, warn_at = 1.0 }
    ";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn due(priority: Priority, opened_at: &str, hours: &OpeningHours) -> Due {
        let settings: DeadlineSettings = toml::from_str(SETTINGS).unwrap();
        settings.due(priority, at(opened_at), hours, &TimeZone::posix("CST-8").unwrap())
    }

    #[test]
    fn deadlines_stand_still_while_nobody_is_there() {
        let hours: OpeningHours = toml::from_str(r#"mon-sun = ["9:00-22:00"]"#).unwrap();
        let due = due(Priority::Urgent, "2026-11-09T21:54+08", &hours);
        let response = DueTime { warn_at: at("2026-11-09T21:59+08"), due_at: at("2026-11-10T09:04+08") };
        assert_eq!(due.first_response, Some(response));
        assert_eq!(due.resolution.unwrap().due_at, at("2026-11-10T10:54+08"));
    }

    #[test]
    fn where_nobody_is_ever_there_nothing_is_due() {
        let due = due(Priority::Low, "2026-11-09T10:00Z", &OpeningHours::default());
        assert_eq!(due, Due { first_response: None, resolution: None });
    }

    #[test]
    fn a_share_is_a_number_from_0_to_1() {
        let wrong = SETTINGS.replace("warn_at = 0.5", "warn_at = 50.0");
        let error = toml::from_str::<DeadlineSettings>(&wrong).unwrap_err();
        assert!(error.to_string().contains("`50` is no share; write a number from 0 to 1"), "{error}");
        assert!(Share::try_from(f64::NAN).is_err());
    }
}
