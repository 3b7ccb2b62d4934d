//! Telling people how far things are.

use indicatif::{ProgressBar, ProgressStyle};
use store::Progress;

/// Says on the terminal what goes on; says little where there is none.
pub struct Teller {
    spinner: ProgressBar,
}

impl Teller {
    /// Begins to tell.
    pub fn new() -> Self {
        let spinner = ProgressBar::new_spinner();
        Self { spinner }
    }

    /// Says what happens now.
    pub fn now(&self, what: impl Into<String>) {
        self.spinner.set_message(what.into());
        self.spinner.tick();
    }

    /// Says that an index is built anew.
    pub fn rebuilding(&self, progress: Progress) {
        self.now(format!("building the index: {} {}", progress.done, progress.kind));
    }

    /// A bar for something that has an end.
    pub fn bar(&self, what: &str, total: u64) -> ProgressBar {
        self.spinner.set_message("");
        let style = ProgressStyle::with_template("{msg} {bar:40} {human_pos}/{human_len} {per_sec} {eta}");
        let bar = ProgressBar::new(total).with_message(what.to_owned());
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }
}

impl Default for Teller {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.spinner.finish_and_clear();
    }
}
