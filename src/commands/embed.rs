//! `shopdesk embed`: text to vectors.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use shopdesk_model::{Embedded, EncoderOptions, Role, TextEncoder};

use super::texts_or_lines;
use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  shopdesk embed --query --json 快递三天没动了\n  shopdesk embed --passage < passages.txt"
)]
pub(crate) struct Arguments {
    /// The texts look something up (a shopper's message).
    #[arg(long, required_unless_present = "passage", conflicts_with = "passage")]
    query: bool,
    /// The texts are looked up (a passage of an article).
    #[arg(long)]
    passage: bool,
    /// Print one JSON object a line, with `text`, `vector`, `tokens` and `truncated`.
    #[arg(long)]
    json: bool,
    /// A model folder other than the shop's.
    #[arg(long)]
    model: Option<PathBuf>,
    /// The texts; lines of standard input when there is none.
    texts: Vec<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    vector: &'a [f32],
    tokens: usize,
    truncated: bool,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let encoder = match &arguments.model {
        Some(folder) => TextEncoder::open(folder, &EncoderOptions::default())?,
        None => {
            let shop = Shop::open(shop)?;
            TextEncoder::open(&shop.paths.model, &shop.model.options())?
        }
    };
    let role = if arguments.passage { Role::Passage } else { Role::Query };
    for text in texts_or_lines(Some(&arguments.texts[..]).filter(|texts| !texts.is_empty())) {
        let text = text?;
        let embedded = encoder.embed(&text, role)?;
        if embedded.truncated {
            tracing::warn!(
                tokens = embedded.tokens,
                "a text is longer than the model reads, its end was left out"
            );
        }
        print(&text, &embedded, arguments.json)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(text: &str, embedded: &Embedded, json: bool) -> anyhow::Result<()> {
    let vector = embedded.embedding.as_slice();
    if json {
        return output::json(&Line { text, vector, tokens: embedded.tokens, truncated: embedded.truncated });
    }
    let numbers: Vec<String> = vector.iter().map(ToString::to_string).collect();
    Ok(output::line(numbers.join(" "))?)
}
