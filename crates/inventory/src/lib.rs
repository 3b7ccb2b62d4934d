//! What a host tells about itself: the document, how it is read on Linux, and how it travels to a server.
//!
//! - [`Inventory`] is the whole of it: plain data, JSON in camelCase, the same at both ends of the line.
//! - [`Delta`] is the way from one inventory to the next; [`Inventory::hash`] names one content exactly.
//! - [`linux::collect`] reads a running machine (or a file tree that looks like one). It needs no root; what it may not
//!   read is left out, and [`Inventory::omissions`] says so.
//! - [`protocol`] has the messages, signatures and rules of the agent protocol, for agent and server alike.
//!
//! Invariants:
//! - A list is a set ([`List`]): its order has no meaning, so two documents are equal when they say the same.
//! - Every text is bounded and free of control characters ([`Text`]), so whatever a machine's files contain, the
//!   document made of them can be stored, indexed and written as XML.
//! - `apply(old, diff(old, new)) == new`, and equal documents have equal hashes.

mod delta;
mod document;
mod hash;
pub mod linux;
mod list;
pub mod protocol;
mod settle;
mod text;

pub use delta::{Change, Delta, ListDelta, apply, diff};
pub use document::cloud::{AwsInstance, AzureInstance, Cloud, GcpInstance, Label};
pub use document::{
    Account, Cidr, CidrError, Docker, Hardware, HostNames, Identity, Interface, InterfaceKind, Inventory,
    Omission, OperatingSystem, Package, PackageSource, Port, Processor, Transport, Volume,
};
pub use hash::{ContentHash, NotAHash};
pub use list::{List, MAX_ITEMS};
pub use text::{BadText, MAX_TEXT, Text};
