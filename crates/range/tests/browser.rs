//! The truth of the cases whose weakness is in the browser: all run in one real browser, in frames of one page.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use range::http::request::encode;
use range::http::server::{bind, serve};
use range::http::{Reply, Request};
use range::proof::Proof;
use range::{Options, Range};

/// The browser, where one is installed.
fn chromium() -> Option<&'static str> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())
}

/// The address of a case with its attempt; the mark is a call that asks the listener for a picture.
fn address(base: &str, suffix: &str, mark: &str) -> String {
    let suffix = suffix.replace("{m}", mark);
    let (sign, rest) = suffix.split_at(1);
    // Names and values of a query are encoded apart, as a browser's form would.
    let coded = match sign {
        "?" => rest
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((name, value)) if value.contains('%') => format!("{name}={value}"),
                Some((name, value)) => format!("{name}={}", encode(value)),
                None => pair.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("&"),
        _ => encode(rest).replace("%3D", "="),
    };
    format!("{base}{sign}{coded}")
}

#[test]
fn scripts_run_in_vulnerable_pages_only() {
    let Some(chromium) = chromium() else {
        eprintln!("skipped: no Chromium is installed");
        return;
    };
    let range = Range::start(&Options::default()).unwrap();
    let ran = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&ran);
    let page = Arc::new(Mutex::new(String::new()));
    let shown = Arc::clone(&page);
    let app = move |request: &Request| match request.path.as_str() {
        "/" => Reply::raw_html(shown.lock().unwrap().clone()),
        path => {
            seen.lock().unwrap().insert(path.trim_start_matches('/').to_owned());
            Reply::new(200, "image/svg+xml", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>")
        }
    };
    let listening = serve(bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap(), Arc::new(app), None).unwrap();
    let mark_of = |at: usize| format!("fetch(`//{}/{at}`)", listening.address());
    // Each case's page is opened by a page of ours of the range's origin, so that frames are allowed.
    let mut frames = String::new();
    let mut expected = BTreeSet::new();
    for (at, case) in range.cases().iter().enumerate() {
        let Proof::Browser(suffix) = &case.proof else { continue };
        if case.vulnerable {
            expected.insert(at.to_string());
        }
        let base = format!(
            "{}{}",
            range.base(),
            if case.place == range::case::Place::Page { case.base() } else { case.endpoint() }
        );
        let url = match suffix.split_once('\u{1}') {
            // Prototype pollution: whether a fresh object has the member, asked of the page's own realm.
            Some((suffix, member)) => format!("POLLUTION {member} {}", address(&base, suffix, "")),
            None => address(&base, suffix, &mark_of(at)),
        };
        frames.push_str(&format!("{at} {url}\n"));
    }
    let script = format!(
        "<!DOCTYPE html><body><script>\nvar list = {};\nlist.trim().split('\\n').forEach(function (line) {{\n  var parts = line.split(' '); var frame = document.createElement('iframe');\n  if (parts[1] === 'POLLUTION') {{ frame.onload = function () {{ if (frame.contentWindow.Object()[parts[2]] === 'yes') {{ fetch('//{}/' + parts[0]); }} }}; frame.src = parts[3]; }}\n  else {{ frame.src = parts[1]; }}\n  document.body.appendChild(frame);\n}});\n</script></body>",
        range::filter::script(&frames),
        listening.address()
    );
    *page.lock().unwrap() = script.clone();
    range.set_start_page(script);
    let profile = tempfile::tempdir().unwrap();
    let mut browser = Command::new(chromium)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-features=HttpsUpgrades",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")
        .arg("--remote-debugging-port=0")
        .arg(format!("{}/start-page", range.base()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(50) && !ran.lock().unwrap().is_superset(&expected) {
        std::thread::sleep(Duration::from_millis(100));
    }
    // What should not run had the same time, and a little more.
    std::thread::sleep(Duration::from_millis(700));
    browser.kill().unwrap();
    browser.wait().unwrap();
    let ran = ran.lock().unwrap().clone();
    let name = |at: &String| range.cases()[at.parse::<usize>().unwrap_or(0)].id();
    let missing: Vec<_> = expected.difference(&ran).map(name).collect();
    let wrong: Vec<_> =
        ran.difference(&expected).filter(|at| at.parse::<usize>().is_ok()).map(name).collect();
    assert!(missing.is_empty() && wrong.is_empty(), "nothing ran in {missing:?}; something ran in {wrong:?}");
}
