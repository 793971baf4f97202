//! Labelled messages in, figures out: how often the desk is wrong, on what, how sure that is, and what it would cost to change.
//!
//! Read it in this order:
//!
//! 1. [`data`]: messages with the intent that a person gave them, read one after the other.
//! 2. [`Pipeline`]: runs them through exactly the pipeline that serves the chat; an [`Observation`] comes out for each.
//! 3. [`Report`]: all figures, as `report.json` has them.
//! 4. [`page()`]: the same as a page to read, `report.html`.
//! 5. [`Run`]: observations as they are saved; [`Comparison`] of two of them, and [`Limits`] that a version must keep.
//! 6. [`folds()`]: who is measured by whom in a cross-validation. [`robustness`]: the same messages with mistakes in them.
//! 7. [`search_quality`]: whether the right article is found, whatever the intent.
//! 8. [`metrics`] and [`statistics`]: what the figures are computed with.
//!
//! `docs/evaluation.md` explains every figure in plain words, with its formula and source.

pub mod data;
mod observation;
mod page;
mod pipeline;
pub mod report;
mod saved;
mod typos;

pub mod compare;
pub mod dialogues;
mod folds;
pub mod gate;
pub mod robustness;
pub mod search_quality;

pub mod metrics;
pub mod statistics;

mod error;
#[cfg(test)]
mod reference;

pub use compare::Comparison;
pub use data::{DataFile, LabelledMessage};
pub use error::{Error, Result};
pub use folds::folds;
pub use gate::Limits;
pub use observation::Observation;
pub use page::page;
pub use pipeline::{Action, Assessed, FoundArticle, Options, Pipeline};
pub use report::{Report, Source};
pub use saved::{Run, save};
