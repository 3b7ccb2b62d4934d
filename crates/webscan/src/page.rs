//! A page, read: where it leads, what it asks for, what it loads.

use std::collections::BTreeSet;

use scraper::{ElementRef, Html, Selector};

use crate::http::{Body, Method, Part, Request, Target};

/// A control of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Its name; controls without one are not sent.
    pub name: String,
    /// `text`, `password`, `hidden`, `file`, `select`, `textarea`, `submit` ...
    pub kind: String,
    /// The value it has.
    pub value: String,
    /// What may be chosen.
    pub options: Vec<String>,
    /// What a button shows, where that is not its value.
    pub label: String,
    /// What `autocomplete` says, on the control or its form.
    pub autocomplete: Option<String>,
    /// Whether it is sent as the page is: checked, or no box at all.
    pub is_on: bool,
}

/// A form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Where it is sent.
    pub action: Target,
    /// GET or POST; what else it says is GET, as in browsers.
    pub method: Method,
    /// Whether it is sent as multipart.
    pub is_multipart: bool,
    /// Its name or id.
    pub name: Option<String>,
    /// Its controls, in order.
    pub controls: Vec<Control>,
}

/// How a link was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// An anchor, an area.
    Anchor,
    /// A frame.
    Frame,
    /// `meta refresh`.
    Refresh,
    /// A script, a style, an image: loaded, not visited.
    Resource,
    /// The text of a script.
    Script,
    /// A comment.
    Comment,
}

/// What a page has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// Links, in order, each once.
    pub links: Vec<(Via, Target)>,
    /// Forms, in order.
    pub forms: Vec<Form>,
    /// Scripts that it loads.
    pub scripts: Vec<Target>,
    /// The text of its own scripts and event handlers.
    pub inline_scripts: Vec<String>,
    /// All that it loads from elsewhere: scripts, styles, frames, images, media; as written, resolved.
    pub loads: Vec<(String, Target)>,
    /// Comments.
    pub comments: Vec<String>,
    /// Whether it builds itself in the browser: little text, but scripts.
    pub wants_browser: bool,
}

/// Most links and forms of one page.
const MOST: usize = 5_000;
/// Buttons of one form that send it elsewhere.
const MOST_BUTTONS: usize = 8;
/// Most controls of one form.
const MOST_CONTROLS: usize = 200;
/// Most text of a page that is read.
const MAX_HTML: usize = 2 << 20;

impl Page {
    /// Reads a page that was found at `url`.
    #[must_use]
    pub fn read(url: &Target, html: &str) -> Self {
        let html = html.get(..html.floor_char_boundary(MAX_HTML)).unwrap_or_default();
        let document = Html::parse_document(shallow(html));
        let mut reader = Reader::new(url, &document);
        reader.read(&document);
        reader.page
    }
}

/// Deepest nesting that is read: beyond it the time of a parser grows with the square of the depth.
const DEEPEST: usize = 1_000;
/// Elements that hold nothing, or that the next of their kind ends.
const FLAT: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr", "p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "tbody", "thead", "tfoot",
];
/// Open elements that an end tag may end at once.
const NEAR: usize = 16;

/// A document up to where its elements are nested too deep to be read.
pub(crate) fn shallow(html: &str) -> &str {
    let mut open: Vec<&str> = Vec::new();
    for at in memchr::memchr_iter(b'<', html.as_bytes()) {
        let tag = html.get(at + 1..).unwrap_or_default();
        let (is_end, tag) = tag.strip_prefix('/').map_or((false, tag), |rest| (true, rest));
        let length = tag.bytes().take(32).take_while(u8::is_ascii_alphanumeric).count();
        let name = tag.get(..length).unwrap_or_default();
        let is_element = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !is_element || FLAT.iter().any(|flat| flat.eq_ignore_ascii_case(name)) {
            continue;
        }
        if is_end {
            let from = open.len().saturating_sub(NEAR);
            let near = open.get(from..).unwrap_or_default();
            if let Some(begin) = near.iter().rposition(|have| have.eq_ignore_ascii_case(name)) {
                open.truncate(from + begin);
            }
            continue;
        }
        open.push(name);
        if open.len() > DEEPEST {
            return html.get(..at).unwrap_or_default();
        }
    }
    html
}

struct Reader {
    base: Target,
    page: Page,
    seen: BTreeSet<(Via, Target)>,
    /// Controls that stand outside of their forms, by the forms' ids.
    apart: Vec<(String, Control)>,
}

fn select(selector: &str) -> Option<Selector> {
    Selector::parse(selector).ok()
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>()
}

impl Reader {
    fn new(url: &Target, document: &Html) -> Self {
        let base = select("base[href]")
            .and_then(|s| document.select(&s).next()?.attr("href").and_then(|h| url.join(h)));
        let owned =
            |element: ElementRef<'_>| Some((element.attr("form")?.to_owned(), read_control(element, None)));
        let apart = select("input[form], select[form], textarea[form], button[form]")
            .map(|s| document.select(&s).take(MOST_CONTROLS).filter_map(owned).collect());
        Self {
            base: base.unwrap_or_else(|| url.clone()),
            page: Page::default(),
            seen: BTreeSet::new(),
            apart: apart.unwrap_or_default(),
        }
    }

    fn link(&mut self, via: Via, reference: &str) {
        let reference = reference.trim();
        if reference.is_empty() || reference.starts_with('#') || self.page.links.len() >= MOST {
            return;
        }
        if let Some(target) = self.base.join(reference)
            && self.seen.insert((via, target.clone()))
        {
            self.page.links.push((via, target));
        }
    }

    fn load(&mut self, element: &str, reference: &str) {
        if let Some(target) = self.base.join(reference)
            && self.page.loads.len() < MOST
        {
            self.page.loads.push((element.to_owned(), target));
        }
    }

    fn read(&mut self, document: &Html) {
        let mut text_length = 0;
        for node in document.tree.nodes() {
            match node.value() {
                scraper::Node::Comment(comment) if self.page.comments.len() < MOST => {
                    self.page.comments.push(comment.to_string());
                }
                scraper::Node::Element(_) => {
                    if let Some(element) = ElementRef::wrap(node) {
                        self.element(element);
                    }
                }
                scraper::Node::Text(text) => {
                    let in_script = node.parent().and_then(ElementRef::wrap).is_some_and(|parent| {
                        matches!(
                            parent.value().name(),
                            "script" | "style" | "noscript" | "template" | "title"
                        )
                    });
                    if !in_script {
                        text_length += text.trim().len();
                    }
                }
                _ => {}
            }
        }
        if let Some(title) = select("title").and_then(|s| document.select(&s).next()) {
            self.page.title = text_of(title).split_whitespace().collect::<Vec<_>>().join(" ");
        }
        let has_scripts = !self.page.scripts.is_empty() || !self.page.inline_scripts.is_empty();
        let anchors = self.page.links.iter().any(|(via, _)| *via == Via::Anchor);
        self.page.wants_browser =
            has_scripts && (text_length < 200 || (!anchors && self.page.forms.is_empty()));
    }

    fn element(&mut self, element: ElementRef<'_>) {
        let attr = |name: &str| element.attr(name);
        for (name, value) in element.value().attrs() {
            if name.starts_with("on") && self.page.inline_scripts.len() < MOST {
                self.page.inline_scripts.push(value.to_owned());
            }
            if matches!(name, "hx-get" | "data-hx-get" | "up-href" | "ng-href") && !value.contains("{{") {
                self.link(Via::Script, value);
            }
            if name.starts_with("data-") && (value.starts_with('/') || value.starts_with("http")) {
                self.link(Via::Script, value);
            }
        }
        match element.value().name() {
            "a" | "area" => {
                if let Some(href) = attr("href") {
                    if let Some(script) = href.trim().strip_prefix("javascript:") {
                        self.page.inline_scripts.push(script.to_owned());
                    }
                    self.link(Via::Anchor, href);
                }
            }
            "frame" | "iframe" => {
                if let Some(source) = attr("src") {
                    self.link(Via::Frame, source);
                    self.load("iframe", source);
                }
            }
            "meta" => {
                let is_refresh =
                    attr("http-equiv").is_some_and(|value| value.eq_ignore_ascii_case("refresh"));
                if let (true, Some(content)) = (is_refresh, attr("content"))
                    && let Some(at) = content.to_ascii_lowercase().find("url=")
                {
                    let reference = content.get(at + 4..).unwrap_or_default().trim_matches(['"', '\'', ' ']);
                    self.link(Via::Refresh, reference);
                }
            }
            "script" => match attr("src") {
                Some(source) => {
                    self.load("script", source);
                    if let Some(target) = self.base.join(source) {
                        self.page.scripts.push(target);
                    }
                    self.link(Via::Resource, source);
                }
                None => self.page.inline_scripts.push(text_of(element)),
            },
            "link" => {
                if let Some(href) = attr("href") {
                    let rel = attr("rel").unwrap_or_default().to_ascii_lowercase();
                    let is_page = ["next", "prev", "canonical", "alternate", "help", "search", "author"];
                    if rel.split_whitespace().any(|word| is_page.contains(&word)) {
                        self.link(Via::Anchor, href);
                    } else {
                        self.load(if rel.contains("stylesheet") { "stylesheet" } else { "link" }, href);
                        self.link(Via::Resource, href);
                    }
                }
            }
            "form" => {
                let forms = self.forms(element);
                if self.page.forms.len() < MOST {
                    self.page.forms.extend(forms);
                }
            }
            name => self.media(name, element),
        }
    }

    fn media(&mut self, name: &str, element: ElementRef<'_>) {
        for attribute in ["src", "poster", "data", "background", "longdesc", "cite", "xlink:href"] {
            if let Some(reference) = element.attr(attribute) {
                let is_page = matches!(attribute, "longdesc" | "cite" | "data");
                self.link(if is_page { Via::Anchor } else { Via::Resource }, reference);
                if !is_page {
                    self.load(name, reference);
                }
            }
        }
        if let Some(set) = element.attr("srcset") {
            for reference in set.split(',').filter_map(|part| part.split_whitespace().next()) {
                self.link(Via::Resource, reference);
                self.load(name, reference);
            }
        }
    }

    /// A form; and once more for each button that sends it elsewhere.
    fn forms(&self, element: ElementRef<'_>) -> Vec<Form> {
        let attr = |name: &str| element.attr(name);
        let action = match attr("action").map(str::trim) {
            None | Some("") => Some(self.base.clone()),
            Some(action) => self.base.join(action),
        };
        let is_post = |method: &str| method.trim().eq_ignore_ascii_case("post");
        let of = |is_post: bool| if is_post { Method::Post } else { Method::Get };
        let is_multipart =
            attr("enctype").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/"));
        let Some(selector) = select("input, select, textarea, button") else { return Vec::new() };
        let autocomplete = attr("autocomplete").map(str::to_ascii_lowercase);
        let inside = || element.select(&selector).filter(|control| control.attr("form").is_none());
        let id = attr("id").unwrap_or_default();
        let apart = self.apart.iter().filter(|(form, _)| form == id).map(|(_, control)| control.clone());
        let controls: Vec<Control> = inside()
            .take(MOST_CONTROLS)
            .map(|control| read_control(control, autocomplete.as_ref()))
            .chain(apart)
            .collect();
        let method = of(attr("method").is_some_and(is_post));
        let name = attr("name").or_else(|| attr("id")).map(str::to_owned);
        let form = |action: Target, method: Method, controls: Vec<Control>| Form {
            action,
            method,
            is_multipart,
            name: name.clone(),
            controls,
        };
        let elsewhere = inside().filter_map(|button| {
            let action = self.base.join(button.attr("formaction")?)?;
            let method = button.attr("formmethod").map_or(method, |method| of(is_post(method)));
            let pressed = read_control(button, None);
            let stays = |control: &&Control| !control.is_button() || **control == pressed;
            Some(form(action, method, controls.iter().filter(stays).cloned().collect()))
        });
        let own = action.map(|action| form(action, method, controls.clone()));
        own.into_iter().chain(elsewhere.take(MOST_BUTTONS)).collect()
    }
}

fn read_control(element: ElementRef<'_>, form_autocomplete: Option<&String>) -> Control {
    let attr = |name: &str| element.attr(name);
    let tag = element.value().name();
    let kind = match tag {
        "input" => attr("type").unwrap_or("text").to_ascii_lowercase(),
        "button" => attr("type").unwrap_or("submit").to_ascii_lowercase(),
        other => other.to_owned(),
    };
    let choices = || select("option").map(|s| element.select(&s).collect::<Vec<_>>()).unwrap_or_default();
    let option =
        |choice: &ElementRef<'_>| choice.attr("value").map_or_else(|| text_of(*choice), str::to_owned);
    let options: Vec<String> =
        if tag == "select" { choices().iter().map(option).collect() } else { Vec::new() };
    let value = match tag {
        "select" => {
            let chosen = choices().iter().find(|choice| choice.attr("selected").is_some()).map(option);
            let may_be = |value: &&String| !value.is_empty() && !takes_away(value);
            let first = options.iter().find(may_be).or_else(|| options.first()).cloned();
            chosen.filter(|value| !value.is_empty()).or(first).unwrap_or_default()
        }
        "textarea" => text_of(element),
        _ => attr("value").unwrap_or_default().to_owned(),
    };
    let is_box = matches!(kind.as_str(), "checkbox" | "radio");
    Control {
        name: attr("name").unwrap_or_default().to_owned(),
        value: if is_box && attr("value").is_none() { "on".to_owned() } else { value },
        autocomplete: attr("autocomplete")
            .map(str::to_ascii_lowercase)
            .or_else(|| form_autocomplete.cloned()),
        is_on: !is_box || attr("checked").is_some(),
        options,
        label: if tag == "button" { text_of(element) } else { String::new() },
        kind,
    }
}

/// Whether words of a form say that it takes something away.
#[must_use]
pub fn takes_away(text: &str) -> bool {
    const WORDS: &[&str] =
        &["delete", "remove", "destroy", "drop", "erase", "purge", "revoke", "logout", "log out", "sign out"];
    let text = text.to_ascii_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

impl Control {
    /// Whether it sends its form.
    #[must_use]
    pub fn is_button(&self) -> bool {
        matches!(self.kind.as_str(), "submit" | "image")
    }
}

impl Form {
    /// Whether it asks for a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.controls.iter().any(|control| control.kind == "password")
    }

    /// The request that it sends, filled in: what the page has, else what `fill` gives for the control.
    #[must_use]
    pub fn request(&self, fill: &dyn Fn(&Control) -> String) -> Request {
        let mut fields: Vec<(&Control, String)> = Vec::new();
        let mut pressed = false;
        let mut chosen: BTreeSet<&str> = BTreeSet::new();
        for control in self.controls.iter().filter(|control| !control.name.is_empty()) {
            match control.kind.as_str() {
                "submit" | "image" if pressed => continue,
                "submit" | "image" => pressed = true,
                "reset" | "button" => continue,
                "radio" if !chosen.insert(&control.name) => continue,
                _ => {}
            }
            let fixed = matches!(
                control.kind.as_str(),
                "hidden" | "submit" | "image" | "select" | "checkbox" | "radio"
            );
            let keep = fixed || !control.value.trim().is_empty();
            fields.push((control, if keep { control.value.clone() } else { fill(control) }));
        }
        let pairs = || {
            fields.iter().map(|(control, value)| (control.name.clone(), value.clone())).collect::<Vec<_>>()
        };
        if self.method == Method::Get {
            let mut request = Request::get(self.action.clone());
            request.set_query(&pairs());
            return request;
        }
        if !self.is_multipart {
            return Request::post(self.action.clone(), pairs());
        }
        let parts = fields.iter().map(|(control, value)| {
            let is_file = control.kind == "file";
            Part {
                name: control.name.clone(),
                value: if is_file { "sample".to_owned() } else { value.clone() },
                file_name: is_file.then(|| "sample.txt".to_owned()),
                content_type: is_file.then(|| "text/plain".to_owned()),
            }
        });
        Request {
            method: Method::Post,
            body: Body::Multipart(parts.collect()),
            ..Request::get(self.action.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nested_without_end_is_cut() {
        let flat = "<ul><li>a<li>b</ul><br><p>x".repeat(5_000);
        assert_eq!(shallow(&flat), flat);
        let balanced = "<div><b>x</b></div>".repeat(5_000);
        assert_eq!(shallow(&balanced), balanced);
        for piece in ["<div>", "<div></b>", "<p><b id=1>", "<DIV a=\"<\">"] {
            assert!(shallow(&piece.repeat(200_000)).len() < 30_000, "{piece}");
        }
    }

    #[test]
    fn a_page_says_where_it_leads() {
        let url = Target::parse("http://a.test/x/y").unwrap();
        let html = r##"<base href="/b/"><title> A  page </title><a href="1?q=2#f">1</a><a href="#x"></a>
            <a href="javascript:go('/z')">z</a><iframe src=f></iframe><meta http-equiv=Refresh content="5; URL='r'">
            <img srcset="i1 1x, i2 2x"><script src="//cdn.test/j.js"></script><script>fetch('/api')</script><!-- /old -->
            <form action=s method=POST enctype=multipart/form-data><input name=q><input type=file name=u>
            <input type=hidden name=t value=tok><select name=s><option value=""><option value=a></select>
            <input type=radio name=r value=1><input type=radio name=r value=2><button name=go value=1>Go</button></form>"##;
        let page = Page::read(&url, html);
        let links: Vec<String> = page.links.iter().map(|(_, target)| target.to_string()).collect();
        assert_eq!(page.title, "A page");
        for wanted in ["/b/1?q=2", "/b/f", "/b/r", "/b/i1", "/b/i2"] {
            assert!(links.contains(&format!("http://a.test{wanted}")), "{wanted} in {links:?}");
        }
        assert_eq!(page.scripts.len(), 1);
        assert!(page.inline_scripts.contains(&"go('/z')".to_owned()) && page.comments == [" /old "]);
        let request = page.forms[0].request(&|_| "x".to_owned());
        let names: Vec<String> = request.points().into_iter().map(|point| point.name).collect();
        assert_eq!(names, ["q", "u", "u", "t", "s", "r", "go"]);
        assert_eq!(request.url.to_string(), "http://a.test/b/s");
    }

    #[test]
    fn buttons_send_a_form_elsewhere_and_controls_may_stand_apart() {
        let url = Target::parse("http://a.test/x/").unwrap();
        let html = "<form id=f method=post action=save><input name=a value=1><button name=b value=s>S</button>\
            <button name=c value=p formaction=preview formmethod=get>P</button></form>\
            <input form=f name=late value=2><input form=other name=not>";
        let forms = Page::read(&url, html).forms;
        let sent: Vec<String> = forms
            .iter()
            .map(|form| form.request(&|_| String::new()))
            .map(|request| format!("{} {} {:?}", request.method, request.url, request.body))
            .collect();
        assert_eq!(
            sent,
            [
                "POST http://a.test/x/save Form([(\"a\", \"1\"), (\"b\", \"s\"), (\"late\", \"2\")])",
                "GET http://a.test/x/preview?a=1&c=p&late=2 None",
            ]
        );
    }
}
