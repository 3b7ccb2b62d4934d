//! What only a real browser can tell: pages of our own, opened in it over real HTTP. Without a browser they are not tested here;
//! `scripts/test` sees to it that there is one.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use webscan::browser::Browser;
use webscan::cancel::Cancel;
use webscan::engine::{Help, Plan, ResultsStatus, ScanResult, scan};
use webscan::http::Target;
use webscan::profile::BrowserUse;

/// Serves one page at `/`, and 404 elsewhere, for as long as the test runs.
fn serve(page: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(&stream, page));
        }
    });
    format!("http://{address}/")
}

fn answer(mut stream: &TcpStream, page: &str) {
    let mut lines = BufReader::new(stream).lines();
    let Some(Ok(first)) = lines.next() else { return };
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    if first.contains("/never") {
        thread::sleep(Duration::from_secs(120));
    }
    let is_there = first.split(' ').nth(1).is_some_and(|target| target.split('?').next() == Some("/"));
    let (status, body) = if is_there { ("200 OK", page) } else { ("404 Not Found", "<p>Nothing here.</p>") };
    let head = "Content-Type: text/html; charset=utf-8\r\nConnection: close\r\n";
    // The browser may have left.
    let _ = write!(stream, "HTTP/1.1 {status}\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len());
}

/// The QIDs that scripts of a page are found to have.
async fn found(page: &'static str) -> Vec<u32> {
    let mut plan = Plan::new(Target::parse(&serve(page)).unwrap());
    plan.profile.include = vec!["dom-xss".to_owned()];
    let result = scan(&plan, &Help::default(), &Cancel::default(), Arc::new(|_| {})).await.unwrap();
    result.findings.iter().map(|finding| finding.qid).collect()
}

const OPEN_TREE: &str = "<!doctype html><title>Shop</title><p>Words of the day.</p><x-note></x-note><script>
customElements.define('x-note', class extends HTMLElement {
  connectedCallback() {
    const root = this.attachShadow({ mode: 'open' });
    root.innerHTML = '<button>Show</button><p></p>';
    root.querySelector('button').addEventListener('click', () => {
      root.querySelector('p').innerHTML = decodeURIComponent(location.hash.slice(1));
    });
  }
});
</script>";
const LINK_IN_TREE: &str =
    "<!doctype html><title>Shop</title><p>Words of the day.</p><x-back></x-back><script>
customElements.define('x-back', class extends HTMLElement {
  connectedCallback() {
    const link = document.createElement('a');
    link.textContent = 'Back';
    link.href = decodeURIComponent(location.hash.slice(1)) || '/';
    this.attachShadow({ mode: 'open' }).append(link);
  }
});
</script>";
const GOES: &str = "<!doctype html><title>Shop</title><p>Words of the day.</p><script>
const to = new URLSearchParams(location.search).get('to');
if (to) location.href = to;
</script>";

/// Has much to click, and never comes to rest.
const RESTLESS: &str = "<!doctype html><title>Shop</title><main></main><script>
let n = 0;
const more = () => {
  for (let i = 0; i < 5; i++) {
    const button = document.createElement('button');
    button.textContent = 'More ' + n++;
    button.onclick = () => { more(); fetch('/never?' + n); };
    document.querySelector('main').append(button);
  }
};
more();
setInterval(() => fetch('/never?' + n++), 200);
</script>";

/// How a scan of a restless page ends that is cancelled after a while, and how long it took.
async fn restless(seconds: u64, cancel: Option<Duration>) -> (ScanResult, Duration) {
    let mut plan = Plan::new(Target::parse(&serve(RESTLESS)).unwrap());
    plan.profile.browser = BrowserUse::Always;
    plan.profile.time_limit = seconds;
    let switch = Cancel::default();
    if let Some(after) = cancel {
        let switch = switch.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            switch.cancel();
        });
    }
    let begun = Instant::now();
    let result = scan(&plan, &Help::default(), &switch, Arc::new(|_| {})).await.unwrap();
    (result, begun.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_and_time_limits_reach_the_browser() {
    if Browser::program().is_ok() {
        let (result, took) = restless(600, Some(Duration::from_secs(4))).await;
        let ends = [ResultsStatus::Canceled, ResultsStatus::CanceledWithResults];
        assert!(ends.contains(&result.results_status), "{:?}", result.results_status);
        assert!(took < Duration::from_millis(5_500), "{took:?}");
        let (result, took) = restless(8, None).await;
        assert!(took < Duration::from_secs(12), "{took:?}");
        let skipped = &result.coverage.skipped;
        assert!(skipped.values().any(|why| why.contains("half of the time limit")), "{skipped:?}");
        // The crawl left time to look at what it found.
        assert!(!result.findings.is_empty() && !result.coverage.checks.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_in_a_shadow_tree_runs() {
    if Browser::program().is_ok() {
        assert_eq!(found(OPEN_TREE).await, [150_076]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_tree_that_shows_text_runs_nothing() {
    if Browser::program().is_ok() {
        let page = Box::leak(OPEN_TREE.replace("p').innerHTML", "p').textContent").into_boxed_str());
        assert_eq!(found(page).await, Vec::<u32>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_a_shadow_tree_is_clicked() {
    if Browser::program().is_ok() {
        assert_eq!(found(LINK_IN_TREE).await, [150_076]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_goes_where_it_is_told_runs_scripts() {
    if Browser::program().is_ok() {
        assert_eq!(found(GOES).await, [150_076]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_goes_to_its_own_paths_only_runs_none() {
    if Browser::program().is_ok() {
        let page = Box::leak(GOES.replace("if (to)", "if (to && to.startsWith('/'))").into_boxed_str());
        assert_eq!(found(page).await, Vec::<u32>::new());
    }
}
