//! What the description says beside the operations: what the service is, and how callers say who they are.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, Tag};

use super::super::caller::{CSRF_HEADER, SESSION_COOKIE};
use super::{refusals, webhooks};
use crate::problem::ProblemBody;
use crate::schema;

const DESCRIPTION: &str = "\
The assistant of a shop's after-sales desk: shoppers talk in conversations, agents work on tickets, the shop's systems classify texts and \
read figures.

Errors are `application/problem+json` (RFC 9457); `type` ends with a stable code. An address with another method is \
`405 method-not-allowed`, an address that there is not is `404 no-route`.

With each way to say who one is stands what it takes: the least role of a session, the scope of a key. Each role may do what those before \
it may: `agent`, `supervisor`, `admin`. The scope `admin` is all of them, `tickets_write` includes `tickets`.";

/// The parts of the API, in the order in which to read them.
const TAGS: [(&str, &str); 12] = [
    ("sites", "What a widget has to know, and the texts that replies quote."),
    ("conversations", "Where shoppers talk."),
    ("session", "Logging in."),
    ("tickets", "What agents work on."),
    ("people", "Who works for the shop."),
    ("classification", "What the shop's systems ask about texts."),
    ("figures", "What the desk did."),
    ("corrections", "What agents said the program got wrong."),
    ("keys", "What the shop's systems come in with."),
    ("deliveries", "What webhooks are to get."),
    ("audit", "Who did what."),
    ("health", "For those who watch the service."),
];

/// The whole description, from that of the operations.
pub(super) fn complete(mut api: OpenApi) -> OpenApi {
    let license = LicenseBuilder::new().name("Apache License 2.0").identifier(Some("Apache-2.0"));
    api.info = InfoBuilder::new()
        .title("shopdesk")
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(license.build()))
        .description(Some(DESCRIPTION))
        .build();
    let tag = |(name, about): (&str, &str)| -> Tag {
        TagBuilder::new().name(name).description(Some(about)).build()
    };
    api.tags = Some(TAGS.into_iter().chain([webhooks::TAG]).map(tag).collect());
    let components = api.components.get_or_insert_default();
    let mut schemas = Vec::new();
    schema::add::<ProblemBody>(&mut schemas);
    api.webhooks = Some(webhooks::webhooks(&mut schemas));
    components.schemas.extend(schemas);
    add_security_schemes(components);
    refusals::complete(&mut api.paths);
    api
}

fn add_security_schemes(components: &mut Components) {
    let bearer = |about: &str| {
        SecurityScheme::Http(
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(about)).build(),
        )
    };
    components.add_security_scheme(
        "visitor_token",
        bearer("The token of one conversation, which `POST /v1/conversations` gave."),
    );
    components.add_security_scheme(
        "key",
        bearer("A key `sd_…` of one of the shop's systems. An operation names the scope that it takes."),
    );
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            SESSION_COOKIE,
            "The cookie that `POST /v1/session` gave. An operation names the least role that it takes.",
        ))),
    );
    components.add_security_scheme(
        "csrf_token",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
            CSRF_HEADER,
            "With a session, for everything but `GET`: the `csrf_token` that `GET /v1/session` gives.",
        ))),
    );
}
