//! One page in the browser, with cookies of its own.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::cdp::{BrowserError, Connection};
use super::events::{BLANK, Happened, State, text, watch};
use crate::http::{Client, Request, Visit};

/// How long a page may take to load, how long it must be quiet then (less where nothing runs), and how long that is
/// waited for. Where the page says that nothing comes at once, less is enough.
const LOAD: Duration = Duration::from_secs(8);
const QUIET: Duration = Duration::from_millis(200);
const BRIEF: Duration = Duration::from_millis(80);
const NOTHING_COMES: Duration = Duration::from_millis(30);
/// How long a frame is waited for: one that a script writes may never be done.
const FRAME: Duration = Duration::from_millis(400);
/// After how many visits the browser clears its memory up.
const CLEARED: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a visit waits for what a page has put off.
const PUT_OFF: Duration = Duration::from_millis(1_600);

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

/// A page.
pub(super) struct Tab {
    connection: Arc<Connection>,
    client: Client,
    session: String,
    target: String,
    context: String,
    origin: String,
    quiet: Duration,
    /// The script that runs before those of each document.
    hooks: Option<String>,
    /// Visits so far.
    pub(super) visits: u32,
    state: Arc<Mutex<State>>,
    watcher: JoinHandle<()>,
}

impl Drop for Tab {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

/// The headers that a page's requests carry.
fn headers(client: &Client, request: &Request) -> serde_json::Map<String, Value> {
    let mut headers = serde_json::Map::new();
    headers.insert("X-Redoubt-Scan".to_owned(), "1".into());
    for (name, value) in client.options().headers.iter().chain(&request.headers) {
        let is_ours = ["host", "content-length", "content-type", "cookie", "connection", "accept-encoding"];
        if !is_ours.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
            headers.insert(name.clone(), value.as_str().into());
        }
    }
    headers
}

impl Tab {
    /// A page in a context of its own.
    ///
    /// # Errors
    /// The browser does not answer.
    pub(super) async fn new(connection: Arc<Connection>, client: Client) -> Result<Self, BrowserError> {
        let make = json!({"disposeOnDetach": true});
        let made = connection.call("", "Target.createBrowserContext", make).await?;
        let context = text(&made, "browserContextId");
        let create = json!({"url": "about:blank", "browserContextId": context});
        let target = text(&connection.call("", "Target.createTarget", create).await?, "targetId");
        let attach = json!({"targetId": target, "flatten": true});
        let session = text(&connection.call("", "Target.attachToTarget", attach).await?, "sessionId");
        let state = Arc::new(Mutex::new(State::default()));
        let watcher = tokio::spawn(watch(connection.clone(), client.clone(), session.clone(), state.clone()));
        let tab = Self {
            connection,
            client,
            session,
            target,
            context,
            origin: String::new(),
            quiet: QUIET,
            hooks: None,
            visits: 0,
            state,
            watcher,
        };
        let calls = vec![
            ("Page.enable", json!({})),
            ("Runtime.enable", json!({})),
            ("Network.enable", json!({})),
            ("Fetch.enable", json!({"patterns": [{"urlPattern": "*"}]})),
            ("Network.setUserAgentOverride", json!({"userAgent": tab.client.options().user_agent})),
            ("Network.setBypassServiceWorker", json!({"bypass": true})),
            // Timers of pages in the background may be held back; what a page does must not depend on the load.
            ("Emulation.setFocusEmulationEnabled", json!({"enabled": true})),
        ];
        tab.call_all(calls).await?;
        Ok(tab)
    }

    /// Makes the page ready for requests like this one: with its cookies, headers, and what it brings along, and without
    /// what the visit before left. A brief visit waits less for what scripts may do later.
    ///
    /// # Errors
    /// The browser does not answer.
    pub(super) async fn dress(&mut self, request: &Request, is_brief: bool) -> Result<(), BrowserError> {
        self.visits += 1;
        self.quiet = if is_brief { BRIEF } else { QUIET };
        *self.state.lock() = State { frame: self.target.clone(), ..State::default() };
        let mut script = include_str!("hooks.js").to_owned();
        if let Some(name) = request.visit.as_ref().and_then(|visit| visit.window_name.as_ref()) {
            script = format!("window.name = {};\n{script}", Value::from(name.as_str()));
        }
        let url = request.url.origin.to_string();
        self.origin.clone_from(&url);
        if self.visits > 1 {
            self.context_call("Storage.clearCookies").await?;
        }
        let mut calls = Vec::new();
        if let Some(hooks) = self.hooks.take() {
            let old = json!({"identifier": hooks});
            calls.push(("Page.removeScriptToEvaluateOnNewDocument", old));
            calls.push(("Storage.clearDataForOrigin", json!({"origin": url, "storageTypes": "all"})));
            calls.push(("Runtime.evaluate", json!({"expression": "window.name = ''"})));
        }
        // Tests ask for what is there now; to a crawl, files that many pages load are the same.
        calls.push(("Network.setCacheDisabled", json!({"cacheDisabled": is_brief})));
        calls.push(("Network.setExtraHTTPHeaders", json!({"headers": headers(&self.client, request)})));
        for (name, value) in &request.cookies {
            let cookie = json!({"name": name, "value": value, "url": url, "path": "/"});
            calls.push(("Network.setCookie", cookie));
        }
        calls.push(("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})));
        let last = self.call_all(calls).await?;
        self.hooks = Some(text(&last, "identifier"));
        Ok(())
    }

    /// Calls one after the other without waiting for each; the answer of the last.
    async fn call_all(&self, calls: Vec<(&'static str, Value)>) -> Result<Value, BrowserError> {
        let call = |(method, params)| async move { (method, self.call(method, params).await) };
        let mut last = Value::Null;
        for (method, answer) in join_all(calls.into_iter().map(call)).await {
            match answer {
                Ok(answer) => last = answer,
                // A cookie that the browser does not take is not there for the page either.
                Err(_) if method == "Network.setCookie" => {}
                Err(error) => return Err(error),
            }
        }
        Ok(last)
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

    /// Says what the next visit is made for: when all of it has happened, nothing is waited for any more.
    pub(super) fn want(&self, markers: &[&str]) {
        self.state.lock().wanted = markers.iter().map(|marker| (*marker).to_owned()).collect();
    }

    /// Whether all has happened that the visit is made for.
    pub(super) fn is_over(&self) -> bool {
        self.state.lock().is_over()
    }

    /// Opens a request as a page and waits until it is quiet.
    pub(super) async fn open(&self, request: &Request) -> Result<(), BrowserError> {
        let fragment = request.visit.as_ref().and_then(|visit| visit.fragment.as_ref());
        let url = match fragment {
            Some(fragment) => format!("{}#{fragment}", request.url),
            None => request.url.to_string(),
        };
        let is_fresh = {
            let mut state = self.state.lock();
            state.may_leave = true;
            !std::mem::replace(&mut state.was_opened, true)
        };
        if !is_fresh {
            // A page that is left by its fragment alone would not be loaded again.
            self.go_blank().await?;
        }
        {
            let mut state = self.state.lock();
            (state.first, state.is_loaded) = (Some(request.clone()), false);
            state.pages = Some(0);
            state.running.clear();
            state.frames.clear();
        }
        let mut navigation = json!({"url": url});
        let referrer = request.visit.as_ref().and_then(|visit| visit.referrer.as_ref());
        if let (Some(referrer), Some(members)) = (referrer, navigation.as_object_mut()) {
            members.insert("referrer".to_owned(), referrer.as_str().into());
            members.insert("referrerPolicy".to_owned(), "unsafeUrl".into());
        }
        self.call("Page.navigate", navigation).await?;
        self.loaded(LOAD).await;
        self.settle().await;
        self.state.lock().may_leave = false;
        match &request.visit {
            _ if self.is_over() => Ok(()),
            Some(visit) => self.go_on(visit).await,
            // The crawl looks at a page for longer.
            None if self.quiet == BRIEF => self.wait_for_timers().await,
            None => Ok(()),
        }
    }

    /// Does what belongs to a visit once the page is there: a changed fragment, a message, what visitors do, and time for
    /// what the page puts off; then the page that comes after it.
    async fn go_on(&self, visit: &Visit) -> Result<(), BrowserError> {
        let mut script = String::new();
        if visit.fragment.is_some() {
            script += "if (w.__redoubt && (w.__redoubt.hashes || w.onhashchange)) { done = true; \
                       w.dispatchEvent(new HashChangeEvent('hashchange', {oldURL: location.href.split('#')[0], newURL: location.href})); }\n";
        }
        if let Some(message) = &visit.message {
            let data = Value::from(message.as_str());
            let from = visit.message_from.as_deref().unwrap_or("https://redoubt-probe.example");
            // As text, and as what the text says: senders may send both.
            script += &format!(
                "done = true; const say = (data) => w.dispatchEvent(new MessageEvent('message', {{data, origin: {}, source: w}})); \
                 say({data}); let o; try {{ o = JSON.parse({data}); }} catch (e) {{ o = null; }} if (o && typeof o === 'object') say(o);\n",
                Value::from(from)
            );
        }
        if visit.acts {
            script += concat!(include_str!("every.js"), include_str!("use.js"));
        }
        if !script.is_empty() {
            let script =
                format!("(() => {{ const w = window; let done = false;\n{script}\nreturn done; }})()");
            if self.evaluate(&script).await?.as_bool() == Some(true) {
                self.settle().await;
            }
        }
        self.wait_for_timers().await?;
        if let Some(then) = &visit.then {
            {
                let mut state = self.state.lock();
                (state.may_leave, state.is_loaded) = (true, false);
            }
            self.call("Page.navigate", json!({"url": then.to_string()})).await?;
            self.loaded(LOAD).await;
            self.settle().await;
            self.state.lock().may_leave = false;
            self.wait_for_timers().await?;
        }
        Ok(())
    }

    /// Waits for what the page itself has put off for a moment.
    async fn wait_for_timers(&self) -> Result<(), BrowserError> {
        let until = Instant::now() + PUT_OFF;
        let pending = "window.__redoubt ? window.__redoubt.timers : 0";
        let mut has_waited = false;
        while Instant::now() < until
            && !self.is_over()
            && self.evaluate(pending).await?.as_i64().is_some_and(|n| n > 0)
        {
            has_waited = true;
            sleep(Duration::from_millis(50)).await;
        }
        if has_waited {
            self.settle().await;
        }
        Ok(())
    }

    async fn loaded(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let is_done = |state: &State| state.is_loaded || state.is_over();
        while !is_done(&self.state.lock()) && Instant::now() < until {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Goes to a blank page of the origin, which the browser is given without the server: one of no origin would cost
    /// the browser a process, and the next page another.
    async fn go_blank(&self) -> Result<(), BrowserError> {
        {
            let mut state = self.state.lock();
            (state.may_leave, state.is_loaded) = (true, false);
        }
        self.call("Page.navigate", json!({"url": format!("{}{BLANK}", self.origin)})).await?;
        self.loaded(PATIENCE).await;
        Ok(())
    }

    /// Lets the page go elsewhere from now on.
    pub(super) fn let_go(&self) {
        let mut state = self.state.lock();
        (state.may_leave, state.pages) = (true, None);
    }

    /// Calls what is about the browser context of this page.
    pub(super) async fn context_call(&self, method: &str) -> Result<Value, BrowserError> {
        self.connection.call("", method, json!({"browserContextId": self.context})).await
    }

    /// Waits until nothing runs and nothing has happened for a moment.
    pub(super) async fn settle(&self) {
        let until = Instant::now() + PATIENCE;
        self.state.lock().touched = Some(Instant::now());
        let is_quiet_for = |quiet: Duration| {
            let state = self.state.lock();
            state.is_over()
                || (state.running.is_empty()
                    && state.frames.values().all(|since| since.elapsed() >= FRAME)
                    && state.touched.is_none_or(|at| at.elapsed() >= quiet))
        };
        // Asked once; the answer comes when the page has done what it was about to do.
        let mut may_ask = self.quiet == BRIEF;
        while Instant::now() < until && !is_quiet_for(self.quiet) {
            if may_ask && is_quiet_for(NOTHING_COMES) {
                may_ask = false;
                let soon = self.evaluate("window.__redoubt ? window.__redoubt.soon : 1").await;
                if soon.is_ok_and(|soon| soon.as_i64() == Some(0)) && is_quiet_for(NOTHING_COMES) {
                    return;
                }
            }
            sleep(Duration::from_millis(10)).await;
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
        let act = concat!(include_str!("every.js"), include_str!("tempt.js"));
        let script = format!("(() => {{ const marks = {};\n{act}}})()", json!(markers));
        if self.evaluate(&script).await?.as_u64() != Some(0) {
            self.settle().await;
        }
        let wants_to_leave = markers.iter().any(|marker| marker.starts_with("left:"));
        if wants_to_leave && self.state.lock().happened.left.is_empty() {
            // What leads away may do so when it is clicked.
            let script = "(() => { const all = [...document.querySelectorAll('a, button, [onclick]')].slice(0, 8); \
                 for (const e of all) if (e.tagName !== 'A' || e.onclick || /^(#|javascript:|$)/.test(e.getAttribute('href') || '')) e.click(); \
                 return all.length; })()";
            if self.evaluate(script).await?.as_u64() != Some(0) {
                self.settle().await;
            }
        }
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

    /// What happened since the page was made ready.
    pub(super) fn happened(&self) -> Happened {
        std::mem::take(&mut self.state.lock().happened)
    }

    /// Leaves what was visited, and closes what it opened.
    ///
    /// # Errors
    /// The browser does not answer.
    pub(super) async fn leave(&mut self) -> Result<(), BrowserError> {
        self.evaluate("try { sessionStorage.clear() } catch (e) { /* none here */ }").await?;
        self.go_blank().await?;
        let mut calls = vec![("Page.resetNavigationHistory", json!({}))];
        // Memory is what a browser has least of.
        if self.visits.is_multiple_of(CLEARED) {
            calls.push(("HeapProfiler.collectGarbage", json!({})));
        }
        self.call_all(calls).await?;
        let all = self.connection.call("", "Target.getTargets", json!({})).await?;
        let all = all.get("targetInfos").and_then(Value::as_array);
        for other in all.into_iter().flatten() {
            let id = text(other, "targetId");
            if text(other, "browserContextId") == self.context && id != self.target {
                self.connection.call("", "Target.closeTarget", json!({"targetId": id})).await?;
            }
        }
        Ok(())
    }

    /// Closes the page and its context.
    pub(super) async fn close(self) {
        // A browser that is gone has none any more.
        let _ = self.context_call("Target.disposeBrowserContext").await;
    }
}
