//! Google Compute Engine: the metadata server.
//!
//! The answer holds attributes too, with scripts and keys of the owner; only what is named here is taken from it.

use serde::Deserialize;
use serde_json::Number;

use super::{Service, last_part};
use crate::{Cloud, GcpInstance, Label, Text};

const FLAVOR: [(&str, &str); 1] = [("Metadata-Flavor", "Google")];

pub(super) fn ask(service: &Service) -> Option<Cloud> {
    let answer = service.ask("GET", "/computeMetadata/v1/instance/?recursive=true", &FLAVOR).ok()?;
    let mut instance = parse(&answer)?;
    let project = service.ask("GET", "/computeMetadata/v1/project/project-id", &FLAVOR).ok();
    instance.project_id = project.and_then(|id| Text::found(&String::from_utf8(id).ok()?));
    Some(Cloud::Gcp(instance))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instance {
    id: Number,
    hostname: Option<String>,
    machine_type: Option<String>,
    image: Option<String>,
    zone: Option<String>,
    #[serde(default)]
    network_interfaces: Vec<Interface>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Interface {
    ip: String,
    mac: String,
    network: String,
    access_configs: Vec<AccessConfig>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct AccessConfig {
    external_ip: String,
}

/// Reads the answer of the metadata server for the instance.
pub fn parse(answer: &[u8]) -> Option<GcpInstance> {
    let instance: Instance = serde_json::from_slice(answer).ok()?;
    let last = |path: Option<String>| path.as_deref().map(last_part).and_then(Text::found);
    // `projects/<number>/zones/<zone>`
    let project_number =
        instance.zone.as_deref().and_then(|zone| zone.split('/').nth(1)).and_then(Text::found);
    let interface = instance.network_interfaces.into_iter().next().unwrap_or_default();
    let tags = instance.tags.iter().map(|tag| Label { key: tag.as_str().into(), value: Text::default() });
    Some(GcpInstance {
        instance_id: Text::found(&instance.id.to_string())?,
        hostname: instance.hostname.as_deref().and_then(Text::found),
        machine_type: last(instance.machine_type),
        image_id: last(instance.image),
        zone: last(instance.zone),
        project_id: None,
        project_id_no: project_number,
        network: last(Some(interface.network)),
        mac_address: Text::found(&interface.mac),
        private_ip_address: Text::found(&interface.ip),
        public_ip_address: interface
            .access_configs
            .first()
            .and_then(|access| Text::found(&access.external_ip)),
        tags: tags.collect(),
    })
}
