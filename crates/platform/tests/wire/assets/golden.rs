//! Documents letter for letter.

use qps::Format;

use super::{agent_host, at, azure_host, bare, everything, gcp_host, lab_web};
use crate::common::{World, filters};
use crate::tags::tag;

/// The sample of `contract/am.md 5.5`. `sourceInfo` is always there (`contract/ca.md 3.3`), and a host's id is also its
/// `qwebHostId`.
#[test]
fn a_search_for_host_assets_answers_the_contracts_sample() {
    let world = World::new();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name><criticalityScore>3</criticalityScore>");
    let mut asset = lab_web();
    asset.tags = vec![store::Id::new(u32::try_from(lab).unwrap())];
    world.asset(&asset);
    let body = r#"{"ServiceRequest":{"filters":{"Criteria":[{"field":"tagName","operator":"EQUALS","value":"Lab"},{"field":"lastVulnScan","operator":"GREATER","value":"2024-01-01T00:00:00Z"}]},"preferences":{"limitResults":2}}}"#;
    let reply = me.one(1, "POST", "/qps/rest/2.0/search/am/hostasset", Format::Json, None, body);
    assert_eq!(
        reply.text,
        r#"{"ServiceResponse":{"responseCode":"SUCCESS","count":1,"hasMoreRecords":"false","data":[{"HostAsset":{"id":1,"name":"lab-web-1","created":"2024-02-01T08:00:00Z","modified":"2024-02-02T08:00:00Z","type":"HOST","tags":{"list":[{"TagSimple":{"id":7,"name":"Lab"}}]},"criticalityScore":3,"sourceInfo":{"list":[{"AssetSource":{}}]},"qwebHostId":1,"lastVulnScan":"2024-02-02T07:55:00Z","fqdn":"lab-web-1.example.test","os":"Example Linux 9","dnsHostName":"lab-web-1.example.test","address":"192.0.2.10","trackingMethod":"IP","openPort":{"list":[{"HostAssetOpenPort":{"port":443,"protocol":"TCP","serviceName":"https"}}]},"vuln":{"list":[{"HostAssetVuln":{"qid":38000,"hostInstanceVulnId":1048577,"firstFound":"2024-02-01T08:00:00Z","lastFound":"2024-02-02T07:55:00Z"}}]},"isDockerHost":"false"}}]}}"#
    );
    let reply = me.get("/qps/rest/2.0/get/am/asset/1");
    assert_eq!(
        reply.text,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://scan.example.test/qps/xsd/2.0/am/asset.xsd">
  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <Asset>
      <id>1</id>
      <name>lab-web-1</name>
      <created>2024-02-01T08:00:00Z</created>
      <modified>2024-02-02T08:00:00Z</modified>
      <type>HOST</type>
      <tags>
        <list>
          <TagSimple>
            <id>7</id>
            <name>Lab</name>
          </TagSimple>
        </list>
      </tags>
      <criticalityScore>3</criticalityScore>
      <sourceInfo>
        <list>
          <AssetSource/>
        </list>
      </sourceInfo>
    </Asset>
  </data>
</ServiceResponse>"#
    );
}

/// A host without anything: lists that are always there are empty, all else is left out.
#[test]
fn a_bare_host_is_short() {
    let world = World::new();
    world.asset(&bare("bare"));
    let reply = world.manager().get(&at("get", 1));
    assert_eq!(
        reply.text,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://scan.example.test/qps/xsd/2.0/am/hostasset.xsd">
  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <HostAsset>
      <id>1</id>
      <name>bare</name>
      <created>2024-02-01T08:00:00Z</created>
      <modified>2024-02-01T08:00:00Z</modified>
      <type>HOST</type>
      <tags>
        <list/>
      </tags>
      <criticalityScore>2</criticalityScore>
      <sourceInfo>
        <list>
          <AssetSource/>
        </list>
      </sourceInfo>
      <qwebHostId>1</qwebHostId>
      <trackingMethod>NONE</trackingMethod>
      <isDockerHost>false</isDockerHost>
    </HostAsset>
  </data>
</ServiceResponse>"#
    );
}

/// The agent's part of the sample in `contract/ca.md 3.5`.
#[test]
fn an_agent_shows_what_it_is() {
    let world = World::new();
    world.asset(&agent_host());
    let reply =
        world.manager().get(&format!("{}?fields=id,agentInfo,tags.list.TagSimple.name", at("get", 1)));
    assert_eq!(
        reply.text,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://scan.example.test/qps/xsd/2.0/am/hostasset.xsd">
  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <HostAsset>
      <id>1</id>
      <tags>
        <list>
          <TagSimple>
            <name>Cloud Agent</name>
          </TagSimple>
        </list>
      </tags>
      <agentInfo>
        <agentVersion>7.3.0.40</agentVersion>
        <agentId>5d9f6f1e-3b1f-4e55-8a0b-93f3a5d0c001</agentId>
        <status>STATUS_ACTIVE</status>
        <lastCheckedIn>2026-01-30T09:09:40Z</lastCheckedIn>
        <connectedFrom>198.51.100.7</connectedFrom>
        <chirpStatus>Scan Complete</chirpStatus>
        <platform>Linux</platform>
        <activatedModule>AGENT_PC,AGENT_VM</activatedModule>
        <agentConfiguration>
          <id>1</id>
          <name>Default</name>
        </agentConfiguration>
        <activationKey>
          <activationId>c2b9d1a0-7c1e-4a3e-9f7c-0d8e1f2a3b4c</activationId>
          <title>prod</title>
        </activationKey>
      </agentInfo>
    </HostAsset>
  </data>
</ServiceResponse>"#
    );
}

/// The order of `contract/am.md 5.1`; the schema holds the lists and sources to theirs.
#[test]
fn every_member_stands_in_its_place() {
    let world = World::new();
    let me = world.manager();
    for asset in [everything(), azure_host(), gcp_host()] {
        world.asset(&asset);
    }
    let reply = me.get(&at("get", 1));
    let host = reply.record();
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
            "lastComplianceScan",
            "lastVulnScan",
            "lastSystemBoot",
            "lastLoggedOnUser",
            "vulnsUpdated",
            "informationGatheredUpdated",
            "domain",
            "fqdn",
            "os",
            "dnsHostName",
            "agentInfo",
            "netbiosName",
            "netbiosNetworkId",
            "networkGuid",
            "address",
            "trackingMethod",
            "manufacturer",
            "model",
            "totalMemory",
            "timezone",
            "biosDescription",
            "openPort",
            "software",
            "vuln",
            "processor",
            "volume",
            "account",
            "networkInterface",
            "isDockerHost",
            "dockerInfo",
            "cloudProvider",
        ]
    );
    assert_eq!(host.text_at("cloudProvider"), "AWS");
    let ec2 = host.at("sourceInfo.list.Ec2AssetSourceSimple").unwrap();
    assert_eq!(ec2.names()[..5], ["assetId", "type", "firstDiscovered", "lastUpdated", "ec2InstanceTags"]);
    assert_eq!((ec2.text_at("assetId"), ec2.text_at("type")), ("1", "EC_2"));
    assert_eq!(ec2.text_at("ec2InstanceTags.tags.list.EC2Tags.value"), "a & <b>");
    assert_eq!((ec2.text_at("launchTime"), ec2.text_at("spotInstance")), ("2024-01-01T12:00:00Z", "false"));
    assert_eq!(ec2.get("unheardOf"), None);
    let volume = host.at("volume.list.HostAssetVolume").unwrap();
    assert_eq!((volume.text_at("size"), volume.text_at("free")), ("9223372036854775807", "0"));
    assert_eq!(host.each("vuln", "qid"), ["38000"], "what is mended is not shown");

    let azure = me.get(&at("get", 2));
    let tags = "sourceInfo.list.AzureAssetSourceSimple.azureVmTags.tags.list.AzureTags.key";
    assert_eq!((azure.record().text_at(tags), azure.record().text_at("cloudProvider")), ("Name", "AZURE"));
    let reply = me.get(&at("get", 3));
    let sources = reply.record().at("sourceInfo.list").unwrap();
    let names =
        ["GcpAssetSourceSimple", "IBMAssetSourceSimple", "OciAssetSourceSimple", "Ec2AssetSourceSimple"];
    assert_eq!(sources.names(), names);
    assert_eq!(sources.get(names[2]).unwrap().names().last(), Some(&"ociInstanceTags"));
    assert!(reply.text.contains("<tags>\n                <list/>"), "no tags: {}", reply.text);
    // The other face shows the sources too.
    me.post("/qps/rest/2.0/search/am/asset", &filters(&[("id", "GREATER", "0")]));

    let reply = me.one(1, "GET", &at("get", 1), Format::Json, None, "");
    for part in [
        r#""totalMemory":16384"#,
        r#""isDockerHost":"true""#,
        r#""spotInstance":"false""#,
        r#""endpointId":12"#,
        r#""assetId":1,"type":"EC_2""#,
        r#""accountId":"205767712438""#,
        r#"{"HostAssetProcessor":{"name":"CPU","speed":2500}}"#,
        r#""dockerInfo":{"dockerVersion":"26.1","noOfContainers":3,"noOfImages":0}"#,
    ] {
        assert!(reply.text.contains(part), "{part} in {}", reply.text);
    }
}
