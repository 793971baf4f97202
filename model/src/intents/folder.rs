//! Reads a folder of intents and collects every mistake, so that one run shows them all.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use super::{Example, Handling, Intent, IntentId, Intents, Label, Mistake, OUT_OF_SCOPE, Priority};
use crate::{Error, Result};

impl Intents {
    /// Reads every `*.yaml` file of `folder`.
    ///
    /// # Errors
    /// [`Error::Intents`] lists all mistakes, each with file and line.
    pub fn load(folder: &Path) -> Result<Self> {
        let mut loader = Loader::default();
        for path in yaml_files(folder)? {
            let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
            loader.file(&path, &text);
        }
        if loader.intents.is_empty() && loader.mistakes.is_empty() {
            loader.mistake(folder, None, "there is no `*.yaml` file with an intent here");
        }
        if !loader.mistakes.is_empty() {
            return Err(Error::Intents(loader.mistakes));
        }
        Ok(Self { intents: loader.intents, out_of_scope: loader.out_of_scope })
    }
}

/// The file as people write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IntentFile {
    id: Spanned<String>,
    #[serde(default)]
    title: BTreeMap<String, String>,
    /// For those who write examples; the program does not need it.
    #[serde(default, rename = "description")]
    _description: String,
    priority: Option<Priority>,
    handling: Option<Handling>,
    examples: BTreeMap<String, Vec<Spanned<String>>>,
}

#[derive(Default)]
struct Loader {
    intents: Vec<Intent>,
    out_of_scope: Vec<Example>,
    mistakes: Vec<Mistake>,
    /// Where each message stands, to find it standing twice.
    seen: HashMap<String, (PathBuf, u64)>,
}

impl Loader {
    fn file(&mut self, path: &Path, text: &str) {
        let file: IntentFile = match serde_saphyr::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let line = error.location().map(|location| location.line());
                return self.mistake(path, line, plain(&error));
            }
        };
        let id_line = Some(file.id.referenced.line());
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if file.id.value != stem {
            let problem =
                format!("`id` is `{}`, but the file is called `{stem}`: make them the same", file.id.value);
            self.mistake(path, id_line, problem);
        }
        let examples = self.examples(path, &file);
        if file.id.value == OUT_OF_SCOPE {
            self.out_of_scope = examples;
            return;
        }
        let Some(id) = IntentId::new(&file.id.value) else {
            let problem = format!("`{}` is not an id: use lower-case letters, digits and `_`", file.id.value);
            return self.mistake(path, id_line, problem);
        };
        if file.title.is_empty() {
            self.mistake(
                path,
                id_line,
                "`title` is missing: give one by language, as in `title: {zh: 退货, en: Returns}`",
            );
        }
        let (Some(priority), Some(handling)) = (file.priority, file.handling) else {
            let problem =
                "`priority` (urgent, high, normal, low) and `handling` (answer, human) are both needed";
            return self.mistake(path, id_line, problem);
        };
        self.intents.push(Intent { label: Label { id, title: file.title, priority, handling }, examples });
    }

    fn examples(&mut self, path: &Path, file: &IntentFile) -> Vec<Example> {
        let mut examples = Vec::new();
        for (language, texts) in &file.examples {
            for Spanned { value, referenced, .. } in texts {
                let text = value.trim();
                if text.is_empty() {
                    self.mistake(
                        path,
                        line(referenced),
                        "this example is empty: write a message or remove the line",
                    );
                    continue;
                }
                let here = (path.to_path_buf(), referenced.line());
                if let Some((other, other_line)) = self.seen.insert(same_message_key(text), here) {
                    let problem = format!(
                        "`{text}` stands at {}:{other_line} too: a message has one intent, remove one of them",
                        other.display()
                    );
                    self.mistake(path, line(referenced), problem);
                }
                examples.push(Example { text: text.to_owned(), language: language.clone() });
            }
        }
        if examples.is_empty() {
            self.mistake(
                path,
                None,
                "`examples` is empty: give messages by language, as in `zh: [我要退货]`",
            );
        }
        examples
    }

    fn mistake(&mut self, path: &Path, line: Option<u64>, problem: impl Into<String>) {
        self.mistakes.push(Mistake { path: path.to_path_buf(), line, problem: problem.into() });
    }
}

fn line(location: &Location) -> Option<u64> {
    Some(location.line())
}

/// The parser's message without the excerpt that it draws below it.
fn plain(error: &serde_saphyr::Error) -> String {
    error.without_snippet().to_string()
}

/// Two messages that differ only in case and white space are the same message.
fn same_message_key(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let path = entry.map_err(Error::io("read", folder))?.path();
        if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "id: returns\ntitle: {zh: 退货}\npriority: normal\nhandling: answer\nexamples:\n  zh: [我要退货]\n";

    fn load(files: &[(&str, &str)]) -> Result<Intents> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Intents::load(folder.path())
    }

    fn mistakes(files: &[(&str, &str)]) -> Vec<(Option<u64>, String)> {
        match load(files) {
            Err(Error::Intents(mistakes)) => {
                mistakes.into_iter().map(|mistake| (mistake.line, mistake.problem)).collect()
            }
            other => panic!("expected mistakes, got {other:?}"),
        }
    }

    #[test]
    fn a_good_file_and_messages_out_of_scope_load() {
        let aside = "id: out_of_scope\nexamples:\n  en: [write me a poem]\n";
        let intents = load(&[("returns.yaml", GOOD), ("out_of_scope.yaml", aside)]).unwrap();
        let [intent] = intents.intents.as_slice() else { panic!("one intent: {intents:?}") };
        assert_eq!((intent.label.id.as_str(), intent.examples[0].text.as_str()), ("returns", "我要退货"));
        assert_eq!(intents.out_of_scope[0].text, "write me a poem");
    }

    #[test]
    fn every_mistake_of_every_file_is_listed_with_its_line() {
        let twice = "id: wrong\ntitle: {en: Twice}\npriority: low\nhandling: human\nexamples:\n  zh:\n    - \"\"\n    - 我要退货\n";
        let found = mistakes(&[("returns.yaml", GOOD), ("twice.yaml", twice)]);
        let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [Some(1), Some(7), Some(8)]);
        assert!(found[0].1.contains("`wrong`") && found[0].1.contains("`twice`"), "{found:?}");
        assert!(found[1].1.contains("empty"), "{found:?}");
        assert!(found[2].1.contains("returns.yaml:6"), "{found:?}");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let found = mistakes(&[("returns.yaml", &GOOD.replace("priority", "prioritty"))]);
        assert_eq!(found[0].0, Some(3));
        assert!(found[0].1.contains("prioritty"), "{found:?}");
    }

    #[test]
    fn broken_yaml_is_a_mistake_and_stops_no_other_file() {
        let found = mistakes(&[("a.yaml", "id: [\n"), ("b.yaml", "id: c\nexamples: {}\n")]);
        assert!(found.len() >= 3, "{found:?}");
    }

    #[test]
    fn an_empty_folder_says_so() {
        assert!(mistakes(&[])[0].1.contains("no `*.yaml` file"));
    }
}
