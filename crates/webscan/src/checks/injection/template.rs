//! Values that become part of a server-side template.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::choice::{CONDITIONS, Choice};
use super::computed::{self, Attempt, products, shows};
use super::facts::{Facts, facts};
use super::marks::Marks;
use super::missing::missing;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Request;
use crate::point::{Place, Point};
use crate::proof::{Control, Expect, Proof, Replay, Seen, Step};

/// See [`About`].
pub(super) struct Template;

static ABOUT: About = About {
    name: "template-injection",
    qids: &[990_005],
    means: "A value becomes part of a template instead of being handed to it, so that the template engine executes it.",
    matters: "Most template engines let a template reach objects of the application, many of them the operating system: the \
              sender of the request reads secrets or runs code on the server.",
    remedy: "Keep templates in files and give them values as variables. Where users write templates, use an engine without \
             logic in a process without rights.",
    technique: "A multiplication is put in, in the syntax of each family of template engines, in text and out of an \
                expression. The product must be shown; the same with another sign between the factors must not show it.",
    source: "CWE-1336",
};

const SHOWN: &[&str] = &[
    "{v}{{{a}*{b}}}",
    "{v}${{a}*{b}}",
    "{v}<%= {a}*{b} %>",
    "{v}#{{a}*{b}}",
    "{v}{{a}*{b}}",
    "{v}@({a}*{b})",
    "{v}#set($zq={a}*{b})${zq}",
    "{v}{{{a}|times:{b}}}",
    "{v}[[${{a}*{b}}]]",
    "{v}{{={a}*{b}}}",
    "{v}{% print({a}*{b}) %}",
    "{v}${=${{a}*{b}}}",
    "{v}\n= {a}*{b}\n",
    "{v}~{{a}*{b}}",
    "{v}*{{a}*{b}}",
];

/// The same where the value stands within an expression, a string of it, a tag or a comment; `{v}` is always the usual value.
const WITHIN: &[&str] = &[
    "{v} ~ {a}*{b}",
    "{v}}}{{{a}*{b}}} {{1",
    "{v}}}{{{a}*{b}}}{{{v}",
    "{v}'}}{{{a}*{b}}}{{'",
    "{v}\"}}{{{a}*{b}}}{{\"",
    "{v}')}}{{{a}*{b}}}{{('",
    "{v}\")}}{{{a}*{b}}}{{(\"",
    "{v}}}{{{a}|times:{b}}} {{1",
    "{v}%}{{{a}*{b}}}{%set zq={v}",
    "{v}'%}{{{a}*{b}}}{%set zq='",
    "{v}\"%}{{{a}*{b}}}{%set zq=\"",
    "{v}}${{a}*{b}}",
    "{v}'}${{a}*{b}}${'",
    "{v}\"}${{a}*{b}}${\"",
    "{v}%><%={a}*{b}%><%={v}",
    "{v}#}{{{a}*{b}}}{#",
    "{v}}{{a}*{b}}{",
    "{v}\")${zq}#set($zq={a}*{b})${zq}#set($zr=\"",
];

/// What the first families read at once, none of which minds the others.
const STORED: &str = "{{{a}*{b}}}${{a}*{b}}<%= {a}*{b} %>#{{a}*{b}}";

/// Conditions whose failure is an error of the engine, where nothing that it makes is shown.
const FAILING: &[&str] = &[
    "{v}{{({c}) or zq()}}",
    "{v}{{1/({c})}}",
    "{v}${({c}) or zq()}",
    "{v}<%=({c})||zq()%>",
    "{v}${1/(({c})?1:0)}",
    "{v}#{({c})||zq()}",
];

impl Check for Template {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        Some(probe(bench, entry, point).boxed())
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        let missing_pages = async {
            for (entry, point) in missing(bench).await.iter() {
                probe(bench, entry, point).await;
            }
        };
        Some(missing_pages.boxed())
    }
}

/// What needs no arithmetic: sections of Mustache and Handlebars, `add` of Django, `printf` of Go.
fn without_arithmetic(marks: &Marks, value: &str, usual: &str) -> Vec<Attempt> {
    let (a, b) = marks.factors;
    let token = &marks.token;
    let section = format!(
        "{value}{token}{{{{^{token}}}}}a{a}{{{{/{token}}}}}{{{{#{token}}}}}b{b}{{{{/{token}}}}}{token}"
    );
    let other = section.replacen('^', "!", 1);
    let sum = Attempt {
        payload: format!("{value}{{{{{a}|add:{b}}}}}"),
        control: format!("{value}{{{{{a}|add:{a}}}}}"),
        expect: shows(&(a + b).to_string()),
    };
    // Filters take away signs of arithmetic, but hardly all of them.
    let (most, least) = (a.max(b), a.min(b));
    let differences = [("{{", "}}"), ("${", "}"), ("<%=", "%>"), ("#{", "}")].map(|(open, close)| Attempt {
        payload: format!("{value}{open}{most}-{least}{close}"),
        control: format!("{value}{open}{most}-0{close}"),
        expect: shows(&(most - least).to_string()),
    });
    // Formats of Python reach the attributes of what they are given.
    let class = |name: &str| Attempt {
        payload: format!("{value}{{{name}.__class__.__mro__}}"),
        control: format!("{value}{{{name}.__klass__.__mro__}}"),
        expect: Expect::BodyMatches(
            r"(?:<|&lt;)class (?:'|&#39;|&#x27;|&apos;)object(?:'|&#39;|&#x27;|&apos;)(?:>|&gt;)".to_owned(),
        ),
    };
    let formats: Vec<Attempt> = named(usual).into_iter().chain(["0", "user", "self"]).map(class).collect();
    let printed = Attempt {
        // What takes blanks away would join the numbers by itself: the word between them comes from the format.
        payload: format!("{value}{{{{printf \"%d{token}%d\" {a} {b}}}}}"),
        control: format!("{value}{{{{printf \"%d{token}%d\" {b} {a}}}}}"),
        expect: shows(&format!("{a}{token}{b}")),
    };
    let joined = Attempt {
        payload: format!("{value}}}}}{{{{{a}|add:{b}}}}} {{{{1"),
        control: format!("{value}}}}}{{{{{a}|add:{a}}}}} {{{{1"),
        expect: sum.expect.clone(),
    };
    let inverted = format!("{value}}}}}{token}{{{{^{token}}}}}a{a}{{{{/{token}}}}}{token}{{{{{value}");
    let inside = Attempt {
        control: inverted.replacen('^', "#", 1),
        payload: inverted,
        expect: Expect::Body(format!("{token}a{a}{token}")),
    };
    let mut all = vec![
        Attempt { payload: section, control: other, expect: Expect::Body(format!("{token}a{a}{token}")) },
        sum,
        printed,
        joined,
        inside,
    ];
    all.extend(differences);
    all.extend(formats);
    all
}

/// A name between single braces in a value, as formats have it.
fn named(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once('{')?;
    let (name, _) = rest.split_once('}')?;
    let name = name.split([':', '!', '.', '[']).next().unwrap_or_default();
    let is_name =
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_name.then_some(name)
}

/// The beginnings of all that engines look for, none of which ends a text.
const OPENINGS: &str = "#}{{7*7}}${7*7}<%= 7*7 %>#{7*7}{7*7}@(7*7)[[${7*7}]]{{=7*7}}{%7*7%}~{7*7}*{7*7}{{{7*7}}}#set($zq=7*7){{#zqs}}{{/zqs}}";

/// What a request with the beginnings of all expressions tells.
enum Sign {
    /// They come back as they were put in, or nothing is other than with a plain word: no engine reads them.
    Text,
    /// They come back changed, or the answer is another one.
    Other,
}

async fn sign(bench: &Bench<'_>, entry: &Entry, (point, known): (&Point, &Facts), value: &str) -> Sign {
    let token = Marks::of(entry, point).token;
    let text = format!("{value}{token}{OPENINGS}{token}");
    let Ok(answer) = bench.send_of(entry, &entry.request.with(point, &text)).await else { return Sign::Text };
    if !known.echoes {
        return if known.says_nothing(point, &answer, &text) { Sign::Text } else { Sign::Other };
    }
    let plain = |text: &str| {
        let text = ["&lt;", "&gt;", "&#60;", "&#62;", "&#x3C;", "&#x3E;", "&quot;", "&#123;", "&#125;"]
            .iter()
            .zip(["<", ">", "<", ">", "<", ">", "\"", "{", "}"])
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        text.replace(char::is_whitespace, "")
    };
    let (shown, wanted) = (plain(answer.text()), plain(OPENINGS));
    // Wherever it is shown: an engine takes something away, encodings add to it.
    let is_whole = shown.split(token.as_str()).skip(1).step_by(2).all(|part| part.len() >= wanted.len());
    if is_whole && shown.contains(&format!("{token}{wanted}{token}")) { Sign::Text } else { Sign::Other }
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(known) = facts(bench, entry, point).await else { return };
    if known.is_route() || known.is_settled() {
        return;
    }
    let marks = Marks::of(entry, point);
    let value = if known.echoes && known.prefix.is_empty() { "" } else { point.value.as_str() };
    let has_message = known.errors.contains(&super::messages::Family::Template);
    // Within an expression, the name of what is shown stands: no other name is better than what breaks out.
    let is_name = !known.echoes && known.matters && !known.breaks && is_name(&point.value);
    if is_name {
        let joins = |attempt: &Attempt| {
            ["}", "%"].iter().any(|end| attempt.payload.starts_with(&format!("{}{end}", point.value)))
        };
        let mut list = without_arithmetic(&marks, &point.value, &point.value);
        list.extend(WITHIN.iter().map(|template| products(template, &marks, &point.value)));
        list.retain(joins);
        if let Some((payload, proof)) = computed::prove_first(bench, entry, point, &list).await {
            known.settle();
            return bench.report_at(990_005, entry, Some((point, &payload)), proof);
        }
    }
    let is_within = known.breaks || has_message;
    if !is_within || !(known.echoes || has_message || known.matters) {
        // Headers and segments of the path are left alone where they show nothing.
        let is_far = matches!(point.place, Place::Header | Place::Path(_)) || point.is_name();
        let is_told = known.echoes || !is_far;
        if !is_told || matches!(sign(bench, entry, (point, &known), value).await, Sign::Text) {
            return;
        }
    }
    let mut list: Vec<Attempt> = SHOWN.iter().map(|template| products(template, &marks, value)).collect();
    list.splice(7..7, without_arithmetic(&marks, value, &point.value));
    list.extend(WITHIN.iter().map(|template| products(template, &marks, &point.value)));
    let mut found = computed::prove_first(bench, entry, point, &list).await;
    if found.is_none() && !known.echoes {
        found = by_failure(bench, entry, (point, &known)).await;
    }
    if let Some((payload, proof)) = found {
        known.settle();
        bench.report_at(990_005, entry, Some((point, &payload)), proof);
    }
}

/// What is stored, and becomes part of a template on another page: expressions of all families at once, then one by one.
pub(super) async fn by_view(bench: &Bench<'_>, entry: &Entry, point: &Point, view: &Request) -> bool {
    if bench.sink.has_at(&[990_005], &entry.request.url.path, &point.name) || point.place == Place::Header {
        return false;
    }
    let marks = Marks::of(entry, point);
    let shows = async |attempt: &Attempt| {
        let attack = entry.request.with(point, &attempt.payload);
        bench.send_of(entry, &attack).await.ok()?;
        let response = bench.send(view).await.ok()?;
        attempt.expect.find(&Seen { response, ..Seen::default() })
    };
    if shows(&products(STORED, &marks, "")).await.is_none() {
        return false;
    }
    for template in SHOWN.iter().take(4).chain([&STORED]) {
        let attempt = products(template, &marks, "");
        if shows(&attempt).await.is_none() {
            continue;
        }
        let steps = |payload: &str| {
            let mut steps = entry.steps(entry.request.with(point, payload));
            steps.push(Step::new(view.clone()));
            steps
        };
        let replay = Replay {
            steps: steps(&attempt.payload),
            expect: attempt.expect.clone(),
            control: Control::Requests(steps(&attempt.control)),
            rounds: 1,
        };
        if let Ok(proof) = bench.prove(replay).await {
            bench.report_at(990_005, entry, Some((point, &attempt.payload)), proof);
            return true;
        }
    }
    false
}

/// Whether a value could be the name of something that a template is given.
fn is_name(value: &str) -> bool {
    value.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && value.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'))
}

/// Where nothing is shown: a condition that fails is answered otherwise than one that holds.
async fn by_failure(
    bench: &Bench<'_>,
    entry: &Entry,
    (point, known): (&Point, &Facts),
) -> Option<(String, Proof)> {
    for template in FAILING {
        let choice = Choice::of(CONDITIONS, |condition| {
            let value = template.replace("{c}", condition).replace("{v}", &point.value);
            (entry.request.with(point, &value), value)
        });
        // What holds is answered as a plain word is.
        let [_, (request, put)] = &choice.no;
        let answer = bench.send_of(entry, request).await.ok()?;
        if known.says_nothing(point, &answer, put) {
            continue;
        }
        if let Some(found) = choice.prove(bench, entry).await {
            return Some(found);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::injection::xss::StoredXss;
    use crate::http::{Body, Method, Target};
    use crate::testing::{Answer, Asked, Extras, scan, scan_with, serve};

    /// Executes products between two signs, as engines do.
    fn engine(text: &str, open: &str, close: &str) -> String {
        let pattern = format!(r"{}\s*(\d+)\s*\*\s*(\d+)\s*{}", regex::escape(open), regex::escape(close));
        let regex = regex::Regex::new(&pattern).unwrap();
        let product = |found: &regex::Captures<'_>| {
            (found[1].parse::<u64>().unwrap() * found[2].parse::<u64>().unwrap()).to_string()
        };
        regex.replace_all(text, product).replace('<', "&lt;")
    }

    /// Shows what is named between braces, as a template does that has a user; none where it is not well-formed.
    fn named(text: &str) -> Option<String> {
        let expression = regex::Regex::new(r"\{\{(.*?)\}\}").unwrap();
        let mut shown = String::new();
        let mut at = 0;
        for found in expression.captures_iter(text) {
            let whole = found.get(0)?;
            shown += text.get(at..whole.start())?;
            at = whole.end();
            shown += &match found[1].trim() {
                "user" => "Ann".to_owned(),
                number if number.parse::<u64>().is_ok() => number.to_owned(),
                product => {
                    let (a, b) = product.split_once('*')?;
                    (a.parse::<u64>().ok()? * b.parse::<u64>().ok()?).to_string()
                }
            };
        }
        Some(shown + text.get(at..)?)
    }

    /// Whether a template that is sent by mail works: braces have a condition that holds, or nothing that is called.
    fn is_sent(text: &str) -> bool {
        let condition = regex::Regex::new(r"\{\{\((\d+)([<>])(\d+)\) or zq\(\)\}\}").unwrap();
        let Some(found) = condition.captures(text) else { return !text.contains("{{") };
        let (a, b): (u64, u64) = (found[1].parse().unwrap(), found[3].parse().unwrap());
        if &found[2] == "<" { a < b } else { a > b }
    }

    fn answer(asked: &Asked) -> Answer {
        let name = asked.field("name");
        if asked.path == "/mailed" {
            return if is_sent(&name) { Answer::html("It is sent") } else { Answer::status(500) };
        }
        Answer::html(match asked.path.as_str() {
            "/braces" => engine(&format!("Dear {name}"), "{{", "}}"),
            "/dollar" => engine(&format!("Dear {name}"), "${", "}"),
            "/erb" => engine(&format!("Dear {name}"), "<%=", "%>"),
            "/smarty" => engine(&format!("Dear {name}"), "{", "}"),
            "/razor" => engine(&format!("Dear {name}"), "@(", ")"),
            "/sections" => {
                let inverted = regex::Regex::new(r"\{\{\^(\w+)\}\}(.*?)\{\{/\w+\}\}").unwrap();
                let shown = regex::Regex::new(r"\{\{#(\w+)\}\}(.*?)\{\{/\w+\}\}").unwrap();
                let once = inverted.replace_all(&name, "$2").into_owned();
                shown.replace_all(&once, "").replace('<', "&lt;")
            }
            "/within" => {
                named(&format!("Dear {{{{ {name} }}}}")).unwrap_or_else(|| "It is broken".to_owned())
            }
            // A format of Python with one name in it.
            "/format" => {
                let shown = name.replace("{user.__class__.__mro__}", "(<class 'dict'>, <class 'object'>)");
                if shown.contains('{') { "KeyError".to_owned() } else { shown }
            }
            "/no-product" => {
                let minus = regex::Regex::new(r"\{\{(\d+)-(\d+)\}\}").unwrap();
                let difference = |found: &regex::Captures<'_>| {
                    (found[1].parse::<u64>().unwrap() - found[2].parse::<u64>().unwrap()).to_string()
                };
                minus
                    .replace_all(&name.replace(['*', '|', '"'], ""), difference)
                    .replace('<', "&lt;")
                    .replace("{{", "")
            }
            "/braces-refused" => if name.contains("{{") { "No" } else { "Thank you" }.to_owned(),
            "/liquid" => {
                let filter = regex::Regex::new(r"\{\{(\d+)\|times:(\d+)\}\}").unwrap();
                let product = |found: &regex::Captures<'_>| {
                    (found[1].parse::<u64>().unwrap() * found[2].parse::<u64>().unwrap()).to_string()
                };
                filter.replace_all(&name, product).replace("{{", "").replace('<', "&lt;")
            }
            // Blanks are taken away, and quotes: numbers stand beside each other then.
            "/no-blanks" => name.replace([' ', '"'], "").replace('<', "&lt;"),
            "/stripped" => {
                regex::Regex::new(r"\{\{.*?\}\}").unwrap().replace_all(&name, "").replace('<', "&lt;")
            }
            _ => format!("<p>{}</p>", name.replace('<', "&lt;")),
        })
    }

    #[tokio::test]
    async fn what_is_stored_is_read_on_the_page_that_shows_it() {
        let stored = parking_lot::Mutex::new(String::new());
        let server = serve(move |asked: &Asked| match asked.path.as_str() {
            "/save" => {
                *stored.lock() = asked.field("name");
                Answer::html("It is saved")
            }
            "/engine" => Answer::html(engine(&stored.lock(), "{{", "}}")),
            _ => Answer::html(stored.lock().replace('<', "&lt;")),
        })
        .await;
        for (path, wanted) in [("/engine", 1), ("/text", 0)] {
            let get = |path: &str| Request::get(Target::parse(&format!("http://{server}{path}")).unwrap());
            let body = Body::Form(vec![("name".into(), "you".into())]);
            let save = Request { method: Method::Post, body, ..get("/save") };
            let requests = vec![save, get(path)];
            let (found, _) = scan_with(&StoredXss, requests, Extras::default()).await;
            let templates = found.iter().filter(|found| found.qid == 990_005);
            assert_eq!(templates.count(), wanted, "{path}: {found:?}");
        }
    }

    #[tokio::test]
    async fn engines_are_found_and_echoes_are_not() {
        let server = serve(answer).await;
        let paths = [
            "/braces",
            "/dollar",
            "/erb",
            "/smarty",
            "/razor",
            "/sections",
            "/liquid",
            "/within",
            "/mailed",
            "/format",
            "/no-product",
        ];
        for path in paths {
            let found = scan(&Template, server, &format!("{path}?name=user")).await;
            assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), [990_005], "{path}");
        }
        for path in ["/echo", "/stripped", "/no-blanks", "/braces-refused"] {
            assert!(scan(&Template, server, &format!("{path}?name=you")).await.is_empty(), "{path}");
        }
    }
}
