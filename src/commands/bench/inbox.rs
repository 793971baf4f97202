//! `shopdesk bench inbox`: how long the console's inbox takes with thousands of open tickets.
//!
//! The tickets are the shop's own examples, with intents, answers and deadlines as the service would give them, in a database of their
//! own. The service runs as it does in a shop, and is asked over the loopback interface. The reference in the same run is an address
//! that does nothing.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use shopdesk_kb::Article;
use shopdesk_model::Probability;
use shopdesk_model::intents::{Intent, Intents};
use shopdesk_server::{
    AppState, Assessed, Assessor, Chosen, Citation, Customer, DecisionKind, Due, IntentConfidence,
    LimitConfig, Metrics, NewAgent, NewConversation, NewMessage, NewTicket, Outcome, Parts, Present, Reply,
    ReplyKind, Role, SessionId, Skills, Store, Suggestion, VisitorTokens, new_key, serve,
};
use shopdesk_triage::{EscalationReason, Triage, detect_language};
use tokio::net::TcpListener;

use crate::articles::RUNTIME;
use crate::commands::serve::settings;
use crate::output;
use crate::progress::Progress;
use crate::shop::Shop;

/// What is asked for, and what it is called.
const PAGES: [(&str, &str); 5] = [
    ("the inbox", "/console/inbox"),
    ("brought up to date", "/console/inbox/list?rows=50"),
    ("urgent tickets", "/console/inbox?priority=urgent"),
    ("a search", "/console/inbox?q=%E9%80%80%E6%AC%BE"),
    ("the reference", REFERENCE),
];
const REFERENCE: &str = "/livez";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many open tickets there are.
    #[arg(long, default_value_t = 5_000)]
    tickets: usize,
    /// How often each page is asked for.
    #[arg(long, default_value_t = 200)]
    requests: usize,
    /// Print one JSON object for each page.
    #[arg(long)]
    json: bool,
}

/// What a page took. Times are in milliseconds, from connecting to having all of it.
#[derive(Serialize)]
struct Figures {
    page: &'static str,
    path: &'static str,
    p50: f64,
    p95: f64,
    bytes: usize,
    /// The median, to that of the reference.
    to_reference: f64,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(arguments.requests > 0, "nothing is measured: give `--requests` at least 1");
    let shop = Shop::open(shop)?;
    let triage = Arc::new(shop.triage()?);
    let folder = tempfile::tempdir().context("cannot make a folder for the tickets")?;
    let store = RUNTIME.block_on(Store::open(&folder.path().join("bench.db")))?;
    fill(&shop, &triage, &store, arguments.tickets)?;
    let cookie = RUNTIME.block_on(log_in(&store))?;
    let address = RUNTIME.block_on(start(&shop, triage, store))?;
    let figures = measure(address, &cookie, arguments.requests)?;
    if arguments.json {
        figures.iter().try_for_each(output::json)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format_args!("{} open tickets, {} requests a page", arguments.tickets, arguments.requests))?;
    output::line(format_args!(
        "{:<20} {:>10} {:>10} {:>9} {:>13}",
        "page", "p50", "p95", "KB", "to reference"
    ))?;
    for figures in &figures {
        output::line(format_args!(
            "{:<20} {:>7.1} ms {:>7.1} ms {:>9.1} {:>12.1}x",
            figures.page,
            figures.p50,
            figures.p95,
            figures.bytes as f64 / 1e3,
            figures.to_reference
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens that many tickets.
fn fill(shop: &Shop, triage: &Triage, store: &Store, count: usize) -> anyhow::Result<()> {
    let Intents { intents, .. } = shop.intents()?;
    let intents: Vec<Intent> = intents.into_iter().filter(|intent| !intent.examples.is_empty()).collect();
    anyhow::ensure!(intents.len() >= 3, "the shop has too few intents with examples to make tickets from");
    let articles = triage.knowledge_base().catalogue().articles();
    let progress = Progress::new("opening tickets");
    let mut chance = fastrand::Rng::with_seed(0);
    RUNTIME.block_on(async {
        for number in 0..count {
            open(store, triage, &intents, &articles, number, &mut chance).await?;
            progress.report(number + 1, count);
        }
        Ok(())
    })
}

async fn open(
    store: &Store,
    triage: &Triage,
    intents: &[Intent],
    articles: &[Arc<Article>],
    number: usize,
    chance: &mut fastrand::Rng,
) -> anyhow::Result<()> {
    let about = chance.usize(..intents.len());
    let text = intents[about].examples[chance.usize(..intents[about].examples.len())].text.clone();
    let customer = Customer { id: format!("C-{}", number % 1500), name: Some(format!("顾客 {number}")) };
    let new = NewConversation {
        site: "main".to_owned(),
        channel: "widget".to_owned(),
        language: Some("zh-Hans".to_owned()),
        customer: Some(customer),
        context: [("order".to_owned(), format!("2026{number:08}"))].into(),
    };
    let conversation = store.create_conversation(new).await?.id;
    let message = NewMessage { text: text.clone(), client_message_id: None, choice: None, reopens: true };
    store.receive(conversation, message, |_| Due::default()).await?.context("the conversation is gone")?;
    let suggestions = (0..3.min(articles.len())).map(|_| {
        let article = &articles[chance.usize(..articles.len())];
        Suggestion {
            article: Citation::from(article.as_ref()),
            answer: article.answer.clone(),
            similarity: 0.8,
            probability: Probability::new(0.3),
        }
    });
    let suggestions = suggestions.collect();
    let label = &intents[about].label;
    // Far enough that no deadline passes while it is measured.
    let due = |hours| Some(Timestamp::now() + SignedDuration::from_hours(hours));
    let ticket = NewTicket {
        priority: label.priority,
        raised_by: Vec::new(),
        reason: EscalationReason::NoArticle,
        intent: Some(label.id.clone()),
        suggestions,
        first_response_due: due(chance.i64(100..200)),
        resolution_due: due(chance.i64(1000..2000)),
    };
    let assessed = assessed(triage, intents, about, &text);
    let reply = Reply::plain(ReplyKind::Handover, Some(assessed));
    let outcome = Outcome { text: "已为您转接人工客服。".to_owned(), reply, ticket: Some(ticket) };
    store.hand_over(conversation, outcome).await?.context("the conversation is gone")?;
    Ok(())
}

fn assessed(triage: &Triage, intents: &[Intent], about: usize, text: &str) -> Assessed {
    let shares = [0.62, 0.21, 0.06];
    let likeliest = shares.into_iter().enumerate().filter_map(|(place, share)| {
        let id = intents[(about + place) % intents.len()].label.id.clone();
        Some(IntentConfidence { id, confidence: Probability::new(share)? })
    });
    Assessed {
        decision: DecisionKind::Escalate,
        reason: Some(EscalationReason::NoArticle),
        language: detect_language(text),
        language_confidence: Probability::new(0.99),
        sentiment: None,
        intents: likeliest.collect(),
        out_of_scope: Probability::ZERO,
        entities: Vec::new(),
        human_request: None,
        alarms: Vec::new(),
        similarity: None,
        answer_probability: None,
        bundle: triage.bundle_id().clone(),
        truncated: false,
    }
}

/// Somebody who looks at the inbox: the cookie.
async fn log_in(store: &Store) -> anyhow::Result<String> {
    let new = NewAgent {
        login: "bench".to_owned(),
        name: "bench".to_owned(),
        role: Role::Supervisor,
        skills: Skills::default(),
    };
    let agent = store.add_agent(new).await?.context("there is an agent already")?;
    let session = SessionId::generate();
    let hash = session.hash().to_string();
    store.begin_session(agent.id, &hash, Timestamp::now() + SignedDuration::from_hours(1)).await?;
    Ok(format!("shopdesk_session={}", session.expose()))
}

/// Starts the service, for as long as the program runs.
async fn start(shop: &Shop, triage: Arc<Triage>, store: Store) -> anyhow::Result<SocketAddr> {
    let limits = LimitConfig { per_address: NonZeroU32::MAX, ..shop.limits.clone() };
    let metrics = Metrics::start();
    let settings = Arc::new(settings(shop)?);
    let state = AppState::new(Parts {
        store,
        assessor: Assessor::start(triage, shop.server.queue, metrics.clone())?,
        chosen: Arc::new(Chosen::by_file(&settings)),
        settings,
        clock: Arc::new(Timestamp::now),
        tokens: Arc::new(VisitorTokens::from_text(&new_key())),
        present: Arc::new(Present::new(&limits)?),
        metrics,
        workshop: None,
    });
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(serve(listener, state, std::future::pending()));
    Ok(address)
}

/// Asks for the pages in turn, so that each has its reference nearby.
fn measure(address: SocketAddr, cookie: &str, requests: usize) -> anyhow::Result<Vec<Figures>> {
    let mut times: Vec<Vec<f64>> = PAGES.iter().map(|_| Vec::with_capacity(requests)).collect();
    let mut bytes = [0; PAGES.len()];
    let progress = Progress::new("asking for pages");
    for round in 0..requests {
        for (place, (_, path)) in PAGES.iter().enumerate() {
            let asked = Instant::now();
            bytes[place] = get(address, path, cookie)?;
            times[place].push(asked.elapsed().as_secs_f64() * 1e3);
        }
        progress.report(round + 1, requests);
    }
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let at = |times: &[f64], share: f64| times[((share * times.len() as f64).ceil() as usize).max(1) - 1];
    let reference = times.last().map_or(f64::NAN, |times| at(times, 0.5));
    let figures = PAGES.iter().zip(&times).zip(bytes).map(|((&(page, path), times), bytes)| Figures {
        page,
        path,
        p50: at(times, 0.5),
        p95: at(times, 0.95),
        bytes,
        to_reference: at(times, 0.5) / reference,
    });
    Ok(figures.collect())
}

/// Asks for a page, and returns how many bytes came.
fn get(address: SocketAddr, path: &str, cookie: &str) -> anyhow::Result<usize> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    anyhow::ensure!(answer.starts_with(b"HTTP/1.1 200 "), "`{path}` was refused");
    Ok(answer.len())
}
