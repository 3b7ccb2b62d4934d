//! The tests of a scan: which there are, and running them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::Run;
use super::points::spot;
use crate::checks::run::{On, Task, run};
use crate::checks::{Bench, Check, Sink, all};
use crate::crawl::Crawled;
use crate::crawl::shape::key;
use crate::engine::Event;
use crate::engine::result::Coverage;
use crate::point::{Place, Point};
use crate::session::Session;

/// How often the checkpoint is written: so often, and at most for one part in so many of the time.
const NOTED_EVERY: Duration = Duration::from_millis(200);
const NOTED_PART: u32 = 20;

impl Run<'_> {
    /// Runs the tests: what the answers show and the parameters first, then the requests, last the site.
    pub(super) async fn test(&mut self, sink: &Sink, crawled: &Crawled, coverage: &mut Coverage) {
        let entries = &crawled.entries[..];
        if self.help.listener.is_none() {
            self.skipped.push((
                "calls of the server to elsewhere".to_owned(),
                "there is no listener for them".to_owned(),
            ));
        }
        let session = self.session();
        let chosen = self.chosen();
        let checkpoint = std::mem::take(&mut self.checkpoint);
        let bench = self.bench(&session, crawled, sink);
        coverage.checks = chosen.iter().map(|check| check.about().name.to_owned()).collect();
        let (done, noted) = (checkpoint.done.clone(), checkpoint.points.clone());
        let (all, count) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let notebook = Mutex::new((checkpoint, Instant::now() + NOTED_EVERY));
        let tick = |task: &Task<'_>| {
            let done = count.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(20) {
                let all = all.load(Ordering::Relaxed);
                self.tell(Event::Progress { done, all, requests: self.requests() });
            }
            if self.plan.checkpoint.is_none() {
                return;
            }
            let (checkpoint, next) = &mut *notebook.lock();
            checkpoint.done.insert(task.key());
            let begun = Instant::now();
            if begun >= *next {
                self.note_progress(checkpoint, sink);
                *next = Instant::now() + NOTED_EVERY.max(begun.elapsed() * NOTED_PART);
            }
        };
        let at_once = self.plan.profile.performance.concurrency() * 2;
        let go_on = || self.ended().is_none();
        // What is seen without sending much comes first, whatever else there is time for.
        run(&bench, left(looks(&chosen, &bench), &done, (&all, &count)), at_once, &go_on, &tick).await;
        let points = self.points(entries, &bench, &noted).await;
        if self.plan.checkpoint.is_some() && go_on() {
            let (checkpoint, _) = &mut *notebook.lock();
            for (entry, points) in entries.iter().zip(&points) {
                checkpoint.points.entry(key(&entry.request)).or_default().extend(points.iter().map(spot));
            }
            self.note_progress(checkpoint, sink);
        }
        let testable: Vec<&Vec<Point>> = points.iter().filter(|points| !points.is_empty()).collect();
        (coverage.requests_tested, coverage.parameters_tested) =
            (testable.len(), testable.iter().map(|p| p.len()).sum());
        run(&bench, left(tasks(&chosen, &bench, &points), &done, (&all, &count)), at_once, &go_on, &tick)
            .await;
        self.checkpoint = notebook.into_inner().0;
        let spent = self.client.counters().by_sender.lock().clone();
        let spent: Vec<String> = spent
            .iter()
            .map(|(name, spent)| format!("{name} {} in {:.1} s", spent.requests, spent.time.as_secs_f64()))
            .collect();
        self.diagnostics.push(format!("Requests of checks: {}.", spent.join(", ")));
        let all = all.into_inner();
        let left = all.saturating_sub(count.into_inner());
        if left > 0 {
            self.note_checkpoint(sink);
            self.skipped.push((format!("{left} of {all} tests"), "the scan ended before them".to_owned()));
        }
    }

    fn bench<'b>(&'b self, session: &'b Session, crawled: &'b Crawled, sink: &'b Sink) -> Bench<'b> {
        Bench {
            client: &self.client,
            session,
            profile: &self.plan.profile,
            listener: self.help.listener.as_deref().map(|listener| listener as _),
            opener: self.help.renderer.as_deref().map(|renderer| renderer as _),
            transport: self.help.transport.as_deref().map(|transport| transport as _),
            entries: &crawled.entries,
            withheld: &crawled.withheld,
            sink,
        }
    }

    fn chosen(&self) -> Vec<&'static dyn Check> {
        let profile = &self.plan.profile;
        let wanted =
            |name: &str| profile.include.is_empty() || profile.include.iter().any(|have| have == name);
        let unwanted = |name: &str| profile.exclude.iter().any(|have| have == name);
        all().into_iter().filter(|c| wanted(c.about().name) && !unwanted(c.about().name)).collect()
    }
}

/// What is tested first: what requests have by themselves, then what a path has, last what was only guessed.
fn rank(point: &Point) -> u8 {
    match point.place.outer() {
        Place::QueryName | Place::FormName | Place::JsonName(_) | Place::Header => 2,
        Place::Path(_) | Place::Cookie => 1,
        _ => 0,
    }
}

/// Tasks without those that are done; counts all, and these.
fn left<'t>(
    mut tasks: Vec<Task<'t>>,
    done: &BTreeSet<String>,
    (all, count): (&AtomicUsize, &AtomicUsize),
) -> Vec<Task<'t>> {
    let planned = tasks.len();
    if !done.is_empty() {
        tasks.retain(|task| !done.contains(&task.key()));
    }
    all.fetch_add(planned, Ordering::Relaxed);
    count.fetch_add(planned - tasks.len(), Ordering::Relaxed);
    tasks
}

/// Looking at what the answers show, in a fixed order.
fn looks<'a>(checks: &[&'static dyn Check], bench: &'a Bench<'a>) -> Vec<Task<'a>> {
    let of_entry = |entry| checks.iter().map(move |check| Task { check: *check, on: On::Look(entry) });
    bench.entries.iter().flat_map(of_entry).filter(|task| task.has_work(bench)).collect()
}

/// All other work, in a fixed order: first parameters, then requests, last the site.
fn tasks<'a>(checks: &[&'static dyn Check], bench: &'a Bench<'a>, points: &'a [Vec<Point>]) -> Vec<Task<'a>> {
    let mut tasks = Vec::new();
    let mut add = |on: On<'a>| tasks.extend(checks.iter().map(|check| Task { check: *check, on }));
    if bench.profile.tests {
        for turn in 0..=2 {
            for (entry, points) in bench.entries.iter().zip(points) {
                points
                    .iter()
                    .filter(|point| rank(point) == turn)
                    .for_each(|point| add(On::Point(entry, point)));
            }
        }
        bench.entries.iter().for_each(|entry| add(On::Entry(entry)));
        add(On::Site);
    }
    // Most checks have nothing to do on most things: what is left out now need not be remembered.
    tasks.retain(|task| matches!(task.on, On::Entry(_) | On::Site) || task.has_work(bench));
    tasks
}
