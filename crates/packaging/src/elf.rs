//! What an executable says of the machines that can run it.

/// The machines that there are packages for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Machine {
    X86_64,
    Aarch64,
    Ppc64Le,
    S390x,
}

/// It is no executable that a package can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnExecutable {
    /// Not ELF, or of 32 bits.
    #[error("it is no 64-bit executable of Linux (ELF)")]
    NotElf,
    /// Of a machine without packages.
    #[error(
        "it is for a machine (ELF number {0}) that there are no packages for: x86_64, aarch64, ppc64le and s390x have them"
    )]
    Machine(u16),
}

/// What must be on a machine for it to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The oldest C library: 2 and this; none if it brings all it needs.
    pub(crate) glibc: Option<u32>,
    /// Whether it needs the library of the compiler.
    pub(crate) libgcc: bool,
}

impl Machine {
    /// What Debian calls it.
    pub fn deb(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
            Self::Ppc64Le => "ppc64el",
            Self::S390x => "s390x",
        }
    }

    /// What Red Hat calls it.
    pub fn rpm(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
            Self::Ppc64Le => "ppc64le",
            Self::S390x => "s390x",
        }
    }

    /// Its number in the lead of an rpm, which nobody reads any more.
    pub(crate) fn rpm_number(self) -> u16 {
        match self {
            Self::X86_64 => 1,
            Self::Aarch64 => 19,
            Self::Ppc64Le => 16,
            Self::S390x => 15,
        }
    }
}

/// Reads the head of the file, and the names of the versions of symbols in it.
pub(crate) fn read(file: &[u8]) -> Result<(Machine, Needs), NotAnExecutable> {
    let [0x7f, b'E', b'L', b'F', 2, order, ..] = file else { return Err(NotAnExecutable::NotElf) };
    let number: [u8; 2] =
        file.get(18..20).and_then(|bytes| bytes.try_into().ok()).ok_or(NotAnExecutable::NotElf)?;
    let is_little = *order == 1;
    let number = if is_little { u16::from_le_bytes(number) } else { u16::from_be_bytes(number) };
    let machine = match (number, is_little) {
        (62, true) => Machine::X86_64,
        (183, true) => Machine::Aarch64,
        (21, true) => Machine::Ppc64Le,
        (22, false) => Machine::S390x,
        _ => return Err(NotAnExecutable::Machine(number)),
    };
    let glibc = find(file, b"GLIBC_2.").filter_map(minor).max();
    Ok((machine, Needs { glibc, libgcc: find(file, b"libgcc_s.so.1\0").next().is_some() }))
}

/// What stands behind each place where a text stands.
fn find<'f>(file: &'f [u8], text: &'f [u8]) -> impl Iterator<Item = &'f [u8]> {
    let first = text.first().copied().unwrap_or_default();
    let places = file.iter().enumerate().filter(move |(_, byte)| **byte == first);
    places.filter_map(move |(place, _)| file.get(place..)?.strip_prefix(text))
}

/// `34` of `34\0`; the name of a version ends there.
fn minor(rest: &[u8]) -> Option<u32> {
    let end = rest.iter().take(4).position(|byte| !byte.is_ascii_digit())?;
    let ends_well = matches!(rest.get(end), Some(0 | b'.'));
    std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok().filter(|_| ends_well)
}

/// A file that looks like an executable from far away.
#[cfg(test)]
pub(crate) fn sample() -> Vec<u8> {
    let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 62, 0];
    file.extend_from_slice(
        b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_2.99x\0libgcc_s.so.1\0 and much more\n",
    );
    file.extend((0..100_000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_and_c_library_are_read_from_the_file() {
        let (machine, needs) = read(&sample()).unwrap();
        assert_eq!((machine, needs), (Machine::X86_64, Needs { glibc: Some(34), libgcc: true }));
        let mut other = sample();
        (other[5], other[18], other[19]) = (2, 0, 22);
        assert_eq!(read(&other).unwrap().0, Machine::S390x);
        other[5] = 1;
        assert_eq!(read(&other).unwrap_err(), NotAnExecutable::Machine(22 << 8));
        for bad in [&b""[..], b"#!/bin/sh\n", &sample()[..19], b"\x7fELF\x01\x01"] {
            assert_eq!(read(bad).unwrap_err(), NotAnExecutable::NotElf);
        }
    }

    #[test]
    fn this_very_program_is_one() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let (_, needs) = read(&own).unwrap();
        assert!(needs.glibc.is_none_or(|minor| (2..99).contains(&minor)), "{needs:?}");
    }
}
