//! The apk database: packages of Alpine.

use super::tree::{Omissions, Tree};
use crate::{Package, PackageSource, Text};

const DATABASES: [&str; 2] = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions, packages: &mut impl Extend<Package>) {
    for path in DATABASES {
        match tree.text(path) {
            Ok(text) => return packages.extend(parse(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => omissions.unreadable("packages.apk", path, &error),
        }
    }
}

/// The packages of an `installed` file. It does not say when they were installed.
pub fn parse(text: &str) -> impl Iterator<Item = Package> {
    text.split("\n\n").filter_map(package)
}

fn package(paragraph: &str) -> Option<Package> {
    let (mut name, mut version, mut architecture, mut publisher) = (None, None, None, None);
    for line in paragraph.lines() {
        match line.split_once(':') {
            Some(("P", value)) => name = Text::found(value),
            Some(("V", value)) => version = Text::found(value),
            Some(("A", value)) => architecture = Text::found(value),
            Some(("m", value)) => publisher = Text::found(value),
            _ => {}
        }
    }
    Some(Package {
        name: name?,
        version: version?,
        architecture: architecture.unwrap_or_default(),
        installed_at: None,
        source: PackageSource::Apk,
        publisher,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_between_their_files() {
        let text = "C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nS:383152\nT:the musl c library (libc) implementation\n\
                    m:Timo Teräs <timo.teras@iki.fi>\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\n\nP:busybox\nV:1.36.1-r5\n";
        let packages: Vec<_> = parse(text).collect();
        assert_eq!(packages.len(), 2);
        assert_eq!(packages[0].name, "musl");
        assert_eq!(packages[0].publisher, Some("Timo Teräs <timo.teras@iki.fi>".into()));
        assert_eq!(packages[1].architecture, "");
    }
}
