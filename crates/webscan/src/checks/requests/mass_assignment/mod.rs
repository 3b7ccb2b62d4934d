//! Members of an object that a request may change though no form or script sends them.

mod fields;
mod learnt;
mod object;
mod page;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

use self::object::{Member, Model, credible, guessed};
use crate::checks::requests::near::shared;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Method, Request};
use crate::proof::{Control, Expect, Proof, Replay, Seen, Step, TOKEN};

/// See [`About`].
pub(super) struct MassAssignment;

static ABOUT: About = About {
    name: "mass-assignment",
    qids: &[990_013],
    means: "A request that changes some members of an object also changes others that it was never meant to, such as a role or a \
            balance, when they are sent along.",
    matters: "Whoever sends the request gives themselves rights, credit or a state that only the application should give.",
    remedy: "Take over named members only, from a list for each operation; keep what is sent apart from what is stored.",
    technique: "Members that the answer shows, and that have to do with rights, states or money, are sent along with other values; \
                the object must show them when it is asked for again. With the old values, which are put back, it must not. A \
                request of a page by PUT or PATCH is sent for this alone, with the values that the object has.",
    source: "CWE-915; OWASP API Security, Broken Object Property Level Authorization",
};

const QID: u32 = 990_013;

impl Check for MassAssignment {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        (!bench.withheld.is_empty()).then(|| withheld(bench).boxed())
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        if matches!(entry.request.method, Method::Get | Method::Head | Method::Options | Method::Delete) {
            return None;
        }
        let views = views(bench, entry);
        match views.iter().find_map(|view| Model::of(&entry.request, &view.shown)) {
            Some(model) => Some(
                async move {
                    let is_told = attack(bench, entry, model, views).await;
                    if !is_told && page::is_worth_it(entry) {
                        // What data shows in the answer itself may be what was sent; the object was asked for elsewhere.
                        page::attack(bench, entry, json(entry).is_none()).await;
                    }
                }
                .boxed(),
            ),
            None => page::is_worth_it(entry).then(|| page::attack(bench, entry, true).boxed()),
        }
    }
}

/// Requests by which pages save an object by PUT or PATCH are not sent otherwise. Here they carry the values that the object has,
/// beside one member that it shows, which is put back.
async fn withheld(bench: &Bench<'_>) {
    for request in bench.withheld {
        let is_shown = |other: &&Entry| other.request == Request::get(request.url.clone());
        let Some(other) = bench.entries.iter().find(is_shown) else { continue };
        let Some(shown) = json(other) else { continue };
        let model = Model::of(request, &shown).filter(|model| !model.members.is_empty());
        let Some(model) = model else { continue };
        bench.client.answer_for(request);
        let entry = Entry { request: model.unchanged(request), page: None, ..other.clone() };
        attack(bench, &entry, model, vec![View { shown, how: How::Entry(other) }]).await;
    }
}

/// How the object is looked at after a request.
struct View<'a> {
    /// What it showed.
    shown: Value,
    how: How<'a>,
}

enum How<'a> {
    /// By another request that was crawled.
    Entry(&'a Entry),
    /// By the id in the answer.
    Id,
    /// By the usual request: what it does not change must have stayed.
    Again,
}

fn views<'a>(bench: &'a Bench<'_>, entry: &'a Entry) -> Vec<View<'a>> {
    let path = &entry.request.url.path;
    let gets = bench.entries.iter().filter(|other| other.request.method == Method::Get);
    let near = gets.filter(|other| other.request.url.path == *path);
    let mut views: Vec<View<'_>> =
        near.filter_map(|other| Some(View { shown: json(other)?, how: How::Entry(other) })).take(1).collect();
    if views.is_empty() {
        // Elsewhere, where an object with the same members is shown.
        let names = object::names(&entry.request.body);
        let wanted = names.len().min(2);
        let shares = |shown: &Value| wanted > 0 && object::most_shared(&names, shown) >= wanted;
        let others = bench.entries.iter().filter(|other| other.request.method == Method::Get);
        let shown = |other: &'a Entry| json(other).filter(|shown| shares(shown)).map(|shown| (other, shown));
        // One that shows what only the application should set: the nearest, since others may show another application's;
        // of those the one that shows most, and then the first.
        let telling = |shown: &Value| Model::of(&entry.request, shown).map_or(0, |model| model.members.len());
        let ranked = others.filter_map(shown).map(|(other, shown)| {
            let tells = telling(&shown);
            (
                (tells > 0, shared(&other.request.url.path, path), tells),
                View { shown, how: How::Entry(other) },
            )
        });
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        // One may show who is there, and the other all that were made.
        let second = ranked.iter().skip(1).take_while(|((tells, ..), _)| *tells).take(1).count();
        views.extend(ranked.into_iter().take(1 + second).map(|(_, view)| view));
    }
    if let Some(shown) = json(entry) {
        let ids = [shown.get("id"), shown.pointer("/data/id")];
        let has_id = ids.into_iter().flatten().any(|id| id.is_string() || id.is_number());
        if has_id && entry.request.method == Method::Post {
            views.push(View { shown: shown.clone(), how: How::Id });
        }
        views.push(View { shown, how: How::Again });
    }
    views
}

fn json(entry: &Entry) -> Option<Value> {
    let is_json = entry.response.media_type().ends_with("json") && entry.response.status < 300;
    is_json.then(|| serde_json::from_str(entry.response.text()).ok()).flatten()
}

/// An id in an answer.
const ID: &str = r#""id"\s*:\s*"?([A-Za-z0-9-]{1,64})"#;

impl View<'_> {
    /// The steps that send a request and look at the object then.
    fn steps(&self, entry: &Entry, request: Request) -> Vec<Step> {
        let mut steps = entry.steps(request);
        match &self.how {
            How::Entry(other) => steps.extend(other.steps(other.request.clone())),
            How::Id => {
                let last = steps.pop().map(|step| step.capturing("object", ID));
                steps.extend(last);
                let url = &entry.request.url;
                let path = format!("{}/{{{{object}}}}", url.path.trim_end_matches('/'));
                steps.push(Step::new(Request::get(url.at(path))));
            }
            How::Again => steps.extend(entry.steps(entry.request.clone())),
        }
        steps
    }
}

/// Whether something was told.
async fn attack(bench: &Bench<'_>, entry: &Entry, model: Model, views: Vec<View<'_>>) -> bool {
    // What makes an object of a name that only one may have is sent with another name each time.
    let renamed = page::anew(&entry.request).filter(|_| entry.request.method == Method::Post);
    let mut renamed = renamed.map(|request| Entry { request, ..entry.clone() });
    if renamed.is_some() {
        let Ok(again) = bench.send_of(entry, &entry.request).await else { return false };
        renamed = renamed.filter(|_| page::TAKEN.is_match(again.text()));
    }
    let entry = renamed.as_ref().unwrap_or(entry);
    let known = model.members.clone();
    let guessed = if bench.withheld.iter().any(|other| other.url == entry.request.url) {
        Vec::new()
    } else {
        guessed(&model)
    };
    for members in [known, credible(&model), guessed] {
        if members.is_empty() {
            continue;
        }
        for view in &views {
            match changed(bench, entry, &model, view, &members).await {
                None => return false,
                Some(changed) => {
                    for member in changed {
                        if let Some(proof) = prove(bench, entry, &model, view, member).await {
                            bench.report_named(QID, entry, &member.name, proof);
                            return true;
                        }
                    }
                }
            }
        }
    }
    false
}

/// The members that took the new values, all sent at once, or one by one where all together are refused; none when the
/// target does not answer.
async fn changed<'m>(
    bench: &Bench<'_>,
    entry: &Entry,
    model: &Model,
    view: &View<'_>,
    members: &'m [Member],
) -> Option<Vec<&'m Member>> {
    let send = async |members: &[&Member], is_new| {
        let request = model.request(&entry.request, members, is_new);
        bench.prover().walk(&view.steps(entry, request)).await.ok().map(|(response, _)| response)
    };
    let all: Vec<&Member> = members.iter().collect();
    let shows = |members: &[&'m Member], seen: &Seen| {
        members.iter().copied().filter(|member| expect(member).find(seen).is_some()).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    let response = send(&all, true).await?;
    let is_refused = response.status >= 400;
    found.extend(shows(&all, &Seen { response, ..Seen::default() }));
    if found.is_empty() && (is_refused || all.len() > 1) {
        for member in all.iter().take(6) {
            let response = send(&[*member], true).await?;
            found.extend(shows(&[*member], &Seen { response, ..Seen::default() }));
        }
    }
    if !found.is_empty() {
        // Put back what was changed; the proof does so for its own member.
        send(&found, false).await?;
    }
    Some(found)
}

fn expect(member: &Member) -> Expect {
    Expect::BodyMatches(member.pattern())
}

async fn prove(
    bench: &Bench<'_>,
    entry: &Entry,
    model: &Model,
    view: &View<'_>,
    member: &Member,
) -> Option<Proof> {
    let steps = |is_new| view.steps(entry, model.request(&entry.request, &[member], is_new));
    // In a list, others may have the value already: then the last one counts, which the request made: it shows what else was sent.
    // Where it makes an object of another name each time, its value must stand with that name.
    let p = member.pattern();
    let named = format!(r"\{{[^{{}}]*{TOKEN}[^{{}}]*{p}|{p}[^{{}}]*{TOKEN}");
    let own: Vec<String> = object::texts(&entry.request.body)
        .iter()
        .map(|text| format!("\"{}\"", regex::escape(text)))
        .collect();
    let own = own.join("|");
    let last = format!(r"(?:{p}[^{{}}]*(?:{own})|(?:{own})[^{{}}]*{p})[^{{}}]*\}}?\s*\]");
    let patterns = [Some(p), Some(named), (!own.is_empty()).then_some(last)].into_iter().flatten();
    let count = if entry.request.method == Method::Post && matches!(view.how, How::Entry(_)) { 3 } else { 1 };
    for pattern in patterns.take(count) {
        let control = Control::Requests(steps(false));
        let expect = Expect::BodyMatches(pattern);
        let replay = Replay { steps: steps(true), expect, control, rounds: 1 };
        if let Ok(proof) = bench.prove(replay).await {
            return Some(proof);
        }
    }
    None
}

#[cfg(test)]
mod tests;
