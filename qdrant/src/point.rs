//! What a passage is in Qdrant: a point with a name of its own, two vectors, and what filters ask for.

use std::collections::HashMap;

use jiff::civil::{DateTime, date};
use qdrant_client::qdrant::{NamedVectors, PayloadIncludeSelector, PointStruct, Value, Vector};
use shopdesk_kb::{Article, ArticleId, ArticleKey, Entry, Language, Part, Terms, Version};
use uuid::Uuid;

use crate::{QdrantError, Result};

/// The vector of unit length. Its dot product is the cosine.
pub(crate) const DENSE: &str = "dense";
/// The weights of terms, without how rare they are: Qdrant brings that in.
pub(crate) const WORDS: &str = "words";

pub(crate) const ARTICLE: &str = "article";
pub(crate) const LANGUAGE: &str = "language";
pub(crate) const VERSION: &str = "version";
pub(crate) const PART: &str = "part";
pub(crate) const NUMBER: &str = "number";
/// Absent when everybody may read it.
pub(crate) const AUDIENCE: &str = "audience";
/// Absent when it always held.
pub(crate) const VALID_FROM: &str = "valid_from";
/// Absent when it holds for good.
pub(crate) const VALID_UNTIL: &str = "valid_until";

/// Within this, the name of a passage is its id. It must never change.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b1f_6b0e_8d0c_4c55_9f0a_6d3b_1f2e_7a90);

/// The same passage of the same version always has the same id.
pub(crate) fn id(key: &ArticleKey, number: u32) -> String {
    let name = format!("{}\0{}\0{}\0{number}", key.id, key.language, key.version);
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string()
}

/// A passage as Qdrant takes it in.
pub(crate) fn point(key: &ArticleKey, entry: Entry) -> PointStruct {
    let Entry { passage, vector, terms } = entry;
    let mut vectors = NamedVectors::default().add_vector(DENSE, Vector::new_dense(vector));
    if !terms.is_empty() {
        let (indices, weights) = sparse(&terms);
        vectors = vectors.add_vector(WORDS, Vector::new_sparse(indices, weights));
    }
    let payload = payload(key, &passage.article, passage.part, passage.number);
    PointStruct::new(id(key, passage.number), vectors, payload)
}

/// Terms and their weights, as Qdrant writes them.
pub(crate) fn sparse(terms: &Terms) -> (Vec<u32>, Vec<f32>) {
    terms.iter().unzip()
}

fn payload(key: &ArticleKey, article: &Article, part: Part, number: u32) -> HashMap<String, Value> {
    let mut payload: HashMap<String, Value> = HashMap::from([
        (ARTICLE.to_owned(), key.id.as_str().into()),
        (LANGUAGE.to_owned(), key.language.as_str().into()),
        (VERSION.to_owned(), key.version.as_str().into()),
        (PART.to_owned(), part_name(part).into()),
        (NUMBER.to_owned(), i64::from(number).into()),
    ]);
    if !article.audience.is_empty() {
        payload.insert(AUDIENCE.to_owned(), article.audience.clone().into());
    }
    if let Some(from) = article.validity.from {
        payload.insert(VALID_FROM.to_owned(), seconds(from).into());
    }
    if let Some(until) = article.validity.until {
        payload.insert(VALID_UNTIL.to_owned(), seconds(until).into());
    }
    payload
}

/// Whole seconds of the shop's clock since the start of 1970, every day having as many. Fractions are cut off on both sides of a
/// comparison, which changes nothing for times without any.
pub(crate) fn seconds(time: DateTime) -> i64 {
    let since = time.duration_since(date(1970, 1, 1).at(0, 0, 0, 0));
    since.as_secs() - i64::from(since.subsec_nanos() < 0)
}

/// What a part is called.
pub(crate) fn part_name(part: Part) -> &'static str {
    match part {
        Part::Question => "question",
        Part::Answer => "answer",
        Part::Body => "body",
    }
}

/// That no more than this is to come back of a point.
pub(crate) fn only(fields: &[&str]) -> PayloadIncludeSelector {
    PayloadIncludeSelector { fields: fields.iter().map(|&field| field.to_owned()).collect() }
}

/// What came back of a point.
pub(crate) struct Payload<'a>(pub(crate) &'a HashMap<String, Value>);

impl Payload<'_> {
    pub(crate) fn article(&self) -> Result<ArticleKey> {
        Ok(ArticleKey {
            id: ArticleId::new(self.text(ARTICLE)?).ok_or(QdrantError::Incomplete { missing: ARTICLE })?,
            language: Language::new(self.text(LANGUAGE)?),
            version: Version::new(self.text(VERSION)?),
        })
    }

    pub(crate) fn part(&self) -> Result<Part> {
        let name = self.text(PART)?;
        let mut parts = [Part::Question, Part::Answer, Part::Body].into_iter();
        parts.find(|&part| part_name(part) == name).ok_or(QdrantError::Incomplete { missing: PART })
    }

    pub(crate) fn number(&self) -> Result<u32> {
        let number = self.0.get(NUMBER).and_then(Value::as_integer);
        let number = number.and_then(|number| u32::try_from(number).ok());
        number.ok_or(QdrantError::Incomplete { missing: NUMBER })
    }

    fn text(&self, key: &'static str) -> Result<&str> {
        let text = self.0.get(key).and_then(Value::as_str);
        text.map(String::as_str).ok_or(QdrantError::Incomplete { missing: key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(language: &str) -> ArticleKey {
        ArticleKey {
            id: ArticleId::new("return-freight").unwrap(),
            language: Language::new(language),
            version: Version::new("0123456789ab"),
        }
    }

    #[test]
    fn an_id_never_changes() {
        assert_eq!(id(&key("zh"), 0), "f0e52005-f64c-5eed-bee9-be94f00cb185");
    }

    #[test]
    fn no_two_passages_have_one_id() {
        assert_ne!(id(&key("zh"), 0), id(&key("zh"), 1));
        assert_ne!(id(&key("zh"), 0), id(&key("en"), 0));
    }

    #[test]
    fn times_are_whole_seconds() {
        assert_eq!(seconds(date(1970, 1, 2).at(0, 0, 1, 999_999_999)), 86_401);
        assert_eq!(seconds(date(1969, 12, 31).at(23, 59, 59, 500_000_000)), -1);
        assert!(seconds(DateTime::MIN) < seconds(DateTime::MAX));
    }
}
