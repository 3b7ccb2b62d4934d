//! Putting tags on assets and taking them off, by hand.

use qps::{Element, ServiceError};
use store::{Id, Job};

use crate::tags::{self, Tag};
use crate::text::{Given, LONGEST};
use crate::{Error, Result};

/// How many tags one list of a request may name.
const MOST: usize = 1_000;

/// A change of an asset's tags.
#[derive(Debug, Clone, Default)]
pub(crate) struct TagChange {
    set: Option<Vec<TagRef>>,
    add: Vec<TagRef>,
    remove: Vec<TagRef>,
    found: Found,
}

/// What the names and ids turned out to mean.
#[derive(Debug, Clone, Default)]
struct Found {
    set: Option<Vec<Id<Tag>>>,
    add: Vec<Id<Tag>>,
    remove: Vec<Id<Tag>>,
}

/// A tag as a request names it.
#[derive(Debug, Clone)]
enum TagRef {
    Id(i64),
    Name(String),
}

impl TagChange {
    /// Reads a change from `data`; none if it changes no tags.
    pub(crate) fn read(data: &Element) -> Result<Option<Self>> {
        let Some(edit) = data.list_edit("tags", &["TagSimple", "Tag"])? else { return Ok(None) };
        if edit.is_empty() {
            return Ok(None);
        }
        let add = [read_all(data, edit.add)?, read_all(data, edit.update)?].concat();
        Ok(Some(Self {
            set: edit.set.map(|set| read_all(data, set)).transpose()?,
            add,
            remove: read_all(data, edit.remove)?,
            found: Found::default(),
        }))
    }

    /// Looks up the tags. One with a rule is refused; an unknown one too, but for removing it, which changes nothing
    /// (`contract/qps.md 10`).
    pub(crate) fn prepare(&mut self, job: &mut Job<'_>) -> Result<()> {
        let mut found = Found { add: known(job, &self.add)?, ..Found::default() };
        if let Some(set) = &self.set {
            found.set = Some(known(job, set)?);
        }
        for tag in &self.remove {
            found.remove.extend(tag.find(job)?);
        }
        let all = found.set.iter().flatten().chain(&found.add).chain(&found.remove);
        tags::demand_static(job, &all.copied().collect::<Vec<_>>())?;
        self.found = found;
        Ok(())
    }

    /// Tags already there are added at no cost, absent ones removed likewise.
    pub(crate) fn apply(&self, tags: &mut Vec<Id<Tag>>) {
        if let Some(set) = &self.found.set {
            tags.clone_from(set);
        }
        tags.retain(|tag| !self.found.remove.contains(tag));
        tags.extend(&self.found.add);
        tags.sort_unstable();
        tags.dedup();
    }
}

impl TagRef {
    fn read(element: &Element) -> Result<Self> {
        if let Some(id) = element.long("id")? {
            return Ok(TagRef::Id(id));
        }
        match Given::read(element, "name", LONGEST)? {
            Given::Text(name) => Ok(TagRef::Name(name)),
            _ => Err(ServiceError::cannot_be_null(&element.field("id")).into()),
        }
    }

    fn find(&self, job: &mut Job<'_>) -> Result<Option<Id<Tag>>> {
        match self {
            TagRef::Id(id) => match Id::from_wire(*id) {
                Some(id) => Ok(job.get(id)?.map(|tag| tag.id)),
                None => Ok(None),
            },
            TagRef::Name(name) => tags::named(job, name),
        }
    }
}

fn read_all(data: &Element, items: Vec<&Element>) -> Result<Vec<TagRef>> {
    if items.len() > MOST {
        let message = format!("Data: The list '{}' has more than {MOST} items.", data.field("tags"));
        return Err(Error::invalid(message, "Split the items into several calls with 'add'."));
    }
    items.into_iter().map(TagRef::read).collect()
}

fn known(job: &mut Job<'_>, refs: &[TagRef]) -> Result<Vec<Id<Tag>>> {
    let missing = |tag: &TagRef| match tag {
        TagRef::Id(id) => tags::unknown(&id.to_string()),
        TagRef::Name(name) => tags::unknown(name),
    };
    refs.iter().map(|tag| tag.find(job)?.ok_or_else(|| missing(tag))).collect()
}
