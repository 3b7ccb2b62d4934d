//! `updateEntries`: makes entries of what the latest results found, and refreshes them (`contract/was.md 4.6`).
//!
//! What is to be done is worked out beside the one thread that writes, and written in parts, so that searches and other
//! writes go on meanwhile. A part that failed or met another call is done by the next call: each entry is looked at
//! again inside its transaction, and results that an entry knows already change nothing.

use std::sync::mpsc::sync_channel;
use std::thread;

use jiff::Timestamp;
use query::Filter;
use store::{Job, Reading};

use super::model::{Entry, Status, service_key};
use super::ops::{Entries, SCHEMA};
use crate::comments::Comment;
use crate::results::{self, HostResult, Source};
use crate::{Answer, Call, Input, Result, assets, engine};

/// How many results are read at once.
const READ: usize = 500;
/// How many entries share a transaction: enough for one sync of the disk, and few enough that nobody waits long for it.
const WRITE: usize = 500;
/// How many parts are worked out ahead of the one that is written.
const AHEAD: usize = 2;

/// `updateEntries/was/catalog`: of the results of hosts that the caller sees. Answers when it is done.
pub(super) fn update_entries(call: &Call, input: Input) -> Result<Answer> {
    engine::check::<Entries>(&input.request)?;
    let seen = results::of_assets(assets::visible(call));
    thread::scope(|scope| {
        let (parts, waiting) = sync_channel::<Vec<Service>>(AHEAD);
        let worker = scope.spawn(move || -> Result<()> {
            for part in waiting {
                call.write(move |job| take(job, part))?;
            }
            Ok(())
        });
        // When the worker ends early, its error says why.
        let found = find(call, &seen, &mut |part| parts.send(part).is_ok());
        drop(parts);
        let written = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        found.and(written)
    })?;
    Ok(Answer::done(SCHEMA))
}

/// A web service that a result found.
struct Service {
    found: Entry,
    key: String,
}

/// Finds the services that the catalog does not know in this state, in parts; ends when `give` says so.
fn find(call: &Call, seen: &Filter, give: &mut dyn FnMut(Vec<Service>) -> bool) -> Result<()> {
    let mut part = Vec::new();
    // What a scan found comes before what a map only saw.
    for source in [Source::VmScan, Source::WasScan, Source::VmMap] {
        let filter = results::from(source).and(seen.clone());
        let ids: Vec<u32> =
            call.store().index::<HostResult, _>(|index| index.select(&filter).iter().collect());
        for chunk in ids.chunks(READ) {
            let mut reading = call.store().read()?;
            for result in reading.get_many::<HostResult>(chunk)? {
                for (port, tls) in result.web_services() {
                    let service = service(&result, port, tls, call.now);
                    if is_news(&mut reading, &service)? {
                        part.push(service);
                    }
                }
            }
            drop(reading);
            while part.len() >= WRITE {
                let rest = part.split_off(WRITE);
                if !give(std::mem::replace(&mut part, rest)) {
                    return Ok(());
                }
            }
        }
    }
    if !part.is_empty() {
        give(part);
    }
    Ok(())
}

fn service(result: &HostResult, port: u16, tls: bool, now: Timestamp) -> Service {
    let found = Entry {
        address: result.address,
        port,
        tls,
        source: result.source,
        asset: result.asset,
        operating_system: result.os.clone(),
        fqdn: result.fqdn.clone(),
        netbios_name: result.netbios_name.clone(),
        status: Status::New,
        comments: Vec::new(),
        created: now,
        updated: now,
        updated_by: None,
        seen: result.ended,
    };
    Service { key: service_key(result.address, port), found }
}

fn is_news(reading: &mut Reading, service: &Service) -> Result<bool> {
    let Some(id) = reading.find::<Entry>(&service.key)? else { return Ok(true) };
    let known = reading.get(id)?;
    Ok(known.is_none_or(|known| refreshed(&known, &service.found).is_some()))
}

/// An entry with what a newer result says; none if it is not newer, or says what the entry knows already. Its status and
/// comments stay.
fn refreshed(known: &Entry, found: &Entry) -> Option<Entry> {
    let is_newer = found.seen > known.seen;
    let is_moved = found.asset.is_some() && found.asset != known.asset && found.seen >= known.seen;
    if !is_newer && !is_moved {
        return None;
    }
    let mut new = known.clone();
    new.asset = found.asset.or(known.asset);
    new.tls = found.tls;
    for (member, found) in [
        (&mut new.operating_system, &found.operating_system),
        (&mut new.fqdn, &found.fqdn),
        (&mut new.netbios_name, &found.netbios_name),
    ] {
        *member = found.clone().or(member.take());
    }
    new.seen = found.seen;
    Some(new)
}

/// Writes services, unless somebody else did.
fn take(job: &mut Job<'_>, services: Vec<Service>) -> Result<()> {
    let now = job.now();
    let fresh = services.into_iter().map(|service| Entry {
        comments: vec![Comment::system(noted(service.found.source), now)],
        created: now,
        updated: now,
        ..service.found
    });
    for found in job.insert_free(fresh.collect())? {
        let Some(id) = job.find::<Entry>(&service_key(found.address, found.port))? else { continue };
        let Some(known) = job.get(id)? else { continue };
        if let Some(mut new) = refreshed(&known, &found) {
            new.updated = now;
            job.update(&known, new)?;
        }
    }
    Ok(())
}

/// What the system notes of a new entry.
fn noted(source: Source) -> &'static str {
    match source {
        Source::VmScan => "Web Application added from scan consolidated data from VM",
        Source::VmMap => "Web Application added from map results",
        Source::WasScan => "Web Application added from scan results of a web application",
    }
}
