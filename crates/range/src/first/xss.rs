//! Cross-site scripting that the server writes: reflected and stored.

use std::collections::HashMap;

use serde_json::json;

use super::HALF;
use crate::case::Place::{Cookie, Form, Header, Json, Multipart, Page, Path, Query, QueryForm, QueryName};
use crate::case::{Case, Family, Hit};
use crate::filter::{Filter, html, script};
use crate::http::Reply;
use crate::proof::{Proof, Prover, shows};
use crate::world::World;

const TAG: &str = "<b onclick=x1>";
const QUOTE: &str = "z\" onmouseover=x1 y=\"";

pub(super) fn reflected() -> Vec<Case> {
    let mut f = Family::new("xss-reflected", HALF, &[150001], &[79]);
    let text = |_: &World, h: &Hit<'_>| Reply::html(format!("<p>You searched for {}.</p>", h.value));
    let encoded =
        |_: &World, h: &Hit<'_>| Reply::html(format!("<p>You searched for {}.</p>", html(&h.value)));
    let attribute = |_: &World, h: &Hit<'_>| {
        Reply::html(format!("<form><input name=\"again\" value=\"{}\"></form>", h.value))
    };

    f.bad("text", Query("q"), "the value stands between tags as it came", shows(TAG, TAG), text);
    f.bad("text-form", QueryForm("q"), "the same, reached by a form", shows(TAG, TAG), text);
    f.bad(
        "text-post",
        Form("comment"),
        "a posted value stands between tags as it came",
        shows(TAG, TAG),
        text,
    );
    f.bad(
        "text-multipart",
        Multipart("note"),
        "a field of a multipart form stands between tags as it came",
        shows(TAG, TAG),
        text,
    );
    f.bad("path", Path, "the last segment of the path is shown as it came", shows(TAG, TAG), |_, h| {
        Reply::html(format!("<h1>No item called {}</h1>", h.value)).with_status(404)
    })
    .qids(&[150001, 150117]);
    f.bad(
        "header-agent",
        Header("User-Agent"),
        "the browser's name is shown as it came",
        shows(TAG, TAG),
        |_, h| Reply::html(format!("<p>Your browser: {}</p>", h.value)),
    )
    .qids(&[150046, 150001]);
    f.bad(
        "header-referer",
        Header("Referer"),
        "the page one came from is shown as it came",
        shows(TAG, TAG),
        |_, h| Reply::html(format!("<p>Back to {}</p>", h.value)),
    )
    .qids(&[150046, 150001]);
    f.bad("cookie", Cookie("theme"), "a cookie is shown as it came", shows(TAG, TAG), |_, h| {
        Reply::html(format!("<p>Your theme is {}</p>", h.value))
    })
    .qids(&[150046, 150001]);
    f.bad(
        "query-name",
        QueryName,
        "the name of an unknown parameter is shown as it came",
        shows(TAG, TAG),
        |_, h| Reply::html(format!("<p>Unknown parameter {}</p>", h.value)),
    );
    f.bad(
        "json-body",
        Json("name"),
        "a member of a JSON body comes back in a page",
        shows(TAG, TAG),
        |_, h| Reply::html(format!("<p>Saved {}</p>", h.value)),
    )
    .qids(&[150001, 150090]);
    f.bad(
        "attribute-double",
        Query("q"),
        "a double quote ends the attribute",
        shows(QUOTE, QUOTE),
        attribute,
    );
    f.bad(
        "attribute-single",
        Query("q"),
        "a single quote ends the attribute; double ones are encoded",
        shows("z' onfocus=x1 y='", "z' onfocus=x1 y='"),
        |_, h| Reply::html(format!("<form><input name='again' value='{}'></form>", h.value)),
    )
    .filter(Filter::Encode("<>\""));
    f.bad(
        "attribute-bare",
        Query("q"),
        "the attribute has no quotes, so that a blank ends it",
        shows("z onfocus=x1", "value=z onfocus=x1"),
        |_, h| Reply::html(format!("<form><input name=again value={}></form>", h.value)),
    )
    .filter(Filter::Encode("<>\"'"));
    f.bad(
        "link",
        Query("url"),
        "a link goes to any scheme, also javascript:",
        shows("javascript:x1()", "href=\"javascript:x1()\""),
        |_, h| Reply::html(format!("<a href=\"{}\">Continue</a>", html(&h.value))),
    )
    .sample("/case/");
    f.bad(
        "script-single",
        Query("lang"),
        "a single quote ends the script's string",
        shows("';x1();'", "var lang = '';x1();'';"),
        |_, h| Reply::html(format!("<script>var lang = '{}';</script>", h.value)),
    )
    .filter(Filter::Encode("<>"));
    f.bad(
        "script-double",
        Query("lang"),
        "a double quote ends the script's string",
        shows("\";x1();\"", "var lang = \"\";x1();\"\";"),
        |_, h| Reply::html(format!("<script>var lang = \"{}\";</script>", h.value)),
    )
    .filter(Filter::Encode("<>'"));
    f.bad(
        "script-end",
        Query("lang"),
        "quotes are escaped, but the script element can be ended",
        shows("</script><b onclick=x1>", "</script><b onclick=x1>"),
        |_, h| Reply::html(format!("<script>var lang = '{}';</script>", h.value)),
    )
    .filter(Filter::Backslash("\\'\""));
    f.bad(
        "script-template",
        Query("name"),
        "a template string takes expressions",
        shows("${x1()}", "`Hello ${x1()}`"),
        |_, h| Reply::html(format!("<script>var greeting = `Hello {}`;</script>", h.value)),
    )
    .filter(Filter::Encode("<>`\"'"));
    f.bad(
        "comment",
        Query("debug"),
        "the comment can be ended",
        shows("--><b onclick=x1>", "--><b onclick=x1>"),
        |_, h| Reply::html(format!("<!-- debug: {} --><p>Hello.</p>", h.value)),
    );
    f.bad(
        "title",
        Query("title"),
        "the title element can be ended",
        shows("</title><b onclick=x1>", "</title><b onclick=x1>"),
        |_, h| {
            Reply::raw_html(format!(
                "<!DOCTYPE html><html><head><title>{}</title></head><body><p>Hello.</p></body></html>",
                h.value
            ))
        },
    );
    f.bad(
        "textarea",
        QueryForm("text"),
        "the textarea can be ended",
        shows("</textarea><b onclick=x1>", "</textarea><b onclick=x1>"),
        |_, h| Reply::html(format!("<form><textarea name=\"text\">{}</textarea></form>", h.value)),
    );
    f.bad(
        "strips-script",
        Query("q"),
        "only the word script is removed, and only once",
        shows("<img src=x onerror=x1()>", "<img src=x onerror=x1()>"),
        text,
    )
    .filter(Filter::Remove(&["<script", "</script"]));
    f.bad(
        "refuses-script-exact",
        Query("q"),
        "the refused words are compared with their case",
        shows("<SCRIPT>x1()</SCRIPT>", "<SCRIPT>x1()</SCRIPT>"),
        text,
    )
    .filter(Filter::RefuseExact(&["<script", "onerror", "onload"]));
    f.bad(
        "strips-tags-attribute",
        Query("q"),
        "whole tags are removed, but an attribute needs none",
        shows(QUOTE, QUOTE),
        attribute,
    )
    .filter(Filter::StripTags);
    f.bad(
        "short",
        Query("q"),
        "only 30 characters fit, which is enough",
        shows("<b onclick=x1>", "<b onclick=x1>"),
        text,
    )
    .filter(Filter::Cut(30));
    f.bad("needs-token", Form("comment"), "the form's token must come along", shows(TAG, TAG), text)
        .session()
        .token();
    f.bad(
        "error-page",
        Query("id"),
        "the message about a bad number shows it as it came",
        shows(TAG, TAG),
        |_, h| match h.value.parse::<u32>() {
            Ok(id) => Reply::html(format!("<p>Item {id}</p>")),
            Err(_) => Reply::html(format!("<p>Not a number: {}</p>", h.value)).with_status(500),
        },
    )
    .sample("7");

    f.good("text-encoded", Query("q"), "encodes all five characters", shows(TAG, TAG), encoded);
    f.good("post-encoded", Form("comment"), "encodes all five characters", shows(TAG, TAG), encoded);
    f.good("attribute-encoded", QueryForm("q"), "encodes the quotes as well", shows(QUOTE, QUOTE), |_, h| {
        Reply::html(format!("<form><input name=\"again\" value=\"{}\"></form>", html(&h.value)))
    });
    f.good(
        "script-literal",
        Query("lang"),
        "writes a JavaScript literal with < > & ' as escapes",
        shows("</script><b onclick=x1>", "</script><b"),
        |_, h| Reply::html(format!("<script>var lang = {};</script>", script(&h.value))),
    );
    f.good(
        "plain-text",
        Query("q"),
        "answers as text/plain with nosniff, where markup means nothing",
        shows(TAG, "<!DOCTYPE"),
        |_, h| Reply::text(format!("You searched for {}", h.value)),
    );
    f.good(
        "json-answer",
        Query("q"),
        "answers as application/json with nosniff",
        shows(TAG, "<!DOCTYPE"),
        |_, h| Reply::json(&json!({"q": h.value})),
    );
    f.good(
        "link-checked",
        Query("url"),
        "only paths of this site become links",
        shows("javascript:x1()", "href=\"javascript:x1()\""),
        |_, h| {
            if h.value.starts_with('/') && !h.value.starts_with("//") {
                Reply::html(format!("<a href=\"{}\">Continue</a>", html(&h.value)))
            } else {
                Reply::refused("That is no page of ours.")
            }
        },
    )
    .sample("/case/");
    f.good("number-only", Query("id"), "only digits are taken", shows(TAG, TAG), text)
        .filter(Filter::Digits)
        .sample("7");
    f.good("header-encoded", Header("User-Agent"), "encodes all five characters", shows(TAG, TAG), encoded)
        .qids(&[150046, 150001]);
    f.good(
        "textarea-encoded",
        QueryForm("text"),
        "encodes, so that the textarea can't be ended",
        shows("</textarea><b>", "</textarea><b>"),
        |_, h| Reply::html(format!("<form><textarea name=\"text\">{}</textarea></form>", html(&h.value))),
    );
    f.cases()
}

/// A guest book in one case: a form, a list on `rest`, and how an entry is written.
fn book(
    fields: &'static [&'static str],
    list: &'static str,
    write: fn(&HashMap<String, String>) -> String,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        let state = w.state(&h.case.id());
        if h.request.method == "POST" {
            let entry: HashMap<_, _> = h.request.form().into_iter().collect();
            state.lock().push(entry);
            return Reply::redirect(format!("{}{list}", h.base()));
        }
        let entries: String =
            state.lock().entries.iter().rev().map(|entry| format!("<li>{}</li>", write(entry))).collect();
        let inputs: String = fields
            .iter()
            .map(|name| format!("<label>{name} <input name=\"{name}\" value=\"hello\"></label>"))
            .collect();
        let form =
            format!("<form action=\"{}\" method=\"post\">{inputs}<button>Sign</button></form>", h.base());
        let link = format!("<a href=\"{}{list}\">All entries</a>", h.base());
        match h.rest {
            rest if rest == list && list.is_empty() => Reply::html(format!("{form}<ul>{entries}</ul>")),
            "" => Reply::html(form + &link),
            rest if rest == list => Reply::html(format!("<ul>{entries}</ul>")),
            _ => Reply::missing(),
        }
    }
}

fn field(entry: &HashMap<String, String>, name: &str) -> String {
    entry.get(name).cloned().unwrap_or_default()
}

/// Stores a tag in each field and looks for it on the page and on the list.
fn stores(p: &Prover<'_>) -> Result<bool, String> {
    let names = ["name", "text", "website", "subject", "message", "title", "city"];
    let all = names.map(|name| (name, "x\"'><b onclick=x1>"));
    p.post("", &all)?;
    let mut seen = false;
    for rest in ["", "entries", "members", "archive", "latest.json"] {
        let answer = p.get(rest)?;
        let page = answer.text();
        let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        seen |= is_page && (page.contains("<b onclick=x1>"));
    }
    Ok(seen)
}

fn stores_link(p: &Prover<'_>) -> Result<bool, String> {
    p.post("", &[("website", "javascript:x1()")])?;
    Ok(p.get("")?.text().contains("href=\"javascript:x1()"))
}

fn stores_agent(p: &Prover<'_>) -> Result<bool, String> {
    p.send("GET", "", &[("User-Agent", "<b onclick=x1>")], "")?;
    Ok(p.get("log")?.text().contains("<b onclick=x1>"))
}

pub(super) fn stored() -> Vec<Case> {
    let mut f = Family::new("xss-stored", HALF, &[150000], &[79]);
    let steps = Proof::Steps(stores);
    f.bad(
        "same-page",
        Page,
        "entries are shown on the same page as they came",
        steps.clone(),
        book(&["name", "text"], "", |e| field(e, "text")),
    );
    f.bad(
        "other-page",
        Page,
        "entries are shown on another page as they came",
        steps.clone(),
        book(&["text"], "entries", |e| field(e, "text")),
    );
    f.bad(
        "second-field",
        Page,
        "the text is encoded, the name is not",
        steps.clone(),
        book(&["name", "text"], "entries", |e| format!("{}: {}", field(e, "name"), html(&field(e, "text")))),
    );
    f.bad(
        "attribute",
        Page,
        "an entry stands in an attribute, and its quote ends it",
        steps.clone(),
        book(&["city"], "", |e| format!("<input value=\"{}\">", field(e, "city"))),
    );
    f.bad(
        "link",
        Page,
        "a website of any scheme becomes a link",
        Proof::Steps(stores_link),
        book(&["website"], "", |e| format!("<a href=\"{}\">website</a>", html(&field(e, "website")))),
    );
    f.bad(
        "short-field",
        Page,
        "only thirty characters are kept, which is enough",
        steps.clone(),
        book(&["title"], "archive", |e| field(e, "title").chars().take(30).collect()),
    );
    f.bad(
        "agent-log",
        Page,
        "the log of browsers shows their names as they came",
        Proof::Steps(stores_agent),
        |w, h| {
            let state = w.state(&h.case.id());
            if h.rest == "log" {
                let lines: String = state
                    .lock()
                    .entries
                    .iter()
                    .map(|entry| format!("<li>{}</li>", field(entry, "agent")))
                    .collect();
                return Reply::html(format!("<ul>{lines}</ul>"));
            }
            let agent = h.request.header("user-agent").unwrap_or_default().to_owned();
            state.lock().push(HashMap::from([("agent".to_owned(), agent)]));
            Reply::html("<p>Your visit was noted.</p><a href=\"log\">Log</a>")
        },
    )
    .qids(&[150002, 150000]);
    f.good(
        "encoded",
        Page,
        "entries are encoded when they are written",
        steps.clone(),
        book(&["name", "text"], "", |e| html(&field(e, "text"))),
    );
    f.good(
        "encoded-other-page",
        Page,
        "entries are encoded on the other page, too",
        steps.clone(),
        book(&["text"], "members", |e| html(&field(e, "text"))),
    );
    f.good("json-list", Page, "the list is JSON with nosniff", steps, |w, h| {
        let inner = book(&["text"], "entries", |e| html(&field(e, "text")));
        if h.rest == "latest.json" {
            let state = w.state(&h.case.id());
            let texts: Vec<_> = state.lock().entries.iter().map(|entry| field(entry, "text")).collect();
            return Reply::json(&json!(texts));
        }
        inner(w, h)
    });
    f.cases()
}
