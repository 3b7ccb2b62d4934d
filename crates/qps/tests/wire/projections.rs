//! The `fields` parameter against a filter of the whole answer's leaves.

use proptest::prelude::*;
use qps::{Format, Head, Projection, Writer};

use crate::leaves::{Leaf, Member, document, expected, of_json, of_xml, record};

fn shown(fields: &str) -> String {
    let mut writer = Writer::new(Format::Json, "", Projection::parse(fields));
    writer.success(Head::count(1));
    writer.record("HostAsset", |host| {
        host.number("id", 7);
        host.text("name", "web-1");
        host.object("agentInfo", |agent| {
            agent.text("agentId", "uuid");
            agent.text("platform", "Linux");
        });
        host.list("sourceInfo", |list| {
            list.item("Ec2AssetSourceSimple", |source| {
                source.text("region", "eu-1");
                source.text("instanceState", "RUNNING");
                source.text("vpcId", "v");
            });
        });
        host.list("tags", |_| {});
    });
    let document = String::from_utf8(writer.finish()).unwrap();
    let (_, record) = document.split_once(r#"{"HostAsset":"#).unwrap();
    record.strip_suffix("}]}}").unwrap().to_owned()
}

#[test]
fn the_contracts_examples() {
    assert_eq!(shown("id,name"), r#"{"id":7,"name":"web-1"}"#);
    assert_eq!(
        shown("name,agentInfo.agentId,agentInfo.platform"),
        r#"{"name":"web-1","agentInfo":{"agentId":"uuid","platform":"Linux"}}"#
    );
    assert_eq!(
        shown(
            "sourceInfo.list.Ec2AssetSourceSimple.instanceState,sourceInfo.list.Ec2AssetSourceSimple.region"
        ),
        r#"{"sourceInfo":{"list":[{"Ec2AssetSourceSimple":{"region":"eu-1","instanceState":"RUNNING"}}]}}"#
    );
    assert_eq!(
        shown("sourceInfo.*.*.vpcId"),
        r#"{"sourceInfo":{"list":[{"Ec2AssetSourceSimple":{"vpcId":"v"}}]}}"#
    );
    assert_eq!(shown("tags"), r#"{"tags":{"list":[]}}"#);
}

#[test]
fn unknown_names_and_parts_that_are_not_there_leave_no_trace() {
    for fields in ["nonsense", "agentInfo.nonsense", "tags.list.TagSimple.id", "id.deeper"] {
        assert_eq!(shown(fields), "{}", "{fields}");
    }
}

#[test]
fn closures_of_unselected_branches_are_not_called() {
    let mut writer = Writer::new(Format::Xml, "", Projection::parse("id,agentInfo.agentId"));
    writer.record("HostAsset", |host| {
        host.object("other", |_| panic!("not selected"));
        host.list("tags", |_| panic!("not selected"));
        host.counted_list("vulns", 3, |_| panic!("not selected"));
        host.sequence("platforms", |_| panic!("not selected"));
        host.object("agentInfo", |agent| agent.object("manifestVersion", |_| panic!("not selected")));
        host.number("id", 1);
    });
    assert!(
        String::from_utf8(writer.finish())
            .unwrap()
            .contains("<HostAsset>\n      <id>1</id>\n    </HostAsset>")
    );
}

fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('.').collect(), path.split('.').collect());
    pattern.len() <= path.len() && pattern.iter().zip(&path).all(|(p, name)| *p == "*" || p == name)
}

fn has_attributes(members: &[(String, Member)]) -> bool {
    expected("", members).iter().any(|(path, _)| path.ends_with(".regex"))
}

proptest! {
    #[test]
    fn a_projection_keeps_exactly_the_leaves_below_its_paths(
        record in record().prop_filter("attributes are no members of their own", |r| !has_attributes(r)),
        patterns in proptest::collection::vec(
            proptest::collection::vec(prop_oneof!["[a-d]", Just("*".to_owned()), Just("list".to_owned()), Just("Item".to_owned())], 1..6),
            1..4,
        ),
    ) {
        let patterns: Vec<String> = patterns.iter().map(|names| names.join(".")).collect();
        let kept: Vec<Leaf> = expected("Tag", &record)
            .into_iter()
            .filter(|(path, _)| patterns.iter().any(|p| path.strip_prefix("Tag.").is_some_and(|path| matches(p, path))))
            .collect();
        let kept = if kept.is_empty() { vec![("Tag".to_owned(), String::new())] } else { kept };
        let projection = Projection::parse(&patterns.join(","));
        let records = [record];
        prop_assert_eq!(&of_xml(&document(&records, Format::Xml, &projection)), &kept);
        prop_assert_eq!(&of_json(&document(&records, Format::Json, &projection)), &kept);
    }
}
