//! The site as a whole: its transport, its files, its endpoints.

use super::Check;

/// The checks of this kind, in the order in which they run.
pub(super) const CHECKS: &[&dyn Check] = &[];
