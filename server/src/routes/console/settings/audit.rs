//! Who looked at, changed or took out what.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Tab;
use super::audit_filter::Wanted;
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::routes::console::frame::{Frame, Section, render};
use crate::routes::console::visit::Visit;
use crate::state::AppState;
use crate::store::AuditEntry;

/// How many entries a page has.
const ROWS: u32 = 100;

#[derive(Template)]
#[template(path = "console/settings/audit.html")]
struct Page {
    frame: Frame,
    tab: Tab,
    wanted: Wanted,
    /// Who could have done something, to choose from.
    actors: Vec<String>,
    /// What was ever done.
    actions: Vec<Action>,
    log: Log,
}

#[derive(Template)]
#[template(path = "console/settings/audit_rows.html")]
struct Part {
    frame: Frame,
    log: Log,
}

struct Action {
    value: String,
    title: String,
    is_chosen: bool,
}

/// A page of the log.
struct Log {
    rows: Vec<Row>,
    /// Where the next page is.
    more: Option<String>,
    /// Whether these rows follow others.
    goes_on: bool,
}

struct Row {
    entry: AuditEntry,
    action: String,
    /// Of whom or what, as people call it.
    subject: String,
    /// Where it can be seen.
    link: Option<String>,
}

pub(super) async fn show(
    State(app): State<AppState>,
    visit: Visit,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let logins = logins(&app).await?;
    let log = log(&app, &frame, &wanted, &logins).await?;
    // Only what is added to the page that is there.
    if visit.wants_part && log.goes_on {
        return render(&Part { frame, log });
    }
    let mut actors: Vec<String> = logins.into_values().collect();
    actors.extend(app.store.keys().await?.into_iter().map(|key| format!("key {}", key.name)));
    actors.extend(["command line".to_owned(), "shopdesk".to_owned()]);
    actors.sort();
    actors.dedup();
    let actions = app.store.audited_actions().await?.into_iter().map(|value| Action {
        title: frame.word("audit", &value),
        is_chosen: value == wanted.action,
        value,
    });
    let actions = actions.collect();
    render(&Page { frame, tab: Tab::Audit, wanted, actors, actions, log })
}

async fn logins(app: &AppState) -> Result<HashMap<String, String>, Problem> {
    let agents = app.store.agents().await?;
    Ok(agents.into_iter().map(|agent| (agent.id.to_string(), agent.login)).collect())
}

async fn log(
    app: &AppState,
    frame: &Frame,
    wanted: &Wanted,
    logins: &HashMap<String, String>,
) -> Result<Log, Problem> {
    let filter = wanted.filter(&frame.zone, ROWS);
    let page = app.store.audit(&filter).await?;
    let more = page.next.map(|next| {
        let query = wanted.query();
        let joint = if query.is_empty() { "" } else { "&" };
        format!("/console/settings/audit?{query}{joint}after={next}")
    });
    let rows = page.entries.into_iter().map(|entry| row(frame, entry, logins));
    Ok(Log { rows: rows.collect(), more, goes_on: filter.after.is_some() })
}

fn row(frame: &Frame, entry: AuditEntry, logins: &HashMap<String, String>) -> Row {
    let id = entry.subject.clone().unwrap_or_default();
    let login = logins.get(&id);
    let link = match entry.action.split('.').next() {
        Some("ticket") if !id.is_empty() => Some(format!("/console/tickets/{id}")),
        Some("settings") => Some(format!("/console/settings/{}", page_of(&id))),
        _ if login.is_some() => Some(format!("/console/settings/agents/{id}")),
        _ => None,
    };
    let subject = login.cloned().unwrap_or_else(|| frame.word("section", id));
    Row { action: frame.word("audit", &entry.action), subject, link, entry }
}

/// Where a section of the settings is changed.
fn page_of(section: &str) -> &'static str {
    match section {
        "hours" | "deadlines" => "hours",
        "promise" => "promise",
        _ => "sites",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use regex::Regex;

    use crate::routes::console::texts::Language;

    /// Collects what the sources below that folder keep in the audit log.
    fn collect(folder: &Path, audited: &Regex, found: &mut BTreeSet<String>) {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                collect(&path, audited, found);
            } else if let Ok(source) = std::fs::read_to_string(&path) {
                found.extend(audited.captures_iter(&source).map(|one| one[1].to_owned()));
            }
        }
    }

    #[test]
    fn everything_that_is_kept_has_a_word() {
        // By the store, by whoever is logged in, by the workshop's steps, and with a change of an article.
        let audited = Regex::new(
            r#"(?:audit\(\s*[^,;]+,\s*(?:&?visit,\s*)?|change\(\s*&?app,\s*&?visit,\s*)"([a-z_.]+)""#,
        )
        .unwrap();
        let mut found = BTreeSet::new();
        for folder in ["src", "../src"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            collect(&folder, &audited, &mut found);
        }
        for known in [
            "settings.change",
            "settings.reset",
            "login.refused",
            "ticket.view",
            "bundle.switch",
            "article.save",
            "customer.erase",
        ] {
            assert!(found.contains(known), "`{known}` is not found any more");
        }
        for action in found {
            let key = format!("words.audit.{action}");
            assert!(Language::English.find(&key).is_some(), "`{key}` has no word");
        }
    }
}
