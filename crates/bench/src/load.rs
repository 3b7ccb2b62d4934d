//! Filling a data directory with synthetic assets.
//!
//! Assets go in by ordinary writes, many in each: their ids follow their numbers, and every one has its entry in the
//! change log. Tags with rules come last, so that their rules are asked once.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use platform::Platform;
use platform::assets::Asset;
use platform::tags::{RuleType, Tag};
use store::{Id, Job};

use crate::synthetic::{NewTag, Synthesizer};

/// Assets of one write.
const CHUNK: u64 = 500;
/// Who writes, as the change log says.
const AUTHOR: &str = "synthetic data";

/// What a load made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// Assets.
    pub assets: u64,
    /// Tags.
    pub tags: u64,
}

/// Puts everything that the synthesizer makes into the product; `told` hears how many assets are in.
///
/// # Errors
/// When the database fails, or holds these assets or tags already; some may be in then.
pub fn fill(
    platform: &Platform,
    synthesizer: &Arc<Synthesizer>,
    mut told: impl FnMut(u64),
) -> platform::Result<Loaded> {
    let by_hand = synthesizer.tags().iter().take_while(|tag| tag.rule.is_none()).count();
    let mut tags = write_tags(platform, synthesizer, Vec::new(), by_hand)?;
    let total = synthesizer.assets();
    let (send, receive) = sync_channel::<Vec<Asset>>(2);
    let (maker, ids) = (synthesizer.clone(), tags.clone());
    let making = thread::spawn(move || {
        for from in (0..total).step_by(usize::try_from(CHUNK).unwrap_or(1)) {
            let numbers = from..(from + CHUNK).min(total);
            let chunk = numbers.filter_map(|number| maker.asset(number, &ids)).collect();
            if send.send(chunk).is_err() {
                return;
            }
        }
    });
    let mut done = 0;
    for chunk in receive {
        let count = chunk.len() as u64;
        platform.store().write_blocking(AUTHOR, move |job| -> platform::Result<()> {
            for asset in chunk {
                job.insert(asset)?;
            }
            Ok(())
        })?;
        done += count;
        told(done);
    }
    // It ended, or its channel would not have.
    drop(making);
    tags = write_tags(platform, synthesizer, tags, synthesizer.tags().len())?;
    Ok(Loaded { assets: done, tags: tags.len() as u64 })
}

/// Writes the tags up to a place; gives the ids of all.
fn write_tags(
    platform: &Platform,
    synthesizer: &Synthesizer,
    mut ids: Vec<Id<Tag>>,
    until: usize,
) -> platform::Result<Vec<Id<Tag>>> {
    let tags: Vec<NewTag> = synthesizer.tags().iter().take(until).skip(ids.len()).cloned().collect();
    platform.store().write_blocking(AUTHOR, move |job| {
        for tag in tags {
            let id = insert_tag(job, tag, &ids)?;
            ids.push(id);
        }
        Ok(ids)
    })
}

fn insert_tag(job: &mut Job<'_>, new: NewTag, ids: &[Id<Tag>]) -> platform::Result<Id<Tag>> {
    let parent = new.parent.and_then(|at| ids.get(at).copied());
    let mut tag = Tag::new(new.name, parent, job.now());
    tag.criticality_score = new.criticality;
    tag.rule_type = Some(new.rule.as_ref().map_or(RuleType::Static, |(kind, _)| *kind));
    tag.rule_text = new.rule.map(|(_, text)| text);
    Ok(job.insert(tag)?)
}
