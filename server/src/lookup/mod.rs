//! Asks the shop's own system what became of an order, so that "where is my parcel" is answered with the real state.
//!
//! The shop decides who may know it: it is told whom it vouched for and what they wrote. What it says is said word for word. Whatever goes
//! wrong is an error here, and a hand-over where it is called.

mod answer;
mod cache;
mod question;

pub(crate) use answer::{Answer, Order};
pub(crate) use question::Question;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use shopdesk_model::intents::IntentId;
use url::Url;
use uuid::Uuid;

use crate::config::LookupConfig;
use crate::webhooks::{RefusedUrl, WebhookSecret, check_url, client, without_url};
use cache::Cache;

/// The longest answer, in bytes.
const LONGEST: usize = 64 * 1024;

/// The shop's system that knows its orders.
pub struct Lookup {
    url: Url,
    intents: Vec<IntentId>,
    secret: WebhookSecret,
    client: reqwest::Client,
    cache: Cache,
}

/// Why orders cannot be looked up as the settings have it.
#[derive(Debug, thiserror::Error)]
pub enum LookupConfigError {
    /// The address is refused.
    #[error("`lookup.url` cannot be used: {0}")]
    Url(#[from] RefusedUrl),
    /// No connection can be made from here.
    #[error("no client for `lookup.url` can be made")]
    Client(#[from] reqwest::Error),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    #[error("it did not answer within `lookup.timeout_milliseconds`")]
    TimedOut,
    #[error("it cannot be asked: {0}")]
    Unreachable(String),
    #[error("it answered {0} instead of 200")]
    Status(StatusCode),
    #[error("its answer has more than {} KiB", LONGEST / 1024)]
    TooLong,
    #[error("its answer cannot be used: {0}")]
    Unusable(String),
}

impl Lookup {
    /// Asks there, signed with that secret.
    ///
    /// # Errors
    /// When the address is one that nothing should be sent to.
    pub fn new(config: &LookupConfig, secret: WebhookSecret) -> Result<Self, LookupConfigError> {
        Ok(Self {
            url: check_url(&config.url, config.allow_private)?,
            intents: config.intents.clone(),
            secret,
            client: client(config.timeout(), config.allow_private)?,
            cache: Cache::new(SignedDuration::from_secs(i64::from(config.cache_seconds))),
        })
    }

    /// The intents that are answered with what it says.
    pub(crate) fn intents(&self) -> &[IntentId] {
        &self.intents
    }

    /// What became of an order, as it was said a short while ago or as it is said now.
    pub(crate) async fn ask(&self, question: &Question<'_>, now: Timestamp) -> Result<Answer, LookupError> {
        let key = question.key();
        if let Some(order) = self.cache.get(&key, now) {
            return Ok(Answer::Found(order));
        }
        let answer = Answer::read(&self.fetch(question, now).await?)?;
        // Whoever was refused, or mistyped, may be answered the next time.
        if let Answer::Found(order) = &answer {
            self.cache.keep(key, order.clone(), now);
        }
        Ok(answer)
    }

    async fn fetch(&self, question: &Question<'_>, now: Timestamp) -> Result<Vec<u8>, LookupError> {
        let id = format!("lookup_{}", Uuid::now_v7().simple());
        let body = serde_json::to_vec(question).expect("plain data");
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now.as_second())
            .header("webhook-signature", self.secret.sign(&id, now, &body))
            .body(body);
        let mut response = request.send().await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(LookupError::Status(response.status()));
        }
        let mut read = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            read.extend_from_slice(&chunk);
            if read.len() > LONGEST {
                return Err(LookupError::TooLong);
            }
        }
        Ok(read)
    }
}

fn failed(error: reqwest::Error) -> LookupError {
    if error.is_timeout() { LookupError::TimedOut } else { LookupError::Unreachable(without_url(error)) }
}
