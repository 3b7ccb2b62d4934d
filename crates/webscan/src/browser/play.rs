//! Plays a recorded script in a page of its own, and brings home who the browser is then.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::side::{Command, Script};
use super::tab::Tab;
use super::{Browser, BrowserError};
use crate::http::{Request, Response, Target};
use crate::scope::Ruling;
use crate::session::{Cookie, Session};

/// What a script came to.
#[derive(Debug, Clone)]
pub struct Played {
    /// The cookies and login headers that the browser has now.
    pub session: Session,
    /// Where it is.
    pub url: Target,
    /// What it shows there.
    pub page: Response,
}

/// Why a script did not come to its end.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PlayError {
    /// The browser failed.
    #[error(transparent)]
    Browser(#[from] BrowserError),
    /// A command could not be done. Its value is not shown: it may be a password.
    #[error("command {number} ({name} {target}): {why}")]
    Command {
        /// Where it stands, from 1.
        number: usize,
        /// What it is.
        name: String,
        /// What it is done on.
        target: String,
        /// What is wrong.
        why: String,
    },
    /// It took too long.
    #[error("the recorded script took longer than {} seconds", TIME.as_secs())]
    TooLong,
}

/// How long a script may take, and how long an element is waited for.
const TIME: Duration = Duration::from_secs(120);
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest pause that a script may ask for.
const PAUSE: u64 = 10_000;

impl Browser {
    /// Plays a script from `start`, in a browser that nobody has used.
    ///
    /// # Errors
    /// [`PlayError`]: a command could not be done, or the browser failed.
    pub async fn play(&self, start: &Target, script: &Script) -> Result<Played, PlayError> {
        let blank = Request::get(start.clone());
        // A script that was recorded elsewhere is played here.
        let base = Target::parse(&script.base).ok();
        let base = base.filter(|base| self.client.scope().rule(base) != Ruling::Outside);
        let base = base.unwrap_or_else(|| start.clone());
        self.on_a_page(&blank, false, async |tab| {
            let played = match tokio::time::timeout(TIME, steps(tab, &base, script)).await {
                Ok(played) => played,
                Err(_) => Err(PlayError::TooLong),
            };
            let happened = tab.happened();
            let mut played = played?;
            // A script of the page may keep the login itself and send it along.
            let sent = happened.requests.iter().rev().filter(|request| request.url.origin == start.origin);
            if let Some(value) = sent.filter_map(|request| request.header("authorization")).next() {
                played.session.headers.push(("Authorization".to_owned(), value.to_owned()));
            }
            Ok(played)
        })
        .await
    }
}

async fn steps(tab: &Tab, base: &Target, script: &Script) -> Result<Played, PlayError> {
    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    for command in &script.commands {
        let with = |text: &str| {
            kept.iter()
                .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
        };
        let command =
            Command { target: with(&command.target), value: with(&command.value), ..command.clone() };
        if command.name == "close" {
            break;
        }
        if command.name == "store" {
            kept.insert(command.value, command.target);
            continue;
        }
        step(tab, base, &command).await.map_err(|error| match error {
            Trouble::Browser(error) => PlayError::Browser(error),
            Trouble::Why(why) => PlayError::Command {
                number: command.number,
                name: command.name.clone(),
                target: command.shown.clone(),
                why,
            },
        })?;
    }
    let (url, html) = tab.place().await?;
    let url = Target::parse(&url).unwrap_or_else(|_| base.clone());
    let cookies = tab.cookies().await?.iter().filter_map(cookie).collect();
    let session = Session { cookies, ..Session::default() };
    Ok(Played {
        session,
        url,
        page: Response::new(200, &[("content-type", "text/html; charset=utf-8")], html),
    })
}

enum Trouble {
    Browser(BrowserError),
    Why(String),
}

impl From<BrowserError> for Trouble {
    fn from(error: BrowserError) -> Self {
        Self::Browser(error)
    }
}

async fn step(tab: &Tab, base: &Target, command: &Command) -> Result<(), Trouble> {
    let Command { name, target, value, .. } = command;
    let on = async |action: &str, value: &str| on_element(tab, target, action, value).await;
    let text = async |action: &str| {
        let found = on(action, "").await?;
        Ok::<_, Trouble>(found.strip_prefix("text: ").unwrap_or_default().to_owned())
    };
    let wants = |is_so: bool, what: String| if is_so { Ok(()) } else { Err(Trouble::Why(what)) };
    match name.as_str() {
        "open" => {
            let url = base.join(target).ok_or_else(|| Trouble::Why("that is no URL".to_owned()))?;
            tab.visit(&url).await?;
            let (now, _) = tab.place().await?;
            return wants(
                now.starts_with("http"),
                format!("{url} did not open; it may be out of the scan's scope"),
            );
        }
        "click" | "clickAt" => drop(on("click", "").await?),
        "doubleClick" | "doubleClickAt" => drop(on("doubleClick", "").await?),
        "type" | "sendKeys" | "select" | "submit" | "check" | "uncheck" | "mouseOver" | "mouseOut"
        | "mouseDown" | "mouseUp" => drop(on(name, value).await?),
        "executeScript" | "runScript" => drop(tab.run(target).await?),
        "pause" => {
            let asked = if target.is_empty() { value } else { target };
            sleep(Duration::from_millis(asked.trim().parse::<u64>().unwrap_or(0).min(PAUSE))).await;
        }
        "waitForElementPresent" | "assertElementPresent" | "verifyElementPresent" => {
            drop(on("present", "").await?)
        }
        "waitForElementVisible" => drop(on("visible", "").await?),
        "waitForElementEditable" => drop(on("editable", "").await?),
        "waitForElementNotPresent" | "assertElementNotPresent" | "verifyElementNotPresent" => {
            drop(on("absent", "").await?)
        }
        "waitForElementNotVisible" => drop(on("hidden", "").await?),
        "waitForText" | "assertText" | "verifyText" => {
            let until = Instant::now() + if name == "waitForText" { PATIENCE } else { Duration::ZERO };
            loop {
                let found = text("text").await?;
                if found == value.trim() {
                    break;
                }
                if Instant::now() >= until {
                    return wants(
                        false,
                        format!("it says '{}'", found.chars().take(100).collect::<String>()),
                    );
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
        "assertNotText" | "verifyNotText" => {
            return wants(text("text").await? != value.trim(), "it says just that".to_owned());
        }
        "assertValue" | "verifyValue" => {
            return wants(text("value").await? == *value, "it has another value".to_owned());
        }
        "assertTitle" | "verifyTitle" => {
            let title = tab.run("return document.title").await?;
            let title = title.as_str().unwrap_or_default().to_owned();
            return wants(title == *target, format!("the title is '{title}'"));
        }
        // Sizes and remarks change nothing here.
        _ => {}
    }
    tab.settle().await;
    Ok(())
}

/// Does something to an element, which is waited for.
async fn on_element(tab: &Tab, locator: &str, action: &str, value: &str) -> Result<String, Trouble> {
    let script = format!(
        "{}({}, {}, {})",
        include_str!("side.js").trim_end(),
        Value::from(locator),
        Value::from(action),
        Value::from(value)
    );
    let until = Instant::now() + PATIENCE;
    loop {
        // While a page makes way for the next there is nothing to ask.
        let found = tab.evaluate(&script).await.unwrap_or_default();
        match found {
            Value::Null if Instant::now() >= until => {
                let why = match action {
                    "absent" => "it is still there",
                    "hidden" => "it is still to be seen",
                    "visible" | "editable" => "it is not there, or not to be seen or changed",
                    _ => "there is no such element",
                };
                return Err(Trouble::Why(format!("{why} after {} seconds", PATIENCE.as_secs())));
            }
            Value::Null => sleep(Duration::from_millis(100)).await,
            Value::String(text) => match text.strip_prefix("locator: ") {
                Some(why) => return Err(Trouble::Why(why.to_owned())),
                None => return Ok(text),
            },
            _ => return Ok(String::new()),
        }
    }
}

/// A cookie as the browser tells of it.
fn cookie(value: &Value) -> Option<Cookie> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is = |name: &str| value.get(name).and_then(Value::as_bool).unwrap_or_default();
    let domain = text("domain");
    let name = text("name");
    (!name.is_empty()).then(|| Cookie {
        name,
        value: text("value"),
        host_only: !domain.starts_with('.'),
        domain: domain.trim_start_matches('.').to_owned(),
        path: text("path"),
        secure: is("secure"),
        http_only: is("httpOnly"),
        same_site: Some(text("sameSite")).filter(|said| !said.is_empty()),
        is_persistent: !is("session"),
    })
}

impl Tab {
    /// Opens a URL and leaves the page free to go where it wants within the scope.
    async fn visit(&self, url: &Target) -> Result<(), BrowserError> {
        self.open(&Request::get(url.clone())).await?;
        self.let_go();
        Ok(())
    }

    /// Where the page is, and its document.
    async fn place(&self) -> Result<(String, String), BrowserError> {
        let found = self.evaluate("[location.href, document.documentElement.outerHTML]").await?;
        let part = |at: usize| found.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok((part(0), part(1)))
    }

    /// Runs a script's text as the body of a function.
    async fn run(&self, text: &str) -> Result<Value, BrowserError> {
        self.evaluate(&format!("(function () {{ {text}\n }})()")).await
    }

    /// All cookies of the page's browser.
    async fn cookies(&self) -> Result<Vec<Value>, BrowserError> {
        let mut all = self.context_call("Storage.getCookies").await?;
        let list = all.get_mut("cookies").map(Value::take).unwrap_or(json!([]));
        Ok(list.as_array().cloned().unwrap_or_default())
    }
}
