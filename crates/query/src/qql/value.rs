//! What a written value asks of a field of some kind (`contract/qql.md 3`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Bound;

use super::error::Wanted;
use super::literal::{Literal, Style};
use crate::date::Period;
use crate::{Age, Kind, Test, Unit, Value, Version, When, fold, words};

/// Whether values of the kind can be compared and ranged over.
pub(super) fn has_order(kind: Kind) -> bool {
    matches!(kind, Kind::Integer | Kind::Date | Kind::Address | Kind::Version | Kind::Keyword)
}

/// The tests of which one must hold. There is more than one only for a comma list of addresses.
pub(super) fn tests(kind: Kind, literal: &Literal) -> Result<Vec<Test>, Wanted> {
    if literal.is_anything() {
        return Ok(vec![Test::Present]);
    }
    match literal.plain() {
        None => pattern(kind, literal.parts()).map(|test| vec![test]),
        Some("") => Err(Wanted::Something),
        Some(text) if kind == Kind::Address => text.split(',').map(|item| address(item.trim())).collect(),
        Some(text) => one(kind, literal.style, text).map(|test| vec![test]),
    }
}

/// The first and the last value that a bound covers; the same but for dates without time.
pub(super) fn bound(kind: Kind, literal: &Literal) -> Result<(Value, Value), Wanted> {
    let text = literal.plain().ok_or(Wanted::Single)?;
    if text.is_empty() {
        return Err(Wanted::Something);
    }
    let value = match kind {
        Kind::Date => return date(text),
        Kind::Address => Value::Address(text.parse().map_err(|_| Wanted::Single)?),
        Kind::Integer => Value::Integer(integer(text)?),
        Kind::Version => Value::Version(Version::new(text)),
        Kind::Text | Kind::Keyword | Kind::Enum(_) | Kind::Boolean => Value::Text(text.to_owned()),
    };
    Ok((value.clone(), value))
}

fn one(kind: Kind, style: Style, text: &str) -> Result<Test, Wanted> {
    let value = match kind {
        Kind::Text if style != Style::Exact => return Ok(analysed(style, text)),
        Kind::Text | Kind::Keyword => Value::Text(text.to_owned()),
        Kind::Enum(names) => Value::Text(listed(names, text).to_owned()),
        Kind::Version => Value::Version(Version::new(text)),
        Kind::Integer => Value::Integer(integer(text)?),
        Kind::Boolean if text.eq_ignore_ascii_case("true") => Value::Boolean(true),
        Kind::Boolean if text.eq_ignore_ascii_case("false") => Value::Boolean(false),
        Kind::Boolean => return Err(Wanted::Boolean),
        Kind::Date => match date(text)? {
            (Value::Date(When::At(first)), Value::Date(When::At(last))) => {
                return Ok(Period { first, last }.during());
            }
            (now, _) => now,
        },
        Kind::Address => return address(text),
    };
    Ok(Test::Equals(value))
}

/// An enumerated value as it is listed; one that is not listed stays as it was written and equals none.
fn listed<'t>(names: &[&'t str], text: &'t str) -> &'t str {
    names.iter().copied().find(|name| name.eq_ignore_ascii_case(text)).unwrap_or(text)
}

fn analysed(style: Style, text: &str) -> Test {
    let folded = fold(text);
    let list: Vec<String> = words(&folded).map(str::to_owned).collect();
    match list.len() {
        0 => Test::Contains(folded.into_owned()),
        1 => Test::Words(list),
        _ if style == Style::Bare => Test::Words(list),
        _ => Test::Phrase(list),
    }
}

fn pattern(kind: Kind, parts: &[String]) -> Result<Test, Wanted> {
    match kind {
        Kind::Boolean => return Err(Wanted::Boolean),
        Kind::Integer => return Err(Wanted::Number),
        Kind::Date => return Err(Wanted::Date),
        Kind::Address => {
            if let Some((first, last)) = octets(&parts.join("*")) {
                return Ok(between(first.into(), last.into()));
            }
        }
        Kind::Text | Kind::Keyword | Kind::Enum(_) | Kind::Version => {}
    }
    let parts: Vec<String> = parts.iter().map(|part| fold(part).into_owned()).collect();
    Ok(match parts.as_slice() {
        [first, middle, last] if first.is_empty() && last.is_empty() => Test::Contains(middle.clone()),
        _ => Test::Pattern(parts),
    })
}

fn integer(text: &str) -> Result<i64, Wanted> {
    text.trim().parse().map_err(|_| Wanted::Number)
}

fn date(text: &str) -> Result<(Value, Value), Wanted> {
    let text = text.trim();
    if let Some(age) = ago(text) {
        let value = Value::Date(When::Ago(age));
        return Ok((value.clone(), value));
    }
    Period::parse(text).map(Period::ends).ok_or(Wanted::Date)
}

/// Reads `now`, `now-3d`; blanks don't count, the unit's case does (`m` is minutes, `M` months).
fn ago(text: &str) -> Option<Age> {
    let compact: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    let (now, rest) = compact.split_at_checked(3)?;
    if !now.eq_ignore_ascii_case("now") {
        return None;
    }
    if rest.is_empty() {
        return Some(Age { count: 0, unit: Unit::Second });
    }
    let (unit, name) = UNITS.into_iter().find(|(_, name)| rest.ends_with(*name))?;
    let count = rest.strip_prefix('-')?.strip_suffix(name)?;
    let is_number = count.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| count.parse().ok())?.map(|count| Age { count, unit })
}

const UNITS: [(Unit, char); 7] = [
    (Unit::Second, 's'),
    (Unit::Minute, 'm'),
    (Unit::Hour, 'h'),
    (Unit::Day, 'd'),
    (Unit::Week, 'w'),
    (Unit::Month, 'M'),
    (Unit::Year, 'y'),
];

/// Writes what [`ago`] reads.
pub(super) fn ago_text(age: Age) -> String {
    if age == (Age { count: 0, unit: Unit::Second }) {
        return "now".to_owned();
    }
    let unit = UNITS.into_iter().find(|(unit, _)| *unit == age.unit).map_or('s', |(_, name)| name);
    format!("now-{}{unit}", age.count)
}

/// An address, or all of a network.
fn address(text: &str) -> Result<Test, Wanted> {
    let Some((base, bits)) = text.split_once('/') else {
        let address = text.parse().map_err(|_| Wanted::Address)?;
        return Ok(Test::Equals(Value::Address(address)));
    };
    let bits: u32 = bits.parse().map_err(|_| Wanted::Address)?;
    match base.parse().map_err(|_| Wanted::Address)? {
        IpAddr::V4(base) if bits <= 32 => {
            let host = u32::MAX.checked_shr(bits).unwrap_or(0);
            let net = base.to_bits() & !host;
            Ok(between(Ipv4Addr::from_bits(net).into(), Ipv4Addr::from_bits(net | host).into()))
        }
        IpAddr::V6(base) if bits <= 128 => {
            let host = u128::MAX.checked_shr(bits).unwrap_or(0);
            let net = base.to_bits() & !host;
            Ok(between(Ipv6Addr::from_bits(net).into(), Ipv6Addr::from_bits(net | host).into()))
        }
        _ => Err(Wanted::Address),
    }
}

fn between(first: IpAddr, last: IpAddr) -> Test {
    if first == last {
        return Test::Equals(Value::Address(first));
    }
    Test::Range(Bound::Included(Value::Address(first)), Bound::Included(Value::Address(last)))
}

/// The addresses of `10.0.*` or `10.0.*.*`: whole octets, then nothing but wildcards.
fn octets(pattern: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let labels: Vec<&str> = pattern.split('.').collect();
    let known: Vec<u8> = labels.iter().map_while(|label| label.parse().ok()).collect();
    let open = labels.get(known.len()..)?;
    if labels.len() > 4 || open.is_empty() || open.iter().any(|label| *label != "*") {
        return None;
    }
    let octet = |at: usize, unknown: u8| known.get(at).copied().unwrap_or(unknown);
    let fill = |unknown: u8| Ipv4Addr::from([0, 1, 2, 3].map(|at| octet(at, unknown)));
    Some((fill(0), fill(255)))
}
