//! Rasa's training data (`nlu.yml`), in the block form and in the list form.
//!
//! Entity annotations, `[订单123](order_id)` or `[blue]{"entity": "colour"}`, become their text. Synonyms, regular expressions and lookup tables are
//! no messages, and are left alone. What Rasa leaves to its users under `metadata` holds what our own format says beside the
//! messages: `title`, `description`, `priority` and `handling` of an intent, `language` of a message.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::load::{Loader, plain_label};
use super::tree::{self, Node, Value};
use super::{Handling, IntentId, OUT_OF_SCOPE, Priority};

/// Whether a YAML file is Rasa's: has the key `nlu` at its top.
pub(super) fn is_rasa(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("nlu:"))
}

/// Whether Rasa, and we, would read a part of the text as an annotation.
pub(super) fn looks_annotated(text: &str) -> bool {
    ANNOTATION.is_match(text)
}

/// Other keys, such as `version` and `stories`, are left alone.
pub(super) fn read(loader: &mut Loader, path: &Path, text: &str) {
    let root = match tree::parse(text) {
        Ok(root) => root,
        Err(broken) => return loader.mistake(path, Some(broken.line), broken.problem),
    };
    match root.get("nlu") {
        Some(Node { value: Value::List(items), .. }) => {
            for item in items {
                read_item(loader, path, item);
            }
        }
        Some(Node { value: Value::Nothing, .. }) => {}
        other => {
            let line = other.map_or(root.line, |node| node.line);
            loader.mistake(
                path,
                Some(line),
                "`nlu` is no list: give `- intent: …` with `examples: |` below it",
            );
        }
    }
}

fn read_item(loader: &mut Loader, path: &Path, item: &Node) {
    let Value::Map(_) = &item.value else {
        let problem = format!("this is {}: give `intent: …` with `examples: |` below it", item.what());
        return loader.mistake(path, Some(item.line), problem);
    };
    let Some(node) = item.get("intent") else { return };
    let Some(intent) = node.text().map(str::trim) else {
        let problem = format!("`intent` is {}: give the intent's name", node.what());
        return loader.mistake(path, Some(node.line), problem);
    };
    if let Some(metadata) = item.get("metadata") {
        read_metadata(loader, intent, metadata);
    }
    let mistakes = loader.mistakes_so_far();
    let examples = match item.get("examples") {
        Some(examples) => read_examples(loader, path, examples),
        None => Vec::new(),
    };
    if examples.is_empty() && loader.mistakes_so_far() == mistakes {
        let problem = format!("`{intent}` has no examples: write some or remove it");
        loader.mistake(path, Some(node.line), problem);
    }
    for Written { line, text, language } in examples {
        loader.example(path, line, &ANNOTATION.replace_all(text, "$1"), Some(intent), language);
    }
}

/// What our own format says of an intent. Other metadata are other programs', and left alone.
fn read_metadata(loader: &mut Loader, intent: &str, metadata: &Node) {
    let Some(id) = IntentId::new(intent).filter(|id| id.as_str() != OUT_OF_SCOPE) else { return };
    let word = |key| metadata.get(key).and_then(Node::text);
    let mut label = plain_label(id);
    if let Some(Node { value: Value::Map(titles), .. }) = metadata.get("title") {
        let titles = titles.iter().filter_map(|(tag, title)| Some((tag.text()?, title.text()?)));
        label.title = titles.map(|(tag, title)| (tag.to_owned(), title.to_owned())).collect();
    }
    if let Some(priority) = Priority::ALL.iter().find(|p| word("priority") == Some(p.as_str())) {
        label.priority = *priority;
    }
    if let Some(handling) = Handling::ALL.iter().find(|h| word("handling") == Some(h.as_str())) {
        label.handling = *handling;
    }
    loader.intent(label, word("description").unwrap_or_default().to_owned());
}

/// A message as it stands in the file.
struct Written<'a> {
    line: u64,
    text: &'a str,
    language: Option<&'a str>,
}

fn read_examples<'a>(loader: &mut Loader, path: &Path, examples: &'a Node) -> Vec<Written<'a>> {
    match &examples.value {
        Value::List(items) => items.iter().filter_map(|item| read_list_item(loader, path, item)).collect(),
        Value::Block(block) => read_block(loader, path, block, |index| examples.line + index),
        Value::Text(text) => read_block(loader, path, text, |_| examples.line),
        Value::Nothing => Vec::new(),
        Value::Map(_) => {
            let problem =
                "`examples` is a mapping: give `|` and a line `- …` for each example, or a list of `text: …`";
            loader.mistake(path, Some(examples.line), problem);
            Vec::new()
        }
    }
}

fn read_list_item<'a>(loader: &mut Loader, path: &Path, item: &'a Node) -> Option<Written<'a>> {
    let node = if let Value::Map(_) = &item.value { item.get("text") } else { Some(item) };
    let Some(text) = node.and_then(Node::text) else {
        loader.mistake(path, Some(item.line), "this example has no text: give `text: …`");
        return None;
    };
    let language = item.get("metadata").and_then(|metadata| metadata.get("language")).and_then(Node::text);
    Some(Written { line: node.map_or(item.line, |node| node.line), text, language })
}

fn read_block<'a>(
    loader: &mut Loader,
    path: &Path,
    block: &'a str,
    line_of: impl Fn(u64) -> u64,
) -> Vec<Written<'a>> {
    let mut examples = Vec::new();
    for (index, example) in (0..).zip(block.lines().map(str::trim)) {
        let line = line_of(index);
        match example.strip_prefix('-') {
            _ if example.is_empty() => {}
            Some(text) => examples.push(Written { line, text, language: None }),
            None => {
                let problem =
                    format!("`{example}` does not start with `- `: each example is a line of its own");
                loader.mistake(path, Some(line), problem);
            }
        }
    }
    examples
}

static ANNOTATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\[([^\]\[]+)\](?:\([^)]*\)|\{[^}]*\}|\[\{[^\]]*\}\])")
        .expect("a constant that the tests compile")
});

#[cfg(test)]
mod tests {
    use crate::Error;
    use crate::intents::{Handling, Intents, Priority};

    fn load(text: &str) -> crate::Result<Intents> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nlu.yml");
        std::fs::write(&path, text).unwrap();
        Intents::load(&path)
    }

    #[test]
    fn examples_know_their_lines_in_both_forms() {
        let text = "nlu:\n- intent: a\n  examples: |\n    - one\n\n    - two\n- intent: b\n  examples:\n  - text: |\n      three\n  - text: four\n";
        let intents = load(text).unwrap();
        let lines: Vec<u64> = intents
            .intents
            .iter()
            .flat_map(|intent| &intent.examples)
            .map(|example| example.place.line)
            .collect();
        assert_eq!(lines, [4, 6, 10, 11]);
    }

    #[test]
    fn metadata_say_what_our_own_format_says() {
        let text = "nlu:\n- intent: a\n  metadata:\n    title: {zh: 退货}\n    description: Sends it back.\n    priority: high\n    handling: human\n    \
                    owner: [x]\n  examples:\n  - text: one\n    metadata: {language: en}\n- intent: b\n  metadata: 7\n  examples: |\n    - two\n";
        let intents = load(text).unwrap();
        let [a, b] = intents.intents.as_slice() else { panic!("two intents") };
        assert_eq!((a.label.priority, a.label.handling), (Priority::High, Handling::Human));
        assert_eq!((a.label.title["zh"].as_str(), a.description.as_str()), ("退货", "Sends it back."));
        assert_eq!(a.examples[0].language.as_deref(), Some("en"));
        assert_eq!((b.label.priority, b.label.handling), (Priority::Normal, Handling::Answer));
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let text = "nlu:\n- x\n- intent: a\n  examples: |\n    - one\n    two\n- intent: b\n- intent: [c]\n- intent: d\n  examples: {x: y}\n\
                    - intent: e\n  examples:\n  - txt: a\n  - text: b\n";
        let Err(Error::Intents(found)) = load(text) else { panic!("expected mistakes") };
        let lines: Vec<_> = found.iter().map(|mistake| mistake.line.unwrap()).collect();
        assert_eq!(lines, [2, 6, 7, 8, 10, 13]);
    }
}
