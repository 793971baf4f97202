//! What the shop's system is asked.

use serde::Serialize;
use shopdesk_model::intents::IntentId;

use crate::conversation::{ConversationId, Customer};

/// Asks for an order. All that the shop may decide by goes with it.
#[derive(Serialize)]
pub(crate) struct Question<'a> {
    /// The order's number, as the shopper or the page gave it. That proves nothing.
    pub(crate) order_number: &'a str,
    /// The customer, if the shop's signature vouches for who writes.
    pub(crate) customer: Option<Asking<'a>>,
    /// What the shopper wrote just now.
    pub(crate) message: &'a str,
    /// What that means.
    pub(crate) intent: &'a IntentId,
    /// The language that the shopper reads.
    pub(crate) language: &'a str,
    pub(crate) site: &'a str,
    pub(crate) conversation: ConversationId,
}

/// Whom the shop vouches for.
#[derive(Serialize)]
pub(crate) struct Asking<'a> {
    pub(crate) id: &'a str,
}

impl<'a> From<&'a Customer> for Asking<'a> {
    fn from(customer: &'a Customer) -> Self {
        Self { id: &customer.id }
    }
}

/// Who was told of which order: a customer whom the shop vouches for, or else whoever writes in a conversation. Nobody else is told the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    site: String,
    order_number: String,
    intent: IntentId,
    customer: Option<String>,
    conversation: Option<ConversationId>,
}

impl Question<'_> {
    pub(super) fn key(&self) -> Key {
        let customer = self.customer.as_ref().map(|customer| customer.id.to_owned());
        Key {
            site: self.site.to_owned(),
            order_number: self.order_number.to_owned(),
            intent: self.intent.clone(),
            conversation: customer.is_none().then_some(self.conversation),
            customer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_person_is_told_the_same() {
        let (intent, other) = (IntentId::new("track").unwrap(), IntentId::new("refund").unwrap());
        let (here, there) = (ConversationId::new(), ConversationId::new());
        let key = |order_number, customer: Option<&'static str>, intent, conversation| {
            let customer = customer.map(|id| Asking { id });
            Question {
                order_number,
                customer,
                message: "a",
                intent,
                language: "zh",
                site: "main",
                conversation,
            }
            .key()
        };
        assert_eq!(key("1", None, &intent, here), key("1", None, &intent, here));
        assert_eq!(key("1", Some("C"), &intent, here), key("1", Some("C"), &intent, there));
        for different in [
            key("1", None, &intent, there),
            key("2", None, &intent, here),
            key("1", None, &other, here),
            key("1", Some("C"), &intent, here),
        ] {
            assert_ne!(different, key("1", None, &intent, here));
        }
        assert_ne!(key("1", Some("C"), &intent, here), key("1", Some("D"), &intent, here));
    }
}
