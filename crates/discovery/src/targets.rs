//! Which addresses are meant: a list of addresses, ranges, CIDR blocks and names, without those that are excluded.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Most addresses of one discovery, unless the caller allows more.
pub const MOST_ADDRESSES: u128 = 1 << 20;
/// Most bytes of an expression.
const LONGEST: usize = 1 << 20;

/// What is wrong with a target expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// Neither an address nor a range, block or name.
    #[error("target {0:?} is no address, range (192.0.2.1-192.0.2.9), CIDR block (192.0.2.0/24) or name")]
    Unreadable(String),
    /// A range whose end comes before its start, or is of the other family.
    #[error("range {0:?}: the end must be an address of the same family and not come before the start")]
    Backwards(String),
    /// A prefix length that does not fit.
    #[error("block {0:?}: the prefix length must be a number from 0 to {1}")]
    Prefix(String, u8),
    /// An address with a zone.
    #[error(
        "target {0:?}: addresses with a zone (%) are not supported; name a global or unique local address"
    )]
    Zone(String),
    /// More addresses than are allowed.
    #[error("these targets are {0} addresses; at most {1} are scanned in one discovery")]
    TooMany(u128, u128),
    /// Nothing at all.
    #[error("there is no target; name an address, range, CIDR block or host name")]
    Empty,
    /// An expression of unreasonable length.
    #[error("the targets are written in {0} bytes; at most {LONGEST} are read")]
    TooLong(usize),
}

/// Addresses from one to another, both included, of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    first: IpAddr,
    last: IpAddr,
}

/// Targets or exclusions as they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets {
    ranges: Vec<Range>,
    names: Vec<String>,
}

impl Range {
    /// The range of two addresses; none when they are of two families or in the wrong order.
    #[must_use]
    pub fn new(first: IpAddr, last: IpAddr) -> Option<Self> {
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Self { first, last })
    }

    /// How many addresses, less one: all of IPv6 is one more than a number holds.
    fn span(&self) -> u128 {
        number(self.last) - number(self.first)
    }
}

impl Targets {
    /// Reads expressions separated by commas, blanks or line ends.
    ///
    /// # Errors
    /// When one of them can't be read.
    pub fn parse(text: &str) -> Result<Self, BadTarget> {
        if text.len() > LONGEST {
            return Err(BadTarget::TooLong(text.len()));
        }
        let mut targets = Self::default();
        for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
            match range(word)? {
                Some(range) => targets.ranges.push(range),
                None => targets.names.push(word.trim_end_matches('.').to_ascii_lowercase()),
            }
        }
        targets.ranges = merged(targets.ranges);
        targets.names.sort();
        targets.names.dedup();
        Ok(targets)
    }

    /// The names in it, which somebody has to resolve.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether nothing is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty() && self.names.is_empty()
    }

    /// Adds addresses, such as those of a name.
    pub fn add(&mut self, addresses: impl IntoIterator<Item = IpAddr>) {
        self.ranges.extend(addresses.into_iter().map(|one| Range { first: one, last: one }));
        self.ranges = merged(std::mem::take(&mut self.ranges));
    }

    /// The addresses of all ranges but those of `excluded`; names count for nothing.
    ///
    /// # Errors
    /// When they are more than `most`.
    pub fn addresses(&self, excluded: &Self, most: u128) -> Result<Addresses, BadTarget> {
        let mut left = Vec::new();
        for range in &self.ranges {
            subtract(*range, &excluded.ranges, &mut left);
        }
        let total = left.iter().fold(0u128, |sum, range| sum.saturating_add(range.span()).saturating_add(1));
        if total > most {
            return Err(BadTarget::TooMany(total, most));
        }
        Ok(Addresses { ranges: left, total, at: 0, next: None })
    }

    /// Whether an address is in one of the ranges.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| {
            range.first.is_ipv4() == address.is_ipv4() && range.first <= address && address <= range.last
        })
    }
}

impl FromStr for Targets {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        Self::parse(text)
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = self.ranges.iter().map(ToString::to_string);
        let all: Vec<_> = ranges.chain(self.names.iter().cloned()).collect();
        f.write_str(&all.join(","))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => write!(f, "{}", self.first),
            false => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

/// Addresses in ascending order, IPv4 first, each once; made as they are asked for.
#[derive(Debug, Clone)]
pub struct Addresses {
    ranges: Vec<Range>,
    total: u128,
    at: usize,
    next: Option<IpAddr>,
}

impl Addresses {
    /// How many there are in all.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.total
    }
}

impl Iterator for Addresses {
    type Item = IpAddr;

    fn next(&mut self) -> Option<IpAddr> {
        let range = self.ranges.get(self.at)?;
        let address = self.next.unwrap_or(range.first);
        self.next = if address < range.last { following(address) } else { None };
        if self.next.is_none() {
            self.at += 1;
        }
        Some(address)
    }
}

/// A range, or none when the word is a name.
fn range(word: &str) -> Result<Option<Range>, BadTarget> {
    let unreadable = || BadTarget::Unreadable(shortened(word));
    if word.contains('%') {
        return Err(BadTarget::Zone(shortened(word)));
    }
    if let Some((address, length)) = word.split_once('/') {
        return block(address_of(address).ok_or_else(unreadable)?, length, word).map(Some);
    }
    if let Some(address) = address_of(word) {
        return Ok(Some(Range { first: address, last: address }));
    }
    if let Some((first, last)) = word.split_once('-')
        && let Some(first) = address_of(first)
    {
        let last = match (first, last.parse::<u8>()) {
            // 192.0.2.1-20 ends in the same last block of eight bits.
            (IpAddr::V4(v4), Ok(octet)) => {
                let [a, b, c, _] = v4.octets();
                IpAddr::V4(Ipv4Addr::new(a, b, c, octet))
            }
            _ => address_of(last).ok_or_else(unreadable)?,
        };
        return Range::new(first, last).map(Some).ok_or_else(|| BadTarget::Backwards(shortened(word)));
    }
    if is_name(word) { Ok(None) } else { Err(unreadable()) }
}

fn block(address: IpAddr, length: &str, word: &str) -> Result<Range, BadTarget> {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let bad = || BadTarget::Prefix(shortened(word), bits);
    let is_plain = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
    let length: u8 = if is_plain { length.parse().map_err(|_| bad())? } else { return Err(bad()) };
    let rest = bits.checked_sub(length).ok_or_else(bad)?;
    let hosts = if rest == 128 { u128::MAX } else { (1u128 << rest) - 1 };
    let first = number(address) & !hosts;
    Ok(Range { first: address_like(address, first), last: address_like(address, first | hosts) })
}

/// An address, also in brackets.
fn address_of(word: &str) -> Option<IpAddr> {
    match word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => word.parse().ok(),
    }
}

/// A host name by RFC 1123, with `_`, and not only digits and dots: that would be a mistyped address.
fn is_name(word: &str) -> bool {
    let word = word.strip_suffix('.').unwrap_or(word);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let last_is_number = word.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    word.len() <= 253 && word.split('.').all(is_label) && !last_is_number
}

fn shortened(word: &str) -> String {
    word.chars().take(80).collect()
}

fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    let mut out: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if touches(*last, range) => last.last = last.last.max(range.last),
            _ => out.push(range),
        }
    }
    out
}

fn touches(earlier: Range, later: Range) -> bool {
    earlier.first.is_ipv4() == later.first.is_ipv4()
        && (later.first <= earlier.last || following(earlier.last) == Some(later.first))
}

/// What is left of a range without the excluded ones, which are merged and in order.
fn subtract(range: Range, excluded: &[Range], left: &mut Vec<Range>) {
    let mut first = range.first;
    for hole in excluded {
        if hole.first.is_ipv4() != range.first.is_ipv4() || hole.last < first || hole.first > range.last {
            continue;
        }
        if hole.first > first
            && let Some(before) = preceding(hole.first)
        {
            left.push(Range { first, last: before });
        }
        match following(hole.last) {
            Some(after) if after <= range.last => first = after,
            _ => return,
        }
    }
    left.push(Range { first, last: range.last });
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The address of a number in the family of another one.
fn address_like(family: IpAddr, number: u128) -> IpAddr {
    match family {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(number).unwrap_or(u32::MAX))),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(number)),
    }
}

/// The next address of the same family.
fn following(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|n| IpAddr::V4(Ipv4Addr::from_bits(n))),
        IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|n| IpAddr::V6(Ipv6Addr::from_bits(n))),
    }
}

fn preceding(address: IpAddr) -> Option<IpAddr> {
    number(address).checked_sub(1).map(|n| address_like(address, n))
}
