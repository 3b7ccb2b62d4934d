//! Assets on the wire: `HostAsset` and `Asset` (`contract/am.md 5.1 and 6`, order of `contract/ca.md 3.3` where that
//! is silent).

use jiff::Timestamp;
use qps::ObjectWriter;

use super::cloud;
use super::model::{Agent, Asset};
use crate::tags::TagName;

/// An asset with what other areas know of it.
pub(crate) struct AssetView<'a> {
    pub(crate) id: u32,
    pub(crate) asset: &'a Asset,
    /// Its tags, by hand and by rule, by id.
    pub(crate) tags: &'a [TagName],
    pub(crate) criticality: u8,
    pub(crate) now: Timestamp,
}

impl AssetView<'_> {
    /// Writes it as an `Asset`.
    pub(crate) fn write_asset(&self, out: &mut ObjectWriter<'_>) {
        self.write_head(out);
        out.number("criticalityScore", self.criticality);
        out.list("sourceInfo", |list| cloud::write(self.id, &self.asset.sources, list));
    }

    fn write_head(&self, out: &mut ObjectWriter<'_>) {
        out.number("id", self.id);
        out.text("name", &self.asset.name);
        out.date("created", self.asset.created);
        out.date("modified", self.asset.modified);
        out.text("type", self.asset.kind.name());
        out.list("tags", |list| {
            for tag in self.tags {
                list.item("TagSimple", |out| {
                    out.number("id", tag.id);
                    out.text("name", &tag.name);
                });
            }
        });
    }

    /// Writes it as a `HostAsset`.
    pub(crate) fn write_host(&self, out: &mut ObjectWriter<'_>) {
        let asset = self.asset;
        self.write_head(out);
        out.number("criticalityScore", self.criticality);
        out.list("sourceInfo", |list| cloud::write(self.id, &asset.sources, list));
        out.number("qwebHostId", self.id);
        out.date_opt("lastComplianceScan", asset.scans.last_compliance_scan);
        out.date_opt("lastVulnScan", asset.scans.last_vuln_scan);
        out.date_opt("lastSystemBoot", asset.system.last_boot);
        out.text_opt("lastLoggedOnUser", asset.system.last_logged_on_user.as_deref());
        out.date_opt("vulnsUpdated", asset.scans.vulns_updated);
        out.date_opt("informationGatheredUpdated", asset.scans.information_gathered_updated);
        out.text_opt("domain", asset.network.domain.as_deref());
        out.text_opt("fqdn", asset.network.fqdn.as_deref());
        out.text_opt("os", asset.os.as_deref());
        out.text_opt("dnsHostName", asset.network.dns_host_name.as_deref());
        if let Some(agent) = &asset.agent {
            out.object("agentInfo", |out| write_agent(agent, self.now, out));
        }
        out.text_opt("netbiosName", asset.network.netbios_name.as_deref());
        out.text_opt("netbiosNetworkId", asset.network.netbios_network_id.as_deref());
        out.text_opt("networkGuid", asset.network.network_guid.map(|guid| guid.to_string()).as_deref());
        out.text_opt("address", asset.network.address.map(|address| address.to_string()).as_deref());
        out.text("trackingMethod", asset.tracking_method.name());
        out.text_opt("manufacturer", asset.hardware.manufacturer.as_deref());
        out.text_opt("model", asset.hardware.model.as_deref());
        out.number_opt("totalMemory", asset.hardware.total_memory);
        out.text_opt("timezone", asset.system.timezone.as_deref());
        out.text_opt("biosDescription", asset.hardware.bios_description.as_deref());
        self.write_lists(out);
        out.boolean("isDockerHost", asset.docker.is_some());
        if let Some(docker) = &asset.docker {
            out.object("dockerInfo", |out| {
                out.text_opt("dockerVersion", docker.docker_version.as_deref());
                out.number_opt("noOfContainers", docker.no_of_containers);
                out.number_opt("noOfImages", docker.no_of_images);
            });
        }
        out.text_opt("cloudProvider", asset.sources.first().map(|source| source.provider.cloud()));
    }

    /// The nested lists; one without items is left out (`contract/am.md 5.2`).
    fn write_lists(&self, out: &mut ObjectWriter<'_>) {
        let asset = self.asset;
        write_list(out, "openPort", "HostAssetOpenPort", &asset.open_ports, |port, out| {
            out.number("port", port.port);
            out.text("protocol", &port.protocol);
            out.text_opt("serviceName", port.service_name.as_deref());
        });
        write_list(out, "software", "HostAssetSoftware", &asset.software, |software, out| {
            out.text("name", &software.name);
            out.text_opt("version", software.version.as_deref());
        });
        let current: Vec<_> = asset.detections.iter().filter(|detection| detection.found).collect();
        write_list(out, "vuln", "HostAssetVuln", &current, |detection, out| {
            out.number("qid", detection.qid);
            out.number("hostInstanceVulnId", detection.wire_id(self.id));
            out.date("firstFound", detection.first_found);
            out.date("lastFound", detection.last_found);
        });
        write_list(out, "processor", "HostAssetProcessor", &asset.processors, |processor, out| {
            out.text("name", &processor.name);
            out.number_opt("speed", processor.speed);
        });
        write_list(out, "volume", "HostAssetVolume", &asset.volumes, |volume, out| {
            out.text("name", &volume.name);
            out.number("size", volume.size);
            out.number("free", volume.free);
        });
        write_list(out, "account", "HostAssetAccount", &asset.accounts, |account, out| {
            out.text("username", &account.username);
        });
        write_list(out, "networkInterface", "HostAssetInterface", &asset.interfaces, |interface, out| {
            out.text_opt("hostname", interface.hostname.as_deref());
            out.text_opt("interfaceId", interface.interface_id.as_deref());
            out.text_opt("interfaceName", interface.interface_name.as_deref());
            out.text_opt("macAddress", interface.mac_address.as_deref());
            out.text_opt("type", interface.kind.as_deref());
            out.text_opt("address", interface.address.map(|address| address.to_string()).as_deref());
            out.text_opt(
                "gatewayAddress",
                interface.gateway_address.map(|address| address.to_string()).as_deref(),
            );
        });
    }
}

fn write_list<T>(
    out: &mut ObjectWriter<'_>,
    name: &str,
    item: &str,
    items: &[T],
    write: impl Fn(&T, &mut ObjectWriter<'_>),
) {
    if items.is_empty() {
        return;
    }
    out.list(name, |list| items.iter().for_each(|one| list.item(item, |out| write(one, out))));
}

/// `contract/am.md 5.3`.
fn write_agent(agent: &Agent, now: Timestamp, out: &mut ObjectWriter<'_>) {
    out.text("agentVersion", &agent.version);
    out.text("agentId", &agent.id.to_string());
    out.text("status", if agent.is_active(now) { "STATUS_ACTIVE" } else { "STATUS_INACTIVE" });
    out.date("lastCheckedIn", agent.last_checked_in);
    out.text_opt("connectedFrom", agent.connected_from.map(|address| address.to_string()).as_deref());
    out.text("chirpStatus", &agent.chirp_status);
    out.text("platform", &agent.platform);
    out.text("activatedModule", &agent.modules.join(","));
    let (id, name) = super::AGENT_CONFIGURATION;
    out.object("agentConfiguration", |out| {
        out.number("id", id);
        out.text("name", name);
    });
    out.object("activationKey", |out| {
        out.text("activationId", &agent.activation_id.to_string());
        out.text("title", &agent.activation_title);
    });
}
