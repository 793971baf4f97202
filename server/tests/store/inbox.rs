//! What the inbox asks for: counts, late tickets, the latest first, saved views and canned replies.

use jiff::{SignedDuration, Timestamp};
use shopdesk_model::intents::Priority;
use shopdesk_server::{
    CannedReplyId, Cursor, Store, TicketChange, TicketCounts, TicketFilter, TicketId, TicketState,
};

use crate::material::{agent, waiting};
use crate::place::{Place, contract};

contract!(tickets_are_counted_by_sort);
async fn tickets_are_counted_by_sort(Place { store, .. }: &Place) {
    let (lin, mei) = (agent(store, "lin").await, agent(store, "mei").await);
    let (now, past) = (Timestamp::now(), Timestamp::now() - SignedDuration::from_hours(1));
    let mut tickets = Vec::new();
    for number in 0..6 {
        tickets.push(waiting(store, &number.to_string()).await.1);
    }
    for (ticket, who, change) in [
        (tickets[0], &lin, TicketChange::Claim),
        (tickets[1], &mei, TicketChange::Claim),
        (tickets[1], &mei, TicketChange::Priority(Priority::Urgent, Some(past), None)),
        (tickets[2], &lin, TicketChange::Priority(Priority::Low, None, Some(past))),
        (tickets[3], &lin, TicketChange::Snooze(now + SignedDuration::from_hours(1))),
        (tickets[4], &lin, TicketChange::Close(None)),
    ] {
        store.change_ticket(ticket, who, change).await.unwrap().unwrap();
    }
    let counts = store.ticket_counts(lin.agent.unwrap(), now).await.unwrap();
    let expected =
        TicketCounts { in_work: 4, mine: 1, unassigned: 2, urgent: 1, overdue: 2, snoozed: 1, closed: 1 };
    assert_eq!(counts, expected);
    let late = TicketFilter { overdue_at: Some(now), limit: 10, ..TicketFilter::default() };
    assert_eq!(found(store, &late).await, [tickets[1], tickets[2]]);
    // Whoever has answered is not late with the first answer.
    store.reply_on_ticket(tickets[1], &mei, "hello".to_owned(), None).await.unwrap().unwrap();
    assert_eq!(found(store, &late).await, [tickets[2]]);
    assert_eq!(store.last_ticket_number().await.unwrap(), 6);
}

contract!(the_latest_tickets_come_first_page_by_page);
async fn the_latest_tickets_come_first_page_by_page(Place { store, .. }: &Place) {
    let mut opened = Vec::new();
    for number in 0..7 {
        opened.push(waiting(store, &number.to_string()).await.1);
    }
    opened.reverse();
    let states = vec![TicketState::Open];
    let mut after: Option<Cursor> = None;
    let mut seen = Vec::new();
    loop {
        let (states, after_there) = (states.clone(), after.take());
        let filter = TicketFilter {
            states,
            latest_first: true,
            after: after_there,
            limit: 3,
            ..TicketFilter::default()
        };
        let page = store.tickets(&filter).await.unwrap();
        seen.extend(page.tickets.iter().map(|ticket| ticket.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, opened);
}

contract!(a_ticket_is_found_by_its_number);
async fn a_ticket_is_found_by_its_number(Place { store, .. }: &Place) {
    waiting(store, "one").await;
    let (_, second) = waiting(store, "two").await;
    assert_eq!(store.ticket_by_number(2).await.unwrap().unwrap().id, second);
    assert!(store.ticket_by_number(3).await.unwrap().is_none());
}

contract!(a_view_belongs_to_the_agent_who_saved_it);
async fn a_view_belongs_to_the_agent_who_saved_it(Place { store, .. }: &Place) {
    let (lin, mei) = (agent(store, "lin").await.agent.unwrap(), agent(store, "mei").await.agent.unwrap());
    assert!(store.save_view(lin, "late", "overdue=true").await.unwrap());
    assert!(store.save_view(lin, "late", "overdue=true&priority=high").await.unwrap());
    let [view] = store.saved_views(lin).await.unwrap().try_into().unwrap();
    assert_eq!((view.name.as_str(), view.query.as_str()), ("late", "overdue=true&priority=high"));
    assert!(store.saved_views(mei).await.unwrap().is_empty());
    assert!(!store.forget_view(mei, view.id).await.unwrap());
    assert!(store.forget_view(lin, view.id).await.unwrap());
    assert!(store.saved_views(lin).await.unwrap().is_empty());
}

contract!(an_agent_keeps_so_many_views_and_no_more);
async fn an_agent_keeps_so_many_views_and_no_more(Place { store, .. }: &Place) {
    let lin = agent(store, "lin").await.agent.unwrap();
    for number in 0..50 {
        assert!(store.save_view(lin, &number.to_string(), "").await.unwrap());
    }
    assert!(!store.save_view(lin, "one more", "").await.unwrap());
    // What takes the place of another one needs no room.
    assert!(store.save_view(lin, "7", "overdue=true").await.unwrap());
    assert_eq!(store.saved_views(lin).await.unwrap().len(), 50);
}

contract!(canned_replies_are_kept_changed_and_deleted);
async fn canned_replies_are_kept_changed_and_deleted(Place { store, .. }: &Place) {
    let id = CannedReplyId::new();
    store.keep_canned_reply(id, ("wait", "please wait", "en"), "boss").await.unwrap();
    store.keep_canned_reply(CannedReplyId::new(), ("hello", "您好", "zh"), "boss").await.unwrap();
    store.keep_canned_reply(id, ("wait", "one moment", "en"), "lin").await.unwrap();
    let all = store.canned_replies().await.unwrap();
    assert_eq!(all.iter().map(|reply| reply.title.as_str()).collect::<Vec<_>>(), ["hello", "wait"]);
    let found = store.canned_reply(id).await.unwrap().unwrap();
    assert_eq!((found.text.as_str(), found.updated_by.as_str()), ("one moment", "lin"));
    assert!(store.delete_canned_reply(id).await.unwrap());
    assert!(!store.delete_canned_reply(id).await.unwrap());
}

async fn found(store: &Store, filter: &TicketFilter) -> Vec<TicketId> {
    store.tickets(filter).await.unwrap().tickets.iter().map(|ticket| ticket.id).collect()
}
