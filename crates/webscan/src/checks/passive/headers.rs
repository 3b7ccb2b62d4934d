//! Response headers that tell browsers to be careful, and are not there.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::site_wide::{is_page, listing, places, seen_again};
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Method;
use crate::proof::{Control, Expect};

/// See [`About`].
pub(super) struct Headers;

static ABOUT: About = About {
    name: "security-headers",
    qids: &[150_202, 150_204, 150_206, 150_208, 150_262],
    means: "Answers lack a header that would make browsers stricter: about types, scripts, referrers, or features.",
    matters: "Each of these headers is a second wall. Without it, another mistake of the site - injected markup, an \
              uploaded file, a secret in a URL - does more harm than it must.",
    remedy: "Set X-Content-Type-Options: nosniff, a Content-Security-Policy, a Referrer-Policy and a Permissions-Policy on \
             all answers, best in one place of the server. X-XSS-Protection matters to old browsers alone.",
    technique: "The heads of all crawled answers are looked at. When most lack a header, it is told once with a list of the \
                links; else for each page.",
    source: "OWASP Secure Headers Project; Fetch standard; CSP Level 3; Referrer Policy; Permissions Policy",
};

struct Wanted {
    qid: u32,
    title: &'static str,
    /// Names that will do, and what a value must be like.
    names: &'static [&'static str],
    value: &'static str,
    /// A `meta` element that will do instead.
    meta: Option<&'static str>,
    /// A value that is right, for the control.
    right: &'static str,
    pages_only: bool,
}

static WANTED: &[Wanted] = &[
    Wanted {
        qid: 150_202,
        title: "X-Content-Type-Options",
        names: &["x-content-type-options"],
        value: r"(?i)^\s*nosniff",
        meta: None,
        right: "nosniff",
        pages_only: false,
    },
    Wanted {
        qid: 150_204,
        title: "X-XSS-Protection",
        names: &["x-xss-protection"],
        value: "",
        meta: None,
        right: "0",
        pages_only: true,
    },
    Wanted {
        qid: 150_206,
        title: "Content-Security-Policy",
        names: &["content-security-policy", "x-content-security-policy", "x-webkit-csp"],
        value: r"\S",
        meta: Some(r#"(?i)<meta[^>]+http-equiv\s*=\s*["']?content-security-policy\b"#),
        right: "default-src 'self'",
        pages_only: true,
    },
    Wanted {
        qid: 150_208,
        title: "Referrer-Policy",
        names: &["referrer-policy"],
        value: r"\S",
        meta: Some(r#"(?i)<meta[^>]+name\s*=\s*["']?referrer\b"#),
        right: "no-referrer",
        pages_only: true,
    },
    Wanted {
        qid: 150_262,
        title: "Permissions-Policy",
        names: &["permissions-policy", "feature-policy"],
        value: r"\S",
        meta: None,
        right: "camera=()",
        pages_only: true,
    },
];

impl Wanted {
    fn concerns(&self, entry: &Entry) -> bool {
        let is_answer = entry.request.method == Method::Get && entry.response.status == 200;
        if self.pages_only { is_page(entry) } else { is_answer && !entry.response.body.is_empty() }
    }

    fn missing(&self) -> Expect {
        let header =
            |name: &&str| Expect::NoHeader { name: (*name).to_owned(), regex: self.value.to_owned() };
        let mut parts: Vec<Expect> = self.names.iter().map(header).collect();
        if let Some(meta) = self.meta {
            parts.push(Expect::Not(Box::new(Expect::BodyMatches(meta.to_owned()))));
        }
        Expect::All(parts)
    }
}

impl Check for Headers {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(
            async move {
                for wanted in WANTED {
                    look(bench, wanted).await;
                }
            }
            .boxed(),
        )
    }
}

async fn look(bench: &Bench<'_>, wanted: &Wanted) {
    let concerned: Vec<&Entry> = bench.entries.iter().filter(|entry| wanted.concerns(entry)).collect();
    let missing = wanted.missing();
    let lacking: Vec<&Entry> =
        concerned.iter().copied().filter(|entry| super::content::shows(entry, &missing)).collect();
    let control = || {
        let name = wanted.names.first().copied().unwrap_or_default();
        Control::Headers(vec![(name.to_owned(), wanted.right.to_owned())])
    };
    for entry in places(bench, &lacking, concerned.len()) {
        let expect = Expect::All(vec![Expect::Status(vec![200]), missing.clone()]);
        if let Some(proof) = seen_again(bench, entry, expect, control()).await {
            let listed: &[&Entry] = if lacking.len() * 2 > concerned.len() { &lacking } else { &[entry] };
            let text = listing(&format!("{}: Header missing", wanted.title), entry, listed);
            bench.report(wanted.qid, entry, proof.saying(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    fn answer(asked: &Asked) -> Answer {
        let full = |answer: Answer| {
            answer
                .with("X-Content-Type-Options", "nosniff")
                .with("X-XSS-Protection", "1; mode=block")
                .with("Referrer-Policy", "same-origin")
                .with("Permissions-Policy", "camera=()")
        };
        let page = Answer::html("<h1>page</h1>");
        match asked.path.as_str() {
            "/full" => full(page).with("Content-Security-Policy", "default-src 'self'"),
            "/meta" => {
                full(Answer::html("<meta http-equiv='Content-Security-Policy' content='default-src *'>"))
            }
            "/sniff" => {
                full(page).with("Content-Security-Policy", "x").with("x-content-type-options", "none")
            }
            "/one" => full(page),
            _ => page,
        }
    }

    async fn found(paths: &[&str]) -> Vec<(u32, String)> {
        let address = serve(answer).await;
        let get = |path: &&str| Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        let requests = paths.iter().map(get).collect();
        let (found, _) = scan_with(&Headers, requests, Extras::default()).await;
        let mut found: Vec<_> = found.into_iter().map(|f| (f.qid, f.url.path)).collect();
        found.sort();
        found
    }

    #[tokio::test]
    async fn what_most_pages_lack_is_told_once_and_else_by_page() {
        assert_eq!(found(&["/full", "/meta", "/sniff"]).await, []);
        assert_eq!(found(&["/full", "/meta", "/one"]).await, [(150_206, "/one".to_owned())]);
        let all = found(&["/", "/a", "/b"]).await;
        assert_eq!(all.iter().map(|(qid, _)| *qid).collect::<Vec<_>>(), ABOUT.qids);
        assert!(all.iter().all(|(_, path)| path == "/"));
    }
}
