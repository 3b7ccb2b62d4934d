//! Files: their lines, and who may read and change them.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Facts;
use super::lists::{FILES, PATHS};

/// Most bytes read of one file.
const SIZE: u64 = 512 << 10;
/// Most files read of one folder.
const FOLDER: usize = 200;
/// Includes followed in an sshd configuration.
const INCLUDES: usize = 64;

/// The place of an absolute path under a root.
pub(super) fn under(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

/// A regular file as text; what is not UTF-8 in it is replaced.
pub(super) fn read(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(SIZE).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).replace('\0', ""))
}

/// Keeps a section from the outcome of reading it.
pub(super) fn keep(facts: &mut Facts, name: &str, read: io::Result<String>) {
    match read {
        Ok(text) => facts.set(name, text),
        Err(e) if e.kind() == io::ErrorKind::NotFound => facts.absent(name),
        Err(e) => facts.unreadable(name, &e.kind().to_string()),
    }
}

/// The files of a folder by name, with an ending.
fn folder(root: &Path, path: &str, ending: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(under(root, path))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        let fits = ending.is_empty() || path.extension().is_some_and(|e| e == ending);
        if fits && !name.starts_with('.') && !name.ends_with('~') {
            files.push(path);
        }
    }
    files.sort();
    files.truncate(FOLDER);
    Ok(files)
}

pub(super) fn files(root: &Path, facts: &mut Facts) {
    for (path, more) in FILES {
        let text = with_folder(root, path, *more);
        keep(facts, &format!("file {path}"), text);
    }
    keep(facts, "file /etc/ssh/sshd_config", sshd(root));
    keep(facts, "modprobe", modprobe(root));
}

fn with_folder(root: &Path, path: &str, more: Option<(&str, &str)>) -> io::Result<String> {
    let main = read(&under(root, path));
    let Some((dir, ending)) = more else { return main };
    let inner = match folder(root, dir, ending) {
        Ok(inner) => inner,
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(e),
    };
    let mut text = match main {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound && !inner.is_empty() => String::new(),
        Err(e) => return Err(e),
    };
    for file in inner {
        text.push('\n');
        text.push_str(&read(&file)?);
    }
    Ok(text)
}

/// The sshd configuration with its includes in their places, as the daemon reads it.
fn sshd(root: &Path) -> io::Result<String> {
    let text = read(&under(root, "/etc/ssh/sshd_config"))?;
    let mut out = String::new();
    let mut left = INCLUDES;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(|w| w.eq_ignore_ascii_case("include")) {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        for pattern in words {
            for file in included(root, pattern.trim_matches('"'))? {
                left = left.saturating_sub(1);
                if left > 0 {
                    out.push_str(&read(&file)?);
                    out.push('\n');
                }
            }
        }
    }
    Ok(out)
}

/// The files an include names: one, or those of a folder with `*` in the last part.
fn included(root: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
    let absolute = if pattern.starts_with('/') { pattern.to_owned() } else { format!("/etc/ssh/{pattern}") };
    let Some((dir, last)) = absolute.rsplit_once('/') else { return Ok(Vec::new()) };
    let Some((start, end)) = last.split_once('*') else {
        let file = under(root, &absolute);
        return Ok(if file.exists() { vec![file] } else { Vec::new() });
    };
    let fits = |path: &PathBuf| {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
    };
    match folder(root, dir, "") {
        Ok(files) => Ok(files.into_iter().filter(fits).collect()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}

fn modprobe(root: &Path) -> io::Result<String> {
    let mut text = String::new();
    for dir in ["/usr/lib/modprobe.d", "/lib/modprobe.d", "/etc/modprobe.d"] {
        match folder(root, dir, "conf") {
            Ok(files) => {
                for file in files {
                    text.push_str(&read(&file)?);
                    text.push('\n');
                }
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(text)
}

/// One line per path: `path kind mode owner group`, or `path absent`, or `path unknown`.
pub(super) fn stat(root: &Path, facts: &mut Facts) {
    let (users, groups) = (names(root, "/etc/passwd"), names(root, "/etc/group"));
    let mut out = String::new();
    let mut line = |path: &str, follow: bool| {
        let place = under(root, path);
        let metadata = if follow { fs::metadata(&place) } else { fs::symlink_metadata(&place) };
        out.push_str(&match metadata {
            Ok(m) => format!("{path} {}\n", describe(&m, &users, &groups)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => format!("{path} absent\n"),
            Err(_) => format!("{path} unknown\n"),
        });
    };
    PATHS.iter().for_each(|path| line(path, true));
    for file in folder(root, "/etc/ssh", "").unwrap_or_default() {
        let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        if name.starts_with("ssh_host_") {
            line(&format!("/etc/ssh/{name}"), true);
        }
    }
    facts.set("stat", out);
}

pub(super) fn describe(
    metadata: &fs::Metadata,
    users: &HashMap<u32, String>,
    groups: &HashMap<u32, String>,
) -> String {
    let kind = match metadata.file_type() {
        t if t.is_dir() => "directory",
        t if t.is_symlink() => "link",
        t if t.is_file() => "file",
        _ => "other",
    };
    let name =
        |names: &HashMap<u32, String>, id: u32| names.get(&id).cloned().unwrap_or_else(|| id.to_string());
    let (owner, group) = (name(users, metadata.uid()), name(groups, metadata.gid()));
    format!("{kind} {:04o} {owner} {group}", metadata.mode() & 0o7777)
}

/// Names by number, from a file with the name in the first and the number in the third field.
pub(super) fn names(root: &Path, path: &str) -> HashMap<u32, String> {
    let text = read(&under(root, path)).unwrap_or_default();
    let entry = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        Some((fields.nth(1)?.parse().ok()?, name))
    };
    let mut names = HashMap::new();
    for (id, name) in text.lines().filter_map(entry) {
        names.entry(id).or_insert(name);
    }
    names
}
