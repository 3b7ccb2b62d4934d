//! Agents: enrolment and check-ins as they are sent, and what becomes of them on the wire (`contract/ca.md 3 and 9`).

mod checkin;
mod enroll;
mod identity;
mod machine;
mod shown;

pub(crate) use machine::Machine;

use crate::common::{As, Node, Reply, World};

/// The only host asset, as the wire shows it.
#[track_caller]
fn only(world: &World) -> Node {
    let reply = hosts(world);
    reply.record().clone()
}

#[track_caller]
fn hosts(world: &World) -> Reply {
    world.manager().get("/qps/rest/2.0/search/am/hostasset")
}

/// The names of an asset's tags.
#[track_caller]
fn tags(me: &As<'_>, id: u64) -> Vec<String> {
    let reply = me.get(&format!("/qps/rest/2.0/get/am/asset/{id}"));
    reply.record().each("tags", "name").into_iter().map(str::to_owned).collect()
}
