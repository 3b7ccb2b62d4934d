//! Telling the family of a device from what it printed.

use std::sync::OnceLock;

use regex::{RegexBuilder, RegexSet, RegexSetBuilder};

use crate::family::Family;

/// Bytes that are looked at.
const PROBE: usize = 1 << 20;
/// A sign that counts less says little where it stands alone.
const TELLING: u8 = 3;

/// How much a text looks like each family.
#[derive(Debug, Clone)]
pub(crate) struct Scores([u32; Family::ALL.len()]);

impl Scores {
    pub(crate) fn of(&self, family: Family) -> u32 {
        Family::ALL
            .iter()
            .position(|f| *f == family)
            .and_then(|at| self.0.get(at))
            .copied()
            .unwrap_or_default()
    }

    /// The family with the highest score, the first of the list among equals.
    pub(crate) fn best(&self) -> Option<(Family, u32)> {
        Family::ALL
            .into_iter()
            .map(|f| (f, self.of(f)))
            .filter(|(_, s)| *s > 0)
            .rev()
            .max_by_key(|(_, score)| *score)
    }

    /// The best family other than this one.
    pub(crate) fn best_other(&self, than: Family) -> Option<(Family, u32)> {
        Family::ALL
            .into_iter()
            .filter(|f| *f != than)
            .map(|f| (f, self.of(f)))
            .filter(|(_, s)| *s > 0)
            .rev()
            .max_by_key(|(_, s)| *s)
    }
}

struct Signs {
    set: RegexSet,
    owners: Vec<(usize, u8)>,
}

fn signs() -> Option<&'static Signs> {
    static SIGNS: OnceLock<Option<Signs>> = OnceLock::new();
    SIGNS
        .get_or_init(|| {
            let all = || {
                Family::ALL.iter().enumerate().flat_map(|(at, f)| f.spec().signs.iter().map(move |s| (at, s)))
            };
            let set =
                RegexSetBuilder::new(all().map(|(_, (sign, _))| *sign)).multi_line(true).build().ok()?;
            Some(Signs { set, owners: all().map(|(at, (_, weight))| (at, *weight)).collect() })
        })
        .as_ref()
}

/// Looks at the beginning of a text.
pub(crate) fn scores(text: &str) -> Scores {
    let mut scores = Scores([0; Family::ALL.len()]);
    let Some(signs) = signs() else { return scores };
    for sign in signs.set.matches(probe(text)) {
        if let Some((family, weight)) = signs.owners.get(sign)
            && let Some(score) = scores.0.get_mut(*family)
        {
            *score += u32::from(*weight);
        }
    }
    scores
}

fn probe(text: &str) -> &str {
    let end = (0..=PROBE.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// Where a text turns to the language of another family: the line, from 0, at which the other's signs begin, if they
/// are worth as many points and hardly a sign of the family itself stands among them. Families of one vendor share
/// words, and a device may tell of its neighbours; neither is a second device.
pub(crate) fn stretch(text: &str, other: Family, family: Family, points: u32) -> Option<usize> {
    let text = probe(text);
    let telling = other.spec().signs.iter().filter(|(_, weight)| *weight >= TELLING);
    let found: Vec<(usize, usize, u32)> = telling
        .filter_map(|(sign, weight)| {
            let sign = RegexBuilder::new(sign).multi_line(true).build().ok()?;
            sign.find(text).map(|at| (at.start(), at.end(), u32::from(*weight)))
        })
        .collect();
    let begin = found.iter().map(|(start, _, _)| *start).min()?;
    let end = found.iter().map(|(_, end, _)| *end).max()?;
    let worth: u32 = found.iter().map(|(_, _, weight)| weight).sum();
    let among = scores(text.get(begin..end)?).of(family);
    (worth >= points && among * 2 < worth)
        .then(|| text.get(..begin).unwrap_or_default().matches('\n').count())
}

/// The first line, from 0, that gives a family away.
pub(crate) fn sign_line(text: &str, family: Family) -> Option<usize> {
    let set = RegexSet::new(family.spec().signs.iter().map(|(sign, _)| *sign)).ok()?;
    text.lines().take(20_000).position(|line| set.is_match(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_compiles_and_every_family_has_some() {
        assert!(signs().is_some());
        assert!(Family::ALL.iter().all(|f| !f.spec().signs.is_empty()));
    }
}
