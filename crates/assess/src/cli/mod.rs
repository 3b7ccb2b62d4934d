//! `redoubt assess` and `redoubt policy`, ready for a binary to forward to.
//!
//! Each command writes its report to `out` and what went wrong to `err`, and gives back the exit status:
//! 0 nothing failed; 1 a control failed; 2 the input or a rule file could not be used; 3 nothing failed, but some
//! controls could not be told.

mod assess;
mod policy;
mod skeleton;

pub use assess::{AssessArgs, assess};
pub use policy::{PolicyArgs, PolicyCommand, policy};

use std::io::{self, Read, Write};
use std::path::Path;

use crate::library::Library;

/// Exit status: nothing failed.
pub const OK: u8 = 0;
/// Exit status: a control failed.
pub const FAILED: u8 = 1;
/// Exit status: the input or a rule file could not be used.
pub const UNUSABLE: u8 = 2;
/// Exit status: some controls could not be told, none failed.
pub const UNTOLD: u8 = 3;

/// Most bytes read of a rule file.
const RULES: u64 = 8 << 20;

/// Reads a file, or standard input when it is named `-`, up to a limit; one byte more shows that there was more.
fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn read_text(path: &Path) -> Result<String, String> {
    let bytes = read(path, RULES).map_err(|e| format!("{}: {e}", path.display()))?;
    String::from_utf8(bytes).map_err(|_| format!("{}: not UTF-8 text", path.display()))
}

/// The rule files of a path: itself, or every `.yaml` and `.yml` under a folder.
fn rule_files(path: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let io = |e: io::Error| format!("{}: {e}", path.display());
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io)? {
        let inner = entry.map_err(io)?.path();
        let is_rules = inner.extension().is_some_and(|e| e == "yaml" || e == "yml");
        if inner.is_dir() {
            files.extend(rule_files(&inner)?);
        } else if is_rules {
            files.push(inner);
        }
    }
    files.sort();
    Ok(files)
}

/// Adds rule files to a library; false when one of them is wrong, which has been said.
fn add_rules(library: &mut Library, paths: &[std::path::PathBuf], err: &mut dyn Write) -> io::Result<bool> {
    let mut fine = true;
    for path in paths {
        let files = match rule_files(path) {
            Ok(files) => files,
            Err(message) => {
                writeln!(err, "{message}")?;
                return Ok(false);
            }
        };
        for file in files {
            let added = read_text(&file).map_err(|m| vec![m]).and_then(|text| {
                let named = library.add(&file.display().to_string(), &text);
                named.map_err(|errors| errors.iter().map(position).collect())
            });
            if let Err(messages) = added {
                fine = false;
                messages.iter().try_for_each(|m| writeln!(err, "{m}"))?;
            }
        }
    }
    Ok(fine)
}

/// `file:line:column: message`, as editors understand it.
fn position(error: &crate::FileError) -> String {
    format!("{}:{}:{}: {}", error.file, error.error.line, error.error.column, error.error.message)
}

#[cfg(test)]
mod tests;
