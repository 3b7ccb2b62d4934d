//! Cross-site scripting in the browser: a script takes a value from where strangers can put it to where it becomes code.
//! The proof runs in a real browser.

use super::HALF;
use crate::case::Place::{Page, Query};
use crate::case::{Case, Family};
use crate::http::Reply;
use crate::proof::Proof;

/// `{m}` stands for what the browser must run. The text is appended to the case's address.
fn browser(suffix: &str) -> Proof {
    Proof::Browser(suffix.to_owned())
}

const IMG: &str = "<img src=x onerror={m}>";

pub(super) fn dom() -> Vec<Case> {
    let mut f = Family::new("xss-dom", HALF, &[150076], &[79]);
    let page = |script: &'static str| {
        move |_: &crate::world::World, _: &crate::case::Hit<'_>| {
            Reply::html(format!(
                "<a href=\"#welcome\">Welcome</a> <a href=\"?name=Ann\">Ann</a><div id=\"out\"></div>\n<script>\n{script}\n</script>"
            ))
        }
    };
    let hash = || browser(&format!("#{IMG}"));
    f.bad(
        "hash-inner-html",
        Page,
        "the fragment becomes markup",
        hash(),
        page("document.getElementById('out').innerHTML = decodeURIComponent(location.hash.slice(1));"),
    );
    f.bad(
        "hash-write",
        Page,
        "the fragment is written into the document",
        hash(),
        page("document.write('<p>' + decodeURIComponent(location.hash.slice(1)) + '</p>');"),
    );
    f.bad("search-inner-html", Page, "a query parameter becomes markup in the browser", browser(&format!("?name={IMG}")), page(
        "var name = new URLSearchParams(location.search).get('name'); document.getElementById('out').innerHTML = 'Hello ' + name;",
    ));
    f.bad("hash-eval", Page, "the fragment is evaluated", browser("#{m}"), page(
        "function run() { if (location.hash) { eval(decodeURIComponent(location.hash.slice(1))); } } run();",
    ));
    f.bad(
        "hash-timeout",
        Page,
        "the fragment becomes the text of a timer",
        browser("#{m}"),
        page("if (location.hash) { setTimeout(decodeURIComponent(location.hash.slice(1)), 10); }"),
    );
    f.bad(
        "hash-location",
        Page,
        "the fragment becomes the address to go to, also javascript:",
        browser("#javascript:{m}"),
        page("if (location.hash.length > 1) { location.href = decodeURIComponent(location.hash.slice(1)); }"),
    );
    f.bad("search-attribute", Page, "a parameter is put into markup as an attribute", browser("?name=x%22%20onerror=%22{m}"), page(
        "var name = new URLSearchParams(location.search).get('name') || 'a'; document.getElementById('out').innerHTML = '<img src=\"/none/' + name + '\">';",
    ));
    f.bad(
        "insert-adjacent",
        Page,
        "the fragment is inserted as markup",
        hash(),
        page("document.body.insertAdjacentHTML('beforeend', decodeURIComponent(location.hash.slice(1)));"),
    );
    f.bad("function-constructor", Page, "a parameter becomes the body of a function", browser("?name={m}"), page(
        "var name = new URLSearchParams(location.search).get('name') || '1'; new Function('return ' + name)();",
    ));

    f.good(
        "hash-text",
        Page,
        "the fragment becomes text, not markup",
        hash(),
        page("document.getElementById('out').textContent = decodeURIComponent(location.hash.slice(1));"),
    );
    f.good("search-encoded", Page, "what is put into markup is encoded first", browser(&format!("?name={IMG}")), page(
        "function enc(t) { var d = document.createElement('div'); d.textContent = t; return d.innerHTML; }\nvar name = new URLSearchParams(location.search).get('name') || ''; document.getElementById('out').innerHTML = 'Hello ' + enc(name);",
    ));
    f.good("hash-known", Page, "only known names are looked up", browser("#javascript:{m}"), page(
        "var known = { welcome: 'Welcome!' }; var key = location.hash.slice(1); document.getElementById('out').innerHTML = Object.hasOwn(known, key) ? known[key] : '';",
    ));
    f.good("number", Query("page"), "the parameter becomes a number", browser(&format!("?page={IMG}")), |_, _| {
        Reply::html("<div id=\"out\"></div><script>var n = parseInt(new URLSearchParams(location.search).get('page'), 10) || 1; document.getElementById('out').innerHTML = 'Page ' + n;</script>")
    })
    .sample("2");
    f.cases()
}
