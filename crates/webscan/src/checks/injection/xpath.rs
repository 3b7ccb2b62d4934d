//! Values that become part of an XPath expression.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::choice::Choice;
use super::facts::facts;
use super::marks::Marks;
use super::messages::{self, Family};
use crate::checks::{About, Bench, Check, Entry};
use crate::point::{Place, Point};
use crate::proof::Expect;

/// See [`About`].
pub(super) struct Xpath;

static ABOUT: About = About {
    name: "xpath-injection",
    qids: &[990_003],
    means: "A value becomes part of an XPath expression over an XML document, so that the sender of the request can change it.",
    matters: "XPath knows no rights: whoever changes the expression can read the whole document, and pass a sign-in that asks it.",
    remedy: "Give values to the expression as variables, as XPath libraries allow, or allow only letters and digits.",
    technique: "Quotes provoke the message of the XPath library; conditions with functions that XPath alone has, true and \
                false with the same letters, must be answered differently.",
    source: "CWE-643",
};

/// Where the condition stands. A string that is not empty is true, and an empty one is not, without a sign that filters look for.
const PLACES: &[&str] = &[
    "{v}' and {c} and 'a",
    "{v}' or {c} or '",
    "{v}\" and {c} and \"a",
    "{v}\" or {c} or \"",
    "{v} and {c}",
    "{v} or {c}",
    "{v}') and {c} and ('a",
    "{v}') or {c} or ('",
    "{v}'] [{c} and 'a",
    "{v}'or {c} or'",
    "{v}[{c}]",
    "{v}'][{c}][''='",
    "{v}\"][{c}][\"\"=\"",
    "{v}') or {c} or contains('b','a",
    "{v}\") or {c} or contains(\"b\",\"a",
    "{v}') ] [{c} and ('a",
    "{v}\") and {c} and (\"a",
    // Nodes beside those of an expression with more conditions.
    "{v}']|//*[{c}]|//*['",
];

/// Where neither a word nor quotes change anything: what adds nodes.
const ADDING: &[&str] = &[
    "{v}' or {c} or '",
    "{v}\" or {c} or \"",
    "0 or {c}",
    "{v}') or {c} or contains('b','a",
    "{v}\") or {c} or contains(\"b\",\"a",
    "{v}']|//*[{c}]|//*['",
];

/// Where the name of a field is a step, or is compared.
const NAMES: &[&str] = &["{v}[{c}]", "{v}={v} and {c} and {v}"];

/// Numbers are no columns of a search for words, which is what `contains` is in SQL; signs of markup and of comparison would often
/// be refused.
const YES: [&str; 2] = ["contains(37,37)", "not(contains(37,73))"];
const NO: [&str; 2] = ["contains(37,73)", "not(contains(37,37))"];

impl Check for Xpath {
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
    let is_quiet = known.is_quiet();
    if known.is_route() || known.is_settled() || (is_quiet && point.is_guess()) {
        return;
    }
    let token = Marks::of(entry, point).token;
    if known.errors.contains(&Family::Xpath) {
        let payload = format!("{}'", point.value);
        let expect = Expect::BodyMatches(messages::pattern(Family::Xpath));
        let replay =
            entry.replay(entry.request.with(point, &payload), expect, entry.request.with(point, &token));
        if let Ok(proof) = bench.prove(replay.rounds(messages::rounds(point))).await {
            known.settle();
            return bench.report_at(990_003, entry, Some((point, &payload)), proof);
        }
    }
    let is_far = matches!(point.place, Place::Path(_));
    let list = match (is_quiet, is_far) {
        (true, true) => &[],
        (true, false) => ADDING,
        (false, _) if point.is_name() => NAMES,
        (false, _) => PLACES,
    };
    for template in list {
        let choice = Choice::of((YES, NO), |condition| {
            let value = template.replace("{c}", condition).replace("{v}", &point.value);
            (entry.request.with(point, &value), value)
        });
        if let Some((payload, proof)) = choice.prove_beside(bench, entry, (point, &known)).await {
            known.settle();
            return bench.report_at(990_003, entry, Some((point, &payload)), proof);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    const PEOPLE: &str = "<people><person><name>ann</name><room>7</room></person><person><name>bob</name><room>9</room></person></people>";

    /// Asks libxml2.
    fn xpath(expression: &str) -> Result<String, String> {
        use std::io::Write;
        let mut child = Command::new("xmllint")
            .args(["--xpath", expression, "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(PEOPLE.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    fn answer(asked: &Asked) -> Answer {
        let name = asked.field("name");
        let expression = match asked.path.as_str() {
            "/step" => format!("string(//person[1]/{name})"),
            "/no-markup" => format!("string(//person[name='{}']/room)", name.replace(['<', '>'], "")),
            "/begins" => format!("string(//person[starts-with(name,'{name}')]/room)"),
            "/no-words" => {
                format!("string(//person[name='{}']/room)", name.replace(" and ", "").replace(" or ", ""))
            }
            "/column" => {
                let column = asked.query.first().map_or("", |(name, _)| name.as_str());
                format!("string(//person[{column}='ann']/room)")
            }
            "/two" => format!("string(//person[name='{name}'][room='none']/room)"),
            "/no-equals" if name.contains(['=', '<', '>']) => return Answer::html("Nobody"),
            "/silent" | "/tells" | "/no-equals" => format!("string(//person[name='{name}']/room)"),
            _ => format!("string(//person[name='{}']/room)", name.replace('\'', "")),
        };
        match xpath(&expression) {
            Ok(room) if !room.trim().is_empty() => Answer::html(format!("<p>in room {room}</p>")),
            Err(error) if asked.path == "/tells" => Answer::html(error.replace('<', "&lt;")),
            _ => Answer::html("Nobody"),
        }
    }

    #[tokio::test]
    async fn expressions_are_found_where_values_end_them() {
        let server = serve(answer).await;
        for path in [
            "/silent?name=ann",
            "/silent?name=zed",
            "/step?name=room",
            "/begins?name=zed",
            "/no-words?name=ann",
            "/no-markup?name=ann",
            "/no-equals?name=ann",
            "/two?name=ann",
            "/column?name=ann",
        ] {
            let found = scan(&Xpath, server, path).await;
            assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), [990_003], "{path}");
        }
        assert!(scan(&Xpath, server, "/cleaned?name=ann").await.is_empty());
    }
}
