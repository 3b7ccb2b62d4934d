//! Requests of the server, XML, split headers, redirects and hosts, in other shapes.

use super::HALF;
use crate::case::Place::{
    Cookie, Form, Graphql, Header, Json, Multipart, Page, Path, PathMiddle, Query, QueryForm,
};
use crate::case::{Case, Family, Hit};
use crate::engine::xml;
use crate::filter::{Filter, html};
use crate::first::requests::{fetches_entity, loads};
use crate::http::Reply;
use crate::http::client::fetch;
use crate::proof::{Proof, Prover, shows};
use crate::world::{INTRANET_SECRET, World};

fn text_of(url: &str) -> Reply {
    match fetch(url) {
        Ok(answer) => Reply::text(answer.text()),
        Err(error) => Reply::html(format!("<p>{}</p>", html(&error))).with_status(502),
    }
}

/// Says only whether the fetch worked.
fn checked(url: &str) -> Reply {
    Reply::html(if fetch(url).is_ok_and(|answer| answer.status == 200) {
        "<p>The feed works.</p>"
    } else {
        "<p>The feed does not work.</p>"
    })
}

fn inside(p: &Prover<'_>) -> Result<bool, String> {
    let address = p.range.world().intranet();
    for url in [
        format!("http://{address}/admin"),
        format!("http://127.1:{}/admin", address.port()),
        format!("{address}/admin"),
        format!("http://shop.example.test@{address}/admin"),
    ] {
        if p.value(&url)?.text().contains(INTRANET_SECRET) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn ssrf() -> Vec<Case> {
    let mut f = Family::new("ssrf", HALF, &[150258], &[918]);
    f.sample("http://localhost/feed.xml");
    let calls = || Proof::Calls("{u}".to_owned());
    f.bad("proxy-path", Path, "the address stands in the path", Proof::Steps(inside), |_, h| {
        text_of(&h.value)
    });
    f.bad("graphql", Graphql("url"), "a variable of GraphQL", Proof::Steps(inside), |_, h| text_of(&h.value));
    f.bad("without-scheme", Query("server"), "the scheme is put in front", Proof::Steps(inside), |_, h| {
        text_of(&format!("http://{}", h.value))
    })
    .sample("localhost/feed.xml");
    f.bad(
        "must-contain-shop",
        QueryForm("feed"),
        "the address must contain the shop's name, also as a user's",
        Proof::Steps(inside),
        |_, h| {
            if h.value.contains("shop.example.test") {
                text_of(&h.value)
            } else {
                Reply::refused("Only feeds of the shop.")
            }
        },
    )
    .sample("http://shop.example.test/feed.xml");
    f.bad(
        "dotted-refused",
        Query("feed"),
        "127.0.0.1 is refused in its usual form only",
        Proof::Steps(inside),
        |_, h| text_of(&h.value),
    )
    .filter(Filter::Refuse(&["127.0.0.1", "localhost"]));
    f.bad("check-only", Form("feed"), "only whether the address answers", calls(), |_, h| checked(&h.value));
    f.bad("cookie", Cookie("avatar"), "an address in a cookie", calls(), |_, h| checked(&h.value));
    f.bad("multipart", Multipart("import"), "an address in a multipart form", calls(), |_, h| {
        checked(&h.value)
    });
    f.bad("forwarded-header", Header("X-Callback-Url"), "an address in a header", calls(), |_, h| {
        checked(&h.value)
    });
    f.bad("list-of-addresses", Json("urls"), "addresses separated by blanks", calls(), |_, h| {
        h.value.split_whitespace().take(3).for_each(|url| drop(fetch(url)));
        Reply::json(&serde_json::json!({"accepted": true}))
    });
    f.good(
        "parsed-host",
        Query("feed"),
        "the host is read from the address and must be a known one",
        Proof::Steps(inside),
        |_, h| {
            let authority = h
                .value
                .strip_prefix("http://")
                .and_then(|rest| rest.split(['/', '?', '#', '\\']).next())
                .unwrap_or_default();
            if authority == "feeds.example.test" {
                checked(&h.value)
            } else {
                Reply::refused("That feed is not known.")
            }
        },
    );
    f.good("link-shown", QueryForm("feed"), "the address is only shown as a link", calls(), |_, h| {
        if h.value.starts_with("http://") {
            Reply::html(format!("<a rel=\"nofollow\" href=\"{}\">Your feed</a>", html(&h.value)))
        } else {
            Reply::refused("Not an address.")
        }
    });
    f.good("queued", Json("urls"), "the addresses are stored for an operator", calls(), |_, _| {
        Reply::json(&serde_json::json!({"queued": true}))
    });
    f.good(
        "path-only",
        Query("server"),
        "the value is only a path on the application's own feed host, which it can't leave",
        calls(),
        |_, h| {
            Reply::html(format!(
                "<p>Feed /{} of feeds.example.test</p>",
                crate::http::request::encode(&h.value)
            ))
        },
    );
    f.cases()
}

/// How a call reads XML.
#[derive(Clone, Copy)]
struct Reads {
    doctype: bool,
    external: bool,
    include: bool,
    /// The media type that it wants.
    kind: &'static str,
}

fn service(reads: Reads, shown: bool) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        if h.request.method != "POST" {
            return Reply::html(format!(
                "<button id=\"b\">Send</button><script>document.getElementById('b').addEventListener('click', function () {{ fetch('{}', {{ method: 'POST', headers: {{ 'Content-Type': '{}' }}, body: '<message><to>ann</to><item>hello</item></message>' }}); }});</script>",
                h.base(),
                reads.kind
            ));
        }
        if !h.request.header("content-type").unwrap_or_default().contains("xml") {
            return Reply::refused("XML is wanted.").with_status(415);
        }
        let load = |url: &str| loads(w, url);
        let options = xml::Options {
            doctype: reads.doctype,
            external: if reads.external { Some(&load) } else { None },
            include: reads.include,
        };
        match xml::parse(&h.request.text(), &options) {
            Ok(root) if shown => Reply::new(
                200,
                "application/xml",
                format!("<reply><echo>{}</echo></reply>", html(&root.text())),
            ),
            Ok(_) => Reply::new(200, "application/xml", "<reply>ok</reply>"),
            Err(_) => Reply::new(400, "application/xml", "<reply>bad request</reply>"),
        }
    }
}

fn reads_with_any(p: &Prover<'_>) -> Result<bool, String> {
    for body in [
        "<!DOCTYPE m [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><message><to>a</to><item>&x;</item></message>".to_owned(),
        "<!DOCTYPE m [<!ENTITY % p SYSTEM \"file:///etc/passwd\"><!ENTITY x \"%p;\">]><message><item>&x;</item></message>".to_owned(),
        "<message xmlns:xi=\"http://www.w3.org/2001/XInclude\"><item><xi:include href=\"file:///etc/passwd\" parse=\"text\"/></item></message>".to_owned(),
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xi=\"http://www.w3.org/2001/XInclude\"><s:Body><xi:include href=\"file:///etc/passwd\" parse=\"text\"/></s:Body></s:Envelope>".to_owned(),
    ] {
        if p.send("POST", "", &[("Content-Type", "application/xml")], &body)?.text().contains("root:x:0:0:") {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn xxe() -> Vec<Case> {
    let mut f = Family::new("xxe", HALF, &[150258, 150011], &[611, 918, 827, 91]);
    let all = Reads { doctype: true, external: true, include: false, kind: "application/xml" };
    f.bad(
        "echo-service",
        Page,
        "a service says again what it was told, entities resolved",
        Proof::Steps(reads_with_any),
        service(all, true),
    );
    f.bad(
        "soap",
        Page,
        "a SOAP service resolves external entities",
        Proof::Steps(reads_with_any),
        service(Reads { kind: "text/xml", ..all }, true),
    );
    f.bad(
        "include",
        Page,
        "document types are refused, XInclude is followed",
        Proof::Steps(reads_with_any),
        service(Reads { doctype: false, external: true, include: true, kind: "application/xml" }, true),
    );
    f.bad(
        "parameter-entities",
        Page,
        "nothing is shown, parameter entities are fetched",
        Proof::Steps(fetches_entity),
        service(all, false),
    );
    f.bad(
        "svg-field",
        Multipart("svg"),
        "a picture in a multipart form is read with external entities",
        shows(
            "<!DOCTYPE s [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><svg><text>&x;</text></svg>",
            "root:x:0:0:",
        ),
        |w, h| {
            let load = |url: &str| loads(w, url);
            match xml::parse(&h.value, &xml::Options { doctype: true, external: Some(&load), include: false })
            {
                Ok(root) => Reply::html(format!("<p>Picture says: {}</p>", html(&root.text()))),
                Err(_) => Reply::refused("No picture."),
            }
        },
    )
    .sample("<svg><text>hello</text></svg>");
    f.bad(
        "saml",
        Form("SAMLResponse"),
        "a sign-in message in base64 is read with external entities",
        shows(
            "PCFET0NUWVBFIHMgWzwhRU5USVRZIHggU1lTVEVNICJmaWxlOi8vL2V0Yy9wYXNzd2QiPl0+PHM+Jng7PC9zPg==",
            "root:x:0:0:",
        ),
        |w, h| {
            let load = |url: &str| loads(w, url);
            match xml::parse(&h.value, &xml::Options { doctype: true, external: Some(&load), include: false })
            {
                Ok(root) => Reply::html(format!("<p>No such user: {}</p>", html(&root.text()))),
                Err(_) => Reply::refused("The message can't be read."),
            }
        },
    )
    .filter(Filter::Base64)
    .sample("PHM+YW5uPC9zPg==");
    f.good(
        "echo-inner-only",
        Page,
        "inner entities are resolved, external ones are not",
        Proof::Steps(reads_with_any),
        service(Reads { external: false, ..all }, true),
    );
    f.good(
        "no-doctype-no-include",
        Page,
        "document types are refused, XInclude is not followed",
        Proof::Steps(reads_with_any),
        service(Reads { doctype: false, external: false, include: false, kind: "application/xml" }, true),
    );
    f.good("json-only", Page, "XML is refused altogether", Proof::Steps(fetches_entity), |_, h| {
        match h.request.json() {
            Some(_) => Reply::json(&serde_json::json!({"ok": true})),
            None if h.request.method == "POST" => Reply::refused("JSON is wanted.").with_status(415),
            None => Reply::html("<p>This service takes JSON.</p>"),
        }
    });
    f.cases()
}

pub(super) fn splitting() -> Vec<Case> {
    let mut f = Family::new("header-injection", HALF, &[150060], &[113, 93]);
    f.sample("de");
    let header = || Proof::Header("de\r\nX-Split: yes".to_owned(), "x-split", "yes".to_owned());
    f.bad("json", Json("locale"), "a member of a JSON body", header(), |_, h| {
        Reply::json(&serde_json::json!({"ok": true})).header("Content-Language", h.value.clone())
    });
    f.bad("path-middle", PathMiddle, "a segment within the path", header(), |_, h| {
        Reply::html("<p>Item</p>").header("Link", format!("</item/{}>; rel=\"canonical\"", h.value))
    });
    f.bad("disposition", QueryForm("name"), "the name under which to save", header(), |_, h| {
        Reply::text("a,b\n1,2\n").header("Content-Disposition", format!("attachment; filename={}", h.value))
    });
    f.bad("permanent-redirect", Query("section"), "a permanent redirect", header(), |_, h| {
        Reply::redirect(format!("/case/?section={}", h.value)).with_status(301)
    });
    f.bad(
        "decoded-twice",
        Query("lang"),
        "line breaks are removed, then percent signs are decoded once more",
        Proof::Header("de%0d%0aX-Split: yes".to_owned(), "x-split", "yes".to_owned()),
        |_, h| Reply::html("<p>Set.</p>").header("X-Lang", h.value.clone()),
    )
    .filter(Filter::RemoveChars("\r\n"))
    .filter(Filter::DecodeAgain);
    f.bad("cookie-name", Form("pref"), "the name of a cookie", header(), |_, h| {
        Reply::html("<p>Set.</p>")
            .header("Set-Cookie", format!("pref_{}=1; HttpOnly; Secure; SameSite=Lax", h.value))
    });
    f.good("cut", Query("lang"), "the value ends at the first line break", header(), |_, h| {
        Reply::html("<p>Set.</p>").header("X-Lang", h.value.split(['\r', '\n']).next().unwrap_or_default())
    });
    f.good("known", QueryForm("lang"), "only known languages", header(), |_, h| {
        Reply::html("<p>Set.</p>").header("Content-Language", if h.value == "de" { "de" } else { "en" })
    });
    f.good("quoted-name", Query("name"), "the name to save under is encoded", header(), |_, h| {
        Reply::text("a").header(
            "Content-Disposition",
            format!("attachment; filename*=UTF-8''{}", crate::http::request::encode(&h.value)),
        )
    });
    f.cases()
}

fn goes_out(p: &Prover<'_>) -> Result<bool, String> {
    for value in [
        "https://evil.example.test",
        "//evil.example.test",
        "///evil.example.test",
        "/\t/evil.example.test",
        "\\\\evil.example.test",
        "https:evil.example.test",
        "https://shop.example.test.evil.example.test",
        ".evil.example.test",
        "@evil.example.test",
        "aHR0cHM6Ly9ldmlsLmV4YW1wbGUudGVzdA==",
    ] {
        let answer = p.value(value)?;
        let refresh = answer
            .header("refresh")
            .and_then(|value| value.split_once("url="))
            .map(|(_, url)| url.to_owned());
        let page = answer.text();
        let script = ["window.location.replace(\"", "content=\"1; url="]
            .iter()
            .find_map(|mark| page.split_once(mark))
            .and_then(|(_, rest)| rest.split('"').next().map(str::to_owned));
        let to = answer.header("location").map(str::to_owned).or(refresh).or(script).unwrap_or_default();
        // As a browser reads it.
        let to = to.replace('\\', "/").replace(['\t', '\r', '\n'], "");
        let bare = to
            .strip_prefix("https:")
            .or_else(|| to.strip_prefix("http:"))
            .unwrap_or(if to.starts_with("//") { &to } else { "" });
        let host = bare.trim_start_matches('/').split(['/', '?', '#']).next().unwrap_or_default();
        if host.rsplit('@').next().is_some_and(|host| host.ends_with("evil.example.test")) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn redirect() -> Vec<Case> {
    let mut f = Family::new("redirect", HALF, &[150051], &[601]);
    f.sample("/case/");
    let away = || Proof::Steps(goes_out);
    let clean = Filter::RemoveChars("\r\n");
    f.bad("path", Path, "the address stands in the path", away(), |_, h| {
        Reply::redirect(h.value.clone()).with_status(307)
    })
    .filter(clean);
    f.bad("refresh-header", Query("u"), "any address becomes a Refresh header", away(), |_, h| {
        Reply::html("<p>One moment.</p>").header("Refresh", format!("0; url={}", h.value))
    })
    .filter(clean);
    f.bad("json", Json("returnTo"), "a member of a JSON body becomes the Location", away(), |_, h| {
        Reply::redirect(h.value.clone()).with_status(303)
    })
    .filter(clean);
    f.bad("script-replace", Query("dest"), "any address of the web becomes the script's", away(), |_, h| {
        if h.value.to_lowercase().starts_with("http") || h.value.starts_with('/') {
            Reply::html(format!(
                "<script>window.location.replace(\"{}\");</script>",
                h.value.replace(['"', '<', '\\'], "")
            ))
        } else {
            Reply::refused("No address.")
        }
    });
    f.bad(
        "host-suffix",
        Query("next"),
        "the shop's address stands in front, and can be made longer",
        away(),
        |_, h| Reply::redirect(format!("https://shop.example.test{}", h.value)),
    )
    .filter(clean);
    f.bad(
        "tab-between-slashes",
        Query("next"),
        "two slashes at the beginning are refused, a tab between them is not",
        away(),
        |_, h| {
            if h.value.starts_with('/') && !h.value.starts_with("//") && !h.value.starts_with("/\\") {
                Reply::redirect(h.value.clone())
            } else {
                Reply::refused("Only pages of this site.")
            }
        },
    )
    .filter(clean);
    f.bad(
        "scheme-refused",
        QueryForm("next"),
        "http:// and https:// are refused, two slashes are not",
        away(),
        |_, h| Reply::redirect(h.value.clone()),
    )
    .filter(clean)
    .filter(Filter::Refuse(&["http://", "https://"]));
    f.bad("base64", Query("r"), "the address comes as base64", away(), |_, h| {
        Reply::redirect(h.value.clone())
    })
    .filter(Filter::Base64)
    .filter(clean)
    .sample("L2Nhc2Uv");
    f.bad("logout", Form("after"), "after signing out any address is gone to", away(), |_, h| {
        Reply::redirect(h.value.clone())
            .header("Set-Cookie", "session=; Max-Age=0; HttpOnly; Secure; SameSite=Lax")
    })
    .filter(clean);
    f.good("begins-checked", Query("next"), "one slash, then a letter or nothing", away(), |_, h| {
        let mut chars = h.value.chars();
        let local = chars.next() == Some('/')
            && chars.next().is_none_or(|c| c.is_ascii_alphanumeric())
            && !h.value.contains(['\t', '\\']);
        Reply::redirect(if local { h.value.clone() } else { "/".to_owned() })
    })
    .filter(clean);
    f.good("host-compared", QueryForm("next"), "the host must be exactly the shop's", away(), |_, h| {
        let host = h.value.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#', '\\']).next());
        Reply::redirect(if host == Some("shop.example.test") { h.value.clone() } else { "/".to_owned() })
    })
    .filter(clean);
    f.good("number", Query("page"), "a number chooses the page", away(), |_, h| {
        Reply::redirect(format!("/case/?page={}", h.value.parse::<u32>().unwrap_or(1)))
    })
    .sample("3");
    f.good(
        "shown-then-link",
        Query("u"),
        "a page of the site names the other site before one follows the link oneself",
        away(),
        |_, h| {
            if h.value.starts_with("https://") || h.value.starts_with('/') {
                Reply::html(format!(
                    "<p>You are about to leave. <a rel=\"noopener\" href=\"{}\">Go on</a></p>",
                    html(&h.value)
                ))
            } else {
                Reply::refused("No address.")
            }
        },
    );
    f.cases()
}

fn believes(p: &Prover<'_>) -> Result<bool, String> {
    for (header, value) in [
        ("Host", "evil.example.test"),
        ("Host", "localhost.evil.example.test"),
        ("Host", "127.0.0.1:80@evil.example.test"),
        ("X-Forwarded-Host", "evil.example.test"),
        ("X-Forwarded-Server", "evil.example.test"),
        ("Forwarded", "for=1.1.1.1;host=evil.example.test"),
        ("X-Original-Host", "evil.example.test"),
    ] {
        for (method, rest) in [("GET", ""), ("GET", "feed.xml"), ("POST", "invite")] {
            let answer = p.send(
                method,
                rest,
                &[(header, value), ("Content-Type", "application/x-www-form-urlencoded")],
                "email=b",
            )?;
            let page = answer.text();
            let hosts = page.split("//").skip(1).filter_map(|rest| rest.split(['/', '"', '<']).next());
            if answer.status < 400 && hosts.into_iter().any(|host| host.ends_with("evil.example.test")) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

pub(super) fn host() -> Vec<Case> {
    let mut f = Family::new("host-header", HALF, &[], &[644, 20, 601, 348]);
    let steps = || Proof::Steps(believes);
    f.bad("feed", Page, "the feed's addresses are made from the Host header", steps(), |_, h| match h.rest {
        "" => Reply::html("<a href=\"feed.xml\">Feed</a>"),
        "feed.xml" => Reply::new(
            200,
            "application/xml",
            format!(
                "<rss><channel><link>http://{}/</link></channel></rss>",
                html(h.request.header("host").unwrap_or_default())
            ),
        ),
        _ => Reply::missing(),
    });
    f.bad("invitation", Page, "the link of an invitation is made from X-Forwarded-Host", steps(), |_, h| match h.rest {
        "" => Reply::html("<form action=\"invite\" method=\"post\"><input name=\"email\" value=\"b@example.test\"><button>Invite</button></form>"),
        "invite" => Reply::html(format!("<p>Invitation: https://{}/join/8812</p>", html(h.request.header("x-forwarded-host").or(h.request.header("host")).unwrap_or_default()))),
        _ => Reply::missing(),
    });
    f.bad(
        "forwarded-standard",
        Page,
        "the host in the Forwarded header is believed from anybody",
        steps(),
        |_, h| {
            let told = h
                .request
                .header("forwarded")
                .and_then(|value| crate::http::request::attribute(value, "host"))
                .unwrap_or_else(|| "shop.example.test".to_owned());
            Reply::html(format!("<base href=\"https://{}/\"><a href=\"about\">About</a>", html(&told)))
        },
    );
    f.bad("open-graph", Page, "the address in the page's head is made from the Host header", steps(), |_, h| Reply::raw_html(format!("<!DOCTYPE html><html><head><meta property=\"og:url\" content=\"http://{}/\"></head><body>Hello</body></html>", html(h.request.header("host").unwrap_or_default()))));
    f.good("known-hosts", Page, "hosts that are not known are refused", steps(), |_, h| {
        let host = h.request.header("host").unwrap_or_default();
        let port = ["127.0.0.1", "localhost", "[::1]"].iter().find_map(|known| host.strip_prefix(known));
        let known = port.is_some_and(|port| {
            port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
        });
        if known {
            Reply::html(format!("<link rel=\"canonical\" href=\"http://{}/\"><p>Hello.</p>", html(host)))
        } else {
            Reply::html("<p>Misdirected.</p>").with_status(421)
        }
    });
    f.good("configured-feed", Page, "the feed's addresses are configured", steps(), |_, h| match h.rest {
        "" => Reply::html("<a href=\"feed.xml\">Feed</a>"),
        "feed.xml" => Reply::new(
            200,
            "application/xml",
            "<rss><channel><link>https://shop.example.test/</link></channel></rss>",
        ),
        _ => Reply::missing(),
    });
    f.good("host-as-text", Page, "the host is shown as a text, no address is made of it", steps(), |_, h| {
        Reply::html(format!(
            "<p>You asked for the host {}.</p>",
            html(h.request.header("host").unwrap_or_default())
        ))
    });
    f.cases()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::http::Request;
    use crate::http::server::{bind, serve};
    use crate::range::{Options, Range};

    fn family(name: &str) -> Range {
        Range::start(&Options { family: Some(name.to_owned()), ..Options::default() }).unwrap()
    }

    #[test]
    fn safe_redirects_of_both_halves_stay_on_the_site() {
        let range = family("redirect");
        for case in range.cases().iter().filter(|case| !case.vulnerable) {
            assert_eq!(goes_out(&Prover { range: &range, case }), Ok(false), "{}", case.id());
        }
    }

    #[test]
    fn what_fetches_known_hosts_only_is_not_led_elsewhere() {
        let range = family("ssrf");
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let app = move |_: &Request| {
            counter.fetch_add(1, Ordering::SeqCst);
            Reply::text("")
        };
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listening = serve(listener, Arc::new(app), None).unwrap();
        for case in range.cases().iter().filter(|case| !case.vulnerable) {
            for known in ["images.example.test", "feeds.example.test", "shop.example.test"] {
                let value = format!("http://{known}@{}/", listening.address());
                Prover { range: &range, case }.value(&value).unwrap();
            }
            assert_eq!(asked.load(Ordering::SeqCst), 0, "{}", case.id());
        }
    }
}
