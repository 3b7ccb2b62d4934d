//! The product on the wire: what callers and agents see, in XML and in JSON.

#[cfg(test)]
mod agents;
#[cfg(test)]
mod assets;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod common;
#[cfg(test)]
mod concurrent;
#[cfg(test)]
mod discoveries;
#[cfg(test)]
mod installers;
#[cfg(test)]
mod oca;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod results;
#[cfg(test)]
mod scope;
#[cfg(test)]
mod tags;
#[cfg(test)]
mod users;
#[cfg(test)]
mod was;
