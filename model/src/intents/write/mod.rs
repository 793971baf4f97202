//! Intents into files of any known format.
//!
//! | format | files | what it holds beside messages and their intents |
//! |---|---|---|
//! | [`Format::Yaml`] | a folder, an intent a file | everything |
//! | [`Format::Rasa`] | one `nlu.yml` | everything: what Rasa has no word for stands under `metadata` |
//! | [`Format::JsonLines`] | one file | languages |
//! | [`Format::Csv`] | one file | languages |
//!
//! What a format holds comes back when it is read again, but for a text that Rasa would take for annotated.

mod flat;
mod rasa;
mod scalar;
mod yaml;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Intents;
use crate::replace::write_file;
use crate::{Error, Result};

/// In which format intents are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Ours: one intent a file.
    Yaml,
    /// Rasa's `nlu.yml`.
    Rasa,
    /// A table with the columns `text`, `intent` and `language`, which no spreadsheet takes for formulas.
    Csv,
    /// One object a line.
    JsonLines,
}

/// What [`Intents::complete`] filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completed {
    /// Messages whose language was guessed.
    pub languages: usize,
    /// Intents whose title was made from their id.
    pub titles: usize,
}

impl Intents {
    /// Fills in what our own format needs and others may not say: the language of each message, as `language_of` guesses it, and a
    /// title, made from the id.
    pub fn complete(&mut self, language_of: impl Fn(&str) -> String) -> Completed {
        let mut completed = Completed::default();
        for intent in &mut self.intents {
            if intent.label.title.is_empty() {
                let title = intent.label.id.as_str().replace(['_', '-', '/'], " ");
                intent.label.title.insert("en".to_owned(), title);
                completed.titles += 1;
            }
        }
        let inside = self.intents.iter_mut().flat_map(|intent| &mut intent.examples);
        for example in inside.chain(&mut self.out_of_scope) {
            if example.language.is_none() {
                example.language = Some(language_of(&example.text));
                completed.languages += 1;
            }
        }
        completed
    }

    /// Messages that [`Format::Rasa`] does not hold as they are, because a part of them looks annotated.
    pub fn looking_annotated(&self) -> impl Iterator<Item = &super::Example> {
        let inside = self.intents.iter().flat_map(|intent| &intent.examples);
        inside.chain(&self.out_of_scope).filter(|example| super::rasa::looks_annotated(&example.text))
    }

    /// Writes to `out`: a folder for [`Format::Yaml`], which needs [`complete`](Self::complete) intents, a file for the others. Returns the
    /// files. Other files that are in the folder stay.
    ///
    /// # Errors
    /// [`Error::AlreadyThere`] when a file stands there already and `replace` is false; then nothing is written. Also when two
    /// intents would have the same file, and when the disk refuses.
    pub fn write(&self, format: Format, out: &Path, replace: bool) -> Result<Vec<PathBuf>> {
        let files: Vec<(PathBuf, String)> = match format {
            Format::Yaml => {
                let files = yaml::files(self).into_iter();
                files.map(|(name, text)| (out.join(name), text)).collect()
            }
            Format::Rasa => vec![(out.to_path_buf(), rasa::text(self))],
            Format::Csv => vec![(out.to_path_buf(), flat::csv(self))],
            Format::JsonLines => vec![(out.to_path_buf(), flat::json_lines(self))],
        };
        let mut paths = BTreeSet::new();
        for (path, _) in &files {
            // Not every system tells capital letters in names from small ones.
            if !paths.insert(path.to_string_lossy().to_lowercase()) {
                let problem = "two intents would be written to this file: their ids differ only in letters that file names cannot \
                               tell apart; rename one";
                return Err(Error::unusable(path, problem));
            }
            if !replace && path.exists() {
                return Err(Error::AlreadyThere { folder: path.clone() });
            }
        }
        for (path, text) in &files {
            write_file(path, text.as_bytes())?;
        }
        Ok(files.into_iter().map(|(path, _)| path).collect())
    }
}

#[cfg(test)]
mod tests;
