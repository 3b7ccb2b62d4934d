//! The wire as clients see it: literal documents, hostile input, and the two formats against each other.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod leaves;
#[cfg(test)]
mod projections;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod schemas;
