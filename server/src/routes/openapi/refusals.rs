//! How operations can be refused: by what their annotations name, and by what follows from what they take.
//!
//! An annotation names the stable codes of a status in its description, between backticks. What every route shares is not repeated there:
//! the layers of the router, the extractors of bodies, queries and paths, and those of callers.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, HeaderBuilder, Paths, RefOr, Response, ResponseBuilder};

use crate::problem::{PROBLEM_JSON, Problem, ProblemBody, URN};
use crate::schema::reference;

/// The codes of each status.
type Codes = BTreeMap<u16, BTreeSet<String>>;

/// Completes the responses of every operation.
pub(super) fn complete(paths: &mut Paths) {
    for PathItem { get, post, put, delete, patch, .. } in paths.paths.values_mut() {
        let reading = get.iter_mut().map(|operation| (operation, false));
        let changing = [post, put, delete, patch].into_iter().flatten().map(|operation| (operation, true));
        for (operation, changes) in reading.chain(changing) {
            let mut codes = named(operation);
            for problem in implied(operation, changes) {
                codes.entry(problem.status().as_u16()).or_default().insert(problem.code().to_owned());
            }
            let responses = &mut operation.responses.responses;
            responses
                .extend(codes.iter().map(|(&status, codes)| (status.to_string(), refusal(status, codes))));
        }
    }
}

/// What the annotation names.
fn named(operation: &Operation) -> Codes {
    let mut codes = Codes::new();
    for (status, response) in &operation.responses.responses {
        if let (Ok(status @ 400..), RefOr::T(response)) = (status.parse(), response) {
            let named = response.description.split('`').skip(1).step_by(2);
            // What names none, such as that the service is not ready, is no problem and says what it is itself.
            let named: Vec<String> = named.map(str::to_owned).collect();
            if !named.is_empty() {
                codes.entry(status).or_default().extend(named);
            }
        }
    }
    codes
}

/// What follows from what the operation takes.
fn implied(operation: &Operation, changes: bool) -> Vec<Problem> {
    let nothing = String::new;
    let unreadable = |status| Problem::InvalidBody { status, detail: nothing() };
    let mut problems = vec![
        Problem::UnknownHost,
        Problem::TooManyRequests { seconds: 1 },
        Problem::Failed,
        Problem::TimedOut,
    ];
    if takes(operation, &ParameterIn::Path) {
        problems.push(Problem::NoRoute);
    }
    if takes(operation, &ParameterIn::Query) {
        problems.push(Problem::InvalidParameter { detail: nothing() });
    }
    if operation.request_body.is_some() {
        problems.extend([
            unreadable(StatusCode::BAD_REQUEST),
            unreadable(StatusCode::PAYLOAD_TOO_LARGE),
            unreadable(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            unreadable(StatusCode::UNPROCESSABLE_ENTITY),
            Problem::NoFiles,
        ]);
    }
    if admits(operation, "visitor_token") {
        problems.extend([Problem::NoToken, Problem::WrongToken, Problem::WrongKey]);
        problems.extend([Problem::NotAllowed, Problem::NoConversation]);
    }
    if admits(operation, "session") {
        problems.extend([Problem::NotLoggedIn, Problem::WrongKey, Problem::NotAllowed]);
        if changes {
            problems.push(Problem::Forged);
        }
    }
    problems
}

fn takes(operation: &Operation, place: &ParameterIn) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == *place))
}

/// Whether callers may come in that way.
fn admits(operation: &Operation, scheme: &str) -> bool {
    let requirements = operation.security.iter().flatten();
    // The names of the schemes can only be seen in the JSON.
    requirements
        .map(|requirement| serde_json::to_value(requirement).expect("plain data"))
        .any(|requirement| requirement.get(scheme).is_some())
}

fn refusal(status: u16, codes: &BTreeSet<String>) -> RefOr<Response> {
    let urns = codes.iter().map(|code| format!("{URN}{code}"));
    let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(urns));
    let problem: Schema = AllOfBuilder::new()
        .item(reference::<ProblemBody>())
        .item(ObjectBuilder::new().property("type", kind))
        .into();
    let quoted: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    let response = ResponseBuilder::new()
        .description(quoted.join(", "))
        .content(PROBLEM_JSON, Content::new(Some(problem)));
    match StatusCode::from_u16(status) {
        Ok(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
            let seconds = ObjectBuilder::new().schema_type(Type::Integer);
            let about = "After how many seconds to try again.";
            let header = HeaderBuilder::new().schema(Some(seconds)).description(Some(about));
            response.header("retry-after", header.build()).into()
        }
        _ => response.into(),
    }
}
