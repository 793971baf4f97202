//! `/console/quality/reports`: the reports of evaluations in the data folder, listed and opened.

use std::path::{Path as FilePath, PathBuf};
use std::sync::LazyLock;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse as _, Response};
use regex::Regex;
use serde::Deserialize;

use super::super::frame::{Frame, Section, render};
use super::super::visit::Visit;
use crate::agent::Role;
use crate::problem::Problem;
use crate::state::AppState;

/// How many are listed, the latest first.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "console/quality/reports.html")]
struct Page {
    frame: Frame,
    tab: &'static str,
    reports: Vec<Row>,
}

struct Row {
    name: String,
    day: String,
    data: String,
    bundle: String,
    messages: u64,
    accuracy: String,
    promise: String,
    tone: &'static str,
}

/// As much of a `report.json` as the list shows.
#[derive(Deserialize)]
struct Report {
    source: Source,
    data: Data,
    metrics: Metrics,
    promise: Promise,
}

#[derive(Deserialize)]
struct Source {
    data: String,
    bundle: String,
    day: String,
}

#[derive(Deserialize)]
struct Data {
    messages: u64,
}

#[derive(Deserialize)]
struct Metrics {
    accuracy: f64,
}

#[derive(Deserialize)]
struct Promise {
    error: f64,
    verdict: shopdesk_model::classifier::Verdict,
}

pub(super) async fn list(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let folder = app.settings.reports.clone();
    let found = tokio::task::spawn_blocking(move || reports(&folder)).await.map_err(|_| Problem::Failed)?;
    let frame = visit.frame(Section::Quality);
    let reports = found.into_iter().map(|(name, report)| row(&frame, name, report)).collect();
    render(&Page { frame, tab: "reports", reports })
}

/// The page of a report as it was written, which runs its own script and nothing else. In a sandbox it is a page of nobody's: it reaches
/// neither the console nor the network.
pub(super) async fn open(
    State(app): State<AppState>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let path = page_of(&app.settings.reports, &name).ok_or(Problem::NoRoute)?;
    let page = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
    let page = page.map_err(|_| Problem::Failed)?.map_err(|_| Problem::NoRoute)?;
    let policy = policy_of(&page).ok_or(Problem::NoRoute)?;
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response())
}

/// The file of a report's page. A name is one part of a path, and no way out of the folder.
fn page_of(folder: &FilePath, name: &str) -> Option<PathBuf> {
    let is_plain = !name.is_empty()
        && name.len() <= 200
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    is_plain.then(|| folder.join(name).join("report.html"))
}

/// The hashes that the page itself names for its style and its script, in a policy of ours.
fn policy_of(page: &str) -> Option<String> {
    static HASHES: LazyLock<Regex> = LazyLock::new(|| {
        let hash = r"'(sha256-[A-Za-z0-9+/=&#;]{44,80})'";
        Regex::new(&format!("default-src 'none'; style-src {hash}; script-src {hash};"))
            .expect("the pattern is a constant that the tests compile")
    });
    let hashes = HASHES.captures(page)?;
    // As it is written in HTML.
    let plain = |hash: &str| hash.replace("&#43;", "+").replace("&#x2b;", "+");
    let (style, script) = (plain(&hashes[1]), plain(&hashes[2]));
    if style.contains(['&', ';']) || script.contains(['&', ';']) {
        return None;
    }
    Some(format!(
        "sandbox allow-scripts allow-downloads; default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    ))
}

/// Reports that can be read, the latest first.
fn reports(folder: &FilePath) -> Vec<(String, Report)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let page = page_of(folder, &name)?;
            Some((std::fs::metadata(page).ok()?.modified().ok()?, name))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    let read = |(_, name): (_, String)| {
        let file = std::fs::File::open(folder.join(&name).join("report.json")).ok()?;
        let report = serde_json::from_reader(std::io::BufReader::new(file));
        Some((name, report.ok()?))
    };
    found.into_iter().take(SHOWN).filter_map(read).collect()
}

fn row(frame: &Frame, name: String, report: Report) -> Row {
    use shopdesk_model::classifier::Verdict;
    let verdict = report.promise.verdict;
    Row {
        name,
        day: report.source.day,
        data: report.source.data,
        bundle: report.source.bundle,
        messages: report.data.messages,
        accuracy: frame.percent(&report.metrics.accuracy),
        promise: format!(
            "{} · {}",
            frame.percent(&report.promise.error),
            frame.t(&format!("quality.report_verdict.{}", verdict.as_str()))
        ),
        tone: match verdict {
            Verdict::Proved => "good",
            Verdict::Consistent | Verdict::NothingAnswered => "warn",
            Verdict::Broken => "urgent",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let folder = FilePath::new("/data/reports");
        for way_out in
            ["..", ".", ".hidden", "../bundle", "a/b", "a\\b", "/etc/passwd", "", "a\0b", "a%2f..", "C:"]
        {
            assert_eq!(page_of(folder, way_out), None, "{way_out}");
        }
        let page = page_of(folder, "2026-11-22_五月.1").unwrap();
        assert_eq!(page, FilePath::new("/data/reports/2026-11-22_五月.1/report.html"));
    }

    #[test]
    fn a_page_without_hashes_of_its_own_is_not_shown() {
        assert_eq!(policy_of("<script>alert(1)</script>"), None);
        let hash = format!("sha256-{}=", "A".repeat(43));
        let open = format!("default-src 'none'; style-src '{hash}'; script-src 'unsafe-inline';");
        assert_eq!(policy_of(&open), None);
        let page = format!(
            "<meta content=\"default-src 'none'; style-src '{hash}'; script-src '{}'; base-uri 'none'\">",
            hash.replacen('A', "&#43;", 1)
        );
        let policy = policy_of(&page).unwrap();
        assert!(policy.starts_with("sandbox allow-scripts allow-downloads; default-src 'none'"), "{policy}");
        assert!(policy.contains(&format!("script-src '{}'", hash.replacen('A', "+", 1))), "{policy}");
    }
}
