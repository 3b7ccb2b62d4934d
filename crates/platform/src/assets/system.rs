//! The family of a host's system, where nothing but the system's name tells it.

use super::model::{Asset, TrackingMethod};

/// Words of system names and what they tell, the surest first: Cisco's `IOS` runs on Linux, and some call it so.
const WORDS: &[(&str, &[&str])] = &[
    ("Windows", &["windows"]),
    (
        "Network",
        &[
            "cisco",
            "ios",
            "nx-os",
            "junos",
            "juniper",
            "fortios",
            "fortinet",
            "fortigate",
            "pan-os",
            "palo",
            "arista",
            "eos",
            "comware",
            "brocade",
            "fabric",
            "big-ip",
            "tmos",
            "gaia",
            "routeros",
            "mikrotik",
            "arubaos",
            "aruba",
            "procurve",
            "vyos",
            "ontap",
            "netscaler",
            "ironware",
            "edgeos",
            "pfsense",
            "opnsense",
        ],
    ),
    ("Mac", &["macos", "mac", "osx", "darwin"]),
    (
        "Linux",
        &[
            "linux",
            "ubuntu",
            "debian",
            "redhat",
            "rhel",
            "centos",
            "fedora",
            "rocky",
            "almalinux",
            "suse",
            "sles",
            "opensuse",
            "alpine",
            "raspbian",
            "openwrt",
            "gentoo",
            "arch",
            "kali",
            "mint",
            "nixos",
        ],
    ),
    (
        "Unix",
        &[
            "unix",
            "aix",
            "solaris",
            "sunos",
            "freebsd",
            "openbsd",
            "netbsd",
            "dragonfly",
            "hp-ux",
            "hpux",
            "illumos",
            "omnios",
        ],
    ),
];

/// The family that the name of a system tells: one of `operatingSystem.category1` (`contract/qql.md 6.4`).
pub(crate) fn family_of(os: &str) -> Option<&'static str> {
    let os = os.to_lowercase();
    let parts = os.split(|sign: char| !(sign.is_alphanumeric() || sign == '-'));
    let words: Vec<&str> = parts.filter(|word| !word.is_empty()).collect();
    let red_hat = words.windows(2).any(|pair| pair == ["red", "hat"]);
    let named = |names: &[&str]| words.iter().any(|word| names.contains(word));
    WORDS.iter().find(|(_, names)| named(names)).map(|(family, _)| *family).or(red_hat.then_some("Linux"))
}

/// Gives an asset the system that a person or a scan named, and the family that the name tells. What an agent or a
/// sensor said of the family stands.
pub(super) fn name_system(asset: &mut Asset, os: Option<String>) {
    if asset.os == os {
        return;
    }
    if asset.agent.is_none() && asset.tracking_method != TrackingMethod::Oca {
        asset.system.family = os.as_deref().and_then(family_of).map(str::to_owned);
    }
    asset.os = os;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_system_tells_its_family() {
        for (os, family) in [
            ("Microsoft Windows Server 2019", Some("Windows")),
            ("Debian GNU/Linux 12 (bookworm)", Some("Linux")),
            ("Red Hat Enterprise Linux Server 9", Some("Linux")),
            ("Red Hat 9", Some("Linux")),
            ("Ubuntu", Some("Linux")),
            ("FreeBSD 14.1", Some("Unix")),
            ("macOS 15", Some("Mac")),
            ("Cisco IOS-XE 17.9, Linux", Some("Network")),
            ("Cisco NX-OS", Some("Network")),
            ("PAN-OS 10", Some("Network")),
            ("Mackintosh archive", None),
            ("", None),
        ] {
            assert_eq!(family_of(os), family, "{os}");
        }
    }

    #[test]
    fn every_family_is_one_that_questions_know() {
        let known = crate::assets::fields::FAMILIES;
        assert!(WORDS.iter().all(|(family, _)| known.contains(family)));
    }
}
