//! Starts writers, kills them, and looks what they leave.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use query::{FieldId, Filter, Test, Value};
use store::{Change, ChangeKind, Store};
use testkit::chance::Chance;
use testkit::ledger::Ledger;
use testkit::postgres::Database;
use testkit::process::Process;

use crate::objects::{self, Counter, Thing, Twin};
use crate::writer;

pub(crate) fn twin_named(name: &str) -> Filter {
    Filter::Field(FieldId(0), Test::Equals(Value::Text(name.to_owned())))
}

fn kills(usual: u64) -> u64 {
    std::env::var("REDOUBT_KILLS").ok().map_or(usual, |text| text.parse().expect("REDOUBT_KILLS is a number"))
}

fn start(address: &str, snapshot: &Path, name: &str) -> Process {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", writer::TEST, "--nocapture"]);
    command.env(writer::ADDRESS, address).env(writer::SNAPSHOT, snapshot).env(writer::NAME, name);
    // Two writers of one seed would do the same at the same time.
    command.env_remove("REDOUBT_SEED");
    Process::start(&mut command)
}

/// Lets a writer work for a while, kills it, and enters what it did.
fn let_work(process: Process, chance: &mut Chance, ledger: &mut Ledger) {
    // Now and then it is killed while it opens the store.
    let mut lines = Vec::new();
    if chance.within(0..5) == 0 {
        std::thread::sleep(Duration::from_millis(chance.within(0..60)));
    } else {
        process.wait_for(|line| {
            lines.push(line.to_owned());
            (line == "ready").then_some(())
        });
        std::thread::sleep(Duration::from_micros(chance.within(0..300_000)));
    }
    lines.extend(process.kill());
    for line in &lines {
        ledger.read(line);
        assert!(!line.starts_with("error "), "{line}");
    }
}

#[test]
fn no_answered_write_is_lost_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let (file, snapshot) = (directory.path().join("store"), directory.path().join("index"));
    let address = file.to_str().unwrap();
    let (mut chance, mut ledger, mut from_snapshot) = (Chance::new(), Ledger::default(), 0);
    for kill in 0..kills(20) {
        let process = start(address, &snapshot, &format!("k{kill}"));
        let_work(process, &mut chance, &mut ledger);
        let rebuilt = AtomicBool::new(false);
        let store = objects::open(address, &snapshot, &|_| rebuilt.store(true, Ordering::Relaxed));
        from_snapshot += u64::from(!rebuilt.into_inner());
        judge(&store, &mut ledger);
        check_file(&file, &store);
        // What a killed writer left must also be a good start for the next, without a new snapshot.
        if chance.within(0..2) == 0 {
            store.close().unwrap();
        }
    }
    println!("{} answered writes, {from_snapshot} opened from a snapshot", ledger.count_answered());
    assert!(ledger.count_answered() > 20, "only {} writes were answered", ledger.count_answered());
    assert!(from_snapshot > kills(20) / 4, "only {from_snapshot} opened from a snapshot");
}

/// Two processes write at once; each is killed at its own time.
#[test]
fn no_answered_write_is_lost_on_postgres() {
    let database = Database::create();
    let directory = tempfile::tempdir().unwrap();
    let snapshot = |name: &str| -> PathBuf { directory.path().join(name) };
    let (mut chance, mut ledger) = (Chance::new(), Ledger::default());
    for kill in 0..kills(20) / 2 {
        let first = start(database.url(), &snapshot("first"), &format!("k{kill}-first"));
        let second = start(database.url(), &snapshot("second"), &format!("k{kill}-second"));
        let_work(first, &mut chance, &mut ledger);
        let_work(second, &mut chance, &mut ledger);
        // The server may still be busy with the last commit of a client that is gone.
        let mut client = database.client();
        testkit::eventually("the writers' connections ended", || {
            let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
            client.query_one(sql, &[]).unwrap().get::<_, i64>(0) == 1
        });
        let name = if kill % 2 == 0 { "first" } else { "second" };
        let store = objects::open(database.url(), &snapshot(name), &|_| {});
        judge(&store, &mut ledger);
        store.close().unwrap();
    }
    assert!(ledger.count_answered() > 20, "only {} writes were answered", ledger.count_answered());
}

fn judge(store: &Store, ledger: &mut Ledger) {
    assert_eq!(
        store.verify().unwrap(),
        None,
        "the index, from its snapshot and the log, is not that of a rebuild"
    );
    let things = objects::all::<Thing>(store);
    let names: Vec<String> = things.iter().map(|(_, _, thing)| thing.name.clone()).collect();
    let counters = objects::all::<Counter>(store);
    let counts = counters.iter().map(|(_, _, counter)| (counter.name.clone(), counter.count)).collect();
    ledger.check(&names, &counts);

    let mut twins: Vec<String> =
        objects::all::<Twin>(store).into_iter().map(|(_, _, twin)| twin.name.clone()).collect();
    let mut sorted = names.clone();
    twins.sort();
    sorted.sort();
    assert_eq!(sorted, twins, "a write of two objects is half done");

    let mut reading = store.read().unwrap();
    for (id, _, thing) in &things {
        assert_eq!(
            reading.find::<Thing>(&thing.name).unwrap().map(|id| id.get()),
            Some(*id),
            "the key of {thing:?}"
        );
        assert_eq!(thing.body.len() % 5, 0, "{} is cut", thing.name);
    }
    for (_, version, counter) in &counters {
        assert_eq!(*version, counter.count, "{} was written as often as it counts", counter.name);
    }
    let log = reading.changes(0, usize::MAX >> 1).unwrap();
    assert_eq!(store.sequence(), log.last().map_or(0, |change| change.sequence));
    check_log(&log, &things.iter().map(|(id, _, _)| *id).collect());
}

/// The log tells each change once, in order, and its end is what there is.
fn check_log(log: &[Change], things: &BTreeSet<u32>) {
    assert!(log.is_sorted_by(|a, b| a.sequence < b.sequence));
    let mut alive: BTreeMap<(&str, u32), bool> = BTreeMap::new();
    for change in log {
        let before = alive.insert((&change.kind, change.id), change.change != ChangeKind::Deleted);
        let expected = if change.change == ChangeKind::Created { None } else { Some(true) };
        assert_eq!(before, expected, "{change:?}");
    }
    let told: BTreeSet<u32> = alive
        .iter()
        .filter(|((kind, _), alive)| *kind == "thing" && **alive)
        .map(|((_, id), _)| *id)
        .collect();
    assert_eq!(told, *things, "the log tells of other things than there are");
}

/// What only the file itself can tell.
fn check_file(file: &Path, store: &Store) {
    let connection = rusqlite::Connection::open(file).unwrap();
    let one =
        |sql: &str| connection.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
    assert_eq!(one("PRAGMA integrity_check"), rusqlite::types::Value::Text("ok".into()));
    let keys = objects::all::<Thing>(store).len() + objects::all::<Counter>(store).len();
    assert_eq!(one("SELECT count(*) FROM keys"), rusqlite::types::Value::Integer(keys as i64));
    let highest = "SELECT coalesce((SELECT next FROM ids WHERE kind = 'thing'), 1)
        > coalesce((SELECT max(id) FROM changes WHERE kind = 'thing'), 0)";
    assert_eq!(one(highest), rusqlite::types::Value::Integer(1), "an id may be given twice");
}
