//! What is done to the desk, one scenario after the other, and what they share.

pub(crate) mod burst;
pub(crate) mod idle_streams;
mod open_loop;
pub(crate) mod row;
pub(crate) mod saturation;
pub(crate) mod steady;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::Arguments;
use crate::bare::Bare;
use crate::desk::Desk;
use crate::messages::Visits;
use crate::process::Process;

/// Files that each process has open beside connections of ours.
const OTHER_FILES: usize = 200;
/// The fewest connections for shoppers beside idle streams.
const FEWEST_CONNECTIONS: usize = 500;

/// The desk, and what is known of it.
pub(crate) struct Setting {
    pub(crate) address: SocketAddr,
    pub(crate) server: Process,
    pub(crate) visits: Arc<Visits>,
    /// How long the desk waits for a shopper to be quiet before it answers.
    pub(crate) quiet: Duration,
    pub(crate) cores: usize,
    /// How many connections there may be, idle streams and all.
    connections: usize,
    shopdesk: PathBuf,
    shop: PathBuf,
}

impl Setting {
    pub(crate) fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let server = Process::of(arguments.server)?;
        let open_files = server.most_open_files()?.min(Process::own().most_open_files()?);
        Ok(Self {
            address: arguments.desk,
            server,
            visits: Arc::new(Visits::read(&arguments.messages)?),
            quiet: quiet_time(&arguments.shop)?,
            cores: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            connections: open_files.saturating_sub(OTHER_FILES),
            shopdesk: arguments.shopdesk.clone(),
            shop: arguments.shop.clone(),
        })
    }

    /// Says before anything is measured when so many streams cannot be held.
    pub(crate) fn check_room(&self, streams: usize) -> anyhow::Result<()> {
        let wanted = streams + FEWEST_CONNECTIONS;
        ensure!(
            self.connections >= wanted,
            "{streams} streams need {} open files in a process, and the desk and this program may have {}: raise the limit with \
             `ulimit -n` for both, or ask for fewer with `--streams`",
            wanted + OTHER_FILES,
            self.connections + OTHER_FILES,
        );
        Ok(())
    }

    /// The desk, over new connections, with room left for that many streams.
    pub(crate) fn desk(&self, streams: usize) -> Arc<Desk> {
        Arc::new(Desk::new(self.address, self.connections.saturating_sub(streams)))
    }

    /// The bare encoder on these messages. The desk should have nothing to do meanwhile.
    pub(crate) async fn bare(&self, texts: Vec<Arc<str>>, lasts: Duration) -> anyhow::Result<Bare> {
        let (shopdesk, shop) = (self.shopdesk.clone(), self.shop.clone());
        tokio::task::spawn_blocking(move || Bare::measure(&shopdesk, &shop, &texts, lasts)).await?
    }
}

/// What the shop's settings say of it.
fn quiet_time(shop: &std::path::Path) -> anyhow::Result<Duration> {
    #[derive(Deserialize)]
    struct Settings {
        dialogue: Dialogue,
    }
    #[derive(Deserialize)]
    struct Dialogue {
        quiet_milliseconds: u64,
    }
    let file = shop.join("shopdesk.toml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let settings: Settings = toml::from_str(&text).with_context(|| format!("in `{}`", file.display()))?;
    Ok(Duration::from_millis(settings.dialogue.quiet_milliseconds))
}
