//! Headers, cookies, and content of mixed origin.

use super::HALF;
use crate::case::Place::Page;
use crate::case::{Case, Family, Hit};
use crate::http::Reply;
use crate::proof::{Proof, Prover};
use crate::world::World;

const BODY: &str = "<h1>News</h1><p>Nothing new today.</p>";

/// The page without a header.
fn without(name: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, _| Reply::html(BODY).without(name)
}

/// The header's value on the case's page.
fn header(p: &Prover<'_>, name: &str) -> Result<String, String> {
    Ok(p.get("")?.header(name).unwrap_or_default().to_ascii_lowercase())
}

pub(super) fn security() -> Vec<Case> {
    let mut f = Family::new("headers", HALF, &[], &[693, 1021, 16]);
    f.bad(
        "no-frame-options",
        Page,
        "any site may show the page in a frame",
        Proof::Steps(|p| {
            Ok(!header(p, "x-frame-options")?.contains("sameorigin")
                && !header(p, "content-security-policy")?.contains("frame-ancestors"))
        }),
        |_, _| Reply::html(BODY).without("X-Frame-Options").without("Content-Security-Policy"),
    )
    .qids(&[150081, 150124, 150206]);
    f.bad(
        "no-sniff",
        Page,
        "X-Content-Type-Options is missing",
        Proof::Steps(|p| Ok(header(p, "x-content-type-options")? != "nosniff")),
        without("X-Content-Type-Options"),
    )
    .qids(&[150202]);
    f.bad(
        "no-policy",
        Page,
        "there is no Content-Security-Policy",
        Proof::Steps(|p| Ok(header(p, "content-security-policy")?.is_empty())),
        without("Content-Security-Policy"),
    )
    .qids(&[150206]);
    f.bad(
        "no-referrer-policy",
        Page,
        "Referrer-Policy is missing",
        Proof::Steps(|p| Ok(header(p, "referrer-policy")?.is_empty())),
        without("Referrer-Policy"),
    )
    .qids(&[150208])
    .cwe(&[200, 693, 16]);
    f.bad(
        "no-permissions-policy",
        Page,
        "neither Permissions-Policy nor Feature-Policy is set",
        Proof::Steps(|p| {
            Ok(header(p, "permissions-policy")?.is_empty() && header(p, "feature-policy")?.is_empty())
        }),
        |_, _| Reply::html(BODY).without("Permissions-Policy").without("Feature-Policy"),
    )
    .qids(&[150262]);
    f.bad(
        "no-xss-protection",
        Page,
        "X-XSS-Protection is missing",
        Proof::Steps(|p| Ok(header(p, "x-xss-protection")?.is_empty())),
        without("X-XSS-Protection"),
    )
    .qids(&[150204]);
    f.bad(
        "no-transport-security",
        Page,
        "over TLS, and no Strict-Transport-Security",
        Proof::Steps(|_| Ok(true)),
        |_, _| Reply::html(BODY),
    )
    .qids(&[150135])
    .cwe(&[319, 523, 693, 16])
    .needs("https");
    f.bad(
        "short-transport-security",
        Page,
        "Strict-Transport-Security for a minute only",
        Proof::Steps(|_| Ok(true)),
        |_, _| Reply::html(BODY).header("Strict-Transport-Security", "max-age=60"),
    )
    .qids(&[150135])
    .cwe(&[319, 523, 693, 16])
    .needs("https");
    f.good(
        "all-set",
        Page,
        "all headers are set",
        Proof::Steps(|p| {
            Ok(header(p, "x-content-type-options")? != "nosniff" || header(p, "x-frame-options")?.is_empty())
        }),
        |_, _| {
            Reply::html(BODY).set(
                "Content-Security-Policy",
                "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
            )
        },
    )
    .qids(&[150081, 150202, 150204, 150206, 150208, 150262]);
    f.good(
        "policy-frames",
        Page,
        "frame-ancestors in the policy does what X-Frame-Options did",
        Proof::Steps(|p| Ok(!header(p, "content-security-policy")?.contains("frame-ancestors 'none'"))),
        |_, _| {
            Reply::html(BODY)
                .without("X-Frame-Options")
                .set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
        },
    )
    .qids(&[150081, 150124]);
    f.good(
        "transport-security",
        Page,
        "Strict-Transport-Security for a year",
        Proof::Steps(|_| Ok(false)),
        |_, _| Reply::html(BODY).header("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    )
    .qids(&[150135])
    .needs("https");
    f.cases()
}

/// A page that sets a cookie.
fn sets(line: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| Reply::html("<p>Hello.</p>").header("Set-Cookie", format!("{line}; Path={}", h.base()))
}

fn lacks(attribute: &'static str) -> Proof {
    Proof::Steps(match attribute {
        "secure" => |p| Ok(!header(p, "set-cookie")?.contains("; secure")),
        "httponly" => |p| Ok(!header(p, "set-cookie")?.contains("; httponly")),
        _ => |p| {
            Ok(!header(p, "set-cookie")?.contains("; samesite=strict")
                && !header(p, "set-cookie")?.contains("; samesite=lax"))
        },
    })
}

pub(super) fn cookies() -> Vec<Case> {
    let mut f = Family::new("cookies", HALF, &[150120, 150121, 150122, 150123], &[614, 1004, 1275]);
    f.bad(
        "session-no-http-only",
        Page,
        "scripts can read the session's cookie",
        lacks("httponly"),
        sets("PHPSESSID=9f2b7c1d4e5a6f708192a3b4c5d6e7f8; Secure; SameSite=Lax"),
    )
    .qids(&[150121, 150045, 150123]);
    f.bad(
        "session-no-secure",
        Page,
        "the session's cookie also goes in the clear",
        lacks("secure"),
        sets("JSESSIONID=9F2B7C1D4E5A6F708192A3B4C5D6E7F8; HttpOnly; SameSite=Lax"),
    )
    .qids(&[150120, 150032, 150122]);
    f.bad(
        "plain-no-http-only",
        Page,
        "scripts can read the cookie",
        lacks("httponly"),
        sets("theme=dark; Secure; SameSite=Lax"),
    )
    .qids(&[150123]);
    f.bad(
        "plain-no-secure",
        Page,
        "the cookie also goes in the clear",
        lacks("secure"),
        sets("theme=dark; HttpOnly; SameSite=Lax"),
    )
    .qids(&[150122]);
    f.bad(
        "nothing",
        Page,
        "a session's cookie without any attribute",
        lacks("httponly"),
        sets("sessionid=4b1dca7e93f2480d"),
    );
    f.bad(
        "no-same-site",
        Page,
        "the cookie is also sent from other sites",
        lacks("samesite"),
        sets("sessionid=4b1dca7e93f2480d; HttpOnly; Secure; SameSite=None"),
    )
    .qids(&[])
    .cwe(&[1275, 352]);
    f.good(
        "all",
        Page,
        "HttpOnly, Secure and SameSite",
        lacks("httponly"),
        sets("sessionid=4b1dca7e93f2480d; HttpOnly; Secure; SameSite=Strict"),
    );
    f.good(
        "all-lower-case",
        Page,
        "the same in other letters",
        lacks("secure"),
        sets("__Host-sid=4b1dca7e93f2480d; samesite=lax; secure; httponly"),
    );
    f.good(
        "deleted",
        Page,
        "a cookie is deleted, its attributes don't matter",
        Proof::Steps(|p| Ok(!header(p, "set-cookie")?.contains("max-age=0"))),
        sets("sessionid=; Max-Age=0; HttpOnly; Secure; SameSite=Lax"),
    );
    f.cases()
}

/// A page over TLS with something in it.
fn shows(body: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, _| Reply::html(body)
}

pub(super) fn mixed() -> Vec<Case> {
    let mut f = Family::new("mixed-content", HALF, &[], &[311, 319, 829, 353]);
    let always = || {
        Proof::Steps(|p| {
            let page = p.case;
            Ok(page.vulnerable)
        })
    };
    f.bad(
        "script",
        Page,
        "a script is loaded in the clear",
        always(),
        shows("<script src=\"http://cdn.example.test/app.js\"></script>"),
    )
    .needs("https");
    f.bad(
        "image",
        Page,
        "a picture is loaded in the clear",
        always(),
        shows("<img src=\"http://cdn.example.test/logo.png\" alt=\"logo\">"),
    )
    .needs("https");
    f.bad(
        "style",
        Page,
        "a style sheet is loaded in the clear",
        always(),
        shows("<link rel=\"stylesheet\" href=\"http://cdn.example.test/app.css\">"),
    )
    .needs("https");
    f.bad(
        "frame",
        Page,
        "a frame is loaded in the clear",
        always(),
        shows("<iframe src=\"http://cdn.example.test/map\"></iframe>"),
    )
    .needs("https");
    f.bad("form-action", Page, "a form is sent in the clear", always(), shows("<form action=\"http://shop.example.test/login\" method=\"post\"><input type=\"password\" name=\"password\" autocomplete=\"off\"></form>")).qids(&[150053, 150072, 150014]).cwe(&[319, 311, 523]).needs("https");
    f.good(
        "links",
        Page,
        "a link to a site in the clear loads nothing",
        always(),
        shows("<a href=\"http://old.example.test/\">Our old site</a>"),
    )
    .needs("https");
    f.good("secure", Page, "all is loaded over TLS", always(), shows("<script src=\"https://cdn.example.test/app.js\" integrity=\"sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC\" crossorigin=\"anonymous\"></script><img src=\"//cdn.example.test/logo.png\" alt=\"logo\">")).needs("https");
    f.good("in-text", Page, "addresses in a text and in a comment load nothing", always(), shows("<!-- <img src=\"http://cdn.example.test/old.png\"> --><pre>&lt;img src=\"http://cdn.example.test/logo.png\"&gt;</pre>")).needs("https");
    f.cases()
}
