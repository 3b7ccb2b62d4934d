//! What the inventory holds of this machine.

use serde_json::Value;

use super::Shown;
use crate::cli::{Failure, say};

/// How many things of a kind are named.
const NAMED: usize = 6;

pub(super) fn print(shown: &Shown<'_>) -> Result<(), Failure> {
    let host = &shown.host;
    let text = |name: &str| host.get(name).and_then(Value::as_str).unwrap_or("unknown");
    say("\nThis machine in the inventory")?;
    say(format_args!("  name        {} (asset {})", text("name"), host.get("id").unwrap_or(&Value::Null)))?;
    say(format_args!("  system      {}", text("os")))?;
    say(format_args!("  address     {}", text("address")))?;
    let software = items(host, "software", "HostAssetSoftware");
    line("packages", &software, |one| format!("{} {}", value(one, "name"), value(one, "version")))?;
    let ports = items(host, "openPort", "HostAssetOpenPort");
    line("open ports", &ports, |one| {
        let service = one.get("serviceName").and_then(Value::as_str);
        format!(
            "{}/{}{}",
            value(one, "port"),
            value(one, "protocol"),
            service.map(|name| format!(" {name}")).unwrap_or_default()
        )
    })?;
    let interfaces = items(host, "networkInterface", "HostAssetInterface");
    line("interfaces", &interfaces, |one| {
        format!("{} {}", value(one, "interfaceName"), value(one, "address"))
    })
}

fn line(title: &str, items: &[&Value], tell: impl Fn(&Value) -> String) -> Result<(), Failure> {
    let named: Vec<_> = items.iter().take(NAMED).map(|one| tell(one)).collect();
    let more = if items.len() > NAMED { ", ..." } else { "" };
    let list = if named.is_empty() { "none seen".to_owned() } else { named.join(", ") };
    Ok(say(format_args!("  {title:<11} {}: {list}{more}", items.len()))?)
}

/// The items of a list.
pub(super) fn items<'v>(host: &'v Value, list: &str, item: &str) -> Vec<&'v Value> {
    let list = host.get(list).and_then(|list| list.get("list")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|one| one.get(item)).collect()
}

/// A member as people read it.
pub(super) fn value(of: &Value, name: &str) -> String {
    match of.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}
