//! Several processes on one database: each follows what the others write.

use std::collections::BTreeSet;

use query::Filter;
use store::{Error, Id, Store};
use testkit::eventually;

use crate::objects::{Host, Note, host_named, hosts_with_hits};
use crate::support::{assert_sound, both_databases, change, delete, hosts, insert};

both_databases!(a_node_follows_what_another_writes, |base| {
    let (one, two) = (base.open_node("one"), base.open_node("two"));
    let id = insert(&one, Host::named("a").hits(1));
    eventually("the other node knows the new host", || two.count::<Host>(&hosts_with_hits(1)) == 1);
    change(&two, id, |host| host.hits = 2).unwrap();
    eventually("the first node knows its new state", || one.count::<Host>(&hosts_with_hits(2)) == 1);
    two.write_blocking("ann", move |job| delete(job, id)).unwrap();
    eventually("the first node knows that it is gone", || one.count::<Host>(&Filter::All) == 0);
    one.write_blocking("ann", |job| job.insert(Note { text: "b".into() })).unwrap();
    eventually("the other node knows the note", || two.count::<Note>(&Filter::All) == 1);
    assert_eq!(one.sequence(), two.sequence());
    assert_sound(&one);
    assert_sound(&two);
});

both_databases!(a_write_sees_what_another_node_wrote_before_it, |base| {
    let (one, two) = (base.open_node("one"), base.open_node("two"));
    for round in 0..30 {
        let (writer, reader) = if round % 2 == 0 { (&one, &two) } else { (&two, &one) };
        insert(writer, Host::named(format!("h{round}")).hits(round));
        let found = reader
            .write_blocking("ann", move |job| {
                Ok::<_, Error>(job.select::<Host>(&hosts_with_hits(round)).len())
            })
            .unwrap();
        assert_eq!(found, 1, "round {round}");
    }
});

both_databases!(observers_are_told_of_what_another_node_wrote, |base| {
    let (one, two) = (base.open_node("one"), base.open_node("two"));
    let (told, tells) = std::sync::mpsc::channel();
    two.observe::<Host>(move |changes| changes.iter().for_each(|change| told.send(change.id).unwrap()));
    let id = insert(&one, Host::named("a"));
    assert_eq!(tells.recv_timeout(std::time::Duration::from_secs(60)).unwrap(), id.get());
});

/// Adds to a counter that everybody adds to; reads it outside of the write, so that others come between.
fn add(store: &Store, id: Id<Host>) {
    loop {
        let old = store.read().unwrap().get(id).unwrap().unwrap();
        let hits = old.hits + 1;
        let new = old.object.clone().hits(hits);
        match store.write_blocking("ann", move |job| job.update(&old, new)) {
            Ok(()) => return,
            Err(Error::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Half of the names are wanted by all writers.
fn write_a_lot(store: &Store, who: usize, shared: Id<Host>) -> Vec<Id<Host>> {
    let mut own = Vec::new();
    for round in 0..30 {
        add(store, shared);
        own.push(insert(store, Host::named(format!("{who}/{round}")).hits(round)));
        match store
            .write_blocking("ann", move |job| job.insert(Host::named(format!("all/{round}")).hits(1_000)))
        {
            Ok(id) => own.push(id),
            Err(Error::Taken { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        if round % 4 == 3 {
            let id = own.swap_remove(0);
            store.write_blocking("ann", move |job| delete(job, id)).unwrap();
        }
        assert!(store.count::<Host>(&host_named(&format!("all/{round}"))) <= 1);
    }
    own
}

both_databases!(nodes_that_write_at_once_lose_nothing, |base| {
    let nodes = [base.open_node("one"), base.open_node("two")];
    let shared = insert(&nodes[0], Host::named("shared"));
    let ids: Vec<Id<Host>> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|who| (who, &nodes[who % 2]))
            .map(|(who, node)| scope.spawn(move || write_a_lot(node, who, shared)))
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(nodes[0].read().unwrap().get(shared).unwrap().unwrap().hits, 4 * 30, "an update was lost");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id was given twice");
    let log = nodes[0].read().unwrap().changes(0, 10_000).unwrap();
    assert!(log.is_sorted_by(|a, b| a.sequence < b.sequence));
    let created: Vec<u32> =
        log.iter().filter(|c| c.change == store::ChangeKind::Created).map(|c| c.id).collect();
    assert_eq!(created.iter().collect::<BTreeSet<_>>().len(), created.len(), "an id was created twice");
    eventually("both nodes know all", || nodes[0].sequence() == nodes[1].sequence());
    assert_eq!(nodes[0].sequence(), log.last().unwrap().sequence);
    for node in &nodes {
        assert_sound(node);
        assert_eq!(node.count::<Host>(&Filter::All), ids.len() as u64 + 1);
    }
    assert_eq!(hosts(&nodes[0]), hosts(&nodes[1]));
    // And so do nodes that start from the snapshots that these leave.
    nodes.iter().for_each(|node| node.close().unwrap());
    assert_sound(&base.open_node("one"));
    assert_sound(&base.open_node("two"));
});

both_databases!(a_node_that_was_away_catches_up, |base| {
    let one = base.open_node("one");
    insert(&one, Host::named("a"));
    one.close().unwrap();
    let two = base.open_node("two");
    for number in 0..50 {
        insert(&two, Host::named(format!("h{number}")));
    }
    let one = base.open_node("one");
    assert_eq!(one.count::<Host>(&Filter::All), 51);
    assert_sound(&one);
});

both_databases!(a_node_may_start_while_others_write, |base| {
    let one = base.open_node("one");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..400 {
                let id = insert(&one, Host::named(format!("h{number}")).hits(number));
                if number % 5 == 0 {
                    one.write_blocking("ann", move |job| delete(job, id)).unwrap();
                } else {
                    change(&one, id, |host| host.hits += 1).unwrap();
                }
            }
        });
        let mut round = 0;
        while !writer.is_finished() {
            let late = base.open_node(&format!("late {}", round % 3));
            late.close().unwrap();
            round += 1;
        }
    });
    let late = base.open_node("late 0");
    assert_eq!(late.count::<Host>(&Filter::All), 320);
    assert_sound(&late);
});

both_databases!(a_kind_that_a_node_does_not_hold_does_not_disturb_it, |base| {
    let small =
        store::StoreBuilder::new(base.backend(), base.options()).hold::<Note>().open(&|_| {}).unwrap();
    let large = base.open_node("large");
    insert(&large, Host::named("a"));
    large.write_blocking("ann", |job| job.insert(Note { text: "n".into() })).unwrap();
    eventually("the smaller node knows the note", || small.count::<Note>(&Filter::All) == 1);
    assert_sound(&small);
});
