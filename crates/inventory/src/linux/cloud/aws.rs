//! Amazon EC2: the instance metadata service, version 2 (with a session token).

use jiff::Timestamp;
use serde::Deserialize;

use super::Service;
use crate::{AwsInstance, Cloud, Label, List, Text};

const MAX_TAGS: usize = 100;

pub(super) fn ask(service: &Service) -> Option<Cloud> {
    let ttl = [("X-aws-ec2-metadata-token-ttl-seconds", "60")];
    let token = text(service.ask("PUT", "/latest/api/token", &ttl).ok()?)?;
    let headers = [("X-aws-ec2-metadata-token", token.as_str())];
    let get = |path: &str| service.ask("GET", path, &headers).ok();
    let mut instance = parse_identity(&get("/latest/dynamic/instance-identity/document")?)?;

    let value = |path: &str| Text::found(&text(get(&format!("/latest/meta-data/{path}"))?)?);
    instance.mac_address = value("mac");
    instance.reservation_id = value("reservation-id");
    instance.group_name = value("security-groups");
    instance.private_dns_name = value("local-hostname");
    instance.public_dns_name = value("public-hostname");
    instance.public_ip_address = value("public-ipv4");
    if let Some(mac) = instance.mac_address.clone() {
        let of_interface = |name: &str| value(&format!("network/interfaces/macs/{mac}/{name}"));
        instance.vpc_id = of_interface("vpc-id");
        instance.subnet_id = of_interface("subnet-id");
    }
    // Not there unless the owner of the instance allowed it.
    if let Some(keys) = get("/latest/meta-data/tags/instance").and_then(text) {
        let label =
            |key: &str| Some(Label { key: key.into(), value: value(&format!("tags/instance/{key}"))? });
        instance.tags =
            keys.lines().filter(|key| is_plain(key)).take(MAX_TAGS).filter_map(label).collect::<List<_>>();
    }
    Some(Cloud::Aws(instance))
}

fn text(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    // The token goes back in a header.
    (!text.is_empty() && !text.contains('\r')).then_some(text)
}

/// Whether a key may stand in a path as it is.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.:=@+".contains(&c))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    instance_id: String,
    account_id: Option<String>,
    region: Option<String>,
    availability_zone: Option<String>,
    instance_type: Option<String>,
    image_id: Option<String>,
    private_ip: Option<String>,
    pending_time: Option<Timestamp>,
}

/// Reads an instance identity document.
pub fn parse_identity(document: &[u8]) -> Option<AwsInstance> {
    let document: Document = serde_json::from_slice(document).ok()?;
    let found = |value: Option<String>| value.as_deref().and_then(Text::found);
    Some(AwsInstance {
        instance_id: Text::found(&document.instance_id)?,
        account_id: found(document.account_id),
        region: found(document.region),
        availability_zone: found(document.availability_zone),
        instance_type: found(document.instance_type),
        image_id: found(document.image_id),
        private_ip_address: found(document.private_ip),
        launch_time: document.pending_time,
        ..AwsInstance::default()
    })
}
