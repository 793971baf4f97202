//! Lists of tickets: found by what they are like, and shown page by page.

use shopdesk_model::intents::{IntentId, Priority};
use shopdesk_server::{ConversationId, Cursor, Store, TicketChange, TicketFilter, TicketId, TicketState};

use crate::material::{agent, beginning, handed_over, said, waiting};
use crate::place::{Place, contract};

contract!(tickets_are_found_by_what_they_are_like);
async fn tickets_are_found_by_what_they_are_like(Place { store, .. }: &Place) {
    let lin = agent(store, "lin").await;
    let simplified = opened(store, "zh-Hans", Some("C-1"), Priority::High, "发货太慢了").await;
    let traditional = opened(store, "zh-Hant", Some("C-2"), Priority::Low, "發貨太慢了").await;
    let english = opened(store, "en", None, Priority::Normal, "too slow").await;
    store.change_ticket(english, &lin, TicketChange::Claim).await.unwrap().unwrap();
    let intent = IntentId::new("dispatch_time").unwrap();
    store.change_ticket(traditional, &lin, TicketChange::Intent(intent)).await.unwrap().unwrap();
    let any = TicketFilter { limit: 100, ..TicketFilter::default() };
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (any.clone(), vec![simplified, english, traditional]),
        (TicketFilter { states: vec![TicketState::Open], ..any.clone() }, vec![simplified, traditional]),
        (
            TicketFilter { states: vec![TicketState::Assigned, TicketState::Closed], ..any.clone() },
            vec![english],
        ),
        (TicketFilter { priority: Some(Priority::Low), ..any.clone() }, vec![traditional]),
        (TicketFilter { intent: text("dispatch_time"), ..any.clone() }, vec![traditional]),
        (
            TicketFilter { reason: text("intent_needs_human"), ..any.clone() },
            vec![simplified, english, traditional],
        ),
        (TicketFilter { reason: text("busy"), ..any.clone() }, vec![]),
        (TicketFilter { language: text("zh"), ..any.clone() }, vec![simplified, traditional]),
        (TicketFilter { language: text("zh-Hant"), ..any.clone() }, vec![traditional]),
        (TicketFilter { language: text("z"), ..any.clone() }, vec![]),
        (TicketFilter { assignee: lin.agent, ..any.clone() }, vec![english]),
        (TicketFilter { unassigned: true, ..any.clone() }, vec![simplified, traditional]),
        (TicketFilter { customer: text("C-2"), ..any.clone() }, vec![traditional]),
        (
            TicketFilter { language: text("zh"), priority: Some(Priority::High), ..any.clone() },
            vec![simplified],
        ),
    ] {
        assert_eq!(found(store, &filter).await, expected, "{filter:?}");
        assert_eq!(store.count_tickets(&filter, 100).await.unwrap(), expected.len() as i64, "{filter:?}");
    }
    assert_eq!(store.count_tickets(&any, 2).await.unwrap(), 2);
}

contract!(tickets_are_found_by_words_as_they_are_written);
async fn tickets_are_found_by_words_as_they_are_written(Place { store, .. }: &Place) {
    let percent = opened(store, "zh-Hant", Some("C-1"), Priority::Normal, "發貨太慢了，100%退款").await;
    let underscore = opened(store, "en", None, Priority::Normal, "Where is_my parcel \\ NL-VC20").await;
    let conversation = store.ticket(underscore).await.unwrap().unwrap().conversation;
    said(store, conversation, "It is late").await;
    for (words, expected) in [
        ("发货", vec![percent]),
        ("發貨 退款", vec![percent]),
        ("100%", vec![percent]),
        ("1%0", vec![]),
        ("customer c-1", vec![percent]),
        ("is_my", vec![underscore]),
        ("is%my", vec![]),
        ("w_ere", vec![]),
        ("nl-vc20", vec![underscore]),
        ("\\", vec![underscore]),
        ("LATE parcel", vec![underscore]),
        ("#2", vec![underscore]),
        ("parcel 发货", vec![]),
    ] {
        let filter = TicketFilter { words: Some(words.to_owned()), limit: 100, ..TicketFilter::default() };
        assert_eq!(found(store, &filter).await, expected, "{words}");
    }
}

contract!(pages_show_every_ticket_once_in_one_order);
async fn pages_show_every_ticket_once_in_one_order(Place { store, .. }: &Place) {
    let lin = agent(store, "lin").await;
    for number in 0..25 {
        let (_, ticket) = waiting(store, &number.to_string()).await;
        let priority = Priority::ALL[number % 3];
        let change = TicketChange::Priority(priority, None, None);
        store.change_ticket(ticket, &lin, change).await.unwrap().unwrap();
    }
    let all = TicketFilter { limit: 100, ..TicketFilter::default() };
    let page = store.tickets(&all).await.unwrap();
    assert!(page.next.is_none());
    let order: Vec<_> = page.tickets.iter().map(|ticket| (ticket.priority, ticket.opened_at)).collect();
    assert!(order.is_sorted(), "{order:?}");
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        // As it travels to a client and back.
        let cursor = after.map(|after: Cursor| after.to_string().parse().unwrap());
        let filter = TicketFilter { limit: 7, after: cursor, ..TicketFilter::default() };
        let page = store.tickets(&filter).await.unwrap();
        seen.extend(page.tickets.iter().map(|ticket| ticket.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, page.tickets.iter().map(|ticket| ticket.id).collect::<Vec<_>>());
    assert_eq!(seen.len(), 25);
}

contract!(a_page_that_is_just_full_is_the_last);
async fn a_page_that_is_just_full_is_the_last(Place { store, .. }: &Place) {
    for text in ["a", "b"] {
        waiting(store, text).await;
    }
    let filter = TicketFilter { limit: 2, ..TicketFilter::default() };
    assert!(store.tickets(&filter).await.unwrap().next.is_none());
}

/// A ticket of a conversation like that.
async fn opened(
    store: &Store,
    language: &str,
    customer: Option<&str>,
    priority: Priority,
    text: &str,
) -> TicketId {
    let id: ConversationId = store.create_conversation(beginning(language, customer)).await.unwrap().id;
    said(store, id, text).await;
    handed_over(store, id, priority).await
}

async fn found(store: &Store, filter: &TicketFilter) -> Vec<TicketId> {
    store.tickets(filter).await.unwrap().tickets.iter().map(|ticket| ticket.id).collect()
}
