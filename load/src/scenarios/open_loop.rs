//! Shoppers who come when the plan says, however the desk is doing.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::Setting;
use crate::desk::Desk;
use crate::record::VisitRecord;
use crate::shopper::{Pace, walk};

/// Makes a visit at each of these times, and returns when the last one is over.
pub(super) async fn run(setting: &Setting, desk: &Arc<Desk>, arrivals: Vec<Duration>) -> Vec<VisitRecord> {
    let (mut visits, start) = (JoinSet::new(), Instant::now());
    let mut over = Vec::with_capacity(arrivals.len());
    for due in arrivals {
        sleep_until(start + due).await;
        let (desk, visit) = (Arc::clone(desk), setting.visits.next());
        visits.spawn(async move { walk(&desk, &visit, start, due, Pace::PEOPLE).await });
        while let Some(record) = visits.try_join_next() {
            over.push(record.expect("a shopper does not panic"));
        }
    }
    over.extend(visits.join_all().await);
    over
}
