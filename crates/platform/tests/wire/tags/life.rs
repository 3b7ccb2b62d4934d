//! One tag from its creation to its end.

use qps::Format;

use super::{dynamic, tag, world};
use crate::common::{change, data, filters};

const CREATE: &str = "/qps/rest/2.0/create/am/tag";
const UPDATE: &str = "/qps/rest/2.0/update/am/tag";
const SEARCH: &str = "/qps/rest/2.0/search/am/tag";

fn at(verb: &str, id: u64) -> String {
    format!("/qps/rest/2.0/{verb}/am/tag/{id}")
}

#[test]
fn a_tag_is_created_read_changed_and_deleted() {
    let world = world();
    let me = world.manager();
    let id = tag(&me, "<name>Lab</name><description>All of the lab</description>");
    let reply = me.get(&at("get", id));
    let read = reply.record();
    assert_eq!(read.names(), ["id", "name", "created", "modified", "description"]);
    assert_eq!((read.text_at("name"), read.text_at("description")), ("Lab", "All of the lab"));

    world.wait(60);
    let reply = me.post(
        &at("update", id),
        &data("<Tag><name>Laboratory</name><color>#fff</color><criticalityScore>5</criticalityScore></Tag>"),
    );
    assert_eq!((reply.ids(), reply.record().names()), (vec![id], vec!["id"]));
    let reply = me.post(&at("get", id), "");
    let read = reply.record();
    assert_eq!(read.text_at("name"), "Laboratory");
    assert_eq!(read.text_at("description"), "All of the lab", "what is not given stays");
    assert_eq!(read.text_at("created"), "2024-03-01T10:00:00Z");
    assert_eq!(read.text_at("modified"), "2024-03-01T10:01:00Z");
    assert_eq!((read.text_at("color"), read.text_at("criticalityScore")), ("#fff", "5"));

    assert_eq!(me.post(&at("delete", id), "").ids(), [id]);
    me.get(&at("get", id)).refused("NOT_FOUND");
    me.post(&at("delete", id), "").refused("NOT_FOUND");
    me.post(&at("update", id), &data("<Tag><color>#000</color></Tag>")).refused("NOT_FOUND");
}

#[test]
fn nothing_moves_when_nothing_changes() {
    let world = world();
    let me = world.manager();
    let id = tag(&me, "<name>Lab</name><color>#fff</color>");
    world.wait(60);
    let before = world.fingerprint();
    let same = data("<Tag><name> Lab\n</name><color>#fff</color><children/></Tag>");
    assert_eq!(me.post(&at("update", id), &same).ids(), [id]);
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn the_id_may_stand_in_the_data_instead_of_the_url() {
    let world = world();
    let me = world.manager();
    let id = tag(&me, "<name>Lab</name>");
    let reply = me.post(&format!("{UPDATE}/"), &data(&format!("<Tag><id>{id}</id><name>Lab 2</name></Tag>")));
    assert_eq!(reply.ids(), [id]);
    assert_eq!(me.get(&at("get", id)).record().text_at("name"), "Lab 2");
    let reply = me.post(UPDATE, &data("<Tag><id>4000</id><name>x</name></Tag>"));
    reply.refused("NOT_FOUND");
    let body = change(&[("name", "NOT EQUALS", "x")], &format!("<Tag><id>{id}</id><name>x</name></Tag>"));
    me.post(UPDATE, &body).invalid("NOT EQUALS");
}

#[test]
fn other_methods_mean_the_same() {
    let world = world();
    let me = world.manager();
    let id = tag(&me, "<name>Lab</name>");
    assert_eq!(me.call("PUT", &at("update", id), &data("<Tag><name>Lab 2</name></Tag>")).ids(), [id]);
    assert_eq!(me.call("GET", SEARCH, "").count(), 7);
    assert_eq!(me.call("GET", "/qps/rest/2.0/count/am/tag/", "").count(), 7);
    assert_eq!(me.call("POST", &at("get", id), "<ServiceRequest/>").id(), id);
    assert_eq!(me.call("DELETE", &at("delete", id), "").ids(), [id]);
    me.call("DELETE", &at("get", id), "").invalid("DELETE");
    me.call("GET", &at("delete", id), "").invalid("GET");
    me.call("PATCH", SEARCH, "").invalid("PATCH");
    assert_eq!(me.call("PATCH", SEARCH, "").status, 405);
}

#[test]
fn texts_are_trimmed_and_may_be_anything() {
    let world = world();
    let me = world.manager();
    let reply = me.post(CREATE, &data("<Tag><name>\n  a &lt;b&gt; &amp; \"c\" ]]&gt; é 😀\n</name></Tag>"));
    assert_eq!(reply.record().text_at("name"), "a <b> & \"c\" ]]> é 😀");
    let criteria = [("name", "EQUALS", "\n   a <b> & \"c\" ]]> é 😀\n ")];
    assert_eq!(me.post(SEARCH, &filters(&criteria)).ids(), [reply.id()]);
}

#[test]
fn a_static_tag_may_have_a_rule_text_that_is_never_looked_at() {
    let world = world();
    let me = world.manager();
    let id = tag(&me, "<name>Lab</name><ruleType>STATIC</ruleType><ruleText>(((</ruleText>");
    let reply = me.get(&at("get", id));
    assert_eq!(reply.record().text_at("ruleType"), "STATIC");
    assert_eq!(me.post(&at("update", id), &data("<Tag><ruleText></ruleText></Tag>")).ids(), [id]);
    assert_eq!(me.get(&at("get", id)).record().get("ruleText"), None);
}

#[test]
fn read_only_members_are_ignored() {
    let world = world();
    let me = world.manager();
    let reply = me.post(
        CREATE,
        &data(
            "<Tag><id>77</id><name>Lab</name><created>1999-01-01T00:00:00Z</created><modified>x</modified>\
             <srcAssetGroupId>5</srcAssetGroupId><srcBusinessUnitId>x</srcBusinessUnitId><reEvalStatus>x</reEvalStatus>\
             <srcOperatingSystemName>x</srcOperatingSystemName><children><list><TagSimple><id>1</id></TagSimple></list>\
             </children></Tag>",
        ),
    );
    assert_eq!(reply.id(), 7);
    assert_eq!(reply.record().text_at("created"), "2024-03-01T10:00:00Z");
    assert_eq!(reply.record().names(), ["id", "name", "created", "modified"]);
}

#[test]
fn zero_means_no_parent() {
    let world = world();
    let me = world.manager();
    let parent = tag(&me, "<name>Parent</name><parentTagId>0</parentTagId>");
    let child = tag(&me, &format!("<name>Child</name><parentTagId>{parent}</parentTagId>"));
    assert_eq!(me.get(&at("get", parent)).record().get("parentTagId"), None);
    me.post(&at("update", child), &data("<Tag><parentTagId>0</parentTagId></Tag>")).ok();
    assert_eq!(me.get(&at("get", child)).record().get("parentTagId"), None);
    assert_eq!(me.get(&at("get", parent)).record().get("children"), None);
}

#[test]
fn wrong_members_are_refused_by_name() {
    let world = world();
    let me = world.manager();
    tag(&me, "<name>taken</name>");
    let before = world.fingerprint();
    let long = "x".repeat(1_025);
    let cases: &[(&str, &str, &str)] = &[
        ("", "CANNOT_BE_NULL", "Tag.name"),
        ("<name/>", "CANNOT_BE_NULL", "Tag.name"),
        ("<name> \n </name>", "CANNOT_BE_NULL", "Tag.name"),
        (&format!("<name>{long}</name>"), "INVALID_REQUEST", "Tag.name"),
        ("<name>taken</name>", "INVALID_REQUEST", "A tag with that name already exists"),
        ("<name><b>x</b></name>", "INVALID_REQUEST", "Tag.name"),
        ("<name>x</name><color>red</color>", "INVALID_REQUEST", "'Tag.color' (red)"),
        ("<name>x</name><color>#12345</color>", "INVALID_REQUEST", "Tag.color"),
        ("<name>x</name><color>#ggg</color>", "INVALID_REQUEST", "Tag.color"),
        ("<name>x</name><color>#é1</color>", "INVALID_REQUEST", "Tag.color"),
        ("<name>x</name><criticalityScore>6</criticalityScore>", "INVALID_REQUEST", "Tag.criticalityScore"),
        ("<name>x</name><criticalityScore>0</criticalityScore>", "INVALID_REQUEST", "Tag.criticalityScore"),
        (
            "<name>x</name><criticalityScore>high</criticalityScore>",
            "INVALID_REQUEST",
            "Tag.criticalityScore",
        ),
        ("<name>x</name><parentTagId>4000</parentTagId>", "INVALID_REQUEST", "'4000'"),
        ("<name>x</name><parentTagId>99999999999</parentTagId>", "INVALID_REQUEST", "'99999999999'"),
        ("<name>x</name><parentTagId>-1</parentTagId>", "INVALID_REQUEST", "'-1'"),
        ("<name>x</name><parentTagId>one</parentTagId>", "INVALID_REQUEST", "Tag.parentTagId"),
        ("<name>x</name><ruleType>MAGIC</ruleType>", "INVALID_REQUEST", "Tag.ruleType"),
        ("<name>x</name><ruleType>NAME_CONTAINS</ruleType>", "CANNOT_BE_NULL", "Tag.ruleText"),
        (
            "<name>x</name><ruleType>GROOVY</ruleType><ruleText>return true</ruleText>",
            "INVALID_REQUEST",
            "GROOVY",
        ),
        ("<name>x</name><provider>DigitalOcean</provider>", "INVALID_REQUEST", "Tag.provider"),
        (
            &format!("<name>x</name><description>{}</description>", "é".repeat(4_097)),
            "INVALID_REQUEST",
            "Tag.description",
        ),
        ("<name>x</name><nmae>y</nmae>", "INVALID_XML", "'nmae'"),
        ("<name>x</name><name>y</name>", "INVALID_XML", "'name'"),
        ("<name>x</name><children><set><TagSimple/></set></children>", "CANNOT_BE_NULL", "Tag.children.name"),
        ("<name>x</name><children><set><Tags/></set></children>", "INVALID_XML", "'Tags'"),
        ("<name>x</name><children><put/></children>", "INVALID_XML", "'put'"),
        (
            "<name>x</name><children><set><Tag><name>y</name><color>no</color></Tag></set></children>",
            "INVALID_REQUEST",
            "color",
        ),
        (
            "<name>x</name><children><set><TagSimple><id>4000</id></TagSimple></set></children>",
            "INVALID_REQUEST",
            "'4000'",
        ),
        (
            "<name>x</name><children><set><TagSimple><name>y</name></TagSimple><Tag><name>z</name>\
          <ruleType>OS_REGEX</ruleType><ruleText>(</ruleText></Tag></set></children>",
            "INVALID_REQUEST",
            "OS_REGEX",
        ),
    ];
    for (members, code, words) in cases {
        // A name given twice is one member of an array in JSON, and refused there too.
        let reply = me.one(0, "POST", CREATE, Format::Xml, None, &data(&format!("<Tag>{members}</Tag>")));
        reply.refused(code);
        assert!(reply.message().contains(words), "{members}: {}", reply.message());
        let body = crate::common::json_of(&data(&format!("<Tag>{members}</Tag>")));
        me.one(1, "POST", CREATE, Format::Json, None, &body).refused(code);
    }
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn json_is_read_leniently() {
    let world = world();
    let me = world.manager();
    let post = |path: &str, body: &str| me.one(1, "POST", path, Format::Json, None, body);
    let parent = post(CREATE, r#"{"ServiceRequest":{"data":{"Tag":{"name":"P","color":null}}}}"#).id();
    let body = format!(
        r#"{{"ServiceRequest":{{"data":{{"Tag":{{"name":2024,"parentTagId":"{parent}","criticalityScore":"4",
            "children":{{"set":[{{"TagSimple":{{"name":"a"}}}},{{"TagSimple":{{"name":"b"}}}}]}}}}}}}}}}"#
    );
    let child = post(CREATE, &body);
    assert_eq!(child.record().text_at("name"), "2024");
    assert_eq!(child.record().each("children", "name"), ["a", "b"]);
    let search = |criteria: &str| {
        post(SEARCH, &format!(r#"{{"ServiceRequest":{{"filters":{{"Criteria":{criteria}}}}}}}"#)).ids()
    };
    assert_eq!(search(&format!(r#"{{"field":"id","operator":"EQUALS","value":{parent}}}"#)), [parent]);
    assert_eq!(search(&format!(r#"[{{"field":"parent","value":"{parent}"}}]"#)), [child.id()]);
    for body in ["", "{}", "null", r#"{"ServiceRequest":{}}"#, r#"{"ServiceRequest":{"filters":{}}}"#] {
        assert_eq!(post("/qps/rest/2.0/count/am/tag", body).count(), 10, "{body}");
    }
}

#[test]
fn names_are_unique_among_siblings_only() {
    let world = world();
    let me = world.manager();
    let (east, west) = (tag(&me, "<name>East</name>"), tag(&me, "<name>West</name>"));
    let below = |parent: u64| format!("<name>Web</name><parentTagId>{parent}</parentTagId>");
    let (a, b) = (tag(&me, &below(east)), tag(&me, &below(west)));
    me.post(CREATE, &data(&format!("<Tag>{}</Tag>", below(east)))).invalid("already exists");
    tag(&me, "<name>east</name>");
    me.post(&at("update", a), &data(&format!("<Tag><parentTagId>{west}</parentTagId></Tag>")))
        .invalid("already exists");
    me.post(&at("update", west), &data("<Tag><name>East</name></Tag>")).invalid("already exists");
    assert_eq!(me.post(SEARCH, &filters(&[("name", "EQUALS", "Web")])).ids(), [a, b]);
    // A name is free again once its tag is gone.
    me.post(&at("delete", a), "").ok();
    tag(&me, &below(east));
}

#[test]
fn many_tags_are_changed_and_deleted_by_filter() {
    let world = world();
    let me = world.manager();
    let ids: Vec<u64> =
        ["lab-a", "lab-b", "db"].iter().map(|name| tag(&me, &format!("<name>{name}</name>"))).collect();
    let lab = [("name", "CONTAINS", "LAB-")];
    let reply = me.post(UPDATE, &change(&lab, "<Tag><color>#123456</color></Tag>"));
    assert_eq!((reply.ids(), reply.more()), (ids[..2].to_vec(), None));
    assert_eq!(me.post(SEARCH, &filters(&[("color", "EQUALS", "#123456")])).ids(), ids[..2]);
    let none = me.post(UPDATE, &change(&[("name", "EQUALS", "nobody")], "<Tag><color>#000</color></Tag>"));
    assert_eq!((none.count(), none.has_data()), (0, false));
    // An id and criteria must both hold.
    let other = change(&[("name", "EQUALS", "db")], "<Tag><color>#000</color></Tag>");
    assert_eq!(me.post(&at("update", ids[0]), &other).count(), 0);
    assert_eq!(me.post(&at("delete", ids[0]), &filters(&[("name", "EQUALS", "db")])).count(), 0);
    // One name for two siblings: neither is renamed.
    let before = world.fingerprint();
    me.post(UPDATE, &change(&lab, "<Tag><name>same</name></Tag>")).invalid("already exists");
    assert_eq!(world.fingerprint(), before);
    assert_eq!(me.post("/qps/rest/2.0/delete/am/tag/", &filters(&lab)).ids(), ids[..2]);
    assert_eq!(me.post("/qps/rest/2.0/delete/am/tag/", &filters(&lab)).count(), 0);
}

#[test]
fn a_change_of_everything_is_refused() {
    let world = world();
    let me = world.manager();
    let id = tag(&me, "<name>Lab</name>");
    let before = world.fingerprint();
    let tag = "<Tag><color>#000</color></Tag>";
    for body in [&data(tag), "", "<ServiceRequest/>", "<ServiceRequest><filters/></ServiceRequest>"] {
        me.post("/qps/rest/2.0/delete/am/tag", body).invalid("at least one criterion");
    }
    me.post(UPDATE, &data(tag)).invalid("at least one criterion");
    me.post(UPDATE, &change(&[], tag)).invalid("at least one criterion");
    for operator in ["NOT EQUALS", "NOT_EQUALS", "!=", "not equals", "LIKE"] {
        let criteria = [("id", "EQUALS", "7"), ("name", operator, "x")];
        me.post(UPDATE, &change(&criteria, tag)).invalid(if operator == "NOT EQUALS" {
            "NOT EQUALS"
        } else {
            "Invalid operator"
        });
        me.post(&at("update", id), &change(&criteria, tag)).refused("INVALID_REQUEST");
        me.post("/qps/rest/2.0/delete/am/tag", &filters(&criteria)).refused("INVALID_REQUEST");
        me.post(&at("delete", id), &filters(&criteria)).refused("INVALID_REQUEST");
    }
    let strange = "<ServiceRequest><filters><Criteria field='name' keyword='EQUALS'>Lab</Criteria></filters></ServiceRequest>";
    me.one(0, "POST", "/qps/rest/2.0/delete/am/tag", Format::Xml, None, strange).invalid("'keyword'");
    assert_eq!(world.fingerprint(), before);
    // Searching and counting keep it.
    assert_eq!(me.post(SEARCH, &filters(&[("name", "NOT EQUALS", "Lab")])).count(), 6);
}

#[test]
fn data_must_be_a_tag() {
    let world = world();
    let me = world.manager();
    let id = tag(&me, "<name>Lab</name>");
    for body in ["", "<ServiceRequest/>", "<ServiceRequest><data/></ServiceRequest>"] {
        me.post(CREATE, body).refused("CANNOT_BE_NULL");
        me.post(&at("update", id), body).refused("CANNOT_BE_NULL");
    }
    for object in [
        "<Asset><name>x</name></Asset>",
        "<tag><name>x</name></tag>",
        "<TagSimple><name>x</name></TagSimple>",
    ] {
        me.post(CREATE, &data(object)).invalid("is not expected here");
        me.post(&at("update", id), &data(object)).invalid("is not expected here");
    }
    me.post(CREATE, &data("<Tag><name>x</name></Tag><Tag><name>y</name></Tag>")).refused("INVALID_XML");
}

#[test]
fn system_tags_are_there_and_stay() {
    let world = world();
    let me = world.manager();
    for name in
        ["Business Units", "Asset Groups", "Cloud Agent", "Internet Facing Assets", "Asset Search Tags"]
    {
        let id = me.post(SEARCH, &filters(&[("name", "EQUALS", name)])).id();
        let before = world.fingerprint();
        me.post(&at("delete", id), "").invalid("belongs to the system");
        me.post(&at("update", id), &data("<Tag><name>Mine</name></Tag>")).invalid("belongs to the system");
        me.post(&at("update", id), &data("<Tag><parentTagId>1</parentTagId></Tag>"))
            .refused("INVALID_REQUEST");
        let rule = "<Tag><ruleType>NAME_CONTAINS</ruleType><ruleText>a</ruleText></Tag>";
        me.post(&at("update", id), &data(rule)).invalid("belongs to the system");
        assert_eq!(world.fingerprint(), before, "{name}");
        me.post(&at("update", id), &data("<Tag><color>#abc</color></Tag>")).ok();
    }
    let agents = me.post(SEARCH, &filters(&[("name", "EQUALS", "Cloud Agent")])).id();
    let child = tag(&me, &format!("<name>Servers</name><parentTagId>{agents}</parentTagId>"));
    assert_eq!(me.get(&at("get", agents)).record().each("children", "name"), ["Servers"]);
    let before = world.fingerprint();
    me.post("/qps/rest/2.0/delete/am/tag", &filters(&[("name", "CONTAINS", "s")]))
        .invalid("belongs to the system");
    let steal =
        format!("<Tag><children><set><TagSimple><id>{agents}</id></TagSimple></set></children></Tag>");
    me.post(&at("update", child), &data(&steal)).refused("INVALID_REQUEST");
    assert_eq!(world.fingerprint(), before, "all or nothing");
}

#[test]
fn evaluate_counts_the_tags_it_looked_at() {
    let world = world();
    let me = world.manager();
    let evaluate = |id: &str, body: &str| me.post(&format!("/qps/rest/2.0/evaluate/am/tag{id}"), body);
    let range = dynamic(&me, "Net", "NETWORK_RANGE", "10.0.0.0/8");
    let name = dynamic(&me, "Name", "NAME_CONTAINS", "web");
    let plain = tag(&me, "<name>Plain</name>");
    let before = world.fingerprint();
    assert_eq!(evaluate("", &filters(&[("ruleType", "EQUALS", "NETWORK_RANGE")])).ids(), [range]);
    assert_eq!(evaluate(&format!("/{name}"), "").ids(), [name]);
    assert_eq!(
        evaluate("", &data("<Tag><name>Name</name><ruleType>NAME_CONTAINS</ruleType></Tag>")).ids(),
        [name]
    );
    assert_eq!(
        evaluate("", &data("<Tag><name>Name</name><ruleType>NETWORK_RANGE</ruleType></Tag>")).count(),
        0
    );
    assert_eq!(
        evaluate("", &filters(&[("name", "NOT EQUALS", "x"), ("id", "GREATER", "6")])).ids(),
        [range, name, plain]
    );
    assert_eq!(evaluate("/", "").count(), 9);
    evaluate("/4000", "").refused("NOT_FOUND");
    evaluate("", &data("<Asset><name>x</name></Asset>")).invalid("is not expected here");
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn of_several_requests_for_one_name_one_wins() {
    let world = world();
    let me = world.manager();
    let codes: Vec<String> = std::thread::scope(|scope| {
        let each = |_| {
            scope.spawn(|| {
                let body = data("<Tag><name>Contested</name></Tag>");
                me.one(0, "POST", CREATE, Format::Xml, None, &body).code().to_owned()
            })
        };
        let threads: Vec<_> = (0..8).map(each).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| *code == "SUCCESS").count(), 1);
    assert_eq!(codes.iter().filter(|code| *code == "INVALID_REQUEST").count(), 7);
}
