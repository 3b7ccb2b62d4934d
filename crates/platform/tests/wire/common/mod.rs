//! The platform as a test calls it: the way of a request through the server, without HTTP.
//!
//! There are two installations with the same clock. Each call goes to the first as XML and to the second as JSON, so
//! that they answer the same all along; every XML answer is validated against the schema that it names.

pub(crate) mod node;
pub(crate) mod reply;
pub(crate) mod xmllint;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use platform::agents::{ActivationKey, Uninstalled};
use platform::assets::Asset;
use platform::catalog::Entry;
use platform::installers::Installer;
use platform::results::HostResult;
use platform::tags::Tag;
use platform::users::{Role, User, built_in_roles};
use platform::webapps::WebApp;
use platform::{Call, Caller, Input, Permission, Permissions, Platform, Routed, Settings};
use qps::{Format, Limits, Projection, Query, ServiceError, Writer};
use store::backend::Sqlite;
use store::{Clock, FixedClock, Id, Job, Object, Options};
use tempfile::TempDir;

pub(crate) use node::Node;
pub(crate) use reply::Reply;
use xmllint::Answers;

/// The host that callers use.
pub(crate) const HOST: &str = "https://scan.example.test";
/// When tests begin.
pub(crate) const START: &str = "2024-03-01T10:00:00Z";

/// Two installations that are told the same.
pub(crate) struct World {
    pub(crate) clock: Arc<FixedClock>,
    /// The one that is spoken to in XML, and the one that is spoken to in JSON.
    pub(crate) sides: [Arc<Platform>; 2],
    answers: Answers,
    directory: TempDir,
}

const FORMATS: [Format; 2] = [Format::Xml, Format::Json];

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(START.parse().unwrap()));
        let open = |name: &str| {
            let home = directory.path().join(name.replace(".db", ""));
            std::fs::create_dir(&home).unwrap();
            let options = Options { clock: clock.clone(), home: Some(home), ..Options::default() };
            let backend = Sqlite::new(directory.path().join(name));
            let platform = Platform::open(backend, options, settings, &|_| {}).unwrap();
            platform.install().unwrap().expect("a first start");
            platform
        };
        let sides = [open("xml.db"), open("json.db")];
        Self { clock, sides, answers: Answers::new(), directory }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time go by.
    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.set(self.now() + SignedDuration::from_secs(seconds));
    }

    /// Somebody with a built-in role who sees everything.
    pub(crate) fn as_role(&self, role: &str) -> As<'_> {
        let role = built_in_roles().into_iter().find(|known| known.name == role).expect("a built-in role");
        self.with_permissions(role.permissions)
    }

    pub(crate) fn manager(&self) -> As<'_> {
        self.as_role("Manager")
    }

    /// Somebody who may do exactly this.
    pub(crate) fn with_permissions(&self, permissions: Permissions) -> As<'_> {
        let caller = Caller { user: Id::new(9_999), login: "kim".into(), permissions, scope: None };
        As { world: self, caller }
    }

    /// Writes to both installations, past the wire.
    pub(crate) fn write(&self, job: impl Fn(&mut Job<'_>) -> platform::Result<()> + Clone + Send + 'static) {
        for side in &self.sides {
            let job = job.clone();
            side.store().write_blocking("test", move |work| job(work)).unwrap();
        }
    }

    /// Stores an asset in both installations, past the wire; gives its id.
    pub(crate) fn asset(&self, asset: &Asset) -> u32 {
        let ids = self.sides.each_ref().map(|side| {
            let asset = asset.clone();
            let insert = move |job: &mut Job<'_>| Ok::<_, platform::Error>(job.insert(asset)?.get());
            side.store().write_blocking("test", insert).unwrap()
        });
        assert_eq!(ids[0], ids[1], "both installations give the same ids");
        ids[0]
    }

    /// Changes an asset in both installations, past the wire.
    pub(crate) fn change(&self, id: u32, change: impl Fn(&mut Asset) + Clone + Send + 'static) {
        self.write(move |job| {
            let old = job.get(Id::<Asset>::new(id))?.expect("the asset");
            let mut new = old.object.clone();
            change(&mut new);
            Ok(job.update(&old, new)?)
        });
    }

    /// One side, opened anew in what it has written so far.
    pub(crate) fn reopened(&self, side: usize) -> Arc<Platform> {
        self.sides[side].close().unwrap();
        let home = Some(self.home(side));
        let options = Options { clock: self.clock.clone(), home, ..Options::default() };
        let backend = Sqlite::new(self.directory.path().join(["xml.db", "json.db"][side]));
        Platform::open(backend, options, self.sides[side].settings(), &|_| {}).unwrap()
    }

    /// Where one side keeps its files.
    pub(crate) fn home(&self, side: usize) -> std::path::PathBuf {
        self.directory.path().join(["xml", "json"][side])
    }

    /// Everything that is stored, and how often anything was written.
    pub(crate) fn fingerprint(&self) -> [String; 2] {
        self.sides.each_ref().map(|side| fingerprint(side))
    }
}

fn fingerprint(platform: &Platform) -> String {
    fn all<T: Object>(platform: &Platform) -> String {
        let ids: Vec<u32> = platform.store().index::<T, _>(|index| index.ids().iter().collect());
        let objects = platform.store().read().unwrap().get_many::<T>(&ids).unwrap();
        let lines = objects.iter().map(|object| {
            format!("{} {} {}\n", object.id, object.version, serde_json::to_string(&object.object).unwrap())
        });
        format!("{}\n{}", T::KIND, lines.collect::<String>())
    }
    let changes = platform.store().read().unwrap().changes(0, usize::MAX).unwrap();
    let ids = platform.store().index::<Tag, _>(|index| index.ids().iter().collect::<Vec<_>>());
    let sizes: Vec<_> = ids.iter().map(|id| platform.tags().size(Id::new(*id))).collect();
    [
        all::<Asset>(platform),
        all::<Tag>(platform),
        all::<User>(platform),
        all::<Role>(platform),
        all::<ActivationKey>(platform),
        all::<Uninstalled>(platform),
        all::<HostResult>(platform),
        all::<Entry>(platform),
        all::<WebApp>(platform),
        all::<Installer>(platform),
        format!("{} changes, {sizes:?} assets by tag", changes.len()),
    ]
    .concat()
}

/// Somebody who calls.
#[derive(Clone)]
pub(crate) struct As<'w> {
    pub(crate) world: &'w World,
    pub(crate) caller: Caller,
}

impl As<'_> {
    /// The same caller, who sees only assets with these tags or tags below them.
    pub(crate) fn scoped(mut self, tags: &[u64]) -> Self {
        self.caller.scope = Some(tags.iter().map(|id| Id::new(u32::try_from(*id).unwrap())).collect());
        self
    }

    /// `POST` of an XML request, and of the JSON request that says the same.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &str) -> Reply {
        self.call("POST", path, body)
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.call("GET", path, "")
    }

    /// A call by any method. What only reads is also asked in the two mixed pairs of formats.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> Reply {
        let bodies = [body.to_owned(), json_of(body)];
        let mut replies = Vec::new();
        for (side, format) in [0, 1].into_iter().zip(FORMATS) {
            replies.push(self.one(side, method, path, format, None, &bodies[side]));
        }
        let reads = ["/search/", "/count/", "/get/"].iter().any(|verb| path.contains(verb));
        if reads {
            replies.push(self.one(0, method, path, Format::Xml, Some(Format::Json), &bodies[0]));
            replies.push(self.one(1, method, path, Format::Json, Some(Format::Xml), &bodies[1]));
        }
        let first = replies.remove(0);
        for other in replies {
            first.demand_equal(&other, path);
        }
        first
    }

    /// A call on one side. Without `accept` the answer follows the request.
    #[track_caller]
    pub(crate) fn one(
        &self,
        side: usize,
        method: &str,
        path: &str,
        format: Format,
        accept: Option<Format>,
        body: &str,
    ) -> Reply {
        let accepted = accept.map(Format::content_type);
        let (status, text) =
            self.raw(side, method, path, Some(format.content_type()), accepted, body.as_bytes());
        Reply::read(status, accept.unwrap_or(format), text)
    }

    /// Calls a function of the platform on both sides.
    #[track_caller]
    pub(crate) fn directly<R: PartialEq + std::fmt::Debug>(&self, act: impl Fn(&Call) -> R) -> R {
        let [one, other] = [0, 1].map(|side| act(&self.on(side)));
        assert_eq!(one, other);
        one
    }

    /// A call of this caller to one side.
    pub(crate) fn on(&self, side: usize) -> Call {
        let platform = self.world.sides[side].clone();
        Call { platform, caller: self.caller.clone(), peer: None, now: self.world.now() }
    }

    /// A call on one side, byte by byte as the server takes it: the operation is found and allowed before the body is
    /// looked at.
    #[track_caller]
    pub(crate) fn raw(
        &self,
        side: usize,
        method: &str,
        url: &str,
        content_type: Option<&str>,
        accept: Option<&str>,
        body: &[u8],
    ) -> (u16, String) {
        let mut format = qps::response_format(content_type, accept);
        let call = self.on(side);
        let mut schema = "2.0/am/tag.xsd";
        let done = answer(&call, method, url, (content_type, accept), body, &mut format, &mut schema);
        let (status, written) = match done {
            Ok(written) => (200, written),
            Err(error) => (error.http_status(), qps::error(format, &location(schema), &error)),
        };
        let text = String::from_utf8(written).expect("answers are UTF-8");
        if format == Format::Xml {
            self.world.answers.keep(&format!("{method} {url}"), &text);
        }
        (status, text)
    }
}

fn location(schema: &str) -> String {
    format!("{HOST}/qps/xsd/{schema}")
}

fn answer(
    call: &Call,
    method: &str,
    url: &str,
    (content_type, accept): (Option<&str>, Option<&str>),
    body: &[u8],
    format: &mut Format,
    schema: &mut &'static str,
) -> Result<Vec<u8>, ServiceError> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let (operation, id) = match Platform::route(method, path) {
        Routed::To(operation, id) => (operation, id),
        Routed::Refused(error) => return Err(error),
    };
    *schema = operation.schema;
    let refused = |error: platform::Error| operation.refuse(error.into_service());
    for permission in [Permission::ApiAccess, operation.permission] {
        call.demand(permission).map_err(refused)?;
    }
    let formats = qps::negotiate_body(content_type, accept, body)?;
    *format = formats.response;
    let request = qps::read(body, formats.request, &Limits::default())?;
    let query = Query::parse(query);
    let projection = query.get("fields").map(Projection::parse).unwrap_or_default();
    let answer = match operation.run(call, Input { id, query, request }).map_err(refused)? {
        platform::Reply::Answer(answer) => answer,
        // Of a file only that it came: it is looked at by its own tests.
        platform::Reply::Download(_) => platform::Answer::count(operation.schema, 0),
    };
    let mut writer = Writer::new(formats.response, &location(answer.schema), projection);
    let mut sent = Vec::new();
    writer.success(answer.head);
    if let Some(records) = answer.records {
        let mut flush = |writer: &mut Writer| {
            sent.append(&mut writer.take());
            Ok(())
        };
        records(&mut writer, &mut flush).expect("nobody interrupts an answer here");
    }
    sent.append(&mut writer.finish());
    Ok(sent)
}

/// The JSON request that says what an XML request says.
pub(crate) fn json_of(xml: &str) -> String {
    if xml.trim().is_empty() {
        return String::new();
    }
    Node::xml(xml).to_json("").to_string()
}

/// A request with these criteria: field, operator and value.
pub(crate) fn filters(criteria: &[(&str, &str, &str)]) -> String {
    format!("<ServiceRequest>{}</ServiceRequest>", filters_only(criteria))
}

/// The same without the envelope.
pub(crate) fn filters_only(criteria: &[(&str, &str, &str)]) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let criterion = |(field, operator, value): &(&str, &str, &str)| {
        format!("<Criteria field=\"{field}\" operator=\"{operator}\">{}</Criteria>", escape(value))
    };
    format!("<filters>{}</filters>", criteria.iter().map(criterion).collect::<String>())
}

/// A request with an object.
pub(crate) fn data(object: &str) -> String {
    format!("<ServiceRequest><data>{object}</data></ServiceRequest>")
}

/// A request with criteria and an object.
pub(crate) fn change(criteria: &[(&str, &str, &str)], object: &str) -> String {
    format!("<ServiceRequest>{}<data>{object}</data></ServiceRequest>", filters_only(criteria))
}
