//! What was chosen in the console: kept section by section, and by nobody over another one's choice that they do not know of.

use std::collections::BTreeSet;

use serde_json::json;
use shopdesk_server::{AuditFilter, KeptSettings, SettingsSection};
use tokio::task::JoinSet;

use crate::place::{Place, contract};

fn site(name: &str) -> SettingsSection {
    SettingsSection::Site(name.to_owned())
}

contract!(what_is_chosen_is_kept_until_somebody_goes_back);
async fn what_is_chosen_is_kept_until_somebody_goes_back(place: &Place) {
    let store = &place.store;
    assert_eq!(store.kept_settings().await.unwrap(), KeptSettings::default());
    assert_eq!(store.settings_revision().await.unwrap(), 0);
    let hours = json!({ "mon": ["9:00-12:00"] });
    let first = store.keep_settings(&SettingsSection::Hours, &hours, 0, "boss").await.unwrap().unwrap();
    let second = store.keep_settings(&site("店"), &json!({}), 0, "mei").await.unwrap().unwrap();
    assert!(second > first);
    let again = place.open_again().await.unwrap();
    let kept = again.kept_settings().await.unwrap();
    assert_eq!((kept.revision, again.settings_revision().await.unwrap()), (second, second));
    assert_eq!(kept.sections.keys().cloned().collect::<Vec<_>>(), [SettingsSection::Hours, site("店")]);
    let found = &kept.sections[&SettingsSection::Hours];
    assert_eq!((found.by.as_str(), found.revision), ("boss", first));
    assert_eq!(found.value.as_deref(), Some(hours.to_string().as_str()));
    let third = store.reset_settings(&SettingsSection::Hours, first, "mei").await.unwrap().unwrap();
    let kept = store.kept_settings().await.unwrap();
    let found = &kept.sections[&SettingsSection::Hours];
    assert_eq!((found.value.as_deref(), found.by.as_str(), found.revision), (None, "mei", third));
    assert_eq!(kept.revision, third);
}

contract!(nobody_replaces_a_choice_that_they_do_not_know_of);
async fn nobody_replaces_a_choice_that_they_do_not_know_of(Place { store, .. }: &Place) {
    let mut choosing = JoinSet::new();
    for number in 0..10 {
        let store = store.clone();
        choosing.spawn(async move {
            store.keep_settings(&SettingsSection::Promise, &json!(number), 0, "boss").await.unwrap()
        });
    }
    let kept: Vec<i64> = choosing.join_all().await.into_iter().flatten().collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let before = store.kept_settings().await.unwrap();
    for since in [-1, 0, kept[0] + 1] {
        assert_eq!(store.reset_settings(&SettingsSection::Promise, since, "mei").await.unwrap(), None);
    }
    assert_eq!(store.kept_settings().await.unwrap(), before);
    let audit = store.audit(&AuditFilter { limit: 20, ..AuditFilter::default() }).await.unwrap().entries;
    let audit: Vec<_> = audit.iter().map(|entry| (entry.actor.as_str(), entry.action.as_str())).collect();
    assert_eq!(audit, [("boss", "settings.change")]);
}

contract!(changes_of_several_sections_at_once_are_all_counted);
async fn changes_of_several_sections_at_once_are_all_counted(Place { store, .. }: &Place) {
    let mut choosing = JoinSet::new();
    for number in 0..10 {
        let store = store.clone();
        choosing.spawn(async move {
            let section = site(&number.to_string());
            store.keep_settings(&section, &json!({}), 0, "boss").await.unwrap().unwrap()
        });
    }
    let revisions: BTreeSet<i64> = choosing.join_all().await.into_iter().collect();
    assert_eq!(revisions, (1..=10).collect());
}

contract!(what_a_newer_program_chose_is_left_alone);
async fn what_a_newer_program_chose_is_left_alone(place: &Place) {
    place
        .execute(
            "INSERT INTO settings (section, value, revision, updated_by, updated_at) \
             VALUES ('weather', '{}', 7, 'boss', 0)",
        )
        .await;
    let kept = place.store.kept_settings().await.unwrap();
    assert!(kept.sections.is_empty());
    assert_eq!(kept.revision, 7);
}
