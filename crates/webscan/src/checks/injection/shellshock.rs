//! Headers that an old shell takes for functions.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::computed::products;
use super::marks::Marks;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Method;
use crate::point::Point;
use crate::proof::{Expect, Seen};

/// See [`About`].
pub(super) struct Shellshock;

static ABOUT: About = About {
    name: "shellshock",
    qids: &[150_134],
    means: "A header of the request reaches an old version of the Bash shell as an environment variable, and what follows a \
            function in it is executed.",
    matters: "Anybody who can send a request runs commands on the server.",
    remedy: "Update Bash. Replace CGI programs that are started through a shell.",
    technique: "The User-Agent header has a function definition and behind it a calculation, whose result must be shown; with \
                another calculation, or without the definition, it must not be.",
    source: "CVE-2014-6271, CVE-2014-7169",
};

impl Check for Shellshock {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let path = entry.request.url.path.to_ascii_lowercase();
        let file = path.rsplit('/').next().unwrap_or_default();
        let kind = file.rsplit_once('.').map(|(_, kind)| kind.to_owned());
        let may_be_program =
            kind.is_none_or(|kind| ["cgi", "sh", "pl", "bash", "fcgi"].contains(&kind.as_str()));
        (entry.request.method == Method::Get && may_be_program).then(|| try_entry(bench, entry).boxed())
    }
}

async fn try_entry(bench: &Bench<'_>, entry: &Entry) {
    let point = Point::header("User-Agent");
    let marks = Marks::of(entry, &point);
    let sent = products("() { :; }; echo; echo; echo $(({a}*{b}))", &marks, "");
    let found_in_header = Expect::header("x-zq", marks.product().to_string());
    let expect = Expect::Any(vec![sent.expect.clone(), found_in_header]);
    let attack = entry.request.with(&point, &sent.payload);
    let Ok(answer) = bench.send_of(entry, &attack).await else { return };
    if expect.find(&Seen { response: answer, ..Seen::default() }).is_none() {
        return;
    }
    let control = entry.request.with(&point, &sent.control);
    if let Ok(proof) = bench.prove(entry.replay(attack, expect, control)).await {
        bench.report_at(150_134, entry, Some((&point, &sent.payload)), proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn answer(asked: &Asked) -> Answer {
        let agent = asked.header("user-agent");
        let command = agent.strip_prefix("() { :; };").unwrap_or_default();
        if asked.path == "/cgi-bin/old.cgi" && !command.is_empty() {
            let output = std::process::Command::new("sh").arg("-c").arg(command).output().unwrap();
            return Answer::html(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Answer::html(format!("<p>You use {}</p>", agent.replace('<', "&lt;")))
    }

    #[tokio::test]
    async fn an_old_shell_is_told_from_a_page_that_shows_the_header() {
        let server = serve(answer).await;
        assert_eq!(scan(&Shellshock, server, "/cgi-bin/old.cgi").await.len(), 1);
        assert!(scan(&Shellshock, server, "/cgi-bin/new.cgi").await.is_empty());
    }
}
