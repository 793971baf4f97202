//! Our own format, laid out as people write it by hand.

use std::fmt::Write as _;

use super::scalar::scalar;
use crate::intents::yaml::file_name;
use crate::intents::{Example, Intents, OUT_OF_SCOPE};

/// What a message is filed under when nobody said its language.
const UNKNOWN: &str = "other";

/// Names of files with their texts.
pub(super) fn files(intents: &Intents) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for intent in &intents.intents {
        let label = &intent.label;
        let languages = languages(&intent.examples);
        let mut text = format!("id: {}\ntitle:\n", scalar(label.id.as_str()));
        // In the order of the examples' languages, then the others.
        let known = languages.iter().filter_map(|&language| label.title.get_key_value(language));
        let others = label.title.iter().filter(|(language, _)| !languages.contains(&language.as_str()));
        for (language, title) in known.chain(others) {
            push(&mut text, format_args!("  {}: {}", scalar(language), scalar(title)));
        }
        if !intent.description.is_empty() {
            push(&mut text, format_args!("description: {}", scalar(&intent.description)));
        }
        push(&mut text, format_args!("priority: {}", label.priority.as_str()));
        push(&mut text, format_args!("handling: {}", label.handling.as_str()));
        examples(&mut text, &intent.examples, &languages);
        files.push((format!("{}.yaml", file_name(label.id.as_str())), text));
    }
    if !intents.out_of_scope.is_empty() {
        let mut text = format!("id: {OUT_OF_SCOPE}\n");
        examples(&mut text, &intents.out_of_scope, &languages(&intents.out_of_scope));
        files.push((format!("{OUT_OF_SCOPE}.yaml"), text));
    }
    files
}

fn examples(text: &mut String, examples: &[Example], languages: &[&str]) {
    push(text, format_args!("examples:"));
    for language in languages {
        push(text, format_args!("  {}:", scalar(language)));
        for example in examples.iter().filter(|example| language_of(example) == *language) {
            push(text, format_args!("    - {}", scalar(&example.text)));
        }
    }
}

/// Each once, in the order in which they first appear.
fn languages(examples: &[Example]) -> Vec<&str> {
    let mut languages = Vec::new();
    for language in examples.iter().map(language_of) {
        if !languages.contains(&language) {
            languages.push(language);
        }
    }
    languages
}

fn language_of(example: &Example) -> &str {
    example.language.as_deref().unwrap_or(UNKNOWN)
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes all");
}
