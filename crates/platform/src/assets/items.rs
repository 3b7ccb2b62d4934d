//! Changing the nested lists of an asset over the wire: what an item is, and when two are the same
//! (`contract/qps.md 10`, `contract/am.md 5.2`).

use std::net::IpAddr;

use qps::{Element, ServiceError};

use super::model::{Account, Interface, OpenPort, Processor, Software, Volume};
use crate::Result;

/// An item of a nested list.
pub(super) trait Item: Clone + PartialEq + Send + 'static {
    /// The list's element.
    const LIST: &'static str;
    /// The item's element.
    const NAME: &'static str;

    /// Reads an item. `keyed` items only name which item is meant.
    fn read(element: &Element) -> Result<Self>;

    /// Whether this names the same item as another.
    fn is(&self, other: &Self) -> bool;

    /// Takes over what another gives.
    fn merge(&mut self, given: Self);
}

/// A change of one list.
#[derive(Debug, Clone)]
pub(super) struct ListChange<T> {
    set: Option<Vec<T>>,
    add: Vec<T>,
    remove: Vec<T>,
    update: Vec<T>,
}

impl<T: Item> ListChange<T> {
    /// Reads a change from `data`; none if it does not speak of the list.
    pub(super) fn read(data: &Element) -> Result<Option<Self>> {
        let Some(edit) = data.list_edit(T::LIST, &[T::NAME])? else { return Ok(None) };
        let read = |items: Vec<&Element>| items.into_iter().map(T::read).collect::<Result<Vec<T>>>();
        Ok(Some(Self {
            set: edit.set.map(read).transpose()?,
            add: read(edit.add)?,
            remove: read(edit.remove)?,
            update: read(edit.update)?,
        }))
    }

    /// Carries the change out.
    pub(super) fn apply(&self, list: &mut Vec<T>) {
        if let Some(set) = &self.set {
            list.clear();
            set.iter().for_each(|item| put(list, item));
        }
        list.retain(|item| !self.remove.iter().any(|gone| gone.is(item)));
        self.add.iter().for_each(|item| put(list, item));
        for change in &self.update {
            if let Some(item) = list.iter_mut().find(|item| change.is(item)) {
                item.merge(change.clone());
            }
        }
    }
}

fn put<T: Item>(list: &mut Vec<T>, item: &T) {
    match list.iter_mut().find(|known| item.is(known)) {
        Some(known) => known.merge(item.clone()),
        None => list.push(item.clone()),
    }
}

fn owned(element: &Element, name: &str) -> Option<String> {
    element.text(name).map(str::to_owned)
}

fn address(element: &Element, name: &str) -> Result<Option<IpAddr>> {
    Ok(element.typed(name, "an IPv4 or IPv6 address", |text| text.parse().ok())?)
}

fn whole(element: &Element, name: &str) -> Result<Option<u64>> {
    let wrong =
        |number: i64| ServiceError::invalid_value(&element.field(name), &number.to_string(), "0 or more");
    let number = element.long(name)?;
    number.map(|number| u64::try_from(number).map_err(|_| wrong(number).into())).transpose()
}

impl Item for OpenPort {
    const LIST: &'static str = "openPort";
    const NAME: &'static str = "HostAssetOpenPort";

    fn read(element: &Element) -> Result<Self> {
        let port = element
            .typed("port", "a number from 1 to 65535", |text| text.parse().ok().filter(|port| *port > 0))?;
        let protocol = element.typed("protocol", "TCP or UDP", |text| {
            ["TCP", "UDP"].into_iter().find(|name| name.eq_ignore_ascii_case(text))
        })?;
        Ok(Self {
            port: port.ok_or_else(|| ServiceError::cannot_be_null(&element.field("port")))?,
            protocol: protocol.unwrap_or("TCP").into(),
            service_name: owned(element, "serviceName"),
        })
    }

    fn is(&self, other: &Self) -> bool {
        (self.port, &self.protocol) == (other.port, &other.protocol)
    }

    fn merge(&mut self, given: Self) {
        self.service_name = given.service_name.or_else(|| self.service_name.take());
    }
}

impl Item for Software {
    const LIST: &'static str = "software";
    const NAME: &'static str = "HostAssetSoftware";

    fn read(element: &Element) -> Result<Self> {
        let (version, publisher) = (owned(element, "version"), owned(element, "publisher"));
        let name = element.required_text("name")?.to_owned();
        Ok(Self { name, version, publisher, architecture: None, installed: None, source: None })
    }

    /// Without a version, every version of the software is meant.
    fn is(&self, other: &Self) -> bool {
        self.name == other.name && (self.version.is_none() || self.version == other.version)
    }

    fn merge(&mut self, given: Self) {
        self.version = given.version.or_else(|| self.version.take());
        self.publisher = given.publisher.or_else(|| self.publisher.take());
    }
}

impl Item for Processor {
    const LIST: &'static str = "processor";
    const NAME: &'static str = "HostAssetProcessor";

    fn read(element: &Element) -> Result<Self> {
        let speed = element.typed("speed", "a whole number of MHz", |text| text.parse().ok())?;
        Ok(Self { name: element.required_text("name")?.to_owned(), speed })
    }

    fn is(&self, other: &Self) -> bool {
        self.name == other.name
    }

    fn merge(&mut self, given: Self) {
        self.speed = given.speed.or(self.speed);
    }
}

impl Item for Volume {
    const LIST: &'static str = "volume";
    const NAME: &'static str = "HostAssetVolume";

    fn read(element: &Element) -> Result<Self> {
        let (size, free) = (whole(element, "size")?, whole(element, "free")?);
        let name = element.required_text("name")?.to_owned();
        Ok(Self { name, size: size.unwrap_or_default(), free: free.unwrap_or_default() })
    }

    fn is(&self, other: &Self) -> bool {
        self.name == other.name
    }

    fn merge(&mut self, given: Self) {
        (self.size, self.free) = (given.size, given.free);
    }
}

impl Item for Account {
    const LIST: &'static str = "account";
    const NAME: &'static str = "HostAssetAccount";

    fn read(element: &Element) -> Result<Self> {
        Ok(Self { username: element.required_text("username")?.to_owned() })
    }

    fn is(&self, other: &Self) -> bool {
        self.username == other.username
    }

    fn merge(&mut self, _: Self) {}
}

impl Item for Interface {
    const LIST: &'static str = "networkInterface";
    const NAME: &'static str = "HostAssetInterface";

    fn read(element: &Element) -> Result<Self> {
        let read = Self {
            hostname: owned(element, "hostname"),
            interface_id: owned(element, "interfaceId"),
            interface_name: owned(element, "interfaceName"),
            mac_address: owned(element, "macAddress"),
            kind: owned(element, "type"),
            address: address(element, "address")?,
            gateway_address: address(element, "gatewayAddress")?,
        };
        if (&read.interface_id, &read.interface_name, read.address) == (&None, &None, None) {
            return Err(ServiceError::cannot_be_null(&element.field("address")).into());
        }
        Ok(read)
    }

    /// By id, else by name and address.
    fn is(&self, other: &Self) -> bool {
        if self.interface_id.is_some() {
            return self.interface_id == other.interface_id;
        }
        let name = self.interface_name.is_none() || self.interface_name == other.interface_name;
        name && (self.address.is_none() || self.address == other.address)
    }

    fn merge(&mut self, given: Self) {
        self.hostname = given.hostname.or_else(|| self.hostname.take());
        self.interface_name = given.interface_name.or_else(|| self.interface_name.take());
        self.mac_address = given.mac_address.or_else(|| self.mac_address.take());
        self.kind = given.kind.or_else(|| self.kind.take());
        self.address = given.address.or(self.address);
        self.gateway_address = given.gateway_address.or(self.gateway_address);
    }
}
