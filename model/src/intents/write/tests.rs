//! Every format into every format, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::intents::load::plain_label;
use crate::intents::{Example, Handling, Intent, IntentId, Label, Place, Priority};

const FORMATS: [Format; 4] = [Format::Yaml, Format::Rasa, Format::Csv, Format::JsonLines];

/// What can be compared: everything but places. Examples by language, since our YAML groups them so.
#[derive(Clone, Debug, PartialEq)]
struct Contents {
    intents: BTreeMap<String, (Label, String, Messages)>,
    out_of_scope: Messages,
}

type Messages = BTreeSet<(Option<String>, String)>;

impl Contents {
    fn of(intents: &Intents) -> Self {
        let messages = |examples: &[Example]| {
            examples.iter().map(|example| (example.language.clone(), example.text.clone())).collect()
        };
        let of_intents = intents.intents.iter().map(|intent| {
            let contents = (intent.label.clone(), intent.description.clone(), messages(&intent.examples));
            (intent.label.id.to_string(), contents)
        });
        Self { intents: of_intents.collect(), out_of_scope: messages(&intents.out_of_scope) }
    }

    /// What is left of it in that format.
    fn held_by(mut self, format: Format) -> Self {
        if matches!(format, Format::Csv | Format::JsonLines) {
            for (label, description, _) in self.intents.values_mut() {
                *label = plain_label(label.id.clone());
                description.clear();
            }
        }
        self
    }
}

fn example(text: &str, language: Option<&str>) -> Example {
    let place = Place { path: Arc::from(Path::new("a")), line: 1 };
    Example { text: text.to_owned(), language: language.map(str::to_owned), place }
}

/// Texts that try the formats.
const HARD: [&str; 18] = [
    "=HYPERLINK(\"http://evil\")",
    "'+86 138",
    "- no",
    "a, \"b\"; c",
    "question: where is it #1",
    "007",
    "null",
    "yes",
    "两行\n的话",
    "tab\there",
    "\\n",
    "{\"a\": 1}",
    "@客服",
    "| x",
    "#",
    "😀",
    "😀‍🔥 退",
    "'",
];

fn rich(language: impl Fn(usize) -> Option<&'static str>) -> Intents {
    let label = |id: &str, priority, handling| Label {
        id: IntentId::new(id).unwrap(),
        title: [("zh".to_owned(), "退货：怎么退".to_owned()), ("en".to_owned(), "Returns".to_owned())].into(),
        priority,
        handling,
    };
    let hard = HARD.iter().enumerate().map(|(number, text)| example(text, language(number)));
    let of_faq = vec![example("where is my refund", language(0)), example("退款呢", language(1))];
    Intents {
        intents: vec![
            Intent {
                label: label("faq/refund_status", Priority::High, Handling::Human),
                description: "Wants to know: where is the money?".to_owned(),
                examples: of_faq,
            },
            Intent {
                label: label("=odd id?", Priority::Low, Handling::Answer),
                description: String::new(),
                examples: hard.collect(),
            },
        ],
        out_of_scope: vec![example("写首诗", language(0)), example("tell me a joke", language(1))],
    }
}

/// With what our own format cannot do without.
fn ready(mut intents: Intents, format: Format) -> Intents {
    if format == Format::Yaml {
        intents.complete(|_| unreachable!("every message has its language"));
    }
    intents
}

/// Writes, reads again, and says what was read.
fn through(intents: &Intents, format: Format, folder: &Path) -> Intents {
    let name = match format {
        Format::Yaml => "intents",
        Format::Rasa => "nlu.yml",
        Format::Csv => "intents.csv",
        Format::JsonLines => "intents.jsonl",
    };
    let out = folder.join(name);
    intents.write(format, &out, true).unwrap();
    Intents::load(&out).unwrap_or_else(|error| panic!("{format:?}: {error}"))
}

#[test]
fn a_round_trip_through_any_two_formats_loses_nothing_that_they_hold() {
    for (first, second) in FORMATS.iter().flat_map(|&a| FORMATS.map(|b| (a, b))) {
        let folder = tempfile::tempdir().unwrap();
        let intents = rich(|number| Some(["zh", "en", "zh-Hant"][number % 3]));
        let once = through(&intents, first, folder.path());
        assert_eq!(Contents::of(&once), Contents::of(&intents).held_by(first), "{first:?}");
        let once = ready(once, second);
        let twice = through(&once, second, folder.path());
        assert_eq!(Contents::of(&twice), Contents::of(&once).held_by(second), "{first:?} {second:?}");
        let twice = ready(twice, first);
        let back = through(&twice, first, folder.path());
        assert_eq!(Contents::of(&back), Contents::of(&twice).held_by(first), "{first:?} {second:?} and back");
    }
}

#[test]
fn without_languages_nothing_is_invented_but_in_our_own_format() {
    for format in [Format::Rasa, Format::Csv, Format::JsonLines] {
        let folder = tempfile::tempdir().unwrap();
        let intents = rich(|_| None);
        let read = through(&intents, format, folder.path());
        assert_eq!(Contents::of(&read), Contents::of(&intents).held_by(format), "{format:?}");
    }
}

#[test]
fn plain_intents_are_written_to_rasa_as_its_users_write_them() {
    let intents = Intents {
        intents: vec![Intent {
            label: plain_label(IntentId::new("greet").unwrap()),
            description: String::new(),
            examples: vec![example("hi", None), example("- 你好", None)],
        }],
        out_of_scope: vec![],
    };
    let expected =
        "version: \"3.1\"\n\nnlu:\n  - intent: greet\n    examples: |\n      - hi\n      - - 你好\n";
    assert_eq!(rasa::text(&intents), expected);
}

#[test]
fn our_own_format_is_written_as_by_hand() {
    let intents = rich(|number| Some(["en", "zh"][number % 2]));
    let files = yaml::files(&intents);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["faq/refund_status.yaml", "_odd id_.yaml", "out_of_scope.yaml"]);
    let expected = "id: faq/refund_status\ntitle:\n  en: Returns\n  zh: 退货：怎么退\ndescription: \"Wants to know: where is the money?\"\n\
                    priority: high\nhandling: human\nexamples:\n  en:\n    - where is my refund\n  zh:\n    - 退款呢\n";
    assert_eq!(files[0].1, expected);
}

#[test]
fn what_others_do_not_say_is_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, "text,intent\nwhere is it,track_parcel\n写首诗,\n").unwrap();
    let mut intents = Intents::load(&path).unwrap();
    let guess = |text: &str| if text.is_ascii() { "en" } else { "zh" }.to_owned();
    assert_eq!(intents.complete(guess), Completed { languages: 2, titles: 1 });
    assert_eq!(intents.intents[0].label.title["en"], "track parcel");
    assert_eq!(intents.out_of_scope[0].language.as_deref(), Some("zh"));
    assert_eq!(intents.complete(guess), Completed::default());
}

#[test]
fn what_stands_there_is_only_replaced_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let intents = rich(|_| Some("en"));
    let keep = folder.path().join("own.txt");
    std::fs::write(&keep, "mine").unwrap();
    let written = intents.write(Format::Yaml, folder.path(), false).unwrap();
    assert_eq!(written.len(), 3);
    std::fs::write(&written[1], "edited").unwrap();
    std::fs::remove_file(&written[0]).unwrap();
    assert!(matches!(intents.write(Format::Yaml, folder.path(), false), Err(Error::AlreadyThere { .. })));
    assert!(!written[0].exists(), "nothing is written when something is refused");
    intents.write(Format::Yaml, folder.path(), true).unwrap();
    assert_ne!(std::fs::read_to_string(&written[1]).unwrap(), "edited");
    assert_eq!(std::fs::read_to_string(&keep).unwrap(), "mine");
}

#[test]
fn two_intents_never_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut intents = rich(|_| Some("en"));
    intents.intents[0].label.id = IntentId::new("?odd id?").unwrap();
    let error = intents.write(Format::Yaml, folder.path(), false).unwrap_err().to_string();
    assert!(error.contains("two intents"), "{error}");
}

#[test]
fn what_rasa_would_take_for_annotated_is_told() {
    let mut intents = rich(|_| None);
    assert_eq!(intents.looking_annotated().count(), 0);
    intents.out_of_scope.push(example("see [here](http://x)", None));
    assert_eq!(intents.looking_annotated().count(), 1);
}
