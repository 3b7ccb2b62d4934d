//! Dates: a column by row, and beside it the rows of each day, so that a question about some days reads only these.
//! Millions of elements of a list take tens of milliseconds to scan, and a week of them one.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use roaring::{MultiOps, RoaringBitmap};

use super::column::Column;

const DAY: i64 = 86_400;

/// Seconds by row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dates {
    pub(super) column: Column<i64>,
    /// Days since 1970 -> rows with a date in that day.
    pub(super) days: BTreeMap<i64, RoaringBitmap>,
}

impl Dates {
    /// Sets the dates of a row; says whether that changed anything.
    pub(crate) fn set(&mut self, row: u32, dates: &[i64]) -> bool {
        let before: Vec<i64> = self.column.all(row).to_vec();
        if !self.column.set(row, dates) {
            return false;
        }
        for day in before.into_iter().map(day_of) {
            if let Some(rows) = self.days.get_mut(&day) {
                rows.remove(row);
                if rows.is_empty() {
                    self.days.remove(&day);
                }
            }
        }
        for date in dates {
            self.days.entry(day_of(*date)).or_default().insert(row);
        }
        true
    }

    /// The rows with a date in the range.
    pub(crate) fn within(&self, range: &RangeInclusive<i64>) -> RoaringBitmap {
        if range.is_empty() {
            return RoaringBitmap::new();
        }
        let (first, last) = (day_of(*range.start()), day_of(*range.end()));
        let days = || self.days.range(first..=last);
        let concerned: u64 = days().map(|(_, rows)| rows.len()).sum();
        // A scan reads a row far quicker than a set of rows gives it.
        if concerned > self.column.present.len() / 8 {
            return self.column.within(range);
        }
        let whole = days().filter(|(day, _)| **day != first && **day != last).map(|(_, rows)| rows);
        let mut found = whole.union();
        for (_, rows) in days().filter(|(day, _)| **day == first || **day == last) {
            let meets = |row: &u32| self.column.all(*row).iter().any(|date| range.contains(date));
            found |= rows.iter().filter(meets).collect::<RoaringBitmap>();
        }
        found
    }
}

fn day_of(seconds: i64) -> i64 {
    seconds.div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_range_finds_the_rows_with_a_date_in_it(
            steps in prop::collection::vec((0u32..300, prop::collection::vec(-9 * DAY..9 * DAY, 0..3)), 0..300),
            ranges in prop::collection::vec((-10 * DAY..10 * DAY, 0..3 * DAY), 1..20),
        ) {
            let (mut dates, mut truth) = (Dates::default(), BTreeMap::new());
            for (row, values) in steps {
                let before = truth.insert(row, values.clone()).unwrap_or_default();
                prop_assert_eq!(dates.set(row, &values), before != values);
            }
            for (low, length) in ranges {
                let range = low..=low + length;
                let expected: RoaringBitmap = truth.iter()
                    .filter(|(_, values)| values.iter().any(|value| range.contains(value)))
                    .map(|(row, _)| *row).collect();
                prop_assert_eq!(dates.within(&range), expected.clone());
                prop_assert_eq!(dates.column.within(&range), expected);
            }
            let (after, before) = (1, 0);
            prop_assert!(dates.within(&(after..=before)).is_empty());
            let held: u64 = dates.days.values().map(RoaringBitmap::len).sum();
            let most: usize = truth.values().map(Vec::len).sum();
            prop_assert!(held <= most as u64 && dates.days.values().all(|rows| !rows.is_empty()));
        }
    }
}
