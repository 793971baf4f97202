//! The bundle: a trained classifier with all that is needed to trace a decision back to it.
//!
//! ```text
//! data/bundle/
//!   bundle.json           labels, encoder, hash of the training data, temperature, metrics
//!   weights.safetensors   mean and scale of the embeddings, weights and intercepts of the regression
//! ```

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::regression::SoftmaxRegression;
use super::standardize::Standardizer;
use super::train::LabelledText;
use super::{Classifier, Metrics};
use crate::folder::{EncoderId, sha256_hex};
use crate::intents::Label;
use crate::replace::NewFolder;
use crate::{Error, Result, TextEncoder};

const FORMAT: u32 = 1;
const MANIFEST: &str = "bundle.json";
const WEIGHTS: &str = "weights.safetensors";

/// A trained classifier and where it came from.
#[derive(Clone, Debug)]
pub struct Bundle {
    classifier: Classifier,
    encoder: EncoderId,
    data_sha256: String,
    metrics: Metrics,
}

/// Names a bundle by its contents: the same data and encoder give the same id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BundleId(String);

impl BundleId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands in `bundle.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: u32,
    id: BundleId,
    encoder: EncoderId,
    data_sha256: String,
    weights_sha256: String,
    knows_out_of_scope: bool,
    temperature: f64,
    labels: Vec<Label>,
    metrics: Metrics,
}

impl Bundle {
    pub(super) fn new(
        classifier: Classifier,
        encoder: EncoderId,
        texts: &[LabelledText],
        metrics: Metrics,
    ) -> Self {
        let data = serde_json::json!([
            classifier.labels,
            texts.iter().map(|labelled| (&labelled.text, labelled.label)).collect::<Vec<_>>()
        ]);
        let data_sha256 = sha256_hex(data.to_string().as_bytes());
        Self { classifier, encoder, data_sha256, metrics }
    }

    /// The classifier.
    #[must_use]
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// What training measured.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The bundle's name.
    ///
    /// # Errors
    /// When the weights cannot be laid out, which does not happen.
    pub fn id(&self) -> Result<BundleId> {
        Ok(self.manifest(&sha256_hex(&self.weights()?)).id)
    }

    /// Writes the folder, whole or not at all, in place of one that stands there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn save(&self, folder: &Path) -> Result<BundleId> {
        let weights = self.weights()?;
        let manifest = self.manifest(&sha256_hex(&weights));
        let new = NewFolder::create(folder)?;
        new.write(WEIGHTS, &weights)?;
        new.write(MANIFEST, &serde_json::to_vec_pretty(&manifest).expect("a manifest is plain data"))?;
        new.commit()?;
        Ok(manifest.id)
    }

    /// Reads a folder that was trained with the encoder that will run it.
    ///
    /// # Errors
    /// [`Error::OtherEncoder`], [`Error::WrongHash`] or [`Error::Unusable`].
    pub fn load(folder: &Path, encoder: &TextEncoder) -> Result<Self> {
        let path = folder.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => {
                Error::unusable(folder, "there is no trained bundle here. Run `shopdesk train`")
            }
            _ => Error::Io { action: "read", path: path.clone(), source },
        })?;
        let manifest: Manifest = serde_json::from_str(&text)
            .map_err(|error| Error::unusable(&path, format!("{error}. Run `shopdesk train` again")))?;
        if manifest.format != FORMAT {
            let problem = format!("format {} is not the format {FORMAT} of this program", manifest.format);
            return Err(Error::unusable(&path, problem));
        }
        if manifest.encoder != encoder.id() {
            return Err(Error::OtherEncoder {
                path: folder.to_path_buf(),
                trained_with: manifest.encoder.to_string(),
                loaded: encoder.id().to_string(),
            });
        }
        let weights_path = folder.join(WEIGHTS);
        let weights = std::fs::read(&weights_path).map_err(Error::io("read", &weights_path))?;
        let found = sha256_hex(&weights);
        if found != manifest.weights_sha256 {
            return Err(Error::WrongHash { path: weights_path, expected: manifest.weights_sha256, found });
        }
        Self::from_parts(manifest, &weights, &weights_path, encoder.dimension())
    }

    fn from_parts(manifest: Manifest, weights: &[u8], path: &Path, dimension: usize) -> Result<Self> {
        let tensors = candle_core::safetensors::load_buffer(weights, &Device::Cpu)?;
        let classes = manifest.labels.len() + usize::from(manifest.knows_out_of_scope);
        let vector = |name: &str, length: usize| -> Result<Vec<f32>> {
            let tensor =
                tensors.get(name).map(|tensor| tensor.flatten_all()?.to_vec1::<f32>()).transpose()?;
            tensor.filter(|values| values.len() == length).ok_or_else(|| {
                Error::unusable(
                    path,
                    format!("the tensor `{name}` should have {length} numbers. Run `shopdesk train` again"),
                )
            })
        };
        let classifier = Classifier {
            standardizer: Standardizer { mean: vector("mean", dimension)?, scale: vector("scale", 1)?[0] },
            regression: SoftmaxRegression {
                weights: vector("weights", dimension * classes)?,
                intercepts: vector("intercepts", classes)?,
            },
            labels: manifest.labels,
            knows_out_of_scope: manifest.knows_out_of_scope,
            temperature: manifest.temperature,
        };
        let Manifest { encoder, data_sha256, metrics, .. } = manifest;
        Ok(Self { classifier, encoder, data_sha256, metrics })
    }

    fn weights(&self) -> Result<Vec<u8>> {
        let Classifier { standardizer, regression, .. } = &self.classifier;
        let (classes, dimension) = (regression.intercepts.len(), standardizer.mean.len());
        let tensor = |values: &[f32], shape: &[usize]| Tensor::from_slice(values, shape, &Device::Cpu);
        let tensors: HashMap<&str, Tensor> = HashMap::from([
            ("mean", tensor(&standardizer.mean, &[dimension])?),
            ("scale", tensor(&[standardizer.scale], &[1])?),
            ("weights", tensor(&regression.weights, &[dimension, classes])?),
            ("intercepts", tensor(&regression.intercepts, &[classes])?),
        ]);
        safetensors::serialize(tensors, None).map_err(|error| Error::Tensor(error.into()))
    }

    fn manifest(&self, weights_sha256: &str) -> Manifest {
        let mut manifest = Manifest {
            format: FORMAT,
            id: BundleId(String::new()),
            encoder: self.encoder.clone(),
            data_sha256: self.data_sha256.clone(),
            weights_sha256: weights_sha256.to_owned(),
            knows_out_of_scope: self.classifier.knows_out_of_scope,
            temperature: self.classifier.temperature,
            labels: self.classifier.labels.clone(),
            metrics: self.metrics.clone(),
        };
        let contents = serde_json::to_string(&manifest).expect("a manifest is plain data");
        manifest.id = BundleId(sha256_hex(contents.as_bytes())[..12].to_owned());
        manifest
    }
}
