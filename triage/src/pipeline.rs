//! The message's way through the house.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::civil::DateTime;
use sha2::{Digest as _, Sha256};
use shopdesk_kb::{ArticleKey, Filter, Language, Ranking};
use shopdesk_model::classifier::{Bundle, BundleId, Classification, Features, NearestExample};
use shopdesk_model::encoder::Threads;
use shopdesk_model::intents::Label;
use shopdesk_model::tokenizer::Encoding;
use shopdesk_model::{Embedding, Probability, Role, SentimentGuess, TextEncoder};

use crate::knowledge_base::{Found, LOOKED_UP};
use crate::{
    AnswerModel, Continuation, Decision, Evidence, IntentChances, KnowledgeBase, KnownQuestion,
    MessageLanguage, Policy, RankedArticle, RankedIntent, Result, SignalRules, Signals, Urgency, decide,
    redact, urgency, with_context,
};

/// Names how the answer model is learnt: to change one is to change the other.
const LEARNING: &str = "7: known answers, asked while they hold; similar questions left out, and their articles, with the probability of their intents; for none of them, what is out of scope, the closest profile and what is asked in vain";

/// Everything that turns a message into a decision.
pub struct Triage {
    encoder: Arc<TextEncoder>,
    bundle: Bundle,
    bundle_id: BundleId,
    /// Those of the bundle, for every message to share.
    labels: Arc<[Arc<Label>]>,
    knowledge_base: Arc<KnowledgeBase>,
    answer_model: RwLock<Option<Arc<AnswerModel>>>,
    signal_rules: Arc<SignalRules>,
    policy: Policy,
    known_questions: Arc<[KnownQuestion]>,
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

/// A message on its way from the network.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// What came before the network.
    pub prepared: Prepared,
    /// What came out of it.
    pub embedding: Embedding,
    /// The time of the shop's clock.
    pub at: DateTime,
}

impl Embedded {
    fn features(&self) -> Features {
        Features::new(&self.prepared.text, self.embedding.clone())
    }
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
    /// Puts the parts together. Until it has an answer model ([`Triage::learn_answers`], [`Triage::use_answers`]), nothing is answered.
    ///
    /// # Errors
    /// When the bundle's id cannot be computed.
    pub fn new(
        encoder: Arc<TextEncoder>,
        bundle: Bundle,
        knowledge_base: Arc<KnowledgeBase>,
        signal_rules: SignalRules,
        policy: Policy,
    ) -> Result<Self> {
        let (bundle_id, labels) = (bundle.id()?, labels_of(&bundle));
        let signal_rules = Arc::new(signal_rules);
        let answer_model = RwLock::default();
        let known_questions = Arc::default();
        Ok(Self {
            encoder,
            bundle,
            bundle_id,
            labels,
            knowledge_base,
            answer_model,
            signal_rules,
            policy,
            known_questions,
        })
    }

    /// The same with another bundle, and no answer model yet.
    ///
    /// # Errors
    /// When the bundle's id cannot be computed.
    pub fn with_bundle(&self, bundle: Bundle) -> Result<Self> {
        Ok(Self {
            encoder: Arc::clone(&self.encoder),
            bundle_id: bundle.id()?,
            labels: labels_of(&bundle),
            bundle,
            knowledge_base: Arc::clone(&self.knowledge_base),
            answer_model: RwLock::default(),
            signal_rules: Arc::clone(&self.signal_rules),
            policy: self.policy.clone(),
            known_questions: Arc::clone(&self.known_questions),
        })
    }

    /// With questions whose answers are known, to learn from how probable it is that an article answers. It has no answer model yet.
    #[must_use]
    pub fn with_known_questions(self, known_questions: Arc<[KnownQuestion]>) -> Self {
        Self { known_questions, answer_model: RwLock::default(), ..self }
    }

    /// Learns how probable it is that an article answers, from questions whose answers are known and from the similar questions
    /// of the articles in force. `None` when there are neither.
    ///
    /// # Errors
    /// When the model or the index fails; then the answer model before stays.
    pub fn learn_answers(&self) -> Result<Option<Arc<AnswerModel>>> {
        let intents = |text: &str, embedding: &Embedding| self.intent_chances(text, embedding);
        let labelled = self.knowledge_base.labelled_searches(&self.known_questions, intents)?;
        let similar = self.knowledge_base.known_searches(intents)?;
        let model = AnswerModel::fit(labelled, similar).map(Arc::new);
        self.answer_model.write().unwrap_or_else(PoisonError::into_inner).clone_from(&model);
        Ok(model)
    }

    /// Takes an answer model that was learnt from what [`Triage::answer_fingerprint`] names.
    pub fn use_answers(&self, model: AnswerModel) {
        *self.answer_model.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(model));
    }

    /// Names everything that the answer model is learnt from.
    #[must_use]
    pub fn answer_fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        let centres = self.knowledge_base.centres_in_use().id();
        for part in [LEARNING, &self.encoder.id().to_string(), self.bundle_id.as_str(), &centres] {
            hasher.update(part);
            hasher.update([0]);
        }
        for article in self.knowledge_base.catalogue().articles() {
            hasher.update(format!("{}\n", ArticleKey::of(&article)));
        }
        for question in self.known_questions.iter() {
            hasher.update(format!("{question:?}\n"));
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The articles that answer a message, the most probable first.
    ///
    /// # Errors
    /// When the index cannot be reached.
    pub fn search(&self, text: &str, embedding: &Embedding, filter: &Filter) -> Result<Vec<RankedArticle>> {
        self.ranked(text, embedding, filter, &self.intent_chances(text, embedding))
    }

    fn ranked(
        &self,
        text: &str,
        embedding: &Embedding,
        filter: &Filter,
        intents: &IntentChances,
    ) -> Result<Vec<RankedArticle>> {
        let found = self.knowledge_base.search(text, embedding, filter, Ranking::Fused, LOOKED_UP)?;
        Ok(self.rank(found, intents))
    }

    fn rank(&self, found: Found, intents: &IntentChances) -> Vec<RankedArticle> {
        let model = self.answer_model.read().unwrap_or_else(PoisonError::into_inner).clone();
        match model {
            Some(model) => model.rank(found, intents),
            // Without a measure nothing is sure enough to be an answer.
            None => found
                .hits
                .into_iter()
                .map(|hit| RankedArticle { hit, probability: Probability::ZERO })
                .collect(),
        }
    }

    fn intent_chances(&self, text: &str, embedding: &Embedding) -> IntentChances {
        let classifier = self.bundle.classifier();
        let features = Features::new(text, embedding.clone());
        IntentChances::new(&classifier.classify(&features), classifier.labels())
    }

    /// The same over another knowledge base, and no answer model yet.
    #[must_use]
    pub fn with_knowledge_base(&self, knowledge_base: Arc<KnowledgeBase>) -> Self {
        Self {
            encoder: Arc::clone(&self.encoder),
            bundle: self.bundle.clone(),
            bundle_id: self.bundle_id.clone(),
            labels: Arc::clone(&self.labels),
            knowledge_base,
            answer_model: RwLock::default(),
            signal_rules: Arc::clone(&self.signal_rules),
            policy: self.policy.clone(),
            known_questions: Arc::clone(&self.known_questions),
        }
    }

    /// Assesses one message at that time of the shop's clock.
    ///
    /// # Errors
    /// When the model or the index fails; the caller then hands over to a human.
    pub fn assess(&self, message: &str, at: DateTime) -> Result<Assessment> {
        self.assess_prepared(self.prepare(message)?, at)
    }

    /// The same for a message that is read together with what was said before it.
    ///
    /// # Errors
    /// When the model or the index fails; the caller then hands over to a human.
    pub fn assess_after(&self, before: &str, message: &str, at: DateTime) -> Result<Assessment> {
        self.assess_prepared(self.prepare_after(before, message)?, at)
    }

    fn assess_prepared(&self, prepared: Prepared, at: DateTime) -> Result<Assessment> {
        let mut embeddings = self.encoder.network().encode(&[&prepared.encoding.ids], Threads::All)?;
        let embedding = embeddings.pop().expect("one sequence gives one embedding");
        self.assess_embedded(prepared, &embedding, at)
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

    /// The same for a message that is read together with what was said before it. What rules find in it is the message's own.
    ///
    /// # Errors
    /// Only a foreign tokeniser can fail, on a broken configuration.
    pub fn prepare_after(&self, before: &str, message: &str) -> Result<Prepared> {
        let signals = Signals::detect(&self.signal_rules, message);
        let text = redact(&with_context(before, message)).into_owned();
        let encoding = self.encoder.tokenize(&text, Role::Query)?;
        Ok(Prepared { signals, text, encoding })
    }

    /// Whether a message says by its words that it goes on with what was said before it, and is to be read together with that.
    #[must_use]
    pub fn follows_on(&self, message: &str) -> bool {
        Continuation::of(message) == Continuation::FollowsOn
            && is_plain(&Signals::detect(&self.signal_rules, message))
    }

    /// Whether a message that was read by itself is to be read again, together with what was said before it.
    #[must_use]
    pub fn needs_context(&self, message: &str, alone: &Assessment) -> bool {
        if !is_plain(&alone.evidence.signals) {
            return false;
        }
        match Continuation::of(message) {
            Continuation::FollowsOn => true,
            Continuation::NewTopic => false,
            Continuation::Unmarked => {
                let likeliest = alone.evidence.intents.first();
                likeliest.is_none_or(|intent| intent.confidence < self.policy.context_confidence)
            }
        }
    }

    /// What comes after the network: everything but the embedding.
    ///
    /// # Errors
    /// When the index fails; the caller then hands over to a human.
    pub fn assess_embedded(
        &self,
        prepared: Prepared,
        embedding: &Embedding,
        at: DateTime,
    ) -> Result<Assessment> {
        let message = Embedded { prepared, embedding: embedding.clone(), at };
        self.assess_all_embedded(vec![message]).pop().expect("one message has one assessment")
    }

    /// The same for each of some messages, in their order, which takes less time than for one after the other.
    #[must_use]
    pub fn assess_all_embedded(&self, messages: Vec<Embedded>) -> Vec<Result<Assessment>> {
        let features: Vec<Features> = messages.iter().map(Embedded::features).collect();
        let features: Vec<&Features> = features.iter().collect();
        let classifications = self.bundle.classifier().classify_all(&features);
        let sentiments = self.bundle.sentiments(&features);
        let labels = self.bundle.classifier().labels();
        let chances: Vec<IntentChances> =
            classifications.iter().map(|classification| IntentChances::new(classification, labels)).collect();
        let articles = self.look_up(&messages, &chances);
        let classified = classifications.into_iter().zip(sentiments).zip(articles);
        let assess = |(message, ((classification, sentiment), articles)): (Embedded, (_, Result<_>))| {
            Ok(self.assess_classified(message.prepared, classification, sentiment, articles?))
        };
        messages.into_iter().zip(classified).map(assess).collect()
    }

    fn assess_classified(
        &self,
        prepared: Prepared,
        classification: Classification,
        sentiment: Option<SentimentGuess>,
        articles: Vec<RankedArticle>,
    ) -> Assessment {
        let examples = self.bundle.examples(&classification);
        let evidence = self.evidence(prepared.signals, sentiment, classification, articles);
        let decision = decide(&evidence, self.bundle.thresholds(), &self.policy);
        let urgency = urgency(&evidence, &self.policy);
        let bundle = self.bundle_id.clone();
        Assessment { evidence, decision, urgency, examples, bundle, truncated: prepared.encoding.truncated }
    }

    /// The encoder of the messages.
    #[must_use]
    pub fn encoder(&self) -> &TextEncoder {
        &self.encoder
    }

    /// The same, to be shared.
    #[must_use]
    pub fn shared_encoder(&self) -> &Arc<TextEncoder> {
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
    pub fn knowledge_base(&self) -> &Arc<KnowledgeBase> {
        &self.knowledge_base
    }

    /// Articles in each message's language; in any, when we do not know the language or have nothing in it.
    fn look_up(&self, messages: &[Embedded], intents: &[IntentChances]) -> Vec<Result<Vec<RankedArticle>>> {
        let filter = |message: &Embedded| {
            Filter::new(languages_for(message.prepared.signals.language.language), message.at)
        };
        let filters: Vec<Filter> = messages.iter().map(filter).collect();
        let asked: Vec<(&str, &Embedding, &Filter)> = messages
            .iter()
            .zip(&filters)
            .map(|(message, filter)| (message.prepared.text.as_str(), &message.embedding, filter))
            .collect();
        let found = self.knowledge_base.search_all(&asked, Ranking::Fused, LOOKED_UP);
        let ranked = |((message, intents), found): ((&Embedded, &IntentChances), Result<Found>)| {
            let articles = self.rank(found?, intents);
            if !articles.is_empty() {
                return Ok(articles);
            }
            let in_any = Filter::new(Vec::new(), message.at);
            self.ranked(&message.prepared.text, &message.embedding, &in_any, intents)
        };
        messages.iter().zip(intents).zip(found).map(ranked).collect()
    }

    fn evidence(
        &self,
        signals: Signals,
        sentiment: Option<SentimentGuess>,
        classification: Classification,
        articles: Vec<RankedArticle>,
    ) -> Evidence {
        let intents = classification.ranking.into_iter();
        let intents = intents.map(|(position, confidence)| RankedIntent {
            label: Arc::clone(&self.labels[position]),
            confidence,
        });
        Evidence {
            signals,
            sentiment,
            intents: intents.collect(),
            out_of_scope: classification.out_of_scope,
            uncalibrated: classification.uncalibrated,
            articles,
        }
    }
}

fn labels_of(bundle: &Bundle) -> Arc<[Arc<Label>]> {
    bundle.classifier().labels().iter().cloned().map(Arc::new).collect()
}

/// Tags of the articles that a reader of `language` can read, the one that is liked best first: with and without the script, and in the other
/// script of Chinese.
#[must_use]
pub fn languages_for(language: MessageLanguage) -> Vec<Language> {
    let Some(base) = language.base() else { return Vec::new() };
    let scripts = MessageLanguage::ALL.iter().filter(|other| other.base() == Some(base));
    let mut tags = vec![language.tag(), base];
    tags.extend(scripts.map(|other| other.tag()));
    let mut once = HashSet::new();
    tags.into_iter().filter(|tag| once.insert(*tag)).map(Language::new).collect()
}

/// Whether a message neither asks for a human nor sounds an alarm: those need no context.
fn is_plain(signals: &Signals) -> bool {
    signals.human_request.is_none() && signals.alarms.is_empty()
}
