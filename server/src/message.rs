//! What is said in a conversation, and what the program made of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shopdesk_kb::{Article, ArticleId, Language, Version};
use shopdesk_model::classifier::BundleId;
use shopdesk_model::intents::IntentId;
use shopdesk_model::{Probability, SentimentGuess};
use shopdesk_triage::{Alarm, Entity, EscalationReason, MessageLanguage, RuleName};

use crate::conversation::MessageId;
use crate::schema;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// The shop's customer.
    Shopper,
    /// This program, in the shop's words.
    Bot,
    /// One of the shop's people.
    Agent,
}

impl Sender {
    /// The word used in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shopper => "shopper",
            Self::Bot => "bot",
            Self::Agent => "agent",
        }
    }
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The number of the event that it is.
    pub sequence: i64,
    /// Who wrote it.
    pub sender: Sender,
    /// What the agent who wrote it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<String>,
    /// What it says.
    pub text: String,
    /// When it was stored.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The shopper's own id for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    /// What a reply of the program has beside its text.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::ReplyIfBot)]
    pub reply: Option<Reply>,
    /// Whether the shopper found it helpful, where that was said.
    #[schema(required)]
    pub helpful: Option<bool>,
}

impl Message {
    /// Leaves out what is for agents and systems, and not for shoppers.
    pub(crate) fn keep_for_shopper(&mut self) {
        if let Some(order) = self.reply.as_mut().and_then(|reply| reply.order.as_mut()) {
            order.status = None;
        }
    }
}

/// What a reply of the program has beside its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reply {
    /// What it is.
    pub kind: ReplyKind,
    /// The article that it quotes.
    #[schema(required)]
    pub article: Option<Citation>,
    /// What the shopper may choose from.
    pub choices: Vec<Choice>,
    /// Whether the shopper is asked if it helped.
    #[serde(default)]
    #[schema(required)]
    pub asks_if_helpful: bool,
    /// The order that it is about, where orders are looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<AboutOrder>,
    /// How it came about.
    #[schema(required)]
    pub assessment: Option<Assessed>,
}

impl Reply {
    /// A reply that quotes nothing and asks nothing.
    #[must_use]
    pub fn plain(kind: ReplyKind, assessment: Option<Assessed>) -> Self {
        Self { kind, article: None, choices: Vec::new(), asks_if_helpful: false, order: None, assessment }
    }
}

/// What a reply of the program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplyKind {
    /// An article's answer.
    Answer,
    /// Asks which of several things is meant.
    Clarify,
    /// How an order stands, in the words of the shop's system.
    OrderStatus,
    /// Asks for an order's number.
    AskOrderNumber,
    /// The shop's system has no such order to tell of.
    OrderUnknown,
    /// Says that a human takes over.
    Handover,
    /// A greeting, thanks.
    SmallTalk,
    /// Anything else that the shopper should know.
    Notice,
}

impl ReplyKind {
    /// The word used in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Clarify => "clarify",
            Self::OrderStatus => "order_status",
            Self::AskOrderNumber => "ask_order_number",
            Self::OrderUnknown => "order_unknown",
            Self::Handover => "handover",
            Self::SmallTalk => "small_talk",
            Self::Notice => "notice",
        }
    }
}

/// An order that is looked up, or is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AboutOrder {
    /// What the shopper wants to know of it.
    #[schema(value_type = String)]
    pub intent: IntentId,
    /// Its number; nothing as long as it is asked for.
    pub number: Option<String>,
    /// The shop's word for how it stands, if the shop gives one, and nothing for shoppers.
    pub status: Option<String>,
}

/// An article in the version that was quoted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Citation {
    /// The article.
    #[schema(value_type = String)]
    pub id: ArticleId,
    /// Its language.
    #[schema(value_type = String)]
    pub language: Language,
    /// The version, which stays readable at `/v1/articles/{id}/{language}/{version}`.
    #[schema(value_type = String)]
    pub version: Version,
    /// Its headline.
    pub title: String,
}

impl From<&Article> for Citation {
    fn from(article: &Article) -> Self {
        Self {
            id: article.id.clone(),
            language: article.language.clone(),
            version: article.version.clone(),
            title: article.title.clone(),
        }
    }
}

/// One of the meanings that the shopper is asked to choose from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Choice {
    /// The intent.
    #[schema(value_type = String)]
    pub intent: IntentId,
    /// Its title in the shopper's language.
    pub title: String,
}

/// What the pipeline made of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Assessment)]
pub struct Assessed {
    /// What was decided.
    pub decision: DecisionKind,
    /// Why a human takes over, if one does.
    #[schema(required, value_type = Option<schema::EscalationReason>)]
    pub reason: Option<EscalationReason>,
    /// The message's language.
    #[schema(value_type = schema::MessageLanguage)]
    pub language: MessageLanguage,
    /// How sure that is; nothing in what was stored before this was kept.
    #[serde(default)]
    #[schema(required, value_type = Option<schema::Probability>)]
    pub language_confidence: Option<Probability>,
    /// How the shopper probably feels, where the bundle has learnt that.
    #[serde(default)]
    #[schema(required, value_type = Option<schema::SentimentGuess>)]
    pub sentiment: Option<SentimentGuess>,
    /// The three likeliest intents.
    pub intents: Vec<IntentConfidence>,
    /// The probability that it is none of the shop's intents.
    #[schema(value_type = schema::Probability)]
    pub out_of_scope: Probability,
    /// What the message names, in its order.
    #[serde(default)]
    #[schema(required, value_type = Vec<schema::Entity>)]
    pub entities: Vec<Entity>,
    /// The rule by which a human is asked for in so many words, if one is.
    #[serde(default)]
    #[schema(required, value_type = Option<String>)]
    pub human_request: Option<RuleName>,
    /// What in its words makes it urgent, the most urgent first.
    #[serde(default)]
    #[schema(required, value_type = Vec<schema::Alarm>)]
    pub alarms: Vec<Alarm>,
    /// Cosine between the message and the quoted article.
    #[schema(required)]
    pub similarity: Option<f32>,
    /// How probable it is that the quoted article answers the message.
    #[serde(default)]
    #[schema(required, value_type = Option<schema::Probability>)]
    pub answer_probability: Option<Probability>,
    /// The bundle that made the probabilities.
    #[schema(value_type = String)]
    pub bundle: BundleId,
    /// Whether the end of the message was too long to be read.
    pub truncated: bool,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// An article answers.
    Answer,
    /// The shopper is asked what is meant.
    Clarify,
    /// The shop's system is asked how an order stands.
    LookUp,
    /// A human takes over.
    Escalate,
}

/// An intent with its probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IntentConfidence {
    /// The intent.
    #[schema(value_type = String)]
    pub id: IntentId,
    /// Its calibrated probability.
    #[schema(value_type = schema::Probability)]
    pub confidence: Probability,
}

/// A version of an article, as it was quoted.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ArticleVersion {
    /// Which article and version.
    #[serde(flatten)]
    pub citation: Citation,
    /// The short answer.
    pub answer: String,
    /// The full text, in Markdown.
    pub body: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_before_signals_were_kept_can_be_read() {
        let stored = r#"{"decision":"escalate","reason":"out_of_scope","language":"zh-Hans","intents":[{"id":"returns",
            "confidence":0.25}],"out_of_scope":0.7,"similarity":null,"bundle":"43eb91cd39dc","truncated":false}"#;
        let assessed: Assessed = serde_json::from_str(stored).unwrap();
        assert_eq!(assessed.language_confidence, None);
        assert!(assessed.entities.is_empty() && assessed.alarms.is_empty());
        assert_eq!(assessed.human_request, None);
    }
}
