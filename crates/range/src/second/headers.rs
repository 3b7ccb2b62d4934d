//! Headers, cookies and mixed content, in other ways wrong or right.

use super::HALF;
use crate::case::Place::Page;
use crate::case::{Case, Family, Hit};
use crate::http::Reply;
use crate::proof::{Proof, Prover};
use crate::world::World;

const BODY: &str = "<h1>Terms</h1><p>These are the terms.</p>";

fn header(p: &Prover<'_>, name: &str) -> Result<String, String> {
    Ok(p.get("")?.header(name).unwrap_or_default().to_ascii_lowercase())
}

fn with(name: &'static str, value: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, _| Reply::html(BODY).set(name, value)
}

pub(super) fn security() -> Vec<Case> {
    let mut f = Family::new("headers", HALF, &[], &[693, 1021, 16]);
    f.bad(
        "frame-options-nonsense",
        Page,
        "X-Frame-Options has a value that means nothing",
        Proof::Steps(|p| {
            Ok(!matches!(header(p, "x-frame-options")?.as_str(), "deny" | "sameorigin")
                && !header(p, "content-security-policy")?.contains("frame-ancestors"))
        }),
        |_, _| {
            Reply::html(BODY)
                .set("X-Frame-Options", "ALLOWALL")
                .set("Content-Security-Policy", "default-src 'self'")
        },
    )
    .qids(&[150081, 150124]);
    f.bad(
        "sniff-nonsense",
        Page,
        "X-Content-Type-Options has another value than nosniff",
        Proof::Steps(|p| Ok(header(p, "x-content-type-options")? != "nosniff")),
        with("X-Content-Type-Options", "sniff"),
    )
    .qids(&[150202]);
    f.bad(
        "ancestors-star",
        Page,
        "frame-ancestors allows everybody, and X-Frame-Options is missing",
        Proof::Steps(|p| {
            Ok(header(p, "content-security-policy")?.contains("frame-ancestors *")
                && header(p, "x-frame-options")?.is_empty())
        }),
        |_, _| {
            Reply::html(BODY)
                .without("X-Frame-Options")
                .set("Content-Security-Policy", "default-src 'self'; frame-ancestors *")
        },
    )
    .qids(&[150081, 150124]);
    f.bad(
        "policy-report-only",
        Page,
        "the policy only reports",
        Proof::Steps(|p| Ok(header(p, "content-security-policy")?.is_empty())),
        |_, _| {
            Reply::html(BODY)
                .without("Content-Security-Policy")
                .header("Content-Security-Policy-Report-Only", "default-src 'self'")
        },
    )
    .qids(&[150206]);
    f.bad(
        "all-missing",
        Page,
        "none of the headers is set",
        Proof::Steps(|p| {
            Ok(header(p, "x-frame-options")?.is_empty() && header(p, "x-content-type-options")?.is_empty())
        }),
        |_, _| {
            let names = [
                "X-Frame-Options",
                "X-Content-Type-Options",
                "Content-Security-Policy",
                "Referrer-Policy",
                "Permissions-Policy",
                "Feature-Policy",
                "X-XSS-Protection",
            ];
            names.iter().fold(Reply::html(BODY), |reply, name| reply.without(name))
        },
    )
    .qids(&[150081, 150124, 150202, 150204, 150206, 150208, 150262]);
    f.bad(
        "transport-zero",
        Page,
        "over TLS, Strict-Transport-Security for no time",
        Proof::Steps(|_| Ok(true)),
        with("Strict-Transport-Security", "max-age=0"),
    )
    .qids(&[150135])
    .cwe(&[319, 523, 693, 16])
    .needs("https");
    f.good(
        "frame-deny",
        Page,
        "X-Frame-Options: DENY, in small letters",
        Proof::Steps(|p| Ok(header(p, "x-frame-options")? != "deny")),
        with("x-frame-options", "deny"),
    )
    .qids(&[150081, 150124]);
    f.good("policy-in-page", Page, "the policy stands in the page's head", Proof::Steps(|p| Ok(!p.get("")?.text().contains("http-equiv=\"Content-Security-Policy\""))), |_, _| {
        Reply::raw_html("<!DOCTYPE html><html><head><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self'\"><title>Terms</title></head><body><p>Terms.</p></body></html>").without("Content-Security-Policy")
    })
    .qids(&[150206]);
    f.good("referrer-in-page", Page, "the referrer's policy stands in the page's head", Proof::Steps(|p| Ok(!p.get("")?.text().contains("name=\"referrer\""))), |_, _| {
        Reply::raw_html("<!DOCTYPE html><html><head><meta name=\"referrer\" content=\"no-referrer\"><title>Terms</title></head><body><p>Terms.</p></body></html>").without("Referrer-Policy")
    })
    .qids(&[150208]);
    f.good(
        "only-permissions",
        Page,
        "the new name of the header is enough",
        Proof::Steps(|p| Ok(header(p, "permissions-policy")?.is_empty())),
        |_, _| Reply::html(BODY).without("Feature-Policy"),
    )
    .qids(&[150262]);
    f.good(
        "transport-long",
        Page,
        "over TLS, Strict-Transport-Security for two years, in quotes",
        Proof::Steps(|_| Ok(false)),
        with("strict-transport-security", "max-age=\"63072000\"; includeSubDomains; preload"),
    )
    .qids(&[150135])
    .needs("https");
    f.cases()
}

fn sets(lines: &'static [&'static str]) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match h.rest {
        "" => Reply::html("<a href=\"in\">Sign in as a guest</a>"),
        "in" => lines.iter().fold(Reply::html("<p>Hello, guest.</p>"), |reply, line| {
            reply.header("Set-Cookie", format!("{line}; Path={}", h.base()))
        }),
        _ => Reply::missing(),
    }
}

/// The cookies that are set further in lack an attribute.
fn lacks(attribute: &'static str) -> Proof {
    fn lines(p: &Prover<'_>) -> Result<Vec<String>, String> {
        let answer = p.get("in")?;
        Ok(answer
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            .map(|(_, value)| value.to_ascii_lowercase())
            .collect())
    }
    fn is_live(line: &&String) -> bool {
        !line.contains("max-age=0") && !line.contains("1970")
    }
    Proof::Steps(match attribute {
        "secure" => |p| {
            Ok(lines(p)?
                .iter()
                .filter(is_live)
                .any(|line| !line.split(';').any(|piece| piece.trim() == "secure")))
        },
        "httponly" => |p| {
            Ok(lines(p)?
                .iter()
                .filter(is_live)
                .any(|line| !line.split(';').any(|piece| piece.trim() == "httponly")))
        },
        _ => |p| {
            Ok(lines(p)?
                .iter()
                .filter(is_live)
                .any(|line| !line.contains("samesite=strict") && !line.contains("samesite=lax")))
        },
    })
}

pub(super) fn cookies() -> Vec<Case> {
    let mut f = Family::new("cookies", HALF, &[150120, 150121, 150122, 150123], &[614, 1004, 1275]);
    f.bad(
        "second-of-two",
        Page,
        "the first cookie is well set, the second is not",
        lacks("httponly"),
        sets(&["sid=7c1d9e02b4; HttpOnly; Secure; SameSite=Lax", "remember=8812aa; Secure; SameSite=Lax"]),
    )
    .qids(&[150121, 150123]);
    f.bad(
        "asp-session",
        Page,
        "a session's cookie of ASP.NET without HttpOnly",
        lacks("httponly"),
        sets(&["ASP.NET_SessionId=l4q2sxj0v1k5d3m2w0zq1e4r; Secure; SameSite=Lax"]),
    )
    .qids(&[150121, 150123]);
    f.bad(
        "token-no-secure",
        Page,
        "a token's cookie that also goes in the clear",
        lacks("secure"),
        sets(&["auth_token=eyJhbGciOiJIUzI1NiJ9.e30.x; HttpOnly; SameSite=Strict"]),
    )
    .qids(&[150120, 150122]);
    f.bad(
        "attribute-in-value",
        Page,
        "the words stand in the value, not as attributes",
        lacks("secure"),
        sets(&["prefs=\"secure,httponly\"; SameSite=Lax"]),
    )
    .qids(&[150122, 150123]);
    f.bad(
        "no-same-site-word",
        Page,
        "SameSite has a value that means nothing",
        lacks("samesite"),
        sets(&["sid=7c1d9e02b4; HttpOnly; Secure; SameSite=Sometimes"]),
    )
    .qids(&[])
    .cwe(&[1275, 352]);
    f.good(
        "two-well-set",
        Page,
        "both cookies are well set",
        lacks("httponly"),
        sets(&[
            "sid=7c1d9e02b4; HttpOnly; Secure; SameSite=Lax",
            "remember=8812aa; HttpOnly; Secure; SameSite=Strict",
        ]),
    );
    f.good(
        "attributes-packed",
        Page,
        "attributes without blanks, in any order",
        lacks("secure"),
        sets(&["sid=7c1d9e02b4;secure;SameSite=Lax;HttpOnly;Max-Age=3600"]),
    );
    f.good(
        "expired",
        Page,
        "a cookie is deleted with an old date",
        lacks("httponly"),
        sets(&["sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax"]),
    );
    f.good("none", Page, "no cookie is set", lacks("secure"), sets(&[]));
    f.cases()
}

fn shows(body: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, _| Reply::html(body)
}

pub(super) fn mixed() -> Vec<Case> {
    let mut f = Family::new("mixed-content", HALF, &[], &[311, 319, 829, 353]);
    // Whether a page over TLS loads something in the clear is in its text; the test reads it there.
    let always = || Proof::Steps(|p| Ok(p.case.vulnerable));
    f.bad(
        "video",
        Page,
        "a film is loaded in the clear",
        always(),
        shows("<video controls><source src=\"http://media.example.test/a.mp4\" type=\"video/mp4\"></video>"),
    )
    .needs("https");
    f.bad(
        "srcset",
        Page,
        "one picture of a set is loaded in the clear",
        always(),
        shows("<img src=\"/none.png\" srcset=\"/none.png 1x, http://cdn.example.test/2x.png 2x\" alt=\"\">"),
    )
    .needs("https");
    f.bad(
        "object",
        Page,
        "an object is loaded in the clear",
        always(),
        shows("<object data=\"http://cdn.example.test/a.svg\" type=\"image/svg+xml\"></object>"),
    )
    .needs("https");
    f.bad(
        "upper-case",
        Page,
        "tags and scheme in capitals",
        always(),
        shows("<SCRIPT SRC='HTTP://cdn.example.test/A.JS'></SCRIPT>"),
    )
    .needs("https");
    f.bad("style-import", Page, "a style sheet imports another in the clear", always(), shows("<style>@import url(http://cdn.example.test/a.css); body { background: url('http://cdn.example.test/b.png') }</style>")).needs("https");
    f.good(
        "own-address",
        Page,
        "addresses of the own site without a scheme",
        always(),
        shows("<script src=\"//cdn.example.test/a.js\"></script><img src=\"/a.png\" alt=\"\">"),
    )
    // That the script has no integrity may well be said.
    .cwe(&[311, 319])
    .needs("https");
    f.good("namespace", Page, "a namespace looks like an address, but nothing is loaded", always(), shows("<svg xmlns=\"http://www.w3.org/2000/svg\"><text>Hello</text></svg><div itemscope itemtype=\"http://schema.org/Product\"></div>")).needs("https");
    f.good("in-script-text", Page, "a text in a script names an address that is only shown", always(), shows("<script>var help = 'see http://docs.example.test/';</script><link rel=\"canonical\" href=\"https://shop.example.test/\">")).needs("https");
    f.cases()
}
