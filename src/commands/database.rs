//! `shopdesk backup` and `shopdesk erase`: what is kept, copied and removed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::articles::{RUNTIME, ShopArticles};
use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  shopdesk backup /backups/shopdesk-2026-11-22.db")]
pub(crate) struct BackupArguments {
    /// Where to write the copy. To restore it, stop the service and put it in the place of `shopdesk.db` in the data folder.
    to: PathBuf,
}

pub(crate) fn back_up(shop: &Path, arguments: &BackupArguments) -> anyhow::Result<ExitCode> {
    let store = ShopArticles::open(&Shop::open(shop)?)?.store;
    anyhow::ensure!(!store.is_shared(), "the shop's database is PostgreSQL: back it up with `pg_dump`");
    anyhow::ensure!(
        !arguments.to.exists(),
        "`{}` is there already: name another file",
        arguments.to.display()
    );
    let copied = RUNTIME.block_on(store.back_up(&arguments.to));
    copied.with_context(|| format!("cannot write `{}`", arguments.to.display()))?;
    Ok(ExitCode::SUCCESS)
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  shopdesk erase --customer C-1001")]
pub(crate) struct EraseArguments {
    /// The shop's id of the customer of whom everything is removed.
    #[arg(long)]
    customer: String,
}

pub(crate) fn erase(shop: &Path, arguments: &EraseArguments) -> anyhow::Result<ExitCode> {
    let store = ShopArticles::open(&Shop::open(shop)?)?.store;
    let erased = RUNTIME.block_on(store.erase_customer(&arguments.customer))?;
    RUNTIME.block_on(store.keep_audit("command line", "customer.erase", None, None))?;
    if erased.0.is_empty() {
        output::line("nothing is known of that customer")?;
    }
    for (what, count) in &erased.0 {
        output::line(format_args!("{count:6}  {what}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
