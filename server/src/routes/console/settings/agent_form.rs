//! What can be filled in about somebody: as it came in, with what is wrong with it.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::agent::{Agent, Role, Skills};
use crate::problem::Problem;
use crate::routes::console::frame::Frame;
use crate::routes::people::{Add, LONGEST_NAME, may_be_login, may_be_name};
use crate::state::AppState;

/// How many tickets at once somebody may be given, at most.
const MOST_TICKETS: u32 = 200;

/// The form as it is shown.
pub(super) struct AgentForm {
    /// Somebody who is there has a login that stays.
    pub(super) is_new: bool,
    pub(super) login: String,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) roles: [Role; 3],
    /// Whether the role may not change, as whoever looks cannot take their own rights away.
    pub(super) keeps_role: bool,
    pub(super) intents: Vec<Choice>,
    pub(super) languages: Vec<Choice>,
    pub(super) most_tickets: String,
    pub(super) largest_most: u32,
    pub(super) longest_name: usize,
    /// What is wrong, by field.
    pub(super) wrong: BTreeMap<&'static str, String>,
}

/// Something to choose, or not.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) title: String,
    pub(super) is_chosen: bool,
}

impl AgentForm {
    /// For somebody new.
    pub(super) fn blank(app: &AppState, frame: &Frame) -> Self {
        Self::with(app, frame, "", "", Role::Agent, &Skills::default())
    }

    /// As somebody is now.
    pub(super) fn of(app: &AppState, frame: &Frame, agent: &Agent) -> Self {
        let Agent { login, name, role, skills, .. } = agent;
        Self { is_new: false, ..Self::with(app, frame, login, name, *role, skills) }
    }

    /// As it was filled in.
    pub(super) fn filled(
        app: &AppState,
        frame: &Frame,
        fields: &[(String, String)],
    ) -> Result<Self, Problem> {
        let all = |name: &str| -> Vec<String> {
            let values = fields.iter().filter(|(key, value)| key == name && !value.is_empty());
            values.map(|(_, value)| value.clone()).collect()
        };
        let one = |name: &str| all(name).pop().unwrap_or_default().trim().to_owned();
        let role = one("role").parse().map_err(|detail| Problem::InvalidValue { detail })?;
        let skills = Skills { intents: all("intent"), languages: all("language"), ..Skills::default() };
        let form = Self::with(app, frame, &one("login"), &one("name"), role, &skills);
        Ok(Self { most_tickets: one("most_tickets"), ..form })
    }

    fn with(app: &AppState, frame: &Frame, login: &str, name: &str, role: Role, skills: &Skills) -> Self {
        let intents = frame.intents.iter();
        let intents = intents.map(|label| (label.id.to_string(), frame.title_of_intent(label).to_owned()));
        let mut primaries: Vec<&str> =
            app.settings.replies.languages().filter_map(|tag| tag.split('-').next()).collect();
        primaries.dedup();
        let languages = primaries.into_iter().map(|tag| (tag.to_owned(), frame.word("language", tag)));
        Self {
            is_new: true,
            login: login.to_owned(),
            name: name.to_owned(),
            role,
            roles: Role::ALL,
            keeps_role: frame.agent.as_ref().is_some_and(|own| own.login == login),
            intents: choices(intents, &skills.intents),
            languages: choices(languages, &skills.languages),
            most_tickets: skills.most_tickets.to_string(),
            largest_most: MOST_TICKETS,
            longest_name: LONGEST_NAME,
            wrong: BTreeMap::new(),
        }
    }

    /// Whether that is the role.
    pub(super) fn is_role(&self, role: &Role) -> bool {
        self.role == *role
    }

    /// What is wrong with a field, if anything.
    pub(super) fn wrong(&self, field: &str) -> Option<&String> {
        self.wrong.get(field)
    }

    /// Says at a field what is wrong with it.
    pub(super) fn refuse(&mut self, field: &'static str, why: &impl Display) {
        self.wrong.insert(field, why.to_string());
    }

    /// The skills, if all can be taken as it was filled in for somebody who is there.
    pub(super) fn checked(&mut self, frame: &Frame) -> Option<Skills> {
        if !may_be_name(&self.name) {
            self.refuse("name", &frame.t("settings.agents.name_wrong").with("count", LONGEST_NAME));
        }
        let most_tickets = self.most_tickets.parse().ok().filter(|most| *most <= MOST_TICKETS);
        if most_tickets.is_none() {
            self.refuse("most_tickets", &frame.t("settings.agents.most_wrong").with("count", MOST_TICKETS));
        }
        let chosen = |all: &[Choice]| {
            all.iter().filter(|choice| choice.is_chosen).map(|choice| choice.value.clone()).collect()
        };
        let skills = Skills {
            intents: chosen(&self.intents),
            languages: chosen(&self.languages),
            most_tickets: most_tickets.unwrap_or_default(),
        };
        self.wrong.is_empty().then_some(skills)
    }

    /// The same for somebody new, who needs a login, too.
    pub(super) fn checked_new(&mut self, frame: &Frame) -> Option<Skills> {
        if !may_be_login(&self.login) {
            self.refuse("login", &frame.t("settings.agents.login_wrong").with("count", LONGEST_NAME));
        }
        self.checked(frame)
    }

    /// What to add.
    pub(super) fn as_new(&self, skills: Skills) -> Add {
        Add { login: self.login.clone(), name: self.name.clone(), role: self.role, skills }
    }
}

/// What the shop has, and what was chosen before and is not among it, such as a part of a name that stands for several intents.
fn choices(known: impl Iterator<Item = (String, String)>, chosen: &[String]) -> Vec<Choice> {
    let choice =
        |(value, title): (String, String)| Choice { is_chosen: chosen.contains(&value), value, title };
    let mut all: Vec<Choice> = known.map(choice).collect();
    for value in chosen {
        if !all.iter().any(|choice| choice.value == *value) {
            all.push(Choice { value: value.clone(), title: value.clone(), is_chosen: true });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::choices;

    #[test]
    fn what_was_chosen_and_is_unknown_stays_a_choice() {
        let known = [("refund_amount".to_owned(), "Refund amount".to_owned())];
        let all = choices(known.into_iter(), &["refund".to_owned()]);
        let all: Vec<(&str, bool)> =
            all.iter().map(|choice| (choice.value.as_str(), choice.is_chosen)).collect();
        assert_eq!(all, [("refund_amount", false), ("refund", true)]);
    }
}
