//! `/v1/articles`: the texts that replies quote, in the version they were quoted in.

use axum::Json;
use axum::extract::State;

use super::body::Segments;
use crate::message::ArticleVersion;
use crate::problem::Problem;
use crate::state::AppState;

/// A text as a reply quoted it, for good.
#[utoipa::path(
    get,
    path = "/v1/articles/{id}/{language}/{version}",
    operation_id = "read_article",
    tag = "sites",
    params(
        ("id" = String, Path, description = "The article."),
        ("language" = String, Path, description = "A BCP 47 tag."),
        ("version" = String, Path, description = "As a reply's `article` has it.")
    ),
    responses(
        (status = 200, description = "The article in that version.", body = ArticleVersion),
        (status = 404, description = "`no-article-version`")
    )
)]
pub(super) async fn show(
    State(app): State<AppState>,
    Segments((id, language, version)): Segments<(String, String, String)>,
) -> Result<Json<ArticleVersion>, Problem> {
    let found = app.store.article_version(&id, &language, &version).await?;
    found.map(Json).ok_or(Problem::NoArticleVersion)
}
