//! `redoubt policy check|test|new|list|schema`

use std::io::{self, Write};
use std::path::PathBuf;

use super::{FAILED, OK, UNUSABLE, position, read_text, rule_files, skeleton};
use crate::family::Family;
use crate::{FileError, Library, Policy, SCHEMA, read_rules, run_samples};

/// Writes, checks and tests controls.
#[derive(Debug, Clone, clap::Args)]
pub struct PolicyArgs {
    /// What to do
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// What to do with rule and policy files.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum PolicyCommand {
    /// Reads rule and policy files and says where they are wrong
    Check {
        /// Files, or folders of them
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Runs the samples of rule files; of the controls that ship when no file is named
    Test {
        /// Files, or folders of them
        paths: Vec<PathBuf>,
    },
    /// Writes a rule file to start from
    New {
        /// The family the control is for
        #[arg(long, default_value = "cisco-ios")]
        family: String,
        /// Number of the control; 1000000 and above are yours
        #[arg(long, default_value_t = 1_000_000)]
        cid: u32,
        /// Where to write it; standard output when absent
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Lists the controls that ship
    List {
        /// Only this family
        #[arg(long)]
        family: Option<String>,
    },
    /// Prints the JSON schema of rule files, for editors
    Schema,
}

/// Runs `redoubt policy`.
///
/// # Errors
/// When the output cannot be written.
pub fn policy(args: &PolicyArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    match &args.command {
        PolicyCommand::Check { paths } => check(paths, out, err),
        PolicyCommand::Test { paths } => test(paths, out, err),
        PolicyCommand::New { family, cid, output } => new(family, *cid, output.as_ref(), out, err),
        PolicyCommand::List { family } => list(family.as_deref(), out, err),
        PolicyCommand::Schema => {
            out.write_all(SCHEMA.as_bytes())?;
            Ok(OK)
        }
    }
}

/// Each file with its text; false when one cannot be read, which has been said.
fn texts(paths: &[PathBuf], err: &mut dyn Write) -> io::Result<(Vec<(String, String)>, bool)> {
    let (mut found, mut fine) = (Vec::new(), true);
    for path in paths {
        let files = rule_files(path).and_then(|files| {
            files
                .into_iter()
                .map(|f| Ok((f.display().to_string(), read_text(&f)?)))
                .collect::<Result<Vec<_>, String>>()
        });
        match files {
            Ok(files) => found.extend(files),
            Err(message) => {
                fine = false;
                writeln!(err, "{message}")?;
            }
        }
    }
    Ok((found, fine))
}

fn check(paths: &[PathBuf], out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let (files, mut fine) = texts(paths, err)?;
    let library = Library::builtin();
    for (file, text) in files {
        let errors = if is_policy(&text) {
            match Policy::read(&text) {
                Ok(policy) => {
                    let problems = policy.check(&library.all()).err().unwrap_or_default();
                    for problem in &problems {
                        writeln!(err, "{file}: {problem}")?;
                    }
                    fine &= problems.is_empty();
                    Vec::new()
                }
                Err(errors) => errors,
            }
        } else {
            match read_rules(&text) {
                Ok(controls) => {
                    writeln!(out, "{file}: {} control(s), no mistakes", controls.len())?;
                    Vec::new()
                }
                Err(errors) => errors,
            }
        };
        fine &= errors.is_empty();
        for error in errors {
            writeln!(err, "{}", position(&FileError { file: file.clone(), error }))?;
        }
    }
    Ok(if fine { OK } else { UNUSABLE })
}

/// A policy file begins with its title; a rule file has a family.
fn is_policy(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("policy:"))
}

fn test(paths: &[PathBuf], out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let library = Library::builtin();
    let (files, mut fine) = texts(paths, err)?;
    let (mut samples, mut failures) = (0_usize, 0_usize);
    if paths.is_empty() {
        for control in library.all() {
            samples += control.samples.len();
            for failure in run_samples(control) {
                failures += 1;
                writeln!(err, "{}", failure.message)?;
            }
        }
    }
    for (file, text) in files.into_iter().filter(|(_, text)| !is_policy(text)) {
        match read_rules(&text) {
            Err(errors) => {
                fine = false;
                for error in errors {
                    writeln!(err, "{}", position(&FileError { file: file.clone(), error }))?;
                }
            }
            Ok(controls) => {
                for control in &controls {
                    samples += control.samples.len();
                    for failure in run_samples(control) {
                        failures += 1;
                        writeln!(err, "{file}:{}:{}: {}", failure.line, failure.column, failure.message)?;
                    }
                }
            }
        }
    }
    let left_out = if fine { "" } else { "; files with mistakes were not run" };
    writeln!(out, "{samples} samples, {failures} failed{left_out}")?;
    Ok(match (fine, failures) {
        (false, _) => UNUSABLE,
        (true, 0) => OK,
        (true, _) => FAILED,
    })
}

fn new(
    family: &str,
    cid: u32,
    output: Option<&PathBuf>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let Some(family) = Family::named(family) else {
        writeln!(err, "family {family:?} is not known; known families are {}", crate::family::known())?;
        return Ok(UNUSABLE);
    };
    let text = skeleton::rule(family, cid);
    match output {
        None => out.write_all(text.as_bytes())?,
        Some(path) if path.exists() => {
            writeln!(err, "{} exists already", path.display())?;
            return Ok(UNUSABLE);
        }
        Some(path) => {
            std::fs::write(path, text)?;
            writeln!(
                out,
                "{} written; change it, then run `redoubt policy test {}`",
                path.display(),
                path.display()
            )?;
        }
    }
    Ok(OK)
}

fn list(family: Option<&str>, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let only = family.map(Family::named);
    if only == Some(None) {
        writeln!(err, "the family is not known; known families are {}", crate::family::known())?;
        return Ok(UNUSABLE);
    }
    let library = Library::builtin();
    for control in library.all() {
        if only.flatten().is_none_or(|f| f == control.family) {
            writeln!(
                out,
                "{}  {:<10} {:<9} {}",
                control.cid,
                control.family.slug(),
                control.severity(),
                control.title
            )?;
        }
    }
    Ok(OK)
}
