//! The measurements, one file each. Each says what it measured as figures; what they mean stands in the issue that
//! asks for them, and in the report.

pub(crate) mod assessing;
pub(crate) mod cataloguing;
pub mod checkins;
pub mod counts;
pub(crate) mod discovering;
pub mod pages;
pub(crate) mod scanning;
pub mod start;
pub mod tags;
pub(crate) mod uploads;
