//! Three questions that people ask, as lines for a shell, with the answers that the server gave just now.

use serde_json::Value;

use super::Shown;
use super::inventory::{items, value};
use crate::cli::quickstart::client::{Client, Question};
use crate::cli::{Failure, say};
use crate::first_start::ADMIN;

/// The most of an answer that is shown, in characters.
const SHOWN: usize = 400;

pub(super) fn print(shown: &Shown<'_>) -> Result<(), Failure> {
    let client = shown.client;
    say("\nThree questions, and what the server answers")?;
    for (text, question) in questions(&shown.host) {
        say(format_args!("\n  {text}\n  {}", shell_line(client, &question, shown.password)))?;
        say(format_args!("  {}", shortened(&client.ask(&question)?)))?;
    }
    Ok(())
}

fn questions(host: &Value) -> [(String, Question); 3] {
    let software = items(host, "software", "HostAssetSoftware");
    let names = || software.iter().map(|one| value(one, "name"));
    let package =
        names().find(|name| name == "openssl").or_else(|| names().next()).unwrap_or("openssl".to_owned());
    let ports = items(host, "openPort", "HostAssetOpenPort");
    let port = ports.first().map_or("22".to_owned(), |one| value(one, "port"));
    let id = value(host, "id");
    [
        (
            format!("How many machines have {package} installed?"),
            Question::with_criterion("count/am/hostasset", "installedSoftware", "EQUALS", &package),
        ),
        (
            format!("Which machines have port {port} open?"),
            Question::with_criterion(
                "search/am/hostasset?fields=id,name,os,address",
                "port",
                "EQUALS",
                &port,
            ),
        ),
        (
            "Which tags does this machine have?".to_owned(),
            Question { path: format!("get/am/hostasset/{id}?fields=name,tags"), body: None },
        ),
    ]
}

fn shell_line(client: &Client, question: &Question, password: Option<&str>) -> String {
    // Without a password, curl asks for it.
    let user = password.map_or(ADMIN.to_owned(), |password| format!("{ADMIN}:{password}"));
    let url = client.url_of(question);
    match &question.body {
        None => format!("curl -u {user} -H 'Accept: application/json' '{url}'"),
        Some(body) => {
            let body = body.replace('\'', r"'\''");
            format!("curl -u {user} -H 'Content-Type: application/json' -d '{body}' '{url}'")
        }
    }
}

fn shortened(answer: &str) -> String {
    let mut shown: String = answer.chars().take(SHOWN).collect();
    if answer.chars().nth(SHOWN).is_some() {
        shown.push_str(" ...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_the_shell_says_what_is_asked() {
        let client = Client::new("http://127.0.0.1:1".into(), String::new());
        let question = Question::with_criterion("count/am/hostasset", "installedSoftware", "EQUALS", "it's");
        assert_eq!(
            shell_line(&client, &question, Some("pass-word")),
            r#"curl -u admin:pass-word -H 'Content-Type: application/json' -d '{"ServiceRequest":{"filters":{"Criteria":[{"field":"installedSoftware","operator":"EQUALS","value":"it'\''s"}]}}}' 'http://127.0.0.1:1/qps/rest/2.0/count/am/hostasset'"#
        );
    }

    #[test]
    fn long_answers_are_shortened() {
        assert_eq!(shortened("short"), "short");
        assert!(shortened(&"x".repeat(SHOWN + 1)).ends_with("x ..."));
    }
}
