//! How requests are taken: forged ones, headers, tokens, uploads, calls that the server makes.

mod open_redirect;
mod ssrf;

use super::Check;

/// The checks of this kind, in the order in which they run.
pub(super) const CHECKS: &[&dyn Check] = &[&open_redirect::OpenRedirect, &ssrf::Ssrf];
