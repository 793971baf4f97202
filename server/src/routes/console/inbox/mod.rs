//! The inbox: the tickets that wait, live, and what agents keep to find and answer them faster.

mod list;
mod rows;

mod filters;
mod form;
mod views;

mod claims;
mod replies;

use axum::Router;
use axum::routing::{delete, get, post};

use crate::state::AppState;
use crate::store::MANY_TICKETS;

pub(super) use replies::{Filling, fill};
pub(super) use rows::DueText;

pub(super) fn pages() -> Router<AppState> {
    Router::new()
        .route("/console/inbox", get(list::page))
        .route("/console/inbox/list", get(list::refresh))
        .route("/console/inbox/more", get(list::more))
        .route("/console/inbox/views", post(views::save))
        .route("/console/inbox/views/{id}", delete(views::forget))
        .route("/console/inbox/claim", post(claims::claim))
        .route("/console/inbox/assign", post(claims::assign))
        .route("/console/inbox/replies", get(replies::page).post(replies::add))
        .route("/console/inbox/replies/{id}", post(replies::change).delete(replies::remove))
}

/// A count of tickets that may have ended early.
fn counted(count: i64) -> String {
    if count < MANY_TICKETS { count.to_string() } else { format!("{}+", MANY_TICKETS - 1) }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn a_count_that_ended_early_says_that_there_are_more() {
        assert_eq!([counted(0), counted(999), counted(1000)], ["0", "999", "999+"]);
    }
}
