//! The bundle: a trained classifier with all that is needed to trace a decision back to it.
//!
//! ```text
//! data/bundle/
//!   bundle.json           labels, encoder, hash of the training data, thresholds, calibration, metrics
//!   weights.safetensors   messages as the kernel sees them, and the regression's coefficients
//!   messages.jsonl        the same messages, for people: what a decision was near to
//!   sentiment/            a bundle of its own, if there is one: how shoppers feel, in five levels
//! ```

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;

use candle_core::{Device, Tensor, WithDType};
use serde::{Deserialize, Serialize};

use super::confidence::ConfidenceModel;
use super::kernel::{Features, KernelIndex};
use super::lexical::{self, LexicalIndex, Postings};
use super::{Classification, Classifier, LabelledText, Metrics, Promise, Thresholds, TrainingData};
use crate::folder::{EncoderId, sha256_hex};
use crate::intents::{IntentId, Label};
use crate::replace::NewFolder;
use crate::sentiment::{Sentiment, SentimentGuess};
use crate::{Error, Result, TextEncoder};

const FORMAT: u32 = 3;
pub(super) const MANIFEST: &str = "bundle.json";
pub(super) const WEIGHTS: &str = "weights.safetensors";
pub(super) const MESSAGES: &str = "messages.jsonl";
pub(super) const SENTIMENT: &str = "sentiment";

/// A trained classifier and where it came from.
#[derive(Clone, Debug)]
pub struct Bundle {
    classifier: Classifier,
    encoder: EncoderId,
    data_sha256: String,
    thresholds: Thresholds,
    metrics: Metrics,
    /// The messages of the classifier's index.
    messages: Vec<LabelledText>,
    sentiment: Option<Box<Self>>,
    /// As it was saved; nothing before.
    id: Option<BundleId>,
}

/// A message that the classifier learnt from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NearestExample {
    /// The message, or the title of an intent.
    pub text: String,
    /// Its intent; `None` for one that is out of scope.
    pub intent: Option<IntentId>,
    /// How alike it is, in meaning and to the letter, from 0 to 1.
    pub similarity: f32,
}

/// A line of `messages.jsonl`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    text: String,
    /// A position in the list of labels.
    label: Option<usize>,
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
    messages_sha256: String,
    /// The bundle in the folder `sentiment`.
    sentiment: Option<BundleId>,
    /// How messages become n-grams; another program version may do it differently.
    n_grams: String,
    lexical_weight: f32,
    knows_out_of_scope: bool,
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
        landmarks: &[usize],
    ) -> Self {
        let pairs = |messages: &[LabelledText]| -> Vec<(String, Option<usize>)> {
            messages.iter().map(|labelled| (labelled.text.clone(), labelled.label)).collect()
        };
        let contents = serde_json::json!([
            data.labels,
            pairs(&data.messages),
            pairs(&data.titles),
            pairs(&data.validation)
        ]);
        let data_sha256 = sha256_hex(contents.to_string().as_bytes());
        let all: Vec<&LabelledText> = data.messages.iter().chain(&data.titles).collect();
        let messages = landmarks.iter().map(|&place| all[place].clone()).collect();
        Self { classifier, encoder, data_sha256, thresholds, metrics, messages, sentiment: None, id: None }
    }

    /// With a bundle that was trained on the levels of [`Sentiment`] in place of intents.
    ///
    /// # Errors
    /// [`Error::NotSentiment`] when its labels are not exactly these.
    pub fn with_sentiment(mut self, sentiment: Self) -> Result<Self> {
        sentiment.require_levels()?;
        self.sentiment = Some(Box::new(sentiment));
        self.id = None;
        Ok(self)
    }

    fn require_levels(&self) -> Result<()> {
        let labels = &self.classifier.labels;
        let stranger = labels.iter().find(|label| Sentiment::of(&label.id).is_none());
        if let Some(stranger) = stranger {
            return Err(Error::NotSentiment { problem: format!("`{}` is none of them", stranger.id) });
        }
        let lacking = Sentiment::ALL.iter().find(|level| {
            let word = level.as_str();
            !labels.iter().any(|label| label.id.as_str() == word)
        });
        lacking.map_or(Ok(()), |level| {
            Err(Error::NotSentiment { problem: format!("`{}` has no messages", level.as_str()) })
        })
    }

    /// How whoever wrote each of these messages probably feels; nothing when the bundle has not learnt it.
    #[must_use]
    pub fn sentiments(&self, messages: &[&Features]) -> Vec<Option<SentimentGuess>> {
        let Some(bundle) = &self.sentiment else { return vec![None; messages.len()] };
        let guess = |classification: Classification| {
            let &(likeliest, confidence) = classification.ranking.first()?;
            let level = Sentiment::of(&bundle.classifier.labels[likeliest].id)?;
            Some(SentimentGuess { level, confidence })
        };
        bundle.classifier.classify_all(messages).into_iter().map(guess).collect()
    }

    /// The bundle that knows how shoppers feel.
    #[must_use]
    pub fn sentiment_bundle(&self) -> Option<&Self> {
        self.sentiment.as_deref()
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

    /// What it learnt from that is the most like the classified message, the most alike first. Of many training messages, it keeps some
    /// thousands.
    #[must_use]
    pub fn examples(&self, classification: &Classification) -> Vec<NearestExample> {
        let example = |&(place, similarity): &(usize, f32)| {
            let LabelledText { text, label } = &self.messages[place];
            let intent = label.map(|label| self.classifier.labels[label].id.clone());
            NearestExample { text: text.clone(), intent, similarity }
        };
        classification.nearest.iter().map(example).collect()
    }

    /// Messages that it learnt from: of many, some thousands.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(|message| message.text.as_str())
    }

    /// The bundle's name.
    ///
    /// # Errors
    /// When the weights cannot be laid out, which does not happen.
    pub fn id(&self) -> Result<BundleId> {
        match &self.id {
            Some(id) => Ok(id.clone()),
            None => Ok(self.manifest(&self.weights()?, &self.lines())?.id),
        }
    }

    /// Writes the folder, whole or not at all, in place of one that stands there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn save(&self, folder: &Path) -> Result<BundleId> {
        let new = NewFolder::create(folder)?;
        let id = self.write(&new, "")?;
        if let Some(sentiment) = &self.sentiment {
            new.create_folder(SENTIMENT)?;
            sentiment.write(&new, &format!("{SENTIMENT}/"))?;
        }
        new.commit()?;
        Ok(id)
    }

    /// Writes its own files; their names begin with `prefix`.
    fn write(&self, new: &NewFolder, prefix: &str) -> Result<BundleId> {
        let weights = self.weights()?;
        let lines = self.lines();
        let manifest = self.manifest(&weights, &lines)?;
        new.write(&format!("{prefix}{WEIGHTS}"), &weights)?;
        new.write(&format!("{prefix}{MESSAGES}"), lines.as_bytes())?;
        let json = serde_json::to_vec_pretty(&manifest).expect("a manifest is plain data");
        new.write(&format!("{prefix}{MANIFEST}"), &json)?;
        Ok(manifest.id)
    }

    /// What changes whenever the folder gets another bundle; nothing while there is none.
    #[must_use]
    pub fn fingerprint(folder: &Path) -> Option<String> {
        std::fs::read(folder.join(MANIFEST)).ok().map(|manifest| sha256_hex(&manifest))
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
        let read = |name: &str, expected: &str| {
            let path = folder.join(name);
            let contents = std::fs::read(&path).map_err(Error::io("read", &path))?;
            let found = sha256_hex(&contents);
            if found == expected {
                Ok(contents)
            } else {
                Err(Error::WrongHash { path, expected: expected.to_owned(), found })
            }
        };
        let weights = read(WEIGHTS, &manifest.weights_sha256)?;
        let lines = read(MESSAGES, &manifest.messages_sha256)?;
        let messages = parse(&lines, manifest.labels.len())
            .map_err(|problem| Error::unusable(folder.join(MESSAGES), problem))?;
        let (id, of_sentiment) = (manifest.id.clone(), manifest.sentiment.clone());
        let mut bundle =
            Self::from_parts(manifest, messages, &weights, &folder.join(WEIGHTS), encoder.dimension())?;
        if let Some(expected) = of_sentiment {
            let sentiment = Self::load(&folder.join(SENTIMENT), encoder)?;
            if sentiment.id()? != expected {
                let problem = "the folder `sentiment` belongs to another bundle. Run `shopdesk train` again";
                return Err(Error::unusable(folder, problem));
            }
            bundle = bundle.with_sentiment(sentiment)?;
        }
        Ok(Self { id: Some(id), ..bundle })
    }

    fn from_parts(
        manifest: Manifest,
        messages: Vec<LabelledText>,
        weights: &[u8],
        path: &Path,
        dimension: usize,
    ) -> Result<Self> {
        let (intents, count) = (manifest.labels.len(), messages.len());
        let classes = intents + usize::from(manifest.knows_out_of_scope);
        let tensors =
            Tensors { tensors: candle_core::safetensors::load_buffer(weights, &Device::Cpu)?, path };
        let lexical = LexicalIndex {
            characters: tensors.postings("characters", count)?,
            words: tensors.postings("words", count)?,
        };
        let index = KernelIndex::new(
            tensors.get("mean", Some(dimension))?,
            tensors.get("rows", Some(dimension * count))?,
            lexical,
            manifest.lexical_weight,
            messages.iter().map(|message| message.label.unwrap_or(intents) as u32).collect(),
        );
        let classifier = Classifier {
            index,
            coefficients: tensors.get("coefficients", Some(classes * count))?,
            intercepts: tensors.get("intercepts", Some(classes))?,
            labels: manifest.labels,
            knows_out_of_scope: manifest.knows_out_of_scope,
            confidence: manifest.confidence,
        };
        let Manifest { encoder, data_sha256, thresholds, metrics, .. } = manifest;
        Ok(Self {
            classifier,
            encoder,
            data_sha256,
            thresholds,
            metrics,
            messages,
            sentiment: None,
            id: None,
        })
    }

    fn weights(&self) -> Result<Vec<u8>> {
        let Classifier { index, coefficients, intercepts, .. } = &self.classifier;
        let floats = |values: &[f32], width: usize| {
            Tensor::from_slice(values, (values.len() / width.max(1), width), &Device::Cpu)
        };
        let whole = |values: &[u32]| Tensor::from_slice(values, values.len(), &Device::Cpu);
        let mut tensors: HashMap<String, Tensor> = HashMap::from([
            ("mean".to_owned(), floats(&index.mean, index.mean.len())?),
            ("rows".to_owned(), floats(&index.rows, index.mean.len())?),
            ("coefficients".to_owned(), floats(coefficients, intercepts.len())?),
            ("intercepts".to_owned(), floats(intercepts, intercepts.len())?),
        ]);
        for (name, postings) in [("characters", &index.lexical.characters), ("words", &index.lexical.words)] {
            tensors.insert(format!("{name}.grams"), whole(&postings.grams)?);
            tensors.insert(format!("{name}.starts"), whole(&postings.starts)?);
            tensors.insert(format!("{name}.texts"), whole(&postings.texts)?);
            tensors.insert(format!("{name}.weights"), floats(&postings.weights, 1)?);
        }
        safetensors::serialize(tensors, None).map_err(|error| Error::Tensor(error.into()))
    }

    /// `messages.jsonl`.
    fn lines(&self) -> String {
        let lines = self.messages.iter().map(|LabelledText { text, label }| {
            let line = Line { text: text.clone(), label: *label };
            serde_json::to_string(&line).expect("a line is plain data") + "\n"
        });
        lines.collect()
    }

    fn manifest(&self, weights: &[u8], lines: &str) -> Result<Manifest> {
        let mut manifest = Manifest {
            format: FORMAT,
            id: BundleId(String::new()),
            encoder: self.encoder.clone(),
            data_sha256: self.data_sha256.clone(),
            weights_sha256: sha256_hex(weights),
            messages_sha256: sha256_hex(lines.as_bytes()),
            sentiment: self.sentiment.as_ref().map(|sentiment| sentiment.id()).transpose()?,
            n_grams: lexical::SETTINGS.to_owned(),
            lexical_weight: self.classifier.index.lexical_weight,
            knows_out_of_scope: self.classifier.knows_out_of_scope,
            confidence: self.classifier.confidence.clone(),
            labels: self.classifier.labels.clone(),
            thresholds: self.thresholds.clone(),
            metrics: self.metrics.clone(),
        };
        let contents = serde_json::to_string(&manifest).expect("a manifest is plain data");
        manifest.id = BundleId(sha256_hex(contents.as_bytes())[..12].to_owned());
        Ok(manifest)
    }
}

/// Reads `messages.jsonl`.
fn parse(lines: &[u8], intents: usize) -> Result<Vec<LabelledText>, String> {
    let lines = std::str::from_utf8(lines).map_err(|error| error.to_string())?;
    let messages = lines.lines().map(|line| {
        let Line { text, label } = serde_json::from_str(line).map_err(|error| error.to_string())?;
        match label {
            Some(label) if label >= intents => Err(format!("there is no intent number {label}")),
            _ => Ok(LabelledText { text, label }),
        }
    });
    messages.collect::<Result<_, _>>().map_err(|problem| format!("{problem}. Run `shopdesk train` again"))
}

/// What a file of weights holds.
struct Tensors<'a> {
    tensors: HashMap<String, Tensor>,
    path: &'a Path,
}

impl Tensors<'_> {
    fn postings(&self, name: &str, count: usize) -> Result<Postings> {
        let grams: Vec<u32> = self.get(&format!("{name}.grams"), None)?;
        let starts: Vec<u32> = self.get(&format!("{name}.starts"), Some(grams.len() + 1))?;
        let length = starts.last().map_or(0, |&end| end as usize);
        let texts: Vec<u32> = self.get(&format!("{name}.texts"), Some(length))?;
        let weights = self.get(&format!("{name}.weights"), Some(length))?;
        let in_order = starts.is_sorted() && texts.iter().all(|&text| (text as usize) < count);
        if !in_order {
            return Err(Error::unusable(
                self.path,
                "the n-grams are out of order. Run `shopdesk train` again",
            ));
        }
        Ok(Postings::new(grams, starts, texts, weights, count))
    }

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
