//! What an installation makes for itself is made once.

use tokio::task::JoinSet;

use crate::place::{Place, contract};

contract!(whoever_asks_at_once_gets_the_same);
async fn whoever_asks_at_once_gets_the_same(Place { store, .. }: &Place) {
    let mut asking = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        asking.spawn(async move { store.installation("key", || number.to_string()).await.unwrap() });
    }
    let values = asking.join_all().await;
    assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
    let again = store.installation("key", || "another".to_owned()).await.unwrap();
    assert_eq!(again, values[0]);
}

contract!(another_name_is_another_thing);
async fn another_name_is_another_thing(Place { store, .. }: &Place) {
    assert_eq!(store.installation("a", || "1".to_owned()).await.unwrap(), "1");
    assert_eq!(store.installation("b", || "2".to_owned()).await.unwrap(), "2");
}
