//! Public keys that sites give out.

use serde_json::Value;

use super::token;
use crate::checks::pattern::Pattern;
use crate::checks::{Bench, Entry};
use crate::http::Request;

/// Public keys that the site publishes, as PEM with and without its last line end.
pub(super) async fn published(bench: &Bench<'_>, entry: &Entry) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_texts() {
        let body = "A".repeat(120);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----");
        assert_eq!(pem_in(&format!("x{pem}\n")).as_deref(), Some(pem.as_str()));
        assert_eq!(pem_in(&format!("{{\"key\":\"{}\"}}", pem.replace('\n', "\\n"))), Some(pem));
        assert_eq!(pem_in("-----BEGIN PUBLIC KEY----- is how it begins"), None);
    }
}
