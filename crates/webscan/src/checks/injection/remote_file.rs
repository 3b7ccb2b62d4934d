//! Values that become the address of code to include.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::computed::{self, Attempt, products};
use super::facts::facts;
use super::marks::Marks;
use super::traversal::has_likely_name;
use crate::checks::{About, Bench, Check, Entry, callback};
use crate::listener::{PROCESSED, RAN};
use crate::point::{Place, Point, Put};
use crate::proof::{Expect, Proof, Seen};

/// See [`About`].
pub(super) struct RemoteFile;

static ABOUT: About = About {
    name: "remote-file-inclusion",
    qids: &[150_057, 990_026],
    means: "A value says which file is included as code, and addresses of other places are taken as well.",
    matters: "The sender of the request lets the application run code of their own.",
    remedy: "Choose what is included from a fixed list. Switch off `allow_url_include` and `allow_url_fopen`.",
    technique: "The address of the scanner's listener is put in, which serves a small program; the result of its calculation \
                must be shown. So must that of a program that the address carries in itself, and that of another calculation \
                must be another.",
    source: "CWE-98",
};

const SHOWN: &[&str] =
    &["data://text/plain,<?php print({a}*{b});?>", "data:text/plain,<?php print({a}*{b});?>#"];

/// Addresses of the listener: with what makes an added extension harmless, and past filters for the usual writing. `{host}`
/// stands for the host of the usual value, `{v}` for all of it, where its beginning or end is looked at.
const CALLING: &[&str] = &[
    "http://{{callback}}/run/{{token}}?",
    "http://{{callback}}/run/{{token}}\0",
    "HTTP://{{callback}}/run/{{token}}",
    "hthttp://tp://{{callback}}/run/{{token}}?",
    "http://{host}@{{callback}}/run/{{token}}?",
    "http://{{callback}}/run/{{token}}?{v}",
    "http://{{callback}}/run/{{token}}#",
    "http%3A%2F%2F{{callback}}/run/{{token}}%3F",
];

/// For what puts a scheme in front, where the name says that it asks for something.
const WITHOUT_SCHEME: &[&str] = &["//{{callback}}/run/{{token}}?", "{{callback}}/run/{{token}}?"];

/// Where addresses are fetched without what comes being run as PHP or a template: it may be run as another language.
const CODE: &str = "http://{{callback}}/code/{{token}}?";

impl Check for RemoteFile {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        (point.place != Place::Header).then(|| probe(bench, entry, point).boxed())
    }
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(known) = facts(bench, entry, point).await else { return };
    if known.is_route() {
        return;
    }
    // What can't be included may be left out without a word: then the plainest address must do.
    let is_part = matches!(point.place, Place::Path(_));
    let is_likely = known.matters || (!is_part && has_likely_name(point));
    let count = if is_likely { CALLING.len() } else { 1 };
    if let Some((qid, payload, proof)) = by_call(bench, entry, point, count).await {
        return bench.report_at(qid, entry, Some((point, &payload)), proof);
    }
    if !is_likely {
        return;
    }
    let marks = Marks::of(entry, point);
    let mut list: Vec<_> = SHOWN.iter().map(|template| products(template, &marks, &point.value)).collect();
    list.push(coded(&marks));
    if let Some((payload, proof)) = computed::prove_first(bench, entry, point, &list).await {
        bench.report_at(150_057, entry, Some((point, &payload)), proof);
    }
}

/// The same program in base64, for filters that look for signs of markup.
fn coded(marks: &Marks) -> Attempt {
    let address = |program: &str| format!("data:text/plain;base64,{}", STANDARD.encode(program));
    let plain = products("<?php print({a}*{b});?>", marks, "");
    Attempt { payload: address(&plain.payload), control: address(&plain.control), expect: plain.expect }
}

/// What the listener serves ran, as PHP or in another language.
async fn by_call(
    bench: &Bench<'_>,
    entry: &Entry,
    point: &Point,
    count: usize,
) -> Option<(u32, String, Proof)> {
    let php = Expect::Body(RAN.to_owned());
    let other = Expect::BodyMatches(PROCESSED.to_owned());
    let host = point.value.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    let without = if count > 1 && has_likely_name(point) { WITHOUT_SCHEME } else { &[] };
    let mut is_fetched = false;
    for form in CALLING.iter().take(count).chain(without).chain([&CODE]) {
        if (form.contains("{host}") && host.is_none()) || (*form == CODE && !is_fetched) {
            continue;
        }
        let payload = form.replace("{host}", host.unwrap_or_default()).replace("{v}", &point.value);
        let token = callback::token_at(entry, point, form);
        let sent = callback::filled(bench, &payload, &token)?;
        let answer = bench.send_of(entry, &entry.request.with(point, Put::Text(&sent))).await.ok()?;
        let seen = Seen { response: answer, ..Seen::default() };
        is_fetched |= bench.listener.is_some_and(|listener| listener.was_called(&token));
        let qids = if *form == CODE {
            [(150_057, &other), (150_057, &php)]
        } else {
            [(150_057, &php), (990_026, &other)]
        };
        let shown = qids.into_iter().find(|(_, ran)| ran.find(&seen).is_some());
        let Some((qid, ran)) = shown else { continue };
        let attack = entry.request.with(point, Put::Text(&payload));
        if let Ok(proof) = bench.prove(entry.replay(attack, ran.clone(), entry.request.clone())).await {
            return Some((qid, payload, proof));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{IpAddr, TcpStream};

    use super::*;
    use crate::http::{Request, Target};
    use crate::listener::CallbackListener;
    use crate::testing::{Answer, Asked, Extras, scan, scan_with, serve};

    /// What a server does that includes an address, with programs or as a text.
    fn include(url: &str, runs: bool) -> String {
        let Some((host, path)) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')) else {
            return "no such page".to_owned();
        };
        let Ok(mut stream) = TcpStream::connect(host) else { return String::new() };
        write!(stream, "GET /{path} HTTP/1.0\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (_, text) = text.split_once("\r\n\r\n").unwrap();
        if runs { text.replace("<?php echo 1337*1338; ?>", "1788906") } else { text.to_owned() }
    }

    fn answer(asked: &Asked) -> Answer {
        let page = asked.field("page");
        let coded = page.strip_prefix("data:text/plain;base64,").and_then(|text| STANDARD.decode(text).ok());
        let page = match coded {
            Some(text) if asked.path == "/coded" => {
                format!("data:text/plain,{}", String::from_utf8(text).unwrap())
            }
            _ if asked.path == "/coded" && page.contains('<') => "no".to_owned(),
            _ => page,
        };
        let program = regex::Regex::new(r"^data:(?://)?text/plain,<\?php print\((\d+)\*(\d+)\);\?>").unwrap();
        match program.captures(&page) {
            Some(found) if ["/included", "/coded"].contains(&asked.path.as_str()) => Answer::html(
                (found[1].parse::<u64>().unwrap() * found[2].parse::<u64>().unwrap()).to_string(),
            ),
            _ if asked.path.starts_with("/page/") => {
                let page = crate::http::encode::unpercent(asked.path.trim_start_matches("/page/"));
                Answer::html(if page.starts_with("http:") { include(&page, true) } else { "Welcome".into() })
            }
            _ if page == "home" => Answer::html("<p>Welcome</p>"),
            _ if asked.path == "/themed" => {
                let rest = if page.ends_with("home.css") { include(&page, true) } else { String::new() };
                Answer::html(format!("<p>Welcome</p>{rest}"))
            }
            _ if asked.path == "/remote" => Answer::html(include(&format!("{page}.html"), true)),
            _ if asked.path == "/template" => {
                Answer::html(include(&page, false).replace("{{ 1337*1338 }}", "1788906"))
            }
            _ if asked.path == "/python" => {
                let text = include(&page, false);
                Answer::html(
                    match text.strip_prefix("print(\"").and_then(|rest| rest.split_once("\\n\", 1337*1338)"))
                    {
                        Some((mark, _)) => format!("{mark}\n 1788906"),
                        None => "invalid syntax".to_owned(),
                    },
                )
            }
            _ if asked.path == "/fetched" => Answer::html(include(&page, false)),
            _ => Answer::html(format!("no {}", page.replace('<', "&lt;"))),
        }
    }

    #[tokio::test]
    async fn included_code_is_found_and_an_echo_is_not() {
        let server = serve(answer).await;
        for path in ["/included?page=home", "/coded?page=home"] {
            assert_eq!(scan(&RemoteFile, server, path).await.len(), 1, "{path}");
        }
        assert!(scan(&RemoteFile, server, "/shown?page=home").await.is_empty());
    }

    #[tokio::test]
    async fn programs_of_the_listener_that_run_are_found_and_texts_are_not() {
        let server = serve(answer).await;
        let listener = CallbackListener::start(IpAddr::from([127, 0, 0, 1])).await.unwrap();
        for (path, wanted) in [
            ("/remote", 1),
            ("/fetched", 0),
            ("/shown", 0),
            ("/themed", 1),
            ("/template", 1),
            ("/python", 1),
            ("/page/home", 1),
        ] {
            let page = if path == "/themed" { "home.css" } else { "home" };
            let url = Target::parse(&format!("http://{server}{path}?page={page}")).unwrap();
            let extras = Extras { listener: Some(&listener), ..Extras::default() };
            let (found, _) = scan_with(&RemoteFile, vec![Request::get(url)], extras).await;
            let qid = if path == "/template" { 990_026 } else { 150_057 };
            assert_eq!(found.iter().filter(|found| found.qid == qid).count(), wanted, "{path}");
        }
    }
}
