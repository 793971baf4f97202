//! `shopdesk data import` and `shopdesk data export`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum;
use shopdesk_model::intents::{Completed, Format, Intents};
use shopdesk_triage::guess_language;

use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
pub(crate) struct ImportArguments {
    /// A file or a folder.
    from: PathBuf,
    /// The folder to write to. Other files in it stay.
    #[arg(long)]
    out: PathBuf,
    /// Write over files that are there.
    #[arg(long)]
    replace: bool,
}

#[derive(clap::Args)]
pub(crate) struct ExportArguments {
    /// A file or a folder; the shop's intents when there is none.
    from: Option<PathBuf>,
    /// The format to write.
    #[arg(long)]
    format: FormatName,
    /// The file to write; for YAML, the folder.
    #[arg(long)]
    out: PathBuf,
    /// Write over what is there.
    #[arg(long)]
    replace: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    /// Ours: a folder with an intent a file.
    Yaml,
    /// Rasa's nlu.yml.
    Rasa,
    /// A table for spreadsheets, in which no text is taken for a formula.
    Csv,
    /// JSON lines.
    Jsonl,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Yaml => Self::Yaml,
            FormatName::Rasa => Self::Rasa,
            FormatName::Csv => Self::Csv,
            FormatName::Jsonl => Self::JsonLines,
        }
    }
}

pub(super) fn import(arguments: &ImportArguments) -> anyhow::Result<ExitCode> {
    let ImportArguments { from, out, replace } = arguments;
    convert(from, Format::Yaml, out, *replace)
}

pub(super) fn export(shop: &Path, arguments: &ExportArguments) -> anyhow::Result<ExitCode> {
    let ExportArguments { from, format, out, replace } = arguments;
    let from = match from {
        Some(from) => from.clone(),
        None => Shop::open(shop)?.paths.intents,
    };
    convert(&from, (*format).into(), out, *replace)
}

fn convert(from: &Path, format: Format, out: &Path, replace: bool) -> anyhow::Result<ExitCode> {
    let mut intents =
        Intents::load(from).with_context(|| format!("the intents in `{}` have mistakes", from.display()))?;
    let completed = match format {
        Format::Yaml => intents.complete(language_of),
        Format::Rasa | Format::Csv | Format::JsonLines => Completed::default(),
    };
    let files = intents.write(format, out, replace)?;
    report(&intents, format, completed, files.len(), out)?;
    doubts(format, out)
}

/// By the language without its script, as people file examples.
fn language_of(text: &str) -> String {
    guess_language(text).language.base().unwrap_or("other").to_owned()
}

fn report(
    intents: &Intents,
    format: Format,
    completed: Completed,
    files: usize,
    out: &Path,
) -> anyhow::Result<()> {
    let examples: usize = intents.intents.iter().map(|intent| intent.examples.len()).sum();
    output::line(format_args!(
        "{examples} examples of {} intents and {} messages out of scope are in `{}` ({files} {})",
        intents.intents.len(),
        intents.out_of_scope.len(),
        out.display(),
        if files == 1 { "file" } else { "files" }
    ))?;
    let Completed { languages, titles } = completed;
    if languages > 0 {
        output::line(format_args!(
            "the language of {languages} messages was guessed, because the source does not say it"
        ))?;
    }
    if titles > 0 {
        output::line(format_args!(
            "the titles of {titles} intents were made from their ids: shoppers see them, write better ones"
        ))?;
    }
    let annotated = intents.looking_annotated().count();
    if format == Format::Rasa && annotated > 0 {
        output::line(format_args!(
            "{annotated} messages have `[…](…)` in them, which Rasa takes for an annotation: it will read them without the brackets"
        ))?;
    }
    Ok(())
}

/// A flat file may have one message under two intents; files that people write by hand may not.
fn doubts(format: Format, out: &Path) -> anyhow::Result<ExitCode> {
    if format != Format::Yaml {
        return Ok(ExitCode::SUCCESS);
    }
    let Err(error) = Intents::load(out) else { return Ok(ExitCode::SUCCESS) };
    output::line(format_args!("before they can be trained on, something is to be decided:\n{error}"))?;
    Ok(ExitCode::FAILURE)
}
