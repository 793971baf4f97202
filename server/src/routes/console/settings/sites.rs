//! The storefronts: where their pages come from, what they are called and how they look; and the languages, as the settings file has them.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Tab;
use super::site_form::{SiteForm, TypedSite, origins};
use super::standing::{self, Outcome};
use super::submitted::Submitted;
use crate::agent::Role;
use crate::choices::Site;
use crate::config::SiteConfig;
use crate::problem::Problem;
use crate::routes::console::fields::Fields;
use crate::routes::console::frame::{Frame, Section, render};
use crate::routes::console::visit::Visit;
use crate::state::AppState;
use crate::store::SettingsSection;

/// The site of pages that do not say: there is always one.
pub(super) const MAIN: &str = "main";
/// The longest name of a site that is added, in characters.
const LONGEST_NAME: usize = 40;

#[derive(Template)]
#[template(path = "console/settings/sites.html")]
struct Page {
    frame: Frame,
    tab: Tab,
    list: List,
    languages: Vec<String>,
    default_language: String,
    zone: String,
}

#[derive(Template)]
#[template(path = "console/settings/sites_part.html")]
struct Part {
    frame: Frame,
    list: List,
}

#[derive(Template)]
#[template(path = "console/settings/site_card.html")]
struct Card {
    frame: Frame,
    form: SiteForm,
}

/// All storefronts, and the form for another one.
struct List {
    sites: Vec<SiteForm>,
    new: NewSite,
    /// A site that went just now.
    gone: Option<String>,
}

/// A storefront to add. What is not asked for is that of the main one at first.
#[derive(Default)]
struct NewSite {
    name: String,
    origins: String,
    wrong_name: Option<String>,
    wrong_origins: Vec<String>,
}

impl List {
    /// As they are now. `just` is the site of which somebody wanted something, and what became of that.
    fn of(app: &AppState, frame: &Frame, just: (&str, Outcome)) -> Self {
        let sites = SiteForm::all(app, frame, &app.choices(), just);
        Self { sites, new: NewSite::default(), gone: None }
    }
}

pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    // Somebody may have changed it on another server just now.
    app.follow_choices().await?;
    let frame = visit.frame(Section::Settings);
    let settings = &app.settings;
    let word = |tag: &str| frame.word("language", tag);
    let languages = settings.replies.languages().map(|tag| format!("{} ({tag})", word(tag))).collect();
    let default_language = word(&settings.default_language);
    let zone = settings.time_zone.iana_name().unwrap_or("UTC").to_owned();
    let list = List::of(&app, &frame, (MAIN, Outcome::Shown));
    render(&Page { frame, tab: Tab::Sites, list, languages, default_language, zone })
}

/// Adds a site.
pub(super) async fn add(
    State(app): State<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    // Somebody may have added it on another server.
    app.follow_choices().await?;
    let submitted = Submitted(fields);
    let (name, typed) = (submitted.one("name").trim(), submitted.one("origins"));
    let mut new = NewSite { name: name.to_owned(), origins: typed.to_owned(), ..NewSite::default() };
    let Some(config) = new.read(&app, &frame) else {
        let list = List { new, ..List::of(&app, &frame, (MAIN, Outcome::Shown)) };
        return standing::answer(Outcome::Wrong { since: 0 }, &Part { frame, list });
    };
    let section = SettingsSection::Site(name.to_owned());
    let since = app.choices().change_of(&section).map_or(0, |change| change.revision);
    let outcome = standing::keep(&app, &visit, &section, &config, since).await?;
    let mut list = List::of(&app, &frame, (name, outcome));
    if outcome != Outcome::Saved {
        new.wrong_name = Some(frame.t("settings.sites.name_taken").to_string());
        list.new = new;
    }
    standing::answer(outcome, &Part { frame, list })
}

/// Changes a site.
pub(super) async fn change(
    State(app): State<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    // Somebody may have changed it on another server just now.
    app.follow_choices().await?;
    let frame = visit.frame(Section::Settings);
    let submitted = Submitted(fields);
    let (name, since) = (submitted.one("site"), submitted.since());
    if !app.choices().sites.contains_key(name) {
        return Err(Problem::NoSite);
    }
    let form =
        |typed: TypedSite, outcome: Outcome| SiteForm::of(&app, &frame, &app.choices(), name, typed, outcome);
    let typed = TypedSite::submitted(&submitted);
    let mut filled = form(typed.clone(), Outcome::Wrong { since });
    let Some(config) = filled.read(&frame) else {
        return standing::answer(Outcome::Wrong { since }, &Card { form: filled, frame: frame.clone() });
    };
    let section = SettingsSection::Site(name.to_owned());
    let outcome = standing::keep(&app, &visit, &section, &config, since).await?;
    let now = app.choices().sites.get(name).map(TypedSite::of);
    let typed = now.filter(|_| outcome == Outcome::Saved).unwrap_or(typed);
    let form = form(typed, outcome);
    standing::answer(outcome, &Card { form, frame: frame.clone() })
}

/// Goes back to what the settings file says of a site; one that it does not have goes away.
pub(super) async fn reset(
    State(app): State<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    // Somebody may have changed it on another server just now.
    app.follow_choices().await?;
    let frame = visit.frame(Section::Settings);
    let submitted = Submitted(fields);
    let (name, since) = (submitted.one("site"), submitted.since());
    let is_in_file = app.settings.file.sites.contains_key(name);
    if !app.choices().sites.contains_key(name) || (name == MAIN && !is_in_file) {
        return Err(Problem::NoSite);
    }
    let section = SettingsSection::Site(name.to_owned());
    let outcome = standing::reset(&app, &visit, &section, since).await?;
    let mut list = List::of(&app, &frame, (name, outcome));
    list.gone = (outcome == Outcome::Back && !is_in_file).then(|| name.to_owned());
    standing::answer(outcome, &Part { frame, list })
}

impl NewSite {
    /// The site to add; nothing when something is wrong, which stands at its field then.
    fn read(&mut self, app: &AppState, frame: &Frame) -> Option<SiteConfig> {
        let choices = app.choices();
        let (origins, wrong_origins) = origins(frame, &self.origins);
        self.wrong_origins = wrong_origins;
        if !may_be_name(&self.name) {
            let wrong = frame.t("settings.sites.name_wrong").with("count", LONGEST_NAME);
            self.wrong_name = Some(wrong.to_string());
        } else if choices.sites.contains_key(&self.name) {
            self.wrong_name = Some(frame.t("settings.sites.name_taken").to_string());
        }
        let is_right = self.wrong_name.is_none() && self.wrong_origins.is_empty();
        let like = choices.sites.get(MAIN).map(like).unwrap_or_default();
        is_right.then_some(SiteConfig { origins, ..like })
    }
}

/// A site that looks the same.
fn like(site: &Site) -> SiteConfig {
    SiteConfig {
        name: site.name.clone(),
        greeting: site.greeting.clone(),
        color: site.color.clone(),
        position: site.position,
        ..SiteConfig::default()
    }
}

fn may_be_name(name: &str) -> bool {
    let is_of_one = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_of_one)
}

#[cfg(test)]
mod tests {
    use super::may_be_name;

    #[test]
    fn names_are_such_as_stand_in_a_file_an_address_and_a_variable() {
        assert!(["main", "outlet-eu", "shop_2", "x"].into_iter().all(may_be_name));
        assert!(!["", "Outlet", "a b", "店", "a.b", "\"><script>"].into_iter().any(may_be_name));
        assert!(!may_be_name(&"x".repeat(41)));
    }
}
