//! Writers over HTTP, and the kills.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread::{scope, sleep};
use std::time::Duration;

use testkit::chance::Chance;
use testkit::postgres::Database;

use crate::common::{Call, PASSWORD, Server, Setup, run};

const WRITERS: usize = 4;

/// The names that were written, by whether the server answered.
type Written = BTreeMap<String, bool>;

fn post(url: &str, path: &str, body: String) -> Option<String> {
    let call = Call::new("POST", format!("{url}/qps/rest/2.0/{path}")).basic("admin", PASSWORD);
    let reply = call.header("Content-Type", "text/xml").body(body).try_send().ok()?;
    Some(reply.succeeded().body)
}

/// Creates tags and assets until the server is gone.
fn write(url: &str, name: &str, written: &Mutex<Written>) {
    for number in 0.. {
        let (name, is_tag) = (format!("{name}-{number}"), number % 2 == 0);
        let body = if is_tag {
            format!("<ServiceRequest><data><Tag><name>{name}</name></Tag></data></ServiceRequest>")
        } else {
            let address = "<address>192.0.2.1</address><trackingMethod>NONE</trackingMethod>";
            format!(
                "<ServiceRequest><data><HostAsset><name>{name}</name>{address}</HostAsset></data></ServiceRequest>"
            )
        };
        let path = if is_tag { "create/am/tag" } else { "create/am/hostasset" };
        let is_answered = post(url, path, body).is_some();
        written.lock().unwrap().insert(name, is_answered);
        if !is_answered {
            return;
        }
    }
}

/// Lets callers write for a while, and kills the server.
fn let_write(server: Server, name: &str, moment: Duration) -> (Setup, Written) {
    let written = Mutex::new(Written::new());
    let url = server.url().to_owned();
    let setup = scope(|scope| {
        for writer in 0..WRITERS {
            let (url, written) = (&url, &written);
            scope.spawn(move || write(url, &format!("{name}-{writer}"), written));
        }
        sleep(moment);
        server.kill()
    });
    (setup, written.into_inner().unwrap())
}

/// Up to which ids objects were looked at: ids rise, so each start has to look at the new ones only.
#[derive(Default, Clone, Copy)]
struct Seen {
    tags: u64,
    assets: u64,
}

/// How often each name is there among the objects with a greater id; `after` becomes the greatest id.
fn names(server: &Server, object: &str, after: &mut u64) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    loop {
        let body = format!(
            "<ServiceRequest><filters><Criteria field=\"id\" operator=\"GREATER\">{after}</Criteria></filters>\
             <preferences><limitResults>1000</limitResults></preferences></ServiceRequest>"
        );
        let page =
            server.post(&format!("/qps/rest/2.0/search/am/{object}?fields=id,name"), &body).succeeded();
        for record in page.body.split("<id>").skip(1) {
            let (id, rest) = record.split_once("</id>").unwrap();
            let name = rest.split("<name>").nth(1).unwrap().split("</name>").next().unwrap();
            *found.entry(name.to_owned()).or_default() += 1;
            *after = id.parse().unwrap();
        }
        if page.text("lastId").is_none() {
            return found;
        }
    }
}

fn judge(server: &Server, written: &Written, seen: &mut Seen) {
    let mut found = names(server, "tag", &mut seen.tags);
    found.extend(names(server, "hostasset", &mut seen.assets));
    for (name, is_answered) in written {
        let times = found.get(name).copied().unwrap_or_default();
        let expected = if *is_answered { 1..=1 } else { 0..=1 };
        assert!(expected.contains(&times), "{name} (answered: {is_answered}) is there {times} times");
    }
}

/// Compares the index, as a start would find it, with one built anew.
fn verify(setup: &Setup, database: &[&str]) {
    let output = run(&[&["verify", "--data", setup.data().to_str().unwrap()], database].concat(), "");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

fn kill_again_and_again(database: &[&str]) {
    let kills = std::env::var("REDOUBT_KILLS").map_or(20, |text| text.parse().unwrap());
    let (mut chance, mut all, mut setup) = (Chance::new(), Written::new(), Setup::new().with(database));
    let (mut last, mut seen) = (Written::new(), Seen::default());
    for kill in 0..kills {
        // Now and then it is killed while it starts.
        if kill > 0 && chance.within(0..4) == 0 {
            let process = setup.spawn();
            sleep(Duration::from_millis(chance.within(0..80)));
            process.kill();
        }
        let server = setup.start();
        judge(&server, &last, &mut seen);
        let moment = Duration::from_micros(chance.within(0..400_000));
        let (killed, written) = let_write(server, &format!("k{kill}"), moment);
        all.extend(written.clone());
        (setup, last) = (killed, written);
        if chance.within(0..4) == 0 {
            verify(&setup, database);
        }
    }
    let server = setup.start();
    judge(&server, &all, &mut Seen::default());
    let answered = all.values().filter(|is_answered| **is_answered).count();
    println!("{answered} answered writes of {}", all.len());
    assert!(answered > 5 * kills, "only {answered} writes were answered");
    let (ended_well, setup) = server.stop();
    assert!(ended_well);
    verify(&setup, database);
}

#[test]
fn no_answered_write_is_lost_when_the_server_is_killed() {
    kill_again_and_again(&[]);
}

#[test]
fn no_answered_write_is_lost_in_postgresql_when_the_server_is_killed() {
    let database = Database::create();
    kill_again_and_again(&["--database", database.url()]);
}
