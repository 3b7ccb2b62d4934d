//! Tags by rule: what each type selects, and that nobody has to wait for it (`contract/am.md 4.6 and 4.7`).

use platform::assets::Asset;
use qps::Format;
use store::Id;

use super::{dynamic, tag, world};
use crate::assets::{agent_host, at_address, bare, everything, host, lab_web, update};
use crate::common::{As, World, data, filters};
use crate::results::{scanned, shop};

#[track_caller]
fn with(me: &As<'_>, tag: u64) -> Vec<u64> {
    let found = me.post(
        "/qps/rest/2.0/search/am/hostasset?fields=id",
        &filters(&[("tagId", "EQUALS", &tag.to_string())]),
    );
    let ids = found.ids();
    // What the set says, each asset says too.
    let all = me.get("/qps/rest/2.0/search/am/asset");
    let says = |asset: &&crate::common::Node| asset.each("tags", "id").contains(&tag.to_string().as_str());
    let own: Vec<u64> =
        all.records().into_iter().filter(says).map(|asset| asset.text_at("id").parse().unwrap()).collect();
    assert_eq!(ids, own, "set and assets agree");
    ids
}

fn inventory(world: &World) -> As<'_> {
    for asset in [lab_web(), agent_host(), Asset { agent: None, ..everything() }, bare("bare")] {
        world.asset(&asset);
    }
    world.manager()
}

/// A person or a scan names a system; questions about families find it all the same.
#[test]
fn the_family_of_a_system_is_told_by_its_name_where_no_agent_tells_it() {
    let world = world();
    let me = world.manager();
    let is = |family: &str| {
        dynamic(&me, family, "GLOBAL_ASSET_VIEW", &format!("operatingSystem.category1:{family}"))
    };
    let (windows, linux, network) = (is("Windows"), is("Linux"), is("Network"));
    let members = "<name>first</name><address>192.0.2.1</address><os>Windows Server 2019</os>";
    let first = host(&me, members);
    assert_eq!((with(&me, windows), with(&me, linux)), (vec![first], vec![]));
    update(&me, first, "<os>Cisco IOS 15.2</os>");
    assert_eq!((with(&me, windows), with(&me, network)), (vec![], vec![first]));
    update(&me, first, "<os/>");
    assert_eq!(with(&me, network), Vec::<u64>::new());
    scanned(&me, &[shop(&world)]);
    assert_eq!(with(&me, linux).len(), 1);
    // What an agent says of its host stands.
    let agent = u64::from(world.asset(&agent_host()));
    update(&me, agent, "<os>Windows</os>");
    assert_eq!(with(&me, windows), Vec::<u64>::new());
    assert!(with(&me, linux).contains(&agent));
}

#[test]
fn what_is_wrong_with_an_expression_is_said_in_one_line() {
    let world = world();
    let body = data("<Tag><name>x</name><ruleType>OS_REGEX</ruleType><ruleText>(</ruleText></Tag>");
    let refused = world.manager().post("/qps/rest/2.0/create/am/tag", &body);
    assert!(refused.text.contains("of the rule type OS_REGEX: unclosed group.<"), "{}", refused.text);
}

/// Every type whose text is known, on what it is about: 1 was scanned, 2 has an agent, 3 is in EC2, 4 is bare.
#[test]
fn each_type_of_rule_selects_what_it_says() {
    let world = world();
    let me = inventory(&world);
    let search = |part: &str| format!("<?xml version=\"1.0\"?><TAG_CRITERIA>{part}</TAG_CRITERIA>");
    let cases: &[(&str, &str, &[u64])] = &[
        ("NAME_CONTAINS", "WEB-", &[1, 2]),
        ("NAME_CONTAINS", "nobody", &[]),
        ("OS_REGEX", "^Example.*[0-9]$", &[1]),
        ("OS_REGEX", "Linux", &[1, 2, 3]),
        ("OS_REGEX", "linux", &[]),
        ("NETWORK_RANGE", "192.0.2.10, 198.51.100.0/24", &[1]),
        ("NETWORK_RANGE", "192.0.2.1-192.0.2.9", &[2, 3]),
        ("NETWORK_RANGE", "192.0.2.0-255.255.255.0", &[1, 2, 3]),
        ("NETWORK_RANGE_ENHANCED", "<RANGES><RANGE type=\"ip\">192.0.2.8/29,10.0.0.1</RANGE></RANGES>", &[1]),
        ("NETWORK_RANGE_ENHANCED", "<RANGES><RANGE type=\"network\">5</RANGE></RANGES>", &[]),
        ("INSTALLED_SOFTWARE", "OpenSSL", &[2, 3]),
        ("INSTALLED_SOFTWARE", "^open(ssl|vpn)$", &[2, 3]),
        ("OPEN_PORTS", "80, 440-450", &[1, 3]),
        ("OPEN_PORTS", "80", &[]),
        ("VULN_EXIST", "38000", &[1, 3]),
        ("VULN_EXIST", "38001", &[]),
        ("VULN_EXIST", "1, 38000", &[1, 3]),
        ("VULN_DETECTION", "38000", &[1, 3]),
        ("ASSET_SEARCH", &search("<DETECTION><QID_LIST><QID>38000</QID></QID_LIST></DETECTION>"), &[1, 3]),
        (
            "ASSET_SEARCH",
            &search(
                "<OPEN_PORTS><PORT>443</PORT></OPEN_PORTS><IP_RANGES><IP_RANGE>192.0.2.10</IP_RANGE></IP_RANGES>",
            ),
            &[1],
        ),
        (
            "ASSET_SEARCH",
            &search("<LAST_SCAN_DATE><SEARCH_TYPE>WITHIN</SEARCH_TYPE><DAYS>27</DAYS></LAST_SCAN_DATE>"),
            &[3],
        ),
        (
            "ASSET_SEARCH",
            &search("<LAST_SCAN_DATE><SEARCH_TYPE>NOT_WITHIN</SEARCH_TYPE><DAYS>27</DAYS></LAST_SCAN_DATE>"),
            &[1],
        ),
        ("ASSET_SEARCH", &search("<OPEN_PORTS><PORT>443</PORT></OPEN_PORTS><NETBIOS>x</NETBIOS>"), &[]),
        (
            "GLOBAL_ASSET_VIEW",
            "operatingSystem:\"Linux\" and software:(name:openssl and version:`3.0.2`)",
            &[2, 3],
        ),
        ("GLOBAL_ASSET_VIEW", "not operatingSystem.category1:Linux and asset.name:*a*", &[1, 4]),
        ("GLOBAL_ASSET_VIEW", "inventory:(source:`Cloud Agent`)", &[2]),
        ("GLOBAL_ASSET_VIEW", "tags.name:`Cloud Agent` or asset.trackingMethod:IP", &[1, 2]),
        ("GLOBAL_ASSET_VIEW", "interfaces.address:[192.0.2.1 .. 192.0.2.9]", &[3]),
        ("GLOBAL_ASSET_VIEW", "lastVulnScan > now-27d", &[3]),
        ("CLOUD_ASSET", "aws.ec2.privateIpAddress: `10.0.0.5`", &[3]),
        ("CLOUD_ASSET", "aws.ec2.region.code: us-east-1", &[]),
        ("BUSINESS_INFORMATION", "anything", &[]),
        ("TAG_SET", "anything", &[]),
        ("NETWORK", "anything", &[]),
        ("NETWORK_TAG", "anything", &[]),
    ];
    for (kind, text, ids) in cases {
        let id = dynamic(&me, &format!("{kind} {text}").replace('<', "["), kind, text);
        assert_eq!(with(&me, id), *ids, "{kind} {text}");
        let reply = me.get(&format!("/qps/rest/2.0/get/am/tag/{id}"));
        assert_eq!((reply.record().text_at("ruleType"), reply.record().text_at("ruleText")), (*kind, *text));
    }
    // The provider narrows a rule over clouds.
    let provider = |name: &str| {
        let text = "provider:`AWS` or asset.name:*";
        tag(
            &me,
            &format!(
                "<name>in {name}</name><ruleType>CLOUD_ASSET</ruleType><provider>{name}</provider><ruleText>{text}</ruleText>"
            ),
        )
    };
    assert_eq!((with(&me, provider("EC2")), with(&me, provider("AZURE"))), (vec![3], vec![]));
}

/// Every way in which an asset changes, and the search right after it.
#[test]
fn a_search_right_after_an_asset_changed_sees_its_tags() {
    let world = world();
    let me = world.manager();
    let tags = [
        dynamic(&me, "name", "NAME_CONTAINS", "web"),
        dynamic(&me, "os", "OS_REGEX", "Linux"),
        dynamic(&me, "net", "NETWORK_RANGE", "10.0.0.0/8"),
        dynamic(&me, "software", "INSTALLED_SOFTWARE", "nginx"),
        dynamic(&me, "port", "OPEN_PORTS", "443"),
        dynamic(&me, "qid", "VULN_EXIST", "38000"),
        dynamic(&me, "qql", "GLOBAL_ASSET_VIEW", "volumes:(free:[0 .. 10]) or accounts.username:kim"),
        dynamic(&me, "no port", "GLOBAL_ASSET_VIEW", "not openPorts.port:443"),
    ];
    let id = host(&me, "<name>a</name><trackingMethod>NONE</trackingMethod>");
    let has = || {
        let reply = me.get(&format!("/qps/rest/2.0/get/am/hostasset/{id}"));
        let names: Vec<String> = reply.record().each("tags", "name").into_iter().map(str::to_owned).collect();
        for (tag, name) in tags.iter().zip(["name", "os", "net", "software", "port", "qid", "qql", "no port"])
        {
            assert_eq!(with(&me, *tag) == [id], names.contains(&name.to_owned()), "{name}");
        }
        names.join(",")
    };
    assert_eq!(has(), "no port");
    update(&me, id, "<name>my-WEB</name>");
    assert_eq!(has(), "name,no port");
    update(&me, id, "<os>Example Linux</os><address>10.1.2.3</address>");
    assert_eq!(has(), "name,os,net,no port");
    update(
        &me,
        id,
        "<software><set><HostAssetSoftware><name>nginx</name></HostAssetSoftware></set></software><name>b</name>",
    );
    assert_eq!(has(), "os,net,software,no port");
    update(
        &me,
        id,
        "<openPort><add><HostAssetOpenPort><port>443</port></HostAssetOpenPort></add></openPort><os/>",
    );
    assert_eq!(has(), "net,software,port");
    update(
        &me,
        id,
        "<software><set/></software><account><set><HostAssetAccount><username>kim</username></HostAssetAccount></set></account>",
    );
    assert_eq!(has(), "net,port,qql");
    world.change(u32::try_from(id).unwrap(), |asset| asset.detections = lab_web().detections);
    assert_eq!(has(), "net,port,qid,qql");
    world.change(u32::try_from(id).unwrap(), |asset| {
        asset.detections.iter_mut().for_each(|one| one.found = false)
    });
    assert_eq!(has(), "net,port,qql");
    me.post(&format!("/qps/rest/2.0/delete/am/hostasset/{id}"), "").ok();
    assert!(tags.iter().all(|tag| with(&me, *tag).is_empty()));
}

#[test]
fn a_changed_rule_is_evaluated_at_once_and_everything_that_speaks_of_it() {
    let world = world();
    let me = world.manager();
    let (web, db) = (at_address(&me, "web", "192.0.2.1"), at_address(&me, "db", "192.0.2.2"));
    let first = dynamic(&me, "First", "NAME_CONTAINS", "web");
    let second = dynamic(&me, "Second", "GLOBAL_ASSET_VIEW", "tags.name:`First`");
    let third = dynamic(&me, "Third", "GLOBAL_ASSET_VIEW", "not tags.id:8 and asset.name:*");
    assert_eq!(second, 8);
    let change = |id: u64, members: &str| {
        me.post(&format!("/qps/rest/2.0/update/am/tag/{id}"), &data(&format!("<Tag>{members}</Tag>"))).ok();
    };
    let now = || (with(&me, first), with(&me, second), with(&me, third));
    assert_eq!(now(), (vec![web], vec![web], vec![db]));
    change(first, "<ruleText>db</ruleText>");
    assert_eq!(now(), (vec![db], vec![db], vec![web]));
    change(first, "<name>Other</name>");
    assert_eq!(now(), (vec![db], vec![], vec![web, db]));
    change(first, "<name>First</name><ruleType>NETWORK_RANGE</ruleType><ruleText>192.0.2.1</ruleText>");
    assert_eq!(now(), (vec![web], vec![web], vec![db]));
    update(&me, db, "<address>192.0.2.3</address>");
    update(&me, web, "<address>192.0.2.2</address>");
    assert_eq!(now(), (vec![], vec![], vec![web, db]));
    update(&me, db, "<address>192.0.2.1</address>");
    assert_eq!(
        now(),
        (vec![db], vec![db], vec![web]),
        "an asset that changes is followed through all of them"
    );
    change(first, "<ruleType>STATIC</ruleType>");
    assert_eq!(now(), (vec![], vec![], vec![web, db]));
    update(&me, web, "<tags><add><TagSimple><name>First</name></TagSimple></add></tags>");
    assert_eq!(now(), (vec![web], vec![web], vec![db]), "put by hand, it is spoken of as well");
    me.post(&format!("/qps/rest/2.0/delete/am/tag/{first}"), "").ok();
    assert_eq!((with(&me, second), with(&me, third)), (vec![], vec![web, db]));
}

/// A rule may speak of tags that are made later, and stands after them whatever their ids say.
#[test]
fn rules_are_worked_out_in_the_order_in_which_they_need_each_other() {
    let world = world();
    let me = world.manager();
    let third = dynamic(&me, "C", "GLOBAL_ASSET_VIEW", "tags.name:`B`");
    let second = dynamic(&me, "B", "GLOBAL_ASSET_VIEW", "tags.name:`A`");
    let first = dynamic(&me, "A", "NAME_CONTAINS", "web");
    let id = at_address(&me, "web", "192.0.2.1");
    for tag in [first, second, third] {
        assert_eq!(with(&me, tag), [id]);
    }
    update(&me, id, "<name>db</name>");
    for tag in [third, second, first] {
        assert_eq!(with(&me, tag), Vec::<u64>::new());
    }
    let many = format!(
        "<name>web-2</name><address>192.0.2.2</address><tags><set>{}</set></tags>",
        "<TagSimple><id>1</id></TagSimple>"
    );
    let other = host(&me, &many);
    assert_eq!(with(&me, third), [other]);
}

#[test]
fn a_rule_that_selects_by_itself_is_refused() {
    let world = world();
    let me = world.manager();
    let create = |name: &str, text: &str, more: &str| {
        let rule = format!("<ruleType>GLOBAL_ASSET_VIEW</ruleType><ruleText>{text}</ruleText>");
        me.post("/qps/rest/2.0/create/am/tag", &data(&format!("<Tag><name>{name}</name>{rule}{more}</Tag>")))
    };
    let a = create("A", "tags.name:`B`", "").id();
    let plain = tag(&me, "<name>Plain</name>");
    let before = world.fingerprint();
    create("X", "tags.name:`X`", "").invalid("selects by the tag itself");
    create("X", "not tags.name:`X` and asset.name:y", "").invalid("selects by the tag itself");
    create("X", "tags.name is null", "").invalid("selects by the tag itself");
    create("B", "tags.name:`A`", "").invalid("selects by the tag itself");
    create("B", "tags.id:7", "").invalid("selects by the tag itself");
    // Its own criticality changes the criticality that it asks for.
    create("X", "asset.criticalityScore:2", "<criticalityScore>5</criticalityScore>")
        .invalid("selects by the tag itself");
    let change = |id: u64, members: &str| {
        me.post(&format!("/qps/rest/2.0/update/am/tag/{id}"), &data(&format!("<Tag>{members}</Tag>")))
    };
    change(a, "<name>B</name>").invalid("selects by the tag itself");
    change(a, "<ruleText>tags.id:7</ruleText>").invalid("selects by the tag itself");
    change(plain, "<name>B</name><ruleType>GLOBAL_ASSET_VIEW</ruleType><ruleText>tags.name:`A`</ruleText>")
        .invalid("selects by the tag itself");
    // A circle that is made within one request.
    let tree = "<Tag><name>P</name><ruleType>GLOBAL_ASSET_VIEW</ruleType><ruleText>tags.name:`Q`</ruleText><children><set><Tag>\
                <name>Q</name><ruleType>GLOBAL_ASSET_VIEW</ruleType><ruleText>tags.name:`P`</ruleText></Tag></set></children></Tag>";
    me.post("/qps/rest/2.0/create/am/tag", &data(tree)).invalid("selects by the tag itself");
    assert_eq!(world.fingerprint(), before);
    // A tag without a rule ends every circle.
    change(plain, "<name>B</name>").ok();
    create("X", "asset.criticalityScore:2", "").ok();
}

/// Two requests, each fine alone, that together would make a circle.
#[test]
fn no_circle_is_made_by_requests_at_the_same_time() {
    let world = world();
    let me = world.manager();
    for round in 0..10 {
        let body = |own: &str, other: &str| {
            let rule = format!(
                "<ruleType>GLOBAL_ASSET_VIEW</ruleType><ruleText>tags.name:`{other}{round}`</ruleText>"
            );
            data(&format!("<Tag><name>{own}{round}</name>{rule}</Tag>"))
        };
        let bodies = [body("A", "B"), body("B", "C"), body("C", "A")];
        let codes: Vec<String> = std::thread::scope(|scope| {
            let call = |body: &String| {
                let (me, body) = (me.clone(), body.clone());
                scope.spawn(move || {
                    me.one(0, "POST", "/qps/rest/2.0/create/am/tag", Format::Xml, None, &body)
                        .code()
                        .to_owned()
                })
            };
            let threads: Vec<_> = bodies.iter().map(call).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(codes.iter().filter(|code| *code == "SUCCESS").count(), 2, "{codes:?}");
    }
}

#[test]
fn rules_that_speak_of_the_time_follow_it() {
    let world = world();
    let me = world.manager();
    let fresh = dynamic(&me, "Fresh", "GLOBAL_ASSET_VIEW", "asset.created > now-1d");
    let old = dynamic(&me, "Old", "GLOBAL_ASSET_VIEW", "not tags.name:`Fresh` and asset.name:*");
    let id = at_address(&me, "a", "192.0.2.1");
    assert_eq!((with(&me, fresh), with(&me, old)), (vec![id], vec![]));
    world.wait(2 * 86_400);
    world.sides.iter().for_each(|side| side.tick(world.now()));
    assert_eq!((with(&me, fresh), with(&me, old)), (vec![], vec![id]));
    me.post(&format!("/qps/rest/2.0/evaluate/am/tag/{fresh}"), "").ok();
    assert_eq!(with(&me, fresh), Vec::<u64>::new());
}

#[test]
fn system_tags_mark_agents_and_public_addresses() {
    let world = world();
    let me = world.manager();
    world.asset(&agent_host());
    let inside =
        ["10.0.0.1", "192.168.1.1", "172.31.0.1", "100.64.0.1", "169.254.1.1", "fd00::1", "fe80::1", "::1"];
    for (n, address) in inside.iter().enumerate() {
        at_address(&me, &format!("in{n}"), address);
    }
    let out: Vec<u64> = ["8.8.8.8", "172.32.0.1", "2600::1"]
        .iter()
        .map(|address| at_address(&me, address, address))
        .collect();
    let facing = |name: &str| {
        me.post("/qps/rest/2.0/search/am/hostasset", &filters(&[("tagName", "EQUALS", name)])).ids()
    };
    assert_eq!((facing("Cloud Agent"), facing("Internet Facing Assets")), (vec![1], out));
}

/// Rules are kept as typed and read again at the next start.
#[test]
fn what_rules_select_is_the_same_after_a_restart() {
    let world = world();
    let me = inventory(&world);
    dynamic(&me, "Linux", "OS_REGEX", "Linux");
    dynamic(&me, "Linux web", "GLOBAL_ASSET_VIEW", "tags.name:`Linux` and asset.name:\"web\"");
    tag(&me, "<name>Plain</name>");
    update(&me, 4, "<tags><add><TagSimple><name>Plain</name></TagSimple></add></tags>");
    let sizes = || (1..=9u32).map(|id| world.sides[0].tags().size(Id::new(id))).collect::<Vec<_>>();
    let before = sizes();
    assert_eq!(before, [0, 0, 0, 1, 0, 0, 3, 2, 1]);
    let ids: Vec<u32> = (1..=9).collect();
    let again = world.reopened(0);
    assert_eq!(ids.iter().map(|id| again.tags().size(Id::new(*id))).collect::<Vec<_>>(), before);
}
