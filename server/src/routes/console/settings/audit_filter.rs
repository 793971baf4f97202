//! By what the audit log is looked through, as it stands in an address.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::store::AuditFilter;

/// What was filled in. What is empty does not matter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    pub(super) actor: String,
    pub(super) action: String,
    /// The first day, by the shop's clock.
    pub(super) from: String,
    /// The last day, which is included.
    pub(super) until: String,
    /// The place where the page before ended.
    pub(super) after: String,
}

impl Wanted {
    /// What the store is asked for; what cannot be read does not count.
    pub(super) fn filter(&self, zone: &TimeZone, limit: u32) -> AuditFilter {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let midnight = |day: Date| day.to_zoned(zone.clone()).ok().map(|midnight| midnight.timestamp());
        let day = |text: &str| text.parse::<Date>().ok();
        let until: Option<Timestamp> =
            day(&self.until).and_then(|day| day.tomorrow().ok()).and_then(midnight);
        AuditFilter {
            actor: text(&self.actor),
            action: text(&self.action),
            from: day(&self.from).and_then(midnight),
            until,
            after: self.after.parse().ok(),
            limit,
        }
    }

    /// The same as the part of an address after its question mark, without the place.
    pub(super) fn query(&self) -> String {
        let Self { actor, action, from, until, .. } = self;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("actor", actor), ("action", action), ("from", from), ("until", until)] {
            if !value.trim().is_empty() {
                query.append_pair(name, value.trim());
            }
        }
        query.finish()
    }

    /// Whether everything is shown.
    pub(super) fn is_empty(&self) -> bool {
        self.query().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_the_shops_and_the_last_one_is_included() {
        let wanted = Wanted {
            actor: " lin ".to_owned(),
            from: "2026-11-22".to_owned(),
            until: "2026-11-22".to_owned(),
            ..Wanted::default()
        };
        let filter = wanted.filter(&TimeZone::fixed(jiff::tz::offset(8)), 10);
        assert_eq!(filter.actor.as_deref(), Some("lin"));
        assert_eq!(filter.from, Some("2026-11-21T16:00:00Z".parse().unwrap()));
        assert_eq!(filter.until, Some("2026-11-22T16:00:00Z".parse().unwrap()));
        assert_eq!(wanted.query(), "actor=lin&from=2026-11-22&until=2026-11-22");
    }

    #[test]
    fn what_cannot_be_read_does_not_count() {
        let wanted = Wanted { from: "yesterday".to_owned(), after: "x".to_owned(), ..Wanted::default() };
        let filter = wanted.filter(&TimeZone::UTC, 10);
        assert!(filter.from.is_none() && filter.after.is_none());
    }
}
