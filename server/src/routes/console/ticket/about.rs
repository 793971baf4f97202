//! What the program knows of a ticket, in words and bars.

use super::super::frame::Frame;
use super::super::inbox::DueText;
use super::conversation::short;
use super::{article_path, segment};
use crate::conversation::{ContactKind, Conversation};
use crate::message::Assessed;
use crate::ticket::{Suggestion, Ticket, TicketState};

/// A probability with what it is of.
pub(super) struct Bar {
    /// What it is of, as programs call it.
    pub(super) id: String,
    pub(super) label: String,
    /// From 0 to 1.
    pub(super) value: f64,
    pub(super) percent: String,
    /// Whether the ticket says so.
    pub(super) is_current: bool,
}

/// Something that the message names.
pub(super) struct Named {
    pub(super) kind: String,
    pub(super) text: String,
    /// What a program would call it, where that is something else.
    pub(super) copied: String,
    pub(super) more: String,
}

/// An answer that may help.
pub(super) struct Suggested {
    pub(super) title: String,
    pub(super) version: String,
    pub(super) path: String,
    pub(super) answer: String,
    pub(super) percent: Option<String>,
    pub(super) value: f64,
}

/// A key with what it says.
pub(super) struct Pair {
    pub(super) key: String,
    pub(super) value: String,
}

/// What the program made of the message.
pub(super) struct About {
    pub(super) reason: String,
    /// The rules that found something in the words.
    pub(super) rules: Vec<String>,
    pub(super) intent: String,
    /// Whether that is not one of `intents`.
    pub(super) is_other_intent: bool,
    pub(super) intents: Vec<Bar>,
    pub(super) out_of_scope: Option<Bar>,
    pub(super) sentiment: Option<String>,
    pub(super) language: Option<String>,
    pub(super) entities: Vec<Named>,
    pub(super) suggestions: Vec<Suggested>,
    pub(super) is_truncated: bool,
    pub(super) bundle: Option<String>,
}

impl About {
    pub(super) fn of(frame: &Frame, ticket: &Ticket) -> Self {
        let assessed = ticket.contents.assessment.as_ref();
        let sure = |text: String, share: f64| format!("{text} · {}", frame.percent(&share));
        let guess = assessed.and_then(|assessed| assessed.sentiment);
        let sentiment = ticket.sentiment.as_deref().map(|level| frame.word("sentiment", level));
        let language = ticket.language.as_deref().map(|tag| frame.word("language", tag));
        let confidence = assessed.and_then(|assessed| assessed.language_confidence);
        let intents = assessed.map(|assessed| intents(frame, ticket, assessed)).unwrap_or_default();
        Self {
            reason: frame.word("reason", ticket.reason.as_str()),
            rules: rules(frame, ticket),
            intent: ticket
                .intent
                .as_ref()
                .map_or_else(|| frame.t("inbox.no_intent").to_string(), |intent| frame.intent(intent)),
            is_other_intent: !intents.iter().any(|bar| bar.is_current),
            intents,
            out_of_scope: assessed.map(|assessed| {
                let (id, label) = ("out_of_scope".to_owned(), frame.t("ticket.out_of_scope").to_string());
                bar(frame, id, label, assessed.out_of_scope.get(), false)
            }),
            sentiment: match guess {
                Some(guess) => sentiment.map(|text| sure(text, guess.confidence.get())),
                None => sentiment,
            },
            language: match confidence {
                Some(confidence) => language.map(|text| sure(text, confidence.get())),
                None => language,
            },
            entities: assessed.map(|assessed| entities(frame, assessed)).unwrap_or_default(),
            suggestions: ticket.contents.suggestions.iter().map(|found| suggested(frame, found)).collect(),
            is_truncated: assessed.is_some_and(|assessed| assessed.truncated),
            bundle: assessed.map(|assessed| assessed.bundle.to_string()),
        }
    }
}

/// The rules that found something in the words, each once; in words where there are any.
fn rules(frame: &Frame, ticket: &Ticket) -> Vec<String> {
    let assessed = ticket.contents.assessment.as_ref();
    let alarms = assessed.into_iter().flat_map(|assessed| &assessed.alarms).map(|alarm| &alarm.rule);
    let asked = assessed.and_then(|assessed| assessed.human_request.as_ref());
    let mut rules: Vec<&str> = Vec::new();
    for rule in ticket.contents.raised_by.iter().chain(alarms).chain(asked) {
        if !rules.contains(&rule.as_str()) {
            rules.push(rule.as_str());
        }
    }
    rules.into_iter().map(|rule| rule_in_words(frame, rule)).collect()
}

/// `zh.alarm.court` and `en.alarm.court` mean the same, and so do all rules by which a person is asked for.
fn rule_in_words(frame: &Frame, rule: &str) -> String {
    let kind = rule.split_once('.').map_or(rule, |(_, kind)| kind);
    let kind = if kind.starts_with("human.") { "human" } else { kind.rsplit('.').next().unwrap_or(kind) };
    let known = frame.language.find(&format!("ticket.rule.{kind}"));
    known.map_or_else(|| rule.to_owned(), |known| format!("{known} ({rule})"))
}

fn intents(frame: &Frame, ticket: &Ticket, assessed: &Assessed) -> Vec<Bar> {
    let bars = assessed.intents.iter().map(|intent| {
        let is_current = ticket.intent.as_ref() == Some(&intent.id);
        bar(frame, intent.id.to_string(), frame.intent(&intent.id), intent.confidence.get(), is_current)
    });
    bars.collect()
}

fn bar(frame: &Frame, id: String, label: String, value: f64, is_current: bool) -> Bar {
    Bar { id, label, value, percent: frame.percent(&value), is_current }
}

fn entities(frame: &Frame, assessed: &Assessed) -> Vec<Named> {
    let named = assessed.entities.iter().map(|entity| {
        let currency = entity.currency.map(|currency| format!("{currency:?}").to_uppercase());
        let carrier = entity.carrier.map(|carrier| carrier.as_str().to_uppercase());
        Named {
            kind: frame.word("entity", entity.kind.as_str()),
            text: entity.text.clone(),
            copied: entity.normalised.clone().unwrap_or_else(|| entity.text.clone()),
            more: [carrier, currency].into_iter().flatten().collect::<Vec<_>>().join(" "),
        }
    });
    named.collect()
}

fn suggested(frame: &Frame, suggestion: &Suggestion) -> Suggested {
    let probability = suggestion.probability.map(shopdesk_model::Probability::get);
    Suggested {
        title: suggestion.article.title.clone(),
        version: short(suggestion.article.version.as_str()),
        path: article_path(&suggestion.article),
        answer: suggestion.answer.clone(),
        percent: probability.map(|share| frame.percent(&share)),
        value: probability.unwrap_or_default(),
    }
}

/// Who the shopper is.
pub(super) struct Shopper {
    /// What to call the customer, if the shop vouches for one.
    pub(super) customer: Option<Pair>,
    pub(super) contact: Vec<Pair>,
    /// What the page said beside the messages, such as an order.
    pub(super) context: Vec<Pair>,
    pub(super) channel: String,
    pub(super) rating: Option<String>,
    /// All of the customer's tickets.
    pub(super) all_tickets: Option<String>,
}

impl Shopper {
    pub(super) fn of(frame: &Frame, conversation: &Conversation) -> Self {
        let customer = conversation.customer.as_ref();
        let pair = |key: String, value: &str| Pair { key, value: value.to_owned() };
        let contact = conversation.contact.iter().flat_map(|contact| {
            let kind = match contact.kind {
                ContactKind::Phone => frame.word("entity", "phone"),
                ContactKind::Email => frame.word("entity", "email"),
                ContactKind::Other => frame.t("ticket.other_contact").to_string(),
            };
            let note =
                contact.note.as_ref().map(|note| pair(frame.t("ticket.contact_note").to_string(), note));
            [Some(pair(kind, &contact.value)), note].into_iter().flatten()
        });
        let known =
            |key: &str| frame.language.find(&format!("ticket.context.{key}")).unwrap_or(key).to_owned();
        Self {
            customer: customer.map(|customer| {
                pair(customer.name.clone().unwrap_or_else(|| customer.id.clone()), &customer.id)
            }),
            contact: contact.collect(),
            context: conversation.context.iter().map(|(key, value)| pair(known(key), value)).collect(),
            channel: format!("{} · {}", conversation.site, conversation.channel),
            rating: conversation
                .rating
                .as_ref()
                .map(|rating| frame.t("ticket.rated").with("score", rating.score).to_string()),
            all_tickets: customer.map(|customer| {
                let states = TicketState::ALL.map(TicketState::as_str).join(",");
                format!("/console/inbox?state={}&customer={}", segment(&states), segment(&customer.id))
            }),
        }
    }
}

/// A ticket of the same customer's.
pub(super) struct Earlier {
    pub(super) path: String,
    pub(super) number: i64,
    pub(super) intent: String,
    pub(super) state: String,
    pub(super) opened: String,
}

impl Earlier {
    pub(super) fn of(frame: &Frame, ticket: &Ticket) -> Self {
        let intent = ticket.intent.as_ref().map(|intent| frame.intent(intent));
        Self {
            path: format!("/console/tickets/{}", ticket.id),
            number: ticket.number,
            intent: intent.unwrap_or_else(|| frame.t("inbox.no_intent").to_string()),
            state: frame.word("state", ticket.state.as_str()),
            opened: frame.time(&ticket.opened_at),
        }
    }
}

/// Both deadlines of a ticket, with whether they were kept.
pub(super) fn deadlines(frame: &Frame, ticket: &Ticket) -> Vec<DueText> {
    let kept = |key: &str, at, due| {
        let key = if at <= due { format!("ticket.{key}_kept") } else { format!("ticket.{key}_late") };
        let text = frame.t(&key).with("time", frame.time(&at)).to_string();
        DueText { text, is_missed: at > due, is_near: false, at: frame.time(&due) }
    };
    let is_over = matches!(ticket.state, TicketState::Closed | TicketState::Merged);
    let one = |kind: &str, due: Option<jiff::Timestamp>, done: Option<jiff::Timestamp>| match (due, done) {
        (Some(due), Some(done)) => Some(kept(kind, done, due)),
        (Some(due), None) if !is_over => Some(DueText::at(frame, kind, &due)),
        _ => None,
    };
    let first = one("first", ticket.first_response_due, ticket.first_response_at);
    let end = one("end", ticket.resolution_due, ticket.closed_at);
    [first, end].into_iter().flatten().collect()
}
