//! The files themselves. That they go out in parts is shown over HTTP.

use std::fs;
use std::io::Read;

use platform::agents::ActivationKey;
use platform::{Download, Error, Input, Permission, Platform, Reply, Routed};
use qps::{Limits, Query, ResponseCode, ServiceError};
use store::Id;

use super::{ALL, add, add_file, asked, place};
use crate::common::{As, World, data};

const DOWNLOAD: &str = "/qps/rest/1.0/download/ca/downloadbinary";

/// A call on the first side, as the server makes it.
fn download(me: &As<'_>, method: &str, url: &str, body: &str) -> Result<Download, ServiceError> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let Routed::To(operation, id) = Platform::route(method, path) else { panic!("{method} {path}") };
    let call = me.on(0);
    for permission in [Permission::ApiAccess, operation.permission] {
        call.demand(permission).map_err(|error| operation.refuse(error.into_service()))?;
    }
    let request = qps::read(body.as_bytes(), qps::Format::Xml, &Limits::default())?;
    match operation.run(&call, Input { id, query: Query::parse(query), request }) {
        Ok(Reply::Download(download)) => Ok(download),
        Ok(Reply::Answer(_)) => panic!("an answer instead of a file"),
        Err(error) => Err(operation.refuse(Error::into_service(error))),
    }
}

fn content(download: Download) -> Vec<u8> {
    let (mut file, mut bytes) = (download.file, Vec::new());
    file.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, download.length);
    bytes
}

#[test]
fn a_download_is_the_file_that_was_added() {
    let world = World::new();
    let me = world.manager();
    add(&world, |_| true);
    for (platform, architecture, name, _, begin) in ALL {
        let expected = [begin, name.as_bytes()].concat();
        let posted =
            download(&me, "POST", DOWNLOAD, &asked("DownloadBinary", platform, architecture)).unwrap();
        assert_eq!(posted.name, "agent_installer.bin");
        assert_eq!(content(posted), expected, "{name}");
        let url = format!("{DOWNLOAD}/?platform={platform}&architecture={architecture}");
        assert_eq!(content(download(&me, "GET", &url, "").unwrap()), expected, "{name}");
        let info =
            me.post("/qps/rest/1.0/process/ca/binaryinfo", &asked("BinaryInfo", platform, architecture));
        let told = info.record().at("platforms.Platform").unwrap().text_at("hash").to_owned();
        let sha256 = download(&me, "GET", &url, "").unwrap().sha256;
        assert_eq!(told, format!("Hash-SHA-256 : {sha256}"));
    }
}

#[test]
fn a_file_that_was_changed_on_disk_or_is_gone_is_not_handed_out() {
    let world = World::new();
    let me = world.manager();
    add(&world, |name| name == "Linux");
    let url = format!("{DOWNLOAD}?platform=LINUX&architecture=X_64");
    let sha256 = download(&me, "GET", &url, "").unwrap().sha256;
    let file = place(&world, 0, &sha256);
    let whole = fs::read(&file).unwrap();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    for damaged in [changed, whole[..whole.len() - 1].to_vec(), Vec::new()] {
        fs::write(&file, damaged).unwrap();
        let refused = download(&me, "GET", &url, "").err().unwrap();
        assert_eq!((refused.code, refused.http_status()), (ResponseCode::OtherError, 500));
    }
    fs::remove_file(&file).unwrap();
    assert_eq!(download(&me, "GET", &url, "").err().unwrap().http_status(), 500);
    // Adding it again mends it.
    let begin: &[u8] = &[0xed, 0xab, 0xee, 0xdb];
    add_file(&world, "LINUX", "X_86_64", "4.6.0.56", &[begin, b"Linux"].concat());
    assert_eq!(content(download(&me, "GET", &url, "").unwrap()), whole);
}

#[test]
fn refusals_have_a_status_that_tools_notice() {
    let world = World::new();
    let me = world.manager();
    add(&world, |name| name == "Linux");
    let status = |me: &As<'_>, query: &str| {
        download(me, "GET", &format!("{DOWNLOAD}?{query}"), "").err().map(|error| error.http_status())
    };
    assert_eq!(status(&me, "platform=LINUX&architecture=X_64"), None);
    assert_eq!(status(&me, "platform=LINUX&architecture=ARM_64"), Some(404));
    assert_eq!(status(&me, "platform=LINUX&architecture=SPARC"), Some(400));
    assert_eq!(status(&me, "platform=linux&architecture=X_64"), Some(400));
    assert_eq!(status(&me, "platform=LINUX"), Some(400));
    assert_eq!(status(&me, ""), Some(400));
    let nobody = world.with_permissions(platform::Permissions::of(&[Permission::ApiAccess]));
    assert_eq!(status(&nobody, "platform=LINUX&architecture=X_64"), Some(403));
}

#[test]
fn activation_and_customer_are_checked_and_given_back() {
    let world = World::new();
    let me = world.manager();
    add(&world, |name| name == "Linux");
    let key = world.sides[0].store().read().unwrap().get(Id::<ActivationKey>::new(1)).unwrap().unwrap();
    let (activation, customer) = (key.key.to_string(), world.sides[0].access().customer().to_string());
    let ask = |activation: &str, customer: &str| {
        let members = format!(
            "<platform>LINUX</platform><architecture>X_64</architecture>\
             <activationId>{activation}</activationId><customerId>{customer}</customerId>"
        );
        download(&me, "POST", DOWNLOAD, &data(&format!("<DownloadBinary>{members}</DownloadBinary>")))
    };
    let headers = ask(&activation, &customer).unwrap().headers;
    assert_eq!(headers, [("x-customer-id", customer.clone()), ("x-activation-id", activation.clone())]);
    assert_eq!(ask("", "").unwrap().headers, [("x-customer-id", customer.clone())]);
    let other = "00000000-0000-4000-8000-000000000000";
    for (activation, customer) in
        [(other, &*customer), ("x", &customer), (&activation, other), (&activation, "x")]
    {
        let refused = ask(activation, customer).err().unwrap();
        assert_eq!((refused.code, refused.http_status()), (ResponseCode::InvalidRequest, 400));
    }
    world.write(move |job| {
        let old = job.get(key.id)?.unwrap();
        let disabled = ActivationKey { disabled: true, ..old.object.clone() };
        Ok(job.update(&old, disabled)?)
    });
    assert_eq!(ask(&activation, &customer).err().unwrap().code, ResponseCode::InvalidRequest);
}
