//! The file tree of the file cases: a small Unix and Windows root in the scratch directory. Paths are resolved as an
//! operating system resolves them, below that root.

use std::io;
use std::path::{Path, PathBuf};

/// `etc/passwd` of the tree.
pub const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";

const TREE: &[(&str, &str)] = &[
    ("etc/passwd", PASSWD),
    ("etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"),
    ("etc/hostname", "range\n"),
    ("etc/issue", "Debian GNU/Linux 13 \\n \\l\n"),
    (
        "etc/os-release",
        "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"13\"\nID=debian\n",
    ),
    ("etc/group", "root:x:0:\ndaemon:x:1:\nwww-data:x:33:\n"),
    ("etc/shadow", "root:!:19800:0:99999:7:::\n"),
    ("proc/version", "Linux version 6.12.0-range (gcc 14.2.0) #1 SMP\n"),
    ("proc/self/environ", "PATH=/usr/bin:/bin\0HOME=/var/www\0APP_SECRET=environment-plover\0"),
    ("proc/self/cmdline", "/usr/bin/app\0--serve\0"),
    (
        "windows/win.ini",
        "; for 16-bit app support\r\n[fonts]\r\n[extensions]\r\n[mci extensions]\r\n[files]\r\n[Mail]\r\nMAPI=1\r\n",
    ),
    (
        "windows/system.ini",
        "; for 16-bit app support\r\n[386Enh]\r\nwoafont=dosapp.fon\r\n[drivers]\r\nwave=mmdrv.dll\r\n",
    ),
    ("boot.ini", "[boot loader]\r\ntimeout=30\r\n[operating systems]\r\n"),
    ("winnt/win.ini", "; for 16-bit app support\r\n[fonts]\r\n"),
    ("var/www/app/config.php", "<?php $db_password = 'config-osprey'; ?>\n"),
    ("var/www/app/secret.txt", "not for visitors: vault-kestrel-9\n"),
    ("var/www/app/pages/home.txt", "Welcome to the home page.\n"),
    ("var/www/app/pages/about.txt", "About this application.\n"),
    ("var/www/app/pages/home.html", "<p>Welcome to the home page.</p>\n"),
    ("var/www/app/pages/en/home.html", "<p>Welcome.</p>\n"),
    ("var/www/app/pages/de/home.html", "<p>Willkommen.</p>\n"),
    ("var/www/app/docs/manual.txt", "The manual, chapter one.\n"),
    ("var/www/app/docs/readme.txt", "Read me.\n"),
    ("var/www/app/images/logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n"),
];

/// The directory that the application's files are in.
pub const APP: &str = "/var/www/app";

/// Writes the tree.
pub fn plant(root: &Path) -> io::Result<()> {
    for (path, content) in TREE {
        let path = root.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, content)?;
    }
    Ok(())
}

/// A path as the operating system sees it: absolute or below the directory, dots resolved, never above the root.
pub fn resolve(directory: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Reads a file of the tree.
pub fn read(root: &Path, directory: &str, path: &str) -> Result<String, String> {
    // A C library ends a path at the first NUL.
    let path = path.split('\0').next().unwrap_or_default();
    let resolved = resolve(directory, path);
    let failed = |why: &str| format!("failed to open {path}: {why}");
    let real: PathBuf = root.join(resolved.trim_start_matches('/'));
    let bytes = match std::fs::read(&real) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(failed("No such file or directory"));
        }
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => return Err(failed("Is a directory")),
        Err(_) => return Err(failed("Permission denied")),
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads a file of the tree as Windows would: backslashes separate, a drive letter names the root, case does not count.
pub fn read_windows(root: &Path, directory: &str, path: &str) -> Result<String, String> {
    let path = path.replace('\\', "/");
    let path = match path.get(..2) {
        Some(drive) if drive.ends_with(':') => path.get(2..).unwrap_or_default().to_owned(),
        _ => path,
    };
    read(root, directory, &path).or_else(|error| {
        let lower = resolve(directory, &path).to_lowercase();
        read(root, "/", &lower).map_err(|_| error)
    })
}
