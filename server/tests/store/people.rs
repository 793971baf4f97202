//! People: invitations hold once, sessions end, keys are revoked.

use jiff::{SignedDuration, Timestamp};
use shopdesk_server::{
    Agent, AgentId, ApiKey, AuditCursor, AuditFilter, ConversationState, Entry, NewAgent, Role, Scope,
    Scopes, Skills, Store, StoreError, TicketChange, TicketState,
};
use tokio::task::JoinSet;

use crate::material::{agent, waiting};
use crate::place::{Place, contract};

contract!(a_login_is_taken_once);
async fn a_login_is_taken_once(Place { store, .. }: &Place) {
    let mut adding = JoinSet::new();
    for _ in 0..10 {
        let store = store.clone();
        adding.spawn(async move { store.add_agent(new("lin")).await.unwrap() });
    }
    let added: Vec<Agent> = adding.join_all().await.into_iter().flatten().collect();
    assert_eq!(added.len(), 1);
    assert_eq!(store.agents().await.unwrap(), added);
}

contract!(an_invitation_is_taken_once);
async fn an_invitation_is_taken_once(Place { store, .. }: &Place) {
    let lin = added(store, "lin").await;
    store.invite(lin.id, "link", later()).await.unwrap();
    assert_eq!(store.invited("link", Timestamp::now()).await.unwrap(), Some(lin.clone()));
    assert!(!store.has_password().await.unwrap());
    let mut taking = JoinSet::new();
    for number in 0..10 {
        let store = store.clone();
        taking.spawn(async move {
            store.take_invitation("link", &number.to_string(), Timestamp::now()).await.unwrap()
        });
    }
    let taken = taking.join_all().await;
    assert_eq!(taken.iter().filter(|&&taken| taken).count(), 1);
    assert_eq!(store.invited("link", Timestamp::now()).await.unwrap(), None);
    assert!(store.has_password().await.unwrap());
    assert!(store.agent_by_login("lin").await.unwrap().unwrap().password.is_some());
}

contract!(an_invitation_ends_with_its_time_and_with_the_next_one);
async fn an_invitation_ends_with_its_time_and_with_the_next_one(Place { store, .. }: &Place) {
    let lin = added(store, "lin").await;
    let now = Timestamp::now();
    store.invite(lin.id, "old", now).await.unwrap();
    assert_eq!(store.invited("old", now).await.unwrap(), None);
    assert!(!store.take_invitation("old", "password", now).await.unwrap());
    store.invite(lin.id, "first", later()).await.unwrap();
    store.invite(lin.id, "second", later()).await.unwrap();
    assert!(!store.take_invitation("first", "password", now).await.unwrap());
    assert!(store.take_invitation("second", "password", now).await.unwrap());
}

contract!(a_session_ends_with_its_time_with_a_log_out_and_with_a_new_password);
async fn a_session_ends_with_its_time_with_a_log_out_and_with_a_new_password(Place { store, .. }: &Place) {
    let lin = added(store, "lin").await;
    let now = Timestamp::now();
    for hash in ["a", "b", "c"] {
        store.begin_session(lin.id, hash, later()).await.unwrap();
    }
    assert_eq!(store.session("a", now).await.unwrap(), Some(lin.clone()));
    assert_eq!(store.session("a", later()).await.unwrap(), None);
    store.end_session("a").await.unwrap();
    assert_eq!(store.session("a", now).await.unwrap(), None);
    assert_eq!(store.session("b", now).await.unwrap(), Some(lin.clone()));
    store.invite(lin.id, "link", later()).await.unwrap();
    assert!(store.take_invitation("link", "password", now).await.unwrap());
    for hash in ["b", "c"] {
        assert_eq!(store.session(hash, now).await.unwrap(), None);
    }
}

contract!(sessions_and_links_that_are_over_are_forgotten);
async fn sessions_and_links_that_are_over_are_forgotten(Place { store, .. }: &Place) {
    let (lin, mei) = (added(store, "lin").await, added(store, "mei").await);
    let now = Timestamp::now();
    store.begin_session(lin.id, "over", now).await.unwrap();
    store.begin_session(lin.id, "holds", later()).await.unwrap();
    store.invite(lin.id, "an old link", now).await.unwrap();
    store.invite(mei.id, "a link", later()).await.unwrap();
    assert_eq!(store.forget_expired(now).await.unwrap(), 2);
    assert_eq!(store.forget_expired(now).await.unwrap(), 0);
    assert_eq!(store.session("holds", now).await.unwrap(), Some(lin));
    assert_eq!(store.invited("a link", now).await.unwrap(), Some(mei));
}

contract!(sessions_end_when_somebody_is_deactivated);
async fn sessions_end_when_somebody_is_deactivated(Place { store, .. }: &Place) {
    let (lin, mei) = (added(store, "lin").await, added(store, "mei").await);
    let now = Timestamp::now();
    store.begin_session(lin.id, "lin's", later()).await.unwrap();
    store.begin_session(mei.id, "mei's", later()).await.unwrap();
    let gone = Agent { is_active: false, ..lin.clone() };
    assert!(store.change_agent(&gone).await.unwrap());
    assert_eq!(store.session("lin's", now).await.unwrap(), None);
    assert_eq!(store.session("mei's", now).await.unwrap(), Some(mei));
    // Whoever comes back has to log in again.
    assert!(store.change_agent(&lin).await.unwrap());
    assert_eq!(store.session("lin's", now).await.unwrap(), None);
}

contract!(tickets_of_somebody_who_is_deactivated_wait_for_others);
async fn tickets_of_somebody_who_is_deactivated_wait_for_others(Place { store, .. }: &Place) {
    let lin = agent(store, "lin").await;
    let mut tickets = Vec::new();
    for text in ["assigned", "put off", "closed"] {
        let (conversation, ticket) = waiting(store, text).await;
        store.change_ticket(ticket, &lin, TicketChange::Claim).await.unwrap().unwrap();
        tickets.push((conversation, ticket));
    }
    let [(_, assigned), (_, put_off), (_, closed)] = tickets[..] else { panic!("three: {tickets:?}") };
    store.change_ticket(put_off, &lin, TicketChange::Snooze(later())).await.unwrap().unwrap();
    store.change_ticket(closed, &lin, TicketChange::Close(None)).await.unwrap().unwrap();
    let gone = Agent { is_active: false, ..store.agent(lin.agent.unwrap()).await.unwrap().unwrap() };
    assert!(store.change_agent(&gone).await.unwrap());
    for (ticket, state, assignee) in [
        (assigned, TicketState::Open, None),
        (put_off, TicketState::Snoozed, None),
        // Who did what is history.
        (closed, TicketState::Closed, lin.agent),
    ] {
        let now = store.ticket(ticket).await.unwrap().unwrap();
        assert_eq!((now.state, now.assignee), (state, assignee));
    }
    for (conversation, _) in &tickets[..2] {
        let now = store.conversation(*conversation).await.unwrap().unwrap();
        assert_eq!(now.state, ConversationState::WaitingForHuman);
    }
    let log = store.ticket_log(assigned).await.unwrap();
    let last = log.last().unwrap();
    assert_eq!((&last.entry, last.actor.as_deref()), (&Entry::Released, Some("shopdesk")));
    // Whoever comes next finds nothing left to take back.
    assert!(store.change_agent(&gone).await.unwrap());
    assert_eq!(store.ticket_log(assigned).await.unwrap(), log);
}

contract!(what_somebody_takes_is_kept);
async fn what_somebody_takes_is_kept(Place { store, .. }: &Place) {
    let lin = added(store, "lin").await;
    let skills = Skills { intents: vec!["refund".to_owned()], languages: vec![], most_tickets: 3 };
    let changed = Agent { name: "小林".to_owned(), role: Role::Admin, skills, ..lin };
    assert!(store.change_agent(&changed).await.unwrap());
    assert_eq!(store.agent(changed.id).await.unwrap(), Some(changed));
}

contract!(a_key_is_found_until_it_is_revoked);
async fn a_key_is_found_until_it_is_revoked(Place { store, .. }: &Place) {
    let (shown, record) = ApiKey::generate();
    let scopes: Scopes = [Scope::Tickets, Scope::Export].into_iter().collect();
    store.keep_key(&record, "erp", &scopes).await.unwrap();
    let found = store.key(&record.id).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), &found.scopes, &found.record), ("erp", &scopes, &record));
    assert!(found.record.accepts(ApiKey::parse(shown.expose()).unwrap().secret));
    assert!(store.revoke_key(&record.id).await.unwrap());
    assert!(!store.revoke_key(&record.id).await.unwrap());
    assert_eq!(store.key(&record.id).await.unwrap(), None);
    assert!(store.keys().await.unwrap()[0].revoked_at.is_some());
}

contract!(the_audit_log_has_the_latest_first);
async fn the_audit_log_has_the_latest_first(Place { store, .. }: &Place) {
    for (action, subject) in [("login", None), ("ticket.view", Some("7"))] {
        store.keep_audit("lin", action, subject.map(str::to_owned), None).await.unwrap();
    }
    let audit = store.audit(&AuditFilter { limit: 10, ..AuditFilter::default() }).await.unwrap().entries;
    let actions: Vec<(&str, Option<&str>)> =
        audit.iter().map(|entry| (entry.action.as_str(), entry.subject.as_deref())).collect();
    assert_eq!(actions, [("ticket.view", Some("7")), ("login", None)]);
}

contract!(the_audit_log_is_read_page_by_page);
async fn the_audit_log_is_read_page_by_page(Place { store, .. }: &Place) {
    for number in 0..5 {
        store.keep_audit("lin", "ticket.view", Some(number.to_string()), None).await.unwrap();
    }
    let mut filter = AuditFilter { limit: 2, ..AuditFilter::default() };
    let mut pages = Vec::new();
    loop {
        let page = store.audit(&filter).await.unwrap();
        pages.push(page.entries.iter().map(|entry| entry.subject.clone().unwrap()).collect::<Vec<_>>());
        let Some(next) = page.next else { break };
        // As it stands in an address.
        filter.after = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(pages, [vec!["4", "3"], vec!["2", "1"], vec!["0"]]);
    assert!("yesterday".parse::<AuditCursor>().is_err());
}

contract!(the_audit_log_is_found_by_person_action_and_time);
async fn the_audit_log_is_found_by_person_action_and_time(place: &Place) {
    let store = &place.store;
    for (actor, action) in [("lin", "login"), ("mei", "login"), ("lin", "ticket.view")] {
        store.keep_audit(actor, action, None, None).await.unwrap();
    }
    let found = async |filter: AuditFilter| -> Vec<String> {
        let page = store.audit(&AuditFilter { limit: 10, ..filter }).await.unwrap();
        page.entries.iter().map(|entry| format!("{} {}", entry.actor, entry.action)).collect()
    };
    let text = |text: &str| Some(text.to_owned());
    let lin = AuditFilter { actor: text("lin"), ..AuditFilter::default() };
    assert_eq!(found(lin.clone()).await, ["lin ticket.view", "lin login"]);
    assert_eq!(found(AuditFilter { action: text("login"), ..lin }).await, ["lin login"]);
    assert_eq!(store.audited_actions().await.unwrap(), ["login", "ticket.view"]);
    place.execute("UPDATE audit SET at = 1000 WHERE actor = 'mei'").await;
    let second = |second| Some(Timestamp::from_second(second).unwrap());
    let first = AuditFilter { from: second(1), until: second(2), ..AuditFilter::default() };
    assert_eq!(found(first).await, ["mei login"]);
    assert!(found(AuditFilter { until: second(1), ..AuditFilter::default() }).await.is_empty());
}

contract!(an_administrator_stays);
async fn an_administrator_stays(Place { store, .. }: &Place) {
    let mut admins = Vec::new();
    for login in ["lin", "mei", "bo"] {
        let admin = NewAgent { role: Role::Admin, ..new(login) };
        admins.push(store.add_agent(admin).await.unwrap().unwrap());
    }
    let mut leaving = JoinSet::new();
    for (place, admin) in admins.into_iter().enumerate() {
        let store = store.clone();
        // Whether they are deactivated or become something else.
        let changed = if place == 0 {
            Agent { is_active: false, ..admin }
        } else {
            Agent { role: Role::Supervisor, ..admin }
        };
        leaving.spawn(async move { store.change_agent(&changed).await });
    }
    let refused = leaving.join_all().await.into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(matches!(refused[..], [StoreError::LastAdministrator]), "{refused:?}");
    let agents = store.agents().await.unwrap();
    let stays = agents.iter().filter(|agent| agent.is_active && agent.role == Role::Admin);
    assert_eq!(stays.count(), 1);
}

contract!(a_changed_password_ends_all_other_sessions_and_links);
async fn a_changed_password_ends_all_other_sessions_and_links(Place { store, .. }: &Place) {
    let (lin, mei) = (added(store, "lin").await, added(store, "mei").await);
    let now = Timestamp::now();
    for (agent, hash) in [(lin.id, "this"), (lin.id, "other"), (mei.id, "mei's")] {
        store.begin_session(agent, hash, later()).await.unwrap();
    }
    store.invite(lin.id, "link", later()).await.unwrap();
    store.change_password(lin.id, "hash", "this").await.unwrap();
    let sessions = async |agent: AgentId| -> Vec<String> {
        let sessions = store.sessions_of(agent, now).await.unwrap();
        sessions.into_iter().map(|session| session.hash).collect()
    };
    assert_eq!(sessions(lin.id).await, ["this"]);
    assert_eq!(sessions(mei.id).await, ["mei's"]);
    assert_eq!(store.invited("link", now).await.unwrap(), None);
    assert_eq!(store.agent_by_login("lin").await.unwrap().unwrap().password.as_deref(), Some("hash"));
    store.end_sessions(lin.id).await.unwrap();
    assert!(sessions(lin.id).await.is_empty());
    assert_eq!(sessions(mei.id).await, ["mei's"]);
}

contract!(when_somebody_was_there_is_kept);
async fn when_somebody_was_there_is_kept(Place { store, .. }: &Place) {
    let (lin, mei) = (added(store, "lin").await, added(store, "mei").await);
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    store.keep_seen(lin.id, at).await.unwrap();
    let seen = store.last_seen().await.unwrap();
    assert_eq!((seen.get(&lin.id), seen.get(&mei.id)), (Some(&at), None));
}

fn new(login: &str) -> NewAgent {
    NewAgent {
        login: login.to_owned(),
        name: format!("Agent {login}"),
        role: Role::Agent,
        skills: Skills::default(),
    }
}

async fn added(store: &Store, login: &str) -> Agent {
    store.add_agent(new(login)).await.unwrap().unwrap()
}

fn later() -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(1)
}
