//! Whether a browser that reads an answer would run a marker: found by parsing it as a browser does, not by looking at text.

use quick_xml::events::Event;
use scraper::{ElementRef, Html, Node};

use super::policy::{allows_anywhere, allows_base, allows_nonce, forbids_inline};
use super::script::Script;
use crate::http::{Response, encode};

/// A name that nobody can own (RFC 2606).
const FOREIGN: &str = "redoubt-probe.example";

/// Most of an answer that is parsed.
const LONGEST: usize = 1 << 20;

/// What a browser takes an answer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document {
    /// A page.
    Html,
    /// An XML document, in which scripts can run.
    Xml,
}

/// What a browser takes an answer for when it opens it; none where nothing in it can run.
pub(crate) fn document(response: &Response) -> Option<Document> {
    let is_download = response
        .header("content-disposition")
        .is_some_and(|value| value.trim().to_ascii_lowercase().starts_with("attachment"));
    if response.location().is_some() || is_download {
        return None;
    }
    match response.media_type().as_str() {
        "text/html" => Some(Document::Html),
        "" | "*/*" | "unknown/unknown" | "application/unknown" => {
            let nosniff = response
                .header("x-content-type-options")
                .is_some_and(|v| v.trim().eq_ignore_ascii_case("nosniff"));
            (!nosniff && sniffs_as_html(response.text())).then_some(Document::Html)
        }
        "text/xml" | "application/xml" => Some(Document::Xml),
        kind if kind.ends_with("+xml") => Some(Document::Xml),
        _ => None,
    }
}

/// The beginnings by which a browser knows a page (WHATWG MIME Sniffing 7.1).
fn sniffs_as_html(text: &str) -> bool {
    let begin = text.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
    if begin.starts_with("<!--") {
        return true;
    }
    let tags = [
        "!doctype html",
        "html",
        "head",
        "script",
        "iframe",
        "h1",
        "div",
        "font",
        "table",
        "a",
        "style",
        "title",
        "b",
        "body",
        "br",
        "p",
    ];
    tags.iter().any(|tag| {
        let head = begin.get(1..=tag.len()).unwrap_or_default();
        let after = begin.get(tag.len() + 1..).and_then(|rest| rest.chars().next());
        begin.starts_with('<') && head.eq_ignore_ascii_case(tag) && matches!(after, Some(' ' | '>'))
    })
}

/// Whether opening the answer runs a dialog with the marker, or a script from a host that is named after it.
pub(crate) fn executes(response: &Response, marker: &str) -> bool {
    if !response.text().contains(marker) {
        return false;
    }
    let is_inline = !forbids_inline(response);
    match document(response) {
        Some(Document::Html) => {
            (is_inline && html_runs(response.text(), marker, 0))
                || (!is_inline && runs_by_nonce(response, marker))
                || html_loads(response, marker)
        }
        Some(Document::Xml) => is_inline && xml_runs(response.text(), marker),
        None => false,
    }
}

/// The host of an attacker whose scripts show a marker.
pub(crate) fn host_of_marker(marker: &str) -> String {
    format!("r{marker}.{FOREIGN}")
}

/// The marker that an attacker's host is named after.
pub(crate) fn marker_of_host(host: &str) -> Option<&str> {
    let name = host.strip_suffix(FOREIGN)?.strip_suffix('.')?.strip_prefix('r')?;
    (name.starts_with(|first: char| first.is_ascii_digit()) && !name.contains('.')).then_some(name)
}

fn parsed(html: &str) -> Html {
    let html = html.get(..html.floor_char_boundary(LONGEST)).unwrap_or_default();
    Html::parse_document(crate::page::shallow(html))
}

fn is_in_template(element: ElementRef<'_>) -> bool {
    element.ancestors().any(|node| is_element(node.value(), "template"))
}

fn html_runs(html: &str, marker: &str, depth: u8) -> bool {
    let document = parsed(html);
    let mut elements = document.tree.nodes().filter_map(ElementRef::wrap);
    elements.any(|element| element_runs(element, marker, depth) && !is_in_template(element))
}

/// Whether a script has the marker that the policy allows for its nonce.
fn runs_by_nonce(response: &Response, marker: &str) -> bool {
    let document = parsed(response.text());
    let mut elements = document.tree.nodes().filter_map(ElementRef::wrap);
    elements.any(|element| {
        let nonce = element.attr("nonce").filter(|_| element.value().name() == "script");
        nonce.is_some_and(|nonce| allows_nonce(response, nonce))
            && script_runs(element, marker)
            && !is_in_template(element)
    })
}

/// Whether a page loads a script from the host that is named after the marker: by its own address, or since addresses without
/// a host are that host's.
fn html_loads(response: &Response, marker: &str) -> bool {
    let host = host_of_marker(marker);
    let html = response.text();
    if !html.contains(&host) {
        return false;
    }
    let document = parsed(html);
    let all = || document.tree.nodes().filter_map(ElementRef::wrap).filter(|one| !is_in_template(*one));
    let Ok(start) = url::Url::parse("http://page.invalid/") else { return false };
    let base = all().find_map(|element| element.attr("href").filter(|_| element.value().name() == "base"));
    let base = base.filter(|_| allows_base(response)).and_then(|href| start.join(href).ok()).unwrap_or(start);
    all().any(|element| {
        let src = element.attr("src").filter(|_| element.value().name() == "script");
        let Some(url) = src.and_then(|src| base.join(src.trim()).ok()) else { return false };
        url.host_str() == Some(host.as_str())
            && is_script_type(element.attr("type"))
            && (allows_anywhere(response, url.scheme())
                || element.attr("nonce").is_some_and(|nonce| allows_nonce(response, nonce)))
    })
}

fn is_element(node: &Node, name: &str) -> bool {
    node.as_element().is_some_and(|element| element.name() == name)
}

fn element_runs(element: ElementRef<'_>, marker: &str, depth: u8) -> bool {
    let name = element.value().name();
    if name == "script" && script_runs(element, marker) {
        return true;
    }
    element.value().attrs().any(|(attribute, value)| {
        value.contains(marker) && attribute_runs(name, attribute, value, marker, depth)
    })
}

/// Whether the text of a script element calls the marker.
fn script_runs(element: ElementRef<'_>, marker: &str) -> bool {
    if element.attr("src").is_some() || !is_script_type(element.attr("type")) {
        return false;
    }
    let text: String = element.text().collect();
    text.contains(marker) && Script::read(&text).calls(marker)
}

fn is_script_type(kind: Option<&str>) -> bool {
    let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
    kind.is_empty()
        || kind == "module"
        || kind
            .split(';')
            .next()
            .is_some_and(|kind| kind.ends_with("/javascript") || kind.ends_with("ecmascript"))
}

fn attribute_runs(element: &str, attribute: &str, value: &str, marker: &str, depth: u8) -> bool {
    if is_handler(element, attribute) {
        return Script::read(value).calls(marker);
    }
    if takes_script_url(element, attribute) {
        return script_of_url(value).is_some_and(|script| Script::read(&script).calls(marker));
    }
    if element == "script" && attribute == "src" {
        return script_of_data(value).is_some_and(|script| Script::read(&script).calls(marker));
    }
    element == "iframe" && attribute == "srcdoc" && depth < 2 && html_runs(value, marker, depth + 1)
}

/// Whether an attribute's URL is opened in the page, so that `javascript:` runs.
pub(crate) fn takes_script_url(element: &str, attribute: &str) -> bool {
    matches!(
        (element, attribute),
        ("a" | "area", "href" | "xlink:href")
            | ("form", "action")
            | ("button" | "input", "formaction")
            | ("iframe" | "frame" | "embed", "src")
            | ("object", "data")
    )
}

/// The script that a `data:` URL is, loaded as one.
fn script_of_data(url: &str) -> Option<String> {
    let url = url.trim();
    let is_data = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let (kind, text) = url.get(5..).filter(|_| is_data)?.split_once(',')?;
    let kind = kind.to_ascii_lowercase();
    (kind.contains("javascript") && !kind.contains("base64")).then(|| encode::unpercent(text))
}

/// The script of a `javascript:` URL as browsers read one.
pub(crate) fn script_of_url(url: &str) -> Option<String> {
    let url: String = url
        .trim_start_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .collect();
    let scheme = url.get(..11)?;
    scheme.eq_ignore_ascii_case("javascript:").then(|| encode::unpercent(url.get(11..).unwrap_or_default()))
}

/// Whether an attribute is an event handler that can fire on an element.
pub(crate) fn is_handler(element: &str, attribute: &str) -> bool {
    let loads = [
        "body", "frameset", "iframe", "frame", "img", "svg", "script", "link", "style", "object", "embed",
        "input", "image", "html",
    ];
    let fails = [
        "body", "frameset", "img", "script", "link", "style", "object", "embed", "input", "video", "audio",
        "source", "track", "iframe", "image",
    ];
    match attribute {
        "onload" => loads.contains(&element),
        "onerror" => fails.contains(&element),
        "onbegin" | "onend" | "onrepeat" => element.starts_with("animate") || element == "set",
        "onstart" | "onfinish" | "onbounce" => element == "marquee",
        _ => attribute.strip_prefix("on").is_some_and(|event| EVENTS.contains(&event)),
    }
}

const EVENTS: &[&str] = &[
    "abort",
    "afterprint",
    "animationcancel",
    "animationend",
    "animationiteration",
    "animationstart",
    "auxclick",
    "beforecopy",
    "beforecut",
    "beforeinput",
    "beforematch",
    "beforepaste",
    "beforeprint",
    "beforetoggle",
    "beforeunload",
    "blur",
    "cancel",
    "canplay",
    "canplaythrough",
    "change",
    "click",
    "close",
    "contextmenu",
    "copy",
    "cuechange",
    "cut",
    "dblclick",
    "drag",
    "dragend",
    "dragenter",
    "dragleave",
    "dragover",
    "dragstart",
    "drop",
    "durationchange",
    "emptied",
    "ended",
    "focus",
    "focusin",
    "focusout",
    "formdata",
    "fullscreenchange",
    "gotpointercapture",
    "hashchange",
    "input",
    "invalid",
    "keydown",
    "keypress",
    "keyup",
    "loadeddata",
    "loadedmetadata",
    "loadstart",
    "lostpointercapture",
    "message",
    "mousedown",
    "mouseenter",
    "mouseleave",
    "mousemove",
    "mouseout",
    "mouseover",
    "mouseup",
    "mousewheel",
    "offline",
    "online",
    "pagehide",
    "pageshow",
    "paste",
    "pause",
    "play",
    "playing",
    "pointercancel",
    "pointerdown",
    "pointerenter",
    "pointerleave",
    "pointermove",
    "pointerout",
    "pointerover",
    "pointerrawupdate",
    "pointerup",
    "popstate",
    "progress",
    "ratechange",
    "reset",
    "resize",
    "scroll",
    "scrollend",
    "search",
    "securitypolicyviolation",
    "seeked",
    "seeking",
    "select",
    "selectionchange",
    "selectstart",
    "show",
    "slotchange",
    "stalled",
    "storage",
    "submit",
    "suspend",
    "timeupdate",
    "toggle",
    "touchcancel",
    "touchend",
    "touchmove",
    "touchstart",
    "transitioncancel",
    "transitionend",
    "transitionrun",
    "transitionstart",
    "unhandledrejection",
    "unload",
    "volumechange",
    "waiting",
    "webkitanimationend",
    "wheel",
];

const XHTML: &str = "http://www.w3.org/1999/xhtml";
const SVG: &str = "http://www.w3.org/2000/svg";

/// In XML only scripts and handlers of XHTML and SVG elements run, and only up to where it stops being well-formed.
fn xml_runs(text: &str, marker: &str) -> bool {
    let mut reader = quick_xml::NsReader::from_str(text);
    let mut scripts: Vec<bool> = Vec::new();
    let mut script = String::new();
    loop {
        let Ok((space, event)) = reader.read_resolved_event() else { return false };
        let known = match &space {
            quick_xml::name::ResolveResult::Bound(space) => {
                let space: &str = space.as_ref();
                space == XHTML || space == SVG
            }
            _ => false,
        };
        match event {
            Event::Eof => return false,
            Event::Start(element) | Event::Empty(element) if known && handler_runs(&element, marker) => {
                return true;
            }
            Event::Start(element) => {
                scripts.push(known && element.local_name().as_ref() == "script");
                script.clear();
            }
            Event::End(_) if scripts.pop() == Some(true) && Script::read(&script).calls(marker) => {
                return true;
            }
            Event::Text(piece) => script += &piece.into_inner(),
            Event::CData(piece) => script += &piece.into_inner(),
            _ => {}
        }
    }
}

fn handler_runs(element: &quick_xml::events::BytesStart<'_>, marker: &str) -> bool {
    let name = element.local_name();
    element.attributes().flatten().any(|attribute| {
        let key: &str = attribute.key.as_ref();
        let value: &str = attribute.value.as_ref();
        value.contains(marker) && attribute_runs(name.as_ref(), key, value, marker, 2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(kind: &str, body: &str) -> bool {
        executes(&Response::new(200, &[("Content-Type", kind)], body.to_owned()), "77")
    }

    #[test]
    fn what_runs_in_a_page_is_told_from_what_is_only_shown() {
        for body in [
            "<p>x<script>alert(77)</script>",
            "<img src=x onerror=alert(77)>",
            "<svg/onload=alert`77`>",
            "<a href='&#106;ava\tscript:alert(77)'>x</a>",
            "<input value=\"x\" onfocus=\"&#97;lert(77)\">",
            "<iframe srcdoc='&lt;script>alert(77)&lt;/script>'></iframe>",
            "<title></title><svg onload=alert(77)></title>",
            "<IMG SRC=X ONERROR=&#97;&#108;&#101;&#114;&#116;(77)>",
            "<script>var a='</script><img src onerror=alert(77)>'",
            "<script src='data:text/javascript,alert(77)'></script>",
        ] {
            assert!(runs("text/html", body), "{body}");
        }
        for body in [
            "&lt;script>alert(77)&lt;/script>",
            "<textarea><script>alert(77)</script></textarea>",
            "<!-- <script>alert(77)</script> -->",
            "<template><script>alert(77)</script></template>",
            "<script type='application/json'>alert(77)</script>",
            "<script>var a = 'alert(77)';</script>",
            "<p onload=alert(77)>",
            "<p onanything=alert(77)>",
            "<p title='<img src=x onerror=alert(77)>'>",
            "<noscript><img src=x onerror=alert(77)></noscript>",
            "<img href='javascript:alert(77)'>",
            "<script src='/x?data:text/javascript,alert(77)'></script>",
        ] {
            assert!(!runs("text/html", body), "{body}");
        }
    }

    #[test]
    fn scripts_of_an_attackers_host_run_where_the_policy_lets_them() {
        let loads = |policy: &str, body: &str| {
            let headers = [("Content-Type", "text/html"), ("Content-Security-Policy", policy)];
            executes(&Response::new(200, &headers, body.to_owned()), "77")
        };
        let own = "<script src='https://r77.redoubt-probe.example/'></script>";
        let by_base =
            "<head><base href=\"https://r77.redoubt-probe.example/\"></head><script src=\"app.js\"></script>";
        for policy in ["", "script-src *", "script-src 'nonce-a' https:", "img-src 'self'"] {
            assert!(loads(policy, own) && loads(policy, by_base), "{policy}");
        }
        for policy in [
            "script-src 'self'",
            "default-src 'none'",
            "script-src https://cdn.example",
            "script-src 'strict-dynamic' https:",
        ] {
            assert!(!loads(policy, own), "{policy}");
        }
        assert!(!loads("base-uri 'none'", by_base));
        for body in [
            "<script src='/r77.redoubt-probe.example/'></script>",
            "<script src='/a?u=//r77.redoubt-probe.example/'></script>",
            "<img src='//r77.redoubt-probe.example/'>",
            "<base href='/a'><base href='//r77.redoubt-probe.example/'><script src=app.js></script>",
            "<base href='//r77.redoubt-probe.example/'><script src='https://cdn.example/app.js'></script>",
            "<script type='text/template' src='//r77.redoubt-probe.example/'></script>",
            "<script src='//r78.redoubt-probe.example/77'></script>",
        ] {
            assert!(!loads("", body), "{body}");
        }
        let policy = "script-src 'self' 'nonce-Ab1'";
        assert!(loads(policy, "<script nonce=Ab1>var a = ''-alert(77)-''</script>"));
        assert!(loads(
            policy,
            "<base href='//r77.redoubt-probe.example/'><script nonce=Ab1 src=app.js></script>"
        ));
        assert!(!loads(policy, "<script nonce=ab1>alert(77)</script><script>alert(77)</script>"));
        assert!(!loads(
            policy,
            "<script nonce=Ab1>var a = 'alert(77)'</script><img src=x onerror=alert(77)>"
        ));
        assert_eq!(marker_of_host("r77.redoubt-probe.example"), Some("77"));
        assert_eq!(marker_of_host("redoubt-probe.example"), None);
        assert_eq!(marker_of_host("s0.redoubt-probe.example"), None);
    }

    #[test]
    fn the_type_of_the_answer_decides() {
        let page = "<script>alert(77)</script>";
        assert!(runs("", page) && !runs("text/plain", page) && !runs("application/json", page));
        assert!(!executes(
            &Response::new(302, &[("Content-Type", "text/html"), ("Location", "/")], page),
            "77"
        ));
        let nosniff = Response::new(200, &[("X-Content-Type-Options", "nosniff")], page);
        assert!(!executes(&nosniff, "77"));
        let policy = Response::new(
            200,
            &[("Content-Type", "text/html"), ("Content-Security-Policy", "script-src 'self'")],
            page,
        );
        assert!(!executes(&policy, "77"));
        let svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(77)</script></svg>";
        assert!(runs("image/svg+xml", svg));
        assert!(!runs("application/xml", "<a><script>alert(77)</script></a>"));
        assert!(runs(
            "text/xml",
            "<a><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(77)</x:script></a>"
        ));
        assert!(!runs(
            "image/svg+xml",
            "<svg xmlns='http://www.w3.org/2000/svg'><b></a><script>alert(77)</script></svg>"
        ));
    }
}
