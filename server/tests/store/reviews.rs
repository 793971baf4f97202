//! What is drawn for review comes once, and what people labelled is learnt from when somebody approved of it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use shopdesk_model::intents::{IntentId, Priority};
use shopdesk_server::{
    CountedShare, LabelSource, MessageId, NewReview, ReviewFigures, ReviewVerdict, Store, TicketChange,
};

use crate::material::{agent, answered, conversation, handed_over, said};
use crate::place::{Place, contract};

/// All days that there are.
fn ever() -> (Timestamp, Timestamp) {
    (Timestamp::UNIX_EPOCH, Timestamp::now() + SignedDuration::from_hours(1))
}

async fn review(
    store: &Store,
    message: MessageId,
    verdict: ReviewVerdict,
    intent: Option<&str>,
) -> Option<bool> {
    let review =
        NewReview { message, verdict, intent: intent.map(ToOwned::to_owned), actor: "li".to_owned() };
    store.review(review).await.unwrap()
}

contract!(every_answer_is_drawn_once);
async fn every_answer_is_drawn_once(place: &Place) {
    let store = &place.store;
    let mut all = BTreeSet::new();
    for text in ["a", "b", "c", "d", "e"] {
        let id = conversation(store).await;
        all.insert(answered(store, id, text).await.id);
    }
    // What is no answer is not drawn.
    let other = conversation(store).await;
    said(store, other, "\"kind\":\"answer\"").await;
    handed_over(store, other, Priority::Normal).await;
    let (from, until) = ever();
    let mut drawn = BTreeSet::new();
    while let Some(next) = store.next_to_review(from, until).await.unwrap() {
        assert_eq!(next.before.last().map(|message| message.id), next.answers.last().copied());
        assert!(drawn.insert(next.answer.id), "an answer was drawn twice");
        assert_eq!(review(store, next.answer.id, ReviewVerdict::Right, None).await, Some(true));
    }
    assert_eq!(drawn, all);
    let before_all = store.next_to_review(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(before_all, None);
}

contract!(verdicts_are_counted_by_the_day_of_the_answer);
async fn verdicts_are_counted_by_the_day_of_the_answer(place: &Place) {
    let store = &place.store;
    let id = conversation(store).await;
    let verdicts = [ReviewVerdict::Right, ReviewVerdict::Wrong, ReviewVerdict::Unclear];
    for (text, verdict) in ["a", "b", "c"].into_iter().zip(verdicts) {
        let message = answered(store, id, text).await.id;
        assert_eq!(review(store, message, verdict, None).await, Some(true));
        assert_eq!(review(store, message, ReviewVerdict::Wrong, None).await, Some(false));
    }
    answered(store, id, "d").await;
    assert_eq!(review(store, MessageId::new(), ReviewVerdict::Right, None).await, None);
    let (from, until) = ever();
    let figures = store.review_figures(from, until).await.unwrap();
    assert_eq!(figures, ReviewFigures { answers: 4, right: 1, wrong: 1, unclear: 1 });
    let earlier = store.review_figures(from, from + SignedDuration::from_hours(1)).await.unwrap();
    assert_eq!(earlier, ReviewFigures::default());
}

contract!(some_of_the_labels_that_wait_are_listed_and_all_are_counted);
async fn some_of_the_labels_that_wait_are_listed_and_all_are_counted(Place { store, .. }: &Place) {
    let lin = agent(store, "lin").await;
    let id = conversation(store).await;
    for text in ["a", "b"] {
        let message = answered(store, id, text).await.id;
        review(store, message, ReviewVerdict::Wrong, Some("refund")).await;
    }
    let ticket = handed_over(store, id, Priority::Normal).await;
    let intent = TicketChange::Intent(IntentId::new("dispatch_time").unwrap());
    store.change_ticket(ticket, &lin, intent).await.unwrap().unwrap();
    for (limit, listed) in [(1, 1), (2, 2), (10, 3)] {
        let (labels, count) = store.waiting_labels(limit).await.unwrap();
        assert_eq!((labels.len(), count), (listed, 3), "{limit}");
    }
}

contract!(a_wrong_answers_label_is_learnt_from_when_somebody_approves_of_it);
async fn a_wrong_answers_label_is_learnt_from_when_somebody_approves_of_it(place: &Place) {
    let store = &place.store;
    let id = conversation(store).await;
    let since = Timestamp::now() - SignedDuration::from_secs(1);
    let (wrong, unsaid) = (answered(store, id, "first line").await.id, answered(store, id, "x").await.id);
    review(store, wrong, ReviewVerdict::Wrong, Some("refund")).await;
    review(store, unsaid, ReviewVerdict::Wrong, None).await;
    let (waiting, count) = store.waiting_labels(10).await.unwrap();
    assert_eq!(count, 1);
    assert_eq!((waiting[0].text.as_str(), waiting[0].new.as_str()), ("first line", "refund"));
    assert_eq!(waiting[0].source, LabelSource::Review(wrong));
    assert_eq!(store.approved_since(Some(since)).await.unwrap(), 0);
    assert!(store.judge_review(wrong, true, "boss").await.unwrap());
    assert!(!store.judge_review(wrong, false, "boss").await.unwrap());
    assert!(!store.take_back_review(wrong, "li").await.unwrap());
    let approved = store.approved_labels().await.unwrap();
    let approved: Vec<_> =
        approved.iter().map(|label| (label.text.as_str(), label.intent.as_str())).collect();
    assert_eq!(approved, [("first line", "refund")]);
    assert_eq!(store.approved_since(Some(since)).await.unwrap(), 1);
    assert_eq!(store.approved_since(Some(ever().1)).await.unwrap(), 0);
}

contract!(of_many_labels_that_wait_the_latest_are_read_and_all_are_counted);
async fn of_many_labels_that_wait_the_latest_are_read_and_all_are_counted(place: &Place) {
    let store = &place.store;
    let (id, actor) = (conversation(store).await, agent(store, "an").await);
    for text in ["a", "b"] {
        let message = answered(store, id, text).await.id;
        review(store, message, ReviewVerdict::Wrong, Some("refund")).await;
        // Times are kept to the millisecond.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    said(store, id, "c").await;
    let ticket = handed_over(store, id, Priority::Normal).await;
    let change = TicketChange::Intent(IntentId::new("other").unwrap());
    store.change_ticket(ticket, &actor, change).await.unwrap().unwrap();
    let (waiting, count) = store.waiting_labels(2).await.unwrap();
    let fields: Vec<_> = waiting.iter().map(|label| label.new.as_str()).collect();
    assert_eq!((fields.as_slice(), count), (["other", "refund"].as_slice(), 3));
    assert_eq!(waiting[1].text, "b");
}

contract!(of_a_message_that_was_labelled_twice_the_last_label_counts);
async fn of_a_message_that_was_labelled_twice_the_last_label_counts(place: &Place) {
    let store = &place.store;
    let (id, actor) = (conversation(store).await, agent(store, "an").await);
    said(store, id, "where").await;
    let ticket = handed_over(store, id, Priority::Normal).await;
    for intent in ["first", "last"] {
        let change = TicketChange::Intent(IntentId::new(intent).unwrap());
        store.change_ticket(ticket, &actor, change).await.unwrap().unwrap();
        // Times are kept to the millisecond.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    for correction in store.corrections(None, 10).await.unwrap() {
        assert!(store.judge_correction(correction.id, true, "boss").await.unwrap());
    }
    let approved = store.approved_labels().await.unwrap();
    assert_eq!(approved.iter().map(|label| label.intent.as_str()).collect::<Vec<_>>(), ["last"]);
}

contract!(a_ticket_counts_as_misunderstood_by_what_was_said_last);
async fn a_ticket_counts_as_misunderstood_by_what_was_said_last(place: &Place) {
    let store = &place.store;
    let actor = agent(store, "an").await;
    // One that nobody has taken up, one that was right, one that was wrong, and one whose correction was a slip.
    for corrections in [None, Some(vec![]), Some(vec!["other"]), Some(vec!["other", "refund_amount"])] {
        let id = conversation(store).await;
        said(store, id, "a").await;
        let ticket = handed_over(store, id, Priority::Normal).await;
        let Some(corrections) = corrections else { continue };
        store.change_ticket(ticket, &actor, TicketChange::Claim).await.unwrap().unwrap();
        for intent in corrections {
            let change = TicketChange::Intent(IntentId::new(intent).unwrap());
            store.change_ticket(ticket, &actor, change).await.unwrap().unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }
    let (from, until) = ever();
    assert_eq!(store.corrected_tickets(from, until).await.unwrap(), CountedShare { part: 1, whole: 3 });
}

contract!(a_correction_counts_though_nobody_took_the_ticket_up);
async fn a_correction_counts_though_nobody_took_the_ticket_up(place: &Place) {
    let store = &place.store;
    let (id, actor) = (conversation(store).await, agent(store, "an").await);
    said(store, id, "a").await;
    let ticket = handed_over(store, id, Priority::Normal).await;
    let change = TicketChange::Intent(IntentId::new("other").unwrap());
    store.change_ticket(ticket, &actor, change).await.unwrap().unwrap();
    let (from, until) = ever();
    assert_eq!(store.corrected_tickets(from, until).await.unwrap(), CountedShare { part: 1, whole: 1 });
}

contract!(what_is_erased_is_reviewed_no_more);
async fn what_is_erased_is_reviewed_no_more(place: &Place) {
    let store = &place.store;
    let id = conversation(store).await;
    let message = answered(store, id, "a").await.id;
    review(store, message, ReviewVerdict::Wrong, Some("refund")).await;
    store.erase_before(ever().1).await.unwrap();
    assert_eq!(store.waiting_labels(10).await.unwrap().1, 0);
    let (from, until) = ever();
    assert_eq!(store.review_figures(from, until).await.unwrap(), ReviewFigures::default());
}
