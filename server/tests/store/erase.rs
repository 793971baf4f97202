//! What is removed is removed everywhere, and nothing else is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use shopdesk_model::intents::{IntentId, Priority};
use shopdesk_server::{ConversationId, Erased, Store, Subscription, TicketChange, TicketId};

use crate::material::{agent, beginning, conversation, events, handed_over, said, waiting};
use crate::place::{Place, contract};

contract!(a_customer_is_removed_everywhere_and_others_stay);
async fn a_customer_is_removed_everywhere_and_others_stay(place: &Place) {
    let events_wanted = vec!["ticket.opened".to_owned()];
    let subscription = Subscription { endpoint: "erp".to_owned(), events: events_wanted };
    let store = &place.store.clone().with_subscriptions(vec![subscription]);
    let (ours, ticket) = with_ticket(store, "C-1").await;
    let short = store.create_conversation(beginning("zh-Hans", Some("C-1"))).await.unwrap().id;
    said(store, short, "a").await;
    let (other, other_ticket) = with_ticket(store, "C-2").await;
    let before = events(store, other).await;
    let erased = store.erase_customer("C-1").await.unwrap();
    let expected = [
        ("conversations", 2),
        ("corrections", 1),
        // Two messages of the shopper, the word of the hand-over, and the state after it.
        ("events", 4),
        ("reviews", 0),
        ("ticket log entries", 2),
        ("tickets", 1),
        ("webhook deliveries", 1),
    ];
    assert_eq!(erased, Erased(BTreeMap::from(expected)));
    assert_eq!(store.conversation(ours).await.unwrap(), None);
    assert_eq!(store.conversation(short).await.unwrap(), None);
    assert_eq!(store.ticket(ticket).await.unwrap(), None);
    assert!(store.ticket_log(ticket).await.unwrap().is_empty());
    assert_eq!(events(store, other).await, before);
    assert!(store.ticket(other_ticket).await.unwrap().is_some());
    assert_eq!(store.corrections(None, 10).await.unwrap().len(), 1);
    assert_eq!(store.deliveries(None, 10).await.unwrap().len(), 1);
}

contract!(of_whom_nothing_is_known_nothing_is_removed);
async fn of_whom_nothing_is_known_nothing_is_removed(Place { store, .. }: &Place) {
    with_ticket(store, "C-1").await;
    assert_eq!(store.erase_customer("C-2").await.unwrap(), Erased::default());
    assert_eq!(store.erase_customer("C-%").await.unwrap(), Erased::default());
}

contract!(only_what_is_over_and_old_is_removed);
async fn only_what_is_over_and_old_is_removed(Place { store, .. }: &Place) {
    let (closed, answered) = (conversation(store).await, conversation(store).await);
    said(store, closed, "a").await;
    store.close_conversation(closed).await.unwrap();
    let (waiting, _) = waiting(store, "b").await;
    let earlier = Timestamp::now() - SignedDuration::from_hours(1);
    assert_eq!(store.erase_before(earlier).await.unwrap(), Erased::default());
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    assert_eq!(store.erase_before(later).await.unwrap().0["conversations"], 2);
    for (id, stays) in [(closed, false), (answered, false), (waiting, true)] {
        assert_eq!(store.conversation(id).await.unwrap().is_some(), stays);
    }
}

/// A conversation of that customer, and its ticket, about which an agent corrected the program.
async fn with_ticket(store: &Store, customer: &str) -> (ConversationId, TicketId) {
    let lin = agent(store, &format!("agent-of-{customer}")).await;
    let id = store.create_conversation(beginning("zh-Hans", Some(customer))).await.unwrap().id;
    said(store, id, "a").await;
    let ticket = handed_over(store, id, Priority::Normal).await;
    let intent = IntentId::new("return_request").unwrap();
    store.change_ticket(ticket, &lin, TicketChange::Intent(intent)).await.unwrap().unwrap();
    (id, ticket)
}
