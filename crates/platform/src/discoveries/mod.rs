//! Discoveries: taken in from outside, and run by the server itself on schedules that users set.
//!
//! - What a discovery finds goes to [`crate::results`], whoever ran it, in the name and with the permissions and the scope
//!   of the user who asked for it; those of a schedule's owner are looked up anew for each run.
//! - A run holds a lease in its schedule's row, which it renews as it goes: two servers never run the same schedule at
//!   once, and the run of a server that died is told as interrupted and repeated once.
//! - Users with a scope may only ask the hosts in it, by address.

mod calls;
mod error;
mod model;
mod scope;
mod table;
mod take;
mod timing;
mod wanted;
mod wire;
mod work;

pub use model::{Run, RunState, Running, Schedule, What};
pub(crate) use table::FAMILY;
pub use timing::{Occurrence, Timing};
pub use work::Discoveries;
pub(crate) use work::look;
