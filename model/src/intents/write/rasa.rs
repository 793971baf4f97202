//! Rasa's `nlu.yml`: the block form that Rasa's users know, and the list form where there is more to say than texts.

use std::fmt::Write as _;

use super::scalar::{must_be_escaped, scalar};
use crate::intents::load::plain_label;
use crate::intents::{Example, Intent, Intents, OUT_OF_SCOPE};

pub(super) fn text(intents: &Intents) -> String {
    let mut text = "version: \"3.1\"\n\nnlu:\n".to_owned();
    for intent in &intents.intents {
        push(&mut text, format_args!("  - intent: {}", scalar(intent.label.id.as_str())));
        metadata(&mut text, intent);
        examples(&mut text, &intent.examples);
    }
    if !intents.out_of_scope.is_empty() {
        push(&mut text, format_args!("  - intent: {OUT_OF_SCOPE}"));
        examples(&mut text, &intents.out_of_scope);
    }
    text
}

/// What is not as it would be without a word.
fn metadata(text: &mut String, intent: &Intent) {
    let label = &intent.label;
    if *label == plain_label(label.id.clone()) && intent.description.is_empty() {
        return;
    }
    push(text, format_args!("    metadata:"));
    if !label.title.is_empty() {
        push(text, format_args!("      title:"));
        for (language, title) in &label.title {
            push(text, format_args!("        {}: {}", scalar(language), scalar(title)));
        }
    }
    if !intent.description.is_empty() {
        push(text, format_args!("      description: {}", scalar(&intent.description)));
    }
    push(text, format_args!("      priority: {}", label.priority.as_str()));
    push(text, format_args!("      handling: {}", label.handling.as_str()));
}

fn examples(text: &mut String, examples: &[Example]) {
    let in_block = |example: &Example| example.language.is_none() && !example.text.contains(must_be_escaped);
    if examples.iter().all(in_block) {
        push(text, format_args!("    examples: |"));
        for example in examples {
            push(text, format_args!("      - {}", example.text));
        }
        return;
    }
    push(text, format_args!("    examples:"));
    for example in examples {
        push(text, format_args!("      - text: {}", scalar(&example.text)));
        if let Some(language) = &example.language {
            push(text, format_args!("        metadata:\n          language: {}", scalar(language)));
        }
    }
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes all");
}
