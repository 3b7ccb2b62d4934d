//! Forged tokens: each with one that is refused by whoever looks at all.

use std::collections::HashMap;
use std::sync::LazyLock;

use parking_lot::Mutex;
use serde_json::{Value, json};

use super::named::{named, shown};
use super::published::published;
use super::token::Token;
use super::{GARBAGE, ended};
use crate::checks::pattern::Pattern;
use crate::checks::requests::near::nearest;
use crate::checks::{Bench, Entry};
use crate::own_key;

/// A token that should be refused, and one beside it that is refused by whoever looks at all.
pub(super) struct Forged {
    /// What it shows when it is taken.
    pub(super) what: &'static str,
    pub(super) token: String,
    pub(super) control: String,
}

/// The forged ones that are worth a try for a token.
pub(super) async fn forgeries(bench: &Bench<'_>, entry: &Entry, token: &Token) -> Vec<Forged> {
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
        what: "The token is accepted with the algorithm none, whatever its signature.",
        token: format!("{}{}", token.without_signature("none"), "cmVkb3VidA"),
        control: token.unsigned(),
    });
    all.push(Forged {
        what: "The token is accepted when it is signed with an empty secret.",
        token: token.signed_with(b"", hmac_of(token), &[]),
        control: token.signed_with(b"redoubt-control", hmac_of(token), &[]),
    });
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
    for algorithm in [Some(json!("")), Some(Value::Null), None] {
        all.push(Forged {
            what: "The token is accepted without a signature when it names no algorithm.",
            token: token.with_algorithm(algorithm),
            control: token.unsigned(),
        });
    }
    all.push(Forged {
        what: "The token is accepted with other claims and the signature of the old ones: the signature is not held against the claims.",
        token: token.changed(),
        control: token.unsigned(),
    });
    all.extend(token.with_beginnings().into_iter().map(|begun| Forged {
        what: "Only the beginning of the signature is compared: four bytes of it are enough.",
        token: begun,
        control: token.unsigned(),
    }));
    let own = [("jwk", json!({"kty": "oct", "alg": "HS256", "k": "cmVkb3VidA"}))];
    all.push(Forged {
        what: "The key that the token brings along is believed; a token signed with a key of one's own is accepted.",
        token: token.signed_with(b"redoubt", "HS256", &own),
        control: token.signed_with(b"redoubt-control", "HS256", &own),
    });
    if let Some(secret) = guessed(bench, entry, token).await {
        let algorithm = token.algorithm();
        all.push(Forged {
            what: "The secret that tokens are signed with is easily guessed, or shown by the site; a token made with it is accepted.",
            token: token.signed_with(&secret, algorithm, &[]),
            control: token.signed_with(b"redoubt-control", algorithm, &[]),
        });
    }
    all.extend(by_kid(token));
    all.extend(by_files(bench, entry, token));
    for (what, (token, control)) in with_keys(bench, token) {
        all.push(Forged { what, token, control });
    }
    if !token.algorithm().starts_with("HS")
        && let Some((token, control)) = token.with_own_key()
    {
        all.push(Forged {
            what: "The key that the token brings along is believed; a token signed with a key of one's own is accepted.",
            token,
            control,
        });
    }
    for key in published(bench, entry, token.algorithm().starts_with("HS")).await {
        all.push(Forged {
            what: "A key that the site publishes is taken as the shared secret; a token signed with it is accepted.",
            token: token.signed_with(&key, hmac_of(token), &[]),
            control: token.signed_with(b"redoubt-control", hmac_of(token), &[]),
        });
    }
    all.extend(ended::over(token));
    all
}

/// The token's algorithm, where it is one with a shared secret, else a usual one.
fn hmac_of(token: &Token) -> &str {
    if token.algorithm().starts_with("HS") { token.algorithm() } else { "HS256" }
}

/// Tokens whose `kid` leads to a key that is known.
///
/// A token need not have one for a server to read it.
fn by_kid(token: &Token) -> Vec<Forged> {
    let of_file =
        "The key is read from the file that the token names; a token signed with an empty file is accepted.";
    // What a database is made to answer becomes the key.
    let of_query = "The key is looked up with what the token names, as a part of a query; a key of one's own is accepted.";
    let of_command =
        "The key is what a command prints that the token's kid is a part of; a key of one's own is accepted.";
    let of_none = "Where the token names a key that there is not, it is checked with an empty one.";
    let algorithm = hmac_of(token);
    let forms = [
        (of_file, "../../../../../../../../dev/null", ""),
        (of_file, "/dev/null", ""),
        (of_file, "../../../../../../../../proc/sys/kernel/randomize_va_space", "2\n"),
        (of_query, "x' UNION SELECT 'redoubt'-- -", "redoubt"),
        (of_query, "x\" UNION SELECT 'redoubt'-- -", "redoubt"),
        (of_query, "0 UNION SELECT 'redoubt'-- -", "redoubt"),
        (of_command, "rdbt;echo redoubt", "redoubt"),
        (of_command, "rdbt;echo redoubt", "redoubt\n"),
        (of_none, "rdbt", ""),
    ];
    let forged = |(what, place, key): (&'static str, &str, &str)| {
        let kid = [("kid", json!(place))];
        Forged {
            what,
            token: token.signed_with(key.as_bytes(), algorithm, &kid),
            control: token.signed_with(b"redoubt-control", algorithm, &kid),
        }
    };
    forms.into_iter().map(forged).collect()
}

/// Tokens whose `kid` leads to a file that the site serves.
fn by_files(bench: &Bench<'_>, entry: &Entry, token: &Token) -> Vec<Forged> {
    if token.header.get("kid").is_none() {
        return Vec::new();
    }
    let is_file = |other: &&Entry| {
        let is_kind = other.response.is_script() || other.response.media_type() == "text/css";
        is_kind && other.response.status == 200 && other.request.url.query.is_none()
    };
    let near = nearest(bench.entries.iter().filter(is_file), &entry.request.url.path);
    let forged = |other: &Entry| {
        let path = other.request.url.path.trim_start_matches('/').to_owned();
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        let body = other.response.body.to_vec();
        let kids =
            [format!("../{path}"), format!("../public/{path}"), format!("../static/{name}"), path, name];
        kids.map(|kid| {
            let kid = [("kid", json!(kid))];
            Forged {
                what: "The key is read from the file that the token names; a token signed with a file that the site serves is accepted.",
                token: token.signed_with(&body, hmac_of(token), &kid),
                control: token.signed_with(b"redoubt-control", hmac_of(token), &kid),
            }
        })
    };
    near.into_iter().take(2).flat_map(forged).collect()
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
        // Where an address must begin or end as the usual one does.
        if let Some(usual) = token.header.get("jku").and_then(Value::as_str)
            && let Some((scheme, rest)) = usual.split_once("://")
            && let Some(own) = at.split_once("://").map(|(_, own)| own)
        {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            for address in [
                format!("{scheme}://{host}@{own}/jwks.json"),
                format!("{at}/jwks.json?{usual}"),
                format!("{at}/jwks.json#{usual}"),
            ] {
                forms.push((fetched, Some(own_key::ID), "jku", json!(address)));
            }
        }
        forms.push((fetched, None, "x5u", json!(format!("{at}/key.pem"))));
    }
    let signed = |(what, kid, name, value)| Some((what, token.with_own_rsa(kid, &[(name, value)])?));
    forms.into_iter().filter_map(signed).collect()
}

/// The secret of a token, where it can be guessed; what is usual anywhere is tried once for each token, and all beside the scan: it
/// is many small steps.
async fn guessed(bench: &Bench<'_>, entry: &Entry, token: &Token) -> Option<Vec<u8>> {
    static USUAL: LazyLock<Mutex<HashMap<String, Option<Vec<u8>>>>> = LazyLock::new(Mutex::default);
    let (words, mut named) = (words(bench, entry, token), named(bench, entry));
    named.extend(shown(bench, entry));
    let (token, whole) = (token.clone(), token.whole());
    let known = USUAL.lock().get(&whole).cloned();
    let work = move || match token.own_secret(&words, &named) {
        Some(own) => (Some(own), known),
        None => {
            let usual = known.unwrap_or_else(|| token.usual_secret());
            (usual.clone(), Some(usual))
        }
    };
    let (secret, usual) = tokio::task::spawn_blocking(work).await.ok()?;
    let mut known = USUAL.lock();
    if known.len() < 1_000
        && let Some(usual) = usual
    {
        known.insert(whole, usual);
    }
    secret
}

/// Words of the site: of its name, of the path, of what the token says, and of the titles of its pages.
fn words(bench: &Bench<'_>, entry: &Entry, token: &Token) -> Vec<String> {
    static TITLE: Pattern = Pattern::new(r"(?i)<title[^>]*>([^<]{1,80})");
    let host = bench.client.scope().start().origin.host.clone();
    let mut texts = vec![host, entry.request.url.path.clone()];
    let claims = token.claims.as_object().into_iter().flat_map(|claims| claims.values());
    texts.extend(claims.filter_map(Value::as_str).take(8).map(str::to_owned));
    let pages = bench.entries.iter().filter(|page| page.response.is_html());
    let pages = nearest(pages, &entry.request.url.path);
    for page in pages.into_iter().take(20) {
        let title = TITLE.captures(page.response.text());
        texts.extend(title.and_then(|found| Some(found.get(1)?.as_str().to_owned())));
    }
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        let text = text.to_lowercase();
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= 3) {
            if all.len() < 40 && !all.iter().any(|have| have == word) {
                all.push(word.to_owned());
            }
        }
    }
    all
}
