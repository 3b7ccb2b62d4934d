//! Tags (`contract/am.md 4`).

mod golden;
mod life;
mod rules;
mod search;
mod trees;

use crate::common::{As, World, data};

/// Creates a tag from its members; gives its id.
#[track_caller]
pub(crate) fn tag(caller: &As<'_>, members: &str) -> u64 {
    caller.post("/qps/rest/2.0/create/am/tag", &data(&format!("<Tag>{members}</Tag>"))).id()
}

/// Creates a tag with a rule; gives its id.
#[track_caller]
pub(crate) fn dynamic(caller: &As<'_>, name: &str, kind: &str, text: &str) -> u64 {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    tag(caller, &format!("<name>{name}</name><ruleType>{kind}</ruleType><ruleText>{text}</ruleText>"))
}

/// A world with one caller who may do everything.
pub(crate) fn world() -> World {
    World::new()
}
