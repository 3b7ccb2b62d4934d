//! Runs checks over entries: so many at once, and in an order that changes nothing.

use std::collections::{HashMap, VecDeque};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use super::{Bench, Check, Entry};
use crate::crawl::shape::key;
use crate::http::Method;
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
            On::Look(entry) => format!("{name} look {}", key(&entry.request)),
            On::Point(entry, point) => {
                format!("{name} point {} {:?} {}", key(&entry.request), point.place, point.name)
            }
            On::Entry(entry) => format!("{name} entry {}", key(&entry.request)),
            On::Site => format!("{name} site"),
        }
    }
}

impl<'a> Task<'a> {
    /// Whether its check has anything to do there.
    #[must_use]
    pub fn has_work(&self, bench: &'a Bench<'a>) -> bool {
        self.work(bench).is_some()
    }

    /// What tells the entry that it works on from others; that of the site is none.
    fn place(&self) -> usize {
        match self.on {
            On::Look(entry) | On::Point(entry, _) | On::Entry(entry) => std::ptr::from_ref(entry).addr(),
            On::Site => 0,
        }
    }

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
    // What leads elsewhere takes all along that it was asked with.
    let shows = entry.response.location().is_none()
        && (entry.response.is_html()
            || (entry.response.media_type().ends_with("json") && !entry.request.query().is_empty()));
    points.extend(entry.request.name_points(entry.request.method == Method::Get && shows));
    let dressed = bench.session.dress(&entry.request);
    for (name, value) in &dressed.cookies {
        if !points.iter().any(|point| point.kind() == "cookie" && point.name == *name) {
            let cookie = Point::cookie(name, value);
            points.extend(cookie.inner());
            points.push(cookie);
        }
    }
    points.extend(points.iter().flat_map(Point::inner).collect::<Vec<_>>());
    let own = entry.request.headers.iter().filter(|(name, _)| !is_of_protocol(name));
    points.extend(own.map(|(name, value)| Point { value: value.clone(), ..Point::header(name) }));
    let known: Vec<String> =
        points.iter().filter(|p| p.kind() == "header").map(|p| p.name.to_ascii_lowercase()).collect();
    let others = HEADERS.iter().filter(|name| !known.contains(&name.to_ascii_lowercase()));
    points.extend(others.map(|name| Point::header(name)));
    points
}

/// Headers that say how a message is sent, not what it is about.
fn is_of_protocol(name: &str) -> bool {
    let names = [
        "content-type",
        "content-length",
        "accept",
        "accept-encoding",
        "connection",
        "host",
        "authorization",
        "cookie",
    ];
    names.iter().any(|have| have.eq_ignore_ascii_case(name))
}

/// Request headers that applications read and show.
pub const HEADERS: &[&str] = &[
    "User-Agent",
    "Referer",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "Accept-Language",
    "X-Real-IP",
    "Client-IP",
    "X-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Originating-IP",
    "X-Remote-IP",
    "X-Requested-With",
    "X-Forwarded-Server",
    "Forwarded",
    "From",
];

/// Runs tasks, so many at once, until all are done, the scan is cancelled, or `go_on` says no; `done` hears of each that came
/// to its end.
pub async fn run<'a>(
    bench: &'a Bench<'a>,
    tasks: Vec<Task<'a>>,
    at_once: usize,
    go_on: &(dyn Fn() -> bool + Sync),
    done: &(dyn Fn(&Task<'a>) + Sync),
) {
    let (mut points, mut entries, mut site, mut alone) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for task in tasks {
        match task.on {
            On::Look(_) | On::Point(..) => points.push(task),
            On::Entry(_) => entries.push(task),
            On::Site if task.check.wants_quiet() => alone.push(task),
            On::Site => site.push(task),
        }
    }
    // What is tested later may know what was found before, whatever was quicker.
    run_stage(bench, (grouped(points), entries), at_once, go_on, done).await;
    run_stage(bench, (grouped(site), Vec::new()), at_once, go_on, done).await;
    run_stage(bench, (grouped(alone), Vec::new()), 1, go_on, done).await;
}

/// Runs groups of tasks, so many at once; when no group of a request is left, those that come `later` there. One that is slow
/// keeps only its own request's from going on.
async fn run_stage<'a>(
    bench: &'a Bench<'a>,
    (groups, later): (Vec<Vec<Task<'a>>>, Vec<Task<'a>>),
    at_once: usize,
    go_on: &(dyn Fn() -> bool + Sync),
    done: &(dyn Fn(&Task<'a>) + Sync),
) {
    let cancel = bench.client.cancel();
    let goes_on = || !cancel.is_cancelled() && go_on();
    let work = async |group: Vec<Task<'a>>| {
        let place = group.first().map(Task::place);
        for task in group {
            if !goes_on() {
                break;
            }
            if let Some(work) = task.work(bench) {
                bench.client.on_behalf(task.check.about().name, work).await;
            }
            if goes_on() {
                done(&task);
            }
        }
        place
    };
    let mut left: HashMap<usize, usize> = HashMap::new();
    groups
        .iter()
        .flat_map(|group| group.first())
        .for_each(|task| *left.entry(task.place()).or_default() += 1);
    let mut waiting = VecDeque::from(groups);
    let mut held: HashMap<usize, Vec<Vec<Task<'a>>>> = HashMap::new();
    for task in later {
        match left.contains_key(&task.place()) {
            true => held.entry(task.place()).or_default().push(vec![task]),
            false => waiting.push_back(vec![task]),
        }
    }
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < at_once.max(1)
            && goes_on()
            && let Some(group) = waiting.pop_front()
        {
            running.push(work(group));
        }
        let Some(place) = running.next().await else { break };
        let Some(count) = place.and_then(|place| left.get_mut(&place)) else { continue };
        *count = count.saturating_sub(1);
        if *count == 0
            && let Some(place) = place
        {
            left.remove(&place);
            waiting.extend(held.remove(&place).unwrap_or_default());
        }
    }
}

/// The tasks of one point go one after the other, so that a check can know what those before it found there; all others
/// go alone.
fn grouped(tasks: Vec<Task<'_>>) -> Vec<Vec<Task<'_>>> {
    let mut groups: Vec<Vec<Task<'_>>> = Vec::new();
    for task in tasks {
        let point = |task: &Task<'_>| match task.on {
            On::Point(_, point) => Some(std::ptr::from_ref(point)),
            _ => None,
        };
        let at = point(&task);
        match groups.last_mut() {
            Some(group) if at.is_some() && group.last().is_some_and(|last| point(last) == at) => {
                group.push(task);
            }
            _ => groups.push(vec![task]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures_util::FutureExt;
    use parking_lot::Mutex;

    use super::*;
    use crate::checks::About;
    use crate::checks::injection::worth_a_test;
    use crate::testing::{Answer, Asked, bench_on, serve};

    #[tokio::test]
    async fn headers_that_nobody_reads_are_not_tested() {
        let server = serve(|asked: &Asked| match asked.path.as_str() {
            "/agent" => Answer::html(format!("<p>Your browser is {}</p>", asked.header("user-agent").len())),
            "/both" => Answer::html(format!(
                "<p>{}</p>{}",
                asked.header("from"),
                if asked.header("user-agent").contains('"') { "odd" } else { "" }
            )),
            "/referer" => Answer::html(format!("<p>Back to {}</p>", asked.header("referer"))),
            _ => Answer::html("<p>Hello</p>"),
        })
        .await;
        for (path, wanted) in [
            ("/", vec![]),
            ("/referer", vec!["Referer"]),
            ("/agent", vec!["User-Agent"]),
            ("/both", vec!["User-Agent", "From"]),
        ] {
            let names = bench_on(server, path, async |bench, entry| {
                let guesses = HEADERS.iter().map(|name| Point::header(name)).collect();
                let kept = worth_a_test(bench, entry, guesses).await;
                kept.into_iter().map(|point| point.name).collect::<Vec<_>>()
            })
            .await;
            assert_eq!(names, wanted, "{path}");
        }
    }

    /// Notes when it begins and ends.
    struct Noted {
        is_quiet: bool,
        log: Arc<Mutex<Vec<bool>>>,
    }

    impl Check for Noted {
        fn about(&self) -> &'static About {
            crate::checks::all().first().unwrap().about()
        }

        fn try_site<'a>(&'a self, _bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
            let note = async {
                self.log.lock().push(self.is_quiet);
                tokio::time::sleep(Duration::from_millis(30)).await;
                self.log.lock().push(self.is_quiet);
            };
            Some(note.boxed())
        }

        fn wants_quiet(&self) -> bool {
            self.is_quiet
        }
    }

    #[tokio::test]
    async fn what_wants_quiet_goes_last_and_alone() {
        let server = serve(|_: &Asked| Answer::html("<p>Hello</p>")).await;
        let log = Arc::new(Mutex::new(Vec::new()));
        let all = [true, false, true, false].map(|is_quiet| Noted { is_quiet, log: log.clone() });
        bench_on(server, "/", async |bench, _| {
            let tasks = all.iter().map(|check| Task { check, on: On::Site }).collect();
            run(bench, tasks, 8, &|| true, &|_| {}).await;
        })
        .await;
        assert_eq!(*log.lock(), [false, false, false, false, true, true, true, true]);
    }

    /// Notes what it did; at points of slow pages it takes longer.
    struct Slow(Mutex<Vec<String>>);

    impl Check for Slow {
        fn about(&self) -> &'static About {
            crate::checks::all().first().unwrap().about()
        }

        fn probe<'a>(
            &'a self,
            _bench: &'a Bench<'a>,
            entry: &'a Entry,
            _point: &'a Point,
        ) -> Option<BoxFuture<'a, ()>> {
            let path = entry.request.url.path.clone();
            let note = async move {
                tokio::time::sleep(Duration::from_millis(if path == "/slow" { 200 } else { 1 })).await;
                self.0.lock().push(format!("point of {path}"));
            };
            Some(note.boxed())
        }

        fn try_entry<'a>(&'a self, _bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
            Some(async { self.0.lock().push(format!("request of {}", entry.request.url.path)) }.boxed())
        }
    }

    #[tokio::test]
    async fn a_slow_request_keeps_only_its_own_tests_waiting() {
        let server = serve(|_: &Asked| Answer::html("<p>Hello</p>")).await;
        let check = Slow(Mutex::default());
        bench_on(server, "/?x=1", async |bench, entry| {
            let entries = ["/slow", "/quick", "/plain"].map(|path| {
                let mut entry = entry.clone();
                path.clone_into(&mut entry.request.url.path);
                entry
            });
            let points = [entry.request.points(), entry.request.points()];
            let mut tasks: Vec<Task<'_>> =
                entries.iter().map(|entry| Task { check: &check, on: On::Entry(entry) }).collect();
            for (entry, points) in entries.iter().zip(&points) {
                tasks.extend(points.iter().map(|point| Task { check: &check, on: On::Point(entry, point) }));
            }
            run(bench, tasks, 4, &|| true, &|_| {}).await;
        })
        .await;
        let noted = check.0.into_inner();
        let wanted = [
            "request of /plain",
            "point of /quick",
            "request of /quick",
            "point of /slow",
            "request of /slow",
        ];
        assert_eq!(noted, wanted);
    }
}
