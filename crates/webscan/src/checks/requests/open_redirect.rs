//! Redirects to wherever a parameter says.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check, Entry};
use crate::http::Response;
use crate::point::{Point, Put};
use crate::proof::Expect;

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
const FOREIGN: &str = "redoubt-probe.example";

/// How the foreign address is written; the first is the plainest. `{host}` stands for the own host.
const FORMS: &[&str] = &[
    "https://redoubt-probe.example/",
    "//redoubt-probe.example/",
    "/\\redoubt-probe.example/",
    "https:redoubt-probe.example/",
    "https://{host}@redoubt-probe.example/",
    "https://redoubt-probe.example/{host}",
    "https://redoubt-probe.example/?{host}",
    "https://{host}.redoubt-probe.example/",
    "\thttps://redoubt-probe.example/",
    "https://redoubt-probe.example/?{value}",
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

/// Where browsers go that read one of the forms above.
fn expectation() -> Expect {
    let foreign = r"[/\\]{0,2}([^/\\?#]*@)?([a-z0-9.-]+\.)?redoubt-probe\.example(?:[/\\:?#]|$)";
    let begins = format!(r"^\s*(?:https?:)?{foreign}");
    let header = Expect::All(vec![
        Expect::Status(vec![301, 302, 303, 307, 308]),
        Expect::Header { name: "location".into(), regex: format!("(?i){begins}") },
    ]);
    let refresh = format!(r#"(?i)<meta[^>]+refresh[^>]+url\s*=\s*['"]?\s*(?:https?:)?{foreign}"#);
    let script = format!(
        r#"(?i)<script[^>]*>[^<]*location(?:\.href)?\s*(?:=|\.(?:assign|replace)\()\s*['"]\s*(?:https?:)?{foreign}"#
    );
    let in_header = format!(r"(?i)url\s*=\s*(?:https?:)?{foreign}");
    Expect::Any(vec![
        header,
        Expect::Header { name: "refresh".into(), regex: in_header },
        Expect::BodyMatches(refresh),
        Expect::BodyMatches(script),
    ])
}

/// Whether there is a reason to try other forms than the plainest: the usual value is a place, or its name says so, or one of
/// the answers leads somewhere.
fn may_lead(entry: &Entry, point: &Point, answer: &Response) -> bool {
    let leads = |answer: &Response| {
        let text = answer.text();
        answer.location().is_some()
            || answer.header("refresh").is_some()
            || text.contains("location")
            || text.to_ascii_lowercase().contains("http-equiv")
    };
    let names = [
        "url", "uri", "next", "return", "redir", "dest", "goto", "continue", "back", "target", "forward",
        "link",
    ];
    let name = point.name.to_ascii_lowercase();
    point.value.contains('/')
        || leads(&entry.response)
        || leads(answer)
        || (answer.status != entry.response.status && names.iter().any(|word| name.contains(word)))
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let host = entry.request.url.origin.authority();
    let expect = expectation();
    for form in FORMS {
        let payload = form.replace("{host}", &host).replace("{value}", &point.value);
        let attack = entry.request.with(point, Put::Text(&payload));
        let Ok(answer) = bench.send_of(entry, &attack).await else { return };
        let is_first = FORMS.first() == Some(form);
        let seen = crate::proof::Seen { response: answer, ..Default::default() };
        if expect.find(&seen).is_none() {
            if is_first && !may_lead(entry, point, &seen.response) {
                return;
            }
            continue;
        }
        let control = entry.request.with(point, Put::Text(&payload.replace(FOREIGN, &host)));
        if let Ok(proof) = bench.prove(entry.replay(attack, expect.clone(), control)).await {
            bench.report_at(150_051, entry, Some((point, &payload)), proof);
            return;
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
        for path in ["/inside", "/fixed", "/shown"] {
            assert!(scan(&OpenRedirect, server, &format!("{path}?to=/home")).await.is_empty(), "{path}");
        }
    }
}
