//! Accounts that every product's handbook names.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::alike::{alike, place, visible};
use crate::auth::follow;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::crawl::fill;
use crate::http::{Request, Response};
use crate::page::{Control, Form, Page};
use crate::profile::BruteForce;
use crate::proof::{Control as ProofControl, Evidence, Expect, Replay, Step};
use crate::session::Session;

/// See [`About`].
pub(super) struct WeakLogins;

static ABOUT: About = About {
    name: "weak-logins",
    qids: &[150_049, 150_061],
    means: "A login accepts a user name and password that stand in handbooks and lists.",
    matters: "These pairs are what anybody tries first; the account behind is often an administrator's.",
    remedy: "Let no account keep the password that it came with, refuse passwords of known lists, and slow down or ask for a \
             second factor after a few wrong attempts.",
    technique: "Well-known pairs, two for one name at the most, so that no account is locked. The answer must differ from that to \
                a name that nobody has and let the browser in, and must not for the same name with another password. The first \
                sign of a lock ends the attempts. Only where the option profile allows it.",
    source: "CWE-1391; CWE-521; contract/was.md 13.1",
};

/// Two for each name at the most, counting the proof's own.
const PAIRS: &[(&str, &str)] = &[
    ("admin", "admin"),
    ("admin", "password"),
    ("root", "root"),
    ("test", "test"),
    ("guest", "guest"),
    ("user", "user"),
    ("demo", "demo"),
    ("administrator", "administrator"),
    ("tomcat", "tomcat"),
];
/// A name that nobody has.
const NOBODY: &str = "rdbt-nobody-7391";
const WRONG: &str = "rdbt-wrong-7391";
/// Most logins that are tried.
const MOST: usize = 3;

static NAME: Pattern = Pattern::new(r"(?i)user|login|email|mail|name|account|ident|^u$|^id$");
static REGISTERS: Pattern =
    Pattern::new(r"(?i)regist|sign_?-?up|create|new|confirm|repeat|retype|current|old");
static LOCKED: Pattern = Pattern::new(
    r"(?i)\b(?:locked|too many|lock-?out|blocked|temporarily disabled|try again (?:later|in))\b|captcha",
);

impl Check for WeakLogins {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        (bench.profile.bruteforce_option != BruteForce::Disabled).then(|| try_all(bench).boxed())
    }
}

/// A way to log in.
enum Door<'a> {
    /// A form: where it is, and its controls for name and password.
    Form { entry: &'a Entry, form: &'a Form, user: &'a str, password: &'a str },
    /// HTTP Basic.
    Basic(&'a Entry),
}

async fn try_all(bench: &Bench<'_>) {
    let mut seen = BTreeSet::new();
    let mut doors = Vec::new();
    for entry in bench.entries {
        let asks = entry.response.header("www-authenticate").unwrap_or_default();
        if entry.response.status == 401
            && asks.to_ascii_lowercase().starts_with("basic")
            && seen.insert(asks.to_owned())
        {
            doors.push(Door::Basic(entry));
        }
        for form in entry.page.iter().flat_map(|page| &page.forms) {
            if let Some((user, password)) = login_of(form)
                && seen.insert(form.action.to_string())
            {
                doors.push(Door::Form { entry, form, user, password });
            }
        }
    }
    for door in doors.iter().take(MOST) {
        try_door(bench, door).await;
    }
}

/// The controls for name and password of a form that logs in, and does nothing else.
fn login_of(form: &Form) -> Option<(&str, &str)> {
    let is_seen = |control: &&Control| {
        !matches!(control.kind.as_str(), "hidden" | "submit" | "button" | "image" | "checkbox")
    };
    let seen: Vec<&Control> = form.controls.iter().filter(is_seen).collect();
    let [user, password] = seen.as_slice() else { return None };
    let is_login = password.kind == "password"
        && matches!(user.kind.as_str(), "text" | "email")
        && NAME.is_match(&user.name)
        && !REGISTERS.is_match(&password.name)
        && !REGISTERS.is_match(&form.action.path);
    is_login.then_some((user.name.as_str(), password.name.as_str()))
}

impl Door<'_> {
    fn entry(&self) -> &Entry {
        match self {
            Self::Form { entry, .. } | Self::Basic(entry) => entry,
        }
    }

    /// The requests that log in, as nobody.
    fn steps(&self, user: &str, password: &str) -> Vec<Step> {
        match self {
            Self::Basic(entry) => {
                let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
                vec![Step::anonymous(
                    entry.request.clone().with_header("Authorization", format!("Basic {pair}")),
                )]
            }
            Self::Form { entry, form, user: name, password: secret } => {
                let mut filled = (*form).clone();
                let mut page = Step::anonymous(entry.request.clone());
                for control in &mut filled.controls {
                    if control.name == *name {
                        user.clone_into(&mut control.value);
                    } else if control.name == *secret {
                        password.clone_into(&mut control.value);
                    } else if fill::is_token(control) {
                        page = page.capturing(&control.name, &fill::capture(&control.name));
                        control.value = format!("{{{{{}}}}}", control.name);
                    }
                }
                vec![page, Step::anonymous(filled.request(&fill::value))]
            }
        }
    }
}

/// Whether an answer lets the browser in: no error, and no password asked for where it leads.
async fn lets_in(bench: &Bench<'_>, door: &Door<'_>, request: Option<Request>, answer: &Response) -> bool {
    let Door::Form { .. } = door else { return answer.status < 400 };
    let Some(request) = request.filter(|_| answer.status < 400) else { return false };
    let mut session = Session::default();
    session.absorb(&request.url, answer);
    let (url, page) = match answer.location().and_then(|to| request.url.join(to)) {
        Some(to) => match follow(bench.client, &mut session, Request::get(to)).await {
            Ok(landed) => landed,
            Err(_) => return false,
        },
        None => (request.url.clone(), answer.clone()),
    };
    page.status < 400 && !Page::read(&url, page.text()).forms.iter().any(Form::has_password)
}

async fn try_door(bench: &Bench<'_>, door: &Door<'_>) {
    let prover = bench.prover();
    let Ok((refused, _)) = prover.walk(&door.steps(NOBODY, WRONG)).await else { return };
    let is_usual = match door {
        Door::Basic(_) => refused.status == 401,
        Door::Form { .. } => !matches!(refused.status, 404 | 405 | 429 | 500..),
    };
    if !is_usual || LOCKED.is_match(refused.text()) {
        return;
    }
    for (user, password) in PAIRS {
        if bench.client.cancel().is_cancelled() {
            return;
        }
        let Ok((answer, sent)) = prover.walk(&door.steps(user, password)).await else { return };
        if answer.status == 429 || LOCKED.is_match(answer.text()) {
            let url = &door.entry().request.url;
            bench.sink.note(150_061, format!("{url}: the login slows down or locks; no more was tried"));
            return;
        }
        if !alike(&answer, &refused)
            && lets_in(bench, door, sent, &answer).await
            && prove(bench, door, (user, password), &answer, &refused).await
        {
            return;
        }
    }
}

async fn prove(
    bench: &Bench<'_>,
    door: &Door<'_>,
    (user, password): (&str, &str),
    answer: &Response,
    refused: &Response,
) -> bool {
    let mut parts = vec![Expect::Status(vec![answer.status])];
    let (strange, lines) = (visible(refused), visible(answer));
    if let Some(place) = place(answer) {
        parts.push(Expect::header("location", format!("^{}", regex::escape(place))));
    } else if let Some(line) = lines.iter().find(|line| !strange.contains(line)) {
        parts.push(Expect::BodyMatches(line.split(' ').map(regex::escape).collect::<Vec<_>>().join(r"\s+")));
    }
    let replay = Replay {
        steps: door.steps(user, password),
        expect: Expect::All(parts),
        control: ProofControl::Requests(door.steps(user, WRONG)),
        rounds: 1,
    };
    let Ok(proof) = bench.prove(replay).await else { return false };
    // As the contract wants it: no more of the password than its first letter.
    let first: String = password.chars().take(1).collect();
    let text = format!("The login accepts the user '{user}' with the password '{first}***'.");
    let proof = proof.saying(Evidence::sentence(text));
    let entry = door.entry();
    match door {
        Door::Form { form, .. } => {
            bench.report_place(150_049, entry, &Request::post(form.action.clone(), Vec::new()), proof);
        }
        Door::Basic(_) => bench.report(150_049, entry, proof),
    }
    true
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::profile::Profile;
    use crate::testing::{Answer, Asked, Extras, crawl_and_scan, serve};

    const FORM: &str = "<form action=in method=post><input name=user><input type=password name=pass><button>Go</button></form>";

    fn answer(asked: &Asked) -> Answer {
        let (user, password) = (asked.field("user"), asked.field("pass"));
        let kind = asked.path.split('/').nth(1).unwrap_or_default().to_owned();
        let rest = asked.path.rsplit('/').next().unwrap_or_default().to_owned();
        match (kind.as_str(), rest.as_str()) {
            ("basic", _) => match asked.header("authorization").strip_prefix("Basic ") {
                Some(pair) if BASE64_STANDARD.decode(pair).unwrap() == b"tomcat:tomcat" => {
                    Answer::html("Manager")
                }
                _ => Answer::status(401).with("WWW-Authenticate", "Basic realm=\"x\""),
            },
            (_, "home") => Answer::html(if asked.cookie("sid").is_empty() { FORM } else { "Welcome" }),
            (_, "") => Answer::html(FORM),
            ("weak", _) if user == "admin" && password == "password" => {
                Answer::status(302).with("Location", "home").with("Set-Cookie", "sid=1; Path=/")
            }
            // Tells names apart, and whoever is there from whoever is not.
            ("tells", _) if user == "admin" => Answer::html("<p>The password is wrong.</p>"),
            ("locks", _) => Answer::html("<p>Too many attempts.</p>"),
            _ => Answer::html(format!("<p>Unknown.</p>{FORM}")),
        }
    }

    #[tokio::test]
    async fn well_known_pairs_are_told_and_the_password_is_not() {
        let address = serve(answer).await;
        for (kind, count) in [("weak", 1), ("basic", 1), ("strong", 0), ("tells", 0), ("locks", 0)] {
            let (found, _) =
                crawl_and_scan(&WeakLogins, address, &format!("/{kind}/"), Extras::default()).await;
            assert_eq!(found.len(), count, "{kind}: {found:?}");
            assert!(found.iter().all(|finding| finding.evidence.text.ends_with("***'.")), "{found:?}");
        }
    }

    #[tokio::test]
    async fn few_attempts_are_made_and_none_where_the_profile_forbids() {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let address = serve(move |asked: &Asked| {
            counted.fetch_add(usize::from(asked.field("user") == "admin"), Ordering::Relaxed);
            answer(asked)
        })
        .await;
        let profile = Profile { bruteforce_option: BruteForce::Disabled, ..Profile::default() };
        let extras = Extras { profile, ..Extras::default() };
        crawl_and_scan(&WeakLogins, address, "/strong/", extras).await;
        assert_eq!(count.load(Ordering::Relaxed), 0);
        crawl_and_scan(&WeakLogins, address, "/strong/", Extras::default()).await;
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }
}
