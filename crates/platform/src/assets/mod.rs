//! Assets: what exists.
//!
//! - One stored kind, two faces on the wire: `HostAsset` with everything, `Asset` with what all kinds of assets share.
//! - Tags that a rule puts on an asset are not part of it; they are answered by the `tags` area.
//! - Names follow the key attributes only where the administrator asked for it, and never on an asset that was locked
//!   against it.

mod activation;
mod ask;
mod cloud;
mod detections;
mod edit;
pub(crate) mod fields;
mod items;
mod model;
mod names;
mod ops;
pub(crate) mod scanned;
mod system;
mod tagging;
mod web;
mod wire;

pub use ask::matching;
pub(crate) use ask::{sees, visible};
pub use model::{
    Account, Agent, Asset, AssetType, CloudSource, CloudTag, Detection, Docker, Hardware, Interface, Network,
    OpenPort, Processor, Provider, Report, Scans, Software, System, TrackingMethod, Volume,
};
pub(crate) use model::{agent_key, public_key};
pub(crate) use names::{derived_name, follow_names};
pub use names::{keep_name, release_name};
pub(crate) use ops::OPERATIONS;
pub(crate) use tagging::TagChange;
pub(crate) use web::{add_web_app, follow_web_app, remove_web_app};

/// The configuration profile that every agent has: id and name.
pub(crate) const AGENT_CONFIGURATION: (i64, &str) = (1, "Default");
