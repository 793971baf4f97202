//! What the handlers share. Only `main` and the tests construct it.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::DateTime};
use shopdesk_model::intents::Priority;
use shopdesk_triage::{MessageLanguage, detect_language};
use tokio::sync::{Semaphore, watch};
use tokio::time::Interval;

use crate::agent::AgentId;
use crate::auth::{
    LoginThrottle, PasswordError, Passwords, Rate, RateLimiter, ThrottleSettings, VisitorTokens,
};
use crate::choices::{Choices, Chosen, FileChoices, FindIdentity};
use crate::conversation::{Conversation, ConversationId};
use crate::deadlines::Due;
use crate::dialogue::Queue;
use crate::readiness::Known;
use crate::store::StoreError;
use crate::streams::Streams;
use crate::unanswered::Unanswered;
use crate::under_way::UnderWay;
use crate::{
    Assessor, DialogueConfig, LanguageReplies, LimitConfig, Lookup, Metrics, Replies, Store, Webhook,
    Workshop,
};

/// The running service. Cheap to clone, which every request does several times.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// What it consists of.
#[derive(Clone)]
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// The pipeline.
    pub assessor: Assessor,
    /// What does not change while it runs.
    pub settings: Arc<Settings>,
    /// What the console can change meanwhile; [`AppState::choices`] reads it.
    pub chosen: Arc<Chosen>,
    /// What time it is; articles come into force and expire by it.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Signs and checks the tokens of visitors.
    pub tokens: Arc<VisitorTokens>,
    /// What is known of those who ask just now.
    pub present: Arc<Present>,
    /// What is measured.
    pub metrics: Metrics,
    /// Where bundles are made, if this program can make any.
    pub workshop: Option<Arc<dyn Workshop>>,
}

/// What the shop chose, checked.
pub struct Settings {
    /// The sentences beside the articles.
    pub replies: Replies,
    /// The language for readers whose own we do not know.
    pub default_language: String,
    /// Where the shop's days begin and end.
    pub time_zone: TimeZone,
    /// What the settings file says of what the console can change.
    pub file: FileChoices,
    /// Finds what checks the shop's word for its customers.
    pub identities: FindIdentity,
    /// Where the shop's systems take what happens, by name.
    pub webhooks: Arc<BTreeMap<String, Webhook>>,
    /// What knows how orders stand, if the shop has it.
    pub lookup: Option<Lookup>,
    /// How the program talks.
    pub dialogue: DialogueConfig,
    /// The longest message, in characters.
    pub max_message_characters: usize,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// For how long a visitor's token holds.
    pub token_lifetime: Duration,
    /// For how many days a conversation is kept after its end.
    pub retention_days: Option<NonZeroU32>,
    /// Names under which a proxy passes requests on, beside those of this machine.
    pub hosts: Vec<String>,
    /// Whether to believe a proxy about where requests come from.
    pub behind_proxy: bool,
    /// The folder with the reports of evaluations; it need not be there.
    pub reports: PathBuf,
}

/// What is known of those who ask just now. Not kept.
pub struct Present {
    /// When shoppers were last seen writing.
    pub(crate) typing: Mutex<HashMap<ConversationId, Instant>>,
    /// How many wait for a human, and how long.
    pub(crate) queue: Mutex<Queue>,
    /// When agents were last seen.
    pub(crate) agents: Mutex<HashMap<AgentId, Instant>>,
    pub(crate) visitors: Mutex<RateLimiter>,
    pub(crate) addresses: Mutex<RateLimiter>,
    pub(crate) beginnings: Mutex<RateLimiter>,
    pub(crate) sites: Mutex<RateLimiter>,
    pub(crate) logins: Mutex<LoginThrottle>,
    /// When it was last kept that an agent is there.
    pub(crate) seen_kept: Mutex<HashMap<AgentId, Instant>>,
    /// How much anybody may ask, to be shown.
    pub(crate) limits: LimitConfig,
    pub(crate) passwords: Passwords,
    /// How many passwords are hashed at once: each takes 19 MiB and a thread.
    pub(crate) hashing: Semaphore,
    /// Streams of events.
    pub(crate) streams: Streams,
    /// Requests that are not answered yet.
    pub(crate) requests: UnderWay,
    /// Messages that are being answered, whether somebody waits for that or not.
    pub(crate) answers: UnderWay,
    /// How the parts of the service were a moment ago.
    pub(crate) readiness: Known,
    /// Questions that found no answer, in groups.
    pub(crate) unanswered: Unanswered,
    /// True as soon as the service stops.
    pub(crate) stopping: watch::Sender<bool>,
}

impl Present {
    /// Nobody is there yet.
    ///
    /// # Errors
    /// When there is no memory to check passwords with.
    pub fn new(limits: &LimitConfig) -> Result<Self, PasswordError> {
        let limiter = |requests| Mutex::new(RateLimiter::new(Rate::per_minute(requests), REMEMBERED));
        Ok(Self {
            typing: Mutex::default(),
            queue: Mutex::default(),
            agents: Mutex::default(),
            visitors: limiter(limits.per_visitor),
            addresses: limiter(limits.per_address),
            beginnings: limiter(limits.conversations_per_address),
            sites: limiter(limits.per_site),
            logins: Mutex::new(LoginThrottle::new(ThrottleSettings::default())),
            seen_kept: Mutex::default(),
            limits: limits.clone(),
            passwords: Passwords::new()?,
            hashing: Semaphore::new(2),
            streams: Streams::new(limits.streams_per_address),
            requests: UnderWay::new(),
            answers: UnderWay::new(),
            readiness: Known::default(),
            unanswered: Unanswered::default(),
            stopping: watch::Sender::new(false),
        })
    }

    /// Whether the service stops.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until the service stops.
    pub(crate) async fn stopped(&self) {
        // We hold the sender ourselves, so there is always somebody who can tell.
        drop(self.stopping.subscribe().wait_for(|stopping| *stopping).await);
    }

    /// Waits until it is time again for what is done ever again. False when the service stops instead.
    pub(crate) async fn comes_round(&self, look: &mut Interval) -> bool {
        tokio::select! {
            biased;
            () = self.stopped() => false,
            _ = look.tick() => true,
        }
    }
}

impl Present {
    /// Whether an agent was seen lately.
    pub(crate) fn is_there(&self, agent: AgentId) -> bool {
        let agents = self.agents.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        agents.get(&agent).is_some_and(|seen| seen.elapsed() < AGENT_THERE)
    }
}

/// How many visitors and addresses are remembered for limits.
const REMEMBERED: usize = 100_000;

/// For how long an agent counts as there after the last request.
pub(crate) const AGENT_THERE: Duration = Duration::from_secs(90);

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl AppState {
    /// Of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The present moment.
    pub(crate) fn time(&self) -> Timestamp {
        (self.clock)()
    }

    /// What the shop's clock shows.
    pub(crate) fn now(&self) -> DateTime {
        self.time().to_zoned(self.settings.time_zone.clone()).datetime()
    }

    /// The sentences for a reader of that language.
    pub(crate) fn replies_for(&self, language: MessageLanguage) -> Option<&LanguageReplies> {
        self.settings.replies.for_language(language, &self.settings.default_language)
    }

    /// By when a ticket of that urgency, opened then, should be answered and closed.
    pub(crate) fn due(&self, priority: Priority, opened_at: Timestamp) -> Due {
        let choices = self.choices();
        let Choices { deadlines, hours, .. } = choices.as_ref();
        deadlines.due(priority, opened_at, hours, &self.settings.time_zone)
    }
}

/// The language that a shopper reads: that of the message, or else of the page, or else the shop's.
pub(crate) fn reader(
    app: &AppState,
    message: Option<MessageLanguage>,
    conversation: &Conversation,
) -> MessageLanguage {
    use MessageLanguage::{Other, SimplifiedChinese, TraditionalChinese};
    let page = conversation.language.as_deref().and_then(MessageLanguage::from_tag);
    match (message, page) {
        // Many a short message is the same in both scripts.
        (Some(SimplifiedChinese), Some(TraditionalChinese)) => TraditionalChinese,
        (Some(known), _) if known != Other => known,
        (_, Some(page)) => page,
        _ => MessageLanguage::from_tag(&app.settings.default_language).unwrap_or(Other),
    }
}

/// A conversation, and the language that its shopper reads, by the last message. Nothing when there is no such conversation.
pub(crate) async fn reader_of(
    app: &AppState,
    id: ConversationId,
) -> Result<Option<(Conversation, MessageLanguage)>, StoreError> {
    let found = app.store.conversation_with_last_text(id).await?;
    Ok(found.map(|(conversation, text)| {
        let language = reader(app, text.as_deref().map(detect_language), &conversation);
        (conversation, language)
    }))
}
