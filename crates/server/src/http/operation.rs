//! Carrying out an operation on a thread that may wait, and answering while it still writes.

use hyper::Response;
use hyper::StatusCode;
use hyper::header::{CONTENT_ENCODING, CONTENT_RANGE, HeaderName, HeaderValue, VARY};
use platform::{Answer, Call, Input, Interrupted, Operation, Reply};
use qps::{Format, Formats, Limits, Projection, ServiceError, Writer};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::body::{Body, Read, Unread, unpack};
use super::download::{self, Part};
use super::limits::Turn;
use super::origin::Origin;
use super::respond;
use super::sink::{Begun, Content, Sink};

/// Sent with every success (`contract/qps.md 12`).
const EVALUATION: HeaderName = HeaderName::from_static("evaluation");

/// A call that was let in, with all that it brought.
pub(super) struct Work {
    pub(super) operation: &'static Operation,
    pub(super) call: Call,
    pub(super) id: Option<u64>,
    pub(super) query: qps::Query,
    pub(super) body: Read,
    pub(super) wishes: Wishes,
    /// The part of a file that is asked for.
    pub(super) part: Part,
    pub(super) origin: Origin,
    /// It runs until this is dropped.
    pub(super) turn: Option<Turn>,
}

/// What the headers say about formats.
#[derive(Debug, Clone, Default)]
pub(super) struct Wishes {
    /// `Content-Type`.
    pub(super) content_type: Option<String>,
    /// `Content-Encoding`.
    pub(super) encoding: Option<String>,
    /// `Accept`.
    pub(super) accept: Option<String>,
    /// Whether the answer may be packed with gzip.
    pub(super) pack: bool,
}

impl Wishes {
    /// The format of the answer as far as headers tell.
    pub(super) fn format(&self) -> Format {
        qps::response_format(self.content_type.as_deref(), self.accept.as_deref())
    }
}

/// Carries out an operation and answers.
pub(super) async fn run(work: Work) -> Response<Body> {
    let (operation, origin, format) = (work.operation, work.origin.clone(), work.wishes.format());
    let part = work.part.clone();
    let (tell, told) = oneshot::channel();
    spawn_blocking(move || work.carry_out(tell));
    // A thread that ends without a word panicked, and its log entry says where.
    let broken = |_| {
        let error =
            ServiceError::other("The request could not be carried out because of a fault in the server.");
        Begun { format, form: None, content: Content::Refused(error.into()) }
    };
    let Begun { format, content, .. } = told.await.unwrap_or_else(broken);
    match content {
        Content::Refused(error) => {
            respond::refusal(&origin, format, operation.schema, &operation.refuse(error.into_service()))
        }
        Content::Whole { body, is_packed } => success(format, Body::whole(body), is_packed),
        Content::Coming { pieces, is_packed } => success(format, Body::Coming(pieces), is_packed),
        Content::File(file) => match download::answer(file, &part) {
            Ok(response) => response,
            Err(outside) => {
                let mut response = respond::refusal(&origin, format, operation.schema, &outside.error());
                respond::add(&mut response, CONTENT_RANGE, &outside.range());
                response
            }
        },
    }
}

fn success(format: Format, body: Body, is_packed: bool) -> Response<Body> {
    let mut response = respond::with_body(StatusCode::OK, format.content_type(), body);
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(EVALUATION, HeaderValue::from_static("false"));
    if is_packed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

impl Work {
    fn carry_out(mut self, tell: oneshot::Sender<Begun>) {
        let pack = self.wishes.pack;
        let (formats, body) = match self.body() {
            Ok(known) => known,
            Err(error) => return Sink::new(self.wishes.format(), pack, tell).refuse(error),
        };
        let sink = Sink::new(formats.response, pack, tell);
        let request = match qps::read(&body, formats.request, &Limits::default()) {
            Ok(request) => request,
            Err(error) => return sink.refuse(error),
        };
        drop(body);
        let projection = self.query.get("fields").map(Projection::parse).unwrap_or_default();
        let input = Input { id: self.id, query: std::mem::take(&mut self.query), request };
        match self.operation.run(&self.call, input) {
            Ok(Reply::Download(file)) => sink.hand_out(file),
            Ok(Reply::Answer(answer)) => {
                let location = respond::schema_location(&self.origin, answer.schema);
                write(answer, Writer::new(formats.response, &location, projection), sink);
                drop(self.turn);
            }
            Err(error) => sink.refuse(error),
        }
    }

    fn body(&mut self) -> Result<(Formats, Vec<u8>), ServiceError> {
        let body = std::mem::take(&mut self.body.bytes);
        let body = unpack(body, self.wishes.encoding.as_deref(), Limits::default().bytes).map_err(unread)?;
        let (content_type, accept) = (self.wishes.content_type.as_deref(), self.wishes.accept.as_deref());
        Ok((qps::negotiate_body(content_type, accept, &body)?, body))
    }
}

fn write(answer: Answer, mut writer: Writer, mut sink: Sink) {
    writer.success(answer.head);
    let Some(records) = answer.records else { return sink.finish(writer.finish()) };
    match records(&mut writer, &mut |writer| sink.flush(writer)) {
        Ok(()) => sink.finish(writer.finish()),
        Err(Interrupted::Gone) => tracing::debug!("the caller went away in the middle of an answer"),
        Err(Interrupted::Store(error)) => sink.refuse(error),
    }
}

/// A body that could not be read, in the words of the wire.
pub(super) fn unread(reason: Unread) -> ServiceError {
    let message = format!("The request body can't be read: {reason}.");
    match reason {
        Unread::TooLarge(limit) => {
            let resolution = format!("Send at most {limit} bytes; split the work into several requests.");
            ServiceError::invalid_request(message, resolution).with_status(413)
        }
        Unread::TooSlow => ServiceError::invalid_request(message, "Send the request again.").with_status(408),
        Unread::NoRoom => ServiceError::other(message).with_status(503),
        Unread::Cut => {
            ServiceError::invalid_request(message, "Send the whole request again.").with_status(400)
        }
        Unread::Encoding(_) => {
            ServiceError::invalid_request(message, "Send the body as it is, or packed with gzip.")
                .with_status(415)
        }
        Unread::NotGzip => {
            ServiceError::invalid_xml(message, "Send a whole gzip stream, or no Content-Encoding.")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use hyper::body::Body as _;
    use platform::users::NewUser;
    use platform::{
        Caller, Handler, IdPart, Method, Permission, Permissions, Platform, Records, Result, Route, Settings,
        State,
    };
    use qps::Head;
    use store::backend::Sqlite;
    use store::{Clock, Id, Options, SystemClock};
    use tokio::runtime::Runtime;

    use super::super::line::Line;
    use super::*;

    type Answers = fn(&Call, Input) -> Result<Answer>;

    fn operation(handler: Answers) -> &'static Operation {
        let route = Route { version: "2.0", verb: "search", module: "am", object: "tag", id: IdPart::None };
        let permission = Permission::ReadTag;
        let (methods, schema, state) = (&[Method::Post][..], "2.0/am/tag.xsd", State::Done("none"));
        let handler = Handler::Answer(handler);
        Box::leak(Box::new(Operation { route, methods, permission, schema, handler, state }))
    }

    /// Status, the pieces of the body, and whether it came to its end.
    fn answer(handler: Answers) -> (u16, Vec<Vec<u8>>, bool) {
        let dir = tempfile::tempdir().unwrap();
        let database = Sqlite::new(dir.path().join("test.db"));
        let platform = Platform::open(database, Options::default(), Settings::default(), &|_| {}).unwrap();
        platform.install().unwrap();
        let user = NewUser {
            login: "kim".into(),
            password: "correct horse".into(),
            roles: vec!["Manager".into()],
            scope: vec![],
        };
        platform.create_user(user).unwrap();
        let caller =
            Caller { user: Id::new(1), login: "kim".into(), permissions: Permissions::all(), scope: None };
        let call = Call { platform: platform.clone(), caller, peer: None, now: SystemClock.now() };
        let local = "127.0.0.1:80".parse().unwrap();
        let origin = Origin::of(&hyper::Request::new(()), &Line { peer: local, local, is_tls: false }, false);
        let (query, body, wishes) = (qps::Query::default(), Read::default(), Wishes::default());
        let (operation, part) = (operation(handler), Part::default());
        let work = Work { operation, call, id: None, query, body, wishes, part, origin, turn: None };
        let result = Runtime::new().unwrap().block_on(async {
            let mut response = run(work).await;
            let mut pieces = Vec::new();
            let whole = loop {
                let body = response.body_mut();
                match std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
                    Some(Ok(frame)) => pieces.push(frame.into_data().unwrap().to_vec()),
                    Some(Err(_)) => break false,
                    None => break true,
                }
            };
            (response.status().as_u16(), pieces, whole)
        });
        platform.close().unwrap();
        result
    }

    /// Writes so many records of a kilobyte, then ends as it is told.
    fn records(count: u64, end: fn() -> Result<(), Interrupted>) -> Result<Answer> {
        let records: Records = Box::new(move |writer, flush| {
            for id in 0..count {
                writer.record("Tag", |tag| {
                    tag.number("id", id);
                    tag.text("name", &"x".repeat(1_000));
                });
                flush(writer)?;
            }
            end()
        });
        Ok(Answer { schema: "2.0/am/tag.xsd", head: Head::count(count), records: Some(records) })
    }

    fn fails() -> Result<(), Interrupted> {
        Err(store::Error::Closed.into())
    }

    #[test]
    fn a_small_answer_goes_out_whole_and_a_large_one_in_pieces() {
        let (status, pieces, whole) = answer(|_, _| records(3, || Ok(())));
        assert_eq!((status, pieces.len(), whole), (200, 1, true));
        let (status, pieces, whole) = answer(|_, _| records(1_000, || Ok(())));
        assert_eq!((status, whole), (200, true));
        assert!(pieces.len() > 10 && pieces.iter().all(|piece| piece.len() < 70_000), "{}", pieces.len());
        assert!(pieces.concat().ends_with(b"</ServiceResponse>"));
    }

    #[test]
    fn a_failure_before_anything_went_out_is_an_error_and_one_in_the_middle_a_cut() {
        let (status, pieces, whole) = answer(|_, _| records(3, fails));
        assert_eq!((status, whole), (500, true));
        assert!(
            String::from_utf8(pieces.concat()).unwrap().contains("<responseCode>OTHER_ERROR</responseCode>")
        );
        let (status, pieces, whole) = answer(|_, _| records(1_000, fails));
        assert_eq!((status, whole), (200, false));
        assert!(!pieces.concat().ends_with(b"</ServiceResponse>"));
    }

    #[test]
    fn a_panic_is_an_error_and_in_the_middle_a_cut() {
        let (status, pieces, whole) = answer(|_, _| panic!("on purpose"));
        assert_eq!((status, whole), (500, true));
        let text = String::from_utf8(pieces.concat()).unwrap();
        assert!(text.contains("OTHER_ERROR") && !text.contains("on purpose"), "{text}");
        let (status, _, whole) = answer(|_, _| records(1_000, || panic!("on purpose")));
        assert_eq!((status, whole), (200, false));
    }
}
