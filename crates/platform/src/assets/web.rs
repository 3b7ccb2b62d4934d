//! The assets of web applications: `webapps` owns what they are, this what they share with all assets.

use store::{Id, Job};

use super::model::{Asset, AssetType, TrackingMethod};
use crate::Result;
use crate::tags::Tag;

/// Makes the asset of a new web application.
pub(crate) fn add_web_app(job: &mut Job<'_>, name: &str, tags: &[Id<Tag>]) -> Result<Id<Asset>> {
    let mut asset = Asset::new(name, TrackingMethod::None, job.now());
    asset.kind = AssetType::WebApp;
    asset.tags = tags.to_vec();
    Ok(job.insert(asset)?)
}

/// Gives the asset the name and tags of its web application.
pub(crate) fn follow_web_app(job: &mut Job<'_>, id: Id<Asset>, name: &str, tags: &[Id<Tag>]) -> Result<()> {
    let Some(old) = job.get(id)? else { return Ok(()) };
    if old.name == name && old.tags == tags {
        return Ok(());
    }
    let mut asset = old.object.clone();
    name.clone_into(&mut asset.name);
    asset.tags = tags.to_vec();
    asset.modified = job.now();
    Ok(job.update(&old, asset)?)
}

/// Removes the asset of a web application that is no more.
pub(crate) fn remove_web_app(job: &mut Job<'_>, id: Id<Asset>) -> Result<()> {
    match job.get(id)? {
        Some(asset) => Ok(job.delete(&asset)?),
        None => Ok(()),
    }
}
