//! The operation table: every call of the API is one entry. The router, the permission check and `COMPATIBILITY.md`
//! come from it, so an operation without a permission can't exist.

use std::collections::BTreeSet;
use std::fs::File;

use qps::{Head, Request, ResponseCode, ServiceError, Writer};

use crate::{Call, Permission, Result};

/// How a call is written in a URL, `/qps/rest/{version}/{verb}/{module}/{object}[/{id}]` (`contract/qps.md 1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `2.0`.
    pub version: &'static str,
    /// `search`.
    pub verb: &'static str,
    /// `am`.
    pub module: &'static str,
    /// `hostasset`.
    pub object: &'static str,
    /// Whether an id follows.
    pub id: IdPart,
}

/// Whether a URL ends in an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdPart {
    /// Never.
    None,
    /// Always.
    Required,
    /// With an id it concerns one object, without it those that the filters select.
    Optional,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    /// The name in a request line.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

/// What a call came with.
#[derive(Debug, Default)]
pub struct Input {
    /// The id in its URL.
    pub id: Option<u64>,
    /// The parameters of its URL.
    pub query: qps::Query,
    /// Its body.
    pub request: Request,
}

/// Lets an answer that is being written go out; an error means that the caller is gone.
pub type Flush<'a> = dyn FnMut(&mut Writer) -> Result<(), Gone> + 'a;

/// The caller does not listen any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// Why the rest of an answer could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted {
    /// The caller does not listen any more.
    #[error("the caller is gone")]
    Gone,
    /// The database failed in the middle.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<Gone> for Interrupted {
    fn from(_: Gone) -> Self {
        Interrupted::Gone
    }
}

/// Writes the records of an answer, a few at a time, and lets them go out in between.
pub type Records = Box<dyn FnOnce(&mut Writer, &mut Flush<'_>) -> Result<(), Interrupted> + Send>;

/// What a call answers.
pub struct Answer {
    /// The schema of the answer, below `/qps/xsd/`.
    pub schema: &'static str,
    /// What stands before the records.
    pub head: Head,
    /// The records; none for a bare count.
    pub records: Option<Records>,
}

impl Answer {
    /// A number and nothing else.
    pub fn count(schema: &'static str, count: u64) -> Self {
        Self { schema, head: Head::count(count), records: None }
    }

    /// Done, and nothing to say of it.
    pub fn done(schema: &'static str) -> Self {
        Self { schema, head: Head::default(), records: None }
    }

    /// Records that are at hand. Of none, only the count is said.
    pub fn records(
        schema: &'static str,
        count: u64,
        write: impl FnOnce(&mut Writer) + Send + 'static,
    ) -> Self {
        let records: Records = Box::new(move |writer, flush| {
            write(writer);
            Ok(flush(writer)?)
        });
        Self { schema, head: Head::count(count), records: (count > 0).then_some(records) }
    }
}

/// A file instead of an answer (`contract/ca.md 6.2`).
pub struct Download {
    /// What callers may call it.
    pub name: String,
    /// The file, at its start.
    pub file: File,
    /// Its length in bytes.
    pub length: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// Headers of its own: name and value.
    pub headers: Vec<(&'static str, String)>,
}

/// What an operation gives back.
pub enum Reply {
    /// An answer in the envelope.
    Answer(Answer),
    /// A file.
    Download(Download),
}

/// Carries out an operation. Runs on a thread that may wait.
#[derive(Clone, Copy)]
pub enum Handler {
    /// One that answers.
    Answer(fn(&Call, Input) -> Result<Answer>),
    /// One that hands out a file.
    Download(fn(&Call, Input) -> Result<Download>),
}

/// How far an operation is built, and what shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All of the contract, shown by the test of this name.
    Done(&'static str),
    /// A part of the contract: the test that shows it, and what is missing.
    Partial(&'static str, &'static str),
}

/// One call of the QPS API.
#[derive(Clone, Copy)]
pub struct Operation {
    /// Its URL.
    pub route: Route,
    /// The methods it takes, the documented one first.
    pub methods: &'static [Method],
    /// What its caller must be allowed to do, besides [`Permission::ApiAccess`].
    pub permission: Permission,
    /// The schema of its answers, below `/qps/xsd/`.
    pub schema: &'static str,
    /// Carries it out.
    pub handler: Handler,
    /// How far it is built.
    pub state: State,
}

impl Operation {
    /// Carries it out.
    ///
    /// # Errors
    /// Its own.
    pub fn run(&self, call: &Call, input: Input) -> Result<Reply> {
        match self.handler {
            Handler::Answer(handler) => handler(call, input).map(Reply::Answer),
            Handler::Download(handler) => handler(call, input).map(Reply::Download),
        }
    }

    /// A refusal as this operation's callers notice it: whoever asks for a file looks at the status and takes the body
    /// for the file (`contract/ca.md 6.2`).
    pub fn refuse(&self, error: ServiceError) -> ServiceError {
        if matches!(self.handler, Handler::Answer(_)) || error.http_status() != 200 {
            return error;
        }
        let status = match error.code {
            ResponseCode::Unauthorized => 403,
            ResponseCode::NotFound => 404,
            _ => 400,
        };
        error.with_status(status)
    }
}

/// What a URL and a method led to.
pub enum Routed {
    /// An operation, with the id that the URL ends in.
    To(&'static Operation, Option<u64>),
    /// None: what to answer.
    Refused(ServiceError),
}

/// Finds the operation of a URL below `/qps/rest/`.
pub(crate) fn route(operations: &'static [Operation], method: &str, path: &str) -> Routed {
    match find(operations, method, path) {
        Ok((operation, id)) => Routed::To(operation, id),
        Err(error) => Routed::Refused(error),
    }
}

fn find(
    operations: &'static [Operation],
    method: &str,
    path: &str,
) -> Result<(&'static Operation, Option<u64>), ServiceError> {
    let path = qps::Path::parse(path)?;
    let mut left: Vec<&'static Operation> = operations.iter().collect();
    left.retain(|one| one.route.module == path.module && one.route.object == path.object);
    if left.is_empty() {
        let here = operations.iter().filter(|one| one.route.module == path.module);
        let served: BTreeSet<_> = here.map(|one| one.route.object).collect();
        let served: Vec<_> = served.into_iter().collect();
        return Err(ServiceError::unknown_object(path.module, path.object, &served));
    }
    let mut served: Vec<_> = left.iter().map(|one| one.route.version).collect();
    served.dedup();
    left.retain(|one| one.route.version == path.version);
    if left.is_empty() {
        return Err(ServiceError::invalid_api_version(path.version, &served));
    }
    let mut verbs: Vec<_> = left.iter().map(|one| one.route.verb).collect();
    verbs.dedup();
    left.retain(|one| one.route.verb == path.operation);
    if left.is_empty() {
        return Err(ServiceError::unsupported(path.operation, path.object, &verbs));
    }
    left.retain(|one| match one.route.id {
        IdPart::None => path.id.is_none(),
        IdPart::Required => path.id.is_some(),
        IdPart::Optional => true,
    });
    let Some(operation) = left.first() else {
        let call = format!("{}/{}/{}", path.operation, path.module, path.object);
        let wanted = match path.id {
            None => format!("Specify the id of an object: {call}/<id>."),
            Some(_) => format!("Leave the id out: {call}."),
        };
        return Err(ServiceError::new(ResponseCode::InvalidUrl, format!("Invalid URL '{call}'."), wanted));
    };
    if !operation.methods.iter().any(|known| known.name() == method) {
        let taken: Vec<_> = operation.methods.iter().map(|method| method.name()).collect();
        return Err(ServiceError::invalid_request(
            format!("The method {method} is not supported for {}/{}.", path.operation, path.object),
            format!("Use {}.", taken.join(" or ")),
        )
        .with_status(405));
    }
    Ok((operation, path.id))
}
