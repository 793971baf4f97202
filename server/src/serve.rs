//! Listens until it is told to stop, does what has to be done meanwhile, and lets what is under way finish.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::dialogue::catch_up;
use crate::metrics::{Doing, keep_up};
use crate::webhooks::deliver;
use crate::{AppState, router, watch};

/// How long everything that is under way has to end when the service stops.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves on `listener` until `stop` resolves. Messages that were left over before are settled first, and ever again
/// those that something went wrong with. When it stops, streams are told, and then it waits for requests, for answers that nobody waits
/// for, and for what is done beside, each until it is between two pieces of work. It also stops when something that is done beside ends
/// before that: nobody would notice that deadlines are not looked after any more.
///
/// # Errors
/// When the listener fails, and when something that is done beside ended.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    tracing::info!(server.address = %listener.local_addr()?, "listening");
    let mut background = background(&state);
    let present = std::sync::Arc::clone(&state.present);
    let stop = async move {
        tokio::select! {
            () = stop => {}
            () = present.stopped() => {}
        }
        tracing::info!("stopping: streams are told, work under way is finished");
        present.stopping.send_replace(true);
    };
    let service = router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let mut lost = None;
    let working = async {
        let mut serving = pin!(axum::serve(listener, service).with_graceful_shutdown(stop).into_future());
        tokio::select! {
            served = &mut serving => served?,
            error = ended_early(&mut background, &state) => {
                tracing::error!(%error, "something that is done beside is done no more, so the service stops");
                lost = Some(error);
                state.present.stopping.send_replace(true);
                serving.await?;
            }
        }
        state.present.answers.none_left().await;
        while background.join_next().await.is_some() {}
        Ok::<_, io::Error>(())
    };
    let late = async {
        state.present.stopped().await;
        tokio::time::sleep(DRAIN).await;
    };
    let served = tokio::select! {
        served = working => served,
        () = late => {
            say_what_is_left(&state);
            Ok(())
        }
    };
    background.shutdown().await;
    tracing::info!("stopped");
    served.and(lost.map_or(Ok(()), Err))
}

/// Waits until something that is done beside ends, though the service does not stop.
async fn ended_early(background: &mut JoinSet<()>, state: &AppState) -> io::Error {
    loop {
        match background.join_next().await {
            _ if state.present.is_stopping() => {}
            Some(Err(error)) => return io::Error::other(error),
            Some(Ok(())) => return io::Error::other("it ended by itself"),
            None => {}
        }
        if background.is_empty() {
            return std::future::pending().await;
        }
    }
}

/// What is done beside answering requests.
fn background(state: &AppState) -> JoinSet<()> {
    let mut background = JoinSet::new();
    background.spawn(sweep(state.clone(), Timestamp::now()));
    background.spawn(hear(state.clone()));
    background.spawn(watch::watch(state.clone()));
    background.spawn(watch::tidy(state.clone()));
    background.spawn(keep_up(state.clone()));
    for name in state.settings.webhooks.keys() {
        background.spawn(deliver(state.clone(), name.clone()));
    }
    background
}

fn say_what_is_left(state: &AppState) {
    let (conversations, tickets) = state.present.streams.count();
    tracing::warn!(
        requests = state.present.requests.count(),
        streams = conversations + tickets,
        answers = state.present.answers.count(),
        "not everything ended in time; what is not answered yet is answered at the next start"
    );
}

/// First whatever is older than this process, then whatever has waited longer than a request may take.
async fn sweep(app: AppState, started: Timestamp) {
    let patience = app.settings.request_timeout;
    let mut look = tokio::time::interval(patience.max(Duration::from_millis(1)));
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut started = Some(started);
    while app.present.comes_round(&mut look).await {
        let before = started.take().unwrap_or_else(|| Timestamp::now() - patience);
        if let Err(problem) = catch_up(&app, before).await {
            tracing::warn!(
                problem = problem.code(),
                "messages that were left over could not all be settled, trying again"
            );
            if problem.is_database() {
                app.metrics.database_failed(Doing::Sweep);
            }
        }
    }
}

/// Hears what other servers tell.
async fn hear(app: AppState) {
    tokio::select! {
        () = app.present.stopped() => {}
        () = app.store.clone().listen() => {}
    }
}
