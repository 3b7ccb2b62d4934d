//! Creating and changing assets over the wire (`contract/am.md 5.5 and 6`).

use std::net::IpAddr;

use qps::{Element, ServiceError};
use store::{Id, Job, Stored};

use super::items::ListChange;
use super::model::{Account, Asset, Interface, OpenPort, Processor, Software, TrackingMethod, Volume};
use super::names::follow_names;
use crate::tags::{self, Tag};
use crate::{Call, Error, Permission, Result};

/// The longest name and other text, in characters.
const LONGEST: usize = 1_024;

/// A text that a request sets or, given empty, clears.
type Given = Option<Option<String>>;

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

/// A change of an asset's tags.
#[derive(Debug, Clone, Default)]
struct TagChange {
    set: Option<Vec<TagRef>>,
    add: Vec<TagRef>,
    remove: Vec<TagRef>,
}

/// A tag as a request names it.
#[derive(Debug, Clone)]
enum TagRef {
    Id(Id<Tag>),
    Name(String),
}

impl Edit {
    /// Reads `data` of a `HostAsset`. Read-only members are ignored (`contract/qps.md 5`).
    pub(super) fn read_host(data: &Element) -> Result<Self> {
        let tracking =
            data.typed("trackingMethod", &TrackingMethod::NAMES.join(", "), TrackingMethod::named)?;
        Ok(Self {
            os: given(data, "os")?,
            dns_host_name: given(data, "dnsHostName")?,
            fqdn: given(data, "fqdn")?,
            netbios_name: given(data, "netbiosName")?,
            netbios_network_id: given(data, "netbiosNetworkId")?,
            address: data.typed("address", "an IPv4 or IPv6 address", |text| text.parse().ok())?,
            tracking_method: tracking,
            open_ports: ListChange::read(data)?,
            software: ListChange::read(data)?,
            processors: ListChange::read(data)?,
            volumes: ListChange::read(data)?,
            accounts: ListChange::read(data)?,
            interfaces: ListChange::read(data)?,
            ..Self::read_asset(data)?
        })
    }

    /// Reads `data` of an `Asset`: its name and tags.
    pub(super) fn read_asset(data: &Element) -> Result<Self> {
        let name = given(data, "name")?;
        if name == Some(None) {
            return Err(ServiceError::cannot_be_null(&data.field("name")).into());
        }
        Ok(Self { name: name.flatten(), tags: TagChange::read(data)?, ..Self::default() })
    }

    /// Tags need a permission of their own (`contract/am.md 2`): whoever changes tags on assets must see them.
    pub(super) fn demand_rights(&self, call: &Call) -> Result<()> {
        if self.tags.is_some() { call.demand(Permission::ReadTag) } else { Ok(()) }
    }

    /// The asset after this change.
    pub(super) fn apply(&self, call: &Call, job: &mut Job<'_>, old: &Stored<Asset>) -> Result<Asset> {
        if let Some(method) = self.tracking_method.filter(|method| *method != old.tracking_method) {
            let message = format!(
                "Data: Invalid value for 'HostAsset.trackingMethod' ({}): it can't be changed.",
                method.name()
            );
            return Err(Error::invalid(message, "Leave it out, or delete the asset and create it anew."));
        }
        let mut new = old.object.clone();
        self.merge(job, &mut new)?;
        follow_names(call.platform.settings(), old, &mut new);
        if let Some(name) = &self.name {
            new.name.clone_from(name);
        }
        if new != old.object {
            new.modified = job.now();
        }
        Ok(new)
    }

    fn merge(&self, job: &mut Job<'_>, asset: &mut Asset) -> Result<()> {
        let set = |member: &mut Option<String>, given: &Given| {
            if let Some(given) = given {
                member.clone_from(given);
            }
        };
        set(&mut asset.os, &self.os);
        set(&mut asset.network.dns_host_name, &self.dns_host_name);
        set(&mut asset.network.fqdn, &self.fqdn);
        set(&mut asset.network.netbios_name, &self.netbios_name);
        set(&mut asset.network.netbios_network_id, &self.netbios_network_id);
        asset.network.address = self.address.or(asset.network.address);
        change(&self.open_ports, |change| change.apply(&mut asset.open_ports));
        change(&self.software, |change| change.apply(&mut asset.software));
        change(&self.processors, |change| change.apply(&mut asset.processors));
        change(&self.volumes, |change| change.apply(&mut asset.volumes));
        change(&self.accounts, |change| change.apply(&mut asset.accounts));
        change(&self.interfaces, |change| change.apply(&mut asset.interfaces));
        match &self.tags {
            Some(tags) => tags.apply(job, &mut asset.tags),
            None => Ok(()),
        }
    }

    /// Creates a host asset.
    pub(super) fn create(&self, job: &mut Job<'_>) -> Result<u32> {
        let name = self.name.clone().ok_or_else(|| ServiceError::cannot_be_null("HostAsset.name"))?;
        let mut asset = Asset::new(name, TrackingMethod::None, job.now());
        self.merge(job, &mut asset)?;
        asset.tracking_method = tracking(self.tracking_method, &asset)?;
        let taken = |error| match error {
            store::Error::Taken { holder, .. } => Error::invalid(
                format!("Data: An asset with the same address exists already (id {holder})."),
                "Update that asset, or use another address or tracking method.",
            ),
            other => other.into(),
        };
        job.insert(asset).map(Id::get).map_err(taken)
    }
}

fn change<T>(change: &Option<T>, apply: impl FnOnce(&T)) {
    if let Some(change) = change {
        apply(change);
    }
}

fn given(data: &Element, name: &str) -> Result<Given> {
    let Some(child) = data.child(name) else { return Ok(None) };
    let text = child.text.trim();
    if text.chars().count() > LONGEST {
        let shown: String = text.chars().take(40).collect();
        return Err(ServiceError::invalid_value(
            &data.field(name),
            &shown,
            format!("at most {LONGEST} characters"),
        )
        .into());
    }
    Ok(Some(Some(text.to_owned()).filter(|text| !text.is_empty())))
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
    let missing = match method {
        TrackingMethod::Ip => network.address.is_none().then_some("address"),
        TrackingMethod::Dnsname => network.dns_host_name.is_none().then_some("dnsHostName"),
        TrackingMethod::Netbios => network.netbios_name.is_none().then_some("netbiosName"),
        TrackingMethod::None
        | TrackingMethod::InstanceId
        | TrackingMethod::VirtualMachineId
        | TrackingMethod::GcpInstanceId => None,
        TrackingMethod::Qagent
        | TrackingMethod::Oca
        | TrackingMethod::Sem
        | TrackingMethod::PassiveSensor => {
            let message = format!(
                "Data: Invalid value for 'HostAsset.trackingMethod' ({}): such assets are made by their sensor.",
                method.name()
            );
            return Err(Error::invalid(
                message,
                "Use IP, DNSNAME, NETBIOS, INSTANCE_ID, VIRTUAL_MACHINE_ID, GCP_INSTANCE_ID or NONE.",
            ));
        }
    };
    match missing {
        Some(field) => Err(ServiceError::cannot_be_null(&format!("HostAsset.{field}")).into()),
        None => Ok(method),
    }
}

impl TagChange {
    fn read(data: &Element) -> Result<Option<Self>> {
        let Some(edit) = data.list_edit("tags", &["TagSimple", "Tag"])? else { return Ok(None) };
        let read = |items: Vec<&Element>| items.into_iter().map(TagRef::read).collect::<Result<Vec<_>>>();
        if edit.is_empty() {
            return Ok(None);
        }
        let add = [read(edit.add)?, read(edit.update)?].concat();
        Ok(Some(Self { set: edit.set.map(read).transpose()?, add, remove: read(edit.remove)? }))
    }

    /// Tags already there are added at no cost, absent ones removed likewise; a tag with a rule is refused in both.
    fn apply(&self, job: &mut Job<'_>, tags: &mut Vec<Id<Tag>>) -> Result<()> {
        if let Some(set) = &self.set {
            *tags = resolve(job, set)?;
            tags::demand_static(job, tags)?;
        }
        let (add, remove) = (resolve(job, &self.add)?, resolve_known(job, &self.remove)?);
        tags::demand_static(job, &add)?;
        tags::demand_static(job, &remove)?;
        tags.retain(|tag| !remove.contains(tag));
        tags.extend(add);
        tags.sort_unstable();
        tags.dedup();
        Ok(())
    }
}

impl TagRef {
    fn read(element: &Element) -> Result<Self> {
        if let Some(id) = element.long("id")? {
            let wrong =
                || ServiceError::invalid_value(&element.field("id"), &id.to_string(), "the id of a tag");
            return Ok(TagRef::Id(Id::from_wire(id).ok_or_else(wrong)?));
        }
        match element.text("name") {
            Some(name) => Ok(TagRef::Name(name.to_owned())),
            None => Err(ServiceError::cannot_be_null(&element.field("id")).into()),
        }
    }

    fn find(&self, job: &mut Job<'_>) -> Result<Option<Id<Tag>>> {
        match self {
            TagRef::Id(id) => Ok(job.get(*id)?.map(|tag| tag.id)),
            TagRef::Name(name) => tags::named(job, name),
        }
    }
}

fn resolve(job: &mut Job<'_>, refs: &[TagRef]) -> Result<Vec<Id<Tag>>> {
    let missing = |tag: &TagRef| match tag {
        TagRef::Id(id) => tags::unknown(&id.to_string()),
        TagRef::Name(name) => tags::unknown(name),
    };
    refs.iter().map(|tag| tag.find(job)?.ok_or_else(|| missing(tag))).collect()
}

/// Unknown tags are not on the asset, so removing them changes nothing (`contract/qps.md 10`).
fn resolve_known(job: &mut Job<'_>, refs: &[TagRef]) -> Result<Vec<Id<Tag>>> {
    refs.iter().filter_map(|tag| tag.find(job).transpose()).collect()
}
