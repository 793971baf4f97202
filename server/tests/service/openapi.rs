//! The description of the API, held against the API.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode, header};
use serde_json::Value;
use shopdesk_server::router;

use crate::access::{NOBODY, routes};
use crate::support::TestApp;

/// What the layers around all routes answer.
const EVERYWHERE: [&str; 4] = ["421", "429", "500", "504"];
/// Codes of what is no operation.
const OF_NO_OPERATION: [&str; 1] = ["method-not-allowed"];

struct Operation<'a> {
    method: Method,
    path: &'a str,
    contents: &'a Value,
}

impl Operation<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn responses(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.contents["responses"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(status, response)| (status.as_str(), response))
    }

    /// The codes that can be in an answer with that status; none when it is no problem.
    fn codes(response: &Value) -> Vec<&str> {
        let schema = &response["content"]["application/problem+json"]["schema"];
        let urns = schema["allOf"][1]["properties"]["type"]["enum"].as_array();
        urns.into_iter()
            .flatten()
            .map(|urn| urn.as_str().unwrap().strip_prefix("urn:shopdesk:problem:").unwrap())
            .collect()
    }
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let items = document["paths"].as_object().unwrap().iter();
    let operations = items.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, contents)| Operation {
            method: method.to_uppercase().parse().unwrap(),
            path,
            contents,
        })
    });
    operations.collect()
}

/// Every `$ref` in it.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(map) => {
            let own = map.get("$ref").and_then(Value::as_str);
            own.into_iter().chain(map.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

async fn document(app: &TestApp) -> Value {
    app.get("/openapi.json").await.json()
}

#[tokio::test]
async fn the_description_says_which_service_and_which_version_it_describes() {
    let served = TestApp::start().await.get("/openapi.json").await;
    assert_eq!(served.status, StatusCode::OK);
    assert_eq!(served.headers[header::CONTENT_TYPE], "application/json");
    let document = served.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    assert_eq!(document["info"]["title"], "shopdesk");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["info"]["license"]["identifier"], "Apache-2.0");
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_schema_is_referred_to() {
    let document = document(&TestApp::start().await).await;
    let references: BTreeSet<&str> = references(&document).into_iter().collect();
    for reference in &references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(references.contains(format!("#/components/schemas/{name}").as_str()), "{name}");
    }
}

#[tokio::test]
async fn every_address_under_v1_is_described_and_no_other() {
    let app = TestApp::start().await;
    // The router tells its paths in its `Debug` form only.
    let shown = format!("{:?}", router(app.state.clone()));
    let paths = shown.split('"').filter(|text| text.starts_with('/'));
    let is_api = |path: &&str| path.starts_with("/v1") || ["/livez", "/readyz"].contains(path);
    let (api, others): (BTreeSet<&str>, BTreeSet<&str>) = paths.partition(is_api);
    assert!(others.contains("/docs") && others.contains("/widget.js"), "{others:?}");
    let document = document(&app).await;
    let described: BTreeSet<&str> = operations(&document).iter().map(|operation| operation.path).collect();
    assert_eq!(api, described);
}

#[tokio::test]
async fn an_address_takes_the_methods_that_are_described_and_no_other() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let operations = operations(&document);
    for path in operations.iter().map(|operation| operation.path).collect::<BTreeSet<_>>() {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let is_described =
                operations.iter().any(|operation| operation.path == path && operation.method == method);
            let answer = app.with_token("", method.clone(), &concrete(path), None).await;
            let is_taken = answer.status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(is_taken, is_described, "{method} {path}: {}", answer.status);
        }
    }
}

/// The path with ids that nothing has.
fn concrete(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { NOBODY } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_operation_says_what_it_is_and_how_it_ends() {
    let document = document(&TestApp::start().await).await;
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut used = BTreeSet::from(["webhooks"]);
    let mut ids = BTreeSet::new();
    for operation in operations(&document) {
        let (name, contents) = (operation.name(), operation.contents);
        assert!(!contents["summary"].as_str().unwrap_or_default().is_empty(), "{name} has no summary");
        let [tag] = contents["tags"].as_array().unwrap().as_slice() else { panic!("{name} has not one tag") };
        assert!(tags.contains(tag.as_str().unwrap()), "{name}: {tag}");
        used.insert(tag.as_str().unwrap());
        assert!(ids.insert(contents["operationId"].as_str().unwrap()), "{name}: {}", contents["operationId"]);
        assert!(operation.responses().any(|(status, _)| status.starts_with('2')), "{name} never succeeds");
        for status in EVERYWHERE {
            assert!(contents["responses"].get(status).is_some(), "{name} does not say {status}");
        }
        for (status, response) in operation.responses() {
            assert!(!response["description"].as_str().unwrap_or_default().is_empty(), "{name} {status}");
            // Not to be ready is no problem: the same document says what is missing.
            let says_more = name == "GET /readyz" && status == "503";
            let has_code = says_more || !Operation::codes(response).is_empty();
            assert!(status.starts_with('2') || has_code, "{name} {status}");
        }
    }
    assert_eq!(used, tags);
}

#[tokio::test]
async fn the_problems_are_those_of_the_documentation() {
    let described = document(&TestApp::start().await).await;
    let operations = operations(&described);
    let answers = operations.iter().flat_map(Operation::responses);
    let described: BTreeSet<(&str, &str)> = answers
        .filter(|(status, _)| !status.starts_with('2'))
        .flat_map(|(status, response)| Operation::codes(response).into_iter().map(move |code| (code, status)))
        .collect();
    let documented = documented_problems(include_str!("../../../docs/api.md"));
    let operated =
        documented.into_iter().filter(|(code, _)| !OF_NO_OPERATION.contains(code)).collect::<BTreeSet<_>>();
    assert_eq!(described, operated);
}

/// Codes and statuses of the table under `## Problems`.
fn documented_problems(page: &str) -> BTreeSet<(&str, &str)> {
    let (_, table) = page.split_once("## Problems").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let codes = cells[1].split('`').skip(1).step_by(2).collect::<Vec<_>>();
        let statuses = cells[2].split(", ").collect::<Vec<_>>();
        let of_code = move |code| statuses.clone().into_iter().map(move |status| (code, status));
        codes.into_iter().flat_map(of_code)
    })
    .collect()
}

#[tokio::test]
async fn the_description_names_the_role_that_everything_takes() {
    let document = document(&TestApp::start().await).await;
    let mut of_staff: Vec<Operation> = operations(&document);
    of_staff.retain(|operation| role(operation).is_some());
    let routes = routes();
    assert_eq!(of_staff.len(), routes.len());
    for route in routes {
        let described = of_staff.iter().find(|operation| {
            operation.method == route.method && concrete(operation.path) == concrete_like(&route.path)
        });
        let described = described.unwrap_or_else(|| panic!("{} {}", route.method, route.path));
        assert_eq!(role(described), Some(route.least.as_str()), "{}", described.name());
        let needs_csrf = described.contents["security"][0].get("csrf_token").is_some();
        assert_eq!(needs_csrf, route.method != Method::GET, "{}", described.name());
    }
}

/// The path with our id in place of a key's.
fn concrete_like(path: &str) -> String {
    path.replace("abcdefghij", NOBODY)
}

/// The least role for an operation, if people who log in use it.
fn role<'a>(operation: &Operation<'a>) -> Option<&'a str> {
    operation.contents.get("security")?[0].get("session")?[0].as_str()
}

#[tokio::test]
async fn what_no_path_can_hold_is_the_name_of_nothing() {
    let app = TestApp::start().await;
    for path in ["/v1/articles/%FF/zh/1", "/v1/articles/a%00/zh/1", "/v1/sites/%C3%28"] {
        assert_eq!(app.get(path).await.problem(), (404, "no-route".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn the_page_for_people_loads_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    let page = app.get("/docs").await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    for directive in policy.split(';') {
        let mut words = directive.split_whitespace();
        let name = words.next().unwrap();
        let is_local = |source: &str| source == "'self'" || source == "'none'";
        assert!(
            words.all(|source| is_local(source) || (name == "img-src" && source == "data:")),
            "{directive}"
        );
    }
    let addresses = page.text.split(['"', ' ']).filter(|word| word.starts_with("/docs/"));
    let mut loaded = 0;
    for address in addresses {
        assert_eq!(app.get(address).await.status, StatusCode::OK, "{address}");
        loaded += 1;
    }
    let names = page.text.matches("src=").count() + page.text.matches("<link").count();
    assert_eq!(loaded, names, "{}", page.text);
}

#[tokio::test]
async fn the_page_for_people_shows_our_description_and_sends_it_nowhere() {
    let app = TestApp::start().await;
    let script = app.get("/docs/swagger-initializer.js").await.text;
    assert!(script.contains(r#""url": "/openapi.json""#), "{script}");
    assert!(script.contains(r#""validatorUrl": "none""#), "{script}");
    assert!(!script.contains("://"), "{script}");
    for other in ["/docs/index.html", "/docs/oauth2-redirect.html", "/docs/nothing.js"] {
        assert_eq!(app.get(other).await.problem(), (404, "no-route".to_owned()), "{other}");
    }
}
