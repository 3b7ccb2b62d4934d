//! The rpm database, through the `rpm` program: reading the database itself would need a database engine.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use jiff::Timestamp;

use super::PACKAGES_RPM;
use super::tree::{Omissions, Tree};
use crate::{Package, PackageSource, Text};

/// Where the database is, in its forms since rpm 4.0, relative to the folders of `FOLDERS`.
const DATABASES: [&str; 4] = ["rpmdb.sqlite", "Packages.db", "Packages", "rpmdb.sqlite-wal"];
const FOLDERS: [&str; 2] = ["/var/lib/rpm", "/usr/lib/sysimage/rpm"];
/// One line for each package; a tab cannot be in a name or version.
const FORMAT: &str =
    "%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{INSTALLTIME}\\t%{VENDOR}\\n";
const MAX_OUTPUT: u64 = 32 << 20;
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions, packages: &mut impl Extend<Package>) {
    let has_database =
        |folder: &&&str| DATABASES.iter().any(|file| tree.path(&format!("{folder}/{file}")).is_file());
    let Some(folder) = FOLDERS.iter().find(has_database) else { return };
    let mut command = Command::new("rpm");
    if !tree.is_live() {
        command.arg("--dbpath").arg(tree.path(folder));
    }
    command.args(["-qa", "--qf", FORMAT]).env("LC_ALL", "C");
    match run(command) {
        Ok(output) => packages.extend(parse(&output)),
        Err(why) => omissions.note(PACKAGES_RPM, why),
    }
}

/// Runs a program for at most [`PATIENCE`] and gives back what it printed.
fn run(mut command: Command) -> Result<String, &'static str> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child =
        command.spawn().map_err(|_| "there is an rpm database, and no rpm program that could read it")?;
    let Some(stdout) = child.stdout.take() else { return Err("rpm has no output") };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut output = Vec::new();
        let result = stdout.take(MAX_OUTPUT).read_to_end(&mut output).map(|_| output);
        // Nobody listens any more when the time was up.
        let _ = sender.send(result);
    });
    let output = receiver.recv_timeout(PATIENCE);
    if output.is_err() {
        let _ = child.kill();
    }
    let succeeded = child.wait().is_ok_and(|status| status.success());
    match output {
        Ok(Ok(bytes)) if succeeded => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Ok(_) => Err("rpm failed"),
        Err(_) => Err("rpm did not finish in time"),
    }
}

/// Reads the lines that the query of this module makes (five fields with tabs between).
pub fn parse(output: &str) -> impl Iterator<Item = Package> {
    output.lines().filter_map(package)
}

fn package(line: &str) -> Option<Package> {
    let mut fields = line.splitn(5, '\t');
    let name = Text::found(fields.next()?)?;
    let version = Text::found(fields.next()?)?;
    // Keys that packages are signed with are kept in the same database.
    if name == "gpg-pubkey" {
        return None;
    }
    let mut known = || fields.next().filter(|value| *value != "(none)").and_then(Text::found);
    let architecture = known().unwrap_or_default();
    let installed_at = known().and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok());
    let publisher = known();
    Some(Package { name, version, architecture, installed_at, source: PackageSource::Rpm, publisher })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_and_signing_keys_are_not() {
        let output = "bash\t5.1.8-6.el9\tx86_64\t1700000000\tRed Hat, Inc.\n\
                      gpg-pubkey\tfd431d51-4ae0493b\t(none)\t1700000000\t(none)\n\
                      bind-libs\t32:9.16.23-18.el9\tx86_64\t1700000001\t(none)\n";
        let packages: Vec<_> = parse(output).collect();
        assert_eq!(packages.len(), 2);
        assert_eq!(packages[0].publisher, Some("Red Hat, Inc.".into()));
        assert_eq!(packages[0].installed_at.unwrap().to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(packages[1].version, "32:9.16.23-18.el9");
        assert_eq!(packages[1].publisher, None);
    }

    #[test]
    fn a_short_or_odd_line_gives_what_it_has() {
        let packages: Vec<_> = parse("a\t1\n\nb\nc\t2\tnoarch\tnot a time\tx\ty\n\t\t\t\t").collect();
        assert_eq!(packages.len(), 2);
        assert_eq!(packages[1].installed_at, None);
        assert_eq!(packages[1].publisher, Some("x y".into()));
    }

    #[test]
    fn a_program_that_fails_or_is_missing_is_a_reason() {
        assert_eq!(run(Command::new("false")), Err("rpm failed"));
        assert!(run(Command::new("/nonexistent/rpm")).unwrap_err().contains("no rpm program"));
    }
}
