//! Opening again: from a snapshot and the changes since, or from the objects when the snapshot is of no use.

use std::fs;

use query::{Field, Fields, Filter, Kind as Holds, Source, ValueRef};
use serde::{Deserialize, Serialize};
use store::{Kind, Object, Options, StoreBuilder};

use crate::objects::{Host, Note, host_named, hosts_with_hits};
use crate::support::{Base, assert_sound, both_databases, change, delete, insert};

/// Some objects, a snapshot of them, and changes after it.
fn fill(base: &Base) {
    let store = base.open();
    for number in 0..20 {
        insert(&store, Host { ports: vec![number, 80], ..Host::named(format!("h{number}")).hits(number) });
    }
    store.write_blocking("ann", |job| job.insert(Note { text: "first".into() })).unwrap();
    store.close().unwrap();
}

/// Changes that no snapshot knows, as a process leaves them that is killed.
fn change_after_snapshot(base: &Base) {
    let snapshot = fs::read(base.path("index")).unwrap();
    let store = base.open();
    let id = insert(&store, Host::named("new").hits(3));
    change(&store, id, |host| host.hits = 4).unwrap();
    store
        .write_blocking("ann", |job| {
            delete(job, store::Id::<Host>::new(1))?;
            job.insert(Note { text: "second".into() })
        })
        .unwrap();
    store.close().unwrap();
    fs::write(base.path("index"), snapshot).unwrap();
}

fn check_filled(store: &store::Store, changed: bool) {
    assert_sound(store);
    let expected = if changed { [20, 0, 2] } else { [20, 1, 1] };
    let found = [
        store.count::<Host>(&Filter::All),
        store.count::<Host>(&host_named("h0")),
        store.count::<Note>(&Filter::All),
    ];
    assert_eq!(found, expected);
    assert_eq!(store.count::<Host>(&hosts_with_hits(4)), 1 + u64::from(changed));
}

both_databases!(a_store_opens_from_its_snapshot, |base| {
    fill(base);
    let (store, rebuilt) = base.open_watched();
    assert!(!rebuilt);
    check_filled(&store, false);
    let id = insert(&store, Host::named("one more"));
    assert_eq!(id.get(), 21);
    assert_sound(&store);
});

both_databases!(changes_since_the_snapshot_are_taken_in, |base| {
    fill(base);
    change_after_snapshot(base);
    let (store, rebuilt) = base.open_watched();
    assert!(!rebuilt);
    check_filled(&store, true);
});

both_databases!(a_missing_snapshot_is_no_loss, |base| {
    fill(base);
    change_after_snapshot(base);
    fs::remove_file(base.path("index")).unwrap();
    let (store, rebuilt) = base.open_watched();
    assert!(rebuilt);
    check_filled(&store, true);
    let without = base.builder(Options { snapshot: None, ..base.options() }).open(&|_| {}).unwrap();
    check_filled(&without, true);
});

both_databases!(a_damaged_snapshot_is_rebuilt, |base| {
    fill(base);
    let good = fs::read(base.path("index")).unwrap();
    let mut damaged: Vec<Vec<u8>> = [0, 1, 7, 8, 19, 20, good.len() / 2, good.len() - 1]
        .into_iter()
        .map(|end| good[..end].to_vec())
        .collect();
    for at in [0, 9, 17, 25, good.len() / 3, good.len() - 5, good.len() - 1] {
        let mut flipped = good.clone();
        flipped[at] ^= 0x10;
        damaged.push(flipped);
    }
    damaged.push([good.as_slice(), b"more"].concat());
    damaged.push(vec![0xff; 5_000]);
    for (case, bytes) in damaged.into_iter().enumerate() {
        fs::write(base.path("index"), bytes).unwrap();
        let (store, rebuilt) = base.open_watched();
        assert!(rebuilt, "case {case}");
        check_filled(&store, false);
        store.close().unwrap();
        assert_eq!(fs::read(base.path("index")).unwrap().len(), good.len());
    }
});

both_databases!(a_snapshot_of_another_database_is_rebuilt, |base| {
    fill(base);
    // As many changes, to other objects.
    let other = Base::sqlite();
    let store = other.open();
    for number in 0..21 {
        insert(&store, Host::named(format!("other {number}")));
    }
    store.close().unwrap();
    fs::copy(other.path("index"), base.path("index")).unwrap();
    let (store, rebuilt) = base.open_watched();
    assert!(rebuilt);
    check_filled(&store, false);
});

both_databases!(a_snapshot_from_the_future_is_rebuilt, |base| {
    fill(base);
    let young = Base::sqlite();
    insert(&young.open(), Host::named("a"));
    fs::copy(base.path("index"), young.path("index")).unwrap();
    let (store, rebuilt) = young.open_watched();
    assert!(rebuilt);
    assert_eq!(store.count::<Host>(&Filter::All), 1);
    assert_sound(&store);
});

/// Hosts as another version of the program knows them: with one field more.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct WiderHost(Host);

impl Object for WiderHost {
    const KIND: Kind = Host::KIND;

    fn fields() -> &'static Fields<Self> {
        static WIDER: Fields<WiderHost> = Fields {
            fields: &[
                Field::new(
                    Holds::Text,
                    Source::Read(|host: &WiderHost, out| out(ValueRef::Text(&host.0.name))),
                )
                .criteria(&["name"]),
                Field::new(
                    Holds::Integer,
                    Source::Read(|h: &WiderHost, out| out(ValueRef::Integer(h.0.hits))),
                )
                .criteria(&["hits"]),
                Field::new(
                    Holds::Keyword,
                    Source::Read(|host: &WiderHost, out| out(ValueRef::Text(&host.0.name))),
                )
                .criteria(&["nameExact"]),
            ],
            lists: &[],
        };
        &WIDER
    }

    fn keys(&self) -> Vec<String> {
        self.0.keys()
    }
}

/// Hosts whose fields are called the same and read otherwise.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct OtherHost(Host);

impl Object for OtherHost {
    const KIND: Kind = Host::KIND;

    fn fields() -> &'static Fields<Self> {
        static OTHER: Fields<OtherHost> = Fields {
            fields: &[
                Field::new(
                    Holds::Text,
                    Source::Read(|host: &OtherHost, out| out(ValueRef::Text(&host.0.name))),
                )
                .criteria(&["name"]),
                Field::new(
                    Holds::Integer,
                    Source::Read(|h: &OtherHost, out| out(ValueRef::Integer(-h.0.hits))),
                )
                .criteria(&["hits"]),
            ],
            lists: &[],
        };
        &OTHER
    }

    fn keys(&self) -> Vec<String> {
        self.0.keys()
    }
}

/// Opens with another type of host; says whether the indexes were built anew.
fn open_as<T: Object>(base: &Base) -> bool {
    let rebuilt = std::sync::atomic::AtomicBool::new(false);
    let builder = StoreBuilder::new(base.backend(), base.options()).hold::<T>().hold::<Note>();
    let store = builder.open(&|_| rebuilt.store(true, std::sync::atomic::Ordering::Relaxed)).unwrap();
    assert_sound(&store);
    assert_eq!(store.count::<T>(&Filter::All), 20);
    store.close().unwrap();
    rebuilt.into_inner()
}

both_databases!(a_snapshot_of_another_field_table_is_rebuilt, |base| {
    fill(base);
    assert!(!open_as::<Host>(base));
    assert!(open_as::<WiderHost>(base));
    assert!(!open_as::<WiderHost>(base));
    assert!(open_as::<Host>(base));
});

/// The same table but for its list, so that only how a field is read differs.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct FlatHost(Host);

impl Object for FlatHost {
    const KIND: Kind = Host::KIND;

    fn fields() -> &'static Fields<Self> {
        static FLAT: Fields<FlatHost> = Fields {
            fields: &[
                Field::new(
                    Holds::Text,
                    Source::Read(|host: &FlatHost, out| out(ValueRef::Text(&host.0.name))),
                )
                .criteria(&["name"]),
                Field::new(
                    Holds::Integer,
                    Source::Read(|h: &FlatHost, out| out(ValueRef::Integer(h.0.hits))),
                )
                .criteria(&["hits"]),
            ],
            lists: &[],
        };
        &FLAT
    }

    fn keys(&self) -> Vec<String> {
        self.0.keys()
    }
}

both_databases!(a_snapshot_of_fields_that_were_read_otherwise_is_rebuilt, |base| {
    fill(base);
    assert!(open_as::<FlatHost>(base));
    assert!(!open_as::<FlatHost>(base));
    assert!(open_as::<OtherHost>(base));
    assert!(!open_as::<OtherHost>(base));
});

both_databases!(a_snapshot_with_another_set_of_kinds_is_rebuilt, |base| {
    fill(base);
    let store = StoreBuilder::new(base.backend(), base.options()).hold::<Host>().open(&|_| {}).unwrap();
    assert_sound(&store);
    insert(&store, Host::named("by the smaller program"));
    store.close().unwrap();
    let (store, rebuilt) = base.open_watched();
    assert!(rebuilt);
    assert_eq!((store.count::<Host>(&Filter::All), store.count::<Note>(&Filter::All)), (21, 1));
    assert_sound(&store);
});

both_databases!(snapshots_are_written_while_the_store_is_open, |base| {
    let options = Options { snapshot_every: 5, ..base.options() };
    let store = base.builder(options).open(&|_| {}).unwrap();
    for number in 0..40 {
        insert(&store, Host::named(format!("h{number}")));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    testkit::eventually("there is a snapshot", || base.path("index").exists());
    // As after a crash: nothing is closed.
    let (second, rebuilt) = base.open_watched();
    assert!(!rebuilt);
    assert_eq!(second.count::<Host>(&Filter::All), 40);
    assert_sound(&second);
});

both_databases!(an_empty_store_opens_and_opens_again, |base| {
    let store = base.open();
    assert_eq!((store.count::<Host>(&Filter::All), store.sequence()), (0, 0));
    store.close().unwrap();
    let (store, rebuilt) = base.open_watched();
    assert!(!rebuilt);
    insert(&store, Host::named("a"));
    assert_sound(&store);
});

#[test]
fn a_snapshot_that_can_not_be_written_is_an_error_and_no_loss() {
    let base = Base::sqlite();
    let options = Options { snapshot: Some(base.path("no such directory/index")), ..base.options() };
    let store = base.builder(options).open(&|_| {}).unwrap();
    insert(&store, Host::named("a"));
    let text = store.close().unwrap_err().to_string();
    assert!(text.contains("no such directory/index can't be written"), "{text}");
    assert_eq!(base.open().count::<Host>(&Filter::All), 1);
}
