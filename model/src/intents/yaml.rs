//! Our own format: one intent a file, written by hand.

use std::collections::BTreeMap;
use std::path::Path;

use super::load::{Loader, Twice};
use super::tree::{self, Node, Value};
use super::{Handling, IntentId, Label, OUT_OF_SCOPE, Priority};

const KEYS: [&str; 6] = ["id", "title", "description", "priority", "handling", "examples"];

/// Reads a file, called `name` within its folder, which is the intent's id. Every mistake in it is named, not only the first.
pub(super) fn read(loader: &mut Loader, path: &Path, name: &Path, text: &str) {
    let root = match tree::parse(text) {
        Ok(root) => root,
        Err(broken) => return loader.mistake(path, Some(broken.line), broken.problem),
    };
    let mut file = File { loader, path };
    if !file.is_mapping_with(&root, &KEYS) {
        return;
    }
    let Some((id, line)) = file.id(&root, name) else {
        return file.examples(&root, None);
    };
    if id == OUT_OF_SCOPE {
        return file.examples(&root, None);
    }
    let Some(intent) = IntentId::new(&id) else {
        let problem =
            format!("`{id}` is not an id: it is empty, or has control characters or white space around it");
        return file.mistake(line, problem);
    };
    let title = file.title(&root, line);
    let description = file.description(&root);
    let priority = file.word(&root, "priority", line, &Priority::ALL, Priority::as_str);
    let handling = file.word(&root, "handling", line, &Handling::ALL, Handling::as_str);
    // What a mistake left open does not matter: the mistake stops whatever would use it.
    let priority = priority.unwrap_or(Priority::Normal);
    let handling = handling.unwrap_or(Handling::Answer);
    file.loader.intent(Label { id: intent, title, priority, handling }, description);
    file.examples(&root, Some(&id));
}

/// How the file of an intent is called: characters that not every system has in names become `_`, and so does a dot
/// at the start of a folder's or file's name, which would hide it or lead elsewhere.
pub(super) fn file_name(id: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '+');
    let part = |part: &str| {
        let part: String = part.chars().map(|c| if plain(c) { c } else { '_' }).collect();
        if part.starts_with('.') || part.is_empty() {
            format!("_{}", part.strip_prefix('.').unwrap_or_default())
        } else {
            part
        }
    };
    id.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A file on its way into the loader.
struct File<'a> {
    loader: &'a mut Loader,
    path: &'a Path,
}

impl File<'_> {
    fn mistake(&mut self, line: u64, problem: impl Into<String>) {
        self.loader.mistake(self.path, Some(line), problem);
    }

    /// Whether it is a mapping at all. Keys that are not known, or stand twice, are mistakes.
    fn is_mapping_with(&mut self, root: &Node, keys: &[&str]) -> bool {
        let Value::Map(entries) = &root.value else {
            let problem =
                format!("this is {}, not an intent: give `id`, `title`, `examples` and so on", root.what());
            self.mistake(root.line, problem);
            return false;
        };
        let mut seen = Vec::new();
        for (key, _) in entries {
            let name = key.text().unwrap_or_default();
            if !keys.contains(&name) {
                self.mistake(key.line, format!("unknown key `{name}`: there are {}", keys.join(", ")));
            } else if seen.contains(&name) {
                self.mistake(key.line, format!("`{name}` stands twice in this file: remove one of them"));
            }
            seen.push(name);
        }
        true
    }

    /// The id and its line.
    fn id(&mut self, root: &Node, name: &Path) -> Option<(String, u64)> {
        let expected = name.with_extension("").to_string_lossy().replace('\\', "/");
        let Some(node) = root.get("id") else {
            self.mistake(root.line, format!("`id` is missing: give `id: {expected}`, as the file is called"));
            return None;
        };
        let Some(id) = node.text() else {
            self.mistake(node.line, format!("`id` is {}: give the file's name, `{expected}`", node.what()));
            return None;
        };
        if file_name(id) != expected {
            let problem = format!("`id` is `{id}`, but the file is called `{expected}`: make them the same");
            self.mistake(node.line, problem);
        }
        Some((id.to_owned(), node.line))
    }

    fn title(&mut self, root: &Node, id_line: u64) -> BTreeMap<String, String> {
        let as_in = "by language, as in `title: {zh: 退货, en: Returns}`";
        let (line, entries) = match root.get("title") {
            Some(Node { line, value: Value::Map(entries) }) => (*line, entries.as_slice()),
            Some(node) => {
                self.mistake(node.line, format!("`title` is {}: give one {as_in}", node.what()));
                return BTreeMap::new();
            }
            None => (id_line, [].as_slice()),
        };
        if entries.is_empty() {
            self.mistake(line, format!("`title` is missing: give one {as_in}"));
        }
        let mut title = BTreeMap::new();
        for (language, text) in entries {
            let (Some(language), Some(words)) = (language.text(), text.text()) else {
                self.mistake(text.line, format!("this title is {}: give a text {as_in}", text.what()));
                continue;
            };
            title.insert(language.to_owned(), words.trim().to_owned());
        }
        title
    }

    fn description(&mut self, root: &Node) -> String {
        match root.get("description") {
            None | Some(Node { value: Value::Nothing, .. }) => String::new(),
            Some(node) => {
                if node.text().is_none() {
                    self.mistake(node.line, format!("`description` is {}: write a sentence", node.what()));
                }
                node.text().unwrap_or_default().trim().to_owned()
            }
        }
    }

    /// One of a few words.
    fn word<T: Copy>(
        &mut self,
        root: &Node,
        key: &str,
        id_line: u64,
        all: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Option<T> {
        let words = || all.iter().map(|&value| as_str(value)).collect::<Vec<_>>().join(", ");
        let Some(node) = root.get(key) else {
            self.mistake(id_line, format!("`{key}` is missing: give one of {}", words()));
            return None;
        };
        let found = all.iter().find(|&&value| node.text() == Some(as_str(value)));
        if found.is_none() {
            let given = node.text().map_or_else(|| node.what().to_owned(), |text| format!("`{text}`"));
            self.mistake(node.line, format!("`{key}` is {given}: give one of {}", words()));
        }
        found.copied()
    }

    fn examples(&mut self, root: &Node, intent: Option<&str>) {
        let as_in = "messages by language, as in `examples: {zh: [我要退货], en: [I want to return it]}`";
        let Some(node) = root.get("examples") else {
            return self.mistake(root.line, format!("`examples` is missing: give {as_in}"));
        };
        let Value::Map(languages) = &node.value else {
            return self.mistake(node.line, format!("`examples` is {}: give {as_in}", node.what()));
        };
        let mut any = false;
        for (language, texts) in languages {
            let Value::List(texts) = &texts.value else {
                if !matches!(texts.value, Value::Nothing) {
                    let problem =
                        format!("the examples are {}: give a list, a message after each `- `", texts.what());
                    self.mistake(texts.line, problem);
                    any = true;
                }
                continue;
            };
            any |= !texts.is_empty();
            for text in texts {
                self.example(text, language.text(), intent);
            }
        }
        if !any {
            self.mistake(node.line, format!("`examples` is empty: give {as_in}"));
        }
    }

    fn example(&mut self, node: &Node, language: Option<&str>, intent: Option<&str>) {
        let text = match &node.value {
            Value::Nothing => "",
            Value::Text(text) | Value::Block(text) => text,
            Value::List(_) | Value::Map(_) => {
                let problem = format!(
                    "this is {}, not a message: put quotes around a text that has `: ` in it",
                    node.what()
                );
                return self.mistake(node.line, problem);
            }
        };
        let twice = self.loader.example(self.path, node.line, text, intent, language);
        if let Some(Twice { place, same_intent }) = twice {
            let why = if same_intent { "once is enough" } else { "a message has one intent" };
            let problem = format!("`{}` stands at {place} too: {why}, remove one of them", text.trim());
            if same_intent {
                self.mistake(node.line, problem);
            } else {
                self.loader.conflict(self.path, node.line, problem);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;
    use crate::intents::Intents;
    use crate::{Error, Result};

    const GOOD: &str = "id: returns\ntitle: {zh: 退货}\ndescription: Wants to send it back.\npriority: normal\nhandling: answer\n\
                        examples:\n  zh: [我要退货]\n";

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
        assert_eq!(intent.description, "Wants to send it back.");
        assert_eq!(intent.examples[0].place.line, 7);
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
        assert!(found[2].1.contains("returns.yaml:7"), "{found:?}");
    }

    #[test]
    fn one_wrong_shape_hides_no_other() {
        let text = "id: returns\ntitle: Returns\ndescription: [a]\nprioritty: low\npriority: soon\nhandling:\nhandling: human\n\
                    examples:\n  zh: 我要退货\n  en:\n    - question: what\n    - 0\n    - ~\n";
        let found = mistakes(&[("returns.yaml", text)]);
        let expected = [
            (2, "`title` is a text"),
            (3, "`description` is a list"),
            (4, "unknown key `prioritty`"),
            (5, "`priority` is `soon`: give one of urgent, high, normal, low"),
            (6, "`handling` is nothing"),
            (7, "`handling` stands twice"),
            (9, "the examples are a text"),
            (11, "put quotes around"),
            (13, "empty"),
        ];
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((line, problem), (expected_line, words)) in found.iter().zip(expected) {
            assert!(*line == Some(expected_line) && problem.contains(words), "{line:?} {problem}");
        }
    }

    #[test]
    fn what_is_no_intent_at_all_says_so() {
        assert!(mistakes(&[("a.yaml", "- x\n")])[0].1.contains("this is a list"));
        assert!(mistakes(&[("a.yaml", "")])[0].1.contains("this is nothing"));
        assert!(mistakes(&[("a.yaml", "title: {en: A}\nexamples: {en: [a]}\n")])[0].1.contains("`id: a`"));
    }

    #[test]
    fn broken_yaml_is_a_mistake_and_stops_no_other_file() {
        let found = mistakes(&[("a.yaml", "id: [\n"), ("b.yaml", "id: c\nexamples: {}\n")]);
        assert!(found.len() >= 6, "{found:?}");
    }

    #[test]
    fn an_empty_folder_says_so() {
        assert!(mistakes(&[])[0].1.contains("no intent here"));
    }

    #[test]
    fn no_id_leads_out_of_the_folder() {
        for (id, name) in [
            ("faq/returns", "faq/returns"),
            ("../../etc/passwd", "_./_./etc/passwd"),
            ("/root", "_/root"),
            (".hidden", "_hidden"),
            ("why?", "why_"),
            ("a\\b", "a_b"),
        ] {
            assert_eq!(file_name(id), name);
        }
    }
}
