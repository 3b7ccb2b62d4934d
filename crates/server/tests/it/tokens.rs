//! Bearer tokens (`contract/gateway.md 2 to 4`, `contract/oca.md 2.2`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::common::{Call, PASSWORD, Reply, Server, Setup, run};

const COUNT: &str = "/qps/rest/2.0/count/am/tag";
const FORM: &str = "application/x-www-form-urlencoded";

fn auth(server: &Server, form: &str) -> Reply {
    server.call("POST", "/auth").header("Content-Type", FORM).body(form).send()
}

fn good_form() -> String {
    format!("username=admin&password={}&token=true&permissions=true", PASSWORD.replace(' ', "+"))
}

/// A token of the manager.
pub(crate) fn token(server: &Server) -> String {
    let reply = auth(server, &good_form());
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.body
}

fn count(server: &Server, authorization: &str) -> Reply {
    server.call("GET", COUNT).header("Authorization", authorization).send()
}

/// What a shell client reads: the second part, through a decoder that repairs nothing.
fn claims(token: &str) -> Value {
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    serde_json::from_slice(&STANDARD.decode(parts[1]).unwrap()).unwrap()
}

#[track_caller]
fn refused(reply: Reply, status: u16) -> Reply {
    assert_eq!(reply.status, status, "{}", reply.body);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(body["_error"]["code"], status);
    assert_eq!(
        (&body["_error"]["message"], &body["errorCode"]),
        (&body["message"], &status.to_string().into())
    );
    assert!(!reply.body.contains(PASSWORD), "{}", reply.body);
    reply
}

#[test]
fn a_token_comes_bare_with_201_and_opens_both_doors() {
    let server = Server::start();
    let reply = auth(&server, &good_form());
    assert_eq!((reply.status, reply.header("content-type")), (201, Some("text/plain;charset=UTF-8")));
    let token = reply.body;
    assert!(token.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter)), "{token}");
    for authorization in [format!("Bearer {token}"), format!("bearer {token}"), token.clone()] {
        count(&server, &authorization).succeeded();
    }
    assert_ne!(self::token(&server), token, "clients run side by side, each with its own");
    count(&server, &token).succeeded();
}

#[test]
fn the_claims_are_those_that_clients_decode() {
    let server = Server::start();
    let claims = claims(&token(&server));
    for (name, value) in [
        ("sub", "admin"),
        ("iss", "qas"),
        ("aud", "qas"),
        ("loginResponse", "SUCCESSFUL"),
        ("usertype", "fo"),
        ("ipAddress", "127.0.0.1"),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 14_400);
    for name in ["customerUuid", "userUuid", "jti"] {
        assert_eq!(claims[name].as_str().unwrap().len(), 36, "{name}");
    }
    for name in ["successfulAuthenticationHandlers", "modulesAllowed", "permissions"] {
        assert!(claims[name].is_array(), "{name}");
    }
    assert!(claims["modulesAllowed"].as_array().unwrap().contains(&"OCA".into()));
    assert!(claims["permissions"].as_array().unwrap().contains(&"Read Asset".into()));
    let brief = auth(&server, &good_form().replace("&permissions=true", ""));
    let brief = self::claims(&brief.body);
    assert_eq!(brief.get("permissions"), None);
    assert_eq!(brief["customerUuid"], claims["customerUuid"]);
    assert_ne!(brief["jti"], claims["jti"]);
}

#[test]
fn samples_of_the_documentation_get_a_token() {
    let server = Server::start();
    // As the page for OCA has it: the header's name is misspelt, and the path of some clients has more slashes.
    for (path, header) in [("/auth", "ContentType"), ("//auth", "Content-Type"), ("/auth/", "Content-Type")] {
        let reply = server.call("POST", path).header(header, FORM).body(good_form()).send();
        assert_eq!(reply.status, 201, "{path}: {}", reply.body);
    }
    let reply = server
        .call("POST", "/auth")
        .header("Content-Type", FORM)
        .header("Accept", "text/plain")
        .body(good_form() + "\n")
        .send();
    assert_eq!(reply.status, 201, "{}", reply.body);
}

#[test]
fn bad_sign_ins_are_refused_in_words() {
    let server = Server::start();
    refused(auth(&server, "username=admin&password=wrong+password&token=true"), 401);
    refused(auth(&server, "username=nobody&password=wrong+password&token=true"), 401);
    for missing in ["username", "password", "token"] {
        let form = good_form().replace(&format!("{missing}="), "x=");
        let reply = refused(auth(&server, &form), 400);
        assert!(reply.body.contains(missing), "{}", reply.body);
        let form = good_form();
        let empty = form.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if name == missing => format!("{name}="),
            _ => pair.to_owned(),
        });
        refused(auth(&server, &empty.collect::<Vec<_>>().join("&")), 400);
    }
    refused(auth(&server, &good_form().replace("token=true", "token=false")), 400);
    refused(auth(&server, ""), 400);
    refused(auth(&server, &"a".repeat(100_000)), 400);
    refused(server.call("POST", "/auth").body(vec![0xff, 0xfe, b'=']).send(), 400);
    let json = format!("{{\"username\":\"admin\",\"password\":\"{PASSWORD}\"}}");
    refused(server.call("POST", "/auth").header("Content-Type", "application/json").body(json).send(), 415);
    let reply = refused(server.call("GET", "/auth").send(), 405);
    assert_eq!(reply.header("allow"), Some("POST"));
    assert_eq!(reply.header("www-authenticate"), None);
}

#[test]
fn a_password_may_hold_any_letter_and_blanks_at_its_ends() {
    let server = Server::start();
    let password = " p+&=%?# \u{fc}~ ";
    let data = server.data();
    let arguments =
        ["user", "add", "lee", "--role", "Reader", "--password-stdin", "--data", data.to_str().unwrap()];
    assert!(run(&arguments, &format!("{password}\n")).status.success());
    let encoded: String = password.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = format!("username=lee&password={encoded}&token=true");
    let reply = (0..40).find_map(|_| {
        let reply = auth(&server, &form);
        if reply.status == 201 {
            Some(reply)
        } else {
            std::thread::sleep(std::time::Duration::from_millis(100));
            None
        }
    });
    assert_eq!(claims(&reply.expect("a token").body)["sub"], "lee");
}

#[test]
fn a_client_gets_a_token_for_its_id_and_secret() {
    let server = Server::start();
    let call = |path, id: &str, secret: &str| -> Call {
        server
            .call("POST", path)
            .header("clientId", id)
            .header("clientSecret", secret)
            .header("Content-Type", FORM)
    };
    for path in ["/auth/oidc", "/auth/oauth"] {
        let reply = call(path, "admin", PASSWORD).send();
        assert_eq!(reply.status, 200, "{}", reply.body);
        count(&server, &format!("Bearer {}", reply.body)).succeeded();
        refused(call(path, "admin", "a wrong secret").send(), 401);
        refused(server.call("POST", path).send(), 400);
        refused(server.call("GET", path).send(), 405);
    }
}

#[test]
fn tokens_outlive_a_restart_and_end_with_the_password() {
    let server = Setup::new().start();
    let bearer = format!("Bearer {}", token(&server));
    let server = server.restart();
    count(&server, &bearer).succeeded();
    let data = server.data();
    let arguments = ["user", "passwd", "admin", "--password-stdin", "--data", data.to_str().unwrap()];
    assert!(run(&arguments, "another good password\n").status.success());
    let ended = (0..40).any(|_| {
        let reply = count(&server, &bearer);
        if reply.status == 401 {
            true
        } else {
            std::thread::sleep(std::time::Duration::from_millis(100));
            false
        }
    });
    assert!(ended, "the old password's token still opens");
    count(&server, &bearer).refused(401, "INVALID_CREDENTIALS");
}

#[test]
fn forged_tokens_open_nothing() {
    let server = Server::start();
    let good = token(&server);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let of_another = token(&Server::start());
    for bad in [
        head.to_owned(),
        format!("{head}."),
        format!("{head}.AAAA"),
        format!("x{good}"),
        format!("{good}x"),
        of_another,
        format!("eyJhbGciOiJub25lIn0.{}.{signature}", head.split_once('.').unwrap().1),
        "abc".into(),
        String::new(),
    ] {
        let reply = count(&server, &format!("Bearer {bad}"));
        assert_eq!(reply.status, 401, "{bad}: {}", reply.body);
    }
}
