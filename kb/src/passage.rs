//! The parts of an article that a message may be close to: its questions, its short answer, its sections.

use std::sync::Arc;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde::{Deserialize, Serialize};

use crate::Article;

/// A section is cut into passages of about this many characters, at ends of sentences: well below the 512 tokens
/// that an encoder reads, and short enough to be about one thing.
const PASSAGE_CHARACTERS: usize = 320;

/// A text to be found, and the article that it leads to.
#[derive(Clone, Debug)]
pub struct Passage {
    /// Where it leads.
    pub article: Arc<Article>,
    /// Its place among the passages of the article, from 0.
    pub number: u32,
    /// Which part of the article it is.
    pub part: Part,
    /// What is embedded.
    pub text: String,
}

/// A part of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A way to ask, written by the shop.
    Question,
    /// The headline and the short answer.
    Answer,
    /// A piece of the full text under its headings.
    Body,
}

impl Passage {
    /// All passages of an article.
    #[must_use]
    pub fn of(article: &Arc<Article>) -> Vec<Self> {
        let mut numbers = 0..;
        let mut passage = |part, text| {
            let number = numbers.next().expect("fewer passages than numbers");
            Self { article: Arc::clone(article), number, part, text }
        };
        let mut passages: Vec<Self> =
            article.questions.iter().map(|question| passage(Part::Question, question.clone())).collect();
        passages.push(passage(Part::Answer, format!("{}\n{}", article.title, article.answer)));
        for section in sections(&article.body) {
            let heading = section
                .heading
                .map_or_else(|| article.title.clone(), |heading| format!("{}: {heading}", article.title));
            for piece in cut(&section.text) {
                passages.push(passage(Part::Body, format!("{heading}\n{piece}")));
            }
        }
        passages
    }
}

struct Section {
    heading: Option<String>,
    text: String,
}

/// The plain text under each heading.
fn sections(markdown: &str) -> Vec<Section> {
    let mut sections = vec![Section { heading: None, text: String::new() }];
    let mut in_heading = false;
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                in_heading = true;
                sections.push(Section { heading: Some(String::new()), text: String::new() });
            }
            Event::End(TagEnd::Heading(_)) => in_heading = false,
            Event::End(TagEnd::Paragraph | TagEnd::Item) | Event::SoftBreak | Event::HardBreak => {
                if let Some(section) = sections.last_mut()
                    && !in_heading
                    && !section.text.ends_with('\n')
                {
                    section.text.push('\n');
                }
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(section) = sections.last_mut() {
                    let target = match &mut section.heading {
                        Some(heading) if in_heading => heading,
                        _ => &mut section.text,
                    };
                    target.push_str(&text);
                }
            }
            _ => {}
        }
    }
    sections.retain(|section| !section.text.trim().is_empty());
    sections
}

/// Cuts at the ends of sentences so that a piece has at most [`PASSAGE_CHARACTERS`]; a sentence that is longer is cut, too.
fn cut(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for sentence in sentences(text).into_iter().flat_map(split_at_length) {
        let too_long = piece.chars().count() + sentence.chars().count() > PASSAGE_CHARACTERS;
        if too_long && !piece.trim().is_empty() {
            pieces.push(std::mem::take(&mut piece).trim().to_owned());
        }
        piece.push_str(sentence);
    }
    if !piece.trim().is_empty() {
        pieces.push(piece.trim().to_owned());
    }
    pieces
}

/// Parts of at most [`PASSAGE_CHARACTERS`].
fn split_at_length(mut sentence: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while let Some((end, _)) = sentence.char_indices().nth(PASSAGE_CHARACTERS) {
        let (part, rest) = sentence.split_at(end);
        parts.push(part);
        sentence = rest;
    }
    parts.push(sentence);
    parts
}

/// Splits after a Chinese full stop, question or exclamation mark, after a Western one before white space, and at
/// the end of a line.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((index, character)) = characters.next() {
        let before_space = characters.peek().is_none_or(|(_, next)| next.is_whitespace());
        let ends = match character {
            '。' | '！' | '？' | '；' | '\n' => true,
            '.' | '!' | '?' => before_space,
            _ => false,
        };
        if ends {
            let end = index + character.len_utf8();
            sentences.push(&text[start..end]);
            start = end;
        }
    }
    sentences.push(&text[start..]);
    sentences
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn an_article_is_found_by_questions_answer_and_sections() {
        let text = "---\nid: a\ntitle: 退货\nlanguage: zh\nintents: [x]\nquestions: [怎么退？]\nanswer: 七天内。\n---\n开头。\n\n## 步骤\n\n- 第一步\n- 第二步\n\n## 空\n";
        let article = Arc::new(Article::parse(Path::new("a.md"), text).unwrap());
        let texts: Vec<_> =
            Passage::of(&article).into_iter().map(|passage| (passage.part, passage.text)).collect();
        assert_eq!(
            texts,
            [
                (Part::Question, "怎么退？".to_owned()),
                (Part::Answer, "退货\n七天内。".to_owned()),
                (Part::Body, "退货\n开头。".to_owned()),
                (Part::Body, "退货: 步骤\n第一步\n第二步".to_owned()),
            ]
        );
    }

    #[test]
    fn long_sections_are_cut_at_sentences() {
        let text = "这是一句话，有十五个字左右吧。".repeat(40);
        let pieces = cut(&text);
        assert!(pieces.len() > 1);
        assert!(
            pieces.iter().all(|piece| piece.ends_with('。') && piece.chars().count() <= PASSAGE_CHARACTERS)
        );
        assert_eq!(pieces.concat(), text);
    }

    #[test]
    fn a_decimal_point_ends_no_sentence() {
        assert_eq!(sentences("Costs ¥9.90 a piece. Fine"), ["Costs ¥9.90 a piece.", " Fine"]);
    }
}
