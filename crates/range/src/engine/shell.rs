//! Commands: the real `/bin/sh` in a private directory, with an empty environment, little time and little output.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);

/// Runs a command line; gives what it wrote on both outputs, at most 64 KB.
pub fn run(directory: &Path, line: &str) -> String {
    // The whole group of processes shares the limits: processor seconds, file size, address space.
    let limited = format!("ulimit -t 10 -f 2048 -v 1048576 2>/dev/null\n{line}");
    let spawned = Command::new("/bin/sh")
        .arg("-c")
        .arg(limited)
        .current_dir(directory)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return format!("sh: {error}"),
    };
    let readers: Vec<_> = [child.stdout.take().map(boxed), child.stderr.take().map(boxed)]
        .into_iter()
        .flatten()
        .map(|mut from| {
            thread::spawn(move || {
                let mut bytes = Vec::new();
                // What can't be read is not shown.
                let _ = (&mut from).take(64 * 1024).read_to_end(&mut bytes);
                bytes
            })
        })
        .collect();
    let started = Instant::now();
    while started.elapsed() < LIMIT {
        match child.try_wait() {
            Ok(None) => thread::sleep(Duration::from_millis(2)),
            Ok(Some(_)) | Err(_) => break,
        }
    }
    // It ended, or it must now.
    let _ = child.kill();
    let _ = child.wait();
    let mut out = Vec::new();
    for reader in readers {
        out.extend(reader.join().unwrap_or_default());
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn boxed(reader: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(reader)
}
