//! Values that are taken for regular expressions.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::choice::Choice;
use super::facts::facts;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Request;
use crate::point::Point;

/// See [`About`].
pub(super) struct RegularExpression;

static ABOUT: About = About {
    name: "regular-expression-injection",
    qids: &[990_034],
    means: "A value is taken for a regular expression, in the application or in its database.",
    matters: "The sender of the request finds what was not asked for, reads values letter by letter where they are compared, and with an \
              expression that goes back again and again keeps the processor busy for hours.",
    remedy: "Escape the value before it becomes part of an expression, or compare without one. Where visitors are meant to write \
             expressions, use an engine whose time is linear, and limit their length.",
    technique: "A letter of the usual value that must stand there once is the value again; one that must stand there three times is \
                not. Both, in several ways of writing, must be answered differently again and again.",
    source: "CWE-1333, CWE-625, CWE-943",
};

const QID: u32 = 990_034;

/// What stands behind a letter: once, and three times, with digits in both, so that who leaves signs out finds neither.
const ONCE: [&str; 7] = ["{1}", "{1,1}", "{1}", "{1,1}", "{1}", "{01}", "{1,1}"];
const THRICE: [&str; 7] = ["{3}", "{3,4}", "{5}", "{4,6}", "{4}", "{07}", "{6,8}"];

impl Check for RegularExpression {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        let is_word = point.value.chars().all(|letter| letter.is_alphanumeric() || " -_".contains(letter));
        let choice =
            (is_word && !point.is_guess() && !point.is_name()).then(|| choice(&entry.request, point))?;
        Some(probe(bench, entry, point, choice?).boxed())
    }
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point, choice: Choice) {
    let Some(known) = facts(bench, entry, point).await else { return };
    if known.is_route() || known.is_settled() || !known.matters {
        return;
    }
    if let Some((payload, proof)) = choice.prove_beside(bench, entry, (point, &known)).await {
        bench.report_at(QID, entry, Some((point, &payload)), proof);
    }
}

/// The value with a letter that stands there once, and with one that stands there more often; none for a value without letters.
fn choice(request: &Request, point: &Point) -> Option<Choice> {
    let places: Vec<usize> = point
        .value
        .char_indices()
        .filter(|(_, letter)| letter.is_alphanumeric())
        .map(|(at, letter)| at + letter.len_utf8())
        .collect();
    let mut places = places.iter().cycle();
    places.clone().next()?;
    let mut pairs = ONCE.iter().zip(THRICE).map(|(once, thrice)| {
        let at = places.next().copied().unwrap_or_default();
        let (before, behind) = point.value.split_at_checked(at).unwrap_or((&point.value, ""));
        [once, &thrice].map(|count| {
            let value = format!("{before}{count}{behind}");
            (request.with(point, &value), value)
        })
    });
    let ([yes, no], [yes_too, no_too]) = (pairs.next()?, pairs.next()?);
    Some(Choice { yes: [yes, yes_too], no: [no, no_too], more: pairs.collect() })
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn answer(asked: &Asked) -> Answer {
        let q = asked.field("q");
        let goods = ["a lamp", "a chair", "lamps 7", "book"];
        let words: Vec<&str> = q.split(|letter: char| !letter.is_alphanumeric()).collect();
        let expression = if asked.path == "/escaped" { regex::escape(&q) } else { q.clone() };
        let shown = |fits: &dyn Fn(&str) -> bool| {
            let lines = goods.iter().filter(|name| fits(name)).map(|name| format!("<li>{name}</li>"));
            Answer::html(format!("<ul>{}</ul>", lines.collect::<String>()))
        };
        match (asked.path.as_str(), Regex::new(&expression)) {
            ("/searched" | "/escaped", Ok(expression)) => shown(&|name| expression.is_match(name)),
            ("/searched", Err(_)) => Answer::status(500),
            ("/whole", Ok(_)) => Regex::new(&format!("^(?:{q})$")).map_or(Answer::status(500), |whole| {
                shown(&|name| name.split(' ').any(|word| whole.is_match(word)))
            }),
            ("/words", _) => shown(&|name| words.iter().any(|word| name.contains(word) && !word.is_empty())),
            ("/contained", _) => shown(&|name| name.contains(&q)),
            _ => Answer::html(q.replace('<', "&lt;")),
        }
    }

    #[tokio::test]
    async fn expressions_are_found_and_searches_for_words_are_not() {
        let server = serve(answer).await;
        for (path, wanted) in [
            ("/searched?q=lamp", 1),
            ("/whole?q=book", 1),
            ("/escaped?q=lamp", 0),
            ("/words?q=lamp", 0),
            ("/contained?q=lamp", 0),
            ("/shown?q=lamp", 0),
        ] {
            let found = scan(&RegularExpression, server, path).await;
            assert_eq!(found.iter().filter(|found| found.qid == QID).count(), wanted, "{path}");
        }
    }
}
