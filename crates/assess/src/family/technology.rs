//! Technologies: a family with a major version, each with a number that records carry (`contract/oca.md` 3.1, 4.4).
//! Numbers are never given to another technology.

use super::Family;

/// A technology as assets declare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Technology {
    /// The number that posture records carry.
    pub id: u32,
    /// The name on the wire, such as `Fabric 8`.
    pub name: &'static str,
    /// Its family.
    pub family: Family,
    /// Its major version; empty when the technology covers all.
    pub version: &'static str,
}

const fn of(id: u32, name: &'static str, family: Family, version: &'static str) -> Technology {
    Technology { id, name, family, version }
}

/// All technologies.
pub const TECHNOLOGIES: &[Technology] = &[
    of(2001, "Cisco IOS 12.x", Family::CiscoIos, "12"),
    of(2002, "Cisco IOS 15.x", Family::CiscoIos, "15"),
    of(2003, "Cisco IOS XE 16.x", Family::CiscoIos, "16"),
    of(2004, "Cisco IOS XE 17.x", Family::CiscoIos, "17"),
    of(2011, "Cisco ASA 8.x", Family::CiscoAsa, "8"),
    of(2012, "Cisco ASA 9.x", Family::CiscoAsa, "9"),
    of(2021, "Cisco NX-OS 7.x", Family::CiscoNxos, "7"),
    of(2022, "Cisco NX-OS 9.x", Family::CiscoNxos, "9"),
    of(2023, "Cisco NX-OS 10.x", Family::CiscoNxos, "10"),
    of(2031, "Cisco IOS XR 6.x", Family::CiscoXr, "6"),
    of(2032, "Cisco IOS XR 7.x", Family::CiscoXr, "7"),
    of(2041, "Junos 18.x", Family::Junos, "18"),
    of(2042, "Junos 19.x", Family::Junos, "19"),
    of(2043, "Junos 20.x", Family::Junos, "20"),
    of(2044, "Junos 21.x", Family::Junos, "21"),
    of(2045, "Junos 22.x", Family::Junos, "22"),
    of(2046, "Junos 23.x", Family::Junos, "23"),
    of(2047, "Junos 24.x", Family::Junos, "24"),
    of(2051, "FortiOS 6.x", Family::Fortios, "6"),
    of(2052, "FortiOS 7.x", Family::Fortios, "7"),
    of(2061, "PAN-OS 9.x", Family::Panos, "9"),
    of(2062, "PAN-OS 10.x", Family::Panos, "10"),
    of(2063, "PAN-OS 11.x", Family::Panos, "11"),
    of(2071, "Arista EOS 4.x", Family::AristaEos, "4"),
    of(1043, "Comware 5", Family::Comware, "5"),
    of(1044, "Comware 7", Family::Comware, "7"),
    of(1016, "Fabric 7", Family::FabricOs, "7"),
    of(1017, "Fabric 8", Family::FabricOs, "8"),
    of(1018, "Fabric 9", Family::FabricOs, "9"),
    of(2081, "BIG-IP 15.x", Family::F5, "15"),
    of(2082, "BIG-IP 16.x", Family::F5, "16"),
    of(2083, "BIG-IP 17.x", Family::F5, "17"),
    of(2091, "Gaia R80", Family::Gaia, "80"),
    of(2092, "Gaia R81", Family::Gaia, "81"),
    of(2101, "ONTAP 9", Family::Ontap, "9"),
    of(2111, "Linux", Family::Linux, ""),
];

/// The technology of that name, in any case and with blanks around it.
#[must_use]
pub fn technology(name: &str) -> Option<Technology> {
    TECHNOLOGIES.iter().copied().find(|t| t.name.eq_ignore_ascii_case(name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_given_once() {
        for (at, one) in TECHNOLOGIES.iter().enumerate() {
            for other in TECHNOLOGIES.iter().skip(at + 1) {
                assert_ne!(one.id, other.id);
                assert_ne!(one.name, other.name);
            }
        }
        assert_eq!(technology(" fabric 8 ").map(|t| t.id), Some(1017));
    }
}
