//! Which rows hold a value, and unions of many such sets.

use std::borrow::Cow;

use roaring::{MultiOps, RoaringBitmap};

/// The rows of one value. Most values of a large collection belong to one row (names, addresses), so that case
/// costs no allocation.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Posting {
    #[default]
    Empty,
    One(u32),
    Many(Box<RoaringBitmap>),
}

impl Posting {
    pub(crate) fn insert(&mut self, row: u32) {
        match self {
            Posting::Empty => *self = Posting::One(row),
            Posting::One(only) if *only == row => {}
            Posting::One(only) => *self = Posting::Many(Box::new([*only, row].into_iter().collect())),
            Posting::Many(rows) => {
                rows.insert(row);
            }
        }
    }

    pub(crate) fn remove(&mut self, row: u32) {
        match self {
            Posting::One(only) if *only == row => *self = Posting::Empty,
            Posting::Empty | Posting::One(_) => {}
            Posting::Many(rows) => {
                rows.remove(row);
                match (rows.len(), rows.min()) {
                    (0, _) => *self = Posting::Empty,
                    (1, Some(only)) => *self = Posting::One(only),
                    _ => {}
                }
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Posting::Empty)
    }

    pub(crate) fn rows(&self) -> Cow<'_, RoaringBitmap> {
        match self {
            Posting::Empty => Cow::Owned(RoaringBitmap::new()),
            Posting::One(only) => Cow::Owned([*only].into_iter().collect()),
            Posting::Many(rows) => Cow::Borrowed(rows),
        }
    }
}

/// Collects postings and unites them at the end, which is far cheaper than uniting them one by one.
#[derive(Default)]
pub(crate) struct Union<'a> {
    singles: Vec<u32>,
    many: Vec<&'a RoaringBitmap>,
}

impl<'a> Union<'a> {
    pub(crate) fn add(&mut self, posting: &'a Posting) {
        match posting {
            Posting::Empty => {}
            Posting::One(row) => self.singles.push(*row),
            Posting::Many(rows) => self.many.push(rows),
        }
    }

    pub(crate) fn finish(self) -> Cow<'a, RoaringBitmap> {
        match (self.many.as_slice(), self.singles.is_empty()) {
            ([], _) => Cow::Owned(bitmap_of(self.singles)),
            ([only], true) => Cow::Borrowed(only),
            (many, _) => {
                let mut rows = many.iter().copied().union();
                if !self.singles.is_empty() {
                    rows |= bitmap_of(self.singles);
                }
                Cow::Owned(rows)
            }
        }
    }
}

/// A bitmap of rows in any order. Many rows are set in a plain bit field first: no sorting.
pub(crate) fn bitmap_of(mut rows: Vec<u32>) -> RoaringBitmap {
    let highest = rows.iter().copied().max().unwrap_or(0) as usize;
    if rows.len() < 64 || rows.len() < highest / 256 {
        rows.sort_unstable();
        rows.dedup();
        return rows.into_iter().collect();
    }
    let mut bits = vec![0u8; highest / 8 + 1];
    for row in rows {
        if let Some(byte) = bits.get_mut(row as usize / 8) {
            *byte |= 1 << (row % 8);
        }
    }
    RoaringBitmap::from_lsb0_bytes(0, &bits)
}

/// Intersection that keeps what it can borrow.
pub(crate) fn intersect<'a>(a: Cow<'a, RoaringBitmap>, b: Cow<'a, RoaringBitmap>) -> Cow<'a, RoaringBitmap> {
    Cow::Owned(match (a, b) {
        (Cow::Owned(mut a), b) => {
            a &= b.as_ref();
            a
        }
        (a, Cow::Owned(mut b)) => {
            b &= a.as_ref();
            b
        }
        (a, b) => a.as_ref() & b.as_ref(),
    })
}

/// Difference that reuses the left side where it is owned.
pub(crate) fn subtract<'a>(a: Cow<'a, RoaringBitmap>, b: &RoaringBitmap) -> Cow<'a, RoaringBitmap> {
    Cow::Owned(match a {
        Cow::Owned(mut a) => {
            a -= b;
            a
        }
        Cow::Borrowed(a) => a - b,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_posting_is_a_set(steps in prop::collection::vec((any::<bool>(), 0u32..6), 0..40)) {
            let (mut posting, mut truth) = (Posting::default(), RoaringBitmap::new());
            for (insert, row) in steps {
                if insert { posting.insert(row); truth.insert(row); } else { posting.remove(row); truth.remove(row); }
                prop_assert_eq!(posting.rows().into_owned(), truth.clone());
                prop_assert_eq!(posting.is_empty(), truth.is_empty());
            }
        }

        #[test]
        fn a_bitmap_of_rows_has_these_rows(rows in prop::collection::vec(0u32..20_000, 0..400)) {
            let truth: RoaringBitmap = rows.iter().copied().collect();
            prop_assert_eq!(bitmap_of(rows), truth);
        }
    }
}
