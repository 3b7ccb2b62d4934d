//! Which neighbours on the local network did not tell their hardware address yet: the kernel's table of ARP knows.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// How old what is known of the table may be.
const FRESH: Duration = Duration::from_millis(20);

/// The neighbours that ARP asks for, or found missing.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    read: Option<Instant>,
    unresolved: HashSet<Ipv4Addr>,
}

impl Neighbours {
    /// Whether ARP was asked for an address and has no answer.
    pub(super) fn is_unresolved(&mut self, address: Ipv4Addr, now: Instant) -> bool {
        let is_fresh = self.read.is_some_and(|read| now.saturating_duration_since(read) < FRESH);
        if !is_fresh {
            self.read = Some(now);
            let table = std::fs::read_to_string("/proc/net/arp").unwrap_or_default();
            self.unresolved = unresolved(&table).collect();
        }
        self.unresolved.contains(&address)
    }
}

/// The columns are: address, type, flags (0x0 while incomplete), hardware address, mask, device.
fn unresolved(table: &str) -> impl Iterator<Item = Ipv4Addr> {
    table.lines().skip(1).filter_map(|line| {
        let mut columns = line.split_whitespace();
        let (address, flags, hardware) = (columns.next()?, columns.nth(1)?, columns.next()?);
        (flags == "0x0" && hardware == "00:00:00:00:00:00").then(|| address.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_incomplete_entry_is_unresolved() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n\
            192.0.2.9        0x1         0x0         00:00:00:00:00:00     *        eth0\n\
            192.0.2.10       0x1         0x2         02:fc:00:00:00:05     *        eth0\n\
            192.0.2.11\n";
        assert_eq!(unresolved(table).collect::<Vec<_>>(), [Ipv4Addr::new(192, 0, 2, 9)]);
    }
}
