//! What the firmware says about the hardware (SMBIOS under `/sys/class/dmi/id`, or the device tree), and what identifies
//! the machine.
//!
//! Makers leave placeholders in their tables. In an identity they would make one host of many, so they count as absent.

use std::io::ErrorKind;

use super::tree::{Omissions, Tree};
use crate::{Hardware, Identity, Text};

const FOLDER: &str = "/sys/class/dmi/id";

/// Texts (in lower case) that makers leave where a value belongs.
const PLACEHOLDERS: [&str; 15] = [
    "to be filled by o.e.m.",
    "to be filled by oem",
    "default string",
    "not specified",
    "not applicable",
    "not available",
    "system manufacturer",
    "system product name",
    "system serial number",
    "system version",
    "none",
    "n/a",
    "o.e.m.",
    "unknown",
    "invalid",
];

pub(crate) fn hardware(tree: &Tree, omissions: &mut Omissions) -> Hardware {
    let value = |name: &str| tree.line(&format!("{FOLDER}/{name}")).filter(|text| !is_placeholder(text));
    let model = value("product_name").or_else(|| device_tree_model(tree));
    let firmware: Vec<_> =
        ["bios_vendor", "bios_version", "bios_date"].iter().filter_map(|name| value(name)).collect();
    if model.is_none() && !tree.path(FOLDER).is_dir() {
        omissions.note("hardware", "the firmware offers no description here");
    }
    Hardware {
        manufacturer: value("sys_vendor"),
        model,
        bios_description: Text::found(&firmware.join(" ")),
        board_manufacturer: value("board_vendor"),
        board_model: value("board_name"),
    }
}

/// Boards without SMBIOS; the text ends with a zero byte.
fn device_tree_model(tree: &Tree) -> Option<Text> {
    let text = tree.text("/proc/device-tree/model").ok()?;
    Text::found(text.trim_end_matches('\0'))
}

pub(crate) fn identity(tree: &Tree, omissions: &mut Omissions) -> Identity {
    let machine_id = ["/etc/machine-id", "/var/lib/dbus/machine-id"].iter().find_map(|path| {
        let id = tree.line(path)?;
        is_machine_id(&id).then_some(id)
    });
    if machine_id.is_none() {
        omissions.note("identity.machineId", "/etc/machine-id has none");
    }
    Identity {
        machine_id,
        bios_uuid: secret(tree, omissions, "identity.biosUuid", "product_uuid")
            .map(|uuid| Text::from(uuid.to_ascii_lowercase()))
            .filter(|uuid| is_real_uuid(uuid)),
        bios_serial: secret(tree, omissions, "identity.biosSerial", "product_serial")
            .filter(|text| is_real_serial(text)),
    }
}

/// A value that most systems show to root only.
fn secret(tree: &Tree, omissions: &mut Omissions, what: &str, name: &str) -> Option<Text> {
    let path = format!("{FOLDER}/{name}");
    match tree.text(&path) {
        Ok(text) => Text::found(&text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            omissions.unreadable(what, &path, &error);
            None
        }
    }
}

fn is_placeholder(text: &str) -> bool {
    PLACEHOLDERS.contains(&text.to_ascii_lowercase().as_str())
}

/// 32 hex digits, not all the same.
pub fn is_machine_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|c| c.is_ascii_hexdigit()) && !is_one_character(text)
}

/// A UUID that a maker did not leave at its default.
pub fn is_real_uuid(text: &str) -> bool {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    is_machine_id(&digits) && text != "03000200-0400-0500-0006-000700080009"
}

/// A serial number that tells one machine from another.
pub fn is_real_serial(text: &str) -> bool {
    let is_count = "0123456789".starts_with(text) || "1234567890".starts_with(text);
    text.len() > 3 && !is_placeholder(text) && !is_one_character(text) && !is_count
}

fn is_one_character(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next();
    chars.all(|c| Some(c) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_do_not_identify_a_machine() {
        for serial in [
            "",
            "0",
            "To Be Filled By O.E.M.",
            "None",
            "00000000",
            "0123456789",
            "System Serial Number",
            "xxxx",
        ] {
            assert!(!is_real_serial(serial), "{serial}");
        }
        assert!(is_real_serial("VMware-56 4d 1f"));
        assert!(is_real_serial("5CD1234XYZ"));
    }

    #[test]
    fn a_uuid_that_a_maker_left_at_its_default_does_not_either() {
        for uuid in [
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "03000200-0400-0500-0006-000700080009",
            "uninitialized",
            "",
        ] {
            assert!(!is_real_uuid(uuid), "{uuid}");
        }
        assert!(is_real_uuid("4c4c4544-0051-3010-8052-b4c04f4e3532"));
    }
}
