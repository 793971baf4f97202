//! A search as a shopper would make it: what the desk would do with a message, and why.

use askama::Template;
use axum::extract::State as AxumState;
use axum::response::Response;
use serde::Deserialize;
use shopdesk_kb::{Article, Passage};
use shopdesk_model::Probability;
use shopdesk_model::intents::{Handling, Label};
use shopdesk_triage::{
    Assessment, Decision, EscalationReason, RankedArticle, SmallTalk, Triage, languages_for,
};

use super::super::frame::{Frame, Section, render};
use super::super::markdown::to_html;
use super::super::visit::Visit;
use super::place;
use crate::agent::Role;
use crate::inference::AssessError;
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::script::for_reader;
use crate::state::AppState;

/// How many intents are shown.
const INTENTS: usize = 5;

/// A shopper's words.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    q: String,
}

#[derive(Template)]
#[template(path = "console/knowledge/search.html")]
struct Page {
    frame: Frame,
    q: String,
    /// What is wrong with the words, as a text.
    wrong: Option<String>,
    found: Option<Found>,
}

#[derive(Template)]
#[template(path = "console/knowledge/found.html")]
struct Part {
    frame: Frame,
    wrong: Option<String>,
    found: Option<Found>,
}

/// What the desk would do, and from what it decides.
struct Found {
    /// The word of the decision in keys of texts, and the class of its tag.
    decision: &'static str,
    look: &'static str,
    why: String,
    /// What the shopper would read, if an article answers.
    answer: Option<Answer>,
    language: String,
    /// Whether no article was found in a language that the shopper reads.
    is_fallback: bool,
    intents: Vec<Intent>,
    out_of_scope: Share,
    /// From which probability on an article is given as the answer.
    least: Share,
    articles: Vec<Ranked>,
}

impl Found {
    /// What the desk would do, in words.
    fn title(&self, frame: &Frame) -> String {
        frame.t(&format!("knowledge.decision.{}", self.decision)).to_string()
    }
}

struct Answer {
    text: String,
    html: String,
}

/// A probability as a bar has it, and as people read it.
struct Share {
    value: f64,
    text: String,
}

impl Share {
    fn of(frame: &Frame, probability: Probability) -> Self {
        Self { value: probability.get(), text: frame.percent(&probability.get()) }
    }
}

struct Intent {
    title: String,
    share: Share,
    /// From where on the desk acts on it by itself; nothing when it never does.
    least: Option<String>,
}

/// An article that was found, with all by which it was.
struct Ranked {
    title: String,
    path: String,
    language: String,
    version: String,
    probability: Share,
    /// Whether it is probable enough, and filed under the likeliest intent.
    is_enough: bool,
    is_filed: bool,
    /// Cosine and BM25, and its place by the ranks in both.
    similarity: String,
    support: String,
    lexical: String,
    fused_rank: usize,
    part: String,
    passage: String,
    /// The language of that passage, where it is another one.
    through: Option<String>,
}

pub(super) async fn show(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let frame = visit.frame(Section::Knowledge);
    let q = wanted.q.trim().to_owned();
    let limit = app.settings.max_message_characters;
    let is_long = q.chars().count() > limit;
    let wrong = is_long.then(|| frame.t("knowledge.search.too_long").with("limit", limit).to_string());
    let found = if q.is_empty() || is_long { None } else { Some(search(&app, &frame, &q).await?) };
    if visit.wants_part {
        return render(&Part { frame, wrong, found });
    }
    render(&Page { frame, q, wrong, found })
}

async fn search(app: &AppState, frame: &Frame, text: &str) -> Result<Found, Problem> {
    let assessment =
        app.assessor.assess(None, text, app.now(), app.settings.request_timeout / 2).await.map_err(
            |error| match error {
                AssessError::Overloaded => Problem::Overloaded,
                AssessError::Failed(_) => {
                    tracing::error!(%error, "a message in the console could not be assessed");
                    Problem::Failed
                }
            },
        )?;
    let triage = app.assessor.triage();
    let small_talk = SmallTalk::of(text).is_some();
    let evidence = &assessment.evidence;
    let reader = evidence.signals.language.language;
    let readable = languages_for(reader);
    let answer = match &assessment.decision {
        Decision::Answer { article, .. } if !small_talk => {
            let article = article.hit.article.as_ref();
            let text = for_reader(&article.answer, article.language.as_str(), reader).into_owned();
            Some(Answer { html: to_html(&text), text })
        }
        _ => None,
    };
    let (decision, look) = match &assessment.decision {
        _ if small_talk => ("small_talk", "info"),
        Decision::Answer { .. } => ("answer", "good"),
        Decision::Clarify { .. } => ("clarify", "info"),
        Decision::Escalate { .. } => ("escalate", "warn"),
    };
    Ok(Found {
        decision,
        look,
        why: if small_talk {
            frame.t("knowledge.why.small_talk").to_string()
        } else {
            why(frame, &triage, &assessment)
        },
        answer,
        language: frame.word("language", reader.tag()),
        is_fallback: !readable.is_empty()
            && evidence.articles.first().is_some_and(|first| !readable.contains(&first.hit.article.language)),
        intents: evidence
            .intents
            .iter()
            .take(INTENTS)
            .map(|intent| Intent {
                title: frame.title_of_intent(&intent.label).to_owned(),
                share: Share::of(frame, intent.confidence),
                least: threshold(&triage, &intent.label).map(|least| frame.percent(&least.get())),
            })
            .collect(),
        out_of_scope: Share::of(frame, evidence.out_of_scope),
        least: Share::of(frame, triage.policy().answer_probability),
        articles: ranked(frame, &triage, &assessment),
    })
}

/// From which confidence on the desk acts on an intent by itself, if it ever does.
fn threshold(triage: &Triage, label: &Label) -> Option<Probability> {
    if label.handling == Handling::Human || triage.policy().human_intent.as_ref() == Some(&label.id) {
        return None;
    }
    let thresholds = triage.bundle().thresholds();
    thresholds.intents.get(&label.id).unwrap_or(&thresholds.promise).threshold
}

/// Why the desk decides like that, with the numbers that it goes by.
fn why(frame: &Frame, triage: &Triage, assessment: &Assessment) -> String {
    let evidence = &assessment.evidence;
    let likeliest = evidence.intents.first();
    let percent = |probability: Probability| frame.percent(&probability.get());
    let title = likeliest.map(|intent| frame.title_of_intent(&intent.label).to_owned()).unwrap_or_default();
    let confidence = likeliest.map(|intent| percent(intent.confidence)).unwrap_or_default();
    let least = likeliest.and_then(|intent| threshold(triage, &intent.label));
    let least = least.map_or_else(|| frame.t("knowledge.search.never").to_string(), percent);
    let policy = triage.policy();
    let filed = |ranked: &&RankedArticle| {
        likeliest.is_some_and(|intent| ranked.hit.article.intents.contains(intent.label.id.as_str()))
    };
    let best =
        evidence.articles.iter().filter(filed).map(|ranked| ranked.probability.get()).fold(0.0, f64::max);
    let (key, article, probability) = match &assessment.decision {
        Decision::Answer { article, .. } => {
            ("knowledge.why.answer", article.hit.article.title.clone(), percent(article.probability))
        }
        Decision::Clarify { .. } => ("knowledge.why.clarify", String::new(), String::new()),
        Decision::Escalate { reason } => {
            let key = match reason {
                EscalationReason::HumanRequested => "knowledge.why.human_requested",
                EscalationReason::OutOfScope => "knowledge.why.out_of_scope",
                EscalationReason::IntentNeedsHuman => "knowledge.why.intent_needs_human",
                EscalationReason::LowConfidence => "knowledge.why.low_confidence",
                EscalationReason::NoArticle => "knowledge.why.no_article",
                EscalationReason::Urgent => "knowledge.why.urgent",
                EscalationReason::Upset => "knowledge.why.upset",
                EscalationReason::AnswersFailed | EscalationReason::Busy | EscalationReason::Failure => {
                    return frame.word("reason", reason.as_str());
                }
            };
            (key, String::new(), frame.percent(&best))
        }
    };
    let text = frame.t(key).with("intent", title).with("confidence", confidence).with("least", least);
    let text = text.with("article", article).with("probability", probability);
    let text = text.with("answer_least", percent(policy.answer_probability));
    let text = text.with("clarify_least", percent(policy.clarify_confidence));
    text.with("out_of_scope", percent(evidence.out_of_scope)).to_string()
}

fn ranked(frame: &Frame, triage: &Triage, assessment: &Assessment) -> Vec<Ranked> {
    let articles = &assessment.evidence.articles;
    let likeliest = assessment.evidence.intents.first();
    let least = triage.policy().answer_probability;
    let catalogue = triage.knowledge_base().catalogue();
    let rank = |fused: f64| 1 + articles.iter().filter(|other| other.hit.fused > fused).count();
    let one = |RankedArticle { hit, probability }: &RankedArticle| {
        let Article { id, language, version, title, intents, .. } = hit.article.as_ref();
        let found_by = catalogue.get(&hit.passage.article);
        let passages = found_by.map(Passage::of).unwrap_or_default();
        let passage = passages.into_iter().find(|passage| passage.number == hit.passage.number);
        let through = &hit.passage.article.language;
        let part = serde_json::to_value(hit.part).ok().and_then(|part| part.as_str().map(ToOwned::to_owned));
        Ranked {
            title: title.clone(),
            path: place::version_path(id, language, version),
            language: language.to_string(),
            version: version.to_string(),
            probability: Share::of(frame, *probability),
            is_enough: *probability >= least,
            is_filed: likeliest.is_some_and(|intent| intents.contains(intent.label.id.as_str())),
            similarity: format!("{:.3}", hit.similarity),
            support: format!("{:.3}", hit.support),
            lexical: format!("{:.1}", hit.lexical),
            fused_rank: rank(hit.fused),
            part: frame.t(&format!("knowledge.part.{}", part.unwrap_or_default())).to_string(),
            passage: passage.map(|passage| passage.text).unwrap_or_default(),
            through: (through != language).then(|| through.to_string()),
        }
    };
    articles.iter().map(one).collect()
}
