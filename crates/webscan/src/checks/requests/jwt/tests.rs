use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use serde_json::{Value, json};

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

/// Seconds since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// A server's own check of a token, with one thing left out.
fn user(flaw: &str, token: &str) -> Option<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [head, body, signature] = parts.as_slice() else { return None };
    let read = |part: &str| serde_json::from_slice::<Value>(&BASE64.decode(part).ok()?).ok();
    let (header, claims) = (read(head)?, read(body)?);
    let secret = if matches!(flaw, "weak" | "gone") { "secret" } else { STRONG };
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
    let is_over = claims["exp"].as_i64().is_some_and(|end| end < now()) && flaw != "ended";
    (accepted && !is_over).then(|| claims["sub"].as_str().unwrap_or_default().to_owned())
}

fn answer(asked: &Asked) -> Answer {
    let flaw = asked.path.trim_start_matches('/').to_owned();
    let bearer = asked.header("authorization").trim_start_matches("Bearer ").to_owned();
    let token = if bearer.is_empty() { asked.cookie("token") } else { bearer };
    match user(&flaw, &token) {
        _ if flaw == "open" => Answer::html("everybody sees this"),
        Some(_) if flaw == "gone" => Answer(404, vec![], "no such order".into()),
        Some(name) => Answer::html(format!("<p>Signed in as {name}</p>")),
        None => Answer::status(401),
    }
}

#[tokio::test]
async fn claims_that_are_shown_are_told_where_no_token_is_as_good() {
    let address = serve(|asked: &Asked| {
        let token = asked.cookie("token");
        let claims = token.split('.').nth(1).and_then(|part| BASE64.decode(part).ok());
        let claims: Value = claims.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let is_believed = asked.path == "/unchecked" || user("", &token).is_some();
        let tier = claims["tier"].as_str().filter(|_| is_believed).unwrap_or("retail");
        Answer::html(format!("<p>Prices for {tier}, of 12 and 17</p>"))
    })
    .await;
    for (path, count) in [("/unchecked", 1), ("/checked", 0)] {
        let mut request = Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        request.cookies.push(("token".into(), sign(STRONG, &json!({"sub": "guest", "tier": "retail"}))));
        let (found, _) = scan_with(&Jwt, vec![request], Extras::default()).await;
        assert_eq!(found.len(), count, "{path}: {found:?}");
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
        ("gone", 1),
        ("ended", 1),
        ("checked", 0),
        ("open", 0),
    ] {
        let secret = if matches!(flaw, "weak" | "gone") { "secret" } else { STRONG };
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
async fn tokens_that_end_during_the_scan_are_tried_when_they_are_over() {
    // Another two seconds, and nobody may take it for clocks that differ.
    let token = sign(STRONG, &json!({"sub": "alice", "exp": now() - 63}));
    let address = serve(move |asked: &Asked| match asked.path.as_str() {
        "/enter" => {
            Answer(200, vec![("set-cookie".into(), format!("token={token}; Path=/"))], "welcome".into())
        }
        _ => answer(asked),
    })
    .await;
    for (flaw, count) in [("ended", 1), ("checked", 0)] {
        let get = |path: &str| Request::get(Target::parse(&format!("http://{address}/{path}")).unwrap());
        let (found, _) = scan_with(&Jwt, vec![get("enter"), get(flaw)], Extras::default()).await;
        assert_eq!(found.len(), count, "{flaw}: {found:?}");
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

#[tokio::test]
async fn published_keys_are_tried_as_secrets() {
    let modulus = BASE64.encode([0xc3_u8; 256]);
    let jwks = json!({"keys": [{"kty": "RSA", "e": "AQAB", "n": modulus}]});
    let pem = token::pem(&jwks["keys"][0]).unwrap();
    let part = |value: Value| BASE64.encode(value.to_string());
    let own = format!("{}.{}.b3du", part(json!({"alg": "RS256"})), part(json!({"sub": "alice"})));
    let issued = own.clone();
    let address = serve(move |asked: &Asked| {
        if asked.path == "/jwks.json" {
            return Answer::html(jwks.to_string());
        }
        let token = asked.cookie("token");
        let Some(read) = Token::read(&token) else { return Answer::status(401) };
        // Its own token is known to it; a forged one is checked with the key that the library was given.
        let is_own = token == issued;
        let is_forged = read.algorithm() == "HS256" && asked.path == "/confused" && {
            let (signed, tag) = token.rsplit_once('.').unwrap();
            let key = hmac::Key::new(hmac::HMAC_SHA256, pem.as_bytes());
            hmac::verify(&key, signed.as_bytes(), &BASE64.decode(tag).unwrap()).is_ok()
        };
        if is_own || is_forged { Answer::html("Signed in as alice") } else { Answer::status(401) }
    })
    .await;
    for (path, count) in [("/confused", 1), ("/right", 0)] {
        let mut request = Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        request.cookies.push(("token".into(), own.clone()));
        let (found, _) = scan_with(&Jwt, vec![request], Extras::default()).await;
        assert_eq!(found.len(), count, "{path}: {found:?}");
    }
}

/// One with a `kid`, which a server looks up in its own way.
fn with_kid(kid: &str, secret: &str) -> String {
    let head = BASE64.encode(json!({"alg": "HS256", "kid": kid}).to_string());
    let signed = format!("{head}.{}", BASE64.encode(json!({"sub": "alice"}).to_string()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(tag))
}

#[tokio::test]
async fn half_checks_of_signatures_are_told() {
    for (flaw, count) in [("other-claims", 1), ("beginning", 1), ("no-algorithm", 1), ("all", 0)] {
        let address = serve(move |asked: &Asked| {
            let text = asked.cookie("token");
            let parts: Vec<&str> = text.split('.').collect();
            let [head, body, signature] = parts.as_slice() else { return Answer::status(401) };
            let header: Value = match BASE64.decode(head).map(|head| serde_json::from_slice(&head)) {
                Ok(Ok(header)) => header,
                _ => return Answer::status(401),
            };
            let own = BASE64.encode(json!({"sub": "alice"}).to_string());
            let key = hmac::Key::new(hmac::HMAC_SHA256, STRONG.as_bytes());
            let tag = |body: &str| hmac::sign(&key, format!("{head}.{body}").as_bytes());
            let given = BASE64.decode(signature).unwrap_or_default();
            let is_taken = match flaw {
                // The signature is looked up by whose it is.
                "other-claims" => given == tag(&own).as_ref(),
                "beginning" => given.len() >= 4 && tag(body).as_ref().starts_with(&given[..4]),
                "no-algorithm" if header["alg"].as_str().is_none_or(str::is_empty) => true,
                _ => given == tag(body).as_ref(),
            };
            if is_taken { Answer::html("Signed in as alice") } else { Answer::status(401) }
        })
        .await;
        let mut request = Request::get(Target::parse(&format!("http://{address}/me")).unwrap());
        request.cookies.push(("token".into(), sign(STRONG, &json!({"sub": "alice"}))));
        let (found, _) = scan_with(&Jwt, vec![request], Extras::default()).await;
        assert_eq!(found.len(), count, "{flaw}: {found:?}");
    }
}

#[tokio::test]
async fn keys_that_are_not_there_or_printed_are_told() {
    let address = serve(|asked: &Asked| {
        let text = asked.cookie("token");
        let Some(read) = Token::read(&text) else { return Answer::status(401) };
        let kid = read.header["kid"].as_str().unwrap_or_default();
        let secret = match asked.path.as_str() {
            _ if kid == "main" => STRONG,
            "/missing" => "",
            "/printed" if kid.ends_with(";echo redoubt") => "redoubt\n",
            _ => return Answer::status(401),
        };
        let (signed, tag) = text.rsplit_once('.').unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        match hmac::verify(&key, signed.as_bytes(), &BASE64.decode(tag).unwrap()) {
            Ok(()) => Answer::html("Signed in as alice"),
            Err(_) => Answer::status(401),
        }
    })
    .await;
    for (path, count) in [("/missing", 1), ("/printed", 1), ("/listed", 0)] {
        let mut request = Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        request.cookies.push(("token".into(), with_kid("main", STRONG)));
        let (found, _) = scan_with(&Jwt, vec![request], Extras::default()).await;
        assert_eq!(found.len(), count, "{path}: {found:?}");
    }
}

#[tokio::test]
async fn secrets_that_a_page_shows_are_tried() {
    let shown = "tin-lantern-204";
    let address = serve(move |asked: &Asked| {
        if asked.path.ends_with("/about") {
            let note = if asked.path.starts_with("/told") { shown } else { "the usual one" };
            return Answer::html(format!("<!-- the signing key is {note} --><p>About</p>"));
        }
        let token = asked.cookie("token");
        let Some((signed, tag)) = token.rsplit_once('.') else { return Answer::status(401) };
        let key = hmac::Key::new(hmac::HMAC_SHA256, shown.as_bytes());
        let is_signed =
            BASE64.decode(tag).is_ok_and(|tag| hmac::verify(&key, signed.as_bytes(), &tag).is_ok());
        if is_signed { Answer::html("Signed in as alice") } else { Answer::status(401) }
    })
    .await;
    for (place, count) in [("told", 1), ("kept", 0)] {
        let get =
            |path: &str| Request::get(Target::parse(&format!("http://{address}/{place}/{path}")).unwrap());
        let mut request = get("me");
        request
            .cookies
            .push(("token".into(), sign(shown, &json!({"sub": "alice", "exp": 4_000_000_000_i64}))));
        let (found, _) = scan_with(&Jwt, vec![get("about"), request], Extras::default()).await;
        assert_eq!(found.len(), count, "{place}: {found:?}");
    }
}

#[tokio::test]
async fn pages_that_were_seen_before_the_token_came_are_asked_again() {
    for (flaw, is_told) in [("unchecked", true), ("checked", false)] {
        let token = sign(STRONG, &json!({"sub": "alice", "exp": 4_000_000_000_i64}));
        let place = format!("/{flaw}");
        let form = format!(
            "<a href={place}>Account</a><form method=post action=/enter><input type=hidden name=as value=guest><button>Enter</button></form>"
        );
        let address = serve(move |asked: &Asked| match asked.path.as_str() {
            "/" => Answer::html(form.clone()),
            "/enter" => Answer(
                302,
                vec![
                    ("set-cookie".into(), format!("token={token}; Path=/")),
                    ("location".into(), place.clone()),
                ],
                String::new(),
            ),
            _ => answer(asked),
        })
        .await;
        let (found, _) = crate::testing::crawl_and_scan(&Jwt, address, "/", Extras::default()).await;
        assert_eq!(!found.is_empty(), is_told, "{flaw}: {found:?}");
    }
}
