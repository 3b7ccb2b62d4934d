//! Installers of the agent: what there is for which platform, and the files themselves (`contract/ca.md 6`).
//!
//! - A file is kept under the SHA-256 of its content, which is what `binaryinfo` tells and what is checked again before it
//!   is handed out.
//! - Each target of the matrix has one installer at most: the one that was added last.
//! - Which there are is decided by whoever has the machine (`redoubt binaries`), beside a running server or without one.

mod matrix;
mod model;
mod ops;
mod registry;

pub use matrix::{Target, targets};
pub use model::Installer;
pub(crate) use ops::OPERATIONS;
pub use registry::{Addition, Installers, NotAdded, installers};
