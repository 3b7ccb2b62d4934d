//! What the store promises, on each of its databases.

#[cfg(test)]
mod changes;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod port;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod revisions;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod support;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod writes;
