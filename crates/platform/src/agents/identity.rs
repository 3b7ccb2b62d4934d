//! Which asset a host that enrols already is, so that a new installation of its agent makes no second one.

use inventory::Text;
use inventory::protocol::EnrollRequest;
use jiff::{SignedDuration, Timestamp};
use query::{Filter, Test, Value};
use roaring::RoaringBitmap;
use store::{Id, Job, Stored};

use crate::Result;
use crate::assets::{Asset, TrackingMethod, fields};

/// An agent that was silent for so long is not the one of a second, cloned machine.
const SILENT: SignedDuration = SignedDuration::from_mins(30);

/// Finds the asset; the order of the signs is that of [`inventory::protocol`].
pub(super) fn find(
    job: &mut Job<'_>,
    message: &EnrollRequest,
    now: Timestamp,
) -> Result<Option<Stored<Asset>>> {
    let host = Host::new(message);
    if let Some(previous) = message.previous_agent_id
        && let Some(id) = job.find::<Asset>(&crate::assets::agent_key(previous))?
        && let Some(asset) = job.get(id)?
        && (host.same_machine(&asset) || host.same_firmware(&asset) || host.shares_mac(&asset))
    {
        return Ok(Some(asset));
    }
    let candidates = candidates(job, message);
    let mut found: Vec<Stored<Asset>> = Vec::new();
    for id in candidates.iter().take(1_000) {
        found.extend(job.get(Id::<Asset>::new(id))?);
    }
    let signs: [&dyn Fn(&Asset) -> bool; 5] = [
        &|asset| host.same_instance(asset),
        &|asset| host.same_machine(asset) && !host.is_clone_of(asset, now),
        &|asset| host.same_firmware(asset) && (host.same_serial(asset) || host.shares_mac(asset)),
        &|asset| host.shares_mac(asset) && host.same_name(asset),
        &|asset| asset.agent.is_none() && host.is_tracked_as(asset),
    ];
    Ok(signs.iter().find_map(|sign| found.iter().find(|asset| sign(asset)).cloned()))
}

/// Assets with any sign of being this host, by the index.
fn candidates(job: &Job<'_>, message: &EnrollRequest) -> RoaringBitmap {
    let equals = |field, text: &Text| Filter::Field(field, Test::Equals(Value::Text(text.to_string())));
    let mut any = Vec::new();
    any.extend(message.cloud.iter().map(|cloud| equals(fields::INSTANCE_ID, cloud.instance_id())));
    any.extend(message.identity.machine_id.iter().map(|id| equals(fields::MACHINE_ID, id)));
    any.extend(message.identity.bios_uuid.iter().map(|id| equals(fields::BIOS_UUID, id)));
    for mac in message.mac_addresses.iter() {
        any.push(Filter::Any(fields::INTERFACES, Box::new(equals(fields::MAC, mac))));
    }
    let names = message.host.fqdn.iter().chain([&message.host.hostname]).filter(|name| !name.is_empty());
    // Names of hosts are the same in any case.
    any.extend(names.map(|name| {
        Filter::Field(fields::DNS_NAME, Test::Pattern(vec![query::fold(name.as_str()).into_owned()]))
    }));
    for address in message.addresses.iter() {
        any.push(Filter::Field(fields::ADDRESS, Test::Equals(Value::Address(*address))));
    }
    job.select::<Asset>(&Filter::Or(any))
}

struct Host<'a>(&'a EnrollRequest);

impl<'a> Host<'a> {
    fn new(message: &'a EnrollRequest) -> Self {
        Self(message)
    }

    fn same_machine(&self, asset: &Asset) -> bool {
        same(
            self.0.identity.machine_id.as_ref(),
            asset.agent.as_ref().and_then(|agent| agent.machine_id.as_deref()),
        )
    }

    fn same_firmware(&self, asset: &Asset) -> bool {
        same(self.0.identity.bios_uuid.as_ref(), asset.hardware.bios_uuid.as_deref())
    }

    fn same_serial(&self, asset: &Asset) -> bool {
        same(self.0.identity.bios_serial.as_ref(), asset.hardware.bios_serial.as_deref())
    }

    fn same_name(&self, asset: &Asset) -> bool {
        let known = asset.network.dns_host_name.as_deref();
        same(Some(&self.0.host.hostname), known) || same(self.0.host.fqdn.as_ref(), known)
    }

    fn same_instance(&self, asset: &Asset) -> bool {
        let Some(cloud) = &self.0.cloud else { return false };
        asset.sources.iter().any(|source| {
            let id = source.members.get("instanceId").or_else(|| source.members.get("vmId"));
            source.provider.cloud() == cloud.provider()
                && same(Some(cloud.instance_id()), id.map(String::as_str))
        })
    }

    fn shares_mac(&self, asset: &Asset) -> bool {
        let known = |mac: &Text| {
            asset.interfaces.iter().any(|interface| same(Some(mac), interface.mac_address.as_deref()))
        };
        self.0.mac_addresses.iter().any(known)
    }

    /// The same machine id on another machine: both have hardware addresses and share none, and the other reports.
    fn is_clone_of(&self, asset: &Asset, now: Timestamp) -> bool {
        let has_macs = asset.interfaces.iter().any(|interface| interface.mac_address.is_some());
        let apart = has_macs && !self.0.mac_addresses.is_empty() && !self.shares_mac(asset);
        let last = asset.agent.as_ref().map(|agent| agent.last_checked_in);
        apart && last.is_some_and(|last| now.duration_since(last) < SILENT)
    }

    /// The host that a scan or a person entered by its address or name, before it had an agent.
    fn is_tracked_as(&self, asset: &Asset) -> bool {
        match asset.tracking_method {
            TrackingMethod::Ip => {
                asset.network.address.is_some_and(|address| self.0.addresses.contains(&address))
            }
            TrackingMethod::Dnsname => self.same_name(asset),
            _ => false,
        }
    }
}

fn same(reported: Option<&Text>, known: Option<&str>) -> bool {
    matches!((reported, known), (Some(a), Some(b)) if !a.is_empty() && a.as_str().eq_ignore_ascii_case(b))
}
