//! Exploring a page: what happens when what is on it is used.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::BrowserError;
use super::tab::{Gathered, Tab};
use crate::crawl::render::Rendered;
use crate::crawl::shape::words;
use crate::http::{Request, Target};

/// Most events that are tried on one page, and the time for all of them.
const ACTIONS: usize = 120;
const PAGE_TIME: Duration = Duration::from_secs(40);
/// Elements that are remembered.
const MOST_TRIED: usize = 50_000;

/// What is done to get to a state of a page.
type Actions = Vec<(String, Vec<String>)>;

/// What was tried on all pages, and what came of it. An application that goes from place to place by itself has the same
/// elements on each of its pages, and each of its pages leads to all others.
#[derive(Default)]
pub(super) struct Tried {
    /// Elements that were tried, with the place where they were.
    at: BTreeSet<String>,
    /// Where an element leads, and from how many places in a row it led there.
    leads: HashMap<String, ((String, u64), usize)>,
}

/// Places from which an element leads to the same state until it is not tried at others.
const SAME: usize = 3;

impl Tried {
    /// Whether an element is worth a try at a place; it counts as tried then.
    fn admit(&mut self, place: &str, element: &str) -> bool {
        let is_known = self.leads.get(element).is_some_and(|(_, times)| *times >= SAME);
        !is_known && (self.at.len() >= MOST_TRIED || self.at.insert(format!("{place} {element}")))
    }

    /// Notes the state to which an element led.
    fn led(&mut self, element: String, state: (String, u64)) {
        if self.leads.len() >= MOST_TRIED {
            return;
        }
        let (to, times) = self.leads.entry(element).or_insert_with(|| (state.clone(), 0));
        *times = if *to == state { *times + 1 } else { 1 };
        *to = state;
    }
}

/// The exploring of one page.
pub(super) struct Visit<'a> {
    tab: &'a Tab,
    request: &'a Request,
    pub(super) rendered: Rendered,
    states: BTreeSet<(String, u64)>,
    tried: BTreeSet<String>,
    before: &'a Mutex<Tried>,
}

impl<'a> Visit<'a> {
    /// A visit of the page that a tab shows; `before` has what was tried on others.
    pub(super) fn new(tab: &'a Tab, request: &'a Request, before: &'a Mutex<Tried>) -> Self {
        let (rendered, states, tried) = (Rendered::default(), BTreeSet::new(), BTreeSet::new());
        Self { tab, request, rendered, states, tried, before }
    }

    /// Tries what can be clicked, state by state, breadth first.
    pub(super) async fn explore(&mut self, depth: usize) -> Result<(), BrowserError> {
        let until = Instant::now() + PAGE_TIME;
        let first = self.tab.gather().await?;
        let mut waiting: VecDeque<(Actions, Gathered)> = VecDeque::new();
        self.take(&first);
        waiting.push_back((Vec::new(), first));
        let mut count = 0;
        while let Some((actions, state)) = waiting.pop_front() {
            let mut is_there = actions.is_empty() && count == 0;
            for target in &state.targets {
                if Instant::now() >= until || count >= ACTIONS {
                    return Ok(());
                }
                let element = format!("{} {} {}", target.path, target.text, target.href);
                if actions.len() >= depth.max(1)
                    || !self.tried.insert(element.clone())
                    || !self.before.lock().admit(&state.url, &element)
                {
                    continue;
                }
                if !is_there && !self.go_back(&actions).await? {
                    break;
                }
                count += 1;
                let acted = self.tab.act(&target.path, &target.on).await?;
                let now = self.tab.gather().await?;
                self.before.lock().led(element, (now.url.clone(), words(&now.text)));
                is_there = !acted
                    || (now.url == state.url
                        && words(&now.text) == words(&state.text)
                        && now.targets.len() == state.targets.len());
                if self.take(&now) {
                    let mut longer = actions.clone();
                    longer.push((target.path.clone(), target.on.clone()));
                    waiting.push_back((longer, now));
                }
            }
        }
        Ok(())
    }

    /// Opens the page anew and does what leads to a state.
    async fn go_back(&self, actions: &Actions) -> Result<bool, BrowserError> {
        self.tab.open(self.request).await?;
        for (path, kinds) in actions {
            if !self.tab.act(path, kinds).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes in a state; true when it is a new one.
    fn take(&mut self, state: &Gathered) -> bool {
        let place = state.url.clone();
        for url in state.links.iter().chain(&state.routes).chain([&place]) {
            let is_here = url.split('#').next() == Some(self.request.url.to_string().as_str());
            if let (Some((_, fragment)), true) = (url.split_once('#'), is_here) {
                if !fragment.is_empty() {
                    self.rendered.states.push(format!("#{fragment}"));
                }
                continue;
            }
            if let Ok(target) = Target::parse(url)
                && !self.rendered.links.contains(&target)
                && target != self.request.url
            {
                self.rendered.links.push(target);
            }
        }
        self.rendered.sockets.extend(state.sockets.iter().cloned());
        let is_new = self.states.insert((place, words(&state.text)));
        if is_new {
            self.rendered.documents.push(state.html.clone());
        }
        is_new
    }
}
