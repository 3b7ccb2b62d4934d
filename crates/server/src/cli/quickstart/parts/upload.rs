//! A device that nothing here can reach, assessed by what its terminal showed: a router's log, uploaded as an operator
//! does it.

use serde_json::{Value, json};

use super::Shown;
use crate::cli::quickstart::client::Client;
use crate::cli::{Failure, say};
use crate::first_start::ADMIN;

/// An address for documentation, which nobody has.
const ADDRESS: &str = "192.0.2.14";
const TECHNOLOGY: &str = "Cisco IOS 15.x";
const BOUNDARY: &str = "RedoubtQuickstart";

pub(super) fn print(shown: &Shown<'_>) -> Result<(), Failure> {
    let client = shown.client;
    let uuid = match known(client)? {
        Some(uuid) => uuid,
        None => uploaded(client)?,
    };
    let posture = client.gateway(&format!("asset/{uuid}/posture"), None)?;
    let count = |name: &str| {
        posture.pointer(&format!("/data/count/{name}")).and_then(Value::as_u64).unwrap_or_default()
    };
    say("\nA sample router, assessed by an upload through the API")?;
    say(format_args!(
        "  {TECHNOLOGY} at {ADDRESS}: {} controls passed, {} failed; the API is documented at {}/apidocs/oca/v2",
        count("passed"),
        count("failed"),
        client.url()
    ))?;
    // Without a password, curl asks for it.
    let user = shown.password.map_or(ADMIN.to_owned(), |password| format!("{ADMIN}:{password}"));
    Ok(say(format_args!("  curl -u {user} '{}/ocaapi/v2.0/asset/{uuid}/posture'", client.url()))?)
}

/// The device of an earlier start.
fn known(client: &Client) -> Result<Option<String>, Failure> {
    let path = format!("assets?hostIP={ADDRESS}&technology={}", TECHNOLOGY.replace(' ', "+"));
    let listed = client.gateway(&path, None)?;
    let device = listed.pointer("/data/items/0").filter(|device| device.get("lastUpload").is_some());
    Ok(device.and_then(|device| device.get("assetUUID")?.as_str()).map(str::to_owned))
}

fn uploaded(client: &Client) -> Result<String, Failure> {
    let device =
        json!({ "hostIP": ADDRESS, "technology": TECHNOLOGY, "type": "PolicyCompliance" }).to_string();
    let made = client.gateway("asset", Some(("application/json", &device)))?;
    let uuid = made.pointer("/data/assetUUID").and_then(Value::as_str).unwrap_or_default().to_owned();
    let form = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"data\"; filename=\"router.txt\"\r\n\
         Content-Type: text/plain\r\n\r\n{}\r\n--{BOUNDARY}--\r\n",
        assess::SAMPLE_LOG
    );
    let form_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let path = format!("asset/{uuid}/command/bulk/output/PolicyCompliance");
    client.gateway(&path, Some((&form_type, &form)))?;
    Ok(uuid)
}
