//! The agent protocol, version 1: JSON over HTTP(S), signed, one request at a time, always asked by the agent.
//!
//! # Requests
//!
//! | request | body | answer | signed with |
//! | --- | --- | --- | --- |
//! | `POST /agent/v1/enroll` ([`ENROLL_PATH`]) | [`EnrollRequest`] | 200 [`EnrollResponse`] | the key in the body |
//! | `POST /agent/v1/checkin` ([`CHECKIN_PATH`]) | [`CheckIn`] | 200 [`CheckInAnswer`] | the key that the agent enrolled with |
//!
//! `Content-Type: application/json`; the body may have `Content-Encoding: gzip`. A body has at most [`MAX_BODY`] bytes as
//! sent and [`MAX_UNPACKED`] unpacked. A refusal is any other status with a [`Refusal`] as body; [`RefusalCode::status`]
//! says which status belongs to which code.
//!
//! # Signatures
//!
//! [`SIGNATURE_HEADER`] carries base64 of Ed25519 over
//!
//! ```text
//! redoubt-agent-v1\n METHOD \n path \n hex(sha256(body as sent))
//! ```
//!
//! (each `\n` one line feed, no blanks). `path` is the constant of the table, without what a reverse proxy puts before it.
//! [`AGENT_HEADER`] names the agent on a check-in. A server verifies the signature over the bytes as they came, before
//! it unpacks or reads them ([`verify`]); for an enrolment it must read the key first, so it verifies right after reading
//! ([`verify`] with [`EnrollRequest::public_key`]): that proves that the sender holds the key which it enrols.
//!
//! # Enrolment
//!
//! The agent makes its key pair before it asks, and asks again with the same pair when the answer was lost. So a server
//! that knows the public key answers with the same `agentId`. Otherwise it checks the activation key and looks for the
//! asset that this host already is, so that reinstalling an agent does not make a second one:
//!
//! 1. `previousAgentId`, when that agent's host has the same machine id, BIOS UUID or a shared MAC address;
//! 2. the cloud provider and instance id;
//! 3. the machine id, unless both sides know MAC addresses and share none and the other agent is still reporting (a clone);
//! 4. BIOS UUID together with BIOS serial number or a shared MAC address;
//! 5. a shared MAC address together with the host name.
//!
//! The old agent id of that asset is retired: its key no longer signs anything.
//!
//! # Check-in
//!
//! Every check-in has a `sequence` that this agent never used before. Per agent the server keeps the last sequence, the
//! hash of that body and its answer ([`judge`]):
//!
//! - greater than the last: new; it is processed, and the sequence is used up whatever the verdict;
//! - equal to the last, with the same body: the answer was lost; the same answer goes out again, nothing is processed;
//! - anything else: a replay, or an agent that lost its state. Nothing is processed; the verdict
//!   [`Verdict::SequenceExpected`] tells the last sequence, and the agent goes on after it with a full content.
//!
//! No clock decides anything: `collectedAt` is for people, and a clock that jumps does no harm.
//!
//! `state` is the hash of the agent's inventory; `base` that of the last accepted one, on which the content builds.
//! [`CheckIn::resolve`] makes the new inventory from the held one, or says why a full one is needed, which the server
//! answers as [`Verdict::Resync`]. For [`Content::Unchanged`] it is enough to compare `base` with the stored hash.
//!
//! `nextInSeconds` says when to come again (absent: as the agent is set up). Commands ride on the answer; an agent skips
//! those it does not know. `UNINSTALL` is answered to every check-in of that agent from then on, until it stays away.
//!
//! # Compatibility
//!
//! Unknown members of requests and answers are ignored, except inside the inventory: leaving one out in silence would
//! change the content under its hash. So a server is upgraded before its agents.

mod body;
mod messages;
mod read;
mod sequence;
mod signature;

pub use body::{MAX_BODY, MAX_UNPACKED, pack, unpack};
pub use messages::{
    CheckIn, CheckInAnswer, Command, Content, EnrollRequest, EnrollResponse, Refusal, RefusalCode,
    ResyncReason, Secret, Verdict,
};
pub use read::{ReadError, read_checkin, read_enroll};
pub use sequence::{Judgement, LastCheckIn, judge};
pub use signature::{AgentKey, BadKey, BadSignature, PublicKey, verify};

/// Path of an enrolment.
pub const ENROLL_PATH: &str = "/agent/v1/enroll";
/// Path of a check-in.
pub const CHECKIN_PATH: &str = "/agent/v1/checkin";
/// Header that names the agent: its UUID.
pub const AGENT_HEADER: &str = "X-Redoubt-Agent";
/// Header with the signature of the request, in base64.
pub const SIGNATURE_HEADER: &str = "X-Redoubt-Signature";
