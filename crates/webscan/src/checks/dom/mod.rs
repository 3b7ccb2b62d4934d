//! What scripts of the page itself do with what the browser brings along: tested in a browser.

mod pollution;
mod redirect;
mod xss;

use super::{Check, Entry};
use crate::page::Page;

/// The checks of this kind, in the order in which they run.
pub(super) const CHECKS: &[&dyn Check] =
    &[&xss::DomXss, &redirect::ScriptRedirect, &pollution::PrototypePollution];

/// The scripts of an entry's page, own and loaded, as one text; none when it has no scripts or is no page.
fn scripts(entry: &Entry, entries: &[Entry]) -> Option<String> {
    let page: &Page = entry.page.as_deref()?;
    if entry.request.method != crate::http::Method::Get || entry.response.status >= 400 {
        return None;
    }
    let mut text = page.inline_scripts.join("\n");
    for script in &page.scripts {
        if let Some(loaded) = entries.iter().find(|other| other.request.url == *script) {
            text.push('\n');
            text += loaded.response.text();
        }
    }
    (!text.trim().is_empty()).then_some(text)
}

/// Whether the same scripts of the same path have been tested with another query.
fn seen_before(entry: &Entry, entries: &[Entry], text: &str) -> bool {
    let url = &entry.request.url;
    let earlier = entries.iter().take_while(|other| other.request != entry.request);
    earlier
        .filter(|other| other.request.url.path == url.path && other.request.url.origin == url.origin)
        .any(|other| scripts(other, entries).as_deref() == Some(text))
}
