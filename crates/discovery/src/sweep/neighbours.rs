//! Whether a neighbour on the local network is known not to answer: the kernel's table of ARP tells.

use std::net::Ipv4Addr;

/// Whether ARP was asked for an address and found nobody.
pub(super) fn is_missing(address: Ipv4Addr) -> bool {
    std::fs::read_to_string("/proc/net/arp").is_ok_and(|table| missing_in(&table, address))
}

/// The columns are: address, type, flags (0x0 while incomplete), hardware address, mask, device.
fn missing_in(table: &str, address: Ipv4Addr) -> bool {
    let mut rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.any(|row| match row.as_slice() {
        [ip, _, flags, hardware, ..] => {
            ip.parse() == Ok(address) && *flags == "0x0" && *hardware == "00:00:00:00:00:00"
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_incomplete_entry_is_missing() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n\
            192.0.2.9        0x1         0x0         00:00:00:00:00:00     *        eth0\n\
            192.0.2.10       0x1         0x2         02:fc:00:00:00:05     *        eth0\n";
        assert!(missing_in(table, Ipv4Addr::new(192, 0, 2, 9)));
        assert!(!missing_in(table, Ipv4Addr::new(192, 0, 2, 10)));
        assert!(!missing_in(table, Ipv4Addr::new(192, 0, 2, 11)));
    }
}
