//! Tokens that the server takes though it did not issue them.

mod secrets;
mod token;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::{Value, json};

use self::token::Token;
use super::alike::{ALIKE, alike};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Request, Response};
use crate::own_key;
use crate::point::Point;
use crate::proof::{Evidence, Expect};

/// See [`About`].
pub(super) struct Jwt;

static ABOUT: About = About {
    name: "web-tokens",
    qids: &[990_009],
    means: "The server accepts a JSON Web Token that it did not issue, or that has ended.",
    matters: "The token says who one is. Whoever can make one is anybody they like, administrators included.",
    remedy: "Let a library check each token with one fixed algorithm and the key for it, never the one that the token names. Use \
             a random secret of at least 256 bits, refuse tokens whose exp is over, and look up kid in a list.",
    technique: "Where an answer depends on a token, the same claims are sent with a signature that nobody made, with the \
                algorithm none, signed with words that stand in examples, with the published key as shared secret, with a key \
                that the token brings along or says where to fetch, or with a known key that kid names; and the token itself when it has ended. The \
                answer must be the user's, and must not be with a token that nothing speaks for.",
    source: "RFC 7519; RFC 8725; CWE-347",
};

/// What is no token at all.
const GARBAGE: &str = "rdbt.rdbt.rdbt";

impl Check for Jwt {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        let token = Token::read(&point.value)?;
        let put = move |value: &str| entry.request.with(point, value);
        Some(async move { attack(bench, entry, &token, &put, &point.name).await }.boxed())
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        if let Some((point, value, token)) = in_form(bench, entry) {
            let entry = Entry { request: entry.request.with(&point, &*value), ..entry.clone() };
            return Some(
                async move {
                    let put = |value: &str| entry.request.with(&point, value);
                    attack(bench, &entry, &token, &put, &point.name).await;
                }
                .boxed(),
            );
        }
        let own = entry.request.headers.iter().chain(&bench.session.headers);
        let (name, prefix, token) = own.filter(|(_, value)| value.len() > 20).find_map(|(name, value)| {
            let token = Token::read(value)?;
            Some((name.clone(), if value.starts_with("Bearer ") { "Bearer " } else { "" }, token))
        })?;
        Some(
            async move {
                let put = |value: &str| entry.request.clone().with_header(&name, format!("{prefix}{value}"));
                attack(bench, entry, &token, &put, &name).await;
            }
            .boxed(),
        )
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        let tokens = issued(bench);
        (!tokens.is_empty()).then(|| carry(bench, tokens).boxed())
    }
}

/// A field of a form that has a token, which is taken anew from the form's page before each request: where it is, and the
/// token that stood there.
fn in_form(bench: &Bench<'_>, entry: &Entry) -> Option<(Point, String, Token)> {
    let at = entry.form_at.as_ref()?;
    let points = entry.request.points();
    let mut points = points.into_iter().filter(|point| point.value.starts_with("{{")).peekable();
    points.peek()?;
    let page = bench.entries.iter().find(|other| other.request == Request::get(at.clone()))?.page.as_ref()?;
    points.find_map(|point| {
        let mut controls = page.forms.iter().flat_map(|form| &form.controls);
        let value = controls.find(|control| control.name == point.name)?.value.clone();
        let token = Token::read(&value)?;
        Some((point, value, token))
    })
}

static ISSUED: Pattern = Pattern::new(r"\beyJ[\w-]{8,4000}\.eyJ[\w-]{2,8000}\.[\w-]{16,1000}");
/// Most tokens of answers that are tried, and most closed places that they are tried at.
const MOST: (usize, usize) = (3, 12);

/// Tokens that answers issue, as sign-ins for programs do: nothing but scripts would send them back.
fn issued(bench: &Bench<'_>) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for entry in bench.entries.iter().filter(|entry| entry.response.status < 400) {
        let text = entry.response.text();
        for found in ISSUED.all(text) {
            let token = text.get(found.start()..found.end()).unwrap_or_default();
            if tokens.len() < MOST.0
                && Token::read(token).is_some()
                && !tokens.iter().any(|have| have == token)
            {
                tokens.push(token.to_owned());
            }
        }
    }
    tokens
}

/// Ways in which programs send tokens: a header, and what stands before the token.
const WAYS: &[(&str, &str)] = &[
    ("Authorization", "Bearer "),
    ("Authorization", ""),
    ("x-access-token", ""),
    ("X-Auth-Token", ""),
    ("Authorization", "JWT "),
    ("Authorization", "Token "),
    ("Cookie", "token="),
];

/// At how many closed places all ways are tried.
const WHERE_ALL: usize = 4;

/// What answers say that want a token, though their status does not.
static WANTS: Pattern = Pattern::new(
    r"(?i)\b(?:token|jwt|authorization)\b|unauthori[sz]ed|not authenticated|unauthenticated|not logged in|log ?in (?:first|required)",
);

/// Whether a place is closed without a token.
fn is_closed(entry: &Entry) -> bool {
    let response = &entry.response;
    let says = || {
        response.media_type().ends_with("json")
            && response.text().len() < 300
            && WANTS.is_match(response.text())
    };
    matches!(response.status, 401 | 403) || (says() && !ISSUED.is_match(response.text()))
}

/// Takes issued tokens to places that are closed without; where one opens, forged ones are tried.
async fn carry(bench: &Bench<'_>, tokens: Vec<String>) {
    let mut usual: Option<(&str, &str)> = None;
    for (n, entry) in bench.entries.iter().filter(|entry| is_closed(entry)).take(MOST.1).enumerate() {
        // The first places show which way the application takes them.
        let others = WAYS.iter().take(if n < WHERE_ALL { WAYS.len() } else { 1 });
        let mut ways: Vec<(&str, &str)> = usual.into_iter().collect();
        ways.extend(others.filter(|way| Some(**way) != usual));
        let mut tried = Vec::new();
        for way in ways {
            tried.extend(tokens.iter().map(|value| (way.0, way.1, value)));
        }
        for (header, before, value) in tried {
            let Some(token) = Token::read(value) else { continue };
            let put = |value: &str| {
                let mut request = entry.request.clone();
                match before.strip_suffix('=') {
                    Some(name) => request.cookies.push((name.to_owned(), value.to_owned())),
                    None => request.set_header(header, format!("{before}{value}")),
                }
                request
            };
            let request = put(value);
            let Ok(response) = bench.send_of(entry, &request).await else { continue };
            if response.status >= 400 || alike(&response, &entry.response) {
                continue;
            }
            usual = Some((header, before));
            let opened = Entry { request, response: Arc::new(response), page: None, ..entry.clone() };
            attack(bench, &opened, &token, &put, header).await;
            break;
        }
    }
}

/// A token that should be refused, and one beside it that is refused by whoever looks at all.
struct Forged {
    what: &'static str,
    token: String,
    control: String,
}

async fn attack(
    bench: &Bench<'_>,
    entry: &Entry,
    token: &Token,
    put: &(dyn Fn(&str) -> Request + Sync),
    name: &str,
) {
    if entry.response.status >= 400 || bench.sink.has_at(&[990_009], &entry.request.url.path, name) {
        return;
    }
    // Whether the answer depends on the token at all.
    let Ok(refused) = bench.send_of(entry, &put(GARBAGE)).await else { return };
    if alike(&refused, &entry.response) {
        return;
    }
    for forged in forgeries(bench, entry, token).await {
        let Ok(answer) = bench.send_of(entry, &put(&forged.token)).await else { return };
        if accepts(&answer, entry, &refused) && prove(bench, entry, &forged, put, name).await {
            return;
        }
    }
}

fn accepts(answer: &Response, entry: &Entry, refused: &Response) -> bool {
    alike(answer, &entry.response) && !alike(answer, refused)
}

async fn forgeries(bench: &Bench<'_>, entry: &Entry, token: &Token) -> Vec<Forged> {
    let garbage = || GARBAGE.to_owned();
    let mut all = vec![Forged {
        what: "The token is accepted with a signature that nobody made: the signature is not checked.",
        token: token.unsigned(),
        control: garbage(),
    }];
    for none in ["none", "None", "NONE", "nOnE"] {
        all.push(Forged {
            what: "The token is accepted without a signature, with the algorithm none.",
            token: token.without_signature(none),
            control: token.unsigned(),
        });
    }
    all.push(Forged {
        what: "The token is accepted when its signature is left out.",
        token: token.cut(),
        control: token.unsigned(),
    });
    all.push(Forged {
        what: "The token is accepted without a signature when it names an algorithm that does not exist.",
        token: token.without_signature("redoubt"),
        control: token.unsigned(),
    });
    if token.algorithm().starts_with("ES") {
        all.push(Forged {
            what: "The token is accepted with a signature of zeros, which holds for every key.",
            token: token.with_zeros(),
            control: token.unsigned(),
        });
    }
    let own = [("jwk", json!({"kty": "oct", "alg": "HS256", "k": "cmVkb3VidA"}))];
    all.push(Forged {
        what: "The key that the token brings along is believed; a token signed with a key of one's own is accepted.",
        token: token.signed_with(b"redoubt", "HS256", &own),
        control: token.signed_with(b"redoubt-control", "HS256", &own),
    });
    if let Some(secret) = guessed(bench, token) {
        let algorithm = token.algorithm();
        all.push(Forged {
            what: "The secret that tokens are signed with is easily guessed; a token made with it is accepted.",
            token: token.signed_with(&secret, algorithm, &[]),
            control: token.signed_with(b"redoubt-control", algorithm, &[]),
        });
    }
    if token.header.get("kid").is_some() {
        let of_file = "The key is read from the file that the token names; a token signed with an empty file is accepted.";
        // What a database is made to answer becomes the key.
        let of_query = "The key is looked up with what the token names, as a part of a query; a key of one's own is accepted.";
        for (what, place, key) in [
            (of_file, "../../../../../../../../dev/null", ""),
            (of_file, "/dev/null", ""),
            (of_file, "../../../../../../../../proc/sys/kernel/randomize_va_space", "2\n"),
            (of_query, "x' UNION SELECT 'redoubt'-- -", "redoubt"),
            (of_query, "x\" UNION SELECT 'redoubt'-- -", "redoubt"),
            (of_query, "0 UNION SELECT 'redoubt'-- -", "redoubt"),
        ] {
            let kid = [("kid", json!(place))];
            all.push(Forged {
                what,
                token: token.signed_with(key.as_bytes(), "HS256", &kid),
                control: token.signed_with(b"redoubt-control", "HS256", &kid),
            });
        }
    }
    for (what, (token, control)) in with_keys(bench, token) {
        all.push(Forged { what, token, control });
    }
    if !token.algorithm().starts_with("HS") {
        if let Some((token, control)) = token.with_own_key() {
            all.push(Forged {
                what: "The key that the token brings along is believed; a token signed with a key of one's own is accepted.",
                token,
                control,
            });
        }
        for key in published(bench, entry).await {
            all.push(Forged {
                what: "The published key is taken as the shared secret of HS256; a token signed with it is accepted.",
                token: token.signed_with(key.as_bytes(), "HS256", &[]),
                control: token.signed_with(b"redoubt-control", "HS256", &[]),
            });
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if token.expires().is_some_and(|end| u64::try_from(end).is_ok_and(|end| end + 600 < now))
        && let Some(value) = raw(bench, entry)
    {
        all.push(Forged {
            what: "The token is accepted though the time that its exp names is over.",
            token: value,
            control: token.unsigned(),
        });
    }
    all
}

/// Tokens signed with our own key, which they bring along, or for which they name our listener; each with a control.
fn with_keys(bench: &Bench<'_>, token: &Token) -> Vec<(&'static str, (String, String))> {
    let brought = "The key that the token brings along is believed; a token signed with a key of one's own is accepted.";
    let fetched =
        "The key is fetched from where the token says; a token signed with a key of one's own is accepted.";
    let own = token.header.get("kid").and_then(Value::as_str);
    let mut forms = vec![
        (brought, own, "jwk", own_key::jwk(own.unwrap_or(own_key::ID))),
        (brought, None, "x5c", json!([own_key::CERTIFICATE])),
    ];
    if let Some(listener) = bench.listener {
        let at = listener.url(&crate::listener::token());
        forms.push((fetched, Some(own_key::ID), "jku", json!(format!("{at}/jwks.json"))));
        forms.push((fetched, None, "x5u", json!(format!("{at}/key.pem"))));
    }
    let signed = |(what, kid, name, value)| Some((what, token.with_own_rsa(kid, &[(name, value)])?));
    forms.into_iter().filter_map(signed).collect()
}

/// The secret of a token, where it can be guessed; worked out once for each token, since it is many small steps.
fn guessed(bench: &Bench<'_>, token: &Token) -> Option<Vec<u8>> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Option<Vec<u8>>>>> = LazyLock::new(Mutex::default);
    let words = words(bench);
    let key = format!("{} {}", token.whole(), words.join(" "));
    if let Some(known) = KNOWN.lock().get(&key) {
        return known.clone();
    }
    let secret = token.secret(&words);
    let mut known = KNOWN.lock();
    if known.len() < 1_000 {
        known.insert(key, secret.clone());
    }
    secret
}

/// Words of the site: of its name, and of the titles of its pages.
fn words(bench: &Bench<'_>) -> Vec<String> {
    static TITLE: Pattern = Pattern::new(r"(?i)<title[^>]*>([^<]{1,80})");
    let host = bench.client.scope().start().origin.host.clone();
    let mut texts = vec![host];
    for entry in bench.entries.iter().filter(|entry| entry.response.is_html()).take(20) {
        let title = TITLE.captures(entry.response.text());
        texts.extend(title.and_then(|found| Some(found.get(1)?.as_str().to_owned())));
    }
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        let text = text.to_lowercase();
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= 3) {
            if all.len() < 24 && !all.iter().any(|have| have == word) {
                all.push(word.to_owned());
            }
        }
    }
    all
}

/// The token as it stands in the request or comes from the session.
fn raw(bench: &Bench<'_>, entry: &Entry) -> Option<String> {
    let dressed = bench.session.dress(&entry.request);
    let values = dressed.points().into_iter().map(|point| point.value);
    let headers = dressed.headers.iter().map(|(_, value)| value.clone());
    values
        .chain(headers)
        .find(|value| Token::read(value).is_some())
        .map(|value| value.trim_start_matches("Bearer ").to_owned())
}

/// Public keys that the site publishes, as PEM with and without its last line end.
async fn published(bench: &Bench<'_>, entry: &Entry) -> Vec<String> {
    let mut sets: Vec<String> = Vec::new();
    let is_set = |text: &str| text.contains("\"keys\"") && text.contains("\"kty\"");
    for other in bench.entries.iter().filter(|other| is_set(other.response.text())) {
        sets.push(other.response.text().to_owned());
    }
    let mut pems: Vec<String> =
        bench.entries.iter().filter_map(|other| pem_in(other.response.text())).take(4).collect();
    if sets.is_empty() && pems.is_empty() {
        let directory = entry.request.url.directory();
        let mut places = vec![format!("{directory}.well-known/jwks.json"), format!("{directory}jwks.json")];
        places.extend(["/.well-known/jwks.json".to_owned(), "/jwks.json".to_owned()]);
        places.extend(KEYS.iter().flat_map(|name| [format!("{directory}{name}"), format!("/{name}")]));
        let mut seen = std::collections::BTreeSet::new();
        places.retain(|place| seen.insert(place.clone()));
        for place in places {
            let Ok(answer) = bench.send(&Request::get(entry.request.url.at(place))).await else { continue };
            if answer.status == 200 && is_set(answer.text()) {
                sets.push(answer.text().to_owned());
                break;
            }
            pems.extend(pem_in(answer.text()));
            if !pems.is_empty() {
                break;
            }
        }
    }
    let mut keys = Vec::new();
    for set in sets {
        let Ok(set) = serde_json::from_str::<Value>(&set) else { continue };
        let members = set.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
        for pem in members.iter().take(4).filter_map(token::pem) {
            keys.push(pem.trim_end().to_owned());
            keys.push(pem);
        }
    }
    for pem in pems {
        keys.push(format!("{pem}\n"));
        keys.push(pem);
    }
    keys.truncate(8);
    keys
}

/// Where public keys lie beside the usual places of sets of keys.
const KEYS: &[&str] = &[
    "public.pem",
    "public.key",
    "public_key.pem",
    "publickey.pem",
    "jwt.pub",
    "pubkey.pem",
    "key.pub",
    "keys",
    "certs",
    "public-key",
];

/// A public key or a certificate in a text, as PEM without its last line end.
fn pem_in(text: &str) -> Option<String> {
    static PEM: Pattern = Pattern::new(
        r"-----BEGIN (?:RSA |EC )?(?:PUBLIC KEY|CERTIFICATE)-----[A-Za-z0-9+/=\s\\]{100,4000}-----END (?:RSA |EC )?(?:PUBLIC KEY|CERTIFICATE)-----",
    );
    let found = PEM.find(text)?.as_str().replace("\\r", "").replace("\\n", "\n");
    Some(found)
}

async fn prove(
    bench: &Bench<'_>,
    entry: &Entry,
    forged: &Forged,
    put: &(dyn Fn(&str) -> Request + Sync),
    name: &str,
) -> bool {
    let expect = Expect::All(vec![
        Expect::Status(vec![entry.response.status]),
        Expect::Like { other: Box::new(entry.request.clone()), percent: ALIKE },
    ]);
    let replay = entry.replay(put(&forged.token), expect, put(&forged.control));
    let Ok(proof) = bench.prove(replay).await else { return false };
    bench.report_named(990_009, entry, name, proof.saying(Evidence::sentence(forged.what)));
    true
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use ring::hmac;

    use super::*;
    use crate::http::Target;
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    const STRONG: &str = "0b7d5e1c9f3a48e2a6d4c8b1f0e39a75";

    fn sign(secret: &str, claims: &Value) -> String {
        let head = BASE64.encode(json!({"alg": "HS256", "typ": "JWT"}).to_string());
        let signed = format!("{head}.{}", BASE64.encode(claims.to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
        format!("{signed}.{}", BASE64.encode(tag))
    }

    /// A server's own check of a token, with one thing left out.
    fn user(flaw: &str, token: &str) -> Option<String> {
        let parts: Vec<&str> = token.split('.').collect();
        let [head, body, signature] = parts.as_slice() else { return None };
        let read = |part: &str| serde_json::from_slice::<Value>(&BASE64.decode(part).ok()?).ok();
        let (header, claims) = (read(head)?, read(body)?);
        let secret = if flaw == "weak" { "secret" } else { STRONG };
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let is_signed = BASE64
            .decode(signature)
            .is_ok_and(|tag| hmac::verify(&key, format!("{head}.{body}").as_bytes(), &tag).is_ok());
        let algorithm = header["alg"].as_str().unwrap_or_default();
        let accepted = match flaw {
            "unchecked" => true,
            "cut" if signature.is_empty() => true,
            "none" if algorithm.eq_ignore_ascii_case("none") => true,
            _ => algorithm == "HS256" && is_signed,
        };
        let is_over = claims["exp"].as_i64().is_some_and(|end| end < 1_700_000_000) && flaw != "ended";
        (accepted && !is_over).then(|| claims["sub"].as_str().unwrap_or_default().to_owned())
    }

    fn answer(asked: &Asked) -> Answer {
        let flaw = asked.path.trim_start_matches('/').to_owned();
        let bearer = asked.header("authorization").trim_start_matches("Bearer ").to_owned();
        let token = if bearer.is_empty() { asked.cookie("token") } else { bearer };
        match user(&flaw, &token) {
            _ if flaw == "open" => Answer::html("everybody sees this"),
            Some(name) => Answer::html(format!("<p>Signed in as {name}</p>")),
            None => Answer::status(401),
        }
    }

    #[tokio::test]
    async fn tokens_that_nobody_issued_are_refused_or_told() {
        let address = serve(answer).await;
        for (flaw, count) in [
            ("unchecked", 1),
            ("none", 1),
            ("cut", 1),
            ("weak", 1),
            ("ended", 1),
            ("checked", 0),
            ("open", 0),
        ] {
            let secret = if flaw == "weak" { "secret" } else { STRONG };
            let end = if flaw == "ended" { 1_000_000_000_i64 } else { 4_000_000_000 };
            let token = sign(secret, &json!({"sub": "alice", "exp": end}));
            let url = Target::parse(&format!("http://{address}/{flaw}")).unwrap();
            let mut by_cookie = Request::get(url.clone());
            by_cookie.cookies.push(("token".into(), token.clone()));
            let by_header = Request::get(url).with_header("Authorization", format!("Bearer {token}"));
            for request in [by_cookie, by_header] {
                let (found, _) = scan_with(&Jwt, vec![request], Extras::default()).await;
                assert_eq!(found.len(), count, "{flaw}: {found:?}");
            }
        }
    }

    #[tokio::test]
    async fn issued_tokens_are_carried_to_closed_places() {
        let token = sign(STRONG, &json!({"sub": "alice", "exp": 4_000_000_000_i64}));
        let address = serve(move |asked: &Asked| match asked.path.as_str() {
            "/sign-in" => Answer::html(json!({"token": token}).to_string()),
            _ => answer(asked),
        })
        .await;
        for (flaw, count) in [("unchecked", 1), ("checked", 0)] {
            let get = |path: &str| Request::get(Target::parse(&format!("http://{address}/{path}")).unwrap());
            let (found, _) = scan_with(&Jwt, vec![get("sign-in"), get(flaw)], Extras::default()).await;
            assert_eq!(found.len(), count, "{flaw}: {found:?}");
        }
    }

    #[tokio::test]
    async fn ways_of_programs_and_fields_of_forms_are_tried() {
        let token = sign(STRONG, &json!({"sub": "alice", "exp": 4_000_000_000_i64}));
        for (path, count) in
            [("/raw/unchecked", 1), ("/form/unchecked", 1), ("/raw/checked", 0), ("/form/checked", 0)]
        {
            let token = token.clone();
            let address = serve(move |asked: &Asked| {
                let flaw = asked.path.rsplit('/').next().unwrap_or_default();
                let by_form = || {
                    let field = asked.field("proof");
                    user(flaw, &field).map_or(Answer::html("Who are you?"), |name| Answer::html(format!("<p>Signed in as {name}</p>")))
                };
                match asked.path.as_str() {
                    "/raw/start" => Answer::html(json!({"token": token}).to_string()),
                    path if path.starts_with("/raw/") => match user(flaw, &asked.header("x-access-token")) {
                        Some(name) => Answer::html(format!("<p>Signed in as {name}</p>")),
                        None => Answer::status(401),
                    },
                    _ if asked.method == "POST" => by_form(),
                    _ => Answer::html(format!("<form method=post><input type=hidden name=proof value=\"{token}\"><button>Show</button></form>")),
                }
            })
            .await;
            let get = |path: &str| Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
            let found = if path.starts_with("/form/") {
                crate::testing::crawl_and_scan(&Jwt, address, path, Extras::default()).await.0
            } else {
                scan_with(&Jwt, vec![get("/raw/start"), get(path)], Extras::default()).await.0
            };
            assert_eq!(found.len(), count, "{path}: {found:?}");
        }
    }

    #[test]
    fn keys_are_found_in_texts() {
        let body = "A".repeat(120);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----");
        assert_eq!(pem_in(&format!("x{pem}\n")).as_deref(), Some(pem.as_str()));
        assert_eq!(pem_in(&format!("{{\"key\":\"{}\"}}", pem.replace('\n', "\\n"))), Some(pem));
        assert_eq!(pem_in("-----BEGIN PUBLIC KEY----- is how it begins"), None);
    }

    #[tokio::test]
    async fn published_keys_are_tried_as_secrets() {
        let modulus = BASE64.encode([0xc3_u8; 256]);
        let jwks = json!({"keys": [{"kty": "RSA", "e": "AQAB", "n": modulus}]});
        let pem = token::pem(&jwks["keys"][0]).unwrap();
        let address = serve(move |asked: &Asked| {
            if asked.path == "/jwks.json" {
                return Answer::html(jwks.to_string());
            }
            let token = asked.cookie("token");
            let Some(read) = Token::read(&token) else { return Answer::status(401) };
            // Its own token is known to it; a forged one is checked with the key that the library was given.
            let is_own = token.ends_with(".b3du");
            let is_forged = read.algorithm() == "HS256" && asked.path == "/confused" && {
                let (signed, tag) = token.rsplit_once('.').unwrap();
                let key = hmac::Key::new(hmac::HMAC_SHA256, pem.as_bytes());
                hmac::verify(&key, signed.as_bytes(), &BASE64.decode(tag).unwrap()).is_ok()
            };
            if is_own || is_forged { Answer::html("Signed in as alice") } else { Answer::status(401) }
        })
        .await;
        let part = |value: Value| BASE64.encode(value.to_string());
        let own = format!("{}.{}.b3du", part(json!({"alg": "RS256"})), part(json!({"sub": "alice"})));
        for (path, count) in [("/confused", 1), ("/right", 0)] {
            let mut request = Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
            request.cookies.push(("token".into(), own.clone()));
            let (found, _) = scan_with(&Jwt, vec![request], Extras::default()).await;
            assert_eq!(found.len(), count, "{path}: {found:?}");
        }
    }
}
