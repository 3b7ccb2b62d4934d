//! Input that means harm or was damaged on its way.

use proptest::prelude::*;
use qps::{Format, Limits, Request, ResponseCode, ServiceError, read};

fn parse(body: &[u8], format: Format) -> Result<Request, ServiceError> {
    read(body, format, &Limits::default())
}

#[track_caller]
fn refused(body: &[u8], format: Format, message: &str) {
    let error = parse(body, format).expect_err("must be refused");
    assert_eq!(error.code, ResponseCode::InvalidXml, "{error}");
    assert!(error.message.contains(message), "{error}");
    assert!(!error.resolution.is_empty());
}

#[track_caller]
fn refused_xml(body: &str, message: &str) {
    refused(body.as_bytes(), Format::Xml, message);
}

#[track_caller]
fn refused_json(body: &str, message: &str) {
    refused(body.as_bytes(), Format::Json, message);
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ServiceRequest><filters><Criteria field=\"name\" \
    operator='CONTAINS'>é &amp; &#xe9;</Criteria></filters><preferences><limitResults>5</limitResults></preferences>\
    <data><Tag><!-- c --><name><![CDATA[😀]]></name><children><set/></children></Tag></data></ServiceRequest>";

const JSON: &str = r#"{"ServiceRequest":{"filters":{"Criteria":[{"field":"name","operator":"CONTAINS","value":"é \ud83d\ude00"}]},
    "preferences":{"limitResults":5,"verbose":true},"data":{"Tag":{"id":1.5e3,"name":"😀","children":{"set":[]},"x":null}}}}"#;

#[test]
fn a_document_cut_at_any_byte_is_refused() {
    for (document, format) in [(XML, Format::Xml), (JSON, Format::Json)] {
        assert!(parse(document.as_bytes(), format).is_ok());
        for length in 1..document.len() {
            let cut = document.as_bytes().get(..length).unwrap();
            let error = parse(cut, format).expect_err("a cut document is no document");
            assert_eq!(error.code, ResponseCode::InvalidXml, "{length}: {error}");
        }
    }
}

#[test]
fn document_types_and_entities_are_refused() {
    refused_xml("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><ServiceRequest/>", "DOCTYPE");
    refused_xml(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]>\n<ServiceRequest>&b;</ServiceRequest>",
        "A document type (DOCTYPE) is not allowed (line 2, column 1)",
    );
    refused_xml("<ServiceRequest><data><Tag><name>&xxe;</name></Tag></data></ServiceRequest>", "'&xxe;'");
    refused_xml(
        "<ServiceRequest><filters><Criteria field='&xxe;'>1</Criteria></filters></ServiceRequest>",
        "xxe",
    );
    refused_xml("<ServiceRequest><?php echo 1 ?></ServiceRequest>", "processing instruction");
    refused_xml("<?xml-stylesheet href='a'?><ServiceRequest/>", "processing instruction");
}

#[test]
fn other_encodings_are_refused_by_name() {
    refused_xml("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><ServiceRequest/>", "'ISO-8859-1'");
    refused(b"<ServiceRequest>\n \xE9</ServiceRequest>", Format::Xml, "(line 2, column 2)");
    refused(b"{\"ServiceRequest\":\"\xFF\"}", Format::Json, "UTF-8");
    let utf16: Vec<u8> = "\u{FEFF}<ServiceRequest/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused(&utf16, Format::Xml, "UTF-16");
    assert!(parse(b"<?xml version='1.0' encoding='utf-8'?><ServiceRequest/>", Format::Xml).is_ok());
}

#[test]
fn ill_formed_documents_are_refused_with_their_place() {
    refused_xml("<ServiceRequest>\n  <filters></data>\n</ServiceRequest>", "line 2");
    refused_xml("<ServiceRequest>\n<data>", "'data' of line 2, column 1 is not closed");
    refused_xml("<ServiceRequest/><ServiceRequest/>", "one root");
    refused_xml("<ServiceRequest/>x", "outside");
    refused_xml("x<ServiceRequest/>", "outside");
    refused_xml("<!-- only -->", "no root");
    refused_xml("<ServiceRequest/><?xml version='1.0'?>", "must come first");
    refused_xml("<?xml version='1.0'?><?xml version='1.0'?><ServiceRequest/>", "must come first");
    refused_xml("<ServiceRequest a='1' a='2'/>", "(line 1, column 1)");
    refused_xml("<ServiceRequest><1/></ServiceRequest>", "'1' is not a name");
    refused_xml("<ServiceRequest><data><Tag>text<name/></Tag></data></ServiceRequest>", "'text'");
    refused_xml("<ServiceRequest>&amp</ServiceRequest>", "well-formed");
    refused_xml("{\"ServiceRequest\":{}}", "outside");

    refused_json("{\"ServiceRequest\":{\n \"filters\":}}", "(line 2, column 12)");
    refused_json("{\"ServiceRequest\":{}} x", "(line 1, column 23)");
    refused_json("{\"ServiceRequest\":{\"é\":tru}}", "(line 1, column 27)");
    refused_json("{'ServiceRequest':{}}", "well-formed JSON");
    refused_json("{\"ServiceRequest\":{\"data\":{\"a\":\"\\ud800\"}}}", "well-formed JSON");
    refused_json("{\"ServiceRequest\":{\"data\":{\"a\":[[1]]}}}", "Array inside an array in 'a'");
    refused_json("<ServiceRequest/>", "well-formed JSON");
    refused_json("{\"ServiceRequest\":{\"data\":{\"a\":01}}}", "well-formed JSON");
    refused_json("{\"ServiceRequest\":{\"data\":{\"a\":NaN}}}", "well-formed JSON");
}

#[test]
fn a_member_given_twice_is_refused() {
    refused_json(
        "{\"ServiceRequest\":{\"data\":{\"Tag\":{\"id\":1,\n\"id\":2}}}}",
        "Member 'id' is given more than once (line 2, column 6)",
    );
    refused_json("{\"ServiceRequest\":{\"filters\":{},\"filters\":null}}", "'filters'");
    refused_json("{\"ServiceRequest\":{},\"ServiceRequest\":{}}", "'ServiceRequest'");
}

#[test]
fn characters_that_can_not_be_answered_are_not_taken() {
    refused_xml("<ServiceRequest>\u{1}</ServiceRequest>", "U+0001");
    refused_xml("<ServiceRequest><data><a>&#0;</a></data></ServiceRequest>", "well-formed");
    refused_xml("<ServiceRequest><data><a>&#1;</a></data></ServiceRequest>", "U+0001");
    refused_xml("<ServiceRequest><data><a b='&#xFFFF;'/></data></ServiceRequest>", "U+FFFF");
    refused_json(
        "{\"ServiceRequest\":{\"data\":{\"a\":\"x\\u0000\"}}}",
        "U+0000 is not allowed (line 1, column 32)",
    );
}

#[test]
fn depth_size_and_number_are_limited() {
    let nested = |depth: usize| {
        let (open, close) = ("<a>".repeat(depth), "</a>".repeat(depth));
        format!("<ServiceRequest><data>{open}{close}</data></ServiceRequest>")
    };
    assert!(parse(nested(30).as_bytes(), Format::Xml).is_ok());
    refused_xml(&nested(31), "nested too deeply");
    refused_xml(&nested(100_000), "nested too deeply");
    let nested = |depth: usize| {
        let (open, close) = ("{\"a\":".repeat(depth), "}".repeat(depth));
        format!("{{\"ServiceRequest\":{{\"data\":{open}1{close}}}}}")
    };
    assert!(parse(nested(30).as_bytes(), Format::Json).is_ok());
    refused_json(&nested(31), "nested too deeply");
    refused_json(&nested(1_000_000), "nested too deeply");
    refused_json(&"[".repeat(1_000_000), "well-formed");

    let small = Limits { bytes: 200, depth: 32, nodes: 6 };
    let error = read(&[b' '; 201], Format::Xml, &small).unwrap_err();
    assert_eq!(error.message, "The request body is too large (201 bytes).");
    let tags =
        |n: usize| format!("<ServiceRequest><data><a>{}</a></data></ServiceRequest>", "<b/>".repeat(n));
    assert!(read(tags(3).as_bytes(), Format::Xml, &small).is_ok());
    assert!(read(tags(4).as_bytes(), Format::Xml, &small).unwrap_err().message.contains("too many elements"));
    let tags = |n: usize| format!("{{\"ServiceRequest\":{{\"data\":{{\"a\":[{}1]}}}}}}", "1,".repeat(n));
    assert!(
        read(tags(10).as_bytes(), Format::Json, &small).unwrap_err().message.contains("too many elements")
    );
}

#[test]
fn a_list_of_a_hundred_thousand_ids_is_read() {
    let ids: Vec<String> = (0..100_000).map(|id: u32| id.to_string()).collect();
    let body = format!(
        "<ServiceRequest><filters><Criteria field='id' operator='IN'>{}</Criteria></filters></ServiceRequest>",
        ids.join(",\n")
    );
    let request = parse(body.as_bytes(), Format::Xml).unwrap();
    assert_eq!(request.criteria().first().unwrap().value.split(',').count(), 100_000);
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for format in [Format::Xml, Format::Json] {
            if let Err(error) = parse(&body, format) {
                prop_assert!(!error.resolution.is_empty());
            }
        }
    }

    #[test]
    fn no_damage_brings_it_down(
        xml in any::<bool>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (document, format) = if xml { (XML, Format::Xml) } else { (JSON, Format::Json) };
        let mut bytes = document.as_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Err(error) = parse(&bytes, format) {
            prop_assert!(!error.message.is_empty() && !error.resolution.is_empty());
        }
    }
}
