//! Numbers of people in the content: social security of the United States, and those of other states.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::cards::digits;
use super::content::{hidden_again, mask, readable};
use super::id_numbers::{IdKind, kinds};
use super::labels::{head_of_column, words_before};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};

/// See [`About`].
pub(super) struct SocialSecurity;
/// See [`About`].
pub(super) struct NationalIds;

static SSN_ABOUT: About = About {
    name: "social-security-numbers",
    qids: &[150_034],
    means: "The content has a number that is built like a social security number of the United States.",
    matters: "With such a number and a name, accounts are opened and taxes claimed in another's name.",
    remedy: "Do not show it; the last four digits are enough to tell people apart.",
    technique: "Three groups with hyphens within the ranges that are given out; without hyphens only where the words say what \
                it is.",
    source: "SSA POMS RM 10201; CWE-201",
};

static IDS_ABOUT: About = About {
    name: "national-identification-numbers",
    qids: &[990_024],
    means: "The content has a number that a state gives to a person.",
    matters: "Such a number belongs to one person for life; it opens accounts and contracts in that person's name.",
    remedy: "Do not show it to anybody who does not need it; mask all but the last digits.",
    technique: "Numbers with the structure and the check digits of the states' definitions; where these say little, words \
                nearby must say what it is.",
    source: "The states' own definitions; CWE-201",
};

static SSN: Pattern = Pattern::new(r"\b\d{3}-\d{2}-\d{4}\b");
static BARE: Pattern = Pattern::new(
    r"(?i)(?:(?:\b|_|(?-i:[a-z]S))ssn\b|(?-i:[a-z]Ssn\b)|social[ _-]?security(?:[ _-]?(?:number|no\.?|num|nr))?)[^0-9\n]{0,30}?(\d{9}|\d{3} \d{2} \d{4})\b",
);
static OTHER: Pattern = Pattern::new(
    r"(?i)(?:part|order|sku|model|item|serial|tel|phone|fax|ref(?:erence)?|isbn|invoice|case|product|catalog(?:ue)?|article|version)(?: ?(?:no|nr|num|number|code|id))?\.?\s{0,2}[:=#]?\s{0,2}$",
);

fn is_given_out(number: &str) -> bool {
    let plain: String = digits(number).iter().map(|digit| char::from(b'0' + digit)).collect();
    let (area, group, serial) = (plain.get(..3), plain.get(3..5), plain.get(5..9));
    let known = ["078051120", "219099999", "123456789", "111111111", "457555462"];
    !matches!(area, Some("000" | "666") | None)
        && !plain.starts_with('9')
        && group != Some("00")
        && serial != Some("0000")
        && !known.contains(&plain.as_str())
}

fn before(text: &str, at: usize, most: usize) -> &str {
    let from = text.ceil_char_boundary(at.saturating_sub(most));
    text.get(from..at).unwrap_or_default()
}

/// Whether what is around a match is no part of the same word or URL.
fn stands_alone(text: &str, range: &std::ops::Range<usize>) -> bool {
    let last = text.get(..range.start).and_then(|t| t.chars().next_back()).unwrap_or(' ');
    let next = text.get(range.end..).and_then(|t| t.chars().next()).unwrap_or(' ');
    !last.is_alphanumeric()
        && !"-_/.=&?#%+".contains(last)
        && !next.is_alphanumeric()
        && !"-_/%=&@".contains(next)
}

fn ssn(text: &str) -> Option<&str> {
    let hyphened = SSN.all(text).into_iter().find(|found| {
        stands_alone(text, &found.range())
            && is_given_out(found.as_str())
            && !OTHER.is_match(before(text, found.start(), 30))
    });
    hyphened.map(|found| found.as_str()).or_else(|| {
        let bare =
            BARE.all_captures(text).into_iter().filter_map(|found| found.get(1)).map(|found| found.as_str());
        bare.into_iter().find(|number| is_given_out(number))
    })
}

/// Kind and number of the first of each kind in a text.
fn ids(text: &str, is_markup: bool) -> Vec<(&'static str, &str)> {
    let is_called = |words: &Pattern, at: usize| {
        words.is_match(&words_before(text, at, 80))
            || head_of_column(text, at, is_markup).is_some_and(|head| words.is_match(&head))
    };
    let first = |kind: &IdKind| {
        kind.pattern.all(text).into_iter().find(|found| {
            let range = found.range();
            stands_alone(text, &range)
                && (kind.valid)(found.as_str())
                && kind.words.as_ref().is_none_or(|words| is_called(words, range.start))
        })
    };
    let mut all: Vec<(&'static str, &str)> = Vec::new();
    for kind in kinds() {
        if let Some(found) = first(kind)
            && !all.iter().any(|(name, text)| *name == kind.name || *text == found.as_str())
        {
            all.push((kind.name, found.as_str()));
        }
    }
    all
}

impl Check for SocialSecurity {
    fn about(&self) -> &'static About {
        &SSN_ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        if !bench.profile.sensitive_content.social_security_number {
            return None;
        }
        let text = readable(entry)?;
        let number = ssn(text)?;
        // Numbers of code are not those of people; what it has in quotes may be.
        let in_quotes =
            ['"', '\'', '`'].iter().any(|quote| text.contains(&format!("{quote}{number}{quote}")));
        if entry.response.is_script() && !in_quotes {
            return None;
        }
        Some(
            async move {
                if let Some(proof) = hidden_again(bench, entry, number, &mask(number)).await {
                    bench.report(150_034, entry, proof);
                }
            }
            .boxed(),
        )
    }
}

impl Check for NationalIds {
    fn about(&self) -> &'static About {
        &IDS_ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let text = readable(entry)?;
        let mut found = ids(text, entry.response.is_html());
        if entry.response.is_script() {
            found.retain(|(_, number)| {
                ['"', '\'', '`'].iter().any(|quote| text.contains(&format!("{quote}{number}{quote}")))
            });
        }
        (!found.is_empty()).then(|| look(bench, entry, found).boxed())
    }
}

async fn look(bench: &Bench<'_>, entry: &Entry, found: Vec<(&'static str, &str)>) {
    for (name, number) in found {
        if let Some(proof) = hidden_again(bench, entry, number, &mask(number)).await {
            bench.report_named(990_024, entry, name, proof);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn social_security_numbers_are_told_from_others() {
        for text in [
            "SSN: 536-22-8726",
            "<td>212-09-9754</td>",
            "Social security number 536228726",
            r#"{"customer_ssn": "536228726"}"#,
            r#"{"userSsn": "536228726"}"#,
            r#"{"socialSecurityNumber": "536228726"}"#,
        ] {
            assert!(ssn(text).is_some(), "{text}");
        }
        for text in [
            "000-12-3456",
            "666-12-3456",
            "912-12-3456",
            "123-00-4567",
            "part no. 536-22-8726",
            "1-536-22-8726",
            "536-22-87261",
            "536228726",
            "/x/536-22-8726",
            "078-05-1120",
        ] {
            assert!(ssn(text).is_none(), "{text}");
        }
    }

    #[test]
    fn numbers_are_known_by_the_heads_of_their_columns() {
        let address = "Very Long Street 12, 1000 AB Amsterdam, The Netherlands, care of somebody else";
        let page = |head: &str| {
            format!(
                "<table><tr><th>Name</th><th>{head}</th></tr><tr><td>{address}</td><td>111222333</td></tr></table>"
            )
        };
        assert_eq!(ids(&page("BSN"), true), [("Netherlands, BSN", "111222333")]);
        assert_eq!(ids(&page("Part"), true), []);
        let lines = format!("bsn\tname\n1\t{address}\n111222333\tAnn\n");
        assert_eq!(ids(&lines, false), [("Netherlands, BSN", "111222333")]);
        assert_eq!(ids(&lines.replace("bsn", "part"), false), []);
    }

    #[test]
    fn numbers_of_many_states_are_checked() {
        for (name, text) in [
            ("Spain, DNI", "DNI 12345678Z"),
            ("Spain, NIE", "NIE: X1234567L"),
            ("Italy, codice fiscale", "RSSMRA85T10A562S"),
            ("France, NIR", "numéro de sécurité sociale 1 84 12 76 451 089 46"),
            ("Brazil, CPF", "529.982.247-25"),
            ("United Kingdom, national insurance number", "National Insurance number: AB123456C"),
            ("Germany, tax identification number", "Steuer-ID 86095742719"),
            ("Poland, PESEL", "PESEL: 44051401359"),
            ("Netherlands, BSN", "BSN 111222333"),
            ("Finland, personal identity code", "131052-308T"),
            ("Belgium, national register number", "85.07.30-033.28"),
            ("Sweden, personal identity number", "Personnummer 811228-9874"),
            ("China, resident identity number", "11010519491231002X"),
            ("Chile, RUT", "12.345.678-5"),
            ("India, Aadhaar", "Aadhaar 2345 6789 0124"),
            ("Canada, social insurance number", "SIN: 130-692-544"),
            ("Portugal, NIF", "NIF 123456789"),
            ("Turkey, identity number", "TC Kimlik No 10000000146"),
            ("Mexico, CURP", "HEGG560427MVZRRL04"),
            ("Poland, PESEL", r#"{"customerPesel": "44051401359"}"#),
            ("Brazil, CPF", r#"{"user_cpf": "52998224725"}"#),
            ("Norway, fødselsnummer", r#"{"F\u00f8dselsnummer": "01010750160"}"#),
        ] {
            assert!(ids(text, true).iter().any(|(kind, _)| *kind == name), "{text}: {:?}", ids(text, true));
        }
        for text in [
            "DNI 12345678A",
            "12345678Z",
            "RSSMRA85T10A562T",
            "529.982.247-26",
            "111.111.111-11",
            "Steuer-ID 86095742718",
            "86095742719",
            "Personnummer 811228-9875",
            "11010519491231002Y",
            "AB123456C",
            "order 44051401359",
            "BSN 111222334",
        ] {
            assert_eq!(ids(text, true), [], "{text}");
        }
    }
}
