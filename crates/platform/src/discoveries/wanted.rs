//! What a caller says of a schedule.

use discovery::{Ports, Targets};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Map, Value};

use super::error::{Code, shown};
use super::model::{Schedule, What};
use super::timing::{self, Occurrence, Timing};
use crate::Result;
use crate::results::Source;

/// The longest name, in characters.
const NAME: usize = 120;
/// The longest list of targets, in bytes.
const TARGETS: usize = 64 << 10;
/// Addresses of one discovery at the most.
pub(super) const MOST_ADDRESSES: u128 = 1 << 16;
/// Connections a second, unless the caller says otherwise, and at the most.
const RATES: (u32, u32) = (2_000, 20_000);
/// The longest time between two runs, in units.
const EVERY: u64 = 400;

/// The members that are known.
pub(super) const MEMBERS: [&str; 11] = [
    "name",
    "targets",
    "exclude",
    "ports",
    "rate",
    "record",
    "status",
    "occurrence",
    "every",
    "start",
    "timeZone",
];

/// What may be said of a schedule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) what: What,
    pub(super) timing: Option<Timing>,
    pub(super) is_active: bool,
}

/// Reads what a caller says of a new schedule, or of the changes to one.
pub(super) fn read(object: &Map<String, Value>, old: Option<&Schedule>, now: Timestamp) -> Result<Wanted> {
    if let Some(unknown) = object.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        let known = MEMBERS.join(", ");
        return Err(
            Code::Value.error(format!("{}: there is no such member. Members: {known}.", shown(unknown)))
        );
    }
    if object.is_empty() {
        return Err(
            Code::Missing.error(format!("The object is empty. Give members of: {}.", MEMBERS.join(", ")))
        );
    }
    let what = old.map(|old| &old.what);
    let name = required(object, "name", old.map(|old| old.name.as_str()))?;
    if name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(Code::Value.error(format!(
            "name: '{}' can't be taken. Give at most {NAME} characters, without control characters.",
            shown(&name)
        )));
    }
    let targets = required(object, "targets", what.map(|what| what.targets.as_str()))?;
    let exclude =
        text(object, "exclude")?.or_else(|| what.map(|what| what.exclude.clone())).unwrap_or_default();
    let (targets, exclude) = (expression("targets", &targets)?, expression("exclude", &exclude)?);
    demand_addresses(&targets, &exclude)?;
    let ports = text(object, "ports")?.or_else(|| what.map(|what| what.ports.clone()));
    let ports = ports.unwrap_or_else(|| "well-known".to_owned());
    Ports::parse(&ports).map_err(|error| Code::Value.error(format!("ports: {error}.")))?;
    let rate = number(object, "rate", u64::from(RATES.1))?.map(|rate| u32::try_from(rate).unwrap_or(RATES.1));
    let rate = rate.or(what.map(|what| what.rate)).unwrap_or(RATES.0);
    let record = choice(object, "record", &[("SCAN", Source::VmScan), ("MAP", Source::VmMap)])?;
    let record = record.or(what.map(|what| what.record)).unwrap_or(Source::VmScan);
    let is_active = choice(object, "status", &[("ACTIVE", true), ("INACTIVE", false)])?;
    let what = What { targets: targets.to_string(), exclude: exclude.to_string(), ports, rate, record };
    Ok(Wanted {
        name,
        what,
        timing: timing(object, old.and_then(|old| old.timing.as_ref()), now)?,
        is_active: is_active.or(old.map(|old| old.is_active)).unwrap_or(true),
    })
}

fn timing(object: &Map<String, Value>, old: Option<&Timing>, now: Timestamp) -> Result<Option<Timing>> {
    let mut named = vec![("NONE", None)];
    named.extend(Occurrence::NAMED.map(|(name, one)| (name, Some(one))));
    let occurrence = choice(object, "occurrence", &named)?;
    let given = zone(object)?;
    let old_zone = old.and_then(|old| old.zone.clone());
    let named_zone = given.clone().unwrap_or_else(|| old_zone.clone());
    let (every, start) = (number(object, "every", EVERY)?, moment(object, "start", named_zone.as_deref())?);
    let repeated = match occurrence {
        Some(None) => None,
        Some(Some(occurrence)) => Some(occurrence),
        None => old.map(|old| old.occurrence),
    };
    let Some(occurrence) = repeated else {
        if every.is_some() || start.is_some() || given.is_some() {
            let message = "occurrence: it is missing. Without one, every, start and timeZone mean nothing.";
            return Err(Code::Missing.error(message));
        }
        return Ok(None);
    };
    let every = every.and_then(|every| u16::try_from(every).ok()).or(old.map(|old| old.every)).unwrap_or(1);
    if occurrence == Occurrence::Once && start.is_some_and(|start| start < now) {
        return Err(
            Code::Value.error("start: it has passed already. Give a time to come for what comes once.")
        );
    }
    let start = start.or(old.map(|old| old.start)).unwrap_or(now);
    // Whole seconds, since times to come are counted in them.
    let start = Timestamp::from_second(start.as_second()).unwrap_or(start);
    Ok(Some(Timing { occurrence, every, start, zone: named_zone }))
}

/// Targets or exclusions.
pub(super) fn expression(name: &str, text: &str) -> Result<Targets> {
    if text.len() > TARGETS {
        return Err(
            Code::Value.error(format!("{name}: it has {} bytes; at most {TARGETS} are taken.", text.len()))
        );
    }
    Targets::parse(text).map_err(|error| Code::Value.error(format!("{name}: {error}.")))
}

/// Refuses what asks nobody, or too many.
pub(super) fn demand_addresses(targets: &Targets, exclude: &Targets) -> Result<()> {
    let error = |message: String| Err(Code::Value.error(format!("targets: {message}.")));
    if targets.is_empty() {
        return error("there is none; give addresses, ranges, CIDR blocks or host names".to_owned());
    }
    match targets.addresses(exclude, MOST_ADDRESSES) {
        Err(bad) => error(bad.to_string()),
        Ok(addresses) if addresses.total() == 0 && targets.names().is_empty() => {
            error("nothing is left of them, since exclude names them all".to_owned())
        }
        Ok(_) => Ok(()),
    }
}

fn required(object: &Map<String, Value>, name: &str, old: Option<&str>) -> Result<String> {
    match text(object, name)? {
        Some(text) if text.trim().is_empty() => {
            Err(Code::Missing.error(format!("{name}: it is blank. Give a text.")))
        }
        Some(text) => Ok(text.trim().to_owned()),
        None => old
            .map(str::to_owned)
            .ok_or_else(|| Code::Missing.error(format!("{name}: it is missing. Give a text."))),
    }
}

fn text(object: &Map<String, Value>, name: &str) -> Result<Option<String>> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(Code::Value.error(format!("{name}: a text is expected, not {}.", kind(other)))),
    }
}

fn number(object: &Map<String, Value>, name: &str, most: u64) -> Result<Option<u64>> {
    let Some(value) = object.get(name) else { return Ok(None) };
    match value.as_u64().filter(|number| (1..=most).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => {
            let given = if value.is_number() { shown(&value.to_string()) } else { kind(value).to_owned() };
            Err(Code::Value.error(format!("{name}: {given} can't be taken. Give a number from 1 to {most}.")))
        }
    }
}

/// A text that is one of some.
pub(super) fn choice<T: Copy>(
    object: &Map<String, Value>,
    name: &str,
    named: &[(&str, T)],
) -> Result<Option<T>> {
    let Some(given) = text(object, name)? else { return Ok(None) };
    match named.iter().find(|(known, _)| *known == given) {
        Some((_, value)) => Ok(Some(*value)),
        None => {
            let known: Vec<_> = named.iter().map(|(known, _)| *known).collect();
            let given = shown(&given);
            Err(Code::Value
                .error(format!("{name}: '{given}' is none. Values expected: {}.", known.join(", "))))
        }
    }
}

/// A time zone by its name. UTC is what a schedule has that names none.
fn zone(object: &Map<String, Value>) -> Result<Option<Option<String>>> {
    let Some(given) = text(object, "timeZone")? else { return Ok(None) };
    let Some(zone) = timing::zone(&given) else {
        let given = shown(&given);
        return Err(Code::Value.error(format!(
            "timeZone: '{given}' is none. Give a name of the IANA time zone database, such as Europe/London."
        )));
    };
    // As the database spells it.
    let name = zone.iana_name().unwrap_or(&given);
    Ok(Some((name != "UTC").then(|| name.to_owned())))
}

/// A time: one that says how far it is from UTC, or one that clocks show in a time zone.
fn moment(object: &Map<String, Value>, name: &str, zone: Option<&str>) -> Result<Option<Timestamp>> {
    let Some(given) = text(object, name)? else { return Ok(None) };
    let by_clock = |zone| {
        let zone = timing::zone(zone)?;
        zone.to_timestamp(given.parse::<DateTime>().ok()?).ok()
    };
    given.parse().ok().or_else(|| by_clock(zone?)).map(Some).ok_or_else(|| {
        let given = shown(&given);
        Code::Value.error(format!(
            "{name}: '{given}' is no time. Give one such as 2031-02-03T04:05:06Z, or 2031-02-03T04:05:06 with a timeZone."
        ))
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
