//! `/proc/net/route` and `/proc/net/ipv6_route`: default gateways.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::tree::Tree;

/// The default gateway of each interface that has one; an IPv4 gateway goes before an IPv6 one.
pub(crate) fn read(tree: &Tree) -> HashMap<String, IpAddr> {
    let v4 = tree.text("/proc/net/route").unwrap_or_default();
    let v6 = tree.text("/proc/net/ipv6_route").unwrap_or_default();
    let mut gateways: HashMap<String, IpAddr> = HashMap::new();
    for (interface, gateway) in parse_v4(&v4).chain(parse_v6(&v6)) {
        gateways.entry(interface.to_owned()).or_insert(gateway);
    }
    gateways
}

/// The default routes of `/proc/net/route`, the kernel's preferred first.
pub fn parse_v4(text: &str) -> impl Iterator<Item = (&str, IpAddr)> {
    let mut routes: Vec<_> = text.lines().filter_map(route_v4).collect();
    routes.sort_by_key(|(metric, _, _)| *metric);
    routes.into_iter().map(|(_, interface, gateway)| (interface, gateway.into()))
}

fn route_v4(line: &str) -> Option<(u32, &str, Ipv4Addr)> {
    let mut fields = line.split_whitespace();
    let interface = fields.next()?;
    let destination = fields.next()?;
    // The kernel prints the address as a number in its own byte order.
    let gateway = Ipv4Addr::from(u32::from_str_radix(fields.next()?, 16).ok()?.to_ne_bytes());
    let metric = fields.nth(3)?.parse().ok()?;
    let mask = fields.next()?;
    let is_default = destination == "00000000" && mask == "00000000" && !gateway.is_unspecified();
    is_default.then_some((metric, interface, gateway))
}

/// The default routes of `/proc/net/ipv6_route`.
pub fn parse_v6(text: &str) -> impl Iterator<Item = (&str, IpAddr)> {
    text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [destination, prefix, _, _, gateway, .., interface] = fields.as_slice() else { return None };
        let gateway = Ipv6Addr::from(u128::from_str_radix(gateway, 16).ok()?);
        let is_default =
            *prefix == "00" && destination.bytes().all(|digit| digit == b'0') && !gateway.is_unspecified();
        is_default.then_some((*interface, gateway.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_route_with_the_lowest_metric_comes_first() {
        let text = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
                    eth0\t00000000\t0202000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
                    eth0\t00000000\t0102000A\t0003\t0\t0\t50\t00000000\t0\t0\t0\n\
                    eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        let routes: Vec<_> = parse_v4(text).collect();
        assert_eq!(routes, [("eth0", "10.0.2.1".parse().unwrap()), ("eth0", "10.0.2.2".parse().unwrap())]);
    }

    #[test]
    fn an_ipv6_default_route_is_read() {
        let zeros = "0".repeat(32);
        let gateway = "fe800000000000000000000000000001";
        let text = format!(
            "{zeros} 00 {zeros} 00 {gateway} 00000400 00000001 00000000 00000003     eth0\n\
             {zeros} 00 {zeros} 00 {zeros} ffffffff 00000001 00000000 00200200       lo\n"
        );
        let routes: Vec<_> = parse_v6(&text).collect();
        assert_eq!(routes, [("eth0", "fe80::1".parse().unwrap())]);
    }
}
