//! Writers are killed (SIGKILL) at random moments: every answered write is there, once, and nothing is half done.
//!
//! `REDOUBT_KILLS=1000 cargo nextest run -p store --test crash` kills more often; `REDOUBT_SEED` repeats a run as far as
//! chance is ours.

#[cfg(test)]
mod judge;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod writer;
