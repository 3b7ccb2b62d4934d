//! The web application scanner: crawls, tests, and proves every finding. A library without API or storage: targets in,
//! events out.
//!
//! The way of one scan: the crawl fetches pages within a [`scope`] and makes [`checks::Entry`]s of them; [`checks`] look
//! at entries and try their [`point`]s; what they suspect goes as a [`proof::Replay`] with a control to the prover; what is
//! proven is a [`finding::Finding`].

pub mod api;
pub mod auth;
pub mod browser;
pub mod cancel;
pub mod checks;
pub mod cli;
pub mod crawl;
pub mod engine;
pub mod finding;
pub mod http;
pub mod listener;
mod own_key;
pub mod page;
pub mod point;
pub mod profile;
pub mod program;
pub mod proof;
pub mod qid;
pub mod report;
pub mod retest;
pub mod scope;
pub mod session;
#[cfg(test)]
#[allow(dead_code, reason = "the tests of each check use what they need")]
mod testing;
pub mod transport;
mod trust;
mod xml;
