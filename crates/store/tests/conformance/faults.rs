//! A failure of the database at every single call: whoever got an answer can rely on it, the others are told, and the
//! store goes on.

use store::{Error, Result, Store};

use crate::objects::{Host, Note};
use crate::support::{Base, assert_sound, both_databases, change, delete, hosts, insert};

/// One write of everything that a write may do.
fn write(store: &Store, round: u64) -> Result<()> {
    store.write_blocking("ann", move |job| {
        let id = job.insert(Host::named(format!("{round}/new")))?;
        let old = job.get(id)?.ok_or(Error::Closed)?;
        job.update(&old, Host::named(format!("{round}/renamed")).hits(1))?;
        let gone = job.insert(Host::named(format!("{round}/gone")))?;
        delete(job, gone)?;
        job.insert(Note { text: format!("{round}") })?;
        Ok(())
    })
}

/// What a database holds of one round: all of it or nothing.
fn found(store: &Store, round: u64) -> bool {
    let mut reading = store.read().unwrap();
    let mut key = |name: &str| reading.find::<Host>(&format!("{round}/{name}")).unwrap().is_some();
    assert!(!key("new") && !key("gone"), "round {round} is half done");
    let renamed = key("renamed");
    let notes = reading.changes(0, 100_000).unwrap();
    let own = notes
        .iter()
        .filter(|c| c.kind == "side_note" && c.after == format!(r#"{{"text":"{round}"}}"#))
        .count();
    assert_eq!(own, usize::from(renamed), "round {round}");
    renamed
}

fn fail_at_every_call(base: &Base, after: bool) {
    let store = base.open();
    write(&store, 0).unwrap();
    for call in 1.. {
        base.faults.fail(call, after);
        let answered = write(&store, call);
        let over = base.faults.relent();
        match answered {
            Ok(()) => assert!(found(&store, call), "call {call}: an answered write is lost"),
            Err(Error::Database(_)) => {
                // Only the answer to a commit can get lost with the write made.
                assert!(after || !found(&store, call), "call {call}: a refused write was made");
            }
            Err(other) => panic!("call {call}: {other}"),
        }
        write(&store, call + 1_000).unwrap();
        assert!(found(&store, call + 1_000));
        assert_sound(&store);
        if over {
            assert!(call > 20, "only {call} calls were made to fail");
            break;
        }
    }
    store.close().unwrap();
    let again = base.open();
    assert_sound(&again);
    assert_eq!(hosts(&again), hosts(&store));
}

both_databases!(a_call_that_fails_is_told_and_survived, |base| {
    fail_at_every_call(base, false);
});

both_databases!(a_call_whose_answer_is_lost_is_told_and_survived, |base| {
    fail_at_every_call(base, true);
});

both_databases!(a_commit_that_fails_fails_for_all_who_share_it, |base| {
    let store = base.open();
    let id = insert(&store, Host::named("a"));
    for call in 1..12 {
        base.faults.fail(call, false);
        let answers: Vec<Result<bool>> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..6).map(|_| scope.spawn(|| change(&store, id, |host| host.hits += 1))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        base.faults.relent();
        let done = answers.iter().filter(|answer| answer.is_ok()).count();
        assert!(
            answers.iter().all(|answer| matches!(answer, Ok(true) | Err(Error::Database(_)))),
            "{answers:?}"
        );
        let hits = hosts(&store)[0].1;
        assert_eq!(hits, done as i64, "call {call}");
        change(&store, id, |host| host.hits = 0).unwrap();
        assert_sound(&store);
    }
});

both_databases!(a_write_that_goes_on_after_a_failure_is_undone, |base| {
    let store = base.open();
    insert(&store, Host::named("a"));
    // The call after the begin, the look at the log and the savepoint is the first of the write.
    for call in 4..10 {
        base.faults.fail(call, false);
        let answer = store.write_blocking("ann", move |job| {
            let first = job.insert(Host::named(format!("{call} first"))).is_ok();
            let second = job.insert(Host::named(format!("{call} second"))).is_ok();
            Ok::<_, Error>((first, second))
        });
        base.faults.relent();
        // A single statement that failed may have left a part of an object: that must not be kept.
        let names: Vec<String> = hosts(&store).into_iter().map(|(name, _)| name).collect();
        let has = |name: &str| names.contains(&format!("{call} {name}"));
        match answer {
            Ok((first, second)) => assert_eq!((has("first"), has("second")), (first, second), "call {call}"),
            Err(_) => assert_eq!((has("first"), has("second")), (false, false), "call {call}"),
        }
        assert_sound(&store);
        let mut reading = store.read().unwrap();
        for name in ["first", "second"] {
            let held = reading.find::<Host>(&format!("{call} {name}")).unwrap().is_some();
            assert_eq!(held, has(name), "call {call}: the key of {name}");
        }
    }
});

both_databases!(a_transaction_that_failed_holds_nobody_up, |base| {
    let (one, two) = (base.open_node("one"), base.open_node("two"));
    insert(&one, Host::named("a"));
    for (call, after) in [(1, true), (2, false), (4, false), (7, false)] {
        base.faults.fail(call, after);
        let failed = write(&one, call);
        base.faults.relent();
        let started = std::time::Instant::now();
        insert(&two, Host::named(format!("{call} by another")));
        assert!(started.elapsed().as_secs() < 10, "call {call}, {failed:?}: waited {:?}", started.elapsed());
    }
    assert_sound(&two);
});
