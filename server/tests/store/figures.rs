//! Figures: everything is counted once, on its day and by its kind.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use shopdesk_model::intents::Priority;
use shopdesk_server::{Assessed, Outcome, Rating, Reply, ReplyKind};

use crate::material::{answer, answered, conversation, handover, said};
use crate::place::{Place, contract};

contract!(replies_are_counted_by_kind_and_by_their_likeliest_intent);
async fn replies_are_counted_by_kind_and_by_their_likeliest_intent(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    let assessed: Assessed = serde_json::from_str(
        r#"{"decision":"answer","reason":null,"language":"zh-Hans","intents":[{"id":"return_window","confidence":0.75},
            {"id":"refund_amount","confidence":0.25}],"out_of_scope":0.1,"similarity":null,"bundle":"43eb91cd39dc","truncated":false}"#,
    )
    .unwrap();
    for (kind, helpful) in [
        (ReplyKind::Answer, Some(true)),
        (ReplyKind::Answer, Some(false)),
        (ReplyKind::OrderStatus, None),
        (ReplyKind::Clarify, None),
        (ReplyKind::Notice, None),
    ] {
        let last = said(store, id, "a").await;
        let reply = Reply { kind, assessment: Some(assessed.clone()), ..answer().reply };
        let outcome = Outcome { text: "b".to_owned(), reply, ticket: None };
        store.settle(id, (&last, &last), false, outcome).await.unwrap();
        let said = store.reply_to(last.id).await.unwrap().0.unwrap();
        if let Some(helpful) = helpful {
            store.keep_helpful(id, said.id, helpful).await.unwrap().unwrap();
        }
    }
    store.hand_over(id, handover(Priority::Normal)).await.unwrap();
    let rating = Rating { score: 4, reasons: Vec::new(), comment: None };
    assert_eq!(store.rate(id, &rating).await.unwrap(), Some(true));
    let hour = SignedDuration::from_hours(1);
    let (from, until) = (Timestamp::now() - hour, Timestamp::now() + hour);
    let stats = store.stats(from, until, &TimeZone::UTC).await.unwrap();
    let total = &stats.total;
    assert_eq!((total.conversations, total.messages, total.tickets), (1, 5, 1));
    assert_eq!((total.answered, total.clarified), (3, 1));
    assert_eq!((total.helpful, total.not_helpful), (1, 1));
    assert_eq!((total.ratings, total.mean_rating), (1, Some(4.0)));
    let intent = &stats.intents["return_window"];
    assert_eq!((intent.answered, intent.clarified), (3, 1));
    assert_eq!(stats.intents["refund_amount"].tickets, 1);
    assert_eq!(stats.handover_reasons["intent_needs_human"], 1);
    let by_day: u64 = stats.days.values().map(|day| day.messages).sum();
    assert_eq!(by_day, 5);
}

contract!(what_happened_before_or_after_is_not_counted);
async fn what_happened_before_or_after_is_not_counted(Place { store, .. }: &Place) {
    let id = conversation(store).await;
    answered(store, id, "a").await;
    let (now, day) = (Timestamp::now(), SignedDuration::from_hours(24));
    for (from, until) in [(now - day, now - day / 2), (now + day / 2, now + day), (now, now - day)] {
        let stats = store.stats(from, until, &TimeZone::UTC).await.unwrap();
        assert_eq!((stats.total.messages, stats.total.conversations, stats.days.len()), (0, 0, 0));
    }
}
