//! Installers of the agent.

mod bad_input;
mod downloads;
mod registry;
mod samples;

use std::path::PathBuf;

use platform::installers::Addition;

use crate::common::World;

/// The sample of `contract/ca.md 6.1` for all platforms: platform, architecture, what answers call it, version, and how
/// its file begins. The rest of a file is its name.
pub(crate) const ALL: [(&str, &str, &str, &str, &[u8]); 16] = [
    ("WINDOWS", "X_86_64", "Windows", "4.1.0.51", b"MZ"),
    ("MACOSX", "X_64", "MACOSX", "3.7.0.55", b"xar!"),
    ("LINUX", "X_64", "Linux", "4.6.0.56", b"\xed\xab\xee\xdb"),
    ("LINUX", "ARM_64", "LINUX_ARM", "4.7.2.7", b"\xed\xab\xee\xdb"),
    ("AIX", "POWER_5", "AIX", "3.10.0.17", b"\x1f\x8b"),
    ("LINUX_UBUNTU", "X_86_64", "LINUX_UBUNTU", "4.6.0.56", b"!<arch>\x0adebian-binary"),
    ("LINUX_UBUNTU", "ARM_64", "LINUX_UBUNTU_ARM", "4.7.2.7", b"!<arch>\x0adebian-binary"),
    ("LINUX_PPC_64_LE", "PPC_64_LE", "LINUX_PPC64LE", "2.6.8.28", b"\xed\xab\xee\xdb"),
    ("BSD", "X_86_64", "BSD", "3.12.0.6", b""),
    ("SOLARIS_X_86", "X_86_64", "SOLARIS_X86", "3.11.0.7", b""),
    ("SOLARIS_SPARC", "SPARC", "SOLARIS_SPARC", "3.11.0.7", b""),
    ("LINUX_COREOS", "X_86_64", "LINUX_COREOS", "3.5.0.20", b"\xfd7zXZ\x00"),
    ("LINUX_S_390_X", "S_390_X", "LINUX_S390X", "3.31.0.14", b"\xed\xab\xee\xdb"),
    ("LINUX_UBUNTU_S_390_X", "S_390_X", "LINUX_UBUNTU_S390X", "3.31.0.14", b"!<arch>\x0adebian-binary"),
    ("GENTOO_LINUX", "X_86_64", "GENTOO_LINUX", "6.0.111.31", b"\x1f\x8b"),
    ("LINUX_AWSBR", "X_86_64", "LINUX_AWSBR", "5.3.1.12", b""),
];

/// Adds installers of [`ALL`], by the names in answers, to both installations.
pub(crate) fn add(world: &World, wanted: impl Fn(&str) -> bool) {
    for (platform, architecture, name, version, begin) in ALL.iter().filter(|one| wanted(one.2)) {
        add_file(world, platform, architecture, version, &[begin, name.as_bytes()].concat());
    }
}

pub(crate) fn add_file(world: &World, platform: &str, architecture: &str, version: &str, content: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent installer.bin");
    std::fs::write(&file, content).unwrap();
    for side in &world.sides {
        let addition = Addition { file: &file, platform, architecture, version };
        side.installers().add(side.store(), "test", &addition).unwrap();
    }
}

/// Where the file of a content is.
pub(crate) fn place(world: &World, side: usize, sha256: &str) -> PathBuf {
    world.home(side).join("installers").join(sha256.get(..2).unwrap()).join(sha256)
}

pub(crate) fn asked(object: &str, platform: &str, architecture: &str) -> String {
    crate::common::data(&format!(
        "<{object}><platform>{platform}</platform><architecture>{architecture}</architecture></{object}>"
    ))
}
