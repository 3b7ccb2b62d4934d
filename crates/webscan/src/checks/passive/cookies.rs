//! Attributes that cookies lack.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::site_wide::seen_again;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check};
use crate::http::{Scheme, Target};
use crate::proof::{Control, Evidence, Expect};
use crate::session::Cookie;

/// See [`About`].
pub(super) struct Cookies;

static ABOUT: About = About {
    name: "cookie-attributes",
    qids: &[150_103, 150_120, 150_121, 150_122, 150_123, 990_028],
    means: "A cookie is set without an attribute that would protect it: Secure, HttpOnly or SameSite.",
    matters: "Without Secure a cookie is sent over plain http, where anyone on the way reads it. Without HttpOnly one \
              injected script can steal it. Without SameSite other sites can make requests with it.",
    remedy: "Set session cookies with Secure, HttpOnly and SameSite=Lax or Strict; other cookies with Secure, and with \
             HttpOnly unless a script of the page needs them.",
    technique: "Set-Cookie headers of all crawled answers are looked at, and asked for again. Each cookie is told once, at the \
                first answer that sets it. Cookies that are deleted are not told, nor is HttpOnly asked of cookies that \
                scripts read to send a token back.",
    source: "RFC 6265bis; CWE-614, CWE-1004, CWE-1275",
};

static SESSION: Pattern = Pattern::new(
    r"(?i)(?:^|[._-])(?:sid|jwt|auth|token|login|remember(?:me|_me)?|sso|ssid)(?:$|[._-])|sess(?:ion)?(?:$|[._-]|id|key)|^sess|sessionid|jsessionid|phpsessid|aspsessionid|asp\.net_|aspxauth|aspnetcore|cfid|cftoken|access_?token|refresh_?token|id_?token|auth_?token|authtoken|_auth$|user_?token|laravel_session|connect\.sid|wordpress_logged_in|wp-?sec",
);
static FOR_SCRIPTS: Pattern = Pattern::new(r"(?i)csrf|xsrf|antiforgery|requestverification");

/// Whether a cookie carries a session, by its name.
pub(in crate::checks) fn is_session(name: &str) -> bool {
    SESSION.is_match(name) && !FOR_SCRIPTS.is_match(name)
}

/// The cookie line as it is shown: without its value, which differs each time.
pub(super) fn line(header: &str) -> String {
    let mut parts = header.split(';').map(str::trim);
    let name = parts.next().and_then(|pair| pair.split_once('=')).map_or("", |(name, _)| name.trim());
    let mut line = format!("{name}=...");
    for part in parts.filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some((key, _)) if key.eq_ignore_ascii_case("expires") => line += &format!("; {key}=..."),
            _ => line += &format!("; {part}"),
        }
    }
    line
}

struct Lack {
    qid: u32,
    what: &'static str,
    /// Whether the attribute is there when it should not be, or not there when it should.
    expect: Expect,
}

/// Whether browsers trust the way to a host without TLS: it does not leave the machine (W3C Secure Contexts 3.1).
fn is_own_machine(url: &Target) -> bool {
    let host = &url.origin.host;
    host == "localhost"
        || host.ends_with(".localhost")
        || url.origin.address().is_some_and(|address| address.is_loopback())
}

fn lacks(cookie: &Cookie, url: &Target) -> Vec<Lack> {
    let name = regex::escape(&cookie.name);
    let set = Expect::Header { name: "set-cookie".into(), regex: format!("^{name}\\s*=") };
    let having = |attribute: &str| format!("(?i)^{name}\\s*=[^;]*(?:;[^;]*)*;\\s*{attribute}\\s*(?:;|$)");
    let without = |attribute: &str| {
        let absent = Expect::NoHeader { name: "set-cookie".into(), regex: having(attribute) };
        Expect::All(vec![set.clone(), absent])
    };
    let is_session = is_session(&cookie.name);
    let mut lacks = Vec::new();
    if !cookie.secure {
        let qid = if is_session { 150_120 } else { 150_122 };
        lacks.push(Lack { qid, what: "secure", expect: without("secure(?:\\s*=[^;]*)?") });
    } else if url.origin.scheme == Scheme::Http && !is_own_machine(url) {
        let there = Expect::Header { name: "set-cookie".into(), regex: having("secure(?:\\s*=[^;]*)?") };
        lacks.push(Lack { qid: 150_103, what: "over plain http", expect: there });
    }
    if !cookie.http_only && !FOR_SCRIPTS.is_match(&cookie.name) {
        let qid = if is_session { 150_121 } else { 150_123 };
        lacks.push(Lack { qid, what: "HttpOnly", expect: without("httponly(?:\\s*=[^;]*)?") });
    }
    let strict = |value: &String| value.eq_ignore_ascii_case("lax") || value.eq_ignore_ascii_case("strict");
    if is_session && !cookie.same_site.as_ref().is_some_and(strict) {
        lacks.push(Lack {
            qid: 990_028,
            what: "SameSite",
            expect: without("samesite\\s*=\\s*(?:lax|strict)"),
        });
    }
    lacks
}

impl Check for Cookies {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

async fn look(bench: &Bench<'_>) {
    let mut told = BTreeSet::new();
    for entry in bench.entries {
        let url = &entry.request.url;
        for header in entry.response.all("set-cookie") {
            let Some((cookie, false)) = Cookie::read(header, url) else { continue };
            for lack in lacks(&cookie, url) {
                let thing = (lack.qid, cookie.name.clone(), cookie.domain.clone(), cookie.path.clone());
                if told.contains(&thing) {
                    continue;
                }
                let right = format!("{}=x; Secure; HttpOnly; SameSite=Strict", cookie.name);
                let right = if lack.qid == 150_103 { format!("{}=x", cookie.name) } else { right };
                let control = Control::Headers(vec![("set-cookie".into(), right)]);
                if let Some(proof) = seen_again(bench, entry, lack.expect, control).await {
                    let line = line(header);
                    let text = match lack.qid {
                        150_103 => {
                            format!("A cookie with the secure attribute is set over plain http: {line}")
                        }
                        _ => format!("The cookie does not have {}: {line}", lack.what),
                    };
                    let proof = proof.saying(Evidence::sentence(text));
                    bench.report_named(lack.qid, entry, &cookie.name, proof);
                    told.insert(thing);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn answer(asked: &Asked) -> Answer {
        let value = match asked.path.as_str() {
            "/bare" => "PHPSESSID=8d1f; Path=/",
            "/none" => "sid=1; Path=/; HttpOnly; Secure; SameSite=None",
            "/theme" => "theme=dark",
            "/csrf" => "XSRF-TOKEN=abc; Secure; SameSite=Lax",
            "/value" => "sid=secure; note; SameSite=Laxative; Path=/secure",
            "/gone" => "sid=; Max-Age=0",
            _ => "sid=1; path=/; secure; httponly; samesite=lax",
        };
        Answer::html("x").with("Set-Cookie", value)
    }

    #[tokio::test]
    async fn each_missing_attribute_is_told() {
        let address = serve(answer).await;
        for (path, wanted) in [
            ("/bare", vec![990_028, 150_120, 150_121]),
            ("/none", vec![990_028]),
            ("/theme", vec![150_122, 150_123]),
            ("/csrf", vec![]),
            ("/value", vec![990_028, 150_120, 150_121]),
            ("/gone", vec![]),
            ("/good", vec![]),
        ] {
            let mut found: Vec<u32> = scan(&Cookies, address, path).await.iter().map(|f| f.qid).collect();
            found.sort();
            let mut wanted = wanted;
            wanted.sort();
            assert_eq!(found, wanted, "{path}");
        }
    }

    #[test]
    fn a_secure_cookie_over_plain_http_is_told_where_it_leaves_the_machine() {
        for (url, wanted) in [("http://shop.test/", vec![150_103]), ("http://localhost:80/", vec![])] {
            let url = Target::parse(url).unwrap();
            let (cookie, _) = Cookie::read("sid=1; secure; httponly; samesite=lax", &url).unwrap();
            assert_eq!(lacks(&cookie, &url).iter().map(|lack| lack.qid).collect::<Vec<_>>(), wanted);
        }
    }

    #[test]
    fn sessions_are_known_by_their_names() {
        for name in
            ["JSESSIONID", "connect.sid", "session", "auth_token", "ASP.NET_SessionId", "app_session", "sid"]
        {
            assert!(is_session(name), "{name}");
        }
        for name in ["lang", "assessment", "csrf_token", "theme", "inside", "author"] {
            assert!(!is_session(name), "{name}");
        }
        assert_eq!(line("a=b; Expires=Wed, 01 Jan; Path=/"), "a=...; Expires=...; Path=/");
    }
}
