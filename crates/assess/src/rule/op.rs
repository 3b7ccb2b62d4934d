//! Comparisons of a value with what is expected.

use std::net::IpAddr;

use regex::Regex;

use super::value::{Value, strength};
use crate::version;

/// One comparison.
#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) relation: Relation,
    pub(crate) args: Vec<Arg>,
}

/// What a value is compared with.
#[derive(Debug)]
pub(crate) enum Arg {
    Const(Value),
    /// The control's parameter at this place.
    Param(usize),
    Pattern(Regex),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Present,
    Eq,
    Ne,
    In,
    NotIn,
    Matches,
    NotMatches,
    Contains,
    NotContains,
    Lt,
    Le,
    Gt,
    Ge,
    Between,
    SubsetOf,
    SupersetOf,
    DisjointFrom,
    ListEqual,
    VersionGe,
    CidrWithin,
    StrengthAtLeast,
    WellKnown,
    MinLength,
}

/// Every relation with its word in rules and the words it is explained with.
pub(crate) const RELATIONS: &[(&str, Relation, &str)] = &[
    ("present", Relation::Present, "is present:"),
    ("eq", Relation::Eq, "is"),
    ("ne", Relation::Ne, "is not"),
    ("in", Relation::In, "is one of:"),
    ("not-in", Relation::NotIn, "is none of:"),
    ("matches", Relation::Matches, "matches"),
    ("not-matches", Relation::NotMatches, "does not match"),
    ("contains", Relation::Contains, "contains"),
    ("not-contains", Relation::NotContains, "does not contain"),
    ("lt", Relation::Lt, "is less than"),
    ("le", Relation::Le, "is at most"),
    ("gt", Relation::Gt, "is more than"),
    ("ge", Relation::Ge, "is at least"),
    ("between", Relation::Between, "is between"),
    ("subset-of", Relation::SubsetOf, "has nothing but:"),
    ("superset-of", Relation::SupersetOf, "has all of:"),
    ("disjoint-from", Relation::DisjointFrom, "has none of:"),
    ("list-equal", Relation::ListEqual, "is exactly"),
    ("version-ge", Relation::VersionGe, "is version or later:"),
    ("cidr-within", Relation::CidrWithin, "lies within"),
    ("strength-at-least", Relation::StrengthAtLeast, "is at least as strong as"),
    ("well-known", Relation::WellKnown, "is a well-known word:"),
    ("min-length", Relation::MinLength, "has at least this many characters:"),
];

impl Relation {
    pub(crate) fn words(self) -> &'static str {
        RELATIONS.iter().find(|(_, relation, _)| *relation == self).map_or("", |(.., words)| words)
    }

    /// Whether it compares numbers.
    pub(crate) fn is_numeric(self) -> bool {
        matches!(self, Self::Lt | Self::Le | Self::Gt | Self::Ge | Self::Between | Self::MinLength)
    }

    /// Whether a value that is missing can satisfy it.
    pub(crate) fn answers_missing(self) -> bool {
        matches!(self, Self::Present)
    }
}

impl Op {
    /// Whether the value satisfies the comparison.
    ///
    /// # Errors
    /// A message when the two cannot be compared.
    pub(crate) fn holds(&self, value: &Value, params: &[Value]) -> Result<bool, String> {
        if let Value::Unknown(reason) = value {
            return Err(reason.clone());
        }
        let first = self.args.first();
        let wanted = first.and_then(|arg| arg.value(params));
        if let Some(Arg::Pattern(regex)) = first {
            let any = texts(value).iter().any(|text| regex.is_match(text));
            return Ok(any == (self.relation == Relation::Matches));
        }
        let Some(wanted) = wanted else { return Err("the expected value is not set".to_owned()) };
        let second = self.args.get(1).and_then(|arg| arg.value(params));
        compare(self.relation, value, wanted, second)
    }

    /// The comparison in words.
    pub(crate) fn describe(&self, params: &[Value]) -> String {
        let truth = self.args.first().and_then(|arg| arg.value(params));
        match (self.relation, truth) {
            (Relation::WellKnown, Some(Value::Bool(false))) => return "is no well-known word".to_owned(),
            (Relation::WellKnown, Some(Value::Bool(true))) => return "is a well-known word".to_owned(),
            (Relation::Present, Some(Value::Bool(true))) => return "is set".to_owned(),
            (Relation::Present, Some(Value::Bool(false))) => return "is not set".to_owned(),
            _ => {}
        }
        let args: Vec<String> = self
            .args
            .iter()
            .map(|arg| match arg {
                Arg::Pattern(regex) => regex.to_string(),
                arg => arg.value(params).map(ToString::to_string).unwrap_or_default(),
            })
            .collect();
        format!("{} {}", self.relation.words(), args.join(" and "))
    }
}

impl Arg {
    pub(crate) fn value<'a>(&'a self, params: &'a [Value]) -> Option<&'a Value> {
        match self {
            Self::Const(value) => Some(value),
            Self::Param(at) => params.get(*at),
            Self::Pattern(_) => None,
        }
    }
}

fn compare(
    relation: Relation,
    value: &Value,
    wanted: &Value,
    second: Option<&Value>,
) -> Result<bool, String> {
    use Relation as R;
    let within = |a: &[String], b: &[String]| a.iter().all(|item| b.iter().any(|other| same(item, other)));
    let (have, want) = (texts(value), texts(wanted));
    Ok(match relation {
        R::Present => (*value != Value::Missing) == truth(wanted)?,
        R::Eq => equal(value, wanted),
        R::Ne => !equal(value, wanted),
        R::In => have.len() == 1 && within(&have, &want),
        R::NotIn | R::DisjointFrom => !have.iter().any(|item| want.iter().any(|other| same(item, other))),
        R::Matches | R::NotMatches => return Err("a pattern is expected".to_owned()),
        R::Contains | R::NotContains => holds_part(value, &want) == (relation == R::Contains),
        R::Lt => number(value)? < number(wanted)?,
        R::Le => number(value)? <= number(wanted)?,
        R::Gt => number(value)? > number(wanted)?,
        R::Ge => number(value)? >= number(wanted)?,
        R::Between => {
            let top = second.ok_or("between wants two numbers")?;
            (number(wanted)?..=number(top)?).contains(&number(value)?)
        }
        R::SubsetOf => within(&have, &want),
        R::SupersetOf => within(&want, &have),
        R::ListEqual => have.len() == want.len() && within(&have, &want) && within(&want, &have),
        R::VersionGe => {
            let least = want.first().ok_or("a version is expected")?;
            !have.is_empty() && have.iter().all(|v| version::compare(v, least).is_ge())
        }
        R::CidrWithin => {
            let nets: Vec<Net> = want.iter().map(|n| Net::parse(n)).collect::<Result<_, _>>()?;
            let own: Vec<Net> = have.iter().map(|n| Net::parse(n)).collect::<Result<_, _>>()?;
            own.iter().all(|n| nets.iter().any(|outer| outer.holds(n)))
        }
        R::StrengthAtLeast => {
            let least =
                want.first().and_then(|w| strength(w)).ok_or("an unknown kind of hash is expected")?;
            !have.is_empty() && have.iter().all(|kind| strength(kind).is_some_and(|s| s >= least))
        }
        R::WellKnown => match value {
            Value::Secret { well_known, .. } => *well_known == truth(wanted)?,
            other => return Err(format!("{other} was not read as a secret")),
        },
        R::MinLength => match value {
            Value::Secret { length, .. } => i64::from(*length) >= number(wanted)?,
            _ => have.iter().all(|text| {
                number(wanted).is_ok_and(|n| i64::try_from(text.chars().count()).is_ok_and(|l| l >= n))
            }),
        },
    })
}

/// A value as texts: a list as its items, nothing as none.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Missing | Value::Unknown(_) | Value::Secret { .. } => Vec::new(),
        Value::Bool(on) => vec![on.to_string()],
        Value::Int(number) => vec![number.to_string()],
        Value::Text(text) => vec![text.clone()],
        Value::List(items) => items.clone(),
    }
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Missing, _) | (_, Value::Missing) => a == b,
        (Value::Bool(on), Value::Text(text)) | (Value::Text(text), Value::Bool(on)) => {
            switch(text) == Some(*on)
        }
        _ => {
            let (a, b) = (texts(a), texts(b));
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same(a, b))
        }
    }
}

fn holds_part(value: &Value, parts: &[String]) -> bool {
    match value {
        Value::List(items) => parts.iter().all(|part| items.iter().any(|item| same(item, part))),
        other => texts(other).iter().any(|text| parts.iter().all(|part| text.contains(part.as_str()))),
    }
}

fn truth(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(on) => Some(*on),
        Value::Text(text) => switch(text),
        _ => None,
    }
    .ok_or_else(|| format!("{value} is neither true nor false"))
}

/// The words that devices and people have for on and off.
pub(crate) fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "enable" | "enabled" | "1" => Some(true),
        "false" | "off" | "no" | "disable" | "disabled" | "0" => Some(false),
        _ => None,
    }
}

pub(crate) fn number(value: &Value) -> Result<i64, String> {
    match value {
        Value::Int(number) => Ok(*number),
        Value::Bool(on) => Ok(i64::from(*on)),
        Value::Text(text) => text.trim().parse().map_err(|_| format!("{text:?} is no number")),
        Value::List(items) if items.len() == 1 => number(&Value::Text(items.concat())),
        other => Err(format!("{other} is no number")),
    }
}

/// A network: an address and how many of its bits count.
#[derive(Debug, Clone, Copy)]
struct Net {
    address: IpAddr,
    bits: u32,
}

impl Net {
    /// `10.0.0.0/8`, `10.0.0.0 255.0.0.0`, or one address.
    fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("{text:?} is no address or network");
        let (address, mask) = text.trim().split_once(['/', ' ']).unwrap_or((text.trim(), ""));
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let full = if address.is_ipv4() { 32 } else { 128 };
        let bits = match (mask, mask.parse::<std::net::Ipv4Addr>()) {
            ("", _) => full,
            (_, Ok(mask)) => u32::from(mask).leading_ones(),
            (bits, _) => bits.parse().ok().filter(|b| *b <= full).ok_or_else(bad)?,
        };
        Ok(Self { address, bits })
    }

    fn holds(&self, inner: &Self) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(a) => (u128::from(u32::from(a)) << 96, true),
            IpAddr::V6(a) => (u128::from(a), false),
        };
        let ((own, v4), (other, other_v4)) = (bits(self.address), bits(inner.address));
        let apart = own ^ other;
        v4 == other_v4 && inner.bits >= self.bits && (self.bits == 0 || apart.leading_zeros() >= self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(relation: Relation, value: Value, wanted: Value) -> bool {
        Op { relation, args: vec![Arg::Const(wanted)] }.holds(&value, &[]).expect("comparable")
    }

    fn list(items: &[&str]) -> Value {
        Value::List(items.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn sets_are_compared_without_regard_to_order_and_case() {
        assert!(holds(Relation::SubsetOf, list(&["SSH"]), list(&["ssh", "none"])));
        assert!(!holds(Relation::SubsetOf, list(&["telnet", "ssh"]), list(&["ssh"])));
        assert!(holds(Relation::SupersetOf, list(&["a", "b"]), list(&["b"])));
        assert!(holds(Relation::ListEqual, list(&["a", "b"]), list(&["b", "a"])));
        assert!(holds(Relation::DisjointFrom, list(&["https"]), list(&["http", "telnet"])));
        assert!(!holds(Relation::NotIn, Value::Text("a".into()), list(&["a"])));
    }

    #[test]
    fn networks_lie_within_networks() {
        let within =
            |a: &str, b: &str| holds(Relation::CidrWithin, Value::Text(a.into()), Value::Text(b.into()));
        assert!(within("10.1.2.3", "10.0.0.0/8") && within("10.1.0.0 255.255.0.0", "10.0.0.0/8"));
        assert!(
            !within("0.0.0.0/0", "10.0.0.0/8")
                && !within("10.0.0.0/7", "10.0.0.0/8")
                && !within("::1", "0.0.0.0/0")
        );
        assert!(within("2001:db8::1", "2001:db8::/32"));
    }

    #[test]
    fn what_cannot_be_compared_is_an_error_and_never_true() {
        let op = Op { relation: Relation::Le, args: vec![Arg::Const(Value::Int(5))] };
        assert!(op.holds(&Value::Text("never".into()), &[]).is_err());
        assert!(op.holds(&Value::Unknown("no version".into()), &[]).is_err());
    }
}
