//! Values that become part of a server-side template.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::computed::{self, Attempt, products, shows};
use super::facts::facts;
use super::marks::Marks;
use crate::checks::{About, Bench, Check, Entry};
use crate::point::Point;
use crate::proof::Expect;

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
    "{v}}}{{{a}*{b}}}{{",
    "{v}}}{{{a}*{b}}}{{{v}",
    "{v} ~ {a}*{b}",
    "{v}'}}{{{a}*{b}}}{{'",
    "{v}\"}}{{{a}*{b}}}{{\"",
    "{v}%}{{{a}*{b}}}{%",
    "{v}}${{a}*{b}}",
    "{v}[[${{a}*{b}}]]",
    "{v}{{={a}*{b}}}",
    "{v}{% print({a}*{b}) %}",
    "{v}${=${{a}*{b}}}",
    "{v}\n= {a}*{b}\n",
    "{v}~{{a}*{b}}",
    "{v}*{{a}*{b}}",
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
}

/// What needs no arithmetic: sections of Mustache and Handlebars, `add` of Django, `printf` of Go.
fn without_arithmetic(marks: &Marks, value: &str) -> Vec<Attempt> {
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
    let printed = Attempt {
        payload: format!("{value}{{{{printf \"%d%d\" {a} {b}}}}}"),
        control: format!("{value}{{{{printf \"%d%d\" {b} {a}}}}}"),
        expect: shows(&format!("{a}{b}")),
    };
    vec![
        Attempt { payload: section, control: other, expect: Expect::Body(format!("{token}a{a}{token}")) },
        sum,
        printed,
    ]
}

/// The beginnings of all that engines look for, none of which ends a text.
const OPENINGS: &str = "{{7*7}}${7*7}<%= 7*7 %>#{7*7}{7*7}@(7*7)[[${7*7}]]{{=7*7}}{%7*7%}~{7*7}*{7*7}{{{7*7}}}#set($zq=7*7){{#zqs}}{{/zqs}}";

/// Whether everything that begins an expression for some engine comes back as it was put in: then no engine reads it.
async fn is_text(bench: &Bench<'_>, entry: &Entry, (point, value): (&Point, &str)) -> bool {
    let token = Marks::of(entry, point).token;
    let text = format!("{value}{token}{OPENINGS}{token}");
    let Ok(answer) = bench.send_of(entry, &entry.request.with(point, &text)).await else { return true };
    let plain = |text: &str| {
        let text = ["&lt;", "&gt;", "&#60;", "&#62;", "&#x3C;", "&#x3E;", "&quot;", "&#123;", "&#125;"]
            .iter()
            .zip(["<", ">", "<", ">", "<", ">", "\"", "{", "}"])
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        text.replace(char::is_whitespace, "")
    };
    plain(answer.text()).contains(&plain(&format!("{token}{OPENINGS}{token}")))
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(known) = facts(bench, entry, point).await else { return };
    if known.is_route(point)
        || known.is_settled()
        || !(known.echoes
            || known.errors.contains(&super::messages::Family::Template)
            || (known.matters && known.breaks))
    {
        return;
    }
    let marks = Marks::of(entry, point);
    let value = if known.prefix.is_empty() { "" } else { point.value.as_str() };
    if known.echoes && !known.breaks && known.errors.is_empty() && is_text(bench, entry, (point, value)).await
    {
        return;
    }
    let mut list: Vec<Attempt> = SHOWN.iter().map(|template| products(template, &marks, value)).collect();
    list.splice(7..7, without_arithmetic(&marks, value));
    if let Some((payload, proof)) = computed::prove_first(bench, entry, point, &list).await {
        known.settle();
        bench.report_at(990_005, entry, Some((point, &payload)), proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    /// Executes products between two signs, as engines do.
    fn engine(text: &str, open: &str, close: &str) -> String {
        let pattern = format!(r"{}\s*(\d+)\s*\*\s*(\d+)\s*{}", regex::escape(open), regex::escape(close));
        let regex = regex::Regex::new(&pattern).unwrap();
        let product = |found: &regex::Captures<'_>| {
            (found[1].parse::<u64>().unwrap() * found[2].parse::<u64>().unwrap()).to_string()
        };
        regex.replace_all(text, product).replace('<', "&lt;")
    }

    fn answer(asked: &Asked) -> Answer {
        let name = asked.field("name");
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
            "/stripped" => {
                regex::Regex::new(r"\{\{.*?\}\}").unwrap().replace_all(&name, "").replace('<', "&lt;")
            }
            _ => format!("<p>{}</p>", name.replace('<', "&lt;")),
        })
    }

    #[tokio::test]
    async fn engines_are_found_and_echoes_are_not() {
        let server = serve(answer).await;
        for path in ["/braces", "/dollar", "/erb", "/smarty", "/razor", "/sections"] {
            let found = scan(&Template, server, &format!("{path}?name=you")).await;
            assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), [990_005], "{path}");
        }
        for path in ["/echo", "/stripped"] {
            assert!(scan(&Template, server, &format!("{path}?name=you")).await.is_empty(), "{path}");
        }
    }
}
