//! Answers of contract/qps.md, contract/was.md and contract/ca.md, literally.

use jiff::Timestamp;
use qps::{Format, Head, Projection, ServiceError, Writer, bare_xml};

const TAG_XSD: &str = "https://scan.example.test/qps/xsd/2.0/am/tag.xsd";

fn text(document: Vec<u8>) -> String {
    String::from_utf8(document).unwrap()
}

fn answer(format: Format, head: Head, write: impl Fn(&mut Writer)) -> String {
    let mut writer = Writer::new(format, TAG_XSD, Projection::all());
    writer.success(head);
    write(&mut writer);
    text(writer.finish())
}

#[track_caller]
fn writes(head: Head, write: impl Fn(&mut Writer), xml: &str, json: &str) {
    let start = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ServiceResponse xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:noNamespaceSchemaLocation=\"{TAG_XSD}\">\n"
    );
    assert_eq!(
        answer(Format::Xml, head, &write),
        format!("{start}{}\n</ServiceResponse>", xml.trim_matches('\n'))
    );
    assert_eq!(answer(Format::Json, head, &write), format!("{{\"ServiceResponse\":{{{json}}}}}"));
}

fn date() -> Timestamp {
    "2024-02-01T08:00:00.987Z".parse().unwrap()
}

/// contract/was.md 4.5: no object around what stands in `data`.
#[test]
fn data_may_hold_blocks_instead_of_records() {
    let blocks = |writer: &mut Writer| {
        writer.blocks(|data| {
            data.object("success", |out| {
                out.text("ids", "5512,5513");
                out.number("count", 2);
            });
            data.object("error", |out| out.number("count", 0));
        });
    };
    writes(
        Head::count(2),
        blocks,
        "
  <responseCode>SUCCESS</responseCode>
  <count>2</count>
  <data>
    <success>
      <ids>5512,5513</ids>
      <count>2</count>
    </success>
    <error>
      <count>0</count>
    </error>
  </data>",
        r#""responseCode":"SUCCESS","count":2,"data":[{"success":{"ids":"5512,5513","count":2},"error":{"count":0}}]"#,
    );
}

#[test]
fn a_search_page_has_its_children_in_order() {
    let page = |writer: &mut Writer| {
        for (id, name) in [(4101, "lab-a"), (4102, "lab-b")] {
            writer.record("Tag", |tag| {
                tag.number("id", id);
                tag.text("name", name);
            });
        }
    };
    writes(
        Head::page(2, true, 4102),
        page,
        "
  <responseCode>SUCCESS</responseCode>
  <count>2</count>
  <hasMoreRecords>true</hasMoreRecords>
  <lastId>4102</lastId>
  <data>
    <Tag>
      <id>4101</id>
      <name>lab-a</name>
    </Tag>
    <Tag>
      <id>4102</id>
      <name>lab-b</name>
    </Tag>
  </data>",
        r#""responseCode":"SUCCESS","count":2,"hasMoreRecords":"true","lastId":4102,"data":[{"Tag":{"id":4101,"name":"lab-a"}},{"Tag":{"id":4102,"name":"lab-b"}}]"#,
    );
}

#[test]
fn an_empty_page_is_only_a_count() {
    writes(
        Head::page(0, false, 0),
        |_| {},
        "
  <responseCode>SUCCESS</responseCode>
  <count>0</count>",
        r#""responseCode":"SUCCESS","count":0"#,
    );
    assert_eq!(Head::page(3, false, 9), Head { count: Some(3), more: Some(false), last_id: None });
}

#[test]
fn an_operation_without_result_answers_only_its_code() {
    writes(Head::default(), |_| {}, "  <responseCode>SUCCESS</responseCode>", r#""responseCode":"SUCCESS""#);
}

#[test]
fn a_list_stands_in_list_and_an_empty_one_closes_itself() {
    writes(
        Head { count: Some(1), more: Some(false), last_id: None },
        |writer| {
            writer.record("Tag", |tag| {
                tag.number("id", 4101);
                tag.text("name", "lab-a");
                tag.list("children", |list| {
                    list.item("TagSimple", |child| {
                        child.number("id", 4103);
                        child.text("name", "lab-a1");
                    });
                });
                tag.list("openPort", |_| {});
                tag.list("sourceInfo", |list| list.item("AssetSource", |_| {}));
                tag.list("activation", |list| {
                    list.value("ActivationModule", "VM");
                    list.value("ActivationModule", "PC");
                });
            });
        },
        "
  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <hasMoreRecords>false</hasMoreRecords>
  <data>
    <Tag>
      <id>4101</id>
      <name>lab-a</name>
      <children>
        <list>
          <TagSimple>
            <id>4103</id>
            <name>lab-a1</name>
          </TagSimple>
        </list>
      </children>
      <openPort>
        <list/>
      </openPort>
      <sourceInfo>
        <list>
          <AssetSource/>
        </list>
      </sourceInfo>
      <activation>
        <list>
          <ActivationModule>VM</ActivationModule>
          <ActivationModule>PC</ActivationModule>
        </list>
      </activation>
    </Tag>
  </data>",
        concat!(
            r#""responseCode":"SUCCESS","count":1,"hasMoreRecords":"false","data":[{"Tag":{"id":4101,"name":"lab-a","#,
            r#""children":{"list":[{"TagSimple":{"id":4103,"name":"lab-a1"}}]},"openPort":{"list":[]},"#,
            r#""sourceInfo":{"list":[{"AssetSource":{}}]},"#,
            r#""activation":{"list":[{"ActivationModule":"VM"},{"ActivationModule":"PC"}]}}}]"#
        ),
    );
}

#[test]
fn every_kind_of_value_has_its_form() {
    writes(
        Head::count(1),
        |writer| {
            writer.record("HostAsset", |host| {
                host.number("id", u64::MAX);
                host.number("size", -5);
                host.float("latitude", 52.0);
                host.float("score", 5.3);
                host.float("nothing", f64::NAN);
                host.boolean("isDockerHost", false);
                host.date("created", date());
                host.text("os", "a<b> & 'c' \"d\"");
                host.text("empty", "");
                host.text_opt("fqdn", None);
                host.number_opt("port", None::<u64>);
                host.boolean_opt("spot", None);
                host.date_opt("scanned", None);
                host.float_opt("weight", None);
                host.cdata_opt("comment", None);
                host.object("agentInfo", |agent| agent.text("platform", "Linux"));
                host.empty("dockerInfo");
            });
        },
        "
  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <HostAsset>
      <id>18446744073709551615</id>
      <size>-5</size>
      <latitude>52.0</latitude>
      <score>5.3</score>
      <isDockerHost>false</isDockerHost>
      <created>2024-02-01T08:00:00Z</created>
      <os>a&lt;b&gt; &amp; &apos;c&apos; &quot;d&quot;</os>
      <agentInfo>
        <platform>Linux</platform>
      </agentInfo>
      <dockerInfo/>
    </HostAsset>
  </data>",
        concat!(
            r#""responseCode":"SUCCESS","count":1,"data":[{"HostAsset":{"id":18446744073709551615,"size":-5,"latitude":52.0,"#,
            r#""score":5.3,"isDockerHost":"false","created":"2024-02-01T08:00:00Z","os":"a<b> & 'c' \"d\"","#,
            r#""agentInfo":{"platform":"Linux"},"dockerInfo":{}}}]"#
        ),
    );
}

#[test]
fn web_applications_have_free_text_counts_and_attributes() {
    writes(
        Head::count(1),
        |writer| {
            writer.record("WebApp", |app| {
                app.cdata("name", "Shop ]]> & <more>");
                app.counted_list("tags", 0, |_| {});
                app.counted_list("cwe", 2, |list| {
                    list.number("long", 79);
                    list.number("long", 89);
                });
                app.counted_list("accessPath", 1, |list| {
                    list.attributed("Url", &[], "https://shop.lab.example/")
                });
                app.attributed("data", &[("base64", "true")], "U2NhbiBkdXJhdGlvbg");
                app.attributed("nothing", &[("base64", "true")], "");
            });
        },
        "
  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <WebApp>
      <name><![CDATA[Shop ]]]]><![CDATA[> & <more>]]></name>
      <tags>
        <count>0</count>
      </tags>
      <cwe>
        <count>2</count>
        <list>
          <long>79</long>
          <long>89</long>
        </list>
      </cwe>
      <accessPath>
        <count>1</count>
        <list>
          <Url><![CDATA[https://shop.lab.example/]]></Url>
        </list>
      </accessPath>
      <data base64=\"true\"><![CDATA[U2NhbiBkdXJhdGlvbg]]></data>
    </WebApp>
  </data>",
        concat!(
            r#""responseCode":"SUCCESS","count":1,"data":[{"WebApp":{"name":"Shop ]]> & <more>","tags":{"count":0},"#,
            r#""cwe":{"count":2,"list":[79,89]},"accessPath":{"count":1,"list":[{"Url":{"value":"https://shop.lab.example/"}}]},"#,
            r#""data":{"value":"U2NhbiBkdXJhdGlvbg","base64":"true"}}}]"#
        ),
    );
}

#[test]
fn items_may_stand_without_list() {
    writes(
        Head::count(1),
        |writer| {
            writer.record("AllBinaryInfo", |info| {
                info.sequence("platforms", |list| {
                    list.item("Platform", |platform| platform.text("name", "Windows"));
                    list.item("Platform", |platform| platform.text("name", "Linux"));
                });
            });
        },
        "
  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <AllBinaryInfo>
      <platforms>
        <Platform>
          <name>Windows</name>
        </Platform>
        <Platform>
          <name>Linux</name>
        </Platform>
      </platforms>
    </AllBinaryInfo>
  </data>",
        r#""responseCode":"SUCCESS","count":1,"data":[{"AllBinaryInfo":{"platforms":[{"Platform":{"name":"Windows"}},{"Platform":{"name":"Linux"}}]}}]"#,
    );
}

#[test]
fn blocks_of_different_names_may_stand_in_data() {
    writes(
        Head::count(2),
        |writer| {
            writer.record("success", |block| {
                block.text("ids", "5512,5513");
                block.number("count", 2);
            });
            writer.record("duplicate", |block| block.number("count", 0));
        },
        "
  <responseCode>SUCCESS</responseCode>
  <count>2</count>
  <data>
    <success>
      <ids>5512,5513</ids>
      <count>2</count>
    </success>
    <duplicate>
      <count>0</count>
    </duplicate>
  </data>",
        r#""responseCode":"SUCCESS","count":2,"data":[{"success":{"ids":"5512,5513","count":2}},{"duplicate":{"count":0}}]"#,
    );
}

#[test]
fn an_error_has_message_resolution_and_nothing_else() {
    let error = ServiceError::criteria_value("qwebHostId", "abc123", "Specify criteria value(s) as Long.");
    let xml = text(qps::error(Format::Xml, TAG_XSD, &error));
    assert!(xml.ends_with(
        "tag.xsd\">
  <responseCode>INVALID_REQUEST</responseCode>
  <responseErrorDetails>
    <errorMessage>Criteria: Invalid value format for criteria &apos;qwebHostId&apos; (abc123).</errorMessage>
    <errorResolution>Specify criteria value(s) as Long.</errorResolution>
  </responseErrorDetails>
</ServiceResponse>"
    ));
    assert_eq!(
        text(qps::error(Format::Json, TAG_XSD, &ServiceError::invalid_credentials().with_internal_code(7))),
        concat!(
            r#"{"ServiceResponse":{"responseCode":"INVALID_CREDENTIALS","responseErrorDetails":{"#,
            r#""errorMessage":"Authentication failed","errorResolution":"Verify both, user and password credentials.","#,
            r#""internalErrorCodeId":7}}}"#
        )
    );
}

#[test]
fn even_an_empty_error_has_a_resolution() {
    let document = text(qps::error(Format::Json, "", &ServiceError::invalid_request("", "")));
    assert!(
        document.contains(r#""errorMessage":"INVALID_REQUEST","errorResolution":"Correct"#),
        "{document}"
    );
}

#[test]
fn a_hostile_schema_location_stays_an_attribute() {
    let document = text(qps::error(Format::Xml, "https://h\"><x a='&\n", &ServiceError::unauthorized()));
    assert!(document.contains("Location=\"https://h&quot;&gt;&lt;x a=&apos;&amp;&#xa;\">"), "{document}");
}

#[test]
fn a_result_document_can_stand_without_envelope() {
    let document = text(bare_xml("WasScan", |scan| {
        scan.number("id", 88001);
        scan.cdata("name", "nightly");
    }));
    assert_eq!(
        document,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<WasScan>\n  <id>88001</id>\n  <name><![CDATA[nightly]]></name>\n</WasScan>"
    );
}

#[test]
fn an_answer_taken_in_pieces_is_the_same_answer() {
    for format in [Format::Xml, Format::Json] {
        let record = |writer: &mut Writer, id: u32| {
            writer.record("Tag", |tag| tag.number("id", id));
        };
        let whole = answer(format, Head::count(3), |writer| (1..=3).for_each(|id| record(writer, id)));
        let mut writer = Writer::new(format, TAG_XSD, Projection::all());
        writer.success(Head::count(3));
        let mut pieces = writer.take();
        for id in 1..=3 {
            record(&mut writer, id);
            assert!(writer.pending() < 100, "only one record waits");
            pieces.extend(writer.take());
        }
        pieces.extend(writer.finish());
        assert_eq!(text(pieces), whole);
    }
}

#[test]
fn a_writer_that_was_told_nothing_still_ends_well() {
    let document = text(Writer::new(Format::Json, "", Projection::all()).finish());
    assert_eq!(document, r#"{"ServiceResponse":{"responseCode":"SUCCESS"}}"#);
}
