//! The gateway over HTTP: the documented samples of out-of-band assessment as they stand, bearer tokens, limits, errors
//! in its shape, and its documentation (`contract/oca.md 2 and 3`, `contract/gateway.md 4 to 7`).

use std::process::Command;

use serde_json::{Value, json};

use crate::common::{Call, PASSWORD, Reply, Server, Setup, run};
use crate::tokens::token;

const API: &str = "/ocaapi/v2.0";
const ROUTER: &str = include_str!("../../../assess/samples/router.log");

fn json(reply: &Reply) -> Value {
    assert_eq!(reply.header("content-type"), Some("application/json"), "{}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

fn with_token(call: Call, token: &str) -> Call {
    call.header("Authorization", &format!("Bearer {token}"))
}

fn provision(server: &Server, token: &str, body: &str) -> Value {
    let call = with_token(server.call("POST", &format!("{API}/asset")), token);
    let reply =
        call.header("Content-Type", "application/json").header("assetFlowType", "DEFAULT").body(body).send();
    assert_eq!(reply.status, 200, "{}", reply.body);
    json(&reply)
}

fn router(server: &Server, token: &str) -> String {
    let body = r#"{"hostIP":"192.0.2.14","technology":"Cisco IOS 15.x","type":"PolicyCompliance"}"#;
    provision(server, token, body)["data"]["assetUUID"].as_str().unwrap().to_owned()
}

#[track_caller]
fn refused(reply: Reply, status: u16, id: &str) {
    let body = json(&reply);
    assert_eq!((reply.status, &body["_error"]["code"]), (status, &status.into()), "{body}");
    let message = body["_error"]["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("{id} - ")), "{message}");
}

/// Runs curl as the release notes do.
fn curl(arguments: &[&str]) -> String {
    let output =
        Command::new("curl").args(["--silent", "--noproxy", "*"]).args(arguments).output().expect("curl");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_two_answers_to_an_upload_are_those_of_the_release_notes() {
    let server = Server::start();
    let token = token(&server);
    let uuid = router(&server, &token);
    let temp = tempfile::tempdir().unwrap();
    let url = format!("{}{API}/asset/{uuid}/command/bulk/output/PolicyCompliance", server.url());
    let upload = |name: &str| {
        let path = temp.path().join(name);
        std::fs::write(&path, ROUTER).unwrap();
        let answer = curl(&[
            "-X",
            "POST",
            &url,
            "-H",
            "accept: application/json",
            "-H",
            "assetFlowType: DEFAULT",
            "-H",
            &format!("Authorization: Bearer {token}"),
            "-H",
            "Content-Type: multipart/form-data",
            "-F",
            &format!("data=@{};type=text/plain", path.display()),
        ]);
        serde_json::from_str::<Value>(&answer).unwrap_or_else(|_| panic!("{answer}"))
    };
    assert_eq!(
        upload("samplefile.txt"),
        json!({ "code": 200, "message": "Command Bulk Output Uploaded Successfully." })
    );
    let message =
        "ERR-2070 - Invalid file format. Only txt file type is supported. Please upload a file appropriately";
    assert_eq!(upload("samplefile.pdf"), json!({ "_error": { "code": 400, "message": message } }));
    let posture = with_token(server.call("GET", &format!("{API}/asset/{uuid}/posture")), &token).send();
    assert!(json(&posture)["data"]["count"]["failed"].as_u64().unwrap() > 0);
}

#[test]
fn the_documented_calls_answer_in_a_row() {
    let server = Server::start();
    let token = token(&server);
    let call = |method, path: &str| with_token(server.call(method, &format!("{API}{path}")), &token);
    let technologies = json(&call("GET", "/technology/PolicyCompliance").send());
    assert!(
        technologies["data"]["items"]
            .as_array()
            .unwrap()
            .contains(&json!({ "id": 1017, "name": "Fabric 8" }))
    );
    // A sample of the documentation sends two types for one body.
    let body = r#"{"hostIP":"192.0.2.14","technology":"Fabric 8","type":"PolicyCompliance","dnsName":"san-a","netbios":"","mac":"02-00-5e-10-00-01"}"#;
    let reply = call("POST", "/asset")
        .header("Content-Type", "application/json")
        .header("Content-Type", "text/plain")
        .body(body)
        .send();
    let answer = json(&reply);
    let uuid = answer["data"]["assetUUID"].as_str().unwrap();
    let expected = json!({ "code": 200, "data": { "assetUUID": uuid },
        "message": "Request for Asset Provisioning submitted successfully." });
    assert_eq!(answer, expected);
    let status = json(&call("GET", &format!("/asset/{uuid}/status")).send());
    assert_eq!(status, json!({ "code": 200, "data": { "status": "Provision Confirmed" } }));
    let recent = json(&call("GET", "/assets/status/subscription/30").send());
    let item = json!({ "assetUUID": uuid, "status": "Provision Confirmed" });
    assert_eq!(recent, json!({ "code": 200, "data": { "items": [item] } }));
    let sheet = "--B\r\nContent-Disposition: form-data; name=\"data\"; filename=\"assets.csv\"\r\n\r\n\
        hostIP,technology\r\n192.0.2.21,Fabric 7\r\n192.0.2.14,Fabric 8\r\n\r\n--B--\r\n";
    let bulk = call("POST", "/asset/bulk?manifest_types=PolicyCompliance")
        .header("Content-Type", "multipart/form-data; boundary=B")
        .body(sheet)
        .send();
    let bulk = json(&bulk);
    let items = &bulk["data"]["items"];
    assert_eq!(
        (&items["count"]["successfulProvisions"], &items["count"]["skipppedProvisions"]),
        (&json!(1), &json!(1))
    );
    let other = items["successfulProvisions"][0]["uuid"].as_str().unwrap();
    let revoked = json(&call("DELETE", &format!("/asset/{uuid}")).send());
    let expected =
        json!({ "code": 200, "data": { "assetUUID": uuid }, "message": "Asset(s) Revoked Successfully." });
    assert_eq!(revoked, expected);
    // The body of a DELETE is kept.
    let body = json!({ "assetList": [other, uuid] }).to_string();
    let revoked = json(
        &call("DELETE", "/asset/revoke/bulk").header("Content-Type", "application/json").body(body).send(),
    );
    assert_eq!(
        revoked,
        json!({ "code": 200, "data": { "items": { "successfulRevoke": [other], "failedRevoke": [uuid] } } })
    );
    refused(call("GET", &format!("/asset/{uuid}/status")).send(), 404, "ERR-2912");
    refused(
        call("GET", &format!("/asset/{uuid}/status")).header("assetFlowType", "x").send(),
        400,
        "ERR-2917",
    );
}

#[test]
fn whoever_is_not_signed_in_is_told_in_the_shape_of_the_gateway() {
    let server = Server::start();
    let path = format!("{API}/assets");
    let reply = server.call("GET", &path).send();
    assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"Redoubt\""));
    refused(reply, 401, "ERR-2914");
    refused(with_token(server.call("GET", &path), "eyJ.x.y").send(), 401, "ERR-2914");
    refused(server.call("GET", &path).basic("admin", "a wrong password").send(), 401, "ERR-2914");
    // Not even whether there is something at a path.
    refused(server.call("GET", &format!("{API}/nothing")).send(), 401, "ERR-2914");
    let good = token(&server);
    assert_eq!(server.call("GET", &path).basic("admin", PASSWORD).send().status, 200);
    assert_eq!(server.call("GET", &path).header("Authorization", &good).send().status, 200);
    refused(with_token(server.call("GET", "/ocaapi/v1.0/asset"), &good).send(), 410, "ERR-2920");
    refused(with_token(server.call("GET", &format!("{API}/nothing")), &good).send(), 404, "ERR-2918");
    let reply = with_token(server.call("PUT", &format!("{API}/asset")), &good).send();
    assert_eq!(reply.header("allow"), Some("POST"));
    refused(reply, 405, "ERR-2919");
    let data = server.data();
    let arguments =
        ["user", "add", "lee", "--role", "Reader", "--password-stdin", "--data", data.to_str().unwrap()];
    assert!(run(&arguments, "good enough password\n").status.success());
    let reply = (0..40).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        let reply =
            server.call("DELETE", &format!("{API}/asset/x")).basic("lee", "good enough password").send();
        (reply.status != 401).then_some(reply)
    });
    refused(reply.expect("the new user is known"), 403, "ERR-2915");
}

#[test]
fn bodies_that_are_too_large_or_packed_badly_are_refused() {
    let server = Server::start();
    let token = token(&server);
    let uuid = router(&server, &token);
    let path = format!("{API}/asset/{uuid}/command/bulk/output/PolicyCompliance");
    let form = |size: usize| {
        let head = "--B\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a.txt\"\r\n\r\n";
        [head.as_bytes(), &vec![b'\n'; size], b"\r\n--B--\r\n"].concat()
    };
    let post = |body: Vec<u8>| {
        let call = with_token(server.call("POST", &path), &token);
        call.header("Content-Type", "multipart/form-data; boundary=B").body(body)
    };
    refused(post(form((16 << 20) + 1)).send(), 400, "ERR-2911");
    refused(post(form(17 << 20)).send(), 400, "ERR-2911");
    refused(post(form(16)).header("Content-Encoding", "gzip").send(), 400, "ERR-2917");
    refused(post(form(16)).header("Content-Encoding", "br").send(), 400, "ERR-2901");
    let call = with_token(server.call("POST", &format!("{API}/asset")), &token);
    refused(call.body(vec![b' '; 2 << 20]).send(), 400, "ERR-2911");
    assert!(!server.data().join("blobs").read_dir().unwrap().any(|entry| entry.is_ok()));
}

#[test]
fn a_limit_is_counted_for_each_call_and_told() {
    let server = Setup::new().with(&["--gateway-calls-per-hour", "2"]).start();
    let token = token(&server);
    let get = |path: &str| with_token(server.call("GET", &format!("{API}{path}")), &token).send();
    for left in ["1", "0"] {
        let reply = get("/assets");
        assert_eq!((reply.status, reply.header("x-ratelimit-remaining")), (200, Some(left)));
        assert_eq!(reply.header("x-ratelimit-limit"), Some("2"));
        assert_eq!(reply.header("x-ratelimit-towait-sec"), Some("0"));
    }
    let reply = get("/assets");
    let wait: i64 = reply.header("x-ratelimit-towait-sec").unwrap().parse().unwrap();
    assert!((1..=3_600).contains(&wait), "{wait}");
    assert_eq!(reply.header("retry-after"), reply.header("x-ratelimit-towait-sec"));
    assert_eq!(reply.header("x-ratelimit-remaining"), Some("0"));
    refused(reply, 429, "ERR-2921");
    assert_eq!(get("/technology/PolicyCompliance").status, 200, "another call has a limit of its own");
    assert_eq!(self::token(&server).split('.').count(), 3, "signing in is not counted");
    let free = Server::start();
    let token = self::token(&free);
    let reply = with_token(free.call("GET", &format!("{API}/assets")), &token).send();
    assert_eq!((reply.status, reply.header("x-ratelimit-limit")), (200, None));
}

#[test]
fn uploads_outlive_a_restart_and_confirmation_is_delayed_by_a_switch() {
    let server = Server::start();
    let key = token(&server);
    let uuid = router(&server, &key);
    let body = format!(
        "--B\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a.txt\"\r\n\r\n{ROUTER}\r\n--B--\r\n"
    );
    let path = format!("{API}/asset/{uuid}/command/bulk/output/PolicyCompliance");
    let upload = |server: &Server| {
        with_token(server.call("POST", &path), &key)
            .header("Content-Type", "multipart/form-data; boundary=B")
            .body(body.clone())
            .send()
    };
    assert_eq!(upload(&server).status, 200);
    let posture = |server: &Server| {
        json(&with_token(server.call("GET", &format!("{API}/asset/{uuid}/posture")), &key).send())
    };
    let before = posture(&server);
    // Killed, not stopped: what was answered is there.
    let server = server.kill().with(&["--oca-confirmation-seconds", "3600"]).start();
    assert_eq!(posture(&server), before);
    assert_eq!(upload(&server).status, 200, "what is confirmed stays so");
    let late = provision(
        &server,
        &key,
        r#"{"hostIP":"192.0.2.15","technology":"Fabric 8","type":"PolicyCompliance"}"#,
    );
    let late = late["data"]["assetUUID"].as_str().unwrap();
    let status = json(&with_token(server.call("GET", &format!("{API}/asset/{late}/status")), &key).send());
    assert_eq!(status["data"]["status"], "Provision Requested");
}

#[test]
fn posture_comes_as_a_gzip_file_and_by_the_older_call_as_xml() {
    let server = Server::start();
    let key = token(&server);
    let uuid = router(&server, &key);
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("router.txt");
    std::fs::write(&file, ROUTER).unwrap();
    let (bearer, login) = (format!("Authorization: Bearer {key}"), format!("admin:{PASSWORD}"));
    let url = format!("{}{API}/asset/{uuid}/command/bulk/output/PolicyCompliance", server.url());
    curl(&["-H", &bearer, "-F", &format!("data=@{}", file.display()), &url]);

    let hosts = curl(&["-H", &bearer, &format!("{}/pcrs/1.0/posture/hostids?policyId=1", server.url())]);
    let posture = |query: &str| {
        let url = format!("{}/pcrs/1.0/posture/postureInfo?evidenceRequired=1{query}", server.url());
        let out = temp.path().join("posture");
        let headers = curl(&[
            "-H",
            &bearer,
            "-H",
            "Content-Type: application/json",
            "-d",
            &hosts,
            "-D",
            "-",
            "-o",
            out.to_str().unwrap(),
            &url,
        ]);
        (headers.to_lowercase(), std::fs::read(out).unwrap())
    };
    let (plain_headers, plain) = posture("&compressionRequired=0");
    let (packed_headers, packed) = posture("&compressionRequired=1");
    assert!(plain_headers.contains("content-type: application/json"), "{plain_headers}");
    assert!(packed_headers.contains("content-type: application/gzip"), "{packed_headers}");
    // The file is the gzip stream itself: clients unpack it a second time otherwise.
    assert!(!packed_headers.contains("content-encoding"), "{packed_headers}");
    let mut unpacked = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
    assert!(packed.len() * 3 < plain.len(), "{} of {}", packed.len(), plain.len());

    let classic = format!("{}/api/2.0/fo/compliance/posture/info/", server.url());
    let form = ["-d", "action=list&policy_id=1&details=All"];
    let xml = curl(&[&["-u", &login, "-H", "X-Requested-With: curl"][..], &form, &[&classic]].concat());
    assert!(
        xml.contains("<POSTURE_INFO_LIST_OUTPUT>") && xml.ends_with("</POSTURE_INFO_LIST_OUTPUT>\n"),
        "{xml}"
    );
    let told = |xml: &str| -> Vec<String> {
        xml.lines().filter(|line| !line.contains("<DATETIME>")).map(str::to_owned).collect()
    };
    let by_url = curl(&["-u", &login, &format!("{classic}?action=list&policy_id=1&details=All")]);
    assert_eq!(told(&by_url), told(&xml));
    let refused =
        server.call("GET", "/api/2.0/fo/compliance/posture/info/?action=list").basic("admin", PASSWORD);
    let refused = refused.send();
    assert_eq!((refused.status, refused.header("content-type")), (400, Some("text/xml; charset=utf-8")));
    assert!(refused.body.contains("<CODE>1903</CODE>"), "{}", refused.body);
    let nobody = server.call("GET", "/api/2.0/fo/compliance/posture/info/?action=list&policy_id=1").send();
    assert!(nobody.status == 401 && nobody.body.contains("<CODE>2000</CODE>"), "{}", nobody.body);
}

#[test]
fn the_documentation_is_served_with_all_that_it_loads() {
    let server = Server::start();
    for family in ["oca/v2", "pcrs/v1", "pcas/v1", "fo/v2"] {
        let page = server.call("GET", &format!("/apidocs/{family}")).send();
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
        let urls = page.body.split(['"', '\'']).filter(|text| text.starts_with('/') || text.contains("://"));
        let urls: Vec<_> = urls.filter(|text| !text.contains(' ')).collect();
        assert!(urls.len() >= 4 && urls.iter().all(|url| url.starts_with("/apidocs/assets/")), "{urls:?}");
        for url in urls {
            let packed = server.call("GET", url).header("Accept-Encoding", "gzip").send();
            let plain = server.call("GET", url).send();
            assert_eq!((packed.status, plain.status), (200, 200), "{url}");
            assert_eq!(plain.header("content-encoding"), None);
            assert_eq!(packed.body, plain.body, "{url}");
            let tag = plain.header("etag").unwrap();
            assert_eq!(server.call("GET", url).header("If-None-Match", tag).send().status, 304);
        }
        for name in ["openapi.json", "swagger.json"] {
            let document = server.call("GET", &format!("/apidocs/{family}/{name}")).send();
            let document = json(&document);
            assert_eq!(document["openapi"], "3.1.0");
            assert!(document["paths"].get("/auth").is_some());
        }
    }
    for nothing in
        ["/apidocs", "/apidocs/oca", "/apidocs/oca/v1", "/apidocs/assets/..", "/apidocs/assets/page.html"]
    {
        assert_eq!(server.call("GET", nothing).send().status, 404, "{nothing}");
    }
    assert_eq!(server.call("POST", "/apidocs/oca/v2").send().status, 405);
}
