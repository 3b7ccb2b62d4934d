//! Injection into other query languages: document databases, directories, XPath.

use serde_json::{Value, json};

use super::HALF;
use crate::case::Place::{Cookie, Form, Header, Json, Page, Path, Query, QueryForm, Xml};
use crate::case::{Case, Family, Hit};
use crate::engine::{ldap as directory, mongo, xml, xpath as xp};
use crate::filter::{Filter, html};
use crate::http::Reply;
use crate::proof::{Proof, Prover, shows};
use crate::world::World;

fn people(result: Result<Vec<Value>, String>, errors: bool) -> Reply {
    match result {
        Ok(found) if found.is_empty() => Reply::html("<p>Nobody found.</p>"),
        Ok(found) => {
            let names: Vec<_> =
                found.iter().map(|one| one.get("name").and_then(Value::as_str).unwrap_or_default()).collect();
            Reply::html(format!("<p>Welcome, {}.</p>", html(&names.join(", "))))
        }
        Err(error) if errors => {
            Reply::html(format!("<p class=\"error\">{}</p>", html(&error))).with_status(500)
        }
        Err(_) => Reply::html("<p>Nobody found.</p>"),
    }
}

fn signs_in_with_operators(p: &Prover<'_>) -> Result<bool, String> {
    let json = p.send(
        "POST",
        "login",
        &[("Content-Type", "application/json")],
        "{\"name\":{\"$gt\":\"\"},\"password\":{\"$gt\":\"\"}}",
    )?;
    let form = p.send(
        "POST",
        "login",
        &[("Content-Type", "application/x-www-form-urlencoded")],
        "name[$ne]=x&password[$ne]=x",
    )?;
    Ok(json.text().contains("Welcome") || form.text().contains("Welcome"))
}

fn finds_with_operators(p: &Prover<'_>) -> Result<bool, String> {
    Ok(p.get("find?city[$ne]=x")?.text().contains("admin"))
}

/// A login page whose body becomes a filter.
fn login(
    read: fn(&Hit<'_>) -> Option<Value>,
    json_form: bool,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match (h.rest, h.request.method.as_str()) {
        ("", _) if json_form => Reply::html(format!(
            "<form id=\"f\"><input name=\"name\" value=\"alice\"><input name=\"password\" type=\"password\" autocomplete=\"off\"><button>Sign in</button></form>\n<script>document.getElementById('f').addEventListener('submit', function (e) {{ e.preventDefault(); fetch('{}login', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }}, body: JSON.stringify({{ name: this.name.value, password: this.password.value }}) }}); }});</script>",
            h.base()
        )),
        ("", _) => Reply::html(
            "<form action=\"login\" method=\"post\"><input name=\"name\" value=\"alice\"><input name=\"password\" type=\"password\" autocomplete=\"off\"><button>Sign in</button></form>",
        ),
        ("login", "POST") => match read(h) {
            Some(filter) => people(mongo::find(&mongo::people(), &filter), false),
            None => Reply::refused("Name and password are wanted, as texts."),
        },
        _ => Reply::missing(),
    }
}

pub(super) fn nosql() -> Vec<Case> {
    let mut f = Family::new("nosql", HALF, &[], &[943, 89]);
    f.sample("alice");
    let operators = || Proof::Steps(signs_in_with_operators);
    f.bad(
        "login-json",
        Page,
        "the JSON body's members become conditions, so that an operator can stand for a password",
        operators(),
        login(
            |h| {
                h.request
                    .json()
                    .map(|body| json!({"name": body.get("name"), "password": body.get("password")}))
            },
            true,
        ),
    );
    f.bad(
        "login-form",
        Page,
        "name[$ne] in a form becomes an operator",
        operators(),
        login(|h| Some(mongo::bracketed(&h.request.form())), false),
    );
    f.bad(
        "find-query",
        Page,
        "city[$ne] in the query becomes an operator",
        Proof::Steps(finds_with_operators),
        |_, h| match h.rest {
            "" => Reply::html("<a href=\"find?city=Bern\">Bern</a>"),
            "find" => people(mongo::find(&mongo::people(), &mongo::bracketed(&h.request.query)), false),
            _ => Reply::missing(),
        },
    );
    let where_ = |errors: bool| {
        move |_: &World, h: &Hit<'_>| {
            people(
                mongo::find(
                    &mongo::people(),
                    &json!({"$where": format!("this.role == 'user' && this.name == '{}'", h.value)}),
                ),
                errors,
            )
        }
    };
    f.bad(
        "where-text",
        Query("name"),
        "the value stands in a JavaScript condition; errors are shown",
        shows("x' || this.role == 'admin", "admin"),
        where_(true),
    );
    f.bad(
        "where-quiet",
        Form("name"),
        "the same in a form, without errors",
        shows("x' || this.role == 'admin", "admin"),
        where_(false),
    );
    f.bad(
        "where-time",
        Query("name"),
        "the condition can wait",
        Proof::Delays("x' || sleep({s}000) || 'x' == 'y".to_owned()),
        |_, h| {
            // Each member's condition runs; one document is enough here.
            let one: Vec<_> = mongo::people().into_iter().take(1).collect();
            let _ = mongo::find(&one, &json!({"$where": format!("this.name == '{}'", h.value)}));
            Reply::html("<p>Noted.</p>")
        },
    );
    f.bad(
        "filter-text",
        Query("name"),
        "the value is written into the filter's JSON text",
        shows("x\", \"name\": {\"$ne\": \"x\"}, \"city\": \"Ulm", "admin"),
        |_, h| {
            let text = format!("{{\"name\": \"{}\"}}", h.value);
            match serde_json::from_str(&text) {
                Ok(filter) => people(mongo::find(&mongo::people(), &filter), true),
                Err(error) => Reply::html(format!(
                    "<p class=\"error\">JSON parse error: {}</p>",
                    html(&error.to_string())
                ))
                .with_status(500),
            }
        },
    );
    f.good(
        "login-texts",
        Page,
        "only texts are taken as name and password",
        operators(),
        login(
            |h| {
                let body = h.request.json()?;
                Some(
                    json!({"name": body.get("name")?.as_str()?, "password": body.get("password")?.as_str()?}),
                )
            },
            true,
        ),
    );
    f.good(
        "login-flat",
        Page,
        "brackets mean nothing: the form's fields are texts",
        operators(),
        login(
            |h| Some(json!({"name": h.request.field("name")?, "password": h.request.field("password")?})),
            false,
        ),
    );
    f.good(
        "find-text",
        Query("name"),
        "the value is compared as a text",
        shows("x' || this.role == 'admin", "admin"),
        |_, h| people(mongo::find(&mongo::people(), &json!({"role": "user", "name": h.value})), true),
    );
    f.cases()
}

fn entries(filter: &str, errors: bool) -> Reply {
    match directory::search(filter) {
        Ok(found) if found.is_empty() => Reply::html("<p>No entries.</p>"),
        Ok(found) => {
            let names: String = found
                .iter()
                .map(|entry| {
                    format!(
                        "<li>{} {}</li>",
                        directory::attribute(entry, "cn"),
                        directory::attribute(entry, "mail")
                    )
                })
                .collect();
            Reply::html(format!("<ul>{names}</ul>"))
        }
        Err(error) if errors => Reply::html(format!("<p class=\"error\">{error}</p>")).with_status(500),
        Err(_) => Reply::html("<p>No entries.</p>"),
    }
}

fn asked(template: &'static str, errors: bool) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| entries(&template.replace("{v}", &h.value), errors)
}

pub(super) fn ldap() -> Vec<Case> {
    let mut f = Family::new("ldap", HALF, &[], &[90]);
    f.sample("alice");
    let visible = "(&(visible=yes)(uid={v}))";
    let hidden = || shows("root)(|(visible=no", "Hidden Heron");
    f.bad(
        "and",
        Query("user"),
        "brackets in the value change the filter; errors are shown",
        shows("*)(cn=Bob*", "Bob Brown"),
        asked("(&(visible=yes)(uid={v}))", true),
    );
    f.bad(
        "or",
        QueryForm("user"),
        "the value may add a condition to an OR",
        shows("x)(visible=no", "Hidden Heron"),
        asked("(|(uid={v})(cn={v}))", true),
    );
    f.bad(
        "cut-off",
        Form("user"),
        "what follows a complete filter is not looked at, so the rest can be cut off",
        shows("root))(&(x=y", "Hidden Heron"),
        asked("(&(uid={v})(visible=yes))", true),
    );
    f.bad(
        "login",
        Form("user"),
        "the password's condition can be cut off",
        shows("alice)(objectClass=person))(&(a=b", "Alice Adams"),
        asked("(&(uid={v})(userPassword=none))", false),
    )
    .sample("nobody");
    f.bad(
        "json",
        Json("user"),
        "the same in a JSON body",
        shows("root))(&(x=y", "Hidden Heron"),
        asked("(&(uid={v})(visible=yes))", false),
    );
    f.bad(
        "wildcard-cookie",
        Cookie("user"),
        "an asterisk finds everybody",
        shows("*", "Bob Brown"),
        asked("(&(visible=yes)(uid={v}))", true),
    );
    f.good(
        "escaped",
        Query("user"),
        "special characters are escaped as the standard asks",
        shows("root))(&(x=y", "Hidden Heron"),
        |_, h| entries(&format!("(&(uid={})(visible=yes))", directory::escape(&h.value)), true),
    );
    f.good(
        "escaped-form",
        Form("user"),
        "special characters are escaped",
        shows("*", "Bob Brown"),
        move |_, h| entries(&visible.replace("{v}", &directory::escape(&h.value)), true),
    );
    f.good(
        "word",
        QueryForm("user"),
        "other characters than letters and digits are refused",
        hidden(),
        asked("(|(uid={v})(cn={v}))", true),
    )
    .filter(Filter::Word);
    f.cases()
}

fn nodes(expression: &str, errors: bool) -> Reply {
    let Ok(document) = xml::parse(xp::USERS, &xml::Options::default()) else { return Reply::missing() };
    match xp::evaluate(&document, expression) {
        Ok(value) => {
            let texts = value.texts();
            if texts.is_empty() {
                return Reply::html("<p>No match.</p>");
            }
            Reply::html(format!(
                "<ul>{}</ul>",
                texts.iter().map(|text| format!("<li>{}</li>", html(text))).collect::<String>()
            ))
        }
        Err(error) if errors => {
            Reply::html(format!("<p class=\"error\">{}</p>", html(&error))).with_status(500)
        }
        Err(_) => Reply::html("<p>No match.</p>"),
    }
}

fn path_of(template: &'static str, errors: bool) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| nodes(&template.replace("{v}", &h.value), errors)
}

pub(super) fn xpath() -> Vec<Case> {
    let mut f = Family::new("xpath", HALF, &[], &[643]);
    f.sample("alice");
    const CITY: &str = "/users/user[role='user' and name='{v}']/city";
    let everybody = || shows("x' or '1'='1", "Ulm");
    f.bad("text", Query("name"), "a quote ends the text; errors are shown", everybody(), path_of(CITY, true));
    f.bad("quiet", QueryForm("name"), "the same without errors", everybody(), path_of(CITY, false));
    f.bad(
        "double",
        Form("name"),
        "the text is in double quotes",
        shows("x\" or \"1\"=\"1", "Ulm"),
        path_of("//user[role='user' and name=\"{v}\"]/city", true),
    );
    f.bad(
        "number",
        Query("id"),
        "the value stands where a number does",
        shows("1] | //user[role='admin'", "hidden-falcon-77"),
        path_of("//user[@id={v}]", true),
    )
    .sample("1");
    f.bad(
        "login",
        Form("name"),
        "the password's condition can be passed by",
        shows("admin' or 'a'='b", "Ulm"),
        path_of("//user[name='{v}' and password='none']/city", false),
    )
    .sample("nobody");
    f.bad("xml", Xml("name"), "the value comes in an XML body", everybody(), path_of(CITY, false));
    f.bad("header", Header("X-User"), "the value comes in a header", everybody(), path_of(CITY, true));
    f.good("no-quotes", Query("name"), "quotes are refused", everybody(), path_of(CITY, true))
        .filter(Filter::Refuse(&["'", "\""]));
    f.good(
        "digits",
        Query("id"),
        "only digits are taken",
        shows("1] | //user[role='admin'", "hidden-falcon-77"),
        path_of("//user[@id={v}]", true),
    )
    .filter(Filter::Digits)
    .sample("1");
    f.good(
        "compared",
        Path,
        "the value is compared in the program, not in an expression",
        everybody(),
        |_, h| {
            let Ok(document) = xml::parse(xp::USERS, &xml::Options::default()) else {
                return Reply::missing();
            };
            let found = document.elements().find(|user| {
                user.find("name").is_some_and(|name| name.text() == h.value)
                    && user.find("role").is_some_and(|role| role.text() == "user")
            });
            Reply::html(format!(
                "<p>{}</p>",
                found
                    .and_then(|user| user.find("city"))
                    .map_or_else(|| "No match.".to_owned(), xml::Element::text)
            ))
        },
    );
    f.cases()
}
