//! Pages that other sites may put into a frame.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::shows;
use super::site_wide::{listing, pages, places, seen_again};
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Method;
use crate::proof::{Control, Evidence, Expect};

/// See [`About`].
pub(super) struct Framing;

static ABOUT: About = About {
    name: "framing",
    qids: &[150_081, 150_082, 150_124],
    means: "Another site may show this page in a frame of its own.",
    matters: "Whoever frames the page can lay it invisibly under buttons of theirs, so that visitors who are logged in press \
              what they do not see: clickjacking.",
    remedy: "Send Content-Security-Policy: frame-ancestors 'self' (or 'none'), and X-Frame-Options for old browsers.",
    technique: "The heads of all pages are looked at, the way browsers read them: frame-ancestors goes before \
                X-Frame-Options, ALLOW-FROM and unknown values protect nothing. Pages with something to press are told one \
                by one.",
    source: "CWE-1021; CSP Level 3, frame-ancestors; HTML standard, X-Frame-Options",
};

/// An ancestors list that lets everybody in.
const LOOSE: &str = r"(?i)frame-ancestors[^;,]*\s(?:\*|https?:(?:/{0,2}\*)?)(?:[\s;,]|$)";
const ANCESTORS: &str = r"(?i)(?:^|[;,\s])frame-ancestors(?:[\s;,]|$)";
const OPTIONS: &str = r"(?i)^\s*(?:deny|sameorigin)\s*(?:,\s*(?:deny|sameorigin)\s*)*$";

fn framable() -> Expect {
    let absent = |name: &str, regex: &str| Expect::NoHeader { name: name.into(), regex: regex.into() };
    Expect::Any(vec![
        Expect::All(vec![absent("content-security-policy", ANCESTORS), absent("x-frame-options", OPTIONS)]),
        Expect::header("content-security-policy", LOOSE),
    ])
}

/// Whether there is something to press that does more than lead to another page.
fn has_action(entry: &Entry) -> bool {
    let Some(page) = &entry.page else { return false };
    let acts = |form: &crate::page::Form| form.method == Method::Post || form.has_password();
    page.forms.iter().any(acts)
}

impl Check for Framing {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

async fn look(bench: &Bench<'_>) {
    let all: Vec<&Entry> = pages(bench).collect();
    let can_be_framed = framable();
    let (open, safe): (Vec<&Entry>, Vec<&Entry>) =
        all.iter().copied().partition(|entry| shows(entry, &can_be_framed));
    for entry in safe {
        bench.sink.note(150_082, entry.request.url.to_string());
    }
    let expect = || Expect::All(vec![Expect::Status(vec![200]), framable()]);
    let control =
        || Control::Headers(vec![("content-security-policy".into(), "frame-ancestors 'none'".into())]);
    let (acting, quiet): (Vec<&Entry>, Vec<&Entry>) = open.iter().copied().partition(|e| has_action(e));
    for entry in acting {
        if let Some(proof) = seen_again(bench, entry, expect(), control()).await {
            let text = "The page has a form, and neither X-Frame-Options nor frame-ancestors keeps other sites from \
                        framing it.";
            bench.report(150_124, entry, proof.saying(Evidence::sentence(text)));
        }
    }
    let is_everywhere = open.len() * 2 > all.len();
    let told = if is_everywhere { &open } else { &quiet };
    for entry in places(bench, told, all.len()) {
        if let Some(proof) = seen_again(bench, entry, expect(), control()).await {
            let listed: &[&Entry] = if is_everywhere { told } else { &[entry] };
            let value = entry.response.header("x-frame-options").unwrap_or("Header missing");
            let text = listing(&format!("X-Frame-Options: {value}"), entry, listed);
            bench.report(150_081, entry, proof.saying(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    const FORM: &str = "<form method=post action=/x><button>Go</button></form>";

    fn answer(asked: &Asked) -> Answer {
        let page = Answer::html(FORM);
        let csp = "Content-Security-Policy";
        match asked.path.as_str() {
            "/deny" => page.with("X-Frame-Options", "DENY"),
            "/csp" => page.with(csp, "default-src 'self'; frame-ancestors 'self' https://a.example"),
            "/allow-from" => page.with("X-Frame-Options", "ALLOW-FROM https://a.example"),
            "/star" => page.with("X-Frame-Options", "DENY").with(csp, "frame-ancestors *"),
            "/scheme" => page.with(csp, "frame-ancestors https:"),
            "/quiet" => Answer::html("<p>text</p>"),
            _ => page.with("X-Frame-Options", "sameorigin"),
        }
    }

    #[tokio::test]
    async fn frames_are_judged_as_browsers_do() {
        let address = serve(answer).await;
        let paths = ["/", "/deny", "/csp", "/1", "/2", "/3", "/allow-from", "/star", "/scheme", "/quiet"];
        let get = |path: &str| Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        let (found, notes) =
            scan_with(&Framing, paths.iter().map(|path| get(path)).collect(), Extras::default()).await;
        let mut found: Vec<_> = found.into_iter().map(|f| (f.qid, f.url.path)).collect();
        found.sort();
        let named = |qid: u32, path: &str| (qid, path.to_owned());
        assert_eq!(
            found,
            [
                named(150_081, "/quiet"),
                named(150_124, "/allow-from"),
                named(150_124, "/scheme"),
                named(150_124, "/star")
            ]
        );
        assert_eq!(notes.len(), 6);
    }
}
