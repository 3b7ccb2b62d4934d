//! Objects that are shown in pages: members that no form has are sent along, and looked for in what is shown then.

use super::QID;
use crate::checks::pattern::Pattern;
use crate::checks::{Bench, Entry};
use crate::http::{Body, Request};
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
];
/// What such requests are about.
static ABOUT: Pattern = Pattern::new(
    r"(?i)user|profile|account|regist|sign_?up|join|settings|member|customer|e-?mail|(?:^|[_\[])(?:nick_?|first_?|last_?|full_?|display_?)?name",
);
/// A name that no object has a member for.
const NOBODYS: &str = "rdbtmember";

/// What is sent as the nth member.
fn mark(n: usize) -> String {
    format!("rdbt{n}z4d1f")
}

/// The request with members beside its own; none when it has no form, or has them already.
fn with(request: &Request, members: &[(&str, String)]) -> Option<Request> {
    let mut request = request.clone();
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
    let Body::Form(fields) = &entry.request.body else { return false };
    let is_page = entry.response.is_html() || entry.response.location().is_some();
    let names = || fields.iter().any(|(name, _)| ABOUT.is_match(name));
    is_page && entry.response.status < 400 && (ABOUT.is_match(&entry.request.url.path) || names())
}

/// Sends all names at once, then proves those whose values are shown: in the answer, or on the page of the form.
pub(super) async fn attack(bench: &Bench<'_>, entry: &Entry) {
    let names = NAMES.iter().chain([&NOBODYS]);
    let members: Vec<(&str, String)> = names.enumerate().map(|(n, name)| (*name, mark(n))).collect();
    let page = entry.form_at.clone().map(Request::get);
    let views: Vec<Vec<Step>> =
        [Some(Vec::new()), page.map(|page| vec![Step::new(page)])].into_iter().flatten().collect();
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
            let Some(control) = steps(&[(name, "user".to_owned())]) else { continue };
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
