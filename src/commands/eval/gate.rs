//! `shopdesk eval gate`: may this version ship? Exit code 0 for yes, 1 for no, 2 when that cannot be said.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use shopdesk_eval::{Comparison, Limits, Run};

use super::run::{DataArguments, observe};
use crate::output;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  shopdesk eval gate --data tickets.csv --limits limits.toml\n\n\
                  A file of limits, each of which may be left out:\n\
                  \x20 max_misclassification = 0.12\n  min_macro_f1 = 0.85\n  max_ece = 0.05\n  min_oos_auroc = 0.94\n  \
                  max_wrong_per_thousand = 5\n  promise = \"kept\"        # or \"proved\"\n  min_coverage = 0.35\n\n  \
                  [baseline]\n  run = \"last-release\"     # a folder that `shopdesk eval run --out` wrote\n  max_accuracy_loss = 0.01\n  \
                  max_coverage_loss = 0.05\n  max_recall_loss = 0.05   # of any intent\n\n\
                  Exit code: 0 when all are kept, 1 when one is not, 2 when it could not be run.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// The file of limits.
    #[arg(long)]
    limits: PathBuf,
    /// Print the checks as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let limits = Limits::load(&arguments.limits)?;
    let before = limits.baseline.as_ref().map(|baseline| Run::load(&baseline.run)).transpose()?;
    let now = observe(&Shop::open(shop)?, &arguments.data, arguments.data.bundle.as_deref())?;
    let comparison = before.map(|before| Comparison::of(&before, &now)).transpose()?;
    let checks = limits.check(&now.report(), comparison.as_ref());
    let kept = checks.iter().all(|check| check.kept);
    if arguments.json {
        output::json(&serde_json::json!({ "kept": kept, "checks": checks }))?;
    } else {
        for check in &checks {
            let verdict = if check.kept { "kept" } else { "FELL SHORT" };
            output::line(format_args!("{verdict:>10}  {}: {}", check.limit, check.found))?;
        }
    }
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
