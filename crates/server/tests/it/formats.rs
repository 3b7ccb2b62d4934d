//! Formats in mixed pairs (`contract/qps.md 4`).

use std::io::{Read, Write};

use crate::common::{PASSWORD, Reply, Server};

const SEARCH: &str = "/qps/rest/2.0/search/am/tag";
const XML: &str = "<ServiceRequest><filters><Criteria field=\"name\" operator=\"EQUALS\">Cloud Agent</Criteria></filters></ServiceRequest>";
const JSON: &str = r#"{"ServiceRequest":{"filters":{"Criteria":{"field":"name","operator":"EQUALS","value":"Cloud Agent"}}}}"#;

fn search(server: &Server, content_type: Option<&str>, accept: Option<&str>, body: &str) -> Reply {
    let mut call = server.call("POST", SEARCH).basic("admin", PASSWORD).body(body);
    for (name, value) in [("Content-Type", content_type), ("Accept", accept)] {
        call = value.into_iter().fold(call, |call, value| call.header(name, value));
    }
    call.send()
}

#[test]
fn request_and_answer_choose_their_formats_apart() {
    let server = Server::start();
    let (xml, json) = ("text/xml", "application/json");
    for (content_type, accept, body, expected) in [
        (Some(xml), None, XML, "application/xml"),
        (Some(xml), Some("*/*"), XML, "application/xml"),
        (Some(xml), Some(json), XML, json),
        (Some("application/xml; charset=utf-8"), Some(json), XML, json),
        (Some(json), Some("application/xml"), JSON, "application/xml"),
        (Some(json), Some("*/*"), JSON, json),
        (Some(json), None, JSON, json),
        (None, None, JSON, json),
        (None, None, XML, "application/xml"),
        (None, Some(json), XML, json),
    ] {
        let reply = search(&server, content_type, accept, body).succeeded();
        assert_eq!(reply.header("content-type"), Some(expected), "{content_type:?} {accept:?}");
        assert_eq!(reply.text("name"), Some("Cloud Agent"), "{}", reply.body);
        let is_json = reply.body.starts_with("{\"ServiceResponse\":{\"responseCode\":\"SUCCESS\",");
        assert_eq!(is_json, expected == json, "{}", reply.body);
    }
}

#[test]
fn errors_follow_the_same_choice() {
    let server = Server::start();
    let broken = search(&server, Some("application/json"), None, "{").refused(200, "INVALID_XML");
    assert!(broken.body.starts_with("{\"ServiceResponse\""), "{}", broken.body);
    let broken = search(&server, Some("application/json"), Some("text/xml"), "{").refused(200, "INVALID_XML");
    assert!(broken.body.starts_with("<?xml"), "{}", broken.body);
    let denied = server.call("POST", SEARCH).header("Accept", "application/json").body(XML).send();
    let denied = denied.refused(401, "AUTH_CREDENTIALS_NEEDED");
    assert_eq!(denied.header("content-type"), Some("application/json"));
    let form = search(&server, Some("application/x-www-form-urlencoded"), None, "a=b");
    form.refused(200, "INVALID_REQUEST");
}

#[test]
fn a_get_may_name_its_format_in_either_header() {
    let server = Server::start();
    for (name, value) in [("Accept", "application/json"), ("Content-Type", "application/json")] {
        let call = server.call("GET", "/qps/rest/2.0/count/am/tag").basic("admin", PASSWORD);
        assert!(call.header(name, value).send().succeeded().body.starts_with('{'));
    }
}

#[test]
fn an_empty_body_is_an_empty_request() {
    let server = Server::start();
    for body in ["", " \n", "<ServiceRequest/>", "{\"ServiceRequest\":{}}"] {
        search(&server, None, None, body).succeeded();
    }
    search(&server, Some("application/x-www-form-urlencoded"), None, "").succeeded();
}

#[test]
fn answers_are_packed_for_those_who_ask() {
    let server = Server::start();
    let call = || server.call("POST", SEARCH).basic("admin", PASSWORD).header("Content-Type", "text/xml");
    let plain = call().body("").send().succeeded();
    assert_eq!(plain.header("content-encoding"), None);
    // The client of these tests unpacks what it asked for, and takes the header away.
    let packed = call().header("Accept-Encoding", "gzip").body("").send().succeeded();
    assert_eq!(packed.body, plain.body);
    let raw = super::hostile::exchange(
        &server,
        &format!(
            "GET /qps/rest/2.0/search/am/tag HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\
             user: admin\r\npassword: {PASSWORD}\r\n\r\n"
        ),
    );
    assert!(
        String::from_utf8_lossy(&raw).contains("content-encoding: gzip"),
        "{}",
        String::from_utf8_lossy(&raw)
    );
}

#[test]
fn a_packed_request_is_unpacked() {
    let server = Server::start();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(XML.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let call = || {
        let call = server.call("POST", SEARCH).basic("admin", PASSWORD).header("Content-Type", "text/xml");
        call.header("Content-Encoding", "gzip")
    };
    assert_eq!(call().body(packed.clone()).send().succeeded().text("name"), Some("Cloud Agent"));
    call().body(&packed[..packed.len() / 2]).send().refused(200, "INVALID_XML");
    let bomb = std::io::repeat(b' ').take(20 << 20);
    let mut packer = flate2::read::GzEncoder::new(bomb, flate2::Compression::fast());
    let mut bomb = Vec::new();
    packer.read_to_end(&mut bomb).unwrap();
    call().body(bomb).send().refused(413, "INVALID_REQUEST");
    let other =
        server.call("POST", SEARCH).basic("admin", PASSWORD).header("Content-Encoding", "br").body("x");
    other.send().refused(415, "INVALID_REQUEST");
}
