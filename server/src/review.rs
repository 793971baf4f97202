//! What people say of automatic answers, and what that says of the program.

use serde::{Deserialize, Serialize};
use shopdesk_model::interval::clopper_pearson;

/// How probable it may be that the truth is outside of an interval.
const ALPHA: f64 = 0.05;

/// What somebody says of an automatic answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewVerdict {
    /// It answers what was asked.
    Right,
    /// It does not.
    Wrong,
    /// Nobody can tell from what was written.
    Unclear,
}

impl ReviewVerdict {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Right, Self::Wrong, Self::Unclear];

    /// The word used in forms and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Unclear => "unclear",
        }
    }
}

/// What people said of the answers of some days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReviewFigures {
    /// All answers of those days.
    pub answers: usize,
    /// Those that were found right.
    pub right: usize,
    /// Those that were found wrong.
    pub wrong: usize,
    /// Those of which nobody could tell.
    pub unclear: usize,
}

impl ReviewFigures {
    /// The wrong ones of those of which it could be told.
    #[must_use]
    pub fn wrong_share(&self) -> CountedShare {
        CountedShare { part: self.wrong, whole: self.right + self.wrong }
    }

    /// How many were looked at.
    #[must_use]
    pub fn reviewed(&self) -> usize {
        self.right + self.wrong + self.unclear
    }
}

/// How many were taken for something that they are not, of those that somebody looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountedShare {
    /// How many are the part.
    pub part: usize,
    /// How many are the whole.
    pub whole: usize,
}

impl CountedShare {
    /// The share; nothing of nothing.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.whole > 0).then(|| self.part as f64 / self.whole as f64)
    }

    /// The exact 95 % interval of Clopper and Pearson; nothing of nothing.
    #[must_use]
    pub fn interval(&self) -> Option<[f64; 2]> {
        (self.whole > 0).then(|| clopper_pearson(self.part, self.whole, ALPHA))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_could_tell_is_counted_apart() {
        let figures = ReviewFigures { answers: 900, right: 97, wrong: 3, unclear: 20 };
        let share = figures.wrong_share();
        assert_eq!((share.share(), figures.reviewed()), (Some(0.03), 120));
        // SciPy: binomtest(3, 100).proportion_ci(0.95, 'exact') is 0.006230 to 0.085176.
        let [low, high] = share.interval().unwrap();
        assert!((low - 0.006_230).abs() < 1e-6 && (high - 0.085_176).abs() < 1e-6, "{low} {high}");
    }

    #[test]
    fn nothing_says_nothing() {
        let share = ReviewFigures { answers: 5, unclear: 5, ..ReviewFigures::default() }.wrong_share();
        assert_eq!((share.share(), share.interval()), (None, None));
    }
}
