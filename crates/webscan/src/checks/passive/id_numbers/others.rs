//! More states whose numbers are known by a weighted sum.

use super::{
    IdKind, all_same, at, date, day_first, digits, luhn, mod_11_10, named, number, part, strong, weighted,
};

pub(super) static KINDS: &[IdKind] = &[
    strong("Switzerland, AHV number", r"\b756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}\b", ahv),
    named(
        "Austria, social security number",
        r"\b\d{4} ?\d{6}\b",
        svnr,
        r"(?i)sozialversicherung|\bsv-?(?:nr|nummer)|\bsvnr\b|versicherungsnummer",
    ),
    named("Ireland, PPS number", r"\b\d{7}[A-W][A-IW]?\b", pps, r"(?i)\bpps\s?n?\b|personal public service"),
    named("Romania, CNP", r"\b[1-9]\d{12}\b", cnp, r"(?i)\bcnp\b|cod numeric"),
    named("Bulgaria, EGN", r"\b\d{10}\b", egn, r"(?i)\begn\b|ЕГН|uniform civil"),
    named("Croatia, OIB", r"\b\d{11}\b", oib, r"(?i)\boib\b|osobni identifikacijski"),
    named(
        "Estonia and Lithuania, personal code",
        r"\b[1-6]\d{10}\b",
        isikukood,
        r"(?i)isikukood|asmens koda|personal (?:identification )?code",
    ),
    named("Greece, AMKA", r"\b\d{11}\b", |t| day_first(&digits(t)) && luhn(&digits(t)), r"(?i)\bamka\b|ΑΜΚΑ"),
    named("Hungary, TAJ number", r"\b\d{3}[ -]?\d{3}[ -]?\d{3}\b", taj, r"(?i)\btaj\b"),
    strong("Singapore, NRIC", r"\b[STFG]\d{7}[A-Z]\b", nric),
    strong("Hong Kong, identity card", r"\b[A-Z]{1,2}\d{6}\([0-9A]\)", hkid),
    strong("Korea, resident registration number", r"\b\d{6}-[1-4]\d{6}\b", korean),
    strong("Thailand, identity number", r"\b[1-8]-\d{4}-\d{5}-\d{2}-\d\b", thai),
    strong("Argentina, CUIL", r"\b2[0347]-\d{8}-\d\b", cuil),
    named("Taiwan, identity card", r"\b[A-Z][1289]\d{8}\b", taiwanese, r"(?i)\bid\b|身分證|身份證|identity"),
    named(
        "Japan, My Number",
        r"\b\d{4}[ -]?\d{4}[ -]?\d{4}\b",
        my_number,
        r"(?i)my ?number|マイナンバー|個人番号",
    ),
    named(
        "Israel, identity number",
        r"\b\d{9}\b",
        |t| luhn(&digits(t)),
        r"(?i)teudat|תעודת זהות|israel\w* id|\bת\.?ז",
    ),
    named("Australia, tax file number", r"\b\d{3} ?\d{3} ?\d{3}\b", tfn, r"(?i)\btfn\b|tax file"),
    named(
        "Malaysia, MyKad",
        r"\b\d{6}-\d{2}-\d{4}\b",
        |t| date(&digits(t), 0),
        r"(?i)mykad|kad pengenalan|\bnric\b|\bic (?:no|number)",
    ),
    named(
        "United Kingdom, NHS number",
        r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b",
        nhs,
        r"(?i)\bnhs[ -]?(?:no|nr|num|number|id)\b|\bnhs\W{1,6}$",
    ),
    named("India, PAN", r"\b[A-Z]{3}P[A-Z]\d{4}[A-Z]\b", |_| true, r"(?i)\bpan\b|permanent account"),
    named("Australia, Medicare number", r"\b[2-6]\d{3} ?\d{5} ?\d\b", medicare, r"(?i)\bmedicare\b"),
    named(
        "Former Yugoslavia, unique master citizen number",
        r"\b\d{13}\b",
        jmbg,
        r"(?i)\b(?:jmbg|emšo|emso|embg)\b|ЈМБГ|ЕМБГ|mati[cč]ni broj",
    ),
    named("Latvia, personal code", r"\b\d{6}-[0-2]\d{4}\b", latvian, r"(?i)personas kod|personal code"),
    named(
        "Germany, social insurance number",
        r"\b\d{2} ?\d{6} ?[A-Z] ?\d{3}\b",
        german_insurance,
        r"(?i)sozialversicherung|rentenversicherung|\bsv-?(?:nr|nummer)|\brvnr\b|versicherungsnummer",
    ),
    named("New Zealand, IRD number", r"\b\d{2,3}-?\d{3}-?\d{3}\b", ird, r"(?i)\bird\b|inland revenue"),
    named("Chile, RUT", r"\b\d{7,8}-[0-9kK]\b", super::rut, r"(?i)\brut\b|\brun\b"),
    named("Argentina, CUIL", r"\b2[0347]\d{9}\b", cuil, r"(?i)\bcui[lt]\b"),
    named("Korea, resident registration number", r"\b\d{6}[1-4]\d{6}\b", korean, r"(?i)\brrn\b|주민"),
    named("Thailand, identity number", r"\b[1-8]\d{12}\b", thai, r"(?i)thai id|national id|ประจำตัว"),
    named(
        "Belgium, national register number",
        r"\b\d{11}\b",
        super::rrn,
        r"(?i)rijksregister|registre national|national register|\brrn\b|\bniss\b|\binsz\b",
    ),
    named(
        "Sweden, personal identity number",
        r"\b(?:19|20)?\d{10}\b",
        super::personnummer,
        r"(?i)personnummer|\bpnr\b",
    ),
];

/// Weights from ten down to two, from the right of eleven.
fn nhs(text: &str) -> bool {
    let d = digits(text);
    let check = 11 - weighted(&d, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    d.len() == 10 && !all_same(&d) && check != 10 && check % 11 == at(&d, 9)
}

fn medicare(text: &str) -> bool {
    let d = digits(text);
    weighted(&d, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == at(&d, 8)
}

fn jmbg(text: &str) -> bool {
    let d = digits(text);
    let rest = weighted(&d, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    day_first(&d) && rest != 1 && (11 - rest) % 11 == at(&d, 12)
}

fn latvian(text: &str) -> bool {
    let d = digits(text);
    let sum = weighted(&d, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    day_first(&d) && (1101 - sum) % 11 % 10 == at(&d, 10)
}

/// The letter counts as two digits; the sums of the products' digits are added.
fn german_insurance(text: &str) -> bool {
    let Some(letter) = text.bytes().find(u8::is_ascii_uppercase) else { return false };
    let mut d = digits(text);
    let place = u8::try_from(place_of(letter)).unwrap_or_default();
    d.splice(8..8, [place / 10, place % 10]);
    let weights = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
    let sum: u32 = d.iter().zip(weights).map(|(d, w)| u32::from(*d) * w).map(|n| n / 10 + n % 10).sum();
    day_first(d.get(2..).unwrap_or_default()) && sum % 10 == at(&d, 12)
}

fn ird(text: &str) -> bool {
    let mut d = digits(text);
    if d.len() == 8 {
        d.insert(0, 0);
    }
    let check = |weights: &[u32]| (11 - weighted(&d, weights) % 11) % 11;
    let check = match check(&[3, 2, 7, 6, 5, 4, 3, 2]) {
        10 => check(&[7, 4, 3, 2, 5, 2, 7, 6]),
        other => other,
    };
    (10_000_000..150_000_000).contains(&number(&d)) && check == at(&d, 8)
}

/// As an EAN-13.
fn ahv(text: &str) -> bool {
    let d = digits(text);
    d.len() == 13 && weighted(&d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

fn svnr(text: &str) -> bool {
    let d = digits(text);
    day_first(d.get(4..).unwrap_or_default())
        && weighted(&d, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == at(&d, 3)
}

/// How far a letter is from the one before `A`.
fn place_of(letter: u8) -> u32 {
    u32::from(letter.saturating_sub(b'A')) + 1
}

fn pps(text: &str) -> bool {
    let letters: Vec<u8> = text.bytes().skip(7).collect();
    let extra = letters.get(1).map_or(0, |letter| if *letter == b'W' { 0 } else { 9 * place_of(*letter) });
    let rest = (weighted(&digits(text), &[8, 7, 6, 5, 4, 3, 2]) + extra) % 23;
    letters.first().is_some_and(|letter| rest == place_of(*letter) % 23)
}

fn cnp(text: &str) -> bool {
    let d = digits(text);
    let rest = weighted(&d, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    date(&d, 1) && at(&d, 12) == if rest == 10 { 1 } else { rest }
}

fn egn(text: &str) -> bool {
    let d = digits(text);
    // Months of other centuries count 20 or 40 more.
    (1..=12).contains(&(part(&d, 2, 2) % 20))
        && (1..=31).contains(&part(&d, 4, 2))
        && weighted(&d, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == at(&d, 9)
}

fn oib(text: &str) -> bool {
    let d = digits(text);
    !all_same(&d) && mod_11_10(&d) == at(&d, 10)
}

fn isikukood(text: &str) -> bool {
    let d = digits(text);
    let first = weighted(&d, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let check = match first {
        10 => weighted(&d, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10,
        other => other,
    };
    date(&d, 1) && check == at(&d, 10)
}

fn taj(text: &str) -> bool {
    let d = digits(text);
    !all_same(&d) && weighted(&d, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == at(&d, 8)
}

fn nric(text: &str) -> bool {
    let (first, last) = (text.bytes().next(), text.bytes().last());
    let is_later = matches!(first, Some(b'T' | b'G'));
    let letters = if matches!(first, Some(b'S' | b'T')) { b"JZIHGFEDCBA" } else { b"XWUTRQPNMLK" };
    let sum = weighted(&digits(text), &[2, 7, 6, 5, 4, 3, 2]) + if is_later { 4 } else { 0 };
    usize::try_from(sum % 11).ok().and_then(|n| letters.get(n)).copied() == last
}

fn hkid(text: &str) -> bool {
    let body = text.split('(').next().unwrap_or_default();
    let value =
        |letter: u8| if letter.is_ascii_digit() { u32::from(letter - b'0') } else { place_of(letter) + 9 };
    // A single letter has a blank before it, which counts 36.
    let blank = if body.len() == 7 { 36 * 9 } else { 0 };
    let sum: u32 = body.bytes().rev().zip(2..).map(|(letter, weight)| value(letter) * weight).sum();
    let wanted = match (11 - (sum + blank) % 11) % 11 {
        10 => "A".to_owned(),
        other => other.to_string(),
    };
    text.contains(&format!("({wanted})"))
}

fn korean(text: &str) -> bool {
    let d = digits(text);
    date(&d, 0) && (11 - weighted(&d, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10 == at(&d, 12)
}

fn thai(text: &str) -> bool {
    let d = digits(text);
    (11 - weighted(&d, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == at(&d, 12)
}

fn cuil(text: &str) -> bool {
    let d = digits(text);
    (11 - weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == at(&d, 10)
}

fn taiwanese(text: &str) -> bool {
    // The numbers of the letters, in the order of the law.
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let first = text.bytes().next();
    let Some(n) = LETTERS.iter().position(|letter| Some(*letter) == first) else { return false };
    let n = u32::try_from(n).unwrap_or_default() + 10;
    let sum = n / 10 + n % 10 * 9 + weighted(&digits(text), &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    sum.is_multiple_of(10)
}

fn my_number(text: &str) -> bool {
    let d = digits(text);
    let rest = weighted(&d, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    number(&d) > 0 && at(&d, 11) == if rest < 2 { 0 } else { 11 - rest }
}

fn tfn(text: &str) -> bool {
    let d = digits(text);
    !all_same(&d) && weighted(&d, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each state's own example, or one of its law's commentary.
    #[test]
    fn examples_of_the_states_hold_and_their_neighbours_do_not() {
        for (name, text) in [
            ("Switzerland, AHV number", "756.9217.0769.85"),
            ("Austria, social security number", "1237 010180"),
            ("Ireland, PPS number", "1234567T"),
            ("Romania, CNP", "1800101221144"),
            ("Bulgaria, EGN", "7523169263"),
            ("Croatia, OIB", "69435151530"),
            ("Estonia and Lithuania, personal code", "37605030299"),
            ("Singapore, NRIC", "S1234567D"),
            ("Hong Kong, identity card", "A123456(3)"),
            ("Thailand, identity number", "1-1017-00230-70-8"),
            ("Argentina, CUIL", "20-12345678-6"),
            ("Taiwan, identity card", "A123456789"),
            ("Japan, My Number", "123456789018"),
            ("Australia, tax file number", "123456782"),
            ("United Kingdom, NHS number", "943 476 5919"),
            ("Australia, Medicare number", "2123 45670 1"),
            ("Former Yugoslavia, unique master citizen number", "0101006500006"),
            ("Latvia, personal code", "161175-19997"),
            ("Germany, social insurance number", "15 070649 C 103"),
            ("New Zealand, IRD number", "49-091-850"),
        ] {
            let kind = KINDS.iter().find(|kind| kind.name == name).unwrap();
            assert!(kind.pattern.is_match(text) && (kind.valid)(text), "{name} {text}");
            let other: String = text.chars().map(|c| if c == '7' { '8' } else { c }).collect();
            let other = if other == text { text.replacen('1', "2", 1) } else { other };
            assert!(!kind.pattern.is_match(&other) || !(kind.valid)(&other), "{name} {other}");
        }
    }
}
