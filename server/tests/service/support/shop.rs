//! The shop of these tests: what it sets, knows and says.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use sha2::Sha256;
use shopdesk_kb::{Articles, EmbeddedIndex};
use shopdesk_model::classifier::{Promise, TrainOptions, TrainingData, train};
use shopdesk_model::intents::Intents;
use shopdesk_model::{EncoderOptions, Probability, TextEncoder};
use shopdesk_server::{DialogueConfig, FileChoices, IdentityCheck, Replies, Secret, Settings, SiteConfig};
use shopdesk_triage::{KnowledgeBase, Policy, SignalRules, SignalSettings, Triage, VectorsInMemory};

/// The test shop's word for a customer's id.
pub(crate) fn signature(customer: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(IDENTITY_SECRET.as_bytes()).unwrap();
    mac.update(customer.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Settings under which tests do not wait.
pub(crate) fn settings() -> Settings {
    let toml = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
    let site = SiteConfig {
        origins: vec!["https://shop.example.com".to_owned()],
        name: [("en".to_owned(), "Help".to_owned())].into(),
        greeting: [("en".to_owned(), "Hello".to_owned())].into(),
        ..SiteConfig::default()
    };
    let identity = IdentityCheck::new(Secret::new(IDENTITY_SECRET.to_owned())).unwrap();
    let targets = "{ first_response_minutes = 10, resolution_minutes = 60, warn_at = 0.5 }";
    let deadlines =
        ["urgent", "high", "normal", "low"].map(|priority| format!("{priority} = {targets}")).join("\n");
    Settings {
        replies: replies(),
        default_language: "zh".to_owned(),
        time_zone: TimeZone::UTC,
        file: FileChoices {
            hours: toml("mon-sun = [\"0:00-24:00\"]").try_into().unwrap(),
            deadlines: toml(&deadlines).try_into().unwrap(),
            sites: [("main".to_owned(), site)].into(),
            // What the bundle of these tests is trained for.
            promise: toml("max_error = 0.1\nconfidence = 0.6").try_into().unwrap(),
        },
        identities: Arc::new(move |name: &str| (name == "main").then(|| identity.clone())),
        webhooks: Arc::default(),
        lookup: None,
        dialogue: DialogueConfig {
            quiet_milliseconds: 0,
            longest_turn_milliseconds: 0,
            busy_after_seconds: 30,
            ..DialogueConfig::default()
        },
        max_message_characters: 200,
        request_timeout: Duration::from_secs(60),
        token_lifetime: Duration::from_secs(3600),
        retention_days: None,
        hosts: vec!["help.example.com".to_owned()],
        behind_proxy: false,
        reports: PathBuf::from("no-reports"),
    }
}

/// Under which the test shop signs its customers' ids.
const IDENTITY_SECRET: &str = "a secret of a shop in a test";

/// Trained once for all tests of a file.
pub(super) static TRIAGE: LazyLock<Arc<Triage>> = LazyLock::new(|| {
    let encoder = Arc::new(TextEncoder::open(&model(), &EncoderOptions::default()).unwrap());
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture");
    let intents = Intents::load(&fixture.join("intents")).unwrap();
    // So few examples cannot support a strict promise.
    let promise = Promise { max_error: 0.1, confidence: 0.6, ..Promise::default() };
    let options = TrainOptions { promise, ..TrainOptions::default() };
    let data = TrainingData::new(&intents, None).unwrap();
    let bundle = train(&encoder, &data, &options, |_, _, _| ()).unwrap();
    let articles = Articles::load(&fixture.join("kb")).unwrap();
    assert!(articles.mistakes.is_empty(), "{:?}", articles.mistakes);
    let index = Box::new(EmbeddedIndex::new(encoder.dimension()));
    let vectors = Box::new(VectorsInMemory::default());
    let centres = KnowledgeBase::centres(&encoder, vectors.as_ref(), &articles.articles, |_, _| ()).unwrap();
    let knowledge_base = Arc::new(KnowledgeBase::new(Arc::clone(&encoder), index, vectors, centres));
    knowledge_base.switch(&articles.articles).unwrap();
    let probability = |value| Probability::new(value).unwrap();
    let policy = Policy {
        answer_probability: probability(0.2),
        clarify_confidence: probability(0.25),
        context_confidence: probability(0.5),
        upset_confidence: None,
        human_intent: None,
        small_talk_intents: Vec::new(),
    };
    let rules = SignalRules::new(&SignalSettings::default()).unwrap();
    let triage = Triage::new(encoder, bundle, knowledge_base, rules, policy).unwrap();
    triage.learn_answers().unwrap().unwrap();
    Arc::new(triage)
});

fn model() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/multilingual-e5-small");
    assert!(folder.exists(), "`{}` is missing: run `scripts/fetch-model`", folder.display());
    folder
}

fn replies() -> Replies {
    const KEYS: [(&str, &str); 25] = [
        ("clarify", "which?"),
        ("clarify_openly", "what?"),
        ("greeting", "greeting"),
        ("thanks", "thanks"),
        ("bye", "bye"),
        ("acknowledge", "acknowledge"),
        ("not_helpful", "not helpful"),
        ("handed_over_as_asked", "as asked"),
        ("handed_over_out_of_scope", "out of scope"),
        ("handed_over_to_specialist", "specialist"),
        ("handed_over_unsure", "unsure"),
        ("handed_over_after_failures", "failures"),
        ("handed_over_upset", "upset"),
        ("handed_over_complaint", "complaint"),
        ("handed_over_failure", "failure"),
        ("handed_over_busy", "busy"),
        ("reopened", "reopened"),
        ("wait_open", "[{minutes} min]"),
        ("wait_queue", "[{position} ahead]"),
        ("wait_closed", "[{hours}, {opens}]"),
        ("nobody_yet", "nobody yet"),
        ("order_status", "[{order}: {status}]"),
        ("order_unknown", "[no {order}]"),
        ("ask_order_number", "which order?"),
        ("contact_thanks", "contact thanks"),
    ];
    let sentences = |language: &str| -> Value {
        KEYS.iter().map(|(key, text)| ((*key).to_owned(), json!(format!("{language}: {text}")))).collect()
    };
    serde_json::from_value(json!({ "zh": sentences("zh"), "en": sentences("en") })).unwrap()
}
