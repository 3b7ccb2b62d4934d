//! The site as a whole: its transport, its files, its endpoints.

mod backups;
mod crossdomain;
mod debug_pages;
mod listings;
mod methods;
mod places;
mod predictable;
mod tls;
mod version_control;

use super::Check;

/// The checks of this kind, in the order in which they run.
pub(super) const CHECKS: &[&dyn Check] = &[
    &tls::Tls,
    &crossdomain::Crossdomain,
    &listings::Listings,
    &version_control::VersionControl,
    &backups::Backups,
    &debug_pages::DebugPages,
    &predictable::Predictable,
    &methods::Methods,
];
