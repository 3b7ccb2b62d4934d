//! `/etc/os-release`: which distribution this is.

use super::tree::{Omissions, Tree};
use crate::{OperatingSystem, Text};

/// The members of `os-release` that a document needs, as they are written there; empty where missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// `PRETTY_NAME`
    pub pretty_name: String,
    /// `NAME`
    pub name: String,
    /// `ID`
    pub id: String,
    /// `VERSION_ID`
    pub version_id: String,
}

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions) -> OperatingSystem {
    let text = tree.text("/etc/os-release").or_else(|_| tree.text("/usr/lib/os-release"));
    let release = match text {
        Ok(text) => parse(&text),
        Err(error) => {
            omissions.unreadable("os.name", "/etc/os-release", &error);
            OsRelease::default()
        }
    };
    let this_build = if tree.is_live() { std::env::consts::ARCH } else { "" };
    OperatingSystem {
        name: readable_name(&release),
        id: release.id.into(),
        version: release.version_id.into(),
        kernel: tree.line("/proc/sys/kernel/osrelease").unwrap_or_default(),
        architecture: tree.line("/proc/sys/kernel/arch").unwrap_or_else(|| this_build.into()),
        family: "Linux".into(),
    }
}

fn readable_name(release: &OsRelease) -> Text {
    let name_and_version = format!("{} {}", release.name, release.version_id);
    Text::found(&release.pretty_name)
        .or_else(|| Text::found(&name_and_version))
        .unwrap_or_else(|| "Linux".into())
}

/// Reads the shell-like assignments of `os-release`.
pub fn parse(text: &str) -> OsRelease {
    let mut release = OsRelease::default();
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let member = match key.trim() {
            "PRETTY_NAME" => &mut release.pretty_name,
            "NAME" => &mut release.name,
            "ID" => &mut release.id,
            "VERSION_ID" => &mut release.version_id,
            _ => continue,
        };
        *member = unquoted(value.trim());
    }
    release
}

/// What a shell would make of a quoted or bare word.
fn unquoted(value: &str) -> String {
    let inner = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    let mut text = String::with_capacity(value.len());
    let mut chars = inner.unwrap_or(value).chars();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_is_read_by_its_readable_name() {
        let release = parse(
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n# a comment\nVERSION_ID=\"12\"\nID=debian\n",
        );
        assert_eq!(release.pretty_name, "Debian GNU/Linux 12 (bookworm)");
        assert_eq!((release.id.as_str(), release.version_id.as_str()), ("debian", "12"));
    }

    #[test]
    fn without_a_pretty_name_name_and_version_stand_in() {
        let release = parse("NAME='Some \\\"OS\\\"'\nVERSION_ID=3.1");
        assert_eq!(readable_name(&release), "Some \"OS\" 3.1");
        assert_eq!(readable_name(&OsRelease::default()), "Linux");
    }

    #[test]
    fn broken_quoting_is_taken_as_it_stands() {
        assert_eq!(parse("NAME=\"").name, "\"");
        assert_eq!(parse("NAME=a\\").name, "a\\");
        assert_eq!(parse("=\nNAME").name, "");
    }
}
