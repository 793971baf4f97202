//! Deliveries: kept with what they tell of, for those who subscribed to it.

use serde_json::Value;
use shopdesk_model::intents::Priority;
use shopdesk_server::{Delivery, Rating, Store, Subscription};

use crate::material::{conversation, handed_over, said};
use crate::place::{Place, contract};

contract!(everybody_hears_of_what_they_subscribed_to);
async fn everybody_hears_of_what_they_subscribed_to(place: &Place) {
    let subscriptions =
        vec![subscription("erp", &["ticket.opened", "conversation.rated"]), subscription("all", &[])];
    let store = place.store.clone().with_subscriptions(subscriptions);
    let id = conversation(&store).await;
    let message = said(&store, id, "怎么退货").await;
    let ticket = handed_over(&store, id, Priority::High).await;
    store.rate(id, &Rating { score: 2, reasons: vec![], comment: None }).await.unwrap();
    let deliveries = oldest_first(&store).await;
    let to = |endpoint: &str| -> Vec<&str> {
        let theirs = deliveries.iter().filter(|delivery| delivery.endpoint == endpoint);
        theirs.map(|delivery| delivery.kind.as_str()).collect()
    };
    assert_eq!(to("erp"), ["ticket.opened", "conversation.rated"]);
    assert_eq!(to("all"), ["message.created", "message.created", "ticket.opened", "conversation.rated"]);
    let body = |kind: &str| -> Value {
        let found = deliveries.iter().find(|delivery| delivery.kind == kind).unwrap();
        serde_json::from_str(&found.body).unwrap()
    };
    assert_eq!(body("ticket.opened")["type"], "ticket.opened");
    assert_eq!(body("ticket.opened")["data"]["ticket"], ticket.to_string());
    assert_eq!(body("ticket.opened")["data"]["priority"], "high");
    assert_eq!(body("message.created")["data"]["message"], message.id.to_string());
    assert_eq!(body("conversation.rated")["data"]["rating"]["score"], 2);
    assert!(deliveries.iter().all(|delivery| (delivery.state.as_str(), delivery.attempts) == ("waiting", 0)));
}

contract!(without_subscriptions_nothing_is_kept);
async fn without_subscriptions_nothing_is_kept(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    said(store, id, "怎么退货").await;
    assert!(store.deliveries(None, 10).await.unwrap().is_empty());
}

contract!(what_was_given_up_is_tried_again_once_it_is_asked_for);
async fn what_was_given_up_is_tried_again_once_it_is_asked_for(place: &Place) {
    let store = place.store.clone().with_subscriptions(vec![subscription("erp", &[])]);
    let id = conversation(&store).await;
    said(&store, id, "怎么退货").await;
    let delivery = oldest_first(&store).await.remove(0);
    assert!(!store.revive_delivery(&delivery.id).await.unwrap());
    place.execute("UPDATE deliveries SET state = 'dead', attempts = 9, last_error = '503'").await;
    assert!(store.deliveries(Some("waiting"), 10).await.unwrap().is_empty());
    assert_eq!(store.deliveries(Some("dead"), 10).await.unwrap().len(), 1);
    assert!(store.revive_delivery(&delivery.id).await.unwrap());
    assert!(!store.revive_delivery(&delivery.id).await.unwrap());
    let revived = &store.deliveries(Some("waiting"), 10).await.unwrap()[0];
    assert_eq!((revived.id.as_str(), revived.attempts), (delivery.id.as_str(), 0));
    assert!(revived.next_at >= delivery.next_at);
}

contract!(deliveries_are_counted_by_endpoint_and_state);
async fn deliveries_are_counted_by_endpoint_and_state(place: &Place) {
    let store =
        place.store.clone().with_subscriptions(vec![subscription("erp", &[]), subscription("crm", &[])]);
    let id = conversation(&store).await;
    said(&store, id, "怎么退货").await;
    place.execute("UPDATE deliveries SET state = 'dead' WHERE endpoint = 'erp'").await;
    let counts = store.count_deliveries().await.unwrap();
    let counts: Vec<(&str, &str)> =
        counts.iter().map(|count| (count.endpoint.as_str(), count.state.as_str())).collect();
    assert_eq!(counts, [("crm", "waiting"), ("erp", "dead")]);
}

fn subscription(endpoint: &str, events: &[&str]) -> Subscription {
    let events = events.iter().map(|event| (*event).to_owned()).collect();
    Subscription { endpoint: endpoint.to_owned(), events }
}

async fn oldest_first(store: &Store) -> Vec<Delivery> {
    let mut deliveries = store.deliveries(None, 100).await.unwrap();
    deliveries.reverse();
    deliveries
}
