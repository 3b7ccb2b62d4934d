//! One command from nothing to an inventory.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use testkit::process::Process;

use crate::common::{PASSWORD, command_of, program, redoubt, run, signal};

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    name.trim().to_owned()
}

#[test]
fn quickstart_finds_this_machine_and_ends_well() {
    let output = run(&["quickstart", "--exit"], "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(&host_name()), "{said}");
    for line in [
        "packages",
        "open ports",
        "interfaces",
        "Linux",
        "How many machines have",
        "Services on this machine's loopback",
        "/tcp  http ",
        "The web catalog, filled by that discovery",
        "this server is a web application",
        "a router's log",
        "this machine: Linux",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(said.contains("\"responseCode\":\"SUCCESS\""), "{said}");
    assert!(!said.contains("INVALID") && !said.contains("ERROR"), "{said}");
}

#[test]
fn quickstart_again_makes_nothing_twice_and_its_lines_work_in_a_shell() {
    let dir = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = redoubt();
        command.args(["quickstart", "--listen", "127.0.0.1:0", "--data"]).arg(dir.path());
        Process::start(command.env("REDOUBT_ADMIN_PASSWORD", PASSWORD))
    };
    for known in [1, 2] {
        let process = start();
        let mut lines = Vec::new();
        process.wait_for(|line| {
            lines.push(line.to_owned());
            line.starts_with("The agent keeps reporting").then_some(())
        });
        let all = lines.iter().find(|line| line.ends_with("in all")).unwrap();
        // The sample router is there from the first start on.
        assert!(all.contains(&format!(" {known} in all")), "{lines:#?}");
        let linux = lines.iter().find(|line| line.trim_start().starts_with("Linux ")).unwrap();
        assert!(linux.contains(" 1 asset"), "{lines:#?}");
        let curls = lines.iter().filter(|line| line.contains("curl ") && !line.contains("downloadbinary"));
        let (uploads, curls): (Vec<_>, Vec<_>) = curls.partition(|line| line.contains("/ocaapi/"));
        assert_eq!(uploads.len(), 1);
        let (catalog, curls): (Vec<_>, Vec<_>) = curls.into_iter().partition(|line| line.contains("/was/"));
        assert_eq!(catalog.len(), 2);
        for curl in catalog {
            let line = curl.replace("-u admin ", &format!("-u 'admin:{PASSWORD}' -s --noproxy '*' "));
            let output = Command::new("sh").arg("-c").arg(&line).output().unwrap();
            let answer = String::from_utf8_lossy(&output.stdout);
            assert!(answer.contains("\"responseCode\":\"SUCCESS\",\"count\":"), "{line}: {answer}");
        }
        let line = uploads[0].replace("-u admin ", &format!("-u 'admin:{PASSWORD}' -s --noproxy '*' "));
        let output = Command::new("sh").arg("-c").arg(&line).output().unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&answer["code"], &answer["data"]["upload"]["number"]),
            (&200.into(), &1.into()),
            "{line}"
        );
        assert_eq!(curls.len(), 3);
        for curl in curls {
            let line = curl.replace("-u admin ", &format!("-u 'admin:{PASSWORD}' -s --noproxy '*' "));
            let output = Command::new("sh").arg("-c").arg(&line).output().unwrap();
            let answer = String::from_utf8_lossy(&output.stdout);
            assert!(answer.contains("\"responseCode\":\"SUCCESS\",\"count\":1"), "{line}: {answer}");
        }
        signal(process.id(), "INT");
        assert!(process.finish().0);
    }
    // Tags are looked up by the server that runs: none is there twice.
    let process = start();
    let url = process.wait_for(|line| Some(line.split(" at ").nth(1)?.split(',').next()?.to_owned()));
    std::thread::sleep(Duration::from_millis(100));
    let call = crate::common::Call::new("GET", format!("{url}/qps/rest/2.0/count/am/hostasset"));
    assert_eq!(call.basic("admin", PASSWORD).send().succeeded().text("count"), Some("2"));
    signal(process.id(), "TERM");
    process.finish();
}

/// What a start says, up to the end of its summary, and the process that goes on.
fn summary(command: &mut Command, data: &Path) -> (Vec<String>, Process) {
    command.args(["quickstart", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    let process = Process::start(command.env("REDOUBT_ADMIN_PASSWORD", PASSWORD));
    let mut lines = Vec::new();
    process.wait_for(|line| {
        lines.push(line.to_owned());
        line.starts_with("The agent keeps reporting").then_some(())
    });
    (lines, process)
}

/// The line that brings in another host gets a package.
fn demand_package(lines: &[String], dir: &Path) {
    for platform in ["LINUX_UBUNTU", "LINUX "] {
        assert!(lines.iter().any(|line| line.trim_start().starts_with(platform)), "{lines:#?}");
    }
    let line = lines.iter().find(|line| line.contains("downloadbinary")).unwrap();
    let (get, install) =
        line.split_once(" && dpkg -i /tmp/redoubt-agent.deb && redoubt-agent configure ").unwrap();
    for option in ["ActivationId=", "CustomerId=", "ServerUri=http://127.0.0.1:"] {
        assert!(install.contains(option), "{install}");
    }
    let deb = dir.join("agent.deb");
    let get = get
        .replace("/tmp/redoubt-agent.deb", deb.to_str().unwrap())
        .replace("-fsSu admin ", &format!("--noproxy '*' -fsSu 'admin:{PASSWORD}' "));
    let output = Command::new("sh").arg("-c").arg(&get).output().unwrap();
    assert!(output.status.success(), "{get}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(std::fs::read(&deb).unwrap().starts_with(b"!<arch>\ndebian-binary"));
}

fn end(process: Process) {
    signal(process.id(), "INT");
    assert!(process.finish().0);
}

#[test]
fn quickstart_hands_out_the_agent_beside_it_and_its_line_gets_the_package() {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("redoubt");
    std::fs::copy(program(), &copy).unwrap();
    // What is packed is looked at by `scripts/test packages`; here any program will do.
    std::fs::copy("/bin/true", dir.path().join("redoubt-agent")).unwrap();
    let (lines, process) = summary(&mut command_of(&copy), &dir.path().join("data"));
    assert!(!lines.iter().any(|line| line.contains("building the agent")), "{lines:#?}");
    demand_package(&lines, dir.path());
    end(process);
}

/// As `cargo run` starts it, with a cargo that does what a script says and notes what it was asked.
#[test]
fn quickstart_under_cargo_builds_the_agent_in_the_same_way_and_hands_it_out() {
    let dir = tempfile::tempdir().unwrap();
    let (target, cargo) = (dir.path().join("target"), dir.path().join("cargo"));
    let copy = target.join("release/redoubt");
    std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
    std::fs::write(target.join("CACHEDIR.TAG"), "").unwrap();
    std::fs::copy(program(), &copy).unwrap();
    let start = |script: &str| {
        std::fs::write(&cargo, format!("#!/bin/sh\necho \"$*\" >asked\nenv >said\n{script}\n")).unwrap();
        std::fs::set_permissions(&cargo, Permissions::from_mode(0o755)).unwrap();
        let mut command = command_of(&copy);
        command.env("CARGO", &cargo).env("CARGO_MANIFEST_DIR", "/src/crates/server").current_dir(dir.path());
        command.env("CARGO_PKG_NAME", "server").env("CARGO_PKG_VERSION", env!("CARGO_PKG_VERSION"));
        summary(&mut command, &dir.path().join("data"))
    };
    let (lines, process) = start("exit 101");
    let told = lines.iter().find(|line| line.contains("could not build")).unwrap();
    assert!(told.contains("none: cargo could not build redoubt-agent"), "{told}");
    assert!(!lines.iter().any(|line| line.contains("downloadbinary")), "{lines:#?}");
    end(process);

    let (lines, process) = start("cp /bin/true target/release/redoubt-agent");
    assert!(
        lines.iter().any(|line| line.contains("building the agent as this program was built")),
        "{lines:#?}"
    );
    let asked = std::fs::read_to_string(dir.path().join("asked")).unwrap();
    // What cargo said to the program is not said to cargo: build scripts would be run anew for it.
    let said = std::fs::read_to_string(dir.path().join("said")).unwrap();
    assert!(!said.contains("CARGO_PKG_") && !said.contains("CARGO_MANIFEST_"), "{said}");
    let folder = target.display();
    assert_eq!(
        asked.trim_end(),
        format!(
            "build --manifest-path /src/crates/server/Cargo.toml --target-dir {folder} --profile release \
             --package server --package agent --bin redoubt-agent"
        )
    );
    demand_package(&lines, dir.path());
    end(process);
}
