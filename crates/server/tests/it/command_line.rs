//! Starting, stopping, users and the check of the index.

use std::process::Output;
use std::time::{Duration, Instant};

use testkit::process::Process;

use crate::common::{Call, PASSWORD, Server, Setup, run, signal};

const COUNT: &str = "/qps/rest/2.0/count/am/tag";

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_first_start_says_password_and_key_once() {
    let server = Setup::new().with_random_password().start();
    let password = server.said_after("login admin, password ").unwrap();
    assert_eq!(password.len(), 27);
    assert!(
        server.said_after("activation key for agents ").is_some_and(|key| key.len() == 36),
        "{:?}",
        server.said
    );
    server.call("GET", COUNT).basic("admin", &password).send().succeeded();
    let server = server.restart();
    assert!(!server.said.iter().any(|line| line.contains("first start")), "{:?}", server.said);
    server.call("GET", COUNT).basic("admin", &password).send().succeeded();
}

#[test]
fn the_first_password_can_be_chosen_and_a_weak_one_is_refused() {
    let server = Server::start();
    assert!(!server.said.iter().any(|line| line.contains(PASSWORD)), "{:?}", server.said);
    server.get(COUNT).succeeded();
    let dir = tempfile::tempdir().unwrap();
    let mut command = crate::common::redoubt();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir.path())
        .env("REDOUBT_ADMIN_PASSWORD", "short");
    let output = command.output().unwrap();
    assert!(!output.status.success());
    assert!(
        err(&output).contains("REDOUBT_ADMIN_PASSWORD") && !err(&output).contains("short\""),
        "{}",
        err(&output)
    );
}

#[test]
fn data_that_another_server_holds_are_refused_by_its_name() {
    let server = Server::start();
    let data = server.data();
    for command in ["serve", "verify"] {
        let output = run(&[command, "--data", data.to_str().unwrap()], "");
        assert!(!output.status.success());
        assert!(err(&output).contains(&format!("is in use by process {}", server.id())), "{}", err(&output));
    }
    let setup = server.kill();
    setup.start().get(COUNT).succeeded();
}

#[test]
fn an_address_that_is_taken_is_refused_before_anything_is_made() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let output = run(&["serve", "--data", data, "--listen", server.address()], "");
    assert!(!output.status.success());
    assert!(
        err(&output).contains(server.address()) && out(&output).is_empty(),
        "{} {}",
        out(&output),
        err(&output)
    );
    assert!(out(&run(&["user", "list", "--data", data], "")).lines().count() <= 1);
}

#[test]
fn sigterm_and_sigint_let_requests_finish_and_end_well() {
    for name in ["TERM", "INT"] {
        let server = Server::start();
        server.get(COUNT).succeeded();
        let idle = std::net::TcpStream::connect(server.address()).unwrap();
        let begun = Instant::now();
        let (id, data) = (server.id(), server.data());
        signal(id, name);
        let (ended_well, setup) = server.stop_after_signal();
        assert!(ended_well, "{name}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{name}: {:?}", begun.elapsed());
        assert!(data.join("index.snapshot").is_file());
        drop((idle, setup));
    }
}

#[test]
fn the_log_can_be_json_and_holds_no_secrets() {
    let (dir, log) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
    let mut command = crate::common::redoubt();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--data"]).arg(dir.path());
    command.env("REDOUBT_LOG", "trace").stderr(log.reopen().unwrap());
    let process = Process::start(&mut command);
    let mut secrets = Vec::new();
    let url = process.wait_for(|line| {
        secrets
            .extend(line.split_once("password ").map(|(_, rest)| rest.split(' ').next().unwrap().to_owned()));
        secrets.extend(line.split_once("key for agents ").map(|(_, key)| key.to_owned()));
        line.strip_prefix("listening on ").map(str::to_owned)
    });
    let call = |path: &str| Call::new("GET", format!("{url}{path}"));
    let reply = call("/qps/rest/portal/version").basic("admin", &secrets[0]).send().succeeded();
    let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    call(COUNT).header("Cookie", &cookie).send().succeeded();
    call(COUNT).header("user", "admin").header("password", &secrets[0]).send().succeeded();
    call(COUNT).basic("admin", "a wrong password").send().refused(401, "INVALID_CREDENTIALS");
    let form = format!("username=admin&password={}&token=true", secrets[0]);
    let token = Call::new("POST", format!("{url}/auth")).body(form).send();
    assert_eq!(token.status, 201, "{}", token.body);
    call(COUNT).header("Authorization", &format!("Bearer {}", token.body)).send().succeeded();
    secrets.push(token.body);
    secrets.extend([cookie.split_once('=').unwrap().1.to_owned(), "a wrong password".to_owned()]);
    secrets.push(base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("admin:{}", secrets[0]),
    ));
    signal(process.id(), "TERM");
    assert!(process.finish().0);
    let said = std::fs::read_to_string(log.path()).unwrap();
    for line in said.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok_and(|line| line.is_object()), "{line}");
    }
    assert!(said.contains("\"status\":401") && said.contains("\"stopped\""), "{said}");
    assert_eq!(secrets.len(), 6);
    for secret in secrets {
        assert!(!said.contains(&secret), "{secret}");
    }
}

#[test]
fn users_are_looked_after_beside_a_running_server() {
    let server = Server::start();
    let data = server.data();
    let data = data.to_str().unwrap();
    let add = |login: &str, more: &[&str]| {
        let arguments = [&["user", "add", login, "--data", data, "--password-stdin"], more].concat();
        run(&arguments, "first password\n")
    };
    let kim = |password: &str| server.call("GET", COUNT).basic("kim", password).send();
    assert_eq!(kim("first password").status, 401);
    let output = add("kim", &["--role", "Reader", "--scope", "Cloud Agent"]);
    assert!(output.status.success(), "{}", err(&output));
    testkit::eventually("the server knows the user", || kim("first password").status == 200);
    let output = run(&["user", "passwd", "kim", "--data", data, "--password-stdin"], "second password");
    assert!(output.status.success(), "{}", err(&output));
    testkit::eventually("the old password is no good", || kim("first password").status == 401);
    kim("second password").succeeded();
    let list = out(&run(&["user", "list", "--data", data], ""));
    assert!(list.lines().any(|line| line.starts_with("admin ") && line.contains("Manager")), "{list}");
    assert!(list.lines().any(|line| line.starts_with("kim ") && line.contains("Cloud Agent")), "{list}");
    for (login, more, wanted) in [
        ("kim", &["--role", "Reader"][..], "exists already"),
        ("lee", &["--role", "Emperor"], "There is no role"),
        ("lee", &["--role", "Reader", "--scope", "no such tag"], "there is no tag"),
        ("a b", &["--role", "Reader"], "can't be used"),
    ] {
        let output = add(login, more);
        assert!(!output.status.success() && err(&output).contains(wanted), "{}", err(&output));
    }
    let output = run(&["user", "add", "lee", "--role", "Reader", "--data", data, "--password-stdin"], "");
    assert!(!output.status.success() && err(&output).contains("no password came"), "{}", err(&output));
}

#[test]
fn activation_keys_are_looked_after_beside_a_running_server() {
    let server = Server::start();
    let data = server.data();
    let data = data.to_str().unwrap();
    let keys =
        |arguments: &[&str]| run(&[&["activation-key"][..], arguments, &["--data", data]].concat(), "");
    let first = server.said_after("activation key for agents ").unwrap();
    let listed = || out(&keys(&["list"]));
    assert!(listed().lines().any(|line| line.starts_with(&format!("{first} open"))), "{}", listed());
    let made = out(&keys(&["add", "Berlin office"]));
    let second = made.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(keys(&["disable", &first]).status.success());
    assert!(listed().lines().any(|line| line.starts_with(&format!("{first} disabled"))), "{}", listed());
    let line = listed().lines().find(|line| line.starts_with(&second)).map(str::to_owned).unwrap();
    assert!(line.contains("open") && line.ends_with("Berlin office"), "{line}");
    for wrong in [&["disable", "nonsense"][..], &["add", " "]] {
        let output = keys(wrong);
        assert!(!output.status.success() && err(&output).contains("INVALID_REQUEST"), "{}", err(&output));
    }
    testkit::eventually("the first key lets nobody in", || !crate::agents::enrols(&server, &first));
    assert!(crate::agents::enrols(&server, &second));
}

#[test]
fn a_name_given_by_hand_stays_beside_a_server_that_lets_names_follow() {
    let server = Setup::new().with(&["--automatic-names"]).start();
    let data = server.data();
    let data = data.to_str().unwrap();
    let call = |path: &str, body: &str| {
        let body = format!("<ServiceRequest><data><HostAsset>{body}</HostAsset></data></ServiceRequest>");
        server.post(&format!("/qps/rest/2.0/{path}"), &body).succeeded()
    };
    let name = || {
        let reply = server.get("/qps/rest/2.0/get/am/hostasset/1?fields=name").succeeded();
        reply.text("name").unwrap().to_owned()
    };
    let asset = |arguments: &[&str]| run(&[&["asset"][..], arguments, &["--data", data]].concat(), "");
    call("create/am/hostasset", "<name>given</name><address>192.0.2.1</address>");
    assert!(asset(&["rename", "1", "by hand"]).status.success());
    testkit::eventually("the server knows the name", || name() == "by hand");
    call("update/am/hostasset/1", "<dnsHostName>web.example.test</dnsHostName>");
    assert_eq!(name(), "by hand");
    assert!(asset(&["follow", "1"]).status.success());
    testkit::eventually("the server lets it follow", || {
        call("update/am/hostasset/1", "<netbiosName>A</netbiosName>");
        call("update/am/hostasset/1", "<netbiosName>B</netbiosName>");
        name() == "web.example.test"
    });
    for wrong in [&["rename", "1", " "][..], &["rename", "7", "x"], &["follow", "7"]] {
        let output = asset(wrong);
        assert!(!output.status.success() && err(&output).contains("INVALID_REQUEST"), "{}", err(&output));
    }
}

#[test]
fn users_are_looked_after_without_a_server_and_never_in_an_empty_place() {
    let (ended_well, setup) = Server::start().stop();
    assert!(ended_well);
    let data = setup.data().to_str().unwrap().to_owned();
    let output = run(&["user", "passwd", "admin", "--data", &data, "--password-stdin"], "another password");
    assert!(output.status.success(), "{}", err(&output));
    let server = setup.start();
    server.call("GET", COUNT).basic("admin", "another password").send().succeeded();
    let empty = tempfile::tempdir().unwrap();
    let output = run(&["user", "list", "--data", empty.path().to_str().unwrap()], "");
    assert!(
        !output.status.success() && err(&output).contains("there is no Redoubt data in"),
        "{}",
        err(&output)
    );
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[test]
fn the_index_is_checked_against_one_built_anew() {
    let server = Server::start();
    let create = "<ServiceRequest><data><Tag><name>lab</name></Tag></data></ServiceRequest>";
    server.post("/qps/rest/2.0/create/am/tag", create).succeeded();
    let setup = server.kill();
    let data = setup.data().to_str().unwrap();
    let output = run(&["verify", "--data", data], "");
    assert!(output.status.success(), "{}{}", out(&output), err(&output));
    assert!(out(&output).starts_with("the index equals one built anew"), "{}", out(&output));
}

#[test]
fn data_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = Setup::new().with(&["--tls-listen", "127.0.0.1:0"]).start();
    for entry in std::fs::read_dir(server.data()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} {mode:o}", entry.path());
    }
}
