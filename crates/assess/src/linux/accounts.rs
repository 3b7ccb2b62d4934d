//! Accounts and groups. Of a password only its state is kept: `locked`, `empty`, `unknown`, or the kind of its hash.

use std::fs;
use std::path::Path;

use super::Facts;
use super::files::{describe, keep, names, read, under};
use crate::family::Family;
use crate::rule::hash_kind;

/// Homes looked at.
const HOMES: usize = 1000;

fn state(password: &str) -> String {
    match password {
        "" => "empty".to_owned(),
        "x" => "unknown".to_owned(),
        p if p.starts_with(['!', '*']) => "locked".to_owned(),
        p => match hash_kind(p, Family::Linux) {
            "plain" => "des".to_owned(),
            kind => kind.to_owned(),
        },
    }
}

/// The lines of a file of fields, the second of which is a password.
fn without_passwords(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let mut fields = line.splitn(3, ':');
        let (name, password, rest) = (fields.next(), fields.next(), fields.next());
        let password = password.map(state).unwrap_or_default();
        out.push_str(&format!("{}:{password}:{}\n", name.unwrap_or_default(), rest.unwrap_or_default()));
    }
    out
}

/// `name:password state:uid:gid:comment:home:shell`
pub(super) fn accounts(root: &Path, facts: &mut Facts) {
    keep(facts, "accounts", read(&under(root, "/etc/passwd")).map(|text| without_passwords(&text)));
}

/// `name:password state:changed:minimum:maximum:warning:inactive:expires:`
pub(super) fn shadow(root: &Path, facts: &mut Facts) {
    keep(facts, "shadow", read(&under(root, "/etc/shadow")).map(|text| without_passwords(&text)));
}

/// `name:password state:gid:members`
pub(super) fn groups(root: &Path, facts: &mut Facts) {
    keep(facts, "groups", read(&under(root, "/etc/group")).map(|text| without_passwords(&text)));
}

/// One line per account of a person with a home: `name home kind mode owner group`, or `name home absent`.
pub(super) fn homes(root: &Path, facts: &mut Facts) {
    let Ok(text) = read(&under(root, "/etc/passwd")) else {
        return facts.unreadable("homes", "the accounts could not be read");
    };
    let (users, groups) = (names(root, "/etc/passwd"), names(root, "/etc/group"));
    let mut out = String::new();
    for line in text.lines().take(HOMES) {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, _, _, home, shell] = fields.as_slice() else { continue };
        let person = uid.parse::<u32>().is_ok_and(|uid| (1000..60_000).contains(&uid));
        if !person || shell.ends_with("nologin") || shell.ends_with("false") {
            continue;
        }
        let home_state = match fs::metadata(under(root, home)) {
            Ok(metadata) => describe(&metadata, &users, &groups),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => "absent".to_owned(),
            Err(_) => "unknown".to_owned(),
        };
        out.push_str(&format!("{name} {home} {home_state}\n"));
        for secret in [".rhosts", ".netrc", ".forward"] {
            if let Ok(metadata) = fs::metadata(under(root, home).join(secret)) {
                out.push_str(&format!("{name} {home}/{secret} {}\n", describe(&metadata, &users, &groups)));
            }
        }
    }
    facts.set("homes", out);
}
