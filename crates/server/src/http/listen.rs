//! Listening: connections come in, within limits, and end cleanly.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::line::Line;
use super::patient::Patient;
use super::{App, answer};

/// How long the head of a request may take, and how long a connection may stay without one.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// How long a TLS handshake may take.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);
/// How long a caller may take nothing of an answer.
const WRITE_PATIENCE: Duration = Duration::from_secs(60);
/// The longest head of a request.
const HEAD_SIZE: usize = 32 << 10;
/// What one connection may buffer.
const BUFFER: usize = 128 << 10;
/// How long to wait when the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// An address to listen at.
pub(crate) struct Listener {
    tcp: TcpListener,
    local: SocketAddr,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Takes an address that is bound already. Needs the runtime.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn new(tcp: std::net::TcpListener, tls: Option<Arc<ServerConfig>>) -> std::io::Result<Self> {
        tcp.set_nonblocking(true)?;
        let tcp = TcpListener::from_std(tcp)?;
        let local = tcp.local_addr()?;
        Ok(Self { tcp, local, tls: tls.map(TlsAcceptor::from) })
    }

    /// The address as a client writes it.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.local)
    }
}

/// All connections.
pub(crate) struct Connections {
    room: Arc<Semaphore>,
    most: u32,
    stop: watch::Sender<bool>,
}

impl Connections {
    /// Room for `most` connections.
    pub(crate) fn new(most: u32) -> Self {
        let room = Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS));
        Self { room: Arc::new(room), most, stop: watch::Sender::new(false) }
    }

    /// Serves what comes in at a listener, until the end.
    pub(crate) fn serve(&self, app: Arc<App>, listener: Listener) {
        tokio::spawn(accept(app, listener, self.room.clone(), self.stop.subscribe()));
    }

    /// Takes no more connections, lets requests under way finish for `grace`, and says whether all did.
    pub(crate) async fn end(&self, grace: Duration) -> bool {
        self.stop.send_replace(true);
        timeout(grace, self.room.acquire_many(self.most)).await.is_ok()
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody can say stop any more, which is as good.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn accept(app: Arc<App>, listener: Listener, room: Arc<Semaphore>, mut stop: watch::Receiver<bool>) {
    loop {
        let next = async {
            let place = room.clone().acquire_owned().await.ok()?;
            Some((place, listener.tcp.accept().await))
        };
        let (place, accepted) = tokio::select! {
            biased;
            () = stopped(&mut stop) => return,
            next = next => match next {
                Some(next) => next,
                None => return,
            },
        };
        match accepted {
            Ok((tcp, peer)) => {
                let line = Line { peer, local: listener.local, is_tls: listener.tls.is_some() };
                tokio::spawn(connection(app.clone(), line, tcp, listener.tls.clone(), stop.clone(), place));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(
    app: Arc<App>,
    mut line: Line,
    tcp: TcpStream,
    tls: Option<TlsAcceptor>,
    stop: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    // Only a wish: an answer that goes out late is still one.
    let _ = tcp.set_nodelay(true);
    line.local = tcp.local_addr().unwrap_or(line.local);
    let stream = Patient::new(tcp, WRITE_PATIENCE);
    let Some(acceptor) = tls else { return serve(app, line, stream, stop).await };
    match timeout(HANDSHAKE_PATIENCE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => serve(app, line, stream, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, peer = %line.peer, "no TLS connection came about"),
        Err(_) => tracing::debug!(peer = %line.peer, "a TLS handshake took too long"),
    }
}

async fn serve<S>(app: Arc<App>, line: Line, stream: S, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let app = app.clone();
        async move { Ok::<_, Infallible>(answer(&app, &line, request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new());
    http.header_read_timeout(HEAD_PATIENCE).max_header_size(HEAD_SIZE).max_buf_size(BUFFER);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, peer = %line.peer, "a connection ended badly");
    }
}
