//! What is in an installer, and what is done when it comes and goes.

use crate::Agent;

/// The name of the package.
pub const NAME: &str = "redoubt-agent";
pub(crate) const SUMMARY: &str = "reports this machine to a Redoubt server";
pub(crate) const DESCRIPTION: &str = "The agent reads the inventory of this machine (system, packages, listening ports, \
interfaces, accounts, volumes, hardware), without root, and reports it to a Redoubt server.";
pub(crate) const LICENSE: &str = "Apache-2.0";
pub(crate) const MAINTAINER: &str = "Redoubt <https://github.com/redoubt-security/redoubt>";
pub(crate) const HOMEPAGE: &str = "https://github.com/redoubt-security/redoubt";

const UNIT: &[u8] = include_bytes!("../files/redoubt-agent.service");
const CONFIGURE: &[u8] = include_bytes!("../files/configure.sh");
const COPYRIGHT: &[u8] = include_bytes!("../files/copyright");
/// Once the files are there.
pub(crate) const SET_UP: &str = include_str!("../files/set-up.sh");
/// Before they go.
pub(crate) const TAKE_DOWN: &str = include_str!("../files/take-down.sh");
/// Once they are gone.
pub(crate) const FORGET: &str = include_str!("../files/forget.sh");
/// Once nothing of it is wanted any more.
pub(crate) const PURGE: &str = include_str!("../files/purge.sh");

/// A file or a folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// Without the slash at the beginning.
    pub(crate) path: &'a str,
    pub(crate) mode: u16,
    /// None for a folder.
    pub(crate) content: Option<&'a [u8]>,
    /// Whether it is the package's own, and not a folder that others use too.
    pub(crate) own: bool,
}

/// What is in it, folders before what is in them.
pub(crate) fn entries<'a>(agent: &Agent<'a>) -> Vec<Entry<'a>> {
    let shared = |path| Entry { path, mode: 0o755, content: None, own: false };
    let folder = |path| Entry { path, mode: 0o755, content: None, own: true };
    let file = |path, mode, content| Entry { path, mode, content: Some(content), own: true };
    vec![
        shared("usr"),
        shared("usr/bin"),
        file("usr/bin/redoubt-agent", 0o755, agent.executable),
        shared("usr/lib"),
        folder("usr/lib/redoubt-agent"),
        file("usr/lib/redoubt-agent/configure.sh", 0o755, CONFIGURE),
        shared("usr/lib/systemd"),
        shared("usr/lib/systemd/system"),
        file("usr/lib/systemd/system/redoubt-agent.service", 0o644, UNIT),
        shared("usr/share"),
        shared("usr/share/doc"),
        folder("usr/share/doc/redoubt-agent"),
        file("usr/share/doc/redoubt-agent/copyright", 0o644, COPYRIGHT),
    ]
}
