//! Answers against their own schema, with xmllint as the judge.

use std::path::Path;
use std::process::Command;

use qps::{Format, Head, Projection, ResponseCode, ServiceError, Writer, xsd};

const TAG_TYPES: &str = r#"  <xs:complexType name="Tag">
    <xs:sequence>
      <xs:element name="id" type="xs:long" minOccurs="0"/>
      <xs:element name="name" type="xs:string" minOccurs="0"/>
      <xs:element name="created" type="xs:dateTime" minOccurs="0"/>
      <xs:element name="reserved" type="xs:boolean" minOccurs="0"/>
      <xs:element name="score" type="xs:double" minOccurs="0"/>
      <xs:element name="description" type="xs:string" minOccurs="0"/>
      <xs:element name="children" type="Children" minOccurs="0"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="Children">
    <xs:sequence>
      <xs:element name="list" minOccurs="0">
        <xs:complexType>
          <xs:sequence>
            <xs:element name="TagSimple" type="Tag" minOccurs="0" maxOccurs="unbounded"/>
          </xs:sequence>
        </xs:complexType>
      </xs:element>
    </xs:sequence>
  </xs:complexType>"#;

const HOSTILE: [&str; 6] = [
    "</name><id>1</id><name>",
    "]]></description><x/>",
    "&lt; &#0; &undefined; <!DOCTYPE x>",
    "\0\u{1}\u{B}\u{1F}\u{FFFE}\u{FFFF}\r\n\t",
    "\u{202E}\u{0085}\u{2028}😀\u{10FFFF}",
    "<![CDATA[ x ]]]]>",
];

fn valid(dir: &Path, schema: &Path, document: &[u8]) -> Result<(), String> {
    let file = dir.join("document.xml");
    std::fs::write(&file, document).unwrap();
    let run =
        Command::new("xmllint").arg("--noout").arg("--nonet").arg("--schema").arg(schema).arg(&file).output();
    let output = run.expect("xmllint is installed");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn tags() -> Vec<u8> {
    let mut writer =
        Writer::new(Format::Xml, "https://scan.example.test/qps/xsd/2.0/am/tag.xsd", Projection::all());
    writer.success(Head::page(HOSTILE.len() as u64, true, 5));
    for (id, text) in HOSTILE.iter().enumerate() {
        writer.record("Tag", |tag| {
            tag.number("id", id as u64);
            tag.text("name", text);
            tag.date("created", "2024-02-29T23:59:59Z".parse().unwrap());
            tag.boolean("reserved", true);
            tag.float("score", 1e-7);
            tag.cdata("description", text);
            tag.list("children", |list| list.item("TagSimple", |child| child.text("name", text)));
        });
    }
    writer.finish()
}

#[test]
fn answers_validate_against_the_schema_that_describes_them() {
    let dir = tempfile::tempdir().unwrap();
    let schema = dir.path().join("tag.xsd");
    std::fs::write(&schema, xsd::envelope("Tag", TAG_TYPES)).unwrap();
    let check = |document: &[u8]| valid(dir.path(), &schema, document);

    assert_eq!(check(&tags()), Ok(()));
    let mut empty = Writer::new(Format::Xml, "x", Projection::all());
    empty.success(Head::page(0, false, 0));
    assert_eq!(check(&empty.finish()), Ok(()));
    for code in ResponseCode::ALL {
        let error = ServiceError::new(code, HOSTILE.concat(), HOSTILE.concat()).with_internal_code(-1);
        assert_eq!(check(&qps::error(Format::Xml, &HOSTILE.concat(), &error)), Ok(()), "{code}");
    }
}

#[test]
fn the_schema_refuses_what_the_contract_does_not_have() {
    let dir = tempfile::tempdir().unwrap();
    let schema = dir.path().join("tag.xsd");
    std::fs::write(&schema, xsd::envelope("Tag", TAG_TYPES)).unwrap();
    for wrong in [
        "<ServiceResponse><count>1</count><responseCode>SUCCESS</responseCode></ServiceResponse>",
        "<ServiceResponse><responseCode>OBJECT_NOT_FOUND</responseCode></ServiceResponse>",
        "<ServiceResponse><responseCode>SUCCESS</responseCode><data><HostAsset/></data></ServiceResponse>",
        "<ServiceResponse><count>1</count></ServiceResponse>",
    ] {
        assert!(valid(dir.path(), &schema, wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn one_schema_may_describe_several_objects() {
    let dir = tempfile::tempdir().unwrap();
    let schema = dir.path().join("version.xsd");
    let types: String = ["Portal-Version", "QWeb-Version"]
        .iter()
        .map(|name| format!("<xs:complexType name=\"{name}\"><xs:sequence><xs:any processContents=\"skip\"/></xs:sequence></xs:complexType>"))
        .collect();
    std::fs::write(&schema, xsd::envelope_of(&["Portal-Version", "QWeb-Version"], &types)).unwrap();
    let mut writer =
        Writer::new(Format::Xml, "https://scan.example.test/qps/xsd/version.xsd", Projection::all());
    writer.success(Head::count(1));
    writer.record("Portal-Version", |portal| portal.text("QWEB__VM-VERSION", "2.11.0"));
    writer.record("QWeb-Version", |web| web.text("WEB-VERSION", "10.18.0.0-1"));
    assert_eq!(valid(dir.path(), &schema, &writer.finish()), Ok(()));
}
