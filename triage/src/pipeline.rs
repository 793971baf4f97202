//! The message's way through the house.

use std::sync::Arc;

use jiff::civil::Date;
use shopdesk_kb::{Filter, Hit, Language};
use shopdesk_model::classifier::{Bundle, BundleId, Classification, NearestExample};
use shopdesk_model::encoder::Threads;
use shopdesk_model::tokenizer::Encoding;
use shopdesk_model::{Embedding, Role, SentimentGuess, TextEncoder};

use crate::{
    Decision, Evidence, KnowledgeBase, MessageLanguage, Policy, RankedIntent, Result, SignalRules, Signals,
    Urgency, decide, redact, urgency,
};

/// How many articles are looked up. One of the likeliest intent that is not among them is too far from the message to
/// answer it.
const LOOKED_UP: usize = 20;

/// Everything that turns a message into a decision.
pub struct Triage {
    encoder: Arc<TextEncoder>,
    bundle: Bundle,
    bundle_id: BundleId,
    knowledge_base: Arc<KnowledgeBase>,
    signal_rules: Arc<SignalRules>,
    policy: Policy,
}

/// A message on its way to the network.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What rules found in it, personal data included.
    pub signals: Signals,
    /// The message without personal data.
    pub text: String,
    /// What the network sees.
    pub encoding: Encoding,
}

/// What came out for one message.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// What the decision was made from.
    pub evidence: Evidence,
    /// What happens.
    pub decision: Decision,
    /// How soon a human should look at it, if one gets it now or later.
    pub urgency: Urgency,
    /// The messages that the classifier learnt from and that are the most like it.
    pub examples: Vec<NearestExample>,
    /// Which bundle made the probabilities.
    pub bundle: BundleId,
    /// Whether the message was longer than the model reads, so that its end was not seen.
    pub truncated: bool,
}

impl Triage {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When the bundle's id cannot be computed.
    pub fn new(
        encoder: Arc<TextEncoder>,
        bundle: Bundle,
        knowledge_base: KnowledgeBase,
        signal_rules: SignalRules,
        policy: Policy,
    ) -> Result<Self> {
        let bundle_id = bundle.id()?;
        let (knowledge_base, signal_rules) = (Arc::new(knowledge_base), Arc::new(signal_rules));
        Ok(Self { encoder, bundle, bundle_id, knowledge_base, signal_rules, policy })
    }

    /// The same with another bundle.
    ///
    /// # Errors
    /// When the bundle's id cannot be computed.
    pub fn with_bundle(&self, bundle: Bundle) -> Result<Self> {
        Ok(Self {
            encoder: Arc::clone(&self.encoder),
            bundle_id: bundle.id()?,
            bundle,
            knowledge_base: Arc::clone(&self.knowledge_base),
            signal_rules: Arc::clone(&self.signal_rules),
            policy: self.policy.clone(),
        })
    }

    /// Assesses one message on that day.
    ///
    /// # Errors
    /// When the model or the index fails; the caller then hands over to a human.
    pub fn assess(&self, message: &str, day: Date) -> Result<Assessment> {
        let prepared = self.prepare(message)?;
        let mut embeddings = self.encoder.network().encode(&[&prepared.encoding.ids], Threads::All)?;
        let embedding = embeddings.pop().expect("one sequence gives one embedding");
        self.assess_embedded(prepared, &embedding, day)
    }

    /// What comes before the network, for callers that have the embedding made elsewhere.
    ///
    /// # Errors
    /// Only a foreign tokeniser can fail, on a broken configuration.
    pub fn prepare(&self, message: &str) -> Result<Prepared> {
        let signals = Signals::detect(&self.signal_rules, message);
        let text = redact(message).into_owned();
        let encoding = self.encoder.tokenize(&text, Role::Query)?;
        Ok(Prepared { signals, text, encoding })
    }

    /// What comes after the network: everything but the embedding.
    ///
    /// # Errors
    /// When the index fails; the caller then hands over to a human.
    pub fn assess_embedded(
        &self,
        prepared: Prepared,
        embedding: &Embedding,
        day: Date,
    ) -> Result<Assessment> {
        let classification = self.bundle.classifier().classify(&prepared.text, embedding);
        let examples = self.bundle.examples(&classification);
        let hits = self.look_up(embedding, prepared.signals.language.language, day)?;
        let sentiment = self.bundle.sentiment(&prepared.text, embedding);
        let evidence = self.evidence(prepared.signals, sentiment, classification, hits);
        let decision = decide(&evidence, self.bundle.thresholds(), &self.policy);
        let urgency = urgency(&evidence, &self.policy);
        let bundle = self.bundle_id.clone();
        Ok(Assessment {
            evidence,
            decision,
            urgency,
            examples,
            bundle,
            truncated: prepared.encoding.truncated,
        })
    }

    /// The encoder of the messages.
    #[must_use]
    pub fn encoder(&self) -> &TextEncoder {
        &self.encoder
    }

    /// What classifies, and from which probabilities on the desk acts.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The bundle's name.
    #[must_use]
    pub fn bundle_id(&self) -> &BundleId {
        &self.bundle_id
    }

    /// What the shop chose beside the promise.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The articles that it answers from.
    #[must_use]
    pub fn knowledge_base(&self) -> &KnowledgeBase {
        &self.knowledge_base
    }

    /// Articles in the message's language; in any, when we do not know the language or have nothing in it.
    fn look_up(&self, embedding: &Embedding, language: MessageLanguage, day: Date) -> Result<Vec<Hit>> {
        let search = |languages: Vec<Language>| {
            self.knowledge_base.index().search(embedding.as_slice(), &Filter { languages, day }, LOOKED_UP)
        };
        let hits = search(languages_for(language))?;
        if hits.is_empty() { Ok(search(Vec::new())?) } else { Ok(hits) }
    }

    fn evidence(
        &self,
        signals: Signals,
        sentiment: Option<SentimentGuess>,
        classification: Classification,
        hits: Vec<Hit>,
    ) -> Evidence {
        let labels = self.bundle.classifier().labels();
        let intents = classification.ranking.into_iter();
        let intents = intents
            .map(|(position, confidence)| RankedIntent { label: labels[position].clone(), confidence });
        Evidence {
            signals,
            sentiment,
            intents: intents.collect(),
            out_of_scope: classification.out_of_scope,
            uncalibrated: classification.uncalibrated,
            hits,
        }
    }
}

/// Tags of the articles that a reader of `language` can read, with and without the script.
fn languages_for(language: MessageLanguage) -> Vec<Language> {
    language.base().into_iter().chain(language.base().map(|_| language.tag())).map(Language::new).collect()
}
