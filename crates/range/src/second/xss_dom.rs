//! Cross-site scripting in the browser, with other sources, other sinks and steps between.

use super::HALF;
use crate::case::Place::Page;
use crate::case::{Case, Family};
use crate::http::Reply;
use crate::proof::Proof;

const IMG: &str = "<img src=x onerror={m}>";

/// A page with a script.
fn page(script: &'static str) -> impl Fn(&crate::world::World, &crate::case::Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match h.rest {
        "" => Reply::html(format!(
            "<a href=\"#tab=one\">One</a> <a href=\"?tab=one\">Tab</a><div id=\"out\"></div>\n<script>\n{script}\n</script>"
        )),
        "app.js" => Reply::new(
            200,
            "text/javascript",
            "(function () {\n  var raw = location.hash.substring(1);\n  function render(html) { var node = document.createElement('section'); node.innerHTML = html; document.body.appendChild(node); }\n  window.addEventListener('load', function () { render(decodeURIComponent(raw)); });\n})();",
        ),
        _ => Reply::missing(),
    }
}

pub(super) fn dom() -> Vec<Case> {
    let mut f = Family::new("xss-dom", HALF, &[150076], &[79]);
    let at = |suffix: &str| Proof::Browser(suffix.replace("{img}", IMG));
    f.bad(
        "linked-script",
        Page,
        "a linked script puts the fragment into a detached element",
        at("#{img}"),
        |w, h| {
            if h.rest.is_empty() {
                Reply::html("<p>Hello</p><script src=\"app.js\"></script>")
            } else {
                page("")(w, h)
            }
        },
    );
    f.bad("hash-pairs", Page, "a named value of the fragment becomes markup", at("#tab={img}"), page("var tab = /tab=([^&]*)/.exec(location.hash); if (tab) { document.getElementById('out').innerHTML = '<h2>' + decodeURIComponent(tab[1]) + '</h2>'; }"));
    f.bad("outer-html", Page, "an element is replaced with markup from the query", at("?tab={img}"), page("var tab = new URLSearchParams(location.search).get('tab'); if (tab) { document.getElementById('out').outerHTML = '<div>' + tab + '</div>'; }"));
    f.bad("range-fragment", Page, "a fragment is made from text of the query", at("?tab={img}"), page("var tab = new URLSearchParams(location.search).get('tab') || ''; document.body.appendChild(document.createRange().createContextualFragment(tab));"));
    f.bad("frame-srcdoc", Page, "a frame's document is made from the fragment", at("#<script>parent.{m}</script>"), page("if (location.hash) { var frame = document.createElement('iframe'); frame.srcdoc = decodeURIComponent(location.hash.slice(1)); document.body.appendChild(frame); }"));
    f.bad("script-text", Page, "the text of a new script element", at("#{m}"), page("if (location.hash) { var s = document.createElement('script'); s.text = decodeURIComponent(location.hash.slice(1)); document.head.appendChild(s); }"));
    f.bad("frame-source", Page, "a frame's address comes from the query, also javascript:", at("?tab=javascript:parent.{m}"), page("var tab = new URLSearchParams(location.search).get('tab'); if (tab) { var frame = document.createElement('iframe'); frame.src = tab; document.body.appendChild(frame); }"));
    f.bad("set-attribute", Page, "the name and text of a handler come from the query", at("?tab=onerror%7C{m}"), page("var parts = (new URLSearchParams(location.search).get('tab') || '').split('|'); if (parts.length === 2) { var img = document.createElement('img'); img.setAttribute(parts[0], parts[1]); img.src = '/none.png'; document.body.appendChild(img); }"));
    f.bad("storage", Page, "the query is kept in the browser and becomes markup later", at("?tab={img}"), page("var tab = new URLSearchParams(location.search).get('tab'); if (tab) { sessionStorage.setItem('tab', tab); } document.getElementById('out').innerHTML = sessionStorage.getItem('tab') || '';"));
    f.bad("window-name", Page, "an anchor's address from the fragment is followed", at("#javascript:{m}"), page("if (location.hash.length > 1) { var a = document.createElement('a'); a.href = decodeURIComponent(location.hash.slice(1)); document.body.appendChild(a); a.click(); }"));
    f.bad("strips-script", Page, "script elements are removed, handlers stay", at("#{img}"), page("var h = decodeURIComponent(location.hash.slice(1)).replace(/<script[^>]*>.*?<\\/script>/gi, ''); document.getElementById('out').innerHTML = h;"));
    f.bad("path", Page, "a JSON parameter's member becomes markup", at("?state={\"title\":\"{img}\"}"), page("try { var s = JSON.parse(new URLSearchParams(location.search).get('state')); if (s) { document.getElementById('out').innerHTML = s.title; } } catch (e) { }"));
    f.good("text-node", Page, "a text node is made", at("#{img}"), page("document.getElementById('out').appendChild(document.createTextNode(decodeURIComponent(location.hash.slice(1))));"));
    f.good("encoded-pairs", Page, "the five characters are encoded before they become markup", at("#tab={img}"), page("function enc(t) { return t.replace(/[&<>\"']/g, function (c) { return '&#' + c.charCodeAt(0) + ';'; }); } var tab = /tab=([^&]*)/.exec(location.hash); if (tab) { document.getElementById('out').innerHTML = '<h2>' + enc(decodeURIComponent(tab[1])) + '</h2>'; }"));
    f.good("scheme-checked", Page, "only addresses of the web are followed", at("#javascript:{m}"), page("try { var u = new URL(decodeURIComponent(location.hash.slice(1)), location.href); if (u.origin === location.origin && u.hash === '#go') { location.href = u; } } catch (e) { }"));
    f.good("sandboxed", Page, "the frame may not run scripts", at("#<script>parent.{m}</script>"), page("if (location.hash) { var frame = document.createElement('iframe'); frame.setAttribute('sandbox', ''); frame.srcdoc = decodeURIComponent(location.hash.slice(1)); document.body.appendChild(frame); }"));
    f.good("json-parsed", Page, "the fragment is read as JSON, not evaluated", at("#{m}"), page("try { window.state = JSON.parse(decodeURIComponent(location.hash.slice(1))); } catch (e) { window.state = {}; }"));
    f.cases()
}
