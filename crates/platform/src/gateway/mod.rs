//! The gateway: calls in JSON at paths of their own, with errors in a shape of their own (`contract/gateway.md`).
//!
//! A [`Family`] is a table of [`GatewayOperation`]s. As in the operation table of QPS, everything comes from the entry:
//! the route, the permission, the limits, the documentation and `COMPATIBILITY.md`. The older calls in XML are families, too:
//! only the [`Shape`] of their refusals is another.

mod error;
mod input;
mod multipart;
mod openapi;
mod operation;
mod route;

pub use error::{Fault, GatewayError};
pub use input::GatewayInput;
pub use multipart::{Multipart, Part};
pub use openapi::openapi;
pub use operation::{
    Body, Family, FilePart, Form, GatewayHandler, GatewayOperation, GatewayReply, Member, Parameter, Place,
    Shape, TextStream,
};
pub use route::{GatewayRouted, family_at, methods_at, route};
