//! Where sign-ins wait for their turn. Each takes a thread, 19 MiB and a processor for a moment, and wrong ones are made
//! to wait on purpose; so there are few at once, and few of one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Sign-ins at once.
const AT_ONCE: usize = 32;
/// Sign-ins at once of one address; no more than the platform lets wait for one login.
const OF_ONE: usize = 8;
/// Sign-ins of one address that wait or are under way.
const WAITING: usize = 256;

/// The gate.
pub(super) struct Gate {
    all: Arc<Semaphore>,
    queues: Mutex<HashMap<IpAddr, Queue>>,
}

struct Queue {
    turns: Arc<Semaphore>,
    length: usize,
}

/// The right to sign in now. It ends where the work ends, even if the caller is long gone.
pub(super) struct Turn {
    _own: OwnedSemaphorePermit,
    _shared: OwnedSemaphorePermit,
    _place: Place,
}

struct Place {
    gate: Arc<Gate>,
    peer: IpAddr,
}

/// Too many of one address wait.
#[derive(Debug)]
pub(super) struct Full;

impl Default for Gate {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), queues: Mutex::default() }
    }
}

impl Gate {
    /// Waits for a turn.
    pub(super) async fn turn(self: &Arc<Self>, peer: IpAddr) -> Result<Turn, Full> {
        let (place, turns) = self.queue(peer)?;
        // The semaphores are never closed.
        let own = turns.acquire_owned().await.map_err(|_| Full)?;
        let shared = self.all.clone().acquire_owned().await.map_err(|_| Full)?;
        Ok(Turn { _own: own, _shared: shared, _place: place })
    }

    fn queue(self: &Arc<Self>, peer: IpAddr) -> Result<(Place, Arc<Semaphore>), Full> {
        let mut queues = self.queues.lock();
        let new = || Queue { turns: Arc::new(Semaphore::new(OF_ONE)), length: 0 };
        let queue = queues.entry(peer).or_insert_with(new);
        if queue.length >= WAITING {
            return Err(Full);
        }
        queue.length += 1;
        Ok((Place { gate: self.clone(), peer }, queue.turns.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut queues = self.gate.queues.lock();
        let Some(queue) = queues.get_mut(&self.peer) else { return };
        queue.length = queue.length.saturating_sub(1);
        if queue.length == 0 {
            queues.remove(&self.peer);
        }
    }
}

/// The address that guesses are counted for: people have a whole network of IPv6 addresses each.
pub(super) fn counted(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Builder;
    use tokio::time::timeout;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn run<T>(test: impl Future<Output = T>) -> T {
        Builder::new_current_thread().enable_time().build().unwrap().block_on(test)
    }

    #[test]
    fn an_address_that_holds_all_its_turns_does_not_hold_those_of_others() {
        run(async {
            let gate = Arc::new(Gate::default());
            let mut held = Vec::new();
            for _ in 0..OF_ONE {
                held.push(gate.turn(HERE).await.unwrap());
            }
            let moment = Duration::from_millis(20);
            assert!(timeout(moment, gate.turn(HERE)).await.is_err());
            assert!(timeout(moment, gate.turn("192.0.2.1".parse().unwrap())).await.is_ok());
            held.pop();
            assert!(timeout(moment, gate.turn(HERE)).await.is_ok());
        });
    }

    #[test]
    fn nothing_is_remembered_of_those_who_left() {
        run(async {
            let gate = Arc::new(Gate::default());
            let turn = gate.turn(HERE).await.unwrap();
            drop(timeout(Duration::ZERO, gate.turn(HERE)).await);
            drop(turn);
            assert!(gate.queues.lock().is_empty());
        });
    }

    #[test]
    fn a_network_of_ipv6_addresses_counts_as_one() {
        let counted = |text: &str| super::counted(text.parse().unwrap()).to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("192.0.2.1"), "192.0.2.1");
    }
}
