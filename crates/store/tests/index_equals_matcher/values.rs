//! Values that are likely to be shared, and likely to be awkward.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use proptest::prelude::*;

use crate::thing::{LEVELS, Part, Port, Thing};

/// Texts whose folding, words or bytes are special, some equal but for case.
const TEXTS: &[&str] = &[
    "web-eu-07",
    "WEB-EU-07",
    "web eu 07",
    "app.corp.test",
    "App.Corp.Test:8443/login?x=1",
    "İstanbul",
    "istanbul",
    "i\u{307}stanbul",
    "GROSSE STRASSE",
    "große straße",
    "GROẞE STRAẞE",
    "ΟΔΟΣ ΣΟΦΟΣ",
    "οδος σοφος",
    "Kelvin \u{212a}",
    "kelvin k",
    "O'Brien my_name",
    "1,234 3.14",
    "日本語 テキスト",
    "---",
    "...",
    " ",
    "\0",
    "a\0b",
    "a",
    "A",
    "b",
    "ab",
    "a b a b c",
    "openssl",
    "OpenSSL 3.0.2-0ubuntu1.10",
    "e\u{301}tude",
    "étude",
    "👩‍👩‍👧 family",
    "line\r\nbreak\ttab",
];

const VERSIONS: &[&str] = &[
    "1.2",
    "1.02",
    "01.2",
    "1.2.0",
    "1.10",
    "1.9",
    "1.0",
    "1.0~rc1",
    "1.0a",
    "1.0-1",
    "1.0A",
    "v2",
    "2",
    "~",
    "a",
    "9999999999999999999999999",
    "09999999999999999999999999",
    "1.2\0",
    "ß1",
    "1..2",
];

const NUMBERS: &[i64] = &[
    0,
    1,
    -1,
    2,
    3,
    22,
    80,
    443,
    65_535,
    65_536,
    i64::MAX,
    i64::MIN,
    i64::MAX - 1,
    u32::MAX as i64,
    u32::MAX as i64 + 1,
];

/// Seconds: around the epoch, and where no calendar reaches.
const DATES: &[i64] =
    &[0, -1, 1, 86_399, 86_400, -86_400, 1_774_000_000, 1_774_000_001, -377_705_023_201, i64::MAX, i64::MIN];

static ADDRESSES: LazyLock<Vec<IpAddr>> = LazyLock::new(|| {
    let four = ["0.0.0.0", "10.0.0.1", "10.0.0.255", "10.0.1.0", "127.0.0.1", "255.255.255.255"];
    let six = [
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "2001:db8::1",
        "2001:db8::ff",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ];
    four.iter().chain(&six).map(|text| text.parse().unwrap()).collect()
});

/// A text of these letters. Quicker to make than one of a regular expression.
fn of(letters: &'static [u8], length: Range<usize>) -> impl Strategy<Value = String> {
    let letter = prop::sample::select(letters).prop_map(char::from);
    prop::collection::vec(letter, length).prop_map(String::from_iter)
}

/// A text, empty now and then.
pub(crate) fn text() -> BoxedStrategy<String> {
    prop_oneof![
        12 => prop::sample::select(TEXTS).prop_map(str::to_owned),
        1 => Just(String::new()),
        3 => of(b"aAbB .-0", 1..7),
        1 => prop::collection::vec(any::<char>(), 1..10).prop_map(String::from_iter),
        1 => (of(b"AxZ", 1..9), 30usize..60).prop_map(|(text, times)| text.repeat(times)),
    ]
    .boxed()
}

pub(crate) fn version() -> BoxedStrategy<String> {
    prop_oneof![
        8 => prop::sample::select(VERSIONS).prop_map(str::to_owned),
        1 => Just(String::new()),
        3 => of(b"012.~a", 1..6),
        1 => text(),
    ]
    .boxed()
}

pub(crate) fn level() -> BoxedStrategy<String> {
    prop::sample::select(LEVELS).prop_map(str::to_owned).boxed()
}

pub(crate) fn number() -> BoxedStrategy<i64> {
    prop_oneof![4 => prop::sample::select(NUMBERS), 4 => -5i64..60, 1 => any::<i64>()].boxed()
}

pub(crate) fn date() -> BoxedStrategy<i64> {
    prop_oneof![4 => prop::sample::select(DATES), 4 => -9i64..9, 1 => any::<i64>()].boxed()
}

pub(crate) fn address() -> BoxedStrategy<IpAddr> {
    prop_oneof![
        6 => prop::sample::select(ADDRESSES.as_slice()),
        1 => any::<[u8; 4]>().prop_map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes))),
        1 => any::<[u8; 16]>().prop_map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes))),
    ]
    .boxed()
}

/// No value, one, or several with duplicates.
fn some<T: std::fmt::Debug + Clone + 'static>(of: BoxedStrategy<T>) -> BoxedStrategy<Vec<T>> {
    let twice = of.clone().prop_map(|value| vec![value.clone(), value]);
    prop_oneof![2 => Just(Vec::new()), 3 => prop::collection::vec(of.clone(), 1..2),
        2 => prop::collection::vec(of, 2..4), 1 => twice]
    .boxed()
}

fn maybe<T: std::fmt::Debug + 'static>(of: BoxedStrategy<T>) -> BoxedStrategy<Option<T>> {
    prop::option::weighted(0.8, of).boxed()
}

fn part() -> BoxedStrategy<Part> {
    let tuple = (
        maybe(text()),
        maybe(version()),
        maybe(number()),
        maybe(any::<bool>().boxed()),
        maybe(date()),
        maybe(address()),
        maybe(text()),
        maybe(level()),
    );
    let full = tuple.prop_map(|(name, version, size, signed, installed, origin, code, level)| Part {
        name,
        version,
        size,
        signed,
        installed,
        origin,
        code,
        level,
    });
    // Few members make elements that objects share.
    let sparse = (maybe(text()), maybe(version())).prop_map(|(name, version)| Part {
        name,
        version,
        ..Part::default()
    });
    prop_oneof![2 => full, 3 => sparse, 1 => Just(Part::default())].boxed()
}

fn port() -> BoxedStrategy<Port> {
    let protocol = prop::sample::select(&["TCP", "UDP", "tcp", ""][..]).prop_map(str::to_owned).boxed();
    (
        maybe(number()),
        maybe(protocol),
        prop::option::weighted(0.3, text()),
        prop::option::weighted(0.3, date()),
    )
        .prop_map(|(number, protocol, banner, seen)| Port { number, protocol, banner, seen })
        .boxed()
}

pub(crate) fn thing() -> BoxedStrategy<Thing> {
    let simple = (
        some(text()),
        some(text()),
        some(level()),
        some(any::<bool>().boxed()),
        some(number()),
        some(date()),
        some(address()),
        some(version()),
    );
    (simple, some(part()), some(port()))
        .prop_map(|((names, codes, levels, flags, counts, dates, addresses, versions), parts, ports)| Thing {
            names,
            codes,
            levels,
            flags,
            counts,
            dates,
            addresses,
            versions,
            parts,
            ports,
        })
        .boxed()
}
