//! Installers of the agent: managed on the command line beside a running server, handed out over HTTP.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::common::{Call, PASSWORD, Reply, Server, run};

const INFO: &str = "/qps/rest/1.0/process/ca/binaryinfo";
const DOWNLOAD: &str = "/qps/rest/1.0/download/ca/downloadbinary";
/// Of a platform whose installers may begin with anything.
const FILE: &str = "platform=SOLARIS_SPARC&architecture=SPARC";

fn asked(object: &str, platform: &str, architecture: &str) -> String {
    format!(
        "<ServiceRequest><data><{object}><platform>{platform}</platform><architecture>{architecture}</architecture>\
         </{object}></data></ServiceRequest>"
    )
}

fn binaries(data: &Path, arguments: &[&str]) -> Output {
    let mut all = vec!["binaries"];
    all.extend(arguments);
    all.extend(["--data", data.to_str().unwrap()]);
    run(&all, "")
}

fn add(data: &Path, file: &Path, platform: &str, architecture: &str, version: &str) -> Output {
    let file = file.to_str().unwrap();
    binaries(
        data,
        &["add", file, "--platform", platform, "--architecture", architecture, "--version", version],
    )
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A server with an installer of this content, its hash and where it is kept.
fn with_installer(content: &str) -> (Server, String, PathBuf) {
    let server = Server::start();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), content).unwrap();
    let added = add(&server.data(), file.path(), "SOLARIS_SPARC", "SPARC", "3.11.0.7");
    assert!(added.status.success(), "{}", text(&added));
    let sha256 = text(&added).trim().rsplit(' ').next().unwrap().to_owned();
    let place = server.data().join("installers").join(sha256.get(..2).unwrap()).join(&sha256);
    (server, sha256, place)
}

fn download(server: &Server, headers: &[(&str, &str)]) -> Reply {
    let call = server.call("GET", &format!("{DOWNLOAD}?{FILE}")).basic("admin", PASSWORD);
    headers.iter().fold(call, |call: Call, (name, value)| call.header(name, value)).send()
}

#[test]
fn binaries_are_added_listed_and_removed_beside_a_running_server() {
    let server = Server::start();
    let data = server.data();
    let folder = tempfile::tempdir().unwrap();
    let deb = folder.path().join("redoubt-agent_1.0_amd64.deb");
    fs::write(&deb, b"!<arch>\ndebian-binary and the rest").unwrap();
    let all = || server.post(INFO, &asked("BinaryInfo", "ALL", "ALL"));
    assert_eq!(all().succeeded().text("count"), Some("0"));
    let added = add(&data, &deb, "LINUX_UBUNTU", "X_64", "1.0");
    assert!(added.status.success(), "{}", text(&added));
    // At once: the server looks when it is asked.
    let told = all().succeeded();
    assert_eq!((told.text("count"), told.text("version")), (Some("1"), Some("1.0")), "{}", told.body);
    let hash = told.text("hash").unwrap().strip_prefix("Hash-SHA-256 : ").unwrap().to_owned();
    let listed = text(&binaries(&data, &["list"]));
    for words in ["LINUX_UBUNTU", "X_86_64", "1.0", &hash, "redoubt-agent_1.0_amd64.deb"] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
    // Another takes its place.
    fs::write(&deb, b"!<arch>\ndebian-binary and more").unwrap();
    assert!(add(&data, &deb, "LINUX_UBUNTU", "X_86_64", "1.1").status.success());
    assert_eq!(all().succeeded().text("version"), Some("1.1"));
    assert!(!data.join("installers").join(hash.get(..2).unwrap()).join(&hash).exists());
    for (output, words) in [
        (add(&data, &deb, "linux_ubuntu", "X_64", "1"), "there is no platform"),
        (add(&data, &deb, "LINUX", "X_64", "1"), "is no .rpm file"),
        (add(&data, &folder.path().join("none"), "LINUX_UBUNTU", "X_64", "1"), "can't be read"),
        (
            binaries(&data, &["remove", "--platform", "AIX", "--architecture", "POWER_5"]),
            "there is no installer",
        ),
        (binaries(folder.path(), &["list"]), "there is no Redoubt data"),
    ] {
        assert!(!output.status.success() && text(&output).contains(words), "{words}: {}", text(&output));
    }
    let remove = || binaries(&data, &["remove", "--platform", "LINUX_UBUNTU", "--architecture", "X_86_64"]);
    assert!(remove().status.success());
    assert_eq!(all().succeeded().text("count"), Some("0"));
    server.post(INFO, &asked("BinaryInfo", "LINUX_UBUNTU", "X_64")).refused(200, "NOT_FOUND");
    assert!(!remove().status.success());
}

#[test]
fn a_download_is_whole_resumable_and_checked() {
    let content: String = (0..100_000).map(|line| format!("line {line}\n")).collect();
    let (server, sha256, place) = with_installer(&content);
    let tag = format!("\"{sha256}\"");
    let whole = download(&server, &[("Accept-Encoding", "gzip")]);
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("application/octet-stream")));
    assert_eq!(whole.body, content);
    assert_eq!(whole.header("content-length"), Some(content.len().to_string().as_str()));
    assert_eq!((whole.header("etag"), whole.header("accept-ranges")), (Some(&*tag), Some("bytes")));
    assert_eq!(whole.header("content-encoding"), None);
    assert!(whole.header("content-disposition").unwrap().starts_with("attachment; filename="));
    let posted = server.post(DOWNLOAD, &asked("DownloadBinary", "SOLARIS_SPARC", "SPARC"));
    assert_eq!(posted.body, content);
    assert!(posted.header("x-customer-id").is_some_and(|id| id.len() == 36));

    // The rest after any break, also by POST, and only of the same file.
    let length = content.len();
    for from in [0, 1, 262_143, 262_144, length - 1] {
        let rest = download(&server, &[("Range", &format!("bytes={from}-")), ("If-Range", &tag)]);
        assert_eq!((rest.status, &*rest.body), (206, content.get(from..).unwrap()), "{from}");
        let said = format!("bytes {from}-{}/{length}", length - 1);
        assert_eq!(rest.header("content-range"), Some(&*said));
    }
    let last = server
        .call("POST", DOWNLOAD)
        .basic("admin", PASSWORD)
        .header("Content-Type", "text/xml")
        .header("Range", "bytes=-7")
        .body(asked("DownloadBinary", "SOLARIS_SPARC", "SPARC"))
        .send();
    assert_eq!((last.status, &*last.body), (206, content.get(length - 7..).unwrap()));
    let other = download(&server, &[("Range", "bytes=5-"), ("If-Range", "\"another\"")]);
    assert_eq!((other.status, other.body.len()), (200, length));
    let several = download(&server, &[("Range", "bytes=0-1,5-6")]);
    assert_eq!((several.status, several.body.len()), (200, length));
    let outside = download(&server, &[("Range", &format!("bytes={length}-"))]);
    let all = format!("bytes */{length}");
    assert_eq!(outside.header("content-range"), Some(&*all));
    outside.refused(416, "INVALID_REQUEST");

    // A file that is not what it was is not handed out, whole or in part.
    let mut bytes = fs::read(&place).unwrap();
    bytes[50] ^= 1;
    fs::write(&place, bytes).unwrap();
    download(&server, &[]).refused(500, "OTHER_ERROR");
    download(&server, &[("Range", "bytes=100-")]).refused(500, "OTHER_ERROR");
}

#[test]
fn a_refused_download_has_a_status_and_the_shape_of_the_api() {
    let (server, _, _) = with_installer("something");
    let get = |query: &str| server.get(&format!("{DOWNLOAD}?{query}"));
    get("platform=LINUX&architecture=X_64").refused(404, "NOT_FOUND");
    get("platform=LINUX&architecture=SPARC").refused(400, "INVALID_REQUEST");
    get("platform=linux&architecture=X_64").refused(400, "INVALID_PARAM");
    get("").refused(400, "CANNOT_BE_NULL");
    let call = |login: &str| server.call("GET", &format!("{DOWNLOAD}?{FILE}")).basic("admin", login).send();
    call("wrong password").refused(401, "INVALID_CREDENTIALS");
    server.call("GET", &format!("{DOWNLOAD}?{FILE}")).send().refused(401, "AUTH_CREDENTIALS_NEEDED");
    server.post_json(DOWNLOAD, "{").refused(400, "INVALID_XML");
    server.call("DELETE", DOWNLOAD).basic("admin", PASSWORD).send().refused(405, "INVALID_REQUEST");
}

#[test]
fn large_installers_go_out_in_bounded_memory() {
    let content = "0123456789abcdef".repeat(4 << 20);
    let (server, _, _) = with_installer(&content);
    drop(download(&server, &[("Range", "bytes=0-0")]));
    let before = server.memory("VmRSS");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(download(&server, &[]).body == content));
        }
    });
    let grown = server.memory("VmHWM").saturating_sub(before);
    assert!(grown < 32 << 10, "{grown} KiB for four times 64 MiB");
}
