//! Telling people how far a start has come: a bar for a terminal, lines in the log for everything else.

use std::cell::Cell;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use store::Progress;

/// Time between two lines in the log.
const LINE: Duration = Duration::from_secs(5);

/// Shows progress until it is dropped.
pub(crate) struct Reporter {
    bar: Option<ProgressBar>,
    told: Cell<Instant>,
}

impl Reporter {
    pub(crate) fn new() -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{spinner} building the index: {msg} {human_pos} ({per_sec})");
            ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        });
        Self { bar, told: Cell::new(Instant::now()) }
    }

    pub(crate) fn tell(&self, progress: Progress) {
        if let Some(bar) = &self.bar {
            bar.set_message(progress.kind.name());
            bar.set_position(progress.done);
        } else if self.told.get().elapsed() >= LINE {
            self.told.set(Instant::now());
            tracing::info!(kind = progress.kind.name(), done = progress.done, "building the index");
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
