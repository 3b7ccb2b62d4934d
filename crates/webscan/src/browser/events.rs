//! What happens in a page, and what the browser is told about it: which requests may go, and which may not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::cdp::{Connection, Happening};
use crate::http::{Body, Client, Method, Request, Target, encode};
use crate::scope::Ruling;

/// Most pages that one goes on to while it is opened.
const PAGES: usize = 8;
/// Most requests that are noted.
const MOST: usize = 1_000;
/// The path of a blank page, which no server is asked for.
pub(super) const BLANK: &str = "/.redoubt-blank";

/// What happened while a page was open.
#[derive(Debug, Clone, Default)]
pub(super) struct Happened {
    pub(super) requests: Vec<Request>,
    pub(super) stopped: Vec<String>,
    pub(super) sockets: Vec<String>,
    pub(super) dialogs: Vec<String>,
    /// Hosts out of scope that the page itself, not a frame in it, went to.
    pub(super) left: Vec<String>,
    /// Where the page itself went or tried to go, as the browser wrote it.
    pub(super) went: Vec<String>,
}

/// What is known of a page that is open.
#[derive(Default)]
pub(super) struct State {
    pub(super) happened: Happened,
    /// The request that the page is opened with, until it was sent.
    pub(super) first: Option<Request>,
    /// Whether the page may go elsewhere: only while it is being opened.
    pub(super) may_leave: bool,
    pub(super) is_loaded: bool,
    pub(super) was_opened: bool,
    pub(super) running: BTreeSet<String>,
    /// Frames within the page that are being loaded, and since when.
    pub(super) frames: BTreeMap<String, Instant>,
    /// The page's own frame.
    pub(super) frame: String,
    /// How many pages were gone to while one is being opened.
    pub(super) pages: Option<usize>,
    /// What the visit is made for: dialogs with these markers, or hosts that the page goes to.
    pub(super) wanted: Vec<String>,
    pub(super) touched: Option<Instant>,
}

impl State {
    /// Whether all has happened that the visit is made for.
    pub(super) fn is_over(&self) -> bool {
        let happened = |marker: &String| match marker.strip_prefix("left:") {
            Some(host) => self.happened.left.iter().any(|went| went == host),
            None => self.happened.dialogs.iter().any(|said| said.contains(marker.as_str())),
        };
        !self.wanted.is_empty() && self.wanted.iter().all(happened)
    }
}

pub(super) fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Keeps a page's state true, and answers what the browser asks, as long as the browser lives.
pub(super) async fn watch(
    connection: Arc<Connection>,
    client: Client,
    session: String,
    state: Arc<Mutex<State>>,
) {
    let mut happenings = connection.listen();
    loop {
        let happening = match happenings.recv().await {
            Ok(happening) => happening,
            Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => continue,
            Err(_) => return,
        };
        if happening.session != session {
            continue;
        }
        if let Some((method, params)) = react(&client, &happening, &mut state.lock()) {
            let (connection, session) = (connection.clone(), session.clone());
            tokio::spawn(async move { connection.call(&session, method, params).await });
        }
    }
}

/// What to say to the browser about something that happened.
fn react(client: &Client, happening: &Happening, state: &mut State) -> Option<(&'static str, Value)> {
    let params = &happening.params;
    match happening.method.as_str() {
        "Fetch.requestPaused" => return Some(paused(client, params, state)),
        "Page.javascriptDialogOpening" => {
            if state.happened.dialogs.len() < MOST {
                state.happened.dialogs.push(text(params, "message"));
            }
            return Some(("Page.handleJavaScriptDialog", json!({"accept": true, "promptText": "1"})));
        }
        "Page.loadEventFired" => state.is_loaded = true,
        "Network.webSocketCreated" if state.happened.sockets.len() < MOST => {
            state.happened.sockets.push(text(params, "url"))
        }
        "Network.requestWillBeSent" => {
            state.running.insert(text(params, "requestId"));
        }
        "Network.loadingFinished" | "Network.loadingFailed" | "Network.requestServedFromCache" => {
            state.running.remove(&text(params, "requestId"));
        }

        "Page.frameStartedLoading" if text(params, "frameId") != state.frame => {
            state.frames.insert(text(params, "frameId"), Instant::now());
        }
        "Page.frameStoppedLoading" | "Page.frameDetached" => {
            state.frames.remove(&text(params, "frameId"));
        }
        "Page.navigatedWithinDocument" | "Page.frameNavigated" => {}
        _ => return None,
    }
    state.touched = Some(Instant::now());
    None
}

/// Lets a request go, or stops it: out of scope, out of the page, or against the profile.
fn paused(client: &Client, params: &Value, state: &mut State) -> (&'static str, Value) {
    let id = text(params, "requestId");
    let stop = |why: &str| ("Fetch.failRequest", json!({"requestId": id, "errorReason": why}));
    let request = params.get("request").cloned().unwrap_or_default();
    let url = text(&request, "url");
    let kind = text(params, "resourceType");
    let Some(target) = literal(&url) else { return stop("BlockedByClient") };
    let is_page = kind == "Document";
    if is_page && target.path == BLANK {
        let headers = json!([{"name": "Content-Type", "value": "text/html"}]);
        // Its icon is named, so that the browser does not ask the server for one.
        let body = BASE64_STANDARD.encode("<link rel=icon href=data:,>");
        let blank = json!({"requestId": id, "responseCode": 200, "responseHeaders": headers, "body": body});
        return ("Fetch.fulfillRequest", blank);
    }
    if is_page
        && state.first.is_none()
        && text(params, "frameId") == state.frame
        && state.happened.went.len() < MOST
    {
        state.happened.went.push(url.clone());
    }
    if let Some(answer) = by_attacker(&target, &kind) {
        let (kind, body) = answer;
        let headers = json!([
            {"name": "Content-Type", "value": kind}, {"name": "Access-Control-Allow-Origin", "value": "*"}
        ]);
        let body = BASE64_STANDARD.encode(body);
        let given = json!({"requestId": id, "responseCode": 200, "responseHeaders": headers, "body": body});
        return ("Fetch.fulfillRequest", given);
    }
    let ruling = client.scope().rule(&target);
    let seen = read(&request, target);
    if ruling == Ruling::Outside {
        let host = seen.as_ref().map(|seen| seen.url.origin.host.clone()).unwrap_or_default();
        if is_page && text(params, "frameId") == state.frame && state.happened.left.len() < MOST {
            state.happened.left.push(host);
        }
        if state.happened.stopped.len() < MOST {
            state.happened.stopped.push(url);
        }
        return stop("BlockedByClient");
    }
    let is_first = is_page && state.may_leave;
    let is_noted =
        matches!(kind.as_str(), "XHR" | "Fetch" | "EventSource" | "Ping") || (is_page && !is_first);
    if let (true, Some(seen)) = (is_noted, &seen)
        && state.happened.requests.len() < MOST
        && !state.happened.requests.contains(seen)
    {
        state.happened.requests.push(seen.clone());
    }
    let may_be_sent = seen.is_some_and(|seen| !seen.method.is_destructive() || client.options().destructive);
    if ruling != Ruling::Inside || !may_be_sent || matches!(kind.as_str(), "Font" | "Media") {
        return stop("BlockedByClient");
    }
    // A page that goes to itself without end is stopped.
    let is_own = text(params, "frameId") == state.frame;
    let count = state.pages.as_mut().filter(|_| is_page && is_own);
    let is_endless = count.is_some_and(|pages| {
        *pages += 1;
        *pages > PAGES
    });
    if is_page && (!is_first || is_endless) {
        return stop("Aborted");
    }
    let mut go = json!({"requestId": id});
    if let (true, Some(first), Some(members)) = (is_page, state.first.take(), go.as_object_mut())
        && first.method != Method::Get
    {
        let mut headers: Vec<Value> = Vec::new();
        if let Some(all) = request.get("headers").and_then(Value::as_object) {
            headers.extend(all.iter().map(|(name, value)| json!({"name": name, "value": value})));
        }
        headers.push(json!({"name": "Content-Type", "value": first.body.content_type().unwrap_or_default()}));
        members.insert("method".to_owned(), first.method.name().into());
        members.insert("postData".to_owned(), BASE64_STANDARD.encode(first.body.bytes()).into());
        members.insert("headers".to_owned(), headers.into());
    }
    ("Fetch.continueRequest", go)
}

/// What an attacker's host that is named after a marker answers for a script, or for what a script fetches: something that
/// shows the marker when it runs. No such host is ever asked.
fn by_attacker(target: &Target, kind: &str) -> Option<(&'static str, String)> {
    let marker = crate::proof::executes::marker_of_host(&target.origin.host)?;
    match kind {
        "Script" => Some(("text/javascript", format!("alert('{marker}')"))),
        "XHR" | "Fetch" => Some(("text/html", format!("<img src=x onerror=alert('{marker}')>"))),
        _ => None,
    }
}

/// A URL as the browser wrote it.
fn literal(url: &str) -> Option<Target> {
    serde_json::from_value(Value::from(url.split('#').next().unwrap_or_default())).ok()
}

/// A request that a script made.
fn read(request: &Value, url: Target) -> Option<Request> {
    let method = Method::of(&text(request, "method"))?;
    let data = text(request, "postData");
    let headers = request.get("headers").and_then(Value::as_object);
    let header = |wanted: &str| {
        let found = headers?.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        found.1.as_str().map(str::to_owned)
    };
    let kind = header("content-type").unwrap_or_default();
    let body = match kind.split(';').next().unwrap_or_default().trim() {
        _ if data.is_empty() => Body::None,
        "application/x-www-form-urlencoded" => Body::Form(encode::read_form(&data)),
        kind if kind.ends_with("json") => serde_json::from_str(&data).map_or(Body::None, Body::Json),
        kind if kind.ends_with("xml") => Body::Xml(data),
        _ if data.starts_with(['{', '[']) => serde_json::from_str(&data).map_or(Body::None, Body::Json),
        kind => Body::Text { content_type: kind.to_owned(), text: data },
    };
    let mut own: Vec<(String, String)> = Vec::new();
    let mut kept = vec!["x-requested-with", "x-csrf-token", "authorization", "soapaction"];
    if matches!(body, Body::Xml(_)) {
        // Kinds of XML are not all taken alike.
        kept.push("content-type");
    }
    for name in kept {
        own.extend(header(name).map(|value| (name.to_owned(), value)));
    }
    // Headers that scripts make up are the application's own.
    let made_up = headers.into_iter().flatten().filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        let is_known = own.iter().any(|(have, _)| name.eq_ignore_ascii_case(have));
        // Those that differ from one request to the next say nothing.
        let changes = ["id", "trace", "time", "nonce", "span", "redoubt", "devtools"]
            .iter()
            .any(|word| name.contains(word));
        name.starts_with("x-") && !changes && !is_known
    });
    let made_up: Vec<(String, String)> = made_up
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?.to_owned())))
        .take(8)
        .collect();
    own.extend(made_up);
    Some(Request { method, headers: own, body, ..Request::get(url) })
}
