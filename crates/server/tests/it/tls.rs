//! The TLS address and its certificate.

use std::process::Command;

use crate::common::{Call, PASSWORD, Setup};

const VERSION: &str = "/qps/rest/portal/version";

#[test]
fn the_generated_certificate_is_good_for_this_machine_and_stays() {
    let server = Setup::new().with(&["--tls-listen", "127.0.0.1:0"]).start();
    let file = server.data().join("tls.crt");
    let fingerprint = server.said_after("SHA-256 ").unwrap();
    let port = server.tls_url().rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{port}{VERSION}");
        let reply = Call::new("GET", url).basic("admin", PASSWORD).trusting(file.clone()).send().succeeded();
        assert!(
            reply.body.contains(&format!("\"https://{host}:{port}/qps/xsd/version.xsd\"")),
            "{}",
            reply.body
        );
        assert!(reply.header("set-cookie").unwrap().ends_with("; Secure"));
    }
    let untrusting = Call::new("GET", format!("{}{VERSION}", server.tls_url())).basic("admin", PASSWORD);
    assert!(untrusting.try_send().is_err());
    let server = server.restart();
    assert_eq!(server.said_after("SHA-256 ").unwrap(), fingerprint);
}

#[test]
fn openssl_agrees_on_certificate_and_fingerprint() {
    let server = Setup::new().with(&["--tls-listen", "127.0.0.1:0"]).start();
    let file = server.data().join("tls.crt");
    let user = format!("admin:{PASSWORD}");
    let run = Command::new("curl")
        .args(["--silent", "--fail", "--noproxy", "*", "--user", &user, "--cacert"])
        .arg(&file)
        .arg(format!("{}{VERSION}", server.tls_url()))
        .output();
    let output = run.expect("curl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let run = Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
        .arg(&file)
        .output();
    let said = String::from_utf8(run.expect("openssl is installed").stdout).unwrap();
    let digits: String = said.split('=').nth(1).unwrap().trim().replace(':', "").to_lowercase();
    assert_eq!(server.said_after("SHA-256 ").unwrap(), digits);
}

#[test]
fn own_files_are_used_and_half_of_them_is_refused() {
    let setup = Setup::new().with(&["--tls-listen", "127.0.0.1:0"]);
    let pair = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().self_signed(&pair).unwrap();
    let data = setup.data().to_owned();
    std::fs::write(data.join("tls.crt"), own.pem()).unwrap();
    let output = crate::common::run(
        &[
            "serve",
            "--data",
            data.to_str().unwrap(),
            "--listen",
            "127.0.0.1:0",
            "--tls-listen",
            "127.0.0.1:0",
        ],
        "",
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("tls.crt is there without"), "{said}");
    std::fs::write(data.join("tls.key"), pair.serialize_pem()).unwrap();
    let server = setup.start();
    let url = format!("{}/health", server.tls_url());
    assert_eq!(Call::new("GET", url).trusting(data.join("tls.crt")).send().status, 200);
    assert_eq!(std::fs::read_to_string(data.join("tls.crt")).unwrap(), own.pem());
}

#[test]
fn plain_http_at_the_tls_address_is_no_answer_and_does_no_harm() {
    let server = Setup::new().with(&["--tls-listen", "127.0.0.1:0"]).start();
    let url = server.tls_url().replace("https://", "http://");
    assert!(Call::new("GET", format!("{url}/health")).try_send().is_err());
    let file = server.data().join("tls.crt");
    assert_eq!(Call::new("GET", format!("{}/health", server.tls_url())).trusting(file).send().status, 200);
}
