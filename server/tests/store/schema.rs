//! What a program finds when it opens a store: what was there, or a reason not to touch it.

use shopdesk_server::{Store, StoreError, TicketFilter};

use crate::material::{conversation, events, said, waiting};
use crate::place::{Place, contract};

contract!(what_was_kept_is_there_when_it_is_opened_again);
async fn what_was_kept_is_there_when_it_is_opened_again(place: &Place) {
    let id = conversation(&place.store).await;
    said(&place.store, id, "怎么退货").await;
    let again = place.open_again().await.unwrap();
    assert_eq!(events(&again, id).await, events(&place.store, id).await);
    again.ping().await.unwrap();
}

contract!(what_a_newer_program_made_is_refused);
async fn what_a_newer_program_made_is_refused(place: &Place) {
    place
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             SELECT 9999, description, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1",
        )
        .await;
    match place.open_again().await {
        Err(StoreError::NewerSchema { version }) => assert_eq!(version, 9999),
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => panic!("a store of a newer program was opened"),
    }
}

contract!(tickets_of_older_programs_are_found_by_words_in_either_script);
async fn tickets_of_older_programs_are_found_by_words_in_either_script(place: &Place) {
    let (_, ticket) = waiting(&place.store, "我要投訴 É").await;
    let found = async |store: &Store, words: &str| {
        let filter = TicketFilter { words: Some(words.to_owned()), limit: 10, ..TicketFilter::default() };
        let tickets = store.tickets(&filter).await.unwrap().tickets;
        tickets.into_iter().map(|ticket| ticket.id).collect::<Vec<_>>()
    };
    // As older programs left them: in the shopper's script, with the small letters of ASCII alone.
    place.execute("UPDATE tickets SET search = '#1 我要投訴 É'").await;
    place.execute("DELETE FROM installation WHERE name = 'search_form'").await;
    assert!(found(&place.store, "投诉").await.is_empty());
    let again = place.open_again().await.unwrap();
    for words in ["投诉", "投訴", "é", "#1"] {
        assert_eq!(found(&again, words).await, [ticket], "{words}");
    }
}

#[tokio::test]
async fn a_copy_of_a_file_holds_what_was_kept() {
    let place = Place::sqlite().await;
    let id = conversation(&place.store).await;
    said(&place.store, id, "怎么退货").await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    Store::back_up(&place.file(), &copy).await.unwrap();
    assert!(Store::back_up(&place.file(), &copy).await.is_err(), "a copy is not overwritten");
    said(&place.store, id, "later").await;
    let opened = Store::open(&copy).await.unwrap();
    assert_eq!(events(&opened, id).await.len(), 1);
}

#[tokio::test]
async fn a_file_is_found_wherever_it_is_and_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("数据 50% #1?");
    std::fs::create_dir(&odd).unwrap();
    let path = odd.join("..").join("数据 50% #1?").join("a b%20.db");
    let store = Store::open(&path).await.unwrap();
    store.ping().await.unwrap();
    assert!(odd.join("a b%20.db").exists());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
