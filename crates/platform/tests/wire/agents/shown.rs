//! What a host with an agent looks like on the wire (`contract/ca.md 3.3 and 3.4`).

use proptest::prelude::*;

use inventory::{Inventory, List, Text};

use super::machine::{interface, package, port, rich};
use super::{Machine, hosts, only};
use crate::common::{Node, World, filters};

#[test]
fn everything_that_an_agent_reports_is_shown() {
    let world = World::new();
    let machine = Machine::with(&world, rich()).join();
    let host = only(&world);
    assert_eq!(
        host.names(),
        [
            "id",
            "name",
            "created",
            "modified",
            "type",
            "tags",
            "criticalityScore",
            "sourceInfo",
            "qwebHostId",
            "lastSystemBoot",
            "lastLoggedOnUser",
            "domain",
            "fqdn",
            "os",
            "dnsHostName",
            "agentInfo",
            "address",
            "trackingMethod",
            "manufacturer",
            "model",
            "totalMemory",
            "timezone",
            "biosDescription",
            "openPort",
            "software",
            "processor",
            "volume",
            "account",
            "networkInterface",
            "isDockerHost",
            "dockerInfo",
            "cloudProvider",
        ]
    );
    for (path, value) in [
        ("name", "web-7.example.net"),
        ("type", "HOST"),
        ("lastSystemBoot", "2024-02-29T23:59:59Z"),
        ("lastLoggedOnUser", "kim"),
        ("domain", "example.net"),
        ("fqdn", "web-7.example.net"),
        ("dnsHostName", "web-7.example.net"),
        ("os", "Debian GNU/Linux 12 (bookworm)"),
        ("address", "192.0.2.7"),
        ("trackingMethod", "QAGENT"),
        ("manufacturer", "Maker"),
        ("model", "Model"),
        ("totalMemory", "16000"),
        ("timezone", "Europe/Berlin"),
        ("biosDescription", "Maker 1.0 01/01/2024"),
        ("isDockerHost", "true"),
        ("dockerInfo.dockerVersion", "26.1"),
        ("dockerInfo.noOfContainers", "3"),
        ("dockerInfo.noOfImages", "-"),
        ("cloudProvider", "AWS"),
        ("sourceInfo.list.Ec2AssetSourceSimple.instanceId", "i-0abc"),
        ("sourceInfo.list.Ec2AssetSourceSimple.accountId", "205767712438"),
        ("sourceInfo.list.Ec2AssetSourceSimple.launchTime", "2024-02-29T12:00:00Z"),
        ("sourceInfo.list.Ec2AssetSourceSimple.ec2InstanceTags.tags.list.EC2Tags.value", "web-7"),
        ("agentInfo.agentVersion", "1.2.3"),
        ("agentInfo.agentId", &machine.ids[0].unwrap().to_string()),
        ("agentInfo.status", "STATUS_ACTIVE"),
        ("agentInfo.lastCheckedIn", "2024-03-01T10:00:00Z"),
        ("agentInfo.connectedFrom", "198.51.100.7"),
        ("agentInfo.chirpStatus", "Inventory Scan Complete"),
        ("agentInfo.platform", "Linux"),
        ("agentInfo.activatedModule", "AGENT_VM"),
        ("agentInfo.agentConfiguration.name", "Default"),
        ("agentInfo.activationKey.title", "Default"),
    ] {
        assert_eq!(host.text_at(path), value, "{path}");
    }
    world.wait(24 * 3_600);
    assert_eq!(only(&world).text_at("agentInfo.status"), "STATUS_ACTIVE");
    world.wait(1);
    assert_eq!(only(&world).text_at("agentInfo.status"), "STATUS_INACTIVE", "it was silent for a day");
    let lines = |list: &str, members: &[&str]| {
        let line =
            |item: &&Node| members.iter().map(|member| item.text_at(member)).collect::<Vec<_>>().join(" ");
        host.items(list).iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(
        lines("software", &["name", "version"]),
        ["bash 5.2.15-2", "openssl 3.0.11-1", "zlib1g 1:1.2.13"]
    );
    let ports = lines("openPort", &["port", "protocol", "serviceName"]);
    assert_eq!(ports, ["22 TCP sshd", "68 UDP -", "443 TCP service"], "one for each port and protocol");
    assert_eq!(lines("processor", &["name", "speed"]), ["CPU @ 2.50GHz 2500", "CPU @ 2.50GHz 2500"]);
    assert_eq!(lines("volume", &["name", "size", "free"]), ["/ 1000000 400000"]);
    assert_eq!(lines("account", &["username"]), ["kim", "root"]);
    let interfaces =
        lines("networkInterface", &["interfaceName", "type", "address", "macAddress", "gatewayAddress"]);
    assert_eq!(
        interfaces,
        [
            "eth0 PRIVATE 192.0.2.7 02:00:00:00:00:07 192.0.2.254",
            "eth0 PRIVATE 2001:db8::7 02:00:00:00:00:07 -",
            "eth1 PRIVATE 10.0.0.8 02:00:00:00:00:08 -",
            "eth2 - - 02:00:00:00:00:09 -",
            "lo LOOPBACK 127.0.0.1 - -",
            "lo LOOPBACK ::1 - -",
        ],
        "one for each address"
    );
}

#[test]
fn a_host_with_an_agent_is_found_as_clients_look_for_it() {
    let world = World::new();
    let machine = Machine::with(&world, rich()).join();
    let me = world.manager();
    let found = |field, operator, value: &str| {
        me.post("/qps/rest/2.0/search/am/hostasset?fields=id", &filters(&[(field, operator, value)])).ids()
    };
    assert_eq!(found("tagName", "EQUALS", "Cloud Agent"), [1]);
    assert_eq!(found("installedSoftware", "EQUALS", "openssl"), [1]);
    assert_eq!(found("port", "EQUALS", "443"), [1]);
    assert_eq!(found("agentVersion", "GREATER", "1.2"), [1]);
    assert_eq!(found("instanceId", "EQUALS", "i-0abc"), [1]);
    assert_eq!(found("lastCheckedIn", "LESSER", "2024-03-02"), [1]);
    let by_uuid = |side: usize| {
        let body = filters(&[("agentUuid", "EQUALS", &machine.ids[side].unwrap().to_string())]);
        me.one(
            side,
            "POST",
            "/qps/rest/2.0/search/am/asset",
            [qps::Format::Xml, qps::Format::Json][side],
            None,
            &[body.clone(), crate::common::json_of(&body)][side],
        )
        .ids()
    };
    assert_eq!((by_uuid(0), by_uuid(1)), (vec![1], vec![1]));
}

/// The asset's data, without what names the agent and the asset.
fn data(host: &Node) -> Node {
    let mut host = host.clone();
    host.members.retain(|(name, _)| {
        !["id", "qwebHostId", "name", "created", "modified", "agentInfo"].contains(&name.as_str())
    });
    host.with_texts(&|text| text.to_owned())
}

fn any_inventory() -> impl Strategy<Value = Inventory> {
    let packages = proptest::collection::vec(("[ab]{1,2}", "[12]"), 0..6);
    let ports = proptest::collection::vec((1u16..4, prop::bool::ANY, prop::option::of("[xy]")), 0..5);
    let texts = proptest::collection::vec(prop::option::of("[a-c]{1,3}"), 8);
    let addresses = proptest::collection::vec(1u8..6, 0..3);
    (packages, ports, texts, addresses).prop_map(|(packages, ports, texts, addresses)| {
        let mut inventory = rich();
        inventory.packages = packages.iter().map(|(name, version)| package(name, version)).collect();
        inventory.ports = ports
            .iter()
            .map(|(number, v6, process)| {
                port(*number, if *v6 { "::" } else { "0.0.0.0" }, process.as_deref())
            })
            .collect();
        let text = |at: usize| texts[at].as_deref().map(Text::from);
        inventory.os.name = text(0).unwrap_or_default();
        inventory.host.fqdn = text(1);
        inventory.host.domain = text(2);
        inventory.hardware.model = text(3);
        inventory.timezone = text(4);
        inventory.last_logged_on_user = text(5);
        inventory.docker = text(6).and(inventory.docker.clone());
        inventory.memory_mb = text(7).map(|text| text.len() as u64);
        let mut eth = interface(7);
        eth.addresses = addresses.iter().map(|n| format!("192.0.2.{n}/24").parse().unwrap()).collect();
        inventory.interfaces = List::from([eth]);
        inventory
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever way an inventory came, by deltas or whole, the asset is the same.
    #[test]
    fn deltas_lead_to_what_a_full_report_says(states in proptest::collection::vec(any_inventory(), 1..6)) {
        let world = World::new();
        let mut by_delta = Machine::with(&world, rich()).join();
        for state in &states {
            by_delta.inventory = state.clone();
            by_delta.report_changes();
        }
        let mut other = states.last().unwrap().clone();
        other.identity.machine_id = Some("another".into());
        (other.identity.bios_uuid, other.identity.bios_serial) = (None, None);
        if let Some(inventory::Cloud::Aws(instance)) = &mut other.cloud {
            instance.instance_id = "i-another".into();
        }
        let mut whole = Machine::with(&world, other);
        whole.inventory.interfaces = List::from([interface(200)]);
        whole.enroll().unwrap();
        whole.inventory = states.last().unwrap().clone();
        whole.report();
        let reply = hosts(&world);
        let records = reply.records();
        prop_assert_eq!(records.len(), 2);
        let (mut first, mut second) = (data(records[0]), data(records[1]));
        // Where the last state has no address, the asset keeps the one that it had.
        if by_delta.inventory.interfaces.iter().all(|one| one.addresses.is_empty()) {
            for one in [&mut first, &mut second] {
                one.members.retain(|(name, _)| name != "address");
            }
        }
        let blind = |node: Node| node.with_texts(&|text: &str| text.to_owned());
        let strip = |mut node: Node| {
            node.members.retain(|(name, _)| name != "sourceInfo");
            blind(node)
        };
        prop_assert_eq!(strip(first), strip(second));
        prop_assert_eq!(world.sides[0].store().verify().unwrap(), None, "the index is the store's");
    }
}
