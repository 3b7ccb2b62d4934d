//! Create, update, delete, and whatever else changes many objects at once. Everything is checked before anything is
//! touched, and one job does it all or nothing.

use std::sync::Arc;

use qps::{Element, Request, ServiceError};
use query::matcher::Matcher;
use query::{Filter, criteria};
use store::{Id, Job, Object, Stored};

use super::read::{borrowed, compile, is_in};
use super::{Creatable, Editable, Resource, show};
use crate::{Answer, Call, Error, Input, Result};

/// How many ids go out at once.
const CHUNK: usize = 1_000;

/// The objects that a changing call concerns.
pub(crate) enum Targets {
    /// The one that its URL names. It was there and in scope a moment ago.
    One(u32),
    /// Those that met its filter a moment ago, with the filter.
    Many(Vec<u32>, Arc<Filter>),
}

/// Finds the objects that a changing call concerns, within `scope`. A call that names neither an id nor a criterion
/// is refused rather than taken for all (`contract/qps.md 6.5`), and so is NOT EQUALS (`contract/am.md 3`).
pub(crate) fn targets<R: Resource>(
    call: &Call,
    id: Option<u64>,
    request: &Request,
    scope: Filter,
) -> Result<Targets> {
    criteria::refuse_not_equals(R::Object::fields(), &borrowed(request.criteria()))?;
    if let Some(id) = id {
        let missing = || Error::from(ServiceError::not_found(R::NAME, id));
        let one = u32::try_from(id).map_err(|_| missing())?;
        return if is_in::<R>(call, one, &scope) { Ok(Targets::One(one)) } else { Err(missing()) };
    }
    if request.criteria().is_empty() {
        return Err(Error::invalid(
            "Criteria: a change without an id in the URL needs at least one criterion.",
            "Specify filters that select the objects, or the id in the URL.",
        ));
    }
    let filter = R::resolve(call, compile::<R>(request.criteria())?).and(scope);
    let ids = call.store().index::<R::Object, _>(|index| index.select(&filter).iter().collect());
    Ok(Targets::Many(ids, Arc::new(filter)))
}

/// Runs `each` for every target that is still there and still meets the filter; gives their ids.
pub(crate) fn every<R: Resource>(
    job: &mut Job<'_>,
    targets: &Targets,
    mut each: impl FnMut(&mut Job<'_>, &Stored<R::Object>) -> Result<()>,
) -> Result<Vec<u32>> {
    match targets {
        Targets::One(id) => {
            let missing = || Error::from(ServiceError::not_found(R::NAME, id));
            let object = job.get(Id::<R::Object>::new(*id))?.ok_or_else(missing)?;
            each(job, &object)?;
            Ok(vec![*id])
        }
        Targets::Many(ids, filter) => {
            let matcher = Matcher::new(R::Object::fields(), filter);
            let mut done = Vec::with_capacity(ids.len());
            for id in ids {
                let Some(object) = job.get(Id::<R::Object>::new(*id))? else { continue };
                if matcher.matches(*id, &object) {
                    each(job, &object)?;
                    done.push(*id);
                }
            }
            Ok(done)
        }
    }
}

/// Changed objects, reduced to their ids (`contract/am.md 3`).
pub(crate) fn ids_answer(schema: &'static str, name: &'static str, ids: Vec<u32>) -> Answer {
    let head = qps::Head::count(ids.len() as u64);
    if ids.is_empty() {
        return Answer { schema, head, records: None };
    }
    let records: crate::Records = Box::new(move |writer, flush| {
        for chunk in ids.chunks(CHUNK) {
            chunk.iter().for_each(|id| writer.record(name, |out| out.number("id", *id)));
            flush(writer)?;
        }
        Ok(())
    });
    Answer { schema, head, records: Some(records) }
}

/// The object in a request's `data`, which must be this resource's.
fn data<R: Resource>(request: Request) -> Result<Element> {
    let data = request.data.ok_or_else(|| ServiceError::cannot_be_null(R::NAME))?;
    if data.name != R::NAME {
        return Err(Error::invalid(
            format!("Data: {} is not expected here.", data.name),
            format!("Specify one {} in data.", R::NAME),
        ));
    }
    Ok(data)
}

/// `create/...`. Answers the whole new object, even where the caller's scope does not reach it.
pub(crate) fn create<R: Creatable>(call: &Call, input: Input) -> Result<Answer> {
    let data = data::<R>(input.request)?;
    let work = call.clone();
    let id = call.write(move |job| R::create(&work, job, &data))?;
    show::<R>(call, id.into(), &Filter::All)
}

/// `update/...[/{id}]`.
pub(crate) fn update<R: Editable>(call: &Call, input: Input) -> Result<Answer> {
    let targets = targets::<R>(call, input.id, &input.request, R::scope(call))?;
    let edit = R::read_edit(call, &data::<R>(input.request)?)?;
    let work = call.clone();
    let ids = call.write(move |job| {
        every::<R>(job, &targets, |job, old| {
            let new = R::edit(&work, job, old, &edit)?;
            Ok(job.update(old, new)?)
        })
    })?;
    Ok(ids_answer(R::SCHEMA, R::NAME, ids))
}

/// `delete/...[/{id}]`.
pub(crate) fn delete<R: Editable>(call: &Call, input: Input) -> Result<Answer> {
    let targets = targets::<R>(call, input.id, &input.request, R::scope(call))?;
    let work = call.clone();
    let ids = call.write(move |job| every::<R>(job, &targets, |job, old| R::delete(&work, job, old)))?;
    Ok(ids_answer(R::SCHEMA, R::NAME, ids))
}
