//! The entries of the table of gateway calls.

use serde_json::Value;

use super::{Fault, GatewayInput};
use crate::{Call, Gone, Interrupted, Method, Permission, Result, State};

/// Calls that belong together: one page of documentation, and one set of error ids.
pub struct Family {
    /// `oca`, as the documentation's path names it.
    pub name: &'static str,
    /// `v2`.
    pub version: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// The first part of its paths, or the first parts.
    pub root: &'static str,
    /// What its refusals look like.
    pub shape: Shape,
    /// A version that is not served any more: the second part of its paths, and what to use instead.
    pub retired: Option<(&'static str, &'static str)>,
    /// The id of an error of the way to an operation.
    pub error_id: fn(Fault) -> &'static str,
    /// What all its calls look at first.
    pub check: Option<fn(&GatewayInput) -> Result<()>>,
    /// Its calls.
    pub operations: &'static [GatewayOperation],
}

/// One call of a gateway API.
pub struct GatewayOperation {
    /// Its method.
    pub method: Method,
    /// Its path, with named parts in braces; the last may be missing if its name ends in a question mark.
    pub path: &'static str,
    /// A name that no other call of its family has.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Whether the API that this one is compatible with documents it; else it is an extension of ours.
    pub documented: bool,
    /// What its caller must be allowed to do, besides [`Permission::ApiAccess`].
    pub permission: Permission,
    /// What it takes beside its body.
    pub parameters: &'static [Parameter],
    /// The body it takes.
    pub body: Body,
    /// A success, as JSON.
    pub sample: &'static str,
    /// The statuses of its refusals.
    pub refusals: &'static [u16],
    /// Carries it out.
    pub handler: GatewayHandler,
    /// How far it is built.
    pub state: State,
}

impl Family {
    /// Carries out one of its calls.
    ///
    /// # Errors
    /// The call's own.
    pub fn carry_out(
        &self,
        operation: &GatewayOperation,
        call: &Call,
        input: GatewayInput,
    ) -> Result<GatewayReply> {
        if let Some(check) = self.check {
            check(&input)?;
        }
        (operation.handler)(call, input)
    }
}

impl GatewayOperation {
    /// Its path as people read it: a part that may be missing is shown.
    pub fn shown_path(&self) -> String {
        self.path.replace("?}", "}")
    }
}

/// Carries out a gateway call. Runs on a thread that may wait.
pub type GatewayHandler = fn(&Call, GatewayInput) -> Result<GatewayReply>;

/// What refusals look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The gateway's: JSON with the id of the error.
    Gateway,
    /// That of the older calls: XML with a code (`contract/gateway.md 5.2`).
    Simple,
}

/// Something that a call takes beside its body.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Whether it must be there.
    pub required: bool,
    /// What it means.
    pub about: &'static str,
    /// A good value, as JSON.
    pub sample: &'static str,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// After the question mark.
    Query,
    /// Among the headers.
    Header,
}

/// The body that a call takes.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// None; one that comes is ignored.
    None,
    /// A JSON value with these members.
    Json(&'static [Member]),
    /// The same, and large: what a program wrote.
    Document(&'static [Member]),
    /// A list of such objects.
    List(&'static [Member]),
    /// The parameters once more, as a form.
    Fields,
    /// A form with these parts.
    Form(&'static [FilePart]),
}

/// A member of a JSON body.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it means.
    pub about: &'static str,
    /// A good value, as JSON.
    pub sample: &'static str,
}

/// A part of a form.
#[derive(Debug, Clone, Copy)]
pub struct FilePart {
    /// Its name.
    pub name: &'static str,
    /// Whether it is a file; else a text.
    pub is_file: bool,
    /// What it means.
    pub about: &'static str,
}

/// What a gateway call answers.
pub enum GatewayReply {
    /// At hand.
    Json(Value),
    /// JSON, written a few records at a time.
    Stream(TextStream),
    /// The same in another form.
    Text(Form, TextStream),
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// XML.
    Xml,
    /// CSV.
    Csv,
    /// JSON that is to go out as a gzip file, whatever the caller accepts.
    PackedJson,
}

/// Writes text, and lets it go out in between.
pub type TextStream = Box<
    dyn FnOnce(&mut Vec<u8>, &mut dyn FnMut(&mut Vec<u8>) -> Result<(), Gone>) -> Result<(), Interrupted>
        + Send,
>;
