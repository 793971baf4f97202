//! More messages than the model can take at once.

use std::time::Duration;

use axum::http::Method;
use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use shopdesk_server::{AssessError, Scope};

use crate::support::TestApp;

#[tokio::test]
async fn whoever_has_no_patience_leaves_the_queue_and_takes_no_room_in_it() {
    let app = TestApp::start().await;
    let assessor = &app.state.assessor;
    let at = Timestamp::now().to_zoned(TimeZone::UTC).datetime();
    let impatient = (0..50).map(|_| assessor.assess(None, "怎么退货", at, Duration::ZERO));
    let assessed = join_all(impatient).await;
    let refused = assessed.iter().filter(|assessed| matches!(assessed, Err(AssessError::Overloaded))).count();
    // The model takes one, and the others come while it computes.
    assert!(refused > 0);
    let patient = assessor.assess(None, "怎么退货", at, Duration::from_secs(60)).await;
    assert!(patient.is_ok(), "{patient:?}");
    let key = app.key(&[Scope::Stats]).await;
    let figures = app.with_token(&key, Method::GET, "/metrics", None).await.text;
    for line in
        [format!("shopdesk_assess_refusals_total {refused}"), "shopdesk_assess_queue_messages 0".to_owned()]
    {
        assert!(figures.lines().any(|found| found == line), "{line} in {figures}");
    }
}
