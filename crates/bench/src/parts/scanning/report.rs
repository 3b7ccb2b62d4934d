//! The report, as Markdown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Outcome;
use super::judge::{Case, Count};
use super::maze::Crawl;

/// What is wanted.
const RECALL: f64 = 99.0;
const FAMILY_RECALL: f64 = 98.0;
const SECONDS: f64 = 480.0;
const MEMORY: f64 = 512.0;
const PAGES: f64 = 98.0;
const SLOWER: f64 = 2.0;

/// All that was measured.
pub(super) struct Told<'a> {
    pub(super) machine: &'a str,
    pub(super) date: &'a str,
    pub(super) command: &'a str,
    pub(super) cases: &'a [Case],
    pub(super) outcomes: &'a [Outcome],
    pub(super) wapiti: Option<&'a Outcome>,
    pub(super) mazes: Option<&'a [Crawl]>,
    pub(super) missing: Option<&'a str>,
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "missed" }
}

impl Told<'_> {
    /// The report. Writing to a text can't fail, so what `write!` says is left aside.
    pub(super) fn markdown(&self) -> String {
        let mut out = format!("{}, {}.\n\nMade by `{}`.\n\n", self.machine, self.date, self.command);
        if let Some(missing) = self.missing {
            let _ = writeln!(out, "Left out: {missing}\n");
        }
        let Some(first) = self.outcomes.first() else { return out };
        self.figures(&mut out, first);
        self.families(&mut out, first);
        if let Some(mazes) = self.mazes {
            crawls(&mut out, mazes);
        }
        self.names(&mut out, first);
        out
    }

    fn figures(&self, out: &mut String, first: &Outcome) {
        let total = first.verdict.total(None);
        let worst = first.verdict.families.values().map(Count::recall).fold(100.0, f64::min);
        let seconds = self.outcomes.iter().map(|one| one.scan.seconds).fold(0.0, f64::max);
        let peak = self.outcomes.iter().map(|one| one.scan.peak).fold(0.0, f64::max);
        let browser = self.outcomes.iter().map(|one| one.scan.browser).fold(0.0, f64::max);
        let _ = writeln!(out, "| figure | wanted | measured | |\n| --- | ---: | ---: | --- |");
        let mut row = |what: &str, wanted: String, got: String, is_met: bool| {
            let _ = writeln!(out, "| {what} | {wanted} | {got} | {} |", met(is_met));
        };
        let recall = total.recall();
        row("recall", format!("{RECALL} %"), format!("{recall:.1} %"), recall >= RECALL);
        row(
            "recall of the worst family",
            format!("{FAMILY_RECALL} %"),
            format!("{worst:.1} %"),
            worst >= FAMILY_RECALL,
        );
        let wrong = total.false_positives;
        row("false positives", "0".to_owned(), wrong.to_string(), wrong == 0);
        let same = self.outcomes.iter().filter(|one| first.identity == one.identity).count();
        let runs = self.outcomes.len();
        row(
            "runs with the same findings",
            format!("{runs} of {runs}"),
            format!("{same} of {runs}"),
            same == runs,
        );
        row("longest run", format!("{SECONDS:.0} s"), format!("{seconds:.0} s"), seconds <= SECONDS);
        row("scanner's peak memory", format!("{MEMORY:.0} MiB"), format!("{peak:.0} MiB"), peak <= MEMORY);
        row(
            "browser's peak memory",
            format!("{MEMORY:.0} MiB"),
            format!("{browser:.0} MiB"),
            browser <= MEMORY,
        );
        let slower = first.busy.times.median / first.idle.times.median.max(0.001);
        row(
            "visitor's median wait during a scan, beside idle",
            format!("{SLOWER} times"),
            format!("{slower:.2} times"),
            slower <= SLOWER,
        );
        if let Some(mazes) = self.mazes {
            let (found, pages) = mazes.iter().fold((0, 0), |(f, p), maze| (f + maze.found, p + maze.pages));
            let share = 100.0 * found as f64 / (pages.max(1)) as f64;
            row("pages of the mazes", format!("{PAGES} %"), format!("{share:.1} %"), share >= PAGES);
            let twice: usize = mazes.iter().map(|maze| maze.twice).sum();
            row("pages listed twice", "0".to_owned(), twice.to_string(), twice == 0);
        }
        if let Some(wapiti) = self.wapiti {
            let (ours, theirs) = (per_finding(first), per_finding(wapiti));
            let their = wapiti.verdict.total(None);
            row(
                "true findings beside Wapiti's",
                format!("{}", their.found * 2),
                total.found.to_string(),
                total.found >= their.found * 2,
            );
            row(
                "false ones beside Wapiti's",
                format!("{}", their.false_positives),
                wrong.to_string(),
                wrong <= their.false_positives,
            );
            row(
                "requests for each true finding, beside Wapiti's",
                format!("{theirs:.0}"),
                format!("{ours:.0}"),
                ours < theirs,
            );
        }
        let _ = writeln!(
            out,
            "\n| tool | requests | of a browser | for each case | for each true finding | seconds | peak memory | visitor's median idle | during |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        );
        for (name, one) in [("Redoubt", Some(first)), ("Wapiti", self.wapiti)] {
            let Some(one) = one else { continue };
            let by_browser = one.served.saturating_sub(one.scan.requests);
            let by_browser = if one.scan.requests == 0 { "-".to_owned() } else { by_browser.to_string() };
            let _ = writeln!(
                out,
                "| {name} | {} | {by_browser} | {:.1} | {:.1} | {:.1} | {:.0} MiB | {:.2} ms | {:.2} ms |",
                one.served,
                one.served as f64 / self.cases.len().max(1) as f64,
                per_finding(one),
                one.scan.seconds,
                one.scan.peak,
                one.idle.times.median,
                one.busy.times.median,
            );
        }
        for problem in self.outcomes.iter().chain(self.wapiti).flat_map(|one| &one.scan.problems) {
            let _ = writeln!(out, "\nDid not end as it should: {problem}");
        }
    }

    fn families(&self, out: &mut String, first: &Outcome) {
        let mut rows: BTreeMap<&str, (Count, Count, Count)> = BTreeMap::new();
        for ((half, family), count) in &first.verdict.families {
            let row = rows.entry(family).or_default();
            if half == "first" { row.0.add(count) } else { row.1.add(count) }
        }
        for ((_, family), count) in self.wapiti.iter().flat_map(|one| &one.verdict.families) {
            rows.entry(family).or_default().2.add(count);
        }
        let _ = writeln!(
            out,
            "\n### Families\n\nFound of vulnerable cases, and false ones on safe cases.\n\n\
             | family | first half | false | second half | false | Wapiti, both | false |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        );
        let cell = |count: &Count| match count {
            Count { vulnerable: 0, safe: 0, .. } => "| |".to_owned(),
            Count { vulnerable, found, safe, false_positives } => {
                let mark = if count.recall() < FAMILY_RECALL { " !" } else { "" };
                format!("{found} of {vulnerable}{mark} | {false_positives} of {safe} |")
            }
        };
        let mut all = (Count::default(), Count::default(), Count::default());
        for (family, (one, two, theirs)) in &rows {
            let _ = writeln!(out, "| {family} | {} {} {}", cell(one), cell(two), cell(theirs));
            all.0.add(one);
            all.1.add(two);
            all.2.add(theirs);
        }
        let _ = writeln!(out, "| all | {} {} {}", cell(&all.0), cell(&all.1), cell(&all.2));
    }

    /// Names of the first half only.
    fn names(&self, out: &mut String, first: &Outcome) {
        let named = |ids: &BTreeSet<String>| {
            let cases = self.cases.iter().filter(|case| case.half == "first" && ids.contains(&case.id));
            cases
                .map(|case| format!("- {}: {}{}\n", case.id, case.why, case.safe_because))
                .collect::<String>()
        };
        for (title, ids) in [("Missed", &first.verdict.missed), ("False", &first.verdict.wrong)] {
            let list = named(ids);
            if !list.is_empty() {
                let _ = writeln!(out, "\n### {title}, first half\n\n{list}");
            }
        }
        if !first.verdict.beside.is_empty() {
            let _ = writeln!(out, "\n### Beside what the cases are about\n");
        }
        for ((qid, title), places) in &first.verdict.beside {
            let shown: Vec<&str> = places.iter().take(4).map(String::as_str).collect();
            let _ = writeln!(out, "- {qid} {title}: {} places, such as {}", places.len(), shown.join(", "));
        }
        for (n, one) in self.outcomes.iter().enumerate().filter(|(_, one)| first.identity != one.identity) {
            let (a, b) = (&first.identity, &one.identity);
            let held_out = |line: &&String| {
                let in_second = |case: &&Case| case.half != "first" && line.contains(&case.id);
                self.cases.iter().find(in_second).is_none()
            };
            let _ = writeln!(
                out,
                "\n### Run {} differs in {} findings\n",
                n + 1,
                a.symmetric_difference(b).count()
            );
            for line in a.symmetric_difference(b).filter(held_out).take(40) {
                let _ = writeln!(out, "- {line}");
            }
        }
    }
}

fn per_finding(one: &Outcome) -> f64 {
    one.served as f64 / one.verdict.total(None).found.max(1) as f64
}

fn crawls(out: &mut String, mazes: &[Crawl]) {
    let _ = writeln!(
        out,
        "\n### Mazes\n\n| maze | pages | found | twice | others | requests | seconds | missing |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
    );
    for maze in mazes {
        let Crawl { name, pages, found, twice, more, requests, seconds, missing } = maze;
        let missing = missing.join(" ");
        let _ = writeln!(
            out,
            "| {name} | {pages} | {found} | {twice} | {more} | {requests} | {seconds:.1} | {missing} |"
        );
    }
}
