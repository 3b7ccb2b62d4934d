//! The server as a client, an administrator and an attacker meet it: over its sockets and its command line.

#[cfg(test)]
mod agents;
#[cfg(test)]
mod command_line;
#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;
#[cfg(test)]
mod compatibility;
#[cfg(test)]
mod discover;
#[cfg(test)]
mod endpoints;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod installers;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod quickstart;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod scan;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod tokens;
