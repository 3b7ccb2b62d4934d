//! Values of which nearly every row has its own (dates, addresses): kept by row, answered by a scan of the column.
//! A scan of 200,000 dates takes a tenth of a millisecond and an update costs one store; no ordered structure is
//! as good at both.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use roaring::RoaringBitmap;

/// One value per row at most, with room for the rare row that has several.
#[derive(Debug, Clone, Default)]
pub(crate) struct Column<K> {
    /// By row; of no meaning where `present` does not have the row.
    pub(super) values: Vec<K>,
    pub(super) present: RoaringBitmap,
    /// All values of the rows that have several.
    pub(super) several: BTreeMap<u32, Vec<K>>,
}

impl<K: Copy + Ord + Default> Column<K> {
    /// Sets the values of a row; says whether that changed anything.
    pub(crate) fn set(&mut self, row: u32, values: &[K]) -> bool {
        let Some((first, rest)) = values.split_first() else { return self.clear(row) };
        let at = row as usize;
        if self.values.len() <= at {
            self.values.resize(at + 1, K::default());
        }
        let known = !self.present.insert(row);
        let slot = self.values.get_mut(at);
        let same_first = slot.as_deref() == Some(first);
        if let Some(slot) = slot {
            *slot = *first;
        }
        let same_rest = match self.several.get(&row) {
            Some(old) => old.as_slice() == values,
            None => rest.is_empty(),
        };
        if !same_rest {
            if rest.is_empty() {
                self.several.remove(&row);
            } else {
                self.several.insert(row, values.to_vec());
            }
        }
        !(known && same_first && same_rest)
    }

    fn clear(&mut self, row: u32) -> bool {
        self.several.remove(&row);
        self.present.remove(row)
    }

    /// The first value of a row.
    pub(crate) fn get(&self, row: u32) -> Option<K> {
        self.present.contains(row).then(|| self.values.get(row as usize).copied()).flatten()
    }

    /// All values of a row.
    pub(crate) fn all(&self, row: u32) -> &[K] {
        if !self.present.contains(row) {
            return &[];
        }
        let single = || self.values.get(row as usize).map_or(&[][..], std::slice::from_ref);
        self.several.get(&row).map_or_else(single, Vec::as_slice)
    }

    /// The rows with a value in the range.
    pub(crate) fn within(&self, range: &RangeInclusive<K>) -> RoaringBitmap {
        let (low, high) = (range.start(), range.end());
        let mut bits = Vec::with_capacity(self.values.len() / 8 + 8);
        for chunk in self.values.chunks(64) {
            let mask = chunk
                .iter()
                .rev()
                .fold(0u64, |mask, value| mask << 1 | u64::from((low <= value) & (value <= high)));
            bits.extend_from_slice(&mask.to_le_bytes());
        }
        let mut rows = RoaringBitmap::from_lsb0_bytes(0, &bits) & &self.present;
        for (row, values) in &self.several {
            if values.iter().any(|value| range.contains(value)) {
                rows.insert(*row);
            }
        }
        rows
    }

    /// The rows with a value that meets a test of values.
    pub(crate) fn matching(&self, mut holds: impl FnMut(K) -> bool) -> RoaringBitmap {
        self.iter().filter_map(|(row, value)| holds(value).then_some(row)).collect()
    }

    /// Every value with its row.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, K)> + '_ {
        let single =
            self.present.iter().filter(|row| self.several.is_empty() || !self.several.contains_key(row));
        let single = single.filter_map(|row| Some((row, *self.values.get(row as usize)?)));
        let several = self.several.iter().flat_map(|(row, values)| values.iter().map(|value| (*row, *value)));
        single.chain(several)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_range_finds_the_rows_with_a_value_in_it(
            steps in prop::collection::vec((0u32..300, prop::collection::vec(-9i64..9, 0..3)), 0..60),
            low in -10i64..10, high in -10i64..10,
        ) {
            let (mut column, mut truth) = (Column::<i64>::default(), BTreeMap::new());
            for (row, values) in steps {
                let changed = column.set(row, &values);
                let before = truth.insert(row, values.clone()).unwrap_or_default();
                prop_assert_eq!(changed, before != values);
            }
            let expected: RoaringBitmap = truth.iter()
                .filter(|(_, values)| values.iter().any(|value| low <= *value && *value <= high))
                .map(|(row, _)| *row).collect();
            prop_assert_eq!(column.within(&(low..=high)), expected.clone());
            prop_assert_eq!(column.matching(|value| low <= value && value <= high), expected);
        }
    }
}
