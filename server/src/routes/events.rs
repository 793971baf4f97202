//! `/v1/conversations/{id}/events`: what happens in a conversation, as a stream of server-sent events or by polling. Both go on where
//! the reader stopped. `/v1/tickets/{id}/events` is the same for those who work on it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event as Frame, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{Stream, unfold};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use utoipa::ToSchema;

use super::body::{Parameters, Segments};
use super::caller::{Address, Staff, Visitor};
use super::tickets;
use crate::agent::Role;
use crate::auth::Scope;
use crate::conversation::{ConversationId, ConversationState};
use crate::dialogue::waiting;
use crate::event::{Change, Event, Happening, Sign};
use crate::live::{Following, Heard};
use crate::metrics::Doing;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::StoreError;
use crate::streams::{Followed, OpenStream, TooMany};
use crate::ticket::TicketId;

/// How often a silent stream says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How many events are read at once.
const PAGE: i64 = 200;
/// The longest time that polling may wait, in seconds.
const LONGEST_WAIT: u64 = 30;
/// When a reader should come back after the service stopped.
const RETRY: Duration = Duration::from_secs(2);

/// Which events are wanted.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The number of the last event that the reader knows.
    #[serde(default)]
    after: i64,
    /// For how many seconds to wait for something to happen; only without a stream.
    #[serde(default)]
    #[param(maximum = 30)]
    wait: u64,
}

/// Some events.
#[derive(Serialize, ToSchema)]
#[schema(as = EventPage)]
struct Page {
    events: Vec<Event>,
    /// The number of the last one, to go on after.
    last_sequence: i64,
}

/// What happened in a conversation, in order and without gaps.
///
/// With `Accept: text/event-stream` it is a stream of server-sent events: `id` is the number, `event` the kind, `data` the event in JSON.
/// It also tells `typing`, `read`, `waiting` and `bye`, which have no number. With any other `Accept` it is a page of at most 200 events.
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}/events",
    operation_id = "follow_conversation",
    tag = "conversations",
    params(
        ("id" = String, Path, format = Uuid, description = "The conversation."),
        Wanted,
        ("last-event-id" = Option<i64>, Header, description = "In place of `after`, for streams that go on.")
    ),
    responses(
        (
            status = 200,
            description = "What happened after that.",
            content((Page = "application/json"), (String = "text/event-stream"))
        ),
        (status = 429, description = "`too-many-streams`")
    ),
    security(("visitor_token" = []), ("key" = ["conversations"])),
)]
pub(super) async fn follow(
    State(app): State<AppState>,
    visitor: Visitor,
    address: Address,
    headers: HeaderMap,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    let reader = Reader { is_shopper: visitor.is_shopper, worker: None };
    follow_as(app, visitor.conversation, reader, &address, &headers, &wanted).await
}

/// Tells what happens in the conversation of a ticket, and that the ticket changed.
///
/// As for shoppers, with `ticket` beside, which carries `{"ticket": id}` and has no number. Counts as a view of the ticket.
#[utoipa::path(
    get,
    path = "/v1/tickets/{id}/events",
    operation_id = "follow_ticket",
    tag = "tickets",
    params(
        ("id" = String, Path, format = Uuid, description = "The ticket, by its id and not its number."),
        Wanted,
        ("last-event-id" = Option<i64>, Header, description = "In place of `after`, for streams that go on.")
    ),
    responses(
        (
            status = 200,
            description = "What happened after that.",
            content((Page = "application/json"), (String = "text/event-stream"))
        ),
        (status = 404, description = "`no-ticket`"),
        (status = 429, description = "`too-many-streams`")
    ),
    security(("session" = ["agent"]), ("key" = ["tickets"])),
)]
pub(super) async fn follow_ticket(
    State(app): State<AppState>,
    staff: Staff,
    address: Address,
    Segments(id): Segments<String>,
    headers: HeaderMap,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    staff.require(Role::Agent, Scope::Tickets)?;
    let ticket = tickets::find(&app, &id).await?;
    tickets::keep_view(&app, &staff, ticket.id).await?;
    let worker = Worker { staff, ticket: ticket.id, tickets: app.store.live().follow_tickets() };
    let reader = Reader { is_shopper: false, worker: Some(worker) };
    follow_as(app, ticket.conversation, reader, &address, &headers, &wanted).await
}

async fn follow_as(
    app: AppState,
    id: ConversationId,
    reader: Reader,
    address: &Address,
    headers: &HeaderMap,
    wanted: &Wanted,
) -> Result<Response, Problem> {
    let conversation = app.store.conversation(id).await?.ok_or(Problem::NoConversation)?;
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/event-stream") {
        return poll(&app, id, &reader, wanted).await;
    }
    let last =
        headers.get("last-event-id").and_then(|last| last.to_str().ok()).and_then(|last| last.parse().ok());
    let open = open(&app, address, Followed::Conversation(id))?;
    let follower = Follower::new(app, id, reader, last.unwrap_or(wanted.after), conversation.state, open);
    Ok(streamed(follower.stream()))
}

/// Counts a stream, as long as what this returns is there.
fn open(app: &AppState, address: &Address, followed: Followed) -> Result<OpenStream, Problem> {
    let open = app.present.streams.open(address.key(), followed);
    open.map_err(|TooMany { whose, most }| Problem::TooManyStreams { whose, most })
}

async fn poll(
    app: &AppState,
    id: ConversationId,
    reader: &Reader,
    wanted: &Wanted,
) -> Result<Response, Problem> {
    if wanted.wait > LONGEST_WAIT {
        let detail = format!("Give `wait` a number of seconds from 0 to {LONGEST_WAIT}.");
        return Err(Problem::InvalidParameter { detail });
    }
    let until = Instant::now() + Duration::from_secs(wanted.wait).min(app.settings.request_timeout / 2);
    let mut following = app.store.live().follow(id);
    loop {
        let events = reader.events(app, id, wanted.after).await?;
        let rest = until.saturating_duration_since(Instant::now());
        if !events.is_empty() || rest.is_zero() || app.present.is_stopping() {
            let last_sequence = events.last().map_or(wanted.after, |event| event.sequence);
            return Ok(Json(Page { events, last_sequence }).into_response());
        }
        // Whether something came or not: it is looked up again.
        tokio::select! {
            _ = timeout(rest, following.next()) => {}
            () = app.present.stopped() => {}
        }
    }
}

/// Whoever follows a conversation.
struct Reader {
    is_shopper: bool,
    /// Of those who work on its ticket.
    worker: Option<Worker>,
}

/// Somebody who works on the ticket of a conversation.
struct Worker {
    staff: Staff,
    ticket: TicketId,
    tickets: Receiver<Option<TicketId>>,
}

impl Reader {
    /// The first events after that number, as the reader may read them.
    async fn events(&self, app: &AppState, id: ConversationId, after: i64) -> Result<Vec<Event>, StoreError> {
        let mut events = app.store.events(id, after, PAGE).await?;
        if self.is_shopper {
            for event in &mut events {
                if let Happening::Message { message } = &mut event.happening {
                    message.keep_for_shopper();
                }
            }
        }
        Ok(events)
    }
}

/// Waits until the ticket changed, or may have.
async fn changed(worker: &mut Option<Worker>) -> TicketId {
    let Some(Worker { ticket, tickets, .. }) = worker else { return std::future::pending().await };
    loop {
        match tickets.recv().await {
            Ok(Some(other)) if other != *ticket => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return *ticket,
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

/// Reads a conversation as it goes on.
struct Follower {
    app: AppState,
    conversation: ConversationId,
    reader: Reader,
    following: Following,
    stopping: watch::Receiver<bool>,
    /// The number of the last event that was sent.
    after: i64,
    /// Read and not yet sent.
    ready: VecDeque<Frame>,
    /// Whether there may be events that were not read.
    is_behind: bool,
    /// Whether the shopper waits for a human and wants to know the place in the queue.
    is_waiting: bool,
    heartbeat: Instant,
    is_over: bool,
    _open: OpenStream,
}

impl Follower {
    fn new(
        app: AppState,
        conversation: ConversationId,
        reader: Reader,
        after: i64,
        state: ConversationState,
        open: OpenStream,
    ) -> Self {
        Self {
            // Before anything is read, so that nothing falls between.
            following: app.store.live().follow(conversation),
            stopping: app.present.stopping.subscribe(),
            app,
            conversation,
            reader,
            after,
            ready: VecDeque::from([Frame::default().retry(RETRY).comment("here")]),
            is_behind: true,
            is_waiting: state == ConversationState::WaitingForHuman,
            heartbeat: Instant::now(),
            is_over: false,
            _open: open,
        }
    }

    fn stream(self) -> impl Stream<Item = Result<Frame, Infallible>> {
        unfold(self, async |mut follower| {
            let frame = follower.next().await?;
            Some((Ok(frame), follower))
        })
    }

    /// The next thing to send; nothing when the stream ends.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            if self.is_over {
                return None;
            }
            if self.is_behind {
                if let Err(error) = self.read().await {
                    tracing::error!(%error, "a stream of events cannot go on");
                    self.app.metrics.database_failed(Doing::Events);
                    self.is_over = true;
                }
                continue;
            }
            self.wait().await;
        }
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        let events = self.reader.events(&self.app, self.conversation, self.after).await?;
        self.is_behind = events.len() as i64 == PAGE;
        for event in events {
            self.after = event.sequence;
            if let Happening::Change(Change::State { state, .. }) = &event.happening {
                self.is_waiting = *state == ConversationState::WaitingForHuman;
                self.heartbeat = Instant::now();
            }
            self.ready.push_back(numbered(&event));
        }
        Ok(())
    }

    async fn wait(&mut self) {
        if *self.stopping.borrow() {
            self.is_over = true;
            self.ready.push_back(Frame::default().event("bye").data("{}"));
            return;
        }
        tokio::select! {
            heard = self.following.next() => match heard {
                Heard::Stored => self.is_behind = true,
                Heard::Sign(sign) => self.ready.push_back(unnumbered(&sign)),
            },
            ticket = changed(&mut self.reader.worker) => {
                self.ready.push_back(Frame::default().event("ticket").data(json!({ "ticket": ticket }).to_string()));
            }
            _ = self.stopping.changed() => {}
            () = sleep_until(self.heartbeat) => {
                self.heartbeat = Instant::now() + HEARTBEAT;
                if let Some(Worker { staff, .. }) = &self.reader.worker {
                    if !staff.still_holds(&self.app).await {
                        self.is_over = true;
                        return;
                    }
                    // Whoever looks is there.
                    staff.is_there(&self.app);
                }
                let waiting = if self.is_waiting { waiting(&self.app, self.conversation).await.ok().flatten() } else { None };
                self.ready.push_back(match waiting {
                    Some(waiting) => {
                        let data = json!({ "kind": "waiting", "waiting": waiting });
                        Frame::default().event("waiting").data(data.to_string())
                    }
                    None => Frame::default().comment("here"),
                });
            }
        }
    }
}

fn numbered(event: &Event) -> Frame {
    let data = serde_json::to_string(event).expect("plain data");
    Frame::default().id(event.sequence.to_string()).event(event.happening.kind()).data(data)
}

fn unnumbered(sign: &Sign) -> Frame {
    Frame::default().event(sign.kind()).data(serde_json::to_string(sign).expect("plain data"))
}

/// Tells which tickets are opened or change, as a stream of server-sent events.
///
/// `ticket` carries `{"ticket": id}`; `refresh` means that there was too much at once; `bye` is the last one when the service stops. The
/// stream is a hint and has no numbers: read the list when it begins, and on every `ticket` and `refresh`.
#[utoipa::path(
    get,
    path = "/v1/tickets/events",
    operation_id = "follow_tickets",
    tag = "tickets",
    responses(
        (status = 200, description = "The stream.", body = String, content_type = "text/event-stream"),
        (status = 429, description = "`too-many-streams`")
    ),
    security(("session" = ["agent"]), ("key" = ["tickets"])),
)]
pub(super) async fn follow_tickets(
    State(app): State<AppState>,
    staff: Staff,
    address: Address,
) -> Result<Response, Problem> {
    staff.require(Role::Agent, Scope::Tickets)?;
    let open = open(&app, &address, Followed::Tickets)?;
    let tickets = app.store.live().follow_tickets();
    let stopping = app.present.stopping.subscribe();
    let check = Instant::now() + HEARTBEAT;
    let state = (app, staff, tickets, stopping, check, open);
    let stream = unfold(state, async |(app, staff, mut tickets, mut stopping, mut check, open)| {
        if *stopping.borrow() {
            return None;
        }
        let frame = tokio::select! {
            ticket = tickets.recv() => match ticket {
                Ok(Some(ticket)) => Frame::default().event("ticket").data(json!({ "ticket": ticket }).to_string()),
                // Too many at once: look at all of them again.
                Ok(None) | Err(_) => Frame::default().event("refresh").data("{}"),
            },
            _ = stopping.changed() => Frame::default().event("bye").data("{}"),
            () = sleep_until(check) => {
                if !staff.still_holds(&app).await {
                    return None;
                }
                // Whoever looks is there.
                staff.is_there(&app);
                check = Instant::now() + HEARTBEAT;
                Frame::default().comment("here")
            }
        };
        Some((Ok::<_, Infallible>(frame), (app, staff, tickets, stopping, check, open)))
    });
    Ok(streamed(stream))
}

/// A stream that nginx does not hold back, whatever its settings are.
fn streamed(frames: impl Stream<Item = Result<Frame, Infallible>> + Send + 'static) -> Response {
    ([("x-accel-buffering", "no")], Sse::new(frames)).into_response()
}
