//! Values that become part of an LDAP filter.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::choice::Choice;
use super::facts::{Facts, facts};
use super::marks::Marks;
use super::messages::{self, Family};
use crate::checks::{About, Bench, Check, Entry};
use crate::point::{Place, Point};
use crate::proof::Expect;

/// See [`About`].
pub(super) struct Ldap;

static ABOUT: About = About {
    name: "ldap-injection",
    qids: &[990_002],
    means: "A value becomes part of an LDAP search filter, so that the sender of the request can change the filter.",
    matters: "Sign-in against a directory can be passed, and what the directory knows about people and groups can be read.",
    remedy: "Escape values for filters (RFC 4515) and for names (RFC 4514) with the functions of the LDAP library.",
    technique: "Brackets that don't fit provoke the message of the directory or its library; conditions that always hold and \
                conditions that never do, in which the same signs mean yes once and no once, must be answered differently.",
    source: "CWE-90; RFC 4515",
};

/// What stands around a condition: within a filter with more parts, and at the end of one without.
const PLACES: &[&str] = &[
    "{v}){c}",
    "{v})({c}",
    "*){c}",
    "*)(|{c}",
    "{v})(&{c}",
    "*))(|{c}",
    "*)){c}(|(cn=zq",
    "*)(|(&{c}",
    "{v}zq){c}",
];
/// Ends the filter behind the condition, so that what follows is not looked at.
const CUTTING: &[&str] = &["{v}){c}))(&(cn=zq", "*){c}))(&(cn=zq", "*){c}))\0"];
const YES: [&str; 2] = ["(objectClass=*", "(!(objectClass=zq)"];
const NO: [&str; 2] = ["(objectClass=zq", "(!(objectClass=*)"];

impl Check for Ldap {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        (!point.is_name()).then(|| probe(bench, entry, point).boxed())
    }
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(known) = facts(bench, entry, point).await else { return };
    let is_quiet = known.is_quiet();
    if known.is_route() || known.is_settled() || (is_quiet && point.is_guess()) {
        return;
    }
    if is_quiet && matches!(point.place, Place::Path(_)) {
        return;
    }
    let token = Marks::of(entry, point).token;
    for payload in ["{v})(", "{v}("].iter().filter(|_| known.errors.contains(&Family::Ldap)) {
        let payload = payload.replace("{v}", &point.value);
        let expect = Expect::BodyMatches(messages::pattern(Family::Ldap));
        let replay =
            entry.replay(entry.request.with(point, &payload), expect, entry.request.with(point, &token));
        if let Ok(proof) = bench.prove(replay.rounds(messages::rounds(point))).await {
            known.settle();
            return bench.report_at(990_002, entry, Some((point, &payload)), proof);
        }
    }
    let has_places = !is_quiet && (known.breaks || stars(bench, entry, (point, &known)).await);
    let places = if has_places { PLACES } else { &[] };
    for template in places.iter().chain(CUTTING) {
        let template =
            if template.contains("({c}") { template.replace("({c}", "{c}") } else { (*template).to_owned() };
        let choice = Choice::of((YES, NO), |condition| {
            let value = template.replace("{c}", condition).replace("{v}", &point.value);
            (entry.request.with(point, &value), value)
        });
        if let Some((payload, proof)) = choice.prove_beside(bench, entry, (point, &known)).await {
            known.settle();
            return bench.report_at(990_002, entry, Some((point, &payload)), proof);
        }
    }
    if !has_places {
        return;
    }
    wildcard(bench, entry, (point, &known), &token).await;
    if !known.is_settled() {
        spelled(bench, entry, (point, &known)).await;
    }
}

/// Whether a star is answered otherwise than a plain word.
async fn stars(bench: &Bench<'_>, entry: &Entry, (point, known): (&Point, &Facts)) -> bool {
    let Ok(answer) = bench.send_of(entry, &entry.request.with(point, "*")).await else { return false };
    !known.says_nothing(point, &answer, "*")
}

/// A star that finds everybody, where no search for parts is offered: the same star, escaped for filters, must not.
async fn wildcard(bench: &Bench<'_>, entry: &Entry, (point, known): (&Point, &Facts), token: &str) {
    let put = |value: String| (entry.request.with(point, &value), value);
    let choice = Choice {
        yes: [put("*)(objectClass=*".to_owned()), put("*)(!(objectClass=zq)".to_owned())],
        // Other languages for searching know the star, and mind brackets wherever they stand.
        no: [put(format!("{token})(objectClass=*")), put("*((objectClass=*".to_owned())],
        more: Vec::new(),
    };
    if let Some((payload, proof)) = choice.prove_beside(bench, entry, (point, known)).await {
        known.settle();
        bench.report_at(990_002, entry, Some((point, &payload)), proof);
    }
}

/// Longest value that is spelled.
const LONGEST: usize = 40;

/// A value whose letter at a place is written by its number, as filters allow; by the number of the next letter for no.
fn spelling(value: &str, at: usize, is_right: bool) -> String {
    let letter = |(n, byte): (usize, u8)| match (n == at, is_right) {
        (true, true) => format!("\\{byte:02x}"),
        (true, false) => format!("\\{:02x}", byte + 1),
        (false, _) => char::from(byte).to_string(),
    };
    value.bytes().enumerate().map(letter).collect()
}

/// The value with a letter written by its number finds what the value finds, where nothing escapes the backslash: for filters in
/// which brackets are refused, or with which nothing can be done but that.
async fn spelled(bench: &Bench<'_>, entry: &Entry, (point, known): (&Point, &Facts)) {
    let value = &point.value;
    let is_word = value.bytes().all(|letter| letter.is_ascii_alphanumeric());
    if !known.matters || !is_word || !(3..=LONGEST).contains(&value.len()) {
        return;
    }
    let put = |at: usize, is_right: bool| {
        let text = spelling(value, at % value.len(), is_right);
        (entry.request.with(point, &text), text)
    };
    let choice = Choice {
        yes: [put(0, true), put(1, true)],
        no: [put(0, false), put(1, false)],
        more: (2..7).map(|at| [put(at, true), put(at, false)]).collect(),
    };
    if let Some((payload, proof)) = choice.prove_beside(bench, entry, (point, known)).await {
        known.settle();
        bench.report_at(990_002, entry, Some((point, &payload)), proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    /// Reads `(&(a=b)(!(c=d)))` and the like for one person; what follows a whole filter is not read.
    fn holds(text: &mut &str) -> Option<bool> {
        *text = text.strip_prefix('(')?;
        let sign = text.chars().next()?;
        let result = if matches!(sign, '&' | '|' | '!') {
            *text = text.get(1..)?;
            let mut parts = Vec::new();
            while text.starts_with('(') {
                parts.push(holds(text)?);
            }
            match sign {
                '&' => parts.iter().all(|part| *part),
                '|' => parts.iter().any(|part| *part),
                _ => !*parts.first()?,
            }
        } else {
            let end = text.find(')')?;
            let (name, value) = text.get(..end)?.split_once('=')?;
            *text = text.get(end..)?;
            let have = match name {
                "uid" => "ann",
                "objectClass" => "person",
                "cn" | "mail" => "nobody",
                _ => return Some(false),
            };
            let value = &unescaped(value);
            value == "*"
                || value == have
                || (value.ends_with('*') && have.starts_with(value.trim_end_matches('*')))
        };
        *text = text.strip_prefix(')')?;
        Some(result)
    }

    /// A value with its escapes read.
    fn unescaped(value: &str) -> String {
        let mut parts = value.split('\\');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let number = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
            text.push(number.map_or('\\', char::from));
            text.push_str(part.get(2..).unwrap_or_default());
        }
        text
    }

    fn answer(asked: &Asked) -> Answer {
        let user = asked.field("user");
        if asked.path == "/no-brackets" && user.contains(['(', ')']) {
            return Answer::html("<p>Please enter a name</p>");
        }
        if asked.path == "/any-of" {
            let filter = format!("(|(cn={user})(mail={user}))");
            let is_there = holds(&mut filter.as_str()) == Some(true);
            return Answer::html(if is_there { "<p>ann, room 7</p>" } else { "Nobody" });
        }
        let escaped =
            user.replace('\\', "\\5c").replace('*', "\\2a").replace('(', "\\28").replace(')', "\\29");
        let filter = match asked.path.as_str() {
            "/and" => format!("(&(uid={user})(objectClass=person))"),
            "/alone" | "/no-brackets" => format!("(uid={user})"),
            "/tells" => format!("(&(uid={user}))"),
            _ => format!("(uid={escaped})"),
        };
        match holds(&mut filter.as_str()) {
            Some(true) => Answer::html("<p>ann, room 7</p>"),
            None if asked.path == "/tells" => {
                Answer::html("javax.naming.directory.InvalidSearchFilterException: Unbalanced parenthesis")
            }
            _ => Answer::html("Nobody"),
        }
    }

    /// A search for words: its language knows the star and brackets, and says where it stopped.
    fn words(asked: &Asked) -> Answer {
        let query = asked.field("user");
        match query.chars().find(|letter| "*()\"'".contains(*letter)) {
            Some(sign) => Answer::html(format!("near {sign}: syntax error")),
            None => Answer::html("Nobody"),
        }
    }

    #[tokio::test]
    async fn other_languages_with_stars_are_not() {
        let server = serve(words).await;
        assert!(scan(&Ldap, server, "/words?user=ann").await.is_empty());
    }

    #[tokio::test]
    async fn filters_are_found_where_values_are_not_escaped() {
        let server = serve(answer).await;
        for path in ["/and", "/alone", "/tells", "/any-of", "/no-brackets"] {
            let found = scan(&Ldap, server, &format!("{path}?user=ann")).await;
            assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), [990_002], "{path}");
        }
        assert!(scan(&Ldap, server, "/escaped?user=ann").await.is_empty());
    }
}
