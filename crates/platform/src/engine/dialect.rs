//! How different parts of the API read the same things.

use qps::{Criterion, ServiceError};
use query::{FieldId, Fields, Filter, Kind, Test, Value, criteria};

use super::borrowed;

/// How an API reads criteria, and what it answers for what is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Names and keywords as they are written; no NOT EQUALS where something is changed (`contract/qps.md 6`).
    Strict,
    /// Names and keywords in any case of letters (`contract/was.md 1.2`).
    Lenient,
}

impl Dialect {
    /// Whether NOT EQUALS may not select what is changed or deleted (`contract/qps.md 6.5` names the objects).
    pub(super) fn refuses_not_equals(self) -> bool {
        self == Self::Strict
    }

    /// What deleting an object answers that is not there (`contract/was.md 1.4`).
    pub(super) fn nothing_to_delete(self, error: ServiceError) -> ServiceError {
        match self {
            Self::Strict => error,
            Self::Lenient => ServiceError::invalid_request(error.message, error.resolution),
        }
    }
}

/// The filter of criteria of the lenient dialect. One with the attribute `name` asks of the elements of a list with
/// that name only, which is the first member of such a list.
pub(super) fn compile<T>(fields: &Fields<T>, given: &[Criterion]) -> Result<Filter, criteria::Error> {
    let mut filter = Filter::All;
    for criterion in given {
        let mut one = criteria::compile(fields, &borrowed(&[spelled(fields, criterion)]))?;
        if let Some(name) = &criterion.name {
            one = named(one, name);
        }
        filter = filter.and(one);
    }
    Ok(filter)
}

/// A criterion in the spelling of the table.
fn spelled<T>(fields: &Fields<T>, given: &Criterion) -> Criterion {
    let mut criterion = given.clone();
    let mut names =
        fields.iter().flat_map(|(_, field)| field.criteria.iter().map(move |name| (*name, field)));
    let Some((name, field)) = names.find(|(name, _)| name.eq_ignore_ascii_case(&given.field)) else {
        return criterion;
    };
    name.clone_into(&mut criterion.field);
    if let Kind::Enum(keywords) = field.kind {
        criterion.value = given.value.to_uppercase();
        // A client writes it in the other way (`contract/was.md 1.2`).
        if keywords.contains(&"CANCELED") {
            criterion.value = criterion.value.replace("CANCELLED", "CANCELED");
        }
    }
    criterion
}

fn named(filter: Filter, name: &str) -> Filter {
    match filter {
        Filter::Any(list, inner) => {
            let named = Filter::Field(FieldId(0), Test::Equals(Value::Text(name.to_owned())));
            Filter::Any(list, Box::new(named.and(*inner)))
        }
        Filter::Not(inner) => !named(*inner, name),
        other => other,
    }
}
