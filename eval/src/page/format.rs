//! Figures as people read them.

use crate::report::Verdict;
use crate::statistics::{Interval, Share};

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A dash where there is none.
pub(super) fn optional(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), percent)
}

pub(super) fn interval(interval: Option<Interval>) -> String {
    interval
        .map_or_else(String::new, |[low, high]| format!("95 %: {:.1} to {:.1} %", low * 100.0, high * 100.0))
}

pub(super) fn plain_interval(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |[low, high]| format!("95 %: {low:.3} to {high:.3}"))
}

/// A share with its interval.
pub(super) fn share(share: &Share) -> String {
    match (share.share, share.interval) {
        (Some(value), Some([low, high])) => {
            format!("{} ({:.1} to {:.1})", percent(value), low * 100.0, high * 100.0)
        }
        _ => "–".to_owned(),
    }
}

/// A share with its interval, and of how many.
pub(super) fn counted(of: &Share) -> String {
    if of.whole == 0 { "–".to_owned() } else { format!("{}, {} of {}", share(of), of.part, of.whole) }
}

pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "the promise is proved by these messages",
        Verdict::Consistent => "agrees with the promise, but too few messages to prove it",
        Verdict::Broken => "the promise is broken on these messages",
        Verdict::NothingAnswered => "nothing may be answered",
    }
}
