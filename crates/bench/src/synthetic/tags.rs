//! Tags: trees of tags that are put by hand, some on most assets and some on few, and tags with rules of every kind.

use platform::tags::RuleType;

use super::names::{DEPARTMENTS, SITES};
use super::random::{Random, Skew};

/// About so many of an asset's tags come by rule.
pub(super) const BY_RULE: usize = 3;
const OWNERS: usize = 40;
const PROJECTS: usize = 60;

/// The name of the tag that excuses an asset from the usual deadlines.
pub const EXEMPT: &str = "Exempt";
/// The name of the tag of productive machines.
pub const PRODUCTION: &str = "Production";

/// A tag to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTag {
    /// Its name.
    pub name: String,
    /// The place of the tag above it, which comes earlier.
    pub parent: Option<usize>,
    /// 1 to 5.
    pub criticality: Option<u8>,
    /// Its rule; none for one that is put by hand.
    pub rule: Option<(RuleType, String)>,
}

/// A set of tags of which an asset has one.
struct Group {
    /// The places of its tags.
    tags: Vec<usize>,
    skew: Skew,
}

/// All tags.
pub(super) struct TagTree {
    tags: Vec<NewTag>,
    groups: Vec<Group>,
}

impl TagTree {
    /// `vulnerable` are common QIDs that a rule speaks of.
    pub(super) fn new(vulnerable: &[u32]) -> Self {
        let mut tree = Self { tags: Vec::new(), groups: Vec::new() };
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        let environments = ["Production", "Staging", "Test", "Development"];
        tree.group("Environment", named(&environments), Skew::weighted([620, 140, 90, 150]));
        let sites = SITES.iter().map(|site| format!("Site {site}")).collect::<Vec<_>>();
        tree.group("Location", sites, Skew::zipf(SITES.len(), 2));
        tree.group("Business unit", named(DEPARTMENTS), Skew::zipf(DEPARTMENTS.len(), 2));
        let owners = (1..=OWNERS).map(|team| format!("Team {team:02}")).collect();
        tree.group("Owner", owners, Skew::zipf(OWNERS, 3));
        let care = ["Standard care", "PCI", "SOX", "ISO 27001", "Hardened", EXEMPT, "Legacy", "Crown jewel"];
        let weights = Skew::weighted([640, 110, 90, 60, 50, 20, 25, 5]);
        tree.group("Compliance", named(&care), weights);
        for wave in 1..=4 {
            let projects = (1..=PROJECTS).map(|project| format!("Project {wave}-{project:02}")).collect();
            tree.group(&format!("Projects {wave}"), projects, Skew::zipf(PROJECTS, 4));
        }
        for (name, criticality) in [("Crown jewel", 5), (PRODUCTION, 4), ("Development", 1)] {
            if let Some(tag) = tree.tags.iter_mut().find(|tag| tag.name == name) {
                tag.criticality = Some(criticality);
            }
        }
        tree.with_rules(vulnerable);
        tree
    }

    pub(super) fn all(&self) -> &[NewTag] {
        &self.tags
    }

    /// The places of the tags that are put on an asset by hand, ascending: one of each group. Those that are near
    /// (`subnet`) share their site.
    pub(super) fn by_hand(&self, tags: usize, site: usize, random: &mut Random) -> Vec<usize> {
        let wanted = tags.saturating_sub(BY_RULE);
        let one = |(at, group): (usize, &Group)| {
            let drawn = if at == 1 { site } else { group.skew.draw(random) };
            group.tags.get(drawn).copied()
        };
        let mut places: Vec<usize> = self.groups.iter().enumerate().take(wanted).filter_map(one).collect();
        places.sort_unstable();
        places
    }

    fn group(&mut self, name: &str, members: Vec<String>, skew: Skew) {
        let root = self.tags.len();
        self.tags.push(NewTag { name: name.to_owned(), parent: None, criticality: None, rule: None });
        let children = members.into_iter().map(|name| NewTag {
            name,
            parent: Some(root),
            criticality: None,
            rule: None,
        });
        self.tags.extend(children);
        self.groups.push(Group { tags: (root + 1..self.tags.len()).collect(), skew });
    }

    fn with_rules(&mut self, vulnerable: &[u32]) {
        let root = self.tags.len();
        let by_rule = NewTag { name: "By rule".to_owned(), parent: None, criticality: None, rule: None };
        let qids = vulnerable.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let rules = [
            ("Windows workstations", RuleType::OsRegex, "^Windows (7|10|11) ".to_owned()),
            ("Windows servers", RuleType::OsRegex, "^Windows Server".to_owned()),
            ("Linux", RuleType::GlobalAssetView, "operatingSystem.category1:`Linux`".to_owned()),
            ("With OpenSSL", RuleType::InstalledSoftware, "openssl".to_owned()),
            ("Web servers", RuleType::OpenPorts, "80, 443, 8080-8090".to_owned()),
            ("Outside", RuleType::NetworkRange, "198.18.0.0/15".to_owned()),
            ("Vulnerable to the week's worst", RuleType::VulnExist, qids),
            ("Databases", RuleType::NameContains, "-db-".to_owned()),
        ];
        let tag = |(name, kind, text): (&str, RuleType, String)| NewTag {
            name: name.to_owned(),
            parent: Some(root),
            criticality: None,
            rule: Some((kind, text)),
        };
        self.tags.push(by_rule);
        self.tags.extend(rules.map(tag));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn tags_stand_after_their_parents_and_names_are_unique() {
        let tree = TagTree::new(&[1, 2]);
        let names: BTreeSet<&str> = tree.all().iter().map(|tag| tag.name.as_str()).collect();
        assert_eq!(names.len(), tree.all().len());
        assert!(tree.all().iter().enumerate().all(|(at, tag)| tag.parent.is_none_or(|parent| parent < at)));
    }

    #[test]
    fn an_asset_has_one_tag_of_each_group_and_none_with_a_rule() {
        let (tree, mut random) = (TagTree::new(&[]), Random::of(1, 1, 1));
        for (tags, expected) in [(0, 0), (3, 0), (8, 5), (100, 9)] {
            let places = tree.by_hand(tags, 2, &mut random);
            assert_eq!(places.len(), expected);
            assert!(
                places.iter().all(|at| tree.all()[*at].rule.is_none() && tree.all()[*at].parent.is_some())
            );
        }
        let near = tree.by_hand(8, 2, &mut random);
        assert_eq!(tree.all()[near[1]].name, "Site muc");
    }
}
