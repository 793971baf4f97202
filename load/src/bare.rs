//! The bare encoder, as `shopdesk bench bare` measures it: what the service is held against.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

/// The most messages that are measured together; more take longer and tell nothing new.
const MOST: usize = 1_000;

/// What the encoder does when it gets all messages in one call, on all of its threads, and nothing else is done.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Bare {
    pub(crate) engine: String,
    pub(crate) threads: usize,
    pub(crate) messages: usize,
    pub(crate) tokens: usize,
    pub(crate) messages_per_second: f64,
    /// Of all threads together, for one message.
    pub(crate) processor_seconds_per_message: f64,
}

impl Bare {
    /// Measures the shop's encoder on these messages, evenly thinned out when there are many. Nothing else should be going on.
    pub(crate) fn measure(
        shopdesk: &Path,
        shop: &Path,
        texts: &[Arc<str>],
        lasts: Duration,
    ) -> anyhow::Result<Self> {
        ensure!(
            !texts.is_empty(),
            "the desk assessed no message that the bare encoder could be measured with"
        );
        let mut child = Command::new(shopdesk)
            .arg("--shop")
            .arg(shop)
            .args(["bench", "bare", "--json", "--seconds", &lasts.as_secs_f64().to_string()])
            .env("SHOPDESK_LOG", "warn")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{}`", shopdesk.display()))?;
        let mut input = child.stdin.take().context("the bench has no standard input")?;
        // All of it is read before anything is printed, so that neither side waits for the other.
        input
            .write_all(lines(texts).as_bytes())
            .context("cannot hand the messages to `shopdesk bench bare`")?;
        drop(input);
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "`shopdesk bench bare` failed");
        serde_json::from_slice(&output.stdout).context("cannot read what `shopdesk bench bare` printed")
    }
}

/// One message a line. A turn of several lines becomes one, which is the same to the tokeniser.
fn lines(texts: &[Arc<str>]) -> String {
    let count = texts.len().min(MOST);
    let chosen = (0..count).map(|number| &texts[number * texts.len() / count]);
    chosen.map(|text| format!("{}\n", text.replace('\n', " "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_of_two_lines_is_one_message() {
        assert_eq!(lines(&["你好\n运费谁出".into(), "hi".into()]), "你好 运费谁出\nhi\n");
    }

    #[test]
    fn many_messages_are_thinned_out_evenly() {
        let texts: Vec<Arc<str>> = (0..2_500).map(|number| number.to_string().into()).collect();
        let chosen: Vec<usize> = lines(&texts).lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(chosen.len(), MOST);
        assert!(chosen.windows(2).all(|pair| matches!(pair[1] - pair[0], 2 | 3)));
    }
}
