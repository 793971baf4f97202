//! Intents from files of any known format.
//!
//! | file | format |
//! |---|---|
//! | `*.yaml`, `*.yml` with `nlu:` | Rasa's training data |
//! | other `*.yaml`, `*.yml` | one intent of ours |
//! | `*.jsonl`, `*.ndjson` | one object a line: `{"text": "…", "intent": "an_id" or null}` |
//! | `*.csv`, `*.tsv` | columns `text` and `intent`, in the first line |
//!
//! A folder may hold all of them, and folders. No intent (`null`, nothing, or `out_of_scope`) means that a message is none of the intents.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Example, Handling, Intent, IntentId, Intents, Label, Mistake, OUT_OF_SCOPE, Place, Priority};
use super::{flat, rasa, yaml};
use crate::{Error, Result};

impl Intents {
    /// Reads a file, or every file of a folder whose format is known.
    ///
    /// # Errors
    /// [`Error::Intents`] lists all mistakes, each with file and line.
    pub fn load(path: &Path) -> Result<Self> {
        let Loader { mut mistakes, conflicts, intents, out_of_scope, .. } = Loader::read(path)?;
        mistakes.extend(conflicts);
        if mistakes.is_empty() {
            return Ok(Self { intents: intents.into_values().collect(), out_of_scope });
        }
        Err(Error::Intents(in_order(mistakes)))
    }

    /// Reads whatever can be read, with the mistakes that hide the rest. The same message under two intents is none of
    /// these mistakes: it is there to be found.
    ///
    /// # Errors
    /// When a file cannot be read at all.
    pub fn load_with_mistakes(path: &Path) -> Result<(Self, Vec<Mistake>)> {
        let Loader { mistakes, intents, out_of_scope, .. } = Loader::read(path)?;
        Ok((Self { intents: intents.into_values().collect(), out_of_scope }, in_order(mistakes)))
    }
}

/// By file and line, those of a whole file last.
fn in_order(mut mistakes: Vec<Mistake>) -> Vec<Mistake> {
    mistakes
        .sort_by(|a, b| (&a.path, a.line.unwrap_or(u64::MAX)).cmp(&(&b.path, b.line.unwrap_or(u64::MAX))));
    mistakes
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Loader {
    intents: BTreeMap<IntentId, Intent>,
    out_of_scope: Vec<Example>,
    mistakes: Vec<Mistake>,
    /// Messages of files written by hand that stand under another intent, too.
    conflicts: Vec<Mistake>,
    /// The file that is being read.
    file: Option<Arc<Path>>,
    /// Where each message of an intent stands, to find it standing twice.
    seen: HashMap<String, (Place, Option<IntentId>)>,
}

impl Loader {
    fn read(path: &Path) -> Result<Self> {
        let mut loader = Self::default();
        if path.is_dir() {
            for file in files(path)? {
                let name = file.strip_prefix(path).unwrap_or(&file).to_path_buf();
                loader.file(&file, &name)?;
            }
        } else {
            let name = path.file_name().map(PathBuf::from).unwrap_or_default();
            if !loader.file(path, &name)? {
                loader.mistake(
                    path,
                    None,
                    "files of this kind are not known: give `.yaml`, `.jsonl` or `.csv`",
                );
            }
        }
        if loader.intents.is_empty() && loader.out_of_scope.is_empty() && loader.mistakes.is_empty() {
            let problem = "there is no intent here: `*.yaml`, `*.jsonl` and `*.csv` files are read";
            loader.mistake(path, None, problem);
        }
        Ok(loader)
    }

    /// Reads a file, called `name` within its folder, if its format is known.
    fn file(&mut self, path: &Path, name: &Path) -> Result<bool> {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        let read: fn(&mut Self, &Path, &Path, &str) = match extension.to_str() {
            Some("yaml" | "yml") => |loader, path, name, text| {
                if rasa::is_rasa(text) {
                    rasa::read(loader, path, text);
                } else {
                    yaml::read(loader, path, name, text);
                }
            },
            Some("jsonl" | "ndjson") => |loader, path, _, text| flat::read_json_lines(loader, path, text),
            Some("csv") => |loader, path, _, text| flat::read_table(loader, path, text, b','),
            Some("tsv") => |loader, path, _, text| flat::read_table(loader, path, text, b'\t'),
            _ => return Ok(false),
        };
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        match std::str::from_utf8(&bytes) {
            // A byte order mark, as spreadsheets write it, is no text.
            Ok(text) => read(self, path, name, text.strip_prefix('\u{feff}').unwrap_or(text)),
            Err(error) => {
                let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
                let problem = "this is not UTF-8: save the file as UTF-8 (spreadsheets offer `CSV UTF-8`)";
                self.mistake(path, Some(line as u64), problem);
            }
        }
        Ok(true)
    }

    /// An intent with its metadata, which may have examples already from another file.
    pub(super) fn intent(&mut self, label: Label, description: String) {
        let examples = self.intents.remove(&label.id).map(|intent| intent.examples).unwrap_or_default();
        self.intents.insert(label.id.clone(), Intent { label, description, examples });
    }

    /// A message, and the id of its intent where it has one. The same message under the same intent counts once. Returns where
    /// it stands, too.
    pub(super) fn example(
        &mut self,
        path: &Path,
        line: u64,
        text: &str,
        intent: Option<&str>,
        language: Option<&str>,
    ) -> Option<Twice> {
        let text = text.trim();
        if text.is_empty() {
            self.mistake(path, Some(line), "this example is empty: write a message or remove it");
            return None;
        }
        let intent =
            match intent.map(str::trim).filter(|id| !id.is_empty() && *id != OUT_OF_SCOPE).map(IntentId::new)
            {
                None => None,
                Some(Some(id)) => Some(id),
                Some(None) => {
                    self.mistake(path, Some(line), "this is not an intent's id: it has control characters");
                    return None;
                }
            };
        let place = Place { path: self.shared(path), line };
        let before = self.seen.insert(same_message_key(text), (place.clone(), intent.clone()));
        let twice = before.map(|(place, other)| Twice { place, same_intent: other == intent });
        if twice.as_ref().is_some_and(|twice| twice.same_intent) {
            return twice;
        }
        let example = Example { text: text.to_owned(), language: language.map(str::to_owned), place };
        match intent {
            None => self.out_of_scope.push(example),
            Some(id) => {
                let intent = self.intents.entry(id.clone()).or_insert_with(|| Intent {
                    label: plain_label(id),
                    description: String::new(),
                    examples: Vec::new(),
                });
                intent.examples.push(example);
            }
        }
        twice
    }

    pub(super) fn mistake(&mut self, path: &Path, line: Option<u64>, problem: impl Into<String>) {
        self.mistakes.push(Mistake { path: path.to_path_buf(), line, problem: problem.into() });
    }

    /// How many mistakes there are by now.
    pub(super) fn mistakes_so_far(&self) -> usize {
        self.mistakes.len()
    }

    /// A message that stands under another intent, too: a mistake in files that people write by hand.
    pub(super) fn conflict(&mut self, path: &Path, line: u64, problem: String) {
        self.conflicts.push(Mistake { path: path.to_path_buf(), line: Some(line), problem });
    }

    /// One path for all messages of a file.
    fn shared(&mut self, path: &Path) -> Arc<Path> {
        match &self.file {
            Some(file) if **file == *path => Arc::clone(file),
            _ => Arc::clone(self.file.insert(Arc::from(path))),
        }
    }
}

/// A message that stands elsewhere, too.
pub(super) struct Twice {
    pub(super) place: Place,
    pub(super) same_intent: bool,
}

/// For an intent of which only the id is known.
pub(super) fn plain_label(id: IntentId) -> Label {
    Label { id, title: BTreeMap::new(), priority: Priority::Normal, handling: Handling::Answer }
}

/// What a message is told by: two that differ only in case and white space are the same message.
#[must_use]
pub fn same_message_key(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// All files below a folder, sorted, without hidden ones.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
            let entry = entry.map_err(Error::io("read", &folder))?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(files: &[(&str, &str)]) -> Result<Intents> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        match files {
            [(name, _)] => Intents::load(&folder.path().join(name)),
            _ => Intents::load(folder.path()),
        }
    }

    /// Ids with their messages, and messages without an intent.
    fn contents(intents: &Intents) -> (Vec<(&str, Vec<&str>)>, Vec<&str>) {
        let of = intents.intents.iter().map(|intent| {
            (intent.label.id.as_str(), intent.examples.iter().map(|example| example.text.as_str()).collect())
        });
        (of.collect(), intents.out_of_scope.iter().map(|example| example.text.as_str()).collect())
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
    fn json_lines_have_intents_as_they_are_called_and_null_for_none() {
        let intents = load(&[(
            "a.jsonl",
            "{\"text\": \"top up\", \"intent\": \"reverted_card_payment?\", \"x\": 1}\n\n\
             {\"text\": \"poem\", \"intent\": null}\n{\"text\": \"joke\", \"intent\": \"out_of_scope\"}\n\
             {\"text\": \"TOP  up\", \"intent\": \"reverted_card_payment?\"}\n",
        )]);
        let intents = intents.unwrap();
        assert_eq!(
            contents(&intents),
            (vec![("reverted_card_payment?", vec!["top up"])], vec!["poem", "joke"])
        );
    }

    #[test]
    fn a_table_may_name_its_columns_differently_and_quote() {
        let text = "\u{feff}id,Label,Utterance,lang\n1,refund,\"where, please, is it\",en\n2,,写首诗,zh\n";
        let intents = load(&[("a.csv", text)]).unwrap();
        assert_eq!(contents(&intents), (vec![("refund", vec!["where, please, is it"])], vec!["写首诗"]));
        assert_eq!(intents.intents[0].examples[0].language.as_deref(), Some("en"));
        let intents = load(&[("a.tsv", "text\tintent\nhi\tgreet\n")]).unwrap();
        assert_eq!(contents(&intents).0, [("greet", vec!["hi"])]);
    }

    #[test]
    fn rasa_files_have_two_forms_and_annotations() {
        let text = "version: \"3.1\"\nnlu:\n- intent: faq/ask_refund\n  examples: |\n    - where is my [refund](thing)\n    - \
                    [订单123](order_id) 在哪\n- intent: greet\n  examples:\n  - text: |\n      hello [Ann]{\"entity\": \"name\"}\n    \
                    metadata:\n      sentiment: neutral\n- synonym: phone\n  examples: |\n    - mobile\n";
        let intents = load(&[("nlu.yml", text)]).unwrap();
        assert_eq!(
            contents(&intents).0,
            [("faq/ask_refund", vec!["where is my refund", "订单123 在哪"]), ("greet", vec!["hello Ann"])]
        );
    }

    #[test]
    fn a_folder_may_hold_all_of_them_and_folders() {
        let ours = "id: faq/returns\ntitle: {zh: 退货}\npriority: high\nhandling: human\nexamples:\n  zh: [我要退货]\n";
        let files = [
            ("faq/returns.yaml", ours),
            ("more.jsonl", "{\"text\": \"send it back\", \"intent\": \"faq/returns\"}\n"),
            ("notes.txt", "not read"),
            (".hidden.jsonl", "not read"),
        ];
        let intents = load(&files).unwrap();
        assert_eq!(contents(&intents).0, [("faq/returns", vec!["我要退货", "send it back"])]);
        assert_eq!(intents.intents[0].label.priority, Priority::High);
    }

    #[test]
    fn mistakes_have_lines_and_say_what_to_do() {
        let lines = "{\"text\": \"a\", \"intent\": \"x\"}\n{\"text\": \"b\"}\nnot json\n{\"text\": \" \", \"intent\": \"x\"}\n";
        let found = mistakes(&[("a.jsonl", lines)]);
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [Some(2), Some(3), Some(4)]);
        assert!(
            found[0].1.contains("missing field `intent`") && found[0].1.contains("A line is"),
            "{found:?}"
        );

        let found = mistakes(&[("a.csv", "question,answer\nhi,there\n")]);
        assert!(found[0].1.contains("it has question, answer"), "{found:?}");
        let found = mistakes(&[("a.csv", "text,intent\nonly one\n")]);
        assert_eq!(found[0].0, Some(2));

        let found = mistakes(&[("nlu.yml", "nlu:\n- intent: greet\n  examples: |\n    hello\n")]);
        assert!(found[0].0 == Some(4) && found[0].1.contains("start with `- `"), "{found:?}");
        assert!(mistakes(&[("a.docx", "x")])[0].1.contains("not known"));
    }

    #[test]
    fn another_encoding_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gbk.csv");
        std::fs::write(&path, b"text,intent\n\xcd\xcb\xbb\xf5,returns\n").unwrap();
        let Err(Error::Intents(found)) = Intents::load(&path) else { panic!("expected a mistake") };
        assert_eq!(found[0].line, Some(2));
        assert!(found[0].problem.contains("UTF-8"), "{found:?}");
    }
}
