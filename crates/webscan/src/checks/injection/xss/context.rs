//! Where in a page a word stands, by the states of an HTML tokenizer.

use crate::proof::executes::{is_handler, script_of_url, takes_script_url};
use crate::proof::script::{Piece, Script};

/// Where in a script a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::checks) enum InScript {
    /// In the code itself.
    Code,
    /// In a string in these quotes.
    Text(char),
    /// In a template.
    Template,
    /// In a comment to the end of the line.
    LineComment,
    /// In a comment between stars.
    BlockComment,
    /// In a regular expression.
    Pattern,
}

/// Where in a page a word stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::checks) enum Context {
    /// Text between elements.
    Text,
    /// A comment.
    Comment,
    /// `<!...>` or `<?...>`.
    Declaration,
    /// In an element whose content is text alone: title, textarea, style, noscript, a script of another type ...
    Raw(String),
    /// In a script.
    Script(InScript),
    /// Within a tag, but in no value.
    Tag,
    /// In the value of an attribute.
    Attribute {
        /// Its quotes.
        quote: Option<char>,
        /// What the value is.
        kind: Value,
    },
}

/// What the value of an attribute is to a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::checks) enum Value {
    /// Nothing in particular.
    Plain,
    /// A URL that is opened in the page, and the word begins it.
    Url,
    /// A script; where in it.
    Script(InScript),
    /// A page of its own.
    Page,
    /// The URL of a script that is loaded, or of all that is, and the word begins it.
    Loaded,
    /// The host from which a script is loaded begins with the word.
    Host,
}

const RAW: &[&str] = &[
    "script",
    "style",
    "title",
    "textarea",
    "noscript",
    "iframe",
    "xmp",
    "noembed",
    "noframes",
    "plaintext",
];
/// Most places that are told apart.
const MOST: usize = 12;

/// Where a word stands, each kind of place once, in the order of the page.
pub(in crate::checks) fn contexts(html: &str, word: &str) -> Vec<Context> {
    let lower = html.to_ascii_lowercase();
    let mut reader = Reader { html: &lower, word, at: 0, found: Vec::new() };
    while reader.at < lower.len() && reader.found.len() < MOST {
        reader.step();
    }
    reader.found
}

struct Reader<'a> {
    html: &'a str,
    word: &'a str,
    at: usize,
    found: Vec<Context>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.html.get(self.at..).unwrap_or_default()
    }

    fn add(&mut self, context: Context) {
        if !self.found.contains(&context) {
            self.found.push(context);
        }
    }

    /// Takes the text up to `length`, which is all of one context.
    fn take(&mut self, length: usize, context: &Context) {
        if self.rest().get(..length).is_some_and(|text| text.contains(self.word)) {
            self.add(context.clone());
        }
        self.at += length;
    }

    fn step(&mut self) {
        let rest = self.rest();
        if !rest.starts_with('<') {
            return self.take(rest.find('<').unwrap_or(rest.len()), &Context::Text);
        }
        if rest.starts_with("<!--") {
            let end = rest.get(4..).and_then(|rest| rest.find("-->")).map_or(rest.len(), |end| end + 7);
            return self.take(end, &Context::Comment);
        }
        if rest.starts_with("<!") || rest.starts_with("<?") {
            return self.take(rest.find('>').map_or(rest.len(), |end| end + 1), &Context::Declaration);
        }
        let name = rest.trim_start_matches('<').trim_start_matches('/');
        if rest.starts_with("<<") || !name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            return self.take(1, &Context::Text);
        }
        let is_end = rest.starts_with("</");
        self.at += if is_end { 2 } else { 1 };
        let name_length =
            self.rest().find([' ', '\t', '\n', '\r', '\u{c}', '/', '>']).unwrap_or(self.rest().len());
        let name = self.rest().get(..name_length).unwrap_or_default();
        self.take(name_length, &Context::Tag);
        let kind = self.attributes(name);
        if !is_end && RAW.contains(&name) {
            self.raw(name, kind.as_deref());
        }
    }

    /// Reads attributes up to the end of the tag; gives the value of `type`.
    fn attributes(&mut self, element: &str) -> Option<String> {
        let mut kind = None;
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}', '/']).len();
            self.at += blank;
            let rest = self.rest();
            if rest.is_empty() || rest.starts_with('>') {
                self.at += 1.min(rest.len());
                return kind;
            }
            let stop = |from: usize| {
                let found =
                    rest.get(from..).and_then(|r| r.find(['=', ' ', '\t', '\n', '\r', '\u{c}', '/', '>']));
                found.map_or(rest.len(), |at| at + from)
            };
            let first = rest.chars().next().map_or(1, char::len_utf8);
            let length = stop(first);
            let name = rest.get(..length).unwrap_or_default();
            self.take(length, &Context::Tag);
            let rest = self.rest();
            let after = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            let Some(value) = after.strip_prefix('=') else { continue };
            let value = value.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            self.at += rest.len() - value.len();
            let value = self.value(element, name);
            if name == "type" {
                kind = Some(value.to_owned());
            }
        }
    }

    fn value(&mut self, element: &str, name: &str) -> &'a str {
        let rest = self.rest();
        let quote = rest.chars().next().filter(|letter| matches!(letter, '"' | '\''));
        let value = match quote {
            Some(quote) => {
                self.at += 1;
                let length = self.rest().find(quote).unwrap_or(self.rest().len());
                self.rest().get(..length).unwrap_or_default()
            }
            None => rest
                .get(..rest.find([' ', '\t', '\n', '\r', '\u{c}', '>']).unwrap_or(rest.len()))
                .unwrap_or_default(),
        };
        if value.contains(self.word) {
            let kind = self.kind(element, name, value);
            self.add(Context::Attribute { quote, kind });
        }
        self.at += value.len() + usize::from(quote.is_some());
        self.at = self.at.min(self.html.len());
        value
    }

    fn kind(&self, element: &str, name: &str, value: &str) -> Value {
        if is_handler(element, name) {
            return Value::Script(in_script(&unescaped(value), self.word));
        }
        if takes_script_url(element, name) {
            if value.trim_start().starts_with(self.word) {
                return Value::Url;
            }
            if let Some(script) = script_of_url(&unescaped(value)) {
                return Value::Script(in_script(&script, self.word));
            }
        }
        match (element, name) {
            ("iframe", "srcdoc") => Value::Page,
            ("script", "src") | ("base", "href") => {
                let start = value.trim_start().split(self.word).next().unwrap_or_default();
                match start {
                    "" => Value::Loaded,
                    "//" | "http://" | "https://" => Value::Host,
                    _ => Value::Plain,
                }
            }
            _ => Value::Plain,
        }
    }

    fn raw(&mut self, element: &str, kind: Option<&str>) {
        let rest = self.rest();
        let end = format!("</{element}");
        let length = rest.find(&end).unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or_default();
        let is_script = element == "script"
            && kind.is_none_or(|kind| {
                kind.is_empty()
                    || kind == "module"
                    || kind.contains("javascript")
                    || kind.contains("ecmascript")
            });
        if text.contains(self.word) {
            if is_script {
                let script = Script::read(text);
                for (at, _) in text.match_indices(self.word) {
                    self.add(Context::Script(place(&script, at)));
                }
            } else {
                self.add(Context::Raw(element.to_owned()));
            }
        }
        self.at += length;
    }
}

fn in_script(script: &str, word: &str) -> InScript {
    let read = Script::read(script);
    script.find(word).map_or(InScript::Code, |at| place(&read, at))
}

fn place(script: &Script<'_>, at: usize) -> InScript {
    match script.at(at) {
        Some(Piece::Text(quote)) => InScript::Text(*quote),
        Some(Piece::Template) => InScript::Template,
        Some(Piece::LineComment) => InScript::LineComment,
        Some(Piece::BlockComment) => InScript::BlockComment,
        Some(Piece::Pattern) => InScript::Pattern,
        _ => InScript::Code,
    }
}

fn unescaped(value: &str) -> String {
    value
        .replace("&#39;", "'")
        .replace("&apos;", "'")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart() {
        let quoted = |quote, kind| Context::Attribute { quote, kind };
        for (html, wanted) in [
            ("<p>zq1</p>", Context::Text),
            ("<p title=zq1>", quoted(None, Value::Plain)),
            ("<P TITLE='a ZQ1'>", quoted(Some('\''), Value::Plain)),
            ("<a href=\"zq1\">", quoted(Some('"'), Value::Url)),
            ("<script src=zq1></script>", quoted(None, Value::Loaded)),
            ("<script src='//zq1/a.js'></script>", quoted(Some('\''), Value::Host)),
            ("<base href=zq1>", quoted(None, Value::Loaded)),
            ("<script src='//cdn.test/zq1'></script>", quoted(Some('\''), Value::Plain)),
            ("<a href=\"/x?zq1\">", quoted(Some('"'), Value::Plain)),
            ("<a href=\"javascript:f('zq1')\">", quoted(Some('"'), Value::Script(InScript::Text('\'')))),
            ("<b onclick='f(&quot;zq1&quot;)'>", quoted(Some('\''), Value::Script(InScript::Text('"')))),
            ("<!-- zq1 -->", Context::Comment),
            ("<title>a zq1</title>", Context::Raw("title".into())),
            ("<script>var a='zq1'</script>", Context::Script(InScript::Text('\''))),
            ("<script>var a=`zq1`</script>", Context::Script(InScript::Template)),
            ("<script>var a=zq1;</script>", Context::Script(InScript::Code)),
            ("<script>// zq1\n</script>", Context::Script(InScript::LineComment)),
            ("<script type='text/template'>zq1</script>", Context::Raw("script".into())),
            ("<div zq1=1>", Context::Tag),
            ("<zq1>", Context::Text),
        ] {
            let found = contexts(html, "zq1");
            if html != "<zq1>" {
                assert_eq!(found, [wanted], "{html}");
            }
        }
        assert_eq!(contexts("<p>zq1<p title=zq1>zq1<!--zq1", "zq1").len(), 3);
        assert!(contexts("<p>nothing <b", "zq1").is_empty());
    }
}
