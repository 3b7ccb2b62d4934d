//! Signing in, in all ways (`contract/qps.md 3`).

use std::time::Instant;

use crate::common::{PASSWORD, Server, Setup, run};

const VERSION: &str = "/qps/rest/portal/version";
const COUNT: &str = "/qps/rest/2.0/count/am/tag";

#[test]
fn basic_and_the_header_pair_let_in() {
    let server = Server::start();
    server.call("GET", COUNT).basic("admin", PASSWORD).send().succeeded();
    server.call("GET", COUNT).basic("ADMIN", PASSWORD).send().succeeded();
    server.call("GET", COUNT).header("user", "admin").header("password", PASSWORD).send().succeeded();
}

#[test]
fn the_cookie_of_portal_version_lets_in_and_nothing_else_sets_one() {
    let server = Server::start();
    let reply = server.call("GET", VERSION).basic("admin", PASSWORD).send().succeeded();
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.starts_with("JSESSIONID=") && cookie.contains("HttpOnly"), "{cookie}");
    assert!(!cookie.contains("Secure"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    server.call("GET", COUNT).header("Cookie", cookie).send().succeeded();
    let again = server.call("GET", VERSION).header("Cookie", cookie).send().succeeded();
    assert_eq!(again.header("set-cookie"), None);
    assert_eq!(server.get(COUNT).succeeded().header("set-cookie"), None);
}

#[test]
fn no_credentials_and_unknown_sessions_are_asked_to_sign_in() {
    let server = Server::start();
    for call in [
        server.call("GET", COUNT),
        server.call("GET", COUNT).header("Cookie", "JSESSIONID=0123"),
        server.call("GET", COUNT).header("Authorization", "Digest abc"),
        server.call("GET", COUNT).header("user", "admin"),
        server.call("GET", VERSION),
    ] {
        let reply = call.send().refused(401, "AUTH_CREDENTIALS_NEEDED");
        assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"Redoubt\", charset=\"UTF-8\""));
    }
}

#[test]
fn a_wrong_password_answers_401_in_the_recorded_words() {
    let server = Server::start();
    for call in [
        server.call("GET", COUNT).basic("admin", "wrong password"),
        server.call("GET", COUNT).basic("nobody", PASSWORD),
        server.call("GET", COUNT).header("Authorization", "Basic ***"),
    ] {
        let reply = call.send().refused(401, "INVALID_CREDENTIALS");
        assert_eq!(reply.text("errorMessage"), Some("Authentication failed"));
        assert_eq!(reply.text("errorResolution"), Some("Verify both, user and password credentials."));
    }
}

#[test]
fn a_wrong_password_is_wrong_even_beside_a_good_session() {
    let server = Server::start();
    let reply = server.call("GET", VERSION).basic("admin", PASSWORD).send();
    let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let call = server.call("GET", COUNT).header("Cookie", &cookie).basic("admin", "wrong password");
    call.send().refused(401, "INVALID_CREDENTIALS");
}

#[test]
fn a_switch_gives_a_wrong_password_the_recorded_status_200() {
    let server = Setup::new().with(&["--auth-failure-status", "200"]).start();
    let reply = server.call("GET", COUNT).basic("admin", "wrong password").send();
    assert_eq!(reply.refused(200, "INVALID_CREDENTIALS").header("www-authenticate"), None);
    server.call("GET", COUNT).send().refused(401, "AUTH_CREDENTIALS_NEEDED");
}

#[test]
fn wrong_passwords_slow_down_their_own_login_only() {
    let server = Server::start();
    let add = ["user", "add", "kim", "--role", "Reader", "--password-stdin", "--data"];
    let data = server.data();
    assert!(run(&[&add[..], &[data.to_str().unwrap()]].concat(), "another password").status.success());
    for _ in 0..5 {
        server.call("GET", COUNT).basic("admin", "wrong password").send().refused(401, "INVALID_CREDENTIALS");
    }
    let begun = Instant::now();
    server.call("GET", COUNT).basic("admin", "wrong password").send().refused(401, "INVALID_CREDENTIALS");
    let slowed = begun.elapsed();
    assert!(slowed.as_millis() >= 900, "{slowed:?}");
    testkit::eventually("the server follows the command line", || {
        server.call("GET", COUNT).basic("kim", "another password").send().status == 200
    });
}

#[test]
fn many_who_come_at_once_with_the_right_password_are_all_let_in() {
    let server = Server::start();
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| server.get(COUNT).succeeded());
        }
    });
}

#[test]
fn a_reader_may_not_write_and_hears_it_in_the_recorded_words() {
    let server = Server::start();
    let data = server.data();
    let add =
        ["user", "add", "lee", "--role", "Reader", "--password-stdin", "--data", data.to_str().unwrap()];
    assert!(run(&add, "another password").status.success());
    let lee = |method, path: &str| server.call(method, path).basic("lee", "another password");
    testkit::eventually("the server follows the command line", || lee("GET", COUNT).send().status == 200);
    let body = "<ServiceRequest><data><Tag><name>x</name></Tag></data></ServiceRequest>";
    let call = lee("POST", "/qps/rest/2.0/create/am/tag").header("Content-Type", "text/xml").body(body);
    let reply = call.send().refused(200, "UNAUTHORIZED");
    assert_eq!(
        reply.text("errorMessage"),
        Some("You are not authorized to access the application through the API.")
    );
}
