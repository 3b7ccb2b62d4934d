//! Posture by the policy compliance calls (`contract/oca.md 5.3`), for the devices that were uploaded.
//!
//! There is one policy, the built-in one: every control that ships, with its own expectations. The data points do not
//! know of it, so a posture is what the policy says now, without a new upload. What it said before is told as far as
//! the uploads are kept.

mod ask;
mod fo;
mod fo_csv;
mod fo_xml;
mod host;
mod pcas;
mod pcrs;
mod record;

use std::ops::Bound;

use assess::Status;
use query::{Filter, Test, Value as Literal};

pub(crate) use fo::FAMILY as CLASSIC;
pub(crate) use pcas::FAMILY as LIBRARY;
pub(crate) use pcrs::FAMILY as POSTURE;

use super::fields;
use super::model::Device;
use crate::{Call, Error, Interrupted, Result, assets};

/// The number of the built-in policy.
const POLICY: u32 = 1;
/// What it is called.
const TITLE: &str = "Redoubt baseline";
/// Its version.
const EDITION: &str = "1.0";
/// When its controls last changed.
const DATED: &str = "2026-11-25T00:00:00Z";
/// The one subscription.
const SUBSCRIPTION: u32 = 1;

/// The word for a status (`contract/oca.md 5.2`); none where a control does not concern the host: that is no record.
fn word(status: Status) -> Option<&'static str> {
    match status {
        Status::Passed => Some("Passed"),
        Status::Failed => Some("Failed"),
        Status::Error => Some("Error"),
        Status::NotApplicable => None,
    }
}

/// The hosts with a posture that the caller may see, in order.
fn hosts(call: &Call) -> Result<Vec<u32>> {
    let uploaded = Filter::Field(
        fields::UPLOADS_COUNT,
        Test::Range(Bound::Included(Literal::Integer(1)), Bound::Unbounded),
    );
    let ids: Vec<u32> = call.store().index::<Device, _>(|index| index.select(&uploaded).iter().collect());
    let visible = assets::visible(call);
    let mut hosts = Vec::new();
    let mut reading = call.store().read()?;
    for chunk in ids.chunks(500) {
        let devices = reading.get_many::<Device>(chunk)?;
        let assets = devices.iter().map(|device| device.asset.get());
        hosts.extend(assets.filter(|id| visible.as_ref().is_none_or(|visible| visible.contains(*id))));
    }
    hosts.sort_unstable();
    Ok(hosts)
}

fn interrupted(error: Error) -> Interrupted {
    match error {
        Error::Store(error) => Interrupted::Store(error),
        other => Interrupted::Store(store::Error::Corrupt(other.to_string())),
    }
}
