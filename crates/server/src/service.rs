//! A running server: opened, serving, and ended in that order, so that a first start prints its password only when
//! everything else went well, and an end loses nothing that was answered.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use inventory::ContentHash;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use platform::{Platform, Settings};
use store::{Clock, SystemClock};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::certificate::{self, Certificate, CertificateError};
use crate::data_dir::{DataDir, DataDirError, Lock};
use crate::database::{Database, DatabaseError};
use crate::first_start::{self, ADMIN_PASSWORD, FirstStart, FirstStartError};
use crate::http::{App, Connections, Listener, Manners};

/// How long requests under way may take to finish when the server stops.
const GRACE: Duration = Duration::from_secs(20);
/// How long work without a caller may take then.
const AFTERWARDS: Duration = Duration::from_secs(5);
/// How often the platform looks at what depends on the time.
const TICK: Duration = Duration::from_secs(60);
/// The most connections, where the system lets a process have so many.
const MOST_CONNECTIONS: u64 = 16_384;
/// Files that are not connections.
const OWN_FILES: u64 = 256;

/// How to serve.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) data: PathBuf,
    pub(crate) database: Option<String>,
    pub(crate) listen: String,
    pub(crate) tls_listen: Option<String>,
    pub(crate) manners: Manners,
    pub(crate) settings: Settings,
}

/// A server that serves.
pub(crate) struct Service {
    pub(crate) platform: Arc<Platform>,
    pub(crate) dir: DataDir,
    pub(crate) first_start: FirstStart,
    /// The addresses, as clients write them.
    pub(crate) urls: Vec<String>,
    /// The fingerprint of the certificate, and whether it is new.
    pub(crate) certificate: Option<(ContentHash, bool)>,
    pub(crate) clock: Arc<dyn Clock>,
    runtime: Runtime,
    connections: Connections,
    signals: Signals,
    _lock: Lock,
}

/// The server can't be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Directory(#[from] DataDirError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    FirstStart(#[from] FirstStartError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("the address {address} can't be listened at: {error}")]
    Listen { address: String, error: io::Error },
    #[error("the system refuses what a server needs: {0}")]
    System(#[from] io::Error),
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Service {
    /// Opens the data and begins to serve.
    pub(crate) fn start(plan: &Plan) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let dir = DataDir::create(&plan.data)?;
        let lock = dir.lock()?;
        let database = Database::choose(&dir, plan.database.as_deref())?;
        let platform = database.open(&dir, clock.clone(), plan.settings)?;
        let plain = bind(&plan.listen)?;
        let secure = plan.tls_listen.as_deref().map(bind).transpose()?;
        let certificate = secure.as_ref().map(|tcp| certificate_for(tcp, &dir, &*clock)).transpose()?;
        let first_start = first_start::install(&platform, std::env::var(ADMIN_PASSWORD).ok())?;
        let runtime = Builder::new_multi_thread().enable_all().thread_name("server").build()?;
        let within = runtime.enter();
        let app = App::new(platform.clone(), clock.clone(), plan.manners, database.makes_readers_wait());
        let (app, signals) = (Arc::new(app), Signals::listen()?);
        let mut listeners = vec![Listener::new(plain, None)?];
        if let (Some(tcp), Some(certificate)) = (secure, &certificate) {
            listeners.push(Listener::new(tcp, Some(certificate.config.clone()))?);
        }
        let urls = listeners.iter().map(Listener::url).collect();
        let connections = Connections::new(most_connections());
        for listener in listeners {
            connections.serve(app.clone(), listener);
        }
        tokio::spawn(tick(platform.clone(), clock.clone()));
        drop(within);
        let certificate = certificate.map(|made| (made.fingerprint, made.is_new));
        let service = Self {
            platform,
            dir,
            first_start,
            urls,
            certificate,
            clock,
            runtime,
            connections,
            signals,
            _lock: lock,
        };
        Ok(service)
    }

    /// Waits until somebody wants the server to stop.
    pub(crate) fn wait(&mut self) {
        let signal = self.runtime.block_on(self.signals.next());
        tracing::info!(signal, "stopping");
    }

    /// Stops: requests under way finish, unless that takes too long or a second signal comes; then the data is closed.
    pub(crate) fn stop(mut self) -> Result<(), platform::Error> {
        let finished = self.runtime.block_on(async {
            tokio::select! {
                finished = self.connections.end(GRACE) => finished,
                _ = self.signals.next() => false,
            }
        });
        if !finished {
            tracing::warn!("requests that were still under way are cut");
        }
        self.runtime.shutdown_timeout(AFTERWARDS);
        let closed = self.platform.close();
        tracing::info!("stopped");
        closed
    }
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

fn bind(address: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|error| StartError::Listen { address: address.to_owned(), error })
}

fn certificate_for(tcp: &TcpListener, dir: &DataDir, clock: &dyn Clock) -> Result<Certificate, StartError> {
    let address = tcp.local_addr().as_ref().map(SocketAddr::ip).ok();
    Ok(certificate::read_or_make(dir, &certificate::own_names(address), clock.now())?)
}

/// As many connections as there may be open files, once the process has asked for all it can have.
fn most_connections() -> u32 {
    let files = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, hard)) => match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
            Ok(()) => hard,
            Err(_) => soft,
        },
        Err(_) => 1_024,
    };
    let most = files.saturating_sub(OWN_FILES).clamp(OWN_FILES, MOST_CONNECTIONS);
    u32::try_from(most).unwrap_or(u32::MAX)
}

async fn tick(platform: Arc<Platform>, clock: Arc<dyn Clock>) {
    let mut minutes = interval_at(Instant::now() + TICK, TICK);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        minutes.tick().await;
        let (platform, now) = (platform.clone(), clock.now());
        // If it panicked, the log says so, and the next minute tries again.
        let _ = spawn_blocking(move || platform.tick(now)).await;
    }
}
