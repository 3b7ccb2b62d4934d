//! The practice range's other sites: logins are got through, mazes walked, and hostile servers survived.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use range::extra::login::{KEY, LOGINS, PAGES, PASSWORD, USER};
use range::extra::maze::{Maze, mazes};
use range::{Options, Range};
use serde_json::{Value, json};
use webscan::auth::AuthRecord;
use webscan::browser::Browser;
use webscan::cancel::Cancel;
use webscan::engine::{AuthStatus, Event, Help, Plan, ResultsStatus, ScanResult, scan};
use webscan::http::Target;
use webscan::profile::{BrowserUse, Performance};

fn range() -> Range {
    Range::start(&Options::default()).unwrap()
}

fn at(range: &Range, site: &str) -> SocketAddr {
    range.extra().address(site).unwrap()
}

fn plan(url: &str, checks: &[&str]) -> Plan {
    let mut plan = Plan::new(Target::parse(url).unwrap());
    plan.profile.browser = BrowserUse::Never;
    plan.profile.performance = Performance::High;
    plan.profile.include = checks.iter().map(|name| (*name).to_owned()).collect();
    plan
}

async fn run(plan: &Plan) -> ScanResult {
    scan(plan, &Help::default(), &Cancel::default(), Arc::new(|_| {})).await.unwrap()
}

fn paths(result: &ScanResult) -> Vec<String> {
    let path = |url: &String| url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default();
    result.coverage.links.iter().map(path).collect()
}

/// The authentication record for a login variant.
fn record(name: &str, base: &str) -> Value {
    match name {
        "basic" => json!({"basic": {"username": USER, "password": PASSWORD}}),
        "header" => json!({"headers": [format!("X-API-Key: {KEY}")]}),
        "bearer" => json!({"token": {"pointer": "/token", "request":
            {"method": "POST", "url": format!("{base}/api/login"), "body": {"json": {"username": USER, "password": PASSWORD}}}}}),
        _ => json!({"formRecord": {"type": "STANDARD", "fields":
            [{"name": "username", "value": USER}, {"name": "password", "value": PASSWORD}]}}),
    }
}

fn finds_what_is_behind(result: &ScanResult, name: &str) {
    assert_eq!(result.auth_status, AuthStatus::Successful, "{name}: {:?}", result.coverage.skipped);
    let found = paths(result);
    let missed: Vec<&&str> = PAGES.iter().filter(|page| !found.contains(&(**page).to_owned())).collect();
    assert!(missed.is_empty(), "{name}: {missed:?} are not in {found:?}");
    let told = result.findings.iter().any(|finding| {
        finding.qid == 150_001
            && finding.url.path == "/account/search"
            && finding.parameter.as_deref() == Some("q")
    });
    assert!(told, "{name}: the weakness behind the login is not in {:?}", result.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_login_lets_the_scan_in() {
    let range = range();
    for (name, _) in LOGINS {
        let base = format!("http://{}", at(&range, &format!("login/{name}")));
        let mut plan = plan(&format!("{base}/"), &["xss-reflected"]);
        plan.auth = Some(serde_json::from_value::<AuthRecord>(record(name, &base)).unwrap());
        finds_what_is_behind(&run(&plan).await, name);
        let wrong = record(name, &base).to_string().replace(PASSWORD, "wrong").replace(KEY, "wrong");
        plan.auth = Some(serde_json::from_str::<AuthRecord>(&wrong).unwrap());
        let result = run(&plan).await;
        assert_eq!(result.auth_status, AuthStatus::Failed, "{name}");
        assert!(!serde_json::to_string(&result).unwrap().contains("wrong\""), "{name}: a password is told");
    }
}

/// A recorded login, as the recorder writes it.
fn recorded(base: &str, button: &str) -> String {
    let command = |name: &str, target: &str, value: &str| json!({"id": "1", "comment": "", "command": name, "target": target, "targets": [], "value": value});
    json!({"id": "1", "version": "2.0", "name": "login", "url": base, "tests": [{"id": "2", "name": "login", "commands": [
        command("open", "/login", ""),
        command("setWindowSize", "1200x900", ""),
        command("type", "name=username", "@@authusername@@"),
        command("type", "css=input[type='password']", "@@authpassword@@"),
        command("click", button, ""),
        command("waitForElementPresent", "linkText=Log out", "10000")
    ]}], "suites": [], "urls": [base], "plugins": []})
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_scripts_log_in() {
    if Browser::program().is_err() {
        return;
    }
    let range = range();
    let base = format!("http://{}", at(&range, "login/form-token"));
    let record = |button: &str, regex: &str| {
        json!({"formRecord": {"type": "SELENIUM", "fields": [{"name": "username", "value": USER}, {"name": "password", "value": PASSWORD}],
            "seleniumScript": {"name": "login", "data": recorded(&base, button), "regex": regex}}})
    };
    let mut plan = plan(&format!("{base}/"), &["xss-reflected"]);
    plan.auth = Some(serde_json::from_value(record("css=button", "Signed in as alice")).unwrap());
    let result = run(&plan).await;
    finds_what_is_behind(&result, "recorded");
    assert!(result.information.iter().any(|note| note.qid == 150_094));
    // The page does not show what it should in the end.
    plan.auth = Some(serde_json::from_value(record("css=button", "Signed in as bob")).unwrap());
    let result = run(&plan).await;
    assert_eq!(result.auth_status, AuthStatus::Failed);
    assert!(result.information.iter().any(|note| note.qid == 150_095));
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_cant_be_played_say_where_they_stopped() {
    let range = range();
    let base = format!("http://{}", at(&range, "login/form"));
    let mut plan = plan(&format!("{base}/"), &["xss-reflected"]);
    let script = recorded(&base, "id=nowhere").replace("waitForElementPresent", "dragAndDrop");
    let record = json!({"formRecord": {"type": "SELENIUM", "seleniumScript": script}});
    plan.auth = Some(serde_json::from_value(record).unwrap());
    let result = run(&plan).await;
    assert_eq!(result.auth_status, AuthStatus::Failed);
    let told = format!("{:?}", result.coverage.skipped);
    assert!(told.contains("command 6 of the recorded script, 'dragAndDrop', is not known"), "{told}");
}

/// How often each page of a maze was found.
fn counts(maze: &Maze, result: &ScanResult) -> BTreeMap<String, usize> {
    let found = paths(result);
    let of = |page: &String| match page.split_once('#') {
        Some((path, fragment)) => {
            let state = format!("{path}#{fragment}");
            result.coverage.states.iter().filter(|found| found.ends_with(&state)).count()
        }
        None if maze.name == "sockets" && page == "/socket" => {
            result.coverage.sockets.iter().filter(|socket| socket.ends_with("/socket")).count().min(1)
        }
        // A session in the address makes no page of its own.
        None => found.iter().filter(|link| link.split("?PHPSESSID=").next() == Some(page)).count(),
    };
    maze.pages.iter().map(|page| (page.clone(), of(page))).collect()
}

async fn walk(maze: &Maze, range: &Range) -> Vec<String> {
    let mut plan = plan(&format!("http://{}/", at(range, &format!("maze/{}", maze.name))), &[]);
    plan.profile.tests = false;
    plan.profile.browser = if maze.browser { BrowserUse::Auto } else { BrowserUse::Never };
    let result = run(&plan).await;
    let mut wrong: Vec<String> = counts(maze, &result)
        .into_iter()
        .filter(|(_, count)| *count != 1)
        .map(|(page, count)| format!("{}: {page} {count} times in {:?}", maze.name, paths(&result)))
        .collect();
    // Addresses without end are left after a while; an application in the browser has no pages beside its routes.
    let most = match maze.name {
        "client-app" => maze.pages.len(),
        _ if maze.endless => maze.pages.len() + 60,
        _ => maze.pages.len() + 8,
    };
    if result.coverage.links.len() > most {
        wrong.push(format!("{}: {} links, {:?}", maze.name, result.coverage.links.len(), paths(&result)));
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn mazes_are_walked() {
    let range = range();
    let mut wrong = Vec::new();
    for maze in mazes().iter().filter(|maze| !maze.browser) {
        wrong.extend(walk(maze, &range).await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mazes_are_walked_in_the_browser() {
    if Browser::program().is_err() {
        return;
    }
    let range = range();
    let mut wrong = Vec::new();
    for maze in mazes().iter().filter(|maze| maze.browser) {
        wrong.extend(walk(maze, &range).await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The most memory that this process ever had, in MiB. Range and scanner share it.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_servers_neither_hang_nor_break_a_scan() {
    let range = range();
    let mut plan = plan(&format!("http://{}/", at(&range, "hostile")), &[]);
    plan.profile.answer_timeout = 1;
    plan.profile.time_limit = 15;
    plan.profile.max_crawl_requests = 60;
    let begun = Instant::now();
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let (heard, hear) = (told.clone(), begun);
    let listen = move |event: Event| {
        if !matches!(event, Event::Found(_)) {
            heard.lock().unwrap().push(format!("{:?} {event:?}", hear.elapsed()));
        }
    };
    let result = scan(&plan, &Help::default(), &Cancel::default(), Arc::new(listen)).await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "it took {:?}: {:#?}",
        begun.elapsed(),
        told.lock().unwrap()
    );
    let ends = [ResultsStatus::Finished, ResultsStatus::TimeLimitReached, ResultsStatus::ServiceError];
    assert!(ends.contains(&result.results_status), "{:?}", result.results_status);
    // What can be read at all was read: the broken answers did not keep it from the others.
    let found = paths(&result);
    for page in ["/", "/binary", "/entities", "/deep-html", "/endless", "/gzip-bomb"] {
        assert!(found.contains(&page.to_owned()), "{page} is not in {found:?}");
    }
    assert!(peak() <= 512, "{} MiB", peak());
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_tls_is_no_web_service() {
    let range = range();
    for name in ["closes", "plain-http", "garbage", "alert", "silent", "endless-handshake"] {
        let mut plan = plan(&format!("https://{}/", at(&range, &format!("broken-tls/{name}"))), &[]);
        plan.profile.answer_timeout = 1;
        let begun = Instant::now();
        let result = run(&plan).await;
        assert_eq!(result.results_status, ResultsStatus::NoWebService, "{name}: {:?}", result.reason);
        assert!(begun.elapsed() < Duration::from_secs(20), "{name} took {:?}", begun.elapsed());
    }
}
