//! The samples of the contract, letter for letter but for hashes, which are those of the files here.

use qps::Format;

use super::{ALL, add, asked};
use crate::common::World;

pub(super) const INFO: &str = "/qps/rest/1.0/process/ca/binaryinfo";

#[test]
fn the_samples_of_the_contract_are_answered_word_by_word() {
    let world = World::new();
    let me = world.manager();
    add(&world, |name| name == "Windows");
    let windows = asked("BinaryInfo", "WINDOWS", "X_86_64");
    // With and without a slash at the end, as the sample and as clients write it.
    assert_eq!(me.post(&format!("{INFO}/"), &windows).text, include_str!("windows.xml"));
    add(&world, |_| true);
    let all = asked("BinaryInfo", "ALL", "ALL");
    assert_eq!(me.post(INFO, &all).text, include_str!("all.xml"));
    let in_json = |platform: &str, architecture: &str| {
        let body = format!(
            r#"{{"ServiceRequest":{{"data":{{"BinaryInfo":{{"platform":"{platform}","architecture":"{architecture}"}}}}}}}}"#
        );
        me.one(1, "POST", INFO, Format::Json, None, &body).text
    };
    assert_eq!(in_json("ALL", "ALL"), include_str!("all.json"));
    assert_eq!(in_json("WINDOWS", "X_86_64"), include_str!("windows.json"));
    // Requests in one format, answers in the other.
    let mixed = me.one(0, "POST", INFO, Format::Xml, Some(Format::Json), &windows);
    assert_eq!(mixed.text, include_str!("windows.json"));
}

#[test]
fn each_platform_is_told_alone_and_by_each_name_of_its_architecture() {
    let world = World::new();
    let me = world.manager();
    add(&world, |_| true);
    for (platform, architecture, name, version, _) in ALL {
        let other = match architecture {
            "X_86_64" => "X_64",
            "X_64" => "X_86_64",
            same => same,
        };
        for architecture in [architecture, other] {
            let reply = me.post(INFO, &asked("BinaryInfo", platform, architecture));
            let told = reply.record().at("platforms.Platform").unwrap_or_else(|| panic!("{}", reply.text));
            assert_eq!((told.text_at("name"), told.text_at("version")), (name, version));
            assert_eq!(reply.count(), 1);
        }
    }
}

#[test]
fn all_of_a_platform_or_of_an_architecture_are_those_that_are_there() {
    let world = World::new();
    let me = world.manager();
    let names = |platform: &str, architecture: &str| -> Vec<String> {
        let reply = me.post(INFO, &asked("BinaryInfo", platform, architecture));
        let parts = reply.text.split("<name>").skip(1);
        parts.map(|part| part.split('<').next().unwrap().to_owned()).collect()
    };
    assert!(names("ALL", "ALL").is_empty());
    assert!(names("ALL", "ARM_64").is_empty());
    add(&world, |name| name != "LINUX_COREOS" && name != "LINUX_UBUNTU_ARM");
    assert_eq!(names("LINUX", "ALL"), ["Linux", "LINUX_ARM"]);
    assert_eq!(names("LINUX_UBUNTU", "ALL"), ["LINUX_UBUNTU"]);
    assert_eq!(names("ALL", "ARM_64"), ["LINUX_ARM"]);
    assert_eq!(names("ALL", "ALL").len(), ALL.len() - 2);
    let refused = me.post(INFO, &asked("BinaryInfo", "LINUX_COREOS", "X_86_64"));
    refused.refused("NOT_FOUND");
    assert!(
        refused.message().contains("LINUX_COREOS") && refused.resolution().contains("redoubt binaries add")
    );
    me.post(INFO, &asked("BinaryInfo", "LINUX_UBUNTU", "ARM_64")).refused("NOT_FOUND");
    me.post(INFO, &asked("BinaryInfo", "LINUX_COREOS", "ALL")).refused("NOT_FOUND");
}
