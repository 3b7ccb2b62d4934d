//! What stands near a place: applications below a path of their own have keys, tokens and names of their own.

use crate::checks::Entry;

/// How many parts of two paths are the same, from their beginning.
pub(super) fn shared(path: &str, other: &str) -> usize {
    path.split('/').zip(other.split('/')).take_while(|(part, other)| part == other).count()
}

/// Entries, those first that stand nearest to a path.
pub(super) fn nearest<'e>(entries: impl Iterator<Item = &'e Entry>, path: &str) -> Vec<&'e Entry> {
    let mut near: Vec<&Entry> = entries.collect();
    near.sort_by_key(|other| std::cmp::Reverse(shared(&other.request.url.path, path)));
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_paths_are_counted() {
        assert_eq!(shared("/shop/api/me", "/shop/api/token"), 3);
        assert_eq!(shared("/shop/api/me", "/shops/api/me"), 1);
    }
}
