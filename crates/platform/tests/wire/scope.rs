//! What callers with a scope see, count and change, and that this is all.

use qps::Format;

use crate::assets::{agent_host, at_address, update};
use crate::common::{As, World, change, data, filters};
use crate::tags::{dynamic, tag};

const HOSTS: &str = "/qps/rest/2.0/search/am/hostasset";

/// Two sites with two hosts each (1 and 2, 3 and 4), one host without site (5), and the sites' tags.
fn sites(world: &World) -> (As<'_>, u64, u64) {
    let me = world.manager();
    let (east, west) = (tag(&me, "<name>East</name>"), tag(&me, "<name>West</name>"));
    let lab = tag(&me, &format!("<name>Lab</name><parentTagId>{east}</parentTagId>"));
    for (n, site) in [(1, east), (2, lab), (3, west), (4, west), (5, 0)] {
        let id = at_address(&me, &format!("host-{n}"), &format!("192.0.2.{n}"));
        if site > 0 {
            update(&me, id, &format!("<tags><add><TagSimple><id>{site}</id></TagSimple></add></tags>"));
        }
    }
    (me, east, west)
}

#[track_caller]
fn sees(caller: &As<'_>) -> Vec<u64> {
    let ids = caller.get(HOSTS).ids();
    assert_eq!(caller.get("/qps/rest/2.0/count/am/hostasset").count(), ids.len() as u64);
    assert_eq!(caller.get("/qps/rest/2.0/search/am/asset").ids(), ids);
    assert_eq!(caller.get("/qps/rest/2.0/count/am/asset").count(), ids.len() as u64);
    for id in 1..=6 {
        for object in ["hostasset", "asset"] {
            let reply = caller.get(&format!("/qps/rest/2.0/get/am/{object}/{id}"));
            assert_eq!(reply.code(), if ids.contains(&id) { "SUCCESS" } else { "NOT_FOUND" });
        }
    }
    ids
}

#[test]
fn a_scope_is_its_tags_and_all_below_them() {
    let world = World::new();
    let (me, east, west) = sites(&world);
    let reader = world.as_role("Reader");
    assert_eq!(sees(&me), [1, 2, 3, 4, 5]);
    assert_eq!(sees(&reader), [1, 2, 3, 4, 5]);
    assert_eq!(sees(&reader.clone().scoped(&[east])), [1, 2]);
    assert_eq!(sees(&reader.clone().scoped(&[west])), [3, 4]);
    assert_eq!(sees(&reader.clone().scoped(&[east, west])), [1, 2, 3, 4]);
    assert_eq!(sees(&reader.clone().scoped(&[])), Vec::<u64>::new());
    assert_eq!(sees(&reader.clone().scoped(&[4_000])), Vec::<u64>::new(), "a tag that is gone shows nothing");
}

#[test]
fn no_filter_reaches_beyond_the_scope() {
    let world = World::new();
    let (_, east, _) = sites(&world);
    let reader = world.as_role("Reader").scoped(&[east]);
    for criteria in [
        vec![("id", "EQUALS", "3")],
        vec![("id", "IN", "3,4,5")],
        vec![("tagName", "EQUALS", "West")],
        vec![("tagName", "NOT EQUALS", "East"), ("id", "NOT EQUALS", "2")],
        vec![("address", "EQUALS", "192.0.2.5")],
    ] {
        assert_eq!(reader.post(HOSTS, &filters(&criteria)).count(), 0, "{criteria:?}");
        assert_eq!(reader.post("/qps/rest/2.0/count/am/hostasset", &filters(&criteria)).count(), 0);
    }
    assert_eq!(reader.post(HOSTS, &filters(&[("name", "CONTAINS", "host")])).ids(), [1, 2]);
    let page = "<ServiceRequest><preferences><limitResults>1</limitResults><startFromOffset>2</startFromOffset></preferences></ServiceRequest>";
    let reply = reader.post(HOSTS, page);
    assert_eq!(
        (reply.ids(), reply.more(), reply.last_id()),
        (vec![2], Some(false), None),
        "nothing more is hinted at"
    );
}

#[test]
fn a_scope_follows_every_write_at_once() {
    let world = World::new();
    let (me, east, west) = sites(&world);
    let reader = world.as_role("Reader").scoped(&[east]);
    let put = |id: u64, verb: &str, tag: u64| {
        update(&me, id, &format!("<tags><{verb}><TagSimple><id>{tag}</id></TagSimple></{verb}></tags>"))
    };
    put(5, "add", east);
    assert_eq!(sees(&reader), [1, 2, 5]);
    put(1, "remove", east);
    assert_eq!(sees(&reader), [2, 5]);
    let tag_change = |id: u64, members: &str| {
        me.post(&format!("/qps/rest/2.0/update/am/tag/{id}"), &data(&format!("<Tag>{members}</Tag>"))).ok();
    };
    tag_change(west, &format!("<parentTagId>{east}</parentTagId>"));
    assert_eq!(sees(&reader), [2, 3, 4, 5], "a tag that moves below the scope brings its assets");
    tag_change(west, "<parentTagId>0</parentTagId>");
    assert_eq!(sees(&reader), [2, 5]);
    tag_change(east, "<name>Orient</name><color>#fff</color>");
    assert_eq!(sees(&reader), [2, 5]);
    let rule = dynamic(&me, "Four", "NETWORK_RANGE", "192.0.2.4");
    tag_change(rule, &format!("<parentTagId>{east}</parentTagId>"));
    assert_eq!(sees(&reader), [2, 4, 5]);
    update(&me, 4, "<address>192.0.2.44</address>");
    assert_eq!(sees(&reader), [2, 5]);
    update(&me, 3, "<address>192.0.2.4</address>");
    assert_eq!(sees(&reader), [2, 3, 5]);
    me.post("/qps/rest/2.0/delete/am/hostasset/2", "").ok();
    assert_eq!(sees(&reader), [3, 5]);
    me.post(&format!("/qps/rest/2.0/delete/am/tag/{east}"), "").ok();
    assert_eq!(sees(&reader), Vec::<u64>::new());
}

#[test]
fn nothing_outside_the_scope_can_be_changed() {
    let world = World::new();
    let (me, east, _) = sites(&world);
    world.asset(&agent_host());
    let editor = world.manager().scoped(&[east]);
    let before = world.fingerprint();
    for id in [3, 5, 6] {
        for (call, body) in [
            ("update/am/hostasset", data("<HostAsset><os>x</os></HostAsset>")),
            ("delete/am/hostasset", String::new()),
            ("activate/am/hostasset", String::new()),
            ("update/am/asset", data("<Asset><name>x</name></Asset>")),
            ("delete/am/asset", String::new()),
            ("activate/am/asset", String::new()),
            ("deactivate/am/asset", String::new()),
            ("uninstall/am/asset", String::new()),
        ] {
            let module = if call.contains("activate/am/hostasset") { "QWEB_VM" } else { "AGENT_VM" };
            editor.post(&format!("/qps/rest/2.0/{call}/{id}?module={module}"), &body).refused("NOT_FOUND");
        }
    }
    let everybody = [("name", "CONTAINS", ""), ("id", "GREATER", "2")];
    let everybody = &everybody[1..];
    for (call, body) in [
        ("update/am/hostasset", change(everybody, "<HostAsset><os>x</os></HostAsset>")),
        ("delete/am/hostasset", filters(everybody)),
        ("activate/am/hostasset", filters(everybody)),
        ("update/am/asset", change(everybody, "<Asset><name>x</name></Asset>")),
        ("delete/am/asset", filters(everybody)),
        ("activate/am/asset", filters(everybody)),
        ("deactivate/am/asset", filters(everybody)),
        ("uninstall/am/asset", filters(everybody)),
    ] {
        let module = if call.contains("activate/am/hostasset") { "QWEB_VM" } else { "AGENT_VM" };
        assert_eq!(editor.post(&format!("/qps/rest/2.0/{call}?module={module}"), &body).count(), 0, "{call}");
    }
    assert_eq!(world.fingerprint(), before);
    let all = change(&[("id", "GREATER", "0")], "<HostAsset><os>Example Linux</os></HostAsset>");
    assert_eq!(editor.post("/qps/rest/2.0/update/am/hostasset", &all).ids(), [1, 2]);
    assert_eq!(me.post(HOSTS, &filters(&[("os", "EQUALS", "Example Linux")])).ids(), [1, 2]);
    assert_eq!(
        editor.post("/qps/rest/2.0/delete/am/asset", &filters(&[("id", "GREATER", "0")])).ids(),
        [1, 2]
    );
    assert_eq!(me.get(HOSTS).ids(), [3, 4, 5, 6]);
}

#[test]
fn a_refusal_does_not_tell_what_is_out_of_sight() {
    let world = World::new();
    let (_, east, _) = sites(&world);
    let editor = world.manager().scoped(&[east]);
    let hidden = editor.get("/qps/rest/2.0/get/am/hostasset/3");
    let missing = editor.get("/qps/rest/2.0/get/am/hostasset/4000");
    assert_eq!(hidden.message().replace('3', "4000"), missing.message());
    let taken = data("<HostAsset><name>x</name><address>192.0.2.3</address></HostAsset>");
    let reply = editor.post("/qps/rest/2.0/create/am/hostasset", &taken);
    reply.refused("INVALID_REQUEST");
    assert!(!reply.text.contains("id 3") && !reply.text.contains("host-3"), "{}", reply.text);
    editor.post("/qps/rest/2.0/update/am/hostasset/1", &taken).refused("INVALID_REQUEST");
}

#[test]
fn who_creates_sees_the_answer_even_outside_the_scope() {
    let world = World::new();
    let (_, east, _) = sites(&world);
    let editor = world.manager().scoped(&[east]);
    let outside = at_address(&editor, "new", "192.0.2.77");
    editor.get(&format!("/qps/rest/2.0/get/am/hostasset/{outside}")).refused("NOT_FOUND");
    let tags = format!("<tags><set><TagSimple><id>{east}</id></TagSimple></set></tags>");
    let inside =
        crate::assets::host(&editor, &format!("<name>new</name><address>192.0.2.78</address>{tags}"));
    editor.get(&format!("/qps/rest/2.0/get/am/hostasset/{inside}")).ok();
}

/// Whoever sees a part must not be able to widen it: not by rules, not by moving or renaming tags.
#[test]
fn nobody_widens_their_own_scope() {
    let world = World::new();
    let (me, east, west) = sites(&world);
    let lab = me.post("/qps/rest/2.0/search/am/tag", &filters(&[("name", "EQUALS", "Lab")])).id();
    let prod = dynamic(&me, "Prod", "GLOBAL_ASSET_VIEW", "tags.name:`prod-now` and not tags.name:`secret`");
    let secret = tag(&me, "<name>secret</name>");
    let editor = world.manager().scoped(&[east, prod]);
    let before = world.fingerprint();
    let create =
        |members: &str| editor.post("/qps/rest/2.0/create/am/tag", &data(&format!("<Tag>{members}</Tag>")));
    let update = |id: u64, members: &str| {
        editor.post(&format!("/qps/rest/2.0/update/am/tag/{id}"), &data(&format!("<Tag>{members}</Tag>")))
    };
    let all = "<ruleType>NAME_CONTAINS</ruleType><ruleText>host</ruleText>";
    let refused = [
        create(&format!("<name>x</name><parentTagId>{east}</parentTagId>{all}")),
        create(&format!("<name>x</name><parentTagId>{lab}</parentTagId>{all}")),
        create(&format!("<name>prod-now</name>{all}")),
        update(east, all),
        update(lab, all),
        update(prod, "<ruleText>asset.name:*</ruleText>"),
        update(west, &format!("<parentTagId>{east}</parentTagId>")),
        update(west, "<name>prod-now</name>"),
        update(secret, "<name>public</name>"),
        update(lab, "<parentTagId>0</parentTagId>"),
        update(west, &format!("<children><set><TagSimple><id>{lab}</id></TagSimple></set></children>")),
        editor.post(&format!("/qps/rest/2.0/delete/am/tag/{secret}"), ""),
        editor.post(&format!("/qps/rest/2.0/delete/am/tag/{east}"), ""),
    ];
    for reply in refused {
        assert!(reply.refused("UNAUTHORIZED").message().contains("your scope"), "{}", reply.text);
    }
    assert_eq!(world.fingerprint(), before);
    assert_eq!(sees(&editor), [1, 2]);
    // What decides nothing is free: colors, new static tags below the scope, rules elsewhere.
    update(east, "<color>#fff</color><description>mine</description>").ok();
    let mine = create(&format!("<name>mine</name><parentTagId>{east}</parentTagId>")).id();
    create(&format!("<name>elsewhere</name>{all}")).ok();
    assert_eq!(sees(&editor), [1, 2]);
    let body =
        format!("<HostAsset><tags><add><TagSimple><id>{mine}</id></TagSimple></add></tags></HostAsset>");
    assert_eq!(
        editor.post("/qps/rest/2.0/update/am/hostasset", &change(&[("id", "GREATER", "0")], &body)).ids(),
        [1, 2]
    );
    assert_eq!(sees(&editor), [1, 2]);
}

/// A write looks again when its turn comes: what left the scope meanwhile is not touched.
#[test]
fn what_leaves_the_scope_is_safe_from_writes_under_way() {
    let world = World::new();
    let (me, east, west) = sites(&world);
    let editor = world.manager().scoped(&[east]);
    let swap = |from: u64, to: u64| {
        let item = |id: u64| format!("<TagSimple><id>{id}</id></TagSimple>");
        data(&format!(
            "<HostAsset><tags><add>{}</add><remove>{}</remove></tags></HostAsset>",
            item(to),
            item(from)
        ))
    };
    let one = |caller: &As<'_>, url: &str, body: &str| caller.one(0, "POST", url, Format::Xml, None, body);
    for round in 0..60 {
        let os = format!("round {round}");
        std::thread::scope(|scope| {
            let (me, editor, os) = (me.clone(), editor.clone(), os.clone());
            let moved = scope.spawn(move || {
                one(&me, "/qps/rest/2.0/update/am/hostasset/1", &swap(east, west)).ok().count()
            });
            let body = format!("<HostAsset><os>{os}</os></HostAsset>");
            let by_filter = change(&[("tagName", "EQUALS", "East")], &body);
            let changed = scope
                .spawn(move || one(&editor, "/qps/rest/2.0/update/am/hostasset", &by_filter).ok().count());
            moved.join().unwrap();
            changed.join().unwrap();
        });
        // The log tells the order: a change of the editor's never follows the move.
        let changes = world.sides[0].store().read().unwrap().changes(0, usize::MAX).unwrap();
        let of_one = changes.iter().rev().filter(|change| change.kind == "asset" && change.id == 1);
        let last = of_one.take(1).next().unwrap();
        assert!(last.after.contains("tags"), "round {round}: {last:?}");
        one(&me, "/qps/rest/2.0/update/am/hostasset/1", &swap(west, east)).ok();
    }
}
