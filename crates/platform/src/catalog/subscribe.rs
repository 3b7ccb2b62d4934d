//! `addToSubscription`: makes web applications of entries (`contract/was.md 4.5`).

use std::collections::HashSet;

use qps::Head;
use store::{Job, Stored};

use super::model::{Entry, Status};
use super::ops::Entries;
use crate::comments::{Author, Comment};
use crate::webapps::{self, WebUrl};
use crate::{Answer, Call, Input, Result, VERSION_SCHEMA, engine};

/// What becomes of the entries of one call.
#[derive(Default)]
struct Outcome {
    added: Vec<u32>,
    duplicates: Vec<u32>,
    without_url: Vec<u32>,
    failed: Vec<u32>,
}

/// `addToSubscription/was/catalog[/{id}]`.
pub(super) fn add_to_subscription(call: &Call, input: Input) -> Result<Answer> {
    let scope = <Entries as engine::Resource>::scope(call);
    let targets = engine::targets::<Entries>(call, input.id, &input.request, scope)?;
    let work = call.clone();
    let outcome = call.write(move |job| -> Result<Outcome> {
        let mut entries = Vec::new();
        engine::every::<Entries>(&work, job, &targets, |_, entry| {
            entries.push(entry.clone());
            Ok(())
        })?;
        add_all(&work, job, &entries)
    })?;
    Ok(answer(outcome))
}

fn add_all(call: &Call, job: &mut Job<'_>, entries: &[Stored<Entry>]) -> Result<Outcome> {
    let author = Author::of(call, job)?;
    let urls: Vec<Option<WebUrl>> = entries.iter().map(|entry| WebUrl::read(&entry.url())).collect();
    let mut taken: HashSet<String> = webapps::with_urls(job, urls.iter().flatten())?;
    let mut outcome = Outcome::default();
    for (entry, url) in entries.iter().zip(urls) {
        let id = entry.id.get();
        let Some(url) = url else {
            outcome.without_url.push(id);
            continue;
        };
        if entry.status == Status::InSubscription || taken.contains(url.key()) {
            outcome.duplicates.push(id);
            continue;
        }
        let key = url.key().to_owned();
        if webapps::add(job, &author, entry.web_app_name(), url)?.is_none() {
            outcome.failed.push(id);
            continue;
        }
        taken.insert(key);
        note(job, entry, &author)?;
        outcome.added.push(id);
    }
    Ok(outcome)
}

fn note(job: &mut Job<'_>, entry: &Stored<Entry>, author: &Author) -> Result<()> {
    let now = job.now();
    let mut new = entry.object.clone();
    new.status = Status::InSubscription;
    let added = format!("Entry added to subscription as '{}'", entry.web_app_name());
    new.comments.push(Comment::system(added, now));
    new.updated = now;
    new.updated_by = Some(author.clone());
    Ok(job.update(entry, new)?)
}

fn answer(outcome: Outcome) -> Answer {
    let head = Head::count(outcome.added.len() as u64);
    let records: crate::Records = Box::new(move |writer, flush| {
        writer.blocks(|out| {
            out.object("success", |out| {
                out.text("ids", &listed(&outcome.added));
                out.number("count", outcome.added.len() as u64);
            });
            out.object("duplicate", |out| {
                out.number("count", outcome.duplicates.len() as u64);
                out.text("ids", &listed(&outcome.duplicates));
            });
            out.object("error", |out| {
                out.number("count", (outcome.without_url.len() + outcome.failed.len()) as u64);
                out.text("errorMessage", &message(&outcome));
            });
        });
        Ok(flush(writer)?)
    });
    Answer { schema: VERSION_SCHEMA, head, records: Some(records) }
}

/// The two texts of the sample, one after the other as there.
fn message(outcome: &Outcome) -> String {
    let mut text = String::new();
    for (what, ids) in [
        ("Invalid URL for web application catalog entries: ", &outcome.without_url),
        ("Some error occurred for web application catalog entries: ", &outcome.failed),
    ] {
        if !ids.is_empty() {
            text.push_str(what);
            text.push_str(&listed(ids));
        }
    }
    text
}

fn listed(ids: &[u32]) -> String {
    ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
