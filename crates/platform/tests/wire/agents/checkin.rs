//! Check-ins: what is taken in, and what is not.

use inventory::protocol::{
    AgentKey, CHECKIN_PATH, Command, Content, ENROLL_PATH, MAX_BODY, RefusalCode, ResyncReason, Verdict, pack,
};
use inventory::{ContentHash, Delta, List, ListDelta};
use qps::Format;

use super::machine::{package, rich, wait};
use super::{Machine, only, tags};
use crate::assets::update;
use crate::common::World;
use crate::tags::{dynamic, tag};

#[test]
fn a_full_report_then_deltas_then_nothing_new() {
    let world = World::new();
    let mut machine = Machine::new(&world, "web", 1).join();
    let software =
        || only(&world).each("software", "name").iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    world.wait(60);
    machine.inventory.packages = List::from([package("nginx", "1"), package("bash", "5")]);
    machine.report_changes();
    assert_eq!(software(), ["bash", "nginx"]);
    assert_eq!(only(&world).text_at("modified"), "2024-03-01T10:01:00Z");
    world.wait(60);
    machine.inventory.packages = List::from([package("nginx", "2"), package("zsh", "5")]);
    machine.inventory.timezone = Some("Europe/Paris".into());
    machine.report_changes();
    assert_eq!(
        (software(), only(&world).text_at("timezone")),
        (vec!["nginx".into(), "zsh".to_owned()], "Europe/Paris")
    );
    world.wait(60);
    machine.peer = "198.51.100.8".parse().ok();
    machine.report_changes();
    let host = only(&world);
    assert_eq!(host.text_at("modified"), "2024-03-01T10:02:00Z", "nothing about the host changed");
    assert_eq!(host.text_at("agentInfo.lastCheckedIn"), "2024-03-01T10:03:00Z");
    assert_eq!(host.text_at("agentInfo.connectedFrom"), "198.51.100.8");
    machine.inventory.timezone = None;
    machine.inventory.packages = List::new();
    machine.report_changes();
    let host = only(&world);
    assert_eq!((host.get("software"), host.get("timezone")), (None, None), "what is gone is gone");
    machine.report();
    machine.report_changes();
}

#[test]
fn a_message_is_taken_in_once() {
    let world = World::new();
    let mut machine = Machine::new(&world, "web", 1).join();
    machine.inventory.packages = List::from([package("nginx", "1")]);
    let first = machine.delta();
    machine.demand_accepted(&first);
    let before = world.fingerprint();
    world.wait(60);
    assert_eq!(machine.send(&first).unwrap().verdict, Verdict::Accepted, "its answer was lost");
    assert_eq!(world.fingerprint(), before);
    machine.inventory.packages = List::new();
    let second = machine.delta();
    machine.demand_accepted(&second);
    let before = world.fingerprint();
    assert_eq!(machine.send(&first).unwrap().verdict, Verdict::SequenceExpected { after: 3 }, "a replay");
    machine.sequence = 2;
    let forged = machine.full();
    assert_eq!(
        machine.send(&forged).unwrap().verdict,
        Verdict::SequenceExpected { after: 3 },
        "an agent that forgot"
    );
    assert_eq!(world.fingerprint(), before);
    machine.sequence = 41;
    machine.report();
    assert_eq!(machine.send(&second).unwrap().verdict, Verdict::SequenceExpected { after: 42 });
}

/// What the asset's lists are, apart from when the agent came last.
fn held(world: &World) -> Vec<String> {
    let side = &world.sides[0];
    let asset =
        side.store().read().unwrap().get(store::Id::<platform::assets::Asset>::new(1)).unwrap().unwrap();
    let state = asset.agent.as_ref().and_then(|agent| agent.state);
    vec![format!("{:?}", asset.software), format!("{:?} {:?} {:?}", asset.system, asset.modified, state)]
}

#[test]
fn what_does_not_build_on_what_is_held_is_asked_for_whole() {
    let world = World::new();
    let mut machine = Machine::new(&world, "web", 1);
    machine.enroll().unwrap();
    machine.accepted = Some(rich());
    let nothing = machine.delta();
    let resync = |reason| Verdict::Resync { reason };
    assert_eq!(machine.send(&nothing).unwrap().verdict, resync(ResyncReason::NothingHeld));
    assert_eq!(
        machine.send(&nothing).unwrap().verdict,
        resync(ResyncReason::NothingHeld),
        "the same answer again"
    );
    machine.inventory.packages = List::from([package("bash", "5"), package("nginx", "1")]);
    machine.report();
    let before = held(&world);
    let hash = machine.inventory.hash();
    let mut try_delta = |base: ContentHash, delta: Delta| {
        let message = machine.message(Some(base), ContentHash::of(b"new"), Content::Delta(Box::new(delta)));
        machine.send(&message).unwrap().verdict
    };
    let packages = |added: &[&str], removed: &[&str]| Delta {
        packages: ListDelta {
            added: added.iter().map(|name| package(name, "1")).collect(),
            removed: removed.iter().map(|name| package(name, "1")).collect(),
        },
        timezone: Some(inventory::Change::Set("Europe/Berlin".into())),
        ..Delta::default()
    };
    assert_eq!(
        try_delta(ContentHash::of(b"other"), packages(&["x"], &[])),
        resync(ResyncReason::BaseDiffers)
    );
    assert_eq!(
        try_delta(hash, packages(&["a"], &["nginx", "unheard-of"])),
        resync(ResyncReason::StateDiffers)
    );
    assert_eq!(
        try_delta(hash, packages(&["a", "nginx"], &[])),
        resync(ResyncReason::StateDiffers),
        "it is there already"
    );
    assert_eq!(held(&world), before, "no half of a delta stays");
    // The agent then goes on with a delta or a full report as if nothing had been.
    machine.accepted = Some(machine.inventory.clone());
    machine.inventory.packages = List::from([package("bash", "5")]);
    machine.report_changes();
    assert_eq!(only(&world).each("software", "name"), ["bash"]);
    let wrong = machine.inventory.clone();
    let message = machine.message(None, ContentHash::of(b"other"), Content::Full(Box::new(wrong)));
    assert_eq!(machine.send(&message).unwrap().verdict, resync(ResyncReason::StateDiffers));
}

#[test]
fn only_the_agent_itself_reports() {
    let world = World::new();
    let mut machine = Machine::new(&world, "web", 1).join();
    let mut other = Machine::new(&world, "db", 2).join();
    machine.inventory.packages = List::from([package("nginx", "1")]);
    let good = machine.full();
    let before = world.fingerprint();
    let refused = |message: &super::machine::Message, code: RefusalCode| {
        let refusal = machine.send(message).unwrap_err();
        assert_eq!(refusal.code, code, "{}", refusal.message);
        assert!(refusal.message.len() > 10);
        assert_eq!(world.fingerprint(), before);
    };
    let with = |change: &dyn Fn(&mut super::machine::Message)| {
        let mut message = good.clone();
        change(&mut message);
        message
    };
    refused(&with(&|message| message.signature = None), RefusalCode::BadSignature);
    refused(&with(&|message| message.signature = Some("AAAA".into())), RefusalCode::BadSignature);
    refused(&with(&|message| message.body.push(b' ')), RefusalCode::BadSignature);
    let stranger = AgentKey::generate().unwrap().0;
    refused(
        &with(&|message| message.signature = Some(stranger.sign("POST", CHECKIN_PATH, &message.body))),
        RefusalCode::BadSignature,
    );
    refused(
        &with(&|message| message.signature = Some(machine.key.sign("POST", ENROLL_PATH, &message.body))),
        RefusalCode::BadSignature,
    );
    refused(
        &with(&|message| message.signature = Some(machine.key.sign("PUT", CHECKIN_PATH, &message.body))),
        RefusalCode::BadSignature,
    );
    let its = other.full();
    refused(&with(&|message| message.signature.clone_from(&its.signature)), RefusalCode::BadSignature);
    refused(&with(&|message| message.agents.clone_from(&its.agents)), RefusalCode::BadSignature);
    refused(&with(&|message| message.agents = [None, None]), RefusalCode::UnknownAgent);
    for name in ["", "x", "00000000-0000-0000-0000-000000000000", "../1"] {
        refused(
            &with(&|message| message.agents = [Some(name.into()), Some(name.into())]),
            RefusalCode::UnknownAgent,
        );
    }
    machine.demand_accepted(&good);
}

#[test]
fn what_can_not_be_read_is_refused() {
    let world = World::new();
    let mut machine = Machine::new(&world, "web", 1).join();
    let good = machine.full();
    let before = world.fingerprint();
    let refused = |body: Vec<u8>, encoding: Option<&'static str>, code: RefusalCode| {
        let mut message = machine.signed(CHECKIN_PATH, body);
        message.encoding = encoding;
        let refusal = machine.send(&message).unwrap_err();
        assert_eq!(refusal.code, code, "{}", refusal.message);
        assert_eq!(world.fingerprint(), before);
    };
    for body in ["", "{", "null", "[]", "{}", "{\"sequence\":2}", "{\"sequence\":\"two\"}"] {
        refused(body.into(), None, RefusalCode::Malformed);
    }
    for end in (0..good.body.len()).step_by(7) {
        refused(good.body[..end].to_vec(), None, RefusalCode::Malformed);
    }
    let text = String::from_utf8(good.body.clone()).unwrap();
    for (from, to) in [
        ("\"sequence\":2", "\"sequence\":0"),
        ("\"sequence\":2", "\"sequence\":-1"),
        ("\"state\":\"", "\"state\":\"x"),
        ("\"full\"", "\"fuller\""),
        ("\"hostname\"", "\"hostnames\""),
    ] {
        assert!(text.contains(from));
        refused(text.replacen(from, to, 1).into_bytes(), None, RefusalCode::Malformed);
    }
    refused(vec![0xFF; 100], None, RefusalCode::Malformed);
    refused(b"not gzip".to_vec(), Some("gzip"), RefusalCode::Malformed);
    refused(good.body.clone(), Some("br"), RefusalCode::Malformed);
    refused(vec![b' '; MAX_BODY + 1], None, RefusalCode::TooLarge);
    refused(pack(&vec![b' '; 17 << 20]).unwrap(), Some("gzip"), RefusalCode::TooLarge);
    machine.demand_accepted(&good);
}

#[test]
fn an_uninstalled_agent_is_told_and_its_asset_is_gone() {
    let world = World::new();
    let mut machine = Machine::new(&world, "web", 1).join();
    let mut other = Machine::new(&world, "db", 2).join();
    let me = world.manager();
    let reply = me.post("/qps/rest/2.0/uninstall/am/asset/1", "<ServiceRequest></ServiceRequest>");
    assert_eq!((reply.ids(), reply.record().names()), (vec![1], vec!["id"]));
    assert_eq!(me.get("/qps/rest/2.0/search/am/hostasset").ids(), [2]);
    me.post("/qps/rest/2.0/uninstall/am/asset/1", "").refused("NOT_FOUND");
    let before = world.fingerprint();
    for _ in 0..3 {
        let message = machine.full();
        let answer = machine.send(&message).unwrap();
        assert_eq!(
            (answer.verdict, answer.commands),
            (Verdict::Accepted, vec![Command::Uninstall]),
            "until it stays away"
        );
    }
    let mut forged = machine.full();
    forged.signature = other.full().signature;
    assert_eq!(machine.send(&forged).unwrap_err().code, RefusalCode::BadSignature, "nobody else is told");
    assert_eq!(world.fingerprint(), before);
    // Installed anew, the machine is a new asset.
    let again = machine.reinstalled().join();
    assert_eq!(me.get("/qps/rest/2.0/search/am/hostasset").ids(), [2, 3]);
    assert_ne!(again.ids, machine.ids);
    let message = other.full();
    other.demand_accepted(&message);
}

#[test]
fn an_agent_whose_asset_was_deleted_must_enrol_again() {
    let world = World::new();
    let mut machine = Machine::new(&world, "web", 1).join();
    world.manager().post("/qps/rest/2.0/delete/am/hostasset/1", "").ok();
    let message = machine.full();
    assert_eq!(machine.send(&message).unwrap_err().code, RefusalCode::UnknownAgent);
    machine.enroll().unwrap();
    machine.report();
    assert_eq!(only(&world).text_at("id"), "2");
}

#[test]
fn a_check_in_leaves_alone_what_agents_do_not_know() {
    let world = World::new();
    let me = world.manager();
    let lab = tag(&me, "<name>Lab</name>");
    let mut machine = Machine::new(&world, "web", 1).join();
    update(
        &me,
        1,
        &format!(
            "<name>My server</name><netbiosName>WEB</netbiosName><tags><add><TagSimple><id>{lab}</id></TagSimple></add></tags>"
        ),
    );
    machine.inventory.host.hostname = "renamed".into();
    machine.report_changes();
    let host = only(&world);
    let shown = ["name", "netbiosName", "dnsHostName"].map(|name| host.text_at(name));
    assert_eq!(shown, ["My server", "WEB", "renamed"]);
    assert_eq!(tags(&me, 1), ["Cloud Agent", "Lab"]);
}

/// A change over the API of what the agent reports: the next delta finds out, and the agent's word stands.
#[test]
fn what_was_changed_by_hand_is_mended_by_the_next_full_report() {
    let world = World::new();
    let me = world.manager();
    let mut machine = Machine::new(&world, "web", 1);
    machine.inventory.packages = List::from([package("bash", "5"), package("nginx", "1")]);
    let mut machine = machine.join();
    update(
        &me,
        1,
        "<software><remove><HostAssetSoftware><name>nginx</name></HostAssetSoftware></remove></software>",
    );
    machine.inventory.packages = List::from([package("bash", "5")]);
    let delta = machine.delta();
    assert_eq!(machine.send(&delta).unwrap().verdict, Verdict::Resync { reason: ResyncReason::StateDiffers });
    machine.report();
    assert_eq!(only(&world).each("software", "name"), ["bash"]);
}

#[test]
fn tags_by_rule_follow_each_check_in_at_once() {
    let world = World::new();
    let me = world.manager();
    dynamic(&me, "nginx", "INSTALLED_SOFTWARE", "^nginx$");
    dynamic(&me, "Debian", "OS_REGEX", "^Debian");
    dynamic(&me, "Debian with nginx", "GLOBAL_ASSET_VIEW", "tags.name:`Debian` and tags.name:`nginx`");
    let mut machine = Machine::new(&world, "web", 1).join();
    assert_eq!(tags(&me, 1), ["Cloud Agent", "Debian"]);
    machine.inventory.packages = List::from([package("nginx", "1")]);
    machine.report_changes();
    assert_eq!(tags(&me, 1), ["Cloud Agent", "nginx", "Debian", "Debian with nginx"]);
    machine.inventory.os.name = "Ubuntu 24.04".into();
    machine.report_changes();
    assert_eq!(tags(&me, 1), ["Cloud Agent", "nginx"]);
}

#[test]
fn names_follow_reports_where_that_is_switched_on() {
    for automatic_names in [false, true] {
        let world = World::with(platform::Settings { automatic_names, ..platform::Settings::default() });
        let mut machine = Machine::new(&world, "old-name", 1).join();
        let name = || only(&world).text_at("name").to_owned();
        assert_eq!(name(), "old-name");
        machine.inventory.host.hostname = "new-name".into();
        machine.report_changes();
        assert_eq!(name(), if automatic_names { "new-name" } else { "old-name" });
        world.change(1, |asset| asset.prevent_auto_name = true);
        machine.inventory.host.hostname = "newest-name".into();
        machine.report_changes();
        assert_ne!(name(), "newest-name");
        assert_eq!(only(&world).text_at("dnsHostName"), "newest-name");
    }
}

#[test]
fn many_agents_at_once_lose_nothing() {
    let world = World::new();
    let mut machines: Vec<Machine<'_>> =
        (1..=20).map(|n| Machine::new(&world, &format!("m{n}"), n).join()).collect();
    let messages: Vec<_> = machines
        .iter_mut()
        .map(|machine| {
            machine.inventory.packages = List::from([package("p", "1")]);
            (machine.delta(), machine.ids[0].unwrap().to_string())
        })
        .collect();
    let side = &world.sides[0];
    std::thread::scope(|scope| {
        for (message, id) in &messages {
            scope.spawn(move || {
                let (agent, signature) = (Some(id.as_str()), message.signature.as_deref());
                let request = platform::agents::AgentRequest {
                    agent,
                    signature,
                    encoding: None,
                    body: &message.body,
                    peer: None,
                };
                assert_eq!(
                    wait(platform::agents::check_in(side, request)).unwrap().verdict,
                    Verdict::Accepted
                );
            });
        }
    });
    let body = crate::common::filters(&[("installedSoftware", "EQUALS", "p")]);
    assert_eq!(
        world.manager().one(0, "POST", "/qps/rest/2.0/count/am/hostasset", Format::Xml, None, &body).count(),
        20
    );
}
