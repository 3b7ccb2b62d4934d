//! Changing lists of plain items (`contract/was.md 1.3`).

use qps::Element;

use crate::{Error, Result};

/// How many items one list of a request may name, and how many an object may have.
const MOST: usize = 1_000;

/// A change of a list.
#[derive(Debug, Clone)]
pub(super) struct ListChange<T> {
    set: Option<Vec<T>>,
    put: Vec<T>,
    remove: Vec<T>,
}

impl<T: Clone> ListChange<T> {
    /// Reads the change of the list that goes by one of these names; none if the request does not speak of it.
    pub(super) fn read(
        data: &Element,
        lists: &[&str],
        item: &str,
        read: impl Fn(&Element) -> Result<T>,
    ) -> Result<Option<Self>> {
        let Some(list) = lists.iter().find(|name| data.child(name).is_some()) else { return Ok(None) };
        let Some(edit) = data.list_edit(list, &[item])? else { return Ok(None) };
        let all = |items: Vec<&Element>| -> Result<Vec<T>> {
            if items.len() > MOST {
                return Err(Error::invalid(
                    format!("Data: The list '{}' has more than {MOST} items.", data.field(list)),
                    format!("Specify at most {MOST} items."),
                ));
            }
            items.into_iter().map(&read).collect()
        };
        let put = [all(edit.add)?, all(edit.update)?].concat();
        Ok(Some(Self { set: edit.set.map(all).transpose()?, put, remove: all(edit.remove)? }))
    }

    /// Carries the change out; items are the same if `same` says so.
    pub(super) fn apply(&self, list: &mut Vec<T>, same: impl Fn(&T, &T) -> bool) -> Result<()> {
        if self.set.is_some() {
            list.clear();
        }
        list.retain(|old| !self.remove.iter().any(|gone| same(old, gone)));
        for new in self.set.iter().flatten().chain(&self.put) {
            match list.iter_mut().find(|old| same(old, new)) {
                Some(old) => old.clone_from(new),
                None => list.push(new.clone()),
            }
        }
        if list.len() > MOST {
            return Err(Error::invalid(
                format!("Data: A list would have more than {MOST} items."),
                "Remove items first.",
            ));
        }
        Ok(())
    }
}
