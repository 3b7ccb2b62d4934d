//! Host assets and assets (`contract/am.md 5 and 6`).

mod activation;
mod bulk;
mod detections;
mod face;
mod golden;
mod life;
mod lists;
mod names;
mod samples;
mod search;
mod stored;
mod tagging;

use crate::common::{As, data};

pub(crate) use samples::{agent_host, azure_host, bare, everything, gcp_host, lab_web};

/// Creates a host asset from its members; gives its id.
#[track_caller]
pub(crate) fn host(caller: &As<'_>, members: &str) -> u64 {
    let body = data(&format!("<HostAsset>{members}</HostAsset>"));
    caller.post("/qps/rest/2.0/create/am/hostasset", &body).id()
}

/// Creates a host asset that is tracked by its address; gives its id.
#[track_caller]
pub(crate) fn at_address(caller: &As<'_>, name: &str, address: &str) -> u64 {
    host(caller, &format!("<name>{name}</name><address>{address}</address>"))
}

/// The URL of an operation on one host asset.
pub(crate) fn at(verb: &str, id: u64) -> String {
    format!("/qps/rest/2.0/{verb}/am/hostasset/{id}")
}

/// Changes a host asset.
#[track_caller]
pub(crate) fn update(caller: &As<'_>, id: u64, members: &str) {
    let body = data(&format!("<HostAsset>{members}</HostAsset>"));
    assert_eq!(caller.post(&at("update", id), &body).ids(), [id]);
}
