//! Our own format: one intent a file, written by hand.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::load::Loader;
use super::{Handling, IntentId, Label, OUT_OF_SCOPE, Priority};

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

/// Reads a file, called `name` within its folder, which is the intent's id.
pub(super) fn read(loader: &mut Loader, path: &Path, name: &Path, text: &str) {
    let file: IntentFile = match serde_saphyr::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let line = error.location().map(|location| location.line());
            return loader.mistake(path, line, error.without_snippet().to_string());
        }
    };
    let id_line = Some(file.id.referenced.line());
    let expected = name.with_extension("").to_string_lossy().replace('\\', "/");
    if file_name(&file.id.value) != expected {
        let problem =
            format!("`id` is `{}`, but the file is called `{expected}`: make them the same", file.id.value);
        loader.mistake(path, id_line, problem);
    }
    if file.id.value == OUT_OF_SCOPE {
        return examples(loader, path, &file, None);
    }
    let Some(id) = IntentId::new(&file.id.value) else {
        let problem = format!("`{}` is not an id: it is empty or has white space around it", file.id.value);
        return loader.mistake(path, id_line, problem);
    };
    if file.title.is_empty() {
        loader.mistake(
            path,
            id_line,
            "`title` is missing: give one by language, as in `title: {zh: 退货, en: Returns}`",
        );
    }
    let (Some(priority), Some(handling)) = (file.priority, file.handling) else {
        let problem = "`priority` (urgent, high, normal, low) and `handling` (answer, human) are both needed";
        return loader.mistake(path, id_line, problem);
    };
    loader.intent(Label { id, title: file.title.clone(), priority, handling });
    examples(loader, path, &file, Some(&file.id.value));
}

/// How the file of an intent is called: characters that not every system has in names become `_`.
pub(super) fn file_name(id: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ' | '+');
    id.chars().map(|c| if plain(c) { c } else { '_' }).collect()
}

fn examples(loader: &mut Loader, path: &Path, file: &IntentFile, intent: Option<&str>) {
    for (language, texts) in &file.examples {
        for Spanned { value, referenced, .. } in texts {
            let twice = loader.example(path, referenced.line(), value, intent, Some(language));
            if let Some(twice) = twice {
                let problem = format!(
                    "`{}` stands at {} too: a message has one intent, remove one of them",
                    value.trim(),
                    twice.place
                );
                loader.mistake(path, Some(referenced.line()), problem);
            }
        }
    }
    if file.examples.values().all(Vec::is_empty) {
        loader.mistake(path, None, "`examples` is empty: give messages by language, as in `zh: [我要退货]`");
    }
}

#[cfg(test)]
mod tests {
    use crate::intents::Intents;
    use crate::{Error, Result};

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
        assert!(mistakes(&[])[0].1.contains("no intent here"));
    }
}
