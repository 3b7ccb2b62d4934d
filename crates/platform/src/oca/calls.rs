//! The calls that read (`contract/oca.md 3.1, 3.4 and 3.7`).

use std::collections::BTreeMap;
use std::ops::Bound;

use assess::{Assessment, Policy, Status, TECHNOLOGIES, Verdict, judge};
use jiff::SignedDuration;
use query::{Filter, Test, Value as Literal, When};
use serde_json::{Value, json};
use store::{Stored, Window};

use super::archive::Archive;
use super::error::Code;
use super::fields::{ASSET, CONFIRMED, HOST_IP, REQUESTED, TECHNOLOGY};
use super::model::{Device, Upload};
use super::wanted::{check_manifest, known, shown};
use super::{LIBRARY, state, wire};
use crate::gateway::{GatewayInput, GatewayReply};
use crate::{Call, Result, assets};

/// The furthest that may be looked back, in days.
const DAYS: i64 = 30;
/// How many devices are read and written before they go out.
const CHUNK: usize = 200;
/// The most devices of a page.
const PAGE: usize = 1_000;

fn success(data: Value) -> GatewayReply {
    GatewayReply::Json(json!({ "code": 200, "data": data }))
}

/// `GET technology/PolicyCompliance`.
pub(super) fn technologies(_: &Call, input: GatewayInput) -> Result<GatewayReply> {
    check_manifest("manifest_types", input.path("manifest_types"))?;
    let items: Vec<_> = TECHNOLOGIES.iter().map(|one| json!({ "id": one.id, "name": one.name })).collect();
    Ok(success(json!({ "items": items })))
}

/// `GET technology/{name}/command/PolicyCompliance`.
pub(super) fn manifest(_: &Call, input: GatewayInput) -> Result<GatewayReply> {
    check_manifest("manifest_types", input.path("manifest_types"))?;
    let technology = known(input.path("name"))?;
    Ok(success(json!({ "items": wire::commands(technology.family, |_| None) })))
}

/// `GET asset/{uuid}/status`.
pub(super) fn status(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let device = state::device(call, &mut call.store().read()?, input.path("uuid"))?;
    Ok(success(json!({ "status": wire::status(&device, call.now) })))
}

/// `GET assets/status/subscription/{days}`.
pub(super) fn statuses(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let given = input.path("days");
    let days = given.parse::<i64>().ok().filter(|days| (1..=DAYS).contains(days)).ok_or_else(|| {
        Code::Days.error(format!("'{}' is not a number of days. Specify 1 to {DAYS}.", shown(given)))
    })?;
    let since = call.now.as_second() - SignedDuration::from_hours(24 * days).as_secs();
    let recent = Test::Range(Bound::Included(Literal::Date(When::At(since))), Bound::Unbounded);
    let filter = Filter::Field(REQUESTED, recent).and(visible(call));
    let ids: Vec<u32> = call.store().index::<Device, _>(|index| index.select(&filter).iter().collect());
    let mut reading = call.store().read()?;
    let now = call.now;
    Ok(GatewayReply::Stream(Box::new(move |out, flush| {
        out.extend_from_slice(br#"{"code":200,"data":{"items":["#);
        let mut separator = "";
        for chunk in ids.chunks(CHUNK) {
            for device in reading.get_many::<Device>(chunk)? {
                let item = json!({ "assetUUID": device.uuid, "status": wire::status(&device, now) });
                out.extend_from_slice(format!("{separator}{item}").as_bytes());
                separator = ",";
            }
            flush(out)?;
        }
        out.extend_from_slice(b"]}}");
        Ok(())
    })))
}

/// The devices whose assets the caller may see.
fn visible(call: &Call) -> Filter {
    let Some(ids) = assets::visible(call) else { return Filter::All };
    let ids = ids.into_iter().map(|id| Literal::Integer(id.into())).collect();
    Filter::Field(ASSET, Test::In(ids))
}

/// `GET asset/{uuid}`.
pub(super) fn one(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let mut reading = call.store().read()?;
    let device = state::device(call, &mut reading, input.path("uuid"))?;
    let current = state::current(&mut reading, &device)?;
    Ok(success(wire::device(&device, current.as_deref(), call.now)))
}

/// `GET assets`.
pub(super) fn list(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let filter = listed(call, &input.query)?.and(visible(call));
    let number = |name: &str, otherwise: usize, range: std::ops::RangeInclusive<usize>| {
        let Some(given) = input.query.get(name).filter(|given| !given.is_empty()) else {
            return Ok(otherwise);
        };
        given.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let (first, last) = (range.start(), range.end());
            let given = shown(given);
            Code::Value
                .error(format!("{name}: '{given}' can't be taken. Specify a number from {first} to {last}."))
        })
    };
    let (page, size) = (number("pageNumber", 0, 0..=10_000_000)?, number("pageSize", 100, 1..=PAGE)?);
    let window = Window { skip: page.saturating_mul(size) as u64, from_id: 0, limit: size };
    let total = call.store().count::<Device>(&filter);
    let found = call.store().page::<Device>(&filter, window);
    let mut reading = call.store().read()?;
    let mut items = Vec::new();
    for device in reading.get_many::<Device>(&found.ids)? {
        let current = state::current(&mut reading, &device)?;
        items.push(wire::device(&device, current.as_deref(), call.now));
    }
    Ok(success(json!({ "items": items, "totalCount": total, "pageNumber": page, "pageSize": size })))
}

fn listed(call: &Call, query: &qps::Query) -> Result<Filter> {
    let given = |name: &str| query.get(name).filter(|given| !given.is_empty());
    let mut filter = Filter::All;
    if let Some(address) = given("hostIP") {
        let address = address.parse().map_err(|_| {
            Code::Address.error(format!("hostIP: '{}' is not an IP address.", shown(address)))
        })?;
        filter = filter.and(Filter::Field(HOST_IP, Test::Equals(Literal::Address(address))));
    }
    if let Some(name) = given("technology") {
        let number = Literal::Integer(known(name)?.id.into());
        filter = filter.and(Filter::Field(TECHNOLOGY, Test::Equals(number)));
    }
    if let Some(status) = given("status") {
        let now = Literal::Date(When::At(call.now.as_second()));
        let confirmed = Filter::Field(CONFIRMED, Test::Range(Bound::Unbounded, Bound::Included(now)));
        filter = filter.and(match status {
            status if status.eq_ignore_ascii_case(wire::CONFIRMED) => confirmed,
            status if status.eq_ignore_ascii_case(wire::REQUESTED) => !confirmed,
            other => {
                let (one, two) = (wire::REQUESTED, wire::CONFIRMED);
                let other = shown(other);
                return Err(
                    Code::Value.error(format!("status: '{other}' is none. Values expected: {one}, {two}."))
                );
            }
        });
    }
    Ok(filter)
}

/// `GET asset/{uuid}/command/PolicyCompliance`.
pub(super) fn commands(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    check_manifest("manifest_types", input.path("manifest_types"))?;
    let mut reading = call.store().read()?;
    let device = state::device(call, &mut reading, input.path("uuid"))?;
    let technology = device.technology().ok_or_else(|| state::unknown_technology(&device))?;
    let current = state::current(&mut reading, &device)?;
    let is_uploaded = |id: &str| {
        let held =
            |upload: &Stored<Upload>| upload.commands.iter().chain(&upload.carried).any(|one| one == id);
        Some(current.as_ref().is_some_and(held))
    };
    Ok(success(json!({ "items": wire::commands(technology.family, is_uploaded) })))
}

/// `GET asset/{uuid}/upload`.
pub(super) fn history(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let mut reading = call.store().read()?;
    let device = state::device(call, &mut reading, input.path("uuid"))?;
    let uploads = state::uploads(call, &mut reading, device.id)?;
    let items: Vec<_> = uploads.iter().rev().map(|upload| wire::upload(upload)).collect();
    Ok(success(json!({ "items": items })))
}

/// `GET asset/{uuid}/posture`.
pub(super) fn posture(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let mut reading = call.store().read()?;
    let device = state::device(call, &mut reading, input.path("uuid"))?;
    let upload = state::current(&mut reading, &device)?.ok_or_else(nothing_uploaded)?;
    drop(reading);
    // What was removed meanwhile has a successor, or its device is gone, too.
    let Some(archive) = state::archive(call, &upload)? else { return posture(call, input) };
    let verdicts = verdicts(&archive, &Policy::default());
    let mut count = BTreeMap::from([("passed", 0), ("failed", 0), ("error", 0), ("not-applicable", 0)]);
    for verdict in &verdicts {
        *count.entry(verdict.status.as_str()).or_default() += 1;
    }
    let items: Vec<_> = verdicts.iter().map(wire::verdict).collect();
    Ok(success(json!({ "upload": wire::upload(&upload), "count": count, "items": items })))
}

fn nothing_uploaded() -> crate::Error {
    Code::NotReady.error("Nothing was uploaded for the asset yet.")
}

/// How each control came out, by a policy.
pub(super) fn verdicts(archive: &Archive, policy: &Policy) -> Vec<Verdict> {
    let judged = |point: &assess::DataPoint| {
        let control = LIBRARY.get(point.control).filter(|control| policy.includes(control))?;
        Some(judge(control, point, policy))
    };
    archive.read.points.iter().filter_map(judged).collect()
}

/// `GET asset/{uuid}/upload/{from}/difference/{to}`.
pub(super) fn difference(call: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let mut reading = call.store().read()?;
    let device = state::device(call, &mut reading, input.path("uuid"))?;
    let uploads = state::uploads(call, &mut reading, device.id)?;
    drop(reading);
    let find = |name: &str| -> Result<&Stored<Upload>> {
        let given = input.path(name);
        let found = uploads.iter().find(|upload| given == upload.number.to_string());
        found.ok_or_else(|| {
            let kept: Vec<_> = uploads.iter().map(|upload| upload.number.to_string()).collect();
            let kept = if kept.is_empty() { "none".to_owned() } else { kept.join(", ") };
            Code::Unknown
                .error(format!("There is no upload '{}' of the asset. Uploads kept: {kept}.", shown(given)))
        })
    };
    let (from, to) = (find("from")?, find("to")?);
    let assessed = |upload: &Stored<Upload>| -> Result<Option<(assess::Device, Assessment)>> {
        let Some((known, archive)) = state::known(call, &device, upload)? else { return Ok(None) };
        let mut assessment = Assessment::of(&known.shown, &LIBRARY, &Policy::default());
        assessment.results = verdicts(&archive, &Policy::default());
        Ok(Some((known.shown, assessment)))
    };
    // What was removed meanwhile is not among the uploads any more.
    let (Some(old), Some(new)) = (assessed(from)?, assessed(to)?) else { return difference(call, input) };
    let difference = assess::difference((&old.0, &old.1), (&new.0, &new.1));
    let told = |status: Option<Status>| status.map(Status::as_str);
    let controls: Vec<_> = difference
        .controls
        .iter()
        .map(|one| {
            json!({ "control": one.control, "title": one.title, "before": told(one.before), "after": told(one.after) })
        })
        .collect();
    let changes = serde_json::to_value(&difference.changes).unwrap_or_default();
    Ok(success(json!({
        "from": wire::upload(from),
        "to": wire::upload(to),
        "changes": changes,
        "controls": controls,
    })))
}
