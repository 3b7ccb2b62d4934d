//! What the answers themselves show, without anything being put in.

mod autocomplete;
mod cards;
mod content;
mod cookie_lists;
mod cookies;
mod custom;
pub(in crate::checks) mod debugging;
mod emails;
pub(in crate::checks) mod errors;
mod form_lists;
mod framing;
mod headers;
mod hsts;
mod id_numbers;
mod labels;
mod libraries;
mod library_data;
mod lists;
mod mime;
mod mixed;
mod national_ids;
mod plain_forms;
mod private_address;
mod prssi;
mod secret_kinds;
mod secrets;
mod session_url;
mod site_wide;
mod source_code;
mod viewstate;
mod windows_path;

pub(in crate::checks) use cookies::is_session;

use super::Check;

/// The checks of this kind, in the order in which they run.
pub(super) const CHECKS: &[&dyn Check] = &[
    &headers::Headers,
    &hsts::Hsts,
    &framing::Framing,
    &cookies::Cookies,
    &cookie_lists::CookieLists,
    &mixed::Mixed,
    &plain_forms::PlainForms,
    &autocomplete::Autocomplete,
    &form_lists::FormLists,
    &prssi::Prssi,
    &private_address::PrivateAddress,
    &windows_path::WindowsPath,
    &errors::Errors,
    &debugging::Debugging,
    &source_code::SourceCode,
    &libraries::Libraries,
    &cards::Cards,
    &national_ids::SocialSecurity,
    &national_ids::NationalIds,
    &emails::Emails,
    &secrets::Secrets,
    &custom::Custom,
    &mime::Mime,
    &viewstate::Viewstate,
    &session_url::SessionUrl,
    &lists::Lists,
];
