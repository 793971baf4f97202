//! How the API's description shows what cannot be derived: types of other crates, which know nothing of HTTP, and two shapes that
//! depend on a word in them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use shopdesk_model::{Sentiment as Level, intents};
use shopdesk_triage as triage;

use crate::event::{Change, Happening};
use crate::message::{Message, Reply, Sender};

type Schemas = Vec<(String, RefOr<Schema>)>;

/// Words of a list that is complete, in the form that they have in JSON.
macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident: $all:expr;)+) => {$(
        $(#[doc = $doc])+
        pub(crate) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of_words(&$all, concat!($($doc),+))
            }
        }

        impl ToSchema for $name {}
    )+};
}

words! {
    /// How soon a human should look at a ticket; the most urgent first.
    Priority: intents::Priority::ALL;
    /// Who deals with an intent: the knowledge base, when it is sure enough, or always a human.
    Handling: intents::Handling::ALL;
    /// Why a human takes over.
    EscalationReason: triage::EscalationReason::ALL;
    /// The language of a message, by BCP 47 tag where it has one.
    MessageLanguage: triage::MessageLanguage::ALL;
    /// How a shopper feels, from furious to delighted.
    Sentiment: Level::ALL;
    /// What a message can name.
    EntityKind: triage::EntityKind::ALL;
    /// Who carries a parcel.
    Carrier: triage::Carrier::ALL;
    /// What an amount is in, by its ISO 4217 code.
    Currency: triage::Currency::ALL;
    /// What became of a correction.
    CorrectionState: ["waiting", "approved", "rejected"];
    /// What a correction corrects.
    CorrectedField: ["intent", "priority"];
    /// What became of something that is delivered.
    DeliveryState: ["waiting", "delivered", "dead"];
}

fn one_of_words(all: &[impl Serialize], description: &str) -> RefOr<Schema> {
    let words = all.iter().map(|word| serde_json::to_value(word).expect("a word is plain data"));
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .description(Some(description.trim()))
        .into()
}

/// A number from 0 to 1.
pub(crate) enum Probability {}

impl PartialSchema for Probability {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .minimum(Some(0.0))
            .maximum(Some(1.0))
            .description(Some("How probable something is."))
            .into()
    }
}

impl ToSchema for Probability {}

/// One of the things that shoppers want.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it stands in for `Label`, and nothing but its schema is used")]
pub(crate) struct Intent {
    /// The id in tickets and assessments.
    id: String,
    /// For people, by language tag.
    title: BTreeMap<String, String>,
    /// How soon a human should look at it.
    priority: Priority,
    /// Who deals with it.
    handling: Handling,
}

/// How a shopper probably feels.
#[derive(ToSchema)]
#[expect(dead_code, reason = "nothing but its schema is used")]
pub(crate) struct SentimentGuess {
    /// The likeliest level.
    level: Sentiment,
    /// How probable it is.
    confidence: Probability,
}

/// A reason for more urgency, found in a message.
#[derive(ToSchema)]
#[expect(dead_code, reason = "nothing but its schema is used")]
pub(crate) struct Alarm {
    /// How urgent it makes a ticket at least.
    priority: Priority,
    /// The rule that found it.
    rule: String,
}

/// Something that a message names, and where.
#[derive(ToSchema)]
#[expect(dead_code, reason = "nothing but its schema is used")]
pub(crate) struct Entity {
    /// What it is.
    kind: EntityKind,
    /// Its first character, counted from 0 in Unicode scalar values of the message.
    start: usize,
    /// The character after its last, counted the same way.
    end: usize,
    /// As the shopper wrote it.
    text: String,
    /// In the one form that a program compares, where the text alone gives it.
    #[schema(nullable = false)]
    normalised: Option<String>,
    /// Who carries the parcel of a waybill number, where that is known.
    #[schema(nullable = false)]
    carrier: Option<Carrier>,
    /// What an amount is in, where that is known.
    #[schema(nullable = false)]
    currency: Option<Currency>,
    /// The rule that found it.
    rule: String,
}

/// What a message of the program has beside its text, and nobody else's.
pub(crate) enum ReplyIfBot {}

impl PartialSchema for ReplyIfBot {
    fn schema() -> RefOr<Schema> {
        let people = [Sender::Shopper, Sender::Agent];
        let of_people = ObjectBuilder::new()
            .property("sender", one_of_words(&people, "Messages of people have nothing more."))
            .required("sender");
        OneOfBuilder::new().item(reference::<Reply>()).item(of_people).into()
    }
}

impl ToSchema for ReplyIfBot {
    fn schemas(schemas: &mut Schemas) {
        add::<Reply>(schemas);
    }
}

impl PartialSchema for Happening {
    fn schema() -> RefOr<Schema> {
        let message = ObjectBuilder::new()
            .property("kind", one_of_words(&["message"], "Somebody said something."))
            .required("kind")
            .property("message", reference::<Message>())
            .required("message");
        OneOfBuilder::new().item(message).item(reference::<Change>()).into()
    }
}

impl ToSchema for Happening {
    fn schemas(schemas: &mut Schemas) {
        add::<Message>(schemas);
        add::<Change>(schemas);
    }
}

/// The place of a type among the components.
pub(crate) fn reference<T: ToSchema>() -> Ref {
    Ref::from_schema_name(T::name())
}

/// Adds a type to the components, with all that it refers to.
pub(crate) fn add<T: ToSchema>(schemas: &mut Schemas) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    fn read<T: DeserializeOwned>(json: Value) -> T {
        serde_json::from_value(json).unwrap()
    }

    fn assert_same_keys<S: ToSchema>(real: impl Serialize) {
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let schema = serde_json::to_value(S::schema()).unwrap();
        let real = serde_json::to_value(real).unwrap();
        assert_eq!(keys(&schema["properties"]), keys(&real), "{}", S::name());
    }

    // Written out field by field, so that a new field does not compile here before it is described above.
    #[test]
    fn what_stands_in_has_the_keys_of_what_it_stands_for() {
        let confidence = shopdesk_model::Probability::new(0.5).unwrap();
        let rule: triage::RuleName = read(json!("a.rule"));
        assert_same_keys::<Intent>(intents::Label {
            id: intents::IntentId::new("returns").unwrap(),
            title: BTreeMap::new(),
            priority: intents::Priority::Normal,
            handling: intents::Handling::Answer,
        });
        assert_same_keys::<SentimentGuess>(shopdesk_model::SentimentGuess {
            level: Level::Neutral,
            confidence,
        });
        assert_same_keys::<Alarm>(triage::Alarm { priority: intents::Priority::Urgent, rule: rule.clone() });
        assert_same_keys::<Entity>(triage::Entity {
            kind: triage::EntityKind::Amount,
            start: 0,
            end: 1,
            text: "1".to_owned(),
            normalised: Some("1".to_owned()),
            carrier: Some(triage::Carrier::Sf),
            currency: Some(triage::Currency::Cny),
            rule,
        });
    }

    #[test]
    fn words_are_those_of_the_json() {
        let schema = serde_json::to_value(Priority::schema()).unwrap();
        let expected = json!({
            "type": "string",
            "description": "How soon a human should look at a ticket; the most urgent first.",
            "enum": ["urgent", "high", "normal", "low"],
        });
        assert_eq!(schema, expected);
    }
}
