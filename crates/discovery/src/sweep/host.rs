//! What is known of a host while its ports are asked, and what to ask next. No sockets here: time and answers come in.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::model::Status;

/// Attempts at once at the beginning.
const WINDOW: f64 = 100.0;
const SMALLEST_WINDOW: f64 = 4.0;
/// Time for a first answer, while nothing is known of a host. Below a second, so that the kernel does not repeat its SYN.
const UNKNOWN: Duration = Duration::from_millis(940);
/// Time for an answer to a later attempt, while nothing is known of a host: it may be slow. The kernel repeats its SYN
/// meanwhile, which counts as asking again.
const MAYBE_SLOW: Duration = Duration::from_millis(2_940);
const SHORTEST: Duration = Duration::from_millis(150);
const LONGEST: Duration = Duration::from_millis(4_940);
/// By how much an answer may be later than usual before a port that was waited for as long must be asked again.
const SLOWER: f64 = 1.25;
/// Attempts at the most, where answers are seen to get lost.
const MOST_TRIES: u8 = 15;
/// Connections a second to a host that loses answers, at the least.
const SLOWEST: f64 = 4.0;
/// Connections a second to a host when the first loss is seen, at the least.
const FIRST: f64 = 100.0;
/// What part of its best second a host is asked for at the least: answers that get lost at any speed are no limit.
const FLOOR: f64 = 0.6;
/// No way to a host, so often in turn, is the end of it.
const NO_ROUTE: u32 = 3;

/// A port to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) port: u16,
    /// So many SYNs came before.
    tries: u8,
    /// The longest that was waited for an answer.
    waited: Duration,
}

/// A port to ask again.
#[derive(Debug, Clone, Copy)]
struct Again {
    ask: Ask,
    due: Instant,
}

/// What to do with a host now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Ask this port.
    Ask(Ask),
    /// Nothing until this moment.
    At(Instant),
    /// Nothing until something comes in.
    Idle,
    /// Everything is known.
    Done,
}

/// A limit that the host itself seems to have.
#[derive(Debug, Clone, Copy)]
struct Slow {
    per_second: f64,
    next: Instant,
    changed: Instant,
}

/// A host whose ports are asked.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) address: IpAddr,
    begun: Instant,
    /// How many ports of the list were asked for the first time.
    fresh: usize,
    again: VecDeque<Again>,
    /// Ports without an answer after all attempts that seemed right.
    given_up: Vec<Ask>,
    in_flight: u32,
    window: f64,
    most_window: f64,
    /// Smoothed time of an answer and its deviation, in seconds (RFC 6298).
    rtt: Option<(f64, f64)>,
    tries: u8,
    slow: Option<Slow>,
    answers: u32,
    /// Answers in this second and in the one before.
    recent: (Instant, u32, u32),
    /// Answers in the best second, fading.
    best: f64,
    closed: u32,
    open: u32,
    prohibited: u32,
    no_route: u32,
    silent_after: Option<u32>,
    gone: Option<&'static str>,
}

/// What became of a host.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ended {
    pub(crate) address: IpAddr,
    pub(crate) status: Status,
    pub(crate) reason: String,
    pub(crate) closed: u32,
    pub(crate) filtered: u32,
    pub(crate) round_trip: Option<Duration>,
}

impl Scanned {
    pub(super) fn new(
        address: IpAddr,
        tries: u8,
        most: u32,
        silent_after: Option<u32>,
        now: Instant,
    ) -> Self {
        let most_window = f64::from(most.max(1));
        Self {
            address,
            begun: now,
            fresh: 0,
            again: VecDeque::new(),
            given_up: Vec::new(),
            in_flight: 0,
            window: WINDOW.min(most_window),
            most_window,
            rtt: None,
            tries: tries.max(1),
            slow: None,
            answers: 0,
            recent: (now, 0, 0),
            best: 0.0,
            closed: 0,
            open: 0,
            prohibited: 0,
            no_route: 0,
            silent_after,
            gone: None,
        }
    }

    /// What to do now, with the list of ports.
    pub(super) fn next(&mut self, ports: &[u16], now: Instant) -> Next {
        let is_done =
            self.gone.is_some() || (self.fresh >= ports.len() && self.again.is_empty() && !self.reopen(now));
        if is_done {
            return if self.in_flight == 0 { Next::Done } else { Next::Idle };
        }
        if f64::from(self.in_flight) >= self.window {
            return Next::Idle;
        }
        if let Some(slow) = self.slow
            && slow.next > now
        {
            return Next::At(slow.next);
        }
        if self.again.front().is_some_and(|again| again.due <= now)
            && let Some(again) = self.again.pop_front()
        {
            return Next::Ask(again.ask);
        }
        if let Some(port) = ports.get(self.fresh) {
            self.fresh += 1;
            return Next::Ask(Ask { port: *port, tries: 0, waited: Duration::ZERO });
        }
        self.again.front().map_or(Next::Idle, |again| Next::At(again.due))
    }

    /// Ports that were given up before it was seen that answers get lost, or that they take longer, are asked again.
    fn reopen(&mut self, now: Instant) -> bool {
        let tries = if self.slow.is_some() { self.tries } else { 0 };
        let usual = self.rtt.map_or(0.0, |(smooth, _)| smooth * SLOWER);
        let usual = Duration::from_secs_f64(usual).min(LONGEST);
        let again = &mut self.again;
        self.given_up.retain(|ask| {
            let is_enough = ask.tries >= MOST_TRIES || ask.tries >= tries && ask.waited >= usual;
            if !is_enough {
                again.push_back(Again { ask: *ask, due: now });
            }
            is_enough
        });
        !self.again.is_empty()
    }

    /// An attempt went out.
    pub(super) fn sent(&mut self, now: Instant) {
        self.in_flight += 1;
        if let Some(slow) = &mut self.slow {
            slow.next = slow.next.max(now) + Duration::from_secs_f64(1.0 / slow.per_second);
        }
    }

    /// It did not leave this machine after all.
    pub(super) fn not_sent(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// An attempt could not be made here: nothing was learned.
    pub(super) fn postponed(&mut self, ask: Ask, due: Instant) {
        self.again.push_front(Again { ask, due });
    }

    /// The time that an attempt may take.
    pub(super) fn patience(&self, ask: &Ask) -> Duration {
        let is_last = ask.tries + 1 >= self.tries;
        match self.rtt {
            Some((smooth, deviation)) => {
                let one = Duration::from_secs_f64(smooth + 4.0 * deviation + 0.05).clamp(SHORTEST, LONGEST);
                let longer = one * (1 << ask.tries.min(3));
                if is_last {
                    // Answers may have become slower than any that was waited for.
                    return longer.clamp(UNKNOWN, LONGEST);
                }
                // Long enough for the slow, and below a second for whoever is not.
                if one < UNKNOWN { longer.min(UNKNOWN) } else { longer.min(LONGEST) }
            }
            None if is_last || ask.tries > 0 => MAYBE_SLOW,
            None => UNKNOWN,
        }
    }

    /// An answer of the host to an attempt: open or refused.
    pub(super) fn answered(&mut self, is_open: bool, ask: &Ask, took: Duration, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.answers += 1;
        self.no_route = 0;
        if is_open {
            self.open += 1
        } else {
            self.closed += 1
        }
        self.measure(took);
        let (begun, this, _) = self.recent;
        if now.saturating_duration_since(begun) >= Duration::from_secs(1) {
            self.recent = (now, 1, this);
            self.best = (self.best * 0.95).max(f64::from(this));
        } else {
            self.recent.1 += 1;
        }
        // An attempt before had the time that this answer took, and yet nothing came: it was lost.
        if took < ask.waited {
            self.lost(ask.tries, now);
        } else {
            self.window = (self.window + 1.0).min(self.most_window);
            self.recover(now);
        }
    }

    /// Something on the way says no.
    pub(super) fn prohibited(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.prohibited += 1;
    }

    /// There is no way.
    pub(super) fn no_route(&mut self, ask: &Ask, due: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.no_route += 1;
        if self.no_route >= NO_ROUTE && self.answers == 0 {
            self.gone = Some("no route to it");
        }
        self.settle(ask, Duration::ZERO, 0, due);
    }

    /// No answer in time, although the kernel repeated its SYN so often.
    pub(super) fn timed_out(&mut self, ask: &Ask, waited: Duration, repeats: u8, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        // Silence alone is no loss: a filtered port is silent, too.
        self.window = (self.window + 0.25).min(self.most_window);
        self.settle(ask, waited, repeats, now + Duration::from_millis(40) * u32::from(ask.tries + 1));
        if self.answers == 0 && self.silent_after.is_some_and(|most| self.given_up.len() >= most as usize) {
            self.gone = Some("no answer");
        }
    }

    /// It is known that nobody is there.
    pub(super) fn missing(&mut self, why: &'static str) {
        self.gone = Some(why);
    }

    /// Whether it is asked and nothing came yet, so that the kernel may still be looking for it.
    pub(super) fn is_unmet(&self) -> bool {
        self.in_flight > 0
            && self.answers == 0
            && self.prohibited == 0
            && self.gone.is_none()
            && !self.address.is_loopback()
    }

    /// Whether nothing came yet after a number of attempts that it is worth to ask the kernel about.
    pub(super) fn is_doubtful(&self, now: Instant) -> bool {
        let has_waited = now.saturating_duration_since(self.begun) >= Duration::from_secs(3);
        let silent = self.given_up.len() + self.again.len() + self.prohibited as usize;
        self.answers == 0 && self.gone.is_none() && has_waited && (silent < 8 || silent.is_multiple_of(8))
    }

    fn settle(&mut self, ask: &Ask, waited: Duration, repeats: u8, due: Instant) {
        let tries = ask.tries.saturating_add(1).saturating_add(repeats);
        let ask = Ask { port: ask.port, tries, waited: ask.waited.max(waited) };
        if tries >= self.tries {
            self.given_up.push(ask);
        } else {
            self.again.push_back(Again { ask, due });
        }
    }

    /// Answers get lost: slower, and more attempts for each port.
    fn lost(&mut self, tries: u8, now: Instant) {
        self.tries = self.tries.max(tries.saturating_add(4)).min(MOST_TRIES);
        let (begun, this, before) = self.recent;
        let elapsed = now.saturating_duration_since(begun).as_secs_f64();
        let seen = f64::from(this + before) / (1.0 + elapsed);
        match &mut self.slow {
            None => {
                self.window = (self.window / 2.0).max(SMALLEST_WINDOW);
                self.slow = Some(Slow { per_second: (seen * 0.8).max(FIRST), next: now, changed: now });
            }
            Some(slow) if now.saturating_duration_since(slow.changed) >= Duration::from_secs(1) => {
                self.window = (self.window / 2.0).max(SMALLEST_WINDOW);
                slow.per_second = (slow.per_second * 0.75).max(self.best * FLOOR).max(SLOWEST);
                slow.changed = now;
            }
            Some(_) => {}
        }
    }

    /// Nothing was lost for a while: a little faster.
    fn recover(&mut self, now: Instant) {
        if let Some(slow) = &mut self.slow
            && now.saturating_duration_since(slow.changed) >= Duration::from_millis(1_500)
        {
            slow.per_second *= 1.15;
            slow.changed = now;
        }
    }

    fn measure(&mut self, took: Duration) {
        let took = took.as_secs_f64();
        self.rtt = Some(match self.rtt {
            None => (took, took / 2.0),
            Some((smooth, deviation)) => {
                (smooth * 0.875 + took * 0.125, deviation * 0.75 + (smooth - took).abs() * 0.25)
            }
        });
    }

    /// What became of it.
    pub(super) fn ended(&self) -> Ended {
        let known = self.open + self.closed;
        let filtered = u32::try_from(self.fresh).unwrap_or(u32::MAX).saturating_sub(known);
        let (status, reason) = match (self.answers, self.gone) {
            (1.., _) if self.open > 0 => (Status::Up, format!("{} ports accept connections", self.open)),
            (1.., _) => (Status::Up, format!("{} ports refuse connections", self.closed)),
            (0, Some(why)) => {
                (if why == "no answer" { Status::Silent } else { Status::Unreachable }, why.to_owned())
            }
            (0, None) if self.prohibited > 0 => {
                (Status::Silent, format!("{} ports are prohibited on the way", self.prohibited))
            }
            (0, None) => (Status::Silent, "no answer".to_owned()),
        };
        Ended {
            address: self.address,
            status,
            reason,
            closed: self.closed,
            filtered,
            round_trip: self.rtt.map(|(smooth, _)| Duration::from_secs_f64(smooth)),
        }
    }
}
