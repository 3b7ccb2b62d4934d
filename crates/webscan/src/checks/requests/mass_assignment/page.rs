//! Objects that are shown in pages: members that no form has are sent along, and looked for in what is shown then.

use super::QID;
use super::fields;
use super::learnt::{Kind, Learnt, learnt};
use crate::checks::pattern::Pattern;
use crate::checks::requests::alike::visible;
use crate::checks::{Bench, Entry};
use crate::http::{Body, Method, Request, Target};
use crate::proof::{Control, Expect, Replay, Step, TOKEN};

/// Names of members that only the application should set, as objects of users and the like have them.
const NAMES: &[&str] = &[
    "role",
    "admin",
    "is_admin",
    "isAdmin",
    "is_staff",
    "plan",
    "status",
    "balance",
    "credit",
    "user_type",
    "type",
    "level",
    "group",
    "roles",
    "permissions",
    "verified",
    "is_superuser",
    "is_verified",
    "isVerified",
    "approved",
    "active",
    "premium",
    "account_type",
    "userType",
    "credits",
    "points",
    "discount",
    "price",
    "user_id",
    "owner",
];
/// Of these, those that are numbers.
const NUMBERS: &[&str] = &["balance", "credit", "credits", "points", "discount", "price", "level", "user_id"];
/// What such requests are about.
static ABOUT: Pattern = Pattern::new(
    r"(?i)user|profile|account|regist|sign_?up|join|settings|member|customer|e-?mail|(?:^|[_\[])(?:nick_?|first_?|last_?|full_?|display_?)?name",
);
/// Where a site shows the object of whoever is there.
static PERSONAL: Pattern =
    Pattern::new(r"(?i)(?:^|/)(?:me|profile|account|user|users|members?|my|dashboard|home|settings)/?$");
/// A name that no object has a member for.
const NOBODYS: &str = "rdbtmember";

/// What is sent as the nth member.
fn mark(n: usize, kind: Kind) -> String {
    match kind {
        Kind::Number => format!("{}", 9_001_700 + n),
        Kind::Date => format!("{}-07-23", 2041 + n),
        Kind::Text | Kind::Flag => format!("rdbt{n}z4d1f"),
    }
}

/// The kind of a usual name.
fn kind(name: &str) -> Kind {
    if NUMBERS.contains(&name) { Kind::Number } else { Kind::Text }
}

/// The request with members beside its own; none when it has no form, or has them already.
fn with(request: &Request, members: &[(&str, String)]) -> Option<Request> {
    let mut request = request.clone();
    if let Body::Json(body) = &mut request.body {
        let object = fields::object(body)?;
        for (name, value) in members {
            object.entry(*name).or_insert_with(|| match value.parse::<serde_json::Value>() {
                Ok(value) if value.is_number() || value.is_boolean() => value,
                _ => value.as_str().into(),
            });
        }
        return Some(request);
    }
    let own: Vec<String> = fields::names(&request.body)?.into_iter().map(str::to_owned).collect();
    let outer =
        own.iter().map(|name| fields::split(name).0).find(|outer| !outer.is_empty()).unwrap_or_default();
    for (name, value) in members {
        let name = fields::join(outer, name);
        if !own.contains(&name) {
            fields::add(&mut request.body, name, value.clone());
        }
    }
    Some(request)
}

/// Names by which an object is told from all others, which no second one may have.
static UNIQUE: Pattern =
    Pattern::new(r"(?i)^(?:.*[_\[])?(?:user_?(?:name)?|login|e_?-?mail|handle|nick_?(?:name)?)\]?$");
/// What is said of a second object of the same name.
pub(super) static TAKEN: Pattern = Pattern::new(r"(?i)already|exist|taken|in use|duplicate|unique");

/// The request for an object of another name each time it is sent.
pub(super) fn anew(request: &Request) -> Option<Request> {
    let mut request = request.clone();
    let other = |name: &str, value: &str| {
        let is_mail = name.to_ascii_lowercase().contains("mail") || value.contains('@');
        let other = if is_mail { format!("{TOKEN}@example.com") } else { TOKEN.to_owned() };
        UNIQUE.is_match(name).then_some(other)
    };
    let mut count = 0;
    let mut change = |name: &str, value: &mut String| {
        if let Some(other) = other(name, value) {
            *value = other;
            count += 1;
        }
    };
    match &mut request.body {
        Body::Form(fields) => fields.iter_mut().for_each(|(name, value)| change(name, value)),
        Body::Multipart(parts) => {
            parts
                .iter_mut()
                .filter(|part| part.file_name.is_none())
                .for_each(|part| change(&part.name, &mut part.value));
        }
        Body::Json(serde_json::Value::Object(object)) => {
            for (name, value) in object {
                if let serde_json::Value::String(value) = value {
                    change(name, value);
                }
            }
        }
        _ => {}
    }
    (count > 0).then_some(request)
}

/// Whether a request is worth the look.
pub(super) fn is_worth_it(entry: &Entry) -> bool {
    let names: Vec<&str> = match &entry.request.body {
        Body::Form(fields) => fields.iter().map(|(name, _)| name.as_str()).collect(),
        Body::Multipart(parts) => parts.iter().map(|part| part.name.as_str()).collect(),
        Body::Json(serde_json::Value::Object(object)) => object.keys().map(String::as_str).collect(),
        _ => return false,
    };
    let names = || names.iter().any(|name| ABOUT.is_match(name));
    let is_json = matches!(entry.request.body, Body::Json(_));
    let is_page = is_json || entry.response.is_html() || entry.response.location().is_some();
    let is_taken = || TAKEN.is_match(entry.response.text());
    is_page
        && (entry.response.status < 400 || is_taken())
        && (ABOUT.is_match(&entry.request.url.path) || names())
}

/// Most pages beside the request that are looked at.
const BESIDE: usize = 2;

/// Where the object may be shown after the request: in the answer, on the page of the form, where the answer leads, and
/// where the site shows who one is.
fn views(bench: &Bench<'_>, entry: &Entry) -> Vec<Vec<Step>> {
    let form = entry.form_at.clone();
    let led = entry.response.location().and_then(|location| entry.request.url.join(location));
    let mut pages: Vec<Target> = [form, led].into_iter().flatten().collect();
    let near = entry.request.url.directory();
    let gets = bench.entries.iter().filter(|other| other.request.method == Method::Get);
    let shows = gets.map(|other| &other.request.url).filter(|url| {
        url.path.starts_with(near) && PERSONAL.is_match(url.path.strip_prefix(near).unwrap_or_default())
    });
    pages.extend(shows.take(2).cloned());
    // Pages beside it, whatever they are called.
    let gets = bench.entries.iter().filter(|other| other.request.method == Method::Get);
    let beside = gets.filter(|other| {
        let kind = other.response.media_type();
        let is_read = kind.ends_with("html") || kind.ends_with("json");
        let url = &other.request.url;
        is_read && url.origin == entry.request.url.origin && url.directory() == near && near.len() > 1
    });
    let beside = beside.map(|other| &other.request.url).filter(|url| !pages.contains(url));
    let beside: Vec<Target> = beside.take(BESIDE).cloned().collect();
    pages.extend(beside);
    let is_inside = |url: &Target| bench.client.scope().rule(url) == crate::scope::Ruling::Inside;
    let mut seen = std::collections::BTreeSet::new();
    pages.retain(|url| is_inside(url) && seen.insert(url.to_string()));
    let pages = pages.into_iter().map(|url| vec![Step::new(Request::get(url))]);
    std::iter::once(Vec::new()).chain(pages).collect()
}

/// Sends all names at once, then proves those whose values are shown, in the answer as well where that is said.
pub(super) async fn attack(bench: &Bench<'_>, entry: &Entry, in_answer: bool) {
    let mut views = views(bench, entry);
    views.retain(|view| in_answer || !view.is_empty());
    let learnt = learnt(bench, entry, NAMES);
    let (flags, learnt): (Vec<Learnt>, Vec<Learnt>) =
        learnt.into_iter().partition(|member| member.kind == Kind::Flag);
    let usual = NAMES.iter().map(|name| (*name, kind(name)));
    let names = usual.chain(learnt.iter().map(|member| (member.name.as_str(), member.kind)));
    let names = names.chain([(NOBODYS, Kind::Text)]).enumerate();
    let members: Vec<(&str, String)> = names.map(|(n, (name, kind))| (name, mark(n, kind))).collect();
    let mut request = entry.request.clone();
    for view in &views {
        let mut seen = None;
        for _ in 0..2 {
            let Some(steps) = steps(entry, &request, &members, view) else { return };
            let Ok((answer, _)) = bench.prover().walk(&steps).await else { return };
            let is_refused = view.is_empty() && request == entry.request && TAKEN.is_match(answer.text());
            seen = Some(answer);
            match anew(&request).filter(|_| is_refused) {
                Some(other) => request = other,
                None => break,
            }
        }
        let Some(answer) = seen else { return };
        let lines = visible(&answer);
        let is_refused = |mark: &str| lines.iter().any(|line| line.contains(mark) && REFUSALS.is_match(line));
        let is_shown = |mark: &str| answer.text().contains(mark) && !is_refused(mark);
        let shown: Vec<_> = members.iter().filter(|(_, mark)| is_shown(mark)).collect();
        // What shows everything that is sent has no members.
        if shown.iter().any(|(name, _)| *name == NOBODYS) {
            return;
        }
        for (name, mark) in shown.into_iter().take(3) {
            let Some(attack) = steps(entry, &request, &[(name, mark.clone())], view) else { continue };
            let usual = match mark {
                mark if mark.ends_with("-07-23") => "2021-01-01",
                mark if mark.parse::<u32>().is_ok() => "1",
                _ => "user",
            };
            let Some(control) = steps(entry, &request, &[(name, usual.to_owned())], view) else { continue };
            if tell(bench, entry, name, attack, shows(&request, mark), control).await {
                return;
            }
        }
    }
    let flags: Vec<&str> = flags.iter().map(|member| member.name.as_str()).collect();
    believed(bench, entry, &request, &views, &flags).await;
}

/// That an answer shows a text; where each request makes an object of its own, beside that object's name, since those made
/// before stay.
fn shows(request: &Request, text: &str) -> Expect {
    let is_anew = String::from_utf8_lossy(&request.body.bytes())
        .replace("%7B", "{")
        .replace("%7D", "}")
        .contains(TOKEN);
    if !is_anew {
        return Expect::Body(text.to_owned());
    }
    let text = regex::escape(text);
    Expect::BodyMatches(format!(
        r"{TOKEN}[^\x00]{{0,200}}?{text}|\{{[^{{}}]{{0,400}}{text}[^{{}}]{{0,400}}{TOKEN}"
    ))
}

/// The steps that send the request with members beside its own, and look at the object then.
fn steps(entry: &Entry, request: &Request, members: &[(&str, String)], view: &[Step]) -> Option<Vec<Step>> {
    Some([entry.steps(with(request, members)?), view.to_vec()].concat())
}

async fn tell(
    bench: &Bench<'_>,
    entry: &Entry,
    name: &str,
    attack: Vec<Step>,
    expect: Expect,
    control: Vec<Step>,
) -> bool {
    // What a page shows by turns is not taken for what was sent.
    let replay = Replay { steps: attack, expect, control: Control::Requests(control), rounds: 2 };
    let Ok(proof) = bench.prove(replay).await else { return false };
    bench.report_named(QID, entry, name, proof);
    true
}

/// Members with values that applications believe, and those that take them back.
const BELIEVED: &[(&str, &str, &str)] = &[
    ("role", "admin", "user"),
    ("is_admin", "true", "false"),
    ("isAdmin", "true", "false"),
    ("admin", "true", "false"),
    ("is_staff", "true", "false"),
    ("is_superuser", "true", "false"),
    ("verified", "true", "false"),
    ("is_verified", "true", "false"),
    ("premium", "true", "false"),
    ("approved", "true", "false"),
    ("user_type", "admin", "user"),
    ("userType", "admin", "user"),
    ("account_type", "admin", "user"),
    ("group", "admin", "user"),
    ("plan", "premium", "free"),
];
/// What pages say of somebody who has rights.
static RIGHTS: Pattern = Pattern::new(
    r"(?i)\b(?:admin\w*|true|yes|premium|verified|approved|staff|super_?user|moderator|privileged)\b",
);
/// What pages say when they refuse.
static REFUSALS: Pattern = Pattern::new(
    r"(?i)\b(?:not|no|n't|invalid|refused?|unknown|unexpected|denied|error|errors|forbidden|must|cannot|wrong|reject\w*|ignor\w*|unsupported|failed)\b",
);

/// Tries values that are believed though others are refused: what pages say of rights then, and not when they are taken
/// back.
async fn believed(bench: &Bench<'_>, entry: &Entry, request: &Request, views: &[Vec<Step>], flags: &[&str]) {
    let flags = flags.iter().map(|name| (*name, "true", "false"));
    let known: Vec<(&str, &str, &str)> = BELIEVED.iter().copied().chain(flags).collect();
    let plain = |value: &str| match (value, &entry.request.body) {
        ("true", Body::Form(_) | Body::Multipart(_)) => "1".to_owned(),
        ("false", Body::Form(_) | Body::Multipart(_)) => "0".to_owned(),
        _ => value.to_owned(),
    };
    let all = |is_given: bool| -> Vec<(&str, String)> {
        known.iter().map(|(name, yes, no)| (*name, plain(if is_given { yes } else { no }))).collect()
    };
    let shown = async |is_given: bool, view: &[Step]| {
        let (answer, _) = bench.prover().walk(&steps(entry, request, &all(is_given), view)?).await.ok()?;
        (answer.status < 400).then_some(answer)
    };
    let is_anew = *request != entry.request;
    for view in views.iter().take(3) {
        let expect = if is_anew {
            // What others were given before stays in lists: what stands beside the object's own name counts.
            let expect = Expect::BodyMatches(format!(r"{TOKEN}[^\x00]{{0,120}}?{}", RIGHTS.text()));
            let [Some(with), Some(without)] =
                [true, false].map(|is_given| steps(entry, request, &all(is_given), view))
            else {
                return;
            };
            let control = Control::Requests(without);
            let replay = Replay { steps: with, expect: expect.clone(), control, rounds: 1 };
            if bench.prove(replay).await.is_err() {
                continue;
            }
            expect
        } else {
            let (Some(with), Some(without)) = (shown(true, view).await, shown(false, view).await) else {
                continue;
            };
            let usual = visible(&without);
            let new = visible(&with).into_iter().find(|line| {
                (3..200).contains(&line.len())
                    && !usual.contains(line)
                    && RIGHTS.is_match(line)
                    && !REFUSALS.is_match(line)
                    && with.text().contains(line.as_str())
            });
            let Some(line) = new else { continue };
            Expect::All(vec![Expect::Body(line), Expect::Status(vec![with.status])])
        };
        for (name, yes, no) in known.iter().copied() {
            let pair = [yes, no].map(|value| steps(entry, request, &[(name, plain(value))], view));
            let [Some(attack), Some(control)] = pair else { continue };
            if tell(bench, entry, name, attack, expect.clone(), control).await {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use crate::testing::{Answer, Asked, Extras, crawl_and_scan, serve};

    /// A profile; the path says what the application takes over.
    fn profile(stored: &Mutex<(String, String)>, asked: &Asked) -> Answer {
        if asked.method == "POST" {
            let mut stored = stored.lock();
            stored.0 = asked.field("name");
            if asked.path == "/all" && !asked.field("role").is_empty() {
                stored.1 = asked.field("role");
            }
        }
        let echo = if asked.path == "/echo" { asked.body.clone() } else { String::new() };
        let (name, role) = stored.lock().clone();
        Answer::html(format!(
            "<form method=post action=\"\"><input name=name value=\"{name}\"><button>Save</button></form><p>Role: {role}</p><pre>{echo}</pre>"
        ))
    }

    /// Saves, and shows on another page.
    fn elsewhere(points: &Mutex<u64>, asked: &Asked) -> Answer {
        match asked.path.as_str() {
            "/save/points" | "/save/name" => {
                if let (Ok(value), true) = (asked.field("points").parse(), asked.path.ends_with("points")) {
                    *points.lock() = value;
                }
                Answer(302, vec![("location".into(), "/profile".into())], String::new())
            }
            "/profile" => Answer::html(format!("<p>Ann has {} points</p>", points.lock())),
            path => Answer::html(format!(
                "<form method=post action=\"/save{path}\"><input name=name><button>Save</button></form>"
            )),
        }
    }

    /// Users who register, each under a name of their own; the path says what is taken over.
    fn register(users: &Mutex<Vec<(String, String)>>, asked: &Asked) -> Answer {
        let mut users = users.lock();
        if asked.path.ends_with("/users") {
            let rows = users.iter().map(|(name, role)| format!("<tr><td>{name}</td><td>{role}</td></tr>"));
            return Answer::html(format!("<table>{}</table>", rows.collect::<String>()));
        }
        if asked.method == "POST" {
            let name = asked.field("username");
            if users.iter().any(|(have, _)| *have == name) {
                return Answer::html("<p>That name is already taken.</p>");
            }
            let is_yes = asked.field("is_admin") == "1";
            let role = match asked.path.as_str() {
                "/free" if !asked.field("role").is_empty() => asked.field("role"),
                "/flag" if is_yes => "administrator".to_owned(),
                _ => "member".to_owned(),
            };
            users.push((name, role));
            return Answer(302, vec![("location".into(), format!("{}/users", asked.path))], String::new());
        }
        Answer::html(
            "<form method=post><input name=username><input name=password type=password><button>Register</button></form>",
        )
    }

    #[tokio::test]
    async fn each_registration_has_a_name_of_its_own() {
        for (path, wanted) in [("/free", Some("role")), ("/flag", Some("is_admin")), ("/strict", None)] {
            let users = Mutex::default();
            let address = serve(move |asked: &Asked| register(&users, asked)).await;
            let (found, _) =
                crawl_and_scan(&super::super::MassAssignment, address, path, Extras::default()).await;
            let names: Vec<_> = found.iter().filter_map(|found| found.parameter.as_deref()).collect();
            assert_eq!(names.first().copied(), wanted, "{path}: {found:?}");
        }
    }

    /// A profile that believes what it knows, and says no to the rest.
    fn believing(is_admin: &Mutex<bool>, asked: &Asked) -> Answer {
        let (mut is_admin, role) = (is_admin.lock(), asked.field("role"));
        let mut said = String::new();
        match asked.path.as_str() {
            "/flag" if asked.method == "POST" => *is_admin = asked.field("isAdmin") == "1",
            "/refusing" if !role.is_empty() => said = format!("<p>The role {role} may not be set</p>"),
            _ => {}
        }
        let menu = if *is_admin { "<a href=\"#\">Administration</a>" } else { "" };
        Answer::html(format!(
            "<form method=post action=\"\"><input name=name><button>Save</button></form>{menu}{said}"
        ))
    }

    #[tokio::test]
    async fn values_that_are_believed_are_told_and_refusals_are_not() {
        for (path, wanted) in [("/flag", 1), ("/refusing", 0), ("/named", 0)] {
            let is_admin = Mutex::new(false);
            let address = serve(move |asked: &Asked| believing(&is_admin, asked)).await;
            let (found, _) =
                crawl_and_scan(&super::super::MassAssignment, address, path, Extras::default()).await;
            assert_eq!(found.len(), wanted, "{path}: {found:?}");
        }
    }

    #[tokio::test]
    async fn members_that_another_page_shows_are_told() {
        for (path, wanted) in [("/points", 1), ("/name", 0)] {
            let points = Mutex::new(5);
            let address = serve(move |asked: &Asked| elsewhere(&points, asked)).await;
            let (found, _) =
                crawl_and_scan(&super::super::MassAssignment, address, path, Extras::default()).await;
            assert_eq!(found.len(), wanted, "{path}: {found:?}");
        }
    }

    #[tokio::test]
    async fn members_that_pages_show_are_told() {
        for (path, wanted) in [("/all", 1), ("/named", 0), ("/echo", 0)] {
            let stored = Mutex::new(("Ann".to_owned(), "user".to_owned()));
            let address = serve(move |asked: &Asked| profile(&stored, asked)).await;
            let (found, _) =
                crawl_and_scan(&super::super::MassAssignment, address, path, Extras::default()).await;
            assert_eq!(found.len(), wanted, "{path}: {found:?}");
        }
    }
}
