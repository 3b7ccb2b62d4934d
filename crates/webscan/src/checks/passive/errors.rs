//! Errors that show where and how the code failed: as they were met, and asked for with values of the wrong kind.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::readable;
use super::error_patterns::{MESSAGES, TRACES};
use super::site_wide::seen_again;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Request, Response};
use crate::point::{Place, Point, Put};
use crate::proof::{Control, Expect};

/// See [`About`].
pub(super) struct Errors;

static ABOUT: About = About {
    name: "verbose-errors",
    qids: &[150_022, 990_025],
    means: "When something fails, the answer shows the inner error: messages of the language, file names, the calls that led \
            there.",
    matters: "It tells strangers which software runs, where its files lie and where it breaks: the map for an attack.",
    remedy: "Turn off debug mode in production. Log the details and answer with a plain sentence and a number to ask for.",
    technique: "Answers are held against the forms that errors and traces have in common languages and frameworks. Each request \
                is also tried with values of the wrong kind; the usual values must not show it.",
    source: "CWE-209; OWASP Improper Error Handling",
};

/// Elements in which pages explain errors rather than have them.
static EXPLAINED: Pattern = Pattern::new(
    r"(?is)<(code|textarea|blockquote|article|samp)\b[^>]*>.*?</(?:code|textarea|blockquote|article|samp)>",
);

/// What an answer shows of errors: QID and expression.
fn shown(response: &Response, text: &str) -> Option<(u32, &'static str)> {
    let explained = if response.status < 400 { EXPLAINED.all(text) } else { Vec::new() };
    let meets = |pattern: &Pattern| {
        let explains = |at: usize| explained.iter().any(|range| range.range().contains(&at));
        pattern.all(text).iter().any(|found| !explains(found.start()))
    };
    let find =
        |list: &'static [(&str, Pattern)]| list.iter().map(|(_, p)| p).find(|p| meets(p)).map(Pattern::text);
    find(TRACES).map(|text| (990_025, text)).or_else(|| find(MESSAGES).map(|text| (150_022, text)))
}

impl Check for Errors {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        if entry.response.is_script() {
            return None;
        }
        let (qid, pattern) = shown(&entry.response, readable(entry)?)?;
        Some(
            async move {
                let control = Control::WithoutMatch(pattern.to_owned());
                let expect = Expect::BodyMatches(pattern.to_owned());
                if let Some(proof) = seen_again(bench, entry, expect, control).await {
                    bench.report(qid, entry, proof);
                }
            }
            .boxed(),
        )
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let already = readable(entry).is_some_and(|text| shown(&entry.response, text).is_some());
        let points: Vec<Point> = entry.request.points().into_iter().filter(is_tried).collect();
        (!already && !points.is_empty()).then(|| provoke(bench, entry, points).boxed())
    }
}

fn is_tried(point: &Point) -> bool {
    !matches!(point.place, Place::Header | Place::Path(_))
}

/// Requests with a value of the wrong kind at a point.
fn wrong(request: &Request, point: &Point) -> Vec<(Request, String)> {
    let odd = if point.value.parse::<f64>().is_ok() { "redoubt" } else { "'\"]}>\\%\u{fffd}" };
    let mut all = vec![(request.with(point, Put::Text(odd)), odd.to_owned())];
    let list = format!("{}[]", point.name);
    all.extend(request.renamed(point, &list).map(|request| (request, list)));
    if matches!(point.place, Place::Json(_)) {
        all.push((request.with(point, Put::Raw("[[]]")), "[[]]".to_owned()));
    }
    all
}

async fn provoke(bench: &Bench<'_>, entry: &Entry, points: Vec<Point>) {
    for point in points.iter().take(30) {
        for (attack, payload) in wrong(&entry.request, point) {
            let Ok(answer) = bench.send_of(entry, &attack).await else { return };
            let Some((qid, pattern)) = shown(&answer, answer.text()) else { continue };
            let replay = entry.replay(attack, Expect::BodyMatches(pattern.to_owned()), entry.request.clone());
            if let Ok(proof) = bench.prove(replay).await {
                bench.report_at(qid, entry, Some((point, &payload)), proof);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[test]
    fn every_expression_is_valid() {
        for (name, pattern) in TRACES.iter().chain(MESSAGES) {
            assert!(pattern.is_valid(), "{name}");
        }
    }

    #[test]
    fn errors_of_many_languages_are_known() {
        let answer = Response::new(500, &[], "");
        for (qid, text) in [
            (
                990_025,
                "Traceback (most recent call last):\n  File \"/app/x.py\", line 3, in f\nKeyError: 'a'",
            ),
            (990_025, "at com.shop.Cart.add(Cart.java:12)"),
            (990_025, "   at System.Data.SqlClient.SqlConnection.OnError(SqlException e)"),
            (990_025, "#0 /var/www/html/index.php(12): run()"),
            (
                990_025,
                "    at Layer.handle [as handle_request] (/srv/node_modules/express/lib/router/layer.js:95:5)",
            ),
            (990_025, "/app/models/user.rb:12:in `find'"),
            (990_025, "goroutine 12 [running]:\nmain.main()"),
            (990_025, "thread 'main' panicked at src/main.rs:3:5"),
            (150_022, "<b>Warning</b>:  Undefined variable $x in <b>/var/www/a.php</b> on line <b>3</b>"),
            (150_022, "Server Error in '/shop' Application."),
            (150_022, "java.lang.NullPointerException: null"),
            (150_022, "TypeError: Cannot read properties of undefined (reading 'id')"),
            (150_022, "strconv.Atoi: parsing \"x\": invalid syntax"),
        ] {
            assert_eq!(shown(&answer, text).map(|(qid, _)| qid), Some(qid), "{text}");
        }
        for text in [
            "An error occurred. Reference 1234.",
            "Warning: this cannot be undone",
            "Look at the Cart (page 12)",
            "at 10:30 in Room.java",
            "Fatal error in the matrix",
            "We met at com.shop headquarters",
        ] {
            assert_eq!(shown(&answer, text), None, "{text}");
        }
        let page = Response::new(200, &[], "");
        assert_eq!(shown(&page, "<code>at com.shop.Cart.add(Cart.java:12)</code>"), None);
    }

    #[tokio::test]
    async fn errors_are_provoked_and_quiet_ones_are_not_told() {
        let address = serve(|asked: &Asked| match (asked.path.as_str(), asked.field("n").parse::<u32>()) {
            ("/loud", Err(_)) => Answer(500, vec![], "ValueError: invalid literal for int()".into()),
            ("/quiet", Err(_)) => Answer::status(400),
            _ => Answer::html("fine"),
        })
        .await;
        let found = scan(&Errors, address, "/loud?n=1").await;
        assert_eq!((found.len(), found[0].qid, found[0].parameter.as_deref()), (1, 150_022, Some("n")));
        assert!(scan(&Errors, address, "/quiet?n=1").await.is_empty());
    }
}
