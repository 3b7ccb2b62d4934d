//! Redirects to wherever a parameter says.

use std::collections::VecDeque;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check, Entry};
use crate::http::Response;
use crate::page::Page;
use crate::point::{Place, Point, Put};
use crate::proof::leads::destinations;
use crate::proof::{Expect, Seen};

/// See [`About`].
pub(super) struct OpenRedirect;

static ABOUT: About = About {
    name: "open-redirect",
    qids: &[150_051],
    means: "A link to this site sends the visitor on to any other site that the link names.",
    matters: "People trust the name of the site in a link. Someone who sends such a link can lead them to a copy of the \
              login page, and can steal tokens that are passed on in redirects.",
    remedy: "Redirect only to paths of the own site, or to addresses from a fixed list. Check the address after it was \
             parsed, not as text.",
    technique: "A foreign address is put into each parameter, in the forms that filters let pass; the answer must \
                redirect there, by header, refresh or script, and must not for an address of the own site.",
    source: "CWE-601",
};

/// A name that nobody can own (RFC 2606).
pub(in crate::checks) const FOREIGN: &str = "redoubt-probe.example";

/// How the foreign address is written; the first is the plainest. `{host}` stands for the host of the usual value, or the own
/// one with its port, `{name}` for the same without a port, `{scheme}` for the other scheme than the own, `{value}` for the usual value.
const FORMS: &[&str] = &[
    "https://redoubt-probe.example/",
    "//redoubt-probe.example/",
    "/\\redoubt-probe.example/",
    "{scheme}:redoubt-probe.example/",
    "https://{host}@redoubt-probe.example/",
    "https://redoubt-probe.example/{host}",
    "https://redoubt-probe.example/?{host}",
    "https://{name}.redoubt-probe.example/",
    "\thttps://redoubt-probe.example/",
    "https://redoubt-probe.example/?{value}",
    "////redoubt-probe.example/",
    "HTTPS://redoubt-probe.example/",
    "/\t/redoubt-probe.example/",
    "%2F%2Fredoubt-probe.example%2F",
    "https%3A%2F%2Fredoubt-probe.example%2F",
    "https:/redoubt-probe.example/",
];

/// How many are enough where nothing says that an answer leads anywhere.
const USUAL: usize = 10;

/// Forms for values that are addresses themselves: what is compared is often how they begin or end.
const BEHIND: &[&str] = &[
    "{value}.redoubt-probe.example/",
    "{value}@redoubt-probe.example/",
    "{origin}@redoubt-probe.example/",
    "{origin}.redoubt-probe.example/",
    "https://redoubt-probe.example/.{host}/",
];

/// Forms for values that become a part of the address.
const PART: &[&str] = &[
    ".redoubt-probe.example/",
    "@redoubt-probe.example/",
    "redoubt-probe.example/",
    "redoubt-probe.example#",
    "/redoubt-probe.example/",
];

impl Check for OpenRedirect {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        (!point.is_guess()).then(|| probe(bench, entry, point).boxed())
    }
}

/// Goes by itself to a host, when the answer is that of a request.
fn leads(entry: &Entry, host: &str) -> Expect {
    Expect::Leads { from: entry.request.url.to_string(), host: host.to_owned() }
}

/// Goes there by itself, or by a script that is plain to see.
fn expectation(entry: &Entry) -> Expect {
    let foreign =
        r"(?:\\?[/\\]){0,3}([^/\\?#'\x22]*@)?([a-z0-9.-]+\.)?redoubt-probe\.example(?:\\?[/\\:?#]|['\x22]|$)";
    let script = format!(
        r#"(?i)<script[^>]*>[^<]*\blocation(?:\.href)?\s*(?:=|\.(?:assign|replace)\()\s*['"]\s*(?:https?:)?{foreign}"#
    );
    Expect::Any(vec![leads(entry, FOREIGN), Expect::BodyMatches(script)])
}

/// Whether scripts of a page may go elsewhere.
fn may_go(text: &str) -> bool {
    ["location", "window.open", "navigat", ".click("].iter().any(|word| text.contains(word))
}

/// Whether an answer leads somewhere, or may do so by a script.
fn goes(answer: &Response) -> bool {
    !destinations(answer).is_empty() || answer.location().is_some() || may_go(answer.text())
}

/// Whether there is a reason to try other forms than the plainest: the usual value is a place, one of the answers leads
/// somewhere, or the usual one did not come and the name says that it is a place.
fn may_lead(entry: &Entry, point: &Point, answer: &Response) -> bool {
    let names = [
        "url", "uri", "next", "return", "redir", "dest", "goto", "continue", "back", "target", "forward",
        "link", "to", "page", "site", "path",
    ];
    let name = point.name.to_ascii_lowercase();
    let is_named = names.iter().any(|word| name.contains(word));
    point.value.contains('/')
        || goes(&entry.response)
        || goes(answer)
        || (answer.status != entry.response.status && is_named)
}

/// The host that a value names.
fn host_of(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("//")?;
    rest.split(['/', '?', '#', ':']).next().filter(|host| host.contains('.'))
}

/// The forms that are tried after the first.
fn forms(entry: &Entry, point: &Point, first: &Response) -> Vec<&'static str> {
    let count = if goes(&entry.response) || goes(first) { FORMS.len() } else { USUAL };
    let mut all: Vec<&str> = FORMS.iter().take(count).skip(1).copied().collect();
    if host_of(&point.value).is_some() {
        all.extend(BEHIND);
    }
    if destinations(first).iter().any(|to| to.contains(FOREIGN)) {
        // The value arrives, but in the middle.
        all.extend(PART);
    }
    all
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    if matches!(point.place, Place::Path(_)) {
        return path(bench, entry, point).await;
    }
    let own = &entry.request.url.origin.host;
    let authority = entry.request.url.origin.authority();
    let host = host_of(&point.value).unwrap_or(&authority);
    let name = host_of(&point.value).unwrap_or(own);
    let scheme = if entry.request.url.origin.scheme.name() == "http" { "https" } else { "http" };
    let expect = expectation(entry);
    let origin = point.value.find(host).and_then(|at| point.value.get(..at + host.len())).unwrap_or_default();
    let fill = |form: &str| {
        form.replace("{host}", host)
            .replace("{name}", name)
            .replace("{scheme}", scheme)
            .replace("{origin}", origin)
            .replace("{value}", &point.value)
    };
    let mut rest: VecDeque<&str> = FORMS.iter().take(1).copied().collect();
    let (mut is_first, mut visits) = (true, 0);
    while let Some(form) = rest.pop_front() {
        let payload = fill(form);
        let attack = entry.request.with(point, Put::Text(&payload));
        let Ok(answer) = bench.send_of(entry, &attack).await else { return };
        let seen = Seen { response: answer, ..Default::default() };
        let control = entry.request.with(point, Put::Text(&payload.replace(FOREIGN, own)));
        if expect.find(&seen).is_some() {
            if let Ok(proof) = bench.prove(entry.replay(attack, expect.clone(), control)).await {
                return bench.report_at(150_051, entry, Some((point, &payload)), proof);
            }
        } else if visits < VISITS && shows(entry, &seen.response) {
            visits += 1;
            if by_script(bench, entry, (point, &payload)).await {
                return;
            }
        }
        if std::mem::take(&mut is_first) {
            if !may_lead(entry, point, &seen.response) {
                return;
            }
            rest.extend(forms(entry, point, &seen.response));
        }
    }
    by_ending(bench, entry, point).await;
}

/// Most forms of one value that a browser is asked about.
const VISITS: usize = 3;

/// Whether a script of an answer has the address, and may go somewhere.
fn shows(entry: &Entry, answer: &Response) -> bool {
    let text = answer.text();
    if !answer.is_html() || !text.contains(FOREIGN) || !may_go(text) {
        return false;
    }
    let page = Page::read(&entry.request.url, text);
    page.inline_scripts.iter().any(|script| script.contains(FOREIGN) && may_go(script))
}

/// An address that a script of the answer has, and goes to: only a browser can tell.
async fn by_script(bench: &Bench<'_>, entry: &Entry, (point, payload): (&Point, &str)) -> bool {
    if bench.opener.is_none() {
        return false;
    }
    let own = payload.replace(FOREIGN, &entry.request.url.origin.host);
    let [attack, control] = [payload, own.as_str()].map(|value| entry.request.with(point, Put::Text(value)));
    let expect = Expect::Ran(format!("left:{FOREIGN}"));
    let Ok(proof) = bench.prove(entry.replay(attack, expect, control)).await else { return false };
    bench.report_at(150_051, entry, Some((point, payload)), proof);
    true
}

/// An address that must end in a name, but not at a dot: a foreign name that ends so is taken, while a sub-domain beside the
/// known one is not, or while nothing else is.
async fn by_ending(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(host) = host_of(&point.value).filter(|host| host.parse::<std::net::IpAddr>().is_err()) else {
        return;
    };
    if destinations(&entry.response).is_empty() {
        return;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let domain = labels.get(labels.len().saturating_sub(2)..).unwrap_or_default().join(".");
    let above = labels.get(1..).filter(|rest| rest.len() > 1).map(|rest| rest.join("."));
    let mut pairs = vec![(format!("redoubt-probe{domain}"), format!("redoubt-probe.{FOREIGN}"))];
    pairs.extend(above.map(|above| (format!("redoubt-probe{host}"), format!("redoubt-probe.{above}"))));
    for (foreign, beside) in pairs {
        let of = |name: &str| entry.request.with(point, Put::Text(&format!("https://{name}/")));
        let expect = Expect::Any(vec![leads(entry, &foreign), leads(entry, &beside)]);
        let attack = of(&foreign);
        let Ok(response) = bench.send_of(entry, &attack).await else { return };
        if leads(entry, &foreign).find(&Seen { response, ..Seen::default() }).is_none() {
            continue;
        }
        if let Ok(proof) = bench.prove(entry.replay(attack, expect, of(&beside))).await {
            return bench.report_at(150_051, entry, Some((point, &format!("https://{foreign}/"))), proof);
        }
    }
}

/// A part of the path that becomes the host, or the beginning of a place.
async fn path(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    if destinations(&entry.response).is_empty() {
        return;
    }
    let expect = leads(entry, FOREIGN);
    for form in [
        FOREIGN,
        "/redoubt-probe.example",
        "https://redoubt-probe.example",
        "%2Fredoubt-probe.example",
        "%5Credoubt-probe.example",
    ] {
        let attack = entry.request.with(point, Put::Raw(form));
        let Ok(response) = bench.send_of(entry, &attack).await else { return };
        if expect.find(&Seen { response, ..Seen::default() }).is_none() {
            continue;
        }
        let control = form.replace(FOREIGN, &entry.request.url.origin.host);
        let control = entry.request.with(point, Put::Raw(&control));
        if let Ok(proof) = bench.prove(entry.replay(attack, expect.clone(), control)).await {
            return bench.report_at(150_051, entry, Some((point, form)), proof);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn answer(asked: &Asked) -> Answer {
        let to = asked.field("to");
        match asked.path.as_str() {
            "/plain" => Answer::status(302).with("Location", &to),
            "/prefix" if to.starts_with("http") => Answer::status(400),
            "/prefix" => Answer::status(302).with("Location", &to),
            "/host" if to.contains(&asked.header("host")) => Answer::status(302).with("Location", &to),
            "/refresh" => Answer::html(format!("<meta http-equiv='refresh' content='0;url={to}'>")),
            "/ends" | "/below" => {
                let host = url::Url::parse(&to).ok().and_then(|url| url.host_str().map(str::to_owned));
                let host = host.unwrap_or_default();
                let is_known = match asked.path.as_str() {
                    "/ends" => host.ends_with("shop.example"),
                    _ => host == "shop.example" || host.ends_with(".shop.example"),
                };
                Answer::status(if is_known { 302 } else { 400 }).with("Location", &to)
            }
            "/begins" if to.starts_with("http://shop.example") => Answer::status(302).with("Location", &to),
            "/begins" => Answer::status(400),
            "/joined" => Answer::status(302).with("Location", &format!("https://shop.example{to}")),
            "/inside" => Answer::status(302).with("Location", &format!("/go?to={to}")),
            "/fixed" => Answer::status(302).with("Location", "https://partner.example/"),
            "/shown" => Answer::html(format!("<p>You asked for {}</p>", to.replace('<', "&lt;"))),
            _ => Answer::status(200),
        }
    }

    #[tokio::test]
    async fn foreign_redirects_are_found_and_own_ones_are_not() {
        let server = serve(answer).await;
        for path in ["/plain", "/prefix", "/host", "/refresh"] {
            let found = scan(&OpenRedirect, server, &format!("{path}?to=/home&x=1")).await;
            assert_eq!(found.len(), 1, "{path}");
            assert_eq!((found[0].qid, found[0].parameter.as_deref()), (150_051, Some("to")), "{path}");
        }
        for (path, wanted) in [("/ends", 1), ("/below", 0), ("/begins", 1)] {
            let found = scan(&OpenRedirect, server, &format!("{path}?to=http://shop.example/a")).await;
            assert_eq!(found.len(), wanted, "{path}: {found:?}");
        }
        assert_eq!(scan(&OpenRedirect, server, "/joined?to=/home").await.len(), 1);
        for path in ["/inside", "/fixed", "/shown"] {
            assert!(scan(&OpenRedirect, server, &format!("{path}?to=/home")).await.is_empty(), "{path}");
        }
    }
}
