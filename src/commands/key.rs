//! `shopdesk key`: keys for the shop's own systems.

use std::path::Path;
use std::process::ExitCode;

use shopdesk_server::{ApiKey, Scope, Scopes};

use crate::articles::{RUNTIME, ShopArticles};
use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  shopdesk key create crm --scope tickets --scope classify")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a key and show it, once.
    Create {
        /// What the key is for.
        name: String,
        /// What it may do: conversations, tickets, tickets_write, classify, stats, export, admin.
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
    },
    /// List the keys.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take everything from a key.
    Revoke {
        /// The part of the key between the underscores.
        id: String,
    },
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let store = ShopArticles::open(&shop)?.store;
    match &arguments.action {
        Action::Create { name, scopes } => {
            let (key, record) = ApiKey::generate();
            let scopes: Scopes = scopes.iter().copied().collect();
            RUNTIME.block_on(store.keep_key(&record, name, &scopes))?;
            RUNTIME.block_on(store.keep_audit("command line", "key.make", Some(record.id), None))?;
            output::line(key.expose())?;
        }
        Action::List { json } => {
            for key in RUNTIME.block_on(store.keys())? {
                if *json {
                    output::json(&key)?;
                } else {
                    let scopes: Vec<&str> = key.scopes.iter().map(Scope::as_str).collect();
                    let state = if key.revoked_at.is_some() { "  revoked" } else { "" };
                    output::line(format_args!("{}  {}  {}{state}", key.id, key.name, scopes.join(", ")))?;
                }
            }
        }
        Action::Revoke { id } => {
            anyhow::ensure!(
                RUNTIME.block_on(store.revoke_key(id))?,
                "there is no key `{id}` that is not revoked: `shopdesk key list` shows them"
            );
            RUNTIME.block_on(store.keep_audit("command line", "key.revoke", Some(id.clone()), None))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
