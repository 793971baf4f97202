//! What the service sends to the shop's systems.

use utoipa::PartialSchema as _;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{
    Content, KnownFormat, PathItem, Paths, RefOr, Required, ResponseBuilder, SchemaFormat,
};

use crate::schema::{add, reference};
use crate::webhooks::{ConversationRated, MessageCreated, Payload, TicketClosed, TicketOpened};

pub(super) const TAG: (&str, &str) = (
    "webhooks",
    "What the service sends to the addresses in `[webhooks.…]` of its settings, signed as Standard Webhooks has it.",
);

/// Every kind of delivery. What it refers to is added to `schemas`.
pub(super) fn webhooks(schemas: &mut Vec<(String, RefOr<Schema>)>) -> Paths {
    let mut webhooks = Paths::new();
    webhooks.paths.extend([
        webhook::<MessageCreated>("message_created", "Anybody said something, the desk too.", schemas),
        webhook::<TicketOpened>("ticket_opened", "A human takes over.", schemas),
        webhook::<TicketClosed>("ticket_closed", "A ticket was closed.", schemas),
        webhook::<ConversationRated>("conversation_rated", "A shopper rated a conversation.", schemas),
    ]);
    webhooks
}

fn webhook<T: Payload>(
    id: &str,
    summary: &str,
    schemas: &mut Vec<(String, RefOr<Schema>)>,
) -> (String, PathItem) {
    add::<T>(schemas);
    let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([T::KIND]));
    let timestamp = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    let body = ObjectBuilder::new()
        .property("type", kind)
        .required("type")
        .property("timestamp", timestamp)
        .required("timestamp")
        .property("data", reference::<T>())
        .required("data");
    let header = |name: &str, about: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(about))
            .schema(Some(String::schema()))
    };
    let operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(summary))
        .tag(TAG.0)
        .parameter(header("webhook-id", "The same with every attempt."))
        .parameter(header("webhook-timestamp", "When it was sent, in seconds since 1970."))
        .parameter(header("webhook-signature", "`v1,` and the signature of id, timestamp and body."))
        .request_body(Some(
            RequestBodyBuilder::new()
                .content("application/json", Content::new(Some(body)))
                .required(Some(Required::True))
                .build(),
        ))
        .response("2XX", ResponseBuilder::new().description("It was taken; anything else is tried again."));
    (T::KIND.to_owned(), PathItem::new(HttpMethod::Post, operation))
}
