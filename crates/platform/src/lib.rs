//! What the product is: one folder for each area, and the engine that all areas share.
//!
//! An area owns its model, its field table, its rules and its operations. It knows another area by the face of that
//! area's module only. Nothing here knows HTTP; the `server` crate hands in a [`Call`] and takes out an [`Answer`].

mod call;
mod engine;
mod error;
mod keys;
mod operation;
mod permission;
mod platform;
mod schema;
mod text;

pub mod agents;
pub mod assets;
pub mod catalog;
pub mod comments;
pub mod discoveries;
pub mod gateway;
pub mod installers;
pub mod oca;
pub mod results;
pub mod tags;
pub mod users;
pub mod webapps;

pub use call::{Call, Caller};
pub use error::{Error, Result};
pub use operation::{
    Answer, Download, Flush, Gone, Handler, IdPart, Input, Interrupted, Method, Operation, Records, Reply,
    Route, Routed, State,
};
pub use permission::{Permission, Permissions};
pub use platform::{Fresh, Platform, Settings};
pub use schema::{VERSION as VERSION_SCHEMA, schema};
