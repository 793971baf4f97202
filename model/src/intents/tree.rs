//! YAML as a tree in which everything knows its line: all that is wrong with the shape of a file can be said at once, where a
//! deserialiser stops at the first thing.

use granit_parser::{Event, Parser, ScalarStyle};

/// Levels of lists and mappings in each other; no file of intents has more than a few.
const DEEPEST: usize = 32;

/// A part of a document.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it begins, counted from 1.
    pub(super) line: u64,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    /// Nothing: `null`, `~`, or no text after a key.
    Nothing,
    /// A text, or what could be read as a number or as yes or no: what is written counts.
    Text(String),
    /// A text of several lines after `|`. The node's line is that of the first of them.
    Block(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// Why there is no tree.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) line: u64,
    pub(super) problem: String,
}

/// The one document of a file.
pub(super) fn parse(text: &str) -> Result<Node, Broken> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder { root: None, open: Vec::new() };
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| Broken {
            line: error.marker().line() as u64,
            problem: format!("this is not YAML: {}", error.info()),
        })?;
        let line = span.start.line() as u64;
        builder.take(event, line).map_err(|problem| Broken { line, problem: problem.to_owned() })?;
    }
    Ok(builder.root.unwrap_or(Node { line: 1, value: Value::Nothing }))
}

impl Node {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Block(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for people.
    pub(super) fn what(&self) -> &'static str {
        match &self.value {
            Value::Nothing => "nothing",
            Value::Text(_) | Value::Block(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The value of a key, if this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(known, _)| known.text() == Some(key)).map(|(_, value)| value)
    }
}

/// Lists and mappings that are not finished, the outermost first.
struct Builder {
    root: Option<Node>,
    open: Vec<Open>,
}

struct Open {
    line: u64,
    /// Keys and values in turn, when it is a mapping.
    parts: Vec<Node>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, line: u64) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, style, ..) => self.add(scalar(text.into_owned(), style, line)),
            Event::SequenceStart(..) | Event::MappingStart(..) if self.open.len() >= DEEPEST => {
                return Err("lists and mappings are in each other too deep here");
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                self.open.push(Open { line, parts: Vec::new() });
            }
            Event::SequenceEnd => self.close(Value::List),
            Event::MappingEnd => self.close(|parts| {
                let mut parts = parts.into_iter();
                let mut entries = Vec::new();
                while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                    entries.push((key, value));
                }
                Value::Map(entries)
            }),
            Event::DocumentStart(..) if self.root.is_some() => {
                return Err("a second document begins here: a file holds one, remove the `---`");
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                return Err("`*name` repeats another part of the file, which is not read here: write it out");
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, value: impl FnOnce(Vec<Node>) -> Value) {
        let Open { line, parts } = self.open.pop().expect("the parser closes what it opened");
        self.add(Node { line, value: value(parts) });
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(open) => open.parts.push(node),
            None => self.root = Some(node),
        }
    }
}

fn scalar(text: String, style: ScalarStyle, line: u64) -> Node {
    match style {
        ScalarStyle::Plain if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") => {
            Node { line, value: Value::Nothing }
        }
        ScalarStyle::Literal => {
            // The parser counts from the first line that is not empty.
            let empty = text.lines().take_while(|line| line.trim().is_empty()).count() as u64;
            Node { line: line.saturating_sub(empty).max(1), value: Value::Block(text) }
        }
        _ => Node { line, value: Value::Text(text) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_knows_its_line_and_texts_stay_as_they_are_written() {
        let tree = parse("a: 007\nb:\n  - yes\n  - \"null\"\n  -\nc: |\n\n  one\n  two\n").unwrap();
        let part = |key| tree.get(key).unwrap();
        assert_eq!((part("a").text(), part("a").line), (Some("007"), 1));
        let Value::List(items) = &part("b").value else { panic!("a list") };
        let items: Vec<_> = items.iter().map(|item| (item.text(), item.line)).collect();
        assert_eq!(items[..2], [(Some("yes"), 3), (Some("null"), 4)]);
        assert_eq!(items[2].0, None);
        assert_eq!((part("c").text(), part("c").line), (Some("\none\ntwo\n"), 7));
    }

    #[test]
    fn what_cannot_be_a_tree_is_named_with_its_line() {
        for (text, line, word) in [
            ("a: 1\nb: [\n", 2, "not YAML"),
            ("a: &x 1\nb: *x\n", 2, "write it out"),
            ("a: 1\n---\nb: 2\n", 2, "second document"),
            (&("[".repeat(100) + &"]".repeat(100)), 1, "too deep"),
        ] {
            let broken = parse(text).unwrap_err();
            assert!(broken.line == line && broken.problem.contains(word), "{text}: {broken:?}");
        }
        assert!(matches!(parse("").unwrap().value, Value::Nothing));
    }
}
