//! Starting with a snapshot: from the start of the process to the first answered count.

use std::time::Duration;

use serde::Serialize;

use crate::error::Result;
use crate::ground::Served;
use crate::server::Memory;
use crate::stats::Times;

/// Starts.
const RUNS: usize = 5;

/// The figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Start {
    /// From the start of the process to the first answer.
    pub first_answer: Times,
    /// What the server occupied after its first answer.
    pub memory: Memory,
}

/// Starts the server several times.
///
/// # Errors
/// When it does not start.
pub fn measure(served: &Served) -> Result<Start> {
    let request = served.login.call("count/am/hostasset", "");
    let mut runs: Vec<Duration> = Vec::with_capacity(RUNS);
    let mut memory = Memory { resident: 0.0, peak: 0.0 };
    for _ in 0..RUNS {
        let server = served.start()?;
        server.connect()?.succeed(&request)?;
        runs.push(server.started().elapsed());
        memory = server.memory()?;
        server.stop()?;
    }
    Ok(Start { first_answer: Times::of(runs), memory })
}
