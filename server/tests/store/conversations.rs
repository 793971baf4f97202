//! Conversations: every message once, every event with the next number.

use shopdesk_model::intents::Priority;
use shopdesk_server::{
    Contact, ContactKind, ConversationId, ConversationState, Event, NewMessage, Rating, RatingReason, Reply,
    ReplyKind, Sender, TicketState,
};
use tokio::task::JoinSet;

use crate::material::{answered, conversation, events, handed_over, message, message_of, said, taken_in};
use crate::place::{Place, contract};

contract!(a_message_sent_twice_is_kept_once);
async fn a_message_sent_twice_is_kept_once(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let new = NewMessage { client_message_id: Some("m1".to_owned()), ..message("怎么退货") };
    let first = taken_in(store, id, new.clone()).await.unwrap();
    let second = taken_in(store, id, NewMessage { text: "other".to_owned(), ..new }).await.unwrap();
    assert_eq!(first.message, second.message);
    assert_eq!(events(store, id).await.len(), 1);
}

contract!(a_message_sent_twice_at_once_is_kept_once);
async fn a_message_sent_twice_at_once_is_kept_once(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let mut sending = JoinSet::new();
    for _ in 0..20 {
        let store = store.clone();
        let new = NewMessage { client_message_id: Some("m1".to_owned()), ..message("怎么退货") };
        sending.spawn(async move { taken_in(&store, id, new).await.unwrap().message });
    }
    let kept = sending.join_all().await;
    assert!(kept.iter().all(|message| *message == kept[0]));
    assert_eq!(events(store, id).await.len(), 1);
}

contract!(a_client_may_use_an_id_again_in_another_conversation);
async fn a_client_may_use_an_id_again_in_another_conversation(Place { store, .. }: &Place) {
    let new = NewMessage { client_message_id: Some("m1".to_owned()), ..message("怎么退货") };
    for _ in 0..2 {
        let id = conversation(store).await;
        let received = taken_in(store, id, new.clone()).await.unwrap();
        assert_eq!(received.message.sequence, 1);
    }
}

contract!(a_hundred_messages_at_once_are_numbered_without_gaps);
async fn a_hundred_messages_at_once_are_numbered_without_gaps(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let mut sending = JoinSet::new();
    for number in 0..100 {
        let store = store.clone();
        sending.spawn(async move { said(&store, id, &number.to_string()).await });
    }
    let mut kept = sending.join_all().await;
    kept.sort_by_key(|message| message.sequence);
    let events = events(store, id).await;
    let read: Vec<_> = events.iter().filter_map(message_of).cloned().collect();
    assert_eq!(read, kept);
    let sequences: Vec<i64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=100).collect::<Vec<_>>());
    assert_eq!(store.conversation(id).await.unwrap().unwrap().last_sequence, 100);
}

contract!(a_conversation_that_is_not_there_takes_nothing);
async fn a_conversation_that_is_not_there_takes_nothing(Place { store, .. }: &Place) {
    let nobody = ConversationId::new();
    assert!(taken_in(store, nobody, message("a")).await.is_none());
    assert!(store.conversation_with_messages(nobody).await.unwrap().is_none());
    assert!(store.turn(nobody).await.unwrap().is_none());
    assert!(store.close_conversation(nobody).await.unwrap().is_none());
    assert_eq!(store.rate(nobody, &rating(5)).await.unwrap(), None);
    assert!(!store.keep_contact(nobody, &contact()).await.unwrap());
    assert!(store.events(nobody, 0, 10).await.unwrap().is_empty());
}

contract!(events_are_read_from_any_number_on);
async fn events_are_read_from_any_number_on(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    for text in ["a", "b", "c", "d"] {
        said(store, id, text).await;
    }
    let read = async |after, limit| -> Vec<i64> {
        store.events(id, after, limit).await.unwrap().iter().map(|event| event.sequence).collect()
    };
    assert_eq!(read(1, 2).await, [2, 3]);
    assert_eq!(read(3, 100).await, [4]);
    assert!(read(4, 100).await.is_empty());
}

contract!(answers_in_a_row_that_did_not_help_are_counted);
async fn answers_in_a_row_that_did_not_help_are_counted(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let first = answered(store, id, "a").await.id;
    let second = answered(store, id, "b").await.id;
    let keep = async |message, helpful| {
        let judged = store.keep_helpful(id, message, helpful).await.unwrap().unwrap();
        (judged.failed_answers, judged.is_new)
    };
    assert_eq!(keep(first, false).await, (1, true));
    // Said twice of one answer.
    let before = events(store, id).await;
    assert_eq!(keep(first, false).await, (1, false));
    assert_eq!(events(store, id).await, before);
    assert_eq!(keep(second, false).await, (2, true));
    assert_eq!(store.turn(id).await.unwrap().unwrap().failed_answers, 2);
    assert_eq!(keep(second, true).await, (0, true));
    let (_, messages) = store.conversation_with_messages(id).await.unwrap().unwrap();
    let helpful: Vec<_> = messages.iter().map(|message| message.helpful).collect();
    assert_eq!(helpful, [None, Some(false), None, Some(true)]);
}

contract!(only_an_answer_of_the_conversation_can_help);
async fn only_an_answer_of_the_conversation_can_help(Place { store, .. }: &Place) {
    let (id, other) = (conversation(store).await, conversation(store).await);
    let answer = answered(store, id, "a").await.id;
    let question = said(store, id, "b").await.id;
    let notice = Reply::plain(ReplyKind::Notice, None);
    let notice = store.say(id, ConversationState::Bot, "c".to_owned(), notice).await.unwrap().unwrap().id;
    for (conversation, message) in [(id, question), (id, notice), (other, answer)] {
        assert_eq!(store.keep_helpful(conversation, message, true).await.unwrap(), None);
    }
}

contract!(a_conversation_is_rated_once_however_many_rate_it_at_once);
async fn a_conversation_is_rated_once_however_many_rate_it_at_once(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let mut rating_at_once = JoinSet::new();
    for score in 1..=5 {
        let store = store.clone();
        rating_at_once.spawn(async move { (score, store.rate(id, &rating(score)).await.unwrap().unwrap()) });
    }
    let rated = rating_at_once.join_all().await;
    let first: Vec<u8> =
        rated.into_iter().filter(|(_, is_first)| *is_first).map(|(score, _)| score).collect();
    let [score] = first.as_slice() else { panic!("one is the first: {first:?}") };
    assert_eq!(store.conversation(id).await.unwrap().unwrap().rating, Some(rating(*score)));
    assert_eq!(kinds(&events(store, id).await), ["rating"]);
}

contract!(a_contact_is_kept_and_the_last_one_counts);
async fn a_contact_is_kept_and_the_last_one_counts(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let first = Contact { value: "1".to_owned(), ..contact() };
    assert!(store.keep_contact(id, &first).await.unwrap());
    assert!(store.keep_contact(id, &contact()).await.unwrap());
    assert_eq!(store.conversation(id).await.unwrap().unwrap().contact, Some(contact()));
    assert_eq!(kinds(&events(store, id).await), ["contact", "contact"]);
}

contract!(what_was_read_never_goes_back_nor_ahead_of_what_there_is);
async fn what_was_read_never_goes_back_nor_ahead_of_what_there_is(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    for text in ["a", "b", "c"] {
        said(store, id, text).await;
    }
    for (by, sequence) in
        [(Sender::Shopper, 2), (Sender::Shopper, 1), (Sender::Shopper, 4), (Sender::Agent, 3)]
    {
        store.keep_read(id, by, sequence).await.unwrap();
    }
    let read = store.conversation(id).await.unwrap().unwrap();
    assert_eq!((read.shopper_read, read.agent_read), (2, 3));
}

contract!(a_closed_conversation_opens_again_for_the_program_but_not_for_thanks);
async fn a_closed_conversation_opens_again_for_the_program_but_not_for_thanks(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    said(store, id, "a").await;
    let unanswered = said(store, id, "b").await;
    assert_eq!(store.close_conversation(id).await.unwrap(), Some(ConversationState::Closed));
    assert_eq!(store.close_conversation(id).await.unwrap(), Some(ConversationState::Closed));
    // Nobody waits for a reply any more.
    assert_eq!(store.reply_to(unanswered.id).await.unwrap(), (None, false));
    let thanks = NewMessage { reopens: false, ..message("谢谢") };
    let received = taken_in(store, id, thanks).await.unwrap();
    assert_eq!(received.state, ConversationState::Closed);
    let received = taken_in(store, id, message("怎么退货")).await.unwrap();
    assert_eq!(received.state, ConversationState::Bot);
    let turn = store.turn(id).await.unwrap().unwrap();
    assert_eq!(turn.messages, [received.message]);
    assert_eq!(
        kinds(&events(store, id).await),
        ["message", "message", "state", "message", "state", "message"]
    );
}

contract!(a_closed_conversation_with_a_ticket_opens_again_for_the_agents);
async fn a_closed_conversation_with_a_ticket_opens_again_for_the_agents(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    said(store, id, "a").await;
    let ticket = handed_over(store, id, Priority::Normal).await;
    store.close_conversation(id).await.unwrap();
    assert_eq!(store.ticket(ticket).await.unwrap().unwrap().state, TicketState::Closed);
    let received = taken_in(store, id, message("b")).await.unwrap();
    assert_eq!(received.state, ConversationState::WaitingForHuman);
    assert_eq!(store.ticket(ticket).await.unwrap().unwrap().state, TicketState::Open);
}

fn rating(score: u8) -> Rating {
    Rating { score, reasons: vec![RatingReason::Fast], comment: Some("不错".to_owned()) }
}

fn contact() -> Contact {
    Contact { kind: ContactKind::Phone, value: "13812345678".to_owned(), note: None }
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.happening.kind()).collect()
}
