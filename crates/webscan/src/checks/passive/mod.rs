//! What the answers themselves show, without anything being put in.

use super::Check;

/// The checks of this kind, in the order in which they run.
pub(super) const CHECKS: &[&dyn Check] = &[];
