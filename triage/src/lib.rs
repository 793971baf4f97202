//! The pipeline and the policy: a message in, a decision with its reason out.
//!
//! Read it in this order:
//!
//! 1. [`Triage::assess`]: the message's way, five named steps in one function.
//! 2. [`Signals::detect`]: what the message says beside its intent, by rules.
//! 3. [`decide()`]: from evidence to a decision, and [`urgency()`]: how soon a human should look at it. Pure functions, which
//!    touch no clock, network or model.
//! 4. [`Policy`]: the thresholds that the shop chooses. There is none in the code.
//!
//! The chat, the batch classifier and the evaluation all call this pipeline, so what is measured is what ships.

mod decide;
mod evidence;
mod look_up;
mod pipeline;
mod policy;
mod urgency;

mod context;
mod small_talk;

mod answer_model;
mod centres;
mod knowledge_base;
mod known_question;
mod language;
mod profiles;
mod redact;
mod signals;

mod error;

pub use answer_model::{AnswerModel, IntentChances, RankedArticle};
pub use centres::Centres;
pub use context::{Continuation, with_context};
pub use decide::{Decision, EscalationReason, decide, decide_chosen};
pub use error::{Error, Result};
pub use evidence::{Evidence, RankedIntent};
pub use knowledge_base::{Found, KnowledgeBase, StoreFailure, TextHash, VectorStore, VectorsInMemory};
pub use known_question::KnownQuestion;
pub use language::{LanguageGuess, MessageLanguage, detect_language, guess_language};
pub use look_up::{looked_up, looked_up_as_chosen};
pub use pipeline::{Assessment, Embedded, Prepared, Triage, languages_for};
pub use policy::Policy;
pub use redact::redact;
pub use signals::{
    Alarm, Carrier, Currency, Entity, EntityKind, RuleName, SignalRules, SignalSettings, Signals,
};
pub use small_talk::SmallTalk;
pub use urgency::{Urgency, urgency};
