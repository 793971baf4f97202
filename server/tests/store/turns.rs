//! Turns: what the program says to them is said once, whole, and never over a human.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use shopdesk_model::intents::{IntentId, Priority};
use shopdesk_server::{
    ConversationState, NewMessage, Reply, ReplyKind, Sender, Settled, TicketChange, TicketFilter,
};
use tokio::task::JoinSet;

use crate::material::{
    agent, answer, answered, conversation, events, handed_over, handover, is_state, message, message_of,
    said, taken_in, waiting,
};
use crate::place::{Place, contract};

contract!(a_reply_is_that_of_every_message_up_to_it);
async fn a_reply_is_that_of_every_message_up_to_it(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let (first, last) = (said(store, id, "a").await, said(store, id, "b").await);
    let half = store.settle(id, (&last, &last), false, answer()).await.unwrap();
    assert!(matches!(half, Settled::Stale), "the first message would lose its place: {half:?}");
    let settled = store.settle(id, (&first, &last), false, answer()).await.unwrap();
    let Settled::Replied { reply, state, ticket } = settled else { panic!("no reply: {settled:?}") };
    assert_eq!((state, ticket), (ConversationState::Bot, None));
    for message in [first, last] {
        assert_eq!(store.reply_to(message.id).await.unwrap(), (Some((*reply).clone()), false));
    }
    let turn = store.turn(id).await.unwrap().unwrap();
    assert!(turn.messages.is_empty());
}

contract!(a_reply_to_half_a_thought_is_not_said);
async fn a_reply_to_half_a_thought_is_not_said(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let (first, last) = (said(store, id, "a").await, said(store, id, "b").await);
    let settled = store.settle(id, (&first, &first), false, answer()).await.unwrap();
    assert!(matches!(settled, Settled::Superseded), "{settled:?}");
    assert_eq!(store.reply_to(first.id).await.unwrap(), (None, true));
    assert_eq!(store.turn(id).await.unwrap().unwrap().messages, [first, last]);
    assert_eq!(events(store, id).await.len(), 2);
}

contract!(in_any_case_half_a_thought_is_answered_and_the_rest_stays);
async fn in_any_case_half_a_thought_is_answered_and_the_rest_stays(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let (first, last) = (said(store, id, "a").await, said(store, id, "b").await);
    let settled = store.settle(id, (&first, &first), true, answer()).await.unwrap();
    assert!(matches!(settled, Settled::Replied { .. }), "{settled:?}");
    assert_eq!(store.reply_to(last.id).await.unwrap(), (None, true));
    assert_eq!(store.turn(id).await.unwrap().unwrap().messages, [last]);
}

contract!(a_hand_over_takes_the_rest_along);
async fn a_hand_over_takes_the_rest_along(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let (first, last) = (said(store, id, "a").await, said(store, id, "b").await);
    let settled = store.settle(id, (&first, &first), false, handover(Priority::High)).await.unwrap();
    let Settled::Replied { state, ticket, .. } = settled else { panic!("no reply: {settled:?}") };
    assert_eq!(state, ConversationState::WaitingForHuman);
    let ticket = store.ticket(ticket.unwrap()).await.unwrap().unwrap();
    assert_eq!((ticket.conversation, ticket.message, ticket.priority), (id, first.id, Priority::High));
    assert_eq!(store.ticket_of(id).await.unwrap().unwrap().id, ticket.id);
    assert_eq!(store.reply_to(last.id).await.unwrap(), (None, false));
}

contract!(what_was_answered_elsewhere_is_not_answered_again);
async fn what_was_answered_elsewhere_is_not_answered_again(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let last = said(store, id, "a").await;
    let mut answering = JoinSet::new();
    for _ in 0..20 {
        let (store, last) = (store.clone(), last.clone());
        answering.spawn(async move { store.settle(id, (&last, &last), false, answer()).await.unwrap() });
    }
    let settled = answering.join_all().await;
    let replied = settled.iter().filter(|settled| matches!(settled, Settled::Replied { .. })).count();
    let elsewhere = settled
        .iter()
        .filter(|settled| matches!(settled, Settled::Elsewhere { state: ConversationState::Bot }))
        .count();
    assert_eq!((replied, elsewhere), (1, 19));
    assert_eq!(events(store, id).await.len(), 2);
}

contract!(the_program_is_silent_once_a_human_has_the_conversation);
async fn the_program_is_silent_once_a_human_has_the_conversation(Place { store, .. }: &Place) {
    let (id, ticket) = waiting(store, "a").await;
    let actor = agent(store, "lin").await;
    store.change_ticket(ticket, &actor, TicketChange::Claim).await.unwrap().unwrap();
    let last = said(store, id, "b").await;
    let before = events(store, id).await;
    let settled = store.settle(id, (&last, &last), true, answer()).await.unwrap();
    assert!(matches!(settled, Settled::Elsewhere { state: ConversationState::WithHuman }), "{settled:?}");
    let notice = Reply::plain(ReplyKind::Notice, None);
    assert_eq!(store.say(id, ConversationState::Bot, "c".to_owned(), notice).await.unwrap(), None);
    let again = store.hand_over(id, handover(Priority::Low)).await.unwrap();
    assert_eq!(again, Some((ConversationState::WithHuman, None)));
    assert_eq!(events(store, id).await, before);
    assert_eq!(store.reply_to(last.id).await.unwrap(), (None, false));
}

contract!(what_is_decided_while_a_human_takes_over_is_not_said_after_it);
async fn what_is_decided_while_a_human_takes_over_is_not_said_after_it(Place { store, .. }: &Place) {
    let actor = agent(store, "lin").await;
    let mut racing = JoinSet::new();
    for _ in 0..20 {
        let (store, actor) = (store.clone(), actor.clone());
        racing.spawn(async move {
            let id = conversation(&store).await;
            let last = said(&store, id, "在吗").await;
            let other = store.clone();
            let answering =
                tokio::spawn(async move { other.settle(id, (&last, &last), false, answer()).await.unwrap() });
            let ticket = handed_over(&store, id, Priority::Normal).await;
            store.change_ticket(ticket, &actor, TicketChange::Claim).await.unwrap().unwrap();
            answering.await.unwrap();
            id
        });
    }
    for id in racing.join_all().await {
        let events = events(store, id).await;
        let taken_over = events.iter().position(is_state).unwrap();
        let mut later = events[taken_over..].iter().filter_map(message_of);
        assert!(later.all(|message| message.sender != Sender::Bot), "{events:?}");
    }
}

contract!(hand_overs_at_once_open_one_ticket_with_one_number_each);
async fn hand_overs_at_once_open_one_ticket_with_one_number_each(Place { store, .. }: &Place) {
    let mut handing_over = JoinSet::new();
    for _ in 0..20 {
        let id = conversation(store).await;
        for _ in 0..2 {
            let store = store.clone();
            handing_over.spawn(async move { store.hand_over(id, handover(Priority::Normal)).await.unwrap() });
        }
    }
    handing_over.join_all().await;
    let filter = TicketFilter { limit: 100, ..TicketFilter::default() };
    let tickets = store.tickets(&filter).await.unwrap().tickets;
    let numbers: Vec<i64> = tickets.iter().map(|ticket| ticket.number).collect();
    assert_eq!(numbers.len(), 20);
    assert_eq!(numbers.into_iter().collect::<BTreeSet<_>>(), (1..=20).collect());
}

contract!(what_was_left_over_is_found);
async fn what_was_left_over_is_found(Place { store, .. }: &Place) {
    let left = conversation(store).await;
    let message = said(store, left, "a").await;
    let settled = conversation(store).await;
    answered(store, settled, "b").await;
    waiting(store, "c").await;
    let later = Timestamp::now() + SignedDuration::from_mins(1);
    assert_eq!(store.unsettled(later).await.unwrap(), [left]);
    assert!(store.unsettled(message.created_at).await.unwrap().is_empty());
    store.settle(left, (&message, &message), false, answer()).await.unwrap();
    assert!(store.unsettled(later).await.unwrap().is_empty());
}

contract!(a_turn_knows_what_was_said_before_and_what_was_chosen);
async fn a_turn_knows_what_was_said_before_and_what_was_chosen(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    for number in 0..5 {
        answered(store, id, &number.to_string()).await;
    }
    let chosen = IntentId::new("return_request");
    let new = NewMessage { choice: chosen.clone(), ..message("退货") };
    let last = taken_in(store, id, new).await.unwrap().message;
    let turn = store.turn(id).await.unwrap().unwrap();
    assert_eq!(turn.conversation.id, id);
    assert_eq!((turn.messages, turn.choice), (vec![last], chosen));
    let before: Vec<&str> = turn.before.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(before, ["2", "an answer", "3", "an answer", "4", "an answer"]);
}
