//! Web applications: the sites that people want tested (`contract/was.md 7`).
//!
//! - The id of a web application is that of its asset, so a set of assets is a set of web applications: scopes, tags and
//!   tag rules are those of assets. Name and tags are kept on both sides; whoever writes one writes the other.
//! - Names are unique. One that was removed from here is still known, with its asset, until it is reactivated or its
//!   asset goes.

mod fields;
mod lists;
mod model;
mod ops;
mod request;
mod scripts;
mod web_url;
mod wire;

pub use model::{Attribute, Crawl, CrawlScope, Pattern, Scanner, Settings, WebApp};
pub(crate) use ops::OPERATIONS;
pub use scripts::Script;
pub use web_url::WebUrl;

use std::collections::HashSet;

use query::{Filter, Test, Value};
use store::{Id, Job, Stored};

use crate::assets::{self, Asset};
use crate::comments::Author;
use crate::tags::Tag;
use crate::{Error, Result};

/// The web application of an asset.
fn of_asset(id: Id<Asset>) -> Id<WebApp> {
    Id::new(id.get())
}

/// The asset of a web application.
pub(crate) fn asset_of(id: Id<WebApp>) -> Id<Asset> {
    Id::new(id.get())
}

/// Those of these URLs that a web application has, by [`WebUrl::key`].
pub(crate) fn with_urls<'u>(
    job: &mut Job<'_>,
    urls: impl Iterator<Item = &'u WebUrl>,
) -> Result<HashSet<String>> {
    let keys: Vec<Value> = urls.map(|url| Value::Text(url.key().to_owned())).collect();
    let filter = Filter::Field(fields::URL_KEY, Test::In(keys)).and(fields::present());
    let mut found = HashSet::new();
    for id in job.select::<WebApp>(&filter) {
        if let Some(app) = job.get(Id::<WebApp>::new(id))? {
            found.extend(WebUrl::read(&app.url).map(|url| url.key().to_owned()));
        }
    }
    Ok(found)
}

/// Adds a web application of which only this is known; none if there is one with this name already. One that was
/// removed comes back.
pub(crate) fn add(
    job: &mut Job<'_>,
    author: &Author,
    name: String,
    url: WebUrl,
) -> Result<Option<Id<WebApp>>> {
    if job.find::<WebApp>(&model::name_key(&name))?.is_some() {
        return Ok(None);
    }
    let app = WebApp::new(name, url.into_text(), author.clone(), job.now());
    match removed(job, &app.name, &app.url)? {
        Some(old) => revive(job, &old, app).map(Some),
        None => insert(job, app).map(Some),
    }
}

/// Makes a web application and its asset.
fn insert(job: &mut Job<'_>, app: WebApp) -> Result<Id<WebApp>> {
    let id = of_asset(assets::add_web_app(job, &app.name, &app.tags)?);
    job.insert_as(id, app)?;
    Ok(id)
}

/// A web application of this name and URL that was removed and is still known.
fn removed(job: &mut Job<'_>, name: &str, url: &str) -> Result<Option<Stored<WebApp>>> {
    let named = Filter::Field(fields::NAME, Test::Equals(Value::Text(name.to_owned())));
    for id in job.select::<WebApp>(&named.and(!fields::present())) {
        let same = |app: &Stored<WebApp>| WebUrl::is_same(&app.url, url);
        if let Some(app) = job.get(Id::<WebApp>::new(id))?.filter(same) {
            return Ok(Some(app));
        }
    }
    Ok(None)
}

/// Puts a new web application in the place of one that was removed.
fn revive(job: &mut Job<'_>, old: &Stored<WebApp>, app: WebApp) -> Result<Id<WebApp>> {
    assets::follow_web_app(job, asset_of(old.id), &app.name, &app.tags)?;
    job.update(old, app)?;
    Ok(old.id)
}

/// Follows a change of a web application's asset.
pub(crate) fn asset_changed(job: &mut Job<'_>, id: Id<Asset>, name: &str, tags: &[Id<Tag>]) -> Result<()> {
    let Some(old) = job.get(of_asset(id))? else { return Ok(()) };
    if old.name == name && old.tags == tags {
        return Ok(());
    }
    let mut app = old.object.clone();
    name.clone_into(&mut app.name);
    app.tags = tags.to_vec();
    app.updated = job.now();
    job.update(&old, app).map_err(|error| name_taken(error, name))
}

/// Forgets a web application whose asset is deleted.
pub(crate) fn asset_gone(job: &mut Job<'_>, id: Id<Asset>) -> Result<()> {
    match job.get(of_asset(id))? {
        Some(app) => Ok(job.delete(&app)?),
        None => Ok(()),
    }
}

/// Says of a key that is taken that it is the name.
fn name_taken(error: store::Error, name: &str) -> Error {
    match error {
        store::Error::Taken { .. } => Error::invalid(
            format!("Data: A web application with the name '{name}' exists already."),
            "Specify another name, or update the existing web application.",
        ),
        other => other.into(),
    }
}
