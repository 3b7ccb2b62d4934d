//! Reads the facts of a host, as any user: what may not be read is said.

use std::path::Path;

use super::{Facts, accounts, files, system};

/// Reads the facts of the host whose file system begins at `root` (`/` for this machine). Runs no command, changes
/// nothing, and keeps no password, hash or key.
#[must_use]
pub fn collect(root: &Path) -> Facts {
    let mut facts = Facts::default();
    system::host(root, &mut facts);
    system::sysctl(root, &mut facts);
    system::services(root, &mut facts);
    system::processes(root, &mut facts);
    accounts::accounts(root, &mut facts);
    accounts::shadow(root, &mut facts);
    accounts::groups(root, &mut facts);
    accounts::homes(root, &mut facts);
    system::packages(root, &mut facts);
    files::stat(root, &mut facts);
    system::mounts(root, &mut facts);
    system::modules(root, &mut facts);
    system::listening(root, &mut facts);
    system::kernel_command_line(root, &mut facts);
    files::files(root, &mut facts);
    let unread: Vec<String> = facts.unread().map(|(name, why)| format!("{name}: {why}\n")).collect();
    facts.set("unread", unread.concat());
    facts
}
