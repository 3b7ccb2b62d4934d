//! Where an upload may lie: what an answer says about it, and the usual directories.

use std::collections::BTreeSet;

use crate::checks::pattern::Pattern;
use crate::checks::{Bench, Entry};
use crate::http::{Response, Target};
use crate::page::Page;

/// A place of an uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) url: Target,
    /// What takes its name from the answer to the upload, where the application makes a name of its own.
    pub(super) capture: Option<String>,
    /// Whether a link leads there; else it is what a text says, which may lack a part.
    pub(super) is_linked: bool,
}

/// Most places of one upload that are looked at.
const MOST: usize = 4;

/// Words of an answer that can be paths.
static WORD: Pattern = Pattern::new(r#"[A-Za-z0-9_./:%~@+;-]+"#);

/// Places that an answer names: those with the file's own name, else new ones with its extension.
pub(super) fn find(answer: &Response, at: &Target, before: &Response, stem: &str, end: &str) -> Vec<Kept> {
    let text = answer.text().replace("\\/", "/");
    let mut seen = BTreeSet::new();
    let mut named = Vec::new();
    let header = answer.header("location").unwrap_or_default();
    for word in [header].into_iter().chain(WORD.all(&text).into_iter().map(|found| found.as_str())) {
        let word = word.trim_matches([':', ';']);
        if !word.contains(stem) {
            continue;
        }
        // A name without a directory is mostly an echo; where links lead is right.
        let resolved = links(answer, at).into_iter().find(|link| link.to_string().ends_with(word));
        let is_linked = resolved.is_some();
        let url = resolved.or_else(|| word.contains('/').then(|| at.join(word)).flatten());
        if let Some(url) = url.filter(|url| seen.insert(url.clone())) {
            named.push(Kept { url, capture: None, is_linked });
        }
    }
    if !named.is_empty() {
        named.truncate(MOST);
        return named;
    }
    let last = end.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let known: BTreeSet<Target> = links(before, at).into_iter().collect();
    let fresh = links(answer, at).into_iter().filter(|url| !known.contains(url) && url.origin == at.origin);
    let (alike, others): (Vec<Target>, Vec<Target>) =
        fresh.partition(|url| url.file().to_ascii_lowercase().ends_with(&format!(".{last}")));
    let mut all: Vec<Kept> = alike.into_iter().take(2).filter_map(|url| made(&text, url)).collect();
    if all.is_empty() {
        all.extend(others.into_iter().filter_map(|url| numbered(&text, url)).take(2));
    }
    all
}

/// A place that is told by a new number or name in the query, such as `show?id=12`.
fn numbered(text: &str, url: Target) -> Option<Kept> {
    let query = url.query.clone()?;
    let (names, value) = query.rsplit_once('=')?;
    let is_id = (1..=64).contains(&value.len())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let file = format!("{}?{names}=", url.file());
    let escaped = file.replace('&', "&amp;");
    let lead = if text.contains(&file) { file } else { escaped };
    let is_there = is_id && text.contains(&format!("{lead}{value}"));
    let capture = || Some(format!("{}([A-Za-z0-9_-]{{1,64}})", regex::escape(&lead)));
    is_there.then(|| Kept { capture: capture(), url, is_linked: true })
}

/// Where an answer links to.
pub(super) fn linked(answer: &Response, at: &Target) -> Vec<Target> {
    if !answer.is_html() {
        return Vec::new();
    }
    let page = Page::read(at, answer.text());
    page.links.into_iter().map(|(_, link)| link).filter(|link| link != at).collect()
}

/// A place whose name the application made: taken anew from each answer.
fn made(text: &str, url: Target) -> Option<Kept> {
    let file = url.file().to_owned();
    let at = text.find(&file)?;
    let end = file.rfind('.').and_then(|at| file.get(at..)).unwrap_or_default().to_owned();
    // What stands before the name in the answer, up to the sign that begins it.
    let before = text.get(..at).unwrap_or_default();
    let begin = before.rfind(|c: char| c.is_whitespace() || "\"'=(>".contains(c)).map_or(0, |at| at + 1);
    let lead = before.get(begin..).unwrap_or_default();
    // JSON may write slashes with a sign before them.
    let lead = regex::escape(lead).replace('/', r"\\?/");
    let capture = format!(r"{lead}([A-Za-z0-9_-][A-Za-z0-9_.-]*{})", regex::escape(&end));
    Some(Kept { url, capture: Some(capture), is_linked: true })
}

fn links(answer: &Response, at: &Target) -> Vec<Target> {
    let mut all: Vec<Target> =
        answer.header("location").and_then(|place| at.join(place)).into_iter().collect();
    if answer.is_html() {
        let page = Page::read(at, answer.text());
        all.extend(page.links.into_iter().map(|(_, link)| link));
        all.extend(page.loads.into_iter().map(|(_, link)| link));
    } else if answer.media_type().ends_with("json")
        && let Ok(value) = serde_json::from_str(answer.text())
    {
        strings(&value, &mut |text| {
            if text.contains('/') && text.len() < 500 {
                all.extend(at.join(text));
            }
        });
    }
    all
}

fn strings(value: &serde_json::Value, hear: &mut dyn FnMut(&str)) {
    match value {
        serde_json::Value::String(text) => hear(text),
        serde_json::Value::Array(items) => items.iter().take(100).for_each(|item| strings(item, hear)),
        serde_json::Value::Object(members) => {
            members.values().take(100).for_each(|member| strings(member, hear));
        }
        _ => {}
    }
}

/// Directories in which applications like to keep uploads.
const DIRECTORIES: &[&str] =
    &["uploads/", "upload/", "files/", "images/", "media/", "static/uploads/", "assets/uploads/", ""];

/// Places of a new name that an answer tells without a directory, as JSON does: the usual directories.
pub(super) fn named(answer: &Response, at: &Target, end: &str) -> Vec<Kept> {
    let Ok(pattern) = crate::proof::regex(&format!(r#""([A-Za-z0-9_-]{{4,80}}){}""#, regex::escape(end)))
    else {
        return Vec::new();
    };
    let is_json = answer.media_type().ends_with("json");
    let Some(found) = pattern.find(answer.text()).filter(|_| is_json) else { return Vec::new() };
    let name = found.as_str().trim_matches('"');
    let capture = format!(r#""([A-Za-z0-9_-]{{4,80}}{})""#, regex::escape(end));
    let bases = [at.directory(), "/"].into_iter().take(if at.directory() == "/" { 1 } else { 2 });
    let places = bases.flat_map(|base| DIRECTORIES.iter().map(move |part| format!("{base}{part}{name}")));
    places.map(|path| Kept { url: at.at(path), capture: Some(capture.clone()), is_linked: false }).collect()
}

/// Places of a file of which a text says a part of the path: below the usual directories.
pub(super) fn below(told: &Kept, at: &Target) -> Vec<Kept> {
    let Some(part) = told.url.path.strip_prefix(at.directory()) else { return Vec::new() };
    let bases = [at.directory(), "/"].into_iter().take(if at.directory() == "/" { 1 } else { 2 });
    let paths = bases.flat_map(|base| DIRECTORIES.iter().map(move |name| format!("{base}{name}{part}")));
    let urls = paths.filter(|path| *path != told.url.path).map(|path| at.at(path));
    urls.map(|url| Kept { url, capture: None, is_linked: false }).collect()
}

/// Places that nobody named: the usual directories, beside the form and at the root.
pub(super) fn guesses(bench: &Bench<'_>, entry: &Entry, stem: &str, end: &str) -> Vec<Kept> {
    let url = &entry.request.url;
    let mut bases = vec![url.directory().to_owned(), "/".to_owned()];
    bases.dedup();
    let places =
        bases.iter().flat_map(|base| DIRECTORIES.iter().map(move |name| format!("{base}{name}{stem}{end}")));
    let inside = |url: &Target| bench.client.scope().rule(url) == crate::scope::Ruling::Inside;
    places
        .map(|path| url.at(path))
        .filter(inside)
        .map(|url| Kept { url, capture: None, is_linked: false })
        .collect()
}
