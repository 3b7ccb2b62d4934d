//! The process that writes until it is killed. The judge starts this test binary anew for it.

use std::path::PathBuf;

use store::{Error, Result, Store};
use testkit::chance::Chance;
use testkit::ledger::Write;

use crate::objects::{self, Counter, Thing, Twin};

/// The address of the store that a writer writes to.
pub(crate) const ADDRESS: &str = "REDOUBT_CRASH_ADDRESS";
/// Its snapshot.
pub(crate) const SNAPSHOT: &str = "REDOUBT_CRASH_SNAPSHOT";
/// What all its names begin with.
pub(crate) const NAME: &str = "REDOUBT_CRASH_NAME";
/// This test, by name.
pub(crate) const TEST: &str = "writer::writes_until_it_is_killed";

const THREADS: usize = 4;

/// Does nothing unless the judge started it.
#[test]
fn writes_until_it_is_killed() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    let snapshot = PathBuf::from(std::env::var_os(SNAPSHOT).unwrap());
    let name = std::env::var(NAME).unwrap();
    let store = objects::open(&address, &snapshot, &|_| {});
    println!("\nready");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, name) = (&store, format!("{name}-{thread}"));
            scope.spawn(move || write_on(store, &name));
        }
    });
}

fn write_on(store: &Store, name: &str) {
    let mut chance = Chance::new();
    let mut own: Vec<String> = Vec::new();
    for number in 0.. {
        let pick = chance.within(0..10);
        if pick < 3 {
            let counter = ["shared", name][usize::from(pick > 0)].to_owned();
            report(Write::Count(&counter), || count(store, counter.clone()));
        } else if pick < 5 && !own.is_empty() {
            let at = chance.within(0..own.len() as u64) as usize;
            let thing = own.swap_remove(at);
            report(Write::Delete(&thing), || delete(store, thing.clone()));
        } else {
            let thing = format!("{name}/{number}");
            // Large ones let the log grow until it is moved into the file.
            let size = if chance.within(0..20) == 0 { 400_000 } else { chance.within(0..2_000) };
            report(Write::Create(&thing), || create(store, thing.clone(), "word ".repeat(size as usize / 5)));
            own.push(thing);
        }
    }
}

/// Tells what is tried, and that it was answered.
fn report(write: Write<'_>, work: impl FnOnce() -> Result<()>) {
    println!("try {}", write.line());
    match work() {
        Ok(()) => println!("done {}", write.line()),
        Err(error) => println!("error {}: {error}", write.line()),
    }
}

fn create(store: &Store, name: String, body: String) -> Result<()> {
    store.write_blocking(&name.clone(), move |job| {
        job.insert(Twin { name: name.clone() })?;
        job.insert(Thing { name, body })?;
        Ok(())
    })
}

fn delete(store: &Store, name: String) -> Result<()> {
    store.write_blocking(&name.clone(), move |job| {
        let id = job.find::<Thing>(&name)?.ok_or_else(|| Error::Corrupt(format!("{name} is not there")))?;
        let thing = job.get(id)?.ok_or_else(|| Error::Corrupt(format!("{name} has no row")))?;
        job.delete(&thing)?;
        for id in job.select::<Twin>(&crate::judge::twin_named(&name)) {
            if let Some(twin) = job.get(store::Id::<Twin>::new(id))? {
                job.delete(&twin)?;
            }
        }
        Ok(())
    })
}

fn count(store: &Store, name: String) -> Result<()> {
    store.write_blocking(&name.clone(), move |job| {
        let Some(id) = job.find::<Counter>(&name)? else {
            return job.insert(Counter { name, count: 1 }).map(drop);
        };
        let old = job.get(id)?.ok_or_else(|| Error::Corrupt(format!("{name} has no row")))?;
        job.update(&old, Counter { name, count: old.count + 1 })
    })
}
