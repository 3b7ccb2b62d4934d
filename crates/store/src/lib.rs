//! Collections of objects: durable in SQLite or PostgreSQL, answered from an index in memory.
//!
//! - A [`Store`] holds kinds of objects ([`Object`]). Each object is one row: id, version, document (JSON).
//! - A write is a job that runs in a transaction: it reads, checks, and writes. Many jobs share one durable commit.
//!   Then the index moves, then the caller gets the answer: whoever was answered finds the write, also after a crash.
//! - Every write leaves an entry in the change log, in the same transaction. Other processes on the same database
//!   are followed by it, and so is a snapshot of the index at the next start.
//!
//! Nothing here knows what an asset is, or how it is asked for over a wire.

mod blobs;
mod change;
mod clock;
mod collection;
mod depot;
mod error;
mod folder;
mod follow;
mod job;
mod kind;
mod object;
mod options;
mod read;
mod revision;
mod snapshots;
mod store;
mod upkeep;
mod writer;

pub mod backend;
pub mod index;

pub use blobs::Blobs;
pub use change::{Change, ChangeKind, difference};
pub use clock::{Clock, FixedClock, SystemClock};
pub use collection::Changed;
pub use depot::{Alone, Depot, Kept};
pub use error::{Error, Result};
pub use folder::BlobId;
pub use index::{Index, Page, Shift, Touched, Window};
pub use job::Job;
pub use kind::Kind;
pub use object::{Id, Object, Stored};
pub use options::{Options, Progress};
pub use read::Reading;
pub use store::{Store, StoreBuilder};
