//! Labelled messages in, error rates out.
//!
//! Read it in this order:
//!
//! 1. [`DataSet`]: messages with the intent that a person gave them.
//! 2. [`evaluate`]: runs them through exactly the pipeline that serves the chat.
//! 3. [`Report`]: how often it was wrong, and where.

mod data_set;
mod report;

mod error;

pub use data_set::{DataSet, LabelledMessage};
pub use error::{Error, Result};
pub use report::{IntentReport, Report, WrongAnswer};

use jiff::civil::Date;
use shopdesk_triage::Triage;

use report::Observation;

/// Assesses every message as on that day. `progress` hears how many are done.
///
/// # Errors
/// When the pipeline fails on a message.
pub fn evaluate(
    triage: &Triage,
    data: &DataSet,
    day: Date,
    mut progress: impl FnMut(usize),
) -> Result<Report> {
    let mut observations = Vec::with_capacity(data.messages.len());
    for (done, message) in data.messages.iter().enumerate() {
        progress(done);
        let assessment = triage.assess(&message.text, day)?;
        observations.push(Observation::of(message, &assessment));
    }
    progress(data.messages.len());
    Ok(Report::of(&observations))
}
