//! Discoveries that are recorded from outside, and those that the server runs on a schedule.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use platform::assets::Asset;
use platform::results::HostResult;
use platform::tags::Tag;
use platform::users::{NewUser, User};
use platform::{Caller, Permission, Permissions, Platform, Settings};
use query::Filter;
use serde_json::{Value, json};
use store::backend::Sqlite;
use store::{Clock, Id, Options};

use crate::oca::{Gate, Request, get, post, request};

const RESULTS: &str = "/redoubt/discovery/v1/results";
const SCHEDULE: &str = "/redoubt/discovery/v1/schedule";

/// A host with a web server, as `redoubt discover --format json` writes it.
pub(crate) fn host(address: &str) -> Value {
    json!({
        "address": address,
        "status": "up",
        "reason": "1 ports accept connections",
        "started": "2024-03-01T09:00:00Z",
        "ended": "2024-03-01T09:01:00Z",
        "names": [{ "name": "shop.lab.example", "source": "reverse" }],
        "ports": [{
            "port": 8080, "protocol": "tcp", "service": "http", "evidence": "GET / answers HTTP status 200",
            "http": { "url": format!("http://{address}:8080/"), "status": 200, "server": "nginx" },
        }],
    })
}

fn count<T: store::Object>(gate: &Gate) -> u64 {
    gate.platform.store().count::<T>(&Filter::All)
}

/// A user of the installation, who may do everything.
fn manager(gate: &Gate) -> Caller {
    user(gate, "kim", &[])
}

fn user(gate: &Gate, login: &str, scope: &[Id<Tag>]) -> Caller {
    gate.platform
        .create_user(NewUser {
            login: login.to_owned(),
            password: "correct horse battery".to_owned(),
            roles: vec!["Manager".to_owned()],
            scope: scope.to_vec(),
        })
        .unwrap();
    let ids: Vec<u32> = gate.platform.store().index::<User, _>(|index| index.ids().iter().collect());
    let users = gate.platform.store().read().unwrap().get_many::<User>(&ids).unwrap();
    let user = users.into_iter().find(|user| user.login == login).unwrap();
    let scope = (!scope.is_empty()).then(|| scope.to_vec());
    Caller { user: user.id, login: user.object.login, permissions: Permissions::all(), scope }
}

/// A web server on loopback until the end of the test; gives its port.
fn page() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = [0; 1_024];
            if stream.read(&mut asked).is_ok_and(|count| asked[..count].starts_with(b"GET")) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 2\r\n\r\nhi");
            }
        }
    });
    port
}

/// The schedule, once it is as it should be.
#[track_caller]
fn wait_for(gate: &Gate, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let schedule = gate.send(&get(format!("{SCHEDULE}/1"))).ok()["data"].take();
        if is_so(&schedule) {
            return schedule;
        }
        assert!(Instant::now() < until, "never {what}: {schedule}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn is_over(schedule: &Value) -> bool {
    schedule.get("running").is_none() && schedule.get("wantedBy").is_none() && schedule["runs"] != json!([])
}

fn put(body: &Value) -> Request {
    Request { method: "PUT", ..post(format!("{SCHEDULE}/1"), body.to_string()) }
}

fn act(verb: &str) -> Request {
    request("POST", format!("{SCHEDULE}/1/{verb}"))
}

/// Takes minutes, since it may only go slowly.
fn endless() -> Value {
    json!({ "name": "Endless", "targets": "127.0.0.0/20", "ports": "all", "rate": 20, "record": "MAP" })
}

#[test]
fn a_discovery_is_recorded_over_the_wire() {
    let gate = Gate::new();
    let body = json!({ "ports": "1-65535", "hosts": [host("192.0.2.17"), host("192.0.2.18")] });
    let done = gate.send(&post(RESULTS, body.to_string())).ok();
    assert_eq!(done["data"]["hosts"], 2);
    assert_eq!((&done["data"]["assetsCreated"], &done["data"]["webServices"]), (&json!(2), &json!(2)));
    let done = gate.send(&post(RESULTS, body.to_string())).ok();
    assert_eq!((&done["data"]["assetsCreated"], &done["data"]["assetsMerged"]), (&json!(0), &json!(2)));
    let body = json!({ "record": "MAP", "hosts": [host("192.0.2.19")] });
    let done = gate.send(&post(RESULTS, body.to_string())).ok();
    assert_eq!((&done["data"]["hosts"], &done["data"]["assetsCreated"]), (&json!(1), &json!(0)));
    assert_eq!((count::<Asset>(&gate), count::<HostResult>(&gate)), (2, 3));
    // A discovery that found nothing is one as well.
    gate.send(&post(RESULTS, json!({ "hosts": [] }).to_string())).ok();
}

#[test]
fn a_discovery_with_one_bad_host_is_refused_as_a_whole() {
    let gate = Gate::new();
    let before = gate.fingerprint();
    let change = |member: &str, value: Value| {
        let mut bad = host("192.0.2.18");
        bad[member] = value;
        bad
    };
    let port = |number: u64| json!([{ "port": number, "protocol": "tcp", "service": "x", "evidence": "x" }]);
    for (bad, wanted) in [
        (change("address", json!("192.0.2.300")), "address"),
        (change("address", json!("0.0.0.0")), "hosts[1].address: 0.0.0.0"),
        (change("address", json!("ff02::1")), "hosts[1].address: ff02::1"),
        (change("status", json!("dead")), "dead"),
        (
            change("ended", json!("2024-03-02T09:00:00Z")),
            "hosts[1].ended: 2024-03-02T09:00:00Z is still to come",
        ),
        (change("ended", json!("2024-02-01T09:00:00Z")), "hosts[1].ended"),
        (change("ports", port(0)), "hosts[1].ports[0].port"),
        (change("ports", port(65_536)), "65536"),
    ] {
        let body = json!({ "hosts": [host("192.0.2.17"), bad] }).to_string();
        let reply = gate.send(&post(RESULTS, body));
        let message = reply.refused(400, "ERR-7003");
        assert!(message.contains(wanted), "{message}");
    }
    let hosts = |more: Value| {
        let mut body = json!({ "hosts": [host("192.0.2.17")] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        post(RESULTS, body.to_string())
    };
    gate.send(&hosts(json!({ "ports": "0-9" }))).refused(400, "ERR-7003");
    gate.send(&hosts(json!({ "record": "WAS_SCAN" }))).refused(400, "ERR-7003");
    gate.send(&hosts(json!({ "host": [] }))).refused(400, "ERR-7003");
    let many = vec!["{}"; 20_001].join(",");
    let few = gate.send(&post(RESULTS, format!("{{\"hosts\":[{many}]}}")));
    assert_eq!(few.status, 400);
    assert_eq!(gate.fingerprint(), before);
}

#[test]
fn a_scan_is_recorded_by_whoever_may_make_and_see_its_assets() {
    let gate = Gate::new();
    let body = json!({ "hosts": [host("192.0.2.17")] });
    let request = post(RESULTS, body.to_string());
    let before = gate.fingerprint();
    let creator = Permissions::of(&[Permission::ApiAccess, Permission::CreateAsset]);
    assert_eq!(gate.send_as(&request, creator, None).status, 403);
    assert_eq!(gate.fingerprint(), before);
    gate.send(&request).ok();
    // The asset carries no tag of the scope.
    let before = gate.fingerprint();
    let reply = gate.send_as(&request, Permissions::all(), Some(vec![Id::new(9_999)]));
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert_eq!(gate.fingerprint(), before);
}

#[test]
fn schedules_are_made_changed_and_deleted() {
    let gate = Gate::new();
    let body = json!({
        "name": " Office ", "targets": "192.0.2.0/24 gate.example.test", "exclude": "192.0.2.9", "ports": "web",
        "rate": 100, "record": "MAP", "occurrence": "WEEKLY", "every": 2, "start": "2024-03-04T02:00:00+02:00",
    });
    let made = gate.send(&post(SCHEDULE, body.to_string())).ok()["data"].take();
    assert_eq!(
        made,
        json!({
            "id": 1, "name": "Office", "owner": "kim", "targets": "192.0.2.0-192.0.2.255,gate.example.test",
            "exclude": "192.0.2.9", "ports": "web", "rate": 100, "record": "MAP", "status": "ACTIVE",
            "occurrence": "WEEKLY", "every": 2, "start": "2024-03-04T00:00:00Z", "next": "2024-03-04T00:00:00Z",
            "created": "2024-03-01T10:00:00Z", "updated": "2024-03-01T10:00:00Z", "runs": [],
        })
    );
    let message = gate.send(&post(SCHEDULE, body.to_string())).refused(400, "ERR-7005");
    assert!(message.contains("schedule 1"), "{message}");
    gate.wait(60);
    let changed = gate.send(&put(&json!({ "status": "INACTIVE", "ports": "1-9" }))).ok()["data"].take();
    assert_eq!((&changed["ports"], &changed["name"]), (&json!("1-9"), &json!("Office")));
    assert_eq!((changed.get("next"), &changed["updated"]), (None, &json!("2024-03-01T10:01:00Z")));
    let changed = gate.send(&put(&json!({ "status": "ACTIVE", "occurrence": "NONE" }))).ok()["data"].take();
    assert_eq!((changed.get("next"), &changed["occurrence"]), (None, &json!("NONE")));
    let listed = gate.send(&get("/redoubt/discovery/v1/schedules")).ok();
    assert_eq!((&listed["data"]["totalCount"], &listed["data"]["items"][0]), (&json!(1), &changed));
    gate.send(&request("DELETE", format!("{SCHEDULE}/1"))).ok();
    gate.send(&get(format!("{SCHEDULE}/1"))).refused(404, "ERR-7004");
    gate.send(&request("DELETE", format!("{SCHEDULE}/1"))).refused(404, "ERR-7004");
}

#[test]
fn a_schedule_counts_its_days_in_its_time_zone() {
    let gate = Gate::new();
    let body = json!({
        "name": "Nightly", "targets": "192.0.2.1", "ports": "9", "record": "MAP", "occurrence": "DAILY",
        "start": "2024-03-30T02:45:00", "timeZone": "europe/berlin", "status": "INACTIVE",
    });
    let made = gate.send(&post(SCHEDULE, body.to_string())).ok()["data"].take();
    assert_eq!(
        (&made["timeZone"], &made["start"]),
        (&json!("Europe/Berlin"), &json!("2024-03-30T01:45:00Z"))
    );
    // The clocks go forward on the 31st, and leave that time out.
    gate.wait(29 * 24 * 3_600);
    let next = |body: Value| gate.send(&put(&body)).ok()["data"]["next"].take();
    assert_eq!(next(json!({ "status": "ACTIVE" })), "2024-03-31T01:45:00Z");
    assert_eq!(next(json!({ "timeZone": "UTC" })), "2024-03-31T01:45:00Z");
    assert_eq!(gate.send(&get(format!("{SCHEDULE}/1"))).ok()["data"].get("timeZone"), None);
    gate.wait(24 * 3_600);
    assert_eq!(next(json!({ "timeZone": "Europe/Berlin" })), "2024-04-01T00:45:00Z");
    assert_eq!(next(json!({ "start": "2024-05-01T02:45:00" })), "2024-05-01T00:45:00Z");
    assert_eq!(next(json!({ "start": "2024-05-01T02:45:00+01:00" })), "2024-05-01T01:45:00Z");
}

#[test]
fn schedules_name_what_is_wrong_with_them() {
    let gate = Gate::new();
    let good = json!({ "name": "Office", "targets": "192.0.2.0/24" });
    let before = gate.fingerprint();
    for (member, value, id) in [
        ("name", json!("x".repeat(121)), "ERR-7003"),
        ("name", json!("a\u{7}b"), "ERR-7003"),
        ("targets", json!("192.0.2.0/33"), "ERR-7003"),
        ("targets", json!("192.0.2.256"), "ERR-7003"),
        ("targets", json!("10.0.0.0/8"), "ERR-7003"),
        ("targets", json!("::/0"), "ERR-7003"),
        ("targets", json!("a".repeat(70_000)), "ERR-7003"),
        ("targets", json!(", ,"), "ERR-7003"),
        ("exclude", json!("192.0.2"), "ERR-7003"),
        ("ports", json!("0"), "ERR-7003"),
        ("ports", json!("http"), "ERR-7003"),
        ("rate", json!(0), "ERR-7003"),
        ("rate", json!(20_001), "ERR-7003"),
        ("rate", json!(1.5), "ERR-7003"),
        ("record", json!("scan"), "ERR-7003"),
        ("status", json!("ON"), "ERR-7003"),
        ("occurrence", json!("YEARLY"), "ERR-7003"),
        ("every", json!(2), "ERR-7002"),
        ("start", json!("tomorrow"), "ERR-7003"),
        ("start", json!("2024-03-04T02:00:00"), "ERR-7003"),
        ("timeZone", json!("Europe/Nowhere"), "ERR-7003"),
        ("timeZone", json!(""), "ERR-7003"),
        ("timeZone", json!("../../etc/passwd"), "ERR-7003"),
        ("timeZone", json!({ "code": "UTC" }), "ERR-7003"),
        ("timeZone", json!("Europe/Berlin"), "ERR-7002"),
        ("port", json!("80"), "ERR-7003"),
    ] {
        let mut body = good.clone();
        body[member] = value;
        let message = gate.send(&post(SCHEDULE, body.to_string())).refused(400, id);
        assert!(message.contains(member) || member == "every", "{member}: {message}");
    }
    let mut body = good.clone();
    body["exclude"] = json!("192.0.0.0/16");
    let message = gate.send(&post(SCHEDULE, body.to_string())).refused(400, "ERR-7003");
    assert!(message.contains("nothing is left"), "{message}");
    let mut body = good;
    body["occurrence"] = json!("ONCE");
    body["start"] = json!("2024-02-29T00:00:00Z");
    gate.send(&post(SCHEDULE, body.to_string())).refused(400, "ERR-7003");
    assert_eq!(gate.fingerprint(), before);
}

#[test]
fn a_run_is_recorded_and_told_of() {
    let gate = Gate::new();
    let (me, port) = (manager(&gate), page());
    let body = json!({ "name": "Own", "targets": "127.0.0.1", "ports": port.to_string() });
    gate.send_by(&post(SCHEDULE, body.to_string()), me.clone()).ok();
    gate.send_by(&act("run"), me).ok();
    let schedule = wait_for(&gate, "over", is_over);
    let run = &schedule["runs"][0];
    assert_eq!((&run["state"], &run["number"], &run["by"]), (&json!("FINISHED"), &json!(1), &json!("kim")));
    assert_eq!((&run["addresses"], &run["done"], &run["openPorts"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!((&run["recorded"]["assetsCreated"], &run["recorded"]["webServices"]), (&json!(1), &json!(1)));
    assert_eq!((count::<Asset>(&gate), count::<HostResult>(&gate)), (1, 1));
}

#[test]
fn a_schedule_runs_when_it_is_due_and_times_that_were_missed_are_made_up_for_once() {
    let gate = Gate::new();
    let (me, port) = (manager(&gate), page());
    let body = json!({
        "name": "Own", "targets": "127.0.0.1", "ports": port.to_string(), "record": "MAP",
        "occurrence": "HOURLY", "start": "2024-03-01T11:00:00Z",
    });
    gate.send_by(&post(SCHEDULE, body.to_string()), me).ok();
    gate.platform.tick(gate.clock.now());
    let schedule = gate.send(&get(format!("{SCHEDULE}/1"))).ok()["data"].take();
    assert_eq!((schedule.get("running"), &schedule["runs"]), (None, &json!([])));
    // The server was away for most of a day.
    gate.wait(20 * 3_600 + 60);
    gate.platform.tick(gate.clock.now());
    let schedule = wait_for(&gate, "over", is_over);
    assert_eq!(
        (&schedule["runs"][0]["state"], &schedule["next"]),
        (&json!("FINISHED"), &json!("2024-03-02T07:00:00Z"))
    );
    gate.platform.tick(gate.clock.now());
    let schedule = gate.send(&get(format!("{SCHEDULE}/1"))).ok()["data"].take();
    assert_eq!((schedule.get("running"), schedule["runs"].as_array().unwrap().len()), (None, 1));
}

#[test]
fn a_run_is_cancelled() {
    let gate = Gate::new();
    let me = manager(&gate);
    gate.send_by(&post(SCHEDULE, endless().to_string()), me.clone()).ok();
    gate.send_by(&act("run"), me.clone()).ok();
    wait_for(&gate, "running", |schedule| schedule["running"]["connections"].as_u64() > Some(0));
    gate.send_by(&act("run"), me.clone()).refused(400, "ERR-7007");
    gate.send_by(&act("cancel"), me.clone()).ok();
    let schedule = wait_for(&gate, "over", is_over);
    assert_eq!(schedule["runs"][0]["state"], "CANCELED");
    // A schedule that is deleted takes its run along.
    gate.send_by(&act("run"), me.clone()).ok();
    gate.send_by(&request("DELETE", format!("{SCHEDULE}/1")), me).ok();
    gate.platform.close().unwrap();
}

#[test]
fn two_servers_never_run_it_at_once_and_the_run_of_a_dead_one_is_repeated() {
    let gate = Gate::new();
    let me = manager(&gate);
    gate.send_by(&post(SCHEDULE, endless().to_string()), me.clone()).ok();
    gate.send_by(&act("run"), me).ok();
    let options = Options { clock: gate.clock.clone(), home: Some(gate.home()), ..Options::default() };
    let backend = Sqlite::new(gate.home().join("redoubt.db"));
    let other: Arc<Platform> = Platform::open(backend, options, Settings::default(), &|_| {}).unwrap();
    other.tick(gate.clock.now());
    let schedule = wait_for(&gate, "running", |schedule| schedule.get("running").is_some());
    assert_eq!((&schedule["running"]["number"], &schedule["runs"]), (&json!(1), &json!([])));
    // The first gave no sign of life for a while.
    gate.wait(61);
    other.tick(gate.clock.now());
    let schedule = wait_for(&gate, "taken over", |schedule| schedule["running"]["number"] == 2);
    let run = &schedule["runs"][0];
    assert_eq!((&run["number"], &run["state"]), (&json!(1), &json!("INTERRUPTED")));
    assert_eq!(schedule["running"]["by"], "kim");
    // A server that is stopped says so itself, and whoever runs next goes on.
    other.close().unwrap();
    let schedule = wait_for(&gate, "interrupted", |schedule| schedule["runs"][0]["number"] == 2);
    assert_eq!(
        (&schedule["runs"][0]["state"], &schedule["wantedBy"]),
        (&json!("INTERRUPTED"), &json!("kim"))
    );
    gate.platform.close().unwrap();
}

#[test]
fn runs_need_what_their_owner_may_do_at_that_time() {
    let gate = Gate::new();
    let nobody = Caller {
        user: Id::new(9_999),
        login: "gone".to_owned(),
        permissions: Permissions::all(),
        scope: None,
    };
    let body = json!({ "name": "Own", "targets": "127.0.0.1", "ports": "9" }).to_string();
    gate.send_by(&post(SCHEDULE, body), nobody.clone()).ok();
    gate.send_by(&act("run"), nobody).ok();
    let schedule = wait_for(&gate, "over", is_over);
    assert_eq!(schedule["runs"][0]["state"], "FAILED");
    assert!(schedule["runs"][0]["problem"].as_str().unwrap().contains("gone"), "{schedule}");
    // Somebody who may make schedules, but no assets.
    let body = json!({ "name": "Scan", "targets": "127.0.0.1" }).to_string();
    let few = Permissions::of(&[Permission::ApiAccess, Permission::ManageDiscoveries]);
    assert_eq!(gate.send_as(&post(SCHEDULE, body), few, None).status, 403);
}

#[test]
fn whoever_has_a_scope_asks_its_hosts_only() {
    let gate = Gate::new();
    let me = manager(&gate);
    gate.send(&post(RESULTS, json!({ "hosts": [host("192.0.2.17"), host("192.0.2.18")] }).to_string())).ok();
    let tag: Id<Tag> = gate.tag_asset(1);
    let scoped = user(&gate, "lee", &[tag]);
    gate.send_by(&post(SCHEDULE, endless().to_string()), me).ok();
    let body = |targets: &str| post(SCHEDULE, json!({ "name": "Mine", "targets": targets }).to_string());
    for targets in
        ["192.0.2.18", "192.0.2.17-192.0.2.18", "192.0.2.17,198.51.100.1", "localhost", "10.0.0.0/16"]
    {
        gate.send_by(&body(targets), scoped.clone()).refused(403, "ERR-7006");
    }
    let made = gate.send_by(&body("192.0.2.17"), scoped.clone()).ok();
    assert_eq!(made["data"]["id"], 2);
    // Schedules of others are not there for them.
    gate.send_by(&get(format!("{SCHEDULE}/1")), scoped.clone()).refused(404, "ERR-7004");
    gate.send_by(&put(&json!({ "ports": "1" })), scoped.clone()).refused(404, "ERR-7004");
    for verb in ["run", "cancel"] {
        gate.send_by(&act(verb), scoped.clone()).refused(404, "ERR-7004");
    }
    let listed = gate.send_by(&get("/redoubt/discovery/v1/schedules"), scoped).ok();
    assert_eq!((&listed["data"]["totalCount"], &listed["data"]["items"][0]["id"]), (&json!(1), &json!(2)));
}
