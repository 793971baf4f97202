//! Articles: changes come one after the other, every version stays readable.

use std::sync::Arc;

use serde_json::json;
use shopdesk_kb::Article;
use shopdesk_kb::import::Change;
use shopdesk_server::{Origin, Store};
use shopdesk_triage::TextHash;
use tokio::task::JoinSet;

use crate::place::{Place, contract};

contract!(a_change_to_what_is_not_there_any_more_is_not_made);
async fn a_change_to_what_is_not_there_any_more_is_not_made(Place { store, .. }: &Place) {
    assert_eq!(store.revision().await.unwrap(), 0);
    let (first, second) = (article("a", "one"), article("a", "two"));
    assert_eq!(add(store, 0, &first).await, Some(1));
    assert_eq!(add(store, 0, &second).await, None);
    let shelf = store.articles().await.unwrap();
    assert_eq!((shelf.revision, shelf.articles()), (1, vec![first]));
    assert_eq!(read(store, &second).await, None);
    assert_eq!(store.change(1, &[], Origin::Folder).await.unwrap(), Some(1));
}

contract!(of_changes_made_at_once_one_is_made);
async fn of_changes_made_at_once_one_is_made(Place { store, .. }: &Place) {
    let mut changing = JoinSet::new();
    for number in 0..10 {
        let store = store.clone();
        let article = article(&format!("a{number}"), "text");
        changing.spawn(async move { add(&store, 0, &article).await });
    }
    let made: Vec<i64> = changing.join_all().await.into_iter().flatten().collect();
    assert_eq!(made, [1]);
    assert_eq!(store.articles().await.unwrap().articles.len(), 1);
}

contract!(every_version_that_was_in_force_stays_readable);
async fn every_version_that_was_in_force_stays_readable(Place { store, .. }: &Place) {
    let (old, new) = (article("a", "one"), article("a", "two"));
    add(store, 0, &old).await.unwrap();
    let replace = Change::Replace { old: old.version.clone(), new: Arc::clone(&new) };
    store.change(1, &[replace], Origin::File).await.unwrap().unwrap();
    let (id, language) = (new.id.clone(), new.language.clone());
    let withdraw = Change::Withdraw { id, language, old: new.version.clone() };
    store.change(2, &[withdraw], Origin::File).await.unwrap().unwrap();
    assert!(store.articles().await.unwrap().articles.is_empty());
    assert_eq!(read(store, &old).await.as_deref(), Some("one"));
    assert_eq!(read(store, &new).await.as_deref(), Some("two"));
    let history = store.history(&new.id, &new.language).await.unwrap();
    let steps: Vec<_> =
        history.iter().map(|entry| (entry.revision, entry.version.clone(), entry.replaced.clone())).collect();
    let (old, new) = (Some(old.version.clone()), Some(new.version.clone()));
    assert_eq!(steps, [(3, None, new.clone()), (2, new, old.clone()), (1, old, None)]);
}

contract!(an_article_remembers_who_brought_it);
async fn an_article_remembers_who_brought_it(Place { store, .. }: &Place) {
    let (folder, file) = (article("a", "one"), article("b", "two"));
    store.change(0, &[Change::Add(folder)], Origin::Folder).await.unwrap().unwrap();
    store.change(1, &[Change::Add(file)], Origin::File).await.unwrap().unwrap();
    let shelf = store.articles().await.unwrap();
    let origins: Vec<Origin> = shelf.articles.iter().map(|kept| kept.origin).collect();
    assert_eq!(origins, [Origin::Folder, Origin::File]);
}

contract!(a_change_by_hand_names_who_made_it_and_is_listed);
async fn a_change_by_hand_names_who_made_it_and_is_listed(Place { store, .. }: &Place) {
    let (old, new) = (article("a", "one"), article("a", "two"));
    add(store, 0, &old).await.unwrap();
    let replace = Change::Replace { old: old.version.clone(), new: Arc::clone(&new) };
    store.change_by_hand(1, &[replace], "anna").await.unwrap().unwrap();
    let kept = store.kept_articles(None).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].article.as_ref(), kept[0].is_in_force()), (new.as_ref(), true));
    assert_eq!((kept[0].last.origin, kept[0].last.actor.as_deref()), (Some(Origin::Console), Some("anna")));
    let first = store.history(&new.id, &new.language).await.unwrap().remove(1);
    assert_eq!((first.origin, first.actor), (Some(Origin::Folder), None));
    let text = store.article_text(&old.id, &old.language, &old.version).await.unwrap().unwrap();
    assert_eq!(text, *old);
    assert!(store.kept_articles(shopdesk_kb::ArticleId::new("b").as_ref()).await.unwrap().is_empty());
}

contract!(what_people_withdrew_is_known_until_it_comes_back);
async fn what_people_withdrew_is_known_until_it_comes_back(Place { store, .. }: &Place) {
    let (a, b) = (article("a", "one"), article("b", "one"));
    store
        .change(0, &[Change::Add(Arc::clone(&a)), Change::Add(Arc::clone(&b))], Origin::Folder)
        .await
        .unwrap();
    let withdraw = |article: &Article| Change::Withdraw {
        id: article.id.clone(),
        language: article.language.clone(),
        old: article.version.clone(),
    };
    store.change_by_hand(1, &[withdraw(&a)], "anna").await.unwrap().unwrap();
    store.change(2, &[withdraw(&b)], Origin::File).await.unwrap().unwrap();
    let withdrawn = store.articles().await.unwrap().withdrawn_by_people;
    assert_eq!(withdrawn, [(a.id.clone(), a.language.clone())]);
    let kept = store.kept_articles(Some(&a.id)).await.unwrap();
    assert_eq!((kept[0].article.as_ref(), kept[0].is_in_force()), (a.as_ref(), false));
    store.change_by_hand(3, &[Change::Add(Arc::clone(&a))], "anna").await.unwrap().unwrap();
    assert!(store.articles().await.unwrap().withdrawn_by_people.is_empty());
}

contract!(an_import_that_takes_an_article_over_changes_whose_it_is_and_not_its_text);
async fn an_import_that_takes_an_article_over_changes_whose_it_is_and_not_its_text(
    Place { store, .. }: &Place,
) {
    let article = article("a", "one");
    store.change_by_hand(0, &[Change::Add(Arc::clone(&article))], "anna").await.unwrap().unwrap();
    store.change(1, &[Change::TakeOver(Arc::clone(&article))], Origin::Folder).await.unwrap().unwrap();
    let shelf = store.articles().await.unwrap();
    assert_eq!((shelf.articles[0].article.clone(), shelf.articles[0].origin), (article, Origin::Folder));
}

contract!(vectors_are_found_by_their_text);
async fn vectors_are_found_by_their_text(Place { store, .. }: &Place) {
    let hash = |byte| TextHash([byte; 32]);
    let vectors = [(hash(1), vec![0.25, -1.5, f32::MIN_POSITIVE]), (hash(2), vec![1.0])];
    store.keep_vectors(&vectors).await.unwrap();
    // Kept again, they stay as they are.
    store.keep_vectors(&vectors[..1]).await.unwrap();
    let found = store.vectors(&[hash(2), hash(3), hash(1)]).await.unwrap();
    assert_eq!(found, [Some(vec![1.0]), None, Some(vec![0.25, -1.5, f32::MIN_POSITIVE])]);
    let many: Vec<TextHash> = (0..=255).cycle().take(1200).map(hash).collect();
    assert_eq!(store.vectors(&many).await.unwrap().iter().flatten().count(), 10);
}

contract!(what_is_derived_is_found_as_long_as_it_is_made_from_the_same);
async fn what_is_derived_is_found_as_long_as_it_is_made_from_the_same(Place { store, .. }: &Place) {
    store.keep_derived("centres", "old", "1").await.unwrap();
    store.keep_derived("centres", "new", "2").await.unwrap();
    assert_eq!(store.derived("centres", "old").await.unwrap(), None);
    assert_eq!(store.derived("centres", "new").await.unwrap().as_deref(), Some("2"));
    store.forget_derived().await.unwrap();
    assert_eq!(store.derived("centres", "new").await.unwrap(), None);
}

fn article(id: &str, answer: &str) -> Arc<Article> {
    let json = json!({
        "id": id, "language": "zh", "title": "怎么退货", "intents": ["return_request"], "questions": [], "tags": [],
        "answer": answer, "body": "## 步骤",
    });
    Arc::new(Article::from_json(&json.to_string()).unwrap())
}

async fn add(store: &Store, since: i64, article: &Arc<Article>) -> Option<i64> {
    store.change(since, &[Change::Add(Arc::clone(article))], Origin::Folder).await.unwrap()
}

/// The answer of that version, if it was ever in force.
async fn read(store: &Store, article: &Article) -> Option<String> {
    let (id, language, version) = (article.id.as_str(), article.language.as_str(), article.version.as_str());
    let found = store.article_version(id, language, version).await.unwrap();
    found.map(|found| found.answer)
}
