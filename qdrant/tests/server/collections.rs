//! Calls about collections and aliases.

use qdrant_client::qdrant::alias_operations::Action;
use qdrant_client::qdrant::collections_server::Collections;
use qdrant_client::qdrant::{
    AliasDescription, ChangeAliases, CollectionConfig, CollectionDescription, CollectionInfo,
    CollectionOperationResponse, CollectionParams, CreateCollection, DeleteCollection,
    GetCollectionInfoRequest, GetCollectionInfoResponse, ListAliasesRequest, ListAliasesResponse,
    ListCollectionsRequest, ListCollectionsResponse,
};
use tonic::{Request, Response, Status};

use super::Service;
use super::state::{Collection, State};
use super::unimplemented::unimplemented_calls;

#[tonic::async_trait]
impl Collections for Service {
    async fn get(
        &self,
        request: Request<GetCollectionInfoRequest>,
    ) -> Result<Response<GetCollectionInfoResponse>, Status> {
        let request = self.accept(request).await?;
        let mut state = self.state();
        let collection = state.get(&request.collection_name)?;
        let params = CollectionParams {
            vectors_config: collection.description.vectors_config.clone(),
            sparse_vectors_config: collection.description.sparse_vectors_config.clone(),
            ..CollectionParams::default()
        };
        let config = CollectionConfig { params: Some(params), ..CollectionConfig::default() };
        let info = CollectionInfo { config: Some(config), ..CollectionInfo::default() };
        Ok(Response::new(GetCollectionInfoResponse { result: Some(info), time: 0.0 }))
    }

    async fn list(
        &self,
        request: Request<ListCollectionsRequest>,
    ) -> Result<Response<ListCollectionsResponse>, Status> {
        self.accept(request).await?;
        let names = self.state().collections.keys().cloned().collect::<Vec<_>>();
        let collections = names.into_iter().map(|name| CollectionDescription { name }).collect();
        Ok(Response::new(ListCollectionsResponse { collections, time: 0.0 }))
    }

    async fn create(
        &self,
        request: Request<CreateCollection>,
    ) -> Result<Response<CollectionOperationResponse>, Status> {
        let description = self.accept(request).await?;
        let name = description.collection_name.clone();
        let mut state = self.state();
        if state.collections.contains_key(&name) || state.aliases.contains_key(&name) {
            return Err(Status::already_exists(format!("Wrong input: Collection `{name}` already exists!")));
        }
        let collection = Collection { description, indexes: Default::default(), points: Default::default() };
        state.collections.insert(name, collection);
        done()
    }

    async fn delete(
        &self,
        request: Request<DeleteCollection>,
    ) -> Result<Response<CollectionOperationResponse>, Status> {
        let request = self.accept(request).await?;
        let mut state = self.state();
        state.collections.remove(&request.collection_name);
        state.aliases.retain(|_, collection| *collection != request.collection_name);
        done()
    }

    async fn update_aliases(
        &self,
        request: Request<ChangeAliases>,
    ) -> Result<Response<CollectionOperationResponse>, Status> {
        let request = self.accept(request).await?;
        let mut state = self.state();
        for action in request.actions {
            change(&mut state, action.action)?;
        }
        done()
    }

    async fn list_aliases(
        &self,
        request: Request<ListAliasesRequest>,
    ) -> Result<Response<ListAliasesResponse>, Status> {
        self.accept(request).await?;
        let state = self.state();
        let aliases = state.aliases.iter().map(|(alias, collection)| AliasDescription {
            alias_name: alias.clone(),
            collection_name: collection.clone(),
        });
        Ok(Response::new(ListAliasesResponse { aliases: aliases.collect(), time: 0.0 }))
    }

    unimplemented_calls! {
        update: UpdateCollection => CollectionOperationResponse,
        list_collection_aliases: ListCollectionAliasesRequest => ListAliasesResponse,
        collection_cluster_info: CollectionClusterInfoRequest => CollectionClusterInfoResponse,
        collection_exists: CollectionExistsRequest => CollectionExistsResponse,
        update_collection_cluster_setup:
            UpdateCollectionClusterSetupRequest => UpdateCollectionClusterSetupResponse,
        create_shard_key: CreateShardKeyRequest => CreateShardKeyResponse,
        delete_shard_key: DeleteShardKeyRequest => DeleteShardKeyResponse,
        list_shard_keys: ListShardKeysRequest => ListShardKeysResponse,
    }
}

/// As `update_aliases` of Qdrant's `collection_meta_ops.rs` does it: one after another, and an alias that is there is replaced.
fn change(state: &mut State, action: Option<Action>) -> Result<(), Status> {
    match action {
        Some(Action::CreateAlias(create)) => {
            if !state.collections.contains_key(&create.collection_name) {
                return Err(Status::not_found(format!(
                    "Collection `{}` doesn't exist!",
                    create.collection_name
                )));
            }
            if state.collections.contains_key(&create.alias_name) {
                return Err(Status::already_exists(format!("Collection `{}` exists!", create.alias_name)));
            }
            state.aliases.insert(create.alias_name, create.collection_name);
        }
        Some(Action::DeleteAlias(delete)) => {
            state.aliases.remove(&delete.alias_name);
        }
        _ => return Err(Status::unimplemented("renaming an alias")),
    }
    Ok(())
}

fn done() -> Result<Response<CollectionOperationResponse>, Status> {
    Ok(Response::new(CollectionOperationResponse { result: true, time: 0.0 }))
}
