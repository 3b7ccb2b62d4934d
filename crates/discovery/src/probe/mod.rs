//! What answers on an open port: it is listened to, asked in words of common protocols, and its own words are shown as
//! evidence. Each question is one connection through the [`crate::Pace`], and has a time of its own.

mod asks;
mod connection;
mod detect;
mod http;
mod netbios;
mod os;
mod words;

pub(crate) use connection::Knock;
pub(crate) use detect::detect;
pub(crate) use netbios::ask as ask_netbios;
pub(crate) use os::guess;

pub use http::read as read_http;
pub use netbios::read as read_netbios;
pub use words::{Told, read as read_words};
