//! Many shoppers who have the chat open and say nothing: a stream of events each, with a token of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::desk::{Begun, Desk};

/// How many conversations are begun, and streams opened, at once.
const AT_ONCE: usize = 64;

/// Streams that are open. Dropped, they are closed.
pub(crate) struct Streams {
    reading: JoinSet<()>,
    heard: Arc<AtomicUsize>,
}

/// Begins a conversation for each of that many shoppers.
pub(crate) async fn begin(desk: &Arc<Desk>, count: usize) -> anyhow::Result<Vec<Begun>> {
    let (mut beginning, mut begun) = (JoinSet::new(), Vec::with_capacity(count));
    for _ in 0..count {
        if beginning.len() >= AT_ONCE {
            begun.extend(beginning.join_next().await);
        }
        let desk = Arc::clone(desk);
        beginning.spawn(async move { desk.begin(None).await });
    }
    begun.extend(beginning.join_all().await.into_iter().map(Ok));
    let begun: Result<Vec<_>, _> =
        begun.into_iter().map(|begun| begun.expect("beginning does not panic")).collect();
    begun.map_err(|refusal| anyhow::anyhow!("the desk refused a conversation: {refusal:?}"))
}

impl Streams {
    /// Opens a stream for each conversation, and returns when the desk has said something in every one.
    pub(crate) async fn open(address: SocketAddr, conversations: &[Begun]) -> anyhow::Result<Self> {
        let (heard, room) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(AT_ONCE)));
        let (mut opening, mut reading) = (JoinSet::new(), JoinSet::new());
        for Begun { id, token } in conversations {
            let request = format!(
                "GET /v1/conversations/{id}/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
                 Accept: text/event-stream\r\n\r\n"
            );
            let room = Arc::clone(&room);
            opening.spawn(async move {
                let _place = room.acquire_owned().await?;
                open(address, &request).await
            });
        }
        while let Some(opened) = opening.join_next().await {
            let stream = opened?.context("a stream cannot be opened")?;
            reading.spawn(read_on(stream, Arc::clone(&heard)));
        }
        Ok(Self { reading, heard })
    }

    /// How many are still open.
    pub(crate) fn still_open(&mut self) -> usize {
        while self.reading.try_join_next().is_some() {}
        self.reading.len()
    }

    /// How many times the desk said something since they were opened.
    pub(crate) fn heard(&self) -> usize {
        self.heard.load(Ordering::Relaxed)
    }
}

/// Sends the request and reads up to the first thing that the desk says.
async fn open(address: SocketAddr, request: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 1024]);
    while !is_open(&answer) {
        let length = stream.read(&mut buffer).await?;
        answer.extend_from_slice(&buffer[..length]);
        anyhow::ensure!(
            length > 0 && !is_refused(&answer),
            "the desk refused a stream: {}",
            first_line(&answer)
        );
    }
    Ok(stream)
}

/// Reads what comes, as a page would, until the desk ends the stream.
async fn read_on(mut stream: TcpStream, heard: Arc<AtomicUsize>) {
    let mut buffer = [0; 256];
    while let Ok(1..) = stream.read(&mut buffer).await {
        heard.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether the head is there and something after it.
fn is_open(answer: &[u8]) -> bool {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    !is_refused(answer) && end.is_some_and(|end| answer.len() > end + 4)
}

fn is_refused(answer: &[u8]) -> bool {
    let expected = b"HTTP/1.1 200 ";
    answer.iter().zip(expected).any(|(found, expected)| found != expected)
}

fn first_line(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer).lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stand_in::{Manner, StandIn};

    #[tokio::test]
    async fn every_stream_is_open_until_the_desk_goes() {
        let stand_in = StandIn::start(Manner::Good).await;
        let desk = Arc::new(Desk::new(stand_in.address, 8));
        let conversations = begin(&desk, 100).await.unwrap();
        let mut streams = Streams::open(stand_in.address, &conversations).await.unwrap();
        assert_eq!(streams.still_open(), 100);
    }

    #[tokio::test]
    async fn a_desk_that_refuses_is_an_error() {
        let stand_in = StandIn::start(Manner::Refusing).await;
        let desk = Arc::new(Desk::new(stand_in.address, 8));
        assert!(begin(&desk, 1).await.is_err());
        let nobody = [Begun { id: "none/of/these".to_owned(), token: String::new() }];
        let refused = Streams::open(stand_in.address, &nobody).await.err().unwrap();
        assert!(format!("{refused:#}").contains("404"), "{refused:#}");
    }

    #[test]
    fn a_stream_is_open_when_something_follows_the_head() {
        for (answer, open, refused) in [
            (&b""[..], false, false),
            (b"HTTP/1.1 2", false, false),
            (b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n", false, false),
            (b"HTTP/1.1 200 OK\r\n\r\n6\r\n: here", true, false),
            (b"HTTP/1.1 429 Too Many Requests\r\n\r\n{}", false, true),
        ] {
            assert_eq!((is_open(answer), is_refused(answer)), (open, refused));
        }
    }
}
