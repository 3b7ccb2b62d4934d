//! Limits of QPS calls, where an administrator sets them (`contract/qps.md 12`).

use crate::common::{PASSWORD, Reply, Server, Setup};

const LIMITS: [&str; 6] = [
    "x-ratelimit-limit",
    "x-ratelimit-window-sec",
    "x-ratelimit-remaining",
    "x-ratelimit-towait-sec",
    "x-concurrency-limit-limit",
    "x-concurrency-limit-running",
];

fn count(server: &Server, object: &str) -> Reply {
    server.call("GET", &format!("/qps/rest/2.0/count/am/{object}")).basic("admin", PASSWORD).send()
}

#[test]
fn without_a_limit_nothing_is_told() {
    let server = Server::start();
    let reply = count(&server, "tag");
    assert_eq!(reply.status, 200);
    for name in LIMITS {
        assert_eq!(reply.header(name), None, "{name}");
    }
}

#[test]
fn a_call_that_came_too_often_waits_with_409() {
    let server = Setup::new().with(&["--qps-calls-per-hour", "2", "--qps-calls-at-once", "3"]).start();
    for left in ["1", "0"] {
        // The call before is at its end a little after its answer has come.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let reply = count(&server, "tag");
        let told = LIMITS.map(|name| reply.header(name).unwrap_or_default().to_owned());
        assert_eq!((reply.status, told), (200, ["2", "3600", left, "0", "3", "0"].map(str::to_owned)));
    }
    let reply = count(&server, "tag");
    assert_eq!((reply.status, reply.header("x-ratelimit-remaining")), (409, Some("0")));
    let wait: i64 = reply.header("x-ratelimit-towait-sec").unwrap().parse().unwrap();
    assert!((1..=3_600).contains(&wait), "{wait}");
    assert_eq!(reply.header("retry-after"), reply.header("x-ratelimit-towait-sec"));
    assert!(reply.body.contains("<responseCode>INVALID_REQUEST</responseCode>"), "{}", reply.body);
    assert!(reply.body.contains("errorResolution"), "{}", reply.body);
    assert_eq!(count(&server, "hostasset").status, 200, "another call has a limit of its own");
    let version = server.call("GET", "/qps/rest/portal/version").basic("admin", PASSWORD).send();
    assert_eq!(version.status, 200, "signing in is not counted");
}
