//! One host: everything about it that follows from its number.

use inventory::protocol::PublicKey;
use jiff::{SignedDuration, Timestamp};
use platform::assets::{
    Account, Agent, Asset, CloudSource, Hardware, Interface, Network, Processor, Provider, Scans, System,
    TrackingMethod, Volume,
};
use platform::tags::Tag;
use store::Id;
use uuid::{Builder, Uuid};

use super::Synthesizer;
use super::names::{ACCOUNTS, DEPARTMENTS, MACHINES, PROCESSORS, SITES, TIMEZONES, WINDOWS_ACCOUNTS};
use super::network::{Spot, Zone};
use super::random::{Random, Skew, place};
use super::systems::{self, Role};
use super::vulnerabilities::since_scan;

/// Separates the stream of chance of this part from others.
const STREAM: u64 = 0x4057;
const DAY: i64 = 86_400;
/// The domain below which all names are; reserved for examples (RFC 2606).
const DOMAIN: &str = "corp.example";

/// A host that is being made.
struct Draft<'a> {
    number: u64,
    role: Role,
    system: &'static systems::System,
    spot: Spot,
    site: usize,
    until: Timestamp,
    random: &'a mut Random,
}

impl Synthesizer {
    /// The asset of this number, counted from 0; `tags` are the ids of [`Synthesizer::tags`]. None beyond the plan.
    pub fn asset(&self, number: u64, tags: &[Id<Tag>]) -> Option<Asset> {
        let spot = self.addresses.spot(number).filter(|_| number < self.plan.assets)?;
        let mut near = Random::of(self.plan.seed, STREAM, spot.subnet << 1 | 1);
        let site = self.sites.draw(&mut near);
        let mut random = Random::of(self.plan.seed, STREAM, number << 1);
        let (role, system) = self.systems.draw(&mut random)?;
        let until = self.plan.until;
        let mut draft = Draft { number, role, system, spot, site, until, random: &mut random };
        let mut asset = draft.asset();
        draft.describe(&mut asset);
        let counts = &self.plan;
        let scanned = asset.scans.last_vuln_scan.unwrap_or(until);
        let by_hand = self.tree.by_hand(counts.tags, site, draft.random);
        asset.tags = by_hand.into_iter().filter_map(|at| tags.get(at).copied()).collect();
        asset.tags.sort_unstable();
        let lag = self.lags.draw(draft.random);
        let since = (asset.created, scanned);
        asset.software = self.software.install(system, counts.packages, lag, since, draft.random);
        asset.open_ports = self.ports.open(role, system.family, counts.ports, draft.random);
        asset.detections = self.qids.find(system.family, counts.vulnerabilities, scanned, draft.random);
        Some(asset)
    }
}

impl Draft<'_> {
    fn asset(&mut self) -> Asset {
        let six = self.random.happens(30);
        let address = self.spot.primary(six);
        let name = self.name();
        let fqdn =
            format!("{}.{}.{DOMAIN}", name.to_lowercase(), SITES.get(self.site).copied().unwrap_or_default());
        let created = self.ago_within(30 * DAY, 365 * DAY);
        let scan_age = since_scan(self.random);
        let scanned = self.ago(scan_age).max(created);
        let modified = self.ago_within(0, scan_age).max(scanned);
        let windows = self.system.family == "Windows";
        let agent = self.agent(scanned);
        let tracking = if agent.is_some() { TrackingMethod::Qagent } else { TrackingMethod::Ip };
        let mut asset = Asset::new(name.clone(), tracking, created);
        asset.modified = modified;
        asset.os = Some(self.system.text.to_owned());
        asset.agent = agent;
        asset.network = Network {
            address: Some(address),
            dns_host_name: Some(fqdn.clone()),
            fqdn: Some(fqdn),
            domain: Some(DOMAIN.to_owned()),
            netbios_name: windows.then(|| name.to_uppercase().chars().take(15).collect()),
            ..Network::default()
        };
        asset.scans = Scans {
            last_vuln_scan: Some(scanned),
            vulns_updated: Some(modified),
            information_gathered_updated: Some(scanned),
            last_compliance_scan: self.random.happens(400).then(|| self.ago_within(0, 90 * DAY).max(created)),
        };
        asset
    }

    fn name(&mut self) -> String {
        let site = SITES.get(self.site).copied().unwrap_or_default();
        let number = self.number;
        match self.role {
            Role::Workstation if self.random.happens(300) => {
                let code = (self.random.number() & 0xffff) as u16;
                format!("DESKTOP-{code:04X}{number:06}")
            }
            Role::Workstation => {
                let department = self.random.pick(DEPARTMENTS).copied().unwrap_or_default();
                let short: String =
                    department.to_lowercase().chars().filter(|letter| *letter != ' ').take(4).collect();
                format!("{site}-{short}-{}-{number:06}", self.role.short())
            }
            role => {
                let stage = ["p", "p", "p", "s", "t", "d"];
                let stage = self.random.pick(&stage).copied().unwrap_or_default();
                format!("{site}{stage}-{}-{number:06}", role.short())
            }
        }
    }

    /// Whoever has no agent is known by scans alone.
    fn agent(&mut self, scanned: Timestamp) -> Option<Agent> {
        let share = match self.role {
            Role::Network | Role::Hypervisor => 0,
            Role::Workstation => 950,
            _ => 880,
        };
        if !self.random.happens(share) || self.system.family == "Unix" {
            return None;
        }
        // Nobody has the private half of these keys, so nobody can report for a host that is not there.
        let mut key = [0; 32];
        key.iter_mut().for_each(|byte| *byte = (self.random.number() >> 56) as u8);
        let version = ["6.1.0", "6.1.0", "6.0.2", "5.9.1", "5.6.0"];
        Some(Agent {
            id: self.uuid(),
            public_key: PublicKey::from_bytes(key),
            version: self.random.pick(&version).copied().unwrap_or_default().to_owned(),
            platform: self.system.family.to_owned(),
            last_checked_in: scanned.max(self.ago_within(0, 6 * 3_600)),
            connected_from: Some(self.spot.address.into()),
            chirp_status: "Inventory Scan Complete".to_owned(),
            modules: vec!["AGENT_VM".to_owned()],
            activation_id: Uuid::from_u128(0x8f1d_0e6a_72c4_4b7e_9a53_1c0b_66d2_e901),
            activation_title: "Synthetic".to_owned(),
            machine_id: Some(self.uuid().simple().to_string()),
            sequence: 0,
            body: None,
            refused: None,
            state: None,
            report: None,
        })
    }

    /// System, hardware, interfaces and whatever else an agent reads.
    fn describe(&mut self, asset: &mut Asset) {
        let users = Skew::zipf(400, 5);
        let user = format!("user{:03}", users.draw(self.random));
        asset.system = System {
            id: Some(self.system.id.to_owned()),
            version: Some(self.system.version.to_owned()),
            kernel: Some(self.system.kernel.to_owned()),
            architecture: Some(self.system.architecture.to_owned()),
            family: Some(self.system.family.to_owned()),
            timezone: TIMEZONES.get(self.site).map(|zone| (*zone).to_owned()),
            last_boot: Some(self.ago_within(0, 60 * DAY)),
            last_logged_on_user: (self.system.family != "Network").then_some(user),
        };
        let (maker, model) = self.random.pick(MACHINES).copied().unwrap_or_default();
        asset.hardware = Hardware {
            manufacturer: Some(maker.to_owned()),
            model: Some(model.to_owned()),
            bios_description: Some(format!("{maker} BIOS 2.{}", self.random.below(20))),
            bios_uuid: Some(self.uuid().to_string()),
            bios_serial: Some(format!("SN{:08X}", self.random.number() as u32)),
            total_memory: Some(1024 << self.random.between(2, 8)),
        };
        asset.interfaces = self.interfaces(asset);
        asset.volumes = self.volumes();
        let accounts = if self.system.family == "Windows" { WINDOWS_ACCOUNTS } else { ACCOUNTS };
        let count = place(self.random.between(2, 5));
        let account = |name: &&str| Account { username: (*name).to_owned() };
        asset.accounts = accounts.iter().take(count).map(account).collect();
        let (name, speed) = self.random.pick(PROCESSORS).copied().unwrap_or_default();
        asset.processors = vec![Processor { name: name.to_owned(), speed: Some(speed) }];
        if self.spot.zone == Zone::Cloud {
            asset.sources = vec![self.cloud(asset)];
        }
    }

    fn interfaces(&mut self, asset: &Asset) -> Vec<Interface> {
        let mac = self.random.number() & 0xffff_ffff;
        let bytes = mac.to_be_bytes();
        let [.., a, b, c, d] = bytes;
        let name = if self.system.family == "Windows" { "Ethernet0" } else { "eth0" };
        let first = Interface {
            hostname: asset.network.dns_host_name.clone(),
            interface_name: Some(name.to_owned()),
            mac_address: Some(format!("00:50:{a:02x}:{b:02x}:{c:02x}:{d:02x}")),
            kind: Some("PRIVATE".to_owned()),
            address: Some(self.spot.address.into()),
            gateway_address: Some(self.spot.gateway.into()),
            ..Interface::default()
        };
        let six =
            Interface { address: Some(self.spot.address6.into()), gateway_address: None, ..first.clone() };
        if self.random.happens(200) { vec![first, six] } else { vec![first] }
    }

    fn volumes(&mut self) -> Vec<Volume> {
        let windows = self.system.family == "Windows";
        let names = if windows { ["C:", "D:", "E:"] } else { ["/", "/var", "/data"] };
        let count = place(self.random.between(1, 3));
        let volume = |name: &str| {
            let size = 64 << self.random.below(5) << 30;
            Volume { name: name.to_owned(), size, free: self.random.below(size >> 30) << 30 }
        };
        names.into_iter().take(count).map(volume).collect()
    }

    fn cloud(&mut self, asset: &Asset) -> CloudSource {
        let amazon = self.spot.address.octets().get(1).is_some_and(|second| *second < 160);
        let instance = self.random.number();
        let region = ["eu-central-1", "eu-west-1", "us-east-1"];
        let region = self.random.pick(&region).copied().unwrap_or_default();
        let account = format!("{:012}", 100_000_000_000 + self.random.below(12) * 7_919);
        let address = self.spot.address.to_string();
        let members: &[(&str, String)] = &if amazon {
            [
                ("instanceId", format!("i-{instance:017x}")),
                ("accountId", account),
                ("region", region.to_owned()),
                ("availabilityZone", format!("{region}a")),
                ("instanceType", "m5.large".to_owned()),
                ("instanceState", "RUNNING".to_owned()),
                ("privateIpAddress", address),
            ]
        } else {
            [
                ("vmId", Uuid::from_u64_pair(instance, self.random.number()).to_string()),
                ("subscriptionId", account),
                ("location", "germanywestcentral".to_owned()),
                ("resourceGroupName", format!("rg-{:02}", self.random.below(30))),
                ("vmSize", "Standard_D2s_v5".to_owned()),
                ("state", "RUNNING".to_owned()),
                ("privateIpAddress", address),
            ]
        };
        CloudSource {
            provider: if amazon { Provider::Ec2 } else { Provider::Azure },
            first_discovered: asset.created,
            last_updated: asset.modified,
            members: members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            tags: Vec::new(),
        }
    }

    fn uuid(&mut self) -> Uuid {
        let bits = u128::from(self.random.number()) << 64 | u128::from(self.random.number());
        Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }

    /// Some time between so many seconds ago and so many.
    fn ago_within(&mut self, low: i64, high: i64) -> Timestamp {
        let range = u64::try_from(high - low).unwrap_or_default();
        let more = i64::try_from(self.random.below(range + 1)).unwrap_or_default();
        self.ago(low + more)
    }

    fn ago(&self, seconds: i64) -> Timestamp {
        self.until.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(self.until)
    }
}
