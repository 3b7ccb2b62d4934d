//! Operating systems, and how many machines of each role run them.

use super::random::{Random, Skew};

/// Where a system's software comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ecosystem {
    Dpkg,
    Rpm,
    Windows,
    Mac,
    Device,
}

impl Ecosystem {
    pub(super) const ALL: [Self; 5] = [Self::Dpkg, Self::Rpm, Self::Windows, Self::Mac, Self::Device];
}

/// What a machine is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Workstation,
    Web,
    Database,
    Application,
    File,
    Directory,
    Build,
    Cluster,
    Network,
    Hypervisor,
}

impl Role {
    /// Roles with how many of a thousand machines have them.
    const ALL: [(Self, u64); 10] = [
        (Self::Workstation, 540),
        (Self::Web, 90),
        (Self::Database, 60),
        (Self::Application, 130),
        (Self::File, 25),
        (Self::Directory, 10),
        (Self::Build, 25),
        (Self::Cluster, 60),
        (Self::Network, 45),
        (Self::Hypervisor, 15),
    ];

    /// As names of machines have it.
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::Workstation => "ws",
            Self::Web => "web",
            Self::Database => "db",
            Self::Application => "app",
            Self::File => "file",
            Self::Directory => "dc",
            Self::Build => "ci",
            Self::Cluster => "k8s",
            Self::Network => "net",
            Self::Hypervisor => "esx",
        }
    }
}

/// An operating system.
#[derive(Debug)]
pub(super) struct System {
    /// As scanners write it.
    pub(super) text: &'static str,
    /// `Windows`, `Linux`, `Mac`, `Unix` or `Network`.
    pub(super) family: &'static str,
    /// As `os-release` identifies it.
    pub(super) id: &'static str,
    pub(super) version: &'static str,
    pub(super) kernel: &'static str,
    pub(super) architecture: &'static str,
    pub(super) ecosystem: Ecosystem,
    /// What its packagers append to versions.
    pub(super) suffix: &'static str,
    /// How common it is on workstations, and on everything else that it runs on.
    weights: (u64, u64),
}

macro_rules! system {
    ($ecosystem:ident $family:literal $id:literal $version:literal $text:literal, $kernel:literal, $arch:literal,
     $suffix:literal, $desk:literal / $server:literal) => {
        System {
            text: $text,
            family: $family,
            id: $id,
            version: $version,
            kernel: $kernel,
            architecture: $arch,
            ecosystem: Ecosystem::$ecosystem,
            suffix: $suffix,
            weights: ($desk, $server),
        }
    };
}

#[rustfmt::skip]
const SYSTEMS: &[System] = &[
    system!(Windows "Windows" "windows" "10.0.19045" "Windows 10 Enterprise 64 bit Edition Version 22H2", "10.0.19045", "x86_64", "", 300 / 0),
    system!(Windows "Windows" "windows" "10.0.19044" "Windows 10 Enterprise LTSC 64 bit Edition Version 21H2", "10.0.19044", "x86_64", "", 40 / 0),
    system!(Windows "Windows" "windows" "10.0.22631" "Windows 11 Enterprise 64 bit Edition Version 23H2", "10.0.22631", "x86_64", "", 280 / 0),
    system!(Windows "Windows" "windows" "10.0.26100" "Windows 11 Enterprise 64 bit Edition Version 24H2", "10.0.26100", "x86_64", "", 150 / 0),
    system!(Windows "Windows" "windows" "10.0.22000" "Windows 11 Pro 64 bit Edition Version 21H2", "10.0.22000", "x86_64", "", 20 / 0),
    system!(Windows "Windows" "windows" "6.1.7601" "Windows 7 Professional 64 bit Edition Service Pack 1", "6.1.7601", "x86_64", "", 6 / 0),
    system!(Windows "Windows" "windows" "6.3.9600" "Windows Server 2012 R2 Standard 64 bit Edition", "6.3.9600", "x86_64", "", 0 / 18),
    system!(Windows "Windows" "windows" "10.0.14393" "Windows Server 2016 Standard 64 bit Edition Version 1607", "10.0.14393", "x86_64", "", 0 / 60),
    system!(Windows "Windows" "windows" "10.0.17763" "Windows Server 2019 Standard 64 bit Edition Version 1809", "10.0.17763", "x86_64", "", 0 / 110),
    system!(Windows "Windows" "windows" "10.0.17763" "Windows Server 2019 Datacenter 64 bit Edition Version 1809", "10.0.17763", "x86_64", "", 0 / 50),
    system!(Windows "Windows" "windows" "10.0.20348" "Windows Server 2022 Standard 64 bit Edition Version 21H2", "10.0.20348", "x86_64", "", 0 / 90),
    system!(Windows "Windows" "windows" "10.0.20348" "Windows Server 2022 Datacenter 64 bit Edition Version 21H2", "10.0.20348", "x86_64", "", 0 / 45),
    system!(Windows "Windows" "windows" "10.0.26100" "Windows Server 2025 Standard 64 bit Edition Version 24H2", "10.0.26100", "x86_64", "", 0 / 12),
    system!(Mac "Mac" "macos" "13.7" "macOS Ventura 13.7", "22.6.0", "arm64", "", 25 / 0),
    system!(Mac "Mac" "macos" "14.7" "macOS Sonoma 14.7", "23.6.0", "arm64", "", 60 / 0),
    system!(Mac "Mac" "macos" "15.3" "macOS Sequoia 15.3", "24.3.0", "arm64", "", 55 / 0),
    system!(Dpkg "Linux" "ubuntu" "18.04" "Ubuntu Linux 18.04.6 LTS", "4.15.0-213-generic", "x86_64", "ubuntu0.18.04", 2 / 15),
    system!(Dpkg "Linux" "ubuntu" "20.04" "Ubuntu Linux 20.04.6 LTS", "5.4.0-196-generic", "x86_64", "ubuntu0.20.04", 6 / 70),
    system!(Dpkg "Linux" "ubuntu" "22.04" "Ubuntu Linux 22.04.5 LTS", "5.15.0-122-generic", "x86_64", "ubuntu0.22.04", 20 / 170),
    system!(Dpkg "Linux" "ubuntu" "24.04" "Ubuntu Linux 24.04.1 LTS", "6.8.0-45-generic", "x86_64", "ubuntu0.24.04", 14 / 70),
    system!(Dpkg "Linux" "debian" "10" "Debian GNU/Linux 10 (buster)", "4.19.0-27-amd64", "x86_64", "+deb10u", 0 / 10),
    system!(Dpkg "Linux" "debian" "11" "Debian GNU/Linux 11 (bullseye)", "5.10.0-32-amd64", "x86_64", "+deb11u", 3 / 35),
    system!(Dpkg "Linux" "debian" "12" "Debian GNU/Linux 12 (bookworm)", "6.1.0-25-amd64", "x86_64", "+deb12u", 9 / 60),
    system!(Rpm "Linux" "rhel" "7.9" "Red Hat Enterprise Linux Server 7.9", "3.10.0-1160.el7.x86_64", "x86_64", ".el7", 0 / 40),
    system!(Rpm "Linux" "rhel" "8.6" "Red Hat Enterprise Linux 8.6", "4.18.0-372.el8.x86_64", "x86_64", ".el8_6", 0 / 25),
    system!(Rpm "Linux" "rhel" "8.10" "Red Hat Enterprise Linux 8.10", "4.18.0-553.el8_10.x86_64", "x86_64", ".el8_10", 0 / 60),
    system!(Rpm "Linux" "rhel" "9.2" "Red Hat Enterprise Linux 9.2", "5.14.0-284.el9_2.x86_64", "x86_64", ".el9_2", 0 / 25),
    system!(Rpm "Linux" "rhel" "9.4" "Red Hat Enterprise Linux 9.4", "5.14.0-427.el9_4.x86_64", "x86_64", ".el9_4", 2 / 70),
    system!(Rpm "Linux" "centos" "7" "CentOS Linux 7.9.2009", "3.10.0-1160.el7.x86_64", "x86_64", ".el7", 0 / 30),
    system!(Rpm "Linux" "rocky" "8.10" "Rocky Linux 8.10 (Green Obsidian)", "4.18.0-553.el8_10.x86_64", "x86_64", ".el8_10", 0 / 20),
    system!(Rpm "Linux" "rocky" "9.4" "Rocky Linux 9.4 (Blue Onyx)", "5.14.0-427.el9_4.x86_64", "x86_64", ".el9_4", 0 / 22),
    system!(Rpm "Linux" "almalinux" "9.4" "AlmaLinux 9.4 (Seafoam Ocelot)", "5.14.0-427.el9_4.x86_64", "x86_64", ".el9_4", 0 / 15),
    system!(Rpm "Linux" "amzn" "2" "Amazon Linux 2", "5.10.226-214.amzn2.x86_64", "x86_64", ".amzn2", 0 / 30),
    system!(Rpm "Linux" "amzn" "2023" "Amazon Linux 2023", "6.1.109-118.amzn2023.aarch64", "aarch64", ".amzn2023", 0 / 35),
    system!(Rpm "Linux" "ol" "8.9" "Oracle Enterprise Linux 8.9", "5.15.0-209.el8uek.x86_64", "x86_64", ".el8", 0 / 14),
    system!(Rpm "Linux" "sles" "12.5" "SUSE Linux Enterprise Server 12 SP5", "4.12.14-122-default", "x86_64", ".sle12", 0 / 9),
    system!(Rpm "Linux" "sles" "15.5" "SUSE Linux Enterprise Server 15 SP5", "5.14.21-150500-default", "x86_64", ".sle15", 0 / 18),
    system!(Device "Unix" "aix" "7.2" "IBM AIX 7.2", "7.2.0.0", "ppc64", "", 0 / 6),
    system!(Device "Unix" "solaris" "11.4" "Oracle Solaris 11.4", "5.11", "sparc", "", 0 / 4),
    system!(Device "Unix" "freebsd" "13.3" "FreeBSD 13.3-RELEASE", "13.3-RELEASE", "amd64", "", 0 / 5),
];

#[rustfmt::skip]
const DEVICES: &[System] = &[
    system!(Device "Network" "ios-xe" "17.9" "Cisco IOS XE 17.9.4a", "17.9.4a", "arm64", "", 0 / 40),
    system!(Device "Network" "ios" "15.2" "Cisco IOS 15.2(7)E4", "15.2", "powerpc", "", 0 / 25),
    system!(Device "Network" "nx-os" "10.3" "Cisco NX-OS 10.3(4a)", "10.3", "x86_64", "", 0 / 12),
    system!(Device "Network" "fortios" "7.2" "FortiOS 7.2.8", "7.2.8", "arm64", "", 0 / 15),
    system!(Device "Network" "pan-os" "10.2" "PAN-OS 10.2.9", "10.2.9", "x86_64", "", 0 / 10),
    system!(Device "Network" "junos" "21.4" "Juniper Junos 21.4R3", "21.4R3", "x86_64", "", 0 / 8),
    system!(Device "Network" "printer" "4.11" "HP JetDirect Printer", "4.11", "arm", "", 0 / 30),
];

#[rustfmt::skip]
const HYPERVISORS: &[System] = &[
    system!(Device "Unix" "esxi" "7.0.3" "VMware ESXi 7.0.3", "7.0.3", "x86_64", "", 0 / 45),
    system!(Device "Unix" "esxi" "8.0.2" "VMware ESXi 8.0.2", "8.0.2", "x86_64", "", 0 / 40),
];

/// Chooses roles and systems.
pub(super) struct Systems {
    roles: Skew,
    workstations: Skew,
    servers: Skew,
    devices: Skew,
    hypervisors: Skew,
}

impl Systems {
    pub(super) fn new() -> Self {
        let server = |system: &System| system.weights.1;
        Self {
            roles: Skew::weighted(Role::ALL.map(|(_, weight)| weight)),
            workstations: Skew::weighted(SYSTEMS.iter().map(|system| system.weights.0)),
            servers: Skew::weighted(SYSTEMS.iter().map(server)),
            devices: Skew::weighted(DEVICES.iter().map(server)),
            hypervisors: Skew::weighted(HYPERVISORS.iter().map(server)),
        }
    }

    pub(super) fn draw(&self, random: &mut Random) -> Option<(Role, &'static System)> {
        let (role, _) = *Role::ALL.get(self.roles.draw(random))?;
        let (list, skew) = match role {
            Role::Workstation => (SYSTEMS, &self.workstations),
            Role::Network => (DEVICES, &self.devices),
            Role::Hypervisor => (HYPERVISORS, &self.hypervisors),
            _ => (SYSTEMS, &self.servers),
        };
        Some((role, list.get(skew.draw(random))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_fit_the_roles_that_run_them() {
        let (systems, mut random) = (Systems::new(), Random::of(1, 1, 1));
        for _ in 0..10_000 {
            let (role, system) = systems.draw(&mut random).unwrap();
            assert_eq!(role == Role::Network, system.family == "Network", "{}", system.text);
            let is_server = !matches!(role, Role::Workstation | Role::Network);
            assert!(!system.text.contains("Windows Server") || is_server, "{} on {role:?}", system.text);
        }
    }
}
