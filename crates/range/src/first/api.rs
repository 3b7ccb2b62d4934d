//! APIs: tokens, objects that take too much, GraphQL.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::hmac;
use serde_json::{Map, Value, json};

use super::HALF;
use crate::case::Place::Page;
use crate::case::{Case, Family, Hit};
use crate::http::Reply;
use crate::proof::{Proof, Prover};
use crate::world::World;

/// How tokens are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// The signature is not looked at.
    None,
    /// `alg: none` is taken.
    AlgNone,
    /// The secret is a well-known word.
    Weak(&'static str),
    /// The expiry is not looked at.
    NoExpiry,
    /// All is looked at, with a good secret.
    Full,
}

/// A secret that nobody guesses.
pub(crate) const STRONG: &str = "d41c7f0a9be34b2f8e6f2d0c55a1b7e9-range";

impl Check {
    fn secret(self) -> &'static str {
        match self {
            Self::Weak(secret) => secret,
            _ => STRONG,
        }
    }

    fn claims(self, token: &str) -> Option<Value> {
        let mut parts = token.split('.');
        let (head, body, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let decode = |part: &str| serde_json::from_slice::<Value>(&B64.decode(part).ok()?).ok();
        let (header, claims) = (decode(head)?, decode(body)?);
        let algorithm = header.get("alg")?.as_str()?.to_ascii_lowercase();
        let good = || {
            let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret().as_bytes());
            algorithm == "hs256"
                && B64.decode(signature).is_ok_and(|bytes| {
                    hmac::verify(&key, format!("{head}.{body}").as_bytes(), &bytes).is_ok()
                })
        };
        let accepted = match self {
            Self::None => true,
            Self::AlgNone => algorithm == "none" || good(),
            _ => good(),
        };
        let expired = claims.get("exp").and_then(Value::as_i64).is_some_and(|exp| exp < 1_700_000_000);
        (accepted && (!expired || self == Self::NoExpiry)).then_some(claims)
    }
}

/// Signs claims.
pub(crate) fn sign(secret: &str, claims: &Value) -> String {
    let body = format!(
        "{}.{}",
        B64.encode(json!({"alg": "HS256", "typ": "JWT"}).to_string()),
        B64.encode(claims.to_string())
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{body}.{}", B64.encode(hmac::sign(&key, body.as_bytes())))
}

fn bearer(h: &Hit<'_>) -> Option<String> {
    let header =
        h.request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    header.or_else(|| h.request.cookie("token"))
}

/// An API with tokens: `token` gives one, `me` shows whose it is. The page keeps it in a cookie that its script sends on.
pub(crate) fn tokens(check: Check) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| {
        let fresh =
            || sign(check.secret(), &json!({"sub": "alice", "role": "user", "exp": 4_000_000_000_i64}));
        match h.rest {
            "" => Reply::html(format!(
                "<a href=\"me\">Who am I?</a><pre id=\"o\"></pre><script>fetch('{0}token').then(function (r) {{ return r.json(); }}).then(function (t) {{ return fetch('{0}me', {{ headers: {{ Authorization: 'Bearer ' + t.token }} }}); }}).then(function (r) {{ return r.text(); }}).then(function (t) {{ document.getElementById('o').textContent = t; }});</script>",
                h.base()
            ))
            .header("Set-Cookie", format!("token={}; Path={}; HttpOnly; SameSite=Strict", fresh(), h.base())),
            "token" => Reply::json(&json!({"token": fresh()})),
            "me" => match bearer(h).and_then(|token| check.claims(&token)) {
                Some(claims) => Reply::json(&json!({"name": claims.get("sub"), "role": claims.get("role")})),
                None => Reply::json(&json!({"error": "a valid token is wanted"})).with_status(401).header("WWW-Authenticate", "Bearer"),
            },
            _ => Reply::missing(),
        }
    }
}

/// Becomes somebody else with a token that nobody issued.
pub(crate) fn forges(p: &Prover<'_>) -> Result<bool, String> {
    let claims = json!({"sub": "mallory", "role": "admin", "exp": 4_000_000_000_i64});
    let none = format!("{}.{}.", B64.encode("{\"alg\":\"none\"}"), B64.encode(claims.to_string()));
    let mut tokens = vec![none, format!("{}x", sign("wrong", &claims)), sign("wrong", &claims)];
    tokens.extend(
        ["secret", "password", "changeme", "123456", "jwt", "key", ""]
            .map(|secret| sign(if secret.is_empty() { "-" } else { secret }, &claims)),
    );
    for token in tokens {
        if p.send("GET", "me", &[("Authorization", &format!("Bearer {token}"))], "")?
            .text()
            .contains("mallory")
        {
            return Ok(true);
        }
    }
    // An old token of the server's own must not do any more.
    let expired = sign(STRONG, &json!({"sub": "oldtimer", "role": "user", "exp": 1_000_000_000_i64}));
    Ok(p.send("GET", "me", &[("Authorization", &format!("Bearer {expired}"))], "")?
        .text()
        .contains("oldtimer"))
}

pub(super) fn jwt() -> Vec<Case> {
    let mut f = Family::new("jwt", HALF, &[], &[347, 345, 327, 1391, 521, 613, 326, 798]);
    let steps = || Proof::Steps(forges);
    f.bad("unchecked", Page, "the signature is not looked at", steps(), tokens(Check::None));
    f.bad("alg-none", Page, "the algorithm none is taken", steps(), tokens(Check::AlgNone));
    f.bad("weak-secret", Page, "the secret is the word secret", steps(), tokens(Check::Weak("secret")));
    f.bad("weak-changeme", Page, "the secret is the word changeme", steps(), tokens(Check::Weak("changeme")));
    f.good(
        "checked",
        Page,
        "signature, algorithm and expiry are looked at, the secret is random",
        steps(),
        tokens(Check::Full),
    );
    f.good("opaque", Page, "the token is random and looked up", steps(), |_, h| match h.rest {
        "" => Reply::html("<a href=\"me\">Who am I?</a>").header(
            "Set-Cookie",
            format!("token={}; Path={}; HttpOnly; SameSite=Strict", "9b2f6c1e7d40", h.base()),
        ),
        "me" if bearer(h).as_deref() == Some("9b2f6c1e7d40") => Reply::json(&json!({"name": "alice"})),
        "me" => Reply::json(&json!({"error": "a valid token is wanted"})).with_status(401),
        _ => Reply::missing(),
    });
    f.cases()
}

/// What of a body an update takes.
pub(crate) type Takes = fn(&Map<String, Value>) -> Map<String, Value>;

/// A profile that a JSON body or a form changes.
pub(crate) fn account(takes: Takes, form: bool) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |w, h| {
        let state = w.state(&h.case.id());
        let mut state = state.lock();
        let mut user: Map<String, Value> = state.values.get("user").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| {
            let fresh = json!({"name": "alice", "email": "alice@example.test", "role": "user", "isAdmin": false, "credit": 0});
            fresh.as_object().cloned().unwrap_or_default()
        });
        match (h.rest, h.request.method.as_str()) {
            ("", _) if form => Reply::html(
                "<form action=\"profile\" method=\"post\"><input name=\"name\" value=\"alice\"><button>Save</button></form><a href=\"profile\">Profile</a>",
            ),
            ("", _) => Reply::html(format!(
                "<button id=\"s\">Save</button><a href=\"profile\">Profile</a><script>document.getElementById('s').addEventListener('click', function () {{ fetch('{}profile', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }}, body: JSON.stringify({{ name: 'alice' }}) }}); }});</script>",
                h.base()
            )),
            ("profile", "POST" | "PUT" | "PATCH") => {
                let body = if form {
                    Some(h.request.form().into_iter().map(|(key, value)| (key, Value::from(value))).collect())
                } else {
                    h.request.json().and_then(|body| body.as_object().cloned())
                };
                let Some(body) = body else {
                    return Reply::json(&json!({"error": "an object is wanted"})).with_status(400);
                };
                for (key, value) in takes(&body) {
                    if user.contains_key(&key) && value.to_string().len() < 200 {
                        user.insert(key, value);
                    }
                }
                let user = Value::Object(user);
                state.put("user", user.to_string());
                Reply::json(&user)
            }
            ("profile", _) => Reply::json(&Value::Object(user)),
            _ => Reply::missing(),
        }
    }
}

/// Makes itself an administrator.
pub(crate) fn promotes(p: &Prover<'_>) -> Result<bool, String> {
    p.send(
        "POST",
        "profile",
        &[("Content-Type", "application/json")],
        "{\"name\":\"alice\",\"role\":\"owner\",\"isAdmin\":true,\"credit\":900}",
    )?;
    p.post("profile", &[("name", "alice"), ("role", "owner"), ("isAdmin", "true"), ("credit", "900")])?;
    let user = p.get("profile")?.text();
    Ok(user.contains("owner")
        || user.contains("900")
        || user.contains("\"isAdmin\":true")
        || user.contains("\"isAdmin\":\"true\""))
}

pub(super) fn mass_assignment() -> Vec<Case> {
    let mut f = Family::new("mass-assignment", HALF, &[], &[915]);
    let steps = || Proof::Steps(promotes);
    f.bad(
        "json",
        Page,
        "each member of the body is written, also the role",
        steps(),
        account(Map::clone, false),
    );
    f.bad(
        "form",
        Page,
        "each field of the form is written, also the role",
        steps(),
        account(Map::clone, true),
    );
    f.bad(
        "list-of-bad",
        Page,
        "role is left out, isAdmin is not",
        steps(),
        account(
            |body| {
                body.iter()
                    .filter(|(key, _)| *key != "role")
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect()
            },
            false,
        ),
    );
    f.good(
        "list-of-good",
        Page,
        "only name and e-mail are written",
        steps(),
        account(
            |body| {
                body.iter()
                    .filter(|(key, _)| *key == "name" || *key == "email")
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect()
            },
            false,
        ),
    );
    f.good(
        "form-list",
        Page,
        "only the name is written",
        steps(),
        account(
            |body| {
                body.iter()
                    .filter(|(key, _)| *key == "name")
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect()
            },
            true,
        ),
    );
    f.cases()
}

/// What a GraphQL endpoint gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exposes {
    pub(crate) introspection: bool,
    pub(crate) suggestions: bool,
    pub(crate) console: bool,
    pub(crate) get: bool,
}

/// A GraphQL endpoint: queries of names, introspection, suggestions for misspelt fields.
pub(crate) fn graph(exposes: Exposes) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| {
        let query = match h.request.method.as_str() {
            "POST" => h.request.json().and_then(|body| body.get("query")?.as_str().map(str::to_owned)),
            _ if exposes.get => h.request.query("query").map(str::to_owned),
            _ => None,
        };
        match (h.rest, query) {
            ("", None) => Reply::html(format!(
                "<script>fetch('{}graphql', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }}, body: JSON.stringify({{ query: '{{ products {{ name }} }}' }}) }});</script><a href=\"graphql\">API</a>",
                h.base()
            )),
            ("graphql", None) if exposes.console => Reply::raw_html(
                "<!DOCTYPE html><html><head><title>GraphiQL</title></head><body><div id=\"graphiql\">Loading GraphiQL...</div></body></html>",
            ),
            ("graphql", None) => {
                Reply::json(&json!({"errors": [{"message": "Must provide query string."}]})).with_status(400)
            }
            ("graphql", Some(query)) => Reply::json(&answer(&query, exposes)),
            _ => Reply::missing(),
        }
    }
}

fn answer(query: &str, exposes: Exposes) -> Value {
    if query.contains("__schema") || query.contains("__type") && !query.contains("__typename") {
        if !exposes.introspection {
            return json!({"errors": [{"message": "GraphQL introspection is not allowed"}]});
        }
        let named = |name: &str, kind: &str| json!({"name": name, "kind": kind, "ofType": null});
        let field = |name: &str, of: Value| json!({"name": name, "description": null, "args": [], "type": of, "isDeprecated": false, "deprecationReason": null});
        let object = |name: &str, fields: Vec<Value>| json!({"kind": "OBJECT", "name": name, "description": null, "fields": fields, "inputFields": null, "interfaces": [], "enumValues": null, "possibleTypes": null});
        let scalar = |name: &str| json!({"kind": "SCALAR", "name": name, "description": null, "fields": null, "inputFields": null, "interfaces": null, "enumValues": null, "possibleTypes": null});
        let types = vec![
            object(
                "Query",
                vec![
                    field("products", named("Product", "OBJECT")),
                    field("internalUsers", named("User", "OBJECT")),
                ],
            ),
            object("Product", vec![field("name", named("String", "SCALAR"))]),
            object(
                "User",
                vec![
                    field("name", named("String", "SCALAR")),
                    field("passwordHash", named("String", "SCALAR")),
                ],
            ),
            scalar("String"),
        ];
        return json!({"data": {"__schema": {"queryType": {"name": "Query"}, "mutationType": null, "subscriptionType": null, "types": types, "directives": []}, "__type": types_first()}});
    }
    let word = query
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .find(|word| !word.is_empty() && !matches!(*word, "query" | "mutation"))
        .unwrap_or_default();
    match word {
        "products" => json!({"data": {"products": [{"name": "apple"}, {"name": "banana"}]}}),
        "__typename" => json!({"data": {"__typename": "Query"}}),
        other if exposes.suggestions => {
            json!({"errors": [{"message": format!("Cannot query field \"{other}\" on type \"Query\". Did you mean \"products\" or \"internalUsers\"?")}]})
        }
        _ => json!({"errors": [{"message": "The query is not valid."}]}),
    }
}

fn types_first() -> Value {
    json!({"name": "Query", "fields": [{"name": "products"}, {"name": "internalUsers"}]})
}

/// Learns of a field that no page names.
pub(crate) fn learns(p: &Prover<'_>) -> Result<bool, String> {
    for query in ["{ __schema { types { name fields { name } } } }", "{ productz }"] {
        let body = json!({"query": query}).to_string();
        if p.send("POST", "graphql", &[("Content-Type", "application/json")], &body)?
            .text()
            .contains("internalUsers")
        {
            return Ok(true);
        }
    }
    let page = p.get("graphql")?.text();
    let by_get = p.get("graphql?query=%7B__schema%7Btypes%7Bname%7D%7D%7D")?.text();
    Ok(page.contains("GraphiQL") || by_get.contains("User"))
}

pub(super) fn graphql() -> Vec<Case> {
    let mut f = Family::new("graphql", HALF, &[], &[200, 497, 213, 215, 668]);
    let steps = || Proof::Steps(learns);
    let closed = Exposes { introspection: false, suggestions: false, console: false, get: false };
    f.bad(
        "introspection",
        Page,
        "the schema can be asked for",
        steps(),
        graph(Exposes { introspection: true, ..closed }),
    );
    f.bad(
        "suggestions",
        Page,
        "the schema is closed, but errors suggest fields",
        steps(),
        graph(Exposes { suggestions: true, ..closed }),
    );
    f.bad(
        "console",
        Page,
        "a console is served to everybody",
        steps(),
        graph(Exposes { introspection: true, console: true, ..closed }),
    );
    f.good("closed", Page, "no introspection, no suggestions, no console", steps(), graph(closed));
    f.good(
        "closed-get",
        Page,
        "the same, queries may come by GET",
        steps(),
        graph(Exposes { get: true, ..closed }),
    );
    f.cases()
}
