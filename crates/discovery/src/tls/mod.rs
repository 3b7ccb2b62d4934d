//! TLS as a scanner needs it: speak with anybody, read what is shown, judge nothing.
//!
//! - [`accepting_any`] is a client configuration that accepts every certificate. It proves nothing about the peer, so it
//!   is for looking, never for talking.
//! - [`Certificate`] is what a certificate says, read from its DER.
//! - [`ClientHello`] and [`ServerAnswer`] ask for one version, also the old ones that no TLS library speaks any more.
//! - [`Look`] does all of that over connections that the caller opens.

mod accept;
mod certificate;
mod hello;
mod look;
mod version;

pub use accept::accepting_any;
pub use certificate::{BadCertificate, Certificate, Key};
pub use hello::{BadAnswer, CIPHERS, CIPHERS_13, ClientHello, ServerAnswer, cipher_name};
pub use look::{Connect, Handshake, Look, Stream, look};
pub use version::Version;

#[cfg(test)]
mod tests;
