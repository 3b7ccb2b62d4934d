//! Injection into other query languages, in other positions.

use serde_json::{Value, json};

use super::HALF;
use crate::case::Place::{Cookie, Form, Graphql, Header, Json, Page, Path, PathMiddle, Query, QueryForm};
use crate::case::{Case, Family, Hit};
use crate::engine::{ldap as directory, mongo, xml, xpath as xp};
use crate::filter::{Filter, html};
use crate::http::Reply;
use crate::proof::{Proof, Prover, shows};
use crate::world::World;

fn list(result: Result<Vec<Value>, String>) -> Reply {
    match result {
        Ok(found) => Reply::json(
            &json!({"count": found.len(), "names": found.iter().map(|one| one.get("name")).collect::<Vec<_>>()}),
        ),
        Err(error) => Reply::json(&json!({"error": error})).with_status(500),
    }
}

/// Only whether somebody was found.
fn whether(result: Result<Vec<Value>, String>) -> Reply {
    Reply::html(if result.is_ok_and(|found| !found.is_empty()) {
        "<p>This name is taken.</p>"
    } else {
        "<p>This name is free.</p>"
    })
}

fn by_where(
    condition: &'static str,
    answer: fn(Result<Vec<Value>, String>) -> Reply,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| answer(mongo::find(&mongo::people(), &json!({"$where": condition.replace("{v}", &h.value)})))
}

fn operators_in_cookie_or_body(p: &Prover<'_>) -> Result<bool, String> {
    let json = p.send(
        "POST",
        "search",
        &[("Content-Type", "application/json")],
        "{\"filter\":{\"role\":{\"$ne\":\"user\"},\"city\":{\"$regex\":\"^U\"}},\"city\":{\"$ne\":\"x\"}}",
    )?;
    let query = p.get("search?city[$regex]=.*&city[$gt]=")?;
    Ok(json.text().contains("admin") || query.text().contains("admin"))
}

fn search_page(h: &Hit<'_>, body: &str) -> Reply {
    Reply::html(format!(
        "<button id=\"b\">Search</button><script>document.getElementById('b').addEventListener('click', function () {{ fetch('{}search', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }}, body: JSON.stringify({body}) }}); }});</script>",
        h.base()
    ))
}

pub(super) fn nosql() -> Vec<Case> {
    let mut f = Family::new("nosql", HALF, &[], &[943, 89]);
    f.sample("alice");
    let steps = || Proof::Steps(operators_in_cookie_or_body);
    f.bad("filter-object", Page, "the body's filter is taken as it is", steps(), |_, h| {
        match (h.rest, h.request.json()) {
            ("", _) => search_page(h, "{ filter: { city: 'Bern' } }"),
            ("search", Some(body)) => {
                list(mongo::find(&mongo::people(), body.get("filter").unwrap_or(&Value::Null)))
            }
            _ => Reply::missing(),
        }
    });
    f.bad(
        "member-object",
        Page,
        "a member is put into the filter whatever its type",
        steps(),
        |_, h| match (h.rest, h.request.json()) {
            ("", _) => search_page(h, "{ city: 'Bern' }"),
            ("search", Some(body)) => list(mongo::find(&mongo::people(), &json!({"city": body.get("city")}))),
            _ => Reply::missing(),
        },
    );
    f.bad("brackets-in-query", Page, "brackets in the query become operators", steps(), |_, h| {
        match h.rest {
            "" => Reply::html(
                "<form action=\"search\"><input name=\"city\" value=\"Bern\"><button>Search</button></form>",
            ),
            "search" => list(mongo::find(&mongo::people(), &mongo::bracketed(&h.request.query))),
            _ => Reply::missing(),
        }
    });
    f.bad(
        "where-double",
        QueryForm("name"),
        "the text stands in double quotes",
        shows("x\" || this.role == \"admin", "admin"),
        by_where("this.name == \"{v}\" && this.role == \"user\" || this.name == \"{v}\"", list),
    );
    f.bad(
        "where-number",
        Query("age"),
        "the value stands where a number does",
        shows("0 || this.role == 'admin'", "admin"),
        by_where("this.role == 'user' && this.age == {v}", list),
    )
    .sample("31");
    f.bad(
        "where-blind",
        Query("name"),
        "only whether somebody was found",
        Proof::Steps(|p| {
            Ok(p.value("x' || this.password.startsWith('hidden') && 'a' == 'a")?.text()
                != p.value("x' || this.password.startsWith('xxxxxx') && 'a' == 'a")?.text())
        }),
        by_where("this.name == '{v}'", whether),
    )
    .sample("nobody");
    f.bad(
        "where-graphql",
        Graphql("name"),
        "a variable of GraphQL",
        shows("x' || this.role == 'admin", "admin"),
        by_where("this.role == 'user' && this.name == '{v}'", list),
    );
    f.bad(
        "regex",
        Query("prefix"),
        "the value is a pattern, so that everything fits",
        shows(".*", "admin"),
        |_, h| list(mongo::find(&mongo::people(), &json!({"name": {"$regex": format!("^{}$", h.value)}}))),
    )
    .cwe(&[943, 89, 1333, 625]);
    f.good("member-text", Page, "a member must be a text", steps(), |_, h| {
        match (h.rest, h.request.json()) {
            ("", _) => search_page(h, "{ city: 'Bern' }"),
            ("search", Some(body)) => match body.get("city").and_then(Value::as_str) {
                Some(city) => list(mongo::find(&mongo::people(), &json!({"role": "user", "city": city}))),
                None => Reply::json(&json!({"error": "city must be a text"})).with_status(400),
            },
            _ => Reply::missing(),
        }
    });
    f.good(
        "number-read",
        Query("age"),
        "the value is read as a number",
        shows("0 || this.role == 'admin'", "admin"),
        |_, h| {
            list(mongo::find(
                &mongo::people(),
                &json!({"role": "user", "age": h.value.parse::<u32>().unwrap_or(0)}),
            ))
        },
    )
    .sample("31");
    f.good(
        "compared-cookie",
        Cookie("user"),
        "the value is compared as a text",
        shows("x' || this.role == 'admin", "admin"),
        |_, h| list(mongo::find(&mongo::people(), &json!({"role": "user", "name": h.value}))),
    );
    f.cases()
}

fn entries(filter: &str, shown: bool) -> Reply {
    match directory::search(filter) {
        Ok(found) if shown => Reply::html(format!(
            "<p>{} found</p>{}",
            found.len(),
            found
                .iter()
                .map(|entry| format!("<p>{}</p>", directory::attribute(entry, "cn")))
                .collect::<String>()
        )),
        Ok(found) => Reply::html(if found.is_empty() { "<p>Unknown.</p>" } else { "<p>Known.</p>" }),
        Err(error) if shown => {
            Reply::html(format!("<p>javax.naming.directory.InvalidSearchFilterException: {error}</p>"))
                .with_status(500)
        }
        Err(_) => Reply::html("<p>Unknown.</p>"),
    }
}

fn filter(template: &'static str, shown: bool) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| entries(&template.replace("{v}", &h.value), shown)
}

pub(super) fn ldap() -> Vec<Case> {
    let mut f = Family::new("ldap", HALF, &[], &[90]);
    f.sample("alice");
    f.bad(
        "mail-part",
        Query("mail"),
        "the value is a part of a pattern",
        shows("x*)(visible=no", "Hidden Heron"),
        filter("(|(mail=*{v}*)(cn=*{v}*))", true),
    )
    .sample("bob");
    f.bad(
        "attribute-name",
        Query("by"),
        "the value names the attribute",
        shows("visible=no)(objectClass", "Hidden Heron"),
        filter("(|({v}=alice)(uid=nobody))", true),
    )
    .sample("uid");
    f.bad(
        "blind",
        Form("user"),
        "only whether somebody was found",
        Proof::Steps(|p| {
            Ok(p.value("root)(userPassword=falcon*")?.text() != p.value("root)(userPassword=xxxxxx*")?.text())
        }),
        filter("(&(objectClass=person)(uid={v}))", false),
    );
    f.bad(
        "not",
        QueryForm("user"),
        "the value stands in a negation",
        shows("alice)))", "Hidden Heron"),
        filter("(&(!(uid={v}))(visible=yes))", true),
    );
    f.bad(
        "path",
        Path,
        "the last segment of the path",
        shows("root))(&(a=b", "Hidden Heron"),
        filter("(&(uid={v})(visible=yes))", true),
    );
    f.bad(
        "header",
        Header("X-Remote-User"),
        "a header",
        shows("root))(&(a=b", "Hidden Heron"),
        filter("(&(uid={v})(visible=yes))", true),
    );
    f.bad(
        "no-asterisk",
        Query("user"),
        "asterisks are removed, brackets are not",
        shows("root)(visible=no))(|(a=b", "Hidden Heron"),
        filter("(&(uid={v})(visible=yes))", true),
    )
    .filter(Filter::RemoveChars("*"));
    f.good(
        "escaped-part",
        Query("mail"),
        "special characters are escaped",
        shows("x*)(visible=no", "Hidden Heron"),
        |_, h| {
            let value = directory::escape(&h.value);
            entries(&format!("(&(visible=yes)(|(mail=*{value}*)(cn=*{value}*)))"), true)
        },
    )
    .sample("bob");
    f.good(
        "known-attribute",
        Query("by"),
        "only known attributes are asked for",
        shows("visible=no)(objectClass", "Hidden Heron"),
        |_, h| entries(&format!("({}=alice)", if h.value == "cn" { "cn" } else { "uid" }), true),
    )
    .sample("uid");
    f.good(
        "no-brackets",
        Form("user"),
        "brackets, asterisks and backslashes are refused",
        shows("root))(&(a=b", "Hidden Heron"),
        filter("(&(uid={v})(visible=yes))", true),
    )
    .filter(Filter::Refuse(&["(", ")", "*", "\\", "\0"]));
    f.cases()
}

fn nodes(expression: &str, shown: bool) -> Reply {
    let Ok(document) = xml::parse(xp::USERS, &xml::Options::default()) else { return Reply::missing() };
    match xp::evaluate(&document, expression) {
        Ok(value) if shown => Reply::html(format!("<p>{}</p>", html(&value.texts().join(", ")))),
        Ok(value) => Reply::html(if value.is_true() && !value.texts().is_empty() {
            "<p>Found.</p>"
        } else {
            "<p>Not found.</p>"
        }),
        Err(error) if shown => {
            Reply::html(format!("<p>javax.xml.xpath.{}</p>", html(&error))).with_status(500)
        }
        Err(_) => Reply::html("<p>Not found.</p>"),
    }
}

fn expression(template: &'static str, shown: bool) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| nodes(&template.replace("{v}", &h.value), shown)
}

pub(super) fn xpath() -> Vec<Case> {
    let mut f = Family::new("xpath", HALF, &[], &[643]);
    f.sample("alice");
    f.bad(
        "blind",
        Query("name"),
        "only whether something was found",
        Proof::Steps(|p| {
            Ok(p.value("alice' and starts-with(//user[3]/password,'hidden') and '1'='1")?.text()
                != p.value("alice' and starts-with(//user[3]/password,'xxxxxx') and '1'='1")?.text())
        }),
        expression("//user[name='{v}' and role='user']", false),
    );
    f.bad(
        "function",
        QueryForm("q"),
        "the value stands in a function's text",
        shows("zz') or contains(role,'admin", "Ulm"),
        expression("//user[role='user' and contains(name,'{v}')]/city", true),
    );
    f.bad(
        "element",
        Query("show"),
        "the value names the element to show",
        shows("password", "correct-horse"),
        expression("//user[role='user']/{v}", true),
    )
    .sample("city");
    f.bad(
        "element-union",
        PathMiddle,
        "the value names the element; others can be added",
        shows("city | //password", "hidden-falcon-77"),
        expression("//user[role='user']/{v}", true),
    )
    .sample("city");
    f.bad(
        "json",
        Json("user.name"),
        "a member of a JSON body",
        shows("x' or '1'='1", "Ulm"),
        expression("/users/user[name='{v}']/city", true),
    );
    f.bad(
        "attribute",
        Cookie("uid"),
        "the value is compared with an attribute",
        shows("0' or role='admin", "Ulm"),
        expression("//user[@id='{v}']/city", true),
    )
    .sample("1");
    f.good(
        "escaped",
        Query("name"),
        "a text with both quotes is put together, others are quoted with the quote they don't have",
        shows("x' or '1'='1", "Ulm"),
        |_, h| {
            let literal = if h.value.contains('\'') {
                format!("\"{}\"", h.value.replace('"', ""))
            } else {
                format!("'{}'", h.value)
            };
            nodes(&format!("//user[role='user' and name={literal}]/city"), true)
        },
    );
    f.good(
        "known-element",
        Query("show"),
        "only known elements are shown",
        shows("password", "correct-horse"),
        |_, h| nodes(if h.value == "name" { "//user/name" } else { "//user/city" }, true),
    )
    .sample("city");
    f.good(
        "word",
        Form("name"),
        "other characters than letters and digits are refused",
        shows("x' or '1'='1", "Ulm"),
        expression("//user[role='user' and name='{v}']/city", true),
    )
    .filter(Filter::Word);
    f.cases()
}
