//! Runs: taken when they are due, by one server each, and recorded as they go.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use discovery::{Cancel, Event, Host, Options, Ports, Progress, Status, discover};
use parking_lot::{Condvar, Mutex};
use store::{Clock, Id, Job, Store};
use uuid::Uuid;

use super::calls::demand_recording;
use super::model::{RunState, Running, Schedule};
use super::{scope, wanted};
use crate::platform::SYSTEM;
use crate::results::{self, Recorded, Recording, Source};
use crate::{Call, Error, Permission, Platform, Result};

/// Runs of one server at the same time.
const AT_ONCE: usize = 2;
/// Attempts to connect of one run at the same time: the server needs files for its callers, too.
const CONCURRENCY: u32 = 500;
const PER_HOST: u32 = 250;
const HELPERS: usize = 16;
/// Time between two signs of life.
const BEAT: Duration = Duration::from_secs(10);
/// Hosts that are recorded together, and the longest that one waits for others.
const HOSTS: usize = 100;
const WAIT: Duration = Duration::from_secs(5);
/// How long runs may take to end when the server stops.
const PATIENCE: Duration = Duration::from_secs(10);

/// The runs of this server.
pub struct Discoveries {
    node: Uuid,
    clock: Arc<dyn Clock>,
    running: Mutex<HashMap<u32, Local>>,
    ended: Condvar,
    is_stopping: AtomicBool,
}

/// A run of this server.
#[derive(Default)]
struct Local {
    cancel: Cancel,
    progress: Progress,
}

impl Discoveries {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            node: Uuid::new_v4(),
            clock,
            running: Mutex::default(),
            ended: Condvar::new(),
            is_stopping: AtomicBool::new(false),
        }
    }

    /// How far the run of a schedule is, if this server runs it.
    pub(super) fn progress(&self, id: Id<Schedule>) -> Option<Progress> {
        self.running.lock().get(&id.get()).map(|local| local.progress)
    }

    /// Ends the run of a schedule, if this server runs it.
    pub(super) fn cancel(&self, id: Id<Schedule>) {
        if let Some(local) = self.running.lock().get(&id.get()) {
            local.cancel.cancel();
        }
    }

    /// Schedules changed: those whose run was cancelled, by a call to any server, end.
    pub(crate) fn changed(&self, changes: &[store::Changed<Schedule>]) {
        for change in changes {
            let is_over = match &change.object {
                None => true,
                Some(schedule) => schedule.running.as_ref().is_some_and(|running| running.is_cancelled),
            };
            if is_over {
                self.cancel(Id::new(change.id));
            }
        }
    }

    /// Ends all runs: they are told as interrupted, and begin again when a server runs.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
        let until = Instant::now() + PATIENCE;
        let mut running = self.running.lock();
        running.values().for_each(|local| local.cancel.cancel());
        while !running.is_empty() {
            if self.ended.wait_until(&mut running, until).timed_out() {
                tracing::warn!("discoveries that were still under way are cut");
                return;
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }
}

/// Begins the runs that are due. A fault only means that they are looked at again.
pub(crate) fn look(platform: &Arc<Platform>) {
    if let Err(error) = begin_due(platform) {
        tracing::warn!(%error, "scheduled discoveries could not be looked at; they are looked at again later");
    }
}

fn begin_due(platform: &Arc<Platform>) -> Result<()> {
    let (store, work) = (platform.store(), platform.discoveries());
    let ids: Vec<u32> = store.index::<Schedule, _>(|index| index.ids().iter().collect());
    if ids.is_empty() || work.is_stopping() {
        return Ok(());
    }
    let now = work.clock.now();
    let schedules = store.read()?.get_many::<Schedule>(&ids)?;
    for schedule in schedules {
        let is_left = schedule.running.as_ref().is_some_and(|running| !running.is_alive(now));
        if !is_left && (schedule.running.is_some() || !schedule.is_due(now)) {
            continue;
        }
        let Some(place) = Place::take(platform, schedule.id) else { continue };
        let (id, node) = (schedule.id, work.node);
        let Some(schedule) = store.write_blocking(SYSTEM, move |job| claim(job, id, node))? else { continue };
        let begun =
            std::thread::Builder::new().name(format!("discovery-{id}")).spawn(move || run(&place, &schedule));
        if let Err(error) = begun {
            // The lease ends by itself, and somebody tries again.
            tracing::warn!(%error, "a discovery could not be begun");
        }
    }
    Ok(())
}

/// A run's place among those of this server.
struct Place {
    platform: Arc<Platform>,
    id: Id<Schedule>,
    cancel: Cancel,
}

impl Place {
    fn take(platform: &Arc<Platform>, id: Id<Schedule>) -> Option<Self> {
        let mut running = platform.discoveries().running.lock();
        if running.len() >= AT_ONCE || running.contains_key(&id.get()) {
            return None;
        }
        let local = Local::default();
        let cancel = local.cancel.clone();
        running.insert(id.get(), local);
        Some(Self { platform: platform.clone(), id, cancel })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let work = self.platform.discoveries();
        work.running.lock().remove(&self.id.get());
        work.ended.notify_all();
    }
}

/// Takes a schedule that is due for this server; none if it is not any more, or somebody else was quicker.
fn claim(job: &mut Job<'_>, id: Id<Schedule>, node: Uuid) -> Result<Option<Schedule>> {
    let Some(old) = job.get(id)? else { return Ok(None) };
    let (now, mut new) = (job.now(), old.object.clone());
    if let Some(running) = &new.running {
        if running.is_alive(now) {
            return Ok(None);
        }
        new.interrupt(now);
    }
    let is_due = new.is_due(now);
    if is_due {
        new.count += 1;
        new.running = Some(Running {
            number: new.count,
            node,
            by: new.wanted_by.take(),
            started: now,
            beat: now,
            addresses: 0,
            done: 0,
            open: 0,
            connections: 0,
            is_cancelled: false,
        });
        // Times that went by while no server ran are made up for once.
        new.plan(now);
    }
    job.update(&old, new.clone())?;
    Ok(is_due.then_some(new))
}

fn run(place: &Place, schedule: &Schedule) {
    let mut progress = Progress::default();
    let mut recorded = Recorded::default();
    let result = carry_out(place, schedule, &mut progress, &mut recorded);
    let work = place.platform.discoveries();
    let is_cancelled = place.cancel.is_cancelled();
    let (state, problem) = match result {
        _ if is_cancelled && work.is_stopping() => {
            (RunState::Interrupted, Some("The server was stopped.".to_owned()))
        }
        Err(problem) => (RunState::Failed, Some(problem)),
        Ok(None) if is_cancelled => (RunState::Canceled, None),
        Ok(problem) => (RunState::Finished, problem),
    };
    let (id, node) = (place.id, work.node);
    let ended = place.platform.store().write_blocking(SYSTEM, move |job| {
        let Some(old) = own(job, id, node)? else { return Ok(()) };
        let (now, mut new) = (job.now(), old.object.clone());
        let by = new.running.as_ref().and_then(|running| running.by.clone());
        if let Some(running) = &mut new.running {
            running.advance(progress);
        }
        new.end(state, problem, recorded, now);
        if state == RunState::Interrupted {
            match by {
                Some(by) => new.wanted_by = Some(by),
                None => new.next = Some(now),
            }
        }
        Ok::<_, Error>(job.update(&old, new)?)
    });
    if let Err(error) = ended {
        tracing::warn!(%error, schedule = %place.id, "the end of a discovery could not be noted");
    }
}

/// The schedule, while this server holds its lease.
fn own(job: &mut Job<'_>, id: Id<Schedule>, node: Uuid) -> Result<Option<store::Stored<Schedule>>> {
    let schedule = job.get(id)?;
    Ok(schedule.filter(|schedule| schedule.running.as_ref().is_some_and(|running| running.node == node)))
}

/// Discovers and records. Gives what people should know of it, or why it can't be done, in words.
fn carry_out(
    place: &Place,
    schedule: &Schedule,
    progress: &mut Progress,
    recorded: &mut Recorded,
) -> Result<Option<String>, String> {
    let call = call_of(place, schedule)?;
    let what = &schedule.what;
    let told = |error: Error| error.into_gateway(&super::FAMILY).message;
    let targets = wanted::expression("targets", &what.targets).map_err(told)?;
    let exclude = wanted::expression("exclude", &what.exclude).map_err(told)?;
    scope::demand(&call, &targets, &exclude).map_err(told)?;
    let ports = Ports::parse(&what.ports).map_err(|error| error.to_string())?;
    let options = Options {
        rate: Some(what.rate),
        concurrency: CONCURRENCY,
        per_host: PER_HOST,
        helpers: HELPERS,
        most_addresses: wanted::MOST_ADDRESSES,
        ..Options::new(ports.clone())
    };
    let recording = match what.record {
        Source::VmMap => Recording::map(Some(&ports)),
        _ => Recording::vm_scan(Some(&ports)),
    };
    let mut under_way = UnderWay {
        place,
        call,
        recording,
        hosts: Vec::new(),
        since: Instant::now(),
        beat: Instant::now(),
        progress: Progress::default(),
        recorded: Recorded::default(),
        problem: None,
    };
    let clock = place.platform.discoveries().clock.clone();
    let now = move || clock.now();
    let result =
        discover(&targets, &exclude, &options, &place.cancel, &now, &mut |event| under_way.take(event));
    under_way.flush();
    (*progress, *recorded) = (under_way.progress, under_way.recorded);
    match result {
        Ok(_) => Ok(under_way.problem),
        Err(error) => Err(error.to_string()),
    }
}

/// A call in the name of the schedule's owner, with what they may do now.
fn call_of(place: &Place, schedule: &Schedule) -> Result<Call, String> {
    let (platform, login) = (&place.platform, &schedule.owner_login);
    let caller =
        platform.access().caller(platform.store(), schedule.owner).map_err(|error| error.to_string())?;
    let caller =
        caller.ok_or_else(|| format!("Its owner {login} is no user any more. Let somebody update it."))?;
    let now = platform.discoveries().clock.now();
    let call = Call { platform: platform.clone(), caller, peer: None, now };
    let may = [Permission::ApiAccess, Permission::ManageDiscoveries];
    let allowed = may.into_iter().try_for_each(|permission| call.demand(permission));
    allowed.and_then(|()| demand_recording(&call, schedule.what.record)).map_err(|_| {
        format!("Its owner {login} may not do this any more. Give them the permissions, or let somebody else update it.")
    })?;
    Ok(call)
}

/// A discovery that is under way.
struct UnderWay<'p> {
    place: &'p Place,
    call: Call,
    recording: Recording,
    hosts: Vec<Host>,
    /// When hosts were recorded last.
    since: Instant,
    beat: Instant,
    progress: Progress,
    recorded: Recorded,
    problem: Option<String>,
}

impl UnderWay<'_> {
    fn take(&mut self, event: Event) {
        match event {
            // Of a host that was cut off, it is not known which ports are closed.
            Event::Host(_) if self.place.cancel.is_cancelled() => {}
            Event::Host(host) if host.status == Status::Up => self.hosts.push(*host),
            Event::Host(_) => self.recorded.silent += 1,
            Event::Note(note) => drop(self.problem.get_or_insert(note)),
            Event::Progress(progress) => self.advance(progress),
            Event::Port(..) => {}
        }
        if self.hosts.len() >= HOSTS || !self.hosts.is_empty() && self.since.elapsed() >= WAIT {
            self.flush();
        }
        if self.beat.elapsed() >= BEAT {
            self.beat();
        }
    }

    fn advance(&mut self, progress: Progress) {
        self.progress = progress;
        if let Some(local) = self.place.platform.discoveries().running.lock().get_mut(&self.place.id.get()) {
            local.progress = progress;
        }
    }

    /// Records the hosts that are known. Where one of them may not be recorded, the others are.
    fn flush(&mut self) {
        self.since = Instant::now();
        let hosts = std::mem::take(&mut self.hosts);
        if hosts.is_empty() {
            return;
        }
        match results::record(&self.call, &self.recording, hosts.clone()) {
            Ok(recorded) => self.recorded.add(recorded),
            Err(Error::Store(error)) => self.failed(Error::Store(error)),
            Err(_) => {
                for host in hosts {
                    match results::record(&self.call, &self.recording, vec![host]) {
                        Ok(recorded) => self.recorded.add(recorded),
                        Err(error) => self.failed(error),
                    }
                }
            }
        }
    }

    fn failed(&mut self, error: Error) {
        let message = error.into_gateway(&super::FAMILY).message;
        tracing::warn!(schedule = %self.place.id, message, "a part of a discovery could not be recorded");
        self.problem = Some(message);
    }

    /// Gives a sign of life. A run whose schedule is gone or taken by another server ends.
    fn beat(&mut self) {
        self.beat = Instant::now();
        let work = self.place.platform.discoveries();
        match beat(self.place.platform.store(), self.place.id, work.node, self.progress) {
            Ok(true) => {}
            Ok(false) => self.place.cancel.cancel(),
            Err(error) => tracing::warn!(%error, "a discovery could not give a sign of life"),
        }
    }
}

/// Renews a lease; tells whether the run shall go on.
fn beat(store: &Store, id: Id<Schedule>, node: Uuid, progress: Progress) -> Result<bool> {
    store.write_blocking(SYSTEM, move |job| {
        let Some(old) = own(job, id, node)? else { return Ok(false) };
        let (now, mut new) = (job.now(), old.object.clone());
        let mut goes_on = true;
        if let Some(running) = &mut new.running {
            running.advance(progress);
            running.beat = now;
            goes_on = !running.is_cancelled;
        }
        job.update(&old, new)?;
        Ok(goes_on)
    })
}
