//! Our own listener: what a target calls because it was told to, it calls here.
//!
//! It answers everything with a fixed text ([`MARK`]), so that a check sees it where the target shows what it fetched, and
//! keeps the tokens that the calls carry.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::http::Target;
use crate::proof::Listener;

/// What it answers. It stands in no request of a scan, so a page that shows it has fetched it.
pub const MARK: &str = "redoubt-callback-7c41e9d2";
/// What comes out when a target runs what it fetched as PHP.
pub const RAN: &str = "redoubt-callback-7c41e9d2\n1788906";

/// The same in any language of templates: the product stands near the mark.
pub const PROCESSED: &str = r"redoubt-callback-7c41e9d2[\s\S]{0,300}?\b1788906\b";
/// What is below this folder is written in several languages at once.
pub const POLYGLOT: &str = "/run/";

/// What is below this folder is a program of Python, Ruby, Perl and Lua.
pub const CODE: &str = "/code/";

/// Tokens begin like this.
const TOKEN: &str = "rdbt";
/// Most tokens that are kept.
const MOST: usize = 100_000;
/// Most connections at once.
const AT_ONCE: usize = 64;
/// Most bytes of a request that are read.
const HEAD: usize = 16 << 10;
/// How long a caller may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A listener on a port of its own, until it is dropped.
pub struct CallbackListener {
    address: SocketAddr,
    calls: Arc<Mutex<BTreeSet<String>>>,
    task: JoinHandle<()>,
}

impl CallbackListener {
    /// Listens at an address that targets can reach.
    ///
    /// # Errors
    /// The address is not this machine's.
    pub async fn start(address: IpAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((address, 0)).await?;
        let address = listener.local_addr()?;
        let calls: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let kept = calls.clone();
        let task = tokio::spawn(async move {
            let room = Arc::new(Semaphore::new(AT_ONCE));
            loop {
                let Ok(place) = room.clone().acquire_owned().await else { return };
                let Ok((stream, _)) = listener.accept().await else { continue };
                let kept = kept.clone();
                tokio::spawn(async move {
                    let _ = timeout(PATIENCE, answer(stream, &kept)).await;
                    drop(place);
                });
            }
        });
        Ok(Self { address, calls, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for CallbackListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A token that nobody had before: letters and digits.
pub(crate) fn token() -> String {
    let mut bytes = [0_u8; 10];
    // Without random numbers the scan has worse troubles; a token of zeros then proves nothing.
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes.iter().fold(TOKEN.to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Where a target on this machine reaches our listener; none for a target elsewhere.
#[must_use]
pub fn near(target: &Target) -> Option<IpAddr> {
    let address = target.origin.address().filter(IpAddr::is_loopback);
    address.or_else(|| (target.origin.host == "localhost").then(|| IpAddr::from([127, 0, 0, 1])))
}

/// The tokens in the head of a request.
fn tokens(head: &str) -> Vec<String> {
    let words = head.split(|c: char| !c.is_ascii_alphanumeric());
    let is_token = |word: &&str| word.len() >= TOKEN.len() + 8 && word.len() <= 64;
    words
        .filter_map(|word| word.find(TOKEN).and_then(|at| word.get(at..)))
        .filter(is_token)
        .map(str::to_owned)
        .collect()
}

async fn answer(mut stream: TcpStream, calls: &Mutex<BTreeSet<String>>) -> io::Result<()> {
    let (mut head, mut part) = (Vec::new(), [0_u8; 2048]);
    while head.len() < HEAD && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(&mut part).await?;
        if count == 0 {
            break;
        }
        head.extend(part.iter().take(count));
    }
    let head = String::from_utf8_lossy(&head);
    {
        let mut calls = calls.lock();
        if calls.len() < MOST {
            calls.extend(tokens(&head));
        }
    }
    let path = head.split_whitespace().nth(1).unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (kind, body) = match path.rsplit('.').next().unwrap_or_default() {
        "dtd" => ("application/xml-dtd", format!("<!-- {MARK} -->")),
        "xml" => ("application/xml", format!("<a>{MARK}</a>")),
        "svg" => {
            ("image/svg+xml", format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><text>{MARK}</text></svg>"))
        }
        // Who fetches keys here gets our own.
        "json" => {
            let keys = serde_json::json!({"keys": [crate::own_key::jwk(crate::own_key::ID)], "by": MARK});
            ("application/json", keys.to_string())
        }
        "pem" => ("application/x-pem-file", crate::own_key::certificate()),
        _ if path.starts_with(POLYGLOT) => (
            "text/plain",
            // PHP; ERB, JSP and ASP; Jinja, Twig and others; Freemarker, Mako and others.
            format!(
                "{MARK}\n<?php echo 1337*1338; ?>\n<%= 1337*1338 %>\n{{{{ 1337*1338 }}}}\n${{1337*1338}}\n"
            ),
        ),
        _ if path.starts_with(CODE) => ("text/plain", format!("print(\"{MARK}\\n\", 1337*1338)\n")),
        _ => ("text/plain", format!("{MARK}\n<?php echo 1337*1338; ?>\n")),
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

impl Listener for CallbackListener {
    fn url(&self, token: &str) -> String {
        format!("http://{}/{token}", self.address)
    }

    fn was_called(&self, token: &str) -> bool {
        self.calls.lock().contains(token)
    }

    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn call(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn calls_leave_their_tokens() {
        let listener = CallbackListener::start(IpAddr::from([127, 0, 0, 1])).await.unwrap();
        let (one, two, three) = (token(), token(), token());
        let answer = call(listener.address, &format!("GET /x/{one}.php?y HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert!(answer.contains(MARK) && !answer.contains(RAN));
        let many = call(listener.address, "GET /run/x HTTP/1.0\r\n\r\n").await;
        assert!(many.contains("?>\n<%= 1337*1338 %>\n{{ 1337*1338 }}\n${1337*1338}\n"));
        let processed = regex::Regex::new(PROCESSED).unwrap();
        assert!(!processed.is_match(&many));
        assert!(processed.is_match(&many.replace("{{ 1337*1338 }}", "1788906")));
        let code = call(listener.address, "GET /code/x HTTP/1.0\r\n\r\n").await;
        assert!(code.ends_with("\r\n\r\nprint(\"redoubt-callback-7c41e9d2\\n\", 1337*1338)\n"), "{code}");
        assert!(!processed.is_match(&code));
        let dtd = call(listener.address, &format!("GET /{two}.dtd HTTP/1.0\r\n\r\n")).await;
        assert!(dtd.ends_with("-->"));
        let keys = call(listener.address, "GET /a/jwks.json HTTP/1.0\r\n\r\n").await;
        assert!(keys.contains("\"keys\"") && keys.contains(MARK));
        assert!(listener.was_called(&one) && listener.was_called(&two) && !listener.was_called(&three));
        assert_eq!(format!("http://{}/{one}", listener.address), listener.url(&one));
    }
}
