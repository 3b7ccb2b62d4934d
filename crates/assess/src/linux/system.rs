//! The system: release, kernel settings, services, processes, packages, mounts, modules, listening ports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use super::Facts;
use super::files::{keep, read, under};
use super::lists::SYSCTL;

/// Processes and units looked at.
const MANY: usize = 20_000;
/// Where units are defined, the strongest last.
const UNITS: &[&str] =
    &["/lib/systemd/system", "/usr/lib/systemd/system", "/run/systemd/system", "/etc/systemd/system"];

/// `key: value` lines: `hostname`, `kernel`, `id`, `version_id`, `pretty_name`.
pub(super) fn host(root: &Path, facts: &mut Facts) {
    let one = |path: &str| read(&under(root, path)).map(|t| t.trim().to_owned()).unwrap_or_default();
    let mut out = String::new();
    let hostname = one("/proc/sys/kernel/hostname");
    let hostname = if hostname.is_empty() { one("/etc/hostname") } else { hostname };
    for (key, value) in [("hostname", hostname), ("kernel", one("/proc/sys/kernel/osrelease"))] {
        if !value.is_empty() {
            out.push_str(&format!("{key}: {value}\n"));
        }
    }
    let release =
        read(&under(root, "/etc/os-release")).or_else(|_| read(&under(root, "/usr/lib/os-release")));
    for line in release.unwrap_or_default().lines() {
        if let Some((key @ ("ID" | "ID_LIKE" | "VERSION_ID" | "PRETTY_NAME"), value)) = line.split_once('=') {
            out.push_str(&format!("{}: {}\n", key.to_lowercase(), value.trim_matches('"')));
        }
    }
    facts.set("host", out);
}

/// `key = value` lines; a setting that the kernel does not have is left out.
pub(super) fn sysctl(root: &Path, facts: &mut Facts) {
    let mut out = String::new();
    for key in SYSCTL {
        let path = format!("/proc/sys/{}", key.replace('.', "/"));
        match read(&under(root, &path)) {
            Ok(value) => {
                out.push_str(&format!("{key} = {}\n", value.split_whitespace().collect::<Vec<_>>().join(" ")))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(_) => out.push_str(&format!("{key} = unknown\n")),
        }
    }
    facts.set("sysctl", out);
}

/// `unit state` lines; the state is `enabled`, `disabled` or `masked`.
pub(super) fn services(root: &Path, facts: &mut Facts) {
    let mut units: BTreeMap<String, &str> = BTreeMap::new();
    let mut enabled: BTreeSet<String> = BTreeSet::new();
    let mut any = false;
    for dir in UNITS {
        let Ok(entries) = fs::read_dir(under(root, dir)) else { continue };
        any = true;
        for entry in entries.flatten().take(MANY) {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".wants") || name.ends_with(".requires") {
                let wanted = fs::read_dir(&path).into_iter().flatten().flatten();
                enabled.extend(wanted.take(MANY).map(|e| e.file_name().to_string_lossy().into_owned()));
            } else if [".service", ".socket", ".timer"].iter().any(|end| name.ends_with(end)) {
                let target = fs::read_link(&path).ok();
                let masked = target.as_deref() == Some(Path::new("/dev/null"));
                let alias = target.as_deref().and_then(Path::file_name).filter(|t| *t != name.as_str());
                if let (Some(real), "/etc/systemd/system", false) = (alias, *dir, masked) {
                    enabled.insert(real.to_string_lossy().into_owned());
                }
                units.insert(name, if masked { "masked" } else { "disabled" });
            }
        }
    }
    if !any {
        return facts.absent("services");
    }
    let mut out = String::new();
    for (unit, state) in units {
        let template = unit.split_once('@').map(|(start, _)| format!("{start}@"));
        let instance = template.is_some_and(|t| enabled.iter().any(|e| e.starts_with(&t)));
        let on = state != "masked" && (enabled.contains(&unit) || instance);
        out.push_str(&format!("{unit} {}\n", if on { "enabled" } else { state }));
    }
    facts.set("services", out);
}

/// `name uid` lines, one per name and user.
pub(super) fn processes(root: &Path, facts: &mut Facts) {
    let Ok(entries) = fs::read_dir(under(root, "/proc")) else { return facts.absent("processes") };
    let mut found = BTreeSet::new();
    for entry in entries.flatten().take(MANY) {
        if !entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let Ok(status) = read(&entry.path().join("status")) else { continue };
        let field = |name: &str| status.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default();
        let uid = field("Uid:").split_whitespace().next().unwrap_or("?").to_owned();
        found.insert(format!("{} {uid}\n", field("Name:").trim()));
    }
    facts.set("processes", found.into_iter().collect::<String>());
}

/// `name version` lines from the databases of dpkg and apk. Other databases are said to be unread.
pub(super) fn packages(root: &Path, facts: &mut Facts) {
    if let Ok(text) = fs::read_to_string(under(root, "/var/lib/dpkg/status")) {
        return facts.set("packages", dpkg(&text));
    }
    if let Ok(text) = fs::read_to_string(under(root, "/lib/apk/db/installed")) {
        return facts.set("packages", apk(&text));
    }
    let rpm = ["/var/lib/rpm", "/usr/lib/sysimage/rpm"].iter().any(|p| under(root, p).is_dir());
    facts.unreadable(
        "packages",
        if rpm { "the rpm database is not read here" } else { "no package database was found" },
    );
}

fn dpkg(text: &str) -> String {
    let mut out = String::new();
    for paragraph in text.split("\n\n") {
        let field = |name: &str| paragraph.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
        if let (Some(name), Some(version), Some(status)) =
            (field("Package:"), field("Version:"), field("Status:"))
            && status.ends_with(" installed")
        {
            out.push_str(&format!("{name} {version}\n"));
        }
    }
    out
}

fn apk(text: &str) -> String {
    let mut out = String::new();
    let mut name = "";
    for line in text.lines() {
        match line.split_once(':') {
            Some(("P", value)) => name = value,
            Some(("V", version)) => out.push_str(&format!("{name} {version}\n")),
            _ => {}
        }
    }
    out
}

/// `mount point, file system, options` lines.
pub(super) fn mounts(root: &Path, facts: &mut Facts) {
    let text = read(&under(root, "/proc/self/mounts")).or_else(|_| read(&under(root, "/proc/mounts")));
    let reordered = text.map(|text| {
        let line = |line: &str| {
            let mut words = line.split(' ').skip(1);
            let (point, kind, options) = (words.next()?, words.next()?, words.next()?);
            Some(format!("{point} {kind} {options}\n"))
        };
        text.lines().filter_map(line).collect::<String>()
    });
    keep(facts, "mounts", reordered);
}

/// Names of loaded kernel modules.
pub(super) fn modules(root: &Path, facts: &mut Facts) {
    let names = read(&under(root, "/proc/modules")).map(|text| {
        text.lines().filter_map(|l| l.split(' ').next()).map(|n| format!("{n}\n")).collect::<String>()
    });
    keep(facts, "modules", names);
}

pub(super) fn kernel_command_line(root: &Path, facts: &mut Facts) {
    keep(facts, "kernel-command-line", read(&under(root, "/proc/cmdline")));
}

/// `protocol address port` lines of what listens.
pub(super) fn listening(root: &Path, facts: &mut Facts) {
    let mut out = BTreeSet::new();
    let mut any = false;
    for (name, listens) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
        let Ok(text) = read(&under(root, &format!("/proc/net/{name}"))) else { continue };
        any = true;
        for line in text.lines().skip(1) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, local, _, state, ..] = words.as_slice() else { continue };
            let Some((address, port)) = local.split_once(':') else { continue };
            if let (true, Ok(port)) = (*state == listens, u16::from_str_radix(port, 16)) {
                out.insert(format!("{name} {} {port}\n", address_text(address)));
            }
        }
    }
    if any {
        facts.set("listening", out.into_iter().collect::<String>());
    } else {
        facts.unreadable("listening", "/proc/net is not there");
    }
}

/// The address of `/proc/net`, whose four-byte words are written backwards.
fn address_text(hex: &str) -> String {
    let words: Vec<u32> = (0..hex.len() / 8)
        .filter_map(|at| u32::from_str_radix(hex.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::swap_bytes))
        .collect();
    match words.as_slice() {
        [v4] => std::net::Ipv4Addr::from(*v4).to_string(),
        [a, b, c, d] => {
            let bits = [a, b, c, d].iter().fold(0_u128, |bits, word| (bits << 32) | u128::from(**word));
            std::net::Ipv6Addr::from(bits).to_string()
        }
        _ => hex.to_owned(),
    }
}
