//! The points closest to a vector.

use std::cmp::Reverse;
use std::collections::HashMap;

use qdrant_client::qdrant::{
    DenseVector, NamedVectorsOutput, PointId, QueryPoints, ScoredPoint, Value, VectorInput, VectorOutput,
    VectorsOutput, WithPayloadSelector, WithVectorsSelector, query, vector_input, vector_output,
    vectors_output, with_payload_selector, with_vectors_selector,
};
use tonic::Status;

use super::filter::admits;
use super::state::{Collection, Point, weights};

/// The points in the order of their scores. Equal ones come in an order that means nothing, as Qdrant's do.
pub(crate) fn nearest(collection: &Collection, request: &QueryPoints) -> Result<Vec<ScoredPoint>, Status> {
    let known = QueryPoints {
        collection_name: request.collection_name.clone(),
        query: request.query.clone(),
        using: request.using.clone(),
        filter: request.filter.clone(),
        limit: request.limit,
        with_payload: request.with_payload.clone(),
        with_vectors: request.with_vectors.clone(),
        ..QueryPoints::default()
    };
    if known != *request {
        return Err(Status::unimplemented(format!("the query {request:?}")));
    }
    let limit = match request.limit {
        Some(0) => return Err(Status::invalid_argument("limit: value 0 invalid, must be 1 or larger")),
        limit => limit.unwrap_or(10) as usize,
    };
    let mut scores = scores(collection, request)?;
    let mut admitted = Vec::new();
    for (id, score) in scores.drain(..) {
        let filter = request.filter.clone().unwrap_or_default();
        if admits(&filter, id, &collection.points[id].payload)? {
            admitted.push((id, score));
        }
    }
    admitted.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| Reverse(a.0).cmp(&Reverse(b.0))));
    admitted.truncate(limit);
    admitted.into_iter().map(|(id, score)| scored(id, score, &collection.points[id], request)).collect()
}

/// Of all points with that vector, or for sparse ones those that share a dimension with the query.
fn scores<'a>(collection: &'a Collection, request: &QueryPoints) -> Result<Vec<(&'a str, f32)>, Status> {
    let Some(query::Variant::Nearest(VectorInput { variant: Some(vector) })) =
        request.query.as_ref().and_then(|query| query.variant.as_ref())
    else {
        return Err(Status::unimplemented("queries other than `nearest`"));
    };
    let points = collection.points.iter();
    match (request.using.as_deref(), vector) {
        (Some("dense"), vector_input::Variant::Dense(query)) => {
            if Some(query.data.len()) != collection.dimension() {
                return Err(Status::invalid_argument("Wrong input: Vector dimension error"));
            }
            let dot = |point: &Point| query.data.iter().zip(&point.dense).map(|(a, b)| a * b).sum();
            Ok(points.map(|(id, point)| (id.as_str(), dot(point))).collect())
        }
        (Some("words"), vector_input::Variant::Sparse(query)) => {
            let query = with_rarity(collection, weights(&query.indices, &query.values)?);
            Ok(points
                .filter_map(|(id, point)| Some((id.as_str(), overlap(&query, point.sparse.as_ref()?)?)))
                .collect())
        }
        other => Err(Status::invalid_argument(format!("Not existing vector name error: {other:?}"))),
    }
}

/// The query's weights times each dimension's inverse document frequency over all points that have such a vector, whatever the filter:
/// `ln((N - n + 0.5) / (n + 0.5) + 1)`.
fn with_rarity(collection: &Collection, mut query: HashMap<u32, f32>) -> HashMap<u32, f32> {
    let vectors: Vec<_> = collection.points.values().filter_map(|point| point.sparse.as_ref()).collect();
    for (dimension, weight) in &mut query {
        let having = vectors.iter().filter(|vector| vector.contains_key(dimension)).count() as f32;
        *weight *= ((vectors.len() as f32 - having + 0.5) / (having + 0.5) + 1.0).ln();
    }
    query
}

fn overlap(query: &HashMap<u32, f32>, vector: &HashMap<u32, f32>) -> Option<f32> {
    let mut shared: Vec<u32> =
        query.keys().filter(|dimension| vector.contains_key(dimension)).copied().collect();
    shared.sort_unstable();
    let products = shared.iter().map(|dimension| query[dimension] * vector[dimension]);
    (!shared.is_empty()).then(|| products.sum())
}

fn scored(id: &str, score: f32, point: &Point, request: &QueryPoints) -> Result<ScoredPoint, Status> {
    Ok(ScoredPoint {
        id: Some(PointId::from(id)),
        payload: payload(point, request.with_payload.as_ref())?,
        score,
        vectors: vectors(point, request.with_vectors.as_ref())?,
        ..ScoredPoint::default()
    })
}

/// What was asked for of the payload.
pub(crate) fn payload(
    point: &Point,
    selector: Option<&WithPayloadSelector>,
) -> Result<HashMap<String, Value>, Status> {
    match selector.and_then(|selector| selector.selector_options.as_ref()) {
        Some(with_payload_selector::SelectorOptions::Include(include)) => {
            let wanted = |key: &&String| include.fields.contains(key);
            Ok(point
                .payload
                .keys()
                .filter(wanted)
                .map(|key| (key.clone(), point.payload[key].clone()))
                .collect())
        }
        other => Err(Status::unimplemented(format!("the payload selector {other:?}"))),
    }
}

fn vectors(point: &Point, selector: Option<&WithVectorsSelector>) -> Result<Option<VectorsOutput>, Status> {
    match selector.and_then(|selector| selector.selector_options.as_ref()) {
        None => Ok(None),
        Some(with_vectors_selector::SelectorOptions::Include(include)) if include.names == ["dense"] => {
            let dense = vector_output::Vector::Dense(DenseVector { data: point.dense.clone() });
            let output = VectorOutput { vector: Some(dense), ..VectorOutput::default() };
            let named = NamedVectorsOutput { vectors: HashMap::from([("dense".to_owned(), output)]) };
            Ok(Some(VectorsOutput { vectors_options: Some(vectors_output::VectorsOptions::Vectors(named)) }))
        }
        other => Err(Status::unimplemented(format!("the vectors selector {other:?}"))),
    }
}
