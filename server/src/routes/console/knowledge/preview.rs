//! What an article will look like, while it is written.

use askama::Template;
use axum::response::Response;
use shopdesk_kb::{Link, Picture};

use super::super::fields::Fields;
use super::super::frame::{Frame, Section, render};
use super::super::markdown::to_html;
use super::super::visit::Visit;
use super::article::leads_to_web;
use super::draft::Draft;
use crate::agent::Role;
use crate::problem::Problem;

/// What is shown of a draft.
pub(super) struct Preview {
    pub(super) title: String,
    pub(super) answer: String,
    pub(super) answer_html: String,
    pub(super) body: String,
    pub(super) body_html: String,
    pub(super) links: Vec<Link>,
    /// Those that pages may show: over https.
    pub(super) pictures: Vec<Picture>,
}

impl Preview {
    pub(super) fn of(draft: &Draft) -> Self {
        let (answer, body) = (draft.answer.trim().to_owned(), draft.body.trim().to_owned());
        let links = draft.links.iter().filter(|(_, url)| leads_to_web(url.trim()));
        let pictures = draft.pictures.iter().filter(|(url, _)| url.trim().starts_with("https://"));
        Self {
            title: draft.title.trim().to_owned(),
            answer_html: to_html(&answer),
            answer,
            body_html: to_html(&body),
            body,
            links: links
                .map(|(title, url)| Link { title: title.clone(), url: url.trim().to_owned() })
                .collect(),
            pictures: pictures
                .map(|(url, alt)| Picture { url: url.trim().to_owned(), alt: alt.clone() })
                .collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "console/knowledge/preview.html")]
struct Part {
    frame: Frame,
    preview: Preview,
}

pub(super) async fn show(
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let preview = Preview::of(&Draft::typed(fields));
    render(&Part { frame: visit.frame(Section::Knowledge), preview })
}
