//! What scripts of the page itself do with what the browser brings along: tested in a browser.

mod pollution;
mod redirect;
mod xss;

use std::collections::BTreeSet;

use super::pattern::Pattern;
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
    let mut text = page.inline_scripts.join("\n") + &handlers(entry.response.text());
    for script in &page.scripts {
        if let Some(loaded) = entries.iter().find(|other| other.request.url == *script) {
            text.push('\n');
            text += loaded.response.text();
        }
    }
    (!text.trim().is_empty()).then_some(text)
}

/// What handlers in attributes of a page are.
fn handlers(html: &str) -> String {
    static IN_ATTRIBUTE: Pattern =
        Pattern::new(r#"(?i)<[a-z][^<>]*?\son[a-z]{3,20}\s*=\s*(?:"([^"]+)"|'([^']+)'|([^\s"'>]+))"#);
    let mut text = String::new();
    for found in IN_ATTRIBUTE.all_captures(html) {
        let script = found.iter().skip(1).flatten().next().map_or("", |script| script.as_str());
        text.push('\n');
        text += &script.replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
    }
    text
}

/// Paths on which one program is tested: on further ones the same scripts run.
const PATHS: usize = 16;

/// Whether the same scripts of the same path have been tested with another query, or their program on many paths, or the very same
/// page at another path, of which its scripts read nothing.
fn seen_before(entry: &Entry, entries: &[Entry], text: &str) -> bool {
    let url = &entry.request.url;
    let earlier = || entries.iter().take_while(|other| other.request != entry.request);
    let same_program = earlier().filter(|other| other.program == entry.program && other.program.is_some());
    let paths: BTreeSet<&str> = same_program.map(|other| other.request.url.path.as_str()).collect();
    let reads_path = text.contains("pathname");
    let is_same = |other: &&Entry| {
        let same_page = !reads_path && other.response.body == entry.response.body;
        other.request.url.origin == url.origin && (other.request.url.path == url.path || same_page)
    };
    paths.len() >= PATHS
        || earlier().filter(is_same).any(|other| scripts(other, entries).as_deref() == Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_in_attributes_are_read() {
        let html = "<body class=x onload=\"f(location.hash, &quot;a&quot;)\"><a onclick='g(1)'>x</a><p title='onload=x'>";
        assert_eq!(handlers(html), "\nf(location.hash, \"a\")\ng(1)");
        assert_eq!(handlers("<p>onload=\"abc\"</p>"), "");
    }
}
