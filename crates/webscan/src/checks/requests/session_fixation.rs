//! A session that is the same before and after the login.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::alike::ALIKE;
use super::behind::page_behind;
use crate::checks::passive::is_session;
use crate::checks::{About, Bench, Check};
use crate::crawl::fill;
use crate::http::{Method, Request};
use crate::page::{Form, Page};
use crate::proof::{Control, Evidence, Expect, Replay, Step};
use crate::session::Cookie;

/// See [`About`].
pub(super) struct SessionFixation;

static ABOUT: About = About {
    name: "session-fixation",
    qids: &[150_129],
    means: "The login goes on with the session that the browser had before, instead of beginning a new one.",
    matters: "Who can put a session's cookie into the victim's browser (from a sub-domain, over plain http, through one injected \
              script) knows that session, and is signed in as soon as the victim is.",
    remedy: "Begin a new session, with a new identifier, at each login, and end the old one.",
    technique: "The login page is fetched as nobody, and the cookie that it sets is noted; then the record's user logs in. A page \
                behind the login must open with the noted cookie alone, and must not when nobody has logged in.",
    source: "CWE-384; OWASP Session Management",
};

impl Check for SessionFixation {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        (!bench.session.secrets.is_empty()).then(|| try_login(bench).boxed())
    }
}

/// The form's request with the record's user, whose name and password the prover fills in.
fn login(form: &Form, bench: &Bench<'_>) -> Option<Request> {
    let mut form = form.clone();
    let has = |name: &str| bench.session.secrets.iter().any(|(have, _)| have == name);
    let password = form.controls.iter().position(|control| control.kind == "password")?;
    let user = form
        .controls
        .iter()
        .take(password)
        .rposition(|control| matches!(control.kind.as_str(), "text" | "email" | "tel"))?;
    for (at, control) in form.controls.iter_mut().enumerate() {
        if at == user && has("authusername") {
            control.value = "{{authusername}}".to_owned();
        } else if at == password && has("authpassword") {
            control.value = "{{authpassword}}".to_owned();
        } else if fill::is_token(control) {
            control.value = format!("{{{{{}}}}}", control.name);
        }
    }
    Some(form.request(&fill::value))
}

async fn try_login(bench: &Bench<'_>) {
    let Some(behind) = page_behind(bench).await else { return };
    let with_form = bench.entries.iter().find_map(|entry| {
        let form = entry.page.as_ref()?.forms.iter().find(|form| form.has_password())?;
        (entry.request.method == Method::Get).then_some((entry, form))
    });
    let Some((entry, _)) = with_form else { return };
    // As strangers see it.
    let Ok(page) = bench.client.send(&entry.request).await else { return };
    let forms = Page::read(&entry.request.url, page.text()).forms;
    let Some(form) = forms.iter().find(|form| form.has_password()) else { return };
    let Some(login) = login(form, bench) else { return };
    let before: Vec<Cookie> = page
        .all("set-cookie")
        .filter_map(|header| Cookie::read(header, &entry.request.url))
        .filter(|(cookie, is_gone)| !is_gone && is_session(&cookie.name))
        .map(|(cookie, _)| cookie)
        .collect();
    let tokens = form.controls.iter().filter(|control| fill::is_token(control));
    for cookie in before {
        let pattern = format!(r"(?im)^set-cookie: {}=([^;\s]+)", regex::escape(&cookie.name));
        let first = tokens
            .clone()
            .fold(Step::anonymous(entry.request.clone()).capturing("fixed", &pattern), |step, control| {
                step.capturing(&control.name, &fill::capture(&control.name))
            });
        let log_in = Step::anonymous(login.clone());
        let Ok((answer, _)) = bench.prover().walk(&[first.clone(), log_in.clone()]).await else { return };
        let mut later = behind.request.clone();
        later.cookies.push((cookie.name.clone(), "{{fixed}}".to_owned()));
        // What the login itself gives is not known to whoever set the session.
        for header in answer.all("set-cookie") {
            if let Some((given, false)) = Cookie::read(header, &login.url)
                && given.name != cookie.name
            {
                later.cookies.push((given.name, String::new()));
            }
        }
        let later = Step::anonymous(later);
        let replay = Replay {
            steps: vec![first.clone(), log_in, later.clone()],
            expect: Expect::Like { other: Box::new(behind.request.clone()), percent: ALIKE },
            control: Control::Requests(vec![first, later]),
            rounds: 1,
        };
        if let Ok(proof) = bench.prove(replay).await {
            let name = &cookie.name;
            let text = format!(
                "The cookie {name} that the login page set before the login is the user's session after it."
            );
            bench.report_named(150_129, entry, name, proof.saying(Evidence::sentence(text)));
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use parking_lot::Mutex;

    use super::*;
    use crate::http::Target;
    use crate::session::Session;
    use crate::testing::{Answer, Asked, Extras, crawl_and_scan, serve};

    fn application(known: &Mutex<BTreeSet<String>>, is_new: bool, asked: &Asked) -> Answer {
        let sid = asked.cookie("sid");
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/") => Answer::html("<a href=/login>Log in</a> <a href=/account>Account</a>"),
            ("GET", "/login") => {
                let page = Answer::html(
                    "<form action=/login method=post><input name=user><input type=password name=pass></form>",
                );
                if sid.is_empty() {
                    page.with("Set-Cookie", &format!("sid={}; Path=/", crate::listener::token()))
                } else {
                    page
                }
            }
            ("POST", "/login") if asked.field("pass") == "s3cret" => {
                let sid = if is_new { crate::listener::token() } else { sid };
                known.lock().insert(sid.clone());
                Answer::status(302)
                    .with("Location", "/account")
                    .with("Set-Cookie", &format!("sid={sid}; Path=/"))
            }
            (_, "/account") if known.lock().contains(&sid) => Answer::html("<p>Account of alice: 4410</p>"),
            _ => Answer::status(302).with("Location", "/login"),
        }
    }

    #[tokio::test]
    async fn sessions_that_stay_are_told() {
        for (is_new, count) in [(false, 1), (true, 0)] {
            let known = Mutex::new(BTreeSet::from(["own".to_owned()]));
            let address = serve(move |asked: &Asked| application(&known, is_new, asked)).await;
            let url = Target::parse(&format!("http://{address}/")).unwrap();
            let (cookie, _) = Cookie::read("sid=own; Path=/", &url).unwrap();
            let secrets = vec![
                ("authusername".to_owned(), "alice".to_owned()),
                ("authpassword".to_owned(), "s3cret".to_owned()),
            ];
            let session = Session { cookies: vec![cookie], secrets, ..Session::default() };
            let extras = Extras { session, ..Extras::default() };
            let (found, _) = crawl_and_scan(&SessionFixation, address, "/", extras).await;
            assert_eq!(found.len(), count, "{found:?}");
            assert!(!serde_json::to_string(&found).unwrap().contains("s3cret"));
        }
    }
}
