//! The gateway as a test calls it: the way of a request through the server, without HTTP.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use platform::assets::Asset;
use platform::gateway::{
    Form, GatewayInput, GatewayReply, GatewayRouted, Place, TextStream, family_at, route,
};
use platform::tags::Tag;
use platform::{Call, Caller, Permission, Permissions, Platform, Settings};
use serde_json::Value;
use store::backend::Sqlite;
use store::{Clock, FixedClock, Id, Job, Options};
use tempfile::TempDir;

use crate::common::START;

pub(crate) const API: &str = "/ocaapi/v2.0";
pub(crate) const MANIFEST: &str = "PolicyCompliance";

/// An installation with a directory for files.
pub(crate) struct Gate {
    pub(crate) platform: Arc<Platform>,
    pub(crate) clock: Arc<FixedClock>,
    directory: TempDir,
}

/// A request to it.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What it answered.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(START.parse().unwrap()));
        let home = Some(directory.path().to_owned());
        let options = Options { clock: clock.clone(), home, ..Options::default() };
        let backend = Sqlite::new(directory.path().join("redoubt.db"));
        let platform = Platform::open(backend, options, settings, &|_| {}).unwrap();
        platform.install().unwrap();
        Self { platform, clock, directory }
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.set(self.clock.now() + SignedDuration::from_secs(seconds));
    }

    /// By the manager.
    #[track_caller]
    pub(crate) fn send(&self, request: &Request) -> Reply {
        self.send_as(request, Permissions::all(), None)
    }

    /// By somebody who may do and see so much.
    #[track_caller]
    pub(crate) fn send_as(
        &self,
        request: &Request,
        permissions: Permissions,
        scope: Option<Vec<Id<Tag>>>,
    ) -> Reply {
        self.send_by(request, Caller { user: Id::new(9_999), login: "kim".into(), permissions, scope })
    }

    /// By this caller.
    #[track_caller]
    pub(crate) fn send_by(&self, request: &Request, caller: Caller) -> Reply {
        let call = Call { platform: self.platform.clone(), caller, peer: None, now: self.clock.now() };
        let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
        let family = family_at(Platform::gateway(), path).expect("a path of the gateway");
        let done = match route(family, request.method, path) {
            GatewayRouted::Refused(error) => Err(error),
            GatewayRouted::To(operation, path) => {
                let allowed = [Permission::ApiAccess, operation.permission];
                let headers = operation.parameters.iter().filter(|one| one.place == Place::Header);
                let headers = headers.filter_map(|one| {
                    request
                        .headers
                        .iter()
                        .find(|(name, _)| *name == one.name)
                        .map(|(_, value)| (one.name, value.clone()))
                });
                let input = GatewayInput {
                    path,
                    query: qps::Query::parse(query),
                    headers: headers.collect(),
                    content_type: request.content_type.clone(),
                    body: request.body.clone(),
                    base: "https://scan.example.test".to_owned(),
                };
                allowed
                    .into_iter()
                    .try_for_each(|permission| call.demand(permission))
                    .and_then(|()| family.carry_out(operation, &call, input))
                    .map_err(|error| error.into_gateway(family))
            }
        };
        match done {
            Ok(GatewayReply::Json(body)) => Reply { status: 200, body },
            Ok(GatewayReply::Stream(write) | GatewayReply::Text(Form::PackedJson, write)) => {
                Reply { status: 200, body: serde_json::from_slice(&written(write)).expect("JSON") }
            }
            Ok(GatewayReply::Text(Form::Xml | Form::Csv, write)) => {
                Reply { status: 200, body: String::from_utf8(written(write)).expect("UTF-8").into() }
            }
            Err(error) => Reply { status: error.status, body: error.body() },
        }
    }

    /// The text of a streamed answer to the manager, as it goes out.
    #[track_caller]
    pub(crate) fn text(&self, request: &Request) -> String {
        let path = request.url.split('?').next().unwrap_or_default();
        let family = family_at(Platform::gateway(), path).expect("a path of the gateway");
        let GatewayRouted::To(operation, path) = route(family, request.method, path) else {
            panic!("a call")
        };
        let caller = Caller {
            user: Id::new(9_999),
            login: "kim".into(),
            permissions: Permissions::all(),
            scope: None,
        };
        let call = Call { platform: self.platform.clone(), caller, peer: None, now: self.clock.now() };
        let input = GatewayInput { path, body: request.body.clone(), ..GatewayInput::default() };
        match family.carry_out(operation, &call, input) {
            Ok(GatewayReply::Stream(write) | GatewayReply::Text(_, write)) => {
                String::from_utf8(written(write)).expect("UTF-8")
            }
            _ => panic!("no stream"),
        }
    }

    /// Registers a device; gives its UUID.
    #[track_caller]
    pub(crate) fn provision(&self, address: &str, technology: &str) -> String {
        let body = format!(r#"{{"hostIP":"{address}","technology":"{technology}","type":"{MANIFEST}"}}"#);
        let reply = self.send(&post(format!("{API}/asset"), body)).ok();
        reply["data"]["assetUUID"].as_str().unwrap().to_owned()
    }

    /// Uploads the output of all commands.
    #[track_caller]
    pub(crate) fn upload(&self, uuid: &str, text: &str) -> Reply {
        self.send(&upload(uuid, "device.txt", text.as_bytes()))
    }

    /// The directory of its files.
    pub(crate) fn home(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// Gives an asset a tag, past the wire.
    pub(crate) fn tag_asset(&self, id: u32) -> Id<Tag> {
        let tag = Id::new(1);
        let put = move |job: &mut Job<'_>| -> platform::Result<()> {
            let asset = job.get(Id::<Asset>::new(id))?.expect("the asset");
            let tagged = Asset { tags: vec![tag], ..asset.object.clone() };
            Ok(job.update(&asset, tagged)?)
        };
        self.platform.store().write_blocking("test", put).unwrap();
        tag
    }

    /// What is in the database, sealed files and all, so that a test can tell that nothing changed.
    pub(crate) fn fingerprint(&self) -> (u64, Vec<PathBuf>) {
        (self.platform.store().sequence(), self.files())
    }

    /// The sealed files.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        collect(&self.directory.path().join("blobs"), &mut files);
        files.sort();
        files
    }

    /// All bytes of the installation's directory.
    pub(crate) fn all_bytes(&self) -> Vec<u8> {
        let mut files = Vec::new();
        collect(self.directory.path(), &mut files);
        files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect()
    }
}

fn written(write: TextStream) -> Vec<u8> {
    let (mut sent, mut text) = (Vec::new(), Vec::new());
    let mut flush = |text: &mut Vec<u8>| {
        sent.append(text);
        Ok(())
    };
    write(&mut text, &mut flush).expect("nobody interrupts an answer here");
    sent.append(&mut text);
    sent
}

fn collect(folder: &std::path::Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, into) } else { into.push(path) }
    }
}

pub(crate) fn request(method: &'static str, url: impl Into<String>) -> Request {
    Request { method, url: url.into(), headers: Vec::new(), content_type: None, body: Vec::new() }
}

pub(crate) fn get(url: impl Into<String>) -> Request {
    request("GET", url)
}

pub(crate) fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Request {
    let content_type = Some("application/json".to_owned());
    Request { content_type, body: body.into(), ..request("POST", url) }
}

/// A form: name, name of the file if it is one, content.
pub(crate) fn form(url: impl Into<String>, parts: &[(&str, Option<&str>, &[u8])]) -> Request {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!(
            "--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\nContent-Type: text/plain\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--XyZ--\r\n");
    let content_type = Some("multipart/form-data; boundary=XyZ".to_owned());
    Request { content_type, body, ..request("POST", url) }
}

pub(crate) fn upload(uuid: &str, file: &str, text: &[u8]) -> Request {
    form(format!("{API}/asset/{uuid}/command/bulk/output/{MANIFEST}"), &[("data", Some(file), text)])
}

impl Reply {
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Panics unless this is a refusal with this id.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, id: &str) -> String {
        let error = &self.body["_error"];
        let message = error["message"].as_str().unwrap_or_default();
        assert_eq!((self.status, &error["code"]), (status, &status.into()), "{}", self.body);
        assert!(message.starts_with(&format!("{id} - ")) && message.len() > id.len() + 8, "{message}");
        assert_eq!(self.body.as_object().unwrap().len(), 1, "{}", self.body);
        message.to_owned()
    }
}
