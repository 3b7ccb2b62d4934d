//! What the text of scripts tells of the names and shapes that they read.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

/// Names and shapes.
#[derive(Debug, Default)]
pub(super) struct Gleaned {
    /// Names that scripts ask for, in the order of the text.
    pub(super) asked: Vec<String>,
    /// Members of objects that scripts read, in the order of the text.
    pub(super) members: Vec<String>,
    /// Members within members.
    nested: BTreeMap<String, Vec<String>>,
    /// What members are compared with.
    compared: BTreeMap<String, Vec<String>>,
    /// Texts that something is compared with.
    literals: Vec<String>,
    /// What is asked of a message's origin: how, and the text.
    origins: Vec<(String, String)>,
    /// Signs between names and values.
    separators: Vec<String>,
    /// Texts that begin with `#`.
    marks: Vec<String>,
    /// Whether scripts set attributes or properties whose names they read.
    spreads: bool,
}

/// Names of attributes and properties that make code or markup of their values.
const RUNNING: &[&str] = &["innerHTML", "onclick", "srcdoc", "href", "src", "onload", "onerror"];

/// Most pairs that are tried around a value.
const WANTED: usize = 3;
/// Most of those names that are put before a value.
const RUN: usize = 3;
/// Most members that such objects are put into.
const WITHIN: usize = 3;
/// Most names of a kind.
const MOST: usize = 20;
/// Members of the browser's own objects.
const OWN: &[&str] = &[
    "innerHTML",
    "outerHTML",
    "innerText",
    "textContent",
    "value",
    "length",
    "style",
    "href",
    "src",
    "srcdoc",
    "location",
    "hash",
    "search",
    "pathname",
    "data",
    "origin",
    "source",
    "document",
    "window",
    "className",
    "classList",
    "parentNode",
    "firstChild",
    "prototype",
    "responseText",
    "response",
    "cookie",
    "referrer",
    "searchParams",
    "parentElement",
    "URL",
    "children",
    "childNodes",
    "documentElement",
    "dataset",
    "readyState",
    "history",
    "localStorage",
    "sessionStorage",
    "hostname",
    "protocol",
    "fn",
    "param",
    "checked",
    "disabled",
    "documentURI",
    "baseURI",
    "firstElementChild",
    "nextSibling",
    "selectedIndex",
    "currentTarget",
];

fn all<'t>(pattern: &'static LazyLock<Option<Regex>>, text: &'t str) -> impl Iterator<Item = Vec<&'t str>> {
    let found = pattern.as_ref().into_iter().flat_map(move |regex| regex.captures_iter(text));
    found.map(|found| found.iter().skip(1).flatten().map(|m| m.as_str()).collect())
}

fn add(list: &mut Vec<String>, name: &str) {
    if list.len() < MOST && !name.is_empty() && !list.iter().any(|have| have == name) {
        list.push(name.to_owned());
    }
}

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

pattern!(
    ASKED,
    r#"(?:\.(?:get|getAll|has)|(?i:param|query|arg|cookie|qs|getUrl)\w*|\bq)\(\s*['"`]([\w-]{1,30})['"`]|[?&'"/|)#\]^]([\w-]{1,30})=[\[('"`\\]"#
);
pattern!(MEMBER, r"[\w)\]]((?:\??\.[A-Za-z_]\w{0,29}){1,5})\s*(\(?)");
pattern!(INDEXED, r#"\[\s*['"]([A-Za-z_][\w-]{0,29})['"]\s*\]"#);
pattern!(TAKEN, r"(?:const|let|var)\s*\{([^{}]{1,200})\}\s*=");
pattern!(EQUALS, r#"(?:^|[^\w'"`])(\w{1,30})\s*[!=]={1,2}\s*['"`]([^'"`]{1,60})['"`]"#);
pattern!(EQUALLED, r#"(?:[!=]={1,2}|\bcase)\s*['"`]([\w/.-]{1,40})['"`]"#);
pattern!(SWITCHED, r#"switch\s*\(\s*[\w.]*?\.?(\w{1,30})\s*\)"#);
pattern!(
    ORIGIN,
    r#"origin\.(indexOf|includes|startsWith|endsWith|search|match)\(\s*['"`/]([^'"`)]{1,80}?)/?['"`)]"#
);
pattern!(ORIGIN_PATTERN, r#"/((?:\\/|[^/\n]){1,80})/[a-z]*\.test\(\s*\w+\.origin"#);
pattern!(ORIGIN_NAMED, r"origin\.(?:match|search)\(\s*(\w{1,40})\s*\)|\b(\w{1,40})\.test\(\s*\w+\.origin");
pattern!(NAMED, r"\b(\w{1,40})\s*=\s*/((?:\\/|[^/\n*]){1,80})/");
pattern!(SEPARATOR, r#"split\(\s*(?:['"]|/\[?\\?)([:;|,&=/~])['"\]/:;|,=~]"#);
pattern!(MARKED, r##"['"`/^](?:\\?#)(!?/?[\w/-]{1,30}[-/=:_])['"`(.\[$]"##);
pattern!(ROUTE, r#"['"`]#?(/[A-Za-z][\w-]{1,30}(?:/[\w-]{1,30})?)['"`]"#);
pattern!(
    BEGINS,
    r#"startsWith\(\s*['"`]([^'"`]{1,40})['"`]|[\w)\]'"]\.(?:indexOf|search)\(\s*['"`]([^'"`]{1,40})['"`]\s*\)\s*[!=]==?\s*0|/\^([\w:-]{2,20})/?[a-z]*[\W]"#
);
pattern!(
    CONTAINS,
    r#"[\w)\]'"]\.(?:indexOf|includes)\(\s*['"`]([^'"`]{2,40})['"`]\s*\)\s*(?:\)|&&|\|\||\?|[!=]==?\s*-|<\s*0|>\s*-|>=\s*0)"#
);
pattern!(NUMERIC, r"(?:\bparseInt|\bparseFloat|\bisNaN)\(|/\^\\d");
pattern!(LETTERS, r"/\^(?:\[a-z|\[A-Z|\\w)");
pattern!(
    SPREADS,
    r#"\.(?:setAttribute|attr|prop|setAttributeNS)\(\s*(?:[A-Za-z_$][\w$.]*(?:\[[^\]]{1,30}\]|\(\))?)\s*,|[\w)]\[\s*[A-Za-z_$][\w$.]*(?:\[[01]\])?\s*\]\s*=[^=]|\bObject\.assign\("#
);
pattern!(LINKED, r##"href\s*=\s*["']?#([^"'\s>]{2,80})"##);

impl Gleaned {
    /// What a text tells.
    pub(super) fn of(text: &str) -> Self {
        let mut own = Self::default();
        for found in all(&ASKED, text) {
            found.iter().for_each(|name| add(&mut own.asked, name));
        }
        for found in all(&TAKEN, text) {
            for name in found.iter().flat_map(|names| names.split(',')) {
                add(&mut own.members, name.split([':', '=']).next().unwrap_or_default().trim());
            }
        }
        let is_own = |name: &str| OWN.contains(&name) || (name.starts_with("on") && name.len() > 4);
        for found in all(&MEMBER, text) {
            let [chain, call] = found.as_slice() else { continue };
            let mut names: Vec<&str> = chain.split(['.', '?']).filter(|name| !name.is_empty()).collect();
            if *call == "(" {
                names.pop();
            }
            let mut names = names.into_iter().skip_while(|name| is_own(name));
            let Some(first) = names.next() else { continue };
            add(&mut own.members, first);
            if let Some(second) = names.next().filter(|name| !is_own(name)) {
                add(own.nested.entry(first.to_owned()).or_default(), second);
            }
        }
        all(&INDEXED, text).flatten().for_each(|name| add(&mut own.members, name));
        for found in all(&EQUALS, text) {
            if let [name, value] = found.as_slice() {
                add(own.compared.entry((*name).to_owned()).or_default(), value);
            }
        }
        all(&EQUALLED, text).flatten().for_each(|value| add(&mut own.literals, value));
        for name in all(&SWITCHED, text).flatten() {
            let cases = own.literals.clone();
            cases.iter().for_each(|case| add(own.compared.entry(name.to_owned()).or_default(), case));
        }
        for found in all(&ORIGIN, text) {
            if let [how, value] = found.as_slice() {
                own.origins.push(((*how).to_owned(), (*value).to_owned()));
            }
        }
        own.origins
            .extend(all(&ORIGIN_PATTERN, text).flatten().map(|value| ("match".to_owned(), value.to_owned())));
        for name in all(&ORIGIN_NAMED, text).flatten() {
            let of_name = |found: Vec<&str>| match found.as_slice() {
                [have, pattern] if *have == name => Some(("match".to_owned(), (*pattern).to_owned())),
                _ => None,
            };
            own.origins.extend(all(&NAMED, text).filter_map(of_name));
        }
        if text.contains("'null'") || text.contains("\"null\"") {
            own.origins.push(("is".to_owned(), "null".to_owned()));
        }
        all(&SEPARATOR, text).flatten().for_each(|sign| add(&mut own.separators, sign));
        // Slashes of patterns stand for themselves.
        all(&MARKED, &text.replace("\\/", "/")).flatten().for_each(|mark| add(&mut own.marks, mark));
        own.spreads = SPREADS.as_ref().is_some_and(|spreads| spreads.is_match(text));
        own
    }

    /// What a value must have before and behind it, so that scripts go on with it.
    pub(super) fn wanted(&self, own: &str) -> Vec<(String, String)> {
        let is_text = |text: &&str| {
            let is_scheme = ["javascript:", "data:", "vbscript:"].contains(text);
            !is_scheme
                && text.len() >= 2
                && !text.starts_with(['?', '&', '#', '<', '.'])
                && !text.ends_with(['=', '<'])
        };
        let mut wanted: Vec<(String, String)> = Vec::new();
        // The name of what is set may stand before the value.
        let pairing = self.separators.iter().filter(|sign| !["&", ";"].contains(&sign.as_str()));
        for sign in pairing.take(2) {
            wanted
                .extend(self.running().iter().take(RUN).map(|name| (format!("{name}{sign}"), String::new())));
        }
        let most = wanted.len() + WANTED;
        let mut add = |before: &str, behind: &str| {
            let pair = (before.to_owned(), behind.to_owned());
            if wanted.len() < most && !wanted.contains(&pair) {
                wanted.push(pair);
            }
        };
        all(&BEGINS, own).flatten().filter(is_text).for_each(|text| add(text, ""));
        for sign in self.separators.iter().filter(|sign| [":", "|", ";", "~"].contains(&sign.as_str())) {
            add(&format!("a{sign}"), "");
        }
        if NUMERIC.as_ref().is_some_and(|numeric| numeric.is_match(own)) {
            add("1", "");
        }
        if LETTERS.as_ref().is_some_and(|letters| letters.is_match(own)) {
            add("item", "");
        }
        for text in all(&CONTAINS, own).flatten().filter(is_text) {
            add("", &format!("//{text}"));
        }
        wanted
    }

    /// JSON objects of the members that are read, with `{}` where a value may stand.
    pub(super) fn shapes(&self) -> Vec<String> {
        if self.members.is_empty() {
            return Vec::new();
        }
        let most = self.members.iter().filter_map(|name| self.compared.get(name)).map(Vec::len).max();
        let shape = |nth: usize| {
            let mut object = Map::new();
            for name in &self.members {
                let value = match (self.compared.get(name), self.nested.get(name)) {
                    (Some(values), _) => {
                        values.get(nth).or(values.last()).cloned().unwrap_or_default().into()
                    }
                    (_, Some(within)) => {
                        Value::Object(within.iter().map(|name| (name.clone(), "{}".into())).collect())
                    }
                    _ => "{}".into(),
                };
                object.insert(name.clone(), value);
            }
            let inner = |name: &String| self.nested.values().any(|names| names.contains(name));
            object.retain(|name, value| !inner(name) || value.is_object());
            Value::Object(object).to_string()
        };
        let mut shapes: Vec<String> = (0..most.unwrap_or(1).min(3)).map(shape).collect();
        shapes.dedup();
        shapes
    }

    /// Names that run what they are given, where scripts set what they are told to.
    pub(super) fn running(&self) -> &'static [&'static str] {
        if self.spreads { RUNNING } else { &[] }
    }

    /// JSON objects of such names, alone and as each member that is read.
    pub(super) fn running_shapes(&self) -> Vec<String> {
        let names = self.running().iter().map(|name| ((*name).to_owned(), "{}".into()));
        let all = Value::Object(names.collect());
        if !self.spreads {
            return Vec::new();
        }
        let within = |name: &String| Value::Object(Map::from_iter([(name.clone(), all.clone())])).to_string();
        std::iter::once(all.to_string()).chain(self.members.iter().take(WITHIN).map(within)).collect()
    }

    /// Origins that messages may come from: anyone's, or one of ours that passes for one that is asked for.
    pub(super) fn senders(&self) -> Vec<Option<String>> {
        let ours = "redoubt-probe.example";
        let mut senders = vec![None];
        for (how, text) in &self.origins {
            let text = text.replace('\\', "");
            let text = text.trim_start_matches('^').replace(".*", "a").replace("https?", "https");
            let is_open = !text.ends_with('$');
            let text = text.trim_end_matches('$').trim_end_matches('/');
            let host = text.split_once("://").map_or(text, |(_, host)| host);
            let sender = match how.as_str() {
                "is" => "null".to_owned(),
                "endsWith" if !text.starts_with('.') && !text.contains("://") => {
                    format!("https://redoubt-probe{text}")
                }
                "endsWith" => continue,
                "match" if !is_open && !text.starts_with('.') && !text.contains("://") => {
                    format!("https://redoubt-probe{text}")
                }
                _ if text.contains("://") => format!("{text}.{ours}"),
                _ => format!("https://{}.{ours}", host.trim_matches('.')),
            };
            if senders.len() < 3 && !senders.contains(&Some(sender.clone())) {
                senders.push(Some(sender));
            }
        }
        senders
    }

    /// Shapes of a fragment: what links of the page have there, what scripts look for, and routes.
    pub(super) fn fragments(&self, page: &str, own: &str) -> Vec<String> {
        let mut shapes = Vec::new();
        for link in all(&LINKED, page).flatten() {
            if let Some(at) = link.rfind(['/', '-', '=', ':', '_']).filter(|at| at + 1 < link.len()) {
                add(&mut shapes, &format!("{}{{}}", link.get(..=at).unwrap_or_default()));
            }
        }
        self.marks.iter().for_each(|mark| add(&mut shapes, &format!("{mark}{{}}")));
        if ["'?'", "\"?\"", "\\?("].iter().any(|sign| own.contains(sign)) && !self.asked.is_empty() {
            // Routes within the page that have a query of their own.
            let fields: Vec<String> = self.asked.iter().take(4).map(|name| format!("{name}={{}}")).collect();
            let is_name =
                |text: &&String| text.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
            let named = self.literals.iter().filter(is_name).map(|name| format!("/{name}"));
            for route in all(&ROUTE, own).flatten().map(str::to_owned).chain(named).take(3) {
                add(&mut shapes, &format!("{route}?{}", fields.join("&")));
            }
        }
        let is_routed = self.separators.iter().any(|sign| sign == "/");
        if is_routed {
            for literal in &self.literals {
                let literal = literal.trim_start_matches(['#', '/']).trim_end_matches('/');
                if literal.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '/'))
                {
                    add(&mut shapes, &format!("/{literal}/{{}}"));
                }
            }
        }
        if let Some(sign) = self.separators.iter().find(|sign| [":", "|", "~", "="].contains(&sign.as_str()))
        {
            let between = self.separators.iter().find(|have| [";", ",", "&"].contains(&have.as_str()));
            let between = between.map_or(";", String::as_str);
            let pairs: Vec<String> =
                self.members.iter().take(8).map(|name| format!("{name}{sign}{{}}")).collect();
            add(&mut shapes, &pairs.join(between));
        }
        if ["#!", "#/", "'/'", "\"/\""].iter().any(|word| own.contains(word)) {
            add(&mut shapes, "/{}");
            add(&mut shapes, "!{}");
        }
        shapes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scripts_want_around_a_value_is_gleaned() {
        let of = |text: &str| {
            let pairs = Gleaned::of(text).wanted(text).into_iter();
            pairs.map(|(before, behind)| format!("{before}_{behind}")).collect::<Vec<_>>()
        };
        for (text, pair) in [
            ("if ((v || '').indexOf('item-') !== 0) return;", "item-_"),
            ("if (v.startsWith(\"view:\")) show(v)", "view:_"),
            ("if (isNaN(parseInt(v, 10))) return;", "1_"),
            ("if (!/^[a-z]{3,}/i.test(v)) return;", "item_"),
            ("if (v.indexOf('partner.example') === -1) v = '/';", "_//partner.example"),
            ("var bits = v.split(':'); use(bits[1]);", "a:_"),
            ("var bits = v.split(/[:=]/); use(bits[1]);", "a:_"),
        ] {
            assert_eq!(of(text), [pair], "{text}");
        }
        assert_eq!(of("var at = document.URL.indexOf('name='); use(at);"), Vec::<String>::new());
    }

    #[test]
    fn names_are_gleaned_from_what_scripts_ask_for() {
        let known = Gleaned::of(
            r"/[?&]lang=([^&]*)/.exec(location.search); p.get('user'); x.split('cfg=')[1]; getParam('id'); const { message = 'a', to: b } = o;",
        );
        assert_eq!(known.asked, ["lang", "user", "cfg", "id"]);
        assert_eq!(known.members, ["message", "to"]);
    }

    #[test]
    fn names_that_run_are_tried_where_scripts_set_what_they_are_told() {
        for text in [
            "for (const [k, v] of p) el.setAttribute(k, v)",
            "opts.forEach(o => { el[o.name] = o.value })",
            "Object.assign(el, JSON.parse(raw))",
            "pairs.forEach(function (x) { el.setAttribute(x[0], x[1]) })",
        ] {
            assert_eq!(Gleaned::of(text).running(), RUNNING, "{text}");
        }
        for text in ["el.setAttribute('title', v)", "if (seen[k] === v) go()", "el.title = v"] {
            assert!(Gleaned::of(text).running_shapes().is_empty(), "{text}");
        }
        let pair = "var pair = p.get('look').split('='); el.setAttribute(pair[0], pair[1]);";
        let wanted = Gleaned::of(pair).wanted(pair);
        assert_eq!(
            wanted.iter().map(|(before, _)| before.as_str()).collect::<Vec<_>>(),
            ["innerHTML=", "onclick=", "srcdoc="]
        );
        let shapes = Gleaned::of("Object.assign(el, JSON.parse(raw).style_of)").running_shapes();
        assert!(shapes.first().is_some_and(|shape| shape.contains("\"innerHTML\":\"{}\"")), "{shapes:?}");
    }

    #[test]
    fn messages_get_the_shape_that_is_looked_for() {
        let known = Gleaned::of(
            "onmessage = (e) => { if (e.data && e.data.action === 'render') o.innerHTML = e.data.payload.body; };",
        );
        assert_eq!(known.shapes(), [r#"{"action":"render","payload":{"body":"{}"}}"#]);
        let by_name = Gleaned::of(
            "let kind = e.data.kind; if (kind === 'html') o.innerHTML = e.data.text; else if (kind === 'js') eval(e.data.code);",
        );
        assert_eq!(
            by_name.shapes(),
            [r#"{"code":"{}","kind":"html","text":"{}"}"#, r#"{"code":"{}","kind":"js","text":"{}"}"#]
        );
        assert_eq!(Gleaned::of("x.innerHTML = 1").shapes(), Vec::<String>::new());
    }

    #[test]
    fn origins_that_are_half_checked_are_passed_for() {
        let senders = |text: &str| Gleaned::of(text).senders().into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(
            senders("e.origin.indexOf('https://shop.test') === 0"),
            ["https://shop.test.redoubt-probe.example"]
        );
        assert_eq!(senders("e.origin.endsWith('shop.test')"), ["https://redoubt-probeshop.test"]);
        assert_eq!(
            senders(r"const known = /https?:\/\/www.shop.test/; if (e.origin.match(known)) run(e.data);"),
            ["https://www.shop.test.redoubt-probe.example"]
        );
        assert_eq!(senders("e.origin.endsWith('.shop.test')"), Vec::<String>::new());
        assert_eq!(senders("e.origin !== 'https://shop.test'"), Vec::<String>::new());
    }

    #[test]
    fn fragments_have_the_shape_of_links_and_routes() {
        let own =
            "var r = location.hash.split('/'); if (r[1] === 'user') {} if (h.indexOf('#section-') === 0) {}";
        let routed =
            "var r = {'/search': find}; var q = new URLSearchParams(location.hash.split('?')[1]).get('q');";
        assert_eq!(Gleaned::of(routed).fragments("", routed), ["/search?q={}"]);
        let by_pattern = Gleaned::of(r"/^#\/user\/(.+)$/.exec(location.hash)").fragments("", "");
        assert_eq!(by_pattern, ["/user/{}"]);
        let shapes = Gleaned::of(own).fragments("<a href='#/tab/2'>", own);
        assert_eq!(
            shapes.get(..3),
            Some(&["/tab/{}".to_owned(), "section-{}".to_owned(), "/user/{}".to_owned()][..])
        );
    }
}
