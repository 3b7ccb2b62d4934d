//! What may be asked of an asset: Criteria by `contract/am.md 5.4`, QQL by `contract/qql.md 6.4 and 6.5`.

use query::Operator::{Contains, Equals, Greater, In, Lesser};
use query::{Field, FieldId, Fields, Kind, List, ListId, Member, Source, ValueRef, Values};

use super::model::{Asset, CloudSource, Provider, TrackingMethod};

/// Where the tags stand that were put on an asset by hand.
pub(crate) const STATIC_TAGS: FieldId = FieldId(0);
/// The names of an asset's tags, by hand and by rule: joined.
pub(crate) const TAG_NAME: FieldId = FieldId(1);
/// The ids of an asset's tags, by hand and by rule: joined.
pub(crate) const TAG_ID: FieldId = FieldId(2);
/// An asset's criticality: joined.
pub(crate) const CRITICALITY: FieldId = FieldId(3);
/// The asset's name.
pub(crate) const NAME: FieldId = FieldId(4);
/// The operating system as text.
pub(crate) const OS: FieldId = FieldId(5);
/// The primary address as an address.
pub(crate) const ADDRESS: FieldId = FieldId(6);
/// The agent's id.
pub(crate) const AGENT_ID: FieldId = FieldId(7);
/// The machine's own id, as its agent reported it.
pub(crate) const MACHINE_ID: FieldId = FieldId(8);
/// When the vulnerabilities were last looked for.
pub(crate) const LAST_VULN_SCAN: FieldId = FieldId(9);
/// When the asset was first known.
pub(crate) const CREATED: FieldId = FieldId(10);
/// The DNS host name.
pub(crate) const DNS_NAME: FieldId = FieldId(11);
/// The system's UUID in its firmware.
pub(crate) const BIOS_UUID: FieldId = FieldId(12);
/// The id of the machine in its cloud.
pub(crate) const INSTANCE_ID: FieldId = FieldId(13);
/// What kind of thing it is.
pub(crate) const TYPE: FieldId = FieldId(14);

/// Installed software.
pub(crate) const SOFTWARE: ListId = ListId(0);
/// Its name.
pub(crate) const SOFTWARE_NAME: FieldId = FieldId(0);
/// Open ports.
pub(crate) const PORTS: ListId = ListId(1);
/// Their numbers.
pub(crate) const PORT_NUMBER: FieldId = FieldId(0);
/// Detections.
pub(crate) const DETECTIONS: ListId = ListId(2);
/// What was detected.
pub(crate) const QID: FieldId = FieldId(0);
/// How severe it is.
pub(crate) const SEVERITY: FieldId = FieldId(1);
/// Whether it is still there.
pub(crate) const FOUND: FieldId = FieldId(3);
/// Interfaces.
pub(crate) const INTERFACES: ListId = ListId(3);
/// Their addresses.
pub(crate) const INTERFACE_ADDRESS: FieldId = FieldId(0);
/// Their hardware addresses.
pub(crate) const MAC: FieldId = FieldId(1);

const TYPES: &[&str] = &["UNKNOWN", "HOST", "SCANNER", "WEBAPP", "MALWARE_DOMAIN"];
/// Families of systems.
pub(super) const FAMILIES: &[&str] = &["Windows", "Linux", "Mac", "Unix", "Network"];
const STATES: &[&str] = &[
    "PENDING",
    "RUNNING",
    "SHUTTING_DOWN",
    "TERMINATED",
    "STOPPING",
    "STOPPED",
    "DEALLOCATED",
    "DEALLOCATING",
    "CREATING",
    "STARTING",
    "DELETING",
    "DELETED",
    "UPDATING",
    "FAILED",
    "MOVING",
    "PROVISIONING",
    "CREATING_IMAGE",
    "TERMINATING",
    "SUCCEEDED",
    "UNSUPPORTED",
];

/// The table.
pub(crate) static FIELDS: Fields<Asset> = Fields { fields: TABLE, lists: LISTS };

const fn read(kind: Kind, read: fn(&Asset, &mut Values<'_>)) -> Field<Asset> {
    Field::new(kind, Source::Read(read))
}

const fn member(list: ListId, member: u16, kind: Kind) -> Field<Asset> {
    Field::new(kind, Source::Member(list, FieldId(member)))
}

#[rustfmt::skip]
const TABLE: &[Field<Asset>] = &[
    // Places that the constants above name.
    read(Kind::Integer, |a, out| a.tags.iter().for_each(|tag| out(ValueRef::Integer(tag.get().into())))),
    Field::new(Kind::Text, Source::Joined).criteria(&["tagName"]).qql(&["tags.name", "asset.tag.name", "tagName"]),
    Field::new(Kind::Integer, Source::Joined).criteria(&["tagId"]).qql(&["tags.id"]),
    Field::new(Kind::Integer, Source::Joined).qql(&["asset.criticalityScore"]),
    read(Kind::Text, |a, out| out(ValueRef::Text(&a.name))).criteria(&["name"]).qql(&["asset.name", "name"]).free(),
    read(Kind::Text, |a, out| text(&a.os, out)).criteria(&["os"])
        .qql(&["operatingSystem", "operatingSystem.name"]).free(),
    read(Kind::Address, |a, out| a.network.address.into_iter().for_each(|ip| out(ValueRef::Address(ip)))).qql(&["address"]),
    read(Kind::Keyword, |a, out| a.agent.iter().for_each(|agent| uuid(agent.id, out))).criteria(&["agentUuid"])
        .qql(&["asset.agentID", "qualys.agent.id"]).operators(&[Equals, In]),
    read(Kind::Keyword, |a, out| a.agent.iter().for_each(|agent| text(&agent.machine_id, out))),
    read(Kind::Date, |a, out| date(a.scans.last_vuln_scan, out)).criteria(&["lastVulnScan"]).qql(&["lastVulnScan"]),
    read(Kind::Date, |a, out| date(Some(a.created), out)).criteria(&["created"]).qql(&["asset.created"]),
    read(Kind::Text, |a, out| text(&a.network.dns_host_name, out)).criteria(&["dnsHostName"])
        .qql(&["asset.dnsHostName", "dnsHostName"]).free(),
    read(Kind::Keyword, |a, out| text(&a.hardware.bios_uuid, out)).qql(&["asset.biosHardwareUUID"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["instanceId", "vmId"], out)).criteria(&["instanceId", "vmId"]),
    read(Kind::Enum(TYPES), |a, out| out(ValueRef::Text(a.kind.name()))).criteria(&["type"]).qql(&["asset.type"]),

    // Identity and names.
    Field::new(Kind::Integer, Source::Id).criteria(&["id"]).qql(&["asset.assetID", "asset.id"]),
    Field::new(Kind::Integer, Source::Id).criteria(&["qwebHostId"]).qql(&["asset.hostID"]),
    read(Kind::Text, |a, out| address_text(a, out)).criteria(&["address"]).qql(&["asset.address"]).free(),
    read(Kind::Text, |a, out| text(&a.network.fqdn, out)).criteria(&["fqdn"]).qql(&["asset.fqdn"]),
    read(Kind::Text, |a, out| text(&a.network.netbios_name, out)).criteria(&["netbiosName"])
        .qql(&["asset.netbiosName"]).free(),
    read(Kind::Text, |a, out| text(&a.network.netbios_network_id, out)).criteria(&["netbiosNetworkID", "netbiosNetworkId"]),
    read(Kind::Text, |a, out| a.network.network_guid.into_iter().for_each(|guid| uuid(guid, out)))
        .criteria(&["networkGuid", "networdGuid"]),
    read(Kind::Enum(TrackingMethod::NAMES), |a, out| out(ValueRef::Text(a.tracking_method.name())))
        .criteria(&["trackingMethod"]).qql(&["asset.trackingMethod"]),

    // Times.
    read(Kind::Date, |a, out| date(Some(a.modified), out)).criteria(&["updated", "update"]).qql(&["asset.lastUpdated"]),
    read(Kind::Date, |a, out| date(a.scans.last_compliance_scan, out)).criteria(&["lastComplianceScan"]),
    read(Kind::Date, |a, out| date(a.scans.vulns_updated, out)).criteria(&["vulnsUpdated"]),
    read(Kind::Date, |a, out| date(a.scans.information_gathered_updated, out)).criteria(&["informationGatheredUpdated"]),
    read(Kind::Date, |a, out| date(a.system.last_boot, out)).qql(&["asset.lastBoot"]),

    // Machine and system.
    read(Kind::Enum(FAMILIES), |a, out| text(&a.system.family, out)).qql(&["operatingSystem.category1"]),
    read(Kind::Version, |a, out| text(&a.system.version, out)).qql(&["operatingSystem.version"]),
    read(Kind::Keyword, |a, out| text(&a.system.architecture, out)).qql(&["operatingSystem.architecture"]),
    read(Kind::Text, |a, out| text(&a.system.timezone, out)).qql(&["asset.timezone"]),
    read(Kind::Text, |a, out| text(&a.system.last_logged_on_user, out)).qql(&["asset.lastLoggedOnUser"]).free(),
    read(Kind::Text, |a, out| text(&a.hardware.manufacturer, out)).qql(&["hardware.manufacturer"]).free(),
    read(Kind::Text, |a, out| text(&a.hardware.model, out)).qql(&["hardware.model", "hardware.product"]).free(),
    read(Kind::Text, |a, out| text(&a.hardware.bios_description, out)).qql(&["asset.biosDescription"]),
    read(Kind::Keyword, |a, out| text(&a.hardware.bios_serial, out)).qql(&["asset.biosSerialNumber"]),
    read(Kind::Integer, |a, out| number(a.hardware.total_memory, out)).qql(&["asset.totalMemory"]),
    read(Kind::Boolean, |a, out| out(ValueRef::Boolean(a.docker.is_some()))).qql(&["isDockerHost", "asset.isContainerHost"]),
    read(Kind::Text, |a, out| a.accounts.iter().for_each(|account| out(ValueRef::Text(&account.username))))
        .qql(&["accounts.username"]),
    read(Kind::Text, |a, out| a.processors.iter().for_each(|processor| out(ValueRef::Text(&processor.name))))
        .qql(&["processors", "processors.name"]),

    // Agent.
    read(Kind::Keyword, |a, out| a.agent.iter().for_each(|agent| out(ValueRef::Text(&agent.activation_title))))
        .qql(&["qualys.agent.activationKey"]),
    read(Kind::Keyword, |a, out| a.agent.iter().for_each(|agent| uuid(agent.activation_id, out)))
        .criteria(&["activationKey"]).operators(&[Equals]),
    read(Kind::Text, |a, out| a.agent.iter().for_each(|_| out(ValueRef::Text(super::AGENT_CONFIGURATION.1))))
        .criteria(&["agentConfigurationName"]).operators(&[Equals, Contains]),
    read(Kind::Integer, |a, out| a.agent.iter().for_each(|_| out(ValueRef::Integer(super::AGENT_CONFIGURATION.0))))
        .criteria(&["agentConfigurationId"]).operators(&[Equals]),
    read(Kind::Version, |a, out| a.agent.iter().for_each(|agent| out(ValueRef::Text(&agent.version))))
        .criteria(&["agentVersion"]).qql(&["qualys.agent.version"]).operators(&[Equals, Lesser, Greater]),
    read(Kind::Date, |a, out| date(a.agent.as_ref().map(|agent| agent.last_checked_in), out))
        .criteria(&["lastCheckedIn"]).qql(&["lastCheckedIn", "qualys.agent.lastCheckedInDate"]).operators(&[Equals, Lesser, Greater]),
    read(Kind::Keyword, |a, out| a.agent.iter().flat_map(|agent| &agent.modules).for_each(|module| {
        out(ValueRef::Text(module.strip_prefix("AGENT_").unwrap_or(module)));
    })).qql(&["sensors.activatedForModules"]),
    read(Kind::Keyword, |a, out| inventory_source(a, out)).qql(&["inventory.source"]),

    // Nested lists, by their flat names.
    member(SOFTWARE, 0, Kind::Text).criteria(&["installedSoftware"]),
    member(PORTS, 0, Kind::Integer).criteria(&["port"]),

    // Cloud.
    read(Kind::Keyword, |a, out| a.sources.iter().for_each(|source| out(ValueRef::Text(source.provider.cloud()))))
        .qql(&["provider", "cloudProvider.name"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["accountId", "subscriptionId", "projectId"], out))
        .criteria(&["accountId", "subscriptionId", "projectId"]),
    read(Kind::Enum(STATES), |a, out| from_cloud(a, None, &["instanceState", "state"], out))
        .criteria(&["instanceState", "state"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["region", "location"], out)).criteria(&["region", "location"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["availabilityZone", "zone"], out)).criteria(&["availabilityZone", "zone"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["instanceType", "vmSize", "machineType"], out))
        .criteria(&["instanceType", "vmSize", "machineType"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["imageId"], out)).criteria(&["imageId"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["vpcId", "virtualNetwork", "network"], out)).criteria(&["vpcId"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["subnetId", "subnet"], out)).criteria(&["subnetId"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["groupId"], out)).criteria(&["groupId"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["groupName", "resourceGroupName"], out))
        .criteria(&["groupName", "resourceGroupName"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["reservationId"], out)).criteria(&["reservationId"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["privateDnsName"], out)).criteria(&["privateDnsName"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["publicDnsName"], out)).criteria(&["publicDnsName"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["privateIpAddress"], out)).criteria(&["privateIpAddress"]),
    read(Kind::Text, |a, out| from_cloud(a, None, &["publicIpAddress"], out)).criteria(&["publicIpAddress"]),
    read(Kind::Boolean, |a, out| flag_from_cloud(a, "spotInstance", out)).criteria(&["spotInstance"]),
    read(Kind::Boolean, |a, out| flag_from_cloud(a, "monitoringEnabled", out)).criteria(&["monitoringEnabled"]),
    read(Kind::Date, |a, out| date_from_cloud(a, "launchTime", out)).criteria(&["launchTime"]),
    read(Kind::Date, |a, out| date_from_cloud(a, "createdDate", out)).criteria(&["createdDate"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ec2), &["instanceId"], out)).qql(&["aws.ec2.instanceId"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ec2), &["accountId"], out)).qql(&["aws.ec2.accountId"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ec2), &["region"], out)).qql(&["aws.ec2.region", "aws.ec2.region.code"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ec2), &["availabilityZone"], out)).qql(&["aws.ec2.availabilityZone"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ec2), &["instanceState"], out)).qql(&["aws.ec2.instanceState"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ec2), &["instanceType"], out)).qql(&["aws.ec2.instanceType"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ec2), &["vpcId"], out)).qql(&["aws.ec2.vpcId"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ec2), &["subnetId"], out)).qql(&["aws.ec2.subnetId"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ec2), &["imageId"], out)).qql(&["aws.ec2.imageId"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ec2), &["privateIpAddress"], out)).qql(&["aws.ec2.privateIpAddress"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ec2), &["publicIpAddress"], out)).qql(&["aws.ec2.publicIpAddress"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Azure), &["vmId"], out)).qql(&["azure.vm.vmId"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Azure), &["subscriptionId"], out)).qql(&["azure.vm.subscriptionId"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Azure), &["resourceGroupName"], out)).qql(&["azure.vm.resourceGroupName"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Azure), &["location"], out)).qql(&["azure.vm.location"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Azure), &["state"], out)).qql(&["azure.vm.state"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Azure), &["vmSize"], out)).qql(&["azure.vm.size"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Gcp), &["instanceId"], out)).qql(&["gcp.compute.instanceId"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Gcp), &["projectId"], out)).qql(&["gcp.compute.projectId"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Gcp), &["zone"], out)).qql(&["gcp.compute.zone"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Gcp), &["machineType"], out)).qql(&["gcp.compute.machineType"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Gcp), &["state"], out)).qql(&["gcp.compute.state"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Ibm), &["location"], out)).qql(&["ibm.virtualServer.location"]),
    read(Kind::Text, |a, out| from_cloud(a, Some(Provider::Oci), &["region"], out)).qql(&["oci.compute.region"]),
];

const LISTS: &[List<Asset>] = &[
    List {
        names: &["software"],
        members: &[
            Member::new("name", Kind::Text).projected(),
            Member::new("version", Kind::Version),
            Member::new("architecture", Kind::Keyword),
            Member::new("publisher", Kind::Text),
        ],
        read: |asset, out| {
            for software in &asset.software {
                out(&[
                    Some(ValueRef::Text(&software.name)),
                    software.version.as_deref().map(ValueRef::Text),
                    software.architecture.as_deref().map(ValueRef::Text),
                    software.publisher.as_deref().map(ValueRef::Text),
                ]);
            }
        },
    },
    List {
        names: &["openPorts"],
        members: &[
            Member::new("port", Kind::Integer).projected(),
            Member::new("protocol", Kind::Enum(&["TCP", "UDP"])),
            Member::new("detectedService", Kind::Text),
        ],
        read: |asset, out| {
            for port in &asset.open_ports {
                out(&[
                    Some(ValueRef::Integer(port.port.into())),
                    Some(ValueRef::Text(&port.protocol)),
                    port.service_name.as_deref().map(ValueRef::Text),
                ]);
            }
        },
    },
    List {
        names: &["vulnerabilities"],
        members: &[
            Member::new("vulnerability.qid", Kind::Integer).projected(),
            Member::new("vulnerability.severity", Kind::Integer).projected(),
            Member::new("status", Kind::Enum(&["ACTIVE", "FIXED"])).projected(),
            Member::new("found", Kind::Boolean),
            Member::new("firstFound", Kind::Date),
            Member::new("lastFound", Kind::Date),
        ],
        read: |asset, out| {
            for detection in &asset.detections {
                out(&[
                    Some(ValueRef::Integer(detection.qid.into())),
                    Some(ValueRef::Integer(detection.severity.into())),
                    Some(ValueRef::Text(if detection.found { "ACTIVE" } else { "FIXED" })),
                    Some(ValueRef::Boolean(detection.found)),
                    Some(ValueRef::date(detection.first_found)),
                    Some(ValueRef::date(detection.last_found)),
                ]);
            }
        },
    },
    List {
        names: &["interfaces"],
        members: &[
            Member::new("address", Kind::Address),
            Member::new("macAddress", Kind::Keyword),
            Member::new("name", Kind::Text),
            Member::new("hostname", Kind::Text),
            Member::new("gatewayAddress", Kind::Address),
        ],
        read: |asset, out| {
            for interface in &asset.interfaces {
                out(&[
                    interface.address.map(ValueRef::Address),
                    interface.mac_address.as_deref().map(ValueRef::Text),
                    interface.interface_name.as_deref().map(ValueRef::Text),
                    interface.hostname.as_deref().map(ValueRef::Text),
                    interface.gateway_address.map(ValueRef::Address),
                ]);
            }
        },
    },
    List {
        names: &["volumes"],
        members: &[
            Member::new("name", Kind::Text),
            Member::new("size", Kind::Integer),
            Member::new("free", Kind::Integer),
        ],
        read: |asset, out| {
            for volume in &asset.volumes {
                out(&[
                    Some(ValueRef::Text(&volume.name)),
                    Some(ValueRef::Integer(whole(volume.size))),
                    Some(ValueRef::Integer(whole(volume.free))),
                ]);
            }
        },
    },
];

fn text(value: &Option<String>, out: &mut Values<'_>) {
    if let Some(value) = value {
        out(ValueRef::Text(value));
    }
}

fn date(value: Option<jiff::Timestamp>, out: &mut Values<'_>) {
    if let Some(value) = value {
        out(ValueRef::date(value));
    }
}

fn number(value: Option<u64>, out: &mut Values<'_>) {
    if let Some(value) = value {
        out(ValueRef::Integer(whole(value)));
    }
}

fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn uuid(value: uuid::Uuid, out: &mut Values<'_>) {
    out(ValueRef::Text(value.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer())));
}

fn address_text(asset: &Asset, out: &mut Values<'_>) {
    if let Some(address) = asset.network.address {
        out(ValueRef::Text(&address.to_string()));
    }
}

/// Who told of the asset (`inventory.source`).
fn inventory_source(asset: &Asset, out: &mut Values<'_>) {
    match asset.tracking_method {
        TrackingMethod::Qagent => out(ValueRef::Text("Cloud Agent")),
        TrackingMethod::Oca => out(ValueRef::Text("Out-of-Band Configuration Assessment")),
        TrackingMethod::PassiveSensor => out(ValueRef::Text("Passive Sensor")),
        _ if asset.scans.last_vuln_scan.is_some() => out(ValueRef::Text("IP Scanner")),
        _ => {}
    }
    if !asset.sources.is_empty() {
        out(ValueRef::Text("Cloud Connector"));
    }
}

fn flag_from_cloud(asset: &Asset, member: &str, out: &mut Values<'_>) {
    let values = asset.sources.iter().filter_map(|source| source.members.get(member));
    values.for_each(|value| out(ValueRef::Boolean(value == "true")));
}

fn date_from_cloud(asset: &Asset, member: &str, out: &mut Values<'_>) {
    let values = asset.sources.iter().filter_map(|source| source.members.get(member));
    values.for_each(|value| date(qps::parse_date(value), out));
}

/// The values of these members in the asset's cloud sources.
fn from_cloud(asset: &Asset, provider: Option<Provider>, members: &[&str], out: &mut Values<'_>) {
    let sources = asset
        .sources
        .iter()
        .filter(|source: &&CloudSource| provider.is_none_or(|only| source.provider == only));
    for source in sources {
        members
            .iter()
            .filter_map(|member| source.members.get(*member))
            .for_each(|value| out(ValueRef::Text(value)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a query without a token could not be printed.
    #[test]
    fn every_field_that_is_searched_without_a_token_has_one() {
        for (id, field) in FIELDS.iter().filter(|(_, field)| field.free) {
            assert!(!field.tokens.is_empty(), "{id:?} {:?}", field.criteria);
        }
    }

    #[test]
    fn names_in_criteria_and_tokens_are_unique() {
        let mut names: Vec<_> = FIELDS.iter().flat_map(|(_, field)| field.criteria).collect();
        let mut tokens: Vec<_> =
            FIELDS.iter().flat_map(|(_, field)| field.tokens).map(|name| name.to_lowercase()).collect();
        let (all_names, all_tokens) = (names.len(), tokens.len());
        names.sort_unstable();
        names.dedup();
        tokens.sort_unstable();
        tokens.dedup();
        assert_eq!((names.len(), tokens.len()), (all_names, all_tokens));
    }

    #[test]
    fn the_named_places_are_where_their_names_say() {
        let places = [
            (TAG_NAME, "tagName"),
            (TAG_ID, "tagId"),
            (NAME, "name"),
            (OS, "os"),
            (AGENT_ID, "agentUuid"),
            (LAST_VULN_SCAN, "lastVulnScan"),
            (CREATED, "created"),
            (DNS_NAME, "dnsHostName"),
            (INSTANCE_ID, "instanceId"),
            (TYPE, "type"),
        ];
        for (place, name) in places {
            assert_eq!(FIELDS.by_criteria(name).map(|(id, _)| id), Some(place), "{name}");
        }
        assert_eq!(FIELDS.by_token("address").map(|(id, _)| id), Some(ADDRESS));
        assert_eq!(FIELDS.by_token("asset.criticalityScore").map(|(id, _)| id), Some(CRITICALITY));
        assert_eq!(FIELDS.by_token("asset.biosHardwareUUID").map(|(id, _)| id), Some(BIOS_UUID));
        let member = |token: &str| FIELDS.member_by_token(token).map(|(list, member, _)| (list, member));
        assert_eq!(member("software.name"), Some((SOFTWARE, SOFTWARE_NAME)));
        assert_eq!(member("openPorts.port"), Some((PORTS, PORT_NUMBER)));
        assert_eq!(member("vulnerabilities.vulnerability.qid"), Some((DETECTIONS, QID)));
        assert_eq!(member("vulnerabilities.vulnerability.severity"), Some((DETECTIONS, SEVERITY)));
        assert_eq!(member("vulnerabilities.found"), Some((DETECTIONS, FOUND)));
        assert_eq!(member("interfaces.address"), Some((INTERFACES, INTERFACE_ADDRESS)));
        assert_eq!(member("interfaces.macAddress"), Some((INTERFACES, MAC)));
    }
}
