//! The report as a page: one file that works without a network, under a policy that runs nothing but its own script.

mod format;
mod plots;
mod sections;

use std::collections::HashMap;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{Report, Result};
use format::{interval, optional, percent};
use sections::Section;

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// Puts the page together. `personal_data` says whether the texts are shown as they were written.
///
/// # Errors
/// When a plot cannot be drawn, which does not happen.
pub fn page(report: &Report, personal_data: bool) -> Result<String> {
    let source = &report.source;
    let page = Page {
        title: format!("How well the desk understands {}", source.data),
        subtitle: format!(
            "{} messages, {} of them out of scope; bundle {} with {} intents; as on {}.",
            report.data.messages, report.data.out_of_scope, source.bundle, source.intents, source.day
        ),
        cards: cards(report),
        sections: sections::of(report)?,
        privacy: if personal_data {
            "Messages are shown as they were written: treat this page as personal data."
        } else {
            "Personal data in them are masked."
        },
        errors: errors(report)?,
        footer: format!(
            "shopdesk {}, schema {}; encoder {}; data SHA-256 {}. docs/evaluation.md explains every figure.",
            source.program, report.schema, source.encoder, source.data_sha256
        ),
        style: STYLE,
        style_hash: csp_hash(STYLE),
        script: SCRIPT,
        script_hash: csp_hash(SCRIPT),
    };
    Ok(page.render()?)
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    title: String,
    subtitle: String,
    cards: Vec<Card>,
    sections: Vec<Section>,
    privacy: &'static str,
    errors: String,
    footer: String,
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
}

/// A figure that everybody wants to know first.
struct Card {
    name: &'static str,
    value: String,
    detail: String,
    warning: bool,
}

fn cards(report: &Report) -> Vec<Card> {
    use crate::report::Verdict;
    let Report { metrics, intervals, promise, automation, .. } = report;
    let card = |name, value, detail| Card { name, value, detail, warning: false };
    let mut cards = vec![
        card("taken for what they are", percent(metrics.accuracy), interval(intervals.accuracy)),
        card(
            "answered without a human",
            optional(automation.answered.share),
            interval(automation.answered.interval),
        ),
        Card {
            name: "of the answers that the thresholds allow are wrong",
            value: percent(promise.error),
            detail: format!(
                "{}; {} of {}, promised at most {}",
                format::verdict(promise.verdict),
                promise.wrong,
                promise.allowed,
                percent(promise.max_error)
            ),
            warning: promise.verdict == Verdict::Broken,
        },
        card("calibration error", percent(metrics.ece), interval(intervals.ece)),
    ];
    if let Some(auroc) = metrics.oos_auroc {
        cards.push(card(
            "out-of-scope AUROC",
            format!("{auroc:.3}"),
            format::plain_interval(intervals.oos_auroc),
        ));
    }
    cards
}

/// The errors as the script reads them, with the label that confident learning suggests. `<` is escaped, so that no message can end
/// the element that they stand in.
fn errors(report: &Report) -> Result<String> {
    let suggested: HashMap<(&str, &str), &str> = report
        .label_errors
        .iter()
        .map(|suspected| ((suspected.id.as_str(), suspected.label.as_str()), suspected.suggested.as_str()))
        .collect();
    let mut rows = Vec::with_capacity(report.errors.len());
    for error in &report.errors {
        let mut row = serde_json::to_value(error)?;
        if let Some(suggested) = suggested.get(&(error.id.as_str(), error.expected.as_str())) {
            row["suggested"] = Value::from(*suggested);
        }
        rows.push(row);
    }
    Ok(serde_json::to_string(&rows)?.replace('<', "\\u003c"))
}

/// As a Content Security Policy names an inline element that may be used.
fn csp_hash(element: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(element.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::tests::observed;
    use crate::report::tests::source;

    #[test]
    fn a_message_cannot_leave_its_place_in_the_page() {
        let mut hostile = observed(Some("<b>label</b>"), "a", 0.9, 0.0);
        hostile.text = "</script><script>alert(1)</script>".to_owned();
        let page = page(&Report::of(source(), &[hostile]), false).unwrap();
        assert!(!page.contains("<script>alert") && !page.contains("<b>label"), "it is not escaped");
        assert!(page.contains("\\u003c/script>"));
        assert_eq!(page.matches("<script").count(), 2);
    }

    #[test]
    fn nothing_is_loaded_and_only_its_own_script_may_run() {
        let page = page(&Report::of(source(), &[observed(Some("a"), "b", 0.9, 0.0)]), false).unwrap();
        assert!(page.contains("default-src 'none'"));
        let script = page.rsplit("<script>").next().unwrap().split("</script>").next().unwrap();
        assert!(page.contains(&csp_hash(script).replace('+', "&#43;")) || page.contains(&csp_hash(script)));
        for loaded in ["src=\"", "<link", "@import", "url("] {
            assert!(!page.contains(loaded), "{loaded}");
        }
    }

    #[test]
    fn every_plot_has_a_title_and_a_table_beside_it() {
        let messages = [observed(Some("a"), "b", 0.9, 0.0), observed(Some("a"), "a", 0.8, 0.1)];
        for section in sections::of(&Report::of(source(), &messages)).unwrap() {
            for plot in &section.plots {
                assert!(plot.svg.contains("role=\"img\"") && plot.svg.contains("<title"), "{}", section.id);
            }
            assert!(section.plots.is_empty() || !section.tables.is_empty(), "{}", section.id);
        }
    }

    #[test]
    fn a_report_on_nothing_is_a_page() {
        assert!(page(&Report::of(source(), &[]), true).unwrap().contains("treat this page as personal data"));
    }
}
