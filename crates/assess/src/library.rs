//! The controls that ship with this crate, and rule files beside them.

use std::sync::OnceLock;

use crate::family::Family;
use crate::rule::{Control, RuleError, read_rules};

/// A rule file of this crate.
pub(crate) struct Embedded {
    /// Path under `controls/`: the folder is the family's slug.
    pub(crate) path: &'static str,
    pub(crate) text: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/controls.rs"));

/// A set of controls: those that ship, and those of a site.
#[derive(Debug, Default)]
pub struct Library {
    own: Vec<Control>,
    with_builtin: bool,
}

/// A mistake in a rule file, with the file's name.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{file}: {error}")]
pub struct FileError {
    /// The file.
    pub file: String,
    /// The mistake.
    #[source]
    pub error: RuleError,
}

impl Library {
    /// The controls that ship with this crate.
    #[must_use]
    pub fn builtin() -> Self {
        Self { own: Vec::new(), with_builtin: true }
    }

    /// No controls.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds the controls of a rule file. A control with a number that is already there takes its place.
    ///
    /// # Errors
    /// Every mistake in the file.
    pub fn add(&mut self, file: &str, text: &str) -> Result<usize, Vec<FileError>> {
        let controls = read_rules(text).map_err(|errors| {
            errors.into_iter().map(|error| FileError { file: file.to_owned(), error }).collect::<Vec<_>>()
        })?;
        let count = controls.len();
        for control in controls {
            self.own.retain(|c| c.cid != control.cid);
            self.own.push(control);
        }
        Ok(count)
    }

    /// The controls of a family, by number.
    #[must_use]
    pub fn of(&self, family: Family) -> Vec<&Control> {
        let shipped = if self.with_builtin { builtin(family) } else { &[] };
        let replaced = |c: &&Control| !self.own.iter().any(|own| own.cid == c.cid);
        let mut controls: Vec<&Control> =
            shipped.iter().filter(replaced).chain(self.own.iter().filter(|c| c.family == family)).collect();
        controls.sort_by_key(|c| c.cid);
        controls
    }

    /// All controls, by number.
    #[must_use]
    pub fn all(&self) -> Vec<&Control> {
        let mut controls: Vec<&Control> = Family::ALL.into_iter().flat_map(|f| self.of(f)).collect();
        controls.sort_by_key(|c| c.cid);
        controls
    }

    /// The control of a number.
    #[must_use]
    pub fn get(&self, cid: u32) -> Option<&Control> {
        self.all().into_iter().find(|c| c.cid == cid)
    }
}

/// The shipped controls of a family; read when they are first asked for.
fn builtin(family: Family) -> &'static [Control] {
    static ALL: [OnceLock<Vec<Control>>; Family::ALL.len()] = [const { OnceLock::new() }; Family::ALL.len()];
    let read = || {
        let files = EMBEDDED.iter().filter(|e| e.path.split('/').next() == Some(family.slug()));
        // Every file is read without mistakes by the tests of this crate.
        files.flat_map(|e| read_rules(e.text).unwrap_or_default()).collect()
    };
    let at = Family::ALL.iter().position(|f| *f == family);
    at.and_then(|at| ALL.get(at)).map_or(&[], |slot| slot.get_or_init(read))
}

#[cfg(test)]
mod tests;
