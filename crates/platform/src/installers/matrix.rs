//! Which installers there can be: platforms, architectures, and how answers call them (`contract/ca.md 6.1`).

/// What an installer is for.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The platform, as callers write it.
    pub platform: &'static str,
    /// The architecture, as callers write it.
    pub architecture: &'static str,
    /// What answers call it.
    pub name: &'static str,
    /// How names of its files end; of one the contract shows none.
    pub extension: Option<&'static str>,
    /// The first bytes of its files, where they are always the same.
    magic: &'static [u8],
}

const EXE: &[u8] = b"MZ";
const XAR: &[u8] = b"xar!";
const RPM: &[u8] = &[0xed, 0xab, 0xee, 0xdb];
const DEB: &[u8] = b"!<arch>\ndebian-binary";
const GZIP: &[u8] = &[0x1f, 0x8b];
const XZ: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];

/// In the order of the contract's sample.
static MATRIX: [Target; 18] = [
    target("WINDOWS", X_86_64, "Windows", Some(".exe"), EXE),
    target("MACOSX", X_86_64, "MACOSX", Some(".pkg"), XAR),
    target("MACOSX_M_1", ARM_64, "MACOSX_M1", Some(".pkg"), XAR),
    target("LINUX", X_86_64, "Linux", Some(".rpm"), RPM),
    target("LINUX", ARM_64, "LINUX_ARM", Some(".rpm"), RPM),
    target("AIX", "POWER_5", "AIX", Some(".bff.gz"), GZIP),
    target("LINUX_UBUNTU", X_86_64, "LINUX_UBUNTU", Some(".deb"), DEB),
    target("LINUX_UBUNTU", ARM_64, "LINUX_UBUNTU_ARM", Some(".deb"), DEB),
    target("LINUX_PPC_64_LE", "PPC_64_LE", "LINUX_PPC64LE", Some(".rpm"), RPM),
    target("BSD", X_86_64, "BSD", Some(".txz"), &[]),
    target("SOLARIS_X_86", X_86_64, "SOLARIS_X86", Some(".pkg"), &[]),
    target("SOLARIS_SPARC", "SPARC", "SOLARIS_SPARC", Some(".pkg"), &[]),
    target("LINUX_COREOS", X_86_64, "LINUX_COREOS", Some(".tar.xz"), XZ),
    target("LINUX_S_390_X", "S_390_X", "LINUX_S390X", Some(".rpm"), RPM),
    target("LINUX_UBUNTU_S_390_X", "S_390_X", "LINUX_UBUNTU_S390X", Some(".deb"), DEB),
    target("GENTOO_LINUX", X_86_64, "GENTOO_LINUX", Some(".tar.gz"), GZIP),
    target("LINUX_AWSBR", X_86_64, "LINUX_AWSBR", None, &[]),
    target("LINUX_AWSBR", ARM_64, "LINUX_AWSBR", None, &[]),
];

const X_86_64: &str = "X_86_64";
const ARM_64: &str = "ARM_64";
/// Callers use it for the same.
const X_64: &str = "X_64";
/// Any of them, where more than one can be meant.
pub(super) const ALL: &str = "ALL";

const fn target(
    platform: &'static str,
    architecture: &'static str,
    name: &'static str,
    extension: Option<&'static str>,
    magic: &'static [u8],
) -> Target {
    Target { platform, architecture, name, extension, magic }
}

/// All of the matrix, in the order of answers.
pub fn targets() -> &'static [Target] {
    &MATRIX
}

impl Target {
    /// The target of a platform and an architecture.
    pub fn find(platform: &str, architecture: &str) -> Option<&'static Self> {
        MATRIX.iter().find(|one| one.platform == platform && one.takes(architecture))
    }

    /// Whether it is meant by a name of an architecture.
    pub(super) fn takes(&self, architecture: &str) -> bool {
        self.architecture == architecture || (self.architecture == X_86_64 && architecture == X_64)
    }

    /// Whether a file that begins so can be an installer for it.
    pub(super) fn can_begin_with(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(self.magic)
    }
}

/// The platforms, each once.
pub(super) fn platforms() -> Vec<&'static str> {
    let mut platforms: Vec<_> = MATRIX.iter().map(|one| one.platform).collect();
    platforms.dedup();
    platforms
}

/// The architectures, each once.
pub(super) fn architectures() -> Vec<&'static str> {
    let mut known = vec![X_86_64, ARM_64, X_64];
    MATRIX.iter().for_each(|one| {
        if !known.contains(&one.architecture) {
            known.push(one.architecture);
        }
    });
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_has_every_value_of_the_contract_and_names_each_target_once() {
        for platform in [
            "WINDOWS",
            "MACOSX",
            "MACOSX_M_1",
            "LINUX",
            "AIX",
            "LINUX_UBUNTU",
            "LINUX_PPC_64_LE",
            "BSD",
            "SOLARIS_X_86",
            "SOLARIS_SPARC",
            "LINUX_COREOS",
            "LINUX_S_390_X",
            "LINUX_UBUNTU_S_390_X",
            "GENTOO_LINUX",
            "LINUX_AWSBR",
        ] {
            assert_eq!(platforms().iter().filter(|one| **one == platform).count(), 1, "{platform}");
        }
        let mut known = architectures();
        known.sort_unstable();
        assert_eq!(known, ["ARM_64", "POWER_5", "PPC_64_LE", "SPARC", "S_390_X", "X_64", "X_86_64"]);
        for one in targets() {
            let same = |other: &&Target| other.platform == one.platform && other.takes(one.architecture);
            assert_eq!(targets().iter().filter(same).count(), 1, "{one:?}");
        }
    }

    #[test]
    fn values_are_exact_but_for_the_two_names_of_one_architecture() {
        assert_eq!(Target::find("LINUX", "X_64"), Target::find("LINUX", "X_86_64"));
        for (platform, architecture) in
            [("linux", "X_64"), ("LINUX", "x_64"), ("LINUX", "SPARC"), ("LINUX ", "X_64"), ("ALL", "ALL")]
        {
            assert_eq!(Target::find(platform, architecture), None, "{platform} {architecture}");
        }
    }
}
