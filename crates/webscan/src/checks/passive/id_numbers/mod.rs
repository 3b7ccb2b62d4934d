//! Numbers that states give to people, with their check digits.

mod others;

use super::cards::{digits, luhn};
use crate::checks::pattern::Pattern;

/// A kind of number.
pub(super) struct IdKind {
    pub(super) name: &'static str,
    pub(super) pattern: Pattern,
    pub(super) valid: fn(&str) -> bool,
    /// Words one of which must stand shortly before, where the number's own structure says too little.
    pub(super) words: Option<Pattern>,
}

const fn strong(name: &'static str, pattern: &'static str, valid: fn(&str) -> bool) -> IdKind {
    IdKind { name, pattern: Pattern::new(pattern), valid, words: None }
}

const fn named(
    name: &'static str,
    pattern: &'static str,
    valid: fn(&str) -> bool,
    words: &'static str,
) -> IdKind {
    IdKind { name, pattern: Pattern::new(pattern), valid, words: Some(Pattern::new(words)) }
}

/// All kinds.
pub(super) fn kinds() -> impl Iterator<Item = &'static IdKind> {
    KINDS.iter().chain(others::KINDS)
}

static KINDS: &[IdKind] = &[
    strong(
        "Italy, codice fiscale",
        r"\b[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]\b",
        codice_fiscale,
    ),
    strong("Brazil, CPF", r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b", cpf),
    named("Brazil, CPF", r"\b\d{11}\b", cpf, r"(?i)\bcpf\b"),
    strong("France, NIR", r"\b[12] \d{2} \d{2} (?:\d{2}|2[AB]) \d{3} \d{3} \d{2}\b", nir),
    named(
        "France, NIR",
        r"\b[12]\d{4}(?:\d{2}|2[AB])\d{6} ?\d{2}\b",
        nir,
        r"(?i)s[ée]curit[ée] sociale|\bn(?:\.|°)? ?s[ée]cu|\bnir\b|\binsee\b|\bssn\b|social",
    ),
    named(
        "Spain, DNI",
        r"\b(?:\d{8}|\d{2}\.\d{3}\.\d{3})[ -]?[A-HJ-NP-TV-Z]\b",
        dni,
        r"(?i)\bdni\b|\bnif\b|documento|identidad|national id|identity",
    ),
    named(
        "Spain, NIE",
        r"\b[XYZ][ -]?\d{7}[ -]?[A-HJ-NP-TV-Z]\b",
        dni,
        r"(?i)\bnie\b|\bnif\b|\bdni\b|extranjero|documento",
    ),
    strong(
        "United Kingdom, national insurance number",
        r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] \d{2} \d{2} \d{2} [A-D]\b",
        nino,
    ),
    named(
        "United Kingdom, national insurance number",
        r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]\b",
        nino,
        r"(?i)national insurance|\bnino\b|\bni (?:no|number)",
    ),
    named(
        "Germany, tax identification number",
        r"\b[1-9]\d ?\d{3} ?\d{3} ?\d{3}\b",
        steuer_id,
        r"(?i)steuer|\bidnr\b|\btax id|\btin\b|identifikationsnummer",
    ),
    named("Poland, PESEL", r"\b\d{11}\b", pesel, r"(?i)\bpesel\b"),
    named(
        "Netherlands, BSN",
        r"\b\d{9}\b|\b\d{4}\.\d{2}\.\d{3}\b",
        bsn,
        r"(?i)\bbsn\b|burgerservice|sofinummer",
    ),
    strong("Finland, personal identity code", r"\b\d{6}[-+A]\d{3}[0-9A-FHJ-NPR-Y]\b", hetu),
    strong("Belgium, national register number", r"\b\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}\b", rrn),
    named(
        "Sweden, personal identity number",
        r"\b(?:19|20)?\d{6}[-+]\d{4}\b",
        personnummer,
        r"(?i)personnummer|personal (?:identity )?number|\bpnr\b",
    ),
    strong(
        "China, resident identity number",
        r"\b[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9X]\b",
        resident,
    ),
    strong("Mexico, CURP", r"\b[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d\b", curp),
    strong("Chile, RUT", r"\b\d{1,2}\.\d{3}\.\d{3}-[0-9kK]\b", rut),
    named("India, Aadhaar", r"\b[2-9]\d{3} ?\d{4} ?\d{4}\b", aadhaar, r"(?i)aadha?ar|\buidai?\b"),
    named(
        "Canada, social insurance number",
        r"\b[1-79]\d{2}[- ]?\d{3}[- ]?\d{3}\b",
        |t| luhn(&digits(t)),
        r"(?i)social insurance|\bsin\b",
    ),
    named("Portugal, NIF", r"\b[1-35689]\d{2} ?\d{3} ?\d{3}\b", nif, r"(?i)\bnif\b|contribuinte|fiscal"),
    named("Turkey, identity number", r"\b[1-9]\d{10}\b", tckn, r"(?i)\btckn\b|t\.?c\.? ?kimlik|kimlik no"),
    named(
        "South Africa, identity number",
        r"\b\d{13}\b",
        |t| luhn(&digits(t)) && date(&digits(t), 0),
        r"(?i)\b(?:sa|rsa|south african?) id|identity (?:no|number)|\bid number",
    ),
    named(
        "Norway, fødselsnummer",
        r"\b\d{6} ?\d{5}\b",
        fodselsnummer,
        r"(?i)f(?:ø|o|&oslash;)dselsnummer|personnummer|\bfnr\b",
    ),
    named("Denmark, CPR number", r"\b\d{6}-\d{4}\b", |t| day_first(&digits(t)), r"(?i)\bcpr\b"),
    named(
        "Czechia and Slovakia, birth number",
        r"\b\d{6}/\d{4}\b",
        |t| number(&digits(t)).is_multiple_of(11),
        r"(?i)rodn[ée]|birth number",
    ),
];

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |n, digit| n * 10 + u64::from(*digit))
}

fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum()
}

fn at(digits: &[u8], n: usize) -> u32 {
    digits.get(n).copied().map_or(0, u32::from)
}

fn all_same(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair.first() == pair.last())
}

fn part(digits: &[u8], from: usize, count: usize) -> u64 {
    number(digits.get(from..from + count).unwrap_or_default())
}

/// Whether year, month and day stand there, two digits each.
fn date(digits: &[u8], from: usize) -> bool {
    (1..=12).contains(&part(digits, from + 2, 2)) && (1..=31).contains(&part(digits, from + 4, 2))
}

fn day_first(digits: &[u8]) -> bool {
    (1..=31).contains(&part(digits, 0, 2)) && (1..=12).contains(&part(digits, 2, 2))
}

fn dni(text: &str) -> bool {
    let mut figures = digits(text);
    match text.chars().next() {
        Some('Y') => figures.insert(0, 1),
        Some('Z') => figures.insert(0, 2),
        _ => {}
    }
    let letters = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let wanted = usize::try_from(number(&figures) % 23).ok().and_then(|n| letters.get(n));
    wanted == text.as_bytes().last()
}

fn codice_fiscale(text: &str) -> bool {
    const ODD: [u32; 36] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12,
        14, 16, 10, 22, 25, 24, 23,
    ];
    let value =
        |letter: u8| usize::from(if letter.is_ascii_digit() { letter - b'0' } else { letter - b'A' + 10 });
    let even = |letter: u8| u32::from(if letter.is_ascii_digit() { letter - b'0' } else { letter - b'A' });
    let (Some(body), Some(check)) = (text.as_bytes().get(..15), text.as_bytes().get(15)) else {
        return false;
    };
    let sum: u32 = body
        .iter()
        .enumerate()
        .map(
            |(n, letter)| {
                if n % 2 == 0 { ODD.get(value(*letter)).copied().unwrap_or(0) } else { even(*letter) }
            },
        )
        .sum();
    sum % 26 == even(*check)
}

fn cpf(text: &str) -> bool {
    let d = digits(text);
    let check = |count: u32| {
        let weights: Vec<u32> = (2..=count + 1).rev().collect();
        let rest = weighted(&d, &weights) * 10 % 11;
        if rest == 10 { 0 } else { rest }
    };
    d.len() == 11 && !all_same(&d) && check(9) == at(&d, 9) && check(10) == at(&d, 10)
}

fn nir(text: &str) -> bool {
    let plain = text.replace(' ', "").replace("2A", "19").replace("2B", "18");
    let d = digits(&plain);
    let month = part(&d, 3, 2);
    d.len() == 15
        && ((1..=12).contains(&month) || (20..=42).contains(&month) || month >= 50)
        && 97 - part(&d, 0, 13) % 97 == part(&d, 13, 2)
}

fn nino(text: &str) -> bool {
    let prefix = text.get(..2).unwrap_or_default();
    !["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"].contains(&prefix)
}

/// The check digit of the first ten (ISO/IEC 7064, MOD 11,10).
fn mod_11_10(digits: &[u8]) -> u32 {
    let product = digits.iter().take(10).fold(10, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        let sum = if sum == 0 { 10 } else { sum };
        sum * 2 % 11
    });
    (11 - product) % 10
}

/// Among the first ten digits one stands twice or three times, the others once.
fn steuer_id(text: &str) -> bool {
    let d = digits(text);
    let mut counts = [0_u8; 10];
    for digit in d.iter().take(10) {
        if let Some(count) = counts.get_mut(usize::from(*digit)) {
            *count += 1;
        }
    }
    let many = counts.iter().filter(|count| **count > 1).count();
    d.len() == 11 && many == 1 && counts.iter().all(|count| *count <= 3) && mod_11_10(&d) == at(&d, 10)
}

fn pesel(text: &str) -> bool {
    let d = digits(text);
    let sum = weighted(&d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    (1..=12).contains(&(part(&d, 2, 2) % 20))
        && (1..=31).contains(&part(&d, 4, 2))
        && (10 - sum % 10) % 10 == at(&d, 10)
}

fn bsn(text: &str) -> bool {
    let d = digits(text);
    let sum = weighted(&d, &[9, 8, 7, 6, 5, 4, 3, 2]);
    number(&d) > 0 && sum % 11 == at(&d, 8)
}

fn hetu(text: &str) -> bool {
    let d = digits(text.get(..6).unwrap_or_default());
    let serial = digits(text.get(7..10).unwrap_or_default());
    let rest = number(&[&d[..], &serial[..]].concat()) % 31;
    let wanted = usize::try_from(rest).ok().and_then(|n| b"0123456789ABCDEFHJKLMNPRSTUVWXY".get(n));
    day_first(&d) && wanted == text.as_bytes().last()
}

fn rrn(text: &str) -> bool {
    let d = digits(text);
    let (body, check) = (part(&d, 0, 9), part(&d, 9, 2));
    date(&d, 0) && (97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check)
}

fn personnummer(text: &str) -> bool {
    let d = digits(text);
    let short = d.get(d.len().saturating_sub(10)..).unwrap_or_default();
    date(short, 0) && luhn(short)
}

fn resident(text: &str) -> bool {
    let d = digits(text.get(..17).unwrap_or_default());
    let sum = weighted(&d, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    usize::try_from(sum % 11).ok().and_then(|n| b"10X98765432".get(n)) == text.as_bytes().last()
}

fn curp(text: &str) -> bool {
    // The dictionary has Ñ between N and O, so that letters from O on count one more.
    let value = |letter: char| match letter {
        '0'..='9' => letter.to_digit(10).unwrap_or(0),
        'A'..='N' => u32::from(letter) - u32::from('A') + 10,
        _ => u32::from(letter) - u32::from('A') + 11,
    };
    let sum: u32 =
        text.chars().take(17).zip((2..=18).rev()).map(|(letter, weight)| value(letter) * weight).sum();
    date(&digits(text.get(4..10).unwrap_or_default()), 0)
        && (10 - sum % 10) % 10 == at(&digits(text.get(17..).unwrap_or_default()), 0)
}

fn rut(text: &str) -> bool {
    let Some((body, check)) = text.rsplit_once('-') else { return false };
    let sum: u32 =
        digits(body).iter().rev().zip([2, 3, 4, 5, 6, 7, 2, 3]).map(|(d, w)| u32::from(*d) * w).sum();
    let wanted = match 11 - sum % 11 {
        11 => "0".to_owned(),
        10 => "K".to_owned(),
        other => other.to_string(),
    };
    check.eq_ignore_ascii_case(&wanted)
}

/// The check of Verhoeff: turns and mirrors of a pentagon.
fn aadhaar(text: &str) -> bool {
    const TURN: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let times = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a - 5 + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let turned =
        |digit: u8, n: usize| (0..n % 8).fold(digit, |d, _| TURN.get(usize::from(d)).copied().unwrap_or(0));
    digits(text).iter().rev().enumerate().fold(0, |sum, (n, digit)| times(sum, turned(*digit, n))) == 0
}

fn nif(text: &str) -> bool {
    let d = digits(text);
    let rest = weighted(&d, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    at(&d, 8) == if rest < 2 { 0 } else { 11 - rest }
}

fn tckn(text: &str) -> bool {
    let d = digits(text);
    let odd = weighted(&d, &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let even = weighted(&d, &[0, 1, 0, 1, 0, 1, 0, 1]);
    (odd * 7 + 100 - even) % 10 == at(&d, 9) && weighted(&d, &[1; 10]) % 10 == at(&d, 10)
}

fn fodselsnummer(text: &str) -> bool {
    let d = digits(text);
    let check = |weights: &[u32]| (11 - weighted(&d, weights) % 11) % 11;
    check(&[3, 7, 6, 1, 8, 9, 4, 5, 2]) == at(&d, 9) && check(&[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) == at(&d, 10)
}
