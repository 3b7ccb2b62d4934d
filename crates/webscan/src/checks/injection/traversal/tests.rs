use super::*;
use crate::http::{Target, encode};
use crate::testing::{Answer, Asked, scan, serve};

/// A folder of a server: its files, and the files that lie above it.
fn read(root: &std::path::Path, path: &str) -> Answer {
    let path = path.split('\0').next().unwrap_or_default();
    match std::fs::read(root.join(path.trim_start_matches("file://"))) {
        Ok(bytes) => Answer::html(String::from_utf8_lossy(&bytes).into_owned()),
        Err(_) => Answer::status(404),
    }
}

async fn server() -> (std::net::SocketAddr, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("pages");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("home.html"), "<p>Welcome to this house</p>").unwrap();
    std::fs::write(folder.path().join("package.json"), r#"{"scripts": {}}"#).unwrap();
    let server = serve(move |asked: &Asked| {
        let file = asked.field("file");
        match asked.path.as_str() {
            "/plain" => read(&root, &file),
            "/once" => read(&root, file.replace("../", "").trim_start_matches('/')),
            "/twice" if file.contains("..") || file.starts_with('/') => Answer::status(400),
            "/twice" => read(&root, &encode::unpercent(&file)),
            "/ends" if !file.ends_with(".html") => Answer::status(400),
            "/ends" => read(&root, &file),
            "/begins" if !file.starts_with("pages/") => Answer::status(400),
            "/begins" => read(root.parent().unwrap(), &file),
            "/jailed" if file.starts_with('/') || file.contains("etc") => Answer::status(404),
            "/jailed" => read(&root, &file),
            "/resolved" => match std::fs::canonicalize(root.join(&file)) {
                Ok(path) if path.starts_with(root.canonicalize().unwrap()) => read(&root, &file),
                _ => Answer::status(404),
            },
            "/ended" => read(&root, &format!("{}.html", file.replace("../", ""))),
            "/slashless" if file.contains('/') || file.contains("..") => Answer::status(400),
            "/slashless" => read(&root, &file.replace('\u{ff0e}', ".").replace('\u{ff0f}', "/")),
            "/double" if file.contains('/') => Answer::status(400),
            "/double" => read(&root, &encode::unpercent(&file)),
            "/three" => read(&root, &file.replace("../", "").replace("../", "")),
            "/name" => read(&root, file.rsplit('/').next().unwrap_or_default()),
            // Adds an ending, and filters what it reads when it is asked to.
            "/program" => match file.strip_prefix("php://filter/convert.base64-encode/resource=") {
                Some("home") => Answer::html("PD9waHAgZWNobyAid2VsY29tZSB0byB0aGlzIGhvdXNlIjs="),
                None if file.trim_start_matches("./") == "home" => Answer::html("welcome to this house"),
                _ => Answer::html("no such page"),
            },
            "/folder" => match std::fs::read_dir(root.join(&file)) {
                Ok(all) => {
                    let names = all.map(|one| one.unwrap().file_name().to_string_lossy().into_owned());
                    Answer::html(names.collect::<Vec<_>>().join("<br>"))
                }
                Err(_) => Answer::status(404),
            },
            "/rooted" if !file.starts_with('/') || file.contains("..") => Answer::status(404),
            "/rooted" => read(root.parent().unwrap(), file.trim_start_matches('/')),
            "/shown" => Answer::html(format!(
                "<p>No file {}</p><pre>root:x:0:0:root</pre>",
                file.replace('<', "&lt;")
            )),
            _ => Answer::html(format!("<p>No file {}</p>", file.replace('<', "&lt;"))),
        }
    })
    .await;
    (server, folder)
}

#[tokio::test]
async fn ways_out_of_the_folder_are_found() {
    let (server, _folder) = server().await;
    let mut wrong = Vec::new();
    for path in [
        "/plain?file=home.html",
        "/once?file=home.html",
        "/twice?file=home.html",
        "/ends?file=home.html",
        "/begins?file=pages/home.html",
        "/jailed?file=home.html",
        "/program?file=home",
        "/ended?file=home",
        "/slashless?file=home.html",
        "/double?file=home.html",
        "/three?file=home.html",
        "/folder?file=./",
        "/rooted?file=/pages/home.html",
    ] {
        let found = scan(&Traversal, server, path).await;
        if found.iter().map(|found| found.qid).collect::<Vec<_>>() != [150_011] {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    for path in
        ["/resolved?file=home.html", "/name?file=home.html", "/shown?file=home.html", "/echo?file=home.html"]
    {
        assert!(scan(&Traversal, server, path).await.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn files_are_not_written_over() {
    let paths = std::sync::Arc::new(parking_lot::Mutex::new(Vec::<String>::new()));
    let seen = paths.clone();
    let server = serve(move |asked: &Asked| {
        let (_, rest) = asked.body.split_once("name=\"name\"\r\n\r\n").unwrap_or_default();
        let name = rest.split("\r\n").next().unwrap_or_default().to_owned();
        let is_there = name.ends_with("proc/version");
        seen.lock().push(name);
        Answer::html(if is_there { "Linux version 6.1.0" } else { "saved" })
    })
    .await;
    let part = |name: &str, value: &str, file: Option<&str>| crate::http::Part {
        name: name.into(),
        value: value.into(),
        file_name: file.map(str::to_owned),
        content_type: None,
    };
    let parts = vec![part("name", "pictures/a.png", None), part("file", "sample", Some("a.png"))];
    let url = Target::parse(&format!("http://{server}/upload")).unwrap();
    let request =
        Request { method: crate::http::Method::Post, body: Body::Multipart(parts), ..Request::get(url) };
    let (found, _) =
        crate::testing::scan_with(&Traversal, vec![request], crate::testing::Extras::default()).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let paths = paths.lock();
    assert!(paths.iter().all(|path| !path.contains("passwd") && !path.contains("hosts")), "{paths:?}");
}

#[tokio::test]
async fn what_has_an_address_of_its_own_is_no_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    std::fs::create_dir_all(root.join("help")).unwrap();
    std::fs::write(root.join("help/home.html"), "<p>Welcome to this house</p>").unwrap();
    for place in [&root, folder.path()] {
        std::fs::write(place.join(".env"), "DB_PASSWORD=secret\n").unwrap();
    }
    // All below the root has an address; `/jail` may not leave it, `/open` may.
    let server = serve(move |asked: &Asked| {
        let path = encode::unpercent(&asked.path);
        let inner = path.trim_start_matches("/jail").trim_start_matches("/open").trim_start_matches('/');
        match std::fs::canonicalize(root.join(inner)) {
            Ok(file) if file.is_file() && (path.starts_with("/open") || file.starts_with(&root)) => {
                read(&root, file.to_str().unwrap())
            }
            _ => Answer::status(404),
        }
    })
    .await;
    assert!(scan(&Traversal, server, "/jail/help/home.html").await.is_empty());
    let found = scan(&Traversal, server, "/open/help/home.html").await;
    assert!(found.iter().any(|found| found.qid == 150_011), "{found:?}");
}
