//! Discovery against real networks: namespaces that the tests make, with Nmap as the judge.

#[cfg(test)]
mod loopback;
#[cfg(test)]
mod namespaces;
#[cfg(test)]
mod net;
#[cfg(test)]
mod targets;
