//! The product on the wire: what callers and agents see, in XML and in JSON.

#[cfg(test)]
mod assets;
#[cfg(test)]
mod common;
#[cfg(test)]
mod scope;
#[cfg(test)]
mod tags;
#[cfg(test)]
mod uninstall;
#[cfg(test)]
mod users;
