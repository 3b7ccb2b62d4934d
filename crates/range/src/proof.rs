//! The proof of a case's truth: an attempt from the definition of the weakness. On a vulnerable case it must succeed,
//! on a safe one it must fail. No scanner is needed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::case::{Case, Place};
use crate::http::client::{Answer, send};
use crate::http::request::encode;
use crate::http::server::{bind, serve};
use crate::http::{Reply, Request};
use crate::range::Range;

/// An attempt of its own: whether the weakness could be used.
pub type Attempt = fn(&Prover<'_>) -> Result<bool, String>;

/// An attempt, and what shows that it succeeded.
#[derive(Clone)]
pub enum Proof {
    /// With this value the body shows this, which it does not show with the sample.
    Shows(String, String),
    /// With this value a header of this name has this in it.
    Header(String, &'static str, String),
    /// With this value (`{s}` stands for seconds) the answer comes that much later.
    Delays(String),
    /// With this value (`{u}` stands for an URL) the server fetches that URL.
    Calls(String),
    /// With this value a script runs in a browser that says `parent.postMessage(document.title...)`; see the test.
    Browser(String),
    /// An attempt of several steps.
    Steps(Attempt),
}

/// Shorthand for [`Proof::Shows`].
pub fn shows(value: &str, seen: &str) -> Proof {
    Proof::Shows(value.to_owned(), seen.to_owned())
}

/// Makes attempts at a case of a running range.
pub struct Prover<'a> {
    /// The range.
    pub range: &'a Range,
    /// The case.
    pub case: &'a Case,
}

impl Prover<'_> {
    /// Where the case is served.
    pub fn address(&self) -> SocketAddr {
        self.range.address_of(self.case)
    }

    /// Gets a path below the case.
    pub fn get(&self, rest: &str) -> Result<Answer, String> {
        self.send("GET", rest, &[], "")
    }

    /// Posts a form below the case.
    pub fn post(&self, rest: &str, form: &[(&str, &str)]) -> Result<Answer, String> {
        let body: Vec<_> =
            form.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        self.send("POST", rest, &[("Content-Type", "application/x-www-form-urlencoded")], &body.join("&"))
    }

    /// Sends a request below the case (or below the root, where `rest` begins with a slash).
    pub fn send(
        &self,
        method: &str,
        rest: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, String> {
        let target = if rest.starts_with('/') { rest.to_owned() } else { format!("{}{rest}", self.base()) };
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        send(self.address(), method, &target, &headers, body.as_bytes())
            .map_err(|error| format!("{method} {target}: {error}"))
    }

    /// The path of the case.
    pub fn base(&self) -> String {
        if self.case.needs == Some("origin") { "/".to_owned() } else { self.case.base() }
    }

    /// Sends a value at the case's place, with a session and a token where they are needed.
    pub fn value(&self, value: &str) -> Result<Answer, String> {
        let mut prepared = self.case.prepare(value);
        if self.case.session || self.case.token {
            let entry = self.get("")?;
            if let Some(session) = entry.cookie("rsid") {
                prepared.headers.push(("Cookie".to_owned(), format!("rsid={session}")));
            }
            let page = entry.text();
            let token =
                page.split_once("name=\"csrf_token\" value=\"").and_then(|(_, rest)| rest.split('"').next());
            if let Some(token) = token {
                if matches!(self.case.place, Place::Form(_)) {
                    prepared.body.extend_from_slice(format!("&csrf_token={token}").as_bytes());
                } else {
                    let joint = if prepared.target.contains('?') { '&' } else { '?' };
                    prepared.target = format!("{}{joint}csrf_token={token}", prepared.target);
                }
            }
        }
        send(self.address(), prepared.method, &prepared.target, &prepared.headers, &prepared.body)
            .map_err(|error| format!("{} {}: {error}", prepared.method, prepared.target))
    }

    /// Whether the attempt succeeds. `None` for one that needs a browser.
    pub fn attempt(&self) -> Result<Option<bool>, String> {
        Ok(Some(match &self.case.proof {
            Proof::Shows(value, seen) => {
                let ordinary = self.value(&self.case.sample)?.text();
                self.value(value)?.text().contains(seen) && !ordinary.contains(seen)
            }
            Proof::Header(value, name, part) => {
                let answer = self.value(value)?;
                answer
                    .headers
                    .iter()
                    .any(|(key, value)| key.eq_ignore_ascii_case(name) && value.contains(part))
            }
            Proof::Delays(value) => {
                // A delay of one second proves the weakness; a safe case must not take the four it was told to.
                let seconds = if self.case.vulnerable { 1 } else { 4 };
                let started = Instant::now();
                self.value(&value.replace("{s}", &seconds.to_string()))?;
                started.elapsed() >= Duration::from_secs(seconds)
            }
            Proof::Calls(value) => {
                let seen = Arc::new(Mutex::new(0));
                let counter = Arc::clone(&seen);
                let listener =
                    bind(SocketAddr::from(([127, 0, 0, 1], 0))).map_err(|error| error.to_string())?;
                let app = move |_: &Request| {
                    *counter.lock() += 1;
                    Reply::text("<?php echo 21*2; ?>")
                };
                let listening = serve(listener, Arc::new(app), None).map_err(|error| error.to_string())?;
                self.value(&value.replace("{u}", &format!("http://{}/mark", listening.address())))?;
                let seen = *seen.lock();
                seen > 0
            }
            Proof::Steps(attempt) => attempt(self)?,
            Proof::Browser(_) => return Ok(None),
        }))
    }
}

/// What a TLS listener's certificate and versions are is proven by the test that shakes hands with all of them; here, only
/// that the truth is what was planned.
pub(crate) fn tls_truth(prover: &Prover<'_>) -> Result<bool, String> {
    Ok(prover.case.vulnerable)
}
