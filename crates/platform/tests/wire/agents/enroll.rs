//! Enrolment: who is let in.

use inventory::protocol::{AgentKey, CHECKIN_PATH, ENROLL_PATH, MAX_BODY, RefusalCode};
use platform::agents::ActivationKey;
use store::Id;

use super::machine::activation_key;
use super::{Machine, hosts, only};
use crate::common::World;

#[test]
fn an_agent_with_the_key_is_let_in() {
    let world = World::new();
    let mut machine = Machine::new(&world, "web", 1);
    machine.inventory.host.fqdn = Some("web.example.net".into());
    machine.enroll().unwrap();
    let host = only(&world);
    for (path, value) in [
        ("name", "web.example.net"),
        ("trackingMethod", "QAGENT"),
        ("address", "192.0.2.1"),
        ("os", "Debian GNU/Linux 12 (bookworm)"),
        ("agentInfo.chirpStatus", "Provisioned"),
        ("agentInfo.agentVersion", "1.2.3"),
        ("agentInfo.activatedModule", "AGENT_VM"),
        ("agentInfo.platform", "Linux"),
        ("tags.list.TagSimple.name", "Cloud Agent"),
    ] {
        assert_eq!(host.text_at(path), value, "{path}");
    }
    assert_eq!(host.text_at("agentInfo.agentId"), machine.ids[0].unwrap().to_string());
}

#[test]
fn an_agent_whose_answer_was_lost_gets_the_same_again() {
    let world = World::new();
    let mut machine = Machine::new(&world, "web", 1);
    machine.enroll().unwrap();
    let (ids, before) = (machine.ids, world.fingerprint());
    machine.enroll().unwrap();
    assert_eq!((machine.ids, world.fingerprint()), (ids, before));
    // Even when the key lets in nobody else any more.
    close_the_door(&world);
    let before = world.fingerprint();
    machine.enroll().unwrap();
    assert_eq!((machine.ids, world.fingerprint()), (ids, before));
}

fn close_the_door(world: &World) {
    world.write(|job| {
        let old = job.get(Id::<ActivationKey>::new(1))?.expect("a first key");
        let new = ActivationKey { disabled: true, ..old.object.clone() };
        Ok(job.update(&old, new)?)
    });
}

#[test]
fn without_the_right_key_nobody_is_let_in() {
    let world = World::new();
    let mut machine = Machine::new(&world, "web", 1);
    let before = world.fingerprint();
    for key in ["00000000-0000-0000-0000-000000000000", "x", "Default", "*"] {
        let refusal = machine.send_enrolment(0, &machine.enrolment(0, key)).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::ActivationKeyRefused);
        assert!(!refusal.message.contains(key) || key == "x" || key == "*", "the key is not repeated");
    }
    assert_eq!(
        machine.send_enrolment(0, &machine.enrolment(0, " ")).unwrap_err().code,
        RefusalCode::Malformed
    );
    assert_eq!(world.fingerprint(), before);
    let key = format!(" {} ", activation_key(&world.sides[0]).to_uppercase());
    machine.send_enrolment(0, &machine.enrolment(0, &key)).unwrap();
    close_the_door(&world);
    machine = Machine::new(&world, "db", 2);
    assert_eq!(machine.enroll(), Err(RefusalCode::ActivationKeyRefused));
}

#[test]
fn an_enrolment_proves_that_its_sender_has_the_key() {
    let world = World::new();
    let machine = Machine::new(&world, "web", 1);
    let before = world.fingerprint();
    let good = machine.enrolment(0, &activation_key(&world.sides[0]));
    let refused = |change: &dyn Fn(&mut super::machine::Message), code: RefusalCode| {
        let mut message = good.clone();
        change(&mut message);
        assert_eq!(machine.send_enrolment(0, &message).unwrap_err().code, code);
        assert_eq!(world.fingerprint(), before);
    };
    refused(&|message| message.signature = None, RefusalCode::BadSignature);
    refused(&|message| message.body.push(b' '), RefusalCode::BadSignature);
    let stranger = AgentKey::generate().unwrap().0;
    refused(
        &|message| message.signature = Some(stranger.sign("POST", ENROLL_PATH, &message.body)),
        RefusalCode::BadSignature,
    );
    refused(
        &|message| message.signature = Some(machine.key.sign("POST", CHECKIN_PATH, &message.body)),
        RefusalCode::BadSignature,
    );
    for end in (0..good.body.len()).step_by(5) {
        refused(
            &|message| *message = machine.signed(ENROLL_PATH, good.body[..end].to_vec()),
            RefusalCode::Malformed,
        );
    }
    refused(
        &|message| *message = machine.signed(ENROLL_PATH, vec![b' '; MAX_BODY + 1]),
        RefusalCode::TooLarge,
    );
    refused(&|message| message.encoding = Some("gzip"), RefusalCode::Malformed);
    machine.send_enrolment(0, &good).unwrap();
    assert_eq!(hosts_on(&world, 0), 1);
}

fn hosts_on(world: &World, side: usize) -> u64 {
    world.sides[side].store().count::<platform::assets::Asset>(&query::Filter::All)
}

#[test]
fn several_agents_are_several_assets() {
    let world = World::new();
    let machines: Vec<_> = (1..=5).map(|n| Machine::new(&world, &format!("m{n}"), n).join()).collect();
    let reply = hosts(&world);
    assert_eq!(reply.count(), 5);
    let names: Vec<_> = reply.records().iter().map(|host| host.text_at("name").to_owned()).collect();
    assert_eq!(names, ["m1", "m2", "m3", "m4", "m5"]);
    assert_eq!(
        machines.iter().filter_map(|machine| machine.ids[0]).collect::<std::collections::BTreeSet<_>>().len(),
        5
    );
}

#[test]
fn an_agent_that_means_another_installation_is_not_let_in() {
    let world = World::new();
    let machine = Machine::new(&world, "web", 1);
    let before = world.fingerprint();
    let key = activation_key(&world.sides[0]);
    let own = world.sides[0].access().customer();
    let other = world.sides[1].access().customer();
    assert_ne!(own, other);
    let refusal = machine.send_enrolment(0, &machine.enrolment_with(0, &key, Some(other))).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::ActivationKeyRefused);
    assert!(refusal.message.contains("customer id") && !refusal.message.contains(&own.to_string()));
    assert_eq!(world.fingerprint(), before);
    machine.send_enrolment(0, &machine.enrolment_with(0, &key, Some(own))).unwrap();
}
