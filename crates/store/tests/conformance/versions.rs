//! Files of earlier versions: they open, and everything in them is read and written like what is new.

use query::Filter;
use store::{ChangeKind, Id};

use crate::objects::{Host, Note, host_named, hosts_with_hits};
use crate::support::{Base, assert_sound, change, insert};

#[test]
fn a_file_of_the_first_version_is_read_and_written_on() {
    let base = Base::sqlite();
    let file = rusqlite::Connection::open(base.path("store")).unwrap();
    file.execute_batch(include_str!("samples/sqlite-1.sql")).unwrap();
    let store = base.open();
    assert_sound(&store);
    assert_eq!(store.count::<Host>(&hosts_with_hits(7)), 1);
    assert_eq!(store.count::<Note>(&Filter::All), 1);

    let ports: Vec<i64> = (0..2_000).collect();
    assert!(change(&store, Id::<Host>::new(1), |host| host.hits = 8).unwrap());
    let new = insert(&store, Host { ports: ports.clone(), ..Host::named("gamma") });
    assert_eq!(new.get(), 3);
    assert!(change(&store, new, |host| host.ports.clear()).unwrap());
    assert_eq!(store.count::<Host>(&host_named("alpha")), 1);
    assert_sound(&store);

    let log = store.read().unwrap().changes(0, 100).unwrap();
    let texts: Vec<(u32, ChangeKind, &str, &str)> = log
        .iter()
        .map(|entry| (entry.id, entry.change, entry.before.as_str(), entry.after.as_str()))
        .collect();
    let numbers = ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let whole = format!(r#"{{"name":"gamma","aliases":[],"hits":0,"ports":[{numbers}]}}"#);
    let (went, came) = (format!(r#"{{"ports":[{numbers}]}}"#), r#"{"ports":[]}"#);
    assert_eq!(
        texts,
        [
            (1, ChangeKind::Created, "{}", r#"{"name":"alpha","aliases":[],"hits":0,"ports":[22]}"#),
            (2, ChangeKind::Created, "{}", r#"{"name":"beta","aliases":["b"],"hits":0,"ports":[]}"#),
            (1, ChangeKind::Updated, r#"{"hits":0,"ports":[]}"#, r#"{"hits":7,"ports":[80]}"#),
            (1, ChangeKind::Created, "{}", r#"{"text":"kept since"}"#),
            (1, ChangeKind::Updated, r#"{"hits":7}"#, r#"{"hits":8}"#),
            (3, ChangeKind::Created, "{}", whole.as_str()),
            (3, ChangeKind::Updated, went.as_str(), came),
        ]
    );
    let kept = |sql: &str| -> String { file.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(
        kept("SELECT typeof(after) || ' ' || typeof(before) FROM changes WHERE sequence = 6"),
        "blob text"
    );
    assert_eq!(
        kept("SELECT typeof(after) || ' ' || typeof(before) FROM changes WHERE sequence = 7"),
        "text blob"
    );
    let packed = "SELECT CAST(length(after) < 5000 AS TEXT) FROM changes WHERE sequence = 6";
    assert_eq!(kept(packed), "1", "{} bytes of text", whole.len());
    assert_eq!(kept("SELECT CAST(user_version AS TEXT) FROM pragma_user_version"), "2");
}

#[test]
fn a_packed_entry_that_is_damaged_is_told() {
    let base = Base::sqlite();
    let store = base.open();
    insert(&store, Host { ports: (0..2_000).collect(), ..Host::named("alpha") });
    let file = rusqlite::Connection::open(base.path("store")).unwrap();
    file.execute("UPDATE changes SET after = substr(after, 1, 500)", []).unwrap();
    let refused = store.read().unwrap().changes(0, 9);
    assert!(refused.is_err(), "{refused:?}");
}
