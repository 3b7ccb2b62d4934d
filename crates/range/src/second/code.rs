//! Commands and templates in other positions.

use std::collections::BTreeMap;

use super::HALF;
use crate::case::Place::{
    Cookie, Form, Graphql, Header, Json, Multipart, Path, PathMiddle, Query, QueryForm, Xml,
};
use crate::case::{Case, Family, Hit};
use crate::engine::expr::{Flavor, Value, evaluate};
use crate::engine::shell;
use crate::engine::template::{Engine, render};
use crate::filter::{Filter, html};
use crate::http::Reply;
use crate::proof::{Proof, shows};
use crate::world::World;

fn run(line: &'static str, shown: bool) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        let out = shell::run(&w.shell_directory(), &line.replace("{v}", &h.value));
        if shown {
            Reply::html(format!("<pre>{}</pre>", html(&out)))
        } else {
            Reply::html("<p>Your request was passed on.</p>")
        }
    }
}

pub(super) fn command() -> Vec<Case> {
    let mut f = Family::new("command", HALF, &[150055], &[78, 77]);
    f.sample("report");
    let computed = |value: &str| shows(value, "7070707");
    let delay = |value: &str| Proof::Delays(value.to_owned());
    f.bad(
        "middle-argument",
        Query("name"),
        "the value is the first of two arguments",
        computed("x;expr 7070700 + 7;echo"),
        run("echo {v} --format text", true),
    );
    f.bad(
        "redirected-error",
        QueryForm("name"),
        "errors go nowhere, the output is shown",
        computed("x;expr 7070700 + 7 #"),
        run("ls {v} 2>/dev/null", true),
    );
    f.bad(
        "pipe",
        Form("pattern"),
        "the value is a pattern for a filter behind a pipe",
        computed("x;expr 7070700 + 7"),
        run("echo nothing | grep {v}", true),
    );
    f.bad(
        "single-quoted-pattern",
        Form("pattern"),
        "the same in single quotes",
        computed("x';expr 7070700 + 7;'"),
        run("echo nothing | grep '{v}'", true),
    );
    f.bad(
        "environment",
        Header("X-Build"),
        "the value becomes a variable",
        computed("x;expr 7070700 + 7"),
        run("BUILD={v}; echo built $BUILD", true),
    );
    f.bad(
        "path-segment",
        Path,
        "the last segment of the path",
        computed("x;expr 7070700 + 7"),
        run("echo opening {v}", true),
    );
    f.bad(
        "path-middle",
        PathMiddle,
        "a segment within the path",
        computed("x|expr 7070700 + 7"),
        run("echo opening {v}", true),
    );
    f.bad(
        "xml",
        Xml("host"),
        "an element of an XML body",
        computed("x&&expr 7070700 + 7"),
        run("echo checking {v}", true),
    );
    f.bad(
        "graphql",
        Graphql("host"),
        "a variable of GraphQL",
        computed("x||expr 7070700 + 7;expr 7070700 + 7"),
        run("echo checking {v}", true),
    );
    f.bad(
        "multipart",
        Multipart("title"),
        "a field of a multipart form",
        computed("$(expr 7070700 + 7)"),
        run("echo \"title: {v}\"", true),
    );
    f.bad(
        "blind-json",
        Json("convert.size"),
        "the output is not shown",
        delay("1;sleep {s}"),
        run("echo convert -resize {v} > /dev/null", false),
    )
    .sample("100");
    f.bad(
        "blind-cookie",
        Cookie("printer"),
        "the output is not shown",
        delay("x`sleep {s}`"),
        run("echo \"{v}\" > /dev/null", false),
    );
    f.bad(
        "blind-substitution",
        Query("to"),
        "semicolons and pipes are refused, substitution is not",
        delay("x$(sleep {s})"),
        run("echo {v} > /dev/null", false),
    )
    .filter(Filter::Refuse(&[";", "|", "&", "\n"]));
    f.bad(
        "known-commands",
        Query("name"),
        "the usual commands are refused by name, others are not",
        computed("x;expr 7070700 + 7"),
        run("echo {v}", true),
    )
    .filter(Filter::Refuse(&["cat", "ls", "id", "whoami", "echo", "sleep", "ping", "wget", "curl"]));
    f.bad(
        "length",
        Query("name"),
        "only 22 characters fit",
        computed("x;expr 7070700 + 7"),
        run("echo {v}", true),
    )
    .filter(Filter::Longest(22));
    f.bad(
        "suffix",
        Query("report"),
        "an extension is added",
        computed("x;expr 7070700 + 7;"),
        run("echo reading {v}.txt", true),
    );
    f.bad(
        "token-form",
        Form("host"),
        "within a session and with the form's token",
        computed("x;expr 7070700 + 7"),
        run("echo {v}", true),
    )
    .session()
    .token();
    f.bad(
        "evaluated",
        Query("sum"),
        "the value is evaluated as code of the application's language",
        shows("7070700+7", "7070707"),
        |_, h| match evaluate(&h.value, &BTreeMap::new(), Flavor::Script) {
            Ok(value) => Reply::html(format!("<p>Result: {}</p>", html(&value.show()))),
            Err(error) => Reply::html(format!("<p>Parse error: {}</p>", html(&error))).with_status(500),
        },
    )
    .qids(&[150055])
    .cwe(&[94, 95, 78, 1336])
    .sample("12");
    f.good(
        "argument-list",
        Form("pattern"),
        "the program is started with a list of arguments",
        computed("x';expr 7070700 + 7;'"),
        |_, h| {
            let ran = std::process::Command::new("/bin/echo").arg(&h.value).output();
            Reply::html(format!(
                "<pre>{}</pre>",
                html(&ran.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default())
            ))
        },
    );
    f.good(
        "variable",
        Query("name"),
        "the value is put into a variable by quoting it, and used in double quotes",
        computed("$(expr 7070700 + 7)"),
        |w, h| {
            let quoted = h.value.replace('\'', "'\\''");
            Reply::html(format!(
                "<pre>{}</pre>",
                html(&shell::run(&w.shell_directory(), &format!("NAME='{quoted}'; echo \"name: $NAME\"")))
            ))
        },
    );
    f.good(
        "number",
        Json("convert.size"),
        "only digits are taken",
        delay("1;sleep {s}"),
        run("echo convert -resize {v} > /dev/null", false),
    )
    .filter(Filter::Digits)
    .sample("100");
    f.good(
        "word-cookie",
        Cookie("printer"),
        "other characters than letters and digits are refused",
        delay("x`sleep {s}`"),
        run("echo \"{v}\" > /dev/null", false),
    )
    .filter(Filter::Word);
    f.good(
        "slow-report",
        Query("report"),
        "the report takes a second by itself; the value is only compared",
        delay("x;sleep {s}"),
        |_, h| {
            std::thread::sleep(std::time::Duration::from_millis(400));
            Reply::html(if h.value == "report" { "<p>Report.</p>" } else { "<p>No such report.</p>" })
        },
    );
    f.good(
        "sum-read",
        Query("sum"),
        "only sums of numbers are read, and nothing is evaluated",
        shows("7070700*1+7", "7070707"),
        |_, h| {
            let sum: Option<u64> = h.value.split('+').map(|part| part.trim().parse::<u64>().ok()).sum();
            Reply::html(format!(
                "<p>{}</p>",
                sum.map_or_else(|| "That is no sum.".to_owned(), |sum| sum.to_string())
            ))
        },
    )
    .cwe(&[94, 95, 78, 1336])
    .sample("12");
    f.cases()
}

fn names(extra: Option<&str>) -> BTreeMap<String, Value> {
    let mut names = BTreeMap::from([
        ("order".to_owned(), Value::Number(17.0)),
        ("site".to_owned(), Value::Text("Shop".to_owned())),
    ]);
    names.extend(extra.map(|value| ("value".to_owned(), Value::Text(value.to_owned()))));
    names
}

fn template(
    engine: Engine,
    text: &'static str,
    errors: bool,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match render(engine, &text.replace("{v}", &h.value), &names(None)) {
        Ok(page) => Reply::html(format!("<div>{}</div>", html(&page))),
        Err(error) if errors => Reply::html(format!("<pre>{}</pre>", html(&error))).with_status(500),
        Err(_) => crate::page::quiet(),
    }
}

pub(super) fn templates() -> Vec<Case> {
    let mut f = Family::new("ssti", HALF, &[], &[1336, 94, 95]);
    f.sample("Welcome");
    let product = |value: &str| shows(value, "6120006");
    f.bad(
        "dot",
        Query("title"),
        "the value is a part of a doT template",
        product("{{=2474*2473+1804}}"),
        template(Engine::Dot, "<h1>{v}</h1>", true),
    );
    f.bad(
        "erb-quiet",
        Form("title"),
        "the value is a part of an ERB template, without errors",
        product("<%= 2474*2473+1804 %>"),
        template(Engine::Erb, "Title: {v}", false),
    );
    f.bad(
        "thymeleaf-selection",
        Query("title"),
        "the value is a part of a Thymeleaf template",
        product("*{2474*2473+1804}"),
        template(Engine::Thymeleaf, "Title: {v}", true),
    );
    f.bad(
        "freemarker-string",
        QueryForm("title"),
        "the value stands in a text within an expression",
        product("x\"}${2474*2473+1804}${\""),
        template(Engine::Freemarker, "Title: ${\"{v}\"}", true),
    );
    f.bad(
        "twig-string",
        Query("title"),
        "the value stands in a text within an expression of Twig",
        product("x' ~ (2474*2473+1804) ~ '"),
        |_, h| match render(Engine::Twig, &format!("Title: {{{{ '{}' }}}}", h.value), &names(None)) {
            Ok(page) => Reply::html(html(&page)),
            Err(error) => Reply::html(format!("<pre>{}</pre>", html(&error))).with_status(500),
        },
    );
    f.bad(
        "jinja-json",
        Json("mail.subject"),
        "a member of a JSON body is a part of a Jinja template",
        product("{{2474*2473+1804}}"),
        template(Engine::Jinja, "Subject: {v}", false),
    );
    f.bad(
        "jinja-header",
        Header("X-Shop"),
        "a header is a part of a Jinja template",
        product("{{2474*2473+1804}}"),
        template(Engine::Jinja, "Shop {v}", false),
    );
    f.bad(
        "velocity-path",
        Path,
        "the path is a part of a Velocity template",
        product("#set($a=2474*2473+1804)${a}"),
        template(Engine::Velocity, "Page {v}", true),
    );
    f.bad(
        "razor-cookie",
        Cookie("greeting"),
        "a cookie is a part of a Razor template",
        product("@(2474*2473+1804)"),
        template(Engine::Razor, "{v}, friend", true),
    );
    f.bad(
        "pug-interpolation",
        Form("title"),
        "the value is a part of a Pug template, only 25 characters",
        product("#{2474*2473+1804}"),
        template(Engine::Pug, "h1 {v}", true),
    )
    .filter(Filter::Longest(25));
    f.bad(
        "stars-refused",
        Query("title"),
        "the sign for a product is refused, other signs are not",
        product("{{6120000+6}}"),
        template(Engine::Twig, "Title: {v}", false),
    )
    .filter(Filter::Refuse(&["*"]));
    f.bad(
        "smarty-form",
        Form("title"),
        "the value is a part of a Smarty template",
        product("{2474*2473+1804}"),
        template(Engine::Smarty, "Title: {v}", false),
    );
    f.good(
        "value-erb",
        Form("title"),
        "the template is fixed, the value a variable in it",
        product("<%= 2474*2473+1804 %>"),
        |_, h| match render(Engine::Erb, "Title: <%= value %>", &names(Some(&h.value))) {
            Ok(page) => Reply::html(html(&page)),
            Err(_) => crate::page::quiet(),
        },
    );
    f.good(
        "braces-removed",
        Query("title"),
        "braces are removed before the template is made",
        product("{{2474*2473+1804}}"),
        template(Engine::Jinja, "Title: {v}", true),
    )
    .filter(Filter::RemoveChars("{}"));
    f.good(
        "client-side",
        Query("title"),
        "braces in the page belong to a script in the browser and stay as they are",
        product("{{2474*2473+1804}}"),
        |_, h| Reply::html(format!("<div ng-non-bindable>{{{{ title }}}} {}</div>", html(&h.value))),
    );
    f.good(
        "price-sum",
        Query("n"),
        "the page multiplies, but only numbers",
        product("{{2474*2473+1804}}"),
        |_, h| Reply::html(format!("<p>{}</p>", h.value.parse::<u64>().unwrap_or(1).saturating_mul(3))),
    )
    .sample("4");
    f.cases()
}
