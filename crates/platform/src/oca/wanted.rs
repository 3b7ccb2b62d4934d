//! What a caller wants to register, read alike from JSON and from a sheet (`contract/oca.md 3.2 and 3.3`).

use std::net::IpAddr;

use assess::{TECHNOLOGIES, Technology, technology};

use super::error::Code;
use super::model::{Details, Device};
use crate::Result;
use crate::text::LONGEST;

/// The one manifest that there is.
pub(super) const MANIFEST: &str = "PolicyCompliance";

/// The names of the fields, as JSON and sheets have them.
pub(super) const NAMES: [&str; 9] =
    ["hostIP", "technology", "type", "dnsName", "netbios", "mac", "modelName", "serialNumber", "uuid"];

/// A device that somebody wants registered, or changed.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Of one that is registered already.
    pub(super) uuid: Option<String>,
    pub(super) host_ip: IpAddr,
    pub(super) technology: Technology,
    pub(super) details: Details,
}

impl Wanted {
    /// Reads the fields that `given` has by name. An empty text says as little as none.
    pub(super) fn read(given: impl Fn(&str) -> Result<Option<String>>) -> Result<Self> {
        let field = |name: &str| -> Result<Option<String>> {
            let Some(text) = given(name)?.map(|text| text.trim().to_owned()) else { return Ok(None) };
            if text.chars().nth(LONGEST).is_some() {
                return Err(
                    Code::Value.error(format!("{name}: Specify a text of at most {LONGEST} characters."))
                );
            }
            Ok(Some(text).filter(|text| !text.is_empty()))
        };
        let needed = |name: &str| {
            field(name)?.ok_or_else(|| Code::Missing.error(format!("The mandatory field {name} is missing.")))
        };
        let (address, name, manifest) = (needed("hostIP")?, needed("technology")?, needed("type")?);
        let host_ip = address.parse().map_err(|_| {
            let shown = shown(&address);
            Code::Address
                .error(format!("hostIP: '{shown}' is not an IP address. Specify an IPv4 or IPv6 address."))
        })?;
        let technology = known(&name)?;
        check_manifest("type", &manifest)?;
        let details = Details {
            dns_name: field("dnsName")?,
            netbios: field("netbios")?,
            mac: field("mac")?.map(|text| mac(&text)).transpose()?,
            model_name: field("modelName")?,
            serial_number: field("serialNumber")?,
        };
        Ok(Self { uuid: field("uuid")?, host_ip, technology, details })
    }

    /// Refuses what may not change on a device.
    pub(super) fn check_same(&self, device: &Device) -> Result<()> {
        let name = if self.host_ip != device.host_ip {
            "hostIP"
        } else if self.technology.id != device.technology {
            "technology"
        } else {
            return Ok(());
        };
        let advice = "Send the value of the registered asset, or revoke it and provision it anew.";
        Err(Code::Immutable.error(format!("{name} of a provisioned asset can't be changed. {advice}")))
    }
}

impl Details {
    /// What `new` says, and what stands where it says nothing.
    pub(super) fn overlaid(&self, new: &Details) -> Details {
        let either = |new: &Option<String>, old: &Option<String>| new.clone().or_else(|| old.clone());
        Details {
            dns_name: either(&new.dns_name, &self.dns_name),
            netbios: either(&new.netbios, &self.netbios),
            mac: either(&new.mac, &self.mac),
            model_name: either(&new.model_name, &self.model_name),
            serial_number: either(&new.serial_number, &self.serial_number),
        }
    }
}

/// The technology of a name.
pub(super) fn known(name: &str) -> Result<Technology> {
    technology(name).ok_or_else(|| {
        let words = name.to_ascii_lowercase();
        let first = words.split_whitespace().next().unwrap_or_default();
        let near: Vec<_> = TECHNOLOGIES
            .iter()
            .map(|one| one.name)
            .filter(|known| !first.is_empty() && known.to_ascii_lowercase().contains(first))
            .collect();
        let near =
            if near.is_empty() { String::new() } else { format!(" Similar are: {}.", near.join(", ")) };
        let list = "Specify a name of the list of supported technologies.";
        Code::Technology.error(format!("technology: '{}' is not supported. {list}{near}", shown(name)))
    })
}

/// Refuses other manifests than the one that there is.
pub(super) fn check_manifest(field: &str, given: &str) -> Result<()> {
    if given.trim() == MANIFEST {
        return Ok(());
    }
    Err(Code::Type
        .error(format!("{field}: '{}' is not supported. The value expected is {MANIFEST}.", shown(given))))
}

/// An address of hardware in any of the usual forms, in pairs with colons.
fn mac(text: &str) -> Result<String> {
    let digits: String = text.chars().filter(|letter| !":-.".contains(*letter)).collect();
    if digits.len() != 12 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        let wanted = "Specify twelve hexadecimal digits, such as 02-00-5E-10-00-01.";
        return Err(Code::Value.error(format!("mac: '{}' is not a MAC address. {wanted}", shown(text))));
    }
    let pairs = digits.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).to_ascii_uppercase());
    Ok(pairs.collect::<Vec<_>>().join(":"))
}

/// A value as a message repeats it.
pub(super) fn shown(value: &str) -> String {
    value.chars().take(64).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
