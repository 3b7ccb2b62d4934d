//! What a request wants of a tag, read from `data` (`contract/am.md 4.1 to 4.5`).

use qps::{Element, ServiceError};
use store::Id;

use super::model::{RuleType, Tag};
use crate::engine::check_members;
use crate::text::Given;
use crate::{Call, Error, Permission, Result};

/// The longest name, in characters.
const LONGEST_NAME: usize = 1_024;
/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 4_096;
/// How many tags one call may name.
const MOST: usize = 5_000;

/// The members of `Tag`, those that only answers have included (`contract/am.md 4.1`).
const MEMBERS: &[&str] = &[
    "id",
    "name",
    "parentTagId",
    "created",
    "modified",
    "color",
    "ruleText",
    "ruleType",
    "srcAssetGroupId",
    "srcBusinessUnitId",
    "srcOperatingSystemName",
    "provider",
    "children",
    "criticalityScore",
    "description",
    "reEvalStatus",
    "tagUuid",
];

/// What a request wants of a tag. What is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Edit {
    /// The tag that an item in a list of children names.
    pub(super) id: Option<Id<Tag>>,
    pub(super) name: Option<String>,
    /// `Some(None)` for a tag at the root.
    parent: Option<Option<Id<Tag>>>,
    color: Option<String>,
    rule_type: Option<RuleType>,
    rule_text: Given,
    provider: Option<String>,
    criticality_score: Option<u8>,
    description: Given,
    /// Children to make, keep or move here.
    pub(super) put: Vec<Edit>,
    /// Children to delete, by id or name.
    pub(super) remove: Vec<Edit>,
}

impl Edit {
    /// Reads `data`.
    pub(super) fn read(data: &Element) -> Result<Self> {
        let edit = Self::read_level(data)?;
        if edit.size() > MOST {
            let message = format!("Data: The request names more than {MOST} tags.");
            return Err(Error::invalid(message, "Create the tree in several calls."));
        }
        Ok(edit)
    }

    /// Reads a tag and the tags in it. How deep they nest, the reader of requests limits.
    fn read_level(data: &Element) -> Result<Self> {
        check_members(data, MEMBERS)?;
        let name = Given::read(data, "name", LONGEST_NAME)?;
        if name == Given::Cleared {
            return Err(ServiceError::cannot_be_null(&data.field("name")).into());
        }
        let mut edit = Self {
            id: wire_id(data, "id")?.flatten(),
            name: name.into_option(),
            parent: wire_id(data, "parentTagId")?,
            color: data.typed("color", "Specify a color as #RGB or #RRGGBB.", color)?,
            rule_type: data.typed("ruleType", &values(RuleType::NAMES), RuleType::named)?,
            rule_text: Given::read(data, "ruleText", super::rules::LONGEST)?,
            provider: data.typed("provider", &values(PROVIDERS), provider)?,
            criticality_score: data.typed("criticalityScore", "Specify a number from 1 to 5.", score)?,
            description: Given::read(data, "description", LONGEST_DESCRIPTION)?,
            put: Vec::new(),
            remove: Vec::new(),
        };
        if let Some(children) = data.list_edit_mixed("children", &["TagSimple", "Tag"])? {
            let given = children.set.into_iter().flatten().chain(children.add).chain(children.update);
            edit.put = given.map(Self::read_level).collect::<Result<_>>()?;
            edit.remove = children.remove.into_iter().map(Self::read_level).collect::<Result<_>>()?;
        }
        Ok(edit)
    }

    /// The same for a tag that comes to stand below another one.
    pub(super) fn below(&self, parent: Id<Tag>) -> Self {
        Self { parent: Some(Some(parent)), ..self.clone() }
    }

    /// How many tags it names.
    fn size(&self) -> usize {
        1 + self.put.iter().chain(&self.remove).map(Self::size).sum::<usize>()
    }

    /// Children need permissions of their own. Rules do too; whether one changes, only the tag tells.
    pub(super) fn demand_rights(&self, call: &Call) -> Result<()> {
        if !self.put.is_empty() {
            call.demand(Permission::CreateUserTag)?;
        }
        if !self.remove.is_empty() {
            call.demand(Permission::DeleteUserTag)?;
        }
        self.put.iter().try_for_each(|child| child.demand_rights(call))
    }

    /// Writes what is given into a tag.
    pub(super) fn merge(&self, tag: &mut Tag) {
        if let Some(name) = &self.name {
            tag.name.clone_from(name);
        }
        tag.parent = self.parent.unwrap_or(tag.parent);
        tag.color = self.color.clone().or_else(|| tag.color.take());
        tag.rule_type = self.rule_type.or(tag.rule_type);
        self.rule_text.write(&mut tag.rule_text);
        tag.provider = self.provider.clone().or_else(|| tag.provider.take());
        tag.criticality_score = self.criticality_score.or(tag.criticality_score);
        self.description.write(&mut tag.description);
    }
}

/// An id; clients also write 0 for no tag.
fn wire_id(data: &Element, name: &str) -> Result<Option<Option<Id<Tag>>>> {
    let Some(number) = data.long(name)? else { return Ok(None) };
    if number == 0 {
        return Ok(Some(None));
    }
    Id::from_wire(number).map(|id| Some(Some(id))).ok_or_else(|| super::unknown(&number.to_string()))
}

fn color(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?;
    let fits = matches!(digits.len(), 3 | 6) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    fits.then(|| text.to_owned())
}

/// The providers of `contract/am.md 4.1`.
const PROVIDERS: &[&str] = &["EC2", "AZURE", "GCP", "IBM", "OCI", "Alibaba"];

fn provider(name: &str) -> Option<String> {
    PROVIDERS.contains(&name).then(|| name.to_owned())
}

fn score(text: &str) -> Option<u8> {
    text.parse().ok().filter(|score| (1..=5).contains(score))
}

fn values(names: &[&str]) -> String {
    format!("Values expected: {}.", names.join(", "))
}
