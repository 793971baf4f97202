//! `/v1/tickets`: what agents work on.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shopdesk_model::intents::{IntentId, Priority};
use utoipa::ToSchema;

use super::body::{Body, Parameters, Segments};
use super::caller::Staff;
use super::messages::{ReadUpTo, checked_client_id, checked_text, mark_read};
use crate::agent::{AgentId, Role};
use crate::auth::Scope;
use crate::conversation::Conversation;
use crate::event::Sign;
use crate::live::Signal;
use crate::message::{Message, Sender};
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;
use crate::store::{TicketChange, TicketFilter};
use crate::ticket::{LogEntry, Ticket, TicketId, TicketState};

const LIMITS: std::ops::RangeInclusive<u32> = 1..=200;
const DEFAULT_LIMIT: u32 = 50;
/// The longest reason for closing, in characters.
pub(super) const LONGEST_REASON: usize = 200;
/// How many words are looked for at most, and in how many characters: each of them is a condition of its own.
const WORDS: usize = 16;
const WORDS_CHARACTERS: usize = 200;
/// How many earlier tickets of a customer are shown.
const EARLIER: u32 = 20;
/// For how long somebody who has seen a ticket counts as looking at it.
const VIEW: SignedDuration = SignedDuration::from_hours(12);

/// Which tickets are wanted.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Words such as `open`, with commas between them; without it, all but closed and merged ones.
    #[param(value_type = Option<Vec<TicketState>>, style = Form, explode = false, inline)]
    pub(super) state: Option<String>,
    #[param(value_type = Option<schema::Priority>, inline)]
    pub(super) priority: Option<Priority>,
    pub(super) intent: Option<String>,
    #[param(value_type = Option<schema::EscalationReason>, inline)]
    pub(super) reason: Option<String>,
    /// That one, or its scripts: `zh` finds `zh-Hans` and `zh-Hant`.
    pub(super) language: Option<String>,
    /// An agent's id, `me` or `nobody`.
    pub(super) assignee: Option<String>,
    /// The shop's id of one.
    pub(super) customer: Option<String>,
    /// Words to look for, 16 at most.
    #[param(max_length = 200)]
    pub(super) q: Option<String>,
    /// How many; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    pub(super) limit: Option<u32>,
    /// Whether only those past a deadline.
    #[serde(default)]
    pub(super) overdue: bool,
    /// The `next` of the page before.
    pub(super) after: Option<String>,
}

/// Tickets, the most urgent first.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketPage)]
pub(super) struct Tickets {
    tickets: Vec<Ticket>,
    /// For `after`, if there are more.
    #[schema(required)]
    next: Option<String>,
}

/// Tickets, the most urgent first, and among those the longest waiting.
#[utoipa::path(
    get,
    path = "/v1/tickets",
    operation_id = "list_tickets",
    tag = "tickets",
    params(Wanted),
    responses((status = 200, description = "A page of them.", body = Tickets)),
    security(("session" = ["agent"]), ("key" = ["tickets"])),
)]
pub(super) async fn list(
    State(app): State<AppState>,
    staff: Staff,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Tickets>, Problem> {
    staff.require(Role::Agent, Scope::Tickets)?;
    let page = app.store.tickets(&filter(wanted, &staff, app.time())?).await?;
    Ok(Json(Tickets { tickets: page.tickets, next: page.next.map(|next| next.to_string()) }))
}

/// The filter that the store takes.
pub(super) fn filter(wanted: Wanted, staff: &Staff, now: Timestamp) -> Result<TicketFilter, Problem> {
    let wrong = |detail: String| Problem::InvalidParameter { detail };
    let limit = wanted.limit.unwrap_or(DEFAULT_LIMIT);
    if !LIMITS.contains(&limit) {
        return Err(wrong(format!("Give `limit` a number from {} to {}.", LIMITS.start(), LIMITS.end())));
    }
    if wanted.q.as_deref().is_some_and(are_too_many) {
        return Err(wrong(format!("Give `q` at most {WORDS} words, in {WORDS_CHARACTERS} characters.")));
    }
    let states = match &wanted.state {
        Some(words) => {
            words.split(',').map(|word| word.trim().parse().map_err(wrong)).collect::<Result<_, _>>()?
        }
        None => vec![TicketState::Open, TicketState::Assigned, TicketState::Snoozed],
    };
    let assignee = match wanted.assignee.as_deref() {
        None | Some("nobody") => None,
        Some("me") => Some(
            staff
                .agent()
                .ok_or_else(|| wrong("A key is nobody: give `assignee` an agent's id.".to_owned()))?,
        ),
        Some(id) => Some(
            id.parse().map_err(|_| wrong("Give `assignee` an agent's id, `me` or `nobody`.".to_owned()))?,
        ),
    };
    Ok(TicketFilter {
        states,
        priority: wanted.priority,
        intent: wanted.intent,
        reason: wanted.reason,
        language: wanted.language,
        unassigned: wanted.assignee.as_deref() == Some("nobody"),
        assignee,
        customer: wanted.customer,
        words: wanted.q,
        overdue_at: wanted.overdue.then_some(now),
        latest_first: false,
        after: wanted.after.map(|after| after.parse()).transpose().map_err(wrong)?,
        limit,
    })
}

fn are_too_many(words: &str) -> bool {
    words.split_whitespace().count() > WORDS || words.chars().count() > WORDS_CHARACTERS
}

/// A ticket with all that an agent needs, so that nobody has to repeat anything.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketShown)]
pub(super) struct Shown {
    #[serde(flatten)]
    ticket: Ticket,
    /// The conversation.
    shopper: Conversation,
    messages: Vec<Message>,
    log: Vec<LogEntry>,
    /// More tickets of the same customer.
    earlier: Vec<Ticket>,
}

/// A ticket with all that an agent needs.
///
/// Reading it is written into the audit log.
#[utoipa::path(
    get,
    path = "/v1/tickets/{id}",
    operation_id = "read_ticket",
    tag = "tickets",
    params(("id" = String, Path, format = Uuid, description = "The ticket, by its id and not its number.")),
    responses(
        (status = 200, description = "The ticket.", body = Shown),
        (status = 404, description = "`no-ticket`")
    ),
    security(("session" = ["agent"]), ("key" = ["tickets"])),
)]
pub(super) async fn show(
    State(app): State<AppState>,
    staff: Staff,
    Segments(id): Segments<String>,
) -> Result<Json<Shown>, Problem> {
    staff.require(Role::Agent, Scope::Tickets)?;
    let ticket = find(&app, &id).await?;
    staff.audit(&app, "ticket.view", ticket.id).await?;
    Ok(Json(shown(&app, ticket).await?))
}

/// A ticket with its conversation, its log and the customer's earlier tickets.
pub(super) async fn shown(app: &AppState, ticket: Ticket) -> Result<Shown, Problem> {
    let found = app.store.conversation_with_messages(ticket.conversation).await?;
    let (shopper, messages) = found.ok_or(Problem::NoTicket)?;
    let log = app.store.ticket_log(ticket.id).await?;
    let earlier = earlier(app, &ticket).await?;
    Ok(Shown { ticket, shopper, messages, log, earlier })
}

/// More tickets of the same customer, the latest first.
pub(super) async fn earlier(app: &AppState, ticket: &Ticket) -> Result<Vec<Ticket>, Problem> {
    let Some(customer) = &ticket.customer else { return Ok(Vec::new()) };
    let filter = TicketFilter {
        customer: Some(customer.id.clone()),
        latest_first: true,
        // That ticket may be among them.
        limit: EARLIER + 1,
        ..TicketFilter::default()
    };
    let mut tickets = app.store.tickets(&filter).await?.tickets;
    tickets.retain(|other| other.id != ticket.id);
    tickets.truncate(EARLIER as usize);
    Ok(tickets)
}

/// Keeps that somebody looks at a ticket, unless that was kept a short while ago: pages bring themselves up to date again and again.
pub(super) async fn keep_view(app: &AppState, staff: &Staff, ticket: TicketId) -> Result<(), Problem> {
    let since = Timestamp::now() - VIEW;
    if app.store.has_audit(&staff.name(), "ticket.view", &ticket.to_string(), since).await? {
        return Ok(());
    }
    staff.audit(app, "ticket.view", ticket).await
}

/// A ticket by its id.
pub(super) async fn find(app: &AppState, id: &str) -> Result<Ticket, Problem> {
    let id: TicketId = id.parse().map_err(|_| Problem::NoTicket)?;
    app.store.ticket(id).await?.ok_or(Problem::NoTicket)
}

/// Something to do to a ticket.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = TicketAction)]
pub(super) enum Action {
    /// Whoever asks takes it.
    Claim,
    /// It is given to somebody.
    Assign { agent: AgentId },
    /// Nobody works on it any more.
    Release,
    /// Colleagues should know something.
    Note { text: String },
    /// It is about something else.
    Intent {
        #[schema(value_type = String)]
        intent: IntentId,
    },
    /// It is more or less urgent.
    Priority {
        #[schema(value_type = schema::Priority)]
        priority: Priority,
    },
    /// It is put off.
    Snooze { until: Timestamp },
    /// It comes back.
    Wake,
    /// Another ticket goes on in its place.
    Merge { into: TicketId },
    /// It is done.
    Close {
        #[schema(max_length = 200)]
        reason: Option<String>,
    },
}

/// Does something to a ticket.
///
/// A key cannot `claim`.
#[utoipa::path(
    post,
    path = "/v1/tickets/{id}/actions",
    operation_id = "act_on_ticket",
    tag = "tickets",
    params(("id" = String, Path, format = Uuid, description = "The ticket, by its id and not its number.")),
    request_body = Action,
    responses(
        (status = 200, description = "The ticket as it is now.", body = Ticket),
        (status = 404, description = "`no-ticket`, `no-agent`"),
        (status = 409, description = "`illegal-step`"),
        (status = 422, description = "`empty-message`, `message-too-long`, `invalid-value`")
    ),
    security(("session" = ["agent"], "csrf_token" = []), ("key" = ["tickets_write"])),
)]
pub(super) async fn act(
    State(app): State<AppState>,
    staff: Staff,
    Segments(id): Segments<String>,
    Body(action): Body<Action>,
) -> Result<Json<Ticket>, Problem> {
    take_action(&app, &staff, &id, action).await.map(Json)
}

/// Does something to a ticket, as whoever asks. The ticket as it is then.
pub(super) async fn take_action(
    app: &AppState,
    staff: &Staff,
    id: &str,
    action: Action,
) -> Result<Ticket, Problem> {
    staff.require(Role::Agent, Scope::TicketsWrite)?;
    let ticket = find(app, id).await?;
    let change = change(app, &ticket, action).await?;
    let is_correction = matches!(change, TicketChange::Intent(_) | TicketChange::Priority(..));
    app.store.change_ticket(ticket.id, &staff.actor(), change).await?.ok_or(Problem::NoTicket)?;
    if is_correction {
        staff.audit(app, "ticket.correct", ticket.id).await?;
    }
    app.store.ticket(ticket.id).await?.ok_or(Problem::NoTicket)
}

async fn change(app: &AppState, ticket: &Ticket, action: Action) -> Result<TicketChange, Problem> {
    let wrong = |detail: &str| Problem::InvalidValue { detail: detail.to_owned() };
    let limit = app.settings.max_message_characters;
    Ok(match action {
        Action::Claim => TicketChange::Claim,
        Action::Assign { agent } => {
            let agent = app.store.agent(agent).await?.filter(|agent| agent.is_active);
            let agent = agent.ok_or(Problem::NoAgent)?;
            TicketChange::Assign(agent.id, agent.name)
        }
        Action::Release => TicketChange::Release,
        Action::Note { text } => TicketChange::Note(checked_text(text, limit)?),
        Action::Intent { intent } => {
            let triage = app.assessor.triage();
            if !triage.bundle().classifier().labels().iter().any(|label| label.id == intent) {
                return Err(wrong("Give `intent` one of the shop's intents: `GET /v1/intents` lists them."));
            }
            TicketChange::Intent(intent)
        }
        Action::Priority { priority } => {
            let due = app.due(priority, ticket.waits_since());
            let at = |deadline: Option<crate::deadlines::DueTime>| deadline.map(|deadline| deadline.due_at);
            TicketChange::Priority(priority, at(due.first_response), at(due.resolution))
        }
        Action::Snooze { until } if until <= app.time() => return Err(wrong("Give `until` a time to come.")),
        Action::Snooze { until } => TicketChange::Snooze(until),
        Action::Wake => TicketChange::Wake,
        Action::Merge { into } => TicketChange::MergeInto(into),
        Action::Close { reason: Some(reason) } if reason.chars().count() > LONGEST_REASON => {
            return Err(wrong(&format!("Give `reason` at most {LONGEST_REASON} characters.")));
        }
        Action::Close { reason } => TicketChange::Close(reason),
    })
}

/// What an agent says to a shopper.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReply)]
pub(super) struct Reply {
    pub(super) text: String,
    /// The sender's own id for it.
    #[schema(min_length = 1, max_length = 128)]
    pub(super) client_message_id: Option<String>,
}

/// Writes to the shopper.
///
/// Whoever writes on a ticket that nobody has, takes it. A key may write on a ticket that is `assigned`.
#[utoipa::path(
    post,
    path = "/v1/tickets/{id}/messages",
    operation_id = "reply_on_ticket",
    tag = "tickets",
    params(("id" = String, Path, format = Uuid, description = "The ticket, by its id and not its number.")),
    request_body = Reply,
    responses(
        (status = 201, description = "The message.", body = Message),
        (status = 404, description = "`no-ticket`"),
        (status = 409, description = "`illegal-step`, `client-message-id-reused`"),
        (
            status = 422,
            description = "`empty-message`, `message-too-long`, `invalid-client-message-id`, `invalid-value`"
        )
    ),
    security(("session" = ["agent"], "csrf_token" = []), ("key" = ["tickets_write"])),
)]
pub(super) async fn reply(
    State(app): State<AppState>,
    staff: Staff,
    Segments(id): Segments<String>,
    Body(reply): Body<Reply>,
) -> Result<(StatusCode, Json<Message>), Problem> {
    Ok((StatusCode::CREATED, Json(write(&app, &staff, &id, reply).await?)))
}

/// Says something to the shopper of a ticket, as whoever asks.
pub(super) async fn write(app: &AppState, staff: &Staff, id: &str, reply: Reply) -> Result<Message, Problem> {
    staff.require(Role::Agent, Scope::TicketsWrite)?;
    let ticket = find(app, id).await?;
    let text = checked_text(reply.text, app.settings.max_message_characters)?;
    let client_message_id = checked_client_id(reply.client_message_id)?;
    let message = app.store.reply_on_ticket(ticket.id, &staff.actor(), text, client_message_id).await?;
    message.ok_or(Problem::NoTicket)
}

/// Tells the shopper that an agent writes.
#[utoipa::path(
    post,
    path = "/v1/tickets/{id}/typing",
    operation_id = "signal_typing_on_ticket",
    tag = "tickets",
    params(("id" = String, Path, format = Uuid, description = "The ticket, by its id and not its number.")),
    responses(
        (status = 204, description = "Told."),
        (status = 404, description = "`no-ticket`")
    ),
    security(("session" = ["agent"], "csrf_token" = []), ("key" = ["tickets_write"])),
)]
pub(super) async fn typing(
    State(app): State<AppState>,
    staff: Staff,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    staff.require(Role::Agent, Scope::TicketsWrite)?;
    let conversation = find(&app, &id).await?.conversation;
    let sign = Sign::Typing { by: Sender::Agent, name: Some(staff.actor().shown) };
    app.store.sign(Signal::Sign { conversation, sign }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says up to which event agents have read.
#[utoipa::path(
    post,
    path = "/v1/tickets/{id}/read",
    operation_id = "mark_ticket_read",
    tag = "tickets",
    params(("id" = String, Path, format = Uuid, description = "The ticket, by its id and not its number.")),
    request_body = ReadUpTo,
    responses(
        (status = 204, description = "Kept and told."),
        (status = 404, description = "`no-ticket`")
    ),
    security(("session" = ["agent"], "csrf_token" = []), ("key" = ["tickets_write"])),
)]
pub(super) async fn read(
    State(app): State<AppState>,
    staff: Staff,
    Segments(id): Segments<String>,
    Body(read): Body<ReadUpTo>,
) -> Result<StatusCode, Problem> {
    staff.require(Role::Agent, Scope::TicketsWrite)?;
    let conversation = find(&app, &id).await?.conversation;
    mark_read(&app, conversation, Sender::Agent, read.sequence).await
}
