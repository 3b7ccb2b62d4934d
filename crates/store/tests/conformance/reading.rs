//! Readings: one state, whatever is written beside.

use store::Reading;

use crate::objects::{Host, hosts_with_hits};
use crate::support::{both_databases, change, hosts, insert};

fn total(reading: &mut Reading, ids: &[u32]) -> i64 {
    reading.get_many::<Host>(ids).unwrap().iter().map(|host| host.hits).sum()
}

both_databases!(a_reading_sees_one_state_while_writes_go_on, |base| {
    let store = base.open();
    let (a, b) = (insert(&store, Host::named("a").hits(500)), insert(&store, Host::named("b").hits(500)));
    let ids = [a.get(), b.get()];
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for step in 0..100 {
                let (from, to) = if step % 2 == 0 { (a, b) } else { (b, a) };
                store
                    .write_blocking("ann", move |job| {
                        for (id, by) in [(from, -step), (to, step)] {
                            let old = job.get(id)?.unwrap();
                            let hits = old.hits + by;
                            let new = old.object.clone().hits(hits);
                            job.update(&old, new)?;
                        }
                        Ok::<_, store::Error>(())
                    })
                    .unwrap();
            }
        });
        while !writer.is_finished() {
            let mut reading = store.read().unwrap();
            let first: Vec<i64> = [a, b].map(|id| reading.get(id).unwrap().unwrap().hits).to_vec();
            std::thread::yield_now();
            let second: Vec<i64> = [a, b].map(|id| reading.get(id).unwrap().unwrap().hits).to_vec();
            assert_eq!(first, second);
            assert_eq!(total(&mut reading, &ids), 1_000);
        }
    });
});

both_databases!(a_reading_outlives_a_deletion, |base| {
    let store = base.open();
    let id = insert(&store, Host::named("a"));
    let mut reading = store.read().unwrap();
    store.write_blocking("ann", move |job| crate::support::delete(job, id)).unwrap();
    assert!(reading.get(id).unwrap().is_some());
    assert_eq!(reading.existing::<Host>(&[1, 2]).unwrap(), [1]);
    assert_eq!(reading.find::<Host>("a").unwrap(), Some(id));
    let mut later = store.read().unwrap();
    assert!(later.get(id).unwrap().is_none());
    assert!(later.existing::<Host>(&[1, 2]).unwrap().is_empty());
    assert_eq!(later.changes(0, 9).unwrap().len(), 2);
});

both_databases!(many_readings_may_be_open_at_once, |base| {
    let store = base.open();
    let id = insert(&store, Host::named("a"));
    for round in 0..3 {
        let mut all: Vec<Reading> = (0..20).map(|_| store.read().unwrap()).collect();
        change(&store, id, move |host| host.hits = round + 1).unwrap();
        assert!(all.iter_mut().all(|reading| reading.get(id).unwrap().unwrap().hits == round));
    }
});

both_databases!(a_reading_may_be_dropped_where_nothing_may_block, |base| {
    let store = base.open();
    let id = insert(&store, Host::named("a"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..3 {
        let mut reading = store.read().unwrap();
        assert!(reading.get(id).unwrap().is_some());
        runtime.block_on(async move { drop(reading) });
    }
    let last = store.read().unwrap();
    store.close().unwrap();
    drop(store);
    runtime.block_on(async move { drop(last) });
});

both_databases!(a_page_is_read_as_the_index_gives_it, |base| {
    let store = base.open();
    for number in 0..30 {
        insert(&store, Host::named(format!("h{number}")).hits(number % 3));
    }
    let window = store::Window { skip: 2, from_id: 4, limit: 5 };
    let page = store.page::<Host>(&hosts_with_hits(1), window);
    assert_eq!(page, store::Page { ids: vec![11, 14, 17, 20, 23], more: true });
    let names: Vec<String> = store
        .read()
        .unwrap()
        .get_many::<Host>(&page.ids)
        .unwrap()
        .into_iter()
        .map(|host| host.object.name)
        .collect();
    assert_eq!(names, ["h10", "h13", "h16", "h19", "h22"]);
    assert_eq!(hosts(&store).len(), 30);
});
