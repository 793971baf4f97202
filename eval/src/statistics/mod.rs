//! What statistics says of a finite sample: intervals, tests, and how many messages a proof takes.

mod bootstrap;
mod hypothesis;
mod interval;
mod power;

pub use bootstrap::{Interval, bootstrap};
pub use hypothesis::{McNemar, benjamini_hochberg, binomial_cdf, fisher_less, mcnemar};
pub use interval::{Share, clopper_pearson, upper_bound, wilson};
pub use power::{Power, messages_to_prove, power_table};
