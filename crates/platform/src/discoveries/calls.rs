//! The calls about schedules.

use jiff::{SignedDuration, Timestamp};
use query::Filter;
use serde_json::{Value, json};
use store::{Id, Job, Reading, Stored};

use super::error::{Code, shown};
use super::model::{Schedule, What, name_key, owned_by};
use super::{scope, wanted, wire, work};
use crate::gateway::{GatewayInput, GatewayReply};
use crate::results::Source;
use crate::{Call, Permission, Result};

/// Schedules of an installation at the most.
const MOST: u64 = 1_000;

fn success(data: Value) -> Result<GatewayReply> {
    Ok(GatewayReply::Json(json!({ "code": 200, "data": data })))
}

/// `POST schedule`.
pub(super) fn create(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let object = input.object().map_err(|problem| Code::Body.error(problem))?;
    let wanted = wanted::read(&object, None, call.now)?;
    demand_right(call, &wanted.what)?;
    let caller = call.caller.clone();
    let id = call.write(move |job| {
        let count = job.select::<Schedule>(&Filter::All).len();
        if count >= MOST {
            return Err(
                Code::TooMany.error(format!("There are {count} schedules already; delete one first."))
            );
        }
        demand_free(job, &wanted.name, None)?;
        let now = job.now();
        let mut schedule = Schedule {
            name: wanted.name,
            owner: caller.user,
            owner_login: caller.login,
            what: wanted.what,
            timing: wanted.timing,
            is_active: wanted.is_active,
            next: None,
            wanted_by: None,
            running: None,
            runs: Vec::new(),
            count: 0,
            created: now,
            updated: now,
        };
        schedule.plan(just_before(now));
        Ok(job.insert(schedule)?)
    })?;
    answer(call, id)
}

/// `PUT schedule/{id}`. Whoever changes it, owns it from then on: it runs in the name of who said what it does.
pub(super) fn update(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let id = id(&input)?;
    let object = input.object().map_err(|problem| Code::Body.error(problem))?;
    let old = seen(call, &mut call.store().read()?, id)?;
    let wanted = wanted::read(&object, Some(&old.object), call.now)?;
    demand_right(call, &wanted.what)?;
    let work = call.clone();
    call.write(move |job| {
        let old = job.get(id)?.filter(|old| sees(&work, old)).ok_or_else(|| unknown(id))?;
        let wanted = wanted::read(&object, Some(&old.object), work.now)?;
        demand_free(job, &wanted.name, Some(id))?;
        let now = job.now();
        let mut new = old.object.clone();
        let is_planned = new.timing == wanted.timing && new.is_active == wanted.is_active;
        (new.name, new.what, new.timing, new.is_active) =
            (wanted.name, wanted.what, wanted.timing, wanted.is_active);
        (new.owner, new.owner_login) = (work.caller.user, work.caller.login.clone());
        if !is_planned {
            new.plan(just_before(now));
        }
        new.updated = now;
        Ok(job.update(&old, new)?)
    })?;
    answer(call, id)
}

/// `GET schedule/{id}`.
pub(super) fn one(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    answer(call, id(&input)?)
}

/// `GET schedules`.
pub(super) fn list(call: &Call, _: GatewayInput) -> Result<GatewayReply> {
    let filter = match call.caller.scope {
        None => Filter::All,
        Some(_) => owned_by(call.caller.user),
    };
    let ids: Vec<u32> = call.store().index::<Schedule, _>(|index| index.select(&filter).iter().collect());
    let schedules = call.store().read()?.get_many::<Schedule>(&ids)?;
    let items: Vec<_> = schedules.into_iter().map(|mut one| shown_now(call, &mut one)).collect();
    success(json!({ "items": items, "totalCount": ids.len() }))
}

/// `DELETE schedule/{id}`. A run ends with it.
pub(super) fn delete(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let (id, work) = (id(&input)?, call.clone());
    call.write(move |job| {
        let old = job.get(id)?.filter(|old| sees(&work, old)).ok_or_else(|| unknown(id))?;
        Ok(job.delete(&old)?)
    })?;
    call.platform.discoveries().cancel(id);
    success(json!({ "id": id.get() }))
}

/// `POST schedule/{id}/run`.
pub(super) fn run(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let (id, work) = (id(&input)?, call.clone());
    let schedule = seen(call, &mut call.store().read()?, id)?;
    demand_right(call, &schedule.what)?;
    call.write(move |job| {
        let old = job.get(id)?.filter(|old| sees(&work, old)).ok_or_else(|| unknown(id))?;
        if old.running.as_ref().is_some_and(|running| running.is_alive(job.now())) {
            let message = "It is running already. Wait until it has ended, or cancel it.";
            return Err(Code::Busy.error(message));
        }
        let mut new = old.object.clone();
        new.wanted_by = Some(work.caller.login.clone());
        Ok(job.update(&old, new)?)
    })?;
    work::look(&call.platform);
    answer(call, id)
}

/// `POST schedule/{id}/cancel`. Of what does not run, nothing is to be done.
pub(super) fn cancel(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let (id, work) = (id(&input)?, call.clone());
    call.write(move |job| {
        let old = job.get(id)?.filter(|old| sees(&work, old)).ok_or_else(|| unknown(id))?;
        let mut new = old.object.clone();
        new.wanted_by = None;
        if let Some(running) = &mut new.running {
            running.is_cancelled = true;
        }
        Ok(job.update(&old, new)?)
    })?;
    call.platform.discoveries().cancel(id);
    answer(call, id)
}

/// What whoever makes, changes or runs a schedule must be allowed to do.
fn demand_right(call: &Call, what: &What) -> Result<()> {
    demand_recording(call, what.record)?;
    let targets = wanted::expression("targets", &what.targets)?;
    scope::demand(call, &targets, &wanted::expression("exclude", &what.exclude)?)
}

/// So that what is due at this very moment is due.
fn just_before(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_secs(1)).unwrap_or(now)
}

/// Refuses who may not make the assets that a scan makes.
pub(super) fn demand_recording(call: &Call, record: Source) -> Result<()> {
    if record == Source::VmScan {
        call.demand(Permission::CreateAsset)?;
        call.demand(Permission::EditAsset)?;
    }
    Ok(())
}

/// Users with a scope see their own schedules: those of others name hosts that they may not know of.
fn sees(call: &Call, schedule: &Schedule) -> bool {
    call.caller.scope.is_none() || schedule.owner == call.caller.user
}

fn seen(call: &Call, reading: &mut Reading, id: Id<Schedule>) -> Result<Stored<Schedule>> {
    reading.get(id)?.filter(|schedule| sees(call, schedule)).ok_or_else(|| unknown(id))
}

fn answer(call: &Call, id: Id<Schedule>) -> Result<GatewayReply> {
    let mut schedule = seen(call, &mut call.store().read()?, id)?;
    success(shown_now(call, &mut schedule))
}

/// A schedule with the progress that this server knows of.
fn shown_now(call: &Call, schedule: &mut Stored<Schedule>) -> Value {
    if let (Some(running), Some(progress)) =
        (&mut schedule.object.running, call.platform.discoveries().progress(schedule.id))
    {
        running.advance(progress);
    }
    wire::schedule(schedule)
}

fn demand_free(job: &mut Job<'_>, name: &str, own: Option<Id<Schedule>>) -> Result<()> {
    match job.find::<Schedule>(&name_key(name))? {
        Some(other) if Some(other) != own => {
            Err(Code::Name.error(format!("name: '{}' is the name of schedule {other} already.", shown(name))))
        }
        _ => Ok(()),
    }
}

fn id(input: &GatewayInput) -> Result<Id<Schedule>> {
    let given = input.path("id");
    let is_plain = !given.is_empty() && given.bytes().all(|byte| byte.is_ascii_digit());
    let number = given.parse().ok().filter(|number| is_plain && *number > 0);
    number
        .map(Id::new)
        .ok_or_else(|| Code::Unknown.error(format!("There is no schedule '{}'.", shown(given))))
}

fn unknown(id: Id<Schedule>) -> crate::Error {
    Code::Unknown.error(format!("There is no schedule {id}."))
}
