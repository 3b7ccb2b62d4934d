//! Tags as they are stored, and what may be asked of them (`contract/am.md 4.1 and 4.2`).

use jiff::Timestamp;
use query::Operator::{Equals, In, NotEquals};
use query::{Field, FieldId, Fields, Kind as Of, Source, ValueRef};
use serde::{Deserialize, Serialize};
use store::{Id, Kind, Object};

/// A label on assets: put by hand, or by a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// Unique among its siblings.
    pub name: String,
    /// The tag above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Id<Tag>>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// `#RGB` or `#RRGGBB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// What kind of rule it has; none for a tag that is put by hand and was made without a rule type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_type: Option<RuleType>,
    /// The rule, as it was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_text: Option<String>,
    /// The cloud that a `CLOUD_ASSET` rule speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criticality_score: Option<u8>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the platform itself keeps it for; none for a tag that a user made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemTag>,
}

impl Tag {
    /// A tag of which only this is known.
    pub fn new(name: impl Into<String>, parent: Option<Id<Tag>>, now: Timestamp) -> Self {
        Self {
            name: name.into(),
            parent,
            created: now,
            modified: now,
            color: None,
            rule_type: None,
            rule_text: None,
            provider: None,
            criticality_score: None,
            description: None,
            system: None,
        }
    }

    /// Whether a rule decides which assets have it, so that nobody puts it on one by hand.
    pub fn is_dynamic(&self) -> bool {
        let by_rule = self.rule_type.is_some_and(|kind| kind != RuleType::Static);
        by_rule || self.system.is_some_and(SystemTag::is_dynamic)
    }

    /// What its rule is made of.
    pub(super) fn rule(&self) -> (Option<RuleType>, Option<&str>, Option<&str>) {
        (self.rule_type, self.rule_text.as_deref(), self.provider.as_deref())
    }

    /// Whether two states of a tag mean the same wherever tags are counted on: in trees, rules and scopes.
    pub(super) fn decides_as(&self, other: &Self) -> bool {
        (&self.name, self.parent, self.criticality_score)
            == (&other.name, other.parent, other.criticality_score)
            && self.rule() == other.rule()
    }
}

/// The unique key of a tag: its name among its siblings.
pub(crate) fn name_key(parent: Option<Id<Tag>>, name: &str) -> String {
    format!("name:{}:{name}", parent.map_or(0, Id::get))
}

impl Object for Tag {
    const KIND: Kind = Kind::new("tag");

    fn fields() -> &'static Fields<Self> {
        &FIELDS
    }

    fn keys(&self) -> Vec<String> {
        let system = self.system.map(|system| format!("system:{}", system.name()));
        [name_key(self.parent, &self.name)].into_iter().chain(system).collect()
    }
}

/// The place of the name in the table.
pub(super) const NAME: FieldId = FieldId(1);
/// The place of the parent in the table.
pub(super) const PARENT: FieldId = FieldId(2);

static FIELDS: Fields<Tag> = Fields {
    fields: &[
        Field::new(Of::Integer, Source::Id).criteria(&["id"]),
        Field::new(Of::Text, Source::Read(|tag: &Tag, out| out(ValueRef::Text(&tag.name))))
            .criteria(&["name"]),
        Field::new(
            Of::Integer,
            Source::Read(|tag: &Tag, out| {
                tag.parent.into_iter().for_each(|parent| out(ValueRef::Integer(parent.get().into())));
            }),
        )
        .criteria(&["parent", "parentTagId"]),
        Field::new(
            Of::Enum(RuleType::NAMES),
            Source::Read(|tag: &Tag, out| {
                let kind = tag.rule_type.unwrap_or(RuleType::Static);
                out(ValueRef::Text(kind.name()));
                if kind == RuleType::TagSet {
                    out(ValueRef::Text(TAGSET));
                }
            }),
        )
        .criteria(&["ruleType"]),
        Field::new(
            Of::Keyword,
            Source::Read(|tag: &Tag, out| tag.provider.iter().for_each(|name| out(ValueRef::Text(name)))),
        )
        .criteria(&["provider"])
        .operators(&[Equals, NotEquals, In]),
        Field::new(
            Of::Text,
            Source::Read(|tag: &Tag, out| tag.color.iter().for_each(|color| out(ValueRef::Text(color)))),
        )
        .criteria(&["color"]),
    ],
    lists: &[],
};

/// How a tag's rule is written (`contract/am.md 4.7`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the wire's")]
pub enum RuleType {
    Static,
    Groovy,
    OsRegex,
    NetworkRange,
    NetworkRangeEnhanced,
    NameContains,
    InstalledSoftware,
    OpenPorts,
    VulnExist,
    AssetSearch,
    CloudAsset,
    BusinessInformation,
    GlobalAssetView,
    TagSet,
    NetworkTag,
    Network,
    VulnDetection,
}

/// What clients also call `TAG_SET`.
const TAGSET: &str = "TAGSET";

impl RuleType {
    pub(super) const ALL: [(Self, &'static str); 17] = [
        (Self::Static, "STATIC"),
        (Self::Groovy, "GROOVY"),
        (Self::OsRegex, "OS_REGEX"),
        (Self::NetworkRange, "NETWORK_RANGE"),
        (Self::NetworkRangeEnhanced, "NETWORK_RANGE_ENHANCED"),
        (Self::NameContains, "NAME_CONTAINS"),
        (Self::InstalledSoftware, "INSTALLED_SOFTWARE"),
        (Self::OpenPorts, "OPEN_PORTS"),
        (Self::VulnExist, "VULN_EXIST"),
        (Self::AssetSearch, "ASSET_SEARCH"),
        (Self::CloudAsset, "CLOUD_ASSET"),
        (Self::BusinessInformation, "BUSINESS_INFORMATION"),
        (Self::GlobalAssetView, "GLOBAL_ASSET_VIEW"),
        (Self::TagSet, "TAG_SET"),
        (Self::NetworkTag, "NETWORK_TAG"),
        (Self::Network, "NETWORK"),
        (Self::VulnDetection, "VULN_DETECTION"),
    ];

    /// The wire's names; the last is another one for `TAG_SET`.
    pub const NAMES: &'static [&'static str] = &[
        "STATIC",
        "GROOVY",
        "OS_REGEX",
        "NETWORK_RANGE",
        "NETWORK_RANGE_ENHANCED",
        "NAME_CONTAINS",
        "INSTALLED_SOFTWARE",
        "OPEN_PORTS",
        "VULN_EXIST",
        "ASSET_SEARCH",
        "CLOUD_ASSET",
        "BUSINESS_INFORMATION",
        "GLOBAL_ASSET_VIEW",
        "TAG_SET",
        "NETWORK_TAG",
        "NETWORK",
        "VULN_DETECTION",
        TAGSET,
    ];

    /// The wire's name.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(kind, _)| *kind == self).map_or("STATIC", |(_, name)| name)
    }

    /// The rule type of this name.
    pub fn named(name: &str) -> Option<Self> {
        let name = if name == TAGSET { "TAG_SET" } else { name };
        Self::ALL.into_iter().find(|(_, own)| *own == name).map(|(kind, _)| kind)
    }
}

/// Tags that the platform makes itself (`contract/am.md 4.8`). Clients look some of them up by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum SystemTag {
    BusinessUnits,
    UnassignedBusinessUnit,
    AssetGroups,
    CloudAgent,
    InternetFacingAssets,
    AssetSearchTags,
}

impl SystemTag {
    /// All, parents before their children.
    pub const ALL: [Self; 6] = [
        Self::BusinessUnits,
        Self::UnassignedBusinessUnit,
        Self::AssetGroups,
        Self::CloudAgent,
        Self::InternetFacingAssets,
        Self::AssetSearchTags,
    ];

    /// The tag's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::BusinessUnits => "Business Units",
            Self::UnassignedBusinessUnit => "Unassigned Business Unit",
            Self::AssetGroups => "Asset Groups",
            Self::CloudAgent => "Cloud Agent",
            Self::InternetFacingAssets => "Internet Facing Assets",
            Self::AssetSearchTags => "Asset Search Tags",
        }
    }

    /// The tag above it.
    pub(super) fn parent(self) -> Option<Self> {
        (self == Self::UnassignedBusinessUnit).then_some(Self::BusinessUnits)
    }

    pub(super) fn is_dynamic(self) -> bool {
        matches!(self, Self::CloudAgent | Self::InternetFacingAssets)
    }
}
