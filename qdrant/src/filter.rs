//! Which points a message may find, in Qdrant's words.

use qdrant_client::qdrant::{Condition, Filter as Points, Range};
use shopdesk_kb::{ArticleKey, Filter};

use crate::point::{
    ARTICLE, AUDIENCE, LANGUAGE, PART, VALID_FROM, VALID_UNTIL, VERSION, id, part_name, seconds,
};

/// The points that a filter admits.
pub(crate) fn admitted(filter: &Filter) -> Points {
    let at = seconds(filter.at) as f64;
    let mut must = vec![readable(&filter.audience)];
    if !filter.languages.is_empty() {
        let languages = filter.languages.iter().map(|language| language.as_str().to_owned());
        must.push(Condition::matches(LANGUAGE, languages.collect::<Vec<String>>()));
    }
    // Where a time is absent no range holds, so these say what an open end needs, too.
    let mut must_not = vec![
        Condition::range(VALID_FROM, Range { gt: Some(at), ..Range::default() }),
        Condition::range(VALID_UNTIL, Range { lte: Some(at), ..Range::default() }),
    ];
    if let Some(article) = &filter.except_article {
        must_not.push(Condition::matches(ARTICLE, article.as_str().to_owned()));
    }
    if let Some(passage) = &filter.except_passage {
        must_not.push(Condition::has_id([id(&passage.article, passage.number)]));
    }
    if !filter.except_parts.is_empty() {
        let parts = filter.except_parts.iter().map(|&part| part_name(part).to_owned());
        must_not.push(Condition::matches(PART, parts.collect::<Vec<String>>()));
    }
    Points { must, must_not, ..Points::default() }
}

/// The points of these versions, of which there must be one: without conditions a filter is about all points there are.
pub(crate) fn versions<'a>(keys: impl IntoIterator<Item = &'a ArticleKey>) -> Points {
    let mut keys = keys.into_iter().peekable();
    assert!(keys.peek().is_some(), "whoever names no version means no point");
    Points::should(keys.map(|key| {
        Condition::from(Points::must([
            Condition::matches(ARTICLE, key.id.as_str().to_owned()),
            Condition::matches(LANGUAGE, key.language.as_str().to_owned()),
            Condition::matches(VERSION, key.version.as_str().to_owned()),
        ]))
    }))
}

/// What is for everybody or for one of these.
fn readable(audience: &[String]) -> Condition {
    let everybody = Condition::is_empty(AUDIENCE);
    if audience.is_empty() {
        return everybody;
    }
    Condition::from(Points::should([everybody, Condition::matches(AUDIENCE, audience.to_vec())]))
}
