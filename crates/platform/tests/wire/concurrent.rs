//! Calls that meet: every changing operation of the table, by several callers at once.

use std::thread;

use platform::{IdPart, Operation, Platform};
use qps::Format;

use crate::common::{As, Reply, World};
use crate::permissions::{absent_code, furnished, good_request};

const CALLERS: usize = 6;

fn changes() -> impl Iterator<Item = &'static Operation> {
    let reads = ["get", "search", "count", "evaluate"];
    Platform::operations().iter().filter(move |one| !reads.contains(&one.route.verb))
}

fn code(me: &As<'_>, side: usize, method: &str, url: &str, body: &str) -> String {
    let (status, text) = me.raw(side, method, url, Some("text/xml"), None, body.as_bytes());
    Reply::read(status, Format::Xml, text).code().to_owned()
}

fn verified(world: &World, what: &str) {
    for side in &world.sides {
        assert_eq!(side.store().verify().unwrap(), None, "{what}");
    }
}

/// The same call by many at once does what it does one after the other: what can succeed once only does so once, the
/// others get the contract's error, and nothing is written in between.
#[test]
fn the_same_call_at_once_is_as_one_after_the_other() {
    for operation in changes() {
        let world = furnished();
        let me = world.manager();
        let (url, body) = good_request(operation);
        let (method, what) =
            (operation.methods[0].name(), format!("{} {}", operation.route.verb, operation.route.object));
        let mut at_once: Vec<String> = thread::scope(|scope| {
            let calls: Vec<_> =
                (0..CALLERS).map(|_| scope.spawn(|| code(&me, 0, method, &url, &body))).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        let mut in_turn: Vec<String> = (0..CALLERS).map(|_| code(&me, 1, method, &url, &body)).collect();
        at_once.sort();
        in_turn.sort();
        assert_eq!(at_once, in_turn, "{what}");
        // Each installation has a random activation key.
        let but_key = |text: &str| {
            let (before, after) = text.split_once("\"key\":").unwrap();
            (before.to_owned(), after.split_once(',').unwrap().1.to_owned())
        };
        let [once, turns] = world.fingerprint().map(|text| but_key(&text));
        assert_eq!(once, turns, "{what}");
        verified(&world, &what);
    }
}

/// A call that meets the deletion of what it concerns comes before it or is told that there is no such thing; the
/// deletion holds.
#[test]
fn a_call_that_meets_the_deletion_of_its_object_comes_before_it_or_finds_nothing() {
    for operation in changes().filter(|one| one.route.id == IdPart::Optional) {
        let delete =
            |one: &&Operation| (one.route.verb, one.route.object) == ("delete", operation.route.object);
        let Some(delete) = Platform::operations().iter().find(delete) else { continue };
        let world = furnished();
        let me = world.manager();
        let (url, body) = good_request(operation);
        let (gone, nothing) = good_request(delete);
        let (method, what) =
            (operation.methods[0].name(), format!("{} {}", operation.route.verb, operation.route.object));
        let codes: Vec<String> = thread::scope(|scope| {
            let calls: Vec<_> =
                (0..CALLERS).map(|_| scope.spawn(|| code(&me, 0, method, &url, &body))).collect();
            let deletion = code(&me, 0, delete.methods[0].name(), &gone, &nothing);
            assert!(["SUCCESS", absent_code(delete)].contains(&deletion.as_str()), "{what}: {deletion}");
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        assert!(
            codes.iter().all(|code| ["SUCCESS", absent_code(operation)].contains(&code.as_str())),
            "{what}: {codes:?}"
        );
        assert_eq!(code(&me, 0, method, &url, &body), absent_code(operation), "{what}");
        verified(&world, &what);
    }
}
