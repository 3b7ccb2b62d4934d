//! Network interfaces: names and hardware addresses from `/sys/class/net`, addresses from the kernel.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;

use super::routes;
use super::tree::{Omissions, Tree};
use crate::{Cidr, Interface, InterfaceKind, List, Text};

const FOLDER: &str = "/sys/class/net";
const MAX_INTERFACES: usize = 10_000;
/// `IFA_F_TEMPORARY`, `IFA_F_DEPRECATED` and `IFA_F_TENTATIVE`: addresses that will be others tomorrow.
const PASSING: u32 = 0x01 | 0x20 | 0x40;

type Addresses = HashMap<String, List<Cidr>>;

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions) -> List<Interface> {
    let folder = match tree.path(FOLDER).read_dir() {
        Ok(folder) => folder,
        Err(error) => {
            omissions.unreadable("interfaces", FOLDER, &error);
            return List::new();
        }
    };
    let mut addresses = addresses(tree, omissions);
    let gateways = routes::read(tree);
    let mut interfaces = List::new();
    for entry in folder.take(MAX_INTERFACES).flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Plain files in this folder, such as bonding_masters, are settings.
        if !entry.path().is_dir() {
            continue;
        }
        let mac = tree.line(&format!("{FOLDER}/{name}/address")).filter(is_mac);
        let addresses = addresses.remove(&name).unwrap_or_default();
        interfaces.insert(Interface {
            kind: kind(&addresses),
            mac: mac.map(|mac| mac.to_ascii_lowercase().into()),
            gateway: gateways.get(&name).copied(),
            name: name.into(),
            addresses,
        });
    }
    interfaces
}

/// Asks the kernel: the files in `/proc` do not tell the prefix length of every IPv4 address.
fn addresses(tree: &Tree, omissions: &mut Omissions) -> Addresses {
    let mut addresses = Addresses::new();
    if !tree.is_live() {
        omissions.note("interfaces.addresses", "addresses can be read on the running machine only");
        return addresses;
    }
    let passing = passing_addresses(&tree.text("/proc/net/if_inet6").unwrap_or_default());
    let Ok(all) = getifaddrs() else {
        omissions.note("interfaces.addresses", "the kernel did not list them");
        return addresses;
    };
    for one in all {
        let (Some(address), Some(mask)) = (one.address.and_then(ip), one.netmask.and_then(ip)) else {
            continue;
        };
        let Some(cidr) = Cidr::new(address, prefix(mask)) else { continue };
        if !passing.contains(&address) {
            addresses.entry(one.interface_name).or_default().insert(cidr);
        }
    }
    addresses
}

fn ip(address: SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
}

fn prefix(mask: IpAddr) -> u8 {
    let ones = match mask {
        IpAddr::V4(mask) => mask.to_bits().leading_ones(),
        IpAddr::V6(mask) => mask.to_bits().leading_ones(),
    };
    u8::try_from(ones).unwrap_or(u8::MAX)
}

/// The temporary, deprecated and tentative addresses of `/proc/net/if_inet6`.
pub fn passing_addresses(text: &str) -> Vec<IpAddr> {
    let passing = |line: &str| {
        let mut fields = line.split_whitespace();
        let address = u128::from_str_radix(fields.next()?, 16).ok()?;
        let flags = u32::from_str_radix(fields.nth(3)?, 16).ok()?;
        (flags & PASSING != 0).then(|| Ipv6Addr::from(address).into())
    };
    text.lines().filter_map(passing).collect()
}

/// Six bytes in hex with colons, and not all zero (as the loopback has it).
fn is_mac(text: &Text) -> bool {
    text.len() == 17
        && text.split(':').all(|byte| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit()))
        && **text != *"00:00:00:00:00:00"
}

fn kind(addresses: &List<Cidr>) -> InterfaceKind {
    if addresses.is_empty() {
        return InterfaceKind::Unaddressed;
    }
    if addresses.iter().all(|address| address.ip().is_loopback()) {
        return InterfaceKind::Loopback;
    }
    if addresses.iter().any(|address| is_public(address.ip())) {
        return InterfaceKind::Public;
    }
    InterfaceKind::Private
}

/// Whether an address is routed on the Internet, by the special-purpose registries (RFC 6890).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(|| is_public_v6(v6), is_public_v4),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [first, second, ..] = v4.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_for_benchmarks = first == 198 && (18..20).contains(&second);
    let is_local = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_documentation();
    let is_no_host = first == 0 || first >= 224;
    !is_shared && !is_for_benchmarks && !is_local && !is_no_host
}

/// Global unicast without the range for documentation.
fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [first, second, ..] = v6.segments();
    first & 0xe000 == 0x2000 && (first, second) != (0x2001, 0x0db8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(addresses: &[&str]) -> InterfaceKind {
        kind(&addresses.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn the_kind_follows_from_the_addresses() {
        assert_eq!(kind_of(&[]), InterfaceKind::Unaddressed);
        assert_eq!(kind_of(&["127.0.0.1/8", "::1/128"]), InterfaceKind::Loopback);
        assert_eq!(kind_of(&["10.0.0.7/8", "fe80::1/64"]), InterfaceKind::Private);
        assert_eq!(kind_of(&["100.64.0.1/10"]), InterfaceKind::Private);
        assert_eq!(kind_of(&["fd00::1/64"]), InterfaceKind::Private);
        assert_eq!(kind_of(&["10.0.0.7/8", "2620:fe::9/64"]), InterfaceKind::Public);
        assert_eq!(kind_of(&["9.9.9.9/24"]), InterfaceKind::Public);
        assert_eq!(kind_of(&["198.51.100.7/24", "2001:db8::1/64"]), InterfaceKind::Private);
    }

    #[test]
    fn temporary_addresses_are_told_from_lasting_ones() {
        let text = "20010db8000000000000000000000001 02 40 00 80     eth0\n\
                    20010db8000000000000000000000002 02 40 00 01     eth0\n\
                    junk\n";
        assert_eq!(passing_addresses(text), ["2001:db8::2".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn only_a_hardware_address_is_one() {
        assert!(is_mac(&"52:54:00:12:34:56".into()));
        for text in ["00:00:00:00:00:00", "", "zz:54:00:12:34:56", "52-54-00-12-34-56", "0.0.0.0"] {
            assert!(!is_mac(&text.into()), "{text}");
        }
    }

    #[test]
    fn a_mask_tells_the_prefix() {
        assert_eq!(prefix("255.255.240.0".parse().unwrap()), 20);
        assert_eq!(prefix("ffff:ffff:ffff:ffff::".parse().unwrap()), 64);
    }
}
