//! One answer to look at, with what was said before it. Whoever looks needs no personal data, and sees none that can be found.

use super::super::frame::Frame;
use super::range::Range;
use crate::mask::mask;
use crate::message::{Message, Sender};
use crate::problem::Problem;
use crate::review::{ReviewFigures, ReviewVerdict};
use crate::state::AppState;
use crate::store::AnswerToReview;

/// What stands in the middle of the page.
pub(super) struct Card {
    /// The range in addresses.
    pub(super) query: String,
    pub(super) counts: String,
    pub(super) item: Option<Item>,
    pub(super) said: Option<Said>,
    /// Ids and names, with "none of the shop's" at the end.
    pub(super) intents: Vec<(String, String)>,
}

/// The answer.
pub(super) struct Item {
    pub(super) id: String,
    pub(super) at: String,
    pub(super) lines: Vec<Line>,
    pub(super) answer: String,
    pub(super) article: Option<String>,
    pub(super) intent: String,
}

/// A message before it.
pub(super) struct Line {
    pub(super) who: String,
    pub(super) text: String,
    /// Whether the answer is to it.
    pub(super) is_asked: bool,
}

/// What was just said of the answer before, to take it back.
pub(super) struct Said {
    pub(super) id: String,
    pub(super) text: String,
}

impl Card {
    /// The next answer of those days.
    pub(super) async fn next(
        app: &AppState,
        frame: &Frame,
        range: &Range,
        said: Option<(String, ReviewVerdict)>,
    ) -> Result<Self, Problem> {
        let figures = app.store.review_figures(range.begin, range.end).await?;
        let next = app.store.next_to_review(range.begin, range.end).await?;
        let said = said.map(|(id, verdict)| Said {
            id,
            text: frame
                .t("quality.said")
                .with("verdict", frame.t(&format!("quality.{}", verdict.as_str())))
                .to_string(),
        });
        Ok(Self {
            query: range.query(),
            counts: counts(frame, &figures),
            item: next.map(|next| Item::of(frame, &next)),
            said,
            intents: intents(frame),
        })
    }
}

fn counts(frame: &Frame, figures: &ReviewFigures) -> String {
    frame
        .t("quality.counts")
        .with("answers", figures.answers)
        .with("reviewed", figures.reviewed())
        .with("right", figures.right)
        .with("wrong", figures.wrong)
        .with("unclear", figures.unclear)
        .to_string()
}

fn intents(frame: &Frame) -> Vec<(String, String)> {
    let own =
        frame.intents.iter().map(|label| (label.id.to_string(), frame.title_of_intent(label).to_owned()));
    let none = (shopdesk_model::intents::OUT_OF_SCOPE.to_owned(), frame.t("quality.no_intent").to_string());
    own.chain([none]).collect()
}

impl Item {
    fn of(frame: &Frame, next: &AnswerToReview) -> Self {
        let reply = next.answer.reply.as_ref();
        let assessed = reply.and_then(|reply| reply.assessment.as_ref());
        let likeliest = assessed.and_then(|assessed| assessed.intents.first());
        let intent = likeliest.map_or_else(
            || "–".to_owned(),
            |likeliest| {
                format!("{} · {}", frame.intent(&likeliest.id), frame.percent(&likeliest.confidence.get()))
            },
        );
        let line = |message: &Message| Line {
            who: message.sender_name.clone().unwrap_or_else(|| frame.word("sender", message.sender.as_str())),
            text: mask(&message.text).into_owned(),
            is_asked: message.sender == Sender::Shopper && next.answers.contains(&message.id),
        };
        Self {
            id: next.answer.id.to_string(),
            at: frame.time(&next.answer.created_at),
            lines: next.before.iter().map(line).collect(),
            answer: next.answer.text.clone(),
            article: reply.and_then(|reply| reply.article.as_ref()).map(|article| article.title.clone()),
            intent,
        }
    }
}
