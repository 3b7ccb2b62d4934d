//! Embeds the rule files under `controls/`, and refuses a control without a passing and a failing sample.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=controls");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("controls");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut code = String::from("pub(crate) static EMBEDDED: &[Embedded] = &[\n");
    for file in &files {
        check(file, &fs::read_to_string(file)?)?;
        let path = file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
        writeln!(code, "    Embedded {{ path: {path:?}, text: include_str!({file:?}) }},")?;
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("controls.rs"), code)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}

/// Each control begins with `- cid:` and lists its samples as `- pass:` and `- fail:`.
fn check(file: &Path, text: &str) -> Result<(), String> {
    let mut control: Option<(&str, bool, bool)> = None;
    let whole = |control: Option<(&str, bool, bool)>| match control {
        Some((cid, pass, fail)) if !(pass && fail) => {
            let missing = if pass { "failing" } else { "passing" };
            Err(format!("{}: control {cid} has no {missing} sample", file.display()))
        }
        _ => Ok(()),
    };
    for line in text.lines() {
        let bare = line.trim_start();
        if let Some(cid) = bare.strip_prefix("- cid:") {
            whole(control.replace((cid.trim(), false, false)))?;
        } else if let Some((_, pass, fail)) = &mut control {
            *pass |= bare.starts_with("- pass:") || bare.starts_with("- { pass:");
            *fail |= bare.starts_with("- fail:") || bare.starts_with("- { fail:");
        }
    }
    whole(control)
}
