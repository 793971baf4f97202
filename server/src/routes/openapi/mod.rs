//! `/openapi.json`, which describes the API as it is in the code, and `/docs`, where one reads it and tries it out.

mod document;
mod refusals;
mod webhooks;

use std::sync::{Arc, LazyLock, OnceLock};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, serve};

use super::body::Segments;
use crate::problem::Problem;
use crate::state::AppState;

/// Swagger UI carries its icons with it as data and styles what it draws by script. Nothing comes from elsewhere, and nothing goes there.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                           base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Where the description is.
const DESCRIPTION: &str = "/openapi.json";

/// The routes as they are served, with their description beside them.
pub(super) fn with_description(router: OpenApiRouter<AppState>) -> Router<AppState> {
    // It says the same in every process.
    static JSON: OnceLock<String> = OnceLock::new();
    let (router, described) = router.split_for_parts();
    let json = JSON.get_or_init(|| {
        let complete = document::complete(described);
        complete.to_json().expect("a description is plain data")
    });
    router
        .route(DESCRIPTION, get(([(header::CONTENT_TYPE, "application/json")], json.as_str())))
        .route("/docs", get(docs))
        .route("/docs/{file}", get(docs_file))
}

async fn docs() -> impl IntoResponse {
    let html = (header::CONTENT_TYPE, "text/html; charset=utf-8");
    ([html, (header::CONTENT_SECURITY_POLICY, DOCS_POLICY)], include_str!("../../../page/docs.html"))
}

/// A part of Swagger UI, which is compiled into the program.
async fn docs_file(Segments(file): Segments<String>) -> Result<Response, Problem> {
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
        // Its validator would send the description to another host.
        let config = Config::new([DESCRIPTION]).validator_url("none");
        Arc::new(config.use_base_layout().try_it_out_enabled(true).display_request_duration(true))
    });
    let part = match serve(&file, Arc::clone(&CONFIG)) {
        Ok(found) => found.ok_or(Problem::NoRoute)?,
        Err(error) => {
            tracing::error!(%error, "a part of the API's pages cannot be made");
            return Err(Problem::Failed);
        }
    };
    // It has pages of its own, which are not meant for here.
    if part.content_type.starts_with("text/html") {
        return Err(Problem::NoRoute);
    }
    let kept = (header::CACHE_CONTROL, "public, max-age=300".to_owned());
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, part.content_type), kept], part.bytes).into_response())
}
