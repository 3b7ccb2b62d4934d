//! Open ports: what machines of a role listen on, and a tail of others.

use platform::assets::OpenPort;

use super::random::{Random, Skew, place};
use super::systems::Role;

type Known = &'static [(u16, &'static str)];

const WINDOWS: Known =
    &[(135, "msrpc"), (139, "netbios-ssn"), (445, "microsoft-ds"), (3389, "ms-wbt-server"), (5985, "wsman")];
const UNIX: Known = &[(22, "ssh")];
const WEB: Known = &[(443, "https"), (80, "http"), (8080, "http-proxy"), (8443, "https-alt")];
const DATABASE: Known = &[(5432, "postgresql"), (3306, "mysql"), (1433, "ms-sql-s"), (27017, "mongodb")];
const APPLICATION: Known = &[(8080, "http-proxy"), (443, "https"), (9090, "zeus-admin"), (8009, "ajp13")];
const FILE: Known = &[(2049, "nfs"), (111, "rpcbind"), (21, "ftp")];
const DIRECTORY: Known =
    &[(389, "ldap"), (636, "ldaps"), (88, "kerberos-sec"), (53, "domain"), (3268, "globalcatLDAP")];
const BUILD: Known = &[(8080, "http-proxy"), (50000, "ibm-db2")];
const CLUSTER: Known = &[(6443, "kubernetes"), (10250, "kubelet"), (2379, "etcd-client"), (30080, "http")];
const NETWORK: Known = &[(23, "telnet"), (161, "snmp"), (443, "https"), (80, "http")];
const HYPERVISOR: Known = &[(443, "https"), (902, "vmware-authd"), (8000, "http-alt"), (427, "svrloc")];
/// Ports below this are known ones.
const OTHERS_FROM: u64 = 1_024;
const OTHERS: u64 = 400;

/// Chooses open ports.
pub(super) struct Ports {
    others: Skew,
}

impl Ports {
    pub(super) fn new() -> Self {
        Self { others: Skew::zipf(place(OTHERS), 3) }
    }

    /// `count` ports of a machine, ascending; those of its role first.
    pub(super) fn open(&self, role: Role, family: &str, count: usize, random: &mut Random) -> Vec<OpenPort> {
        let mut ports: Vec<(u16, Option<&'static str>)> = Vec::with_capacity(count);
        for (port, name) in known(role, family) {
            let is_new = !ports.iter().any(|(other, _)| *other == port);
            if ports.len() < count && is_new && random.happens(850) {
                ports.push((port, Some(name)));
            }
        }
        let (mut tries, mut next) = (count * 20, OTHERS_FROM);
        while ports.len() < count && next < 65_536 {
            let number = if tries > 0 {
                tries -= 1;
                OTHERS_FROM + self.others.draw(random) as u64 * 157
            } else {
                next += 1;
                next
            };
            let Ok(port) = u16::try_from(number) else { break };
            if !ports.iter().any(|(other, _)| *other == port) {
                ports.push((port, None));
            }
        }
        ports.sort_unstable();
        ports.into_iter().map(|(port, name)| open_port(port, name)).collect()
    }
}

fn known(role: Role, family: &str) -> impl Iterator<Item = (u16, &'static str)> {
    let of_role = match role {
        Role::Workstation => [].as_slice(),
        Role::Web => WEB,
        Role::Database => DATABASE,
        Role::Application => APPLICATION,
        Role::File => FILE,
        Role::Directory => DIRECTORY,
        Role::Build => BUILD,
        Role::Cluster => CLUSTER,
        Role::Network => NETWORK,
        Role::Hypervisor => HYPERVISOR,
    };
    let of_family = if family == "Windows" { WINDOWS } else { UNIX };
    of_role.iter().take(3).chain(of_family).copied()
}

fn open_port(port: u16, name: Option<&str>) -> OpenPort {
    let protocol = if port == 161 || port == 53 { "UDP" } else { "TCP" };
    OpenPort { port, protocol: protocol.to_owned(), service_name: name.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_as_many_ports_as_asked_for_and_those_of_its_role() {
        let (ports, mut random) = (Ports::new(), Random::of(1, 1, 1));
        for count in [0, 1, 6, 40, 500] {
            let open = ports.open(Role::Web, "Linux", count, &mut random);
            assert_eq!(open.len(), count);
            assert!(open.is_sorted_by(|a, b| a.port < b.port));
        }
        let with_web = (0..1_000)
            .filter(|_| ports.open(Role::Web, "Linux", 6, &mut random).iter().any(|port| port.port == 443));
        assert!((800..900).contains(&with_web.count()));
    }
}
