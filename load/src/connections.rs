//! Connections to the desk, kept open and shared by all shoppers as those of a proxy are. They are hyper's own: what the generator
//! takes of the two cores is taken from the desk.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

type Connection = SendRequest<Full<Bytes>>;

pub(crate) struct Connections {
    address: SocketAddr,
    idle: Mutex<Vec<Connection>>,
    /// How many more may be open.
    room: Semaphore,
}

impl Connections {
    /// At most `most` are open at once; who needs another one waits.
    pub(crate) fn new(address: SocketAddr, most: usize) -> Self {
        Self { address, idle: Mutex::default(), room: Semaphore::new(most) }
    }

    /// Sends a request and reads the whole response.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
        let _place = self.room.acquire().await?;
        let mut request = request;
        loop {
            let known = self.take().await;
            let is_new = known.is_none();
            let mut connection = match known {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            match connection.try_send_request(request).await {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    let body = body.collect().await?.to_bytes();
                    self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                    return Ok((head.status, body));
                }
                Err(mut error) => match error.take_message() {
                    // The desk closed the connection meanwhile, and the request never left.
                    Some(unsent) if !is_new => request = unsent,
                    _ => return Err(error.into_error().into()),
                },
            }
        }
    }

    /// The connection that was used last and is still good.
    async fn take(&self) -> Option<Connection> {
        loop {
            let mut connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if connection.ready().await.is_ok() {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends when its sender is gone; whoever sends hears of errors.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }
}
