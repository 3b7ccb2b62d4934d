//! Adding and removing, past the wire.

use std::fs;
use std::path::Path;

use platform::installers::{Addition, Installer, NotAdded, installers};

use super::{add, add_file, place};
use crate::common::World;

const RPM: &[u8] = &[0xed, 0xab, 0xee, 0xdb];

fn rpm(rest: &[u8]) -> Vec<u8> {
    [RPM, rest].concat()
}

fn one(world: &World, platform: &str) -> Installer {
    let all = installers(world.sides[0].store()).unwrap();
    all.into_iter().find(|one| one.platform == platform).unwrap().object
}

#[test]
fn an_installer_takes_the_place_of_the_one_before_and_its_file_goes_unless_it_is_shared() {
    let world = World::new();
    add_file(&world, "LINUX", "X_64", "1.0", &rpm(b"one"));
    let first = one(&world, "LINUX");
    assert_eq!((&*first.architecture, &*first.agent_version, first.length), ("X_86_64", "1.0", 7));
    add_file(&world, "LINUX_S_390_X", "S_390_X", "1.0", &rpm(b"one"));
    add_file(&world, "LINUX", "X_86_64", "2.0", &rpm(b"two"));
    let second = one(&world, "LINUX");
    assert_eq!(second.agent_version, "2.0");
    let is_there = |installer: &Installer| place(&world, 0, installer.sha256.as_str()).is_file();
    assert!(is_there(&first) && is_there(&second), "another target has the first");
    let side = &world.sides[0];
    let remove = |platform: &str, architecture: &str| {
        side.installers().remove(side.store(), "test", platform, architecture)
    };
    assert_eq!(
        remove("LINUX_S_390_X", "S_390_X").unwrap(),
        Installer { platform: "LINUX_S_390_X".into(), architecture: "S_390_X".into(), ..first.clone() }
    );
    assert!(!is_there(&first) && is_there(&second));
    assert_eq!(remove("LINUX", "X_64").unwrap(), second);
    assert!(!is_there(&second));
    assert!(matches!(remove("LINUX", "X_64"), Err(NotAdded::Unknown("LINUX", "X_86_64"))));
    assert!(installers(side.store()).unwrap().is_empty());
}

#[test]
fn what_can_not_be_an_installer_is_refused_and_nothing_is_left() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let before = world.fingerprint();
    let (good, empty, text) = (file("a.rpm", RPM), file("b.rpm", b""), file("c.rpm", b"no package"));
    let side = &world.sides[0];
    let refused = |file: &Path, platform: &str, architecture: &str, version: &str| {
        let addition = Addition { file, platform, architecture, version };
        side.installers().add(side.store(), "test", &addition).unwrap_err().to_string()
    };
    for (refusal, words) in [
        (refused(&good, "linux", "X_64", "1"), "there is no platform \"linux\""),
        (refused(&good, "LINUX", "amd64", "1"), "there is no architecture \"amd64\""),
        (refused(&good, "LINUX", "SPARC", "1"), "LINUX is for X_86_64, ARM_64"),
        (refused(&good, "LINUX", "ALL", "1"), "there is no architecture \"ALL\""),
        (refused(&good, "LINUX", "X_64", ""), "is no version"),
        (refused(&good, "LINUX", "X_64", "1 0"), "is no version"),
        (refused(&good, "LINUX", "X_64", "1<0"), "is no version"),
        (refused(&empty, "LINUX", "X_64", "1"), "is empty"),
        (refused(&text, "LINUX", "X_64", "1"), "is no .rpm file"),
        (refused(folder.path(), "LINUX", "X_64", "1"), "can't be read"),
        (refused(&folder.path().join("none"), "LINUX", "X_64", "1"), "can't be read"),
    ] {
        assert!(refusal.contains(words), "{refusal}");
    }
    assert_eq!(world.fingerprint(), before);
    let kept = fs::read_dir(world.home(0).join("installers")).unwrap().count();
    assert_eq!(kept, 0, "no file was kept");
}

#[test]
fn many_who_add_and_remove_at_once_leave_every_row_with_its_file() {
    let world = World::new();
    add(&world, |name| name == "AIX");
    let side = &world.sides[0];
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let folder = folder.path();
            scope.spawn(move || {
                for round in 0..10 {
                    let file = folder.join(format!("{worker}"));
                    // The same few contents, so that files are shared and let go of.
                    fs::write(&file, rpm(&[b'a' + u8::try_from((worker + round) % 3).unwrap()])).unwrap();
                    let architecture = if worker % 2 == 0 { "X_64" } else { "ARM_64" };
                    let new = Addition { file: &file, platform: "LINUX", architecture, version: "1" };
                    side.installers().add(side.store(), "test", &new).unwrap();
                    if round % 3 == 0 {
                        // Another may have been quicker.
                        let _ = side.installers().remove(side.store(), "test", "LINUX", architecture);
                    }
                }
            });
        }
    });
    let all = installers(side.store()).unwrap();
    assert!(!all.is_empty());
    for one in all {
        assert!(place(&world, 0, one.sha256.as_str()).is_file(), "{} {}", one.platform, one.architecture);
    }
}
