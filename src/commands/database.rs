//! `shopdesk backup`, `restore` and `erase`: what is kept, copied, brought back and removed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use jiff::Timestamp;
use shopdesk_server::{RestoreError, Store};

use crate::articles::{RUNTIME, ShopArticles};
use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  shopdesk backup /backups/shopdesk-2026-11-22.db")]
pub(crate) struct BackupArguments {
    /// Where to write the copy. `shopdesk restore` brings it back.
    to: PathBuf,
}

pub(crate) fn back_up(shop: &Path, arguments: &BackupArguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    anyhow::ensure!(
        shop.database_url()?.is_none(),
        "the shop's database is PostgreSQL: back it up with `pg_dump`"
    );
    let database = shop.database();
    anyhow::ensure!(database.exists(), "there is no database `{}`: nothing to back up", database.display());
    anyhow::ensure!(
        !arguments.to.exists(),
        "`{}` is there already: name another file",
        arguments.to.display()
    );
    let copied = RUNTIME.block_on(Store::back_up(&database, &arguments.to));
    copied.with_context(|| format!("cannot write `{}`", arguments.to.display()))?;
    Ok(ExitCode::SUCCESS)
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  shopdesk restore /backups/shopdesk-2026-11-22.db")]
pub(crate) struct RestoreArguments {
    /// The copy that `shopdesk backup` wrote. The service must be stopped; the database that is there now is kept beside.
    from: PathBuf,
}

pub(crate) fn restore(shop: &Path, arguments: &RestoreArguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    anyhow::ensure!(
        shop.database_url()?.is_none(),
        "the shop's database is PostgreSQL: restore it with `pg_restore`"
    );
    let database = shop.database();
    if let Some(folder) = database.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    }
    let aside = database.with_extension(format!("before-{}.db", Timestamp::now().strftime("%Y%m%dT%H%M%S")));
    let restored = RUNTIME.block_on(Store::restore(&arguments.from, &database, &aside));
    match restored {
        Ok(true) => output::line(format_args!(
            "restored; the database that was there is `{}`: remove it when you do not need it",
            aside.display()
        ))?,
        Ok(false) => output::line("restored; there was no database before")?,
        Err(RestoreError::InUse { .. }) => {
            anyhow::bail!("`{}` is in use: stop the service and all other commands first", database.display())
        }
        Err(error) => return Err(error).context("nothing was restored"),
    }
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
