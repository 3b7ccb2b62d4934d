//! Markers: derived from the place they are put into, so that every run uses the same ones.

use ring::digest;

use crate::checks::Entry;
use crate::point::Point;

/// The markers of one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::checks) struct Marks {
    /// Nine letters and digits that begin with `zq`.
    pub(in crate::checks) token: String,
    /// Six digits.
    pub(in crate::checks) number: String,
    /// Factors with four digits, whose product is looked for.
    pub(in crate::checks) factors: (u32, u32),
}

impl Marks {
    /// The markers of a point of an entry.
    pub(in crate::checks) fn of(entry: &Entry, point: &Point) -> Self {
        Self::from(&key(entry, point))
    }

    pub(in crate::checks) fn from(key: &str) -> Self {
        let mut seed = hash(key);
        let mut take = |below: u64| {
            let part = seed % below;
            seed /= below;
            u32::try_from(part).unwrap_or_default()
        };
        let number = (100_000 + take(900_000)).to_string();
        let factors = (2_003 + 2 * take(3_900), 2_011 + 2 * take(3_900));
        let mut rest = hash(&format!("{key} token"));
        let mut token = "zq".to_owned();
        for _ in 0..7 {
            let digit = u32::try_from(rest % 36).unwrap_or_default();
            token.push(char::from_digit(digit, 36).unwrap_or('x'));
            rest /= 36;
        }
        Self { token, number, factors }
    }

    /// The product of the factors.
    pub(in crate::checks) fn product(&self) -> u64 {
        u64::from(self.factors.0) * u64::from(self.factors.1)
    }
}

/// What names a point over runs: no values, which may be those of a session.
fn key(entry: &Entry, point: &Point) -> String {
    let request = &entry.request;
    let mut names: Vec<String> =
        request.points().iter().map(|point| format!("{}:{}", point.kind(), point.name)).collect();
    names.sort();
    [request.method.name(), &request.url.path, &names.join("&"), point.kind(), &point.name].join("\n")
}

pub(in crate::checks) fn hash(text: &str) -> u64 {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
