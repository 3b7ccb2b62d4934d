//! Lists whose order has no meaning.

use std::collections::BTreeSet;
use std::collections::btree_set;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The most items that one list holds when it is read from a message.
pub const MAX_ITEMS: usize = 50_000;

/// A list without order and without repetition: a JSON array, kept sorted.
///
/// So two lists are equal when they have the same items, and what was added and removed is a set difference.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct List<T>(BTreeSet<T>);

impl<T> List<T> {
    /// An empty list.
    pub const fn new() -> Self {
        Self(BTreeSet::new())
    }

    /// Whether there is nothing in it. (Also by `Deref`; here so that serde can name it.)
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Ord + Clone> List<T> {
    /// Keeps the first `most` items. Whether any had to go.
    pub(crate) fn cut(&mut self, most: usize) -> bool {
        let first_too_many = self.0.iter().nth(most).cloned();
        first_too_many.is_some_and(|item| !self.0.split_off(&item).is_empty())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<T> Deref for List<T> {
    type Target = BTreeSet<T>;

    fn deref(&self) -> &BTreeSet<T> {
        &self.0
    }
}

impl<T> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut BTreeSet<T> {
        &mut self.0
    }
}

impl<T: Ord> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for List<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = btree_set::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = btree_set::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de, T: Ord + Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);
        impl<'de, T: Ord + Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MAX_ITEMS} items")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
                let mut list = List::new();
                let mut seen = 0;
                while let Some(item) = items.next_element()? {
                    seen += 1;
                    if seen > MAX_ITEMS {
                        return Err(A::Error::custom(format_args!(
                            "the list has more than {MAX_ITEMS} items"
                        )));
                    }
                    list.insert(item);
                }
                Ok(list)
            }
        }
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repetition_have_no_meaning() {
        let one: List<u8> = serde_json::from_str("[3,1,2,1]").unwrap();
        assert_eq!(one, List::from([1, 2, 3]));
        assert_eq!(serde_json::to_string(&one).unwrap(), "[1,2,3]");
    }

    #[test]
    fn a_list_that_is_too_long_is_cut() {
        let mut list = List::from([1, 2, 3]);
        assert!(!list.cut(3));
        assert!(list.cut(2));
        assert_eq!(list, List::from([1, 2]));
    }

    #[test]
    fn a_list_without_end_is_refused() {
        let text = format!("[{}1]", "1,".repeat(MAX_ITEMS));
        let error = serde_json::from_str::<List<u8>>(&text).unwrap_err();
        assert!(error.to_string().contains("more than 50000 items"), "{error}");
    }
}
