//! Modules, and agents that are to go (`contract/am.md 5.5 and 6`, `contract/ca.md 3.6 to 3.9`).

use platform::assets::Asset;
use store::Id;

use super::{agent_host, at, at_address};
use crate::common::{As, World, filters};

const EMPTY: &str = "<ServiceRequest></ServiceRequest>";

#[test]
fn a_host_asset_is_activated_for_modules() {
    let world = World::new();
    let me = world.manager();
    let id = at_address(&me, "a", "192.0.2.1");
    at_address(&me, "b", "192.0.2.2");
    let modules = |id: u64| {
        let id = Id::<Asset>::new(u32::try_from(id).unwrap());
        world
            .sides
            .each_ref()
            .map(|side| side.store().read().unwrap().get(id).unwrap().unwrap().modules.clone())
    };
    let reply = me.post(&format!("{}?module=QWEB_VM", at("activate", id)), "");
    assert_eq!((reply.ids(), reply.record().names()), (vec![id], vec!["id"]));
    assert_eq!(modules(id), [["QWEB_VM"], ["QWEB_VM"]]);
    let before = world.fingerprint();
    assert_eq!(
        me.post(&format!("{}?module=QWEB_VM", at("activate", id)), EMPTY).ids(),
        [id],
        "already active is fine"
    );
    assert_eq!(world.fingerprint(), before);
    let body = filters(&[("id", "IN", "1,2")]);
    assert_eq!(
        me.post("/qps/rest/2.0/activate/am/hostasset?=&module=QWEB_PC%2C%20QWEB_VM", &body).ids(),
        [1, 2]
    );
    assert_eq!(modules(2)[0], ["QWEB_PC", "QWEB_VM"]);
    let before = world.fingerprint();
    for query in [
        "",
        "?module=",
        "?module=,",
        "?module=AGENT_VM",
        "?module=QWEB_VM,NOPE",
        "?module=qweb_vm",
        "?Module=QWEB_VM",
    ] {
        me.post(&format!("{}{query}", at("activate", id)), "").refused("INVALID_PARAM");
    }
    assert_eq!(world.fingerprint(), before);
}

fn agents(world: &World) -> As<'_> {
    world.asset(&agent_host());
    world.manager()
}

#[track_caller]
fn active(me: &As<'_>, id: u64) -> String {
    me.get(&at("get", id)).record().text_at("agentInfo.activatedModule").to_owned()
}

#[test]
fn agents_are_activated_and_deactivated() {
    let world = World::new();
    let me = agents(&world);
    let plain = at_address(&me, "plain", "192.0.2.1");
    let act = |verb: &str, modules: &str| {
        me.post(&format!("/qps/rest/2.0/{verb}/am/asset/1?module={modules}"), EMPTY)
    };
    let reply = act("activate", "AGENT_FIM, AGENT_EDR");
    assert_eq!(reply.ids(), [1]);
    let names = ["id", "name", "created", "modified", "type", "tags", "criticalityScore", "sourceInfo"];
    assert_eq!(reply.record().names(), names, "the whole asset is answered");
    assert_eq!(active(&me, 1), "AGENT_EDR,AGENT_FIM,AGENT_PC,AGENT_VM");
    assert_eq!(act("activate", "AGENT_VM").ids(), [1], "already active is fine");
    assert_eq!(act("deactivate", "AGENT_FIM%2CAGENT_EDR,AGENT_MTG").ids(), [1]);
    assert_eq!(active(&me, 1), "AGENT_PC,AGENT_VM");
    assert_eq!(me.post("/qps/rest/2.0/deactivate/am/asset/1?=&module=AGENT_VM%2CAGENT_PC", "").ids(), [1]);
    assert_eq!(active(&me, 1), "-", "the agent stays, with nothing to do");
    // Many: those without an agent are passed over in silence.
    let reply =
        me.post("/qps/rest/2.0/activate/am/asset?module=AGENT_VM", &filters(&[("id", "GREATER", "0")]));
    assert_eq!(reply.ids(), [1]);
    let reply = me.post(
        "/qps/rest/2.0/activate/am/asset?module=AGENT_VM",
        &filters(&[("tagName", "EQUALS", "Cloud Agent")]),
    );
    assert_eq!(reply.ids(), [1]);
    me.post(&format!("/qps/rest/2.0/activate/am/asset/{plain}?module=AGENT_VM"), EMPTY)
        .invalid("has no agent");
    // A module of hosts needs no agent.
    assert_eq!(
        me.post(&format!("/qps/rest/2.0/activate/am/asset/{plain}?module=QWEB_VM"), EMPTY).ids(),
        [plain]
    );
    // A client sends `data`, which says nothing here.
    let with_data = "<ServiceRequest><filters><Criteria field=\"id\" operator=\"EQUALS\">1</Criteria></filters><data><Tag/></data></ServiceRequest>";
    assert_eq!(me.post("/qps/rest/2.0/activate/am/asset?module=AGENT_PM", with_data).ids(), [1]);
}

#[test]
fn modules_that_exclude_or_need_each_other_are_refused() {
    let world = World::new();
    let me = agents(&world);
    let before = world.fingerprint();
    let act = |verb: &str, modules: &str| {
        me.post(&format!("/qps/rest/2.0/{verb}/am/asset/1?module={modules}"), EMPTY)
    };
    act("activate", "AGENT_SCA").invalid("exclude each other");
    act("activate", "AGENT_CAPS").invalid("Windows only");
    for modules in ["", "AGENT_NOPE", "AGENT_VM,NOPE", "agent_vm", "AGENT_SWCA"] {
        act("activate", modules).refused("INVALID_PARAM");
        act("deactivate", modules).refused("INVALID_PARAM");
    }
    me.post("/qps/rest/2.0/activate/am/asset/1", EMPTY).refused("INVALID_PARAM");
    assert_eq!(world.fingerprint(), before);
    act("deactivate", "AGENT_VM,AGENT_PC").ok();
    act("activate", "AGENT_SwCA").invalid("needs AGENT_VM");
    act("activate", "AGENT_PC,AGENT_SCA").invalid("exclude each other");
    act("activate", "AGENT_VM,AGENT_SwCA,AGENT_SCA").ok();
    act("activate", "AGENT_PC").invalid("exclude each other");
    assert_eq!(active(&me, 1), "AGENT_SCA,AGENT_SwCA,AGENT_VM");
    world.change(1, |asset| asset.system.family = Some("Windows".into()));
    act("activate", "AGENT_CAPS").ok();
}

#[test]
fn only_assets_with_an_agent_are_uninstalled() {
    let world = World::new();
    let me = agents(&world);
    let plain = at_address(&me, "plain", "192.0.2.1");
    let before = world.fingerprint();
    me.post(&format!("/qps/rest/2.0/uninstall/am/asset/{plain}"), EMPTY).invalid("has no agent");
    me.post("/qps/rest/2.0/uninstall/am/asset/4000", EMPTY).refused("NOT_FOUND");
    assert_eq!(
        me.post("/qps/rest/2.0/uninstall/am/asset", &filters(&[("id", "EQUALS", &plain.to_string())]))
            .count(),
        0
    );
    assert_eq!(world.fingerprint(), before);
    let reply = me.post("/qps/rest/2.0/uninstall/am/asset", &filters(&[("id", "IN", "1,2")]));
    assert_eq!((reply.ids(), reply.record().names()), (vec![1], vec!["id"]));
    assert_eq!(me.get("/qps/rest/2.0/search/am/asset").ids(), [plain]);
}

/// The variant for `hostasset` takes all criteria of host assets, and answers with the same element.
#[test]
fn agents_are_uninstalled_by_the_criteria_of_host_assets_too() {
    const UNINSTALL: &str = "/qps/rest/2.0/uninstall/am/hostasset";
    let world = World::new();
    let me = agents(&world);
    at_address(&me, "plain", "192.0.2.1");
    let before = world.fingerprint();
    me.post(UNINSTALL, EMPTY).refused("INVALID_REQUEST");
    me.post(UNINSTALL, &filters(&[("os", "NOT EQUALS", "x")])).refused("INVALID_REQUEST");
    me.post(&format!("{UNINSTALL}/2"), EMPTY).invalid("has no agent");
    assert_eq!(me.post(UNINSTALL, &filters(&[("os", "EQUALS", "no such system")])).count(), 0);
    assert_eq!(world.fingerprint(), before);
    let reply = me.post(UNINSTALL, &filters(&[("trackingMethod", "EQUALS", "QAGENT")]));
    assert_eq!((reply.ids(), reply.record().names()), (vec![1], vec!["id"]));
    assert!(reply.text.contains("/qps/xsd/2.0/am/asset.xsd") && reply.text.contains("<Asset>"));
    me.get("/qps/rest/2.0/get/am/hostasset/1").refused("NOT_FOUND");
}
