//! What the server keeps.

use std::collections::{BTreeMap, HashMap};

use qdrant_client::qdrant::vectors_config::Config;
use qdrant_client::qdrant::{CreateCollection, PointStruct, Value, vector, vectors};
use tonic::Status;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) collections: BTreeMap<String, Collection>,
    pub(crate) aliases: BTreeMap<String, String>,
}

#[derive(Clone)]
pub(crate) struct Collection {
    pub(crate) description: CreateCollection,
    /// Which fields are indexed, and as what.
    pub(crate) indexes: BTreeMap<String, i32>,
    pub(crate) points: BTreeMap<String, Point>,
}

#[derive(Clone)]
pub(crate) struct Point {
    pub(crate) payload: HashMap<String, Value>,
    pub(crate) dense: Vec<f32>,
    pub(crate) sparse: Option<HashMap<u32, f32>>,
}

impl State {
    /// A collection by its name or an alias.
    pub(crate) fn get(&mut self, name: &str) -> Result<&mut Collection, Status> {
        let name = self.aliases.get(name).map_or(name, String::as_str);
        let missing = || Status::not_found(format!("Not found: Collection `{name}` doesn't exist!"));
        self.collections.get_mut(name).ok_or_else(missing)
    }
}

impl Collection {
    pub(crate) fn dimension(&self) -> Option<usize> {
        match self.description.vectors_config.as_ref()?.config.as_ref()? {
            Config::ParamsMap(map) => Some(map.map.get("dense")?.size as usize),
            Config::Params(_) => None,
        }
    }

    /// Takes in a point in place of one with the same id.
    pub(crate) fn upsert(&mut self, point: PointStruct) -> Result<(), Status> {
        let id = id(point.id.as_ref())?;
        let Some(vectors::VectorsOptions::Vectors(named)) = point.vectors.and_then(|it| it.vectors_options)
        else {
            return Err(Status::invalid_argument("Not existing vector name error: "));
        };
        let (mut dense, mut sparse) = (None, None);
        for (name, vector) in named.vectors {
            match (name.as_str(), vector.vector) {
                ("dense", Some(vector::Vector::Dense(vector))) => dense = Some(vector.data),
                ("words", Some(vector::Vector::Sparse(vector))) => {
                    sparse = Some(weights(&vector.indices, &vector.values)?);
                }
                _ => return Err(Status::invalid_argument(format!("Not existing vector name error: {name}"))),
            }
        }
        let dense = dense.ok_or_else(|| Status::unimplemented("points without `dense`"))?;
        if Some(dense.len()) != self.dimension() {
            return Err(Status::invalid_argument("Wrong input: Vector dimension error"));
        }
        self.points.insert(id, Point { payload: point.payload, dense, sparse });
        Ok(())
    }
}

/// The id of a point, which must be a UUID.
pub(crate) fn id(id: Option<&qdrant_client::qdrant::PointId>) -> Result<String, Status> {
    use qdrant_client::qdrant::point_id::PointIdOptions;
    match id.and_then(|id| id.point_id_options.as_ref()) {
        Some(PointIdOptions::Uuid(id)) if uuid::Uuid::parse_str(id).is_ok() => Ok(id.clone()),
        Some(PointIdOptions::Uuid(id)) => {
            Err(Status::invalid_argument(format!("Unable to parse UUID: {id}")))
        }
        _ => Err(Status::unimplemented("ids that are numbers")),
    }
}

/// Weights by dimension, none of which may come twice.
pub(crate) fn weights(indices: &[u32], values: &[f32]) -> Result<HashMap<u32, f32>, Status> {
    let weights: HashMap<u32, f32> = indices.iter().copied().zip(values.iter().copied()).collect();
    if indices.len() != values.len() || weights.len() != indices.len() {
        return Err(Status::invalid_argument(
            "must be the same length as indices, and indices must be unique",
        ));
    }
    Ok(weights)
}
