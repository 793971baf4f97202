//! The figures, as functions of weights: so that the same code computes a figure and, on messages drawn again, its interval.

mod calibration;
mod classes;
mod label_errors;
mod ranked;
mod retrieval;

pub(crate) use calibration::log_loss;
pub use calibration::{Bin, Reliability};
pub use classes::{ClassFigures, Classes};
pub(crate) use classes::{macro_average, weighted_f1};
#[cfg(test)]
pub(crate) use label_errors::{Judged, suspicions};
pub use label_errors::{Suspicion, suspected_label_errors};
pub use ranked::{CurvePoint, Ranked};
pub use retrieval::{Retrieved, ndcg};
