//! Schedules as callers see them.

use serde_json::{Value, json};
use store::Stored;

use super::model::{Run, Running, Schedule};
use crate::results::Source;

/// A schedule.
pub(super) fn schedule(schedule: &Stored<Schedule>) -> Value {
    let (what, timing) = (&schedule.what, schedule.timing.as_ref());
    let mut shown = json!({
        "id": schedule.id.get(),
        "name": schedule.name,
        "owner": schedule.owner_login,
        "targets": what.targets,
        "exclude": what.exclude,
        "ports": what.ports,
        "rate": what.rate,
        "record": record(what.record),
        "status": if schedule.is_active { "ACTIVE" } else { "INACTIVE" },
        "occurrence": timing.map_or("NONE", |timing| timing.occurrence.name()),
        "created": schedule.created.to_string(),
        "updated": schedule.updated.to_string(),
        "runs": schedule.runs.iter().map(run).collect::<Vec<_>>(),
    });
    if let Some(members) = shown.as_object_mut() {
        let mut set = |name: &str, value: Option<Value>| {
            drop(value.map(|value| members.insert(name.to_owned(), value)))
        };
        set("every", timing.map(|timing| timing.every.into()));
        set("start", timing.map(|timing| timing.start.to_string().into()));
        set("timeZone", timing.and_then(|timing| timing.zone.clone()).map(Value::from));
        set("next", schedule.next.map(|next| next.to_string().into()));
        set("wantedBy", schedule.wanted_by.clone().map(Value::from));
        set("running", schedule.running.as_ref().map(running));
    }
    shown
}

/// As what a discovery is recorded.
pub(super) fn record(source: Source) -> &'static str {
    match source {
        Source::VmMap => "MAP",
        _ => "SCAN",
    }
}

fn running(running: &Running) -> Value {
    let percent = (running.done * 100).checked_div(running.addresses).unwrap_or(0);
    with_author(
        json!({
            "number": running.number,
            "started": running.started.to_string(),
            "addresses": running.addresses,
            "done": running.done,
            "percent": percent,
            "openPorts": running.open,
            "connections": running.connections,
            "state": if running.is_cancelled { "CANCELING" } else { "RUNNING" },
        }),
        running.by.as_deref(),
    )
}

fn run(run: &Run) -> Value {
    let mut shown = json!({
        "number": run.number,
        "started": run.started.to_string(),
        "ended": run.ended.to_string(),
        "state": run.state.name(),
        "addresses": run.addresses,
        "done": run.done,
        "openPorts": run.open,
        "connections": run.connections,
        "recorded": serde_json::to_value(run.recorded).unwrap_or_default(),
    });
    if let (Some(problem), Some(members)) = (&run.problem, shown.as_object_mut()) {
        members.insert("problem".to_owned(), problem.clone().into());
    }
    with_author(shown, run.by.as_deref())
}

/// Who asked for a run; none when it was due.
fn with_author(mut shown: Value, by: Option<&str>) -> Value {
    if let (Some(by), Some(members)) = (by, shown.as_object_mut()) {
        members.insert("by".to_owned(), by.into());
    }
    shown
}
