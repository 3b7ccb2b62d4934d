//! Sends replays and controls, and says what came of it.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::expect::{Evidence, Expect, Seen};
use super::regexes::regex;
use super::{Control, Replay, Step};
use crate::http::{Body, Client, Fault, Request, Response, Target, encode};
use crate::scope::Ruling;
use crate::session::Session;

/// Listens for calls that a target makes because of what was sent to it.
pub trait Listener: Send + Sync {
    /// A URL that, when it is called, leaves the token. The token is letters and digits.
    fn url(&self, token: &str) -> String;
    /// Whether it was called with the token by now.
    fn was_called(&self, token: &str) -> bool;
    /// Where it listens, where that is one address.
    fn address(&self) -> Option<SocketAddr> {
        None
    }
}

/// The token of a round, in requests and in [`Expect::Called`]: another one in each round, so that a replay that is kept
/// can be sent again at any time.
pub const TOKEN: &str = "{{token}}";

/// What stands in a request for the listener's address, as `host:port` in several ways of writing it.
fn callback_names(address: SocketAddr) -> Vec<(&'static str, String)> {
    let port = address.port();
    let mut names = vec![("callback", address.to_string()), ("callback_port", port.to_string())];
    if let IpAddr::V4(four) = address.ip() {
        let [a, b, c, d] = four.octets();
        names.push(("callback_decimal", format!("{}:{port}", u32::from(four))));
        names.push(("callback_hex", format!("0x{:08x}:{port}", u32::from(four))));
        names.push(("callback_octal", format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}:{port}")));
        names.push(("callback_short", format!("{a}.{}:{port}", u32::from_be_bytes([0, b, c, d]))));
        names.push(("callback_mapped", format!("[::ffff:{four}]:{port}")));
    }
    names
}

/// A text with the listener's address and a token in it.
#[must_use]
pub(crate) fn with_callback(text: &str, address: Option<SocketAddr>, token: &str) -> String {
    let text = text.replace(TOKEN, token);
    let names = address.map(callback_names).unwrap_or_default();
    names.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

/// Opens pages as a browser does.
pub trait Opener: Send + Sync {
    /// Sends a request, lets scripts run, and gives the markers that they ran.
    fn open<'a>(&'a self, request: &'a Request, markers: &'a [&'a str]) -> BoxFuture<'a, Vec<String>>;
}

/// Looks at the transport of an origin.
pub trait Transport: Send + Sync {
    /// Properties of the transport, such as `protocol TLSv1.0`.
    fn look<'a>(&'a self, url: &'a Target) -> BoxFuture<'a, Vec<String>>;
}

/// That a finding was shown, and that its control was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub(crate) evidence: Evidence,
    pub(crate) replay: Replay,
}

impl Proof {
    /// What was seen.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// How it is seen again.
    #[must_use]
    pub fn replay(&self) -> &Replay {
        &self.replay
    }

    /// The same proof with better words for what was seen.
    #[must_use]
    pub fn saying(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
    }
}

/// What came of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The finding is there, its control is clean.
    Shown(Evidence),
    /// It was not seen.
    NotShown,
    /// Its control shows it, too: nothing is proven.
    ControlShows,
}

/// Why nothing is proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// It was not seen.
    #[error("it was not seen")]
    NotShown,
    /// The control shows it, too.
    #[error("the control shows it, too")]
    ControlShows,
    /// A request was not answered.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Sends replays.
#[derive(Clone, Copy)]
pub struct Prover<'a> {
    /// Sends the requests.
    pub client: &'a Client,
    /// Who the scan is logged in as.
    pub session: &'a Session,
    /// Our listener, if there is one.
    pub listener: Option<&'a dyn Listener>,
    /// A browser, if there is one.
    pub opener: Option<&'a dyn Opener>,
    /// What looks at transports.
    pub transport: Option<&'a dyn Transport>,
}

/// How long a call of our listener is waited for.
const CALL: Duration = Duration::from_millis(2_500);

impl Prover<'_> {
    /// Sends a replay and its control as many times as it says.
    ///
    /// # Errors
    /// [`NotProven`]: what it says.
    pub async fn prove(&self, replay: Replay) -> Result<Proof, NotProven> {
        match self.replay(&replay).await? {
            Outcome::Shown(evidence) => Ok(Proof { evidence, replay }),
            Outcome::NotShown => Err(NotProven::NotShown),
            Outcome::ControlShows => Err(NotProven::ControlShows),
        }
    }

    /// Sends a replay and its control, and says what came of it.
    ///
    /// # Errors
    /// A request was not answered.
    pub async fn replay(&self, replay: &Replay) -> Result<Outcome, Fault> {
        let mut evidence = None;
        for _ in 0..replay.rounds.max(1) {
            let mut seen = self.see(&replay.steps, &replay.expect, true).await?;
            let Some(found) = replay.expect.find(&seen) else { return Ok(Outcome::NotShown) };
            evidence.get_or_insert(found);
            let clean = match &replay.control {
                Control::Requests(steps) => {
                    let mut control = self.see(steps, &replay.expect, false).await?;
                    // A fixed token that the replay called says nothing of its control.
                    control.called.retain(|token| token == TOKEN);
                    replay.expect.find(&control).is_none()
                }
                Control::Headers(headers) => {
                    for (name, value) in headers {
                        seen.response.headers.retain(|(have, _)| have != name);
                        seen.response.headers.push((name.clone(), value.clone()));
                    }
                    replay.expect.find(&seen).is_none()
                }
                Control::Without(text) => {
                    let seen = without(seen, |shown| shown.replace(text.as_str(), ""));
                    replay.expect.find(&seen).is_none()
                }
                Control::Transport(property) => {
                    seen.transport
                        .iter()
                        .any(|has| has.starts_with("protocol ") || has.starts_with("certificate "))
                        && !seen.transport.contains(property)
                }
                Control::WithoutMatch(pattern) => match regex(pattern) {
                    Ok(regex) => {
                        let seen = without(seen, |shown| regex.replace_all(shown, "").into_owned());
                        replay.expect.find(&seen).is_none()
                    }
                    Err(_) => false,
                },
            };
            if !clean {
                return Ok(Outcome::ControlShows);
            }
        }
        Ok(evidence.map_or(Outcome::NotShown, Outcome::Shown))
    }

    async fn see(&self, steps: &[Step], expect: &Expect, wait: bool) -> Result<Seen, Fault> {
        let mut seen = Seen::default();
        for other in expect.others() {
            seen.others.push(self.client.send(&self.session.dress(other)).await?);
        }
        if let (Some(seconds), Some(step)) = (expect.waits(), steps.last()) {
            seen.waited = self.client.waits(&step.request, Duration::from_secs(u64::from(seconds))).await?;
            return Ok(seen);
        }
        let token = crate::listener::token();
        let (response, last) = self.walk_with(steps, &token).await?;
        seen.response = response;
        seen.token.clone_from(&token);
        let markers = expect.markers();
        if let (Some(opener), Some(request), false) = (self.opener, &last, markers.is_empty()) {
            seen.ran = opener.open(request, &markers).await;
        }
        if let (Some(transport), Some(request), true) = (self.transport, &last, expect.asks_transport()) {
            seen.transport = transport.look(&request.url).await;
        }
        if let Some(listener) = self.listener {
            seen.called = called(listener, &expect.tokens(), &token, wait).await;
        }
        Ok(seen)
    }

    /// Sends steps in order; the last answer, and the last request as it was sent.
    ///
    /// # Errors
    /// One of them was not answered.
    pub async fn walk(&self, steps: &[Step]) -> Result<(Response, Option<Request>), Fault> {
        self.walk_with(steps, &crate::listener::token()).await
    }

    async fn walk_with(&self, steps: &[Step], token: &str) -> Result<(Response, Option<Request>), Fault> {
        let mut captured: HashMap<&str, String> = HashMap::from([("token", token.to_owned())]);
        captured.extend(self.listener.and_then(Listener::address).map(callback_names).unwrap_or_default());
        captured.extend(self.session.secrets.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let mut session = self.session.clone();
        let mut nobody = Session::default();
        let mut last = (Response::default(), None);
        // What a page after a redirect shows may be kept with the session: nothing of ours may come between.
        let _turn = if steps.iter().any(|step| step.follow) { self.client.turn().await? } else { None };
        for step in steps {
            let request = filled(&step.request, &captured);
            let who = if step.session { &mut session } else { &mut nobody };
            let request = who.dress(&request);
            let mut response = self.client.send(&request).await?;
            who.absorb(&request.url, &response);
            if step.follow {
                response = follow(self.client, who, &request.url, response).await?;
            }
            for capture in &step.capture {
                let text = whole_text(&response);
                let found = regex(&capture.regex).ok().and_then(|regex| {
                    regex.captures(&text)?.iter().skip(1).flatten().next().map(|m| m.as_str().to_owned())
                });
                captured.insert(&capture.name, found.unwrap_or_default());
            }
            last = (response, Some(request));
        }
        Ok(last)
    }
}

/// Redirects in a row that are followed.
const REDIRECTS: usize = 4;

/// The page that a redirect leads to as a user, with the headers of the redirect beside its own, and the time of both. The
/// answer itself, where it is none, or leads out of the scope.
///
/// # Errors
/// The page was not answered.
pub(crate) async fn follow(
    client: &Client,
    who: &mut Session,
    url: &Target,
    mut response: Response,
) -> Result<Response, Fault> {
    let mut at = url.clone();
    for _ in 0..REDIRECTS {
        let Some(place) = led_to(&at, &response) else { break };
        if client.scope().rule(&place) != Ruling::Inside {
            break;
        }
        let mut page = client.send(&who.dress(&Request::get(place.clone()))).await?;
        who.absorb(&place, &page);
        page.elapsed += response.elapsed;
        let is_own = |name: &str| name == "location" || name == "date" || name.starts_with("content-");
        page.headers
            .extend(response.headers.into_iter().filter(|(name, _)| !is_own(&name.to_ascii_lowercase())));
        (response, at) = (page, place);
    }
    Ok(response)
}

/// Where a redirect leads that a browser follows by asking for another page.
pub(crate) fn led_to(url: &Target, response: &Response) -> Option<Target> {
    let place = response.location().filter(|_| matches!(response.status, 301..=303))?;
    url.join(place)
}

fn without(mut seen: Seen, cut: impl Fn(&str) -> String) -> Seen {
    let mut response = Response::new(seen.response.status, &[], cut(seen.response.text()));
    response.headers = seen.response.headers.into_iter().map(|(n, v)| (n, cut(&v))).collect();
    seen.response = response;
    seen
}

async fn called(listener: &dyn Listener, tokens: &[&str], own: &str, wait: bool) -> Vec<String> {
    let was_called = |token: &&&str| listener.was_called(if **token == TOKEN { own } else { token });
    let all = || tokens.iter().filter(was_called).map(|token| (*token).to_owned());
    if tokens.is_empty() || !wait {
        return all().collect();
    }
    let until = tokio::time::Instant::now() + CALL;
    loop {
        let found: Vec<String> = all().collect();
        if found.len() == tokens.len() || tokio::time::Instant::now() >= until {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn whole_text(response: &Response) -> String {
    let mut text: String =
        response.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    text.push('\n');
    text += response.text();
    text
}

/// Whether there is anything to fill in.
fn holds_names(request: &Request) -> bool {
    let marked = |text: &str| text.contains("{{") || text.contains("%7B%7B");
    let pairs = |pairs: &[(String, String)]| pairs.iter().any(|(_, value)| marked(value));
    let in_body = || match &request.body {
        Body::None => false,
        Body::Form(fields) => pairs(fields),
        Body::Multipart(parts) => {
            parts.iter().any(|part| marked(&part.value) || part.file_name.as_deref().is_some_and(marked))
        }
        Body::Json(value) => marked(&value.to_string()),
        Body::Xml(text) | Body::Text { text, .. } => marked(text),
    };
    marked(&request.url.path)
        || request.url.query.as_deref().is_some_and(marked)
        || pairs(&request.headers)
        || pairs(&request.cookies)
        || in_body()
}

fn filled(request: &Request, captured: &HashMap<&str, String>) -> Request {
    if !holds_names(request) {
        return request.clone();
    }
    let fill = |text: &str| {
        captured
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
    };
    let fill_encoded = |text: &str| {
        captured.iter().fold(text.to_owned(), |text, (name, value)| {
            let plain = text.replace(&format!("{{{{{name}}}}}"), &encode::percent(value));
            plain.replace(&format!("%7B%7B{name}%7D%7D"), &encode::percent(value))
        })
    };
    let pairs = |pairs: &[(String, String)]| pairs.iter().map(|(n, v)| (n.clone(), fill(v))).collect();
    let mut filled = request.clone();
    filled.url.path = fill_encoded(&request.url.path);
    filled.url.query = request.url.query.as_deref().map(fill_encoded);
    filled.headers = pairs(&request.headers);
    filled.cookies = pairs(&request.cookies);
    filled.body = match &request.body {
        Body::None => Body::None,
        Body::Form(fields) => Body::Form(pairs(fields)),
        Body::Multipart(parts) => {
            let mut parts = parts.clone();
            for part in &mut parts {
                part.value = fill(&part.value);
                part.file_name = part.file_name.as_deref().map(&fill);
            }
            Body::Multipart(parts)
        }
        Body::Json(value) => {
            let text = captured.iter().fold(value.to_string(), |text, (name, new)| {
                let quoted = serde_json::Value::from(new.as_str()).to_string();
                text.replace(&format!("{{{{{name}}}}}"), quoted.trim_matches('"'))
            });
            serde_json::from_str(&text).map_or_else(|_| request.body.clone(), Body::Json)
        }
        Body::Xml(text) => Body::Xml(fill(text)),
        Body::Text { content_type, text } => {
            Body::Text { content_type: content_type.clone(), text: fill(text) }
        }
    };
    filled
}
