//! HTTP as a scanner needs it: requests whose parameters can be changed one by one, and a client that stays in scope.

mod client;
pub mod encode;
mod pace;
mod request;
mod response;
mod target;
mod turns;
mod unfinished;
mod unpack;

pub use client::{Client, ClientOptions, Fault, KeepsLogin, Spent};
pub use pace::Pace;
pub use request::{Body, Method, Part, Request, Visit};
pub use response::Response;
pub use target::{MAX_URL, Origin, Scheme, Target, TargetError};
pub use unfinished::UNFINISHED;
pub use unpack::unpack;
