//! The figures for people.

use std::fmt::Write as _;

use super::{Figures, Row};

/// What is wanted: seconds and MiB for the largest file, seconds for the smallest, times as fast as the other parser.
const LARGE: (f64, f64) = (1.0, 100.0);
const TYPICAL: f64 = 0.015;
const RATIO: f64 = 20.0;

impl Figures {
    pub(super) fn markdown(&self) -> String {
        let mut out = String::new();
        // Writing to a text can't fail.
        let _ = writeln!(out, "{}, {}. Made by `{}`.\n", self.machine, self.date, self.command);
        let _ = writeln!(out, "| figure | wanted | measured | |\n| --- | ---: | ---: | --- |");
        for (what, wanted, got, met) in self.goals() {
            let met = if met { "met" } else { "missed" };
            let _ = writeln!(out, "| {what} | {wanted} | {got} | {met} |");
        }
        let _ = writeln!(
            out,
            "\nFrom the bytes of a router configuration to the verdicts of all controls of its technology; the first \
             time in a new process, which reads the rules too.\n\n\
             | bytes | lines | controls | runs | median | longest | first | peak memory | {} | ratio |\n\
             | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            self.python
                .as_ref()
                .map_or_else(|| "ciscoconfparse2".to_owned(), |v| format!("ciscoconfparse2 {v}")),
        );
        for row in &self.rows {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {:.0} MiB | {} | {} |",
                row.bytes,
                row.lines,
                row.controls,
                row.runs,
                time(row.median),
                time(row.longest),
                time(row.first.seconds),
                row.first.peak,
                row.python.map_or_else(|| "-".to_owned(), time),
                row.ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.0}")),
            );
        }
        let hard = &self.hard;
        let _ = writeln!(
            out,
            "\n{} inputs made to be slow (depth, endless lines, repetition, what backtracking patterns are slow on): the \
             slowest took {} for {} bytes; twice the size took at the most {:.1} times as long.",
            hard.inputs,
            time(hard.slowest),
            hard.slowest_bytes,
            hard.growth
        );
        for name in &hard.not_linear {
            let _ = writeln!(out, "- not linear: {name}");
        }
        out
    }

    fn goals(&self) -> Vec<(&'static str, String, String, bool)> {
        let mut goals = Vec::new();
        let mut add = |what, wanted: String, got: String, met| goals.push((what, wanted, got, met));
        if let (Some(large), Some(small)) = (self.rows.first(), self.rows.last()) {
            add("10 MB: median", time(LARGE.0), time(large.median), large.median <= LARGE.0);
            let peak = large.first.peak;
            add(
                "10 MB: peak memory",
                format!("{:.0} MiB", LARGE.1),
                format!("{peak:.0} MiB"),
                peak <= LARGE.1,
            );
            add("100 KB: median", time(TYPICAL), time(small.median), small.median <= TYPICAL);
        }
        let ratios = self.rows.iter().filter_map(Row::ratio);
        if let Some(least) = ratios.reduce(f64::min) {
            add(
                "times as fast as ciscoconfparse2, least",
                format!("{RATIO:.0}"),
                format!("{least:.0}"),
                least >= RATIO,
            );
        }
        let (bad, all) = (self.hard.not_linear.len(), self.hard.inputs);
        add("inputs made to be slow that are linear", all.to_string(), (all - bad).to_string(), bad == 0);
        goals
    }
}

impl Row {
    /// How many times as fast as the other parser.
    fn ratio(&self) -> Option<f64> {
        self.python.map(|python| python / self.median)
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s >= 10.0 => format!("{s:.1} s"),
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 0.1 => format!("{:.0} ms", s * 1e3),
        s => format!("{:.1} ms", s * 1e3),
    }
}
