//! Changing the nested lists of an asset over the wire: what an item is, and when two are the same
//! (`contract/qps.md 10`, `contract/am.md 5.2`).

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use qps::{Element, ServiceError};

use super::model::{Account, Interface, OpenPort, Processor, Software, Volume};
use crate::engine::check_members;
use crate::text::{Given, LONGEST};
use crate::{Error, Result};

/// How many items one list of a request may name.
const MOST: usize = 10_000;

/// An item of a nested list.
pub(super) trait Item: Clone + Send + 'static {
    /// The list's element.
    const LIST: &'static str;
    /// The item's element.
    const NAME: &'static str;
    /// The item's members, those that are ignored included.
    const MEMBERS: &'static [&'static str];

    /// What a request says of an item.
    type Given: Clone + Send;

    /// Reads what a request says of an item.
    fn read(element: &Element) -> Result<Self::Given>;

    /// Whether a request means this item.
    fn is_meant(&self, given: &Self::Given) -> bool;

    /// Whether a request that changes items in place means this one, if there is none that it means exactly.
    fn is_nearly_meant(&self, given: &Self::Given) -> bool {
        self.is_meant(given)
    }

    /// A new item.
    fn make(given: Self::Given) -> Self;

    /// Takes over what a request gives.
    fn merge(&mut self, given: Self::Given);

    /// The same number for an item and whatever may mean it, so that long lists are not compared item by item.
    fn place(&self) -> u64;

    /// As [`Item::place`], of what a request gives.
    fn place_of(given: &Self::Given) -> u64;
}

/// A change of one list.
#[derive(Debug, Clone)]
pub(super) struct ListChange<T: Item> {
    set: Option<Vec<T::Given>>,
    add: Vec<T::Given>,
    remove: Vec<T::Given>,
    update: Vec<T::Given>,
}

impl<T: Item> ListChange<T> {
    /// Reads a change from `data`; none if it does not speak of the list.
    pub(super) fn read(data: &Element) -> Result<Option<Self>> {
        let Some(edit) = data.list_edit(T::LIST, &[T::NAME])? else { return Ok(None) };
        Ok(Some(Self {
            set: edit.set.map(|items| read_items::<T>(data, items)).transpose()?,
            add: read_items::<T>(data, edit.add)?,
            remove: read_items::<T>(data, edit.remove)?,
            update: read_items::<T>(data, edit.update)?,
        }))
    }

    /// Carries the change out.
    pub(super) fn apply(&self, list: &mut Vec<T>) {
        if let Some(set) = &self.set {
            list.clear();
            put_all(list, set);
        }
        remove_all(list, &self.remove);
        put_all(list, &self.add);
        update_all(list, &self.update);
    }
}

fn read_items<T: Item>(data: &Element, items: Vec<&Element>) -> Result<Vec<T::Given>> {
    if items.len() > MOST {
        let message = format!("Data: The list '{}' has more than {MOST} items.", data.field(T::LIST));
        return Err(Error::invalid(message, "Split the items into several calls with 'add'."));
    }
    let read = |item: &Element| {
        check_members(item, T::MEMBERS)?;
        T::read(item)
    };
    items.into_iter().map(read).collect()
}

/// Where in a list the items of each place stand.
type Places = HashMap<u64, Vec<usize>>;

fn places<T: Item>(list: &[T]) -> Places {
    let mut places = Places::new();
    list.iter().enumerate().for_each(|(at, item)| places.entry(item.place()).or_default().push(at));
    places
}

fn find<T: Item>(
    list: &[T],
    places: &Places,
    given: &T::Given,
    is: fn(&T, &T::Given) -> bool,
) -> Option<usize> {
    let candidates = places.get(&T::place_of(given)).into_iter().flatten();
    candidates.copied().find(|at| list.get(*at).is_some_and(|item| is(item, given)))
}

fn put_all<T: Item>(list: &mut Vec<T>, items: &[T::Given]) {
    if items.is_empty() {
        return;
    }
    let mut places = places(list);
    for given in items {
        match find(list, &places, given, T::is_meant).and_then(|at| list.get_mut(at)) {
            Some(known) => known.merge(given.clone()),
            None => {
                places.entry(T::place_of(given)).or_default().push(list.len());
                list.push(T::make(given.clone()));
            }
        }
    }
}

fn remove_all<T: Item>(list: &mut Vec<T>, items: &[T::Given]) {
    let mut gone: HashMap<u64, Vec<&T::Given>> = HashMap::new();
    items.iter().for_each(|given| gone.entry(T::place_of(given)).or_default().push(given));
    let is_gone = |item: &T| gone.get(&item.place()).into_iter().flatten().any(|given| item.is_meant(given));
    list.retain(|item| !is_gone(item));
}

fn update_all<T: Item>(list: &mut [T], items: &[T::Given]) {
    if items.is_empty() {
        return;
    }
    let places = places(list);
    for given in items {
        let exactly = find(list, &places, given, T::is_meant);
        let at = exactly.or_else(|| find(list, &places, given, T::is_nearly_meant));
        if let Some(item) = at.and_then(|at| list.get_mut(at)) {
            item.merge(given.clone());
        }
    }
}

fn text(element: &Element, name: &str) -> Result<Option<String>> {
    Ok(Given::read(element, name, LONGEST)?.into_option())
}

fn required(element: &Element, name: &str) -> Result<String> {
    text(element, name)?.ok_or_else(|| ServiceError::cannot_be_null(&element.field(name)).into())
}

fn address(element: &Element, name: &str) -> Result<Option<IpAddr>> {
    Ok(element.typed(name, "Specify an IPv4 or IPv6 address.", |text| text.parse().ok())?)
}

/// A number of bytes: what fits both a signed column and the schema.
fn bytes(element: &Element, name: &str) -> Result<Option<u64>> {
    let whole = |text: &str| text.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok());
    Ok(element.typed(name, "Specify field value as Long, not negative.", whole)?)
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

impl Item for OpenPort {
    const LIST: &'static str = "openPort";
    const NAME: &'static str = "HostAssetOpenPort";
    const MEMBERS: &'static [&'static str] = &["port", "protocol", "serviceId", "serviceName"];
    type Given = Self;

    fn read(element: &Element) -> Result<Self> {
        let port = element.typed("port", "Specify a number from 1 to 65535.", |text| {
            text.parse().ok().filter(|port| *port > 0)
        })?;
        let protocol = element.typed("protocol", "Values expected: TCP, UDP.", |text| {
            ["TCP", "UDP"].into_iter().find(|name| name.eq_ignore_ascii_case(text))
        })?;
        Ok(Self {
            port: port.ok_or_else(|| ServiceError::cannot_be_null(&element.field("port")))?,
            protocol: protocol.unwrap_or("TCP").into(),
            service_name: text(element, "serviceName")?,
        })
    }

    fn is_meant(&self, given: &Self) -> bool {
        (self.port, &self.protocol) == (given.port, &given.protocol)
    }

    fn make(given: Self) -> Self {
        given
    }

    fn merge(&mut self, given: Self) {
        self.service_name = given.service_name.or_else(|| self.service_name.take());
    }

    fn place(&self) -> u64 {
        self.port.into()
    }

    fn place_of(given: &Self) -> u64 {
        given.place()
    }
}

impl Item for Software {
    const LIST: &'static str = "software";
    const NAME: &'static str = "HostAssetSoftware";
    const MEMBERS: &'static [&'static str] = &["name", "version", "publisher"];
    type Given = Self;

    fn read(element: &Element) -> Result<Self> {
        let (version, publisher) = (text(element, "version")?, text(element, "publisher")?);
        let name = required(element, "name")?;
        Ok(Self { name, version, publisher, architecture: None, installed: None, source: None })
    }

    /// Without a version, every version of the software is meant.
    fn is_meant(&self, given: &Self) -> bool {
        self.name == given.name && (given.version.is_none() || self.version == given.version)
    }

    /// The version is what an update changes.
    fn is_nearly_meant(&self, given: &Self) -> bool {
        self.name == given.name
    }

    fn make(given: Self) -> Self {
        given
    }

    fn merge(&mut self, given: Self) {
        self.version = given.version.or_else(|| self.version.take());
        self.publisher = given.publisher.or_else(|| self.publisher.take());
    }

    fn place(&self) -> u64 {
        hash(&self.name)
    }

    fn place_of(given: &Self) -> u64 {
        given.place()
    }
}

impl Item for Processor {
    const LIST: &'static str = "processor";
    const NAME: &'static str = "HostAssetProcessor";
    const MEMBERS: &'static [&'static str] = &["name", "speed"];
    type Given = Self;

    fn read(element: &Element) -> Result<Self> {
        let speed = element.typed("speed", "Specify a whole number of MHz.", |text| text.parse().ok())?;
        Ok(Self { name: required(element, "name")?, speed })
    }

    fn is_meant(&self, given: &Self) -> bool {
        self.name == given.name
    }

    fn make(given: Self) -> Self {
        given
    }

    fn merge(&mut self, given: Self) {
        self.speed = given.speed.or(self.speed);
    }

    fn place(&self) -> u64 {
        hash(&self.name)
    }

    fn place_of(given: &Self) -> u64 {
        given.place()
    }
}

/// A volume in a request: what is not given stays.
#[derive(Debug, Clone)]
pub(super) struct GivenVolume {
    name: String,
    size: Option<u64>,
    free: Option<u64>,
}

impl Item for Volume {
    const LIST: &'static str = "volume";
    const NAME: &'static str = "HostAssetVolume";
    const MEMBERS: &'static [&'static str] = &["name", "size", "free"];
    type Given = GivenVolume;

    fn read(element: &Element) -> Result<GivenVolume> {
        let (size, free) = (bytes(element, "size")?, bytes(element, "free")?);
        Ok(GivenVolume { name: required(element, "name")?, size, free })
    }

    fn is_meant(&self, given: &GivenVolume) -> bool {
        self.name == given.name
    }

    fn make(given: GivenVolume) -> Self {
        let (size, free) = (given.size.unwrap_or_default(), given.free.unwrap_or_default());
        Self { name: given.name, size, free }
    }

    fn merge(&mut self, given: GivenVolume) {
        self.size = given.size.unwrap_or(self.size);
        self.free = given.free.unwrap_or(self.free);
    }

    fn place(&self) -> u64 {
        hash(&self.name)
    }

    fn place_of(given: &GivenVolume) -> u64 {
        hash(&given.name)
    }
}

impl Item for Account {
    const LIST: &'static str = "account";
    const NAME: &'static str = "HostAssetAccount";
    const MEMBERS: &'static [&'static str] = &["username"];
    type Given = Self;

    fn read(element: &Element) -> Result<Self> {
        Ok(Self { username: required(element, "username")? })
    }

    fn is_meant(&self, given: &Self) -> bool {
        self.username == given.username
    }

    fn make(given: Self) -> Self {
        given
    }

    fn merge(&mut self, _: Self) {}

    fn place(&self) -> u64 {
        hash(&self.username)
    }

    fn place_of(given: &Self) -> u64 {
        given.place()
    }
}

impl Item for Interface {
    const LIST: &'static str = "networkInterface";
    const NAME: &'static str = "HostAssetInterface";
    const MEMBERS: &'static [&'static str] =
        &["hostname", "interfaceId", "interfaceName", "macAddress", "type", "address", "gatewayAddress"];
    type Given = Self;

    fn read(element: &Element) -> Result<Self> {
        let read = Self {
            hostname: text(element, "hostname")?,
            interface_id: text(element, "interfaceId")?,
            interface_name: text(element, "interfaceName")?,
            mac_address: text(element, "macAddress")?,
            kind: text(element, "type")?,
            address: address(element, "address")?,
            gateway_address: address(element, "gatewayAddress")?,
        };
        if (&read.interface_id, &read.interface_name, read.address) == (&None, &None, None) {
            return Err(ServiceError::cannot_be_null(&element.field("address")).into());
        }
        Ok(read)
    }

    /// By id, else by name and address.
    fn is_meant(&self, given: &Self) -> bool {
        if given.interface_id.is_some() {
            return self.interface_id == given.interface_id;
        }
        let name = given.interface_name.is_none() || self.interface_name == given.interface_name;
        name && (given.address.is_none() || self.address == given.address)
    }

    fn make(given: Self) -> Self {
        given
    }

    fn merge(&mut self, given: Self) {
        self.hostname = given.hostname.or_else(|| self.hostname.take());
        self.interface_name = given.interface_name.or_else(|| self.interface_name.take());
        self.mac_address = given.mac_address.or_else(|| self.mac_address.take());
        self.kind = given.kind.or_else(|| self.kind.take());
        self.address = given.address.or(self.address);
        self.gateway_address = given.gateway_address.or(self.gateway_address);
    }

    /// What means an interface may leave any of its members out.
    fn place(&self) -> u64 {
        0
    }

    fn place_of(_: &Self) -> u64 {
        0
    }
}
