//! Bodies, queries and paths, with errors of our own.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// U+0000 in an address. PostgreSQL has no room for it in a text.
const NUL: &str = "%00";

/// A body in JSON.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if content_type.is_some_and(|kind| kind.starts_with("multipart/") || kind.starts_with("image/")) {
            return Err(Problem::NoFiles);
        }
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refused(&rejection)),
        }
    }
}

fn refused(rejection: &JsonRejection) -> Problem {
    let status = rejection.status();
    let detail = match status {
        // A serialisation error may quote the body.
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => {
            let text = rejection.body_text();
            text.chars().take(300).collect()
        }
        _ => rejection.body_text(),
    };
    Problem::InvalidBody { status, detail }
}

/// The parameters after the question mark.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.uri.query().is_some_and(|query| query.contains(NUL)) {
            let detail = "Leave the character U+0000 out.".to_owned();
            return Err(Problem::InvalidParameter { detail });
        }
        match Query::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(Problem::InvalidParameter { detail: rejection.body_text() }),
        }
    }
}

/// The parts of the path that an address leaves open.
pub(super) struct Segments<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.uri.path().contains(NUL) {
            return Err(Problem::NoRoute);
        }
        // What is not in UTF-8 is the name of nothing.
        let found = Path::from_request_parts(parts, state).await.map_err(|_| Problem::NoRoute)?;
        Ok(Self(found.0))
    }
}
