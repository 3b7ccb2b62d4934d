//! Microsoft Azure: the instance metadata service.

use serde::Deserialize;

use super::Service;
use crate::{AzureInstance, Cloud, Label, Text};

pub(super) fn ask(service: &Service) -> Option<Cloud> {
    let path = "/metadata/instance?api-version=2021-02-01&format=json";
    let answer = service.ask("GET", path, &[("Metadata", "true")]).ok()?;
    parse(&answer).map(Cloud::Azure)
}

#[derive(Deserialize)]
struct Instance {
    compute: Compute,
    #[serde(default)]
    network: Network,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Compute {
    vm_id: String,
    name: Option<String>,
    location: Option<String>,
    vm_size: Option<String>,
    offer: Option<String>,
    publisher: Option<String>,
    version: Option<String>,
    os_type: Option<String>,
    subscription_id: Option<String>,
    resource_group_name: Option<String>,
    #[serde(default)]
    tags_list: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Network {
    interface: Vec<Interface>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Interface {
    mac_address: String,
    ipv4: Addresses,
    ipv6: Addresses,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Addresses {
    ip_address: Vec<Address>,
    subnet: Vec<Subnet>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Address {
    private_ip_address: String,
    public_ip_address: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Subnet {
    address: String,
    prefix: String,
}

/// Reads the answer of the metadata service.
pub fn parse(answer: &[u8]) -> Option<AzureInstance> {
    let Instance { compute, network } = serde_json::from_slice(answer).ok()?;
    let found = |value: Option<String>| value.as_deref().and_then(Text::found);
    let interface = network.interface.into_iter().next().unwrap_or_default();
    let address = interface.ipv4.ip_address.into_iter().next().unwrap_or_default();
    let subnet = interface.ipv4.subnet.first().map(|subnet| format!("{}/{}", subnet.address, subnet.prefix));
    let tags =
        compute.tags_list.into_iter().map(|tag| Label { key: tag.name.into(), value: tag.value.into() });
    Some(AzureInstance {
        vm_id: Text::found(&compute.vm_id)?,
        name: found(compute.name),
        location: found(compute.location),
        vm_size: found(compute.vm_size),
        offer: found(compute.offer),
        publisher: found(compute.publisher),
        version: found(compute.version),
        os_type: found(compute.os_type),
        subscription_id: found(compute.subscription_id),
        resource_group_name: found(compute.resource_group_name),
        subnet: found(subnet),
        mac_address: with_colons(&interface.mac_address),
        private_ip_address: Text::found(&address.private_ip_address),
        public_ip_address: Text::found(&address.public_ip_address),
        ipv6: interface.ipv6.ip_address.first().and_then(|address| Text::found(&address.private_ip_address)),
        tags: tags.collect(),
    })
}

/// `000D3A936C6D` as `00:0d:3a:93:6c:6d`.
fn with_colons(mac: &str) -> Option<Text> {
    let digits: Vec<char> =
        mac.chars().filter(char::is_ascii_hexdigit).map(|c| c.to_ascii_lowercase()).collect();
    let bytes: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    (digits.len() == 12).then(|| bytes.join(":").into())
}
