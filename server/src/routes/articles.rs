//! `/v1/articles`: the texts that replies quote, in the version they were quoted in.

use axum::Json;
use axum::extract::{Path, State};

use crate::message::ArticleVersion;
use crate::problem::Problem;
use crate::state::AppState;

pub(super) async fn show(
    State(app): State<AppState>,
    Path((id, language, version)): Path<(String, String, String)>,
) -> Result<Json<ArticleVersion>, Problem> {
    let found = app.store.article_version(&id, &language, &version).await?;
    found.map(Json).ok_or(Problem::NoArticleVersion)
}
