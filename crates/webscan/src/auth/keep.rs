//! Keeps a scan logged in: an answer that strangers get makes it log in again, and the request is sent once more.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::{AuthRecord, Login, LoginProof, is_refused, log_in};
use crate::http::{Client, Fault, KeepsLogin, Request, Response, Target};
use crate::session::Session;

/// Most logins of one scan.
const MOST: usize = 500;

/// Knows who the scan is logged in as, and how that is done again.
pub struct Keeper {
    /// Sends without this keeper.
    client: Client,
    start: Target,
    record: AuthRecord,
    proof: LoginProof,
    /// What strangers get at the page of the proof: status and where it leads.
    strangers: (u16, Option<String>),
    /// The login as requests have it.
    first: Session,
    /// The login as it is now, and which one it is.
    now: Mutex<(usize, Session)>,
    /// One login at a time.
    turn: tokio::sync::Mutex<()>,
    /// Paths that answer users so, too.
    innocent: Mutex<BTreeSet<String>>,
    logins: AtomicUsize,
    is_lost: AtomicBool,
}

fn place(response: &Response) -> Option<String> {
    response.location().map(|place| place.split(['?', '#']).next().unwrap_or_default().to_owned())
}

impl Keeper {
    /// One for a login that has just been made; none when strangers get no answer.
    pub async fn new(client: &Client, start: &Target, record: &AuthRecord, login: &Login) -> Option<Self> {
        let answer = client.send(&Request::get(login.proof.url.clone())).await.ok()?;
        Some(Self {
            client: client.clone(),
            start: start.clone(),
            record: record.clone(),
            proof: login.proof.clone(),
            strangers: (answer.status, place(&answer)),
            first: login.session.clone(),
            now: Mutex::new((0, login.session.clone())),
            turn: tokio::sync::Mutex::default(),
            innocent: Mutex::default(),
            logins: AtomicUsize::new(0),
            is_lost: AtomicBool::new(false),
        })
    }

    /// Whether the login was lost and could not be had again.
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// How often it logged in again.
    pub fn logins(&self) -> usize {
        self.logins.load(Ordering::Relaxed)
    }

    /// The request with the login of now, where it carries the first one; none when it carries none.
    fn renewed(&self, request: &Request, now: &Session) -> Option<Request> {
        let mut renewed = request.clone();
        let mut carries = false;
        for (name, value) in &mut renewed.cookies {
            let is_login = |have: &&crate::session::Cookie| have.name == *name && have.value == *value;
            if self.first.cookies.iter().any(|have| is_login(&have)) {
                carries = true;
                if let Some(new) = now.cookies.iter().find(|have| have.name == *name) {
                    new.value.clone_into(value);
                }
            }
        }
        for (name, value) in &mut renewed.headers {
            if self.first.headers.iter().any(|(have, old)| have == name && old == value) {
                carries = true;
                if let Some((_, new)) = now.headers.iter().find(|(have, _)| have == name) {
                    new.clone_into(value);
                }
            }
        }
        carries.then_some(renewed)
    }

    /// Whether strangers get such an answer.
    fn is_strangers(&self, request: &Request, response: &Response) -> bool {
        let (status, place_of) = &self.strangers;
        match (status, place_of) {
            (300.., _) => response.status == *status && place(response) == *place_of,
            _ => is_refused(&request.url, response),
        }
    }

    /// Logs in again, unless somebody did or it was not lost; whether the request is worth sending again.
    async fn renew(&self, seen: usize, path: &str) -> bool {
        let _turn = self.turn.lock().await;
        let (number, session) = self.now.lock().clone();
        if number != seen {
            return true;
        }
        if self.client.in_between(self.proof.holds(&self.client, &session)).await != Ok(false) {
            self.innocent.lock().insert(path.to_owned());
            return false;
        }
        if self.is_lost() || self.logins.fetch_add(1, Ordering::Relaxed) >= MOST {
            self.is_lost.store(true, Ordering::Relaxed);
            return false;
        }
        let places = std::slice::from_ref(&self.proof.url);
        let login = log_in(&self.client, &self.start, &self.record, places);
        // Others hold turns while they wait for it.
        match self.client.in_between(login).await {
            Ok(login) => {
                *self.now.lock() = (number + 1, login.session);
                true
            }
            Err(_) => {
                self.is_lost.store(true, Ordering::Relaxed);
                false
            }
        }
    }
}

impl KeepsLogin for Keeper {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Fault>> {
        async move {
            let (number, session) = self.now.lock().clone();
            let Some(renewed) = self.renewed(request, &session) else {
                return self.client.send(request).await;
            };
            let answer = self.client.send(&renewed).await?;
            let path = &request.url.path;
            if !self.is_strangers(request, &answer)
                || self.innocent.lock().contains(path)
                || !self.renew(number, path).await
            {
                return Ok(answer);
            }
            let session = self.now.lock().1.clone();
            let again = self.renewed(request, &session).unwrap_or(renewed);
            self.client.send(&again).await
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::cancel::Cancel;
    use crate::http::ClientOptions;
    use crate::scope::{Scope, ScopeRules};
    use crate::testing::{Answer, Asked, serve};

    /// A site whose sessions end after three requests.
    fn answer(sessions: &Mutex<Vec<(String, u32)>>, asked: &Asked) -> Answer {
        let mut sessions = sessions.lock();
        match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/login") if asked.field("pass") == "s3cret" => {
                let name = format!("s{}", sessions.len());
                sessions.push((name.clone(), 0));
                Answer::status(302)
                    .with("Location", "/home")
                    .with("Set-Cookie", &format!("sid={name}; Path=/"))
            }
            (_, "/login") => Answer::html(
                "<form action=/login method=post><input name=user><input type=password name=pass></form>",
            ),
            _ => {
                let sid = asked.cookie("sid");
                match sessions.iter_mut().find(|(name, _)| *name == sid) {
                    Some((_, used)) if *used < 8 => {
                        *used += 1;
                        if asked.path == "/forbidden" {
                            return Answer::status(302).with("Location", "/login");
                        }
                        Answer::html(format!("Page {}", asked.path))
                    }
                    _ => Answer::status(302).with("Location", "/login"),
                }
            }
        }
    }

    #[tokio::test]
    async fn logins_of_interfaces_without_pages_are_seen_at_known_places() {
        let address = serve(|asked: &Asked| match (asked.path.as_str(), asked.header("x-key").as_str()) {
            ("/", _) => Answer::html("an interface"),
            (_, "right") => Answer::status(404),
            _ => Answer::status(401),
        })
        .await;
        let start = Target::parse(&format!("http://{address}/")).unwrap();
        let scope = Arc::new(Scope::new(&start, &ScopeRules::default()).unwrap());
        let client = Client::new(scope, ClientOptions::default(), Cancel::default());
        let places = [start.at("/orders/1")];
        for (key, is_in) in [("right", true), ("wrong", false)] {
            let record = AuthRecord { headers: vec![format!("X-Key: {key}")], ..AuthRecord::default() };
            assert_eq!(log_in(&client, &start, &record, &places).await.is_ok(), is_in, "{key}");
            assert!(log_in(&client, &start, &record, &[]).await.is_err());
        }
    }

    #[tokio::test]
    async fn requests_of_a_lost_session_are_sent_again() {
        let sessions = Mutex::default();
        let address = serve(move |asked: &Asked| answer(&sessions, asked)).await;
        let start = Target::parse(&format!("http://{address}/home")).unwrap();
        let scope = Arc::new(Scope::new(&start, &ScopeRules::default()).unwrap());
        let client = Client::new(scope, ClientOptions::default(), Cancel::default());
        let record = json!({"formRecord": {"fields": [{"name": "username", "value": "a"}, {"name": "password", "value": "s3cret"}], "loginUrl": "/login"}});
        let record: AuthRecord = serde_json::from_value(record).unwrap();
        let login = log_in(&client, &start, &record, &[]).await.unwrap();
        let keeper = Arc::new(Keeper::new(&client, &start, &record, &login).await.unwrap());
        let kept = client.kept(keeper.clone());
        for n in 0..30 {
            let request = login.session.dress(&Request::get(start.at(format!("/page/{n}"))));
            let answer = kept.send(&request).await.unwrap();
            assert_eq!((answer.status, answer.text().to_owned()), (200, format!("Page /page/{n}")));
        }
        assert!(keeper.logins() >= 3 && !keeper.is_lost());
        // A page that sends users there as well is no reason to log in again.
        let request = login.session.dress(&Request::get(start.at("/forbidden")));
        assert_eq!(kept.send(&request).await.unwrap().status, 302);
        let before = keeper.logins();
        assert_eq!(kept.send(&request).await.unwrap().status, 302);
        assert!(keeper.logins() <= before + 1);
        // Who is nobody stays so.
        assert_eq!(kept.send(&Request::get(start.at("/page/1"))).await.unwrap().status, 302);
    }
}
