//! The same bad input for every operation: each is refused in the contract's code, and changes nothing.

use platform::{IdPart, Operation, Platform};

use crate::common::{As, Reply, World, filters, json_of};
use crate::permissions::{absent_code, furnished, good_request};

const XML: &str = "text/xml";
const JSON: &str = "application/json";

struct Battery<'w> {
    world: &'w World,
    me: As<'w>,
    operation: &'static Operation,
    url: String,
    body: String,
    before: [String; 2],
}

impl Battery<'_> {
    fn method(&self) -> &'static str {
        self.operation.methods[0].name()
    }

    /// One bad call, answered in the format that it is in.
    #[track_caller]
    fn bad(&self, what: &str, content_type: &str, body: &[u8], code: &str) -> Reply {
        self.bad_at(what, self.method(), &self.url, content_type, body, code)
    }

    #[track_caller]
    fn bad_at(
        &self,
        what: &str,
        method: &str,
        url: &str,
        content_type: &str,
        body: &[u8],
        code: &str,
    ) -> Reply {
        let is_json = content_type.starts_with(JSON);
        let side = usize::from(is_json);
        let (status, text) = self.me.raw(side, method, url, Some(content_type), None, body);
        let format = if is_json { qps::Format::Json } else { qps::Format::Xml };
        let reply = Reply::read(status, format, text);
        let route = self.operation.route;
        assert_eq!(reply.code(), code, "{what} to {} {}: {}", route.verb, route.object, reply.text);
        reply.refused(code);
        assert_eq!(self.world.fingerprint(), self.before, "{what} to {} {}", route.verb, route.object);
        reply
    }

    /// The same in both formats.
    #[track_caller]
    fn bad_both(&self, what: &str, xml: &str, code: &str) {
        let in_xml = self.bad(what, XML, xml.as_bytes(), code);
        let in_json = self.bad(what, JSON, json_of(xml).as_bytes(), code);
        in_xml.demand_equal(&in_json, what);
    }

    /// The good body with something put right after its root's start tag; criteria join those that it has.
    fn with(&self, part: &str) -> String {
        let criteria = part.strip_prefix("<filters>").and_then(|part| part.strip_suffix("</filters>"));
        if let Some(criteria) = criteria.filter(|_| self.body.contains("<filters>")) {
            return self.body.replacen("<filters>", &format!("<filters>{criteria}"), 1);
        }
        self.body.replacen("<ServiceRequest>", &format!("<ServiceRequest>{part}"), 1)
    }
}

fn for_every_operation(battery: impl Fn(&Battery<'_>)) {
    let world = furnished();
    let before = world.fingerprint();
    for operation in Platform::operations() {
        let (url, body) = good_request(operation);
        battery(&Battery {
            world: &world,
            me: world.manager(),
            operation,
            url,
            body,
            before: before.clone(),
        });
    }
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for_every_operation(|one| {
        for xml in [
            "<",
            "<ServiceRequest>",
            "<ServiceRequest></ServiceRequests>",
            "plain text",
            "<ServiceRequest/><ServiceRequest/>",
            "<ServiceRequest>&nbsp;</ServiceRequest>",
            "<ServiceRequest>text</ServiceRequest>",
            "<Request/>",
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><ServiceRequest>&e;</ServiceRequest>",
            "<ServiceRequest><filters/><filters/></ServiceRequest>",
            "{\"ServiceRequest\":{}}",
        ] {
            one.bad(xml, XML, xml.as_bytes(), "INVALID_XML");
        }
        for json in [
            "{",
            "[]",
            "5",
            "\"text\"",
            "{\"ServiceRequest\":}",
            "{\"ServiceRequest\":{}}{}",
            "{\"Request\":{}}",
            "{\"ServiceRequest\":{},\"more\":{}}",
            "{\"ServiceRequest\":{\"data\":{}},}",
            "<ServiceRequest/>",
            "{\"ServiceRequest\":{\"filters\":{},\"filters\":{}}}",
            "{\"ServiceRequest\":\"\\u0001\"}",
        ] {
            one.bad(json, JSON, json.as_bytes(), "INVALID_XML");
        }
        for end in 1..one.body.trim_end().len() {
            one.bad("a body cut short", XML, one.body.as_bytes().get(..end).unwrap(), "INVALID_XML");
        }
        let json = json_of(&one.body);
        for end in 1..json.len() {
            one.bad("a body cut short", JSON, json.as_bytes().get(..end).unwrap(), "INVALID_XML");
        }
    });
}

#[test]
fn what_is_too_large_or_too_deep_is_refused() {
    for_every_operation(|one| {
        let blanks = format!("{}{}", one.body, " ".repeat(10 << 20));
        one.bad("too many bytes", XML, blanks.as_bytes(), "INVALID_XML");
        one.bad(
            "too many bytes",
            JSON,
            format!("{}{}", json_of(&one.body), " ".repeat(10 << 20)).as_bytes(),
            "INVALID_XML",
        );
        let deep = format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000));
        one.bad("too deep", XML, one.with(&deep).as_bytes(), "INVALID_XML");
        let deep =
            format!("{{\"ServiceRequest\":{}{}}}", "{\"a\":".repeat(40), "1".to_owned() + &"}".repeat(40));
        one.bad("too deep", JSON, deep.as_bytes(), "INVALID_XML");
    });
}

#[test]
fn more_elements_than_anybody_needs_are_refused() {
    let world = furnished();
    let before = world.fingerprint();
    let many = "<Criteria field=\"id\" operator=\"EQUALS\">1</Criteria>".repeat(90_000);
    let body = format!("<ServiceRequest><filters>{many}</filters></ServiceRequest>");
    for path in ["search/am/tag", "delete/am/hostasset", "count/am/asset"] {
        let me = world.manager();
        let (status, text) =
            me.raw(0, "POST", &format!("/qps/rest/2.0/{path}"), Some(XML), None, body.as_bytes());
        Reply::read(status, qps::Format::Xml, text).refused("INVALID_XML");
    }
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn other_encodings_are_refused() {
    for_every_operation(|one| {
        let body = one.body.as_bytes();
        one.bad("a foreign charset", "text/xml; charset=iso-8859-1", body, "INVALID_REQUEST");
        one.bad(
            "a foreign charset",
            "application/json; charset=utf-16",
            b"{\"ServiceRequest\":{}}",
            "INVALID_REQUEST",
        );
        let declared = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{}", one.body);
        one.bad("a foreign declaration", XML, declared.as_bytes(), "INVALID_XML");
        let latin = one.with("<preferences><verbose>caf\u{e9}</verbose></preferences>");
        let latin: Vec<u8> = latin.chars().map(|c| u8::try_from(c).unwrap()).collect();
        one.bad("Latin-1", XML, &latin, "INVALID_XML");
        one.bad("Latin-1", JSON, b"{\"ServiceRequest\":{\"data\":\"\xe9\"}}", "INVALID_XML");
        let wide: Vec<u8> = "\u{feff}<ServiceRequest/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        one.bad("UTF-16", XML, &wide, "INVALID_XML");
        one.bad("a form", "application/x-www-form-urlencoded", b"name=x", "INVALID_REQUEST");
    });
}

#[test]
fn what_the_envelope_does_not_have_is_refused() {
    for_every_operation(|one| {
        one.bad_both("an unknown part", &one.with("<filter/>"), "INVALID_XML");
        one.bad_both(
            "an unknown element among criteria",
            &one.with("<filters><Criterion/></filters>"),
            "INVALID_XML",
        );
        one.bad_both(
            "an unknown preference",
            &one.with("<preferences><limit>1</limit></preferences>"),
            "INVALID_XML",
        );
        one.bad_both(
            "a wrong preference",
            &one.with("<preferences><limitResults>all</limitResults></preferences>"),
            "INVALID_REQUEST",
        );
        one.bad_both(
            "a misspelled attribute",
            &one.with("<filters><Criteria feld=\"id\">1</Criteria></filters>"),
            "INVALID_REQUEST",
        );
        one.bad_both(
            "a criterion without field",
            &one.with("<filters><Criteria>1</Criteria></filters>"),
            "INVALID_REQUEST",
        );
        if one.body.contains("<data>") {
            let twice = one.body.replacen("<data>", "<data><Tag/>", 1);
            one.bad_both("two objects", &twice, "INVALID_XML");
            let member = one.body.replacen("<data><", "<data><X/><", 1);
            one.bad_both("two objects", &member, "INVALID_XML");
            let (object, end) = one.body.split_once("</data>").unwrap();
            let (object, tag) = object.rsplit_once("</").unwrap();
            let unknown = format!("{object}<nosuch>1</nosuch></{tag}</data>{end}");
            one.bad_both("an unknown member", &unknown, "INVALID_XML");
            let other = format!(
                "<ServiceRequest>{}</ServiceRequest>",
                "<data><Widget><name>x</name></Widget></data>"
            );
            one.bad_both("another object", &other, "INVALID_REQUEST");
        }
    });
}

#[test]
fn wrong_criteria_are_refused_even_where_nothing_is_filtered() {
    for_every_operation(|one| {
        let criterion = |field: &str, operator: &str, value: &str| {
            one.with(&format!(
                "<filters><Criteria field=\"{field}\" operator=\"{operator}\">{value}</Criteria></filters>"
            ))
        };
        one.bad_both("an unknown field", &criterion("nosuch", "EQUALS", "1"), "INVALID_REQUEST");
        one.bad_both("an unknown operator", &criterion("id", "LIKE", "1"), "INVALID_REQUEST");
        one.bad_both(
            "an operator that the field does not take",
            &criterion("id", "CONTAINS", "1"),
            "INVALID_REQUEST",
        );
        one.bad_both("a value of the wrong type", &criterion("id", "EQUALS", "one"), "INVALID_REQUEST");
        one.bad_both("no value", &criterion("id", "EQUALS", " "), "INVALID_REQUEST");
    });
}

#[test]
fn other_methods_and_urls_are_refused() {
    for_every_operation(|one| {
        let body = one.body.as_bytes();
        let taken: Vec<_> = one.operation.methods.iter().map(|method| method.name()).collect();
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "get", "TRACE"] {
            if !taken.contains(&method) {
                let reply = one.bad_at(method, method, &one.url, XML, body, "INVALID_REQUEST");
                assert_eq!(reply.status, 405);
                assert!(reply.resolution().contains(taken[0]));
            }
        }
        let other = |from: &str, to: &str| one.url.replacen(from, to, 1);
        let route = one.operation.route;
        let at = |what: &str, url: &str, code: &str| one.bad_at(what, one.method(), url, XML, body, code);
        at("another version", &other(&format!("/{}/", route.version), "/7.0/"), "INVALID_API_VERSION");
        at("an unknown object", &other(&format!("/{}", route.object), "/widget"), "UNKNOWN_OBJECT");
        at("an unknown module", &other(&format!("/{}/", route.module), "/zz/"), "UNKNOWN_OBJECT");
        at(
            "an unknown operation",
            &other(&format!("/{}/", route.verb), "/frobnicate/"),
            "OPERATION_NOT_SUPPORTED",
        );
        let base = format!("/qps/rest/{}/{}/{}/{}", route.version, route.verb, route.module, route.object);
        at("an id that is no number", &format!("{base}/abc"), "INVALID_URL");
        at("too long a URL", &format!("{base}/1/2"), "INVALID_URL");
        match route.id {
            IdPart::None => drop(at("an id too many", &format!("{base}/1"), "INVALID_URL")),
            IdPart::Required => drop(at("no id", &base, "INVALID_URL")),
            IdPart::Optional => {}
        }
    });
}

#[test]
fn an_unknown_id_is_not_found() {
    for_every_operation(|one| {
        if one.operation.route.id == IdPart::None {
            return;
        }
        for id in ["0", "4000", "4294967296", "18446744073709551615"] {
            let (path, query) = one.url.split_once('?').unwrap_or((&one.url, ""));
            let url = format!("{}/{id}?{query}", path.rsplit_once('/').unwrap().0);
            let code = absent_code(one.operation);
            one.bad_at("an unknown id", one.method(), &url, XML, one.body.as_bytes(), code);
            one.bad_at("an unknown id", one.method(), &url, JSON, json_of(&one.body).as_bytes(), code);
        }
    });
}

#[test]
fn nothing_out_of_scope_is_found() {
    let world = furnished();
    let before = world.fingerprint();
    let scoped = ["hostasset", "asset", "hostinstancevuln", "catalog", "webapp"];
    for operation in Platform::operations().iter().filter(|one| scoped.contains(&one.route.object)) {
        let (url, body) = good_request(operation);
        let route = operation.route;
        // A scope of a tag that no asset has.
        let me = world.manager().scoped(&[7]);
        let method = operation.methods[0].name();
        match (route.verb, route.id) {
            ("create", _) => {}
            ("updateEntries", _) => drop(me.call(method, &url, &body).ok()),
            (_, IdPart::None) => assert_eq!(me.call(method, &url, &body).count(), 0),
            _ => drop(me.call(method, &url, &body).refused(absent_code(operation))),
        }
        if route.id == IdPart::Optional {
            let (path, query) = url.split_once('?').unwrap_or((&url, ""));
            let url = format!("{}?{query}", path.rsplit_once('/').unwrap().0);
            let all = filters(&[("id", "GREATER", "0")]);
            let only = all.trim_start_matches("<ServiceRequest>").trim_end_matches("</ServiceRequest>");
            let body = body.replacen("<ServiceRequest>", &format!("<ServiceRequest>{only}"), 1);
            assert_eq!(me.call(method, &url, &body).count(), 0, "{} {}", route.verb, route.object);
        }
    }
    assert_eq!(world.fingerprint(), before);
}
