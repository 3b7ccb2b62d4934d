//! What goes wrong between sites in the browser: forged requests, sharing, caches, prototypes.

use super::HALF;
use crate::case::Place::Page;
use crate::case::{Case, Family, Hit};
use crate::filter::html;
use crate::http::Reply;
use crate::proof::{Proof, Prover};
use crate::world::{World, token};

/// How a form is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Not at all.
    Nothing,
    /// A token field is there, but not looked at.
    TokenIgnored,
    /// A token is looked at where it is sent, and not missed.
    TokenOptional,
    /// The token is the same for everybody.
    TokenConstant,
    /// The token belongs to the session.
    Token,
    /// The Origin header must be ours.
    Origin,
    /// The session's cookie is not sent from other sites.
    SameSite,
    /// The password must be given again.
    Password,
}

/// A profile form that changes the e-mail address of whoever is signed in. A visit signs one in.
pub(crate) fn profile(guard: Guard) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        let state = w.state(&h.case.id());
        let mut state = state.lock();
        let session = h.request.cookie("session").filter(|session| state.values.contains_key(session));
        match (h.rest, h.request.method.as_str()) {
            ("", _) => {
                let fresh = session.is_none();
                let session = session.unwrap_or_else(token);
                let key = format!("token {session}");
                let form_token = if guard == Guard::TokenConstant {
                    "0f1e2d3c".to_owned()
                } else {
                    state.values.get(&key).cloned().unwrap_or_else(token)
                };
                state.put(key, form_token.clone());
                let email =
                    state.values.get(&session).cloned().unwrap_or_else(|| "alice@example.test".to_owned());
                state.put(session.clone(), email.clone());
                let field = match guard {
                    Guard::Nothing | Guard::Origin | Guard::SameSite => String::new(),
                    Guard::Password => {
                        "<input type=\"password\" name=\"current_password\" autocomplete=\"off\">".to_owned()
                    }
                    _ => format!("<input type=\"hidden\" name=\"csrf_token\" value=\"{form_token}\">"),
                };
                let page = Reply::html(format!(
                    "<p>Signed in as {}.</p><form action=\"change\" method=\"post\">{field}<input type=\"text\" name=\"email\" value=\"{0}\"><button>Change address</button></form>",
                    html(&email)
                ));
                let site = if guard == Guard::SameSite { "SameSite=Strict" } else { "SameSite=None" };
                if fresh {
                    page.header(
                        "Set-Cookie",
                        format!("session={session}; Path={}; HttpOnly; Secure; {site}", h.base()),
                    )
                } else {
                    page
                }
            }
            ("change", "POST") => {
                let Some(session) = session else { return Reply::redirect(h.base()) };
                let sent = h.request.field("csrf_token");
                let expected = state.values.get(&format!("token {session}")).cloned();
                let refused = match guard {
                    Guard::Nothing | Guard::TokenIgnored | Guard::SameSite => false,
                    Guard::TokenOptional => sent.is_some() && sent != expected,
                    Guard::TokenConstant => sent.as_deref() != Some("0f1e2d3c"),
                    Guard::Token => sent.is_none() || sent != expected,
                    Guard::Origin => {
                        let host = h.request.header("host").unwrap_or_default();
                        !h.request.header("origin").is_some_and(|origin| {
                            origin == format!("http://{host}") || origin == format!("https://{host}")
                        })
                    }
                    Guard::Password => {
                        h.request.field("current_password").as_deref() != Some("correct-horse")
                    }
                };
                if refused {
                    return Reply::refused("This request can't be accepted.").with_status(403);
                }
                let email = h.request.field("email").unwrap_or_default();
                state.put(session, email.clone());
                Reply::html(format!("<p>Your address is now {}.</p>", html(&email)))
            }
            _ => Reply::missing(),
        }
    }
}

/// Sends what another site's page can make a browser send: the cookie, if the browser sends it, and fields the attacker knows.
pub(crate) fn forges(p: &Prover<'_>) -> Result<bool, String> {
    let page = p.get("")?;
    let set = page.header("set-cookie").unwrap_or_default().to_owned();
    let session = page.cookie("session").unwrap_or_default();
    let cookie = if set.contains("SameSite=Strict") || set.contains("SameSite=Lax") {
        String::new()
    } else {
        format!("session={session}")
    };
    // The attacker has a session of his own, and its token.
    let own = p.get("")?.text();
    let token = own
        .split_once("name=\"csrf_token\" value=\"")
        .and_then(|(_, rest)| rest.split('"').next())
        .unwrap_or_default()
        .to_owned();
    for body in ["email=eve@example.test".to_owned(), format!("email=eve@example.test&csrf_token={token}")] {
        let headers = [
            ("Cookie", cookie.as_str()),
            ("Origin", "http://evil.example.test"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        p.send("POST", "change", &headers, &body)?;
        if p.send("GET", "", &[("Cookie", &format!("session={session}"))], "")?
            .text()
            .contains("eve@example.test")
        {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn csrf() -> Vec<Case> {
    let mut f = Family::new("csrf", HALF, &[150071], &[352]);
    let steps = || Proof::Steps(forges);
    f.bad("no-token", Page, "nothing but the cookie decides", steps(), profile(Guard::Nothing));
    f.bad(
        "token-ignored",
        Page,
        "the form has a token, which nobody looks at",
        steps(),
        profile(Guard::TokenIgnored),
    );
    f.bad(
        "token-optional",
        Page,
        "a token is only looked at where it is sent",
        steps(),
        profile(Guard::TokenOptional),
    );
    f.bad(
        "token-constant",
        Page,
        "the token is the same for everybody",
        steps(),
        profile(Guard::TokenConstant),
    );
    f.good("token", Page, "the session's token must come along", steps(), profile(Guard::Token));
    f.good("same-site", Page, "the session's cookie is SameSite=Strict", steps(), profile(Guard::SameSite));
    f.good("origin", Page, "the Origin header must be the site's own", steps(), profile(Guard::Origin));
    f.good("password", Page, "the password must be given again", steps(), profile(Guard::Password));
    f.good("search-form", Page, "a search changes nothing, so it needs no token", steps(), |_, h| match h.rest {
        "" => Reply::html("<form action=\"find\" method=\"get\"><input name=\"q\" value=\"apple\"><button>Find</button></form>"),
        "find" => Reply::html("<p>Nothing found.</p>"),
        _ => Reply::missing(),
    });
    f.cases()
}

/// Answers with a secret of the session's owner and the sharing headers that `allow` gives for an origin.
pub(crate) fn shares(
    allow: fn(&str) -> Option<String>,
    credentials: bool,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match h.rest {
        "" => Reply::html(format!(
            "<pre id=\"o\"></pre><a href=\"me\">me</a> <a href=\"https://shop.example.test/\">Shop</a><script>fetch('{}me').then(function (r) {{ return r.text(); }}).then(function (t) {{ document.getElementById('o').textContent = t; }});</script>",
            h.base()
        )),
        "me" => {
            let reply = Reply::json(&serde_json::json!({"name": "alice", "apiKey": "range-plover-8817"}));
            match h.request.header("origin").and_then(allow) {
                Some(origin) if credentials => reply
                    .header("Access-Control-Allow-Origin", origin)
                    .header("Access-Control-Allow-Credentials", "true")
                    .header("Vary", "Origin"),
                Some(origin) => reply.header("Access-Control-Allow-Origin", origin).header("Vary", "Origin"),
                None => reply,
            }
        }
        _ => Reply::missing(),
    }
}

/// Whether a foreign origin may read with credentials.
pub(crate) fn reads_across(p: &Prover<'_>) -> Result<bool, String> {
    let host = p.address().to_string();
    let origins = [
        "http://evil.example.test".to_owned(),
        "https://evil.example.test".to_owned(),
        "null".to_owned(),
        format!("http://{host}.evil.example.test"),
        format!("http://evil.example.test.{host}"),
        "http://evilexample.test".to_owned(),
        "http://shop.example.test.evil.test".to_owned(),
        "http://evil-shop.example.test".to_owned(),
        "http://evilshop.example.test".to_owned(),
        "http://any.shop.example.test".to_owned(),
    ];
    for origin in origins {
        let answer = p.send("GET", "me", &[("Origin", &origin)], "")?;
        let granted = answer.header("access-control-allow-origin") == Some(&origin);
        if granted && answer.header("access-control-allow-credentials") == Some("true") {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn cors() -> Vec<Case> {
    let mut f = Family::new("cors", HALF, &[], &[942, 346]);
    let steps = || Proof::Steps(reads_across);
    f.bad(
        "any-origin",
        Page,
        "each origin is allowed by name, with credentials",
        steps(),
        shares(|origin| Some(origin.to_owned()), true),
    );
    f.bad(
        "null-origin",
        Page,
        "the origin null is allowed, which a sandboxed frame has",
        steps(),
        shares(|origin| (origin == "null").then(|| origin.to_owned()), true),
    );
    f.bad(
        "ends-with",
        Page,
        "origins that end like the shop's are allowed",
        steps(),
        shares(|origin| origin.ends_with("shop.example.test").then(|| origin.to_owned()), true),
    );
    f.bad(
        "begins-with",
        Page,
        "origins that begin like the shop's are allowed",
        steps(),
        shares(|origin| origin.starts_with("http://shop.example.test").then(|| origin.to_owned()), true),
    );
    f.good(
        "known",
        Page,
        "only the shop's own origin is allowed",
        steps(),
        shares(|origin| (origin == "https://shop.example.test").then(|| origin.to_owned()), true),
    );
    f.good("none", Page, "no sharing at all", steps(), shares(|_| None, false));
    f.good(
        "public",
        Page,
        "everybody may read, without credentials, what is public anyway",
        steps(),
        |_, h| match h.rest {
            "" => Reply::html("<a href=\"me\">Opening hours</a>"),
            "me" => {
                Reply::json(&serde_json::json!({"open": "9-17"})).header("Access-Control-Allow-Origin", "*")
            }
            _ => Reply::missing(),
        },
    );
    f.cases()
}

/// A cache in front of an application; it keeps what `keeps` says, under the path alone or with headers.
pub(crate) fn cached(
    keeps: fn(&str) -> bool,
    app: fn(&Hit<'_>) -> Reply,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        let state = w.state(&h.case.id());
        let key = format!("cache {}", h.request.target);
        if let Some(body) = state.lock().values.get(&key) {
            return Reply::raw_html(body.clone())
                .set("Cache-Control", "public, max-age=60")
                .header("X-Cache", "HIT")
                .header("Age", "1");
        }
        let reply = app(h);
        if reply.status == 200 && keeps(h.rest) {
            state.lock().put(key, String::from_utf8_lossy(&reply.body).into_owned());
            return reply.set("Cache-Control", "public, max-age=60").header("X-Cache", "MISS");
        }
        reply
    }
}

/// The account page, also under paths that go on behind it.
fn account(h: &Hit<'_>, exact: bool) -> Reply {
    let signed_in = h.request.cookie("session").is_some();
    match h.rest {
        "" => Reply::html("<a href=\"account\">My account</a>")
            .header("Set-Cookie", format!("session={}; Path={}; HttpOnly; SameSite=Lax", token(), h.base())),
        rest if rest == "account" || (!exact && rest.starts_with("account/")) => {
            if signed_in {
                Reply::html("<p>Account of alice, key range-dunnock-4410.</p>")
            } else {
                Reply::redirect(h.base())
            }
        }
        _ => Reply::missing(),
    }
}

/// Lets the owner visit a path and reads it without a session.
pub(crate) fn deceives(p: &Prover<'_>) -> Result<bool, String> {
    let mark = token();
    for end in [
        format!("/{mark}.css"),
        format!("/{mark}.js"),
        format!(";{mark}.css"),
        format!("?{mark}"),
        format!("%0a{mark}.css"),
        format!("/{mark}.png"),
    ] {
        let path = format!("account{end}");
        p.send("GET", &path, &[("Cookie", "session=owner")], "")?;
        if p.get(&path)?.text().contains("range-dunnock-4410") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Has a header's value kept for others.
pub(crate) fn poisons(p: &Prover<'_>) -> Result<bool, String> {
    for header in ["X-Forwarded-Host", "X-Forwarded-Scheme", "X-Original-URL", "X-Host"] {
        let target = format!("page?m={}", token());
        p.send("GET", &target, &[(header, "evil.example.test")], "")?;
        if p.get(&target)?.text().contains("evil.example.test") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_static(rest: &str) -> bool {
    [".css", ".js", ".png", ".ico"].iter().any(|end| rest.ends_with(end))
}

pub(super) fn cache() -> Vec<Case> {
    let mut f = Family::new("cache", HALF, &[], &[524, 525, 444, 349]);
    f.bad(
        "deception-path",
        Page,
        "the cache keeps all that ends in .css, the application ignores what follows its path",
        Proof::Steps(deceives),
        cached(is_static, |h| account(h, false)),
    );
    f.bad(
        "deception-all",
        Page,
        "the cache keeps every page, also those of a session",
        Proof::Steps(deceives),
        cached(|rest| rest.starts_with("account"), |h| account(h, true)),
    );
    f.bad(
        "poison-host",
        Page,
        "X-Forwarded-Host is not part of the cache's key, but of the page",
        Proof::Steps(poisons),
        cached(
            |rest| rest == "page",
            |h| match h.rest {
                "" => Reply::html("<a href=\"page\">Page</a>"),
                "page" => Reply::html(format!(
                    "<script src=\"//{}/app.js\"></script>",
                    html(h.request.header("x-forwarded-host").unwrap_or("cdn.example.test"))
                )),
                _ => Reply::missing(),
            },
        ),
    );
    f.good(
        "exact-paths",
        Page,
        "paths that go on are not found, and errors are not kept",
        Proof::Steps(deceives),
        cached(is_static, |h| account(h, true)),
    );
    f.good(
        "not-kept",
        Page,
        "pages of a session are never kept",
        Proof::Steps(deceives),
        cached(|_| false, |h| account(h, false)),
    );
    f.good(
        "fixed-host",
        Page,
        "the page does not depend on headers",
        Proof::Steps(poisons),
        cached(
            |rest| rest == "page",
            |h| match h.rest {
                "" => Reply::html("<a href=\"page\">Page</a>"),
                "page" => Reply::html("<script src=\"/none.js\"></script>"),
                _ => Reply::missing(),
            },
        ),
    );
    f.cases()
}

/// A page with a script that reads the address into an object.
fn merges(script: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, _| {
        Reply::html(format!(
            "<a href=\"?color=red&size[width]=3\">Options</a>\n<script>\n{script}\n</script>"
        ))
    }
}

const READ: &str = "function read(text) { var out = {}; text.replace(/^[?#]/, '').split('&').forEach(function (pair) {\n  if (!pair) { return; } var at = pair.indexOf('='); var path = decodeURIComponent(pair.slice(0, at)).split(/[\\[\\].]+/).filter(Boolean); var to = out;\n  path.slice(0, -1).forEach(function (key) { CHECK to = to[key] = to[key] || {}; });\n  to[path[path.length - 1]] = decodeURIComponent(pair.slice(at + 1)); }); return out; }";

pub(super) fn prototype() -> Vec<Case> {
    let mut f = Family::new("prototype-pollution", HALF, &[], &[1321, 915]);
    let search = || Proof::Browser("?__proto__[polluted]=yes\u{1}polluted".to_owned());
    let hash = || Proof::Browser("#__proto__[polluted]=yes\u{1}polluted".to_owned());
    let with = |check: &str, from: &str| -> &'static str {
        Box::leak(
            format!("{}\nwindow.options = read({from});", READ.replace("CHECK", check)).into_boxed_str(),
        )
    };
    f.bad(
        "query",
        Page,
        "keys of the query lead through __proto__",
        search(),
        merges(with("", "location.search")),
    );
    f.bad(
        "hash",
        Page,
        "keys of the fragment lead through __proto__",
        hash(),
        merges(with("", "location.hash")),
    );
    f.bad("merge", Page, "JSON of a parameter is merged deeply", Proof::Browser("?options={\"__proto__\":{\"polluted\":\"yes\"}}\u{1}polluted".to_owned()), merges(
        "function merge(to, from) { for (var key in from) { if (typeof from[key] === 'object') { to[key] = to[key] || {}; merge(to[key], from[key]); } else { to[key] = from[key]; } } return to; }\nwindow.options = merge({}, JSON.parse(new URLSearchParams(location.search).get('options') || '{}'));",
    ));
    f.bad(
        "constructor",
        Page,
        "__proto__ is refused, constructor.prototype is not",
        Proof::Browser("?constructor[prototype][polluted]=yes\u{1}polluted".to_owned()),
        merges(with("if (key === '__proto__') { return; }", "location.search")),
    );
    f.good(
        "refused",
        Page,
        "dangerous keys are refused",
        search(),
        merges(with(
            "if (['__proto__', 'constructor', 'prototype'].indexOf(key) >= 0) { to = {}; return; }",
            "location.search",
        )),
    );
    f.good(
        "flat",
        Page,
        "URLSearchParams gives flat texts",
        search(),
        merges("window.options = Object.fromEntries(new URLSearchParams(location.search));"),
    );
    f.cases()
}
