//! Calls of the gateway that meet: every changing one of them, by several callers at once.

use std::thread;

use platform::Platform;
use platform::assets::Asset;
use platform::discoveries::Schedule;
use platform::gateway::GatewayOperation;
use platform::oca::{Device, Upload};
use platform::results::HostResult;
use query::Filter;

use super::samples::{furnished, good_request};
use super::*;

const CALLERS: usize = 6;
/// What is answered where more change one device at once than is tried again for: come again.
const BUSY: &str = "503";

fn changes() -> impl Iterator<Item = &'static GatewayOperation> {
    let all = Platform::gateway().iter().flat_map(|family| family.operations);
    all.filter(|one| one.method.name() != "GET" && !one.name.starts_with("posture"))
}

/// The status, and the id of an error.
fn told(gate: &Gate, request: &Request) -> String {
    let reply = gate.send(request);
    let message = reply.body["_error"]["message"].as_str().unwrap_or_default();
    let id = message.split(' ').next().unwrap_or_default();
    if reply.status == 503 { BUSY.to_owned() } else { format!("{} {id}", reply.status) }
}

/// How many objects there are of each kind, and files.
fn counts(gate: &Gate) -> [u64; 6] {
    fn count<T: store::Object>(gate: &Gate) -> u64 {
        gate.platform.store().count::<T>(&Filter::All)
    }
    [
        count::<Asset>(gate),
        count::<Device>(gate),
        count::<Upload>(gate),
        count::<HostResult>(gate),
        count::<Schedule>(gate),
        gate.files().len() as u64,
    ]
}

/// The same call by many at once does what it does one after the other: what can succeed once only does so once, and the
/// others get the contract's error.
#[test]
fn the_same_call_at_once_is_as_one_after_the_other() {
    for operation in changes() {
        let name = operation.name;
        // Whether a run is under way when the next one is asked for is a matter of time.
        if name == "runSchedule" {
            continue;
        }
        let (gate, uuid, _) = furnished();
        let request = good_request(operation, &uuid);
        let mut at_once: Vec<String> = thread::scope(|scope| {
            let calls: Vec<_> = (0..CALLERS).map(|_| scope.spawn(|| told(&gate, &request))).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        assert_eq!(gate.platform.store().verify().unwrap(), None, "{name}");
        let refused = at_once.iter().filter(|told| *told == BUSY).count();
        assert!(refused == 0 || name.starts_with("upload") && refused < CALLERS, "{name}: {at_once:?}");

        let (other, uuid, _) = furnished();
        let request = good_request(operation, &uuid);
        let mut in_turn: Vec<String> = (0..CALLERS - refused).map(|_| told(&other, &request)).collect();
        at_once.retain(|told| told != BUSY);
        at_once.sort();
        in_turn.sort();
        assert_eq!(at_once, in_turn, "{name}");
        assert_eq!(counts(&gate), counts(&other), "{name}");
    }
}

/// What meets the revocation of its device comes before it or finds nothing; nothing of it is left.
#[test]
fn a_call_that_meets_the_revocation_of_its_device_comes_before_it_or_finds_nothing() {
    for operation in changes().filter(|one| one.path.contains("{uuid}") && one.method.name() == "POST") {
        let (gate, uuid, other) = furnished();
        gate.send(&request("DELETE", format!("{API}/asset/{other}"))).ok();
        let request_of_one = good_request(operation, &uuid);
        let answers: Vec<String> = thread::scope(|scope| {
            let calls: Vec<_> = (0..CALLERS).map(|_| scope.spawn(|| told(&gate, &request_of_one))).collect();
            assert_eq!(gate.send(&request("DELETE", format!("{API}/asset/{uuid}"))).status, 200);
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        let known = ["200 ", "404 ERR-2912", BUSY];
        assert!(answers.iter().all(|told| known.contains(&told.as_str())), "{}: {answers:?}", operation.name);
        assert_eq!(told(&gate, &request_of_one), "404 ERR-2912", "{}", operation.name);
        let [assets, devices, uploads, _, _, files] = counts(&gate);
        assert_eq!([assets, devices, uploads, files], [0; 4], "{}", operation.name);
        assert_eq!(gate.platform.store().verify().unwrap(), None);
    }
}
