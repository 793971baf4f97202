//! `shopdesk user`: the people who work for the shop.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use shopdesk_server::{NewAgent, Role, Skills, invite};

use crate::articles::{RUNTIME, ShopArticles};
use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  shopdesk user add xiaolin --name 小林 --role agent --language zh")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Add somebody, and show where to choose a password.
    Add {
        /// The name to log in with.
        login: String,
        /// What shoppers and colleagues read; the login when not given.
        #[arg(long)]
        name: Option<String>,
        /// What they may do: agent, supervisor or admin.
        #[arg(long, default_value = "agent")]
        role: Role,
        /// An intent that they take, or how intents begin; any when not given.
        #[arg(long = "intent")]
        intents: Vec<String>,
        /// A language that they take; any when not given.
        #[arg(long = "language")]
        languages: Vec<String>,
    },
    /// List everybody.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show where somebody can choose a new password.
    Invite {
        /// The name to log in with.
        login: String,
    },
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let store = ShopArticles::open(&shop)?.store;
    match &arguments.action {
        Action::Add { login, name, role, intents, languages } => {
            let name = name.clone().unwrap_or_else(|| login.clone());
            let skills =
                Skills { intents: intents.clone(), languages: languages.clone(), ..Skills::default() };
            let new = NewAgent { login: login.clone(), name, role: *role, skills };
            let agent = RUNTIME.block_on(store.add_agent(new))?;
            let agent = agent.with_context(|| format!("the login `{login}` is taken: give another one"))?;
            RUNTIME.block_on(store.keep_audit(
                "command line",
                "agent.add",
                Some(agent.id.to_string()),
                None,
            ))?;
            output::line(RUNTIME.block_on(invite(&store, agent.id))?)?;
        }
        Action::List { json } => {
            for agent in RUNTIME.block_on(store.agents())? {
                if *json {
                    output::json(&agent)?;
                } else {
                    let state = if agent.is_active { "" } else { "  not active" };
                    output::line(format_args!(
                        "{}  {}  {}{state}",
                        agent.login,
                        agent.name,
                        agent.role.as_str()
                    ))?;
                }
            }
        }
        Action::Invite { login } => {
            let found = RUNTIME.block_on(store.agent_by_login(login))?;
            let found = found
                .with_context(|| format!("nobody logs in as `{login}`: `shopdesk user list` shows them"))?;
            let invited = Some(found.agent.id.to_string());
            RUNTIME.block_on(store.keep_audit("command line", "agent.invite", invited, None))?;
            output::line(RUNTIME.block_on(invite(&store, found.agent.id))?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
