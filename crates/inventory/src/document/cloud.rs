//! What a cloud provider says about an instance: the members that a `sourceInfo` item of `contract/am.md 5.6` needs and
//! that an instance can learn about itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{List, Text};

/// The provider and its instance; `{"AWS": {...}}` in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cloud {
    /// Amazon EC2.
    #[serde(rename = "AWS")]
    Aws(AwsInstance),
    /// Microsoft Azure.
    #[serde(rename = "AZURE")]
    Azure(AzureInstance),
    /// Google Compute Engine.
    #[serde(rename = "GCP")]
    Gcp(GcpInstance),
}

impl Cloud {
    /// `AWS`, `AZURE` or `GCP`: the `cloudProvider` of `contract/am.md 5.1`.
    pub fn provider(&self) -> &'static str {
        match self {
            Self::Aws(_) => "AWS",
            Self::Azure(_) => "AZURE",
            Self::Gcp(_) => "GCP",
        }
    }

    /// The provider's name for this instance: EC2 instance id, Azure VM id or GCP instance id.
    pub fn instance_id(&self) -> &Text {
        match self {
            Self::Aws(instance) => &instance.instance_id,
            Self::Azure(instance) => &instance.vm_id,
            Self::Gcp(instance) => &instance.instance_id,
        }
    }
}

/// A tag at the provider. Named so that it is not mistaken for the platform's own tags.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Label {
    /// Key; for a GCP network tag, the tag itself.
    pub key: Text,
    /// Value; empty for a GCP network tag.
    pub value: Text,
}

/// An EC2 instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the members are named and explained by the provider")]
pub struct AwsInstance {
    pub instance_id: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation_id: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_dns_name: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_dns_name: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_ip_address: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<Text>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub tags: List<Label>,
}

/// An Azure virtual machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the members are named and explained by the provider")]
pub struct AzureInstance {
    pub vm_id: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_size: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_type: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group_name: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_ip_address: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<Text>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub tags: List<Label>,
}

/// A Google Compute Engine instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the members are named and explained by the provider")]
pub struct GcpInstance {
    pub instance_id: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_type: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id_no: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_ip_address: Option<Text>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub tags: List<Label>,
}
