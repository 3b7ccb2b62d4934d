use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::Duration;

use regex::Regex;

use super::*;
use crate::http::{Body, Method, Part, Request, Target};
use crate::listener::CallbackListener;
use crate::testing::{Answer, Asked, Extras, scan_with, serve};

/// What parsers load: one file, and what the listener gives.
fn load(url: &str) -> Result<String, String> {
    if let Some(rest) = url.strip_prefix("http://") {
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut stream = TcpStream::connect(host).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        write!(stream, "GET /{path} HTTP/1.0\r\n\r\n").unwrap();
        let mut text = String::new();
        // What is there when the connection breaks will do.
        let _ = stream.read_to_string(&mut text);
        return Ok(text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default());
    }
    match url {
        "file:///etc/passwd" => Ok("root:x:0:0:root:/root:/bin/sh".to_owned()),
        other => Err(format!("failed to load external entity \"{other}\": No such file or directory")),
    }
}

/// The text of a document as a parser with external entities has it, or without.
fn parse(text: &str, external: bool) -> Result<String, String> {
    let text = text.replace("<!DOCTYPE o SYSTEM", "<!ENTITY % outer SYSTEM");
    let mut out = Regex::new(r"(?s)^.*\]>").unwrap().replace(&text, "").into_owned();
    let declared =
        Regex::new("<!ENTITY (% )?(\\w+) (?:(?:SYSTEM|PUBLIC \"[^\"]*\") )?\"([^\"]*)\">").unwrap();
    for found in declared.captures_iter(&text) {
        let (name, value) = (&found[2], &found[3]);
        let is_external = found[0].contains("SYSTEM") || found[0].contains("PUBLIC");
        let is_used = text.contains(&format!("&{name};")) || text.contains(&format!("%{name};"));
        let value = match is_external {
            true if !external || !is_used => String::new(),
            true => load(value)?,
            false => value.to_owned(),
        };
        out = out.replace(&format!("&{name};"), &value);
    }
    Ok(Regex::new("<[^>]*>").unwrap().replace_all(&out, "").into_owned())
}

fn answer(asked: &Asked) -> Answer {
    let text = match asked.path.as_str() {
        "/field" | "/sound" => asked.field("xml"),
        "/upload" => asked.body.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned(),
        _ => asked.body.clone(),
    };
    let shown = |result: Result<String, String>| match result {
        Ok(text) => Answer::html(format!("<p>{}</p>", text.replace('<', "&lt;"))),
        Err(error) => Answer(400, Answer::html("").1, error),
    };
    let is_xml = asked.header("content-type").contains("xml");
    match asked.path.as_str() {
        "/shown" | "/field" | "/upload" => shown(parse(&text, true)),
        "/blind" => {
            let _ = parse(&text, true);
            Answer::html("ok")
        }
        "/late" => {
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(150));
                parse(&text, true)
            });
            Answer::html("ok")
        }
        "/tells" => match parse(&text, true) {
            Err(error) => Answer(500, Answer::html("").1, error),
            Ok(_) => Answer::html("ok"),
        },
        "/json" if is_xml => shown(parse(&text, true)),
        "/include" => {
            match asked.field("q").contains("xi:include parse=\"text\" href=\"file:///etc/passwd\"") {
                true => Answer::html(load("file:///etc/passwd").unwrap()),
                false => Answer::html(format!("<p>{}</p>", asked.field("q").replace('<', "&lt;"))),
            }
        }
        "/inner" | "/sound" => shown(parse(&text, false)),
        "/refused" if text.contains("<!DOCTYPE") => {
            Answer(400, Answer::html("").1, format!("DOCTYPE is not allowed: {}", text.replace('<', "&lt;")))
        }
        "/manual" => Answer::html("Lines are like root:x:0:0:root:/root:/bin/sh"),
        _ => Answer::html("ok"),
    }
}

async fn found(path: &str, body: Body, listens: bool) -> Vec<(u32, Option<String>)> {
    let server = serve(answer).await;
    let listener = CallbackListener::start(IpAddr::from([127, 0, 0, 1])).await.unwrap();
    let url = Target::parse(&format!("http://{server}{path}")).unwrap();
    let method = if body == Body::None { Method::Get } else { Method::Post };
    let extras = Extras { listener: listens.then_some(&listener as _), ..Extras::default() };
    let (found, _) = scan_with(&Xxe, vec![Request { method, body, ..Request::get(url) }], extras).await;
    found.into_iter().map(|finding| (finding.qid, finding.parameter)).collect()
}

fn order() -> Body {
    Body::Xml("<?xml version=\"1.0\"?><o><item>apple</item><count>1</count></o>".to_owned())
}

fn file() -> Body {
    Body::Multipart(vec![Part {
        name: "f".into(),
        value: "sample".into(),
        file_name: Some("sample.txt".into()),
        content_type: Some("text/plain".into()),
    }])
}

fn form(value: &str) -> Body {
    Body::Form(vec![("xml".into(), value.into())])
}

#[tokio::test]
async fn what_entities_load_is_found_in_answers_in_calls_and_in_errors() {
    for (path, body, listens, parameter) in [
        ("/shown", order(), false, None),
        ("/shown", order(), true, None),
        ("/blind", order(), true, None),
        ("/late", order(), true, None),
        ("/tells", order(), false, None),
        ("/field", form("<o>apple</o>"), false, Some("xml")),
        ("/field", form(""), true, Some("xml")),
        ("/upload", file(), true, Some("f")),
        ("/json", Body::Json(serde_json::json!({"item": "apple"})), true, None),
        ("/include?q=apple", Body::None, false, Some("q")),
    ] {
        let found = found(path, body, listens).await;
        assert_eq!(found, [(990_007, parameter.map(str::to_owned))], "{path} {listens}");
    }
}

#[tokio::test]
async fn readers_that_load_nothing_are_not() {
    for (path, body) in [
        ("/inner", order()),
        ("/refused", order()),
        ("/blank", order()),
        ("/manual", order()),
        ("/sound", form("<o>apple</o>")),
        ("/other", file()),
        ("/json-only", Body::Json(serde_json::json!({"item": "apple"}))),
        ("/plain?q=apple", Body::None),
    ] {
        assert_eq!(found(path, body, true).await, [], "{path}");
    }
}
