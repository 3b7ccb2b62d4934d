//! One page in the browser, with cookies of its own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::cdp::{BrowserError, Connection, Happening};
use crate::http::{Body, Client, Method, Request, Target, encode};
use crate::scope::Ruling;

/// How long a page may take to load, how long it must be quiet then (less where nothing runs), and how long that is
/// waited for.
const LOAD: Duration = Duration::from_secs(8);
const QUIET: Duration = Duration::from_millis(200);
const BRIEF: Duration = Duration::from_millis(80);
const PATIENCE: Duration = Duration::from_secs(3);
/// Most requests that are noted.
const MOST: usize = 1_000;

/// Something on a page that can be acted on.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Actionable {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) on: Vec<String>,
    #[serde(default)]
    pub(super) href: String,
}

/// A state of a page.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Gathered {
    pub(super) html: String,
    pub(super) links: Vec<String>,
    pub(super) routes: Vec<String>,
    pub(super) sockets: Vec<String>,
    pub(super) sinks: Vec<String>,
    pub(super) targets: Vec<Actionable>,
    pub(super) url: String,
    pub(super) text: String,
}

/// What happened while a page was open.
#[derive(Debug, Clone, Default)]
pub(super) struct Happened {
    pub(super) requests: Vec<Request>,
    pub(super) stopped: Vec<String>,
    pub(super) sockets: Vec<String>,
    pub(super) dialogs: Vec<String>,
}

#[derive(Default)]
struct State {
    happened: Happened,
    /// The request that the page is opened with, until it was sent.
    first: Option<Request>,
    /// Whether the page may go elsewhere: only while it is being opened.
    may_leave: bool,
    is_loaded: bool,
    running: BTreeSet<String>,
    touched: Option<Instant>,
}

/// A page.
pub(super) struct Tab {
    connection: Arc<Connection>,
    session: String,
    context: String,
    quiet: Duration,
    state: Arc<Mutex<State>>,
    watcher: JoinHandle<()>,
}

impl Drop for Tab {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Tab {
    /// A page for requests like this one: with its cookies, headers, and what it brings along. A brief visit waits less for
    /// what scripts may do later.
    pub(super) async fn new(
        connection: Arc<Connection>,
        client: Client,
        request: &Request,
        is_brief: bool,
    ) -> Result<Self, BrowserError> {
        let context = text(
            &connection.call("", "Target.createBrowserContext", json!({"disposeOnDetach": true})).await?,
            "browserContextId",
        );
        let create = json!({"url": "about:blank", "browserContextId": context});
        let target = text(&connection.call("", "Target.createTarget", create).await?, "targetId");
        let attach = json!({"targetId": target, "flatten": true});
        let session = text(&connection.call("", "Target.attachToTarget", attach).await?, "sessionId");
        let state = Arc::new(Mutex::new(State::default()));
        let watcher = tokio::spawn(watch(connection.clone(), client.clone(), session.clone(), state.clone()));
        let quiet = if is_brief { BRIEF } else { QUIET };
        let tab = Self { connection, session, context, quiet, state, watcher };
        for domain in ["Page.enable", "Runtime.enable", "Network.enable"] {
            tab.call(domain, json!({})).await?;
        }
        tab.call("Fetch.enable", json!({"patterns": [{"urlPattern": "*"}]})).await?;
        tab.call("Network.setUserAgentOverride", json!({"userAgent": client.options().user_agent})).await?;
        tab.call("Network.setBypassServiceWorker", json!({"bypass": true})).await?;
        let mut script = include_str!("hooks.js").to_owned();
        if let Some(name) = request.visit.as_ref().and_then(|visit| visit.window_name.as_ref()) {
            script = format!("window.name = {};\n{script}", Value::from(name.as_str()));
        }
        tab.call("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await?;
        tab.dress(&client, request).await?;
        Ok(tab)
    }

    async fn dress(&self, client: &Client, request: &Request) -> Result<(), BrowserError> {
        let mut headers = serde_json::Map::new();
        headers.insert("X-Redoubt-Scan".to_owned(), "1".into());
        for (name, value) in client.options().headers.iter().chain(&request.headers) {
            let is_ours =
                ["host", "content-length", "content-type", "cookie", "connection", "accept-encoding"];
            if !is_ours.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
                headers.insert(name.clone(), value.as_str().into());
            }
        }
        self.call("Network.setExtraHTTPHeaders", json!({"headers": headers})).await?;
        let url = request.url.origin.to_string();
        for (name, value) in &request.cookies {
            // A cookie that the browser does not take is not there for the page either.
            let _ = self
                .call("Network.setCookie", json!({"name": name, "value": value, "url": url, "path": "/"}))
                .await;
        }
        Ok(())
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value, BrowserError> {
        self.connection.call(&self.session, method, params).await
    }

    pub(super) async fn evaluate(&self, script: &str) -> Result<Value, BrowserError> {
        let params =
            json!({"expression": script, "returnByValue": true, "awaitPromise": true, "timeout": 3000});
        let mut answer = self.call("Runtime.evaluate", params).await?;
        Ok(answer.pointer_mut("/result/value").map(Value::take).unwrap_or_default())
    }

    /// Opens a request as a page and waits until it is quiet.
    pub(super) async fn open(&self, request: &Request) -> Result<(), BrowserError> {
        let fragment = request.visit.as_ref().and_then(|visit| visit.fragment.as_ref());
        let url = match fragment {
            Some(fragment) => format!("{}#{fragment}", request.url),
            None => request.url.to_string(),
        };
        // A page that is left by its fragment alone would not be loaded again.
        self.state.lock().may_leave = true;
        self.call("Page.navigate", json!({"url": "about:blank"})).await?;
        {
            let mut state = self.state.lock();
            (state.first, state.is_loaded) = (Some(request.clone()), false);
            state.running.clear();
        }
        self.call("Page.navigate", json!({"url": url})).await?;
        let until = Instant::now() + LOAD;
        while !self.state.lock().is_loaded && Instant::now() < until {
            sleep(Duration::from_millis(10)).await;
        }
        self.settle().await;
        self.state.lock().may_leave = false;
        if let Some(message) = request.visit.as_ref().and_then(|visit| visit.message.as_ref()) {
            let data = Value::from(message.as_str());
            let script = format!(
                "window.dispatchEvent(new MessageEvent('message', {{data: {data}, origin: 'https://redoubt-probe.example', source: window}}))"
            );
            self.evaluate(&script).await?;
            self.settle().await;
        }
        Ok(())
    }

    /// Lets the page go elsewhere from now on.
    pub(super) fn let_go(&self) {
        self.state.lock().may_leave = true;
    }

    /// Calls what is about the browser context of this page.
    pub(super) async fn context_call(&self, method: &str) -> Result<Value, BrowserError> {
        self.connection.call("", method, json!({"browserContextId": self.context})).await
    }

    /// Waits until nothing runs and nothing has happened for a moment.
    pub(super) async fn settle(&self) {
        let until = Instant::now() + PATIENCE;
        self.state.lock().touched = Some(Instant::now());
        while Instant::now() < until {
            let is_quiet = {
                let state = self.state.lock();
                state.running.is_empty() && state.touched.is_none_or(|at| at.elapsed() >= self.quiet)
            };
            if is_quiet {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What the page has now.
    pub(super) async fn gather(&self) -> Result<Gathered, BrowserError> {
        self.evaluate("window.scrollTo(0, document.body ? document.body.scrollHeight : 0)").await?;
        let value = self.evaluate(include_str!("gather.js")).await?;
        Ok(value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default())
    }

    /// Acts on an element; false when it is not there.
    pub(super) async fn act(&self, path: &str, kinds: &[String]) -> Result<bool, BrowserError> {
        let script =
            format!("{}({}, {})", include_str!("act.js").trim_end(), Value::from(path), json!(kinds));
        let there = self.evaluate(&script).await?.as_bool().unwrap_or_default();
        self.settle().await;
        Ok(there)
    }

    /// Does to what carries a marker what a visitor might do; gives what of the markers is seen without a dialog.
    pub(super) async fn tempt(&self, markers: &[&str]) -> Result<Vec<String>, BrowserError> {
        let script = format!(
            "(() => {{ const marks = {}; let n = 0; for (const e of document.querySelectorAll('*')) {{ \
             for (const a of Array.from(e.attributes)) {{ if (n > 40 || !marks.some((m) => a.value.includes(m))) continue; n++; \
             if (a.name.startsWith('on')) {{ e.dispatchEvent(new MouseEvent(a.name.slice(2), {{bubbles: true}})); if (e.focus) e.focus(); }} \
             else if (a.name === 'href' && e.click) e.click(); }} }} }})()",
            json!(markers)
        );
        self.evaluate(&script).await?;
        self.settle().await;
        let mut seen = Vec::new();
        for name in markers.iter().filter_map(|marker| marker.strip_prefix("proto:")) {
            let script = format!("({{}})[{}] !== undefined", Value::from(name));
            if self.evaluate(&script).await?.as_bool() == Some(true) {
                seen.push(format!("proto:{name}"));
            }
        }
        if markers.contains(&"sinks") {
            seen.extend(self.gather().await?.sinks.into_iter().map(|sink| format!("sink:{sink}")));
        }
        Ok(seen)
    }

    /// Closes the page; what happened while it was open.
    pub(super) async fn close(self) -> Happened {
        // It goes with its context; a browser that is gone has none any more.
        let _ = self
            .connection
            .call("", "Target.disposeBrowserContext", json!({"browserContextId": self.context}))
            .await;
        std::mem::take(&mut self.state.lock().happened)
    }
}

async fn watch(connection: Arc<Connection>, client: Client, session: String, state: Arc<Mutex<State>>) {
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
        "Network.loadingFinished" | "Network.loadingFailed" => {
            state.running.remove(&text(params, "requestId"));
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
    let ruling = client.scope().rule(&target);
    let is_page = kind == "Document";
    let seen = read(&request, target);
    if ruling == Ruling::Outside {
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
    if is_page && !is_first {
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
    Some(Request { method, headers: own, body, ..Request::get(url) })
}
