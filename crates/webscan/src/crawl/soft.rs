//! Pages that say "not found" with another status than 404, and applications that answer every path alike.

use std::collections::BTreeMap;

use super::shape::words;
use crate::http::{Client, Request, Response, Target};
use crate::proof::likeness;
use crate::session::Session;

/// A name that no application has.
pub(super) const NOWHERE: &str = "redoubt-9d41-not-there";

/// What is known of directories.
#[derive(Default)]
pub(super) struct Soft {
    known: BTreeMap<String, Option<Missing>>,
}

struct Missing {
    status: u16,
    location: Option<String>,
    text: String,
    words: u64,
}

/// Texts are compared up to this length.
const COMPARED: usize = 64 << 10;

impl Soft {
    /// Whether an answer is what its directory says of things that are not there.
    pub(super) async fn is_missing(
        &mut self,
        client: &Client,
        session: &Session,
        url: &Target,
        response: &Response,
    ) -> bool {
        let key = format!("{}{}", url.origin, url.directory());
        if !self.known.contains_key(&key) {
            let name = url
                .file()
                .rsplit_once('.')
                .map_or_else(|| NOWHERE.to_owned(), |(_, end)| format!("{NOWHERE}.{end}"));
            let probe = Request::get(url.at(format!("{}{name}", url.directory())));
            let answer = client.send(&session.dress(&probe)).await.ok();
            let missing =
                answer.filter(|answer| !matches!(answer.status, 404 | 410 | 400 | 500..)).map(|answer| {
                    let text = plain(answer.text(), &name);
                    Missing {
                        status: answer.status,
                        location: answer.location().map(|place| place.replace(&name, "")),
                        words: words(&text),
                        text,
                    }
                });
            self.known.insert(key.clone(), missing);
        }
        let Some(Some(missing)) = self.known.get(&key) else { return false };
        if missing.status != response.status {
            return false;
        }
        if let (Some(there), Some(here)) = (&missing.location, response.location()) {
            return *there == here.replace(url.file(), "") || *there == here;
        }
        // A name that is not repeated may stand in the page by itself: in the links of a menu.
        let is_same = |text: &str| words(text) == missing.words || likeness(text, &missing.text) >= 98;
        let whole = plain(response.text(), "");
        is_same(&whole) || is_same(&plain(&whole, url.file()))
    }
}

/// A text without the name that was asked for, which pages like to repeat.
fn plain(text: &str, name: &str) -> String {
    let text = text.get(..text.floor_char_boundary(COMPARED)).unwrap_or_default();
    if name.len() > 3 { text.replace(name, "") } else { text.to_owned() }
}
