//! The same bad input for every call of the gateway: each is refused in the gateway's shape, and changes nothing.

use platform::Platform;
use platform::gateway::{Body, GatewayOperation, Place};
use serde_json::{Value, json};

use super::samples::{furnished, good_request};
use super::*;

struct Battery {
    gate: Gate,
    operation: &'static GatewayOperation,
    good: Request,
}

impl Battery {
    #[track_caller]
    fn bad(&self, what: &str, request: &Request) -> String {
        let before = self.gate.fingerprint();
        let reply = self.gate.send(request);
        let (name, status) = (self.operation.name, reply.status);
        assert!((400..500).contains(&status), "{what} to {name}: {status} {}", reply.body);
        let error =
            reply.body["_error"].as_object().unwrap_or_else(|| panic!("{what} to {name}: {}", reply.body));
        assert_eq!(error["code"], status, "{what} to {name}");
        let message = error["message"].as_str().unwrap().to_owned();
        let (id, rest) = message.split_once(" - ").expect("an id");
        let is_old = name.starts_with("postureInfoList") && id.len() == 4 && id.parse::<u16>().is_ok();
        let is_id = is_old || id.len() == 8 && id.starts_with("ERR-");
        assert!(is_id && rest.len() > 10, "{what} to {name}: {message}");
        assert!(message.len() < 2_000, "{what} to {name}: {message}");
        assert!(
            operation_lists(self.operation, status),
            "{what} to {name}: {status} is not in its documentation"
        );
        assert_eq!(self.gate.fingerprint(), before, "{what} to {name}");
        message
    }

    fn body(&self, body: impl Into<Vec<u8>>) -> Request {
        Request { body: body.into(), ..self.good.clone() }
    }
}

/// Besides what it lists, every path may be of another method or none.
fn operation_lists(operation: &GatewayOperation, status: u16) -> bool {
    operation.refusals.contains(&status) || [404, 405].contains(&status)
}

fn for_every_call(battery: impl Fn(&Battery)) {
    for operation in Platform::gateway().iter().flat_map(|family| family.operations) {
        let (gate, uuid, _) = furnished();
        let good = good_request(operation, &uuid);
        battery(&Battery { gate, operation, good });
    }
}

fn bytes_of_all_kinds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("nothing", Vec::new()),
        ("blanks", b" \r\n ".to_vec()),
        ("no UTF-8", vec![0xff, 0xfe, 0x00, 0x80]),
        ("NUL", vec![0; 1_000]),
        ("XML", b"<ServiceRequest/>".to_vec()),
        ("a number", b"1".to_vec()),
        ("a text", b"\"x\"".to_vec()),
        ("null", b"null".to_vec()),
        ("a cut object", b"{\"hostIP\":\"192.0".to_vec()),
        ("two objects", b"{}{}".to_vec()),
        ("an empty object", b"{}".to_vec()),
        ("an empty list", b"[]".to_vec()),
        ("a list of numbers", b"[1,2]".to_vec()),
        ("deep lists", vec![b'['; 100_000]),
        ("deep objects", b"{\"a\":".repeat(100_000)),
        ("a large text", format!("\"{}\"", "x".repeat(1 << 20)).into_bytes()),
    ]
}

#[test]
fn bodies_that_are_no_request_are_refused() {
    for_every_call(|battery| {
        if matches!(battery.operation.body, Body::None) {
            return;
        }
        for (what, body) in bytes_of_all_kinds() {
            battery.bad(what, &battery.body(body));
        }
        // Cut at any place, a body is not taken for a whole one.
        let name = battery.operation.name;
        let whole = battery.good.body.len() - if name.starts_with("upload") { 2 } else { 3 };
        for end in (0..whole).step_by(whole / 40 + 1) {
            let body = battery.good.body.get(..end).unwrap();
            battery.bad("a cut body", &battery.body(body));
        }
    });
}

#[test]
fn members_that_are_missing_or_of_another_type_are_refused() {
    for_every_call(|battery| {
        let (Body::Json(members) | Body::Document(members) | Body::List(members)) = battery.operation.body
        else {
            return;
        };
        let is_list = matches!(battery.operation.body, Body::List(_));
        let good: Value = serde_json::from_slice(&battery.good.body).unwrap();
        let object = if is_list { good[0].clone() } else { good };
        let bad = |what: &str, object: &Value| {
            let value = if is_list { json!([object]) } else { object.clone() };
            battery.bad(what, &battery.body(value.to_string()))
        };
        for member in members {
            let mut without = object.clone();
            without.as_object_mut().unwrap().remove(member.name);
            if member.required {
                bad(&format!("no {}", member.name), &without);
                let mut null = object.clone();
                null[member.name] = Value::Null;
                bad(&format!("{} null", member.name), &null);
                let mut blank = object.clone();
                blank[member.name] = json!("  ");
                bad(&format!("{} blank", member.name), &blank);
            }
            // Where nothing comes of a value, nothing can be wrong with it.
            if member.name == "subscriptionId" {
                continue;
            }
            for value in [json!({}), json!([[]]), json!(true), json!({ "a": [1] })] {
                let mut other = object.clone();
                other[member.name] = value;
                bad(&format!("another type of {}", member.name), &other);
            }
        }
    });
}

#[test]
fn fields_of_an_asset_name_what_is_wrong() {
    let (gate, uuid, _) = furnished();
    let good = json!({ "hostIP": "192.0.2.99", "technology": "Fabric 7", "type": MANIFEST });
    let before = gate.fingerprint();
    let long = "x".repeat(1_025);
    for (field, value, status, id) in [
        ("hostIP", "nowhere", 400, "ERR-2903"),
        ("hostIP", "192.0.2.1/24", 400, "ERR-2903"),
        ("hostIP", "192.0.2.256", 400, "ERR-2903"),
        ("technology", "CP/M", 400, "ERR-2904"),
        ("type", "policycompliance", 400, "ERR-2905"),
        ("mac", "02-00", 400, "ERR-2917"),
        ("mac", "02-00-5e-10-00-0g", 400, "ERR-2917"),
        ("dnsName", &long, 400, "ERR-2917"),
        ("uuid", "no uuid", 404, "ERR-2912"),
        ("uuid", "00000000-0000-4000-8000-000000000000", 404, "ERR-2912"),
        ("uuid", &uuid, 400, "ERR-2906"),
    ] {
        let mut body = good.clone();
        body[field] = value.into();
        let message = gate.send(&post(format!("{API}/asset"), body.to_string())).refused(status, id);
        let field = if id == "ERR-2906" { "hostIP" } else { field };
        assert!(message.to_lowercase().contains(&field.to_lowercase()), "{message}");
    }
    let mut missing = good.clone();
    missing.as_object_mut().unwrap().remove("technology");
    let message = gate.send(&post(format!("{API}/asset"), missing.to_string())).refused(400, "ERR-2902");
    assert!(message.contains("technology"), "{message}");
    assert_eq!(gate.fingerprint(), before);
}

#[test]
fn forms_without_a_good_file_are_refused() {
    for_every_call(|battery| {
        let Body::Form(parts) = battery.operation.body else { return };
        let url = &battery.good.url;
        let command = ("command", None, &b"show ip ssh"[..]);
        let of = |part: (&str, Option<&str>, &[u8])| form(url, &[command, part]);
        battery.bad("no part data", &of(("file", Some("a.txt"), b"x")));
        battery.bad("no name of a file", &of(("data", None, b"x")));
        for name in ["a.pdf", "txt", "", ".", "a.txt.exe", "a.txt/", "a\u{0}.tx"] {
            battery.bad("another file", &of(("data", Some(name), b"x")));
        }
        battery.bad("an empty file", &of(("data", Some("a.txt"), b"")));
        battery.bad("a blank file", &of(("data", Some("a.txt"), b" \r\n\t ")));
        battery.bad("a file of NUL", &of(("data", Some("a.txt"), &[0; 500])));
        battery.bad("a file of no text", &of(("data", Some("a.txt"), &(0..=255).collect::<Vec<u8>>())));
        // Whoever names a command may give any text for its output.
        if battery.operation.name != "uploadCommand" {
            battery.bad("a file of no use", &of(("data", Some("a.txt"), b"dear diary\nnothing happened\n")));
            battery.bad("a file of one line", &of(("data", Some("a.txt"), &vec![b'a'; 3 << 20])));
        }
        if parts.iter().any(|part| part.name == "command") {
            let good = ("data", Some("a.txt"), &b"SSH Enabled - version 2.0\n"[..]);
            battery.bad("no command", &form(url, &[good]));
            for command in
                [&b""[..], b" ", b"\xff", b"show version\nend", &[b'x'; 1_000], b"=== show ip ssh ==="]
            {
                battery.bad("a bad command", &form(url, &[("command", None, command), good]));
            }
        }
        let other = Request { content_type: Some("application/json".into()), ..battery.body(&b"{}"[..]) };
        battery.bad("JSON", &other);
    });
}

#[test]
fn parts_of_the_path_parameters_and_methods_are_checked() {
    for_every_call(|battery| {
        let pattern: Vec<_> = battery.operation.path.split('/').collect();
        let url = battery.good.url.clone();
        let (path, query) = url.split_once('?').map_or((url.as_str(), ""), |(path, query)| (path, query));
        for (place, part) in pattern.iter().enumerate().filter(|(_, part)| part.starts_with('{')) {
            for value in [
                "x",
                "%00",
                "..",
                "%2e%2e%2f",
                "0",
                "-1",
                "99999999999999999999999",
                "%ff",
                &"y".repeat(5_000),
            ] {
                let mut parts: Vec<_> = path.split('/').collect();
                parts[place] = value;
                let url = format!("{}?{query}", parts.join("/"));
                battery.bad(&format!("{part} {value}"), &Request { url, ..battery.good.clone() });
            }
        }
        for parameter in battery.operation.parameters {
            match parameter.place {
                Place::Path => {}
                Place::Header => {
                    let headers = vec![(parameter.name, "\u{fffd}".to_owned())];
                    battery.bad("a bad header", &Request { headers, ..battery.good.clone() });
                }
                Place::Query => {
                    let url = format!("{path}?{}=%00x", parameter.name);
                    battery.bad(parameter.name, &Request { url, ..battery.good.clone() });
                }
            }
        }
        for method in ["PATCH", "OPTIONS", "TRACE", "get"] {
            let message = battery.bad("a method", &Request { method, ..battery.good.clone() });
            assert!(message.contains(battery.operation.method.name()), "{message}");
        }
    });
}
