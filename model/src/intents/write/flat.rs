//! JSON lines and tables: one message a line.

use serde::Serialize;

use crate::intents::cell::guarded;
use crate::intents::{Example, IntentId, Intents};

/// With a byte order mark, without which spreadsheets take Chinese for gibberish.
pub(super) fn csv(intents: &Intents) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    let in_memory = "memory takes all, and every line has three cells";
    table.write_record(["text", "intent", "language"]).expect(in_memory);
    for (example, intent) in messages(intents) {
        let intent = intent.map(IntentId::as_str).unwrap_or_default();
        let language = example.language.as_deref().unwrap_or_default();
        let cells = [&example.text, intent, language].map(guarded);
        table.write_record(cells.iter().map(|cell| cell.as_bytes())).expect(in_memory);
    }
    let table = table.into_inner().expect(in_memory);
    format!("\u{feff}{}", String::from_utf8(table).expect("all of it was text"))
}

#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    intent: Option<&'a IntentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
}

pub(super) fn json_lines(intents: &Intents) -> String {
    let lines = messages(intents).map(|(example, intent)| {
        let line = Line { text: &example.text, intent, language: example.language.as_deref() };
        serde_json::to_string(&line).expect("texts are JSON") + "\n"
    });
    lines.collect()
}

/// All messages with their intents, those out of scope last.
fn messages(intents: &Intents) -> impl Iterator<Item = (&Example, Option<&IntentId>)> {
    let inside = intents
        .intents
        .iter()
        .flat_map(|intent| intent.examples.iter().map(|example| (example, Some(&intent.label.id))));
    inside.chain(intents.out_of_scope.iter().map(|example| (example, None)))
}
