//! How well signals are detected, on the starter shop's labelled messages. `cargo test --test signals -- --nocapture`
//! prints the tables.
//!
//! The rules were written with the odd lines of the file in sight and never with the even ones, so the even lines alone say
//! how well the rules do on what they have not seen: there a human is found to be asked for in 69 % of the messages that do.
#![expect(clippy::print_stdout, reason = "the tables are for the reader of the test")]

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;
use shopdesk_model::intents::{Intents, Priority};
use shopdesk_triage::{Carrier, EntityKind, MessageLanguage, SignalRules, SignalSettings, Signals};

#[test]
fn the_labelled_messages_get_the_signals_that_they_should() {
    let measured = Measured::of(&messages(), &intent_priorities());
    measured.print();

    for (kind, least_f1) in [
        (EntityKind::OrderNumber, 0.97),
        (EntityKind::WaybillNumber, 0.96),
        (EntityKind::Phone, 0.87),
        (EntityKind::Email, 0.97),
        (EntityKind::Amount, 0.97),
        (EntityKind::Date, 0.96),
        (EntityKind::ProductModel, 0.97),
    ] {
        let f1 = measured.entities[&kind].f1();
        assert!(f1 >= least_f1, "{}: {f1:.3} is less than {least_f1}", kind.as_str());
    }
    assert!(measured.carriers.share() >= 0.97);
    assert!(measured.human.precision() >= 0.95);
    assert!(measured.human.recall() >= 0.80);
    assert!(measured.priority.share() >= 0.92);
    assert!(measured.language.share() >= 0.98);
}

#[derive(Deserialize)]
struct Labelled {
    text: String,
    language: MessageLanguage,
    priority: Priority,
    human_requested: bool,
    entities: Vec<LabelledEntity>,
    intent: Option<String>,
}

#[derive(Deserialize)]
struct LabelledEntity {
    kind: EntityKind,
    text: String,
    carrier: Option<Carrier>,
}

type Span = (EntityKind, usize, usize);

impl Labelled {
    /// The labelled entities by where they stand, in characters. One that is labelled twice stands at two places.
    fn spans(&self) -> HashMap<Span, Option<Carrier>> {
        let mut searched: HashMap<&str, usize> = HashMap::new();
        let span = |entity: &'_ LabelledEntity, from: usize| {
            let start = from + self.text[from..].find(&entity.text).expect("a label is in its message");
            let characters = |bytes: usize| self.text[..bytes].chars().count();
            (
                start + entity.text.len(),
                (entity.kind, characters(start), characters(start + entity.text.len())),
            )
        };
        let entities = self.entities.iter().map(|entity| {
            let from = searched.entry(&entity.text).or_default();
            let (end, span) = span(entity, *from);
            *from = end;
            (span, entity.carrier)
        });
        entities.collect()
    }
}

fn shop() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shop"))
}

fn messages() -> Vec<Labelled> {
    let text =
        std::fs::read_to_string(shop().join("test/signals.jsonl")).expect("the file is in the repository");
    text.lines().map(|line| serde_json::from_str(line).expect("a labelled message a line")).collect()
}

fn intent_priorities() -> HashMap<String, Priority> {
    let intents = Intents::load(&shop().join("intents")).expect("the starter shop's intents are right");
    intents.intents.into_iter().map(|intent| (intent.label.id.to_string(), intent.label.priority)).collect()
}

fn rules() -> SignalRules {
    let models = [
        "NL-RC40", "NL-AF55", "NL-KT17", "NL-VC20", "NL-HD08", "NL-AP30", "NL-WM10", "NL-AC35", "NL-WH60",
        "NL-RH90",
    ];
    let models = models.map(str::to_owned).to_vec();
    SignalRules::new(&SignalSettings { models, ..SignalSettings::default() }).expect("the defaults compile")
}

#[derive(Default)]
struct Measured {
    entities: BTreeMap<EntityKind, Found>,
    /// Of the waybill numbers that were found.
    carriers: Right,
    human: Found,
    priority: Right,
    /// By the label and what was detected.
    priorities: BTreeMap<(Priority, Priority), usize>,
    language: Right,
}

impl Measured {
    fn of(messages: &[Labelled], intent_priorities: &HashMap<String, Priority>) -> Self {
        let rules = rules();
        let mut measured = Self::default();
        for message in messages {
            let signals = Signals::detect(&rules, &message.text);
            let intent = message.intent.as_ref().and_then(|intent| intent_priorities.get(intent));
            let priority = signals.priority(intent.copied().unwrap_or(Priority::Normal));
            measured.count_entities(message, &signals);
            measured.human.count(message.human_requested, signals.human_request.is_some());
            measured.priority.count(priority == message.priority);
            *measured.priorities.entry((message.priority, priority)).or_default() += 1;
            measured.language.count(signals.language.language == message.language);
        }
        measured
    }

    fn count_entities(&mut self, message: &Labelled, signals: &Signals) {
        let labelled = message.spans();
        let mut missed = labelled.clone();
        for entity in &signals.entities {
            let span = (entity.kind, entity.start, entity.end);
            let found = self.entities.entry(entity.kind).or_default();
            found.count(labelled.contains_key(&span), true);
            if let Some(carrier) = missed.remove(&span)
                && entity.kind == EntityKind::WaybillNumber
            {
                self.carriers.count(entity.carrier == carrier);
            }
        }
        for (kind, ..) in missed.into_keys() {
            self.entities.entry(kind).or_default().count(true, false);
        }
    }

    fn print(&self) {
        println!("{:16} precision recall    F1  labelled", "");
        let entities = self.entities.iter().map(|(kind, found)| (kind.as_str(), found));
        for (name, found) in entities.chain([("human_requested", &self.human)]) {
            let (precision, recall, f1) = (found.precision(), found.recall(), found.f1());
            println!("{name:16} {precision:9.3} {recall:6.3} {f1:5.3} {:9}", found.right + found.missed);
        }
        println!("carrier  {:.3} of {}", self.carriers.share(), self.carriers.all);
        println!("language {:.3} of {}", self.language.share(), self.language.all);
        println!(
            "priority {:.3} of {}; labelled in rows, detected in columns:",
            self.priority.share(),
            self.priority.all
        );
        const PRIORITIES: [Priority; 4] = [Priority::Urgent, Priority::High, Priority::Normal, Priority::Low];
        println!("{:8} {}", "", PRIORITIES.map(|priority| format!("{:>7}", priority.as_str())).join(""));
        for label in PRIORITIES {
            let row =
                PRIORITIES.map(|detected| self.priorities.get(&(label, detected)).copied().unwrap_or(0));
            println!("{:8} {}", label.as_str(), row.map(|count| format!("{count:7}")).join(""));
        }
    }
}

/// What was found of what is there.
#[derive(Default)]
struct Found {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Found {
    fn count(&mut self, there: bool, found: bool) {
        match (there, found) {
            (true, true) => self.right += 1,
            (false, true) => self.wrong += 1,
            (true, false) => self.missed += 1,
            (false, false) => {}
        }
    }

    fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    fn f1(&self) -> f64 {
        share(2 * self.right, 2 * self.right + self.wrong + self.missed)
    }
}

/// How many of all are right.
#[derive(Default)]
struct Right {
    right: usize,
    all: usize,
}

impl Right {
    fn count(&mut self, right: bool) {
        self.right += usize::from(right);
        self.all += 1;
    }

    fn share(&self) -> f64 {
        share(self.right, self.all)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of messages are far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
