//! How the shop's bundle is learnt, by `shopdesk train` and by the console's workshop alike.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::Context as _;
use shopdesk_eval::DataFile;
use shopdesk_model::TextEncoder;
use shopdesk_model::classifier::{Bundle, Promise, Stage, TrainOptions, TrainingData, train};
use shopdesk_model::intents::{Intents, Learnt, same_message_key};
use shopdesk_server::mask;
use shopdesk_triage::redact;

use crate::shop::Shop;

/// What a bundle learns from.
pub(crate) struct Material {
    pub(crate) intents: Intents,
    /// Messages with how their writers feel in place of what they want.
    pub(crate) sentiment: Option<Intents>,
    /// What became of the messages that people labelled while the desk was running.
    pub(crate) learnt: Learnt,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Intents(Stage),
    Sentiment,
}

impl Material {
    /// The shop's intents, and the labelled messages of its data folder, but for those that the shop measures on.
    pub(crate) fn of(shop: &Shop) -> anyhow::Result<Self> {
        let mut intents = shop.intents()?;
        let learnt = add_labels(shop, &mut intents)?;
        Ok(Self { intents, sentiment: shop.sentiment()?, learnt })
    }

    /// Intents of somebody else.
    pub(crate) fn of_file(path: &Path) -> anyhow::Result<Self> {
        Ok(Self { intents: load(path)?, sentiment: None, learnt: Learnt::default() })
    }
}

/// Learns a bundle that keeps the promise, on so many threads. `progress` hears what is being done, how much of it is done, and how much there is.
pub(crate) fn learn(
    promise: &Promise,
    encoder: &TextEncoder,
    material: &Material,
    validation: Option<&Intents>,
    threads: Option<NonZeroUsize>,
    mut progress: impl FnMut(Step, usize, usize),
) -> anyhow::Result<Bundle> {
    let data = masked(TrainingData::new(&material.intents, validation)?);
    let options = TrainOptions { promise: promise.clone(), threads, ..TrainOptions::default() };
    let bundle = train(encoder, &data, &options, |stage, done, of| progress(Step::Intents(stage), done, of))?;
    let Some(levels) = &material.sentiment else { return Ok(bundle) };
    let data = masked(TrainingData::new(levels, None)?);
    let options = TrainOptions { threads, ..TrainOptions::default() };
    let levels = train(encoder, &data, &options, |_, done, of| progress(Step::Sentiment, done, of))?;
    Ok(bundle.with_sentiment(levels)?)
}

/// Adds the labelled messages of the shop's data folder to its intents.
pub(crate) fn add_labels(shop: &Shop, intents: &mut Intents) -> anyhow::Result<Learnt> {
    let corrections = shop.corrections();
    if !corrections.is_file() {
        return Ok(Learnt::default());
    }
    let labelled = Intents::load(&corrections).context("the corrections have mistakes")?;
    let test = test_messages(shop)?;
    Ok(intents.learn(labelled, |text| test.contains(&masked_key(text))))
}

/// What the shop's test messages are told by.
fn test_messages(shop: &Shop) -> anyhow::Result<HashSet<String>> {
    let Some(test) = &shop.paths.test else { return Ok(HashSet::new()) };
    let messages = DataFile::open(test).and_then(|data| data.messages()).context("in `paths.test`")?;
    let keys = messages.map(|message| message.map(|message| masked_key(&message.text)));
    keys.collect::<Result<_, _>>().context("in `paths.test`")
}

/// Labels were masked before they were written down: the message of a label is told by what masking leaves of it.
fn masked_key(text: &str) -> String {
    same_message_key(&mask(text))
}

/// Reads intents that somebody named.
pub(crate) fn load(path: &Path) -> anyhow::Result<Intents> {
    Intents::load(path).with_context(|| format!("the intents in `{}` have mistakes", path.display()))
}

/// The classifier sees messages as the desk will show them to it.
pub(crate) fn masked(data: TrainingData) -> TrainingData {
    data.masked(|text| redact(text).into_owned())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::Value;
    use shopdesk_eval::search_quality::read_questions;
    use shopdesk_kb::Articles;

    use super::*;

    fn starter() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("shop")
    }

    /// What the messages of one of the starter shop's test files are told by.
    fn measured(file: &str) -> HashSet<String> {
        let lines = std::fs::read_to_string(starter().join("test").join(file)).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let texts = lines.iter().flat_map(|line| ["text", "first", "second"].map(|key| &line[key]));
        texts.filter_map(Value::as_str).map(same_message_key).collect()
    }

    #[test]
    fn the_starter_shop_learns_nothing_that_it_is_measured_on() {
        let shop = Shop::open(&starter()).unwrap();
        let texts = |intents: Intents| -> Vec<String> {
            let examples = intents.intents.into_iter().flat_map(|intent| intent.examples);
            examples.chain(intents.out_of_scope).map(|example| example.text).collect()
        };
        let articles = Articles::load(&shop.paths.articles).unwrap().articles;
        let similar = articles.iter().flat_map(|article| article.questions.clone()).collect();
        let known = read_questions(shop.paths.questions.as_ref().unwrap()).unwrap();
        let known = known.into_iter().map(|question| question.text).collect();
        // The file of signals measures rules and sentiment, and neither intents nor articles.
        let with_signals = ["messages.jsonl", "dialogues.jsonl", "questions.jsonl", "signals.jsonl"];
        let without = &with_signals[..3];
        let learnt: [(&str, Vec<String>, &[&str]); 4] = [
            ("intents", texts(shop.intents().unwrap()), without),
            ("similar questions", similar, without),
            ("known questions", known, without),
            ("sentiment", texts(shop.sentiment().unwrap().unwrap()), &with_signals),
        ];
        for (what, learnt, files) in learnt {
            for file in files {
                let measured = measured(file);
                assert!(!measured.is_empty() && !learnt.is_empty(), "{what}, {file}");
                let both = learnt.iter().filter(|text| measured.contains(&same_message_key(text)));
                let both: Vec<&String> = both.collect();
                assert!(both.is_empty(), "{what} and {file} have {both:?}");
            }
        }
    }

    #[test]
    fn a_label_of_a_test_message_is_not_learnt_from() {
        let folder = tempfile::tempdir().unwrap();
        let mut shop = Shop::open(&starter()).unwrap();
        shop.paths.data = folder.path().to_path_buf();
        shop.paths.test = Some(folder.path().join("test.csv"));
        let test = "text,intent\nIt is Order Test 13812345678,track_parcel\n";
        std::fs::write(folder.path().join("test.csv"), test).unwrap();
        let labels = "{\"text\": \"it is order  test [phone]\", \"intent\": \"track_parcel\"}\n\
                      {\"text\": \"it is another test\", \"intent\": \"track_parcel\"}\n";
        std::fs::write(shop.corrections(), labels).unwrap();
        let material = Material::of(&shop).unwrap();
        assert_eq!(material.learnt, Learnt { added: 1, held_out: 1, ..Learnt::default() });
        let texts = material.intents.intents.iter().flat_map(|intent| &intent.examples);
        assert!(texts.map(|example| &example.text).all(|text| !text.contains("order  test")));
    }
}
