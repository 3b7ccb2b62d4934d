//! Requests that change something and that another site can make a visitor's browser send.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ring::digest;

use super::alike::{FOREIGN, says_the_same, visible};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::crawl::shape::Purposes;
use crate::http::{Body, Method, Request, Response};
use crate::point::Point;
use crate::proof::{Control, Expect, Proof, Replay, Step};
use crate::session::Cookie;

/// See [`About`].
pub(super) struct Csrf;

static ABOUT: About = About {
    name: "request-forgery",
    qids: &[150_071, 150_083],
    means: "A request that changes something is accepted from a page of another site, with nothing but the cookies that the \
            browser adds by itself.",
    matters: "Whoever is signed in here and opens the attacker's page changes their own data, password or orders without \
              knowing it.",
    remedy: "Put a token into each form that belongs to the session and refuse requests without it, and set session cookies \
             with SameSite=Lax or Strict. Refuse foreign Origin headers as a second line.",
    technique: "The request is sent as a foreign page would send it: foreign Origin and Referer, only headers and types that need \
                no consent, without cookies that SameSite keeps back, without the token or with that of another session. What was \
                put in must then stand on the user's page, or the answer must tell of success; the same request without cookies \
                must not do so.",
    source: "CWE-352; Fetch standard, CORS-safelisted request headers; RFC 6265bis, 5.2",
};

static CHANGES: Pattern = Pattern::new(
    r"(?i)change|update|save|delete|remove|edit|modify|subscribe|(?:^|[_/.-])(?:set|add|new|create|transfer|pay|order|buy|send|post|vote|profile|settings?|(?:un)?follow|like|enable|disable|(?:de)?activate|approve|confirm|cancel|close|reset|grant|revoke|promote|invite)(?:$|[_/.?-])",
);
/// What only asks for something.
static SEARCH: Pattern =
    Pattern::new(r"(?i)search|(?:^|[_/.-])(?:find|filter|lookup|query|preview|sort)(?:$|[_/.?-])");
static SEARCH_FIELD: Pattern = Pattern::new(r"(?i)^(?:q|s|query|search|term|keywords?|filter|search_?\w*)$");
/// What the last part of a path says that does something when it is asked for by GET.
static ACTS: Pattern = Pattern::new(
    r"(?i)[/_.-](?:(?:un)?subscribe|delete|remove|transfer|pay|buy|vote|send|approve|confirm|cancel|close|reset|grant|revoke|promote|enable|disable|(?:de)?activate|(?:un)?follow|like|add|change|update|save)[_.-]?\w{0,12}(?:\.\w{2,5})?/?$",
);
/// What a request by GET says when it changed something.
static DONE: Pattern = Pattern::new(
    r"(?i)\b(?:successfully|has been|have been|is now|are now|thank you|completed|transferred|saved|updated|deleted|removed|added|subscribed|unsubscribed)\b",
);
static PASSWORD: Pattern = Pattern::new(r"(?i)pass|pwd|pin$");
static OLD_PASSWORD: Pattern =
    Pattern::new(r"(?i)(?:cur|old|exist|orig|confirm_?with|verify_?old).*(?:pass|pwd)");
static SUCCESS: Pattern = Pattern::new(
    r"(?i)\b(?:success|successful|successfully|updated|saved|changed|deleted|removed|added|created|stored|sent|accepted|confirmed|completed|done|thanks?|thank you|is now|has been|have been)\b",
);
static REFUSAL: Pattern = Pattern::new(
    r"(?i)\b(?:not|no|fail(?:ed|ure)?|invalid|expired|refused|denied|forbidden|wrong|error|again|missing|csrf|token)\b",
);

/// Most requests that are tried.
const MOST: usize = 500;
/// Fields that take a mark, of one request.
const FIELDS: usize = 4;
/// How often a mark is looked for: another test may write there at the same time.
const TRIES: usize = 3;

impl Check for Csrf {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(try_all(bench).boxed())
    }
}

async fn try_all(bench: &Bench<'_>) {
    let (mut purposes, mut seen) = (Purposes::default(), BTreeSet::new());
    let candidates = bench.entries.iter().filter(|entry| changes(entry) && entry.response.status < 400);
    for entry in candidates.filter(|entry| seen.insert(purposes.of(&entry.request))).take(MOST) {
        if bench.client.cancel().is_cancelled() {
            return;
        }
        try_one(bench, entry).await;
    }
}

/// Whether a request looks like one that changes something, and like one that another site can send.
fn changes(entry: &Entry) -> bool {
    let request = &entry.request;
    let is_sendable = match (&request.method, &request.body) {
        (Method::Post, Body::Form(_) | Body::Multipart(_) | Body::Json(_) | Body::None) => true,
        (Method::Get, _) => {
            let leads_here = entry.form_at.is_some() || !entry.access_path.is_empty();
            leads_here && !request.query().is_empty() && CHANGES.is_match(&request.url.path)
        }
        _ => false,
    };
    let names: Vec<String> = request.points().into_iter().map(|point| point.name).collect();
    let passwords = names.iter().filter(|name| PASSWORD.is_match(name)).count();
    // A login forges nothing of the user's, and who does not know the password can't send it.
    let wants_password = passwords == 1 || names.iter().any(|name| OLD_PASSWORD.is_match(name));
    let is_search = SEARCH.is_match(&request.url.path)
        || names.iter().filter(|name| !name.contains("token")).all(|name| SEARCH_FIELD.is_match(name))
            && !names.is_empty();
    let is_graphql = matches!(&request.body, Body::Json(body) if body.get("query").is_some());
    is_sendable && !wants_password && !is_graphql && !is_search
}

/// Whether a browser sends a cookie when another site makes the request. One that says nothing is sent by some browsers
/// always, by others in its first minutes.
fn crosses(cookie: &Cookie, method: Method) -> bool {
    match cookie.same_site.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("strict") => false,
        Some("lax") => method == Method::Get,
        _ => true,
    }
}

/// Whether a field holds a token that was taken from the page before.
fn is_token(value: &str) -> bool {
    value.starts_with("{{")
}

/// What a foreign page may make a browser do beside sending the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disguise {
    /// Nothing.
    None,
    /// Not to say where the request comes from (`Referrer-Policy: no-referrer`).
    Hidden,
    /// To say its whole address, in which the name of the site stands (`Referrer-Policy: unsafe-url`).
    Named,
    /// To send the fields by GET.
    Get,
}

/// The request as a page of another site makes a browser send it.
fn forged(entry: &Entry, kept_back: &[String], with_tokens: bool, disguise: Disguise) -> Request {
    let mut request = entry.request.clone();
    request.headers.clear();
    match disguise {
        Disguise::Hidden => request.set_header("Origin", "null"),
        Disguise::Named => {
            let host = request.url.origin.authority();
            request.set_header("Origin", FOREIGN);
            request.set_header("Referer", format!("{FOREIGN}/{host}/"));
        }
        Disguise::None | Disguise::Get => {
            request.set_header("Origin", FOREIGN);
            request.set_header("Referer", format!("{FOREIGN}/"));
        }
    }
    // An empty cookie takes the place of one that the browser keeps back.
    request.cookies.extend(kept_back.iter().map(|name| (name.clone(), String::new())));
    if !with_tokens {
        match &mut request.body {
            Body::Form(fields) => fields.retain(|(_, value)| !is_token(value)),
            Body::Multipart(parts) => parts.retain(|part| !is_token(&part.value)),
            _ => {}
        }
        let mut query = request.query();
        query.retain(|(_, value)| !is_token(value));
        if query.len() != request.query().len() {
            request.set_query(&query);
        }
    }
    if let (Disguise::Get, Body::Form(fields)) = (disguise, &request.body) {
        let query = [request.query(), fields.clone()].concat();
        (request.method, request.body) = (Method::Get, Body::None);
        request.set_query(&query);
    }
    if let Body::Json(value) = &request.body {
        // The only types that need no consent are those of forms.
        request.body = Body::Text { content_type: "text/plain".to_owned(), text: value.to_string() };
    }
    request
}

fn has_tokens(request: &Request) -> bool {
    request.points().iter().any(|point| is_token(&point.value))
}

/// A way to forge: what goes before the request, and the request.
struct Way {
    before: Vec<Step>,
    with_tokens: bool,
    disguise: Disguise,
}

async fn try_one(bench: &Bench<'_>, entry: &Entry) {
    let method = entry.request.method;
    let cookies: Vec<&Cookie> = bench.session.cookies_for(&entry.request.url).collect();
    let by_header = |name: &str, value: &str| {
        name.eq_ignore_ascii_case("authorization") && value.to_ascii_lowercase().starts_with("basic ")
    };
    let has_basic = bench.session.headers.iter().any(|(name, value)| by_header(name, value));
    let kept_back: Vec<String> =
        cookies.iter().filter(|cookie| !crosses(cookie, method)).map(|cookie| cookie.name.clone()).collect();
    // A login in a header of the application's own is not sent by a browser that another site leads.
    let by_script = bench.session.headers.iter().any(|(name, value)| !by_header(name, value));
    if by_script || (cookies.is_empty() && !has_basic) {
        return;
    }
    let told = |what: &str| bench.sink.note(150_083, format!("{} {} ({what})", method, entry.request.url));
    if cookies.len() == kept_back.len() && !has_basic {
        return told("SameSite");
    }
    let bare = forged(entry, &kept_back, false, Disguise::None);
    let mut nobodys = bare.clone();
    nobodys.cookies.clear();
    let Ok(nobody) = bench.client.send(&nobodys).await else { return };
    if says_the_same(&nobody, &entry.response) {
        // The request does the same for everybody: no browser is needed to send it.
        return;
    }
    let way = |disguise| Way { before: Vec::new(), with_tokens: false, disguise };
    let mut ways = vec![way(Disguise::None)];
    if has_tokens(&entry.request) {
        let before = entry.before.iter().map(|step| Step { session: false, ..step.clone() });
        ways.push(Way { before: before.collect(), with_tokens: true, disguise: Disguise::None });
        if matches!(entry.request.body, Body::Form(_)) {
            ways.push(way(Disguise::Get));
        }
    }
    if method != Method::Get {
        ways.extend([way(Disguise::Hidden), way(Disguise::Named)]);
    }
    for way in ways {
        if let Some(proof) = prove(bench, entry, &kept_back, &way, &nobody).await {
            bench.report(150_071, entry, proof);
            // What was changed is set back to what the form had.
            let _ = bench.send_of(entry, &entry.request).await;
            return;
        }
    }
    if has_tokens(&entry.request) {
        told("token");
    }
}

async fn prove(
    bench: &Bench<'_>,
    entry: &Entry,
    kept_back: &[String],
    way: &Way,
    nobody: &Response,
) -> Option<Proof> {
    let forged = forged(entry, kept_back, way.with_tokens, way.disguise);
    let mut steps = way.before.clone();
    steps.push(Step::new(forged.clone()));
    let (answer, _) = bench.prover().walk(&steps).await.ok()?;
    if answer.status >= 400 || says_the_same(&answer, nobody) {
        return None;
    }
    if let Some(proof) = by_mark(bench, entry, &forged, way).await {
        return Some(proof);
    }
    by_answer(bench, entry, &forged, way, &answer, nobody).await
}

/// A mark for a field, which looks like what the field has.
fn mark(entry: &Entry, point: &Point) -> String {
    let text = format!("{} {} {}", entry.request.method, entry.request.url, point.name);
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let mark = hash.as_ref().iter().take(5).fold("rdbt".to_owned(), |text, byte| format!("{text}{byte:02x}"));
    if point.value.contains('@') {
        return format!("{mark}@example.com");
    }
    if is_long_number(&point.value) {
        // A number as long, and as likely as the mark to stand nowhere else.
        let digits = hash.as_ref().iter().map(|byte| char::from(b'0' + byte % 10));
        return std::iter::once('7').chain(digits).take(point.value.len()).collect();
    }
    mark
}

/// Whether a value is one of many figures, such as the number of a phone.
fn is_long_number(value: &str) -> bool {
    value.len() >= 7 && value.len() <= 20 && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Puts a mark into a field, and looks for it on the page of the form.
async fn by_mark(bench: &Bench<'_>, entry: &Entry, forged: &Request, way: &Way) -> Option<Proof> {
    // Where no form leads there, a link or a script of the page before does.
    let view = Request::get(entry.form_at.clone().or_else(|| entry.access_path.last().cloned())?);
    if view == entry.request {
        return None;
    }
    let points = entry.request.points();
    let is_text = |point: &&Point| {
        !is_token(&point.value)
            && !PASSWORD.is_match(&point.name)
            && (point.value.is_empty() || point.value.parse::<f64>().is_err() || is_long_number(&point.value))
            && point.kind() != "cookie"
    };
    for point in points.iter().filter(is_text).take(FIELDS) {
        let mark = mark(entry, point);
        let forged = put(forged, &entry.request, point, &mark);
        let attack = [way.before.clone(), vec![Step::new(forged.clone()), Step::new(view.clone())]].concat();
        let is_shown =
            bench.prover().walk(&attack).await.is_ok_and(|(answer, _)| answer.text().contains(&mark));
        if !is_shown {
            continue;
        }
        // First what the form itself sends, so that a mark of an earlier time is gone.
        let usual = entry.steps(entry.request.clone());
        let mut nobodys = forged.clone();
        nobodys.cookies.clear();
        let control = [usual.clone(), vec![Step::anonymous(nobodys), Step::new(view.clone())]].concat();
        let replay = Replay {
            steps: [usual, attack].concat(),
            expect: Expect::Body(mark),
            control: Control::Requests(control),
            rounds: 1,
        };
        for _ in 0..TRIES {
            if let Ok(proof) = bench.prove(replay.clone()).await {
                return Some(proof);
            }
        }
    }
    None
}

/// The forged request with a value at a point of the form's request.
fn put(forged: &Request, usual: &Request, point: &Point, value: &str) -> Request {
    let mut changed = forged.clone();
    match (&mut changed.body, &usual.body) {
        (Body::Text { text, .. }, Body::Json(_)) => {
            if let Body::Json(json) = usual.with(point, value).body {
                *text = json.to_string();
            }
        }
        _ => {
            let is_moved = forged.method != usual.method;
            let mut points = forged.points().into_iter();
            let at = points.find(|have| (is_moved || have.kind() == point.kind()) && have.name == point.name);
            if let Some(at) = at {
                changed = forged.with(&at, value);
            }
        }
    }
    changed
}

/// Compares the answer with the one that the form's own request gets: both must tell of success in the same words.
async fn by_answer(
    bench: &Bench<'_>,
    entry: &Entry,
    forged: &Request,
    way: &Way,
    answer: &Response,
    nobody: &Response,
) -> Option<Proof> {
    let usual = bench.send_of(entry, &entry.request).await.ok()?;
    let by_get = entry.request.method == Method::Get;
    let acts = !by_get || ACTS.is_match(&entry.request.url.path);
    if !acts || answer.location().is_some() || !says_the_same(&usual, answer) {
        return None;
    }
    let form = entry.form_at.as_ref().or_else(|| entry.access_path.last()).and_then(|url| {
        bench
            .entries
            .iter()
            .find(|other| other.request == Request::get(url.clone()))
            .map(|other| &other.response)
    });
    let before = form.map(|response| visible(response)).unwrap_or_default();
    let strangers = visible(nobody);
    let tells = |line: &&String| {
        SUCCESS.is_match(line)
            && (!by_get || DONE.is_match(line))
            && !REFUSAL.is_match(line)
            && !before.contains(line)
            && !strangers.contains(line)
            && line.len() < 300
    };
    let lines = visible(answer);
    let line = lines.iter().find(tells)?;
    let mut nobodys = forged.clone();
    nobodys.cookies.clear();
    let replay = Replay {
        steps: [way.before.clone(), vec![Step::new(forged.clone())]].concat(),
        expect: Expect::All(vec![Expect::Status(vec![answer.status]), Expect::BodyMatches(loosely(line))]),
        control: Control::Requests(vec![Step::anonymous(nobodys)]),
        rounds: 1,
    };
    bench.prove(replay).await.ok()
}

/// A line as it stands in the page, where blanks may be other ones.
fn loosely(line: &str) -> String {
    line.split(' ').map(regex::escape).collect::<Vec<_>>().join(r"\s+")
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;
    use crate::testing::{Answer, Asked, Extras, crawl_and_scan, serve};

    /// A profile form; the first part of the path says how it is guarded.
    fn profile(stored: &Mutex<String>, asked: &Asked) -> Answer {
        let guard = asked.path.split('/').nth(1).unwrap_or_default().to_owned();
        let session = asked.cookie("session");
        let token =
            |session: &str| if guard == "constant" { "t-9f8e".to_owned() } else { format!("t-{session}") };
        if !asked.path.ends_with("/change") {
            let sent = if session.is_empty() { crate::listener::token() } else { session.clone() };
            let same_site = if guard == "lax" { "Lax" } else { "None" };
            let field = match guard.as_str() {
                "open" | "lax" | "origin" | "referer" | "delete" | "silent" => String::new(),
                _ => format!("<input type=hidden name=csrf_token value=\"{}\">", token(&sent)),
            };
            let value =
                if guard == "delete" || guard == "silent" { String::new() } else { stored.lock().clone() };
            let page = Answer::html(format!(
                "<form action=change method=post>{field}<input name=email value=\"{value}\"><button>Go</button></form>"
            ));
            return page.with("Set-Cookie", &format!("session={sent}; Path=/; SameSite={same_site}"));
        }
        if session.is_empty() {
            return Answer::status(302).with("Location", "/login");
        }
        let given = asked.field("csrf_token");
        let refused = match guard.as_str() {
            "optional" => !given.is_empty() && given != token(&session),
            "token" | "constant" => given != token(&session),
            "switch" => asked.method == "POST" && given != token(&session),
            "origin" => !asked.header("origin").is_empty(),
            "referer" => asked.header("referer").contains("redoubt-probe"),
            _ => false,
        };
        if refused {
            return Answer::html("<p>Please load the form again.</p>");
        }
        *stored.lock() = asked.field("email");
        match guard.as_str() {
            "delete" => Answer::html("<p>Your account has been deleted.</p>"),
            "silent" => Answer::html("<p>Overview</p>"),
            _ => Answer::html("<p>Saved.</p>"),
        }
    }

    #[tokio::test]
    async fn forms_that_take_forged_requests_are_told() {
        for (guard, count) in [
            ("open", 1),
            ("ignored", 1),
            ("optional", 1),
            ("constant", 1),
            ("delete", 1),
            ("token", 0),
            ("lax", 0),
            ("origin", 0),
            ("referer", 1),
            ("switch", 1),
            ("silent", 0),
        ] {
            let stored = Mutex::new("alice@example.test".to_owned());
            let address = serve(move |asked: &Asked| profile(&stored, asked)).await;
            let (found, notes) =
                crawl_and_scan(&Csrf, address, &format!("/{guard}/"), Extras::default()).await;
            assert_eq!(found.len(), count, "{guard}: {found:?}");
            let is_told = notes.iter().any(|(qid, _)| *qid == 150_083);
            assert_eq!(is_told, ["token", "lax"].contains(&guard), "{guard}: {notes:?}");
        }
    }

    #[tokio::test]
    async fn what_everybody_may_send_is_no_forgery() {
        let address = serve(|asked: &Asked| match asked.path.as_str() {
            "/" => Answer::html("<form action=/contact method=post><input name=text></form>")
                .with("Set-Cookie", "visitor=1; Path=/"),
            _ => Answer::html("<p>Thank you, your message has been sent.</p>"),
        })
        .await;
        let (found, _) = crawl_and_scan(&Csrf, address, "/", Extras::default()).await;
        assert!(found.is_empty(), "{found:?}");
    }
}
