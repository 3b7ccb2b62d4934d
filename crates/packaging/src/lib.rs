//! Installers of the agent: a deb, an rpm and a tar.gz from one executable.
//!
//! - They are written here and not by the tools of the distributions, so that any machine makes all three, `redoubt
//!   quickstart` among them, without anything installed; the tools are the judges in the tests. The crates for it bring
//!   more than they take over: the one for rpm three libraries of hashes and another deflate for the whole program.
//! - The same executable, version and date give the same bytes.
//! - What is in them and what is done when they come and go stands once, in `files/`; the formats only differ in when
//!   they do it.

mod contents;
mod cpio;
mod deb;
mod elf;
mod gzip;
mod header;
mod rpm;
mod tar;
mod tarball;

pub use contents::NAME;
pub use elf::{Machine, NotAnExecutable};

use elf::Needs;

/// What installers are made of.
#[derive(Debug)]
pub struct Agent<'a> {
    executable: &'a [u8],
    version: &'a str,
    date: u32,
    machine: Machine,
    needs: Needs,
}

/// An installer.
#[derive(Debug)]
pub struct Package {
    /// What its file is called.
    pub file_name: String,
    /// Its format.
    pub format: Format,
    /// Itself.
    pub bytes: Vec<u8>,
}

/// The format of an installer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Of Debian and its kin.
    Deb,
    /// Of Red Hat, SUSE and their kin.
    Rpm,
    /// For any Linux, with a script.
    TarGz,
}

/// It could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The executable is none that an installer can be made of.
    #[error(transparent)]
    Executable(#[from] NotAnExecutable),
    /// The version is not one that all formats take.
    #[error("{0:?} is no version for a package: it needs a digit first, then letters, digits and dots")]
    Version(String),
    /// The executable is larger than a package can hold.
    #[error("the executable has {0} bytes, which is more than a package can hold")]
    TooLarge(usize),
    /// It could not be packed.
    #[error("the package can't be packed: {0}")]
    Packing(#[from] std::io::Error),
}

impl<'a> Agent<'a> {
    /// Looks at an executable. `date` is what all files in the packages are dated, in seconds since 1970.
    ///
    /// # Errors
    /// When it is no executable of Linux, or for a machine that there are no packages for.
    pub fn new(executable: &'a [u8], version: &'a str, date: u32) -> Result<Self, Failed> {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
        if !version.starts_with(|first: char| first.is_ascii_digit()) || !version.chars().all(fits) {
            return Err(Failed::Version(version.to_owned()));
        }
        // Formats count in 32 bits, and less is less to get wrong.
        if executable.len() > 1 << 30 {
            return Err(Failed::TooLarge(executable.len()));
        }
        let (machine, needs) = elf::read(executable)?;
        Ok(Self { executable, version, date, machine, needs })
    }

    /// What machines the executable is for.
    pub fn machine(&self) -> Machine {
        self.machine
    }

    /// Makes an installer.
    ///
    /// # Errors
    /// When it can't be packed.
    pub fn package(&self, format: Format) -> Result<Package, Failed> {
        let machine = self.machine;
        let (file_name, bytes) = match format {
            Format::Deb => (format!("{NAME}_{}_{}.deb", self.version, machine.deb()), deb::build(self)?),
            Format::Rpm => (format!("{NAME}-{}-1.{}.rpm", self.version, machine.rpm()), rpm::build(self)?),
            Format::TarGz => (format!("{}.tar.gz", tarball::folder(self)), tarball::build(self)?),
        };
        Ok(Package { file_name, format, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Format; 3] = [Format::Deb, Format::Rpm, Format::TarGz];

    fn packages(executable: &[u8], date: u32) -> Vec<Package> {
        let agent = Agent::new(executable, "1.2.0", date).unwrap();
        ALL.into_iter().map(|format| agent.package(format).unwrap()).collect()
    }

    #[test]
    fn the_same_agent_and_date_give_the_same_bytes_and_another_gives_others() {
        let executable = elf::sample();
        let first = packages(&executable, 1_700_000_000);
        let names: Vec<_> = first.iter().map(|one| &*one.file_name).collect();
        assert_eq!(
            names,
            [
                "redoubt-agent_1.2.0_amd64.deb",
                "redoubt-agent-1.2.0-1.x86_64.rpm",
                "redoubt-agent-1.2.0-x86_64.tar.gz"
            ]
        );
        let mut other = executable.clone();
        *other.last_mut().unwrap() ^= 1;
        let again = packages(&executable, 1_700_000_000);
        let (later, changed) = (packages(&executable, 1_700_000_001), packages(&other, 1_700_000_000));
        for (place, one) in first.iter().enumerate() {
            assert!(one.bytes == again[place].bytes);
            assert!(one.bytes != later[place].bytes && one.bytes != changed[place].bytes);
        }
    }

    #[test]
    fn files_begin_as_their_formats_do() {
        let begins: [&[u8]; 3] =
            [b"!<arch>\ndebian-binary   ", &[0xed, 0xab, 0xee, 0xdb, 3, 0], &[0x1f, 0x8b, 8]];
        for (package, begin) in packages(&elf::sample(), 0).iter().zip(begins) {
            assert!(package.bytes.starts_with(begin), "{}", package.file_name);
        }
    }

    #[test]
    fn versions_that_no_package_can_have_are_refused() {
        for version in ["", "v1", "1-2", "1 2", "1\n2", "1/2", "1~rc1"] {
            let refused = Agent::new(&elf::sample(), version, 0).err().unwrap();
            assert!(matches!(refused, Failed::Version(_)), "{version:?}");
        }
        assert!(matches!(Agent::new(b"#!/bin/sh", "1.0", 0), Err(Failed::Executable(_))));
    }
}
