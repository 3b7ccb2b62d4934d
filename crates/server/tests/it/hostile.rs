//! Callers who are slow, huge, broken or many.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::common::{PASSWORD, Server, Setup};

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Sends bytes and reads until the server closes.
pub(crate) fn exchange(server: &Server, request: &str) -> Vec<u8> {
    let mut stream = connect(server);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        // What was not read of the request resets the connection once the answer is out.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    answer
}

fn status(answer: &[u8]) -> &str {
    std::str::from_utf8(answer).unwrap_or_default().split(' ').nth(1).unwrap_or_default()
}

#[test]
fn a_body_above_the_limit_is_refused_announced_or_not() {
    let server = Server::start();
    let huge = vec![b' '; (10 << 20) + 1];
    let call = || server.call("POST", "/qps/rest/2.0/search/am/tag").basic("admin", PASSWORD);
    let reply = call().header("Content-Type", "text/xml").body(huge.clone()).send();
    assert!(reply.refused(413, "INVALID_REQUEST").text("errorResolution").unwrap().contains("10485760"));
    let reply = call().header("Transfer-Encoding", "chunked").body(huge).send();
    reply.refused(413, "INVALID_REQUEST");
    let most = vec![b' '; 10 << 20];
    call().header("Content-Type", "text/xml").body(most).send().succeeded();
}

#[test]
fn who_is_not_signed_in_is_told_so_after_any_body() {
    let server = Server::start();
    let reply = server.call("POST", "/qps/rest/2.0/search/am/tag").body(vec![b' '; 12 << 20]).send();
    reply.refused(401, "AUTH_CREDENTIALS_NEEDED");
}

#[test]
fn heads_that_are_too_large_or_no_http_are_refused() {
    let server = Server::start();
    let many = "x-filler: y\r\n".repeat(200);
    assert_eq!(status(&exchange(&server, &format!("GET /health HTTP/1.1\r\nHost: x\r\n{many}\r\n"))), "431");
    let long = "y".repeat(40 << 10);
    assert_eq!(
        status(&exchange(&server, &format!("GET /health HTTP/1.1\r\nHost: x\r\nx-a: {long}\r\n\r\n"))),
        "431"
    );
    assert_eq!(status(&exchange(&server, "BANANA\r\n\r\n")), "400");
    assert_eq!(
        status(&exchange(&server, "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n")),
        "400"
    );
    assert_eq!(status(&exchange(&server, "GET /health HTTP/1.0\r\n\r\n")), "200");
}

#[test]
fn a_head_that_never_ends_is_given_up_and_nobody_else_waits() {
    let server = Server::start();
    let mut slow: Vec<_> = (0..50).map(|_| connect(&server)).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n").unwrap();
    }
    let begun = Instant::now();
    assert_eq!(server.call("GET", "/health").send().status, 200);
    assert!(begun.elapsed() < Duration::from_secs(2));
    let mut rest = Vec::new();
    slow[0].read_to_end(&mut rest).unwrap();
    let waited = begun.elapsed();
    assert!((20..45).contains(&waited.as_secs()), "{waited:?}");
}

#[test]
fn a_body_that_stalls_is_given_up() {
    let server = Server::start();
    let mut stream = connect(&server);
    let head = format!(
        "POST /qps/rest/2.0/search/am/tag HTTP/1.1\r\nHost: x\r\nuser: admin\r\npassword: {PASSWORD}\r\n\
         Content-Length: 1000\r\n\r\n<Service"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let begun = Instant::now();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(status(&answer), "408", "{}", String::from_utf8_lossy(&answer));
    assert!((10..45).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[test]
fn a_connection_serves_many_requests_and_several_at_once_in_order() {
    let server = Server::start();
    let mut stream = connect(&server);
    let one = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(format!("{one}{one}{last}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
}

#[test]
fn who_waits_to_be_told_to_go_on_is_told_only_when_signed_in() {
    let server = Server::start();
    let head = |credentials: &str| {
        format!(
            "POST /qps/rest/2.0/search/am/tag HTTP/1.1\r\nHost: x\r\n{credentials}Content-Length: 5\r\n\
             Expect: 100-continue\r\nConnection: close\r\n\r\n"
        )
    };
    let mut stream = connect(&server);
    stream.write_all(head(&format!("user: admin\r\npassword: {PASSWORD}\r\n")).as_bytes()).unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"     ").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(status(&answer), "200");
    assert_eq!(status(&exchange(&server, &head(""))), "401");
}

#[test]
fn those_beyond_the_most_connections_wait_until_one_ends() {
    // Of 600 files, 344 may be connections.
    let server = Setup::new().with_files(600).start();
    let mut held: Vec<_> = (0..344).map(|_| connect(&server)).collect();
    std::thread::sleep(Duration::from_millis(300));
    let mut late = connect(&server);
    late.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    late.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let waits = late.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(waits.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{waits}");
    held.truncate(340);
    late.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = Vec::new();
    late.read_to_end(&mut answer).unwrap();
    assert_eq!(status(&answer), "200");
}
