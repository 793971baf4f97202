//! What two texts of an article do not say alike: field by field, line by line, and within changed lines word by word.

use std::ops::Range;

use shopdesk_kb::Article;
use similar::{ChangeTag, DiffTag, TextDiff};

use super::super::frame::Frame;

/// How many lines around a change are shown.
const AROUND: usize = 3;
/// Below that share of equal words, two lines are two lines and not one that was changed.
const RELATED: f32 = 0.3;

/// A field that is not the same.
#[derive(Debug)]
pub(super) struct Difference {
    /// The name of the field, as keys of texts have it.
    field: &'static str,
    pub(super) lines: Vec<Line>,
}

/// A line of one text or both.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    kind: Kind,
    pub(super) pieces: Vec<Piece>,
}

impl Difference {
    /// What people call the field.
    pub(super) fn title(&self, frame: &Frame) -> String {
        frame.t(&format!("knowledge.field.{}", self.field)).to_string()
    }
}

impl Line {
    pub(super) fn is_gap(&self) -> bool {
        self.kind == Kind::Gap
    }

    pub(super) fn is_removed(&self) -> bool {
        self.kind == Kind::Removed
    }

    /// The class of its look.
    pub(super) fn class(&self) -> &'static str {
        match self.kind {
            Kind::Same | Kind::Gap => "same",
            Kind::Removed => "removed",
            Kind::Added => "added",
        }
    }

    /// What stands before it.
    pub(super) fn sign(&self) -> &'static str {
        match self.kind {
            Kind::Same | Kind::Gap => " ",
            Kind::Removed => "−",
            Kind::Added => "+",
        }
    }

    /// The same for those who hear the page.
    pub(super) fn spoken(&self, frame: &Frame) -> String {
        match self.kind {
            Kind::Same | Kind::Gap => String::new(),
            Kind::Removed => frame.t("knowledge.removed").to_string(),
            Kind::Added => frame.t("knowledge.added").to_string(),
        }
    }
}

/// Where a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Same,
    Removed,
    Added,
    /// Lines that are the same and not shown.
    Gap,
}

/// Words that belong together, and whether only one of the texts has them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) is_changed: bool,
}

/// Fields that two texts do not have alike. `intent` is what the shop calls an intent.
pub(super) fn compare(old: &Article, new: &Article, intent: impl Fn(&str) -> String) -> Vec<Difference> {
    let fields = fields(old, &intent).into_iter().zip(fields(new, &intent));
    let changed = fields.filter(|((_, old), (_, new))| old != new);
    changed.map(|((field, old), (_, new))| Difference { field, lines: lines(&old, &new) }).collect()
}

/// Everything that an article says, by field.
fn fields(article: &Article, intent: impl Fn(&str) -> String) -> [(&'static str, String); 11] {
    let (from, until) = article.validity.written();
    let intents: Vec<String> = article.intents.iter().map(|id| intent(id)).collect();
    let links: Vec<String> =
        article.links.iter().map(|link| format!("{} {}", link.title, link.url)).collect();
    let pictures = article.pictures.iter().map(|picture| format!("{} {}", picture.url, picture.alt));
    [
        ("title", article.title.clone()),
        ("answer", article.answer.clone()),
        ("body", article.body.clone()),
        ("intents", intents.join("\n")),
        ("questions", article.questions.join("\n")),
        ("tags", article.tags.join("\n")),
        ("audience", article.audience.join("\n")),
        ("valid_from", from.unwrap_or_default()),
        ("valid_until", until.unwrap_or_default()),
        ("links", links.join("\n")),
        ("pictures", pictures.collect::<Vec<_>>().join("\n")),
    ]
}

/// The lines around all changes.
fn lines(old: &str, new: &str) -> Vec<Line> {
    let [old, new]: [Vec<&str>; 2] = [old, new].map(|text| text.lines().collect());
    let diff = TextDiff::from_slices(&old, &new);
    let mut lines = Vec::new();
    for (number, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        let begin = group.first().map_or(0, |op| op.old_range().start);
        if number > 0 || begin > 0 {
            lines.push(Line { kind: Kind::Gap, pieces: Vec::new() });
        }
        for op in group {
            match op.tag() {
                DiffTag::Equal => lines.extend(whole(Kind::Same, &old[op.old_range()])),
                DiffTag::Delete => lines.extend(whole(Kind::Removed, &old[op.old_range()])),
                DiffTag::Insert => lines.extend(whole(Kind::Added, &new[op.new_range()])),
                DiffTag::Replace => lines.extend(replaced((&old, op.old_range()), (&new, op.new_range()))),
            }
        }
    }
    lines
}

fn whole<'a>(kind: Kind, lines: &'a [&'a str]) -> impl Iterator<Item = Line> + 'a {
    let piece = |line: &&str| Piece { text: (*line).to_owned(), is_changed: false };
    lines.iter().map(move |line| Line { kind, pieces: vec![piece(line)] })
}

/// Lines in the place of others: those that stand in the same place are compared word by word.
fn replaced(
    (old, old_range): (&[&str], Range<usize>),
    (new, new_range): (&[&str], Range<usize>),
) -> Vec<Line> {
    let (old, new) = (&old[old_range], &new[new_range]);
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for (old, new) in old.iter().zip(new) {
        let (old, new) = words(old, new);
        removed.push(Line { kind: Kind::Removed, pieces: old });
        added.push(Line { kind: Kind::Added, pieces: new });
    }
    let both = old.len().min(new.len());
    removed.extend(whole(Kind::Removed, &old[both..]));
    added.extend(whole(Kind::Added, &new[both..]));
    removed.extend(added);
    removed
}

/// The words of two lines.
fn words(old: &str, new: &str) -> (Vec<Piece>, Vec<Piece>) {
    let diff_of = (split(old), split(new));
    let diff = TextDiff::from_slices(&diff_of.0, &diff_of.1);
    let (mut before, mut after) = (Vec::new(), Vec::new());
    if diff.ratio() < RELATED {
        push(&mut before, old, false);
        push(&mut after, new, false);
        return (before, after);
    }
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {
                push(&mut before, change.value(), false);
                push(&mut after, change.value(), false);
            }
            ChangeTag::Delete => push(&mut before, change.value(), true),
            ChangeTag::Insert => push(&mut after, change.value(), true),
        }
    }
    (before, after)
}

fn push(pieces: &mut Vec<Piece>, text: &str, is_changed: bool) {
    match pieces.last_mut() {
        Some(last) if last.is_changed == is_changed => last.text.push_str(text),
        _ => pieces.push(Piece { text: text.to_owned(), is_changed }),
    }
}

/// Western words and numbers whole, all else character by character: Chinese has no spaces to go by.
fn split(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut begin = 0;
    let is_part = |character: char| character.is_ascii_alphanumeric();
    let mut before = false;
    for (at, character) in line.char_indices() {
        if at > begin && !(before && is_part(character)) {
            words.push(&line[begin..at]);
            begin = at;
        }
        before = is_part(character);
    }
    if begin < line.len() {
        words.push(&line[begin..]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(lines: &[Line]) -> Vec<String> {
        let piece = |piece: &Piece| {
            if piece.is_changed { format!("[{}]", piece.text) } else { piece.text.clone() }
        };
        let line = |line: &Line| {
            let sign = match line.kind {
                Kind::Same => ' ',
                Kind::Removed => '-',
                Kind::Added => '+',
                Kind::Gap => '…',
            };
            format!("{sign}{}", line.pieces.iter().map(piece).collect::<String>())
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn changed_words_stand_out_in_either_language() {
        assert_eq!(
            marked(&lines("七天内可以退货。", "十五天内可以退货。")),
            ["-[七]天内可以退货。", "+[十五]天内可以退货。"]
        );
        assert_eq!(
            marked(&lines("Return it within 7 days.", "Return it within 15 days.")),
            ["-Return it within [7] days.", "+Return it within [15] days."]
        );
    }

    #[test]
    fn lines_without_a_word_in_common_are_removed_and_added() {
        assert_eq!(marked(&lines("abc def", "七天内")), ["-abc def", "+七天内"]);
    }

    #[test]
    fn what_is_far_from_a_change_is_left_out() {
        let old: Vec<String> = (0..20).map(|number| format!("line {number}")).collect();
        let mut new = old.clone();
        new.remove(10);
        let marked = marked(&lines(&old.join("\n"), &new.join("\n")));
        assert_eq!(
            marked,
            ["…", " line 7", " line 8", " line 9", "-line 10", " line 11", " line 12", " line 13"]
        );
    }

    #[test]
    fn only_fields_that_differ_are_named() {
        let json = |answer: &str| {
            let json = serde_json::json!({
                "id": "a", "language": "en", "title": "T", "intents": ["x"], "questions": ["q"], "tags": [],
                "answer": answer, "body": "",
            });
            Article::from_json(&json.to_string()).unwrap()
        };
        let differences = compare(&json("one"), &json("two"), ToOwned::to_owned);
        assert_eq!(differences.iter().map(|difference| difference.field).collect::<Vec<_>>(), ["answer"]);
        assert!(compare(&json("one"), &json("one"), ToOwned::to_owned).is_empty());
    }
}
