//! `redoubt discover`, and the way of what it finds to a server.

use std::process::Output;

use serde_json::Value;

use crate::common::{PASSWORD, Server, Setup, redoubt};

/// Discovers the server itself.
fn discover(server: &Server, login: Option<(&str, &str)>, more: &[&str]) -> Output {
    let port = server.address().rsplit(':').next().unwrap();
    let mut command = redoubt();
    command.args(["discover", "127.0.0.1", "--no-netbios", "--no-dns", "--format", "json", "--ports", port]);
    command.env_remove("REDOUBT_USER").env_remove("REDOUBT_PASSWORD").env("NO_PROXY", "*");
    if let Some((user, password)) = login {
        command.env("REDOUBT_USER", user).env("REDOUBT_PASSWORD", password);
    }
    command.args(more).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_found_becomes_assets_of_a_server() {
    let server = Server::start();
    let login = Some(("admin", PASSWORD));
    let output = discover(&server, login, &["--record", "--server", server.url()]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 hosts with 1 web servers, 1 assets made and 0 merged"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["hosts"][0]["ports"][0]["service"], "http");
    let assets = server.get("/qps/rest/2.0/search/am/hostasset").succeeded();
    assert!(assets.body.contains("<address>127.0.0.1</address>"), "{}", assets.body);
    let port = report["hosts"][0]["ports"][0]["port"].as_u64().unwrap();
    assert!(assets.body.contains(&format!("<port>{port}</port>")), "{}", assets.body);
    let output = discover(&server, login, &["--record", "--as", "map", "--server", server.url()]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("as a map: 1 hosts with 1 web servers"),
        "{output:?}"
    );
    assert_eq!(server.get("/qps/rest/2.0/count/am/hostasset").text("count"), Some("1"));
}

#[test]
fn nothing_is_asked_where_nothing_could_be_recorded() {
    let server = Server::start();
    let record = ["--record", "--server", server.url()];
    for (login, wanted) in [
        (None, "REDOUBT_USER"),
        (Some(("admin", "wrong")), "ERR-7014"),
        (Some(("nobody", PASSWORD)), "ERR-7014"),
    ] {
        let output = discover(&server, login, &record);
        let said = said(&output);
        assert!(!output.status.success() && said.contains(wanted), "{said}");
        assert!(output.stdout.is_empty() && !said.contains("connections in"), "{said}");
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let login = Some(("admin", PASSWORD));
    let output = discover(&server, login, &["--record", "--server", &format!("http://{closed}")]);
    assert!(!output.status.success() && said(&output).contains("can't be reached"), "{}", said(&output));
    for arguments in [&["--record"][..], &["--as", "map"], &["--server", server.url()]] {
        let output = discover(&server, login, arguments);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    }
    assert_eq!(server.get("/qps/rest/2.0/count/am/hostasset").text("count"), Some("0"));
}

#[test]
fn a_server_with_a_certificate_of_its_own_is_known_by_its_fingerprint() {
    let server = Setup::new().with(&["--tls-listen", "127.0.0.1:0"]).start();
    let login = Some(("admin", PASSWORD));
    let output = discover(&server, login, &["--record", "--server", server.tls_url()]);
    assert!(!output.status.success(), "{}", said(&output));
    let authority = server.data().join("tls.crt");
    let arguments = ["--record", "--server", server.tls_url(), "--ca", authority.to_str().unwrap()];
    let output = discover(&server, login, &arguments);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_schedule_runs_on_the_server_and_is_there_after_a_restart() {
    let server = Server::start();
    let port = server.address().rsplit(':').next().unwrap().to_owned();
    let body = format!(
        r#"{{"name":"Own","targets":"127.0.0.1","ports":"{port}","occurrence":"DAILY","start":"2099-01-01T00:00:00Z"}}"#
    );
    let made = server.post_json("/redoubt/discovery/v1/schedule", &body);
    assert_eq!(made.status, 200, "{}", made.body);
    let run = server.post_json("/redoubt/discovery/v1/schedule/1/run", "");
    assert_eq!(run.status, 200, "{}", run.body);
    let schedule = |server: &Server| -> Value {
        serde_json::from_str(&server.get("/redoubt/discovery/v1/schedule/1").body).unwrap()
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while schedule(&server)["data"]["runs"][0]["state"] != "FINISHED" {
        assert!(std::time::Instant::now() < until, "{}", schedule(&server));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let before = schedule(&server);
    assert_eq!(before["data"]["runs"][0]["recorded"]["webServices"], 1, "{before}");
    let server = server.restart();
    assert_eq!(schedule(&server), before);
}
