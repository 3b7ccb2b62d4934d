//! From a device to verdicts, in two steps that are kept apart.
//!
//! 1. [`collect`] reads, for every control of the device's family, what the device says: a [`DataPoint`] of values
//!    with the lines they stand on, secrets masked. It knows no expectation.
//! 2. [`judge`] compares a data point with what a control and a policy expect. It needs no upload, so a changed
//!    expectation gives a new verdict from the stored data point (`contract/oca.md` 5.1).

mod collect;
mod judge;
mod observe;
mod point;
mod remedy;

pub use collect::{collect, data_point};
pub use judge::{Instance, Status, Verdict, judge};
pub use point::{DataPoint, Group, Labelled, Line, Observation, State};
