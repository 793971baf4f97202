//! An article from a page of a help centre.

use std::collections::BTreeSet;
use std::path::Path;

use crate::{Article, ArticleId, Language, Version};

/// Why a page is no article.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HtmlError {
    /// The page could not be turned into Markdown.
    #[error("the page cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// The file's name has other signs than an id may have.
    #[error("the file is called `{0}`, which cannot be an id: use letters a to z, digits, `-` and `_`")]
    BadName(String),
    /// There is no headline.
    #[error("the page has no headline: give it an `<h1>`")]
    NoTitle,
    /// There is nothing below it.
    #[error("the page has no text below its headline")]
    NoText,
    /// What was given beside the page is wrong.
    #[error("{0}")]
    Other(String),
}

/// The page's first headline is the title, its first paragraph the short answer, and everything below the headline the full text.
/// Navigation, scripts and styles are left out.
///
/// # Errors
/// When there is no headline or nothing below it.
pub fn article_of_html(
    path: &Path,
    html: &str,
    language: Language,
    intents: BTreeSet<String>,
) -> Result<Article, HtmlError> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let id = ArticleId::new(name.as_ref()).ok_or_else(|| HtmlError::BadName(name.into_owned()))?;
    let skipped = vec!["script", "style", "nav", "footer", "aside", "form", "noscript", "head"];
    let converter = htmd::HtmlToMarkdown::builder().skip_tags(skipped).build();
    let markdown = converter.convert(html).map_err(HtmlError::Unreadable)?;
    let mut lines = markdown.split_inclusive('\n');
    let title = lines.by_ref().find(|line| line.starts_with('#')).ok_or(HtmlError::NoTitle)?;
    let title = title.trim_start_matches('#').trim().to_owned();
    let body: String = lines.collect();
    let is_text = |paragraph: &&str| !paragraph.is_empty() && !paragraph.starts_with(['#', '|', '!', '`']);
    let answer = body.split("\n\n").map(str::trim).find(is_text).ok_or(HtmlError::NoText)?;
    let article = Article {
        id,
        language,
        version: Version::default(),
        questions: vec![title.clone()],
        title,
        intents,
        tags: Vec::new(),
        audience: Vec::new(),
        validity: crate::Validity::default(),
        links: Vec::new(),
        pictures: Vec::new(),
        answer: answer.to_owned(),
        body: body.trim().to_owned(),
        path: path.to_path_buf(),
        intents_line: None,
    };
    match article.problems().into_iter().next() {
        Some((_, problem)) => Err(HtmlError::Other(problem)),
        None => Ok(article.with_version()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> Result<Article, HtmlError> {
        let intents = BTreeSet::from(["returns".to_owned()]);
        article_of_html(Path::new("help/returns.html"), html, Language::new("en"), intents)
    }

    #[test]
    fn a_page_has_a_headline_an_answer_and_a_text() {
        let html = "<html><head><title>Help</title><script>bad()</script></head><body><nav>Home</nav><header><h1>Returns in C# shops</h1></header>\
            <p>Within <b>7 days</b>.</p><h2>Steps</h2><ol><li>Pack</li><li>Send</li></ol></body></html>";
        let article = read(html).unwrap();
        assert_eq!(
            (article.title.as_str(), article.answer.as_str()),
            ("Returns in C# shops", "Within **7 days**.")
        );
        assert!(article.body.contains("## Steps"), "{}", article.body);
        assert!(!article.body.contains("bad()") && !article.body.contains("Home"), "{}", article.body);
    }

    #[test]
    fn a_page_without_headline_or_text_is_refused() {
        assert!(matches!(read("<p>Text</p>"), Err(HtmlError::NoTitle)));
        assert!(matches!(read("<h1>Returns</h1>"), Err(HtmlError::NoText)));
    }
}
