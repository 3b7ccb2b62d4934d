//! Tokens that the server takes though it did not issue them.

mod token;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use self::token::Token;
use super::alike::{ALIKE, alike};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Request, Response};
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
                that the token brings along, or with an empty key that kid names; and the token itself when it has ended. The \
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

/// Takes issued tokens to places that are closed without; where one opens, forged ones are tried.
async fn carry(bench: &Bench<'_>, tokens: Vec<String>) {
    let closed = bench.entries.iter().filter(|entry| matches!(entry.response.status, 401 | 403));
    for entry in closed.take(MOST.1) {
        for value in &tokens {
            let Some(token) = Token::read(value) else { continue };
            let put =
                |value: &str| entry.request.clone().with_header("Authorization", format!("Bearer {value}"));
            let request = put(value);
            let Ok(response) = bench.send_of(entry, &request).await else { continue };
            if response.status >= 400 {
                continue;
            }
            let opened = Entry { request, response: Arc::new(response), page: None, ..entry.clone() };
            attack(bench, &opened, &token, &put, "Authorization").await;
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
    if let Some(secret) = token.secret() {
        let algorithm = token.algorithm();
        all.push(Forged {
            what: "The secret that tokens are signed with is a word that stands in examples; a token made with it is accepted.",
            token: token.signed_with(secret.as_bytes(), algorithm, &[]),
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
            (of_query, "x' UNION SELECT 'redoubt'-- -", "redoubt"),
            (of_query, "x\" UNION SELECT 'redoubt'-- -", "redoubt"),
        ] {
            let kid = [("kid", json!(place))];
            all.push(Forged {
                what,
                token: token.signed_with(key.as_bytes(), "HS256", &kid),
                control: token.signed_with(b"redoubt-control", "HS256", &kid),
            });
        }
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
    if sets.is_empty() {
        let directory = entry.request.url.directory();
        let mut places = vec![format!("{directory}.well-known/jwks.json"), format!("{directory}jwks.json")];
        places.extend(["/.well-known/jwks.json".to_owned(), "/jwks.json".to_owned()]);
        places.dedup();
        for place in places {
            let Ok(answer) = bench.send(&Request::get(entry.request.url.at(place))).await else { continue };
            if answer.status == 200 && is_set(answer.text()) {
                sets.push(answer.text().to_owned());
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
    keys.extend(bench.entries.iter().filter_map(|other| {
        let text = other.response.text();
        let from = text.find("-----BEGIN PUBLIC KEY-----")?;
        let end = "-----END PUBLIC KEY-----";
        let to = text.get(from..)?.find(end)? + from + end.len();
        Some(format!("{}\n", text.get(from..to)?))
    }));
    keys.truncate(8);
    keys
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
