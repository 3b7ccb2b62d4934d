//! Get, search and count.

use qps::{Criterion, Head, Request, ServiceError};
use query::{Filter, Source, Test, Value, criteria};
use store::{Id, Object, Reading, Window};

use super::{Dialect, Resource, dialect};
use crate::{Answer, Call, Error, Input, Interrupted, Result};

/// How many objects are read and written before they go out.
const CHUNK: usize = 50;

/// The filter that a request's criteria make, for the caller's eyes.
pub(crate) fn selection<R: Resource>(call: &Call, request: &Request) -> Result<Filter> {
    let filter = compile::<R>(request.criteria())?;
    Ok(R::resolve(call, filter.and(R::scope(call))))
}

/// The filter that criteria make. Calls that do not filter ask for it too: a criterion that means nothing is refused
/// wherever it stands.
pub(super) fn compile<R: Resource>(given: &[Criterion]) -> Result<Filter> {
    if let Some(known) = R::CRITERIA
        && let Some(other) = given.iter().find(|criterion| !known.contains(&criterion.field.as_str()))
    {
        return Err(ServiceError::criteria_field(&other.field).into());
    }
    let fields = R::Object::fields();
    Ok(match R::DIALECT {
        Dialect::Strict => criteria::compile(fields, &borrowed(given))?,
        Dialect::Lenient => dialect::compile(fields, given)?,
    })
}

/// Looks at the criteria of a call that does not filter.
pub(crate) fn check<R: Resource>(request: &Request) -> Result<()> {
    compile::<R>(request.criteria()).map(drop)
}

/// Criteria as the compiler takes them.
pub(crate) fn borrowed(given: &[Criterion]) -> Vec<criteria::Criterion<'_>> {
    given
        .iter()
        .map(|criterion| criteria::Criterion {
            field: &criterion.field,
            operator: criterion.operator.as_deref(),
            value: &criterion.value,
        })
        .collect()
}

/// `GET get/.../{id}`.
pub(crate) fn get<R: Resource>(call: &Call, input: Input) -> Result<Answer> {
    compile::<R>(input.request.criteria())?;
    let id = input.id.unwrap_or_default();
    show::<R>(call, id, &R::scope(call))
}

/// One object, whole, if it is in `scope`.
pub(crate) fn show<R: Resource>(call: &Call, id: u64, scope: &Filter) -> Result<Answer> {
    let missing = || Error::from(ServiceError::not_found(R::NAME, id));
    let wire = i64::try_from(id).ok().and_then(Id::<R::Object>::from_wire).ok_or_else(missing)?;
    if !is_in::<R>(call, wire.get(), scope) {
        return Err(missing());
    }
    let object = call.store().read()?.get(wire)?.ok_or_else(missing)?;
    let call = call.clone();
    Ok(Answer::records(R::SCHEMA, 1, move |writer| {
        writer.record(R::NAME, |out| R::write(&call, wire.get(), &object, out));
    }))
}

/// Whether an object exists and is in a scope.
pub(crate) fn is_in<R: Resource>(call: &Call, id: u32, scope: &Filter) -> bool {
    let exists = call.store().index::<R::Object, _>(|index| index.ids().contains(id));
    match R::resolve(call, scope.clone()) {
        Filter::All => exists,
        Filter::Set(ids) => exists && ids.contains(id),
        other => {
            let fields = R::Object::fields();
            let Some((field, _)) = fields.iter().find(|(_, field)| matches!(field.source, Source::Id)) else {
                return false;
            };
            let only = Filter::Field(field, Test::Equals(Value::Integer(id.into())));
            call.store().count::<R::Object>(&only.and(other)) > 0
        }
    }
}

/// `count/...`.
pub(crate) fn count<R: Resource>(call: &Call, input: Input) -> Result<Answer> {
    let filter = selection::<R>(call, &input.request)?;
    Ok(Answer::count(R::SCHEMA, call.store().count::<R::Object>(&filter)))
}

/// `search/...`: one page, streamed.
pub(crate) fn search<R: Resource>(call: &Call, input: Input) -> Result<Answer> {
    let filter = selection::<R>(call, &input.request)?;
    let preferences = &input.request.preferences;
    let window = Window {
        skip: preferences.start_from_offset.unwrap_or(1).saturating_sub(1),
        from_id: preferences.start_from_id.map_or(0, |id| u32::try_from(id).unwrap_or(u32::MAX)),
        limit: preferences.limit(),
    };
    let mut page = call.store().page::<R::Object>(&filter, window);
    let mut reading = call.store().read()?;
    // What was deleted since the index was asked is left out, so that the count is what follows.
    let mut ids = reading.existing::<R::Object>(&page.ids)?;
    while let (true, true, Some(last)) = (ids.is_empty(), page.more, page.ids.last()) {
        let after = Window { skip: 0, from_id: last.saturating_add(1), limit: window.limit };
        page = call.store().page::<R::Object>(&filter, after);
        ids = reading.existing::<R::Object>(&page.ids)?;
    }
    let last = page.ids.last().copied().unwrap_or_default();
    let head = Head::page(ids.len() as u64, page.more, last.into());
    let (call, verbose) = (call.clone(), preferences.verbose.unwrap_or_default());
    let records: crate::Records = Box::new(move |writer, flush| {
        for chunk in ids.chunks(CHUNK) {
            write_chunk::<R>(&mut reading, chunk, writer, |id, object, out| {
                R::write_found(&call, id, object, verbose, out);
            })?;
            flush(writer)?;
        }
        Ok(())
    });
    Ok(Answer { schema: R::SCHEMA, head, records: Some(records) })
}

/// Objects that were just changed, whole.
pub(crate) fn show_many<R: Resource>(call: &Call, ids: Vec<u32>) -> Answer {
    let head = Head::count(ids.len() as u64);
    if ids.is_empty() {
        return Answer { schema: R::SCHEMA, head, records: None };
    }
    let call = call.clone();
    let records: crate::Records = Box::new(move |writer, flush| {
        let mut reading = call.store().read()?;
        for chunk in ids.chunks(CHUNK) {
            write_chunk::<R>(&mut reading, chunk, writer, |id, object, out| {
                R::write(&call, id, object, out)
            })?;
            flush(writer)?;
        }
        Ok(())
    });
    Answer { schema: R::SCHEMA, head, records: Some(records) }
}

fn write_chunk<R: Resource>(
    reading: &mut Reading,
    ids: &[u32],
    writer: &mut qps::Writer,
    write: impl Fn(u32, &R::Object, &mut qps::ObjectWriter<'_>),
) -> Result<(), Interrupted> {
    for object in reading.get_many::<R::Object>(ids)? {
        writer.record(R::NAME, |out| write(object.id.get(), &object, out));
    }
    Ok(())
}
