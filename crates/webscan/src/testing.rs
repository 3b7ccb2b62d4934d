//! For tests of checks: a server on loopback that answers as a function says, and the findings of one check on it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::cancel::Cancel;
use crate::checks::run::{On, Task, points_of, run};
use crate::checks::{Bench, Check, Entry, Sink};
use crate::crawl::{Crawler, How, Job};
use crate::finding::Finding;
use crate::http::{Client, ClientOptions, Request, Target, encode};
use crate::page::Page;
use crate::profile::Profile;
use crate::proof::{Listener, Opener, Transport};
use crate::scope::{Scope, ScopeRules};
use crate::session::Session;

/// A request as a handler gets it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    /// A field of the query or of a form body.
    pub(crate) fn field(&self, name: &str) -> String {
        let form = encode::read_form(&self.body);
        let all = self.query.iter().chain(&form);
        all.filter(|(have, _)| have == name).map(|(_, value)| value.clone()).next().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub(crate) fn cookie(&self, name: &str) -> String {
        let header = self.header("cookie");
        let mut pairs = header.split("; ").filter_map(|pair| pair.split_once('='));
        pairs.find(|(have, _)| *have == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

/// An answer of a handler: status, headers, body. Header values may have anything that HTTP allows.
#[derive(Debug, Clone)]
pub(crate) struct Answer(pub(crate) u16, pub(crate) Vec<(String, String)>, pub(crate) String);

impl Answer {
    pub(crate) fn html(body: impl Into<String>) -> Self {
        Self(200, vec![("content-type".into(), "text/html; charset=utf-8".into())], body.into())
    }

    pub(crate) fn status(status: u16) -> Self {
        Self(status, vec![("content-type".into(), "text/html".into())], format!("status {status}"))
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.1.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }
}

/// Serves on loopback for as long as the runtime lives; gives the address. The handler may block: each call has a thread.
pub(crate) async fn serve(handler: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> SocketAddr {
    let handler = Arc::new(handler);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let handler = handler.clone();
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let handler = handler.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let asked = Asked {
                        method: head.method.to_string(),
                        path: head.uri.path().to_owned(),
                        query: head.uri.query().map(encode::read_form).unwrap_or_default(),
                        headers: head
                            .headers
                            .iter()
                            .map(|(n, v)| (n.to_string(), text(v.as_bytes())))
                            .collect(),
                        body: text(&body),
                    };
                    let answer = tokio::task::spawn_blocking(move || handler(&asked)).await.unwrap();
                    let mut response = hyper::Response::builder().status(answer.0);
                    for (name, value) in &answer.1 {
                        response = response.header(name, value.as_bytes());
                    }
                    Ok::<_, Infallible>(response.body(Full::new(Bytes::from(answer.2))).unwrap())
                }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    address
}

/// What a test may add to a bench.
#[derive(Default)]
pub(crate) struct Extras<'a> {
    pub(crate) session: Session,
    pub(crate) profile: Profile,
    pub(crate) listener: Option<&'a dyn Listener>,
    pub(crate) opener: Option<&'a dyn Opener>,
    pub(crate) transport: Option<&'a dyn Transport>,
}

/// The findings and notes of one check on some requests, each fetched once to begin with.
pub(crate) async fn scan_with(
    check: &dyn Check,
    requests: Vec<Request>,
    extras: Extras<'_>,
) -> (Vec<Finding>, Vec<(u32, String)>) {
    let start = requests.first().expect("a request").url.at("/");
    let scope = Arc::new(Scope::new(&start, &ScopeRules::default()).unwrap());
    let client = Client::new(scope, ClientOptions::default(), Cancel::default());
    let mut entries = Vec::new();
    for request in requests {
        let response = client.send(&extras.session.dress(&request)).await.unwrap();
        let page = response.is_html().then(|| Arc::new(Page::read(&request.url, response.text())));
        entries.push(Entry::new(request, response, page));
    }
    let sink = Sink::default();
    let Extras { session, profile, listener, opener, transport } = &extras;
    let bench = Bench {
        client: &client,
        session,
        profile,
        listener: *listener,
        opener: *opener,
        transport: *transport,
        entries: &entries,
        withheld: &[],
        sink: &sink,
    };
    run_all(check, &bench).await;
    (sink.findings(), sink.notes())
}

/// The findings and notes of one check on what a crawl from a path finds, without a browser.
pub(crate) async fn crawl_and_scan(
    check: &dyn Check,
    address: SocketAddr,
    path: &str,
    extras: Extras<'_>,
) -> (Vec<Finding>, Vec<(u32, String)>) {
    let start = Target::parse(&format!("http://{address}{path}")).unwrap();
    let scope = Arc::new(Scope::new(&start, &ScopeRules::default()).unwrap());
    let client = Client::new(scope, ClientOptions::default(), Cancel::default());
    let Extras { session, profile, listener, opener, transport } = &extras;
    let mut crawler = Crawler::new(&client, profile, None, session.clone(), false);
    crawler.add(Job::start(Request::get(start), How::Linked));
    let (crawled, session) = crawler.run(&|_, _| {}, &|| true).await;
    let sink = Sink::default();
    let bench = Bench {
        client: &client,
        session: &session,
        profile,
        listener: *listener,
        opener: *opener,
        transport: *transport,
        entries: &crawled.entries,
        withheld: &crawled.withheld,
        sink: &sink,
    };
    run_all(check, &bench).await;
    (sink.findings(), sink.notes())
}

async fn run_all(check: &dyn Check, bench: &Bench<'_>) {
    let points: Vec<_> = bench.entries.iter().map(|entry| points_of(entry, bench)).collect();
    let mut tasks = Vec::new();
    for (entry, points) in bench.entries.iter().zip(&points) {
        tasks.push(Task { check, on: On::Look(entry) });
        tasks.extend(points.iter().map(|point| Task { check, on: On::Point(entry, point) }));
        tasks.push(Task { check, on: On::Entry(entry) });
    }
    tasks.push(Task { check, on: On::Site });
    run(bench, tasks, 4, &|| true, &|_| {}).await;
}

/// The findings of one check on a GET of a path of a server.
pub(crate) async fn scan(check: &dyn Check, address: SocketAddr, path: &str) -> Vec<Finding> {
    let url = Target::parse(&format!("http://{address}{path}")).unwrap();
    scan_with(check, vec![Request::get(url)], Extras::default()).await.0
}

/// What a test says of a GET of a path of a server, with a bench and the entry.
pub(crate) async fn bench_on<T>(
    address: SocketAddr,
    path: &str,
    test: impl AsyncFnOnce(&Bench<'_>, &Entry) -> T,
) -> T {
    let url = Target::parse(&format!("http://{address}{path}")).unwrap();
    let request = Request::get(url.clone());
    let scope = Arc::new(Scope::new(&url, &ScopeRules::default()).unwrap());
    let client = Client::new(scope, ClientOptions::default(), Cancel::default());
    let response = client.send(&request).await.unwrap();
    let entry = Entry::new(request, response, None);
    let (session, profile, sink) = (Session::default(), Profile::default(), Sink::default());
    let entries = [];
    let bench = Bench {
        client: &client,
        session: &session,
        profile: &profile,
        listener: None,
        opener: None,
        transport: None,
        entries: &entries,
        withheld: &[],
        sink: &sink,
    };
    test(&bench, &entry).await
}

/// The requests that a crawl sends from a path on, as method, path and body.
pub(crate) async fn crawled(address: SocketAddr, path: &str) -> Vec<String> {
    let start = Target::parse(&format!("http://{address}{path}")).unwrap();
    let scope = Arc::new(Scope::new(&start, &ScopeRules::default()).unwrap());
    let client = Client::new(scope, ClientOptions::default(), Cancel::default());
    let profile = Profile::default();
    let mut crawler = Crawler::new(&client, &profile, None, Session::default(), false);
    crawler.add(Job::start(Request::get(start), How::Linked));
    let (crawled, _) = crawler.run(&|_, _| {}, &|| true).await;
    let told = |request: &Request| {
        let body = String::from_utf8_lossy(&request.body.bytes()).into_owned();
        format!("{} {} {body}", request.method, request.url.path).trim_end().to_owned()
    };
    crawled.entries.iter().map(|entry| told(&entry.request)).collect()
}
