//! `/console/learning`: the whole page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::super::frame::{Frame, Section, render};
use super::super::visit::Visit;
use super::panel::Panel;
use super::waiting::Waiting;
use crate::agent::Role;
use crate::problem::Problem;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "console/learning/page.html")]
struct Page {
    frame: Frame,
    waiting: Waiting,
    panel: Panel,
}

pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let frame = visit.frame(Section::Learning);
    let waiting = Waiting::now(&app, &frame).await?;
    let panel = Panel::now(&app, &frame, String::new()).await?;
    render(&Page { frame, waiting, panel })
}
