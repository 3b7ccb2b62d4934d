//! A handful of useful tags: their rules select assets from now on, wherever they come from.

use serde_json::json;

use super::Shown;
use crate::cli::quickstart::client::{Client, Question};
use crate::cli::{Failure, say};

/// Name, kind of rule, rule, color.
const TAGS: [(&str, &str, &str, &str); 6] = [
    ("Linux", "OS_REGEX", "(?i)linux|ubuntu|debian|red hat|centos|rocky|alma|suse|alpine|fedora", "#2E8B57"),
    ("OpenSSL installed", "INSTALLED_SOFTWARE", "^(openssl|libssl)", "#B22222"),
    ("Python installed", "INSTALLED_SOFTWARE", "^python3", "#4169E1"),
    ("SSH open", "OPEN_PORTS", "22", "#DAA520"),
    ("Web open", "OPEN_PORTS", "80, 443, 8080-8090, 8443", "#8A2BE2"),
    ("Database open", "OPEN_PORTS", "1433, 1521, 3306, 5432, 6379, 9200, 27017", "#FF7F50"),
];

/// A tag, and how many assets have it.
struct Tagged {
    name: &'static str,
    rule: String,
    assets: u64,
}

pub(super) fn print(shown: &Shown<'_>) -> Result<(), Failure> {
    say("\nTags, kept up to date by their rules")?;
    for tag in create(shown.client)? {
        let assets = if tag.assets == 1 { "asset" } else { "assets" };
        say(format_args!("  {:<20} {:>3} {assets:<7} {}", tag.name, tag.assets, tag.rule))?;
    }
    let all = shown.client.count(&Question { path: "count/am/hostasset".into(), body: None })?;
    Ok(say(format_args!("  {:<20} {all:>3} in all", ""))?)
}

/// Creates those that are missing, and counts.
fn create(client: &Client) -> Result<Vec<Tagged>, Failure> {
    let agents = Tagged {
        name: "Cloud Agent",
        rule: "every host with an agent".into(),
        assets: assets(client, "Cloud Agent")?,
    };
    let made = TAGS.into_iter().map(|(name, kind, rule, color)| one(client, name, kind, rule, color));
    std::iter::once(Ok(agents)).chain(made).collect()
}

fn one(client: &Client, name: &'static str, kind: &str, rule: &str, color: &str) -> Result<Tagged, Failure> {
    let there = client.count(&Question::with_criterion("count/am/tag", "name", "EQUALS", name))?;
    if there == 0 {
        let tag = json!({"name": name, "color": color, "ruleType": kind, "ruleText": rule});
        let body = json!({"ServiceRequest": {"data": {"Tag": tag}}}).to_string();
        client.get(&Question { path: "create/am/tag".into(), body: Some(body) })?;
    }
    Ok(Tagged { name, rule: format!("{kind} {rule}"), assets: assets(client, name)? })
}

fn assets(client: &Client, tag: &str) -> Result<u64, Failure> {
    client.count(&Question::with_criterion("count/am/hostasset", "tagName", "EQUALS", tag))
}
