//! What the killed writers write.

use std::path::Path;
use std::sync::Arc;

use query::{Field, Fields, Filter, Kind as Holds, Source, ValueRef};
use serde::{Deserialize, Serialize};
use store::backend::{Backend, Postgres, Sqlite};
use store::{Kind, Object, Options, Progress, Store, StoreBuilder};

/// A thing that is created and deleted, with a body of any size. Its twin is written with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Thing {
    pub(crate) name: String,
    pub(crate) body: String,
}

/// Has no key, so that a write that was made twice would show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Twin {
    pub(crate) name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) name: String,
    pub(crate) count: u64,
}

macro_rules! object {
    ($type:ident, $kind:literal, $keys:expr, [$($field:expr),*]) => {
        impl Object for $type {
            const KIND: Kind = Kind::new($kind);

            fn fields() -> &'static Fields<Self> {
                static FIELDS: Fields<$type> = Fields { fields: &[$($field),*], lists: &[] };
                &FIELDS
            }

            fn keys(&self) -> Vec<String> {
                $keys(self)
            }
        }
    };
}

object!(
    Thing,
    "thing",
    |thing: &Thing| vec![thing.name.clone()],
    [
        Field::new(Holds::Keyword, Source::Read(|thing: &Thing, out| out(ValueRef::Text(&thing.name))))
            .criteria(&["name"]),
        Field::new(Holds::Text, Source::Read(|thing: &Thing, out| out(ValueRef::Text(&thing.body))))
            .criteria(&["body"])
    ]
);
object!(
    Twin,
    "twin",
    |_: &Twin| Vec::new(),
    [Field::new(Holds::Text, Source::Read(|twin: &Twin, out| out(ValueRef::Text(&twin.name))))
        .criteria(&["name"])]
);
object!(
    Counter,
    "counter",
    |counter: &Counter| vec![counter.name.clone()],
    [Field::new(Holds::Integer, Source::Read(|c: &Counter, out| out(ValueRef::Integer(c.count as i64))))
        .criteria(&["count"])]
);

/// Opens the store at an address: a file, or a database of PostgreSQL.
pub(crate) fn open(address: &str, snapshot: &Path, progress: &dyn Fn(Progress)) -> Store {
    let options = Options { snapshot: Some(snapshot.to_owned()), snapshot_every: 150, ..Options::default() };
    let builder = if address.starts_with("postgres:") {
        builder(Postgres::new(address).unwrap(), options)
    } else {
        builder(Sqlite::new(address), options)
    };
    builder.open(progress).unwrap()
}

fn builder(backend: impl Backend + 'static, options: Options) -> StoreBuilder {
    StoreBuilder::new(backend, options).hold::<Thing>().hold::<Twin>().hold::<Counter>()
}

/// All objects of a kind.
pub(crate) fn all<T: Object>(store: &Store) -> Vec<(u32, u64, Arc<T>)> {
    let ids: Vec<u32> = store.index::<T, _>(|index| index.select(&Filter::All).iter().collect());
    let found = store.read().unwrap().get_many::<T>(&ids).unwrap();
    assert_eq!(found.len(), ids.len(), "the index knows of {} that are not there", T::KIND);
    found.into_iter().map(|object| (object.id.get(), object.version, Arc::new(object.object))).collect()
}
