//! Text in, embeddings and intent probabilities out.
//!
//! This crate is synchronous and knows no HTTP, no async runtime, no database and no vector store. Read it in
//! this order:
//!
//! 1. [`TextEncoder`]: a text becomes a unit-length [`Embedding`]. It puts together a [`tokenizer`], an
//!    [`encoder`] and the model [`folder`] that both are read from; Chinese is brought into one [`script`] before.
//! 2. [`import`]: how a published checkpoint becomes such a folder.
//! 3. [`intents`]: what shoppers want, written by hand, with example messages.
//! 4. [`service`]: worker threads that embed for many callers at once.
//! 5. [`classifier`]: embeddings become calibrated probabilities over those intents, kept in a [`classifier::Bundle`].
//! 6. [`data_check`]: what is wrong with examples.
//! 7. [`lbfgs`]: the search for a minimum that all fits are made with. [`interval`]: how sure a share is that was counted. [`RidgeScore`]: one number for a
//!    yes or no that vectors tell. [`Whitening`]:
//!    what groups of vectors differ in. [`write_file`]: whole or not at all.
//!
//! Everything that can fail returns the one [`Error`] of this crate.

mod text_encoder;

pub mod encoder;
pub mod folder;
pub mod import;
pub mod tokenizer;

pub mod classifier;
pub mod data_check;
pub mod intents;
pub mod interval;
pub mod lbfgs;
pub mod script;
pub mod service;

mod embedding;
mod error;
mod probability;
mod replace;
mod ridge_score;
mod sentiment;
mod whitening;

pub use embedding::Embedding;
pub use error::{Error, Result};
pub use probability::Probability;
pub use replace::{write_file, write_file_with};
pub use ridge_score::RidgeScore;
pub use sentiment::{Sentiment, SentimentGuess};
pub use text_encoder::{Embedded, EncoderOptions, Role, TextEncoder};
pub use whitening::Whitening;
