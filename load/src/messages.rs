//! What shoppers write: the shop's test messages, as single questions, in two lines, after a greeting, and as dialogues. Nothing is
//! made up: messages are cut where their writers paused, and put together never.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// The files of a folder of test messages.
const FILES: [&str; 4] = ["messages.jsonl", "questions.jsonl", "signals.jsonl", "dialogues.jsonl"];
/// Of so many messages that have a pause in them, one is sent in two lines.
const TWO_LINES_IN: usize = 6;
/// The fewest characters of a line that a message is cut into.
const SHORTEST_LINE: usize = 4;
/// How shoppers begin, in lower case.
const GREETINGS: [&str; 6] = ["您好", "你好", "hello", "hey", "heya", "hi"];
/// The order of visits is shuffled, and the same in every run.
const SEED: u64 = 20_261_122;

/// All that one shopper comes for.
#[derive(Debug, PartialEq)]
pub(crate) struct Visit {
    /// The language of the page that they write on, if it is one that we know.
    pub(crate) language: Option<String>,
    pub(crate) turns: Vec<Turn>,
}

/// What a shopper writes before waiting for a reply.
#[derive(Debug, PartialEq)]
pub(crate) struct Turn {
    pub(crate) lines: Vec<String>,
    /// All of it, as it is assessed.
    pub(crate) text: Arc<str>,
}

/// The visits of a run, one after the other and round again.
pub(crate) struct Visits {
    all: Vec<Arc<Visit>>,
    next: AtomicUsize,
}

impl Visits {
    /// Reads the messages of a folder such as `shop/test`.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut all = Vec::new();
        for file in FILES {
            let path = folder.join(file);
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read the messages in `{}`", path.display()))?;
            for (number, line) in text.lines().enumerate() {
                let written: Written = serde_json::from_str(line)
                    .with_context(|| format!("in line {} of `{}`", number + 1, path.display()))?;
                all.push(Arc::new(visit(all.len(), written)));
            }
        }
        ensure!(!all.is_empty(), "there are no messages in `{}`", folder.display());
        fastrand::Rng::with_seed(SEED).shuffle(&mut all);
        Ok(Self { all, next: AtomicUsize::new(0) })
    }

    pub(crate) fn next(&self) -> Arc<Visit> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.all[number % self.all.len()])
    }

    /// The texts of all turns.
    pub(crate) fn texts(&self) -> Vec<Arc<str>> {
        let turns = self.all.iter().flat_map(|visit| &visit.turns);
        turns.map(|turn| Arc::clone(&turn.text)).collect()
    }
}

impl Turn {
    fn new(lines: Vec<String>) -> Self {
        Self { text: lines.join("\n").into(), lines }
    }
}

/// A line of a file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Dialogue { first: String, second: String, language: String },
    Message { text: String, language: String },
}

fn visit(number: usize, written: Written) -> Visit {
    let (language, turns) = match written {
        Written::Dialogue { first, second, language } => {
            (language, vec![Turn::new(vec![first]), Turn::new(vec![second])])
        }
        Written::Message { text, language } => (language, turns(number, text)),
    };
    Visit { language: Some(language).filter(|language| language != "other"), turns }
}

fn turns(number: usize, text: String) -> Vec<Turn> {
    if let Some((greeting, rest)) = after_greeting(&text) {
        return vec![Turn::new(vec![greeting]), Turn::new(vec![rest])];
    }
    match in_two(&text).filter(|_| number.is_multiple_of(TWO_LINES_IN)) {
        Some((first, second)) => vec![Turn::new(vec![first, second])],
        None => vec![Turn::new(vec![text])],
    }
}

/// The greeting that a message begins with, and what comes after it.
fn after_greeting(text: &str) -> Option<(String, String)> {
    let lower = text.to_lowercase();
    // Lower case has other lengths in a few scripts, none of which a greeting is in.
    let greeting = GREETINGS.iter().find(|greeting| {
        lower.strip_prefix(**greeting).is_some_and(|rest| rest.starts_with([' ', ',', '，', '。', '！', '!']))
    })?;
    let (greeting, rest) = text.split_at_checked(greeting.len())?;
    let rest = rest.trim_start_matches([' ', ',', '，', '。', '！', '!']);
    (rest.chars().count() >= SHORTEST_LINE).then(|| (greeting.to_owned(), rest.to_owned()))
}

/// A message in two lines, cut at the first pause that leaves enough on both sides.
fn in_two(text: &str) -> Option<(String, String)> {
    text.char_indices().find_map(|(at, character)| {
        let (first, rest) = (text.get(..at)?, text.get(at + character.len_utf8()..)?);
        let is_pause = matches!(character, '，' | '。' | '？' | '！')
            || (matches!(character, ',' | '.' | '?' | '!') && rest.starts_with(' '));
        let (first, rest) = (first.trim(), rest.trim());
        let is_enough = |line: &str| line.chars().count() >= SHORTEST_LINE;
        (is_pause && is_enough(first) && is_enough(rest)).then(|| (first.to_owned(), rest.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shop/test")
    }

    #[test]
    fn visits_are_of_every_kind_and_language() {
        let visits = Visits::read(&shop()).unwrap();
        let count = |is: &dyn Fn(&Visit) -> bool| visits.all.iter().filter(|visit| is(visit)).count();
        for language in ["zh-Hans", "zh-Hant", "en"] {
            assert!(count(&|visit| visit.language.as_deref() == Some(language)) > 100, "{language}");
        }
        assert!(count(&|visit| visit.turns.iter().any(|turn| turn.lines.len() == 2)) > 100, "two lines");
        assert!(count(&|visit| visit.turns.len() == 2) > 100, "follow-ups");
        assert!(count(&|visit| visit.turns[0].lines[0].to_lowercase() == "hi") > 5, "greetings");
    }

    #[test]
    fn nothing_is_made_up() {
        let texts = FILES.map(|file| std::fs::read_to_string(shop().join(file)).unwrap()).concat();
        let unescaped = texts.replace("\\\"", "\"").replace("\\\\", "\\");
        let visits = Visits::read(&shop()).unwrap();
        let lines = visits.all.iter().flat_map(|visit| &visit.turns).flat_map(|turn| &turn.lines);
        for line in lines {
            assert!(!line.is_empty() && unescaped.contains(line.as_str()), "{line}");
        }
    }

    #[test]
    fn visits_come_in_the_same_order_every_time_and_round_again() {
        let [first, second] = [(); 2].map(|()| Visits::read(&shop()).unwrap());
        let round: Vec<_> = (0..first.all.len()).map(|_| first.next()).collect();
        assert!(round.iter().all(|visit| *visit == second.next()));
        assert_eq!(first.next(), round[0]);
    }

    #[test]
    fn a_greeting_is_a_turn_of_its_own() {
        let cut = |text| after_greeting(text).map(|(greeting, rest)| format!("{greeting}|{rest}"));
        assert_eq!(cut("您好，运费谁出？").as_deref(), Some("您好|运费谁出？"));
        assert_eq!(cut("Hello, where is my parcel").as_deref(), Some("Hello|where is my parcel"));
        for whole in ["您好", "hi", "hidden fees?", "你好呀，请问现在在线吗？", "运费谁出，您好"]
        {
            assert_eq!(cut(whole), None, "{whole}");
        }
    }

    #[test]
    fn a_message_is_cut_where_its_writer_paused() {
        let cut = |text| in_two(text).map(|(first, second)| format!("{first}|{second}"));
        assert_eq!(cut("快递三天没动了，什么时候到？").as_deref(), Some("快递三天没动了|什么时候到？"));
        assert_eq!(cut("it costs 1,000, can I return it").as_deref(), Some("it costs 1,000|can I return it"));
        for whole in ["好，退货", "where is my parcel", "快递三天没动了，急", "no.5 please"] {
            assert_eq!(cut(whole), None, "{whole}");
        }
    }
}
