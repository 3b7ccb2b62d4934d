//! Chromium's DevTools protocol over a pair of pipes: commands out, answers and events in, each ended by a zero byte.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{Instant, timeout};

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A browser that goes on to leave commands unanswered for so long, and says nothing else, is given up: each further page would
/// wait for it in vain.
const SILENCE: Duration = Duration::from_secs(20);
/// Most bytes of one message.
const LONGEST: usize = 64 << 20;

/// Something that the browser tells by itself.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    /// The session that it is about.
    pub(super) session: String,
    /// Its name, such as `Page.loadEventFired`.
    pub(super) method: String,
    /// What it says.
    pub(super) params: Value,
}

/// Why a command has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BrowserError {
    /// There is no browser on this machine.
    #[error("no browser is installed: there is none of {0} (Debian: apt-get install chromium)")]
    Missing(String),
    /// It does not start.
    #[error("the browser does not start: {0}")]
    Start(String),
    /// It does not answer any more.
    #[error("the browser does not answer")]
    Gone,
    /// It refuses a command.
    #[error("the browser refuses {0}: {1}")]
    Refused(String, String),
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Result<Value, String>>>>>;

type Silent = Arc<Mutex<Option<Instant>>>;

/// A running browser.
pub(super) struct Connection {
    next: AtomicU64,
    waiting: Waiting,
    out: mpsc::Sender<String>,
    happenings: broadcast::Sender<Arc<Happening>>,
    /// Since when commands are not answered, with no other word from the browser meanwhile.
    silent: Silent,
    is_gone: Arc<AtomicBool>,
    #[cfg_attr(not(test), expect(dead_code, reason = "killed when it is dropped"))]
    child: Mutex<Child>,
}

impl Connection {
    /// Starts a browser that keeps its files in `home` and reaches the network through `proxy` alone.
    pub(super) fn start(program: &Path, home: &Path, proxy: &str) -> Result<Self, BrowserError> {
        let mut command = Command::new("/bin/sh");
        // The browser reads commands from descriptor 3 and writes answers to 4.
        command
            .arg("-c")
            .arg("exec 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null; exec \"$@\"")
            .arg("sh")
            .arg(program);
        command.args(FLAGS);
        command.arg(format!("--user-data-dir={}", home.display())).arg(format!("--proxy-server={proxy}"));
        command.arg("about:blank").env("HOME", home).env_remove("DBUS_SESSION_BUS_ADDRESS");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| BrowserError::Start(error.to_string()))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(BrowserError::Gone);
        };
        let (out, commands) = mpsc::channel(256);
        let (happenings, _) = broadcast::channel(4096);
        let waiting = Waiting::default();
        let silent = Silent::default();
        tokio::spawn(write(stdin, commands));
        let (next, is_gone) = (AtomicU64::new(1), Arc::new(AtomicBool::new(false)));
        let reading = read(BufReader::new(stdout), waiting.clone(), happenings.clone(), silent.clone());
        let ended = is_gone.clone();
        tokio::spawn(async move {
            reading.await;
            ended.store(true, Ordering::Relaxed);
        });
        Ok(Self { next, waiting, out, happenings, silent, is_gone, child: Mutex::new(child) })
    }

    /// Whether it has ended, or was given up.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Relaxed)
    }

    /// Its process, while it runs.
    #[cfg(test)]
    pub(super) fn process(&self) -> Option<u32> {
        self.child.lock().id()
    }

    /// What happens from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Arc<Happening>> {
        self.happenings.subscribe()
    }

    /// Sends a command and waits for its answer; `session` is empty for the browser as a whole.
    pub(super) async fn call(
        &self,
        session: &str,
        method: &str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        if self.is_gone() {
            return Err(BrowserError::Gone);
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({"id": id, "method": method, "params": params});
        if let (false, Some(members)) = (session.is_empty(), message.as_object_mut()) {
            members.insert("sessionId".to_owned(), session.into());
        }
        let (answer, answered) = oneshot::channel();
        self.waiting.lock().insert(id, answer);
        // A browser that reads no commands any more lets them pile up.
        let exchange = async {
            self.out.send(message.to_string()).await.map_err(|_| BrowserError::Gone)?;
            answered.await.map_err(|_| BrowserError::Gone)
        };
        let result = timeout(PATIENCE, exchange).await;
        self.waiting.lock().remove(&id);
        if result.is_err() && self.silent.lock().get_or_insert_with(Instant::now).elapsed() >= SILENCE {
            self.is_gone.store(true, Ordering::Relaxed);
        }
        let answer = result.map_err(|_| BrowserError::Gone)??;
        answer.map_err(|why| BrowserError::Refused(method.to_owned(), why))
    }
}

async fn write(mut pipe: ChildStdin, mut commands: mpsc::Receiver<String>) {
    while let Some(command) = commands.recv().await {
        let mut bytes = command.into_bytes();
        bytes.push(0);
        if pipe.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

async fn read(
    mut pipe: BufReader<tokio::process::ChildStdout>,
    waiting: Waiting,
    happenings: broadcast::Sender<Arc<Happening>>,
    silent: Silent,
) {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match pipe.read_until(0, &mut bytes).await {
            Ok(n) if n > 0 => {}
            _ => break,
        }
        *silent.lock() = None;
        bytes.pop();
        if bytes.len() > LONGEST {
            continue;
        }
        let Ok(mut message) = serde_json::from_slice::<Value>(&bytes) else { continue };
        if let Some(id) = message.get("id").and_then(Value::as_u64) {
            let answer = match message.get("error") {
                Some(error) => {
                    Err(error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned())
                }
                None => Ok(message.get_mut("result").map(Value::take).unwrap_or_default()),
            };
            if let Some(waiter) = waiting.lock().remove(&id) {
                // Whoever asked may have lost patience.
                let _ = waiter.send(answer);
            }
            continue;
        }
        let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (session, method) = (text("sessionId"), text("method"));
        let params = message.get_mut("params").map(Value::take).unwrap_or_default();
        // Nobody may be listening.
        let _ = happenings.send(Arc::new(Happening { session, method, params }));
    }
    waiting.lock().clear();
}

/// How the browser is started: no window, no network of its own, little memory.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-client-side-phishing-detection",
    "--disable-dev-shm-usage",
    "--disable-popup-blocking",
    "--disable-breakpad",
    "--disable-domain-reliability",
    "--metrics-recording-only",
    "--mute-audio",
    "--ignore-certificate-errors",
    "--renderer-process-limit=1",
    "--process-per-site",
    "--js-flags=--max-old-space-size=192 --max-semi-space-size=1",
    "--in-process-gpu",
    "--disable-software-rasterizer",
    "--enable-features=NetworkServiceInProcess2",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--proxy-bypass-list=<-loopback>",
    "--disable-features=SpareRendererForSitePerProcess,Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,SitePerProcess,IsolateOrigins,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,BackForwardCache,Prerender2",
    "--disable-site-isolation-trials",
    "--window-size=1280,2400",
];
