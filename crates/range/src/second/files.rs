//! Files in other positions and behind other checks.

use super::HALF;
use crate::case::Place::{
    Cookie, FileName, Form, Graphql, Header, Json, Multipart, Page, Path, PathMiddle, Query, QueryForm, Xml,
};
use crate::case::{Case, Family, Hit};
use crate::engine::files::{read, read_windows, resolve};
use crate::filter::{Filter, html};
use crate::first::files::{by_extension, gallery, php};
use crate::http::Reply;
use crate::http::client::fetch;
use crate::http::request::{Part, decode};
use crate::proof::{Proof, Prover, shows};
use crate::world::World;

const DOCS: &str = "/var/www/app/docs";
const PASSWD: &str = "root:x:0:0:";

fn shown(result: Result<String, String>) -> Reply {
    match result {
        Ok(text) => Reply::text(text),
        Err(error) => Reply::html(format!("<p>{}</p>", html(&error))).with_status(404),
    }
}

fn document(w: &World, h: &Hit<'_>) -> Reply {
    shown(read(&w.files(), DOCS, &h.value))
}

pub(super) fn traversal() -> Vec<Case> {
    let mut f = Family::new("traversal", HALF, &[150011], &[22, 23, 36, 73, 98]);
    f.sample("manual.txt");
    let up = || shows("../../../../etc/passwd", PASSWD);
    f.bad("download", Query("doc"), "the file is sent as plain text", up(), document);
    f.bad("path-middle", PathMiddle, "a segment within the path", up(), document);
    f.bad("xml", Xml("file"), "an element of an XML body", up(), document);
    f.bad("graphql", Graphql("file"), "a variable of GraphQL", up(), document);
    f.bad("multipart", Multipart("attach"), "a field of a multipart form", up(), document);
    f.bad("upload-name", FileName("copy"), "the name of an upload is read back", up(), document);
    f.bad("attachment", QueryForm("doc"), "the file is sent to be saved", up(), |w, h| {
        document(w, h).header("Content-Disposition", "attachment")
    });
    f.bad("json-answer", Json("page.template"), "the text comes within JSON", up(), |w, h| {
        match read(&w.files(), DOCS, &h.value) {
            Ok(text) => Reply::json(&serde_json::json!({"text": text})),
            Err(_) => Reply::json(&serde_json::json!({"error": "no such template"})).with_status(404),
        }
    });
    f.bad(
        "backslashes-too",
        Query("doc"),
        "forward slashes lead nowhere, backslashes do",
        shows("..\\..\\..\\..\\etc\\passwd", PASSWD),
        |w, h| shown(read_windows(&w.files(), DOCS, &h.value)),
    )
    .filter(Filter::RemoveChars("/"));
    f.bad(
        "drive",
        Query("doc"),
        "a Windows server takes a drive's letter",
        shows("c:/windows/win.ini", "[fonts]"),
        |w, h| shown(read_windows(&w.files(), DOCS, &h.value)),
    )
    .filter(Filter::Refuse(&["..", "etc"]));
    f.bad(
        "file-address",
        Form("source"),
        "an address of the file scheme is read",
        shows("file:///etc/passwd", PASSWD),
        |w, h| match h.value.strip_prefix("file://") {
            Some(path) => shown(read(&w.files(), "/", path)),
            None => document(w, h),
        },
    )
    .filter(Filter::Refuse(&["../"]));
    f.bad(
        "decoded-after-check",
        Query("doc"),
        "the check looks at the text before entities and percent signs are decoded",
        shows("%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", PASSWD),
        |w, h| shown(read(&w.files(), DOCS, &decode(&h.value, false))),
    )
    .filter(Filter::Refuse(&["..", "%00"]));
    f.bad(
        "slash-removed-at-start",
        Query("doc"),
        "leading slashes and dots are removed, inner ones are not",
        shows("x/../../../../../etc/passwd", PASSWD),
        |w, h| shown(read(&w.files(), DOCS, h.value.trim_start_matches(['/', '.']))),
    );
    f.bad(
        "extension-checked",
        Query("doc"),
        "the name must end in .txt, and the path ends at a NUL",
        shows("../../../../etc/passwd\0.txt", PASSWD),
        |w, h| if h.value.ends_with(".txt") { document(w, h) } else { Reply::refused("Only texts.") },
    );
    f.bad(
        "language-cookie",
        Cookie("lang"),
        "the cookie names a directory in front",
        shows("../../../../../etc/passwd\0", PASSWD),
        |w, h| shown(read(&w.files(), "/var/www/app/pages", &format!("{}/home.html", h.value))),
    )
    .sample("en");
    f.bad(
        "environment",
        Header("X-Doc"),
        "a header; dots removed once, so the rest closes up",
        shows("....//....//....//....//etc/passwd", PASSWD),
        document,
    )
    .filter(Filter::RemoveExact(&["../"]));
    f.bad("session", Query("doc"), "within a session", up(), document).session();
    f.bad("short", Query("d"), "only 24 characters fit", shows("/etc/passwd", PASSWD), document)
        .filter(Filter::Cut(24));
    let below = |w: &World, h: &Hit<'_>| {
        let path = resolve(DOCS, h.value.split('\0').next().unwrap_or_default());
        if path.starts_with("/var/www/app/docs/") {
            shown(read(&w.files(), "/", &path))
        } else {
            Reply::refused("That is outside.")
        }
    };
    f.good("below", Query("doc"), "the resolved path must be below the directory", up(), below);
    f.good("below-xml", Xml("file"), "the resolved path must be below the directory", up(), below);
    f.good("below-upload", FileName("copy"), "the resolved path must be below the directory", up(), below);
    f.good("no-dots", Path, "dots in pairs, slashes, backslashes and NULs are refused", up(), document)
        .filter(Filter::Refuse(&["..", "/", "\\", "\0"]));
    f.good(
        "known-language",
        Cookie("lang"),
        "only known languages",
        shows("../../../../../etc/passwd\0", PASSWD),
        |w, h| {
            let language = if h.value == "de" { "de" } else { "en" };
            shown(read(&w.files(), "/var/www/app/pages", &format!("{language}/home.html")))
        },
    )
    .sample("en");
    f.good("message", Query("doc"), "the name is shown in the message, no file is read", up(), |_, h| {
        Reply::html(format!("<p>No document {}</p>", html(&h.value)))
    });
    f.cases()
}

fn include(value: &str, quiet: bool) -> Reply {
    match fetch(value) {
        Ok(answer) => Reply::html(php(&answer.text())),
        Err(_) if quiet => Reply::html("<p>Home.</p>"),
        Err(error) => Reply::html(format!("<b>Warning</b>: require_once(): {}", html(&error))),
    }
}

pub(super) fn remote() -> Vec<Case> {
    let mut f = Family::new("rfi", HALF, &[150057], &[98, 829, 94, 918]);
    f.sample("home");
    let calls = |value: &str| Proof::Calls(value.to_owned());
    f.bad("path", Path, "the last segment of the path is included", calls("{u}"), |_, h| {
        include(&h.value, false)
    });
    f.bad("json", Json("view"), "a member of a JSON body is included", calls("{u}"), |_, h| {
        include(&h.value, false)
    });
    f.bad(
        "directory",
        Query("theme"),
        "a file of the directory that the value names is included",
        calls("{u}"),
        |_, h| include(&format!("{}/header.inc", h.value), false),
    );
    f.bad("quiet", QueryForm("module"), "without errors", calls("{u}"), |_, h| include(&h.value, true));
    f.bad("header", Header("X-View"), "a header", calls("{u}"), |_, h| include(&h.value, true));
    f.good("directory-known", Query("theme"), "only known themes", calls("{u}"), |_, h| {
        Reply::html(format!("<p>Theme {}</p>", if h.value == "dark" { "dark" } else { "light" }))
    });
    f.good(
        "word",
        QueryForm("module"),
        "other characters than letters and digits are refused",
        calls("{u}"),
        |_, h| Reply::html(format!("<p>Module {}</p>", html(&h.value))),
    )
    .filter(Filter::Word);
    f.cases()
}

/// Uploads under names and types that pass this or that check, and fetches what came of it.
fn any(p: &Prover<'_>) -> Result<bool, String> {
    let php = "<?php echo 2474*2473+1804; ?>";
    let picture = "GIF89a<?php echo 2474*2473+1804; ?>";
    let page = "<html><script>x1()</script></html>";
    for (name, kind, content) in [
        ("b.php", "application/x-php", php),
        ("b.php", "image/png", picture),
        ("b.phtml", "image/gif", picture),
        ("b.PHP", "image/gif", picture),
        ("b.jpg.php", "image/jpeg", picture),
        ("b.php.", "image/gif", picture),
        ("b.html", "text/html", page),
        ("b.htm", "image/gif", page),
        ("b.svg", "image/svg+xml", "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>x1()</script></svg>"),
        ("b.gif", "image/gif", "GIF89a<script>x1()</script>"),
    ] {
        let body = format!(
            "--range\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n{content}\r\n--range--\r\n"
        );
        let answer = p
            .send("POST", "upload", &[("Content-Type", "multipart/form-data; boundary=range")], &body)?
            .text();
        let Some(link) = answer.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        let got = p.get(link)?;
        let as_page = got
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("image/svg"));
        if got.header("content-disposition").is_none()
            && (got.text().contains("6120006") || as_page && got.text().contains("<script>x1()"))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn name(part: &Part) -> Option<String> {
    let name = part.filename.as_deref()?.rsplit(['/', '\\']).next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

pub(super) fn upload() -> Vec<Case> {
    let mut f = Family::new("upload", HALF, &[150114], &[434]);
    let steps = || Proof::Steps(any);
    f.bad(
        "contains-image-name",
        Page,
        "the name must contain .jpg, anywhere",
        steps(),
        gallery(|part| name(part).filter(|name| name.contains(".jpg")), by_extension),
    );
    f.bad(
        "case-of-letters",
        Page,
        "names in .php, .phtml, .html and .svg are refused in small letters",
        steps(),
        gallery(
            |part| {
                name(part).filter(|name| {
                    ![".php", ".phtml", ".html", ".svg", ".htm", ".php5"]
                        .iter()
                        .any(|end| name.ends_with(end))
                })
            },
            by_extension,
        ),
    );
    f.bad(
        "type-and-bytes",
        Page,
        "type and first bytes are looked at, the name is not",
        steps(),
        gallery(
            |part| {
                (part.content_type.starts_with("image/") && part.content.starts_with(b"GIF8"))
                    .then(|| name(part))?
            },
            by_extension,
        ),
    );
    f.bad(
        "html-allowed",
        Page,
        "scripts of the server are refused, pages are not",
        steps(),
        gallery(|part| name(part).filter(|name| !name.to_lowercase().contains(".ph")), by_extension),
    );
    f.bad(
        "type-guessed",
        Page,
        "what was uploaded is served as a page, whatever its name",
        steps(),
        gallery(
            |part| name(part).filter(|name| name.ends_with(".gif")),
            |_, content| {
                Reply::new(200, "text/html; charset=utf-8", content).without("X-Content-Type-Options")
            },
        ),
    );
    f.good(
        "renamed",
        Page,
        "files get a number and the ending of a plain picture",
        steps(),
        gallery(|part| name(part).map(|_| "1001.gif".to_owned()), by_extension),
    );
    f.good(
        "ending-checked",
        Page,
        "the last ending, in any letters, must be a plain picture's",
        steps(),
        gallery(
            |part| {
                name(part).filter(|name| {
                    matches!(name.to_lowercase().rsplit('.').next(), Some("gif" | "png" | "jpg"))
                })
            },
            by_extension,
        ),
    );
    f.good(
        "served-as-bytes",
        Page,
        "files are sent as bytes to be saved",
        steps(),
        gallery(name, |_, content| {
            Reply::new(200, "application/octet-stream", content).header("Content-Disposition", "attachment")
        }),
    );
    f.cases()
}
