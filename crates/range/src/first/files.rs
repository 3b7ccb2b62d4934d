//! Files: traversal and inclusion, remote inclusion, uploads.

use std::collections::HashMap;

use super::HALF;
use crate::case::Place::{Cookie, Form, Header, Json, Page, Path, PathMiddle, Query, QueryForm};
use crate::case::{Case, Family, Hit};
use crate::engine::expr::{Flavor, evaluate};
use crate::engine::files::{APP, read, read_windows, resolve};
use crate::filter::{Filter, html};
use crate::http::Reply;
use crate::http::client::fetch;
use crate::proof::{Proof, Prover, shows};
use crate::world::World;

fn shown(result: Result<String, String>) -> Reply {
    match result {
        Ok(text) => Reply::html(format!("<pre>{}</pre>", html(&text))),
        Err(_) => Reply::html("<p>There is no such file.</p>").with_status(404),
    }
}

/// Reads the file that the value names, between a start and an end, below a directory of the application.
fn open(
    directory: &'static str,
    start: &'static str,
    end: &'static str,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| shown(read(&w.files(), &format!("{APP}/{directory}"), &format!("{start}{}{end}", h.value)))
}

const PASSWD: &str = "root:x:0:0:";

pub(super) fn traversal() -> Vec<Case> {
    let mut f = Family::new("traversal", HALF, &[150011], &[22, 23, 36, 73, 98]);
    f.sample("home.txt");
    let up = || shows("../../../../etc/passwd", PASSWD);
    f.bad("relative", Query("file"), "dots lead out of the directory", up(), open("pages", "", ""));
    f.bad(
        "absolute",
        Query("file"),
        "a path from the root is taken as it is",
        shows("/etc/passwd", PASSWD),
        open("pages", "", ""),
    )
    .filter(Filter::Refuse(&["../"]));
    f.bad("form", Form("page"), "the same in a form", up(), open("pages", "", ""));
    f.bad("path", Path, "the same in the path, with encoded slashes", up(), open("docs", "", ""))
        .sample("manual.txt");
    f.bad("cookie", Cookie("skin"), "the same in a cookie", up(), open("pages", "", ""));
    f.bad("json", Json("doc.name"), "the same in a JSON body", up(), open("docs", "", ""))
        .sample("manual.txt");
    f.bad(
        "removes-once",
        Query("file"),
        "../ is removed, but only once",
        shows("....//....//....//....//etc/passwd", PASSWD),
        open("pages", "", ""),
    )
    .filter(Filter::RemoveExact(&["../"]));
    f.bad(
        "decodes-twice",
        Query("file"),
        "../ is refused, then percent signs are decoded once more",
        shows("..%2f..%2f..%2f..%2fetc%2fpasswd", PASSWD),
        |w, h| shown(read(&w.files(), "/var/www/app/pages", &crate::http::request::decode(&h.value, false))),
    )
    .filter(Filter::Refuse(&["../", "..\\"]));
    f.bad(
        "suffix-nul",
        Query("page"),
        "an extension is added, but the path ends at a NUL",
        shows("../../../../etc/passwd\0", PASSWD),
        open("pages", "", ".txt"),
    )
    .sample("home");
    f.bad(
        "prefix",
        QueryForm("lang"),
        "a directory is put in front",
        shows("../../../../../etc/passwd", PASSWD),
        open("pages", "en/", ""),
    )
    .sample("home.html");
    f.bad(
        "must-begin",
        Query("file"),
        "the path must begin with the directory, and may then lead out of it",
        shows("/var/www/app/pages/../../../../etc/passwd", PASSWD),
        |w, h| {
            if h.value.starts_with("/var/www/app/pages") {
                shown(read(&w.files(), "/", &h.value))
            } else {
                Reply::refused("Only pages are shown.")
            }
        },
    )
    .sample("/var/www/app/pages/home.txt");
    f.bad(
        "windows",
        Query("file"),
        "a Windows server takes backslashes",
        shows("..\\..\\..\\..\\windows\\win.ini", "[fonts]"),
        |w, h| shown(read_windows(&w.files(), "/var/www/app/pages", &h.value)),
    )
    .filter(Filter::Refuse(&["/"]));
    f.bad("header", Header("X-Template"), "the same in a header", up(), open("pages", "", ""));
    f.bad(
        "source",
        Query("file"),
        "the application's own source can be read",
        shows("../config.php", "config-osprey"),
        |w, h| {
            let path = resolve("/var/www/app/pages", &h.value);
            if path.starts_with("/var/www/app/") {
                shown(read(&w.files(), "/", &path))
            } else {
                Reply::refused("That is outside.")
            }
        },
    )
    .qids(&[150011]);
    f.good(
        "resolved",
        Query("file"),
        "the path is resolved first and must be below the directory",
        up(),
        |w, h| {
            let path = resolve("/var/www/app/pages", &h.value);
            if path.starts_with("/var/www/app/pages/") {
                shown(read(&w.files(), "/", &path))
            } else {
                Reply::refused("That is outside.")
            }
        },
    );
    f.good("known", QueryForm("page"), "only known pages are read", up(), |w, h| {
        let page = if h.value == "about" { "about.txt" } else { "home.txt" };
        shown(read(&w.files(), "/var/www/app/pages", page))
    })
    .sample("home");
    f.good(
        "base-name",
        Form("page"),
        "only what follows the last slash or backslash is used",
        up(),
        |w, h| {
            let name = h.value.rsplit(['/', '\\']).next().unwrap_or_default();
            shown(read(&w.files(), "/var/www/app/pages", name))
        },
    );
    f.good("number", PathMiddle, "files are numbered", up(), |w, h| {
        shown(read(&w.files(), "/var/www/app/docs", if h.value == "1" { "manual.txt" } else { "readme.txt" }))
    })
    .filter(Filter::Digits)
    .sample("1");
    f.good("mentions", Query("topic"), "a page about the file format shows an example line, whatever is asked", up(), |_, _| {
        Reply::html("<p>Each line of the file has seven fields, such as <code>user:x:1000:1000:User:/home/user:/bin/sh</code>.</p>")
    });
    f.cases()
}

/// Runs what stands between `<?php echo` and `?>`, as an interpreter does with what it includes.
pub(crate) fn php(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inner)) = rest.split_once("<?php") {
        out.push_str(before);
        let (code, after) = inner.split_once("?>").unwrap_or((inner, ""));
        for statement in code.split(';') {
            let statement = statement.trim();
            let expression = statement.strip_prefix("echo").or_else(|| statement.strip_prefix("print"));
            if let Some(Ok(value)) =
                expression.map(|code| evaluate(code, &Default::default(), Flavor::Script))
            {
                out.push_str(&value.show());
            }
        }
        rest = after;
    }
    out + rest
}

fn include(w: &World, value: &str) -> Reply {
    let text = if value.contains("://") {
        fetch(value).map(|answer| answer.text())
    } else {
        read(&w.files(), "/var/www/app/pages", value)
    };
    match text {
        Ok(text) => Reply::html(php(&text)),
        Err(error) => Reply::html(format!("<b>Warning</b>: include({}): {}", html(value), html(&error))),
    }
}

pub(super) fn remote() -> Vec<Case> {
    let mut f = Family::new("rfi", HALF, &[150057], &[98, 829, 94]);
    f.sample("home.html");
    let calls = |value: &str| Proof::Calls(value.to_owned());
    f.bad("query", Query("page"), "an address of another site is included", calls("{u}"), |w, h| {
        include(w, &h.value)
    });
    f.bad("form", Form("page"), "the same in a form", calls("{u}"), |w, h| include(w, &h.value));
    f.bad(
        "suffix",
        Query("page"),
        "an extension is added, which a question mark makes harmless",
        calls("{u}?"),
        |w, h| include(w, &format!("{}.html", h.value)),
    )
    .sample("home");
    f.bad("cookie", Cookie("page"), "the same in a cookie", calls("{u}"), |w, h| include(w, &h.value));
    f.bad("refuses-upwards", Query("page"), "dots are refused, addresses are not", calls("{u}"), |w, h| {
        include(w, &h.value)
    })
    .filter(Filter::Refuse(&["../", "/etc/"]));
    f.good("known", Query("page"), "only known pages are included", calls("{u}"), |w, h| {
        include(w, if h.value == "about.txt" { "about.txt" } else { "home.html" })
    });
    f.good("below", Form("page"), "what has a colon or a slash is refused", calls("{u}"), |w, h| {
        include(w, &h.value)
    })
    .filter(Filter::Refuse(&[":", "/", "\\"]));
    f.cases()
}

/// Uploads a script and fetches it.
fn uploads(p: &Prover<'_>, name: &str, kind: &str, content: &str) -> Result<bool, String> {
    let body = format!(
        "--range\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n{content}\r\n--range--\r\n"
    );
    let answer =
        p.send("POST", "upload", &[("Content-Type", "multipart/form-data; boundary=range")], &body)?.text();
    let Some(link) = answer.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
        return Ok(false);
    };
    let got = p.get(link)?;
    let as_page = got
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("image/svg"));
    let inline = !got.header("content-disposition").unwrap_or_default().starts_with("attachment");
    Ok(got.status == 200
        && inline
        && (got.text().contains("1788906") || as_page && got.text().contains("<script")))
}

fn any_script(p: &Prover<'_>) -> Result<bool, String> {
    let php = "<?php echo 1337*1338; ?>";
    let page = "<html><script>x1()</script></html>";
    let image = "GIF89a<?php echo 1337*1338; ?>";
    for (name, kind, content) in [
        ("a.php", "application/x-php", php),
        ("a.php", "image/gif", image),
        ("a.pHp", "text/plain", php),
        ("a.php5", "text/plain", php),
        ("a.html", "text/html", page),
        ("a.svg", "image/svg+xml", "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>x1()</script></svg>"),
        ("a.php.gif", "image/gif", image),
        ("a.gif", "image/gif", image),
    ] {
        if uploads(p, name, kind, content)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How an upload is checked; the name under which it is kept, or none.
pub(crate) type Check = fn(&crate::http::request::Part) -> Option<String>;

/// An application that keeps uploads and serves them, scripts run.
pub(crate) fn gallery(
    check: Check,
    serve: fn(&str, &str) -> Reply,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        let state = w.state(&h.case.id());
        match (h.rest, h.request.method.as_str()) {
            ("", _) => Reply::html(
                "<form action=\"upload\" method=\"post\" enctype=\"multipart/form-data\"><input type=\"file\" name=\"file\"><button>Upload</button></form>",
            ),
            ("upload", "POST") => {
                let part = h.request.parts().into_iter().find(|part| part.filename.is_some());
                let Some((name, part)) = part.and_then(|part| Some((check(&part)?, part))) else {
                    return Reply::refused("That kind of file is not taken.");
                };
                let content = String::from_utf8_lossy(&part.content).into_owned();
                if content.len() > 100_000 {
                    return Reply::refused("That is too large.");
                }
                state.lock().push(HashMap::from([
                    ("name".to_owned(), name.clone()),
                    ("content".to_owned(), content),
                ]));
                Reply::html(format!(
                    "<p>Stored as <a href=\"files/{0}\">files/{0}</a></p>",
                    html(&crate::http::request::encode(&name))
                ))
            }
            (rest, _) => {
                let state = state.lock();
                let found = rest.strip_prefix("files/").and_then(|name| {
                    state
                        .entries
                        .iter()
                        .rev()
                        .find(|e| e.get("name").is_some_and(|n| n == name))
                        .map(|e| (name, e))
                });
                match found {
                    Some((name, entry)) => serve(name, entry.get("content").map_or("", String::as_str)),
                    None => Reply::missing(),
                }
            }
        }
    }
}

/// Serves as a web server with PHP does: by the last extension.
pub(crate) fn by_extension(name: &str, content: &str) -> Reply {
    let plain = |kind: &str, body: &str| Reply::new(200, kind, body);
    match name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "php" | "php5" | "phtml" | "phar" => plain("text/html; charset=utf-8", &php(content)),
        "html" | "htm" => plain("text/html; charset=utf-8", content),
        "svg" => plain("image/svg+xml", content),
        "gif" | "png" | "jpg" => plain("image/gif", content),
        _ => plain("text/plain; charset=utf-8", content),
    }
}

fn filename(part: &crate::http::request::Part) -> Option<String> {
    let name = part.filename.as_deref()?.rsplit(['/', '\\']).next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

pub(super) fn upload() -> Vec<Case> {
    let mut f = Family::new("upload", HALF, &[150114], &[434]);
    let steps = Proof::Steps(any_script);
    f.bad(
        "anything",
        Page,
        "any file is kept under its name and served as what it is",
        steps.clone(),
        gallery(filename, by_extension),
    );
    f.bad(
        "stated-type",
        Page,
        "the type that the client states is believed",
        steps.clone(),
        gallery(|part| part.content_type.starts_with("image/").then(|| filename(part))?, by_extension),
    );
    f.bad(
        "first-bytes",
        Page,
        "the first bytes must be an image's, the name is not looked at",
        steps.clone(),
        gallery(|part| part.content.starts_with(b"GIF8").then(|| filename(part))?, by_extension),
    );
    f.bad(
        "list-of-bad",
        Page,
        "names in .php are refused, others that run are not",
        steps.clone(),
        gallery(|part| filename(part).filter(|name| !name.ends_with(".php")), by_extension),
    );
    f.bad(
        "svg-image",
        Page,
        "images may be SVG, in which scripts run",
        steps.clone(),
        gallery(
            |part| {
                filename(part).filter(|name| [".svg", ".gif", ".png"].iter().any(|end| name.ends_with(end)))
            },
            by_extension,
        ),
    );
    f.good(
        "images-only",
        Page,
        "only names of plain images are taken, and served as images",
        steps.clone(),
        gallery(
            |part| {
                filename(part).filter(|name| [".gif", ".png", ".jpg"].iter().any(|end| name.ends_with(end)))
            },
            by_extension,
        ),
    );
    f.good(
        "attachment",
        Page,
        "what was uploaded is only given out to be saved, as bytes",
        steps.clone(),
        gallery(filename, |_, content| {
            Reply::new(200, "application/octet-stream", content).header("Content-Disposition", "attachment")
        }),
    );
    f.good("not-kept", Page, "the file is read and thrown away", steps, gallery(|_| None, by_extension));
    f.cases()
}
