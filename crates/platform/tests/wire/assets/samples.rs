//! Assets as agents, scans and connectors leave them.

use inventory::protocol::PublicKey;
use jiff::Timestamp;
use platform::assets::{
    Account, Agent, Asset, CloudSource, CloudTag, Detection, Docker, Interface, OpenPort, Processor,
    Provider, Software, TrackingMethod, Volume,
};

fn date(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// An asset with a name and nothing else.
pub(crate) fn bare(name: &str) -> Asset {
    Asset::new(name, TrackingMethod::None, date("2024-02-01T08:00:00Z"))
}

/// The host of the samples in `contract/am.md 5.5`.
pub(crate) fn lab_web() -> Asset {
    let mut asset = Asset::new("lab-web-1", TrackingMethod::Ip, date("2024-02-01T08:00:00Z"));
    asset.modified = date("2024-02-02T08:00:00Z");
    asset.scans.last_vuln_scan = Some(date("2024-02-02T07:55:00Z"));
    asset.network.fqdn = some("lab-web-1.example.test");
    asset.network.dns_host_name = some("lab-web-1.example.test");
    asset.network.address = "192.0.2.10".parse().ok();
    asset.os = some("Example Linux 9");
    asset.open_ports = vec![OpenPort { port: 443, protocol: "TCP".into(), service_name: some("https") }];
    let found = Detection::new(1, 38_000, 3, date("2024-02-01T08:00:00Z"));
    let gone = Detection::new(2, 38_001, 2, date("2024-02-01T08:00:00Z"));
    asset.detections = vec![
        Detection {
            last_found: date("2024-02-02T07:55:00Z"),
            port: Some(443),
            protocol: some("TCP"),
            ssl: true,
            ..found
        },
        Detection { found: false, ..gone },
    ];
    asset
}

fn software(name: &str, version: Option<&str>) -> Software {
    let (architecture, publisher, installed, source) = Default::default();
    Software {
        name: name.into(),
        version: version.map(str::to_owned),
        architecture,
        publisher,
        installed,
        source,
    }
}

/// A host with an agent.
pub(crate) fn agent_host() -> Asset {
    let mut asset = Asset::new("web-7", TrackingMethod::Qagent, date("2026-01-02T08:00:00Z"));
    asset.modified = date("2026-01-30T09:10:11Z");
    asset.network.dns_host_name = some("web-7.example.net");
    asset.network.address = "192.0.2.7".parse().ok();
    asset.os = some("Ubuntu Linux 24.04");
    asset.system.family = some("Linux");
    asset.agent = Some(Agent {
        id: "5d9f6f1e-3b1f-4e55-8a0b-93f3a5d0c001".parse().unwrap(),
        public_key: PublicKey::from_bytes([7; 32]),
        version: "7.3.0.40".into(),
        platform: "Linux".into(),
        last_checked_in: date("2026-01-30T09:09:40Z"),
        connected_from: "198.51.100.7".parse().ok(),
        chirp_status: "Scan Complete".into(),
        modules: vec!["AGENT_PC".into(), "AGENT_VM".into()],
        activation_id: "c2b9d1a0-7c1e-4a3e-9f7c-0d8e1f2a3b4c".parse().unwrap(),
        activation_title: "prod".into(),
        machine_id: None,
        sequence: 4,
        body: None,
        refused: None,
        state: None,
        report: None,
    });
    asset.software = vec![software("openssl", Some("3.0.2"))];
    asset
}

fn source(provider: Provider, members: &[(&str, &str)]) -> CloudSource {
    CloudSource {
        provider,
        first_discovered: date("2024-01-01T00:00:00Z"),
        last_updated: date("2024-01-02T00:00:00Z"),
        members: members.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        tags: vec![CloudTag { key: "Name".into(), value: "a & <b>".into() }],
    }
}

/// A host with every member there is, found in EC2.
pub(crate) fn everything() -> Asset {
    let mut asset = Asset { name: "everything".into(), ..agent_host() };
    asset.tracking_method = TrackingMethod::InstanceId;
    asset.scans.last_compliance_scan = Some(date("2024-02-03T00:00:00Z"));
    asset.scans.last_vuln_scan = Some(date("2024-02-04T00:00:00Z"));
    asset.scans.vulns_updated = Some(date("2024-02-05T00:00:00Z"));
    asset.scans.information_gathered_updated = Some(date("2024-02-06T00:00:00Z"));
    asset.system.last_boot = Some(date("2024-02-07T00:00:00Z"));
    asset.system.last_logged_on_user = some("kim");
    asset.system.timezone = some("Europe/Berlin");
    asset.network.domain = some("example.net");
    asset.network.fqdn = some("web-7.example.net");
    asset.network.netbios_name = some("WEB7");
    asset.network.netbios_network_id = some("42");
    asset.network.network_guid = "0b1c9d1a-7c1e-4a3e-9f7c-0d8e1f2a3b4c".parse().ok();
    asset.hardware.manufacturer = some("Maker");
    asset.hardware.model = some("Model 5");
    asset.hardware.bios_description = some("Maker BIOS 1.2");
    asset.hardware.total_memory = Some(16_384);
    asset.open_ports = lab_web().open_ports;
    asset.detections = lab_web().detections;
    asset.processors = vec![Processor { name: "CPU".into(), speed: Some(2_500) }];
    asset.volumes = vec![Volume { name: "/".into(), size: i64::MAX as u64, free: 0 }];
    asset.accounts = vec![Account { username: "root".into() }];
    asset.interfaces = vec![Interface {
        hostname: some("web-7"),
        interface_id: some("eni-1"),
        interface_name: some("eth0"),
        mac_address: some("02:00:00:00:00:01"),
        kind: some("PRIVATE"),
        address: "192.0.2.7".parse().ok(),
        gateway_address: "192.0.2.1".parse().ok(),
    }];
    asset.docker =
        Some(Docker { docker_version: some("26.1"), no_of_containers: Some(3), no_of_images: Some(0) });
    asset.sources = vec![source(
        Provider::Ec2,
        &[
            ("reservationId", "r-1"),
            ("availabilityZone", "us-east-2a"),
            ("privateDnsName", "ip-10-0-0-5.internal"),
            ("publicDnsName", "ec2-1.example.test"),
            ("localHostname", "ip-10-0-0-5"),
            ("instanceId", "i-0abc"),
            ("instanceType", "t3.micro"),
            ("createdDate", "2024-01-01T00:00:00Z"),
            ("instanceState", "RUNNING"),
            ("groupId", "sg-1"),
            ("groupName", "web"),
            ("spotInstance", "false"),
            ("instanceGroupId", "ig-1"),
            ("instanceGroupName", "ig"),
            ("keyName", "key"),
            ("launchTime", "2024-01-01T12:00:00.123Z"),
            ("accountId", "205767712438"),
            ("placementGroupName", "pg"),
            ("productCode", "pc"),
            ("sourceDestinationCheck", "true"),
            ("spotInstanceRequestId", "sir-1"),
            ("subnetId", "subnet-1"),
            ("vpcId", "vpc-1"),
            ("region", "us-east-2"),
            ("zone", "VPC"),
            ("endpointId", "12"),
            ("imageId", "ami-1"),
            ("publicIpAddress", "203.0.113.9"),
            ("privateIpAddress", "10.0.0.5"),
            ("macAddress", "02:00:00:00:00:01"),
            ("monitoringEnabled", "true"),
            ("unheardOf", "is not shown"),
        ],
    )];
    asset
}

/// A host in Azure.
pub(crate) fn azure_host() -> Asset {
    let mut asset = bare("azure-1");
    asset.tracking_method = TrackingMethod::VirtualMachineId;
    asset.sources = vec![source(
        Provider::Azure,
        &[
            ("name", "azure-1"),
            ("location", "westeurope"),
            ("vmSize", "Standard_B1s"),
            ("vmId", "11111111-2222-3333-4444-555555555555"),
            ("offer", "debian-12"),
            ("state", "STOPPED"),
            ("publisher", "Debian"),
            ("version", "latest"),
            ("osType", "Linux"),
            ("subnet", "default"),
            ("ipv6", "2001:db8::9"),
            ("subscriptionId", "sub-1"),
            ("resourceGroupName", "rg-1"),
            ("macAddress", "00:0d:3a:00:00:01"),
            ("publicIpAddress", "203.0.113.10"),
            ("privateIpAddress", "10.1.0.4"),
            ("virtualNetwork", "vnet-1"),
        ],
    )];
    asset
}

/// A host in Google's cloud that Oracle's and IBM's know as well.
pub(crate) fn gcp_host() -> Asset {
    let mut asset = bare("gcp-1");
    asset.tracking_method = TrackingMethod::GcpInstanceId;
    let gcp = [
        ("instanceId", "1234567890123456789"),
        ("hostname", "gcp-1.c.project.internal"),
        ("machineType", "e2-micro"),
        ("imageId", "image-1"),
        ("zone", "europe-west3-a"),
        ("projectIdNo", "42"),
        ("state", "RUNNING"),
        ("projectId", "project-1"),
        ("network", "default"),
        ("macAddress", "42:01:00:00:00:01"),
        ("publicIpAddress", "203.0.113.11"),
        ("privateIpAddress", "10.2.0.4"),
    ];
    let ibm = [
        ("ibmId", "1"),
        ("location", "wdc07"),
        ("datacenterId", "2"),
        ("deviceName", "ibm-1"),
        ("state", "RUNNING"),
        ("publicVlan", "3"),
        ("domain", "example.test"),
        ("privateVlan", "4"),
        ("publicIp", "203.0.113.12"),
        ("privateIp", "10.3.0.4"),
    ];
    let oci = [
        ("ociId", "ocid1.instance"),
        ("displayName", "oci-1"),
        ("compartmentId", "c-1"),
        ("compartmentName", "comp"),
        ("tenantId", "t-1"),
        ("tenantName", "tenant"),
        ("shape", "VM.Standard"),
        ("state", "RUNNING"),
        ("region", "eu-frankfurt-1"),
        ("availabilityDomain", "AD-1"),
        ("image", "image"),
        ("faultDomain", "FD-1"),
        ("hostName", "oci-1"),
        ("canonicalRegion", "eu-frankfurt-1"),
    ];
    asset.sources = vec![
        source(Provider::Gcp, &gcp),
        source(Provider::Ibm, &ibm),
        source(Provider::Oci, &oci),
        CloudSource { tags: Vec::new(), ..source(Provider::Ec2, &[]) },
    ];
    asset
}
