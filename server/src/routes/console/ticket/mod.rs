//! The page of a ticket: the conversation with the shopper, and beside it all that is known and can be done.

mod page;

mod conversation;
mod side;

mod about;
mod log;

mod reply;
mod steps;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

pub(super) fn pages() -> Router<AppState> {
    Router::new()
        .route("/console/tickets/{id}", get(page::page))
        .route("/console/tickets/{id}/conversation", get(conversation::rest))
        .route("/console/tickets/{id}/side", get(side::refresh))
        .route("/console/tickets/{id}/steps", post(steps::take))
        .route("/console/tickets/{id}/messages", post(reply::send))
}

/// A part of an address, whatever it says.
fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Where people read an article.
fn article_path(article: &crate::message::Citation) -> String {
    format!("/console/knowledge/{}/{}", segment(article.id.as_str()), segment(article.language.as_str()))
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_segment_stays_one_segment() {
        assert_eq!(segment("退货/a b?c#d"), "%E9%80%80%E8%B4%A7%2Fa%20b%3Fc%23d");
    }
}
