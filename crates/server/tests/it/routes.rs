//! Which URL leads where (`contract/qps.md 1 and 9`).

use crate::common::{PASSWORD, Server, Setup};

#[test]
fn unknown_versions_objects_operations_and_paths_say_which() {
    let server = Server::start();
    let refused = |path: &str, status, code| server.get(path).refused(status, code);
    refused("/qps/rest/2.0/search/am/nothing", 404, "UNKNOWN_OBJECT");
    refused("/qps/rest/9.9/search/am/tag", 404, "INVALID_API_VERSION");
    refused("/qps/rest/2.0/launch/am/tag", 200, "OPERATION_NOT_SUPPORTED");
    refused("/qps/rest/2.0/get/am/tag/abc", 200, "INVALID_URL");
    for path in ["/qps", "/qps/rest", "/qps/rest/2.0/get/am", "/qps/rest/2.0/get/am/tag/1/2", "/qps/other"] {
        refused(path, 404, "INVALID_URL");
    }
}

#[test]
fn a_method_that_is_not_taken_says_which_are() {
    let server = Server::start();
    for method in ["PATCH", "OPTIONS", "DELETE", "BREW"] {
        let reply = server.call(method, "/qps/rest/2.0/search/am/tag").basic("admin", PASSWORD).send();
        let reply = reply.refused(405, "INVALID_REQUEST");
        assert!(reply.header("allow").unwrap().contains("POST"), "{reply:?}");
    }
    let reply = server.call("HEAD", "/qps/rest/2.0/search/am/tag").basic("admin", PASSWORD).send();
    assert_eq!((reply.status, reply.body.as_str()), (405, ""));
    let reply = server.call("POST", "/qps/rest/portal/version").basic("admin", PASSWORD).body("").send();
    assert_eq!(reply.refused(405, "INVALID_REQUEST").header("allow"), Some("GET, HEAD"));
    let reply = server.call("GET", "/agent/v1/enroll").send();
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
}

#[test]
fn slashes_and_junk_queries_say_nothing() {
    let server = Server::start();
    for path in [
        "/qps/rest/2.0/count/am/tag/",
        "//qps/rest//2.0/count/am/tag//",
        "/qps/rest/2.0/count/am/tag?=",
        "/qps/rest/2.0/count/am/tag/?=&module=AGENT_VM%2CAGENT_PC",
        "/qps/rest/2.0/count/am/tag?&&==&%&%zz",
        "//qps/rest/portal//version/",
    ] {
        server.get(path).succeeded();
    }
    server.post("/qps/rest/2.0/search/am/tag/?fields=id,name", "").succeeded();
}

#[test]
fn a_path_of_no_api_is_told_where_the_api_is() {
    let server = Server::start();
    let reply = server.call("GET", "/favicon.ico").send();
    assert_eq!(reply.status, 404);
    assert_eq!(reply.body, "There is nothing at /favicon.ico. The API is below /qps/rest/.\n");
}

#[test]
fn answers_name_the_schema_on_the_host_that_was_used() {
    let server = Server::start();
    let reply = server.get("/qps/rest/2.0/count/am/tag");
    let location = format!("xsi:noNamespaceSchemaLocation=\"{}/qps/xsd/2.0/am/tag.xsd\"", server.url());
    assert!(reply.body.contains(&location), "{}", reply.body);
    let call = server.call("GET", "/qps/rest/2.0/count/am/tag").basic("admin", PASSWORD);
    let reply = call.header("Host", "scan.example.test").header("X-Forwarded-Proto", "https").send();
    assert!(reply.body.contains("\"http://scan.example.test/qps/xsd/2.0/am/tag.xsd\""), "{}", reply.body);
    let refusal = server.call("GET", "/qps/rest/2.0/count/am/tag").header("Host", "a\"b").send();
    assert!(refusal.body.contains(&format!("\"{}/qps/xsd/version.xsd\"", server.url())), "{}", refusal.body);
}

#[test]
fn a_proxy_that_is_trusted_says_host_and_scheme() {
    let server = Setup::new().with(&["--trust-proxy"]).start();
    let call = server.call("GET", "/qps/rest/portal/version").basic("admin", PASSWORD);
    let call = call.header("X-Forwarded-Proto", "https").header("X-Forwarded-Host", "redoubt.example.test");
    let reply = call.send().succeeded();
    assert!(reply.body.contains("\"https://redoubt.example.test/qps/xsd/version.xsd\""), "{}", reply.body);
    assert!(reply.header("set-cookie").unwrap().ends_with("; Secure"));
}

#[test]
fn successes_carry_the_recorded_headers_and_no_limits() {
    let server = Server::start();
    let reply = server.get("/qps/rest/2.0/count/am/tag").succeeded();
    for (name, value) in [
        ("content-type", "application/xml"),
        ("evaluation", "false"),
        ("vary", "Accept-Encoding"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    assert!(reply.header("date").is_some());
    assert!(!reply.headers.keys().any(|name| name.as_str().contains("limit")), "{:?}", reply.headers);
    assert_eq!(server.call("GET", "/qps/rest/2.0/count/am/tag").send().header("evaluation"), None);
}
