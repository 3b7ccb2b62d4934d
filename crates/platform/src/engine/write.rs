//! Create, update, delete, and whatever else changes many objects at once. Everything is checked before anything is
//! touched, and one job does it all or nothing.

use qps::{Element, Request, ResponseCode, ServiceError};
use query::{Filter, criteria};
use store::{Id, Job, Object, Stored};

use super::read::{borrowed, compile, is_in};
use super::{Creatable, Editable, Resource, show};
use crate::{Answer, Call, Error, Input, Result};

/// How many ids go out at once.
const CHUNK: usize = 1_000;

/// The objects that a changing call concerns. The index chose them; the job looks again, since others write too.
pub(crate) struct Targets {
    ids: Vec<u32>,
    /// Whether the URL names the one object, so that its absence is an error.
    named: bool,
    criteria: Filter,
    scope: Filter,
}

/// Finds the objects that a changing call concerns, within `scope`. A call that names neither an id nor a criterion
/// is refused rather than taken for all (`contract/qps.md 6.5`), and so is NOT EQUALS (`contract/am.md 3`). Of an
/// object that the URL names, criteria must hold too.
pub(crate) fn targets<R: Resource>(
    call: &Call,
    id: Option<u64>,
    request: &Request,
    scope: Filter,
) -> Result<Targets> {
    if R::DIALECT.refuses_not_equals() {
        criteria::refuse_not_equals(R::Object::fields(), &borrowed(request.criteria()))?;
    }
    let criteria = compile::<R>(request.criteria())?.at(call.now);
    if let Some(id) = id {
        let missing = || Error::from(ServiceError::not_found(R::NAME, id));
        let one = u32::try_from(id).map_err(|_| missing())?;
        if !is_in::<R>(call, one, &scope) {
            return Err(missing());
        }
        return Ok(Targets { ids: vec![one], named: true, criteria, scope });
    }
    if request.criteria().is_empty() {
        return Err(Error::invalid(
            "Criteria: a change without an id in the URL needs at least one criterion.",
            "Specify filters that select the objects, or the id in the URL.",
        ));
    }
    let filter = R::resolve(call, criteria.clone().and(scope.clone()));
    let ids = call.store().index::<R::Object, _>(|index| index.select(&filter).iter().collect());
    Ok(Targets { ids, named: false, criteria, scope })
}

/// Runs `each` for every target that is still there, in scope, and meets the criteria; gives their ids.
pub(crate) fn every<R: Resource>(
    call: &Call,
    job: &mut Job<'_>,
    targets: &Targets,
    mut each: impl FnMut(&mut Job<'_>, &Stored<R::Object>) -> Result<()>,
) -> Result<Vec<u32>> {
    let (in_scope, meant) = (R::judge(call, &targets.scope), R::judge(call, &targets.criteria));
    let mut done = Vec::with_capacity(targets.ids.len());
    for id in &targets.ids {
        match job.get(Id::<R::Object>::new(*id))?.filter(|object| in_scope(*id, object)) {
            Some(object) if meant(*id, &object) => {
                each(job, &object)?;
                done.push(*id);
            }
            None if targets.named => return Err(ServiceError::not_found(R::NAME, id).into()),
            _ => {}
        }
    }
    Ok(done)
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
    expect::<R>(&data)?;
    Ok(data)
}

/// Refuses an object of another resource.
pub(crate) fn expect<R: Resource>(data: &Element) -> Result<()> {
    if data.name == R::NAME {
        return Ok(());
    }
    Err(Error::invalid(
        format!("Data: {} is not expected here.", data.name),
        format!("Specify one {} in data.", R::NAME),
    ))
}

/// Refuses members that an object does not have, and members given twice: neither must be lost in silence.
///
/// # Errors
/// `INVALID_XML` naming the first of them.
pub(crate) fn check_members(object: &Element, known: &[&str]) -> Result<()> {
    object.expect_only(known)?;
    let mut seen = Vec::new();
    for member in &object.children {
        if seen.contains(&&member.name) {
            let message = format!(
                "Element '{}' is given more than once in '{}' ({}).",
                member.name, object.name, member.position
            );
            return Err(ServiceError::invalid_xml(message, format!("Send '{}' once.", member.name)).into());
        }
        seen.push(&member.name);
    }
    Ok(())
}

/// `create/...`. Answers the whole new object, even where the caller's scope does not reach it.
pub(crate) fn create<R: Creatable>(call: &Call, input: Input) -> Result<Answer> {
    compile::<R>(input.request.criteria())?;
    let mut edit = R::read_edit(call, &data::<R>(input.request)?)?;
    let work = call.clone();
    let id = call.write(move |job| {
        R::prepare(job, &mut edit)?;
        R::create(&work, job, &edit)
    })?;
    show::<R>(call, id.into(), &Filter::All)
}

/// `update/...[/{id}]`.
pub(crate) fn update<R: Editable>(call: &Call, input: Input) -> Result<Answer> {
    let targets = targets::<R>(call, input.id, &input.request, R::scope(call))?;
    let mut edit = R::read_edit(call, &data::<R>(input.request)?)?;
    let work = call.clone();
    let ids = call.write(move |job| {
        R::prepare(job, &mut edit)?;
        every::<R>(&work, job, &targets, |job, old| R::edit(&work, job, old, &edit))
    })?;
    Ok(ids_answer(R::SCHEMA, R::NAME, ids))
}

/// `delete/...[/{id}]`. An object that goes with another one is counted all the same if the filter names it.
pub(crate) fn delete<R: Editable>(call: &Call, input: Input) -> Result<Answer> {
    delete_with::<R>(call, input, R::delete)
}

/// As [`delete`], in another way than the usual one.
pub(crate) fn delete_with<R: Editable>(
    call: &Call,
    input: Input,
    delete: fn(&Call, &mut Job<'_>, &Stored<R::Object>) -> Result<()>,
) -> Result<Answer> {
    let absent = |error| match error {
        Error::Service(error) if error.code == ResponseCode::NotFound => {
            R::DIALECT.nothing_to_delete(error).into()
        }
        other => other,
    };
    let targets = targets::<R>(call, input.id, &input.request, R::scope(call)).map_err(absent)?;
    let work = call.clone();
    let ids = call.write(move |job| -> Result<_> {
        let named = every::<R>(&work, job, &targets, |_, _| Ok(())).map_err(absent)?;
        for id in &named {
            if let Some(old) = job.get(Id::<R::Object>::new(*id))? {
                delete(&work, job, &old)?;
            }
        }
        Ok(named)
    })?;
    Ok(ids_answer(R::SCHEMA, R::NAME, ids))
}
