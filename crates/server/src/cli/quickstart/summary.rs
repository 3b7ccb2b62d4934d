//! What was found, for people.

use serde_json::Value;

use super::client::Client;
use super::tags::Tagged;
use crate::cli::{Failure, say};
use crate::first_start::{ADMIN, ADMIN_PASSWORD};
use crate::service::Service;

/// How many things of a kind are named.
const NAMED: usize = 6;

/// Tells what the inventory holds of this machine.
pub(super) fn print(client: &Client, host: &Value, tags: &[Tagged]) -> Result<(), Failure> {
    let text = |name: &str| host.get(name).and_then(Value::as_str).unwrap_or("unknown");
    say("\nThis machine in the inventory")?;
    say(format_args!("  name        {} (asset {})", text("name"), host.get("id").unwrap_or(&Value::Null)))?;
    say(format_args!("  system      {}", text("os")))?;
    say(format_args!("  address     {}", text("address")))?;
    let software = items(host, "software", "HostAssetSoftware");
    line("packages", &software, |one| format!("{} {}", shown(one, "name"), shown(one, "version")))?;
    let ports = items(host, "openPort", "HostAssetOpenPort");
    line("open ports", &ports, |one| {
        let service = one.get("serviceName").and_then(Value::as_str);
        format!(
            "{}/{}{}",
            shown(one, "port"),
            shown(one, "protocol"),
            service.map(|name| format!(" {name}")).unwrap_or_default()
        )
    })?;
    let interfaces = items(host, "networkInterface", "HostAssetInterface");
    line("interfaces", &interfaces, |one| {
        format!("{} {}", shown(one, "interfaceName"), shown(one, "address"))
    })?;
    say("\nTags, kept up to date by their rules")?;
    for tag in tags {
        let assets = if tag.assets == 1 { "asset" } else { "assets" };
        say(format_args!("  {:<20} {:>3} {assets:<7} {}", tag.name, tag.assets, tag.rule))?;
    }
    let all = client.count(&super::client::Question { path: "count/am/hostasset".into(), body: None })?;
    Ok(say(format_args!("  {:<20} {all:>3} in all", ""))?)
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
pub(super) fn shown(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// Tells how to go on.
pub(super) fn print_way_on(service: &Service, client: &Client, ends: bool) -> Result<(), Failure> {
    let data = service.dir.path().display();
    if ends {
        say("\nTo go on: redoubt quickstart, without --exit, keeps serving.")?;
        return Ok(());
    }
    say(format_args!("\nServing at {}; login {ADMIN}, {}", client.url(), password(service)))?;
    say(format_args!(
        "The agent keeps reporting. Stop with Ctrl-C; `redoubt serve --data {data}` serves the same data."
    ))?;
    Ok(())
}

fn password(service: &Service) -> String {
    match (&service.first_start.password, service.first_start.admin) {
        (Some(password), _) => format!("password {password}"),
        (None, true) => format!("password as in {ADMIN_PASSWORD}"),
        (None, false) => {
            let data = service.dir.path().display();
            format!(
                "password as at the first start (`redoubt user passwd {ADMIN} --data {data} --password-stdin` sets another)"
            )
        }
    }
}
