//! What lies behind the cases: a scratch directory with a file tree, databases, what was stored, an internal service
//! that only the server should reach, and a foreign origin.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use ring::rand::{SecureRandom, SystemRandom};
use tempfile::TempDir;

use crate::engine::sql::Database;
use crate::http::server::{Listening, bind, serve};
use crate::http::{Reply, Request};

/// The text that only the internal service says.
pub const INTRANET_SECRET: &str = "intranet-only: payroll export 2031-03, key granite-otter-51";

/// What a case keeps between requests. Bounded: the oldest goes.
#[derive(Debug, Default)]
pub struct State {
    /// Stored entries.
    pub entries: Vec<HashMap<String, String>>,
    /// Named values, such as sessions and tokens.
    pub values: HashMap<String, String>,
}

impl State {
    /// Stores an entry.
    pub fn push(&mut self, entry: HashMap<String, String>) {
        if self.entries.len() >= 60 {
            self.entries.remove(0);
        }
        self.entries.push(entry);
    }

    /// Stores a named value.
    pub fn put(&mut self, name: impl Into<String>, value: impl Into<String>) {
        if self.values.len() >= 5000 {
            self.values.clear();
        }
        self.values.insert(name.into(), value.into());
    }
}

/// The world behind the cases.
pub struct World {
    scratch: TempDir,
    /// Where PostgreSQL is, for the cases that need it.
    pub postgres: Option<String>,
    databases: Mutex<HashMap<String, Vec<Database>>>,
    begun: Mutex<HashSet<String>>,
    states: Mutex<HashMap<String, Arc<Mutex<State>>>>,
    intranet: Listening,
    outside: Listening,
    seen_outside: Arc<Mutex<Vec<String>>>,
    counter: AtomicU64,
}

impl World {
    /// Makes a world of its own. `address` says on which loopback address the internal service and the foreign origin listen.
    pub fn new(address: SocketAddr, postgres: Option<String>) -> io::Result<Self> {
        let scratch = tempfile::Builder::new().prefix("redoubt-range-").tempdir()?;
        crate::engine::files::plant(&scratch.path().join("root"))?;
        std::fs::create_dir_all(scratch.path().join("shell"))?;
        let any = SocketAddr::new(address.ip(), 0);
        let intranet = serve(bind(any)?, Arc::new(intranet_app), None)?;
        let seen_outside = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&seen_outside);
        let app = move |request: &Request| {
            let mut seen = seen.lock();
            if seen.len() < 10_000 {
                seen.push(format!("{} {}", request.method, request.target));
            }
            Reply::html("<p>This is another site.</p><a href=\"/more\">more</a>")
                .header("Access-Control-Allow-Origin", "*")
        };
        let outside = serve(bind(any)?, Arc::new(app), None)?;
        Ok(Self {
            scratch,
            postgres,
            databases: Mutex::default(),
            begun: Mutex::default(),
            states: Mutex::default(),
            intranet,
            outside,
            seen_outside,
            counter: AtomicU64::new(1000),
        })
    }

    /// The root of the file tree that file cases serve from.
    pub fn files(&self) -> PathBuf {
        self.scratch.path().join("root")
    }

    /// The directory in which commands run.
    pub fn shell_directory(&self) -> PathBuf {
        self.scratch.path().join("shell")
    }

    /// The scratch directory.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The internal service.
    pub fn intranet(&self) -> SocketAddr {
        self.intranet.address()
    }

    /// The foreign origin.
    pub fn outside(&self) -> SocketAddr {
        self.outside.address()
    }

    /// Method and target of each request that the foreign origin saw.
    pub fn seen_outside(&self) -> Vec<String> {
        self.seen_outside.lock().clone()
    }

    /// What a case keeps.
    pub fn state(&self, key: &str) -> Arc<Mutex<State>> {
        Arc::clone(self.states.lock().entry(key.to_owned()).or_default())
    }

    /// A connection of a case that nobody uses: one that waits must not make others wait.
    pub(crate) fn idle_database(&self, key: &str) -> Option<Database> {
        self.databases.lock().get_mut(key)?.pop()
    }

    /// Gives a connection back.
    pub(crate) fn keep_database(&self, key: &str, database: Database) {
        let mut all = self.databases.lock();
        let idle = all.entry(key.to_owned()).or_default();
        if idle.len() < 4 {
            idle.push(database);
        }
    }

    /// Does something once for a key; others wait until it is done.
    pub(crate) fn once<E>(&self, key: &str, act: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let mut begun = self.begun.lock();
        if !begun.contains(key) {
            act()?;
            begun.insert(key.to_owned());
        }
        Ok(())
    }

    /// A number that was not given out before.
    pub fn next(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::SeqCst)
    }
}

/// A random text of 32 hexadecimal digits.
pub fn token() -> String {
    let mut bytes = [0; 16];
    // Without randomness the text is the same each time, which no case depends on.
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn intranet_app(request: &Request) -> Reply {
    match request.path.as_str() {
        "/" | "/admin" | "/status" | "/latest/meta-data/" => Reply::text(INTRANET_SECRET),
        "/logo.svg" => Reply::new(200, "image/svg+xml", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        _ => Reply::missing(),
    }
}
