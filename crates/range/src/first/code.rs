//! Commands of the operating system, and templates.

use std::collections::BTreeMap;

use super::HALF;
use crate::case::Place::{Cookie, FileName, Form, Header, Json, Path, Query, QueryForm};
use crate::case::{Case, Family, Hit};
use crate::engine::expr::Value;
use crate::engine::shell;
use crate::engine::template::{Engine, render};
use crate::filter::{Filter, html};
use crate::http::Reply;
use crate::proof::{Proof, shows};
use crate::world::World;

/// Runs a command line with the value in place of `{v}` and shows what it wrote, or not.
fn run(line: &'static str, shown: bool) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        let out = shell::run(&w.shell_directory(), &line.replace("{v}", &h.value));
        if shown {
            Reply::html(format!("<pre>{}</pre>", html(&out)))
        } else {
            Reply::html("<p>The job has run.</p>")
        }
    }
}

pub(super) fn command() -> Vec<Case> {
    let mut f = Family::new("command", HALF, &[150055], &[78, 77]);
    f.sample("example");
    let computed = |value: &str| shows(value, "4242421");
    let delay = |value: &str| Proof::Delays(value.to_owned());
    f.bad(
        "argument",
        Query("host"),
        "the value is an argument of a command line, which a semicolon ends; the output is shown",
        computed("x; echo $((4242420+1))"),
        run("echo looking up {v}", true),
    );
    f.bad(
        "argument-post",
        Form("host"),
        "the same in a form",
        computed("x| echo $((4242420+1))"),
        run("echo looking up {v}", true),
    );
    f.bad(
        "double-quotes",
        QueryForm("host"),
        "the argument is in double quotes, in which commands are substituted",
        computed("$(echo $((4242420+1)))"),
        run("echo \"looking up {v}\"", true),
    );
    f.bad(
        "single-quotes",
        Query("host"),
        "the argument is in single quotes, which the value can end",
        computed("x'; echo $((4242420+1)) '"),
        run("echo 'looking up {v}'", true),
    );
    f.bad(
        "blind",
        Query("file"),
        "the output is not shown, but the time passes",
        delay("x; sleep {s}"),
        run("ls {v}", false),
    );
    f.bad(
        "blind-form",
        Form("address"),
        "the same in a form, with the value in quotes",
        delay("x\"; sleep {s}; echo \""),
        run("echo \"{v}\" > mail.txt", false),
    );
    f.bad(
        "json",
        Json("job.name"),
        "a nested member of a JSON body",
        computed("x && echo $((4242420+1))"),
        run("echo start {v}", true),
    );
    f.bad("cookie", Cookie("tz"), "a cookie", computed("UTC; echo $((4242420+1))"), run("echo TZ={v}", true))
        .sample("UTC");
    f.bad(
        "header",
        Header("X-Client"),
        "a header",
        computed("`echo $((4242420+1))`"),
        run("echo client {v}", true),
    );
    f.bad(
        "refuses-semicolon",
        Query("host"),
        "semicolon and ampersand are refused, but a pipe and a line break do as well",
        computed("x\necho $((4242420+1))"),
        run("echo looking up {v}", true),
    )
    .filter(Filter::Refuse(&[";", "&"]));
    f.bad(
        "no-blanks",
        Query("host"),
        "blanks are refused, but other things separate words",
        computed("x;echo${IFS}$((4242420+1))"),
        run("echo looking up {v}", true),
    )
    .filter(Filter::Refuse(&[" "]));
    f.bad(
        "file-name",
        FileName("file"),
        "the name of an upload becomes a part of a command",
        computed("a; echo $((4242420+1))"),
        run("echo stored {v}", true),
    );
    f.good(
        "no-shell",
        Query("host"),
        "the program is started with a list of arguments, without a shell",
        computed("x; echo $((4242420+1))"),
        |_, h| {
            let ran = std::process::Command::new("/bin/echo").arg("looking up").arg(&h.value).output();
            Reply::html(format!(
                "<pre>{}</pre>",
                html(&ran.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default())
            ))
        },
    );
    f.good(
        "quoted",
        Form("host"),
        "the argument is in single quotes, and its own are escaped",
        computed("x'; echo $((4242420+1)) '"),
        |w, h| {
            let quoted = format!("'{}'", h.value.replace('\'', "'\\''"));
            Reply::html(format!(
                "<pre>{}</pre>",
                html(&shell::run(&w.shell_directory(), &format!("echo looking up {quoted}")))
            ))
        },
    );
    f.good(
        "word",
        QueryForm("host"),
        "other characters than letters and digits are refused",
        computed("x; echo $((4242420+1))"),
        run("echo looking up {v}", true),
    )
    .filter(Filter::Word);
    f.good("known", Query("report"), "only known reports are made", delay("x; sleep {s}"), |w, h| {
        let report = if h.value == "weekly" { "weekly" } else { "daily" };
        Reply::html(format!(
            "<pre>{}</pre>",
            shell::run(&w.shell_directory(), &format!("echo {report} report"))
        ))
    })
    .sample("daily");
    f.good(
        "echoed",
        Query("host"),
        "the value is shown, but never run",
        computed("x; echo $((4242420+1))"),
        |_, h| Reply::html(format!("<p>Looking up {}</p>", html(&h.value))),
    );
    f.cases()
}

fn names(extra: Option<(&str, &str)>) -> BTreeMap<String, Value> {
    let mut names = BTreeMap::from([
        ("user".to_owned(), Value::Text("guest".to_owned())),
        ("version".to_owned(), Value::Number(3.0)),
    ]);
    names.extend(extra.map(|(name, value)| (name.to_owned(), Value::Text(value.to_owned()))));
    names
}

/// A template with the value in place of `{v}`.
fn template(engine: Engine, text: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match render(engine, &text.replace("{v}", &h.value), &names(None)) {
        Ok(page) => Reply::html(format!("<p>{}</p>", html(&page))),
        Err(error) => Reply::html(format!("<p class=\"error\">{}</p>", html(&error))).with_status(500),
    }
}

pub(super) fn templates() -> Vec<Case> {
    let mut f = Family::new("ssti", HALF, &[], &[1336, 94, 95]);
    f.sample("Ann");
    let product = |open: &str, close: &str| shows(&format!("{open}1337*1338{close}"), "1788906");
    f.bad(
        "jinja",
        Query("name"),
        "the value is a part of a Jinja template",
        product("{{", "}}"),
        template(Engine::Jinja, "Dear {v}, welcome."),
    );
    f.bad(
        "jinja-expression",
        Query("field"),
        "the value stands within an expression of a Jinja template",
        shows("user}}{{1337*1338", "1788906"),
        template(Engine::Jinja, "Hello {{ {v} }}!"),
    )
    .sample("user");
    f.bad(
        "twig",
        Form("name"),
        "the value is a part of a Twig template",
        product("{{", "}}"),
        template(Engine::Twig, "Dear {v}, welcome."),
    );
    f.bad(
        "freemarker",
        QueryForm("name"),
        "the value is a part of a Freemarker template",
        product("${", "}"),
        template(Engine::Freemarker, "Dear {v}, welcome."),
    );
    f.bad(
        "velocity",
        Query("name"),
        "the value is a part of a Velocity template",
        shows("#set($x=1337*1338)$x", "1788906"),
        template(Engine::Velocity, "Dear {v}, welcome."),
    );
    f.bad(
        "erb",
        Query("name"),
        "the value is a part of an ERB template",
        product("<%=", "%>"),
        template(Engine::Erb, "Dear {v}, welcome."),
    );
    f.bad(
        "smarty",
        Path,
        "the value is a part of a Smarty template",
        product("{", "}"),
        template(Engine::Smarty, "Dear {v}, welcome."),
    );
    f.bad(
        "pug",
        Json("name"),
        "the value is a part of a Pug template",
        product("#{", "}"),
        template(Engine::Pug, "p Dear {v}"),
    );
    f.bad(
        "razor",
        Cookie("name"),
        "the value is a part of a Razor template",
        product("@(", ")"),
        template(Engine::Razor, "Dear {v}, welcome."),
    );
    f.bad(
        "thymeleaf",
        Header("X-Name"),
        "the value is a part of a Thymeleaf template",
        product("[[${", "}]]"),
        template(Engine::Thymeleaf, "Dear {v}, welcome."),
    );
    f.bad(
        "no-angle",
        Query("name"),
        "angle brackets are encoded first, which braces don't mind",
        product("{{", "}}"),
        template(Engine::Jinja, "Dear {v}, welcome."),
    )
    .filter(Filter::Encode("<>&\"'"));
    let value_only = |engine: Engine, text: &'static str| {
        move |_: &World, h: &Hit<'_>| match render(engine, text, &names(Some(("name", &h.value)))) {
            Ok(page) => Reply::html(format!("<p>{}</p>", html(&page))),
            Err(_) => crate::page::quiet(),
        }
    };
    f.good(
        "variable",
        Query("name"),
        "the template is fixed, the value a variable in it",
        product("{{", "}}"),
        value_only(Engine::Jinja, "Dear {{ name }}, welcome."),
    );
    f.good(
        "variable-freemarker",
        Form("name"),
        "the template is fixed, the value a variable in it",
        product("${", "}"),
        value_only(Engine::Freemarker, "Dear ${name}, welcome."),
    );
    f.good(
        "no-template",
        QueryForm("name"),
        "there is no template, the value is encoded",
        product("{{", "}}"),
        |_, h| Reply::html(format!("<p>Dear {}</p>", html(&h.value))),
    );
    f.good(
        "calculator",
        Query("n"),
        "the number is doubled, as the page says",
        product("{{", "}}"),
        |_, h| Reply::html(format!("<p>{}</p>", h.value.parse::<u32>().unwrap_or(0) * 2)),
    )
    .sample("21");
    f.cases()
}
