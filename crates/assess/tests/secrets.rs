//! Secrets planted in uploads appear in nothing that this crate gives out: data points, verdicts, reports, masked text,
//! differences, error messages.

#![expect(clippy::expect_used, reason = "a test that cannot go on should say so")]

mod common;

use assess::{
    Assessment, Device, Family, Library, Policy, ReadOptions, collect, difference, judge, mask_text,
};

const PLANTED: [&str; 4] = ["Pl4ntedA1secret", "Pl4ntedB2secret", "Pl4ntedC3secret", "Pl4ntedD4secret"];

fn uploads() -> Vec<(&'static str, String)> {
    let [a, b, c, d] = PLANTED;
    vec![
        (
            "cisco-ios",
            format!(
                "version 15.2\nhostname R1\nenable secret 5 $1$x${a}\nenable password {b}\nusername u password 0 {c}\nsnmp-server community {d} RW\nsnmp-server host 192.0.2.1 version 2c {a}\ntacacs server T\n key 7 {b}\nrouter bgp 1\n neighbor 192.0.2.2 password {c}\nkey chain K\n key 1\n  key-string {d}\nline vty 0 4\n password {a}\nend\n"
            ),
        ),
        (
            "cisco-asa",
            format!(
                "ASA Version 9.12(4)\nhostname fw\nenable password {a} encrypted\nusername u password {b} encrypted\nsnmp-server community {c}\nsnmp-server host inside 192.0.2.1 community {d} version 2c\ntunnel-group T ipsec-attributes\n ikev1 pre-shared-key {a}\n: end\n"
            ),
        ),
        (
            "cisco-nxos",
            format!(
                "!Command: show running-config\nversion 9.3(5)\nhostname sw\nusername u password 5 {a} role network-admin\nsnmp-server community {b} group network-admin\nsnmp-server user u network-admin auth md5 {c} priv {d} localizedkey\n"
            ),
        ),
        (
            "arista-eos",
            format!(
                "! device: sw (X, EOS-4.29.2F)\nhostname sw\nusername u secret sha512 {a}\nenable password sha512 {b}\nsnmp-server community {c} rw\nmanagement ssh\n   idle-timeout 5\ntacacs-server key 7 {d}\nend\n"
            ),
        ),
        (
            "junos",
            format!(
                "set version 20.4R3\nset system host-name r\nset system root-authentication encrypted-password \"{a}\"\nset system login user u authentication encrypted-password \"{b}\"\nset snmp community {c} authorization read-write\nset protocols bgp group g authentication-key \"{d}\"\n"
            ),
        ),
        (
            "junos",
            format!(
                "version 20.4R3;\nsystem {{\n    host-name r;\n    root-authentication {{\n        encrypted-password \"{a}\";\n    }}\n    radius-server {{\n        192.0.2.1 secret \"{b}\";\n    }}\n}}\nsnmp {{\n    community {c} {{\n        authorization read-write;\n    }}\n}}\n"
            ),
        ),
        (
            "fortios",
            format!(
                "#config-version=FGT60F-7.0.9-FW\nconfig system global\n    set hostname \"fw\"\nend\nconfig system snmp community\n    edit 1\n        set name \"{a}\"\n    next\nend\nconfig system admin\n    edit \"x\"\n        set password ENC {b}\n    next\nend\nconfig vpn ipsec phase1-interface\n    edit \"hq\"\n        set psksecret ENC {c}\n    next\nend\nconfig vpn certificate local\n    edit \"k\"\n        set private-key \"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{d}\n-----END ENCRYPTED PRIVATE KEY-----\"\n    next\nend\n"
            ),
        ),
        (
            "panos",
            format!(
                "set deviceconfig system hostname fw\nset mgt-config users u phash {a}\nset deviceconfig system snmp-setting access-setting version v2c snmp-community-string {b}\nset shared server-profile radius R server s secret {c}\nset network ike gateway g authentication pre-shared-key key {d}\n"
            ),
        ),
        (
            "panos",
            format!(
                "<config version=\"10.1.0\"><devices><entry name=\"localhost.localdomain\"><deviceconfig><system>\n<hostname>fw</hostname>\n<snmp-setting><access-setting><version><v2c>\n<snmp-community-string>{a}</snmp-community-string>\n</v2c></version></access-setting></snmp-setting>\n</system></deviceconfig></entry></devices>\n<mgt-config><users><entry name=\"u\">\n<phash>{b}</phash>\n</entry></users></mgt-config></config>\n"
            ),
        ),
        (
            "comware",
            format!(
                "#\n version 7.1.070, Release 3208\n#\n sysname sw\n#\n snmp-agent community write {a}\n snmp-agent community read cipher {b}\n#\nlocal-user u class manage\n password simple {c}\n#\nline vty 0 63\n set authentication password hash {d}\n#\nreturn\n"
            ),
        ),
        (
            "fabric-os",
            format!(
                "san:admin> configshow\n[Boot Parameters]\nfabric.ops.x:1\nsan:admin> snmpconfig --show snmpv1\n  Community 1: {a} (rw)\nsan:admin> aaaconfig --show\nPrimary AAA Service: RADIUS\nSecret : {b}\nsan:admin> "
            ),
        ),
        (
            "f5",
            format!(
                "#TMSH-VERSION: 16.1.3\nauth user u {{\n    encrypted-password {a}\n}}\nsys snmp {{\n    communities {{\n        c {{\n            community-name {b}\n        }}\n    }}\n}}\n"
            ),
        ),
        (
            "gaia",
            format!(
                "# Configuration of gw\nset hostname gw\nset user u password-hash {a}\nset snmp community {b} read-only\nset inactivity-timeout 10\n"
            ),
        ),
    ]
}

#[test]
fn nothing_that_is_given_out_holds_a_planted_secret() {
    for (family, text) in uploads() {
        let options = ReadOptions { technology: Some(family.to_owned()), ..ReadOptions::default() };
        let device = Device::read(text.as_bytes(), &options).expect("device");
        demand_masked(&device, &PLANTED);
    }
}

/// Every place of every family that is known to hold a secret, in an upload of that family.
#[test]
fn nothing_that_is_given_out_holds_a_secret_of_any_known_place() {
    for sample in common::all() {
        let (text, secret) = common::planted(&sample);
        let options = ReadOptions { technology: Some(sample.family.to_owned()), ..ReadOptions::default() };
        let device = Device::read(text.as_bytes(), &options).expect("device");
        assert!(device.texts().iter().any(|(_, _, text)| text.contains(secret)), "{sample}: it is read");
        demand_masked(&device, &[secret]);
    }
    let (places, secret) = (include_str!("planted/linux.txt"), "Pl4nt3dSecr3tValue");
    let planted: String = places.lines().map(|place| place.replacen('@', secret, 2) + "\n").collect();
    let outputs: Vec<_> =
        Family::Linux.commands().iter().map(|c| (c.id.to_owned(), planted.clone())).collect();
    demand_masked(&Device::assemble(Family::Linux, &outputs, None).expect("device"), &[secret]);
}

/// Looks at all that this crate gives out about a device.
fn demand_masked(device: &Device, secrets: &[&str]) {
    let library = Library::builtin();
    let points = collect(device, library.of(device.family()));
    let assessment = Assessment::of(device, &library, &Policy::default());
    let main = device.family().commands().first().expect("a command").id;
    let empty = Device::assemble(device.family(), &[(main.to_owned(), "x\n".to_owned())], None);
    let empty = empty.expect("device");
    let nothing = Assessment::of(&empty, &library, &Policy::default());
    let changed = |old: (&Device, &Assessment), new: (&Device, &Assessment)| {
        serde_json::to_string(&difference(old, new)).expect("json")
    };
    let given = [
        serde_json::to_string(&points).expect("json"),
        serde_json::to_string(&assessment).expect("json"),
        changed((&empty, &nothing), (device, &assessment)),
        changed((device, &assessment), (&empty, &nothing)),
        mask_text(device),
        report(&assessment, difference((&empty, &nothing), (device, &assessment))),
    ];
    for (at, shown) in given.iter().enumerate() {
        for secret in secrets {
            let place = shown.lines().find(|line| line.contains(secret)).map(|line| {
                let at = line.find(secret).unwrap_or_default();
                line.chars().skip(at.saturating_sub(200)).take(400).collect::<String>()
            });
            assert_eq!(place, None, "{}: {secret} in output {at}", device.family());
        }
    }
}

/// The table, the JSON and the SARIF.
fn report(assessment: &Assessment, difference: assess::Difference) -> String {
    let one = assess::report::Assessed {
        file: "x".to_owned(),
        assessment: assessment.clone(),
        difference: Some(difference),
    };
    let mut out = Vec::new();
    for format in [assess::report::Format::Table, assess::report::Format::Json, assess::report::Format::Sarif]
    {
        assess::report::write(std::slice::from_ref(&one), format, &mut out).expect("written");
    }
    String::from_utf8(out).expect("text")
}

#[test]
fn masked_text_keeps_its_lines_and_what_is_no_secret() {
    for sample in common::all() {
        let options = ReadOptions { technology: Some(sample.family.to_owned()), ..ReadOptions::default() };
        let device = Device::read(sample.text.as_bytes(), &options).expect("device");
        let masked = mask_text(&device);
        assert_eq!(masked.lines().count(), device.text().len() as usize, "{}", sample.family);
        let kept = masked.lines().filter(|l| !l.contains(assess::MASK)).count();
        assert!(kept * 4 > device.text().len() as usize * 3, "{}: only {kept} lines are left", sample.family);
    }
}

#[test]
fn a_stored_data_point_is_judged_again_by_another_expectation() {
    let text = "version 15.2\nhostname R1\nline vty 0 4\n exec-timeout 15 0\nline con 0\nend\n";
    let device = Device::read(text.as_bytes(), &ReadOptions::default()).expect("device");
    let library = Library::builtin();
    let control = library.get(901002).expect("control");
    let stored = serde_json::to_string(&assess::data_point(&device, control)).expect("json");
    let point: assess::DataPoint = serde_json::from_str(&stored).expect("data point");
    assert_eq!(judge(control, &point, &Policy::default()).status, assess::Status::Failed);
    let mut lenient = Policy::default();
    lenient.set_text("901002.max=1800").expect("parameter");
    assert_eq!(judge(control, &point, &lenient).status, assess::Status::Passed);
}
