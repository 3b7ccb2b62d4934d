//! Public keys that sites give out.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use serde_json::Value;

use super::token;
use crate::checks::pattern::Pattern;
use crate::checks::requests::near::{nearest, shared};
use crate::checks::{Bench, Entry};
use crate::http::Request;

/// Keys that the site publishes: public ones as PEM with and without its last line end, and shared ones, which nobody should
/// publish. `wants_shared` is for tokens with a shared secret: their keys stand in sets alone.
pub(super) async fn published(bench: &Bench<'_>, entry: &Entry, wants_shared: bool) -> Vec<Vec<u8>> {
    let path = &entry.request.url.path;
    let is_set = |text: &str| text.contains("\"keys\"") && text.contains("\"kty\"");
    let near = nearest(bench.entries.iter(), path);
    let texts = |near: &[&Entry]| -> (Vec<String>, Vec<String>) {
        let sets = near.iter().map(|other| other.response.text()).filter(|text| is_set(text));
        let pems = near.iter().filter_map(|other| pem_in(other.response.text()));
        (sets.map(str::to_owned).take(4).collect(), pems.take(4).collect())
    };
    let (mut sets, mut pems) = texts(&near);
    // An application below a path may have keys of its own there, whatever others publish.
    let own = shared(entry.request.url.directory(), path).saturating_sub(1);
    let is_own = |other: &&&Entry| shared(&other.request.url.path, path) >= own.max(1);
    let known = texts(&near.iter().filter(is_own).copied().collect::<Vec<_>>());
    if known.0.is_empty() && known.1.is_empty() {
        let mut places = places(entry.request.url.directory());
        places.retain(|place| !wants_shared || place.ends_with("jwks.json"));
        for place in places {
            let Ok(answer) = bench.send(&Request::get(entry.request.url.at(place))).await else { continue };
            let mut text = answer.text().to_owned();
            if let Some(address) = named_set(&text).and_then(|named| entry.request.url.join(&named)) {
                let Ok(answer) = bench.send(&Request::get(address)).await else { continue };
                answer.text().clone_into(&mut text);
            }
            if answer.status == 200 && is_set(&text) {
                sets.insert(0, text);
                break;
            }
            if let Some(pem) = pem_in(&text) {
                pems.insert(0, pem);
                break;
            }
        }
    }
    let mut keys = Vec::new();
    for set in sets {
        let Ok(set) = serde_json::from_str::<Value>(&set) else { continue };
        let members = set.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
        for key in members.iter().take(4) {
            if let Some(shared) = key.get("k").and_then(Value::as_str) {
                keys.extend(URL_SAFE_NO_PAD.decode(shared.trim_end_matches('=')).ok());
                keys.push(shared.as_bytes().to_vec());
            } else if let Some(pem) = token::pem(key) {
                keys.push(pem.trim_end().as_bytes().to_vec());
                keys.push(pem.into_bytes());
            }
        }
    }
    for pem in pems {
        keys.push(format!("{pem}\n").into_bytes());
        keys.push(pem.into_bytes());
    }
    keys.truncate(8);
    keys
}

/// Where keys may lie for what is in a directory: there, one above, and at the root.
fn places(directory: &str) -> Vec<String> {
    let above = directory.trim_end_matches('/').rfind('/').and_then(|at| directory.get(..=at)).unwrap_or("/");
    let mut places = Vec::new();
    for directory in [directory, above, "/"] {
        let usual = [".well-known/jwks.json", "jwks.json", ".well-known/openid-configuration"];
        places.extend(usual.map(|name| format!("{directory}{name}")));
    }
    places.extend(KEYS.iter().flat_map(|name| [format!("{directory}{name}"), format!("/{name}")]));
    let mut seen = std::collections::BTreeSet::new();
    places.retain(|place| seen.insert(place.clone()));
    places
}

/// Where a description of a sign-in service says that its keys are (OpenID Connect Discovery, 3).
fn named_set(text: &str) -> Option<String> {
    let description: Value = serde_json::from_str(text).ok()?;
    Some(description.get("jwks_uri")?.as_str()?.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_looked_for_near_and_where_a_service_says() {
        let all = places("/shop/api/");
        assert_eq!(all.first().unwrap(), "/shop/api/.well-known/jwks.json");
        assert!(all.contains(&"/shop/jwks.json".to_owned()) && all.contains(&"/jwks.json".to_owned()));
        assert_eq!(named_set("{\"jwks_uri\":\"/certs\"}").as_deref(), Some("/certs"));
        assert_eq!(named_set("<p>none</p>"), None);
    }

    #[test]
    fn keys_are_found_in_texts() {
        let body = "A".repeat(120);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----");
        assert_eq!(pem_in(&format!("x{pem}\n")).as_deref(), Some(pem.as_str()));
        assert_eq!(pem_in(&format!("{{\"key\":\"{}\"}}", pem.replace('\n', "\\n"))), Some(pem));
        assert_eq!(pem_in("-----BEGIN PUBLIC KEY----- is how it begins"), None);
    }
}
