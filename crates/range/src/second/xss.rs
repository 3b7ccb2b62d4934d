//! Cross-site scripting that the server writes, in other contexts and behind other filters.

use std::collections::HashMap;

use serde_json::json;

use super::HALF;
use crate::case::Place::{
    Cookie, FileName, Form, Graphql, Header, Json, Multipart, Page, Path, PathMiddle, Query, QueryForm, Xml,
};
use crate::case::{Case, Family, Hit};
use crate::filter::{Filter, encode, html, script};
use crate::http::Reply;
use crate::proof::{Proof, Prover, shows};
use crate::world::World;

const TAG: &str = "<i onclick=x1>";

/// A page with the value in place of `{v}`, as it came.
fn raw(page: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| Reply::html(page.replace("{v}", &h.value))
}

/// The same with the value encoded.
fn encoded(page: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| Reply::html(page.replace("{v}", &html(&h.value)))
}

pub(super) fn reflected() -> Vec<Case> {
    let mut f = Family::new("xss-reflected", HALF, &[150001], &[79]);
    const TEXT: &str = "<div class=\"result\"><h2>Results for {v}</h2><p>None.</p></div>";
    let tag = || shows(TAG, TAG);

    f.bad(
        "heading-middle-of-path",
        PathMiddle,
        "a segment within the path is shown as it came",
        tag(),
        raw("<h1>Details of {v}</h1>"),
    )
    .qids(&[150001, 150117]);
    f.bad(
        "xml-body",
        Xml("title"),
        "an element of an XML body comes back in a page",
        tag(),
        raw("<p>Created {v}</p>"),
    )
    .qids(&[150001, 150090]);
    f.bad(
        "graphql-variable",
        Graphql("label"),
        "a variable of GraphQL comes back in a page",
        tag(),
        raw("<p>Nothing called {v}</p>"),
    )
    .qids(&[150001, 150090]);
    f.bad(
        "nested-json",
        Json("filter.text.value"),
        "a member deep in a JSON body comes back in a page",
        tag(),
        raw("<p>No match for {v}</p>"),
    )
    .qids(&[150001, 150090]);
    f.bad(
        "upload-name",
        FileName("photo"),
        "the name of an upload is shown as it came",
        shows("a<i onclick=x1>.png", TAG),
        raw("<p>Stored {v}</p>"),
    )
    .sample("a.png");
    f.bad(
        "header-forwarded",
        Header("X-Forwarded-For"),
        "the client's address is shown as it was told",
        tag(),
        raw("<p>Your address: {v}</p>"),
    )
    .qids(&[150046, 150001])
    .sample("127.0.0.1");
    f.bad(
        "header-language",
        Header("Accept-Language"),
        "the wanted language is shown as it came",
        tag(),
        raw("<p>We do not speak {v}</p>"),
    )
    .qids(&[150046, 150001])
    .sample("en");
    f.bad("html-as-json", Query("q"), "JSON is sent as text/html", shows(TAG, TAG), |_, h| {
        Reply::raw_html(format!("{{\"query\": \"{}\"}}", h.value.replace('"', "\\\"")))
    });
    f.bad(
        "no-type",
        Query("q"),
        "no type is sent and nosniff is missing, so browsers guess",
        tag(),
        |_, h| {
            Reply::raw_html(format!("<html><body>{}</body></html>", h.value))
                .without("Content-Type")
                .without("X-Content-Type-Options")
        },
    );
    f.bad(
        "svg",
        Query("label"),
        "the value stands in a picture of type SVG",
        shows("</text><script>x1()</script>", "</text><script>x1()</script>"),
        |_, h| {
            Reply::new(
                200,
                "image/svg+xml",
                format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><text y=\"20\">{}</text></svg>", h.value),
            )
        },
    );
    f.bad(
        "event-handler",
        Query("item"),
        "the value stands in a handler's string; the browser decodes entities before it runs",
        shows("');x1();('", "add('&#39;);x1();(&#39;')"),
        encoded("<button onclick=\"add('{v}')\">Add</button>"),
    );
    f.bad(
        "style-element",
        Query("color"),
        "a style element can be ended",
        shows("</style><i onclick=x1>", "</style><i onclick=x1>"),
        raw("<style>h1 {{ color: {v} }}</style><h1>Hello</h1>"),
    )
    .sample("red");
    f.bad(
        "iframe-source",
        Query("src"),
        "a frame takes any address, also javascript:",
        shows("javascript:x1()", "src=\"javascript:x1()\""),
        encoded("<iframe src=\"{v}\"></iframe>"),
    )
    .sample("/case/");
    f.bad(
        "form-action",
        Query("to"),
        "a form is sent to any address, also javascript:",
        shows("javascript:x1()", "action=\"javascript:x1()\""),
        encoded("<form action=\"{v}\"><button>Go</button></form>"),
    )
    .sample("/case/");
    f.bad(
        "meta-refresh",
        Query("next"),
        "the page goes on to any address that the value ends with",
        shows("0\" http-equiv=x><i onclick=x1>", TAG),
        raw("<meta name=\"next\" content=\"{v}\">"),
    )
    .sample("1");
    f.bad("json-in-script", Query("q"), "JSON in a script element ends with the element", shows("</script><i onclick=x1>", "</script><i onclick=x1>"), |_, h| {
        Reply::html(format!("<script type=\"application/json\" id=\"state\">{}</script><script>var s = JSON.parse(document.getElementById('state').textContent);</script>", json!({"q": h.value})))
    });
    f.bad(
        "script-number",
        Query("page"),
        "the value stands where a script has a number",
        shows("1;x1()", "var page = 1;x1();"),
        |_, h| Reply::html(format!("<script>var page = {};</script>", encode(&h.value, "<>\"'&"))),
    )
    .sample("1");
    f.bad(
        "script-comment",
        Query("ref"),
        "a line break ends the comment",
        shows("a\nx1()//", "// from a\nx1()//"),
        |_, h| Reply::html(format!("<script>\n// from {}\nvar a = 1;</script>", encode(&h.value, "<>"))),
    );
    f.bad(
        "script-regex",
        Query("find"),
        "the value stands in a pattern, which a slash ends",
        shows("a/;x1();/b", "/a/;x1();/b/i"),
        |_, h| Reply::html(format!("<script>var find = /{}/i;</script>", encode(&h.value, "<>\"'"))),
    );
    f.bad(
        "backslash-forgotten",
        Query("name"),
        "quotes get a backslash, the backslash itself does not",
        shows("\\';x1();//", "var n = '\\\\';x1();//';"),
        |_, h| Reply::html(format!("<script>var n = '{}';</script>", encode(&h.value, "<>"))),
    )
    .filter(Filter::Backslash("'\""));
    f.bad(
        "jsonp",
        Query("callback"),
        "the name of the function is written as it came into a page that is no script",
        shows("<i onclick=x1>", "<i onclick=x1>({"),
        |_, h| Reply::raw_html(format!("{}({{\"ok\":true}})", h.value)),
    )
    .sample("done");
    f.bad(
        "removes-tags-once",
        Query("q"),
        "script tags are removed once, the rest closes up",
        shows("<scr<script>ipt>x1()</scr</script>ipt>", "<script>x1()</script>"),
        raw(TEXT),
    )
    .filter(Filter::RemoveExact(&["<script>", "</script>"]));
    f.bad(
        "decodes-later",
        Query("q"),
        "angle brackets are refused, then percent signs are decoded once more",
        shows("%3Ci onclick=x1%3E", TAG),
        raw(TEXT),
    )
    .filter(Filter::Refuse(&["<", ">"]))
    .filter(Filter::DecodeAgain);
    f.bad(
        "entities-decoded",
        Form("q"),
        "entities are decoded after encoding was checked",
        shows("&lt;i onclick=x1&gt;", TAG),
        raw(TEXT),
    )
    .filter(Filter::Refuse(&["<", ">"]))
    .filter(Filter::Entities);
    f.bad(
        "base64",
        Query("data"),
        "the value comes as base64",
        shows("PGkgb25jbGljaz14MT4=", TAG),
        raw(TEXT),
    )
    .filter(Filter::Base64)
    .sample("YXBwbGU=");
    f.bad(
        "upper-case",
        Query("q"),
        "the value is shown in capitals, in which tags and handlers are the same",
        shows(TAG, "<I ONCLICK=X1>"),
        raw(TEXT),
    )
    .filter(Filter::Upper);
    f.bad(
        "no-blanks",
        Query("q"),
        "blanks are removed, a slash separates as well",
        shows("<svg/onload=x1()>", "<svg/onload=x1()>"),
        raw(TEXT),
    )
    .filter(Filter::NoBlanks);
    f.bad(
        "known-events",
        Query("q"),
        "script and the usual handlers are refused, others are not",
        shows("<details open ontoggle=x1()>", "<details open ontoggle=x1()>"),
        raw(TEXT),
    )
    .filter(Filter::Refuse(&[
        "script",
        "onerror",
        "onload",
        "onclick",
        "onmouseover",
        "onfocus",
        "img",
        "svg",
        "iframe",
        "javascript:",
    ]));
    f.bad(
        "no-brackets-attribute",
        Form("q"),
        "angle brackets are encoded, the double quote is not",
        shows("z\" autofocus onfocus=\"x1()", "value=\"z\" autofocus onfocus=\"x1()\""),
        raw("<input name=\"q\" value=\"{v}\">"),
    )
    .filter(Filter::Encode("<>&'"));
    f.bad("second-parameter", Query("dir"), "one parameter is encoded, the other is not", tag(), |_, h| {
        Reply::html(format!(
            "<p>Sorted by {} {}</p>",
            html(&h.parameter("sort").unwrap_or_default()),
            h.value
        ))
    })
    .with(&[("sort", "price")])
    .sample("asc");
    f.bad(
        "session-multipart",
        Multipart("bio"),
        "only within a session",
        tag(),
        raw("<p>About you: {v}</p>"),
    )
    .session();
    f.bad("token-query", Query("note"), "only with the form's token", tag(), raw("<p>Noted: {v}</p>"))
        .token();

    f.good(
        "heading-encoded",
        PathMiddle,
        "encodes all five characters",
        tag(),
        encoded("<h1>Details of {v}</h1>"),
    );
    f.good("xml-encoded", Xml("title"), "encodes all five characters", tag(), encoded("<p>Created {v}</p>"))
        .qids(&[150001, 150090]);
    f.good(
        "handler-data",
        Query("item"),
        "the value stands in a data attribute, encoded, and the script reads it from there",
        shows("');x1();('", "');x1();('"),
        encoded("<button data-item=\"{v}\" onclick=\"add(this.dataset.item)\">Add</button>"),
    );
    f.good(
        "json-escaped-in-script",
        Query("q"),
        "JSON in a script element with < > & as escapes",
        shows("</script><i onclick=x1>", "</script><i"),
        |_, h| {
            Reply::html(format!(
                "<script type=\"application/json\" id=\"state\">{{\"q\": {}}}</script>",
                script(&h.value)
            ))
        },
    );
    f.good(
        "comment-encoded",
        Query("debug"),
        "encodes, so that the comment can't be ended",
        shows("--><i onclick=x1>", "--><i onclick=x1>"),
        encoded("<!-- {v} --><p>Hello.</p>"),
    );
    f.good(
        "inert-in-textarea",
        QueryForm("text"),
        "markup within a textarea is text, and the end tag is encoded",
        shows("</textarea><i onclick=x1>", "</textarea><i"),
        |_, h| {
            Reply::html(format!(
                "<textarea name=\"text\">{}</textarea>",
                h.value.replace("</", "&lt;/").replace('<', "&lt;")
            ))
        },
    );
    f.good(
        "attachment",
        Query("q"),
        "the answer is text to be saved, not shown",
        shows(TAG, "<!DOCTYPE"),
        |_, h| Reply::text(h.value.clone()).header("Content-Disposition", "attachment; filename=\"a.txt\""),
    );
    f.good(
        "cookie-encoded",
        Cookie("nick"),
        "encodes all five characters",
        tag(),
        encoded("<p>Hello {v}</p>"),
    )
    .qids(&[150046, 150001]);
    f.good(
        "words-only",
        Path,
        "other characters than letters, digits and blanks are refused, and not shown",
        tag(),
        raw("<p>{v}</p>"),
    )
    .filter(Filter::Word);
    f.good(
        "jsonp-checked",
        Query("callback"),
        "only names are taken, sent as JavaScript with nosniff",
        shows("<i onclick=x1>", "<i onclick"),
        |_, h| {
            let name = if h.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                h.value.as_str()
            } else {
                "callback"
            };
            Reply::new(200, "application/javascript", format!("/**/{name}({{\"ok\":true}})"))
        },
    )
    .sample("done");
    f.good(
        "message-known",
        Query("msg"),
        "the parameter chooses one of the known messages",
        tag(),
        |_, h| Reply::html(if h.value == "saved" { "<p>Saved.</p>" } else { "<p>Hello.</p>" }),
    )
    .sample("saved");
    f.cases()
}

fn field(entry: &HashMap<String, String>, name: &str) -> String {
    entry.get(name).cloned().unwrap_or_default()
}

/// What one may store, and how it is shown where.
struct Board {
    /// The page with the form.
    form: &'static str,
    /// Reads an entry from a post to `save`.
    read: fn(&Hit<'_>) -> HashMap<String, String>,
    /// The page of all entries, and how each is written there.
    list: &'static str,
    write: fn(&HashMap<String, String>) -> String,
}

fn board(board: Board) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        let state = w.state(&h.case.id());
        match (h.rest, h.request.method.as_str()) {
            ("", _) => Reply::html(format!("{}<a href=\"{}\">All</a>", board.form, board.list)),
            ("save", "POST") => {
                state.lock().push((board.read)(h));
                Reply::html(format!("<p>Saved.</p><a href=\"{}\">All</a>", board.list))
            }
            (rest, _) if rest == board.list => {
                let all: String = state
                    .lock()
                    .entries
                    .iter()
                    .rev()
                    .map(|entry| format!("<div>{}</div>", (board.write)(entry)))
                    .collect();
                Reply::html(all)
            }
            _ => Reply::missing(),
        }
    }
}

fn from_form(h: &Hit<'_>) -> HashMap<String, String> {
    h.request.form().into_iter().collect()
}

fn from_json(h: &Hit<'_>) -> HashMap<String, String> {
    let body = h.request.json().unwrap_or_default();
    let text = body
        .pointer("/entry/text")
        .or_else(|| body.get("text"))
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    HashMap::from([("text".to_owned(), text.to_owned())])
}

const MARK: &str = "z\"'></textarea></script><i onclick=x1>";

fn stores(p: &Prover<'_>) -> Result<bool, String> {
    let names = ["text", "subject", "name", "color", "order"];
    p.post("save", &names.map(|name| (name, MARK)))?;
    p.send(
        "POST",
        "save",
        &[("Content-Type", "application/json")],
        &json!({"text": MARK, "entry": {"text": MARK}}).to_string(),
    )?;
    let upload = "--range\r\nContent-Disposition: form-data; name=\"text\"; filename=\"a<i onclick=x1>.png\"\r\n\r\nx\r\n--range--\r\n";
    p.send("POST", "save", &[("Content-Type", "multipart/form-data; boundary=range")], upload)?;
    let mut seen = false;
    for rest in ["all", "admin/messages", "feed", "export"] {
        let answer = p.get(rest)?;
        seen |= answer.header("content-type").is_some_and(|kind| kind.contains("html"))
            && answer.text().contains("<i onclick=x1>");
    }
    Ok(seen)
}

fn button(path: &str, body: &str) -> String {
    format!(
        "<button id=\"b\">Save</button><script>document.getElementById('b').addEventListener('click', function () {{ fetch('{path}', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }}, body: JSON.stringify({body}) }}); }});</script>"
    )
}

pub(super) fn stored() -> Vec<Case> {
    let mut f = Family::new("xss-stored", HALF, &[150000], &[79]);
    let steps = || Proof::Steps(stores);
    const FORM: &str = "<form action=\"save\" method=\"post\"><input name=\"subject\" value=\"Hello\"><textarea name=\"text\">How are you?</textarea><button>Send</button></form>";
    f.bad(
        "admin-page",
        Page,
        "what visitors write is shown as it came on a page for others",
        steps(),
        board(Board {
            form: FORM,
            read: from_form,
            list: "admin/messages",
            write: |e| format!("<b>{}</b> {}", html(&field(e, "subject")), field(e, "text")),
        }),
    );
    f.bad(
        "in-script",
        Page,
        "an entry stands in a script's string, which it can end",
        steps(),
        board(Board {
            form: FORM,
            read: from_form,
            list: "all",
            write: |e| format!("<script>var last = \"{}\";</script>", field(e, "text")),
        }),
    );
    f.bad(
        "in-textarea",
        Page,
        "an entry stands in a textarea, which it can end",
        steps(),
        board(Board {
            form: FORM,
            read: from_form,
            list: "all",
            write: |e| format!("<textarea>{}</textarea>", field(e, "text")),
        }),
    );
    f.bad("in-style", Page, "a chosen colour stands in an attribute", steps(), board(Board {
        form: "<form action=\"save\" method=\"post\"><input name=\"color\" value=\"red\"><button>Save</button></form>",
        read: from_form,
        list: "all",
        write: |e| format!("<p style=\"color: {}\">Hello</p>", field(e, "color")),
    }));
    f.bad("by-json", Page, "a script stores what is shown on another page as it came", steps(), |w, h| {
        let inner = board(Board { form: "", read: from_json, list: "all", write: |e| field(e, "text") });
        if h.rest.is_empty() {
            Reply::html(
                button(&format!("{}save", h.base()), "{ entry: { text: 'hello' } }")
                    + "<a href=\"all\">All</a>",
            )
        } else {
            inner(w, h)
        }
    });
    f.bad("by-upload", Page, "the names of uploads are listed as they came", steps(), board(Board {
        form: "<form action=\"save\" method=\"post\" enctype=\"multipart/form-data\"><input type=\"file\" name=\"text\"><button>Upload</button></form>",
        read: |h| HashMap::from([("text".to_owned(), h.request.parts().into_iter().find_map(|part| part.filename).unwrap_or_default())]),
        list: "all",
        write: |e| field(e, "text"),
    }));
    f.bad(
        "encoded-too-early",
        Page,
        "what was encoded is decoded again when shown",
        steps(),
        board(Board {
            form: FORM,
            read: from_form,
            list: "feed",
            write: |e| Filter::Entities.apply(html(&field(e, "text"))).unwrap_or_default(),
        }),
    );
    f.bad(
        "strips-on-input",
        Page,
        "the word script is removed on input, other tags stay",
        steps(),
        board(Board {
            form: FORM,
            read: from_form,
            list: "all",
            write: |e| field(e, "text").replace("script", ""),
        }),
    );
    f.good(
        "encoded-admin",
        Page,
        "entries are encoded on the page for others",
        steps(),
        board(Board {
            form: FORM,
            read: from_form,
            list: "admin/messages",
            write: |e| format!("<b>{}</b> {}", html(&field(e, "subject")), html(&field(e, "text"))),
        }),
    );
    f.good(
        "literal-in-script",
        Page,
        "an entry is a JavaScript literal",
        steps(),
        board(Board {
            form: FORM,
            read: from_form,
            list: "all",
            write: |e| format!("<script>var last = {};</script>", script(&field(e, "text"))),
        }),
    );
    f.good("encoded-attribute", Page, "the colour is encoded", steps(), board(Board {
        form: "<form action=\"save\" method=\"post\"><input name=\"color\" value=\"red\"><button>Save</button></form>",
        read: from_form,
        list: "all",
        write: |e| format!("<p data-color=\"{}\">Hello</p>", html(&field(e, "color"))),
    }));
    f.good("plain-export", Page, "the export is plain text with nosniff", steps(), |w, h| {
        let inner = board(Board { form: FORM, read: from_form, list: "export", write: |e| field(e, "text") });
        if h.rest == "export" {
            Reply::text(
                w.state(&h.case.id())
                    .lock()
                    .entries
                    .iter()
                    .map(|e| field(e, "text"))
                    .collect::<Vec<_>>()
                    .join("\n"),
            )
        } else {
            inner(w, h)
        }
    });
    f.cases()
}
