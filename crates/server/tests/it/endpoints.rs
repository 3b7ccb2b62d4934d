//! Everything that answers besides the operation table.

use std::io::Write;
use std::process::Command;

use crate::common::{PASSWORD, Server};

const VERSION: &str = "/qps/rest/portal/version";

#[test]
fn portal_version_answers_with_our_own_versions_and_opens_a_session() {
    let server = Server::start();
    let xml = server.get(VERSION).succeeded();
    assert_eq!(
        xml.body,
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="{}/qps/xsd/version.xsd">
  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <Portal-Version>
      <PortalApplication-VERSION>{version}</PortalApplication-VERSION>
      <ITAM-VERSION>{version}</ITAM-VERSION>
      <WAS-VERSION>{version}</WAS-VERSION>
      <CA-VERSION>{version}</CA-VERSION>
    </Portal-Version>
    <QWeb-Version>
      <WEB-VERSION>{version}</WEB-VERSION>
      <SCANNER-VERSION>0.0.0</SCANNER-VERSION>
      <VULNSIGS-VERSION>0.0.0</VULNSIGS-VERSION>
    </QWeb-Version>
  </data>
</ServiceResponse>"#,
            server.url(),
            version = env!("CARGO_PKG_VERSION")
        )
    );
    assert!(xml.header("set-cookie").is_some());
    let call = server.call("GET", VERSION).basic("admin", PASSWORD).header("Accept", "application/json");
    let json = call.send().succeeded().body;
    assert!(
        json.starts_with(
            r#"{"ServiceResponse":{"responseCode":"SUCCESS","count":1,"data":[{"Portal-Version":{"#
        ),
        "{json}"
    );
    assert!(json.contains(r#"}},{"QWeb-Version":{"WEB-VERSION":"#), "{json}");
}

#[test]
fn about_answers_with_limits_that_an_sdk_can_read() {
    let server = Server::start();
    let reply = server.get("/msp/about.php");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/xml; charset=utf-8")));
    assert_eq!(reply.text("WEB-VERSION"), Some(env!("CARGO_PKG_VERSION")));
    for name in
        ["X-RateLimit-Limit", "X-Concurrency-Limit-Limit", "X-RateLimit-Remaining", "X-RateLimit-ToWait-Sec"]
    {
        assert!(reply.header(name).unwrap().parse::<u64>().is_ok(), "{name}");
    }
    let wrong = server.call("GET", "/msp/about.php").basic("admin", "wrong password").send();
    assert_eq!((wrong.status, wrong.text("TEXT")), (401, Some("Bad Login/Password")));
    assert!(wrong.header("X-RateLimit-Limit").is_some());
    assert_eq!(server.call("GET", "/msp/about.php").send().status, 401);
}

#[test]
fn the_schemas_that_answers_name_are_served() {
    let server = Server::start();
    let mut judged = 0;
    for path in [
        VERSION,
        "/qps/rest/2.0/count/am/tag",
        "/qps/rest/2.0/search/am/hostasset",
        "/qps/rest/2.0/get/am/asset/1",
    ] {
        let reply = server.get(path);
        let location =
            reply.body.split_once("noNamespaceSchemaLocation=\"").unwrap().1.split_once('"').unwrap().0;
        let schema = server.call("GET", location.strip_prefix(server.url()).unwrap()).send();
        assert_eq!(
            (schema.status, schema.header("content-type")),
            (200, Some("application/xml")),
            "{location}"
        );
        judged += usize::from(is_valid(&schema.body, &reply.body));
    }
    assert_eq!(judged, 4);
    let denied = server.call("GET", VERSION).send().refused(401, "AUTH_CREDENTIALS_NEEDED");
    assert!(is_valid(&server.call("GET", "/qps/xsd/version.xsd").send().body, &denied.body));
    assert_eq!(server.call("GET", "/qps/xsd/2.0/am/nothing.xsd").send().status, 404);
}

/// What xmllint says.
pub(crate) fn is_valid(schema: &str, document: &str) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        path
    };
    let (schema, document) = (write("schema.xsd", schema), write("document.xml", document));
    let run = Command::new("xmllint")
        .arg("--noout")
        .arg("--nonet")
        .arg("--schema")
        .arg(schema)
        .arg(document)
        .output();
    let output = run.expect("xmllint is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

#[test]
fn health_answers_everybody() {
    let server = Server::start();
    let reply = server.call("GET", "/health").send();
    assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"status":"ok"}"#));
    let head = server.call("HEAD", "/health").send();
    assert_eq!((head.status, head.header("content-length"), head.body.as_str()), (200, Some("15"), ""));
    assert_eq!(server.call("POST", "/health").body("").send().status, 405);
}

#[test]
fn the_root_says_what_this_server_is() {
    let server = Server::start();
    let reply = server.call("GET", "/").send();
    assert_eq!(reply.status, 200);
    assert!(reply.body.starts_with("Redoubt ") && reply.body.contains("/qps/rest/"), "{}", reply.body);
}
