//! Reading a Linux machine.

/// Name of the omission when no metadata service answered.
pub(crate) const CLOUD: &str = "cloud";
/// Name of the omission when the rpm database is there and could not be read.
pub(crate) const PACKAGES_RPM: &str = "packages.rpm";
