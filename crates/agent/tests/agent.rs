//! The real program against a real HTTP server, in good days and bad.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use common::{KEY, Server, Service, agent, command, enroll, eventually, free_port, visit};
use inventory::protocol::Command;
use inventory::{ContentHash, Inventory};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;

/// An agent that enrolled with a server.
fn enrolled() -> (Server, TempDir) {
    let (server, state) = (Server::start(), tempfile::tempdir().unwrap());
    let (done, log) = enroll(&server.url(), state.path(), &[]);
    assert!(done, "{log}");
    (server, state)
}

fn read(state: &Path, file: &str) -> String {
    fs::read_to_string(state.join(file)).unwrap()
}

fn visited(state: &Path) {
    let (done, log) = visit(state);
    assert!(done, "{log}");
}

/// The inventory that the agent believes the server to have.
fn accepted(state: &Path) -> Inventory {
    let text: serde_json::Value = serde_json::from_str(&read(state, "accepted.json")).unwrap();
    serde_json::from_value(text.get("inventory").unwrap().clone()).unwrap()
}

fn kinds(server: &Server) -> Vec<&'static str> {
    server.world().processed.iter().map(|(_, kind)| *kind).collect()
}

#[test]
fn the_inventory_is_printed_as_json_that_reads_back() {
    let output = command(&["inventory"]).output().unwrap();
    assert!(output.status.success());
    let inventory: Inventory = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(inventory.os.family, "Linux");
}

#[test]
fn who_reads_only_the_beginning_of_the_inventory_is_told_of_no_failure() {
    let mut child = command(&["inventory"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn an_enrolment_tells_who_this_machine_is_and_keeps_the_identity_private() {
    let (server, state) = enrolled();
    let world = server.world();
    let request = world.enrolments.first().unwrap();
    assert!(!request.host.hostname.is_empty() && !request.os.name.is_empty());
    assert!(request.addresses.iter().all(|address| !address.is_loopback()));
    let identity = state.path().join("identity.json");
    assert_eq!(identity.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!read(state.path(), "identity.json").contains(KEY));
    assert!(!state.path().join("enrolling.key").exists());
}

#[test]
fn enrolling_again_does_nothing_unless_forced() {
    let (server, state) = enrolled();
    let before = read(state.path(), "identity.json");
    let (done, log) = enroll(&server.url(), state.path(), &[]);
    assert!(done && log.contains("enrolled before; nothing was done"), "{log}");
    assert_eq!(read(state.path(), "identity.json"), before);

    let first = *server.world().agents.keys().next().unwrap();
    let (done, log) = enroll(&server.url(), state.path(), &["--force"]);
    assert!(done, "{log}");
    let world = server.world();
    assert_eq!(world.agents.len(), 2);
    assert_eq!(world.enrolments.last().unwrap().previous_agent_id, Some(first));
}

#[test]
fn an_enrolment_whose_answer_was_lost_gets_the_same_identity() {
    let (server, state) = (Server::start(), tempfile::tempdir().unwrap());
    server.world().lose_answers = 1;
    let (done, log) = enroll(&server.url(), state.path(), &[]);
    assert!(!done && log.contains("the server cannot be reached"), "{log}");
    let (done, log) = enroll(&server.url(), state.path(), &[]);
    assert!(done, "{log}");
    assert_eq!(server.world().agents.len(), 1);
}

#[test]
fn a_refused_activation_key_is_explained_and_not_shown() {
    let (server, state) = (Server::start(), tempfile::tempdir().unwrap());
    let arguments = ["enroll", "--server", &server.url(), "--activation-key", "wrong-key", "--state"];
    let (done, log) = agent(&[&arguments[..], &[state.path().to_str().unwrap()]].concat());
    assert!(!done && log.contains("the activation key is not known here"), "{log}");
    assert!(!log.contains("wrong-key"), "{log}");
}

#[test]
fn a_machine_is_reported_in_full_once_and_then_by_what_changed() {
    let (server, state) = enrolled();
    visited(state.path());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    visited(state.path());
    assert_eq!(kinds(&server), ["full", "delta"]);
    let held = server.held().unwrap();
    assert!(held.ports.iter().any(|found| found.port == port));
    assert_eq!(held, accepted(state.path()));
}

#[test]
fn a_report_whose_answer_was_lost_counts_once() {
    let (server, state) = enrolled();
    server.world().lose_answers = 1;
    let (done, log) = visit(state.path());
    assert!(!done && log.contains("the server cannot be reached"), "{log}");
    visited(state.path());
    let world = server.world();
    assert_eq!(world.repeated, 1);
    assert_eq!(world.processed.iter().filter(|(_, kind)| *kind == "full").count(), 1);
    drop(world);
    assert_eq!(server.held().unwrap(), accepted(state.path()));
}

#[test]
fn a_server_that_lost_the_inventory_gets_it_in_full_in_the_same_visit() {
    let (server, state) = enrolled();
    visited(state.path());
    server.world().agents.values_mut().next().unwrap().held = None;
    let (done, log) = visit(state.path());
    assert!(done && log.contains("the server holds no inventory of this agent"), "{log}");
    assert_eq!(kinds(&server).last(), Some(&"full"));
    assert_eq!(server.held().unwrap(), accepted(state.path()));
}

#[test]
fn damaged_state_costs_a_full_report_and_nothing_else() {
    for (file, content) in [
        ("sync.json", "{\"sequence\": 1, \"pending\""),
        ("sync.json", ""),
        ("sync.json", "{\"sequence\": 1, \"pending\": \"AAAA\"}"),
        ("accepted.json", "{\"hash\": \"0\"}"),
        ("accepted.json", "\u{0}\u{0}\u{0}"),
    ] {
        let (server, state) = enrolled();
        visited(state.path());
        visited(state.path());
        fs::write(state.path().join(file), content).unwrap();
        visited(state.path());
        visited(state.path());
        assert_eq!(server.held().unwrap(), accepted(state.path()), "{file}: {content}");
    }
}

#[test]
fn a_damaged_identity_asks_for_a_new_enrolment() {
    let (server, state) = enrolled();
    fs::write(state.path().join("identity.json"), "{").unwrap();
    let (done, log) = visit(state.path());
    assert!(!done && log.contains("identity.json is damaged") && log.contains("--force"), "{log}");
    assert!(enroll(&server.url(), state.path(), &["--force"]).0);
    visited(state.path());
}

#[test]
fn an_agent_without_identity_says_what_to_do() {
    let state = tempfile::tempdir().unwrap();
    let (done, log) = visit(state.path());
    assert!(
        !done && log.contains("holds no identity: run `redoubt-agent enroll --server URL` first"),
        "{log}"
    );
}

#[test]
fn an_agent_that_the_server_does_not_know_says_what_to_do() {
    let (server, state) = enrolled();
    server.world().agents.clear();
    let (done, log) = visit(state.path());
    assert!(!done && log.contains("the server does not know this agent: run `redoubt-agent enroll"), "{log}");
}

#[test]
fn an_uninstalled_agent_removes_its_state_and_stays_away() {
    let (server, state) = enrolled();
    server.world().commands = vec![Command::Unknown, Command::Uninstall];
    let mut service = Service::start(state.path(), "1s");
    assert_eq!(service.end(), Some(0));
    assert!(!state.path().join("identity.json").exists() && !state.path().join("accepted.json").exists());
    let (done, log) = visit(state.path());
    assert!(!done && log.contains("uninstalled this agent"), "{log}");
    server.world().commands.clear();
    assert!(enroll(&server.url(), state.path(), &[]).0);
    assert!(server.world().enrolments.last().unwrap().previous_agent_id.is_some());
    visited(state.path());
}

#[test]
fn a_server_that_is_away_is_tried_until_it_is_back() {
    let (server, state) = enrolled();
    let port = free_port();
    let identity =
        read(state.path(), "identity.json").replace(&server.url(), &format!("http://127.0.0.1:{port}"));
    fs::write(state.path().join("identity.json"), identity).unwrap();
    let _service = Service::start(state.path(), "200ms");
    thread::sleep(Duration::from_millis(700));
    assert!(server.held().is_none());
    server.world().busy = 2;
    server.also_at(TcpListener::bind(("127.0.0.1", port)).unwrap(), None);
    eventually("the agent comes although the server was away and busy", || server.held().is_some());
    assert_eq!(kinds(&server).iter().filter(|kind| **kind == "full").count(), 1);
}

#[test]
fn the_server_decides_when_to_come_again() {
    let (server, state) = enrolled();
    server.world().next_in_seconds = Some(1);
    let begun = Instant::now();
    let _service = Service::start(state.path(), "4h");
    eventually("the agent comes a third time", || kinds(&server).len() >= 3);
    assert!(begun.elapsed() > Duration::from_millis(1700));
}

#[test]
fn a_service_stops_cleanly_when_it_is_told_to() {
    let (server, state) = enrolled();
    let mut service = Service::start(state.path(), "4h");
    eventually("the first report", || server.held().is_some());
    let (done, log) = visit(state.path());
    assert!(!done && log.contains("another agent works with"), "{log}");
    kill(Pid::from_raw(service.0.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(service.end(), Some(0));
    visited(state.path());
}

#[test]
fn a_service_that_waits_is_small() {
    let (server, state) = enrolled();
    let service = Service::start(state.path(), "4h");
    eventually("the first report", || server.held().is_some());
    thread::sleep(Duration::from_millis(300));
    let status = fs::read_to_string(format!("/proc/{}/status", service.0.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().unwrap();
    assert!(kib <= 8 * 1024, "{kib} KiB");
}

#[test]
fn an_agent_killed_at_any_moment_goes_on_as_if_nothing_had_happened() {
    let (server, state) = enrolled();
    let arguments = ["run", "--once", "--state", state.path().to_str().unwrap()];
    for round in 0..40 {
        let mut child = command(&arguments).spawn().unwrap();
        thread::sleep(Duration::from_millis(round * 7 % 200));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    visited(state.path());
    assert_eq!(server.held().unwrap(), accepted(state.path()));
    let sequences: Vec<u64> = server.world().processed.iter().map(|(sequence, _)| *sequence).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
}

struct TlsServer {
    server: Server,
    pem: String,
    fingerprint: String,
}

/// A server that signed its own certificate for this name.
fn tls_server(name: &str) -> TlsServer {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let fingerprint = ContentHash::of(&certificate).to_string();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let server = Server::listen(TcpListener::bind("127.0.0.1:0").unwrap(), Some(Arc::new(config)));
    TlsServer { server, pem: made.cert.pem(), fingerprint }
}

#[test]
fn a_pinned_certificate_is_taken_whatever_its_name() {
    let TlsServer { server, fingerprint, .. } = tls_server("elsewhere.example");
    let state = tempfile::tempdir().unwrap();
    let (done, log) =
        enroll(&format!("https://{}", server.address), state.path(), &["--fingerprint", &fingerprint]);
    assert!(done, "{log}");
    visited(state.path());
    assert!(server.held().is_some());
}

#[test]
fn another_certificate_than_the_pinned_one_gets_nothing() {
    let TlsServer { server, fingerprint, .. } = tls_server("localhost");
    let state = tempfile::tempdir().unwrap();
    let other = ContentHash::of(b"another").to_string();
    let (done, log) =
        enroll(&format!("https://{}", server.address), state.path(), &["--fingerprint", &other]);
    assert!(!done && log.contains(&fingerprint) && log.contains("not the pinned one"), "{log}");
    assert!(server.world().enrolments.is_empty());
}

#[test]
fn a_given_authority_is_trusted_for_its_names_only() {
    let TlsServer { server, pem, .. } = tls_server("localhost");
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("ca.pem");
    fs::write(&file, pem).unwrap();
    let ca = ["--ca", file.to_str().unwrap()];
    let (done, log) = enroll(&format!("https://{}", server.address), state.path(), &ca);
    assert!(!done && log.contains("certificate"), "{log}");
    let (done, log) = enroll(&format!("https://localhost:{}", server.address.port()), state.path(), &ca);
    assert!(done, "{log}");
    visited(state.path());
}

#[test]
fn a_self_signed_certificate_is_not_trusted_by_itself() {
    let TlsServer { server, .. } = tls_server("localhost");
    let state = tempfile::tempdir().unwrap();
    let (done, _) = enroll(&format!("https://localhost:{}", server.address.port()), state.path(), &[]);
    assert!(!done && server.world().enrolments.is_empty());
}

/// `configure` with files of its own.
fn configure(folder: &TempDir, pairs: &[&str]) -> (bool, String) {
    let (config, state) = (folder.path().join("agent.conf"), folder.path().join("state"));
    let places = ["--config", config.to_str().unwrap(), "--state", state.to_str().unwrap(), "--no-start"];
    agent(&[&["configure"], pairs, &places].concat())
}

#[test]
fn configure_takes_the_options_of_deployments_and_joins() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let state = folder.path().join("state");
    let key = format!("ActivationId={KEY}");
    let uri = format!("ServerUri={}/CloudAgent/", server.url());
    let customer = "6a1f0c1e-0000-4000-8000-000000000001";
    let pairs = [&*key, &*uri, &format!("CustomerId={customer}"), "EnableCgroup=1"];
    let (done, log) = configure(&folder, &pairs);
    assert!(done && log.contains("option=EnableCgroup") && log.contains("enrolled"), "{log}");
    assert_eq!(server.world().enrolments[0].customer_id.unwrap().to_string(), customer);
    visited(&state);
    // Again: nothing is asked of the server.
    let (done, log) = configure(&folder, &pairs);
    assert!(done && log.contains("enrolled before"), "{log}");
    assert_eq!(server.world().enrolments.len(), 1);
    // Another server: joined anew, with the key that is in the file.
    let other = Server::start();
    let (done, log) = configure(&folder, &[&format!("ServerUri={}", other.url())]);
    assert!(done, "{log}");
    assert_eq!((server.world().enrolments.len(), other.world().enrolments.len()), (1, 1));
    visited(&state);
    assert_eq!(kinds(&other), ["full"]);
    // One that is away: the agent stays where it is.
    let before = fs::read_to_string(folder.path().join("agent.conf")).unwrap();
    let away = format!("ServerUri=http://127.0.0.1:{}", free_port());
    let (done, log) = configure(&folder, &[&away]);
    assert!(!done && log.contains("could not join"), "{log}");
    assert_eq!(fs::read_to_string(folder.path().join("agent.conf")).unwrap(), before);
    visited(&state);
}

#[test]
fn an_image_is_configured_and_enrols_when_it_starts() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let (config, state) = (folder.path().join("agent.conf"), folder.path().join("state"));
    let uri = format!("ServerUri={}", server.url());
    let (done, log) = configure(&folder, &[&format!("ActivationId={KEY}"), &uri, "GoldenImage=true"]);
    assert!(done, "{log}");
    assert!(server.world().enrolments.is_empty() && !state.exists());
    let start = ["run", "--once", "--state", state.to_str().unwrap(), "--config", config.to_str().unwrap()];
    let (done, log) = agent(&start);
    assert!(done && log.contains("enrolled"), "{log}");
    assert_eq!(kinds(&server), ["full"]);
    let (done, _) = agent(&start);
    assert!(done);
    assert_eq!(server.world().enrolments.len(), 1);
}

#[test]
fn what_can_not_be_configured_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("http://127.0.0.1:{}", free_port());
    for (pairs, words) in [
        (vec![format!("ActivationId={KEY}")], "ServerUri is missing"),
        (vec![format!("ServerUri={uri}")], "ActivationId is missing"),
        (vec!["ActivationId=abc".into(), format!("ServerUri={uri}")], "a UUID"),
        (vec!["Activation=1".into()], "no option"),
        (vec!["nonsense".into()], "is not a pair"),
        (
            vec![format!("ActivationId={KEY}"), format!("ServerUri={uri}"), "CaFile=/nowhere".into()],
            "/nowhere",
        ),
    ] {
        let pairs: Vec<&str> = pairs.iter().map(String::as_str).collect();
        let (done, log) = configure(&folder, &pairs);
        assert!(!done && log.contains(words), "{words}: {log}");
        assert!(!folder.path().join("agent.conf").exists());
    }
    // A server that is away: the settings stay, so that asking again is enough.
    let (done, log) = configure(&folder, &[&format!("ActivationId={KEY}"), &format!("ServerUri={uri}")]);
    assert!(!done && log.contains("could not join"), "{log}");
    assert!(folder.path().join("agent.conf").exists());
}
