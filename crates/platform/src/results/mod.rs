//! What discoveries found of hosts, the latest of each: as VM results or as a network map (`contract/was.md 4.1`).
//!
//! - A VM result makes the host's asset, or is merged into it; a map only notes which asset the host is, if any.
//! - Ports that a discovery did not ask keep what an earlier one said of them; an older discovery changes nothing.
//! - Web services are what [`discovery::information`] proves: QID 86000, behind TLS 86001. Of a map, ports that are
//!   usual for web servers count too.

mod model;
mod record;

pub use model::{HostResult, Source};
pub(crate) use model::{from, is_usual_for_tls, of_assets};
pub use record::{Recorded, Recording, record};
