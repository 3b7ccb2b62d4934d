//! `/proc/self/mountinfo`: mounted local file systems.
//!
//! File systems of other machines are left out: they are not this host's, and asking their size hangs when the other
//! machine is away.

use std::collections::BTreeMap;
use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::tree::{Omissions, Tree};
use crate::{List, Text, Volume};

const MOUNTS: &str = "/proc/self/mountinfo";
/// Read-only images, mounted for each application or medium: always full.
const IMAGES: [&str; 4] = ["squashfs", "iso9660", "udf", "erofs"];

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Major and minor number of the file system: equal for two mounts of the same one.
    pub number: String,
    /// Where it is mounted.
    pub point: String,
    /// Its type.
    pub file_system: String,
    /// Its device or data set.
    pub source: String,
}

/// Size and free space in bytes.
type Space = (u64, u64);

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions) -> List<Volume> {
    match tree.text(MOUNTS) {
        Ok(text) => volumes(parse(&text), |point| space(&tree.path(point))),
        Err(error) => {
            omissions.unreadable("volumes", MOUNTS, &error);
            List::new()
        }
    }
}

fn space(point: &Path) -> Option<Space> {
    if !point.is_dir() {
        return None;
    }
    let answer = statvfs(point).ok()?;
    let unit: u64 = answer.fragment_size();
    Some((unit.saturating_mul(answer.blocks()), unit.saturating_mul(answer.blocks_available())))
}

/// One volume for each local file system: of several mount points (bind mounts, subvolumes), the shortest.
fn volumes(mounts: impl Iterator<Item = Mount>, space: impl Fn(&str) -> Option<Space>) -> List<Volume> {
    // What is mounted later hides what was mounted there before.
    let visible: BTreeMap<String, Mount> = mounts.map(|mount| (mount.point.clone(), mount)).collect();
    let mut shortest: BTreeMap<String, Mount> = BTreeMap::new();
    for mount in visible.into_values().filter(is_local) {
        let is_shorter =
            |other: &Mount| (mount.point.len(), &mount.point) < (other.point.len(), &other.point);
        if shortest.get(&mount.number).is_none_or(is_shorter) {
            shortest.insert(mount.number.clone(), mount);
        }
    }
    let volume = |mount: Mount| {
        let (size, free) = space(&mount.point).filter(|(size, _)| *size > 0)?;
        let (name, file_system) = (Text::found(&mount.point)?, Text::found(&mount.file_system));
        let largest = crate::document::MAX_WHOLE;
        Some(Volume {
            name,
            device: Text::found(&mount.source),
            file_system,
            size: size.min(largest),
            free: free.min(largest),
        })
    };
    shortest.into_values().filter_map(volume).collect()
}

fn is_local(mount: &Mount) -> bool {
    let is_image = IMAGES.contains(&mount.file_system.as_str());
    let is_on_disk = mount.source.starts_with("/dev/") || mount.file_system == "zfs";
    mount.point == "/" || (is_on_disk && !is_image)
}

/// The mounts of a mountinfo file.
pub fn parse(text: &str) -> impl Iterator<Item = Mount> {
    text.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ');
        let mut after = after.split(' ');
        Some(Mount {
            number: before.nth(2)?.to_owned(),
            point: unescaped(before.nth(1)?),
            file_system: after.next()?.to_owned(),
            source: unescaped(after.next()?),
        })
    })
}

/// Blanks and backslashes are written as `\` and three octal digits.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                bytes.push(code);
                bytes.extend(part.bytes().skip(3));
            }
            None => {
                bytes.push(b'\\');
                bytes.extend(part.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
23 22 0:21 / /proc rw - proc proc rw
24 22 254:1 /srv/x /a rw - ext4 /dev/vda1 rw
25 22 8:17 / /mnt/my\\040disk rw master:2 propagate_from:1 - xfs /dev/sdb1 rw
26 22 0:50 / /net/share rw - nfs4 server:/share rw
27 22 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro
28 22 0:60 / /tank rw - zfs tank rw
";

    #[test]
    fn each_local_file_system_is_one_volume() {
        let volumes = volumes(parse(MOUNTS), |_| Some((1000, 10)));
        let names: Vec<_> = volumes.iter().map(|v| (&*v.name, v.file_system.as_deref().unwrap())).collect();
        assert_eq!(names, [("/", "ext4"), ("/mnt/my disk", "xfs"), ("/tank", "zfs")]);
    }

    #[test]
    fn a_mount_hides_an_earlier_one_at_the_same_place() {
        let text = "1 0 8:1 / /mnt rw - ext4 /dev/sda1 rw\n2 0 8:2 / /mnt rw - xfs /dev/sdb1 rw\n";
        let volumes = volumes(parse(text), |_| Some((1000, 10)));
        assert_eq!(volumes.iter().filter_map(|v| v.device.as_deref()).collect::<Vec<_>>(), ["/dev/sdb1"]);
    }

    #[test]
    fn a_file_system_without_size_is_none() {
        assert!(volumes(parse(MOUNTS), |_| None).is_empty());
        assert!(volumes(parse(MOUNTS), |_| Some((0, 0))).is_empty());
    }

    #[test]
    fn escapes_are_undone_and_broken_ones_left() {
        assert_eq!(unescaped("a\\040b\\134c"), "a b\\c");
        assert_eq!(unescaped("a\\04"), "a\\04");
        assert_eq!(unescaped("a\\999\\"), "a\\999\\");
        assert_eq!(unescaped("\\0é"), "\\0é");
    }
}
