//! What several fuzz targets share.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use assess::{Device, Family, ReadOptions, invariants};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use webscan::api::{self, Kind};
use webscan::cancel::Cancel;
use webscan::crawl::shape;
use webscan::http::{Body, Client, ClientOptions, Request, Response, Target};
use webscan::page::Page;
use webscan::proof::{Expect, Seen};
use webscan::scope::{Scope, ScopeRules};
use webscan::session::Session;

/// Reads an input as the output of a command: the first byte picks the family and how it arrives, the second the
/// command. What must hold of every reading is checked.
pub fn assess_output(families: &[Family], input: &[u8]) {
    let [pick, command, bytes @ ..] = input else { return };
    let family = families[usize::from(pick / 2) % families.len()];
    let device = if pick % 2 == 0 {
        let options = ReadOptions { technology: Some(family.slug().to_owned()), ..ReadOptions::default() };
        Device::read(bytes, &options)
    } else {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let command = family.commands()[usize::from(*command) % family.commands().len()].id;
        Device::assemble(family, &[(command.to_owned(), text.to_owned())], None)
    };
    let Ok(device) = device else { return };
    if let Err(broken) = invariants::check(&device) {
        panic!("{broken}");
    }
}

/// Where what is read lies.
pub fn base() -> Target {
    Target::parse("http://a.test/x/y?z=1").unwrap()
}

/// A request that was read: it is the same after it was written down and read again, and each of its places takes a
/// value.
pub fn usable(request: &Request) {
    let written = serde_json::to_string(request).unwrap();
    let mut read: Request = serde_json::from_str(&written).unwrap();
    if let (Body::Json(_), Body::Json(_)) = (&request.body, &read.body) {
        // Numbers with many digits are read to the nearest.
        assert_eq!(request.points().len(), read.points().len(), "{written}");
        read.body.clone_from(&request.body);
    }
    assert_eq!(*request, read, "{written}");
    let _ = (shape::key(request), shape::shape(request), request.body.bytes());
    let points = [request.points(), request.path_points()].concat();
    for point in points.iter().take(50) {
        let _ = request.with(point, "a'\"<&\u{e4}");
    }
}

/// Reads a description of an API.
pub fn description(kind: Kind, text: &str) {
    match api::read(kind, text, &base()) {
        Ok(requests) => requests.iter().for_each(usable),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What a browser would run of an answer.
pub fn runs(kind: &str, text: &str) {
    let response = Response::new(200, &[("content-type", kind)], text.to_owned());
    let seen = Seen { response, ..Seen::default() };
    let _ = Expect::Executes("4711".to_owned()).find(&seen);
}

thread_local! {
    static LOOP: RefCell<Option<(Runtime, TcpListener)>> = const { RefCell::new(None) };
}

/// What the client makes of the bytes that a server sends as its answer.
pub fn answers(bytes: &[u8], limit: usize) {
    LOOP.with_borrow_mut(|kept| {
        let (runtime, listener) = kept.get_or_insert_with(|| {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            (runtime, listener)
        });
        runtime.block_on(exchange(listener, bytes, limit));
    });
}

async fn exchange(listener: &TcpListener, bytes: &[u8], limit: usize) {
    let url = Target::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let scope = Arc::new(Scope::new(&url, &ScopeRules::default()).unwrap());
    let patience = Duration::from_secs(2);
    let options = ClientOptions { limit, answer: patience, body: patience, ..ClientOptions::default() };
    let client = Client::new(scope, options, Cancel::default());
    let request = Request::get(url.clone());
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap_or(0) > 0 {}
        // The client may have had enough before the end.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
    };
    let (answer, ()) = tokio::join!(client.send(&request), serve);
    match answer {
        Ok(response) => {
            assert!(response.body.len() <= limit);
            let mut session = Session::default();
            session.absorb(&url, &response);
            let _ = session.dress(&request);
            if response.is_html() {
                let _ = Page::read(&url, response.text());
            }
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
}
