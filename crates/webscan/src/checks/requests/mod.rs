//! How requests are taken: forged ones, headers, tokens, uploads, calls that the server makes.

mod alike;
mod behind;
mod cache_deception;
mod cache_poisoning;
mod clear_login;
mod cors;
mod csrf;
mod debug_switch;
mod host_header;
mod jwt;
mod mass_assignment;
mod near;
mod open_redirect;
mod prototype;
mod session_fixation;
mod ssrf;
mod upload;
mod weak_logins;

use super::Check;
pub(super) use open_redirect::FOREIGN;

/// The checks of this kind, in the order in which they run.
pub(super) const CHECKS: &[&dyn Check] = &[
    &open_redirect::OpenRedirect,
    &ssrf::Ssrf,
    &jwt::Jwt,
    &csrf::Csrf,
    &cors::Cors,
    &host_header::HostHeader,
    &cache_deception::CacheDeception,
    &cache_poisoning::CachePoisoning,
    &session_fixation::SessionFixation,
    &clear_login::ClearLogin,
    &weak_logins::WeakLogins,
    &upload::Upload,
    &mass_assignment::MassAssignment,
    &prototype::ServerPrototype,
    &debug_switch::DebugSwitch,
];
