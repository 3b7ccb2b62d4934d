//! APIs: other tokens, other objects, another GraphQL.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Map, Value, json};

use super::HALF;
use crate::case::Place::Page;
use crate::case::{Case, Family, Hit};
use crate::first::api::{Check, Exposes, STRONG, account, forges, graph, learns, promotes, sign, tokens};
use crate::http::Reply;
use crate::proof::{Proof, Prover};
use crate::world::World;

/// How many seconds a token is said to be valid, where one can wait for its end.
const LIFE: u64 = 5;

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Uses a token of the server's own after its end.
fn outlives(p: &Prover<'_>) -> Result<bool, String> {
    let answer = p.get("token")?.text();
    let answer: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
    let token = answer.get("token").and_then(Value::as_str).unwrap_or_default();
    let claims = token.split('.').nth(1).and_then(|claims| B64.decode(claims).ok()).unwrap_or_default();
    let claims: Value = serde_json::from_slice(&claims).map_err(|error| error.to_string())?;
    let left = claims.get("exp").and_then(Value::as_u64).unwrap_or(u64::MAX).saturating_sub(seconds());
    if left > 60 {
        return Ok(false);
    }
    std::thread::sleep(Duration::from_secs(left + 2));
    let answer = p.send("GET", "me", &[("Authorization", &format!("Bearer {token}"))], "")?;
    Ok(answer.status == 200 && answer.text().contains("alice"))
}

pub(super) fn jwt() -> Vec<Case> {
    let mut f = Family::new("jwt", HALF, &[], &[347, 345, 327, 1391, 521, 613, 326, 798]);
    let steps = || Proof::Steps(forges);
    f.bad("no-expiry", Page, "tokens that have expired are taken", Proof::Steps(outlives), |w, h| {
        let inner = tokens(Check::NoExpiry);
        let token =
            || sign(STRONG, &json!({"sub": "alice", "role": "user", "exp": seconds().saturating_add(LIFE)}));
        match h.rest {
            "" => inner(w, h).set(
                "Set-Cookie",
                format!("token={}; Path={}; HttpOnly; SameSite=Strict", token(), h.base()),
            ),
            "token" => Reply::json(&json!({"token": token()})),
            _ => inner(w, h),
        }
    });
    f.bad("weak-numbers", Page, "the secret is 123456", steps(), tokens(Check::Weak("123456")));
    f.bad("weak-word", Page, "the secret is the word password", steps(), tokens(Check::Weak("password")));
    f.bad(
        "unchecked-cookie",
        Page,
        "the signature is not looked at, the token comes in a cookie",
        Proof::Steps(|p| {
            let token = sign("wrong", &json!({"sub": "mallory", "role": "admin"}));
            Ok(p.send("GET", "me", &[("Cookie", &format!("token={token}"))], "")?.text().contains("mallory"))
        }),
        tokens(Check::None),
    );
    f.good(
        "good-secret-cookie",
        Page,
        "all is looked at, the token comes in a cookie",
        steps(),
        tokens(Check::Full),
    );
    f.good("no-token", Page, "there is no token at all, the data is public", steps(), |_, h| match h.rest {
        "" => Reply::html("<a href=\"me\">Opening hours</a>"),
        "me" => Reply::json(&json!({"open": "9-17"})),
        _ => Reply::missing(),
    });
    f.cases()
}

/// Sends members under other names and depths.
fn reaches(p: &Prover<'_>) -> Result<bool, String> {
    let user = || p.get("profile").map(|answer| answer.text());
    let before = user()?;
    for body in [
        "{\"user\":{\"name\":\"alice\",\"role\":\"owner\",\"isAdmin\":true,\"credit\":900}}",
        "{\"name\":\"alice\",\"role\":\"owner\",\"isAdmin\":true,\"credit\":900}",
    ] {
        p.send("PUT", "profile", &[("Content-Type", "application/json")], body)?;
        p.send("POST", "profile", &[("Content-Type", "application/json")], body)?;
    }
    p.post("profile", &[("user[role]", "owner"), ("user[credit]", "900"), ("role", "owner")])?;
    let after = user()?;
    Ok(after != before && (after.contains("owner") || after.contains("900")))
}

pub(super) fn mass_assignment() -> Vec<Case> {
    let mut f = Family::new("mass-assignment", HALF, &[], &[915]);
    f.bad("nested", Page, "each member of the inner object is written", Proof::Steps(reaches), |w, h| {
        let inner: crate::first::api::Takes = |body| body.get("user").and_then(Value::as_object).cloned().unwrap_or_default();
        if h.rest.is_empty() {
            return Reply::html(format!("<button id=\"b\">Save</button><a href=\"profile\">Profile</a><script>document.getElementById('b').addEventListener('click', function () {{ fetch('{}profile', {{ method: 'PUT', headers: {{ 'Content-Type': 'application/json' }}, body: JSON.stringify({{ user: {{ name: 'alice' }} }}) }}); }});</script>", h.base()));
        }
        account(inner, false)(w, h)
    });
    f.bad("bracketed-form", Page, "user[...] of a form is written as a whole", Proof::Steps(reaches), |w, h| {
        if h.rest.is_empty() {
            return Reply::html("<form action=\"profile\" method=\"post\"><input name=\"user[name]\" value=\"alice\"><button>Save</button></form><a href=\"profile\">Profile</a>");
        }
        account(
            |body| body.iter().filter_map(|(key, value)| Some((key.strip_prefix("user[")?.strip_suffix(']')?.to_owned(), value.clone()))).collect(),
            true,
        )(w, h)
    });
    f.bad(
        "registration",
        Page,
        "what is sent at sign-up decides the role",
        Proof::Steps(promotes),
        account(
            |body| {
                body.iter()
                    .filter(|(key, _)| *key != "credit")
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect()
            },
            true,
        ),
    );
    f.good(
        "nested-list",
        Page,
        "only the name of the inner object is written",
        Proof::Steps(reaches),
        account(
            |body| {
                body.get("user")
                    .and_then(Value::as_object)
                    .and_then(|user| user.get("name"))
                    .map(|name| Map::from_iter([("name".to_owned(), name.clone())]))
                    .unwrap_or_default()
            },
            false,
        ),
    );
    f.good(
        "unknown-refused",
        Page,
        "a body with other members is refused",
        Proof::Steps(promotes),
        account(
            |body| {
                if body.keys().all(|key| key == "name" || key == "email") { body.clone() } else { Map::new() }
            },
            false,
        ),
    );
    f.cases()
}

/// Many operations in one request.
fn batches(p: &Prover<'_>) -> Result<bool, String> {
    let body = json!([{"query": "{ products { name } }"}, {"query": "{ products { name } }"}]).to_string();
    let answer = p.send("POST", "graphql", &[("Content-Type", "application/json")], &body)?.text();
    Ok(answer.matches("\"data\"").count() >= 2)
}

pub(super) fn graphql() -> Vec<Case> {
    let mut f = Family::new("graphql", HALF, &[], &[200, 497, 213, 215, 668, 770, 799]);
    let closed = Exposes { introspection: false, suggestions: false, console: false, get: false };
    let steps = || Proof::Steps(learns);
    f.bad(
        "introspection-by-get",
        Page,
        "the schema can be asked for, also by GET",
        steps(),
        graph(Exposes { introspection: true, get: true, ..closed }),
    );
    f.bad(
        "all-open",
        Page,
        "introspection, suggestions and a console",
        steps(),
        graph(Exposes { introspection: true, suggestions: true, console: true, get: true }),
    );
    f.bad(
        "batches",
        Page,
        "lists of operations are taken without a limit",
        Proof::Steps(batches),
        move |w: &World, h: &Hit<'_>| {
            if let Some(list) = h.request.json().and_then(|body| body.as_array().cloned()) {
                let each = list
                    .iter()
                    .take(100)
                    .map(|_| json!({"data": {"products": [{"name": "apple"}]}}))
                    .collect::<Vec<_>>();
                return Reply::json(&Value::Array(each));
            }
            graph(closed)(w, h)
        },
    );
    f.good("closed-quiet", Page, "nothing is given away", steps(), graph(closed));
    f.good("not-graphql", Page, "a path of that name that answers something else", steps(), |_, h| {
        match h.rest {
            "" => Reply::html("<a href=\"graphql\">About GraphQL</a>"),
            "graphql" => Reply::html("<p>An article about graphs and query languages.</p>"),
            _ => Reply::missing(),
        }
    });
    f.cases()
}
