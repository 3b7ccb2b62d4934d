//! What was measured, as a table for people, as JSON for programs, and as a section of a document.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

use crate::parts::checkins::CheckIns;
use crate::parts::counts::Counts;
use crate::parts::pages::Pages;
use crate::parts::start::Start;
use crate::parts::tags::Row as TagRow;
use crate::server::Memory;
use crate::stats::Times;

/// Everything that one run measured; parts that it left out are missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// The machine.
    pub machine: String,
    /// The day.
    pub date: String,
    /// The command that measured.
    pub command: String,
    /// How much data there was.
    pub data: String,
    /// Counting, beside PostgreSQL.
    pub counts: Option<Counts>,
    /// Pages.
    pub pages: Option<Pages>,
    /// Starting.
    pub start: Option<Start>,
    /// New dynamic tags.
    pub tags: Option<Vec<TagRow>>,
    /// Reports of agents.
    pub checkins: Option<CheckIns>,
    /// What the server occupied after all of that.
    pub memory: Option<Memory>,
}

/// A figure beside the one that was wanted.
#[derive(Debug, Clone, PartialEq)]
struct Goal {
    what: &'static str,
    wanted: &'static str,
    got: String,
    met: bool,
}

impl Report {
    /// Figures beside the ones that were wanted.
    fn goals(&self) -> Vec<Goal> {
        let mut goals = Vec::new();
        let mut add = |what, wanted, got: String, met| goals.push(Goal { what, wanted, got, met });
        if let Some(counts) = &self.counts {
            let ratio = counts.median_ratio;
            add("count: times as fast as PostgreSQL, median", "100", format!("{ratio:.0}"), ratio >= 100.0);
            add("count: longest p99", "10 ms", milliseconds(counts.worst_p99), counts.worst_p99 <= 10.0);
        }
        if let Some(pages) = &self.pages {
            let (p99, ratio) = (pages.first.p99, pages.ratio);
            add("first page of 100 documents: p99", "60 ms", milliseconds(p99), p99 <= 60.0);
            add("deep page beside the first", "1.10", format!("{ratio:.2}"), ratio <= 1.1);
        }
        if let Some(start) = &self.start {
            let longest = start.first_answer.max;
            add("start to first answer: longest", "2000 ms", milliseconds(longest), longest <= 2_000.0);
        }
        if let Some(tags) = &self.tags {
            let longest = tags.iter().map(|row| row.create.max).fold(0.0, f64::max);
            add("new dynamic tag: longest", "200 ms", milliseconds(longest), longest <= 200.0);
        }
        if let Some(checkins) = &self.checkins {
            let (most, p99) = (checkins.per_second, checkins.steady.p99);
            add("check-ins a second", "3000", format!("{most:.0}"), most >= 3_000.0);
            add("check-in at 1000 a second: p99", "50 ms", milliseconds(p99), p99 <= 50.0);
        }
        if let Some(memory) = self.memory.or(self.start.map(|start| start.memory)) {
            let resident = memory.resident;
            add("resident memory", "1536 MiB", format!("{resident:.0} MiB"), resident <= 1_536.0);
        }
        goals
    }

    /// The report as Markdown, which is also what people see on a terminal.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        // Writing to a text can't fail.
        let _ = writeln!(
            out,
            "{}, {}. Data: {}.\n\nMade by `{}`.\n",
            self.machine, self.date, self.data, self.command
        );
        let _ = writeln!(out, "| figure | wanted | measured | |\n| --- | ---: | ---: | --- |");
        for goal in self.goals() {
            let met = if goal.met { "met" } else { "missed" };
            let _ = writeln!(out, "| {} | {} | {} | {met} |", goal.what, goal.wanted, goal.got);
        }
        if let Some(counts) = &self.counts {
            write_counts(&mut out, counts);
        }
        if let Some(pages) = &self.pages {
            write_pages(&mut out, pages);
        }
        if let Some(tags) = &self.tags {
            write_tags(&mut out, tags);
        }
        if let Some(checkins) = &self.checkins {
            write_checkins(&mut out, checkins);
        }
        self.write_process(&mut out);
        out
    }

    fn write_process(&self, out: &mut String) {
        let Some(start) = &self.start else { return };
        let times = start.first_answer;
        let _ = writeln!(out, "\n### Start and memory\n");
        let _ = writeln!(
            out,
            "Start with a snapshot to the first answered count: median {}, longest {} of {}. Resident then {:.0} MiB, \
             at the most {:.0} MiB.",
            milliseconds(times.median),
            milliseconds(times.max),
            times.runs,
            start.memory.resident,
            start.memory.peak
        );
        if let Some(memory) = &self.memory {
            let Memory { resident, peak } = memory;
            let _ = writeln!(
                out,
                "After all measurements: resident {resident:.0} MiB, at the most {peak:.0} MiB."
            );
        }
    }

    /// Puts the report into a document, in place of the one that stands there: between two comments with this name.
    ///
    /// # Errors
    /// When the document can't be read or written.
    pub fn put_into(&self, document: &Path, name: &str) -> io::Result<()> {
        put_section(document, name, &self.markdown())
    }
}

/// Puts a text into a document, in place of the one that stands there: between two comments with this name.
///
/// # Errors
/// When the document can't be read or written.
pub fn put_section(document: &Path, name: &str, text: &str) -> io::Result<()> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let section = format!("{begin}\n{text}\n{end}");
    let text = match fs::read_to_string(document) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let place = text.split_once(&begin).and_then(|(head, rest)| Some((head, rest.split_once(&end)?.1)));
    let text = match place {
        Some((head, tail)) => format!("{head}{section}{tail}"),
        None if text.is_empty() => section,
        None => format!("{}\n\n{section}", text.trim_end()),
    };
    fs::write(document, text)
}

fn write_counts(out: &mut String, counts: &Counts) {
    let _ = writeln!(out, "\n### Count, beside PostgreSQL {}\n", counts.server);
    let _ = writeln!(out, "Times in ms. Ours from the text of the question to the number.\n");
    let _ = writeln!(
        out,
        "| question | hosts | ours | p99 | over HTTP | p99 | PostgreSQL | p99 | ratio |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    for row in &counts.rows {
        let (http, http_p99) =
            row.http.map_or_else(Default::default, |times| (short(times.median), short(times.p99)));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {http} | {http_p99} | {} | {} | {:.0} |",
            row.name,
            row.count,
            short(row.ours.median),
            short(row.ours.p99),
            short(row.postgres.median),
            short(row.postgres.p99),
            row.ratio,
        );
    }
    let _ = writeln!(out, "\nThe questions in QQL:\n");
    for row in &counts.rows {
        let _ = writeln!(out, "- {}: `` {} ``", row.name, row.qql);
    }
}

fn write_pages(out: &mut String, pages: &Pages) {
    let _ = writeln!(out, "\n### Pages of 100 documents as XML over HTTP ({} KiB)\n", pages.bytes / 1_024);
    let rows = [
        ("first page", pages.first),
        ("near the end, by offset", pages.deep),
        ("near the end, by id", pages.deep_by_id),
        ("everywhere, each once", pages.anywhere),
    ];
    write_times(out, "page", &rows.map(|(name, times)| (name.to_owned(), times)));
}

fn write_tags(out: &mut String, tags: &[TagRow]) {
    let _ = writeln!(out, "\n### New dynamic tag over all assets, over HTTP\n");
    let name = |row: &TagRow| format!("{} `` {} `` ({} assets)", row.kind, row.rule, row.selected);
    let rows: Vec<_> = tags.iter().map(|row| (name(row), row.create)).collect();
    write_times(out, "rule", &rows);
}

fn write_checkins(out: &mut String, checkins: &CheckIns) {
    let _ = writeln!(
        out,
        "\n### Agents' deltas of 1 % of packages over HTTP, durable\n\n{} agents on {} connections: {:.0} a second at the \
         most; at a steady rate {:.0} a second of {} wanted.\n",
        checkins.agents, checkins.connections, checkins.per_second, checkins.achieved, checkins.rate
    );
    let rows = [
        ("as fast as answered".to_owned(), checkins.flat_out),
        ("at the steady rate".to_owned(), checkins.steady),
    ];
    write_times(out, "load", &rows);
}

fn write_times(out: &mut String, what: &str, rows: &[(String, Times)]) {
    let _ = writeln!(out, "| {what} | runs | median | p99 | longest |\n| --- | ---: | ---: | ---: | ---: |");
    for (name, times) in rows {
        let _ = writeln!(
            out,
            "| {name} | {} | {} | {} | {} |",
            times.runs,
            milliseconds(times.median),
            milliseconds(times.p99),
            milliseconds(times.max)
        );
    }
}

fn milliseconds(time: f64) -> String {
    format!("{} ms", short(time))
}

/// Three digits are enough.
fn short(number: f64) -> String {
    match number {
        number if number >= 100.0 => format!("{number:.0}"),
        number if number >= 10.0 => format!("{number:.1}"),
        number if number >= 1.0 => format!("{number:.2}"),
        number => format!("{number:.4}"),
    }
}

/// The machine in a few words.
pub fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let of = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let kib: f64 = of(&memory, "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {cores} cores, {:.0} GiB of memory", of(&cpu, "model name"), kib / 1_048_576.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(median_ratio: f64) -> Report {
        let counts = Counts { server: "15.1".to_owned(), rows: Vec::new(), median_ratio, worst_p99: 12.0 };
        Report { counts: Some(counts), machine: "a machine".to_owned(), ..Report::default() }
    }

    #[test]
    fn what_was_missed_is_called_missed() {
        let text = report(150.0).markdown();
        assert!(text.contains("| count: times as fast as PostgreSQL, median | 100 | 150 | met |"), "{text}");
        assert!(text.contains("| count: longest p99 | 10 ms | 12.0 ms | missed |"), "{text}");
    }

    #[test]
    fn a_report_takes_the_place_of_the_last_one() {
        let temp = tempfile::tempdir().unwrap();
        let document = temp.path().join("d.md");
        fs::write(&document, "# Title\n\nwords\n").unwrap();
        report(1.0).put_into(&document, "x").unwrap();
        fs::write(&document, fs::read_to_string(&document).unwrap() + "tail\n").unwrap();
        report(222.0).put_into(&document, "x").unwrap();
        let text = fs::read_to_string(&document).unwrap();
        assert!(
            text.starts_with("# Title\n\nwords\n\n<!-- x -->\n")
                && text.ends_with("<!-- end of x -->\ntail\n")
        );
        assert!(text.contains("| 222 |") && !text.contains("| 1 |"), "{text}");
    }
}
