//! Networks with addresses: every asset has one of its own, and neighbours in number are neighbours in address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::random::{Random, Skew};

/// Separates the stream of chance of this part from others.
const STREAM: u64 = 0x6e77;
/// Assets of one subnet.
const HOSTS: u64 = 250;

/// What stands at a network's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// A site of the organisation.
    Site,
    /// A cloud.
    Cloud,
    /// Reachable from outside. The block is the one for benchmarks (RFC 2544), so that nobody's real addresses are
    /// ever stored, and scanned by mistake.
    Outside,
}

struct Network {
    first: u32,
    /// How many subnets of 256 addresses fit.
    subnets: u32,
    zone: Zone,
    weight: u64,
}

const fn network(octets: [u8; 2], prefix: u32, zone: Zone, weight: u64) -> Network {
    let [a, b] = octets;
    Network { first: u32::from_be_bytes([a, b, 0, 0]), subnets: 1 << (24 - prefix), zone, weight }
}

const NETWORKS: &[Network] = &[
    network([10, 0], 10, Zone::Site, 34),
    network([10, 64], 11, Zone::Site, 18),
    network([10, 96], 11, Zone::Site, 9),
    network([10, 128], 11, Zone::Cloud, 14),
    network([10, 160], 11, Zone::Cloud, 7),
    network([172, 16], 12, Zone::Site, 12),
    network([192, 168], 16, Zone::Site, 2),
    network([198, 18], 15, Zone::Outside, 4),
];

/// Which network each subnet is in.
pub(super) struct Addresses {
    subnets: Vec<(u32, Zone)>,
}

/// Where an asset is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) address: Ipv4Addr,
    /// The same in IPv6.
    pub(super) address6: Ipv6Addr,
    pub(super) gateway: Ipv4Addr,
    pub(super) zone: Zone,
    /// The number of its subnet: what is near shares it.
    pub(super) subnet: u64,
}

impl Addresses {
    /// Addresses for so many assets; 4 million are the most.
    pub(super) fn new(seed: u64, assets: u64) -> Self {
        let skew = Skew::weighted(NETWORKS.iter().map(|network| network.weight));
        let mut used = vec![0; NETWORKS.len()];
        let mut subnets = Vec::new();
        for number in 0..assets.div_ceil(HOSTS) {
            let drawn = skew.draw(&mut Random::of(seed, STREAM, number));
            // A network that is full leaves it to the next one that is not.
            let places = (drawn..NETWORKS.len()).chain(0..drawn);
            let free = places.filter_map(|at| Some((NETWORKS.get(at)?, at)));
            let with_room = free.into_iter().find(|(network, at)| used.get(*at) < Some(&network.subnets));
            let Some((network, at)) = with_room else { break };
            if let Some(used) = used.get_mut(at) {
                subnets.push((network.first + *used * 256, network.zone));
                *used += 1;
            }
        }
        Self { subnets }
    }

    /// How many assets have an address.
    pub(super) fn room(&self) -> u64 {
        self.subnets.len() as u64 * HOSTS
    }

    /// The place of an asset.
    pub(super) fn spot(&self, asset: u64) -> Option<Spot> {
        let subnet = asset / HOSTS;
        let (first, zone) = *self.subnets.get(usize::try_from(subnet).ok()?)?;
        let host = u32::try_from(asset % HOSTS).ok()? + 2;
        let address = Ipv4Addr::from_bits(first + host);
        let block = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0).to_bits();
        Some(Spot {
            address,
            address6: Ipv6Addr::from_bits(block | u128::from(first) << 64 | u128::from(host)),
            gateway: Ipv4Addr::from_bits(first + 1),
            zone,
            subnet,
        })
    }
}

impl Spot {
    /// The address that the asset is known by.
    pub(super) fn primary(&self, six: bool) -> IpAddr {
        if six { self.address6.into() } else { self.address.into() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_asset_has_an_address_of_its_own() {
        let addresses = Addresses::new(1, 100_000);
        assert_eq!(addresses.room(), 100_000);
        let spots: Vec<Spot> = (0..100_000).filter_map(|asset| addresses.spot(asset)).collect();
        let distinct: BTreeSet<Ipv4Addr> = spots.iter().map(|spot| spot.address).collect();
        assert_eq!(distinct.len(), 100_000);
        assert!(
            spots.iter().any(|spot| spot.zone == Zone::Outside && spot.address.octets()[..2] == [198, 18])
        );
        assert!(addresses.spot(100_000).is_none());
    }

    #[test]
    fn networks_that_are_full_leave_it_to_others() {
        let addresses = Addresses::new(1, 10_000_000);
        let distinct: BTreeSet<u32> = addresses.subnets.iter().map(|(first, _)| *first).collect();
        assert_eq!(distinct.len(), addresses.subnets.len());
        assert!(addresses.room() >= 4_000_000, "{}", addresses.room());
    }
}
