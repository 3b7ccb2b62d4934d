//! Readers meet what no well-meaning program wrote.

use std::fs;
use std::path::Path;

use inventory::linux::{
    Options, accounts, apk, boot, cloud, collect, docker, dpkg, hostname, interfaces, logins, memory,
    os_release, ports, processors, routes, rpm, services, timezone, volumes,
};
use inventory::protocol::{CheckIn, Content, read_checkin};
use inventory::{Inventory, Transport};
use proptest::prelude::*;

/// Texts made of what the parsers look for, in the wrong places.
fn hostile_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "Package: ",
        "Status: ",
        "install ok installed",
        "Version",
        ":",
        "\n\n",
        "\n",
        "\t",
        " - ",
        "\\040",
        "\\",
        "=",
        "\"",
        "P:",
        "V:",
        "0A",
        "07",
        "FFFFFFFF",
        "0100007F:0016",
        "99999999999999999999",
        "-1",
        "é",
        "\u{0}",
        "\u{202e}",
        "btime ",
        "MemTotal:",
        "processor\t: 0",
        "physical id : 4294967295",
        "cpu cores : 0",
        "PRETTY_NAME=",
        "/dev/",
        " ",
        "22/tcp",
        "#",
        "00000000",
        "gpg-pubkey",
        "(none)",
        "+",
        "kB",
    ]);
    prop_oneof![any::<String>(), prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat()),]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_text_makes_a_parser_panic(text in hostile_text(), khz in any::<Option<u32>>()) {
        accounts::parse(&text).count();
        apk::parse(&text).count();
        boot::parse(&text);
        dpkg::parse(&text).count();
        hostname::names(&text, &text, Some(&text), &text);
        interfaces::passing_addresses(&text);
        memory::parse(&text);
        os_release::parse(&text);
        ports::parse(&text, Transport::Tcp).count();
        ports::parse(&text, Transport::Udp).count();
        ports::ephemeral_range(&text);
        processors::parse(&text, khz);
        routes::parse_v4(&text).count();
        routes::parse_v6(&text).count();
        rpm::parse(&text).count();
        services::parse(&text);
        timezone::parse_link(Path::new(&text));
        volumes::parse(&text).count();
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in any::<Vec<u8>>(), size in 0_usize..500) {
        logins::last_user(&bytes, size);
        logins::lastlog_time(&bytes);
        docker::parse(&bytes);
        cloud::parse_aws(&bytes);
        cloud::parse_azure(&bytes);
        cloud::parse_gcp(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_the_files_say_the_message_made_of_them_is_read(texts in prop::collection::vec(hostile_text(), 14)) {
        let root = tempfile::tempdir().unwrap();
        let paths = [
            "etc/os-release", "etc/machine-id", "etc/hostname", "etc/hosts", "etc/passwd", "etc/services", "etc/timezone",
            "proc/cpuinfo", "proc/meminfo", "proc/stat", "proc/net/tcp", "proc/self/mountinfo", "var/lib/dpkg/status",
            "lib/apk/db/installed",
        ];
        for (path, text) in paths.iter().zip(&texts) {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let inventory = collect(&Options { root: root.path().into(), metadata: None });
        let message = CheckIn {
            sequence: 1,
            agent_version: "1".into(),
            collected_at: "2026-01-02T03:04:05Z".parse().unwrap(),
            base: None,
            state: inventory.hash(),
            content: Content::Full(Box::new(inventory.clone())),
        };
        let read = read_checkin(&serde_json::to_vec(&message).unwrap()).unwrap();
        prop_assert_eq!(read.resolve(None), Ok(inventory));
    }
}

#[test]
fn an_empty_tree_is_an_inventory_of_omissions() {
    let root = tempfile::tempdir().unwrap();
    let inventory = collect(&Options { root: root.path().into(), metadata: None });
    let omitted: Vec<&str> = inventory.omissions.iter().map(|omission| &*omission.what).collect();
    for what in
        ["accounts", "host", "identity.machineId", "interfaces", "memoryMb", "os.name", "ports", "processors"]
    {
        assert!(omitted.contains(&what), "{what} is not in {omitted:?}");
    }
    let nothing = Inventory {
        os: inventory.os.clone(),
        omissions: inventory.omissions.clone(),
        timezone: inventory.timezone.clone(),
        ..Inventory::default()
    };
    assert_eq!(inventory, nothing);
}
