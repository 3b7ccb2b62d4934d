//! Which hosts a caller may ask.

use std::net::IpAddr;

use discovery::Targets;

use super::error::Code;
use crate::assets::scanned;
use crate::{Call, Result, assets};

/// The most addresses that a caller with a scope may ask.
const MOST: u128 = 4_096;
/// How many are looked up at a time.
const PART: usize = 200;

/// Refuses callers with a scope whose targets are not all hosts in it.
pub(super) fn demand(call: &Call, targets: &Targets, exclude: &Targets) -> Result<()> {
    if call.caller.scope.is_none() {
        return Ok(());
    }
    if let Some(name) = targets.names().first() {
        return Err(Code::Scope.error(format!(
            "targets: {name} is a name, and names may lead anywhere. Give addresses of hosts in your scope."
        )));
    }
    let addresses = targets.addresses(exclude, MOST).map_err(|_| {
        Code::Scope.error(format!(
            "targets: they are more than the {MOST} addresses that a user with a scope may ask."
        ))
    })?;
    let addresses: Vec<IpAddr> = addresses.collect();
    for part in addresses.chunks(PART) {
        let (work, part) = (call.clone(), part.to_vec());
        let hidden = call.write(move |job| {
            let known = scanned::at(job, &part)?;
            for address in part {
                let asset = match known.get(&address) {
                    Some(id) => job.get(*id)?,
                    None => None,
                };
                if !asset.is_some_and(|asset| assets::sees(&work, asset.id, &asset)) {
                    return Ok(Some(address));
                }
            }
            Ok(None)
        })?;
        if let Some(address) = hidden {
            return Err(
                Code::Scope.error(format!("targets: {address} is not the address of a host in your scope."))
            );
        }
    }
    Ok(())
}
