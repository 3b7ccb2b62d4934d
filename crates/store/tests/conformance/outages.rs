//! PostgreSQL restarts, goes away and comes back.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use query::Filter;
use store::{Error, Result, Store};
use testkit::eventually;

use crate::objects::{Host, hosts_with_hits};
use crate::support::{Base, assert_sound, hosts, insert};

fn try_insert(store: &Store, name: String) -> Result<()> {
    store.write_blocking("ann", move |job| job.insert(Host::named(name))).map(drop)
}

#[test]
fn connections_that_were_cut_while_idle_are_made_anew_unnoticed() {
    let base = Base::postgres();
    let store = base.open();
    insert(&store, Host::named("a"));
    drop((store.read().unwrap(), store.read().unwrap()));
    base.database.as_ref().unwrap().cut();
    insert(&store, Host::named("b"));
    assert_eq!(hosts(&store).len(), 2);
    assert_sound(&store);
}

#[test]
fn a_reading_that_is_cut_says_so() {
    let base = Base::postgres();
    let store = base.open();
    let id = insert(&store, Host::named("a"));
    let mut reading = store.read().unwrap();
    base.database.as_ref().unwrap().cut();
    assert!(matches!(reading.get(id), Err(Error::Database(_))));
    drop(reading);
    assert!(store.read().unwrap().get(id).unwrap().is_some());
}

#[test]
fn a_database_that_is_away_gives_errors_and_then_works_again() {
    let base = Base::postgres();
    let database = base.database.as_ref().unwrap();
    let (store, other) = (base.open_node("one"), base.open_node("two"));
    insert(&store, Host::named("before"));
    database.go_away();
    for number in 0..3 {
        let answer = try_insert(&store, format!("during {number}"));
        assert!(matches!(answer, Err(Error::Database(_))), "{answer:?}");
    }
    assert!(matches!(store.read(), Err(Error::Database(_))));
    // What is in memory is still answered.
    assert_eq!(store.count::<Host>(&Filter::All), 1);
    database.come_back();
    insert(&store, Host::named("after").hits(1));
    eventually("the other node follows again", || other.count::<Host>(&hosts_with_hits(1)) == 1);
    assert_eq!(hosts(&store), [("after".into(), 1), ("before".into(), 0)]);
    assert_sound(&store);
    assert_sound(&other);
}

#[test]
fn no_answered_write_is_lost_while_connections_are_cut() {
    let base = Base::postgres();
    let (store, other) = (base.open_node("one"), base.open_node("two"));
    let (over, failed) = (AtomicBool::new(false), AtomicU64::new(0));
    let answered: Vec<String> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (over, failed) = (&over, &failed);
                let store = if writer == 0 { &other } else { &store };
                scope.spawn(move || {
                    let mut answered = Vec::new();
                    for number in 0u32.. {
                        if over.load(Ordering::Relaxed) {
                            break;
                        }
                        let name = format!("{writer}/{number}");
                        match try_insert(store, name.clone()) {
                            Ok(()) => answered.push(name),
                            Err(_) => drop(failed.fetch_add(1, Ordering::Relaxed)),
                        }
                    }
                    answered
                })
            })
            .collect();
        for _ in 0..15 {
            std::thread::sleep(Duration::from_millis(60));
            base.database.as_ref().unwrap().cut();
        }
        std::thread::sleep(Duration::from_millis(200));
        over.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    insert(&store, Host::named("last"));
    let found: Vec<String> = hosts(&store).into_iter().map(|(name, _)| name).collect();
    assert!(!answered.is_empty());
    for name in &answered {
        assert_eq!(found.iter().filter(|other| *other == name).count(), 1, "{name}");
    }
    // A write whose answer was lost may have been made, but no more of them than failed.
    assert!(found.len() as u64 <= answered.len() as u64 + 1 + failed.load(Ordering::Relaxed));
    assert_sound(&store);
    eventually("the other node follows", || other.sequence() == store.sequence());
    assert_sound(&other);
}

#[test]
fn a_database_of_another_encoding_is_refused() {
    let base = Base::postgres();
    let database = base.database.as_ref().unwrap();
    let mut client = database.client();
    let name = format!("{}_latin", database.name());
    client
        .batch_execute(&format!(
            "CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        ))
        .unwrap();
    let other = database.url().replacen(database.name(), &name, 1);
    let backend = store::backend::Postgres::new(&other).unwrap();
    let refused = store::backend::Backend::prepare(&backend, &[]);
    client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    assert!(matches!(refused, Err(Error::Address(text)) if text.contains("LATIN1")));
}
