//! What is behind the login of a scan.

use super::alike::alike;
use crate::checks::{Bench, Entry};
use crate::http::Method;
use crate::page::Form;

/// Pages that are asked whether they are behind the login.
const PAGES: usize = 12;

/// A page that strangers don't get.
pub(super) async fn page_behind<'a>(bench: &'a Bench<'_>) -> Option<&'a Entry> {
    let pages = bench.entries.iter().filter(|entry| {
        let is_login = entry.page.as_ref().is_some_and(|page| page.forms.iter().any(Form::has_password));
        entry.request.method == Method::Get
            && entry.request.cookies.is_empty()
            && entry.response.status == 200
            && entry.response.is_html()
            && !is_login
    });
    for entry in pages.take(PAGES) {
        if let Ok(answer) = bench.client.send(&entry.request).await
            && !alike(&answer, &entry.response)
        {
            return Some(entry);
        }
    }
    None
}
