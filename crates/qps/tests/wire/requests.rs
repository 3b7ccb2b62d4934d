//! Requests of contract/qps.md and contract/was.md, literally.

use qps::{Criterion, Element, Format, Limits, Preferences, Request, ResponseCode, ServiceError, read};

fn xml(body: &str) -> Result<Request, ServiceError> {
    read(body.as_bytes(), Format::Xml, &Limits::default())
}

fn json(body: &str) -> Result<Request, ServiceError> {
    read(body.as_bytes(), Format::Json, &Limits::default())
}

#[track_caller]
fn refused(answer: Result<Request, ServiceError>, code: ResponseCode, message: &str) {
    let error = answer.expect_err("must be refused");
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains(message), "{error}");
    assert!(!error.resolution.is_empty());
}

fn lab_request() -> Request {
    Request {
        filters: Some(vec![
            Criterion::new("name", "CONTAINS", "lab"),
            Criterion::new("id", "IN", "4101,4102"),
        ]),
        preferences: Preferences {
            start_from_offset: Some(1),
            limit_results: Some(50),
            ..Preferences::default()
        },
        data: Some(Element::node("Tag", vec![Element::leaf("name", "lab")])),
    }
}

const LAB_XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceRequest>
  <filters>
    <Criteria field="name" operator="CONTAINS">lab</Criteria>
    <Criteria field="id" operator="IN">4101,4102</Criteria>
  </filters>
  <preferences>
    <startFromOffset>1</startFromOffset>
    <limitResults>50</limitResults>
  </preferences>
  <data>
    <Tag><name>lab</name></Tag>
  </data>
</ServiceRequest>
"#;

const LAB_JSON: &str = r#"{"ServiceRequest":{
  "filters":{"Criteria":[{"field":"name","operator":"CONTAINS","value":"lab"},
                         {"field":"id","operator":"IN","value":"4101,4102"}]},
  "preferences":{"startFromOffset":1,"limitResults":50},
  "data":{"Tag":{"name":"lab"}}
}}"#;

#[test]
fn the_contracts_samples_read_alike() {
    assert_eq!(xml(LAB_XML), Ok(lab_request()));
    assert_eq!(json(LAB_JSON), Ok(lab_request()));
}

#[test]
fn parts_may_come_in_any_order_and_with_blanks_around() {
    let body = "\r\n\t <?xml version='1.0'?>\n<!-- a comment --><ServiceRequest>\
        <preferences><limitResults>50</limitResults><startFromOffset>1</startFromOffset></preferences>\
        <data><Tag><name><![CDATA[lab]]></name></Tag></data>\
        <filters><Criteria operator='CONTAINS' field='name'>\n    lab\n  </Criteria>\
        <Criteria field='id' operator='IN'>4101<!-- and -->,4102</Criteria></filters>\
        </ServiceRequest>\n\n";
    assert_eq!(xml(body), Ok(lab_request()));
}

#[test]
fn empty_requests_are_empty_in_every_form() {
    for body in [
        "",
        " \r\n",
        "\u{FEFF}",
        "<ServiceRequest/>",
        "<?xml version=\"1.0\"?><ServiceRequest> </ServiceRequest>",
    ] {
        assert_eq!(xml(body), Ok(Request::default()), "{body:?}");
    }
    for body in [
        "",
        " \n",
        "{}",
        "null",
        r#"{"ServiceRequest":{}}"#,
        r#"{"ServiceRequest":null}"#,
        r#"{"ServiceRequest":""}"#,
    ] {
        assert_eq!(json(body), Ok(Request::default()), "{body:?}");
    }
}

#[test]
fn an_empty_filter_is_there_but_says_nothing() {
    for request in [
        xml("<ServiceRequest><filters/></ServiceRequest>"),
        xml("<ServiceRequest><filters>\n</filters></ServiceRequest>"),
        json(r#"{"ServiceRequest":{"filters":{}}}"#),
        json(r#"{"ServiceRequest":{"filters":{"Criteria":[]}}}"#),
    ] {
        assert_eq!(request.as_ref().map(|request| request.filters.as_deref()), Ok(Some(&[][..])));
        assert!(request.unwrap().criteria().is_empty());
    }
}

#[test]
fn a_byte_order_mark_is_no_obstacle() {
    assert_eq!(xml(&format!("\u{FEFF}{LAB_XML}")), Ok(lab_request()));
    assert_eq!(json(&format!("\u{FEFF}{LAB_JSON}")), Ok(lab_request()));
}

#[test]
fn a_json_criterion_takes_one_or_many_and_any_scalar() {
    let value = |member: &str| {
        let body =
            format!(r#"{{"ServiceRequest":{{"filters":{{"Criteria":{{"field":"id","value":{member}}}}}}}}}"#);
        json(&body).unwrap().criteria().first().unwrap().clone()
    };
    assert_eq!(value("900120").value, "900120");
    assert_eq!(
        value("12345678901234567890123").value,
        "12345678901234567890123",
        "digits are kept, however many"
    );
    assert_eq!(value("1.50").value, "1.50");
    assert_eq!(value("true").value, "true");
    assert_eq!(value(r#"" a\u00e9\ud83d\ude00 ""#).value, "aé😀");
    assert_eq!(value("null").value, "");
    assert_eq!(value("1").operator, None);
}

#[test]
fn sixty_four_bit_ids_are_not_damaged() {
    let data = json(
        r#"{"ServiceRequest":{"data":{"Tag":{"id":12345678901234567,"parentTagId":"9007199254740993"}}}}"#,
    )
    .unwrap()
    .data
    .unwrap();
    assert_eq!(data.id("id"), Ok(Some(12_345_678_901_234_567)));
    assert_eq!(data.id("parentTagId"), Ok(Some(9_007_199_254_740_993)));
}

#[test]
fn attributes_and_json_members_answer_alike() {
    let entry = |request: Result<Request, ServiceError>| {
        let app = request.unwrap().data.unwrap();
        let set = app.child("urlExcludelist").unwrap().child("set").unwrap();
        let entry = set.child("UrlEntry").unwrap();
        (entry.value().map(str::to_owned), entry.boolean("regex"))
    };
    let expected = (Some(".*/logout.*".to_owned()), Ok(Some(true)));
    assert_eq!(
        entry(xml(r#"<ServiceRequest><data><WebApp><urlExcludelist><set>
               <UrlEntry regex="true"><![CDATA[.*/logout.*]]></UrlEntry>
               </set></urlExcludelist></WebApp></data></ServiceRequest>"#)),
        expected
    );
    assert_eq!(
        entry(json(
            r#"{"ServiceRequest":{"data":{"WebApp":{"urlExcludelist":{"set":{"UrlEntry":[{"value":".*/logout.*","regex":"true"}]}}}}}}"#
        )),
        expected
    );
}

#[test]
fn references_and_cdata_become_text() {
    let request = xml(
        "<ServiceRequest><data><Tag><name>&lt;a&gt; &amp; &quot;b&apos; &#233;&#x1F600; <![CDATA[<c>]]></name></Tag></data></ServiceRequest>",
    );
    assert_eq!(request.unwrap().data.unwrap().text("name"), Some("<a> & \"b' é😀 <c>"));
}

#[test]
fn known_quirks_of_clients_are_tolerated() {
    let quirks = xml("<ServiceRequest><preferences><startFromID>7</startFromID><verbose>True</verbose>\
                      <limitHistories>true</limitHistories></preferences></ServiceRequest>");
    let expected = Preferences {
        start_from_id: Some(7),
        verbose: Some(true),
        limit_histories: Some("true".into()),
        ..Preferences::default()
    };
    assert_eq!(quirks.map(|request| request.preferences), Ok(expected));
    let named = xml(
        r#"<ServiceRequest><filters><Criteria field="attributes" name="Function" operator="EQUALS">Shop</Criteria></filters></ServiceRequest>"#,
    );
    assert_eq!(named.unwrap().criteria().first().unwrap().name.as_deref(), Some("Function"));
    let namespaced = xml(
        r#"<ServiceRequest xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="x.xsd"/>"#,
    );
    assert_eq!(namespaced, Ok(Request::default()));
}

#[test]
fn the_page_size_is_clamped() {
    let limit = |text: &str| {
        xml(&format!(
            "<ServiceRequest><preferences><limitResults>{text}</limitResults></preferences></ServiceRequest>"
        ))
        .unwrap()
        .preferences
        .limit()
    };
    for (text, size) in
        [("", 100), ("50", 50), ("0", 1), ("-5", 1), ("1000", 1000), ("1001", 1000), ("9999999999", 1000)]
    {
        assert_eq!(limit(text), size, "{text}");
    }
    assert_eq!(Preferences::default().limit(), 100);
}

#[test]
fn a_wrong_preference_is_named_with_its_value() {
    for body in [
        r#"{"ServiceRequest":{"preferences":{"limitResults":"abc"}}}"#,
        r#"{"ServiceRequest":{"preferences":[{"limitResults":["abc"]}]}}"#,
    ] {
        let error = json(body).unwrap_err();
        assert_eq!(error.code, ResponseCode::InvalidRequest);
        assert_eq!(error.message, "Preferences: Invalid value format for preference 'limitResults' (abc).");
        assert_eq!(error.resolution, "Specify preference value as Long.");
    }
    refused(
        json(r#"{"ServiceRequest":{"preferences":{"startFromId":1.5}}}"#),
        ResponseCode::InvalidRequest,
        "(1.5)",
    );
    refused(
        json(r#"{"ServiceRequest":{"preferences":{"startFromId":{"a":1}}}}"#),
        ResponseCode::InvalidRequest,
        "startFromId",
    );
    refused(
        json(r#"{"ServiceRequest":{"preferences":{"verbose":"maybe"}}}"#),
        ResponseCode::InvalidRequest,
        "(maybe)",
    );
}

#[test]
fn a_foreign_attribute_of_a_criterion_is_refused() {
    let error = xml("<ServiceRequest>\n<filters>\n  <Criteria field='trackingMethod' keyword='Instance_ID'>i-1</Criteria></filters></ServiceRequest>")
        .unwrap_err();
    assert_eq!(error.code, ResponseCode::InvalidRequest);
    assert_eq!(error.message, "Criteria: Unknown attribute 'keyword' (line 3, column 3).");
    refused(
        json(r#"{"ServiceRequest":{"filters":{"Criteria":{"field":"id","op":"EQUALS","value":1}}}}"#),
        ResponseCode::InvalidRequest,
        "'op'",
    );
}

#[test]
fn a_criterion_needs_one_field_and_one_value() {
    let invalid = ResponseCode::InvalidRequest;
    refused(
        xml("<ServiceRequest><filters><Criteria>1</Criteria></filters></ServiceRequest>"),
        invalid,
        "'field'",
    );
    refused(
        xml("<ServiceRequest><filters><Criteria field=' '>1</Criteria></filters></ServiceRequest>"),
        invalid,
        "'field'",
    );
    refused(json(r#"{"ServiceRequest":{"filters":{"Criteria":{"value":1}}}}"#), invalid, "'field'");
    refused(
        json(r#"{"ServiceRequest":{"filters":{"Criteria":{"field":"id","value":[1,2]}}}}"#),
        invalid,
        "'value'",
    );
    refused(
        json(r#"{"ServiceRequest":{"filters":{"Criteria":{"field":{"a":1},"value":1}}}}"#),
        invalid,
        "'field'",
    );
    refused(json(r#"{"ServiceRequest":{"filters":{"Criteria":"id"}}}"#), invalid, "'field'");
}

#[test]
fn unknown_names_in_the_envelope_are_refused_with_those_expected() {
    let code = ResponseCode::InvalidXml;
    for (body, wrong) in [
        ("<serviceRequest/>", "'serviceRequest'"),
        ("<ServiceRequest><filter/></ServiceRequest>", "'filter'"),
        ("<ServiceRequest version='1'/>", "'version'"),
        (
            "<ServiceRequest><filters><criteria field='id'>1</criteria></filters></ServiceRequest>",
            "'criteria'",
        ),
        ("<ServiceRequest><preferences><limit>1</limit></preferences></ServiceRequest>", "'limit'"),
        ("<ServiceRequest><filters/><data/><filters/></ServiceRequest>", "'filters' is given more than once"),
        (
            "<ServiceRequest><preferences><verbose/><limitResults>1</limitResults><limitResults>2</limitResults>\
             </preferences></ServiceRequest>",
            "'limitResults' is given more than once",
        ),
        ("<ServiceRequest>all</ServiceRequest>", "'all'"),
        ("<ServiceRequest><filters>all</filters></ServiceRequest>", "'all'"),
        ("<ServiceRequest><data>all</data></ServiceRequest>", "'all'"),
        ("<ServiceRequest><data><Tag/><Tag/></data></ServiceRequest>", "2 objects"),
    ] {
        refused(xml(body), code, wrong);
    }
    for (body, wrong) in [
        (r#"{"serviceRequest":{}}"#, "'serviceRequest'"),
        (r#"{"ServiceRequest":{},"other":1}"#, "'other'"),
        (r#"{"filters":{"Criteria":[]}}"#, "'filters'"),
        ("[]", "not an object"),
        ("42", "not an object"),
        (r#"{"ServiceRequest":{"data":{"Tag":[{},{}]}}}"#, "2 objects"),
    ] {
        refused(json(body), code, wrong);
    }
}

#[test]
fn data_without_an_object_is_no_data() {
    assert_eq!(xml("<ServiceRequest><data/></ServiceRequest>").map(|request| request.data), Ok(None));
    assert_eq!(json(r#"{"ServiceRequest":{"data":{"Tag":null}}}"#).map(|request| request.data), Ok(None));
}
