//! Cloud sources on the wire: which members each provider has, in which order (`contract/am.md 5.6`).

use qps::{ListWriter, ObjectWriter};

use super::model::{CloudSource, CloudTag, Provider};

/// How a provider's source looks on the wire.
struct Shape {
    element: &'static str,
    /// The value of `type`.
    kind: &'static str,
    tags: &'static str,
    tag: &'static str,
    members: &'static [&'static str],
}

const EC2: Shape = Shape {
    element: "Ec2AssetSourceSimple",
    kind: "EC_2",
    tags: "ec2InstanceTags",
    tag: "EC2Tags",
    members: &[
        "reservationId",
        "availabilityZone",
        "privateDnsName",
        "publicDnsName",
        "localHostname",
        "instanceId",
        "instanceType",
        "createdDate",
        "instanceState",
        "groupId",
        "groupName",
        "spotInstance",
        "instanceGroupId",
        "instanceGroupName",
        "keyName",
        "launchTime",
        "accountId",
        "placementGroupName",
        "productCode",
        "sourceDestinationCheck",
        "spotInstanceRequestId",
        "subnetId",
        "vpcId",
        "region",
        "zone",
        "endpointId",
        "imageId",
        "publicIpAddress",
        "privateIpAddress",
        "macAddress",
        "monitoringEnabled",
    ],
};

const AZURE: Shape = Shape {
    element: "AzureAssetSourceSimple",
    kind: "AZURE",
    tags: "azureVmTags",
    tag: "AzureTags",
    members: &[
        "name",
        "location",
        "vmSize",
        "vmId",
        "offer",
        "state",
        "publisher",
        "version",
        "osType",
        "subnet",
        "ipv6",
        "subscriptionId",
        "resourceGroupName",
        "macAddress",
        "publicIpAddress",
        "privateIpAddress",
        "virtualNetwork",
    ],
};

const GCP: Shape = Shape {
    element: "GcpAssetSourceSimple",
    kind: "GCP",
    tags: "gcpInstanceTags",
    tag: "GCPTags",
    members: &[
        "instanceId",
        "hostname",
        "machineType",
        "imageId",
        "zone",
        "projectIdNo",
        "state",
        "projectId",
        "network",
        "macAddress",
        "publicIpAddress",
        "privateIpAddress",
    ],
};

const IBM: Shape = Shape {
    element: "IBMAssetSourceSimple",
    kind: "IBM",
    tags: "ibmInstanceTags",
    tag: "IbmTags",
    members: &[
        "ibmId",
        "location",
        "datacenterId",
        "deviceName",
        "state",
        "publicVlan",
        "domain",
        "privateVlan",
        "publicIp",
        "privateIp",
    ],
};

const OCI: Shape = Shape {
    element: "OciAssetSourceSimple",
    kind: "OCI",
    tags: "ociInstanceTags",
    tag: "OciTag",
    members: &[
        "ociId",
        "displayName",
        "compartmentId",
        "compartmentName",
        "tenantId",
        "tenantName",
        "shape",
        "state",
        "region",
        "availabilityDomain",
        "image",
        "faultDomain",
        "hostName",
        "canonicalRegion",
    ],
};

/// Members that are booleans on the wire.
const BOOLEANS: [&str; 3] = ["spotInstance", "sourceDestinationCheck", "monitoringEnabled"];
/// Members that are dates.
const DATES: [&str; 2] = ["createdDate", "launchTime"];
/// Members that are numbers.
const NUMBERS: [&str; 1] = ["endpointId"];

impl Provider {
    fn shape(self) -> &'static Shape {
        match self {
            Provider::Ec2 => &EC2,
            Provider::Azure => &AZURE,
            Provider::Gcp => &GCP,
            Provider::Ibm => &IBM,
            Provider::Oci => &OCI,
        }
    }

    /// The name of the cloud, as `cloudProvider` says it.
    pub(crate) fn cloud(self) -> &'static str {
        match self {
            Provider::Ec2 => "AWS",
            Provider::Azure => "AZURE",
            Provider::Gcp => "GCP",
            Provider::Ibm => "IBM",
            Provider::Oci => "OCI",
        }
    }

    /// The provider that a tag rule names (`contract/am.md 4.1`, `provider`).
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "EC2" | "AWS" => Some(Provider::Ec2),
            "AZURE" => Some(Provider::Azure),
            "GCP" => Some(Provider::Gcp),
            "IBM" => Some(Provider::Ibm),
            "OCI" => Some(Provider::Oci),
            _ => None,
        }
    }
}

/// Writes the sources of an asset; one without a cloud has the empty `AssetSource`.
pub(super) fn write(id: u32, sources: &[CloudSource], list: &mut ListWriter<'_>) {
    if sources.is_empty() {
        list.item("AssetSource", |_| {});
    }
    for source in sources {
        let shape = source.provider.shape();
        list.item(shape.element, |out| write_source(id, source, shape, out));
    }
}

fn write_source(id: u32, source: &CloudSource, shape: &Shape, out: &mut ObjectWriter<'_>) {
    out.number("assetId", id);
    out.text("type", shape.kind);
    out.date("firstDiscovered", source.first_discovered);
    out.date("lastUpdated", source.last_updated);
    if source.provider != Provider::Oci {
        write_tags(shape, &source.tags, out);
    }
    for name in shape.members {
        match source.members.get(*name) {
            Some(value) if BOOLEANS.contains(name) => out.boolean(name, value == "true"),
            Some(value) if DATES.contains(name) => out.date_opt(name, qps::parse_date(value)),
            Some(value) if NUMBERS.contains(name) => out.number_opt(name, value.parse::<i64>().ok()),
            Some(value) => out.text(name, value),
            None => {}
        }
    }
    if source.provider == Provider::Oci {
        write_tags(shape, &source.tags, out);
    }
}

fn write_tags(shape: &Shape, tags: &[CloudTag], out: &mut ObjectWriter<'_>) {
    out.object(shape.tags, |out| {
        out.list("tags", |list| {
            for tag in tags {
                list.item(shape.tag, |out| {
                    out.text("key", &tag.key);
                    out.text("value", &tag.value);
                });
            }
        });
    });
}
