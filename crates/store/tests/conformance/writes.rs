//! Writes: one transaction each, many to a commit, all or nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use query::Filter;
use store::{ChangeKind, Error, Id, Result, Store};

use crate::objects::{Host, Note, host_named, hosts_with_hits};
use crate::support::{assert_sound, both_databases, change, delete, hosts, insert};

/// Keeps the writer busy, runs `queue` meanwhile, and lets the writer go on: all that was queued shares a commit.
fn while_writer_waits(store: &Store, queue: impl FnOnce()) {
    let (go, wait) = channel::<()>();
    let (begun, begins) = channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            store.write_blocking("ann", move |_| -> Result<()> {
                begun.send(()).unwrap();
                wait.recv().unwrap();
                Ok(())
            })
        });
        begins.recv().unwrap();
        queue();
        go.send(()).unwrap();
    });
}

/// Runs these writes together, in this order.
fn together<R: Send + 'static>(store: &Store, jobs: Vec<Box<dyn FnOnce(Store) -> R + Send>>) -> Vec<R> {
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        while_writer_waits(store, || {
            for job in jobs {
                let store = store.clone();
                threads.push(scope.spawn(move || job(store)));
                // Time to get into the queue; if it does not, the test still holds, only less sharply.
                std::thread::sleep(Duration::from_millis(30));
            }
        });
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

both_databases!(a_write_is_found_by_its_writer, |base| {
    let store = base.open();
    let id = insert(&store, Host::named("web").hits(3));
    assert_eq!(store.count::<Host>(&host_named("web")), 1);
    let found = store.read().unwrap().get(id).unwrap().unwrap();
    assert_eq!((found.id, found.version, found.name.as_str()), (id, 1, "web"));
    assert!(change(&store, id, |host| host.hits = 4).unwrap());
    assert_eq!(store.count::<Host>(&hosts_with_hits(3)), 0);
    assert_eq!(store.count::<Host>(&hosts_with_hits(4)), 1);
    assert_eq!(store.read().unwrap().get(id).unwrap().unwrap().version, 2);
    store.write_blocking("ann", move |job| delete(job, id)).unwrap();
    assert_eq!(store.count::<Host>(&Filter::All), 0);
    assert!(store.read().unwrap().get(id).unwrap().is_none());
    assert!(!change(&store, id, |_| {}).unwrap());
    assert_sound(&store);
});

both_databases!(a_kind_can_have_the_ids_of_another, |base| {
    let store = base.open();
    insert(&store, Host::named("first"));
    let host = insert(&store, Host::named("web"));
    let note = Id::<Note>::new(host.get());
    let write = |text: &str| {
        let text = text.to_owned();
        store.write_blocking("ann", move |job| job.insert_as(note, Note { text }))
    };
    write("of the second host").unwrap();
    assert!(matches!(write("again"), Err(Error::Conflict { id, .. }) if id == host.get()));
    assert_eq!(store.read().unwrap().get(note).unwrap().unwrap().text, "of the second host");
    assert_eq!(store.index::<Note, _>(|index| index.ids().iter().collect::<Vec<_>>()), [host.get()]);
    // The id is free again when its object is gone.
    store.write_blocking("ann", move |job| delete(job, note)).unwrap();
    write("anew").unwrap();
    assert_sound(&store);
    store.close().unwrap();
    let store = base.open();
    assert_eq!(store.read().unwrap().get(note).unwrap().unwrap().text, "anew");
    assert_sound(&store);
});

both_databases!(many_are_stored_at_once_where_their_keys_are_free, |base| {
    let store = base.open();
    let held = insert(&store, Host::named("held"));
    let mut aliased = Host::named("c");
    aliased.aliases = vec!["a".to_owned()];
    let new = vec![Host::named("a"), Host::named("held"), Host::named("b"), Host::named("b"), aliased];
    let others = store.write_blocking("ann", move |job| job.insert_free(new)).unwrap();
    assert_eq!(others.iter().map(|host| host.name.as_str()).collect::<Vec<_>>(), ["held", "b", "c"]);
    assert_eq!(hosts(&store).len(), 3);
    let next = insert(&store, Host::named("d"));
    assert_eq!(next.get(), held.get() + 3, "ids go on without gaps");
    assert!(store.write_blocking("ann", |job| job.insert_free(Vec::<Host>::new())).unwrap().is_empty());
    assert_sound(&store);
});

both_databases!(ids_are_not_given_again, |base| {
    let store = base.open();
    let first = insert(&store, Host::named("a"));
    store.write_blocking("ann", move |job| delete(job, first)).unwrap();
    let second = insert(&store, Host::named("a"));
    assert!(second > first);
    store.close().unwrap();
    assert!(insert(&base.open(), Host::named("b")) > second);
});

both_databases!(many_writes_share_a_commit, |base| {
    let store = base.open();
    let before = base.faults.commits();
    std::thread::scope(|scope| {
        while_writer_waits(&store, || {
            for number in 0..40 {
                let store = store.clone();
                scope.spawn(move || insert(&store, Host::named(format!("h{number}"))));
            }
            std::thread::sleep(Duration::from_millis(300));
        });
    });
    assert_eq!(store.count::<Host>(&Filter::All), 40);
    let commits = base.faults.commits() - before;
    assert!(commits <= 20, "{commits} commits for 40 writes that waited together");
    assert_sound(&store);
});

both_databases!(a_write_that_changes_nothing_commits_nothing, |base| {
    let store = base.open();
    let id = insert(&store, Host::named("a"));
    let (commits, sequence) = (base.faults.commits(), store.sequence());
    change(&store, id, |_| {}).unwrap();
    store.write_blocking("ann", |_| Ok::<_, Error>(())).unwrap();
    let refused = store.write_blocking("ann", |job| job.insert(Host::named("a")));
    assert!(matches!(refused, Err(Error::Taken { .. })));
    assert_eq!((base.faults.commits(), store.sequence()), (commits, sequence));
    assert_eq!(store.read().unwrap().get(id).unwrap().unwrap().version, 1);
});

both_databases!(keys_are_unique_while_they_are_held, |base| {
    let store = base.open();
    let named = |name: &str, alias: &str| Host { aliases: vec![alias.to_owned()], ..Host::named(name) };
    let first = insert(&store, named("a", "x"));
    for other in [named("a", "y"), named("x", "y"), named("b", "a")] {
        let key = if other.name == "x" { "x" } else { "a" };
        match store.write_blocking("ann", move |job| job.insert(other)) {
            Err(Error::Taken { kind: "host", key: taken, holder }) => {
                assert_eq!((taken.as_str(), holder), (key, first.get()));
            }
            other => panic!("{other:?}"),
        }
    }
    // An object may take a key of its own again, and one that was given up.
    change(&store, first, |host| host.aliases = vec!["z".into(), "z".into(), "a".into()]).unwrap();
    insert(&store, named("x", "y"));
    store.write_blocking("ann", move |job| delete(job, first)).unwrap();
    let third = insert(&store, named("a", "z"));
    let find = |key: &str| store.read().unwrap().find::<Host>(key).unwrap();
    assert_eq!((find("a"), find("z"), find("nobody")), (Some(third), Some(third), None));
    // Other kinds have keys of their own, or none.
    store.write_blocking("ann", |job| job.insert(Note { text: "a".into() })).unwrap();
    assert_sound(&store);
});

both_databases!(keys_move_between_objects_in_one_write, |base| {
    let store = base.open();
    let (a, b) = (insert(&store, Host::named("a")), insert(&store, Host::named("b")));
    store
        .write_blocking("ann", move |job| {
            for (id, name) in [(a, "t"), (b, "a"), (a, "b")] {
                let old = job.get(id)?.unwrap();
                job.update(&old, Host::named(name))?;
            }
            assert_eq!(job.find::<Host>("a")?, Some(b));
            Ok::<_, Error>(())
        })
        .unwrap();
    let find = |key: &str| store.read().unwrap().find::<Host>(key).unwrap();
    assert_eq!((find("a"), find("b"), find("t")), (Some(b), Some(a), None));
});

both_databases!(an_object_that_was_changed_since_it_was_read_is_not_overwritten, |base| {
    let store = base.open();
    let id = insert(&store, Host::named("a"));
    let old = store.read().unwrap().get(id).unwrap().unwrap();
    change(&store, id, |host| host.hits = 1).unwrap();
    let conflict = |result: Result<()>| {
        assert!(matches!(result, Err(Error::Conflict { kind: "host", id: 1 })), "{result:?}");
    };
    let stale = old.clone();
    conflict(store.write_blocking("ann", move |job| job.update(&stale, Host::named("a").hits(2))));
    // Also when the writer wanted what it had read.
    let stale = old.clone();
    conflict(store.write_blocking("ann", move |job| job.update(&stale, stale.object.clone())));
    let stale = old.clone();
    conflict(store.write_blocking("ann", move |job| job.delete(&stale)));
    conflict(store.write_blocking("ann", move |job| {
        delete(job, id)?;
        job.update(&old, Host::named("b"))
    }));
    assert_eq!(hosts(&store), [("a".to_owned(), 1)]);
    assert_sound(&store);
});

both_databases!(a_write_that_goes_on_after_a_refusal_leaves_nothing_half_done, |base| {
    let store = base.open();
    let (a, b) = (insert(&store, Host::named("a")), insert(&store, Host::named("b")));
    let stale = store.read().unwrap().get(b).unwrap().unwrap();
    change(&store, b, |host| host.hits = 1).unwrap();
    store
        .write_blocking("ann", move |job| {
            let taken = Host { aliases: vec!["new".into(), "b".into()], ..Host::named("c") };
            assert!(matches!(job.insert(taken.clone()), Err(Error::Taken { .. })));
            let old = job.get(a)?.unwrap();
            assert!(matches!(job.update(&old, taken), Err(Error::Taken { .. })));
            assert!(matches!(job.update(&stale, Host::named("d")), Err(Error::Conflict { .. })));
            assert!(matches!(job.delete(&stale), Err(Error::Conflict { .. })));
            job.insert(Host::named("last"))
        })
        .unwrap();
    let find = |key: &str| store.read().unwrap().find::<Host>(key).unwrap();
    assert_eq!(
        (find("a"), find("b"), find("new"), find("c"), find("d")),
        (Some(a), Some(b), None, None, None)
    );
    assert_eq!(hosts(&store), [("a".into(), 0), ("b".into(), 1), ("last".into(), 0)]);
    assert_sound(&store);
});

both_databases!(an_error_undoes_only_its_own_write, |base| {
    let store = base.open();
    let good = |name: &'static str| -> Box<dyn FnOnce(Store) -> Result<Id<Host>, String> + Send> {
        Box::new(move |store| {
            store.write_blocking("ann", move |job| job.insert(Host::named(name))).map_err(|e| e.to_string())
        })
    };
    let bad: Box<dyn FnOnce(Store) -> Result<Id<Host>, String> + Send> = Box::new(|store| {
        #[derive(Debug)]
        enum Own {
            Store(Error),
            Refused,
        }
        impl From<Error> for Own {
            fn from(error: Error) -> Self {
                Own::Store(error)
            }
        }
        let result = store.write_blocking("ann", |job| {
            job.insert(Host::named("undone"))?;
            job.insert(Host::named("undone too"))?;
            Err(Own::Refused)
        });
        result.map_err(|error| if let Own::Store(inner) = error { inner.to_string() } else { "own".into() })
    });
    let panics: Box<dyn FnOnce(Store) -> Result<Id<Host>, String> + Send> = Box::new(|store| {
        let result = store.write_blocking("ann", |job| -> Result<Id<Host>> {
            job.insert(Host::named("undone"))?;
            panic!("a fault in {}", "a job")
        });
        result.map_err(|error| error.to_string())
    });
    let answers = together(&store, vec![good("a"), bad, good("b"), panics, good("c")]);
    let errors: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(String::as_str)).collect();
    let panicked = "a write failed unexpectedly: a fault in a job";
    assert_eq!(errors, [None, Some("own"), None, Some(panicked), None]);
    assert_eq!(hosts(&store), [("a".into(), 0), ("b".into(), 0), ("c".into(), 0)]);
    let names =
        |log: Vec<store::Change>| log.into_iter().map(|change| change.after).collect::<Vec<_>>().join(" ");
    assert!(!names(store.read().unwrap().changes(0, 99).unwrap()).contains("undone"));
    assert_sound(&store);
});

both_databases!(a_write_sees_those_before_it_in_the_same_commit, |base| {
    let store = base.open();
    let old = insert(&store, Host::named("old").hits(7));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let look = || -> Box<dyn FnOnce(Store) + Send> {
        let seen = seen.clone();
        Box::new(move |store| {
            let look = move |job: &mut store::Job<'_>| -> Result<()> {
                let found = job.select::<Host>(&hosts_with_hits(7)).iter().collect::<Vec<_>>();
                let absent = job.select::<Host>(&!hosts_with_hits(7)).iter().collect::<Vec<_>>();
                seen.lock().unwrap().push((found, absent));
                Ok(())
            };
            store.write_blocking("ann", look).unwrap();
        })
    };
    let jobs: Vec<Box<dyn FnOnce(Store) + Send>> = vec![
        Box::new(|store| {
            insert(&store, Host::named("new").hits(7));
        }),
        look(),
        Box::new(move |store| {
            change(&store, old, |host| host.hits = 8).unwrap();
        }),
        look(),
        Box::new(move |store| {
            store
                .write_blocking("ann", move |job| {
                    delete(job, old)?;
                    job.insert(Host::named("third").hits(1))?;
                    assert_eq!(job.select::<Host>(&Filter::All).iter().collect::<Vec<_>>(), [2, 3]);
                    Ok::<_, Error>(())
                })
                .unwrap();
        }),
        look(),
    ];
    together(&store, jobs);
    let expected = [(vec![1, 2], vec![]), (vec![2], vec![1]), (vec![2], vec![3])];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_sound(&store);
});

both_databases!(every_change_is_in_the_log, |base| {
    let store = base.open();
    let id = insert(&store, Host { ports: vec![22, 80], ..Host::named("a") });
    base.clock.set("2026-03-09T11:00:00Z".parse().unwrap());
    store
        .write_blocking("bob", move |job| {
            let old = job.get(id)?.unwrap();
            assert_eq!(job.now().to_string(), "2026-03-09T11:00:00Z");
            job.update(&old, Host { ports: vec![22, 443], hits: 1, ..Host::named("a") })
        })
        .unwrap();
    store.write_blocking("eve", move |job| delete(job, id)).unwrap();
    let log = store.read().unwrap().changes(0, 10).unwrap();
    let told: Vec<_> =
        log.iter().map(|c| (c.at.to_string(), c.author.as_str(), c.kind.as_str(), c.id, c.change)).collect();
    let (ten, eleven) = ("2026-03-09T10:00:00Z".to_owned(), "2026-03-09T11:00:00Z".to_owned());
    assert_eq!(
        told,
        [
            (ten, "ann", "host", 1, ChangeKind::Created),
            (eleven.clone(), "bob", "host", 1, ChangeKind::Updated),
            (eleven, "eve", "host", 1, ChangeKind::Deleted),
        ]
    );
    let full =
        |ports: &str, hits: i64| format!(r#"{{"name":"a","aliases":[],"hits":{hits},"ports":[{ports}]}}"#);
    assert_eq!((log[0].before.as_str(), log[0].after.as_str()), ("{}", full("22,80", 0).as_str()));
    assert_eq!(
        (log[1].before.as_str(), log[1].after.as_str()),
        (r#"{"hits":0,"ports":[80]}"#, r#"{"hits":1,"ports":[443]}"#)
    );
    assert_eq!((log[2].before.as_str(), log[2].after.as_str()), (full("22,443", 1).as_str(), "{}"));
    assert!(log.is_sorted_by(|a, b| a.sequence < b.sequence));
    assert_eq!(store.sequence(), log[2].sequence);
});

both_databases!(observers_learn_of_a_change_before_its_writer_is_answered, |base| {
    let store = base.open();
    let told = Arc::new(Mutex::new(Vec::new()));
    let (list, inner) = (told.clone(), store.clone());
    store.observe::<Host>(move |changes| {
        for change in changes {
            let concerns = change.touched.concerns(&hosts_with_hits(1));
            let name = change.object.as_ref().map(|host| host.name.clone());
            list.lock().unwrap().push((change.id, name, concerns, change.touched.is_whole()));
            assert_eq!(inner.count::<Host>(&Filter::All), u64::from(change.object.is_some()));
        }
    });
    let id = insert(&store, Host::named("a"));
    change(&store, id, |host| host.name = "b".into()).unwrap();
    change(&store, id, |host| host.hits = 1).unwrap();
    store.write_blocking("ann", move |job| delete(job, id)).unwrap();
    let expected = [
        (1, Some("a".to_owned()), true, true),
        (1, Some("b".to_owned()), false, false),
        (1, Some("b".to_owned()), true, false),
        (1, None, true, true),
    ];
    assert_eq!(*told.lock().unwrap(), expected);
});

both_databases!(an_observer_that_panics_harms_nobody, |base| {
    let store = base.open();
    let told = Arc::new(AtomicU64::new(0));
    let count = told.clone();
    store.observe::<Host>(|_| panic!("a fault in an observer"));
    store.observe::<Host>(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    insert(&store, Host::named("a"));
    insert(&store, Host::named("b"));
    assert_eq!(told.load(Ordering::SeqCst), 2);
    assert_sound(&store);
});

both_databases!(a_write_happens_though_nobody_waits_for_it, |base| {
    let store = base.open();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    while_writer_waits(&store, || {
        runtime.block_on(async {
            let mut write = Box::pin(store.write("ann", |job| job.insert(Host::named("given up"))));
            let waker = std::task::Waker::noop();
            assert!(write.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
        });
    });
    let answered = runtime.block_on(store.write("ann", |job| job.insert(Host::named("awaited"))));
    assert_eq!(answered.unwrap().get(), 2);
    assert_eq!(hosts(&store), [("awaited".into(), 0), ("given up".into(), 0)]);
});

both_databases!(closing_finishes_what_waits_and_refuses_what_comes, |base| {
    let store = base.open();
    let done = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        while_writer_waits(&store, || {
            let (own, done) = (store.clone(), done.clone());
            scope.spawn(move || {
                insert(&own, Host::named("in time"));
                done.store(true, Ordering::SeqCst);
            });
            std::thread::sleep(Duration::from_millis(100));
            let own = store.clone();
            scope.spawn(move || own.close().unwrap());
            std::thread::sleep(Duration::from_millis(100));
        });
    });
    assert!(done.load(Ordering::SeqCst));
    let late = store.write_blocking("ann", |job| job.insert(Host::named("late")));
    assert!(matches!(late, Err(Error::Closed)), "{late:?}");
    store.close().unwrap();
    assert_eq!(hosts(&base.open()), [("in time".into(), 0)]);
});

both_databases!(a_store_that_is_dropped_ends_its_threads, |base| {
    let threads = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
        names.filter(|name| name.starts_with("store-")).count()
    };
    let store = base.open();
    insert(&store, Host::named("a"));
    assert_eq!(threads(), 3);
    drop(store);
    testkit::eventually("the threads ended", || threads() == 0);
    assert_eq!(hosts(&base.open()).len(), 1);
});

both_databases!(concurrent_writers_lose_nothing, |base| {
    let store = base.open();
    let shared = insert(&store, Host::named("shared"));
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let store = store.clone();
            scope.spawn(move || {
                for round in 0..25 {
                    let id = insert(&store, Host::named(format!("{writer}/{round}")).hits(round));
                    change(&store, shared, |host| host.hits += 1).unwrap();
                    if round % 3 == 0 {
                        store.write_blocking("ann", move |job| delete(job, id)).unwrap();
                    }
                    assert_eq!(
                        store.count::<Host>(&host_named(&format!("{writer}/{round}"))),
                        u64::from(round % 3 != 0)
                    );
                }
            });
        }
    });
    assert_eq!(store.read().unwrap().get(shared).unwrap().unwrap().hits, 200);
    assert_eq!(store.count::<Host>(&Filter::All), 1 + 8 * 16);
    assert_sound(&store);
});
