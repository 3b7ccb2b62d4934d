//! Mazes can be walked, logins let in whom they should, the site that leads astray does, hostile servers stay alive, and
//! descriptions describe.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use base64::Engine as _;
use range::extra::login::{KEY, PAGES, PASSWORD, SIGNED_IN, USER};
use range::extra::{escape, hostile, maze};
use range::http::client::{Answer, send};
use range::http::request::{decode, encode};
use range::{Options, Range};
use regex::Regex;

fn start() -> Range {
    Range::start(&Options::default()).unwrap()
}

fn at(range: &Range, site: &str) -> SocketAddr {
    range.extra().address(site).unwrap()
}

fn ask(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    send(to, method, path, &headers, body.as_bytes()).unwrap()
}

fn all(pattern: &str, text: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).unwrap();
    pattern
        .captures_iter(text)
        .map(|found| found.iter().skip(1).flatten().next().unwrap().as_str().to_owned())
        .collect()
}

/// A path as the server of the maze would be asked, or none for another host.
fn absolute(host: SocketAddr, page: &str, base: &str, link: &str) -> Option<String> {
    let link = link.replace("&amp;", "&");
    let own = format!("//{host}");
    let link = link.strip_prefix("http:").unwrap_or(&link).to_owned();
    let link = link.strip_prefix(&own).unwrap_or(&link).to_owned();
    let link = link.split('#').next().unwrap_or_default().to_owned();
    if link.starts_with("//") || link.contains("://") || link.is_empty() {
        return None;
    }
    if link.starts_with('/') {
        return Some(link);
    }
    let from = if base.is_empty() { page.split('?').next().unwrap_or_default() } else { base };
    let mut parts: Vec<&str> = from
        .rsplit_once('/')
        .map_or("", |(before, _)| before)
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let mut rest = link.as_str();
    while let Some(after) = rest.strip_prefix("../") {
        parts.pop();
        rest = after;
    }
    let folder: String = parts.iter().map(|part| format!("/{part}")).collect();
    Some(format!("{folder}/{rest}"))
}

/// Walks a maze with what its pages say, a limited number of steps; gives the paths that were answered with 200.
fn walk(range: &Range, site: &str) -> BTreeSet<String> {
    let host = at(range, site);
    let number = Regex::new(r"[0-9a-f]{32}|\d+").unwrap();
    let fields = Regex::new(r#"name="([^"]*)" value="([^"]*)""#).unwrap();
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut patterns: BTreeMap<String, u32> = BTreeMap::new();
    let mut queue: VecDeque<(String, String, String)> = ["/", "/robots.txt", "/sitemap.xml"]
        .iter()
        .map(|path| ("GET".to_owned(), (*path).to_owned(), String::new()))
        .collect();
    while let Some((method, path, body)) = queue.pop_front() {
        if !seen.insert((method.clone(), path.clone(), body.clone())) {
            continue;
        }
        let shape = number.replace_all(&format!("{method} {path}"), "N").into_owned();
        let count = patterns.entry(shape).or_default();
        *count += 1;
        if *count > 40 || seen.len() > 900 {
            continue;
        }
        let headers: &[(&str, &str)] =
            if method == "POST" { &[("Content-Type", "application/x-www-form-urlencoded")] } else { &[] };
        let answer = ask(host, &method, &path, headers, &body);
        if answer.status == 200 {
            found.insert(path.clone());
        }
        let text = answer.text();
        let base = all(r#"<base href="([^"]*)""#, &text).pop().unwrap_or_default();
        let mut links = all(r#"(?i)(?:href|src|data)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"#, &text);
        links.extend(all(r#"srcset="([^"]*)""#, &text).iter().flat_map(|set| {
            set.split(',')
                .filter_map(|one| one.split_whitespace().next())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        }));
        links.extend(all(r#"(?i)url=['"]?([^'">]+)"#, &text));
        links.extend(all(r#"["'`](/[^"'`\s<>]*)["'`]"#, &text));
        links.extend(all("<loc>([^<]*)</loc>", &text));
        links.extend(all(r"(?:Disallow|Sitemap): (\S+)", &text));
        links.extend(all(r"'(/\w+)' \+ '/\w+'", &text).iter().map(|first| format!("{first}/path")));
        links.extend(answer.header("location").map(str::to_owned));
        for link in links {
            queue.extend(
                absolute(host, &path, &base, &link).map(|path| ("GET".to_owned(), path, String::new())),
            );
        }
        for form in all("(?s)(<form.*?</form>)", &text) {
            let Some(action) = all(r#"action="([^"]*)""#, &form)
                .pop()
                .and_then(|action| absolute(host, &path, &base, &action))
            else {
                continue;
            };
            let body: Vec<_> = fields
                .captures_iter(&form)
                .map(|field| format!("{}={}", &field[1], encode(&field[2])))
                .collect();
            if form.contains("method=\"post\"") {
                queue.push_back(("POST".to_owned(), action, body.join("&")));
            } else {
                queue.push_back(("GET".to_owned(), format!("{action}?{}", body.join("&")), String::new()));
            }
        }
    }
    found
}

#[test]
fn mazes_without_scripts_can_be_walked_to_every_page() {
    let range = &start();
    for maze in maze::mazes().iter().filter(|maze| !maze.browser) {
        let found: BTreeSet<_> =
            walk(range, &format!("maze/{}", maze.name)).iter().map(|path| decode(path, false)).collect();
        let plain: BTreeSet<_> =
            found.iter().map(|path| path.split('?').next().unwrap_or_default().to_owned()).collect();
        for page in &maze.pages {
            let page = decode(page, false);
            assert!(
                found.contains(&page) || plain.contains(&page),
                "{}: {page} is not reached; reached {found:?}",
                maze.name
            );
        }
    }
}

#[test]
fn pages_of_browser_mazes_are_there() {
    let range = &start();
    for maze in maze::mazes().iter().filter(|maze| maze.browser) {
        for page in maze.pages.iter().filter(|page| *page != "/socket") {
            let path = page.split('#').next().unwrap_or_default();
            assert_eq!(
                ask(at(range, &format!("maze/{}", maze.name)), "GET", path, &[], "").status,
                200,
                "{} {page}",
                maze.name
            );
        }
    }
    let key = [
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
    ];
    let upgraded = ask(at(range, "maze/sockets"), "GET", "/socket", &key, "");
    // The example of RFC 6455, section 1.3.
    assert_eq!(
        (upgraded.status, upgraded.header("sec-websocket-accept")),
        (101, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
    );
}

/// Signs in at a variant; gives the header that proves it, or none when it is not let in.
fn sign_in(range: &Range, name: &str, password: &str) -> Option<(String, String)> {
    let site = at(range, &format!("login/{name}"));
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let cookie = |answer: &Answer| {
        answer.cookie("session").map(|session| ("Cookie".to_owned(), format!("session={session}")))
    };
    let hidden = |answer: &Answer| {
        all(r#"type="hidden" name="[^"]*" value="([^"]*)""#, &answer.text()).pop().unwrap_or_default()
    };
    match name {
        "basic" => Some((
            "Authorization".to_owned(),
            format!(
                "Basic {}",
                base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{password}"))
            ),
        )),
        "header" => {
            Some(("X-Api-Key".to_owned(), if password == PASSWORD { KEY } else { "wrong" }.to_owned()))
        }
        "bearer" => {
            let body = format!("{{\"username\":\"{USER}\",\"password\":\"{password}\"}}");
            let answer = ask(site, "POST", "/api/login", &[("Content-Type", "application/json")], &body);
            all("\"token\":\"([^\"]*)\"", &answer.text())
                .pop()
                .map(|token| ("Authorization".to_owned(), format!("Bearer {token}")))
        }
        "steps" => {
            let second = ask(site, "POST", "/login", &form, &format!("username={USER}"));
            cookie(&ask(
                site,
                "POST",
                "/password",
                &form,
                &format!("step={}&password={password}", hidden(&second)),
            ))
        }
        _ => {
            let page = ask(site, "GET", "/login", &[], "");
            cookie(&ask(
                site,
                "POST",
                "/login",
                &form,
                &format!("csrf={}&username={USER}&password={password}", hidden(&page)),
            ))
        }
    }
}

#[test]
fn logins_let_in_whom_they_should() {
    let range = &start();
    for (name, _) in range::extra::login::LOGINS {
        let site = at(range, &format!("login/{name}"));
        let shown = |header: Option<&(String, String)>, page: &str| {
            let headers: Vec<_> =
                header.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            ask(site, "GET", page, &headers, "").text().contains(SIGNED_IN)
        };
        let header = sign_in(range, name, PASSWORD);
        for page in PAGES {
            assert!(header.is_some() && shown(header.as_ref(), page), "{name} {page}");
            assert!(!shown(None, page), "{name} {page} without signing in");
        }
        let wrong = sign_in(range, name, "wrong");
        assert!(wrong.is_none() || !shown(wrong.as_ref(), "/account"), "{name}: a wrong password");
        if *name == "expires" {
            assert!((0..50).any(|_| !shown(header.as_ref(), "/account")), "the session never ends");
        }
        if *name == "logouts" {
            let (header_name, value) = header.clone().unwrap();
            ask(site, "GET", "/account/sign-off", &[(&header_name, &value)], "");
            assert!(!shown(header.as_ref(), "/account"), "a link signs out");
        }
    }
}

#[test]
fn the_site_that_leads_astray_does_and_the_other_counts() {
    let range = &start();
    let site = at(range, "escape");
    for page in escape::PAGES {
        assert_eq!(ask(site, "GET", page, &[], "").status, 200, "{page}");
    }
    let to = ask(site, "GET", "/go/302", &[], "").header("location").unwrap().to_owned();
    let outside = range.world().outside();
    assert_eq!(to, format!("http://{outside}/redirect"));
    ask(outside, "POST", "/redirect?seen", &[], "a");
    assert!(range.world().seen_outside().contains(&"POST /redirect?seen".to_owned()));
}

#[test]
fn hostile_servers_stay_alive() {
    let range = &start();
    let site = at(range, "hostile");
    let slow = ["/drip", "/slow-head", "/silence", "/headers"];
    for path in hostile::PATHS.iter().filter(|path| !slow.contains(path)) {
        // What comes is no answer, or too much of one.
        let _ = send(site, "GET", path, &[], b"");
    }
    assert_eq!(ask(site, "GET", "/", &[], "").status, 200);
    for (name, address) in ["closes", "plain-http", "garbage", "alert"]
        .map(|name| (name, at(range, &format!("broken-tls/{name}"))))
    {
        assert!(send(address, "GET", "/", &[], b"").is_err() || name == "plain-http", "{name}");
    }
}

#[test]
fn descriptions_describe_calls_that_are_there() {
    let range = &start();
    let base = range.base();
    let address: SocketAddr = base.trim_start_matches("http://").parse().unwrap();
    let open: serde_json::Value =
        serde_json::from_str(&ask(address, "GET", "/api/openapi.json", &[], "").text()).unwrap();
    let paths = open.get("paths").and_then(serde_json::Value::as_object).unwrap();
    assert!(paths.len() > 200, "{} paths", paths.len());
    for path in ["/api/swagger.json", "/api/postman.json"] {
        assert!(
            serde_json::from_str::<serde_json::Value>(&ask(address, "GET", path, &[], "").text()).is_ok(),
            "{path}"
        );
    }
    let har: serde_json::Value =
        serde_json::from_str(&ask(address, "GET", "/api/range.har", &[], "").text()).unwrap();
    for entry in har.pointer("/log/entries").and_then(serde_json::Value::as_array).unwrap().iter().step_by(7)
    {
        let request = entry.get("request").unwrap();
        let text = |key: &str| request.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
        let kind =
            request.pointer("/postData/mimeType").and_then(serde_json::Value::as_str).unwrap_or("text/plain");
        let body = request.pointer("/postData/text").and_then(serde_json::Value::as_str).unwrap_or_default();
        let headers: Vec<_> = if body.is_empty() { Vec::new() } else { vec![("Content-Type", kind)] };
        let answer = ask(address, text("method"), text("url").trim_start_matches(&base), &headers, body);
        assert!(answer.status != 405 && !answer.text().contains("There is no such page"), "{}", text("url"));
    }
    let yaml = ask(address, "GET", "/api/openapi.yaml", &[], "").text();
    assert!(yaml.starts_with("\"") && yaml.contains("\n  \"/case/"));
}
