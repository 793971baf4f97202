//! Tickets: what agents do to them happens whole or not at all, and to one agent.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use shopdesk_model::intents::{IntentId, Priority};
use shopdesk_server::{
    Actor, Conversation, ConversationState, Due, DueTime, Entry, Event, LogEntry, Sender, Store, StoreError,
    Ticket, TicketChange, TicketFilter, TicketId, TicketState,
};
use tokio::task::JoinSet;

use crate::material::{
    agent, conversation, events, handed_over, handover, message, message_of, said, taken_in, waiting,
};
use crate::place::{Place, contract};

contract!(a_step_that_cannot_be_taken_changes_nothing);
async fn a_step_that_cannot_be_taken_changes_nothing(Place { store, .. }: &Place) {
    let (lin, mei) = (agent(store, "lin").await, agent(store, "mei").await);
    let (_, closed) = waiting(store, "a").await;
    change(store, closed, &lin, TicketChange::Close(None)).await.unwrap();
    let (_, assigned) = waiting(store, "b").await;
    change(store, assigned, &lin, TicketChange::Claim).await.unwrap();
    let (_, open) = waiting(store, "c").await;
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    for (ticket, step) in [
        (closed, TicketChange::Claim),
        (closed, TicketChange::Assign(mei.agent.unwrap(), mei.shown.clone())),
        (closed, TicketChange::Release),
        (closed, TicketChange::Snooze(later)),
        (closed, TicketChange::Wake),
        (closed, TicketChange::MergeInto(open)),
        (closed, TicketChange::Close(None)),
        (assigned, TicketChange::Claim),
        (assigned, TicketChange::Wake),
        (open, TicketChange::Release),
        (open, TicketChange::Wake),
        (open, TicketChange::MergeInto(open)),
        (open, TicketChange::MergeInto(closed)),
        (open, TicketChange::MergeInto(TicketId::new())),
    ] {
        let before = all_of(store, ticket).await;
        let refused = change(store, ticket, &mei, step.clone()).await;
        assert!(matches!(refused, Err(StoreError::TicketStep(_))), "{step:?}: {refused:?}");
        assert_eq!(all_of(store, ticket).await, before, "{step:?}");
    }
}

contract!(nobody_in_particular_cannot_claim_a_ticket);
async fn nobody_in_particular_cannot_claim_a_ticket(Place { store, .. }: &Place) {
    let (_, ticket) = waiting(store, "a").await;
    let key = Actor { name: "key erp".to_owned(), shown: "erp".to_owned(), agent: None };
    let before = all_of(store, ticket).await;
    let refused = change(store, ticket, &key, TicketChange::Claim).await;
    assert!(matches!(refused, Err(StoreError::ClaimByNobody)), "{refused:?}");
    assert_eq!(all_of(store, ticket).await, before);
}

contract!(a_ticket_that_is_not_there_is_not_changed);
async fn a_ticket_that_is_not_there_is_not_changed(Place { store, .. }: &Place) {
    let lin = agent(store, "lin").await;
    let nobody = TicketId::new();
    assert_eq!(store.change_ticket(nobody, &lin, TicketChange::Claim).await.unwrap(), None);
    assert_eq!(store.reply_on_ticket(nobody, &lin, "a".to_owned(), None).await.unwrap(), None);
}

contract!(of_fifty_agents_who_claim_at_once_one_gets_the_ticket);
async fn of_fifty_agents_who_claim_at_once_one_gets_the_ticket(Place { store, .. }: &Place) {
    let (conversation, ticket) = waiting(store, "a").await;
    let mut claiming = JoinSet::new();
    for number in 0..50 {
        let (store, actor) = (store.clone(), agent(store, &format!("agent-{number}")).await);
        claiming.spawn(async move {
            let claimed = store.change_ticket(ticket, &actor, TicketChange::Claim).await;
            claimed.is_ok().then_some(actor.agent).flatten()
        });
    }
    let winners: Vec<_> = claiming.join_all().await.into_iter().flatten().collect();
    let [winner] = winners.as_slice() else { panic!("one wins: {winners:?}") };
    let now = store.ticket(ticket).await.unwrap().unwrap();
    assert_eq!((now.state, now.assignee), (TicketState::Assigned, Some(*winner)));
    assert_eq!(kinds(store, ticket).await, ["opened", "assigned"]);
    let shown = store.conversation(conversation).await.unwrap().unwrap();
    assert_eq!(shown.state, ConversationState::WithHuman);
}

contract!(a_reply_takes_the_ticket_and_is_said_once);
async fn a_reply_takes_the_ticket_and_is_said_once(Place { store, .. }: &Place) {
    let (lin, mei) = (agent(store, "lin").await, agent(store, "mei").await);
    let (conversation, ticket) = waiting(store, "a").await;
    let reply = async |actor: &Actor, text: &str, id: &str| {
        store.reply_on_ticket(ticket, actor, text.to_owned(), Some(id.to_owned())).await
    };
    let first = reply(&lin, "b", "r1").await.unwrap().unwrap();
    assert_eq!((first.sender, first.sender_name.as_deref()), (Sender::Agent, Some("Agent lin")));
    assert_eq!(reply(&lin, "b", "r1").await.unwrap().unwrap(), first);
    reply(&lin, "c", "r2").await.unwrap().unwrap();
    let reused = reply(&lin, "d", "r2").await;
    assert!(matches!(reused, Err(StoreError::ClientMessageIdReused)), "{reused:?}");
    let refused = reply(&mei, "d", "r3").await;
    assert!(matches!(refused, Err(StoreError::TicketStep(_))), "{refused:?}");
    let now = store.ticket(ticket).await.unwrap().unwrap();
    assert_eq!((now.assignee, now.first_response_at), (lin.agent, Some(first.created_at)));
    let events = events(store, conversation).await;
    let said: Vec<&str> = events
        .iter()
        .filter_map(message_of)
        .filter(|message| message.sender == Sender::Agent)
        .map(|message| message.text.as_str())
        .collect();
    assert_eq!(said, ["b", "c"]);
}

contract!(a_correction_is_kept_and_judged_once);
async fn a_correction_is_kept_and_judged_once(Place { store, .. }: &Place) {
    let lin = agent(store, "lin").await;
    let (_, ticket) = waiting(store, "a").await;
    let due = Timestamp::from_millisecond(1_800_000_000_000).unwrap();
    let intent = IntentId::new("return_request").unwrap();
    change(store, ticket, &lin, TicketChange::Intent(intent.clone())).await.unwrap();
    change(store, ticket, &lin, TicketChange::Priority(Priority::Urgent, Some(due), None)).await.unwrap();
    let now = store.ticket(ticket).await.unwrap().unwrap();
    assert_eq!((now.intent, now.priority), (Some(intent), Priority::Urgent));
    assert_eq!((now.first_response_due, now.resolution_due), (Some(due), None));
    let corrections = store.corrections(Some("waiting"), 10).await.unwrap();
    let [priority, intent] = corrections.as_slice() else { panic!("two: {corrections:?}") };
    assert_eq!((intent.field.as_str(), intent.old.as_deref()), ("intent", Some("refund_amount")));
    assert_eq!((intent.new.as_str(), intent.actor.as_str()), ("return_request", "lin"));
    assert_eq!((intent.text.as_str(), intent.language.as_deref()), ("a", Some("zh-Hans")));
    assert_eq!((priority.field.as_str(), priority.old.as_deref()), ("priority", Some("normal")));
    assert!(store.judge_correction(intent.id, true, "boss").await.unwrap());
    assert!(!store.judge_correction(intent.id, false, "boss").await.unwrap());
    assert_eq!(store.corrections(Some("approved"), 10).await.unwrap().len(), 1);
    assert_eq!(store.corrections(None, 10).await.unwrap().len(), 2);
}

contract!(to_say_what_is_known_already_corrects_nothing);
async fn to_say_what_is_known_already_corrects_nothing(Place { store, .. }: &Place) {
    let lin = agent(store, "lin").await;
    let (_, ticket) = waiting(store, "a").await;
    let known = store.ticket(ticket).await.unwrap().unwrap();
    change(store, ticket, &lin, TicketChange::Intent(known.intent.clone().unwrap())).await.unwrap();
    change(store, ticket, &lin, TicketChange::Priority(known.priority, None, None)).await.unwrap();
    assert!(store.corrections(None, 10).await.unwrap().is_empty());
    let now = store.ticket(ticket).await.unwrap().unwrap();
    assert_eq!(
        (now.intent, now.priority, now.first_response_due),
        (known.intent, known.priority, known.first_response_due)
    );
}

contract!(a_ticket_that_was_put_off_goes_back_to_whoever_did_that);
async fn a_ticket_that_was_put_off_goes_back_to_whoever_did_that(Place { store, .. }: &Place) {
    let lin = agent(store, "lin").await;
    let (conversation, ticket) = waiting(store, "a").await;
    let later = Timestamp::from_millisecond(4_000_000_000_000).unwrap();
    change(store, ticket, &lin, TicketChange::Claim).await.unwrap();
    change(store, ticket, &lin, TicketChange::Snooze(later)).await.unwrap();
    let asleep = store.ticket(ticket).await.unwrap().unwrap();
    assert_eq!((asleep.state, asleep.snoozed_until), (TicketState::Snoozed, Some(later)));
    said(store, conversation, "b").await;
    let awake = store.ticket(ticket).await.unwrap().unwrap();
    assert_eq!((awake.state, awake.snoozed_until), (TicketState::Assigned, None));
    assert_eq!(awake.assignee, lin.agent);
}

contract!(a_merged_ticket_says_into_which_and_that_one_from_which);
async fn a_merged_ticket_says_into_which_and_that_one_from_which(Place { store, .. }: &Place) {
    let lin = agent(store, "lin").await;
    let ((conversation, merged), (_, into)) = (waiting(store, "a").await, waiting(store, "b").await);
    change(store, merged, &lin, TicketChange::MergeInto(into)).await.unwrap();
    let gone = store.ticket(merged).await.unwrap().unwrap();
    assert_eq!((gone.state, gone.merged_into), (TicketState::Merged, Some(into)));
    let entry = |log: Vec<LogEntry>| log.into_iter().next_back().map(|entry| entry.entry);
    let logged = entry(store.ticket_log(merged).await.unwrap());
    assert_eq!(logged, Some(Entry::MergedInto { ticket: into }));
    let logged = entry(store.ticket_log(into).await.unwrap());
    assert_eq!(logged, Some(Entry::MergedFrom { ticket: merged }));
    // Its conversation has no ticket any more: the program answers whoever writes on in it.
    assert_eq!(store.ticket_of(conversation).await.unwrap(), None);
    let over = store.conversation(conversation).await.unwrap().unwrap();
    assert_eq!(over.state, ConversationState::Closed);
    let received = taken_in(store, conversation, message("c")).await.unwrap();
    assert_eq!(received.state, ConversationState::Bot);
}

contract!(a_ticket_that_is_opened_again_has_new_deadlines_and_figures_keep_the_first_time);
async fn a_ticket_that_is_opened_again_has_new_deadlines_and_figures_keep_the_first_time(
    Place { store, .. }: &Place,
) {
    let lin = agent(store, "lin").await;
    let conversation = conversation(store).await;
    said(store, conversation, "a").await;
    let mut outcome = handover(Priority::Normal);
    let an_hour_ago = Timestamp::now() - SignedDuration::from_hours(1);
    outcome.ticket.as_mut().unwrap().resolution_due = Some(an_hour_ago);
    let ticket = store.hand_over(conversation, outcome).await.unwrap().unwrap().1.unwrap();
    store.reply_on_ticket(ticket, &lin, "b".to_owned(), None).await.unwrap().unwrap();
    change(store, ticket, &lin, TicketChange::Close(None)).await.unwrap();
    let figures = async || {
        let hour = SignedDuration::from_hours(1);
        let (from, until) = (Timestamp::now() - hour, Timestamp::now() + hour);
        store.stats(from, until, &TimeZone::UTC).await.unwrap().total
    };
    let before = figures().await;
    assert!(before.first_response_seconds.is_some() && before.resolution_seconds.is_some());
    let in_an_hour = Timestamp::from_millisecond(Timestamp::now().as_millisecond() + 3_600_000).unwrap();
    let deadline = DueTime { warn_at: in_an_hour, due_at: in_an_hour };
    let due = |priority| {
        assert_eq!(priority, Priority::Normal);
        Due { first_response: Some(deadline), resolution: Some(deadline) }
    };
    let received = store.receive(conversation, message("c"), due).await.unwrap().unwrap();
    assert_eq!(received.reopened, Some(ticket));
    let now = store.ticket(ticket).await.unwrap().unwrap();
    assert_eq!((now.state, now.assignee, now.first_response_at), (TicketState::Open, None, None));
    assert_eq!((now.first_response_due, now.resolution_due), (Some(in_an_hour), Some(in_an_hour)));
    assert!(now.reopened_at.is_some_and(|reopened| reopened >= now.opened_at));
    let after = figures().await;
    assert_eq!(after.first_response_seconds, before.first_response_seconds);
    assert_eq!(after.resolution_seconds, before.resolution_seconds);
    assert_eq!((before.reopened, after.reopened), (0, 1));
    assert_eq!((before.resolutions_missed, after.resolutions_missed), (1, 1));
}

contract!(a_ticket_is_found_by_what_was_written_last_and_not_by_all_of_a_long_conversation);
async fn a_ticket_is_found_by_what_was_written_last_and_not_by_all_of_a_long_conversation(
    Place { store, .. }: &Place,
) {
    let id = conversation(store).await;
    for text in ["first", &"a".repeat(20_000), "last"] {
        said(store, id, text).await;
    }
    handed_over(store, id, Priority::Normal).await;
    let found = async |words: &str| {
        let filter = TicketFilter { words: Some(words.to_owned()), limit: 10, ..TicketFilter::default() };
        store.tickets(&filter).await.unwrap().tickets.len()
    };
    assert_eq!((found("last").await, found("first").await), (1, 0));
}

contract!(the_place_in_the_queue_is_by_urgency_and_age);
async fn the_place_in_the_queue_is_by_urgency_and_age(Place { store, .. }: &Place) {
    let lin = agent(store, "lin").await;
    let mut tickets = Vec::new();
    for text in ["a", "b", "c"] {
        tickets.push(waiting(store, text).await.1);
    }
    change(store, tickets[2], &lin, TicketChange::Priority(Priority::Urgent, None, None)).await.unwrap();
    let place = async |ticket| {
        let ticket = store.ticket(ticket).await.unwrap().unwrap();
        store.position(&ticket).await.unwrap()
    };
    assert_eq!(place(tickets[2]).await, 0);
    assert_eq!(place(tickets[0]).await, 1);
    change(store, tickets[2], &lin, TicketChange::Claim).await.unwrap();
    assert_eq!(place(tickets[0]).await, 0);
}

async fn change(
    store: &Store,
    ticket: TicketId,
    actor: &Actor,
    change: TicketChange,
) -> Result<(), StoreError> {
    store.change_ticket(ticket, actor, change).await.map(Option::unwrap)
}

/// Everything that a step could change.
async fn all_of(store: &Store, ticket: TicketId) -> (Ticket, Vec<LogEntry>, Conversation, Vec<Event>) {
    let found = store.ticket(ticket).await.unwrap().unwrap();
    let log = store.ticket_log(ticket).await.unwrap();
    let conversation = store.conversation(found.conversation).await.unwrap().unwrap();
    let events = events(store, found.conversation).await;
    (found, log, conversation, events)
}

/// What happened to a ticket, by kind.
async fn kinds(store: &Store, ticket: TicketId) -> Vec<&'static str> {
    store.ticket_log(ticket).await.unwrap().iter().map(|entry| entry.entry.kind()).collect()
}
