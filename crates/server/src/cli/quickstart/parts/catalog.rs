//! The web catalog, filled with what the discovery of loopback found, and one of its entries made a web application.

use discovery::Host;
use serde_json::{Value, json};

use super::Shown;
use crate::cli::quickstart::client::{Client, Question};
use crate::cli::{Failure, say};
use crate::first_start::ADMIN;

/// How many entries are named.
const NAMED: usize = 5;

/// Records what was found, and tells what the catalog has of it. As a map: this machine is an asset already. `asked` are
/// the ports that were asked, if all of them were.
pub(super) fn print(shown: &Shown<'_>, host: &Host, asked: Option<&str>) -> Result<(), Failure> {
    let client = shown.client;
    let found = json!({ "record": "MAP", "ports": asked.unwrap_or_default(), "hosts": [host] }).to_string();
    client.json("/redoubt/discovery/v1/results", Some(("application/json", &found)))?;
    client.get(&call("updateEntries/was/catalog"))?;
    say("\nThe web catalog, filled by that discovery")?;
    let address = host.address.to_string();
    let search = Question::with_criterion("search/was/catalog", "ipAddress", "EQUALS", &address);
    let answer = client.get(&search)?;
    let entries: Vec<&Value> = answer
        .get("data")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| one.get("Catalog"))
        .collect();
    for entry in entries.iter().take(NAMED) {
        say(format_args!("  {address}:{:<6} {}", number(entry, "port"), text(entry, "status")))?;
    }
    if entries.len() > NAMED {
        say(format_args!("  ... and {} more", entries.len() - NAMED))?;
    }
    let own = entries.iter().find(|entry| client.url().ends_with(&format!(":{}", number(entry, "port"))));
    if let Some(entry) = own {
        add(client, entry)?;
    }
    // Without a password, curl asks for it.
    let user = shown.password.map_or(ADMIN.to_owned(), |password| format!("{ADMIN}:{password}"));
    for path in ["search/was/catalog", "search/was/webapp"] {
        let url = client.url_of(&call(path));
        say(format_args!("  curl -u {user} -H 'Accept: application/json' -X POST '{url}'"))?;
    }
    Ok(())
}

/// Makes this server's own entry a web application.
fn add(client: &Client, entry: &Value) -> Result<(), Failure> {
    let path = format!("addToSubscription/was/catalog/{}", number(entry, "id"));
    let answer = client.get(&call(&path))?;
    let blocks = answer.pointer("/data/0").or_else(|| answer.get("data")).unwrap_or(&Value::Null);
    let count = |name: &str| blocks.get(name).map_or(0, |block| number(block, "count"));
    let told = match (count("success"), count("duplicate")) {
        (1.., _) => "this server is a web application of the subscription now",
        (_, 1..) => "this server is a web application of the subscription since an earlier start",
        _ => "this server could not be made a web application",
    };
    Ok(say(format_args!("  {told} (port {})", number(entry, "port")))?)
}

/// A POST without a body.
fn call(path: &str) -> Question {
    Question { path: path.to_owned(), body: Some(String::new()) }
}

fn number(entry: &Value, name: &str) -> u64 {
    let value = entry.get(name);
    value.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok())).unwrap_or_default()
}

fn text<'v>(entry: &'v Value, name: &str) -> &'v str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default()
}
