//! Both lists of candidates, in one call.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use qdrant_client::qdrant::vector_output;
use qdrant_client::qdrant::{
    BatchResult, Filter as Points, Query as Nearest, QueryBatchPoints, QueryBatchPointsBuilder,
    QueryPointsBuilder, ScoredPoint, VectorInput, VectorsSelector,
};
use shopdesk_kb::{ArticleKey, Candidate, Candidates, Filter, PassageKey, Query};

use crate::filter;
use crate::point::{ARTICLE, DENSE, LANGUAGE, NUMBER, PART, Payload, VERSION, WORDS, only, sparse};
use crate::{QdrantError, Result};

/// The call: by the vector, and by the words if there are any. Of those found by words the vector comes back, so that their cosine is
/// known even if they are not among the closest.
pub(crate) fn request(
    collection: &str,
    query: &Query<'_>,
    filter: &Filter,
    limit: usize,
    timeout_seconds: u64,
) -> QueryBatchPoints {
    let admitted = filter::admitted(filter);
    let dense = VectorInput::new_dense(query.vector);
    let mut queries = vec![nearest(collection, dense, DENSE, &admitted, limit).build()];
    if !query.terms.is_empty() {
        let (indices, weights) = sparse(query.terms);
        let words = VectorInput::new_sparse(indices, weights);
        let vectors = VectorsSelector { names: vec![DENSE.to_owned()] };
        queries.push(nearest(collection, words, WORDS, &admitted, limit).with_vectors(vectors).build());
    }
    QueryBatchPointsBuilder::new(collection, queries).timeout(timeout_seconds).build()
}

/// The candidates in the reply, in the order of the trait. Qdrant's own order of equal scores depends on how points came in; where the
/// limit cuts between equals, it chooses.
pub(crate) fn candidates(reply: Vec<BatchResult>, vector: &[f32]) -> Result<Candidates> {
    let mut lists = reply.into_iter().map(|list| list.result);
    let mut keys = Keys::default();
    let mut dense = found(lists.next().unwrap_or_default(), &mut keys)?;
    let mut lexical = found(lists.next().unwrap_or_default(), &mut keys)?;
    let cosines: HashMap<PassageKey, f32> =
        dense.iter().map(|found| (found.passage.passage.clone(), found.score)).collect();
    for found in &mut lexical {
        // One passage has one cosine, however it was found.
        let known = cosines.get(&found.passage.passage).copied();
        found.passage.cosine = known.map_or_else(|| found.cosine(vector), Ok)?;
        found.passage.lexical = found.score;
    }
    let scores: HashMap<PassageKey, f32> =
        lexical.iter().map(|found| (found.passage.passage.clone(), found.score)).collect();
    for found in &mut dense {
        found.passage.cosine = found.score;
        found.passage.lexical = scores.get(&found.passage.passage).copied().unwrap_or(0.0);
    }
    Ok(Candidates { dense: ordered(dense), lexical: ordered(lexical) })
}

fn nearest(
    collection: &str,
    query: VectorInput,
    vector: &str,
    admitted: &Points,
    limit: usize,
) -> QueryPointsBuilder {
    QueryPointsBuilder::new(collection)
        .query(Nearest::new_nearest(query))
        .using(vector)
        .filter(admitted.clone())
        .limit(limit as u64)
        .with_payload(only(&[ARTICLE, LANGUAGE, VERSION, PART, NUMBER]))
}

/// A point in a list of the reply.
struct Found {
    score: f32,
    passage: Candidate,
    point: ScoredPoint,
}

impl Found {
    fn cosine(&self, query: &[f32]) -> Result<f32> {
        let vectors = self.point.vectors.as_ref();
        match vectors.and_then(|vectors| vectors.get_vector_by_name(DENSE)) {
            Some(vector_output::Vector::Dense(vector)) if vector.data.len() == query.len() => {
                Ok(query.iter().zip(&vector.data).map(|(a, b)| a * b).sum())
            }
            _ => Err(QdrantError::Incomplete { missing: DENSE }),
        }
    }
}

fn found(points: Vec<ScoredPoint>, keys: &mut Keys) -> Result<Vec<Found>> {
    let found = points.into_iter().map(|point| {
        let payload = Payload(&point.payload);
        let passage = PassageKey { article: keys.share(payload.article()?), number: payload.number()? };
        let passage = Candidate { passage, part: payload.part()?, cosine: 0.0, lexical: 0.0 };
        Ok(Found { score: point.score, passage, point })
    });
    found.collect()
}

fn ordered(mut found: Vec<Found>) -> Vec<Candidate> {
    found.sort_by(|a, b| {
        let place =
            |found: &Found| (Arc::clone(&found.passage.passage.article), found.passage.passage.number);
        b.score.total_cmp(&a.score).then_with(|| place(a).cmp(&place(b)))
    });
    found.into_iter().map(|found| found.passage).collect()
}

/// Keys that several candidates share.
#[derive(Default)]
struct Keys(HashSet<Arc<ArticleKey>>);

impl Keys {
    fn share(&mut self, key: ArticleKey) -> Arc<ArticleKey> {
        if let Some(known) = self.0.get(&key) {
            return Arc::clone(known);
        }
        let key = Arc::new(key);
        self.0.insert(Arc::clone(&key));
        key
    }
}
