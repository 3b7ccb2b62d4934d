//! Secrets that can be guessed: trying them costs no request.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use ring::digest;

/// Secrets of examples, tutorials and frameworks, a line each.
const SECRETS: &str = include_str!("secrets.txt");

/// Words of which secrets are made.
const PARTS: &[&str] = &[
    "secret", "key", "jwt", "token", "password", "admin", "test", "app", "api", "auth", "dev", "my", "super",
    "private", "access", "session", "user", "demo", "hmac", "signing", "sign", "login", "server", "web",
    "service", "refresh", "hash", "project",
];
/// What people choose for passwords, alone or with something behind it, a line each.
const COMMON: &str = include_str!("words.txt");
/// Plain words, names and places that people take for one, a line each.
const DICTIONARY: &str = include_str!("dictionary.txt");
/// What is put behind one of those.
const BEHIND_PLAIN: &[&str] =
    &["", "1", "12", "123", "1234", "!", "secret", "-secret", "_secret", "key", "-key", "_key"];
/// What stands between them.
const BETWEEN: &[&str] = &["", "-", "_", " ", "."];
/// What is put before two of them.
const BEFORE: &[&str] = &[
    "my",
    "your",
    "super",
    "the",
    "a",
    "very",
    "this_is_my",
    "this_is_a",
    "jwt",
    "some",
    "app",
    "my_super",
    "your_super",
];
/// What is put behind one.
const BEHIND: &[&str] = &[
    "",
    "1",
    "12",
    "123",
    "1234",
    "12345",
    "123456",
    "!",
    "!!",
    "@123",
    "#123",
    "01",
    "2020",
    "2021",
    "2022",
    "2023",
    "2024",
    "2025",
    "2026",
    "key",
    "_key",
    "-key",
    "secret",
    "_secret",
    "-secret",
    "secretkey",
    "_secret_key",
    "-secret-key",
    "jwt",
    "_jwt",
    "-jwt",
    "jwtsecret",
    "_jwt_secret",
    "-jwt-secret",
    "token",
    "_token",
    "password",
    "pass",
    "pw",
    "secret123",
    "_key_123",
    "2017",
    "2018",
    "2019",
    "@2024",
    "@2025",
    "_2024",
    "_2025",
    "-2024",
    "-2025",
    "1!",
    "123!",
    "12!",
    "@1",
    "@12",
    "#1",
    "321",
    "007",
    "99",
    "00",
    "11",
    "1234!",
    "123456789",
    "key123",
    "_key123",
    "secret1",
    "_secret123",
    "-secret-123",
    "_signing_key",
    "-signing-key",
    "signing",
    "_hs256",
    "-hs256",
    "_prod",
    "-prod",
    "_dev",
    "-dev",
];

/// A word as it is written at the beginning of a sentence.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A word in the ways in which people write it, with what they put behind it.
fn single(word: &str) -> impl Iterator<Item = String> + use<> {
    let small = word.to_lowercase();
    let forms = [capital(word), word.to_uppercase(), leet(&small, "oe"), leet(&small, "aeios"), small];
    forms.into_iter().flat_map(|form| BEHIND.iter().map(move |end| format!("{form}{end}")))
}

/// The bytes that a secret may stand for: some libraries take it for base64, others are given one in base64.
fn bytes(secret: String) -> impl Iterator<Item = Vec<u8>> {
    let decoded = BASE64_STANDARD.decode(secret.as_bytes()).ok();
    let decoded = decoded.filter(|bytes| !bytes.is_empty() && secret.len() >= 6);
    let coded = (secret.len() < 12).then(|| BASE64_STANDARD.encode(&secret).into_bytes());
    [decoded, coded, Some(secret.into_bytes())].into_iter().flatten()
}

/// Secrets made of a site's own words, such as its name.
pub(super) fn of_words(words: &[String]) -> impl Iterator<Item = Vec<u8>> {
    let hashes = words.iter().flat_map(|word| hashed(word));
    words.iter().flat_map(|word| single(word)).flat_map(bytes).chain(hashes)
}

/// A plain word, with what is often put behind one.
fn plain_word(word: &'static str) -> impl Iterator<Item = String> {
    let forms = [word.to_owned(), capital(word)];
    forms.into_iter().flat_map(|form| BEHIND_PLAIN.iter().map(move |end| format!("{form}{end}")))
}

/// What some make of a word to have a longer secret: its hash, as text or as it is.
fn hashed(word: &str) -> impl Iterator<Item = Vec<u8>> + use<> {
    let md5 = Md5::digest(word).to_vec();
    let kinds = [&digest::SHA1_FOR_LEGACY_USE_ONLY, &digest::SHA256, &digest::SHA512];
    let sha = kinds.map(|kind| digest::digest(kind, word.as_bytes()).as_ref().to_vec());
    std::iter::once(md5).chain(sha).flat_map(|hash| {
        let text = hash.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        [text.into_bytes(), hash]
    })
}

/// Secrets that are tried anywhere, the likeliest first.
pub(super) fn usual() -> impl Iterator<Item = Vec<u8>> {
    // One was read from a file, with the end of its line.
    let plain = SECRETS.lines().chain(["secret\n"]).map(str::to_owned);
    let single = PARTS.iter().copied().chain(COMMON.lines()).flat_map(single);
    let pairs = PARTS.iter().flat_map(|a| PARTS.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b);
    let pairs = pairs.flat_map(|(a, b)| {
        BETWEEN.iter().flat_map(move |sign| {
            let pair = format!("{a}{sign}{b}");
            [
                pair.to_uppercase(),
                format!("{}{sign}{}", capital(a), capital(b)),
                format!("{a}{sign}{}", capital(b)),
                pair,
            ]
        })
    });
    let pairs_with = PARTS.iter().flat_map(|a| PARTS.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b);
    let triples = pairs_with.flat_map(|(a, b)| {
        BEFORE.iter().flat_map(move |before| {
            let all = [capital(before), capital(a), capital(b)];
            let camel = format!("{before}{}{}", capital(a), capital(b));
            let with = |sign: &str| format!("{}{sign}{a}{sign}{b}", before.replace('_', sign));
            [with(""), with("-"), with("_"), with("_").to_uppercase(), all.concat(), camel]
        })
    });
    // Digits, as in PINs and dates, and the shortest words: all of them.
    let digits = (1..=6_usize).flat_map(|length| {
        (0..10_u32.pow(u32::try_from(length).unwrap_or_default())).map(move |n| format!("{n:0length$}"))
    });
    let days = (1950..2031).flat_map(|year| {
        (1..13).flat_map(move |month| (1..32).map(move |day| format!("{year}{month:02}{day:02}")))
    });
    let letters = (1..=4_u32).flat_map(|length| (0..26_u32.pow(length)).map(move |n| word(n, length)));
    let short = digits.chain(days).chain(letters).map(String::into_bytes);
    let hashes = SECRETS.lines().chain(PARTS.iter().copied()).chain(COMMON.lines()).flat_map(hashed);
    let dictionary = DICTIONARY.lines().flat_map(plain_word);
    let made = plain.chain(single).chain(dictionary).chain(pairs).chain(triples).flat_map(bytes);
    made.chain(hashes).chain(short)
}

/// A word with digits and signs for some of its letters.
fn leet(word: &str, letters: &str) -> String {
    let change = |letter: char| match letter {
        'a' => '@',
        'e' => '3',
        'i' => '1',
        'o' => '0',
        's' => '5',
        other => other,
    };
    word.chars().map(|letter| if letters.contains(letter) { change(letter) } else { letter }).collect()
}

/// The nth word of so many small letters.
fn word(n: u32, length: u32) -> String {
    let letter = |at: u32| char::from(b'a' + u8::try_from(n / 26_u32.pow(at) % 26).unwrap_or_default());
    (0..length).map(letter).collect()
}
