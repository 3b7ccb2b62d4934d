//! Keys, tokens and passwords in the content.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::{hidden_again, mask, readable, shape_of};
use super::secret_kinds::{KINDS, Kind};
use super::site_wide::seen_again;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::proof::{Control, Evidence, Expect};

/// See [`About`].
pub(super) struct Secrets;

static ABOUT: About = About {
    name: "secrets",
    qids: &[990_023],
    means: "The content has a key, a token or a password that opens something.",
    matters: "Whoever reads the page can use it as its owner does, often without a trace on the site itself.",
    remedy: "Withdraw it at once where it was issued, then take it out of the content; keep secrets on the server.",
    technique: "Texts with the structure that issuers give to their keys, and values of fields that are named as passwords. \
                Public keys, publishable keys and place holders are left alone.",
    source: "CWE-312, CWE-798",
};

static JWT: Pattern = Pattern::new(r"\b(eyJ[A-Za-z0-9_-]{8,})\.(eyJ[A-Za-z0-9_-]{8,})\.([A-Za-z0-9_-]{16,})");
/// A field that is named as a secret, with a value in quotes.
static FIELD: Pattern = Pattern::new(
    r#"(?i)["']?\b(?:[a-z]{1,16}[_.-]?){0,3}(?:passw(?:or)?d|passwd|(?:db|smtp|ftp|ssh|admin|root|mail|imap|ldap|redis|mysql|sql)[_.-]?pass|pwd|passphrase|secret|api[_-]?key|master_?key|signing_?key|apikey|secret_?key|access_?key|private_?key|client_?secret|auth_?token|access_?token|encryption_?key)\\?["']?\s*(?:[:=]|=>)\s*\\?["']([^"'\s<>\\]{8,80})\\?["']"#,
);
/// A constant of PHP that is named as a secret.
static CONSTANT: Pattern = Pattern::new(
    r#"\bdefine\(\s*["'][A-Z_]{0,30}(?:PASSWORD|PASS|SECRET|_KEY|_SALT|TOKEN)["']\s*,\s*["']([^"'\s<>]{6,100})["']"#,
);
/// Credentials of a request, and those that Docker keeps.
static BASIC: Pattern = Pattern::new(
    r#"(?i)\bAuthorization["']?\s{0,2}[:=,]\s{0,2}["'`]?\s?Basic\s+([A-Za-z0-9+/]{8,200}={0,2})|"auths"\s*:\s*\{[\s\S]{1,400}?"auth"\s*:\s*"([A-Za-z0-9+/]{8,200}={0,2})""#,
);
/// A member of JSON that is named as a password.
static MEMBER: Pattern = Pattern::new(r#"(?i)"(?:[a-z]{1,12}_?)?passw(?:or)?d"\s*:\s*"([^"\s<>\\]{4,80})""#);
/// A password that a comment tells.
static COMMENT: Pattern = Pattern::new(
    r#"(?is)<!--[^>]{0,300}?\b(?:password|passwd|pwd|passwort|api[ _-]?key|secret)\b\s{0,2}(?:is|=|:|-)\s{0,2}["']?([^\s"'<>]{5,60})"#,
);
/// A password that a script's or a file's comment tells.
static REMARK: Pattern = Pattern::new(
    r#"(?im)(?:/\*(?:[^*]|\*[^/]){0,300}?|(?:^|\s)//[^\n]{0,200}?|^\s*[#;][^\n]{0,200}?)\b(?:password|passwd|pwd|passwort|api[ _-]?key|secret)\b\s{0,2}(?:is|=|:|-)\s{0,2}["'`]?([^\s"'`<>()]{6,60})"#,
);
/// An element, or a line of a file of settings, that is named as a secret.
static ELEMENT: Pattern = Pattern::new(
    r"(?i)<(?:\w+:)?(?:\w{1,16}[_.-]?)?(?:password|passwd|secret|api_?key|secret_?key|access_?key)>\s*([^<>\s]{6,80})\s*</",
);
static LINE: Pattern = Pattern::new(
    r#"(?im)^\s*(?:export\s+|set\s+)?[\w.-]{0,40}(?:password|passwd|pwd|secret|api_?key|secret_?key|access_?key|private_?key)[\w.-]{0,20}\s*[=:]\s*([^\s"'<>{}()$,;]{6,80})\s*$"#,
);
static HOLDERS: Pattern = Pattern::new(
    r"(?i)x{4,}|\*{3,}|\.{3}|example|your[-_ ]?|placeholder|change[-_]?me|insert|dummy|redacted|<[^>]*>|\$\{|\{\{|%[a-z_]+%|todo|sample|^(?:password|passwd|pass|pwd|secret|user|root|admin)$|undefined|process\.env|getenv|0{8,}",
);

impl Check for Secrets {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let kind = entry.response.media_type();
        let text = readable(entry)?;
        let mut found = secrets(text, kind.contains("json"));
        let is_settings = !["html", "script", "json", "xml", "css"].iter().any(|part| kind.contains(part));
        if found.is_empty() && is_settings {
            found.extend(setting(text));
        }
        // What was sent along is no secret of the site's.
        let sent = String::from_utf8_lossy(&entry.request.body.bytes()).into_owned();
        found.retain(|(_, secret)| !sent.contains(secret.as_str()));
        let told = in_head(entry);
        (!found.is_empty() || told.is_some()).then(|| {
            async move {
                look(bench, entry, found).await;
                if let Some((name, head, secret)) = told {
                    look_at_head(bench, entry, (name, &head, &secret)).await;
                }
            }
            .boxed()
        })
    }
}

/// Headers that give to the visitor what is the visitor's, and those of addresses and lists.
const GIVEN: &[&str] =
    &["set-cookie", "location", "content-security-policy", "link", "etag", "authorization"];

/// Kind, header and text of the first secret in the head of an answer.
fn in_head(entry: &Entry) -> Option<(&'static str, String, String)> {
    let mut heads = entry.response.headers.iter().filter(|(name, _)| !GIVEN.contains(&name.as_str()));
    heads.find_map(|(head, value)| {
        KINDS.iter().find_map(|Kind { name, pattern }| {
            let found = pattern.captures(value)?;
            let secret = found.get(1).or_else(|| found.get(0))?.as_str();
            let telling = found.get(2).map_or(secret, |m| m.as_str());
            varies(telling).then(|| (*name, head.clone(), secret.to_owned()))
        })
    })
}

async fn look_at_head(bench: &Bench<'_>, entry: &Entry, (name, head, secret): (&'static str, &str, &str)) {
    let expect = Expect::header(head, shape_of(secret));
    let control = Control::Headers(vec![(head.to_owned(), String::new())]);
    if let Some(proof) = seen_again(bench, entry, expect, control).await {
        bench.report_named(990_023, entry, name, proof.saying(Evidence::sentence(mask(secret))));
    }
}

/// Whether a text has enough different letters to be a secret.
fn varies(secret: &str) -> bool {
    let mut letters: Vec<char> = secret.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len() >= 4 && !HOLDERS.is_match(secret)
}

/// Whether a value of a named field is more than a word or a sentence.
fn is_mixed(value: &str) -> bool {
    let has = |test: fn(char) -> bool| value.chars().any(test);
    let has_digit = has(|c| c.is_ascii_digit());
    has_digit
        && has(|c| c.is_ascii_alphabetic())
        && !value.contains("://")
        && !value.starts_with(['/', '#', '.'])
}

fn is_jwt(head: &str) -> bool {
    let json = URL_SAFE_NO_PAD.decode(head).ok();
    let value: Option<serde_json::Value> = json.and_then(|json| serde_json::from_slice(&json).ok());
    value.is_some_and(|value| value.get("alg").is_some())
}

/// The password of a name and password in base64.
fn password_of(coded: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD_NO_PAD.decode(coded.trim_end_matches('=')).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    let is_plain = text.chars().all(|letter| !letter.is_control());
    (is_plain && !name.is_empty() && password.len() >= 4).then(|| password.to_owned())
}

/// Kind and text of each secret, the first of each kind.
fn secrets(text: &str, is_json: bool) -> Vec<(&'static str, String)> {
    let mut all: Vec<(&'static str, String)> = Vec::new();
    let add = |name: &'static str, secret: &str, all: &mut Vec<(&'static str, String)>| {
        if !all.iter().any(|(have, text)| *have == name || text.contains(secret)) {
            all.push((name, secret.to_owned()));
        }
    };
    for Kind { name, pattern } in KINDS {
        for found in pattern.all_captures(text) {
            let secret = found.get(1).or_else(|| found.get(0)).map_or("", |m| m.as_str());
            let telling = found.get(2).map_or(secret, |m| m.as_str());
            if varies(telling) {
                add(name, secret, &mut all);
                break;
            }
        }
    }
    // An answer of an API that gives a token to who asks for it is how it should be.
    if !is_json && let Some(found) = JWT.captures(text) {
        let part = |n: usize| found.get(n).map_or("", |m| m.as_str());
        if is_jwt(part(1)) {
            add("JSON web token", part(0), &mut all);
        }
    }
    for found in FIELD.all_captures(text) {
        let value = found.get(1).map_or("", |m| m.as_str());
        if is_mixed(value) && varies(value) && all.is_empty() {
            add("password or key in a field", value, &mut all);
        }
    }
    for found in BASIC.all_captures(text) {
        let coded = found.get(1).or_else(|| found.get(2)).map_or("", |m| m.as_str());
        let is_new = !all.iter().any(|(_, have)| have.contains(coded));
        if is_new && password_of(coded).is_some_and(|password| varies(&password)) {
            add("credentials of a request", coded, &mut all);
        }
    }
    for found in MEMBER.all_captures(text).into_iter().filter(|_| is_json) {
        let value = found.get(1).map_or("", |m| m.as_str());
        if is_mixed(value) && varies(value) && all.is_empty() {
            add("password or key in a field", value, &mut all);
        }
    }
    for found in COMMENT.all_captures(text) {
        let value = found.get(1).map_or("", |m| m.as_str());
        let is_password = value.chars().any(|c| !c.is_ascii_lowercase()) && !value.ends_with([':', ',']);
        if is_password && !HOLDERS.is_match(value) && all.is_empty() {
            add("password in a comment", value, &mut all);
        }
    }
    let others: [(&Pattern, &'static str); 3] = [
        (&REMARK, "password in a comment"),
        (&ELEMENT, "password or key in a field"),
        (&CONSTANT, "password or key in a field"),
    ];
    for (pattern, name) in others {
        for found in pattern.all_captures(text) {
            let value = found.get(1).map_or("", |m| m.as_str());
            let is_called = value.contains(['(', ')']) || value.ends_with([':', ',', ';']);
            if is_mixed(value) && !is_called && varies(value) && all.is_empty() {
                add(name, value, &mut all);
            }
        }
    }
    all
}

/// The first password in a file of settings.
fn setting(text: &str) -> Option<(&'static str, String)> {
    let values = LINE.all_captures(text).into_iter().filter_map(|found| Some(found.get(1)?.as_str()));
    let value = values.into_iter().find(|value| is_mixed(value) && varies(value))?;
    Some(("password or key in a field", value.to_owned()))
}

async fn look(bench: &Bench<'_>, entry: &Entry, found: Vec<(&'static str, String)>) {
    for (name, secret) in found {
        let begin = secret.lines().next().unwrap_or_default();
        if let Some(proof) = hidden_again(bench, entry, begin, &mask(begin)).await {
            bench.report_named(990_023, entry, name, proof);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn secrets_in_headers_are_told_and_not_shown() {
        let secret = format!("{}_16C7e42F292c6912E7710c838347Ae178B4a", "ghp");
        let value = secret.clone();
        let address = crate::testing::serve(move |asked: &crate::testing::Asked| {
            let name = if asked.path == "/told" { "x-upstream-token" } else { "set-cookie" };
            crate::testing::Answer(200, vec![(name.to_owned(), value.clone())], "hi".into())
        })
        .await;
        let found = crate::testing::scan(&Secrets, address, "/told").await;
        assert_eq!(found.len(), 1);
        assert!(!serde_json::to_string(&found[0]).unwrap().contains(&secret));
        assert!(crate::testing::scan(&Secrets, address, "/given").await.is_empty());
    }

    #[test]
    fn secrets_are_told_from_what_only_looks_like_one() {
        let jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P";
        // Put together here, so that no scanner of repositories takes them for real.
        let cases = [
            format!(
                "-----BEGIN RSA {} KEY-----\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MhgwMbRvI0MBZhpT",
                "PRIVATE"
            ),
            format!("key = {}ZQ3DN5W7RVEXTQ2A", "AKIA"),
            format!("token: {}_16C7e42F292c6912E7710c838347Ae178B4a", "ghp"),
            format!("{}-123456789012-abcdefghijklmnopqrstuvwx", "xoxb"),
            format!("key={}SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", "AIza"),
            format!("{}_live_4eC39HqLyjWDarjtT1zdp7dc", "sk"),
            "postgres://app:s3cr3tPw@db.shop.example/app".to_owned(),
            format!("token = '{jwt}'"),
            "<script>var apiKey = \"9f8b7c6d5e4f3a2b1c\";</script>".to_owned(),
            "<!-- admin password: Winter2024! -->".to_owned(),
            "x = 1; // test login, password: Winter2024!\ny = 2;".to_owned(),
            r#"{"sourcesContent":["const apiKey = \"9f8b7c6d5e4f3a2b1c\";"]}"#.to_owned(),
            "<config><db><password>Wi7ter!x</password></db></config>".to_owned(),
            format!("{}-4fd2a7c1b09e8d3f6a5b2c7d", "PMAK") + "-9f8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e",
            format!("dp.pt.{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0uvw"),
            format!("pscale_{}_{}", "tkn", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"),
            format!("{}-na1-1f2e3d4c-5b6a-4789-9abc-def012345678", "pat"),
            "curl -H 'Authorization: Bearer 9f8b7c6d5e4f3a2b1c0d' https://a.example/x".to_owned(),
            format!("{{\"hash\":\"$2b$12${}\"}}", "KIXQJ0x8mZ0cF1lYhR9b2eZk5v8q1w0yW2JrT7gk3uCw5l9z1aB2C"),
            format!(
                "<td>pbkdf2_sha256$260000${}$3uCw5l9z1aB2CkQJ0x8mZ0cF1lYhR9b2eZk5v8q1w0=</td>",
                "a8F3kQ2m9xYz"
            ),
            format!(
                "{{\"kty\":\"EC\",\"x\":\"a\",\"d\":\"{}\"}}",
                "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
            ),
            format!("PrivateKey = {}8=\nAddress = 10.0.0.1/24", "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBm"),
            "machine git.shop.example login deploy password Wi7ter!x\n".to_owned(),
            "jdbc:mysql://db:3306/shop?user=root&password=Wi7ter!x".to_owned(),
            "define('DB_PASSWORD', 'Wi7ter!x');".to_owned(),
            "'Authorization': 'Basic YWRtaW46V2k3dGVyIXg='".to_owned(),
            "www:$6$Qm3xY1aZ$8kq0cE5rT9uPz1wVfLdGhJ2nBvCxZaSd:19000:0".to_owned(),
        ];
        assert_eq!(secrets(r#"{"user": "ann", "password": "pass1"}"#, true).len(), 1);
        assert_eq!(secrets(r#"{"password": "string", "old_password": "required"}"#, true), []);
        for text in &cases {
            assert_eq!(secrets(text, false).len(), 1, "{text}: {:?}", secrets(text, false));
        }
        for text in [
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
            "AKIAIOSFODNN7EXAMPLE",
            "AKIAXXXXXXXXXXXXXXXX",
            "pk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
            "apiKey: \"YOUR_API_KEY_1\"",
            "password: \"Password must have 8 letters\"",
            "<input name=password placeholder='Secret12345'>",
            "postgres://user:password@localhost/db",
            "<!-- password field -->",
            "https://a.example/x:y@z",
            "// password: see the manual\nvar a = 1;",
            "/* The password is checked by checkPassword2(value) */",
            "password: String\nsecret: process.env.SECRET_1\n",
            "<password>${db.password1}</password>",
            "forgot password?\nreset_password=/reset/1",
            "fetch('/me', { headers: { Authorization: 'Bearer ' + token.value } })",
            "Authorization: Bearer YOUR_ACCESS_TOKEN_HERE ",
            "Authorization: Basic dXNlcjpwYXNzd29yZA== ",
            "eyJub3RoaW5n.eyJub3RoaW5n.aaaaaaaaaaaaaaaaaaaa",
            "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
            "define('DB_PASSWORD', 'your_password_1');",
            "A hash begins with $2b$12$ and salt",
        ] {
            assert_eq!(secrets(text, false), [], "{text}");
        }
        assert!(setting("APP_ENV=prod\nDB_PASSWORD=Wi7ter!x\n").is_some());
        assert!(setting("db:\n  password: Wi7ter!x\n").is_some());
        assert!(setting("forgot password?\nreset_password=/reset/1\nsecret: ${SECRET_1}\n").is_none());
        assert_eq!(secrets(&format!("{{\"token\":\"{jwt}\"}}"), true).len(), 0);
    }
}
