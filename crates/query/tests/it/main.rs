//! What the crate promises to the others, over one table.

#[cfg(test)]
mod criteria;
#[cfg(test)]
mod matcher;
#[cfg(test)]
mod qql;
#[cfg(test)]
mod qql_roundtrip;
#[cfg(test)]
mod table;
#[cfg(test)]
mod triples;
