//! Members of a JSON body that change what all objects of the server inherit.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Body, Method, Request};
use crate::proof::{Control, Expect, Replay, Seen};

/// See [`About`].
pub(super) struct ServerPrototype;

static ABOUT: About = About {
    name: "server-prototype-pollution",
    qids: &[990_032],
    means: "The server copies members of a JSON body into an object in such a way that `__proto__` in it changes the prototype of \
            all objects.",
    matters: "What later code reads from objects that lack it comes from the sender: access is gained, commands get other \
              options, the application fails for everybody.",
    remedy: "Copy known members only, into objects without a prototype; refuse `__proto__` and `constructor` when JSON is read. \
             Start Node.js with `--disable-proto=delete`.",
    technique: "A setting of the web framework that only indents its JSON is put into the prototype; the next ordinary request \
                must then be answered with that indent, and without it when the setting is put back.",
    source: "CWE-1321",
};

/// An answer that is not indented yet.
static COMPACT: Pattern = Pattern::new(r#"^(?:\{"|\[\{")"#);
/// An answer indented by seven.
const INDENTED: &str = r#"^[{\[]\r?\n {7}["{]"#;

impl Check for ServerPrototype {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let is_object = matches!(entry.request.body, Body::Json(Value::Object(_)));
        let is_plain =
            entry.response.media_type().ends_with("json") && COMPACT.is_match(entry.response.text());
        (is_object && is_plain && entry.request.method != Method::Get).then(|| attack(bench, entry).boxed())
    }
}

/// The two ways to the prototype.
const WAYS: [&str; 2] = ["__proto__", "constructor"];

fn with(request: &Request, way: &str, spaces: u8) -> Request {
    let mut request = request.clone();
    if let Body::Json(Value::Object(members)) = &mut request.body {
        let inner = json!({"json spaces": spaces});
        let inner = if way == "constructor" { json!({"prototype": inner}) } else { inner };
        members.insert(way.to_owned(), inner);
    }
    request
}

async fn attack(bench: &Bench<'_>, entry: &Entry) {
    let expect = Expect::BodyMatches(INDENTED.to_owned());
    for way in WAYS {
        let sent = with(&entry.request, way, 7);
        if bench.send_of(entry, &sent).await.is_err() {
            return;
        }
        let Ok(response) = bench.send_of(entry, &entry.request).await else { return };
        if expect.find(&Seen { response, ..Seen::default() }).is_none() {
            continue;
        }
        let steps = |spaces| {
            let mut steps = entry.steps(with(&entry.request, way, spaces));
            steps.extend(entry.steps(entry.request.clone()));
            steps
        };
        // The control puts the setting back.
        let control = Control::Requests(steps(0));
        let replay = Replay { steps: steps(7), expect: expect.clone(), control, rounds: 1 };
        if let Ok(proof) = bench.prove(replay).await {
            return bench.report_named(990_032, entry, way, proof);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::http::Target;
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    fn shown(value: &Value, spaces: u64) -> Answer {
        let name = value["name"].as_str().unwrap_or_default();
        let text = match spaces {
            0 => format!("{{\"name\":\"{name}\"}}"),
            n => format!("{{\n{:n$}\"name\": \"{name}\"\n}}", "", n = usize::try_from(n).unwrap()),
        };
        Answer(200, vec![("content-type".into(), "application/json".into())], text)
    }

    #[tokio::test]
    async fn a_setting_that_stays_is_found_and_one_of_the_request_alone_is_not() {
        for (path, wanted) in [
            ("/merges", Some("__proto__")),
            ("/copies", Some("constructor")),
            ("/own", None),
            ("/ignores", None),
        ] {
            let spaces = AtomicU64::new(0);
            let server = serve(move |asked: &Asked| {
                let body: Value = serde_json::from_str(&asked.body).unwrap();
                let by = |pointer: &str| body.pointer(pointer).and_then(Value::as_u64);
                let given = match asked.path.as_str() {
                    "/merges" => by("/__proto__/json spaces"),
                    "/copies" => by("/constructor/prototype/json spaces"),
                    "/own" => return shown(&body, by("/__proto__/json spaces").unwrap_or(0)),
                    _ => None,
                };
                given.inspect(|given| spaces.store(*given, Ordering::SeqCst));
                shown(&body, spaces.load(Ordering::SeqCst))
            })
            .await;
            let url = Target::parse(&format!("http://{server}{path}")).unwrap();
            let body = Body::Json(json!({"name": "ann"}));
            let request = Request { method: Method::Post, body, ..Request::get(url) };
            let (found, _) = scan_with(&ServerPrototype, vec![request], Extras::default()).await;
            let found: Vec<_> = found.iter().map(|finding| finding.parameter.as_deref()).collect();
            assert_eq!(found, wanted.map(Some).into_iter().collect::<Vec<_>>(), "{path}");
        }
    }
}
