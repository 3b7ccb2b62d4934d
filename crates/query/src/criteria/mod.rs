//! Criteria (`contract/qps.md 6`): triples of field, operator and value, all of which must hold.
//!
//! - Every criterion is checked before a filter comes back; a refused one says which, and what would be right.
//! - `NOT EQUALS` holds if no value of the field equals, so also where there is none.
//! - A date without time is its whole UTC day: equal are the seconds of the day, greater those after it, lesser
//!   those before it. Fractions of a second are dropped, as they are from stored dates.
//! - Text equals exactly and is contained ignoring case; an enumerated value is spelled as listed.
//! - An IPv4 address equals a pattern such as `10.11.*.*` if its octets do.

mod error;
mod octets;

use std::ops::Bound;

use crate::date::Period;
use crate::{Field, FieldId, Fields, Filter, Kind, Operator, Test, Value, Version, fold};

pub use error::{Error, Problem, Wanted};

/// One criterion as it stood in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Criterion<'a> {
    /// The field, by one of its names in Criteria.
    pub field: &'a str,
    /// The operator; `EQUALS` when the request named none.
    pub operator: Option<&'a str>,
    /// The value, untrimmed; a comma list for `IN`, ignored for `NONE`.
    pub value: &'a str,
}

/// The filter that all criteria make together; of no criteria, every object.
///
/// # Errors
/// The first criterion that names no field of the table, an operator that its field does not take, or a value
/// that its field can't have.
pub fn compile<T>(fields: &Fields<T>, criteria: &[Criterion<'_>]) -> Result<Filter, Error> {
    let mut all = Vec::with_capacity(criteria.len());
    for (position, criterion) in criteria.iter().enumerate() {
        let filter = one(fields, criterion).map_err(|problem| Error::new(criterion, position, problem))?;
        all.push(filter);
    }
    Ok(match all.len() {
        0 => Filter::All,
        1 => all.swap_remove(0),
        _ => Filter::And(all),
    })
}

/// Refuses `NOT EQUALS`, as calls that change or delete do for some kinds of objects (`contract/am.md 3`). Ask it
/// before [`compile`], so that the whole request is refused whatever else it holds.
///
/// # Errors
/// The first criterion with that operator and a field of the table.
pub fn refuse_not_equals<T>(fields: &Fields<T>, criteria: &[Criterion<'_>]) -> Result<(), Error> {
    for (position, criterion) in criteria.iter().enumerate() {
        if criterion.operator != Some(Operator::NotEquals.name()) {
            continue;
        }
        if let Some((_, field)) = fields.by_criteria(criterion.field) {
            let left = field.operators.without(Operator::NotEquals);
            return Err(Error::new(criterion, position, Problem::NotEquals { left }));
        }
    }
    Ok(())
}

fn one<T>(fields: &Fields<T>, criterion: &Criterion<'_>) -> Result<Filter, Problem> {
    let (id, field) = fields.by_criteria(criterion.field).ok_or(Problem::Field)?;
    let operator = operator(field, criterion.operator)?;
    if operator == Operator::None {
        return Ok(!fields.ask(id, Test::Present));
    }
    let value = criterion.value.trim();
    if value.is_empty() {
        return Err(Problem::Missing);
    }
    let literal = |item| Literal::read(field.kind, item);
    Ok(match operator {
        Operator::Equals => fields.ask(id, equals(field.kind, value)?),
        Operator::NotEquals => !fields.ask(id, equals(field.kind, value)?),
        Operator::Greater => fields.ask(id, literal(value)?.greater()),
        Operator::Lesser => fields.ask(id, literal(value)?.lesser()),
        Operator::In => any_of(fields, id, field.kind, value)?,
        Operator::Contains => fields.ask(id, Test::Contains(fold(value).into_owned())),
        Operator::None => !fields.ask(id, Test::Present),
    })
}

fn operator<T>(field: &Field<T>, name: Option<&str>) -> Result<Operator, Problem> {
    let name = name.unwrap_or(Operator::Equals.name());
    Operator::ALL
        .into_iter()
        .find(|operator| operator.name() == name && field.operators.has(*operator))
        .ok_or_else(|| Problem::Operator { given: name.to_owned(), allowed: field.operators })
}

/// A comma list; blanks around items and empty items don't count.
fn any_of<T>(fields: &Fields<T>, id: FieldId, kind: Kind, list: &str) -> Result<Filter, Problem> {
    let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
    let tests = items.map(|item| equals(kind, item)).collect::<Result<Vec<_>, Problem>>()?;
    if tests.is_empty() {
        return Err(Problem::Missing);
    }
    Ok(fields.ask_any(id, tests))
}

/// The test of being equal. Of an address, `*` stands for any number in an octet after the first
/// (`contract/was.md 4.3`).
fn equals(kind: Kind, text: &str) -> Result<Test, Problem> {
    if kind == Kind::Address && text.contains('*') {
        return octets::test(text)
            .ok_or_else(|| Problem::Value { value: text.to_owned(), wanted: Wanted::Octets });
    }
    Ok(Literal::read(kind, text)?.equals())
}

/// A value of a criterion, or the period that a date covers.
enum Literal {
    Value(Value),
    Period(Period),
}

impl Literal {
    fn read(kind: Kind, text: &str) -> Result<Self, Problem> {
        let value = match kind {
            Kind::Text | Kind::Keyword => Some(Value::Text(text.to_owned())),
            Kind::Enum(names) => names.contains(&text).then(|| Value::Text(text.to_owned())),
            Kind::Boolean => boolean(text).map(Value::Boolean),
            Kind::Integer => text.parse().ok().map(Value::Integer),
            Kind::Address => text.parse().ok().map(Value::Address),
            Kind::Version => Some(Value::Version(Version::new(text))),
            Kind::Date => {
                return Period::parse_day_or_instant(text).map(Self::Period).ok_or_else(|| bad(kind, text));
            }
        };
        value.map(Self::Value).ok_or_else(|| bad(kind, text))
    }

    fn equals(self) -> Test {
        match self {
            Literal::Value(value) => Test::Equals(value),
            Literal::Period(period) => period.during(),
        }
    }

    fn greater(self) -> Test {
        let last = match self {
            Literal::Value(value) => value,
            Literal::Period(period) => period.ends().1,
        };
        Test::Range(Bound::Excluded(last), Bound::Unbounded)
    }

    fn lesser(self) -> Test {
        let first = match self {
            Literal::Value(value) => value,
            Literal::Period(period) => period.ends().0,
        };
        Test::Range(Bound::Unbounded, Bound::Excluded(first))
    }
}

fn bad(kind: Kind, text: &str) -> Problem {
    Problem::Value { value: text.to_owned(), wanted: Wanted::of(kind) }
}

fn boolean(text: &str) -> Option<bool> {
    let is = |name: &str| text.eq_ignore_ascii_case(name);
    if is("true") { Some(true) } else { is("false").then_some(false) }
}
