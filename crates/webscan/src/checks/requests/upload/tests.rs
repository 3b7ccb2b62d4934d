use std::collections::HashMap;
use std::sync::Mutex;

use super::*;
use crate::http::{Part, Target};
use crate::testing::{Answer, Asked, Extras, scan_with, serve};

/// Name and content of the file in a multipart body.
fn file(body: &str) -> Option<(String, String, String)> {
    let (_, rest) = body.split_once("filename=\"")?;
    let (name, rest) = rest.split_once('"')?;
    let (head, content) = rest.split_once("\r\n\r\n")?;
    let kind = head.split_once("Content-Type: ")?.1.to_owned();
    Some((name.to_owned(), kind, content.split("\r\n------redoubt").next()?.to_owned()))
}

/// As PHP does it.
fn run(content: &str) -> String {
    let code = regex::Regex::new(r"<\?php echo (\d+)\*(\d+); \?>").unwrap();
    let product = |found: &regex::Captures<'_>| {
        (found[1].parse::<u64>().unwrap() * found[2].parse::<u64>().unwrap()).to_string()
    };
    code.replace_all(content, product).into_owned()
}

fn typed(name: &str, content: String) -> Answer {
    let kind = match name.rsplit('.').next().unwrap_or_default() {
        "html" | "htm" | "php" => "text/html",
        "svg" => "image/svg+xml",
        "gif" => "image/gif",
        _ => "text/plain",
    };
    Answer(200, vec![("content-type".into(), kind.into())], content)
}

#[derive(Default)]
struct Site(Mutex<HashMap<String, String>>);

impl Site {
    fn keep(&self, at: String, content: String) -> String {
        self.0.lock().unwrap().insert(at.clone(), content);
        at
    }

    fn answer(&self, asked: &Asked) -> Answer {
        if let Some(content) = self.0.lock().unwrap().get(&asked.path).cloned() {
            let name = asked.path.rsplit('/').next().unwrap();
            return match asked.path.split('/').nth(1).unwrap() {
                _ if asked.path.starts_with("/run/text/") => {
                    Answer(200, vec![("content-type".into(), "text/plain".into())], content)
                }
                "run" | "quiet" | "uploads" if name.ends_with(".php") => typed(name, run(&content)),
                "saved" => typed(name, content).with("Content-Disposition", "attachment"),
                "text" => Answer(200, vec![("content-type".into(), "text/plain".into())], content),
                _ => typed(name, content),
            };
        }
        if asked.path == "/gallery" {
            let all: String = self.0.lock().unwrap().keys().map(|at| format!("<img src=\"{at}\">")).collect();
            return Answer::html(all);
        }
        let Some((name, kind, content)) = file(&asked.body) else { return Answer::status(404) };
        let link = |at: String| Answer::html(format!("<a href=\"{at}\">here</a>"));
        let end = name.rsplit('.').next().unwrap_or_default().to_owned();
        match asked.path.as_str() {
            "/php-only" if end == "php" => link(self.keep(format!("/run/{name}"), content)),
            "/page" => link(self.keep(format!("/page/{name}"), content)),
            "/by-type" if kind.starts_with("image/") => link(self.keep(format!("/run/{name}"), content)),
            "/photos" if kind == "image/jpeg" => link(self.keep(format!("/run/{name}"), content)),
            "/drawings" if end == "svg" => link(self.keep(format!("/svg/{name}"), content)),
            "/renamed" => {
                let new = format!("{:x}.{end}", super::super::super::injection::hash(&name));
                let at = self.keep(format!("/run/{new}"), content);
                Answer(
                    200,
                    vec![("content-type".into(), "application/json".into())],
                    format!("{{\"url\":\"{at}\"}}"),
                )
            }
            "/named" => {
                let new = format!("{:x}.{end}", super::super::super::injection::hash(&name));
                self.keep(format!("/page/{new}"), content.clone());
                self.keep(format!("/media/{new}"), content);
                Answer(
                    200,
                    vec![("content-type".into(), "application/json".into())],
                    format!("{{\"name\":\"{new}\"}}"),
                )
            }
            "/drawings-untold" if end != "svg" => Answer::html("only drawings"),
            "/drawings-untold" => {
                self.keep(format!("/uploads/{name}"), content);
                Answer::html("thanks")
            }
            "/told-later" => {
                self.keep(format!("/quiet/{name}"), content);
                Answer::status(302).with("Location", "/gallery")
            }
            "/untold" => {
                self.keep(format!("/uploads/{name}"), content);
                Answer::html("thanks")
            }
            // A part of the path is told, the rest is on another page.
            "/told-in-part" => {
                self.keep(format!("/run/{name}"), content);
                Answer::html(format!("The file pictures/{name} was taken. <a href=\"/gallery\">Pictures</a>"))
            }
            "/below" => {
                self.keep(format!("/uploads/kept/{name}"), content);
                Answer::html(format!("The file kept/{name} was taken."))
            }
            // Nothing runs in the directory for uploads, but names may lead out of it.
            "/climbing" => match name.strip_prefix("..%2f") {
                Some(name) => link(self.keep(format!("/run/{name}"), content)),
                None => {
                    self.keep(format!("/text/{name}"), content.clone());
                    link(self.keep(format!("/run/text/{name}"), content))
                }
            },
            "/saved" => link(self.keep(format!("/saved/{name}"), content)),
            "/text" => link(self.keep(format!("/text/{name}"), content)),
            "/pictures" if end == "gif" => link(self.keep(format!("/pictures/{name}"), content)),
            "/thrown-away" => Answer::html(format!("read {name}, {} bytes", content.len())),
            "/shown" => Answer::html(format!("<pre>{}</pre>", content.replace('<', "&lt;"))),
            _ => Answer(415, Vec::new(), "not taken".into()),
        }
    }
}

async fn found(path: &str) -> Vec<(u32, Option<String>)> {
    let site = Site::default();
    let server = serve(move |asked: &Asked| site.answer(asked)).await;
    let url = Target::parse(&format!("http://{server}{path}")).unwrap();
    let part = Part {
        name: "file".into(),
        value: "sample".into(),
        file_name: Some("sample.txt".into()),
        content_type: Some("text/plain".into()),
    };
    let request = Request { method: Method::Post, body: Body::Multipart(vec![part]), ..Request::get(url) };
    let (found, _) = scan_with(&Upload, vec![request], Extras::default()).await;
    found.into_iter().map(|finding| (finding.qid, finding.parameter)).collect()
}

#[tokio::test]
async fn files_that_run_are_found_wherever_they_are_kept() {
    let mut wrong = Vec::new();
    for path in [
        "/php-only",
        "/page",
        "/by-type",
        "/photos",
        "/drawings",
        "/drawings-untold",
        "/renamed",
        "/named",
        "/told-later",
        "/told-in-part",
        "/below",
        "/climbing",
        "/untold",
    ] {
        let found = found(path).await;
        if found != [(QID, Some("file".to_owned()))] {
            wrong.push(format!("{path} {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn files_that_only_lie_there_are_not() {
    for path in ["/saved", "/text", "/pictures", "/thrown-away", "/shown", "/refused"] {
        assert_eq!(found(path).await, [], "{path}");
    }
}

#[test]
fn places_that_are_told_by_numbers_are_taken_from_each_answer() {
    let html = |text: &str| Response::new(200, &[("content-type", "text/html")], text.to_owned());
    let at = Target::parse("http://shop.test/docs/new").unwrap();
    let answer = html("<p>Saved as <a href=\"/docs/show?kind=a&amp;id=12\">document 12</a></p>");
    let found = super::places::find(&answer, &at, &html("<a href=\"/docs/\">All</a>"), "stem", ".html");
    let capture = found.first().and_then(|kept| kept.capture.clone()).unwrap();
    let regex = regex::Regex::new(&capture).unwrap();
    assert_eq!(&regex.captures("<a href=\"/docs/show?kind=a&amp;id=13\">").unwrap()[1], "13");
    assert_eq!(found[0].url.to_string(), "http://shop.test/docs/show?kind=a&id=12");
    assert!(super::places::find(&html("<p>Saved.</p>"), &at, &html(""), "stem", ".html").is_empty());
}
