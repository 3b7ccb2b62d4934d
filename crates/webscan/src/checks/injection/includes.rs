//! Values that become directives of a server or of a cache in front of it.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::computed::{self, Attempt};
use super::facts::facts;
use super::marks::Marks;
use crate::checks::{About, Bench, Check, Entry};
use crate::point::Point;
use crate::proof::Expect;

/// See [`About`].
pub(super) struct Includes;

static ABOUT: About = About {
    name: "include-injection",
    qids: &[990_029],
    means: "Server-side or edge-side include directives in a value are executed when the page is put together.",
    matters: "Such directives read files and variables of the server, fetch other addresses, and with some servers run commands.",
    remedy: "Encode values for HTML where they are written. Switch includes off for pages that show values of requests, and \
             let a cache process them only for answers that ask for it.",
    technique: "A directive sets a variable and another shows it; the page must then have a word together that was put in \
                apart, and must not when the directives' names are others.",
    source: "CWE-97",
};

impl Check for Includes {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        Some(probe(bench, entry, point).boxed())
    }
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(known) = facts(bench, entry, point).await else { return };
    if !known.echoes {
        return;
    }
    let Marks { token, number, .. } = Marks::of(entry, point);
    let attempt = |template: &str, other: (&str, &str)| {
        let payload = template.replace("{t}", &token).replace("{n}", &number);
        Attempt {
            control: payload.replace(other.0, other.1),
            payload: format!("{}{payload}", known.prefix),
            expect: Expect::Body(format!("{token}{number}{token}")),
        }
    };
    let list = [
        attempt("{t}<!--#set var=\"zq\" value=\"{n}\" --><!--#echo var=\"zq\" -->{t}", ("#", "")),
        attempt(
            "{t}<esi:assign name=\"zq\" value=\"'{n}'\"/><esi:vars>$(zq)</esi:vars>{t}",
            ("esi:", "zqi:"),
        ),
    ];
    if let Some((payload, proof)) = computed::prove_first(bench, entry, point, &list).await {
        bench.report_at(990_029, entry, Some((point, &payload)), proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn answer(asked: &Asked) -> Answer {
        let q = asked.field("q");
        let set = regex::Regex::new(r#"<!--#set var="(\w+)" value="(\w+)" -->"#).unwrap();
        if asked.path == "/ssi"
            && let Some(found) = set.captures(&q)
        {
            let shown =
                q.replace(&found[0], "").replace(&format!("<!--#echo var=\"{}\" -->", &found[1]), &found[2]);
            return Answer::html(shown);
        }
        Answer::html(regex::Regex::new(r"<[^>]*>").unwrap().replace_all(&q, "").into_owned())
    }

    #[tokio::test]
    async fn directives_are_found_where_they_run() {
        let server = serve(answer).await;
        assert_eq!(scan(&Includes, server, "/ssi?q=a").await.len(), 1);
        assert!(scan(&Includes, server, "/stripped?q=a").await.is_empty());
    }
}
