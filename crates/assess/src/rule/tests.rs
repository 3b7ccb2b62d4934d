//! What rule files may say, and what the editor's schema says they may.

use serde_json::Value as Json;

use super::*;
use crate::device::Device;
use crate::engine::{Status, data_point, judge};
use crate::family::Family;

/// A control around a few lines of YAML, assessed on one text.
fn status(body: &str, text: &str) -> Status {
    verdict(body, text, None).status
}

fn control(body: &str) -> Result<Control, Vec<RuleError>> {
    let indented: String = body.lines().map(|l| format!("    {l}\n")).collect();
    let text = format!(
        "family: cisco-ios\ncontrols:\n  - cid: 1000000\n    title: t\n    category: c\n    criticality: 3\n    rationale: r\n    remediation: do\n{indented}    samples: [ {{ pass: x }}, {{ fail: y }} ]\n"
    );
    read_rules(&text).map(|mut controls| controls.remove(0))
}

fn verdict(body: &str, text: &str, version: Option<&str>) -> crate::engine::Verdict {
    let control = control(body).unwrap_or_else(|e| panic!("{e:?}"));
    let device =
        Device::sample(Family::CiscoIos, &[("running-config".into(), text.into())], version).expect("device");
    judge(&control, &data_point(&device, &control), &Policy::default())
}

fn message(body: &str) -> String {
    control(body)
        .err()
        .map(|e| e.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        .unwrap_or_default()
}

#[test]
fn quantifiers_over_blocks() {
    let text = "interface A\n shutdown\ninterface B\n ip address 192.0.2.1 255.255.255.0\n";
    for (need, wanted) in [
        ("all", Status::Failed),
        ("any", Status::Passed),
        ("none", Status::Failed),
        ("{ eq: 1 }", Status::Passed),
        ("{ ge: 2 }", Status::Failed),
    ] {
        let body = format!("scope: {{ each: \"interface <name>\", need: {need} }}\ntest: shutdown");
        assert_eq!(status(&body, text), wanted, "{need}");
    }
    for (none, wanted) in [
        ("pass", Status::Passed),
        ("fail", Status::Failed),
        ("error", Status::Error),
        ("not-applicable", Status::NotApplicable),
    ] {
        let body = format!("scope: {{ each: \"interface <name>\", none: {none} }}\ntest: shutdown");
        assert_eq!(status(&body, "hostname a\n"), wanted, "{none}");
    }
}

#[test]
fn the_order_of_statements_can_be_asked_for() {
    let body = "scope: { each: \"ip access-list extended <name>\" }\ntest: { order: [\"permit tcp any host 192.0.2.1\", \"deny ip any any\"] }";
    assert_eq!(
        status(body, "ip access-list extended A\n permit tcp any host 192.0.2.1\n deny ip any any\n"),
        Status::Passed
    );
    assert_eq!(
        status(body, "ip access-list extended A\n deny ip any any\n permit tcp any host 192.0.2.1\n"),
        Status::Failed
    );
}

#[test]
fn defaults_depend_on_the_version_and_an_unknown_version_is_an_error() {
    let body = "test: { find: \"ip ssh time-out <v>\", type: int, defaults: [ { versions: \"<15\", value: 120 }, { value: 30 } ], le: 60 }";
    assert_eq!(verdict(body, "hostname a\n", Some("15.2")).status, Status::Passed);
    assert_eq!(verdict(body, "hostname a\n", Some("12.4")).status, Status::Failed);
    assert_eq!(verdict(body, "hostname a\n", None).status, Status::Error);
    let body = format!("versions: \">=15\"\n{body}");
    assert_eq!(verdict(&body, "hostname a\n", Some("12.4")).status, Status::NotApplicable);
    assert_eq!(verdict(&body, "hostname a\n", None).status, Status::Error);
}

#[test]
fn addresses_lists_and_durations_are_compared_as_what_they_are() {
    let within = "test: { find: \"ntp server <v>\", cidr-within: [192.0.2.0/24] }";
    assert_eq!(status(within, "ntp server 192.0.2.9\n"), Status::Passed);
    assert_eq!(status(within, "ntp server 198.51.100.1\n"), Status::Failed);
    assert_eq!(status(within, "ntp server pool.example.test\n"), Status::Error, "a name is no address");
    let list = "test: { find: \"transport input <v...>\", list-equal: [ssh, telnet] }";
    assert_eq!(status(list, "transport input telnet ssh\n"), Status::Passed);
    let number = "test: { find: \"x <v>\", type: int, le: 5 }";
    assert_eq!(status(number, "x many\n"), Status::Error);
}

#[test]
fn remediation_is_filled_from_the_device() {
    let body = "commands: |\n  interface {name}\n   mtu {size} on {hostname}\nparams: { size: 1500 }\nscope: { each: \"interface <name>\" }\ntest: { find: \"mtu <v>\", type: int, eq: $size }";
    let verdict = verdict(body, "hostname r9\ninterface Gi0/1\n mtu 900\ninterface Gi0/2\n mtu 1500\n", None);
    assert_eq!(verdict.remediation.as_deref(), Some("do\ninterface Gi0/1\n mtu 1500 on r9"));
}

#[test]
fn mistakes_say_where_and_what_would_be_right() {
    for (body, wanted) in [
        ("test: { find: \"a <v>\", le: many }", "line 9, column 32: many is no number"),
        ("test: { find: \"a <v>\", eq: $max }", "parameter $max is not declared"),
        ("test: { value: gone, eq: 1 }", "value \"gone\" is not extracted"),
        ("test: { find: \"a <v>\" }", "compares nothing"),
        ("test: { find: \"a <v>\", mathces: x }", "no key \"mathces\""),
        ("test: { find: \"a <v>\", matches: \"(?=x)\" }", "regular expression is not accepted"),
        ("source: nothing\ntest: a", "no command output \"nothing\""),
        ("versions: newest\ntest: a", "no version bound"),
        ("params: { n: { default: 5, max: 3 } }\ntest: a", "not between"),
        ("test: { ref: \"a <v>\", to: \"b <w>\" }", "\"to\" must capture <v>"),
        ("commands: \"x {nowhere}\"\ntest: a", "placeholder {nowhere} is not known"),
        ("scope: { each: \"a <n>\", label: m }\ntest: b", "label \"m\" is no capture"),
        ("test: { find: \"a <v>\", strength-at-least: iron }", "no known kind of hash"),
    ] {
        let shown = message(body);
        assert!(shown.contains(wanted), "{body}: {shown}");
    }
}

#[test]
fn a_policy_sets_parameters_and_what_errors_mean() {
    let control = control(
        "params: { max: { default: 5, min: 1, max: 9 } }\ntest: { find: \"x <v>\", type: int, le: $max }",
    )
    .expect("control");
    let policy = Policy::read("policy: ours\nset: { 1000000: { max: 7 } }\non-error: { 1000000: fail }\n")
        .expect("policy");
    policy.check(&[&control]).expect("fits");
    let device = |text: &str| {
        Device::sample(Family::CiscoIos, &[("running-config".into(), text.into())], None).expect("device")
    };
    let judged = |text: &str| judge(&control, &data_point(&device(text), &control), &policy).status;
    assert_eq!(judged("x 6\n"), Status::Passed);
    assert_eq!(judged("x many\n"), Status::Failed);
    let wrong = Policy::read("policy: ours\nset: { 1000000: { max: 70, min: 1 } }\n").expect("policy");
    assert_eq!(wrong.check(&[&control]).expect_err("two mistakes").len(), 2);
    assert!(
        Policy::read("policy: p\ncontrol: [1]\n").expect_err("a mistake")[0]
            .to_string()
            .contains("line 2, column 1")
    );
}

#[test]
fn the_schema_knows_the_keys_that_the_reader_knows() {
    let schema: Json = serde_json::from_str(SCHEMA).expect("json");
    let keys = |pointer: &str| -> Vec<String> {
        let mut keys: Vec<String> =
            schema.pointer(pointer).and_then(Json::as_object).expect(pointer).keys().cloned().collect();
        keys.sort();
        keys
    };
    let sorted = |lists: &[&[&str]]| -> Vec<String> {
        let mut all: Vec<String> = lists.concat().iter().map(ToString::to_string).collect();
        all.sort();
        all
    };
    let relations: Vec<&str> = op::RELATIONS.iter().map(|(name, ..)| *name).collect();
    let forms: Vec<&str> =
        decode_check::FORMS.iter().copied().filter(|f| !matches!(*f, "all" | "any" | "none")).collect();
    assert_eq!(keys("/properties"), sorted(&[decode::FILE_KEYS]));
    assert_eq!(keys("/$defs/control/properties"), sorted(&[decode::CONTROL_KEYS]));
    assert_eq!(keys("/$defs/scope/properties"), sorted(&[decode::SCOPE_KEYS]));
    assert_eq!(keys("/$defs/param/oneOf/1/properties"), sorted(&[decode::PARAM_KEYS]));
    assert_eq!(keys("/$defs/sample/properties"), sorted(&[decode::SAMPLE_KEYS]));
    assert_eq!(keys("/$defs/leaf/properties"), sorted(&[&forms, decode_check::PROBE_KEYS, &relations]));
    let families: Vec<&str> = schema["properties"]["family"]["enum"]
        .as_array()
        .expect("list")
        .iter()
        .filter_map(Json::as_str)
        .collect();
    assert_eq!(families, Family::ALL.map(Family::slug));
    let types: Vec<&str> = schema["$defs"]["leaf"]["properties"]["type"]["enum"]
        .as_array()
        .expect("list")
        .iter()
        .filter_map(Json::as_str)
        .collect();
    assert_eq!(types, decode_check::TYPES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
}
