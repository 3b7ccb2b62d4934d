//! Values that are taken for code: tested in each parameter.

use super::Check;

/// The checks of this kind, in the order in which they run.
pub(super) const CHECKS: &[&dyn Check] = &[];
