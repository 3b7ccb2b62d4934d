//! Discovery: which hosts are there, which ports are open, and what answers on them.
//!
//! Targets go in ([`Targets`], [`Options`]), events come out ([`discover`]), a switch stops it ([`Cancel`]). The sweep asks
//! ports as fast as hosts, network and the asked rate allow; helpers look at what is open; hosts are put together and
//! told of when all is known. Nothing is stored here, and nothing is sent to anybody but the targets and the name servers.
//!
//! - [`tls`] asks TLS servers for their certificates and the versions they speak.
//! - [`nmap`] reads what Nmap found into the same model.
//! - [`information`] says it in the words of scan results.

mod assemble;
mod cancel;
pub mod cli;
pub mod information;
mod known;
mod model;
mod names;
pub mod nmap;
mod pace;
mod ports;
mod probe;
pub mod report;
mod run;
mod sweep;
mod targets;
mod text;
pub mod tls;

pub use cancel::Cancel;
pub use model::{Host, HttpService, Name, NameSource, NetBios, OsGuess, Port, Protocol, Status, Web};
pub use pace::Pace;
pub use ports::{BadPorts, Ports};
pub use probe::{Told, read_http, read_netbios, read_words};
pub use run::{Error, Event, Options, Progress, Summary, discover};
pub use targets::{Addresses, BadTarget, MOST_ADDRESSES, Range, Targets};

/// The name of a service that did not say what it is.
pub const UNKNOWN: &str = "unknown";
