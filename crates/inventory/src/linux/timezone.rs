//! The time zone of the machine.

use std::path::Path;

use super::tree::{Omissions, Tree};
use crate::Text;

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions) -> Option<Text> {
    let localtime = tree.path("/etc/localtime");
    let linked = localtime.read_link().ok().and_then(|target| parse_link(&target));
    if let Some(zone) = linked.or_else(|| tree.line("/etc/timezone")) {
        return Some(zone);
    }
    if localtime.symlink_metadata().is_err() {
        // So says localtime(5).
        return Some("UTC".into());
    }
    omissions.note("timezone", "/etc/localtime is a copy that does not tell its name");
    None
}

/// The name of the zone in the target of the `/etc/localtime` link.
pub fn parse_link(target: &Path) -> Option<Text> {
    let (_, zone) = target.to_str()?.rsplit_once("zoneinfo/")?;
    let zone = zone.strip_prefix("posix/").or_else(|| zone.strip_prefix("right/")).unwrap_or(zone);
    Text::found(zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_tells_the_zone() {
        for (target, zone) in [
            ("/usr/share/zoneinfo/Europe/Berlin", Some("Europe/Berlin")),
            ("../usr/share/zoneinfo/posix/UTC", Some("UTC")),
            ("/usr/share/zoneinfo/", None),
            ("/etc/other", None),
        ] {
            assert_eq!(parse_link(Path::new(target)).as_deref(), zone, "{target}");
        }
    }
}
