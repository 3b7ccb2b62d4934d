//! The real server is killed (SIGKILL) at random moments while callers write over HTTP: every answered write is there
//! after the next start, once, and the index equals one built anew. On both databases.
//!
//! `REDOUBT_KILLS=200 cargo nextest run -p server --test crash` kills more often.

#[cfg(test)]
#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "this test program uses a part of it")]
mod common;
#[cfg(test)]
mod kills;
