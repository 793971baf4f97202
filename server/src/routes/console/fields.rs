//! The fields of a form, with errors of our own.

use axum::extract::{Form, FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// What was filled in.
pub(super) struct Fields<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Fields<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Form::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Self(fields)),
            Err(rejection) => Err(Problem::InvalidBody {
                status: rejection.status(),
                detail: rejection.body_text().chars().take(300).collect(),
            }),
        }
    }
}
