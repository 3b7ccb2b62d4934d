//! Assets that nobody has: made from a seed, alike on every machine, and as uneven as real ones are.
//!
//! - An asset follows from the plan and its number alone, so any part of the data can be made anywhere, in any order.
//! - Only whole numbers decide, so no machine's arithmetic makes a difference.
//! - Names are below `example` domains and addresses in private and benchmark blocks: nothing here is anybody's.

mod host;
mod names;
mod network;
mod ports;
mod random;
mod software;
mod systems;
mod tags;
mod vulnerabilities;

use jiff::Timestamp;

pub use random::{Random, Skew};
pub use tags::{EXEMPT, NewTag, PRODUCTION};

use self::names::SITES;
use self::network::Addresses;
use self::ports::Ports;
use self::software::Catalogue;
use self::systems::Systems;
use self::tags::TagTree;
use self::vulnerabilities::Qids;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Another seed makes other data.
    pub seed: u64,
    /// How many assets; about 4 million are the most.
    pub assets: u64,
    /// Packages of each.
    pub packages: usize,
    /// Open ports of each.
    pub ports: usize,
    /// Detections of each.
    pub vulnerabilities: usize,
    /// Tags of each; about three of them come by rule.
    pub tags: usize,
    /// The latest time in the data; everything happened in the year before.
    pub until: Timestamp,
}

/// Makes assets and tags.
pub struct Synthesizer {
    plan: Plan,
    addresses: Addresses,
    systems: Systems,
    software: Catalogue,
    ports: Ports,
    qids: Qids,
    tree: TagTree,
    sites: Skew,
    /// How many versions behind a machine is on everything.
    lags: Skew,
}

impl Synthesizer {
    /// Makes what this plan says.
    pub fn new(plan: Plan) -> Self {
        let qids = Qids::new(plan.seed);
        let worst: Vec<u32> = [12, 40, 77].map(|rank| qids.ranked(rank)).to_vec();
        Self {
            addresses: Addresses::new(plan.seed, plan.assets),
            systems: Systems::new(),
            software: Catalogue::new(plan.seed),
            ports: Ports::new(),
            tree: TagTree::new(&worst),
            qids,
            sites: Skew::zipf(SITES.len(), 2),
            lags: Skew::zipf(4, 1),
            plan,
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How many assets there are: as planned, or as many as have room in the networks.
    pub fn assets(&self) -> u64 {
        self.plan.assets.min(self.addresses.room())
    }

    /// The tags, parents before children. None if the plan wants none.
    pub fn tags(&self) -> &[NewTag] {
        if self.plan.tags == 0 { &[] } else { self.tree.all() }
    }

    /// The QID of a rank, counted from 0, the commonest first.
    pub fn qid(&self, rank: usize) -> u32 {
        self.qids.ranked(rank)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use platform::assets::{Asset, TrackingMethod};
    use store::{Id, Object};

    use super::*;

    fn plan(assets: u64) -> Plan {
        let until = "2026-06-30T12:00:00Z".parse().unwrap();
        Plan { seed: 7, assets, packages: 100, ports: 6, vulnerabilities: 20, tags: 8, until }
    }

    fn assets(plan: Plan) -> Vec<Asset> {
        let synthesizer = Synthesizer::new(plan);
        let ids: Vec<_> = (1..).take(synthesizer.tags().len()).map(Id::new).collect();
        (0..synthesizer.assets()).map(|number| synthesizer.asset(number, &ids).unwrap()).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_data() {
        let (once, again) = (assets(plan(300)), assets(plan(300)));
        assert_eq!(once, again);
        assert_ne!(once, assets(Plan { seed: 8, ..plan(300) }));
        let text = serde_json::to_string(&once).unwrap();
        let sum = text.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        assert_eq!(sum, EXPECTED, "the data differs from that of other versions and machines");
    }

    const EXPECTED: u64 = 4_247_480_651_188_682_827;

    #[test]
    fn every_asset_has_what_the_plan_says() {
        let all = assets(plan(2_000));
        let keys: Vec<String> = all.iter().flat_map(Object::keys).collect();
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "keys are taken twice");
        for asset in &all {
            let small = matches!(asset.system.family.as_deref(), Some("Unix" | "Network"));
            assert!(asset.software.len() == 100 || small && asset.software.len() == 7, "{}", asset.name);
            assert_eq!((asset.open_ports.len(), asset.tags.len()), (6, 5), "{}", asset.name);
            assert_eq!(asset.detections.len(), 20, "{}", asset.name);
            assert!(asset.created <= asset.modified && asset.modified <= plan(1).until);
            let scanned = asset.scans.last_vuln_scan.unwrap();
            assert!(asset.detections.iter().all(|one| !one.found || one.last_found == scanned));
        }
    }

    #[test]
    fn the_data_is_uneven() {
        let all = assets(plan(4_000));
        let share = |holds: &dyn Fn(&Asset) -> bool| {
            all.iter().filter(|asset| holds(asset)).count() * 100 / all.len()
        };
        assert!((55..75).contains(&share(&|asset| asset.system.family.as_deref() == Some("Windows"))));
        assert!((75..95).contains(&share(&|asset| asset.tracking_method == TrackingMethod::Qagent)));
        let systems: BTreeSet<_> = all.iter().filter_map(|asset| asset.os.as_deref()).collect();
        assert!(systems.len() > 35, "{systems:?}");
        let software: BTreeSet<_> =
            all.iter().flat_map(|asset| &asset.software).map(|one| &one.name).collect();
        assert!((2_000..8_000).contains(&software.len()), "{}", software.len());
    }
}
