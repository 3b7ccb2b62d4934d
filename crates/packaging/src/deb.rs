//! A package of Debian (deb(5)): an `ar` archive of the format's number, what is said of the package, and its files.

use std::fmt::Write as _;
use std::io;

use crate::Agent;
use crate::contents::{
    DESCRIPTION, FORGET, HOMEPAGE, MAINTAINER, NAME, PURGE, SET_UP, SUMMARY, TAKE_DOWN, entries,
};
use crate::gzip;
use crate::tar::Tar;

pub(crate) fn build(agent: &Agent<'_>) -> io::Result<Vec<u8>> {
    let mut deb = b"!<arch>\n".to_vec();
    member(&mut deb, "debian-binary", agent.date, b"2.0\n");
    member(&mut deb, "control.tar.gz", agent.date, &gzip::pack(&control(agent))?);
    member(&mut deb, "data.tar.gz", agent.date, &gzip::pack(&data(agent))?);
    Ok(deb)
}

fn member(to: &mut Vec<u8>, name: &str, date: u32, content: &[u8]) {
    let head = format!("{name:<16}{date:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, "100644", content.len());
    to.extend_from_slice(head.as_bytes());
    to.extend_from_slice(content);
    if content.len() % 2 == 1 {
        to.push(b'\n');
    }
}

fn data(agent: &Agent<'_>) -> Vec<u8> {
    let mut tar = Tar::new(agent.date);
    tar.folder(".", 0o755);
    for entry in entries(agent) {
        let path = format!("./{}", entry.path);
        match entry.content {
            None => tar.folder(&path, entry.mode),
            Some(content) => tar.file(&path, entry.mode, content),
        }
    }
    tar.finish()
}

fn control(agent: &Agent<'_>) -> Vec<u8> {
    let mut tar = Tar::new(agent.date);
    tar.folder(".", 0o755);
    tar.file("./control", 0o644, about(agent).as_bytes());
    let postinst =
        format!("[ \"$1\" = configure ] || exit 0\nfirst=no\nif [ -z \"$2\" ]; then first=yes; fi\n{SET_UP}");
    let prerm = format!("[ \"$1\" = remove ] || exit 0\n{TAKE_DOWN}");
    let postrm = format!(
        "case \"$1\" in remove | purge) ;; *) exit 0 ;; esac\n{FORGET}[ \"$1\" = purge ] || exit 0\n{PURGE}"
    );
    for (name, script) in [("postinst", postinst), ("prerm", prerm), ("postrm", postrm)] {
        tar.file(&format!("./{name}"), 0o755, format!("#!/bin/sh\nset -e\n{script}").as_bytes());
    }
    tar.finish()
}

fn about(agent: &Agent<'_>) -> String {
    let size: usize = entries(agent)
        .iter()
        .map(|entry| entry.content.map_or(1, |content| content.len().div_ceil(1_024)))
        .sum();
    let mut depends = Vec::new();
    if let Some(minor) = agent.needs.glibc {
        depends.push(format!("libc6 (>= 2.{minor})"));
    }
    if agent.needs.libgcc {
        depends.push("libgcc-s1".to_owned());
    }
    // Brings useradd.
    depends.push("passwd".to_owned());
    let mut about = String::new();
    // Memory takes everything.
    let _ = writeln!(
        about,
        "Package: {NAME}\nVersion: {}\nArchitecture: {}\nMaintainer: {MAINTAINER}\nInstalled-Size: {size}\n\
         Depends: {}\nSection: admin\nPriority: optional\nHomepage: {HOMEPAGE}\nDescription: {SUMMARY}\n {DESCRIPTION}",
        agent.version,
        agent.machine.deb(),
        depends.join(", ")
    );
    about
}
