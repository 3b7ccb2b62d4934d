//! Creating and changing assets over the wire (`contract/am.md 5.5 and 6`).

use std::net::IpAddr;

use qps::{Element, ServiceError};
use store::{Id, Job, Stored};

use super::items::ListChange;
use super::model::{
    Account, Asset, AssetType, Interface, OpenPort, Processor, Software, TrackingMethod, Volume,
};
use super::names::follow_names;
use super::system::name_system;
use super::tagging::TagChange;
use crate::engine::check_members;
use crate::text::{Given, LONGEST};
use crate::{Call, Error, Permission, Result, webapps};

/// The members of `Asset`, those that only answers have included (`contract/am.md 6`); a script also sends `comments`.
const ASSET_MEMBERS: &[&str] =
    &["id", "name", "created", "modified", "type", "tags", "criticalityScore", "sourceInfo", "comments"];

/// The members of `HostAsset` beside those (`contract/am.md 5.1`).
const HOST_MEMBERS: &[&str] = &[
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
    "hostname",
];

/// What a request wants of an asset. What is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Edit {
    name: Option<String>,
    tags: Option<TagChange>,
    os: Given,
    dns_host_name: Given,
    fqdn: Given,
    netbios_name: Given,
    netbios_network_id: Given,
    address: Option<IpAddr>,
    tracking_method: Option<TrackingMethod>,
    open_ports: Option<ListChange<OpenPort>>,
    software: Option<ListChange<Software>>,
    processors: Option<ListChange<Processor>>,
    volumes: Option<ListChange<Volume>>,
    accounts: Option<ListChange<Account>>,
    interfaces: Option<ListChange<Interface>>,
}

impl Edit {
    /// Reads `data` of a `HostAsset`. Read-only members are ignored (`contract/qps.md 5`).
    pub(super) fn read_host(data: &Element) -> Result<Self> {
        check_members(data, &[ASSET_MEMBERS, HOST_MEMBERS].concat())?;
        let methods = format!("Values expected: {}.", TrackingMethod::NAMES.join(", "));
        let text = |name| Given::read(data, name, LONGEST);
        Ok(Self {
            os: text("os")?,
            dns_host_name: text("dnsHostName")?,
            fqdn: text("fqdn")?,
            netbios_name: text("netbiosName")?,
            netbios_network_id: text("netbiosNetworkId")?,
            address: data.typed("address", "Specify an IPv4 or IPv6 address.", |text| text.parse().ok())?,
            tracking_method: data.typed("trackingMethod", &methods, TrackingMethod::named)?,
            open_ports: ListChange::read(data)?,
            software: ListChange::read(data)?,
            processors: ListChange::read(data)?,
            volumes: ListChange::read(data)?,
            accounts: ListChange::read(data)?,
            interfaces: ListChange::read(data)?,
            ..Self::read_shared(data)?
        })
    }

    /// Reads `data` of an `Asset`: its name and tags.
    pub(super) fn read_asset(data: &Element) -> Result<Self> {
        check_members(data, ASSET_MEMBERS)?;
        Self::read_shared(data)
    }

    fn read_shared(data: &Element) -> Result<Self> {
        let name = Given::read(data, "name", LONGEST)?;
        if name == Given::Cleared {
            return Err(ServiceError::cannot_be_null(&data.field("name")).into());
        }
        Ok(Self { name: name.into_option(), tags: TagChange::read(data)?, ..Self::default() })
    }

    /// Tags need a permission of their own (`contract/am.md 2`): whoever changes tags on assets must see them.
    pub(super) fn demand_rights(&self, call: &Call) -> Result<()> {
        if self.tags.is_some() { call.demand(Permission::ReadTag) } else { Ok(()) }
    }

    /// Looks up the tags that it names.
    pub(super) fn prepare(&mut self, job: &mut Job<'_>) -> Result<()> {
        self.tags.as_mut().map_or(Ok(()), |tags| tags.prepare(job))
    }

    /// Changes an asset.
    pub(super) fn apply(&self, call: &Call, job: &mut Job<'_>, old: &Stored<Asset>) -> Result<()> {
        if let Some(method) = self.tracking_method.filter(|method| *method != old.tracking_method) {
            return Err(ServiceError::invalid_value(
                "HostAsset.trackingMethod",
                method.name(),
                "Leave it out, since it can't be changed, or delete the asset and create it anew.",
            )
            .into());
        }
        let mut new = old.object.clone();
        self.merge(&mut new);
        if let Some(missing) = missing_key(old.tracking_method, &new)
            && missing_key(old.tracking_method, old).is_none()
        {
            return Err(ServiceError::cannot_be_null(missing).into());
        }
        follow_names(call.platform.settings(), old, &mut new);
        if let Some(name) = &self.name {
            new.name.clone_from(name);
        }
        if new != old.object {
            new.modified = job.now();
        }
        if new.kind == AssetType::WebApp {
            webapps::asset_changed(job, old.id, &new.name, &new.tags)?;
        }
        job.update(old, new).map_err(taken)
    }

    fn merge(&self, asset: &mut Asset) {
        let mut os = asset.os.clone();
        self.os.write(&mut os);
        name_system(asset, os);
        self.dns_host_name.write(&mut asset.network.dns_host_name);
        self.fqdn.write(&mut asset.network.fqdn);
        self.netbios_name.write(&mut asset.network.netbios_name);
        self.netbios_network_id.write(&mut asset.network.netbios_network_id);
        asset.network.address = self.address.or(asset.network.address);
        change(&self.open_ports, |change| change.apply(&mut asset.open_ports));
        change(&self.software, |change| change.apply(&mut asset.software));
        change(&self.processors, |change| change.apply(&mut asset.processors));
        change(&self.volumes, |change| change.apply(&mut asset.volumes));
        change(&self.accounts, |change| change.apply(&mut asset.accounts));
        change(&self.interfaces, |change| change.apply(&mut asset.interfaces));
        change(&self.tags, |change| change.apply(&mut asset.tags));
    }

    /// Creates a host asset.
    pub(super) fn create(&self, job: &mut Job<'_>) -> Result<u32> {
        let name = self.name.clone().ok_or_else(|| ServiceError::cannot_be_null("HostAsset.name"))?;
        let mut asset = Asset::new(name, TrackingMethod::None, job.now());
        self.merge(&mut asset);
        asset.tracking_method = tracking(self.tracking_method, &asset)?;
        job.insert(asset).map(Id::get).map_err(taken)
    }
}

fn change<T>(change: &Option<T>, apply: impl FnOnce(&T)) {
    if let Some(change) = change {
        apply(change);
    }
}

/// Which asset has the address is not said: the caller may not be allowed to see it.
fn taken(error: store::Error) -> Error {
    match error {
        store::Error::Taken { .. } => Error::invalid(
            "Data: Another asset with tracking method IP has this address already.",
            "Update that asset, or use another address or tracking method.",
        ),
        other => other.into(),
    }
}

/// The tracking method that was asked for, or that the key attributes suggest; the attribute it goes by must be there.
fn tracking(asked: Option<TrackingMethod>, asset: &Asset) -> Result<TrackingMethod> {
    let network = &asset.network;
    let suggested = || match network {
        _ if network.address.is_some() => Some(TrackingMethod::Ip),
        _ if network.dns_host_name.is_some() => Some(TrackingMethod::Dnsname),
        _ if network.netbios_name.is_some() => Some(TrackingMethod::Netbios),
        _ => None,
    };
    let method = asked.or_else(suggested).ok_or_else(|| ServiceError::cannot_be_null("HostAsset.address"))?;
    if matches!(
        method,
        TrackingMethod::Qagent | TrackingMethod::Oca | TrackingMethod::Sem | TrackingMethod::PassiveSensor
    ) {
        let wanted = "Values expected: NONE, IP, DNSNAME, NETBIOS, INSTANCE_ID, VIRTUAL_MACHINE_ID, \
                      GCP_INSTANCE_ID. Assets of other methods are made by their sensors.";
        return Err(ServiceError::invalid_value("HostAsset.trackingMethod", method.name(), wanted).into());
    }
    match missing_key(method, asset) {
        Some(field) => Err(ServiceError::cannot_be_null(field).into()),
        None => Ok(method),
    }
}

/// The attribute that an asset is tracked by, if the asset does not have it.
fn missing_key(method: TrackingMethod, asset: &Asset) -> Option<&'static str> {
    let network = &asset.network;
    let (there, field) = match method {
        TrackingMethod::Ip => (network.address.is_some(), "HostAsset.address"),
        TrackingMethod::Dnsname => (network.dns_host_name.is_some(), "HostAsset.dnsHostName"),
        TrackingMethod::Netbios => (network.netbios_name.is_some(), "HostAsset.netbiosName"),
        _ => return None,
    };
    (!there).then_some(field)
}
