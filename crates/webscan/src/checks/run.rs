//! Runs checks over entries: so many at once, and in an order that changes nothing.

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream;

use super::{Bench, Check, Entry};
use crate::point::Point;

/// One piece of work: a check on an entry, on one of its points, or on the site.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// The check.
    pub check: &'a dyn Check,
    /// What it works on.
    pub on: On<'a>,
}

/// What a check works on.
#[derive(Clone, Copy)]
pub enum On<'a> {
    /// An entry as it was crawled.
    Look(&'a Entry),
    /// One of its points.
    Point(&'a Entry, &'a Point),
    /// The request as a whole.
    Entry(&'a Entry),
    /// The site.
    Site,
}

impl Task<'_> {
    /// A name that is the same in every run, by which a checkpoint knows what is done.
    #[must_use]
    pub fn key(&self) -> String {
        let name = self.check.about().name;
        match self.on {
            On::Look(entry) => format!("{name} look {} {}", entry.request.method, entry.request.url),
            On::Point(entry, point) => {
                format!(
                    "{name} {} {} {} {}",
                    entry.request.method,
                    entry.request.url,
                    point.kind(),
                    point.name
                )
            }
            On::Entry(entry) => format!("{name} entry {} {}", entry.request.method, entry.request.url),
            On::Site => format!("{name} site"),
        }
    }
}

impl<'a> Task<'a> {
    fn work(self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        match self.on {
            On::Look(entry) => self.check.look(bench, entry),
            On::Point(entry, point) => self.check.probe(bench, entry, point),
            On::Entry(entry) => self.check.try_entry(bench, entry),
            On::Site => self.check.try_site(bench),
        }
    }
}

/// The points of an entry that are tested: its own, its path's, the session's cookies, and headers that applications read.
#[must_use]
pub fn points_of(entry: &Entry, bench: &Bench<'_>) -> Vec<Point> {
    let mut points = entry.request.points();
    points.extend(entry.request.path_points());
    let dressed = bench.session.dress(&entry.request);
    for (name, value) in &dressed.cookies {
        if !points.iter().any(|point| point.kind() == "cookie" && point.name == *name) {
            points.push(Point::cookie(name, value));
        }
    }
    points.extend(HEADERS.iter().map(|name| Point::header(name)));
    points
}

/// Request headers that applications read and show.
pub const HEADERS: &[&str] =
    &["User-Agent", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "Accept-Language"];

/// Runs tasks, so many at once, until all are done, the scan is cancelled, or `go_on` says no; `done` hears of each that came
/// to its end.
pub async fn run<'a>(
    bench: &'a Bench<'a>,
    tasks: Vec<Task<'a>>,
    at_once: usize,
    go_on: &(dyn Fn() -> bool + Sync),
    done: &(dyn Fn(&Task<'a>) + Sync),
) {
    let cancel = bench.client.cancel();
    let goes_on = || !cancel.is_cancelled() && go_on();
    // What looks at the site wants all that the others found, and calls that came late.
    let (site, others): (Vec<Task<'a>>, _) = tasks.into_iter().partition(|task| matches!(task.on, On::Site));
    for tasks in [others, site] {
        let work = stream::iter(tasks).take_while(|_| std::future::ready(goes_on()));
        work.for_each_concurrent(at_once.max(1), |task| async move {
            if let Some(work) = task.work(bench) {
                work.await;
            }
            if goes_on() {
                done(&task);
            }
        })
        .await;
    }
}
