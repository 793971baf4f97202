//! Reads server-sent events as a browser does, in-process.

use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use serde_json::Value;

/// No test waits longer than this for something to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stream, read frame by frame.
pub(crate) struct Frames {
    body: Body,
    /// What came and was not taken yet.
    read: String,
}

/// Something that came.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) id: Option<i64>,
    pub(crate) event: String,
    pub(crate) data: Value,
}

impl Frames {
    pub(crate) fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no", "nginx would hold it back");
        Self { body: response.into_body(), read: String::new() }
    }

    /// The next frame with an event. Comments are passed over. Nothing when the stream is over.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            while let Some((block, rest)) = self.read.split_once("\n\n") {
                let (frame, rest) = (frame_of(block), rest.to_owned());
                self.read = rest;
                if frame.is_some() {
                    return frame;
                }
            }
            let coming = tokio::time::timeout(PATIENCE, self.body.frame());
            let bytes = coming.await.expect("something comes in time")?.unwrap().into_data().unwrap();
            self.read.push_str(str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next frame with that event.
    pub(crate) async fn next_of(&mut self, event: &str) -> Frame {
        loop {
            let frame = self.next().await.expect("the stream goes on");
            if frame.event == event {
                return frame;
            }
        }
    }

    /// The next frames with a number, so many of them.
    pub(crate) async fn numbered(&mut self, count: usize) -> Vec<Frame> {
        let mut frames = Vec::new();
        while frames.len() < count {
            let frame = self.next().await.expect("the stream goes on");
            if frame.id.is_some() {
                frames.push(frame);
            }
        }
        frames
    }
}

fn frame_of(block: &str) -> Option<Frame> {
    let field = |name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim_start)
    };
    Some(Frame {
        id: field("id").map(|id| id.parse().unwrap()),
        event: field("event")?.to_owned(),
        data: serde_json::from_str(field("data")?).unwrap(),
    })
}
