//! Detections: a catalogue of QIDs with fixed severities, and what of it was found on a machine.

use jiff::Timestamp;
use platform::assets::Detection;

use super::random::{Random, Skew};

/// Separates the stream of chance of this part from others.
const STREAM: u64 = 0x0d1d;
/// QIDs in the catalogue.
const QIDS: usize = 3_000;
/// The first QID; the others follow with gaps.
const FIRST: u32 = 11_000;
/// How many of 100 QIDs have the severities 1 to 5.
const SEVERITIES: [u64; 5] = [8, 22, 38, 22, 10];
const PORTS: &[u16] = &[22, 80, 443, 445, 3389, 8080];
const DAY: i64 = 86_400;

/// A vulnerability that may be found.
struct Entry {
    qid: u32,
    severity: u8,
    /// The family that it concerns; none for all.
    family: Option<&'static str>,
}

/// All QIDs, the commonest first.
pub(super) struct Qids {
    entries: Vec<Entry>,
    popularity: Skew,
    /// How many weeks ago something was found first.
    weeks: Skew,
}

impl Qids {
    pub(super) fn new(seed: u64) -> Self {
        let (severities, mut qid) = (Skew::weighted(SEVERITIES), FIRST);
        let entry = |number| {
            let mut random = Random::of(seed, STREAM, number);
            qid += u32::try_from(random.between(1, 60)).unwrap_or(1);
            let family = match random.below(10) {
                0..=3 => Some("Windows"),
                4..=7 => Some("Linux"),
                _ => None,
            };
            Entry { qid, severity: u8::try_from(severities.draw(&mut random) + 1).unwrap_or(1), family }
        };
        Self {
            entries: (0..QIDS as u64).map(entry).collect(),
            popularity: Skew::zipf(QIDS, 4),
            weeks: Skew::zipf(52, 3),
        }
    }

    /// The QID of a rank, counted from 0: how common it is.
    pub(super) fn ranked(&self, rank: usize) -> u32 {
        self.entries.get(rank).map_or(FIRST, |entry| entry.qid)
    }

    /// What was found on an asset at its last scan and before it: `count` different QIDs.
    pub(super) fn find(
        &self,
        family: &str,
        count: usize,
        last_scan: Timestamp,
        random: &mut Random,
    ) -> Vec<Detection> {
        let chosen = self.choose(family, count, random);
        let scan = last_scan.as_second();
        let detect = |(number, entry): (u32, &Entry)| {
            let found = random.happens(860);
            let first = scan - i64::try_from(self.weeks.draw(random)).unwrap_or(0) * 7 * DAY;
            let first = first - i64::try_from(random.below(7 * 86_400)).unwrap_or(0);
            // What is gone was last seen some time between.
            let last = if found { scan } else { (first + scan) / 2 };
            let port = random.happens(300).then(|| random.pick(PORTS).copied()).flatten();
            let (first, last) = (Timestamp::from_second(first).ok()?, Timestamp::from_second(last).ok()?);
            let new = Detection::new(number, entry.qid, entry.severity, first);
            Some(Detection { last_found: last, found, port, ..new })
        };
        (1..).zip(chosen).filter_map(detect).collect()
    }

    fn choose(&self, family: &str, count: usize, random: &mut Random) -> Vec<&Entry> {
        let fits = |entry: &Entry| entry.family.is_none_or(|only| only == family);
        let mut chosen: Vec<usize> = Vec::with_capacity(count);
        let mut tries = count * 40;
        while chosen.len() < count && tries > 0 {
            tries -= 1;
            let at = self.popularity.draw(random);
            if self.entries.get(at).is_some_and(fits) && !chosen.contains(&at) {
                chosen.push(at);
            }
        }
        // More than chance gives: the commonest that are left.
        let rest = (0..self.entries.len()).filter(|at| self.entries.get(*at).is_some_and(fits));
        let missing = count.saturating_sub(chosen.len());
        if missing > 0 {
            let rest: Vec<usize> = rest.filter(|at| !chosen.contains(at)).take(missing).collect();
            chosen.extend(rest);
        }
        chosen.sort_unstable();
        chosen.into_iter().filter_map(|at| self.entries.get(at)).collect()
    }
}

/// How long ago a machine was scanned last: most within a week, some not for months. In seconds.
pub(super) fn since_scan(random: &mut Random) -> i64 {
    let days = match random.below(100) {
        0..=79 => random.below(7),
        80..=94 => random.between(7, 30),
        _ => random.between(30, 300),
    };
    i64::try_from(days * 86_400 + random.below(86_400)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detections_are_different_and_fit_the_family() {
        let (qids, mut random) = (Qids::new(1), Random::of(1, 1, 1));
        let scan: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        for count in [0, 1, 20, 500, 5_000] {
            let found = qids.find("Linux", count, scan, &mut random);
            let fitting = qids.entries.iter().filter(|entry| entry.family != Some("Windows")).count();
            assert_eq!(found.len(), count.min(fitting));
            let mut distinct: Vec<u32> = found.iter().map(|detection| detection.qid).collect();
            distinct.dedup();
            assert_eq!(distinct.len(), found.len());
            assert!(found.iter().all(|one| one.first_found <= one.last_found && one.last_found <= scan));
            assert!(found.iter().all(|one| one.found == (one.last_found == scan) || one.first_found == scan));
        }
    }
}
