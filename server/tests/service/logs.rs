//! A message body must never be in a log, at any level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use crate::support::TestApp;

/// A log that is kept instead of written.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// All of it so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_holds_what_a_shopper_wrote() {
    let captured = Captured::default();
    let writer = captured.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .init();
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    for text in [
        "怎么退货，我的暗号是青蛙骑士",
        "我要投诉，暗号青蛙骑士，订单202411098765432，电话13812345678",
        "暗号青蛙骑士",
    ] {
        app.say(&conversation, text).await;
    }
    let path = format!("/v1/conversations/{conversation}/messages");
    app.post(&path, serde_json::json!({ "text": "青蛙骑士".repeat(100) })).await;
    app.get(&format!("/v1/conversations/{conversation}?note=青蛙骑士")).await;
    let log = captured.text();
    assert!(log.contains("message settled"), "the log was captured");
    for secret in ["青蛙骑士", "202411098765432", "13812345678"] {
        assert!(!log.contains(secret), "{log}");
    }
}
