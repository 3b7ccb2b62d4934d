//! The names of assets (`contract/am.md 5.8`).

use store::{Id, Job, Stored};

use super::model::{Asset, AssetType};
use crate::text::LONGEST;
use crate::{Error, Result, Settings, webapps};

/// The name that an asset's key attributes give it: DNS name, NetBIOS name, cloud instance, address.
pub(crate) fn derived_name(asset: &Asset) -> Option<String> {
    let network = &asset.network;
    network
        .dns_host_name
        .clone()
        .or_else(|| network.netbios_name.clone())
        .or_else(|| instance(asset).cloned())
        .or_else(|| network.address.map(|address| address.to_string()))
}

fn instance(asset: &Asset) -> Option<&String> {
    let mut members = asset.sources.iter().map(|source| &source.members);
    members.find_map(|members| members.get("instanceId").or_else(|| members.get("vmId")))
}

/// Whether one of the attributes that a name is made of is another one now.
fn key_changed(old: &Asset, new: &Asset) -> bool {
    let (before, after) = (&old.network, &new.network);
    before.dns_host_name != after.dns_host_name
        || before.netbios_name != after.netbios_name
        || before.address != after.address
        || instance(old) != instance(new)
}

/// Lets the name follow, where that is switched on, the asset is not locked, and a key attribute changed.
pub(crate) fn follow_names(settings: Settings, old: &Asset, new: &mut Asset) {
    if !settings.automatic_names || new.prevent_auto_name || !key_changed(old, new) {
        return;
    }
    if let Some(name) = derived_name(new) {
        new.name = name;
    }
}

/// Gives an asset a name by hand that stays, whatever its key attributes come to be (`contract/am.md 5.8`).
///
/// # Errors
/// When there is no such asset, the name is empty or too long, or the database fails.
pub fn keep_name(job: &mut Job<'_>, id: u32, name: &str) -> Result<()> {
    let name = name.trim();
    if name.is_empty() || name.chars().nth(LONGEST).is_some() {
        return Err(Error::invalid(
            format!("The name {name:?} can't be used."),
            format!("Use 1 to {LONGEST} characters."),
        ));
    }
    let old = existing(job, id)?;
    let new = Asset { name: name.to_owned(), prevent_auto_name: true, ..old.object.clone() };
    change(job, &old, new)
}

/// Lets the name of an asset follow its key attributes again, from the next change of one.
///
/// # Errors
/// When there is no such asset, or the database fails.
pub fn release_name(job: &mut Job<'_>, id: u32) -> Result<()> {
    let old = existing(job, id)?;
    let new = Asset { prevent_auto_name: false, ..old.object.clone() };
    change(job, &old, new)
}

fn existing(job: &mut Job<'_>, id: u32) -> Result<Stored<Asset>> {
    let unknown = || Error::invalid(format!("There is no asset {id}."), "Use the id of an existing asset.");
    job.get(Id::<Asset>::new(id))?.ok_or_else(unknown)
}

fn change(job: &mut Job<'_>, old: &Stored<Asset>, mut new: Asset) -> Result<()> {
    if new == old.object {
        return Ok(());
    }
    new.modified = job.now();
    if new.kind == AssetType::WebApp {
        webapps::asset_changed(job, old.id, &new.name, &new.tags)?;
    }
    Ok(job.update(old, new)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::TrackingMethod;

    fn named(dns: Option<&str>) -> Asset {
        let mut asset = Asset::new("given", TrackingMethod::Ip, jiff::Timestamp::UNIX_EPOCH);
        asset.network.address = "192.0.2.1".parse().ok();
        asset.network.dns_host_name = dns.map(str::to_owned);
        asset
    }

    #[test]
    fn names_follow_only_when_asked_unlocked_and_changed() {
        let on = Settings { automatic_names: true, ..Settings::default() };
        let follow = |settings, old: &Asset, mut new: Asset| {
            follow_names(settings, old, &mut new);
            new.name
        };
        let (old, new) = (named(None), named(Some("web.example.test")));
        assert_eq!(follow(on, &old, new.clone()), "web.example.test");
        assert_eq!(follow(Settings::default(), &old, new.clone()), "given");
        assert_eq!(follow(on, &new, new.clone()), "given", "nothing changed");
        assert_eq!(follow(on, &old, Asset { prevent_auto_name: true, ..new }), "given");
        assert_eq!(follow(on, &named(Some("gone")), named(None)), "192.0.2.1");
    }
}
