//! Every statement of the port, asked of the database itself.

use store::backend::{Backend, Row, Session};
use store::{Change, ChangeKind, Error, Kind};

use crate::support::{Base, both_databases};

const DOG: Kind = Kind::new("dog");
const CAT: Kind = Kind::new("cat");

fn row(id: u32, document: &str) -> Row {
    Row { id, version: 1, document: document.to_owned() }
}

fn entry(id: u32, author: &str) -> Change {
    Change {
        sequence: 0,
        at: "2026-03-09T10:00:00.123456789Z".parse().unwrap(),
        author: author.to_owned(),
        kind: DOG.name().to_owned(),
        id,
        change: ChangeKind::Updated,
        before: r#"{"a":1}"#.to_owned(),
        after: r#"{"a":"\u0000ß"}"#.to_owned(),
    }
}

fn connect(base: &Base) -> Box<dyn Session> {
    let backend = base.backend();
    backend.prepare(&[DOG, CAT]).unwrap();
    backend.connect().unwrap()
}

/// Writes in a transaction of its own.
fn write<R>(session: &mut dyn Session, work: impl FnOnce(&mut dyn Session) -> R) -> R {
    session.begin_write().unwrap();
    let result = work(session);
    session.commit().unwrap();
    result
}

both_databases!(rows_are_written_and_read_back, |base| {
    let mut session = connect(base);
    write(session.as_mut(), |s| {
        for id in [3, 1, 2, u32::MAX] {
            s.insert(DOG, &row(id, &format!(r#"{{"n":{id}}}"#))).unwrap();
        }
        s.insert(CAT, &row(1, "{}")).unwrap();
    });
    assert_eq!(session.get(DOG, 3).unwrap(), Some(row(3, r#"{"n":3}"#)));
    assert_eq!(session.get(DOG, u32::MAX).unwrap().unwrap().id, u32::MAX);
    assert_eq!(session.get(DOG, 4).unwrap(), None);
    assert_eq!(session.get(CAT, 1).unwrap(), Some(row(1, "{}")));
    let ids = |rows: Vec<Row>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(session.get_many(DOG, &[2, 9, 3, 1]).unwrap()), [2, 3, 1]);
    assert!(session.get_many(DOG, &[]).unwrap().is_empty());
    assert_eq!(session.existing(DOG, &[1, 2, 7, u32::MAX]).unwrap(), [1, 2, u32::MAX]);
    assert!(session.existing(DOG, &[]).unwrap().is_empty());
    assert_eq!(ids(session.scan(DOG, 0, 2).unwrap()), [1, 2]);
    assert_eq!(ids(session.scan(DOG, 2, 9).unwrap()), [3, u32::MAX]);
    assert!(session.scan(DOG, u32::MAX, 9).unwrap().is_empty());
});

both_databases!(any_text_survives, |base| {
    let mut session = connect(base);
    let long = format!(r#"{{"long":"{}"}}"#, "ä\\u0000'\\\"%_".repeat(500_000));
    let odd = r#"{"'; DROP TABLE kind_dog; --":"👩‍👩‍👧 \u0000 $1 ? \\"}"#;
    write(session.as_mut(), |s| {
        s.insert(DOG, &row(1, &long)).unwrap();
        s.insert(DOG, &row(2, odd)).unwrap();
    });
    assert!(session.get(DOG, 1).unwrap().unwrap().document == long);
    assert_eq!(session.get(DOG, 2).unwrap().unwrap().document, odd);
});

both_databases!(a_row_changes_only_if_its_version_is_the_expected_one, |base| {
    let mut session = connect(base);
    write(session.as_mut(), |s| s.insert(DOG, &row(1, "{}")).unwrap());
    let second = Row { version: 2, ..row(1, "[2]") };
    write(session.as_mut(), |s| {
        assert!(!s.update(DOG, &second, 7).unwrap());
        assert!(s.update(DOG, &second, 1).unwrap());
        assert!(!s.update(DOG, &second, 1).unwrap());
        assert!(!s.update(DOG, &Row { id: 5, ..second.clone() }, 1).unwrap());
        assert!(!s.delete(DOG, 1, 1).unwrap());
        assert!(!s.delete(CAT, 1, 2).unwrap());
    });
    assert_eq!(session.get(DOG, 1).unwrap(), Some(second));
    write(session.as_mut(), |s| {
        assert!(s.delete(DOG, 1, 2).unwrap());
        assert!(!s.delete(DOG, 1, 2).unwrap());
    });
    assert_eq!(session.get(DOG, 1).unwrap(), None);
});

both_databases!(ids_rise_for_each_kind, |base| {
    let mut session = connect(base);
    let ids = write(session.as_mut(), |s| [DOG, DOG, CAT, DOG, CAT].map(|kind| s.next_id(kind).unwrap()));
    assert_eq!(ids, [1, 2, 1, 3, 2]);
    assert_eq!(write(connect(base).as_mut(), |s| s.next_ids(DOG, 3).unwrap()), 4);
    assert_eq!(write(connect(base).as_mut(), |s| s.next_id(DOG).unwrap()), 7);
});

both_databases!(keys_are_exact_texts_of_any_length_and_sign, |base| {
    let mut session = connect(base);
    let noise: String = (0..9_000u32).map(|n| char::from(33 + (n * n % 89) as u8)).collect();
    let keys = [
        "a",
        "A",
        "ä",
        "a\u{308}",
        "",
        " a",
        "nul\0",
        "nul\\0",
        "%",
        "it's",
        &noise,
        noise.trim_start_matches('!'),
    ];
    write(session.as_mut(), |s| {
        for (id, key) in (1..).zip(keys) {
            assert_eq!(s.find_key(DOG, key).unwrap(), None, "{key:?}");
            s.put_key(DOG, key, id).unwrap();
        }
        s.put_key(CAT, "a", 99).unwrap();
    });
    for (id, key) in (1..).zip(keys) {
        assert_eq!(session.find_key(DOG, key).unwrap(), Some(id), "{key:?}");
    }
    write(session.as_mut(), |s| s.delete_key(DOG, "a").unwrap());
    assert_eq!(session.find_key(DOG, "a").unwrap(), None);
    assert_eq!(session.find_key(DOG, "A").unwrap(), Some(2));
    assert_eq!(session.find_key(CAT, "a").unwrap(), Some(99));
});

both_databases!(a_key_can_not_be_put_twice, |base| {
    let mut session = connect(base);
    session.begin_write().unwrap();
    session.put_key(DOG, "a", 1).unwrap();
    assert!(matches!(session.put_key(DOG, "a", 2), Err(Error::Database(_))));
    session.end().unwrap();
    assert_eq!(session.find_key(DOG, "a").unwrap(), None);
});

both_databases!(the_change_log_keeps_its_order, |base| {
    let mut session = connect(base);
    assert_eq!(session.last_sequence().unwrap(), 0);
    assert_eq!(session.changes(0, 10).unwrap(), []);
    let written = write(session.as_mut(), |s| [1, 2, 3].map(|id| s.append(&entry(id, "ann")).unwrap()));
    assert!(written[0] > 0 && written.is_sorted(), "{written:?}");
    assert_eq!(session.last_sequence().unwrap(), written[2]);
    let expected = |at: usize| Change { sequence: written[at], ..entry(at as u32 + 1, "ann") };
    assert_eq!(session.changes(0, 10).unwrap(), [expected(0), expected(1), expected(2)]);
    assert_eq!(session.changes(written[0], 1).unwrap(), [expected(1)]);
    assert_eq!(session.changes(written[2], 10).unwrap(), []);
});

both_databases!(a_sequence_is_never_given_twice, |base| {
    let mut session = connect(base);
    let first = write(session.as_mut(), |s| s.append(&entry(1, "ann")).unwrap());
    session.begin_write().unwrap();
    session.append(&entry(2, "ann")).unwrap();
    session.end().unwrap();
    let next = write(session.as_mut(), |s| s.append(&entry(3, "ann")).unwrap());
    assert!(next > first);
    let ids: Vec<u32> = session.changes(0, 9).unwrap().iter().map(|change| change.id).collect();
    assert_eq!(ids, [1, 3]);
});

both_databases!(any_author_is_written_down, |base| {
    let mut session = connect(base);
    let authors = ["", "Ämilie O'Neill", "tab\tline\n", "nul\0"];
    write(session.as_mut(), |s| {
        authors.iter().for_each(|author| {
            s.append(&entry(1, author)).unwrap();
        });
    });
    let found: Vec<String> = session.changes(0, 9).unwrap().into_iter().map(|change| change.author).collect();
    assert_eq!(found[..3], authors[..3]);
    assert!(["nul\0", "nul\u{fffd}"].contains(&found[3].as_str()), "{:?}", found[3]);
});

both_databases!(undo_goes_back_to_the_savepoint_and_no_further, |base| {
    let mut session = connect(base);
    write(session.as_mut(), |s| {
        s.savepoint().unwrap();
        s.insert(DOG, &row(1, "{}")).unwrap();
        s.release().unwrap();
        s.savepoint().unwrap();
        s.insert(DOG, &row(2, "{}")).unwrap();
        s.put_key(DOG, "a", 2).unwrap();
        s.append(&entry(2, "ann")).unwrap();
        assert_eq!(s.next_id(DOG).unwrap(), 1);
        // A statement that fails does not harm what stood before the savepoint.
        assert!(s.insert(DOG, &row(1, "{}")).is_err());
        s.undo().unwrap();
        s.release().unwrap();
        s.savepoint().unwrap();
        s.insert(DOG, &row(3, "{}")).unwrap();
        s.release().unwrap();
    });
    assert_eq!(session.existing(DOG, &[1, 2, 3]).unwrap(), [1, 3]);
    assert_eq!(session.find_key(DOG, "a").unwrap(), None);
    assert_eq!(session.changes(0, 9).unwrap(), []);
    assert_eq!(write(session.as_mut(), |s| s.next_id(DOG).unwrap()), 1);
});

both_databases!(an_ended_transaction_leaves_nothing, |base| {
    let mut session = connect(base);
    session.end().unwrap();
    session.begin_write().unwrap();
    session.insert(DOG, &row(1, "{}")).unwrap();
    session.end().unwrap();
    session.end().unwrap();
    assert_eq!(session.get(DOG, 1).unwrap(), None);
    write(session.as_mut(), |s| s.insert(DOG, &row(1, "{}")).unwrap());
    assert!(connect(base).get(DOG, 1).unwrap().is_some());
});

both_databases!(a_reader_sees_the_state_at_its_beginning, |base| {
    let (mut writer, mut reader) = (connect(base), connect(base));
    write(writer.as_mut(), |s| s.insert(DOG, &row(1, "old")).unwrap());
    reader.begin_read().unwrap();
    write(writer.as_mut(), |s| {
        s.update(DOG, &Row { version: 2, ..row(1, "new") }, 1).unwrap();
        s.insert(DOG, &row(2, "{}")).unwrap();
        s.put_key(DOG, "a", 2).unwrap();
        s.append(&entry(2, "ann")).unwrap();
    });
    assert_eq!(reader.get(DOG, 1).unwrap().unwrap().document, "old");
    assert_eq!(reader.scan(DOG, 0, 9).unwrap().len(), 1);
    assert_eq!(reader.find_key(DOG, "a").unwrap(), None);
    assert_eq!(reader.last_sequence().unwrap(), 0);
    reader.end().unwrap();
    reader.begin_read().unwrap();
    assert_eq!(reader.get(DOG, 1).unwrap().unwrap().document, "new");
    reader.end().unwrap();
});

both_databases!(a_second_writer_waits_and_then_sees_what_the_first_wrote, |base| {
    let (mut first, mut second) = (connect(base), connect(base));
    first.begin_write().unwrap();
    first.insert(DOG, &row(1, "{}")).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            second.begin_write().unwrap();
            let seen = second.get(DOG, 1).unwrap().is_some();
            second.commit().unwrap();
            seen
        });
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert!(!waiting.is_finished(), "two write at once");
        first.commit().unwrap();
        assert!(waiting.join().unwrap());
    });
});

both_databases!(preparing_again_adds_what_is_missing, |base| {
    let backend = base.backend();
    backend.prepare(&[DOG]).unwrap();
    write(backend.connect().unwrap().as_mut(), |s| s.insert(DOG, &row(1, "{}")).unwrap());
    backend.prepare(&[DOG, CAT]).unwrap();
    backend.prepare(&[]).unwrap();
    let mut session = backend.connect().unwrap();
    assert!(session.get(DOG, 1).unwrap().is_some());
    assert!(session.get(CAT, 1).unwrap().is_none());
});

both_databases!(many_may_prepare_at_once, |base| {
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| write(connect(base).as_mut(), |s| s.next_id(DOG).unwrap())))
            .collect();
        let mut ids: Vec<u32> = all.into_iter().map(|thread| thread.join().unwrap()).collect();
        ids.sort_unstable();
        assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
    });
});

both_databases!(tidying_loses_nothing, |base| {
    let (mut session, mut other) = (connect(base), connect(base));
    other.begin_read().unwrap();
    let big = "x".repeat(1 << 20);
    for id in 1..=80 {
        write(session.as_mut(), |s| s.insert(DOG, &row(id, &big)).unwrap());
        if id % 20 == 0 {
            session.tidy().unwrap();
        }
    }
    other.end().unwrap();
    session.tidy().unwrap();
    assert_eq!(connect(base).scan(DOG, 0, 100).unwrap().len(), 80);
});

#[test]
fn a_newer_sqlite_file_is_refused() {
    let base = Base::sqlite();
    drop(connect(&base));
    let file = rusqlite::Connection::open(base.path("store")).unwrap();
    file.execute_batch("PRAGMA user_version = 1000").unwrap();
    let refused = base.backend().prepare(&[DOG]);
    assert!(matches!(refused, Err(Error::Newer { found: 1000, .. })), "{refused:?}");
}

#[test]
fn a_newer_postgres_database_is_refused() {
    let base = Base::postgres();
    drop(connect(&base));
    base.database.as_ref().unwrap().client().batch_execute("UPDATE meta SET version = 1000").unwrap();
    let refused = base.backend().prepare(&[DOG]);
    assert!(matches!(refused, Err(Error::Newer { found: 1000, .. })), "{refused:?}");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let base = Base::sqlite();
    std::fs::write(base.path("store"), "not a database, but long enough to be taken for one\n".repeat(100))
        .unwrap();
    let refused = base.backend().prepare(&[DOG]);
    assert!(matches!(refused, Err(Error::Database(_))), "{refused:?}");
}

#[test]
fn addresses_that_can_not_be_used_say_why() {
    for (address, why) in [
        ("postgres://h/d?sslmode=require", "sslmode=require is not supported"),
        ("mysql://h/d", "the database address can't be used"),
        ("postgres://h:port/d", "the database address can't be used"),
    ] {
        let error = store::backend::Postgres::new(address).err().map(|error| error.to_string());
        assert!(error.as_deref().is_some_and(|text| text.contains(why)), "{address}: {error:?}");
    }
    let nobody = store::backend::Postgres::new("postgres://127.0.0.1:1/d").unwrap();
    assert!(matches!(nobody.prepare(&[DOG]), Err(Error::Database(_))));
}

both_databases!(a_listener_hears_of_a_commit, |base| {
    let mut session = connect(base);
    let mut listener = base.backend().listen().unwrap();
    write(session.as_mut(), |s| s.insert(DOG, &row(1, "{}")).unwrap());
    // SQLite can't tell, and says so after the time; PostgreSQL tells at once.
    let at_most = std::time::Duration::from_secs(if base.database.is_some() { 60 } else { 0 });
    assert!(listener.wait(at_most).unwrap());
    if base.database.is_some() {
        assert!(!listener.wait(std::time::Duration::from_millis(50)).unwrap());
    }
});
