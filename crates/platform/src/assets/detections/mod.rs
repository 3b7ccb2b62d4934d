//! `HostInstanceVuln`: the detections of all hosts, one by one, to be read (`contract/am.md 7`).
//!
//! They are stored with their hosts. A question goes to the index of hosts first, which leaves those that may have
//! such a detection; the documents of these say the rest. A detection's id begins with its host's, so that the order
//! of hosts is the order of detections, and the next page begins at the host where the last one ended.

mod fields;

use qps::{Head, ObjectWriter, Request, ServiceError};
use query::{Filter, Matcher, criteria};
use store::{Id, Stored};

use self::fields::{FIELDS, Instance};
use super::model::{Asset, Detection};
use super::ops::Hosts;
use crate::engine::{self, Resource};
use crate::{Answer, Call, Input, Result};

/// The schema of answers.
pub(super) const SCHEMA: &str = "2.0/am/hostinstancevuln.xsd";
const NAME: &str = "HostInstanceVuln";
/// How many hosts are read at once.
const CHUNK: usize = 50;

/// `GET get/am/hostinstancevuln/{id}`.
pub(super) fn get(call: &Call, input: Input) -> Result<Answer> {
    compile(&input.request)?;
    let id = input.id.unwrap_or_default();
    let missing = || ServiceError::not_found(NAME, id);
    let (host, number) = Detection::of_wire(id).ok_or_else(missing)?;
    let visible = engine::is_in::<Hosts>(call, host, &Hosts::scope(call));
    let host = if visible { call.store().read()?.get(Id::<Asset>::new(host))? } else { None };
    let host = host.ok_or_else(missing)?;
    let detection = host.detections.iter().find(|one| one.number == number).ok_or_else(missing)?;
    let instance = Instance { host: host.id.get(), detection: detection.clone() };
    Ok(Answer::records(SCHEMA, 1, move |writer| writer.record(NAME, |out| write(&instance, out))))
}

/// `count/am/hostinstancevuln`.
pub(super) fn count(call: &Call, input: Input) -> Result<Answer> {
    let mut count = 0;
    walk(call, &input.request, 0, &mut |_| {
        count += 1;
        true
    })?;
    Ok(Answer::count(SCHEMA, count))
}

/// `POST search/am/hostinstancevuln`.
pub(super) fn search(call: &Call, input: Input) -> Result<Answer> {
    let preferences = &input.request.preferences;
    let mut skip = preferences.start_from_offset.unwrap_or(1).saturating_sub(1);
    let (limit, mut page, mut more) = (preferences.limit(), Vec::new(), false);
    let from = preferences.start_from_id.unwrap_or_default();
    walk(call, &input.request, from, &mut |instance| {
        if skip > 0 {
            skip -= 1;
        } else if page.len() < limit {
            page.push(instance);
        } else {
            more = true;
        }
        !more
    })?;
    let last = page.last().map(Instance::id).unwrap_or_default();
    let head = Head::page(page.len() as u64, more, last);
    let records: crate::Records = Box::new(move |writer, flush| {
        page.iter().for_each(|instance| writer.record(NAME, |out| write(instance, out)));
        Ok(flush(writer)?)
    });
    Ok(Answer { schema: SCHEMA, head, records: Some(records) })
}

fn compile(request: &Request) -> Result<Filter> {
    Ok(criteria::compile(&FIELDS, &engine::borrowed(request.criteria()))?)
}

/// Gives the caller's detections that meet the criteria, from an id on, until `each` has enough.
fn walk(call: &Call, request: &Request, from: u64, each: &mut dyn FnMut(Instance) -> bool) -> Result<()> {
    let filter = compile(request)?.at(call.now);
    let hosts = Hosts::resolve(call, fields::hosts(&filter, from).and(Hosts::scope(call)));
    let hosts: Vec<u32> = call.store().index::<Asset, _>(|index| index.select(&hosts).iter().collect());
    let matcher = Matcher::new(&FIELDS, &filter);
    let mut reading = call.store().read()?;
    for chunk in hosts.chunks(CHUNK) {
        for host in reading.get_many::<Asset>(chunk)? {
            let wanted = |one: &Instance| one.id() >= from && matcher.matches(one.host, one);
            if !instances(host).filter(wanted).all(&mut *each) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A host's detections by their ids.
fn instances(host: Stored<Asset>) -> impl Iterator<Item = Instance> {
    let (id, mut detections) = (host.id.get(), host.object.detections);
    detections.sort_by_key(|one| one.number);
    detections.into_iter().map(move |detection| Instance { host: id, detection })
}

fn write(instance: &Instance, out: &mut ObjectWriter<'_>) {
    let one = &instance.detection;
    out.number("id", instance.id());
    out.number("hostAssetId", instance.host);
    out.number("qid", one.qid);
    out.number_opt("port", one.port);
    out.boolean("ssl", one.ssl);
    out.boolean("found", one.found);
    out.boolean("ignored", one.ignored);
    out.boolean("disabled", one.disabled);
    out.date("updated", one.updated());
    out.text_opt("protocol", one.protocol.as_deref());
    out.text("source", fields::SOURCE);
}
