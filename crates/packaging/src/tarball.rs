//! A tar.gz for any Linux: the files below `root/`, and scripts that do what a package manager would.

use std::io;

use crate::Agent;
use crate::contents::{FORGET, NAME, PURGE, SET_UP, TAKE_DOWN, entries};
use crate::gzip;
use crate::tar::Tar;

/// The folder that all is in.
pub(crate) fn folder(agent: &Agent<'_>) -> String {
    format!("{NAME}-{}-{}", agent.version, agent.machine.rpm())
}

pub(crate) fn build(agent: &Agent<'_>) -> io::Result<Vec<u8>> {
    let top = folder(agent);
    let mut tar = Tar::new(agent.date);
    tar.folder(&top, 0o755);
    tar.file(&format!("{top}/install.sh"), 0o755, install(agent).as_bytes());
    tar.file(&format!("{top}/uninstall.sh"), 0o755, uninstall(agent).as_bytes());
    tar.folder(&format!("{top}/root"), 0o755);
    for entry in entries(agent) {
        let path = format!("{top}/root/{}", entry.path);
        match entry.content {
            None => tar.folder(&path, entry.mode),
            Some(content) => tar.file(&path, entry.mode, content),
        }
    }
    gzip::pack(&tar.finish())
}

fn install(agent: &Agent<'_>) -> String {
    let mut copy = String::new();
    for entry in entries(agent).iter().filter(|entry| entry.own) {
        let (path, mode) = (entry.path, entry.mode);
        copy.push_str(&match entry.content {
            None => format!("install -d -m {mode:o} /{path}\n"),
            Some(_) => format!("install -D -m {mode:o} \"$here/{path}\" /{path}\n"),
        });
    }
    format!(
        "#!/bin/sh\n# Installs the agent on this machine, as root.\nset -e\nhere=$(cd \"$(dirname \"$0\")/root\" && pwd)\n\
         first=no\nif [ ! -e /usr/bin/{NAME} ]; then first=yes; fi\n{copy}{SET_UP}"
    )
}

/// Leaves nothing: there is no package manager that would know what was left.
fn uninstall(agent: &Agent<'_>) -> String {
    let mut remove = String::new();
    for entry in entries(agent).iter().rev().filter(|entry| entry.own) {
        remove.push_str(&match entry.content {
            None => format!("rmdir /{}\n", entry.path),
            Some(_) => format!("rm -f /{}\n", entry.path),
        });
    }
    format!(
        "#!/bin/sh\n# Removes the agent from this machine with all that it left, as root.\nset -e\n\
         {TAKE_DOWN}{remove}{FORGET}{PURGE}"
    )
}
