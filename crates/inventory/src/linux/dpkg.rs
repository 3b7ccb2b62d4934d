//! The dpkg status database: packages of Debian, Ubuntu and relatives.

use std::path::Path;

use jiff::Timestamp;

use super::tree::{Omissions, Tree};
use crate::{Package, PackageSource, Text};

const STATUS: &str = "/var/lib/dpkg/status";
/// Where images without dpkg itself keep one file for each package.
const STATUS_FOLDER: &str = "/var/lib/dpkg/status.d";
const MAX_STATUS_FILES: usize = 10_000;

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions, packages: &mut impl Extend<Package>) {
    match tree.text(STATUS) {
        Ok(text) => packages.extend(parse(&text).map(|package| with_install_time(tree, package))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => omissions.unreadable("packages.dpkg", STATUS, &error),
    }
    let Ok(folder) = tree.path(STATUS_FOLDER).read_dir() else { return };
    for entry in folder.take(MAX_STATUS_FILES).flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.ends_with(".md5sums")) else { continue };
        if let Ok(text) = tree.text(&format!("{STATUS_FOLDER}/{name}")) {
            packages.extend(parse(&text));
        }
    }
}

/// dpkg writes a package's file list when it unpacks it, and touches it no more.
fn with_install_time(tree: &Tree, mut package: Package) -> Package {
    if package.name.contains('/') || package.architecture.contains('/') {
        return package;
    }
    let info = tree.path("/var/lib/dpkg/info");
    let plain = format!("{}.list", package.name);
    let by_architecture = format!("{}:{}.list", package.name, package.architecture);
    package.installed_at = modified(&info.join(plain)).or_else(|| modified(&info.join(by_architecture)));
    package
}

fn modified(path: &Path) -> Option<Timestamp> {
    let time = Timestamp::try_from(path.metadata().ok()?.modified().ok()?).ok()?;
    Timestamp::from_second(time.as_second()).ok()
}

/// The installed packages of a status file. Packages that are only half there, or whose configuration alone remains,
/// are left out. A paragraph without `Status` counts as installed (files in `status.d` have none).
pub fn parse(text: &str) -> impl Iterator<Item = Package> {
    paragraphs(text).filter_map(package)
}

/// Splits at empty lines.
fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n")
}

fn package(paragraph: &str) -> Option<Package> {
    let (mut name, mut version, mut architecture, mut publisher) = (None, None, None, None);
    for line in paragraph.lines() {
        let Some((field, value)) = line.split_once(':') else { continue };
        match field {
            "Package" => name = Text::found(value),
            "Version" => version = Text::found(value),
            "Architecture" => architecture = Text::found(value),
            "Maintainer" => publisher = Text::found(value),
            "Status" if value.split_whitespace().nth(2) != Some("installed") => return None,
            _ => {}
        }
    }
    Some(Package {
        name: name?,
        version: version?,
        architecture: architecture.unwrap_or_default(),
        installed_at: None,
        source: PackageSource::Dpkg,
        publisher,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "\
Package: bash
Essential: yes
Status: install ok installed
Priority: required
Maintainer: Matthias Klose <doko@debian.org>
Architecture: amd64
Version: 5.2.15-2+b7
Description: GNU Bourne Again SHell
 Bash is a shell.
 Version: not this one
 .
 More text.

Package: old-tool
Status: deinstall ok config-files
Architecture: all
Version: 1.0

Package: held
Status: hold ok installed
Architecture: all
Version: 2:7.4
";

    #[test]
    fn installed_and_held_packages_are_there_and_removed_ones_are_not() {
        let packages: Vec<_> =
            parse(STATUS).map(|p| format!("{} {} {}", p.name, p.version, p.architecture)).collect();
        assert_eq!(packages, ["bash 5.2.15-2+b7 amd64", "held 2:7.4 all"]);
    }

    #[test]
    fn a_continuation_line_is_not_a_field() {
        assert_eq!(parse(STATUS).next().unwrap().version, "5.2.15-2+b7");
    }

    #[test]
    fn a_paragraph_without_name_or_version_is_skipped() {
        assert_eq!(parse("Package: a\nStatus: install ok installed\n\nVersion: 1\n\n\n\n:::\n").count(), 0);
    }
}
