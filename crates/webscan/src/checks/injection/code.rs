//! Values that reach an interpreter of the application's own language.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::facts::{Facts, facts};
use super::{computed, timing};
use crate::checks::{About, Bench, Check, Entry};
use crate::point::{Place, Point};

/// See [`About`].
pub(super) struct Code;

static ABOUT: About = About {
    name: "code-injection",
    qids: &[150_055, 990_029],
    means: "A value is evaluated as code of the language that the application is written in.",
    matters: "Whoever sends the request runs code inside the application, with its data, its credentials and its network.",
    remedy: "Do without functions that evaluate text. To read data use a parser for that format; to calculate, a parser for \
             arithmetic that knows nothing else.",
    technique: "A calculation through a function of PHP, JavaScript, Python, Ruby or Perl is put in as an expression, as a \
                statement, and out of strings. Its result must be shown, and that of another calculation must be another. A \
                mere calculator does not know these functions. Where nothing is shown, the code waits, several times in turn with one \
                that does not.",
    source: "CWE-94, CWE-95",
};

const PHP: &[&str] = &[
    "print(intval({a})*{b})",
    "{v};print(intval({a})*{b});//",
    "'.print(intval({a})*{b}).'",
    "\".print(intval({a})*{b}).\"",
    "${print(intval({a})*{b})}",
    "');print(intval({a})*{b});//",
    "print(intval({a})*{b});",
];

/// What waits in Python, without quotes.
macro_rules! python {
    () => {
        "__import__(chr(116)+chr(105)+chr(109)+chr(101)).sleep({t})"
    };
}

/// What waits in JavaScript, but not within a document database, which knows `sleep`.
macro_rules! script {
    () => {
        "(function(zq,zr){while(typeof sleep===typeof zr&&Date.now()-zq<{t}*1000){}return 1})(Date.now())"
    };
}

const OTHERS: &[&str] = &[
    "parseInt({a})*{b}",
    "'+parseInt({a})*{b}+'",
    "\"+parseInt({a})*{b}+\"",
    "{v};parseInt({a})*{b}",
    "`+parseInt({a})*{b}+`",
    "${parseInt({a})*{b}}",
    "int(str({a}))*{b}",
    "'+str(int(str({a}))*{b})+'",
    "\"+str(int(str({a}))*{b})+\"",
    "{v}\nprint(int(str({a}))*{b})",
    "Integer({a})*{b}",
    "#{Integer({a})*{b}}",
    "'+(Integer({a})*{b}).to_s+'",
    "\"+(Integer({a})*{b}).to_s+\"",
    // Languages of expressions (of Spring, OGNL, MVEL and the like) and JavaScript, which calculators are not.
    "'zq '.concat({a}*{b})",
    "'+'zq '.concat({a}*{b})+'",
    "\"+\"zq \".concat({a}*{b})+\"",
    "{v}+'zq '.concat({a}*{b})",
    "'.(int({a})*{b}).'",
    "\".(int({a})*{b}).\"",
];

/// What waits in PHP as an expression and out of strings in quotes of each kind, also where quotes are escaped; and in Perl.
const PHP_WAITS: &[&str] =
    &["sleep({t})/*{${sleep({t})}}*/||'.sleep({t}).'.\".sleep({t}).\"", "sleep({t})", "{v}.sleep({t})"];

/// The same in Python, JavaScript and Ruby: each is one text that is well-formed as an expression and within quotes. In
/// Python and Ruby two texts beside each other are one, in JavaScript the rest is a comment.
const OTHERS_WAIT: &[&str] = &[
    concat!(python!(), " or '+str(", python!(), ")+'\"+str(", python!(), ")+\""),
    concat!(script!(), "/*'+", script!(), "+'/*\"+", script!(), "+\"${", script!(), "}*/"),
    "sleep({t})||'+sleep({t}).to_s+'\"+sleep({t}).to_s+\"",
    "#{sleep({t})}",
];

impl Check for Code {
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
    // Code does not bear quotes and brackets that don't fit; where a plain word is no better, the value itself is code.
    let is_code = |letter: char| letter.is_ascii_digit() || "+*/()'\"[]$.".contains(letter);
    let bears = !known.breaks && known.errors.is_empty();
    // A name that is not known is an error, too.
    let is_name = known.status >= 500 && entry.response.status < 400;
    let may_be_code = !bears || is_name || (known.matters && point.value.contains(is_code));
    let is_quiet_part = matches!(point.place, Place::Path(_)) && known.is_quiet();
    let is_far = (point.place == Place::Header || is_quiet_part) && known.errors.is_empty();
    if is_far || known.is_route() || known.is_settled() {
        return;
    }
    // Where errors are swallowed, nothing tells code from what is only kept or shown.
    let is_silent = point.place != Place::Cookie && !point.is_guess();
    if !may_be_code && !is_silent {
        return;
    }
    if may_be_code && by_output(bench, entry, (point, &known)).await {
        return;
    }
    if is_silent {
        by_waiting(bench, entry, (point, &known)).await;
    }
}

/// Whether what looks like another language is code of the application's own; it is reported then.
pub(super) async fn instead(bench: &Bench<'_>, entry: &Entry, (point, known): (&Point, &Facts)) -> bool {
    by_output(bench, entry, (point, known)).await
}

/// Code that shows what it computed.
async fn by_output(bench: &Bench<'_>, entry: &Entry, (point, known): (&Point, &Facts)) -> bool {
    for (qid, templates) in [(150_055, PHP), (990_029, OTHERS)] {
        let list = computed::attempts(templates, entry, point);
        if let Some((payload, proof)) = computed::prove_first(bench, entry, point, &list).await {
            known.settle();
            bench.report_at(qid, entry, Some((point, &payload)), proof);
            return true;
        }
    }
    false
}

/// Code that shows nothing, and waits.
async fn by_waiting(bench: &Bench<'_>, entry: &Entry, (point, known): (&Point, &Facts)) {
    let all = if known.breaks { usize::MAX } else { 1 };
    for (qid, templates) in [(150_055, PHP_WAITS), (990_029, OTHERS_WAIT)] {
        let all = if qid == 990_029 && !known.echoes { all.saturating_mul(3) } else { all };
        let list = templates.get(..all.min(templates.len())).unwrap_or_default();
        if let Some((payload, proof)) = timing::prove_first(bench, entry, point, list).await {
            known.settle();
            return bench.report_at(qid, entry, Some((point, &payload)), proof);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn perl(code: &str) -> String {
        let output = Command::new("perl").arg("-e").arg(code).output().unwrap();
        String::from_utf8_lossy(&output.stdout).replace('<', "&lt;")
    }

    fn answer(asked: &Asked) -> Answer {
        let x = asked.field("x");
        Answer::html(match asked.path.as_str() {
            "/perl" => perl(&format!("print 'hello '.'{x}'.'!';")),
            "/silent" => {
                perl(&format!("my $name = '{x}';"));
                "saved".to_owned()
            }
            "/thanked" => {
                perl(&format!("my $name = '{x}';"));
                format!("<p>Thank you, {}</p>", x.replace('<', "&lt;"))
            }
            // A language of expressions: a text, and what is put behind it.
            "/expression" => {
                let joined = regex::Regex::new(r"^'([^']*)'\.concat\((\d+)\*(\d+)\)$").unwrap();
                match joined.captures(&x) {
                    Some(found) => {
                        let number = |at: usize| found[at].parse::<u64>().unwrap();
                        format!("{}{}", &found[1], number(2) * number(3))
                    }
                    None if x == "price" => "30".to_owned(),
                    None => return Answer::status(500),
                }
            }
            "/kept" => "saved".to_owned(),
            // A calculator: digits and signs alone.
            "/calculator" => {
                let parts: Option<Vec<u64>> = x.split('*').map(|part| part.parse().ok()).collect();
                parts.map_or_else(|| "no".to_owned(), |parts| parts.iter().product::<u64>().to_string())
            }
            _ => format!("<p>{}</p>", x.replace('<', "&lt;")),
        })
    }

    #[tokio::test]
    async fn evaluated_values_are_found_and_calculators_are_not() {
        let server = serve(answer).await;
        for path in ["/perl?x=you", "/expression?x=price"] {
            let found = scan(&Code, server, path).await;
            assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), [990_029], "{path}");
        }
        for path in ["/silent", "/thanked"] {
            let found = scan(&Code, server, &format!("{path}?x=you")).await;
            assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), [150_055], "{path}");
        }
        for path in ["/calculator?x=7", "/echo?x=7", "/kept?x=7"] {
            assert!(scan(&Code, server, path).await.is_empty(), "{path}");
        }
    }
}
