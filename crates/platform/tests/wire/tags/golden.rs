//! Documents letter for letter.

use super::{tag, world};
use crate::common::filters;
use qps::Format;

const CREATE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceRequest>
  <data>
    <Tag>
      <name>Lab</name>
      <color>#22AA66</color>
      <ruleType>NAME_CONTAINS</ruleType>
      <ruleText>lab-</ruleText>
      <criticalityScore>3</criticalityScore>
      <children>
        <set>
          <TagSimple><name>Lab East</name></TagSimple>
          <TagSimple><name>Lab West</name></TagSimple>
        </set>
      </children>
    </Tag>
  </data>
</ServiceRequest>"#;

/// The sample of `contract/am.md 4.3`, with the ids of a fresh installation.
#[test]
fn a_created_tag_is_answered_whole() {
    let world = world();
    let reply = world.manager().post("/qps/rest/2.0/create/am/tag", CREATE);
    assert_eq!(
        reply.text,
        r##"<?xml version="1.0" encoding="UTF-8"?>
<ServiceResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://scan.example.test/qps/xsd/2.0/am/tag.xsd">
  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <Tag>
      <id>7</id>
      <name>Lab</name>
      <created>2024-03-01T10:00:00Z</created>
      <modified>2024-03-01T10:00:00Z</modified>
      <color>#22AA66</color>
      <ruleText>lab-</ruleText>
      <ruleType>NAME_CONTAINS</ruleType>
      <children>
        <list>
          <TagSimple>
            <id>8</id>
            <name>Lab East</name>
          </TagSimple>
          <TagSimple>
            <id>9</id>
            <name>Lab West</name>
          </TagSimple>
        </list>
      </children>
      <criticalityScore>3</criticalityScore>
    </Tag>
  </data>
</ServiceResponse>"##
    );
}

/// The JSON pair of that sample (`contract/qps.md 5 and 8`): compact, numbers as numbers, lists of one-key objects.
#[test]
fn a_created_tag_is_answered_in_compact_json() {
    let world = world();
    let body = r##"{"ServiceRequest":{"data":{"Tag":{"name":"Lab","color":"#22AA66","criticalityScore":3,
        "children":{"set":{"TagSimple":[{"name":"Lab East"},{"name":"Lab West"}]}}}}}}"##;
    let reply = world.manager().one(1, "POST", "/qps/rest/2.0/create/am/tag", Format::Json, None, body);
    assert_eq!(
        reply.text,
        r##"{"ServiceResponse":{"responseCode":"SUCCESS","count":1,"data":[{"Tag":{"id":7,"name":"Lab","created":"2024-03-01T10:00:00Z","modified":"2024-03-01T10:00:00Z","color":"#22AA66","children":{"list":[{"TagSimple":{"id":8,"name":"Lab East"}},{"TagSimple":{"id":9,"name":"Lab West"}}]},"criticalityScore":3}}]}}"##
    );
}

/// The page of `contract/qps.md 8`: more records follow, so the last id is told.
#[test]
fn a_page_with_more_to_come_tells_its_last_id() {
    let world = world();
    let me = world.manager();
    let lab = tag(&me, "<name>lab</name>");
    for name in ["lab-a", "lab-b", "lab-c"] {
        tag(&me, &format!("<name>{name}</name><parentTagId>{lab}</parentTagId>"));
    }
    let body = r#"<ServiceRequest><filters><Criteria field="name" operator="CONTAINS">lab-</Criteria></filters>
        <preferences><limitResults>2</limitResults></preferences></ServiceRequest>"#;
    let reply = me.post("/qps/rest/2.0/search/am/tag/?fields=id,name", body);
    assert_eq!(
        reply.text,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://scan.example.test/qps/xsd/2.0/am/tag.xsd">
  <responseCode>SUCCESS</responseCode>
  <count>2</count>
  <hasMoreRecords>true</hasMoreRecords>
  <lastId>9</lastId>
  <data>
    <Tag>
      <id>8</id>
      <name>lab-a</name>
    </Tag>
    <Tag>
      <id>9</id>
      <name>lab-b</name>
    </Tag>
  </data>
</ServiceResponse>"#
    );
    let json = me.one(1, "GET", "/qps/rest/2.0/search/am/tag?fields=id", Format::Json, None, "");
    assert!(json.text.contains(r#""count":10,"hasMoreRecords":"false","data":["#), "{}", json.text);
    let none = me.one(1, "POST", "/qps/rest/2.0/search/am/tag", Format::Json, None,
        r#"{"ServiceRequest":{"filters":{"Criteria":{"field":"name","operator":"EQUALS","value":"no such"}}}}"#);
    assert_eq!(none.text, r#"{"ServiceResponse":{"responseCode":"SUCCESS","count":0}}"#);
}

/// `contract/am.md 3`, with the words that are required there.
#[test]
fn not_equals_is_refused_in_the_contracts_words() {
    let world = world();
    let reply =
        world.manager().post("/qps/rest/2.0/delete/am/tag", &filters(&[("name", "NOT EQUALS", "keep")]));
    assert_eq!(
        reply.text,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://scan.example.test/qps/xsd/2.0/am/tag.xsd">
  <responseCode>INVALID_REQUEST</responseCode>
  <responseErrorDetails>
    <errorMessage>Criteria: Operator NOT EQUALS is not supported for delete and update actions (criteria &apos;name&apos;).</errorMessage>
    <errorResolution>Use one of the operators: EQUALS, CONTAINS.</errorResolution>
  </responseErrorDetails>
</ServiceResponse>"#
    );
}

/// The recorded texts of `contract/qps.md 6.3` and the like ones of 6.4.
#[test]
fn wrong_criteria_are_refused_in_the_contracts_words() {
    let world = world();
    let me = world.manager();
    let says = |object: &str, criteria: (&str, &str, &str), message: &str, resolution: &str| {
        let reply = me.post(&format!("/qps/rest/2.0/search/am/{object}"), &filters(&[criteria]));
        reply.refused("INVALID_REQUEST");
        assert_eq!((reply.status, reply.message(), reply.resolution()), (200, message, resolution));
    };
    says(
        "hostasset",
        ("qwebHostId", "EQUALS", "abc123"),
        "Criteria: Invalid value format for criteria 'qwebHostId' (abc123).",
        "Specify criteria value(s) as Long.",
    );
    says(
        "hostasset",
        ("spotInstance", "EQUALS", "undefined"),
        "Criteria: Invalid value format for criteria 'spotInstance' (undefined).",
        "Values expected: true, false.",
    );
    says(
        "hostasset",
        ("created", "GREATER", "yesterday"),
        "Criteria: Invalid value format for criteria 'created' (yesterday).",
        "Specify criteria value(s) as Date (YYYY-MM-DDTHH:MM:SSZ).",
    );
    says(
        "hostasset",
        ("type", "EQUALS", "host"),
        "Criteria: Invalid value format for criteria 'type' (host).",
        "Values expected: UNKNOWN, HOST, SCANNER, WEBAPP, MALWARE_DOMAIN.",
    );
    says(
        "tag",
        ("nickname", "EQUALS", "x"),
        "Criteria: Invalid criteria 'nickname'.",
        "Use one of the searchable fields of this object.",
    );
    says(
        "tag",
        ("name", "NOT_EQUALS", "x"),
        "Criteria: Invalid operator 'NOT_EQUALS' for criteria 'name'.",
        "Operators expected: EQUALS, NOT EQUALS, CONTAINS.",
    );
    says(
        "tag",
        ("name", "EQUALS", " "),
        "Criteria: Missing value for criteria 'name'.",
        "Specify a criteria value.",
    );
}

#[test]
fn every_schema_is_one() {
    let world = world();
    for (object, element) in
        [("tag", "Tag"), ("hostasset", "HostAsset"), ("asset", "Asset"), ("user", "User")]
    {
        let schema = platform::schema(&format!("2.0/am/{object}.xsd")).unwrap();
        assert!(schema.contains(&format!("<xs:element name=\"{element}\" type=\"{element}\"/>")), "{schema}");
        // An answer without any record validates too.
        world
            .manager()
            .post(&format!("/qps/rest/2.0/search/am/{object}"), &filters(&[("id", "EQUALS", "4000")]));
    }
    assert_eq!(platform::schema("2.0/am/nothing.xsd"), None);
}
