//! Between sites: other forms, other answers, other caches, other objects.

use super::HALF;
use crate::case::Place::Page;
use crate::case::{Case, Family, Hit};
use crate::filter::html;
use crate::first::browser::{cached, deceives, poisons, reads_across, shares};
use crate::http::Reply;
use crate::proof::{Proof, Prover};
use crate::world::{World, token};

/// What stands between a request and the change that it makes.
type Allows = fn(&Hit<'_>, &str) -> bool;

/// A shop that transfers credit by a request to `send`; `form` is how its page makes the request.
fn transfers(
    method: &'static str,
    form: fn(&str, &str) -> String,
    allows: Allows,
    same_site: &'static str,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        let state = w.state(&h.case.id());
        let mut state = state.lock();
        let session =
            h.request.cookie("sid").filter(|sid| state.values.contains_key(&format!("token {sid}")));
        match (h.rest, session) {
            ("", session) => {
                let fresh = session.is_none();
                let sid = session.unwrap_or_else(token);
                let secret = state.values.get(&format!("token {sid}")).cloned().unwrap_or_else(token);
                state.put(format!("token {sid}"), secret.clone());
                let sent =
                    state.values.get(&format!("sent {sid}")).cloned().unwrap_or_else(|| "nobody".to_owned());
                let page =
                    Reply::html(format!("<p>Last sent to: {}</p>{}", html(&sent), form(&h.base(), &secret)));
                if fresh {
                    page.header(
                        "Set-Cookie",
                        format!("sid={sid}; Path={}; HttpOnly; Secure; SameSite={same_site}", h.base()),
                    )
                } else {
                    page
                }
            }
            ("send", Some(sid)) if h.request.method == method || method == "ANY" => {
                let secret = state.values.get(&format!("token {sid}")).cloned().unwrap_or_default();
                if !allows(h, &secret) {
                    return Reply::refused("Refused.").with_status(403);
                }
                let to = h
                    .parameter("to")
                    .or_else(|| h.request.json()?.get("to")?.as_str().map(str::to_owned))
                    .unwrap_or_default();
                state.put(format!("sent {sid}"), to);
                Reply::html("<p>Sent.</p>")
            }
            ("send", None) => Reply::redirect(h.base()),
            _ => Reply::missing(),
        }
    }
}

/// What a page of another site can have a browser send with the victim's cookie.
fn forges(p: &Prover<'_>) -> Result<bool, String> {
    let page = p.get("")?;
    let sid = page.cookie("sid").unwrap_or_default();
    let open = page.header("set-cookie").is_some_and(|set| set.contains("SameSite=None"));
    let own = p.get("")?.text();
    let stolen = own.split_once("value=\"").map_or("", |_| {
        own.split("name=\"xtoken\" value=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_default()
    });
    let cookie = if open { format!("sid={sid}") } else { String::new() };
    let foreign = "http://evil.example.test/page";
    let form = "application/x-www-form-urlencoded";
    let attempts: [(&str, &str, &str, String); 5] = [
        ("POST", "send", form, "to=mallory".to_owned()),
        ("POST", "send", form, format!("to=mallory&xtoken={stolen}")),
        ("GET", "send?to=mallory", "", String::new()),
        ("POST", "send", "text/plain", "{\"to\":\"mallory\",\"x\":\"=\"}".to_owned()),
        ("POST", "send?shop.example.test", form, "to=mallory".to_owned()),
    ];
    for (method, rest, kind, body) in attempts {
        for referer in ["", foreign, "http://evil.example.test/?127.0.0.1"] {
            let mut headers = vec![("Cookie", cookie.as_str())];
            if !kind.is_empty() {
                headers.push(("Content-Type", kind));
            }
            if !referer.is_empty() {
                headers.push(("Referer", referer));
                headers.push(("Origin", "http://evil.example.test"));
            }
            p.send(method, rest, &headers, &body)?;
        }
    }
    Ok(p.send("GET", "", &[("Cookie", &format!("sid={sid}"))], "")?.text().contains("mallory"))
}

fn plain_form(_: &str, _: &str) -> String {
    "<form action=\"send\" method=\"post\"><input name=\"to\" value=\"bob\"><input name=\"amount\" value=\"5\"><button>Send</button></form>".to_owned()
}

fn token_form(_: &str, secret: &str) -> String {
    format!(
        "<form action=\"send\" method=\"post\"><input type=\"hidden\" name=\"xtoken\" value=\"{secret}\"><input name=\"to\" value=\"bob\"><button>Send</button></form>"
    )
}

fn script_call(base: &str, secret: &str) -> String {
    format!(
        "<button id=\"b\">Send</button><script>document.getElementById('b').addEventListener('click', function () {{ fetch('{base}send', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json', 'X-Token': '{secret}' }}, body: JSON.stringify({{ to: 'bob' }}) }}); }});</script>"
    )
}

pub(super) fn csrf() -> Vec<Case> {
    let mut f = Family::new("csrf", HALF, &[150071], &[352]);
    let steps = || Proof::Steps(forges);
    f.bad(
        "referer-contains",
        Page,
        "the Referer must contain the own address, anywhere, or be missing",
        steps(),
        transfers(
            "POST",
            plain_form,
            |h, _| h.request.header("referer").is_none_or(|from| from.contains("127.0.0.1")),
            "None",
        ),
    );
    f.bad(
        "token-any-session",
        Page,
        "each token that looks like one is taken",
        steps(),
        transfers(
            "POST",
            token_form,
            |h, _| h.request.field("xtoken").is_some_and(|token| token.len() == 32),
            "None",
        ),
    );
    f.bad(
        "by-get",
        Page,
        "a link makes the change",
        steps(),
        transfers("GET", |_, _| "<a href=\"send?to=bob\">Send 5 to Bob</a>".to_owned(), |_, _| true, "None"),
    );
    f.bad(
        "json-as-text",
        Page,
        "JSON is taken whatever the stated type",
        steps(),
        transfers("POST", |base, _| script_call(base, ""), |h, _| h.request.json().is_some(), "None"),
    );
    f.bad("password-change", Page, "a form for a new password without the old one", steps(), transfers("POST", |_, _| "<form action=\"send\" method=\"post\"><input type=\"password\" name=\"to\" autocomplete=\"off\"><button>Change password</button></form>".to_owned(), |_, _| true, "None"));
    f.good(
        "token-of-session",
        Page,
        "the token must be the session's",
        steps(),
        transfers(
            "POST",
            token_form,
            |h, secret| h.request.field("xtoken").as_deref() == Some(secret),
            "None",
        ),
    );
    f.good(
        "custom-header",
        Page,
        "a header must come along, which other sites can't send",
        steps(),
        transfers("POST", script_call, |h, secret| h.request.header("x-token") == Some(secret), "None"),
    );
    f.good(
        "lax-post",
        Page,
        "the cookie is SameSite=Lax, and only POST makes changes",
        steps(),
        transfers("POST", plain_form, |_, _| true, "Lax"),
    );
    f.good("contact-form", Page, "a contact form without any session", steps(), |_, h| match h.rest {
        "" => Reply::html("<form action=\"contact\" method=\"post\"><textarea name=\"text\">Hello</textarea><button>Send</button></form>"),
        "contact" => Reply::html("<p>Thank you.</p>"),
        _ => Reply::missing(),
    });
    f.cases()
}

pub(super) fn cors() -> Vec<Case> {
    let mut f = Family::new("cors", HALF, &[], &[942, 346]);
    let steps = || Proof::Steps(reads_across);
    f.bad(
        "contains",
        Page,
        "origins that contain the shop's name are allowed",
        steps(),
        shares(|origin| origin.contains("shop.example.test").then(|| origin.to_owned()), true),
    );
    f.bad(
        "dot-in-pattern",
        Page,
        "the dot of a pattern stands for any sign, and the end is open",
        steps(),
        shares(
            |origin| {
                (origin.starts_with("http://shop") && origin.contains("example")).then(|| origin.to_owned())
            },
            true,
        ),
    );
    f.bad(
        "own-address-prefix",
        Page,
        "origins that begin with the own address are allowed",
        steps(),
        |w, h| {
            let host = format!("http://{}", h.request.header("host").unwrap_or_default());
            let allowed = h.request.header("origin").is_some_and(|origin| origin.starts_with(&host));
            if allowed {
                shares(|origin| Some(origin.to_owned()), true)(w, h)
            } else {
                shares(|_| None, true)(w, h)
            }
        },
    );
    f.bad(
        "encrypted-only",
        Page,
        "any origin over TLS is allowed",
        steps(),
        shares(|origin| origin.starts_with("https://").then(|| origin.to_owned()), true),
    );
    f.bad(
        "subdomains-by-suffix",
        Page,
        "origins that end in example.test are allowed, also those of others",
        steps(),
        shares(|origin| origin.ends_with("example.test").then(|| origin.to_owned()), true),
    );
    f.good(
        "exact-list",
        Page,
        "only two origins are allowed, compared whole",
        steps(),
        shares(
            |origin| {
                ["https://shop.example.test", "https://admin.example.test:8443"]
                    .contains(&origin)
                    .then(|| origin.to_owned())
            },
            true,
        ),
    );
    f.good(
        "star-without-credentials",
        Page,
        "everybody may read without credentials, and the answer needs a key that no browser adds by itself",
        steps(),
        |_, h| match h.rest {
            "" => Reply::html("<a href=\"me\">Data</a>"),
            "me" if h.request.header("x-key").is_some() => {
                Reply::json(&serde_json::json!({"name": "alice"})).header("Access-Control-Allow-Origin", "*")
            }
            "me" => Reply::json(&serde_json::json!({"error": "a key is wanted"}))
                .with_status(401)
                .header("Access-Control-Allow-Origin", "*"),
            _ => Reply::missing(),
        },
    );
    f.good("own-origin", Page, "only the own origin is answered", steps(), |w, h| {
        let own = format!("http://{}", h.request.header("host").unwrap_or_default());
        if h.request.header("origin") == Some(&own) {
            shares(|origin| Some(origin.to_owned()), true)(w, h)
        } else {
            shares(|_| None, true)(w, h)
        }
    });
    f.cases()
}

/// The settings page, under paths that go on in some way.
fn settings(h: &Hit<'_>, takes: fn(&str) -> bool) -> Reply {
    match h.rest {
        "" => Reply::html("<a href=\"account\">My settings</a>").header(
            "Set-Cookie",
            format!("session={}; Path={}; HttpOnly; Secure; SameSite=Lax", token(), h.base()),
        ),
        rest if takes(rest) && h.request.cookie("session").is_some() => {
            Reply::html("<p>Settings of alice, key range-dunnock-4410.</p>")
        }
        rest if takes(rest) => Reply::redirect(h.base()),
        _ => Reply::missing(),
    }
}

pub(super) fn cache() -> Vec<Case> {
    let mut f = Family::new("cache", HALF, &[], &[524, 525, 444, 349]);
    f.bad(
        "semicolon",
        Page,
        "the application ignores what follows a semicolon, the cache looks at the ending",
        Proof::Steps(deceives),
        cached(
            |rest| rest.ends_with(".css"),
            |h| settings(h, |rest| rest.split(';').next() == Some("account")),
        ),
    );
    f.bad(
        "line-break",
        Page,
        "the application ignores what follows a line break",
        Proof::Steps(deceives),
        cached(|rest| rest.ends_with(".css"), |h| settings(h, |rest| rest.lines().next() == Some("account"))),
    );
    f.bad(
        "pictures",
        Page,
        "the cache keeps pictures, the application looks at the first part of the path",
        Proof::Steps(deceives),
        cached(
            |rest| rest.ends_with(".png"),
            |h| settings(h, |rest| rest.split('/').next() == Some("account")),
        ),
    );
    f.bad(
        "poison-scheme",
        Page,
        "X-Forwarded-Scheme stands in the page, not in the key",
        Proof::Steps(poisons),
        cached(
            |rest| rest == "page",
            |h| match h.rest {
                "" => Reply::html("<a href=\"page\">Page</a>"),
                "page" => Reply::html(format!(
                    "<link rel=\"stylesheet\" href=\"{}://shop.example.test/a.css\">",
                    html(h.request.header("x-forwarded-scheme").unwrap_or("https"))
                )),
                _ => Reply::missing(),
            },
        ),
    );
    f.good(
        "key-has-session",
        Page,
        "the cache leaves out what came with a cookie",
        Proof::Steps(deceives),
        |w, h| {
            if h.request.header("cookie").is_some() {
                settings(h, |rest| rest.split('/').next() == Some("account"))
            } else {
                cached(
                    |rest| rest.ends_with(".css"),
                    |h| settings(h, |rest| rest.split('/').next() == Some("account")),
                )(w, h)
            }
        },
    );
    f.good(
        "static-only",
        Page,
        "only the static files' own directory is kept",
        Proof::Steps(deceives),
        cached(|rest| rest.starts_with("static/"), |h| settings(h, |rest| rest == "account")),
    );
    f.cases()
}

/// A page with a script and the object that it fills.
fn fills(script: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, _| Reply::html(format!("<a href=\"?view.size=3\">View</a>\n<script>\n{script}\n</script>"))
}

pub(super) fn prototype() -> Vec<Case> {
    let mut f = Family::new("prototype-pollution", HALF, &[], &[1321, 915]);
    let at = |suffix: &str| Proof::Browser(format!("{suffix}\u{1}polluted"));
    f.bad("dotted", Page, "dotted names of the query lead through __proto__", at("?__proto__.polluted=yes"), fills("var state = {}; new URLSearchParams(location.search).forEach(function (value, key) { var at = state; var path = key.split('.'); for (var i = 0; i < path.length - 1; i++) { if (!at[path[i]]) { at[path[i]] = {}; } at = at[path[i]]; } at[path[path.length - 1]] = value; });"));
    f.bad("two-levels", Page, "a name with one pair of brackets sets a member of a member", at("?__proto__[polluted]=yes"), fills("var params = {}; location.search.slice(1).split('&').forEach(function (p) { var m = /^([^\\[=]+)\\[([^\\]]+)\\]=(.*)$/.exec(decodeURIComponent(p)); if (m) { params[m[1]] = params[m[1]] || {}; params[m[1]][m[2]] = m[3]; } });"));
    f.bad("hash-json", Page, "JSON of the fragment is merged deeply", at("#{\"__proto__\":{\"polluted\":\"yes\"}}"), fills("function extend(a, b) { Object.keys(b).forEach(function (k) { if (b[k] && typeof b[k] === 'object') { a[k] = extend(a[k] || {}, b[k]); } else { a[k] = b[k]; } }); return a; } try { extend({ view: {} }, JSON.parse(decodeURIComponent(location.hash.slice(1)))); } catch (e) { }"));
    f.bad("removed-once", Page, "__proto__ is removed from names, once", at("?__pro__proto__to__[polluted]=yes"), fills("var o = {}; location.search.slice(1).split('&').forEach(function (p) { var parts = decodeURIComponent(p).replace('__proto__', '').split('='); var path = parts[0].split(/[\\[\\]]+/).filter(Boolean); var at = o; path.slice(0, -1).forEach(function (k) { at = at[k] = at[k] || {}; }); if (path.length) { at[path[path.length - 1]] = parts[1]; } });"));
    f.good("map", Page, "a Map has no prototype's members", at("?__proto__[polluted]=yes"), fills("var params = new Map(); new URLSearchParams(location.search).forEach(function (value, key) { params.set(key, value); });"));
    f.good("null-prototype", Page, "objects are made without a prototype", at("?__proto__[polluted]=yes"), fills("var o = Object.create(null); location.search.slice(1).split('&').forEach(function (p) { var parts = decodeURIComponent(p).split('='); var path = parts[0].split(/[\\[\\]]+/).filter(Boolean); var at = o; path.slice(0, -1).forEach(function (k) { at = at[k] = at[k] || Object.create(null); }); if (path.length) { at[path[path.length - 1]] = parts[1]; } });"));
    f.cases()
}
