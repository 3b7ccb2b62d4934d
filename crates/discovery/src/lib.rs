//! Discovery: which hosts are there, which ports are open, and what answers on them.
//!
//! - [`tls`] asks TLS servers for their certificates and the versions they speak.

pub mod tls;
