//! The collector on a made-up root and on the machine the tests run on.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::*;
use crate::{Assessment, Device, Library, Policy, ReadOptions, Status};

fn section<'f>(facts: &'f Facts, name: &str) -> &'f str {
    facts.sections.iter().find(|s| s.name == name).map_or("", |s| &s.text)
}

fn write(root: &Path, path: &str, text: &str) {
    let place = root.join(path);
    fs::create_dir_all(place.parent().expect("parent")).expect("folder");
    fs::write(place, text).expect("file");
}

#[test]
fn a_host_is_read_from_its_files_and_no_hash_is_kept() {
    let root = tempfile::tempdir().expect("folder");
    let r = root.path();
    write(r, "etc/os-release", "ID=debian\nVERSION_ID=\"13\"\n");
    write(
        r,
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\nold:$1$abc$defghijk:1000:1000::/home/old:/bin/sh\nopen::1001:1001::/home/open:/bin/sh\n",
    );
    write(r, "etc/shadow", "root:$6$salt$hashhashhash:19000:0:99999:7:::\nsys:*:19000:0:99999:7:::\n");
    write(r, "etc/ssh/sshd_config", "Port 22\nInclude /etc/ssh/sshd_config.d/*.conf\nX11Forwarding yes\n");
    write(r, "etc/ssh/sshd_config.d/10.conf", "PermitRootLogin no\n");
    write(r, "lib/systemd/system/ssh.service", "");
    write(r, "lib/systemd/system/cups.service", "");
    fs::create_dir_all(r.join("etc/systemd/system/multi-user.target.wants")).expect("folder");
    symlink(
        "/lib/systemd/system/ssh.service",
        r.join("etc/systemd/system/multi-user.target.wants/ssh.service"),
    )
    .expect("link");
    symlink("/dev/null", r.join("etc/systemd/system/telnet.socket")).expect("link");
    write(
        r,
        "var/lib/dpkg/status",
        "Package: bash\nStatus: install ok installed\nVersion: 5.2-1\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n",
    );
    write(
        r,
        "proc/net/tcp",
        "  sl  local_address rem_address   st\n   0: 0100007F:0016 00000000:0000 0A 0\n",
    );
    fs::set_permissions(r.join("etc/shadow"), fs::Permissions::from_mode(0o640)).expect("mode");

    let facts = collect(r);
    assert_eq!(
        section(&facts, "accounts"),
        "root:unknown:0:0:root:/root:/bin/bash\nold:md5:1000:1000::/home/old:/bin/sh\nopen:empty:1001:1001::/home/open:/bin/sh\n"
    );
    assert!(section(&facts, "shadow").starts_with("root:sha512:19000:"));
    assert!(!facts.to_text().contains("hashhash") && !facts.to_text().contains("defghijk"));
    assert_eq!(
        section(&facts, "file /etc/ssh/sshd_config"),
        "Port 22\nPermitRootLogin no\n\nX11Forwarding yes\n"
    );
    assert_eq!(
        section(&facts, "services"),
        "cups.service disabled\nssh.service enabled\ntelnet.socket masked\n"
    );
    assert_eq!(section(&facts, "packages"), "bash 5.2-1\n");
    assert_eq!(section(&facts, "listening"), "tcp 127.0.0.1 22\n");
    assert!(section(&facts, "stat").contains("/etc/shadow file 0640"));
    assert!(section(&facts, "stat").contains("/etc/cron.allow absent"));
    assert_eq!(section(&facts, "file /etc/login.defs"), "%absent\n");
}

#[test]
fn text_and_json_say_the_same() {
    let mut facts = Facts::default();
    facts.set("host", "hostname: h\nid: debian\n");
    facts.set("file /etc/motd", "=== not a marker ===\n");
    facts.unreadable("shadow", "permission denied");
    let json = serde_json::to_vec(&facts).expect("json");
    let options = ReadOptions::default();
    let (a, b) = (Device::read(facts.to_text().as_bytes(), &options), Device::read(&json, &options));
    let (a, b) = (a.expect("text"), b.expect("json"));
    assert_eq!(a.commands().collect::<Vec<_>>(), b.commands().collect::<Vec<_>>());
    assert_eq!(a.hostname(), Some("h"));
    assert_eq!(facts.unread().collect::<Vec<_>>(), [("shadow", "permission denied")]);
}

#[test]
fn this_machine_is_assessed_and_what_cannot_be_read_is_an_error_and_not_a_pass() {
    let facts = collect(Path::new("/"));
    let options = ReadOptions { technology: Some("linux".to_owned()), ..ReadOptions::default() };
    let device = Device::read(facts.to_text().as_bytes(), &options).expect("device");
    let assessment = Assessment::of(&device, &Library::builtin(), &Policy::default());
    assert!(assessment.count(Status::Passed) > 0);
    for (name, _) in facts.unread() {
        let source = |cid: u32| Library::builtin().get(cid).map(|c| c.source.clone()).unwrap_or_default();
        for verdict in assessment.results.iter().filter(|v| source(v.control) == name) {
            assert_ne!(verdict.status, Status::Passed, "{} rests on {name}", verdict.control);
        }
    }
}
