//! Objects that are shown in pages: members that no form has are sent along, and looked for in what is shown then.

use super::QID;
use crate::checks::pattern::Pattern;
use crate::checks::{Bench, Entry};
use crate::http::{Body, Method, Request, Target};
use crate::proof::{Control, Expect, Replay, Step};

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
fn mark(n: usize, name: &str) -> String {
    if NUMBERS.contains(&name) { format!("{}", 9_001_700 + n) } else { format!("rdbt{n}z4d1f") }
}

/// The request with members beside its own; none when it has no form, or has them already.
fn with(request: &Request, members: &[(&str, String)]) -> Option<Request> {
    let mut request = request.clone();
    if let Body::Json(serde_json::Value::Object(object)) = &mut request.body {
        for (name, value) in members {
            object.entry(*name).or_insert_with(|| match value.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => value.as_str().into(),
            });
        }
        return Some(request);
    }
    let Body::Form(fields) = &mut request.body else { return None };
    let outer = fields.iter().find_map(|(name, _)| Some(name.split_once('[')?.0.to_owned()));
    for (name, value) in members {
        let name = outer.as_ref().map_or_else(|| (*name).to_owned(), |outer| format!("{outer}[{name}]"));
        if !fields.iter().any(|(have, _)| *have == name) {
            fields.push((name, value.clone()));
        }
    }
    Some(request)
}

/// Whether a request is worth the look.
pub(super) fn is_worth_it(entry: &Entry) -> bool {
    let names: Vec<&str> = match &entry.request.body {
        Body::Form(fields) => fields.iter().map(|(name, _)| name.as_str()).collect(),
        Body::Json(serde_json::Value::Object(object)) => object.keys().map(String::as_str).collect(),
        _ => return false,
    };
    let names = || names.iter().any(|name| ABOUT.is_match(name));
    let is_json = matches!(entry.request.body, Body::Json(_));
    let is_page = is_json || entry.response.is_html() || entry.response.location().is_some();
    is_page && entry.response.status < 400 && (ABOUT.is_match(&entry.request.url.path) || names())
}

/// Sends all names at once, then proves those whose values are shown: in the answer, or on the page of the form.
pub(super) async fn attack(bench: &Bench<'_>, entry: &Entry) {
    let names = NAMES.iter().chain([&NOBODYS]);
    let members: Vec<(&str, String)> = names.enumerate().map(|(n, name)| (*name, mark(n, name))).collect();
    // In the answer, on the page of the form, where the answer leads, and where the site shows who one is.
    let form = entry.form_at.clone();
    let led = entry.response.location().and_then(|location| entry.request.url.join(location));
    let mut pages: Vec<Target> = [form, led].into_iter().flatten().collect();
    let near = entry.request.url.directory();
    let gets = bench.entries.iter().filter(|other| other.request.method == Method::Get);
    let shows = gets.map(|other| &other.request.url).filter(|url| {
        url.path.starts_with(near) && PERSONAL.is_match(url.path.strip_prefix(near).unwrap_or_default())
    });
    pages.extend(shows.take(2).cloned());
    let is_inside = |url: &Target| bench.client.scope().rule(url) == crate::scope::Ruling::Inside;
    let mut seen = std::collections::BTreeSet::new();
    pages.retain(|url| is_inside(url) && seen.insert(url.to_string()));
    let pages = pages.into_iter().map(|url| vec![Step::new(Request::get(url))]);
    let views: Vec<Vec<Step>> = std::iter::once(Vec::new()).chain(pages).collect();
    for view in views {
        let steps = |members: &[(&str, String)]| {
            Some([entry.steps(with(&entry.request, members)?), view.clone()].concat())
        };
        let Some(all) = steps(&members) else { return };
        let Ok((answer, _)) = bench.prover().walk(&all).await else { return };
        let shown: Vec<_> =
            members.iter().filter(|(_, mark)| answer.text().contains(mark.as_str())).collect();
        // What shows everything that is sent has no members.
        if shown.iter().any(|(name, _)| *name == NOBODYS) {
            return;
        }
        for (name, mark) in shown.into_iter().take(3) {
            let Some(attack) = steps(&[(name, mark.clone())]) else { continue };
            let usual = if NUMBERS.contains(name) { "1" } else { "user" };
            let Some(control) = steps(&[(name, usual.to_owned())]) else { continue };
            let replay = Replay {
                steps: attack,
                expect: Expect::Body(mark.clone()),
                control: Control::Requests(control),
                rounds: 1,
            };
            if let Ok(proof) = bench.prove(replay).await {
                return bench.report_named(QID, entry, name, proof);
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
