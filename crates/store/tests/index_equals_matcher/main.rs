//! The property that holds the engine together: for every filter, and whatever was written before, the index and the
//! matcher give the same objects.
//!
//! `REDOUBT_CASES=20000 cargo nextest run -p store --test index_equals_matcher` looks longer.

#[cfg(test)]
mod filters;
#[cfg(test)]
mod property;
#[cfg(test)]
mod thing;
#[cfg(test)]
mod values;
