//! Card numbers in the content.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::{hidden_again, mask, readable};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};

/// See [`About`].
pub(super) struct Cards;

static ABOUT: About = About {
    name: "card-numbers",
    qids: &[150_033],
    means: "The content has a number that is built like one of a payment card.",
    matters: "Whoever sees it can pay with it, and the rules of the card industry forbid showing it.",
    remedy: "Show the last four digits at most, and keep the rest out of the application.",
    technique: "Numbers in the usual groups with the prefix and length of an issuer and a valid check digit (Luhn), which are \
                no part of a longer number, a URL, or a field that is named as something else.",
    source: "ISO/IEC 7812-1; PCI DSS 3.4; CWE-201",
};

/// What may stand between the groups of a number: each between all of one.
macro_rules! between {
    () => {
        r"(?:[ .\-\u{a0}\u{2007}\u{2009}\u{202f}\u{2010}-\u{2014}\u{b7}_/\t\u{200b}\u{ad}]|&(?:nbsp|ensp|emsp|thinsp|shy|ndash|mdash|middot|hyphen|#\d{2,4}|#x[\da-fA-F]{2,4});){1,2}"
    };
}
/// The same with markup, as where each group has an element of its own.
macro_rules! marked {
    () => {
        r"[ \n\r\t-]{0,9}(?:</?[a-z][a-z1-6]{0,9}\b[^<>\d]{0,60}>[ \n\r\t-]{0,9}){1,3}"
    };
}
/// The same in scripts and lists: texts that are put together.
macro_rules! joined {
    () => {
        r#"["']?\s{0,2}[,+]\s{0,2}["']?"#
    };
}
static NUMBER: Pattern = Pattern::new(concat!(
    r"\d{4}(?:",
    between!(),
    r"\d{4}){3}(?:",
    between!(),
    r"\d{3})?\b|\d{4}",
    between!(),
    r"\d{6}",
    between!(),
    r"\d{4,5}\b|\d{13,19}\b|\d{4}(?:",
    marked!(),
    r"\d{4}){3}\b|\d{4}(?:",
    joined!(),
    r"\d{4}){3}\b"
));
/// A digit as HTML may write it.
static CODED: Pattern = Pattern::new(r"(?:&#(?:x3\d|4[89]|5[0-7]);[ -]?){13,19}");
static SEPARATOR: Pattern = Pattern::new(between!());
/// Words for a card, and the names of some.
static NAMED: Pattern = Pattern::new(
    r#"(?i)(?:card|\bpan\b|\bcc(?:[ _-]?(?:no|nr|num|number))?\b|visa|amex|american express|maestro|diners|discover|\bjcb\b|union ?pay|karte|carte|tarjeta|carta di credito|cart[aã]o|kaart)"#,
);
static OTHER: Pattern = Pattern::new(
    r#"(?i)(?:\b|_|-)(?:\w*id|order|tracking|invoice|isbn|issn|imei|ean|gtin|upc|iccid|serial|ref(?:erence)?|time(?:stamp)?|uuid|guid|phone|tel|fax|sku|barcode|parcel|shipment|ticket|build|hash|nonce|ts|session|batch|meter|account|iban|date|transaction)(?:[ _-]?(?:no|nr|num|number|code|key|id))?\.?["']?\s{0,2}[:=#(>]{0,2}\s{0,2}["']?$"#,
);

/// The same for numbers in groups, as few others are written.
static GROUPED: Pattern = Pattern::new(
    r"(?i)(?:tracking|parcel|shipment|iban|imei|iccid|serial|isbn|barcode|gift|voucher|coupon|licen[cs]e|meter)\W{0,3}(?:[ _-]?(?:no|nr|num|number|code|id))?\W{0,4}$",
);
/// What the stripe of a card holds (ISO/IEC 7813).
static TRACK: Pattern = Pattern::new(r"%?B(\d{13,19})\^[^^\n]{2,26}\^\d{4}|;(\d{13,19})=\d{4}");

/// Digits of a text.
pub(super) fn digits(text: &str) -> Vec<u8> {
    text.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect()
}

/// The digits of a number, whatever stands between its groups.
fn number_of(text: &str) -> Vec<u8> {
    static BETWEEN: Pattern = Pattern::new(concat!("<[^<>]*>|", between!()));
    let (mut all, mut from) = (Vec::new(), 0);
    for found in BETWEEN.all(text) {
        all.extend(digits(text.get(from..found.start()).unwrap_or_default()));
        from = found.end();
    }
    all.extend(digits(text.get(from..).unwrap_or_default()));
    all
}

/// The check of Luhn (ISO/IEC 7812-1, annex B).
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(n, digit)| {
            let digit = u32::from(*digit);
            match n % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether the groups of a number have the same between all of them.
fn is_even(number: &str) -> bool {
    let all: Vec<&str> = SEPARATOR.all(number).iter().map(|found| found.as_str()).collect();
    all.windows(2).all(|pair| pair.first() == pair.last())
}

/// Whether prefix and length are an issuer's.
fn has_issuer(digits: &[u8]) -> bool {
    let prefix = |count: usize| digits.iter().take(count).fold(0_u32, |n, digit| n * 10 + u32::from(*digit));
    let (two, three, four) = (prefix(2), prefix(3), prefix(4));
    match digits.len() {
        14 => matches!(three, 300..=305 | 309) || matches!(two, 36 | 38 | 39),
        15 => matches!(two, 34 | 37),
        16 => {
            prefix(1) == 4
                || matches!(two, 51..=55 | 62 | 65)
                || matches!(four, 2221..=2720 | 6011 | 3528..=3589 | 5018 | 5020 | 5038 | 6304 | 6759 | 6761..=6763)
                || matches!(three, 644..=649)
        }
        19 => two == 62 || four == 6304 || prefix(1) == 4,
        _ => false,
    }
}

/// Whether a number that is called one of a card may be one, of whatever issuer.
fn is_likely(digits: &[u8]) -> bool {
    let mut kinds = digits.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    (13..=19).contains(&digits.len()) && matches!(digits.first(), Some(2..=6 | 8 | 9)) && kinds.len() > 2
}

static ENTITY: Pattern = Pattern::new(r"^&(?:[a-z]{2,8}|#\d{2,5}|#x[\da-fA-F]{2,4});");

/// The first card number of a text.
fn card(text: &str, is_script: bool) -> Option<&str> {
    let track = TRACK.all_captures(text).into_iter().find_map(|found| {
        let number = found.get(1).or(found.get(2))?.as_str();
        let digits = digits(number);
        (has_issuer(&digits) && luhn(&digits)).then_some(number)
    });
    track.or_else(|| number(text, is_script)).or_else(|| coded(text)).or_else(|| fields(text))
}

/// The first number of a text that fills four fields beside each other.
fn fields(text: &str) -> Option<&str> {
    static FIELD: Pattern = Pattern::new(r#"<input\b[^<>]{0,300}?\bvalue=["']?(\d{4})\b["']?[^<>]{0,300}>"#);
    let all = FIELD.all_captures(text);
    let groups: Vec<_> = all.iter().filter_map(|found| Some((found.get(0)?, found.get(1)?))).collect();
    groups.windows(4).find_map(|four| {
        let is_near = four.windows(2).all(|pair| match pair {
            [(one, _), (next, _)] => next.start() - one.end() < 60,
            _ => false,
        });
        let digits: Vec<u8> = four.iter().flat_map(|(_, group)| digits(group.as_str())).collect();
        let (first, last) = (four.first()?, four.last()?);
        let before = text.get(..first.0.end())?;
        let around = before.get(before.ceil_char_boundary(before.len().saturating_sub(400))..)?;
        (is_near && NAMED.is_match(around) && has_issuer(&digits) && luhn(&digits))
            .then(|| text.get(first.1.start()..last.1.end()))?
    })
}

/// The first number of a text whose digits are written as HTML's signs.
fn coded(text: &str) -> Option<&str> {
    CODED.all(text).into_iter().find_map(|found| {
        let signs = found
            .as_str()
            .split(';')
            .filter_map(|sign| sign.trim_start_matches([' ', '-']).strip_prefix("&#"));
        let digits: Vec<u8> = signs
            .filter_map(|sign| match sign.strip_prefix('x') {
                Some(hex) => u8::from_str_radix(hex, 16).ok(),
                None => sign.parse().ok(),
            })
            .map(|sign| sign.wrapping_sub(b'0'))
            .collect();
        (has_issuer(&digits) && luhn(&digits)).then_some(found.as_str())
    })
}

/// The first number of a text that stands for itself.
fn number(text: &str, is_script: bool) -> Option<&str> {
    NUMBER.all(text).into_iter().find_map(|found| {
        let digits = number_of(found.as_str());
        let mut kinds = digits.clone();
        kinds.sort_unstable();
        kinds.dedup();
        let before = text.get(..found.start())?;
        let tail = before.get(before.ceil_char_boundary(before.len().saturating_sub(40))..)?;
        let last = before.chars().next_back().unwrap_or(' ');
        let next = text.get(found.end()..)?.chars().next().unwrap_or(' ');
        let is_card = NAMED.is_match(tail);
        let alone = !last.is_alphanumeric()
            && (!"._-/=&?#%+$~@\\".contains(last) || (is_card && "=#./_-".contains(last)))
            && !next.is_alphanumeric()
            && (!"_/%=&@-".contains(next)
                || ENTITY.is_match(text.get(found.end()..)?)
                || (is_card && next != '%'));
        let after = text.get(found.end() + next.len_utf8()..).and_then(|rest| rest.chars().next());
        let is_decimal = next == '.' && after.is_some_and(|letter| letter.is_ascii_digit());
        let quoted = matches!(last, '"' | '\'' | '`');
        // Numbers in elements beside each other are often no more than that.
        let around = before.get(before.ceil_char_boundary(before.len().saturating_sub(300))..)?;
        let is_apart = found.as_str().contains(['<', ',', '+', '"', '\'']);
        let is_grouped = found.len() > digits.len();
        let is_told = !is_apart
            || ["card", "visa", "amex", "maestro"]
                .iter()
                .any(|word| around.to_ascii_lowercase().contains(word));
        (alone
            && is_told
            && !is_decimal
            && kinds.len() > 1
            && (quoted || !is_script)
            && (is_card || !OTHER.is_match(tail) || (is_grouped && !GROUPED.is_match(tail)))
            && (is_apart || is_even(found.as_str()))
            && (has_issuer(&digits) || (is_card && is_likely(&digits)))
            && luhn(&digits))
        .then_some(found.as_str())
    })
}

impl Check for Cards {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        if !bench.profile.sensitive_content.credit_card_number {
            return None;
        }
        let number = card(readable(entry)?, entry.response.is_script())?;
        Some(
            async move {
                if let Some(proof) = hidden_again(bench, entry, number, &mask(number)).await {
                    bench.report(150_033, entry, proof);
                }
            }
            .boxed(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, scan, serve};

    #[test]
    fn cards_are_told_from_other_numbers() {
        for text in [
            "4111111111111111",
            "<td>5500-0000-0000-0004</td>",
            "card: 3782 822463 10005.",
            "Visa <span>4111</span> <span>1111</span> <span>1111</span> <span>1111</span>",
            "6200000000000005",
            "{\"card_id\":\"4012888888881881\"}",
            "3530111333300000",
            "2223000048400011",
            "value=\"6011000990139424\"",
            "data-x='{&quot;pan&quot;:&quot;4111111111111111&quot;}'",
            "<p>Card #4111 1111 1111 1111</p>",
            "<a href=/pay?card=4111111111111111&x=1>",
            "<td>4111&#160;1111&#160;1111&#160;1111</td>",
            "<td>4111\u{2013}1111\u{2013}1111\u{2013}1111</td>",
            "<b>Card number</b><td>4111</td><td>1111</td>\n<td>1111</td>\n<td>1111</td>",
            "Card: 6200 0000 0000 0000 000",
            "cc_number: 2200000000000004",
            "<td>&#52;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;</td>",
            "<label>Card</label><input name=c1 value='4111'> <input name=c2 value='1111'>-<input name=c3 value='1111'>-<input name=c4 value='1111'>",
            "card = '4111' + '1111' + '1111' + '1111'",
            "%B4111111111111111^DOE/ANN^2712101000?",
            ";4111111111111111=27121010000000000?",
            "card 4111111111111111/12/27/123",
            "Account: 5500 0000 0000 0004",
            "Kreditkarte 6759 6498 2643 8453",
        ] {
            assert!(card(text, false).is_some(), "{text}");
        }
        for text in [
            "4111111111111112",
            "order 4111111111111111",
            "[4111,1111,1111,1111]",
            "parcel no. 4111 1111 1111 1111",
            "account 5500000000000004",
            "/orders/4111111111111111",
            "\"orderId\": 4111111111111111",
            "0.4111111111111111",
            "94111111111111111",
            "4111111111111111.25",
            "<a id=\"4111111111111111\">",
            "0000000000000000",
            "1234567890123456",
            "tracking number: 4111111111111111",
            "4111-1111 1111-1111",
            "Visa <span>4111</span> <span>1111</span> <span>1111</span> <span>1112</span>",
            "<span>4111</span> <span>1111</span> <span>1111</span> <span>1111</span>",
            "a4111111111111111",
            "4222222222222",
            "2200000000000004",
            "<td>4111</td><td>1111</td><td>1111</td><td>1111</td>",
            "9999 4111 1111 1111 1111".strip_prefix("9999 4").unwrap(),
        ] {
            assert!(card(text, false).is_none(), "{text}");
        }
        assert!(card("x=[4111111111111111]", true).is_none() && card("x='4111111111111111'", true).is_some());
    }

    #[tokio::test]
    async fn a_card_is_proven_and_not_shown() {
        let address = serve(|_| Answer::html("<p>Card 4111 1111 1111 1111</p>")).await;
        let found = scan(&Cards, address, "/").await;
        assert_eq!(found.len(), 1);
        let shown = serde_json::to_string(&found[0]).unwrap();
        assert!(!shown.contains("4111 1111 1111 1111"), "{shown}");
    }
}
