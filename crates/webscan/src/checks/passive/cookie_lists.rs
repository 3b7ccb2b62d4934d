//! Lists of cookies: all, and those that are there before anyone agreed.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::cookies::{is_session, line};
use crate::checks::{About, Bench, Check, Entry};
use crate::session::Cookie;

/// See [`About`].
pub(super) struct CookieLists;

static ABOUT: About = About {
    name: "cookie-lists",
    qids: &[150_028, 150_029, 150_099],
    means: "Which cookies the site sets, which of them carry a session, and which are set at the first visit.",
    matters: "Cookies that outlive the visit and are not needed want the visitor's consent in many countries.",
    remedy: "Look through the list; set what is not needed only after consent.",
    technique: "Set-Cookie headers of all crawled answers.",
    source: "contract/was.md 13.3; RFC 6265bis; Directive 2002/58/EC, article 5(3)",
};

impl Check for CookieLists {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let mut set = entry.response.all("set-cookie").peekable();
        set.peek()?;
        Some(async move { list(bench, entry) }.boxed())
    }
}

fn list(bench: &Bench<'_>, entry: &Entry) {
    let url = &entry.request.url;
    for header in entry.response.all("set-cookie") {
        let Some((cookie, false)) = Cookie::read(header, url) else { continue };
        if !is_first(bench, entry, &cookie) {
            continue;
        }
        let text = format!("{} First set at URL: {url}", line(header));
        if is_session(&cookie.name) {
            bench.sink.note(150_029, text.clone());
        }
        if cookie.is_persistent && !entry.authenticated && !is_session(&cookie.name) {
            bench.sink.note(150_099, text.clone());
        }
        bench.sink.note(150_028, text);
    }
}

/// Whether no entry before this one sets the cookie.
fn is_first(bench: &Bench<'_>, entry: &Entry, cookie: &Cookie) -> bool {
    let before = bench.entries.iter().take_while(|other| !std::ptr::eq(*other, entry));
    let sets = |other: &Entry| {
        let url = &other.request.url;
        let mut all = other.response.all("set-cookie").filter_map(|header| Cookie::read(header, url));
        all.any(|(have, gone)| {
            !gone && have.name == cookie.name && have.domain == cookie.domain && have.path == cookie.path
        })
    };
    !before.into_iter().any(sets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};
    use crate::testing::{Answer, Extras, scan_with, serve};

    #[tokio::test]
    async fn each_cookie_is_listed_once() {
        let set = |_: &crate::testing::Asked| {
            Answer::html("x").with("Set-Cookie", "a=1; Path=/; Max-Age=9").with("Set-Cookie", "sid=2; Path=/")
        };
        let address = serve(set).await;
        let get = |path: &str| Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        let (_, notes) = scan_with(&CookieLists, vec![get("/1"), get("/2")], Extras::default()).await;
        let qids: Vec<u32> = notes.iter().map(|(qid, _)| *qid).collect();
        assert_eq!(qids, [150_028, 150_028, 150_029, 150_099]);
        assert!(notes[0].1.starts_with("a=...; Path=/; Max-Age=9 First set at URL: http://127.0.0.1:"));
    }
}
