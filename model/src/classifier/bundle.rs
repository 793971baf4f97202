//! The bundle: a trained classifier with all that is needed to trace a decision back to it.
//!
//! ```text
//! data/bundle/
//!   bundle.json           labels, encoder, hash of the training data, thresholds, calibration, metrics
//!   weights.safetensors   the training messages as the kernel sees them, and the regression's coefficients
//! ```

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;

use candle_core::{Device, Tensor, WithDType};
use serde::{Deserialize, Serialize};

use super::confidence::ConfidenceModel;
use super::kernel::KernelIndex;
use super::lexical::{self, LexicalIndex};
use super::{Classifier, LabelledText, Metrics, Promise, Thresholds, TrainingData};
use crate::folder::{EncoderId, sha256_hex};
use crate::intents::Label;
use crate::replace::NewFolder;
use crate::{Error, Result, TextEncoder};

const FORMAT: u32 = 2;
const MANIFEST: &str = "bundle.json";
const WEIGHTS: &str = "weights.safetensors";

/// A trained classifier and where it came from.
#[derive(Clone, Debug)]
pub struct Bundle {
    classifier: Classifier,
    encoder: EncoderId,
    data_sha256: String,
    thresholds: Thresholds,
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
    /// How messages become n-grams; another program version may do it differently.
    n_grams: String,
    messages: usize,
    messages_with_an_intent: usize,
    lexical_weight: f32,
    penalty: f32,
    knows_out_of_scope: bool,
    temperature: f64,
    confidence: ConfidenceModel,
    labels: Vec<Label>,
    thresholds: Thresholds,
    metrics: Metrics,
}

/// Only the first of `bundle.json`, which every format has.
#[derive(Deserialize)]
struct AnyManifest {
    format: u32,
}

impl Bundle {
    pub(super) fn new(
        classifier: Classifier,
        encoder: EncoderId,
        data: &TrainingData,
        thresholds: Thresholds,
        metrics: Metrics,
    ) -> Self {
        let pairs = |messages: &[LabelledText]| -> Vec<(String, Option<usize>)> {
            messages.iter().map(|labelled| (labelled.text.clone(), labelled.label)).collect()
        };
        let contents = serde_json::json!([data.labels, pairs(&data.messages), pairs(&data.validation)]);
        let data_sha256 = sha256_hex(contents.to_string().as_bytes());
        Self { classifier, encoder, data_sha256, thresholds, metrics }
    }

    /// The classifier.
    #[must_use]
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Whether its thresholds were chosen for that promise.
    #[must_use]
    pub fn keeps(&self, promise: &Promise) -> bool {
        let intents: BTreeMap<_, _> =
            self.thresholds.intents.iter().map(|(intent, kept)| (intent.clone(), kept.max_error)).collect();
        let general = &self.thresholds.promise;
        (general.max_error, general.confidence) == (promise.max_error, promise.confidence)
            && intents == promise.intents
    }

    /// From which probabilities on the desk acts.
    #[must_use]
    pub fn thresholds(&self) -> &Thresholds {
        &self.thresholds
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
        let broken =
            |error: serde_json::Error| Error::unusable(&path, format!("{error}. Run `shopdesk train` again"));
        let AnyManifest { format } = serde_json::from_str(&text).map_err(broken)?;
        if format != FORMAT {
            let remedy = if format > FORMAT {
                "a newer shopdesk made it: update this one, or run `shopdesk train`"
            } else {
                "an older shopdesk made it: run `shopdesk train`"
            };
            let problem = format!("format {format} is not the format {FORMAT} of this program; {remedy}");
            return Err(Error::unusable(&path, problem));
        }
        let manifest: Manifest = serde_json::from_str(&text).map_err(broken)?;
        if manifest.n_grams != lexical::SETTINGS {
            let problem = format!(
                "its n-grams are `{}`, this program's `{}`. Run `shopdesk train` again",
                manifest.n_grams,
                lexical::SETTINGS
            );
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
        let classes = manifest.labels.len() + usize::from(manifest.knows_out_of_scope);
        let tensors =
            Tensors { tensors: candle_core::safetensors::load_buffer(weights, &Device::Cpu)?, path };
        let grams: Vec<u32> = tensors.get("grams", None)?;
        let starts: Vec<u32> = tensors.get("starts", Some(grams.len() + 1))?;
        let postings = starts.last().map_or(0, |&end| end as usize);
        let texts: Vec<u32> = tensors.get("postings", Some(postings))?;
        let in_order = starts.is_sorted() && texts.iter().all(|&text| (text as usize) < manifest.messages);
        if !in_order {
            return Err(Error::unusable(path, "the n-grams are out of order. Run `shopdesk train` again"));
        }
        let index = KernelIndex {
            mean: tensors.get("mean", Some(dimension))?,
            rows: tensors.get("rows", Some(dimension * manifest.messages))?,
            lexical: LexicalIndex {
                grams,
                starts,
                texts,
                weights: tensors.get("posting_weights", Some(postings))?,
                count: manifest.messages,
            },
            lexical_weight: manifest.lexical_weight,
            inside: manifest.messages_with_an_intent.min(manifest.messages),
        };
        let classifier = Classifier {
            index,
            coefficients: tensors.get("coefficients", Some(classes * manifest.messages))?,
            penalty: manifest.penalty,
            labels: manifest.labels,
            knows_out_of_scope: manifest.knows_out_of_scope,
            temperature: manifest.temperature,
            confidence: manifest.confidence,
        };
        let Manifest { encoder, data_sha256, thresholds, metrics, .. } = manifest;
        Ok(Self { classifier, encoder, data_sha256, thresholds, metrics })
    }

    fn weights(&self) -> Result<Vec<u8>> {
        let Classifier { index, coefficients, .. } = &self.classifier;
        let (messages, lexical) = (index.len(), &index.lexical);
        let floats = |values: &[f32], width: usize| {
            Tensor::from_slice(values, (values.len() / width.max(1), width), &Device::Cpu)
        };
        let whole = |values: &[u32]| Tensor::from_slice(values, values.len(), &Device::Cpu);
        let tensors: HashMap<&str, Tensor> = HashMap::from([
            ("mean", floats(&index.mean, index.mean.len())?),
            ("rows", floats(&index.rows, index.mean.len())?),
            ("coefficients", floats(coefficients, coefficients.len() / messages)?),
            ("grams", whole(&lexical.grams)?),
            ("starts", whole(&lexical.starts)?),
            ("postings", whole(&lexical.texts)?),
            ("posting_weights", floats(&lexical.weights, 1)?),
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
            n_grams: lexical::SETTINGS.to_owned(),
            messages: self.classifier.index.len(),
            messages_with_an_intent: self.classifier.index.inside,
            lexical_weight: self.classifier.index.lexical_weight,
            penalty: self.classifier.penalty,
            knows_out_of_scope: self.classifier.knows_out_of_scope,
            temperature: self.classifier.temperature,
            confidence: self.classifier.confidence.clone(),
            labels: self.classifier.labels.clone(),
            thresholds: self.thresholds.clone(),
            metrics: self.metrics.clone(),
        };
        let contents = serde_json::to_string(&manifest).expect("a manifest is plain data");
        manifest.id = BundleId(sha256_hex(contents.as_bytes())[..12].to_owned());
        manifest
    }
}

/// What a file of weights holds.
struct Tensors<'a> {
    tensors: HashMap<String, Tensor>,
    path: &'a Path,
}

impl Tensors<'_> {
    /// The numbers of a tensor, as many as they should be.
    fn get<T: WithDType>(&self, name: &str, length: Option<usize>) -> Result<Vec<T>> {
        let tensor = self.tensors.get(name).map(|tensor| tensor.flatten_all()?.to_vec1::<T>());
        let values = tensor.transpose()?.filter(|values| length.is_none_or(|length| values.len() == length));
        values.ok_or_else(|| {
            let problem =
                format!("the tensor `{name}` is missing or of the wrong size. Run `shopdesk train` again");
            Error::unusable(self.path, problem)
        })
    }
}
