//! Changes that are worked out before their transaction.

use query::Filter;
use store::{Error, Id, Result, Store};

use crate::objects::{Host, Note, host_named, hosts_with_hits};
use crate::support::{assert_sound, both_databases, change, delete, insert};

/// Changes a host, and gives back the name that it had; waits outside of any runtime, where the client of PostgreSQL
/// does not run.
fn revise(
    store: &Store,
    id: Id<Host>,
    change: impl Fn(&mut Host) + Send + 'static,
) -> Result<Option<String>> {
    struct Parked(std::thread::Thread);
    impl std::task::Wake for Parked {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let work = store.revise("ann", id, move |old, _| {
        let new = old.map(|old| {
            let mut new = old.object.clone();
            change(&mut new);
            new
        });
        Ok((new, old.map(|old| old.name.clone())))
    });
    let waker = std::sync::Arc::new(Parked(std::thread::current())).into();
    let mut work = std::pin::pin!(work);
    loop {
        if let std::task::Poll::Ready(done) = work.as_mut().poll(&mut std::task::Context::from_waker(&waker))
        {
            return done;
        }
        std::thread::park();
    }
}

both_databases!(a_revision_is_one_write, |base| {
    let store = base.open();
    let id = insert(&store, Host { ports: vec![22, 80, 443], ..Host::named("one") });
    let before = store.read().unwrap().changes(0, 99).unwrap().len();
    let seen = revise(&store, id, |host| {
        (host.hits, host.name) = (5, "two".into());
        host.ports = vec![22, 8_080, 443];
    });
    assert_eq!(seen.unwrap().as_deref(), Some("one"));
    assert_eq!((store.count::<Host>(&hosts_with_hits(5)), store.count::<Host>(&host_named("two"))), (1, 1));
    let mut reading = store.read().unwrap();
    assert_eq!(reading.find::<Host>("two").unwrap(), Some(id));
    assert_eq!(reading.find::<Host>("one").unwrap(), None);
    assert_eq!(reading.get(id).unwrap().unwrap().version, 2);
    let log = reading.changes(0, 99).unwrap();
    assert_eq!(log.len(), before + 1);
    let last = log.last().unwrap();
    assert_eq!(last.before, r#"{"name":"one","hits":0,"ports":[80]}"#);
    assert_eq!(last.after, r#"{"name":"two","hits":5,"ports":[8080]}"#);
    assert_sound(&store);
});

both_databases!(a_revision_that_changes_nothing_writes_nothing, |base| {
    let store = base.open();
    let id = insert(&store, Host::named("one"));
    let sequence = store.sequence();
    assert_eq!(revise(&store, id, |_| {}).unwrap().as_deref(), Some("one"));
    assert_eq!(revise(&store, Id::new(77), |host| host.hits = 1).unwrap(), None);
    assert_eq!(store.sequence(), sequence);
});

both_databases!(a_revision_takes_no_key_of_another, |base| {
    let store = base.open();
    let (one, two) = (insert(&store, Host::named("one")), insert(&store, Host::named("two")));
    let refused = revise(&store, two, |host| host.name = "one".into());
    assert!(matches!(&refused, Err(Error::Taken { holder, .. }) if *holder == one.get()), "{refused:?}");
    assert_eq!(store.count::<Host>(&host_named("two")), 1);
    assert_sound(&store);
});

both_databases!(a_revision_of_what_changed_meanwhile_is_made_again, |base| {
    let store = base.open();
    let id = insert(&store, Host::named("one"));
    let (other, first) = (store.clone(), std::sync::atomic::AtomicBool::new(true));
    // The first time it is asked, somebody else is quicker.
    let seen = revise(&store, id, move |host| {
        if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            change(&other, id, |host| host.hits = 40).unwrap();
        }
        host.hits += 2;
    });
    assert_eq!(seen.unwrap().as_deref(), Some("one"));
    assert_eq!(store.count::<Host>(&hosts_with_hits(42)), 1);
    let (other, first) = (store.clone(), std::sync::atomic::AtomicBool::new(true));
    let seen = revise(&store, id, move |host| {
        if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            other.write_blocking("bob", move |job| delete(job, id)).unwrap();
        }
        host.hits += 2;
    });
    assert_eq!(seen.unwrap(), None, "it was gone");
    assert_eq!(store.count::<Host>(&Filter::All), 0);
    assert_sound(&store);
});

both_databases!(revisions_at_the_same_time_all_count, |base| {
    let store = base.open();
    let ids = [insert(&store, Host::named("one")), insert(&store, Host::named("two"))];
    std::thread::scope(|scope| {
        for thread in 0..4i64 {
            let store = &store;
            scope.spawn(move || {
                for round in 0..25i64 {
                    let port = thread * 100 + round;
                    revise(store, ids[(round % 2) as usize], move |host| {
                        host.hits += 1;
                        host.ports.push(port);
                    })
                    .unwrap();
                    store.write_blocking("ann", |job| job.insert(Note::default())).unwrap();
                }
            });
        }
    });
    assert_eq!(store.count::<Host>(&hosts_with_hits(52)), 1);
    assert_eq!(store.count::<Host>(&hosts_with_hits(48)), 1);
    assert_sound(&store);
});
