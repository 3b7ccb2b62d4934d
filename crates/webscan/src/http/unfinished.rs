//! Requests that do not come to their end, to see how long a server waits for it: one connection, a few bytes a second.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::client::{Client, Fault};
use super::request::Request;
use super::target::Scheme;

/// The header of a request that says what of it is kept back: `head` or `body`. It is not sent itself.
pub const UNFINISHED: &str = "X-Redoubt-Unfinished";

/// How often a little more is sent.
const EVERY: Duration = Duration::from_secs(1);
/// Bytes that a body says to have, of which nearly none are sent.
const LENGTH: usize = 1_000;

impl Client {
    /// Whether the server keeps the connection open, without an answer, for so long after a request that is not finished.
    ///
    /// # Errors
    /// The scope does not have it, or there is no connection.
    pub async fn waits(&self, request: &Request, time: Duration) -> Result<bool, Fault> {
        self.admit(request)?;
        let origin = &request.url.origin;
        let addresses = self.addresses(&origin.host, origin.port).await?;
        let address = addresses.first().ok_or_else(|| Fault::Name(origin.host.clone()))?;
        self.counters().requests.fetch_add(1, Ordering::Relaxed);
        let connect = TcpStream::connect(SocketAddr::new(*address, origin.port));
        let stream = timeout(self.options().connect, connect).await.map_err(|_| Fault::Timeout)?;
        let stream = stream.map_err(|error| Fault::Connect(error.to_string()))?;
        let work = async {
            match origin.scheme {
                Scheme::Http => Ok(holds(stream, request, time, &self.options().user_agent).await),
                Scheme::Https => {
                    let tls = |error: String| Fault::Tls(error);
                    let name =
                        ServerName::try_from(origin.host.clone()).map_err(|error| tls(error.to_string()))?;
                    let connector = TlsConnector::from(crate::trust::anybody());
                    let stream =
                        connector.connect(name, stream).await.map_err(|error| tls(error.to_string()))?;
                    Ok(holds(stream, request, time, &self.options().user_agent).await)
                }
            }
        };
        tokio::select! {
            biased;
            () = self.cancel().cancelled() => Err(Fault::Cancelled),
            held = work => held,
        }
    }
}

async fn holds(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &Request,
    time: Duration,
    agent: &str,
) -> bool {
    let url = &request.url;
    let kept_back = request.header(UNFINISHED).unwrap_or_default();
    let length = match kept_back {
        "body" => format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {LENGTH}\r\n"),
        _ if request.method == super::Method::Post => "Content-Length: 0\r\n".to_owned(),
        _ => String::new(),
    };
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {agent}\r\nX-Redoubt-Scan: 1\r\n{length}",
        request.method,
        url.request_target(),
        url.origin.authority()
    );
    if kept_back != "head" {
        head += "\r\n";
    }
    let more = match kept_back {
        "head" => "X-Wait: 1\r\n",
        "body" => "a",
        _ => "",
    };
    let until = Instant::now() + time;
    if stream.write_all(head.as_bytes()).await.is_err() {
        return false;
    }
    let mut byte = [0_u8; 1];
    while Instant::now() < until {
        let next = until.min(Instant::now() + EVERY);
        // An answer, an end and an error all mean that it does not wait.
        if timeout_at(next, stream.read(&mut byte)).await.is_ok() {
            return false;
        }
        if stream.write_all(more.as_bytes()).await.is_err() || stream.flush().await.is_err() {
            return false;
        }
    }
    true
}
