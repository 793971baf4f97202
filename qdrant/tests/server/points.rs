//! Calls about points.

use std::ops::Bound;

use qdrant_client::qdrant::points_selector::PointsSelectorOneOf;
use qdrant_client::qdrant::points_server::Points;
use qdrant_client::qdrant::{
    BatchResult, CountPoints, CountResponse, CountResult, CreateFieldIndexCollection, DeletePoints, PointId,
    PointsOperationResponse, QueryBatchPoints, QueryBatchResponse, RetrievedPoint, ScrollPoints,
    ScrollResponse, UpsertPoints,
};
use tonic::{Request, Response, Status};

use super::Service;
use super::filter::admits;
use super::query::{nearest, payload};
use super::state;
use super::unimplemented::unimplemented_calls;

#[tonic::async_trait]
impl Points for Service {
    async fn upsert(
        &self,
        request: Request<UpsertPoints>,
    ) -> Result<Response<PointsOperationResponse>, Status> {
        let request = self.accept(request).await?;
        require_wait(request.wait)?;
        let mut state = self.state();
        let collection = state.get(&request.collection_name)?;
        request.points.into_iter().try_for_each(|point| collection.upsert(point))?;
        done()
    }

    async fn delete(
        &self,
        request: Request<DeletePoints>,
    ) -> Result<Response<PointsOperationResponse>, Status> {
        let request = self.accept(request).await?;
        require_wait(request.wait)?;
        let mut state = self.state();
        let collection = state.get(&request.collection_name)?;
        let gone = match request.points.and_then(|points| points.points_selector_one_of) {
            Some(PointsSelectorOneOf::Points(points)) => {
                points.ids.iter().map(|id| state::id(Some(id))).collect::<Result<Vec<_>, _>>()?
            }
            Some(PointsSelectorOneOf::Filter(filter)) => {
                let mut gone = Vec::new();
                for (id, point) in &collection.points {
                    if admits(&filter, id, &point.payload)? {
                        gone.push(id.clone());
                    }
                }
                gone
            }
            None => return Err(Status::invalid_argument("No points selector")),
        };
        for id in gone {
            collection.points.remove(&id);
        }
        done()
    }

    async fn create_field_index(
        &self,
        request: Request<CreateFieldIndexCollection>,
    ) -> Result<Response<PointsOperationResponse>, Status> {
        let request = self.accept(request).await?;
        require_wait(request.wait)?;
        let mut state = self.state();
        let collection = state.get(&request.collection_name)?;
        let kind = request.field_type.ok_or_else(|| Status::invalid_argument("no field type"))?;
        collection.indexes.insert(request.field_name, kind);
        done()
    }

    async fn scroll(&self, request: Request<ScrollPoints>) -> Result<Response<ScrollResponse>, Status> {
        let request = self.accept(request).await?;
        let mut state = self.state();
        let collection = state.get(&request.collection_name)?;
        let from = request.offset.as_ref().map(|id| state::id(Some(id))).transpose()?;
        let from = from.map_or(Bound::Unbounded, Bound::Included);
        let limit = request.limit.unwrap_or(10) as usize;
        let mut result = Vec::new();
        let mut points = collection.points.range((from, Bound::Unbounded));
        for (id, point) in points.by_ref() {
            if request.filter.is_some() {
                return Err(Status::unimplemented("scrolling with a filter"));
            }
            if result.len() == limit {
                let next_page_offset = Some(PointId::from(id.as_str()));
                return Ok(Response::new(ScrollResponse {
                    result,
                    next_page_offset,
                    ..ScrollResponse::default()
                }));
            }
            let payload = payload(point, request.with_payload.as_ref())?;
            result.push(RetrievedPoint {
                id: Some(PointId::from(id.as_str())),
                payload,
                ..RetrievedPoint::default()
            });
        }
        Ok(Response::new(ScrollResponse { result, ..ScrollResponse::default() }))
    }

    async fn count(&self, request: Request<CountPoints>) -> Result<Response<CountResponse>, Status> {
        let request = self.accept(request).await?;
        if request.filter.is_some() {
            return Err(Status::unimplemented("counting with a filter"));
        }
        let count = self.state().get(&request.collection_name)?.points.len() as u64;
        Ok(Response::new(CountResponse { result: Some(CountResult { count }), ..CountResponse::default() }))
    }

    async fn query_batch(
        &self,
        request: Request<QueryBatchPoints>,
    ) -> Result<Response<QueryBatchResponse>, Status> {
        let request = self.accept(request).await?;
        let mut state = self.state();
        let mut result = Vec::new();
        for query in &request.query_points {
            if query.collection_name != request.collection_name {
                return Err(Status::invalid_argument("all queries of a batch are about one collection"));
            }
            result.push(BatchResult { result: nearest(state.get(&query.collection_name)?, query)? });
        }
        Ok(Response::new(QueryBatchResponse { result, ..QueryBatchResponse::default() }))
    }

    unimplemented_calls! {
        get: GetPoints => GetResponse,
        update_vectors: UpdatePointVectors => PointsOperationResponse,
        delete_vectors: DeletePointVectors => PointsOperationResponse,
        set_payload: SetPayloadPoints => PointsOperationResponse,
        overwrite_payload: SetPayloadPoints => PointsOperationResponse,
        delete_payload: DeletePayloadPoints => PointsOperationResponse,
        clear_payload: ClearPayloadPoints => PointsOperationResponse,
        delete_field_index: DeleteFieldIndexCollection => PointsOperationResponse,
        create_vector_name: CreateVectorNameRequest => PointsOperationResponse,
        delete_vector_name: DeleteVectorNameRequest => PointsOperationResponse,
        search: SearchPoints => SearchResponse,
        search_batch: SearchBatchPoints => SearchBatchResponse,
        search_groups: SearchPointGroups => SearchGroupsResponse,
        recommend: RecommendPoints => RecommendResponse,
        recommend_batch: RecommendBatchPoints => RecommendBatchResponse,
        recommend_groups: RecommendPointGroups => RecommendGroupsResponse,
        discover: DiscoverPoints => DiscoverResponse,
        discover_batch: DiscoverBatchPoints => DiscoverBatchResponse,
        update_batch: UpdateBatchPoints => UpdateBatchResponse,
        query: QueryPoints => QueryResponse,
        query_groups: QueryPointGroups => QueryGroupsResponse,
        facet: FacetCounts => FacetResponse,
        search_matrix_pairs: SearchMatrixPoints => SearchMatrixPairsResponse,
        search_matrix_offsets: SearchMatrixPoints => SearchMatrixOffsetsResponse,
    }
}

/// A change that is not waited for may not be seen by the next search.
fn require_wait(wait: Option<bool>) -> Result<(), Status> {
    if wait == Some(true) { Ok(()) } else { Err(Status::invalid_argument("`wait` is expected")) }
}

fn done() -> Result<Response<PointsOperationResponse>, Status> {
    Ok(Response::new(PointsOperationResponse::default()))
}
