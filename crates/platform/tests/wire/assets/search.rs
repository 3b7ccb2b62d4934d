//! Finding host assets.

use platform::assets::Asset;
use store::Id;

use super::{agent_host, at_address, azure_host, bare, everything, gcp_host, lab_web};
use crate::common::{As, World, filters, filters_only};
use crate::tags::{dynamic, tag};

const SEARCH: &str = "/qps/rest/2.0/search/am/hostasset";

#[track_caller]
fn found(me: &As<'_>, criteria: &[(&str, &str, &str)]) -> Vec<u64> {
    let reply = me.post(&format!("{SEARCH}?fields=id"), &filters(criteria));
    let count = me.post("/qps/rest/2.0/count/am/hostasset", &filters(criteria));
    assert_eq!((count.count(), count.has_data(), count.more()), (reply.count(), false, None));
    reply.ids()
}

/// 1: a scanned host with a tag; 2: one with an agent; 3: in EC2; 4: in Azure; 5: in Google's cloud.
fn inventory(world: &World) -> As<'_> {
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name>");
    world.asset(&Asset { tags: vec![Id::new(u32::try_from(lab).unwrap())], ..lab_web() });
    for asset in [agent_host(), Asset { agent: None, ..everything() }, azure_host(), gcp_host()] {
        world.asset(&asset);
    }
    me
}

#[test]
fn host_assets_are_found_by_every_documented_field() {
    let world = World::new();
    let me = inventory(&world);
    let cases: &[(&str, &str, &str, &[u64])] = &[
        ("id", "EQUALS", "2", &[2]),
        ("id", "NOT EQUALS", "2", &[1, 3, 4, 5]),
        ("id", "GREATER", "3", &[4, 5]),
        ("id", "LESSER", "3", &[1, 2]),
        ("id", "IN", "5, 1,77", &[1, 5]),
        ("qwebHostId", "EQUALS", "2", &[2]),
        ("qwebHostId", "IN", "1,2", &[1, 2]),
        ("qwebHostId", "GREATER", "4", &[5]),
        ("name", "EQUALS", "lab-web-1", &[1]),
        ("name", "EQUALS", "LAB-WEB-1", &[]),
        ("name", "CONTAINS", "WEB-", &[1, 2]),
        ("name", "NOT EQUALS", "web-7", &[1, 3, 4, 5]),
        ("os", "CONTAINS", "linux", &[1, 2, 3]),
        ("os", "EQUALS", "Example Linux 9", &[1]),
        ("os", "NOT EQUALS", "Example Linux 9", &[2, 3, 4, 5]),
        ("dnsHostName", "EQUALS", "lab-web-1.example.test", &[1]),
        ("dnsHostName", "CONTAINS", "example.net", &[2, 3]),
        ("address", "EQUALS", "192.0.2.10", &[1]),
        ("address", "CONTAINS", "192.0.2.", &[1, 2, 3]),
        ("address", "NOT EQUALS", "192.0.2.10", &[2, 3, 4, 5]),
        ("netbiosName", "EQUALS", "WEB7", &[3]),
        ("netbiosName", "CONTAINS", "eb7", &[3]),
        ("netbiosNetworkID", "EQUALS", "42", &[3]),
        ("netbiosNetworkId", "CONTAINS", "4", &[3]),
        ("networkGuid", "EQUALS", "0b1c9d1a-7c1e-4a3e-9f7c-0d8e1f2a3b4c", &[3]),
        ("networdGuid", "CONTAINS", "7c1e-4a3e", &[3]),
        ("installedSoftware", "EQUALS", "openssl", &[2, 3]),
        ("installedSoftware", "CONTAINS", "SSL", &[2, 3]),
        ("installedSoftware", "NOT EQUALS", "openssl", &[1, 4, 5]),
        ("created", "EQUALS", "2024-02-01T08:00:00Z", &[1, 4, 5]),
        ("created", "EQUALS", "2024-02-01", &[1, 4, 5]),
        ("created", "EQUALS", "2024-02-01T08:00:00.000000Z", &[1, 4, 5]),
        ("created", "NOT EQUALS", "2024-02-01", &[2, 3]),
        ("created", "GREATER", "2024-02-01", &[2, 3]),
        ("created", "LESSER", "2026-01-02T08:00:00Z", &[1, 4, 5]),
        ("updated", "GREATER", "2024-02-02T07:59:59Z", &[1, 2, 3]),
        ("update", "EQUALS", "2024-02-02", &[1]),
        ("lastVulnScan", "GREATER", "2024-02-02T07:55:00Z", &[3]),
        ("lastVulnScan", "LESSER", "2024-02-03", &[1]),
        ("lastVulnScan", "NOT EQUALS", "2024-02-04", &[1, 2, 4, 5]),
        ("lastComplianceScan", "EQUALS", "2024-02-03", &[3]),
        ("vulnsUpdated", "GREATER", "2024-02-04", &[3]),
        ("informationGatheredUpdated", "LESSER", "2024-02-07", &[3]),
        ("type", "EQUALS", "HOST", &[1, 2, 3, 4, 5]),
        ("type", "NOT EQUALS", "HOST", &[]),
        ("trackingMethod", "EQUALS", "QAGENT", &[2]),
        ("trackingMethod", "IN", "IP,GCP_INSTANCE_ID", &[1, 5]),
        ("trackingMethod", "NOT EQUALS", "IP", &[2, 3, 4, 5]),
        ("port", "EQUALS", "443", &[1, 3]),
        ("port", "IN", "80,443", &[1, 3]),
        ("port", "GREATER", "443", &[]),
        ("port", "NOT EQUALS", "443", &[2, 4, 5]),
        ("tagName", "EQUALS", "Lab", &[1]),
        ("tagName", "CONTAINS", "lab", &[1]),
        ("tagName", "EQUALS", "Cloud Agent", &[2]),
        ("tagName", "NOT EQUALS", "Lab", &[2, 3, 4, 5]),
        ("tagId", "EQUALS", "7", &[1]),
        ("tagId", "IN", "7,4", &[1, 2]),
        ("tagId", "LESSER", "7", &[2]),
        ("activationKey", "EQUALS", "c2b9d1a0-7c1e-4a3e-9f7c-0d8e1f2a3b4c", &[2]),
        ("agentConfigurationName", "EQUALS", "Default", &[2]),
        ("agentConfigurationName", "CONTAINS", "def", &[2]),
        ("agentConfigurationId", "EQUALS", "1", &[2]),
        ("agentVersion", "EQUALS", "7.3.0.40", &[2]),
        ("agentVersion", "GREATER", "7.3.0.9", &[2]),
        ("agentVersion", "LESSER", "7.3.0.5", &[]),
        ("lastCheckedIn", "LESSER", "2026-01-31T00:00:00Z", &[2]),
        ("lastCheckedIn", "GREATER", "2026-01-30T09:09:40Z", &[]),
        ("lastCheckedIn", "EQUALS", "2026-01-30", &[2]),
        ("agentUuid", "EQUALS", "5d9f6f1e-3b1f-4e55-8a0b-93f3a5d0c001", &[2]),
        ("agentUuid", "IN", "x,5d9f6f1e-3b1f-4e55-8a0b-93f3a5d0c001", &[2]),
        ("instanceId", "EQUALS", "i-0abc", &[3]),
        ("instanceId", "EQUALS", "1234567890123456789", &[5]),
        ("accountId", "EQUALS", "205767712438", &[3]),
        ("instanceState", "EQUALS", "RUNNING", &[3, 5]),
        ("instanceState", "IN", "STOPPED,TERMINATED", &[4]),
        ("state", "EQUALS", "STOPPED", &[4]),
        ("region", "EQUALS", "us-east-2", &[3]),
        ("region", "EQUALS", "eu-frankfurt-1", &[5]),
        ("availabilityZone", "EQUALS", "us-east-2a", &[3]),
        ("instanceType", "EQUALS", "t3.micro", &[3]),
        ("imageId", "CONTAINS", "ami", &[3]),
        ("vpcId", "EQUALS", "vpc-1", &[3]),
        ("subnetId", "EQUALS", "subnet-1", &[3]),
        ("groupId", "EQUALS", "sg-1", &[3]),
        ("groupName", "EQUALS", "web", &[3]),
        ("reservationId", "EQUALS", "r-1", &[3]),
        ("privateDnsName", "CONTAINS", "internal", &[3]),
        ("publicDnsName", "EQUALS", "ec2-1.example.test", &[3]),
        ("privateIpAddress", "EQUALS", "10.0.0.5", &[3]),
        ("publicIpAddress", "CONTAINS", "203.0.113.", &[3, 4, 5]),
        ("spotInstance", "EQUALS", "false", &[3]),
        ("spotInstance", "EQUALS", "true", &[]),
        ("monitoringEnabled", "NOT EQUALS", "true", &[1, 2, 4, 5]),
        ("launchTime", "EQUALS", "2024-01-01", &[3]),
        ("launchTime", "GREATER", "2024-01-01T12:00:00Z", &[]),
        ("vmId", "EQUALS", "11111111-2222-3333-4444-555555555555", &[4]),
        ("subscriptionId", "EQUALS", "sub-1", &[4]),
        ("resourceGroupName", "EQUALS", "rg-1", &[4]),
        ("location", "EQUALS", "westeurope", &[4]),
        ("vmSize", "EQUALS", "Standard_B1s", &[4]),
        ("projectId", "EQUALS", "project-1", &[5]),
        ("machineType", "EQUALS", "e2-micro", &[5]),
        ("zone", "EQUALS", "europe-west3-a", &[5]),
    ];
    for (field, operator, value, ids) in cases {
        let criterion = [(*field, *operator, *value)];
        assert_eq!(found(&me, &criterion), *ids, "{field} {operator} {value}");
    }
}

#[test]
fn all_criteria_must_hold() {
    let world = World::new();
    let me = inventory(&world);
    // `contract/qps.md 6.2`: the same field twice.
    assert_eq!(
        found(&me, &[("tagName", "EQUALS", "Cloud Agent"), ("tagName", "NOT EQUALS", "MAC OSX")]),
        [2]
    );
    assert_eq!(
        found(&me, &[("tagName", "EQUALS", "Cloud Agent"), ("tagName", "NOT EQUALS", "Cloud Agent")]),
        Vec::<u64>::new()
    );
    assert_eq!(
        found(&me, &[("id", "GREATER", "1"), ("id", "GREATER", "3"), ("os", "CONTAINS", "x")]),
        Vec::<u64>::new()
    );
    assert_eq!(found(&me, &[("port", "EQUALS", "443"), ("os", "CONTAINS", "ubuntu")]), [3]);
    assert_eq!(found(&me, &[]), [1, 2, 3, 4, 5]);
}

#[test]
fn values_may_stand_among_blanks_and_lines() {
    let world = World::new();
    let me = inventory(&world);
    assert_eq!(found(&me, &[("name", "EQUALS", "\n      lab-web-1\n    ")]), [1]);
    assert_eq!(found(&me, &[("id", "IN", "\n  1,\n  2 ,\n")]), [1, 2]);
    assert_eq!(found(&me, &[("lastVulnScan", "GREATER", " 2024-02-03T00:00:00Z\n")]), [3]);
}

#[test]
fn wrong_criteria_are_refused_by_name() {
    let world = World::new();
    let me = inventory(&world);
    for (field, operator, value) in [
        ("nosuch", "EQUALS", "1"),
        ("Name", "EQUALS", "1"),
        ("id", "EQUALS", "1.5"),
        ("id", "EQUALS", "99999999999999999999"),
        ("id", "CONTAINS", "1"),
        ("name", "GREATER", "a"),
        ("name", "IN", "a,b"),
        ("created", "EQUALS", "2024-13-01"),
        ("created", "IN", "2024-01-01"),
        ("created", "CONTAINS", "2024"),
        ("trackingMethod", "EQUALS", "MAGIC"),
        ("trackingMethod", "CONTAINS", "IP"),
        ("activationKey", "NOT EQUALS", "x"),
        ("agentConfigurationName", "NOT EQUALS", "x"),
        ("agentConfigurationId", "GREATER", "0"),
        ("agentVersion", "NOT EQUALS", "1"),
        ("lastCheckedIn", "NOT EQUALS", "2024-01-01"),
        ("agentUuid", "CONTAINS", "5d"),
        ("instanceState", "EQUALS", "running"),
        ("spotInstance", "EQUALS", "maybe"),
        ("spotInstance", "GREATER", "true"),
        ("port", "EQUALS", "https"),
        ("os", "LIKE", "x"),
        ("os", "EQUALS", ""),
        ("id", "IN", ","),
    ] {
        let reply = me.post(SEARCH, &filters(&[("id", "GREATER", "0"), (field, operator, value)]));
        reply.refused("INVALID_REQUEST");
        assert!(reply.message().contains(&format!("'{field}'")), "{}", reply.message());
        let count = me.post("/qps/rest/2.0/count/am/hostasset", &filters(&[(field, operator, value)]));
        assert_eq!((count.code(), count.message()), (reply.code(), reply.message()));
    }
}

#[test]
fn pages_of_hosts_are_exact() {
    let world = World::new();
    let me = world.manager();
    for n in 0..55 {
        world.asset(&bare(&format!("host-{n}")));
    }
    let page = |preferences: &str| {
        let criteria = filters_only(&[("name", "CONTAINS", "host")]);
        me.post(
            SEARCH,
            &format!("<ServiceRequest>{criteria}<preferences>{preferences}</preferences></ServiceRequest>"),
        )
    };
    let all: Vec<u64> = (1..=55).collect();
    let first = page("<limitResults>50</limitResults>");
    assert_eq!((first.ids(), first.more(), first.last_id()), (all[..50].to_vec(), Some(true), Some(50)));
    let rest = page("<startFromOffset>51</startFromOffset><limitResults>5</limitResults>");
    assert_eq!((rest.ids(), rest.more(), rest.last_id()), (all[50..].to_vec(), Some(false), None));
    let reply = page("<limitResults>55</limitResults>");
    assert_eq!((reply.more(), reply.last_id()), (Some(false), None));
    // A hole in the ids is no hole in the pages.
    me.post("/qps/rest/2.0/delete/am/hostasset", &filters(&[("id", "IN", "2,3,50")])).ok();
    let reply = page("<startFromOffset>2</startFromOffset><limitResults>2</limitResults>");
    assert_eq!((reply.ids(), reply.last_id()), (vec![4, 5], Some(5)));
    assert_eq!(page("<startFromId>50</startFromId>").ids(), all[50..]);
}

/// Who asks right after a write sees it.
#[test]
fn a_search_sees_every_write_before_it() {
    let world = World::new();
    let me = world.manager();
    let web = dynamic(&me, "Web", "NAME_CONTAINS", "web");
    for n in 1..=30u64 {
        let id = at_address(&me, &format!("web-{n}"), &format!("192.0.2.{n}"));
        assert_eq!(found(&me, &[("tagId", "EQUALS", &web.to_string())]).len() as u64, n);
        assert_eq!(found(&me, &[("address", "EQUALS", &format!("192.0.2.{n}"))]), [id]);
    }
    me.post(
        "/qps/rest/2.0/delete/am/hostasset",
        &filters(&[("tagName", "EQUALS", "Web"), ("id", "LESSER", "11")]),
    )
    .ok();
    assert_eq!(found(&me, &[("tagName", "EQUALS", "Web")]), (11..=30).collect::<Vec<_>>());
}

#[test]
fn fields_choose_what_is_shown() {
    let world = World::new();
    let me = inventory(&world);
    let shown =
        |fields: &str| me.post(&format!("{SEARCH}/?fields={fields}"), &filters(&[("id", "EQUALS", "2")]));
    // As clients ask: `contract/qps.md 11`.
    let reply = shown("name,agentInfo.agentId,agentInfo.platform");
    assert_eq!(reply.record().names(), ["name", "agentInfo"]);
    assert_eq!(reply.record().get("agentInfo").unwrap().names(), ["agentId", "platform"]);
    assert_eq!(
        shown("name,id,address,modified,created").record().names(),
        ["id", "name", "created", "modified", "address"]
    );
    assert_eq!(shown("software.list.HostAssetSoftware.name").record().each("software", "version"), ["-"]);
    let states =
        "sourceInfo.list.Ec2AssetSourceSimple.instanceState,sourceInfo.list.Ec2AssetSourceSimple.region";
    let reply = me.get(&format!("/qps/rest/2.0/get/am/hostasset/3?fields={states}"));
    assert_eq!(
        reply.record().at("sourceInfo.list.Ec2AssetSourceSimple").unwrap().names(),
        ["instanceState", "region"]
    );
    let reply = me.get(&format!("{SEARCH}?fields={states}"));
    let sizes: Vec<usize> = reply.records().iter().map(|record| record.names().len()).collect();
    assert_eq!(sizes, [0, 0, 1, 0, 0], "a record of which nothing is wanted is still there");
    let reply = me.get("/qps/rest/2.0/get/am/hostasset/2?fields=tags.*.*.id");
    assert_eq!(
        (reply.record().each("tags", "id"), reply.record().each("tags", "name")),
        (vec!["4"], vec!["-"])
    );
}
