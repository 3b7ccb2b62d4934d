//! What changed in meaning between two uploads of a device.
//!
//! Comments, blank lines and the place of a statement do not count; the order of statements counts only where the
//! device reads them in order, such as access lists.

use std::collections::HashMap;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher};

use serde::Serialize;

use crate::device::Device;
use crate::engine::Status;
use crate::family::Family;
use crate::tree::{NodeId, ROOT, Tree};
use crate::{Assessment, mask};

/// What happened to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its place among ordered statements is another.
    Moved,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The blocks around the statement, from the top, and the statement; secrets masked.
    pub path: Vec<String>,
    /// Its line in the old upload; 0 when it is not there.
    pub old_line: u32,
    /// Its line in the new upload; 0 when it is not there.
    pub new_line: u32,
    /// Statements below it that came or went with it.
    pub below: usize,
}

/// A control that came out differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControlChange {
    /// Number of the control.
    pub control: u32,
    /// What should be true.
    pub title: String,
    /// How it came out before; none when it was not assessed.
    pub before: Option<Status>,
    /// How it comes out now; none when it is not assessed any more.
    pub after: Option<Status>,
}

/// Everything that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Changed statements, the order of the new upload first.
    pub changes: Vec<Change>,
    /// Changed verdicts, by number.
    pub controls: Vec<ControlChange>,
}

/// Compares two uploads and their assessments.
#[must_use]
pub fn difference(old: (&Device, &Assessment), new: (&Device, &Assessment)) -> Difference {
    let mut changes = Vec::new();
    for id in compared(new.0.family()) {
        if let (Some(before), Some(after)) = (old.0.tree(&id), new.0.tree(&id)) {
            let pair = Pair { old: (old.0, before), new: (new.0, after) };
            changes.extend(pair.changes());
        }
    }
    Difference { changes, controls: controls(old.1, new.1) }
}

/// The outputs whose statements say how a device is set up, not how it is at the moment.
fn compared(family: Family) -> Vec<String> {
    if family == Family::Linux {
        return family.commands().iter().map(|c| c.id.to_owned()).filter(|id| id != "processes").collect();
    }
    family.spec().main().map(|c| c.id.to_owned()).into_iter().collect()
}

fn controls(old: &Assessment, new: &Assessment) -> Vec<ControlChange> {
    let status = |a: &Assessment, cid: u32| a.results.iter().find(|v| v.control == cid).map(|v| v.status);
    let mut all: Vec<(u32, &str)> =
        old.results.iter().chain(&new.results).map(|v| (v.control, v.title.as_str())).collect();
    all.sort_unstable();
    all.dedup_by_key(|(cid, _)| *cid);
    all.into_iter()
        .map(|(control, title)| ControlChange {
            control,
            title: title.to_owned(),
            before: status(old, control),
            after: status(new, control),
        })
        .filter(|c| c.before != c.after)
        .collect()
}

struct Pair<'d> {
    old: (&'d Device, &'d Tree),
    new: (&'d Device, &'d Tree),
}

/// The statements of a tree by what they say and where.
struct Said {
    /// Key of each node, by its place in the tree's walk.
    keys: HashMap<NodeId, u64>,
    /// Nodes of each key, in order.
    nodes: HashMap<u64, Vec<NodeId>>,
}

impl Said {
    fn of(tree: &Tree) -> Self {
        let mut said = Self { keys: HashMap::new(), nodes: HashMap::new() };
        said.keys.insert(ROOT, 0);
        for (_, node) in tree.walk() {
            let above = tree.parent(node).and_then(|p| said.keys.get(&p)).copied().unwrap_or_default();
            let mut hasher = DefaultHasher::new();
            (above, tree.is_inactive(node), tree.is_body(node)).hash(&mut hasher);
            tree.text(node).split_whitespace().for_each(|word| word.hash(&mut hasher));
            let key = hasher.finish();
            said.keys.insert(node, key);
            said.nodes.entry(key).or_default().push(node);
        }
        said
    }

    /// The nodes of a tree that the other does not have, without those below one that is missing as a whole.
    fn missing_in(&self, other: &Self, tree: &Tree) -> Vec<NodeId> {
        let mut left: HashMap<u64, usize> =
            other.nodes.iter().map(|(key, nodes)| (*key, nodes.len())).collect();
        let mut missing = std::collections::HashSet::new();
        let mut tops = Vec::new();
        for (_, node) in tree.walk() {
            let Some(key) = self.keys.get(&node) else { continue };
            match left.get_mut(key) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    missing.insert(node);
                    if tree.parent(node).is_none_or(|above| !missing.contains(&above)) {
                        tops.push(node);
                    }
                }
            }
        }
        tops
    }
}

impl Pair<'_> {
    fn changes(&self) -> Vec<Change> {
        let (old, new) = (Said::of(self.old.1), Said::of(self.new.1));
        let mut changes: Vec<Change> = Vec::new();
        for node in new.missing_in(&old, self.new.1) {
            changes.push(change(ChangeKind::Added, self.new, node));
        }
        for node in old.missing_in(&new, self.old.1) {
            let gone = change(ChangeKind::Removed, self.old, node);
            changes.push(Change { old_line: gone.new_line, new_line: 0, ..gone });
        }
        changes.extend(self.moved(&old, &new));
        changes
    }

    /// Statements that stand elsewhere among those the device reads in order: the first of each such list.
    fn moved(&self, old: &Said, new: &Said) -> Vec<Change> {
        let ordered = self.new.0.family().spec().ordered;
        let (before, after) =
            (sequences(self.old.1, old, new, ordered), sequences(self.new.1, new, old, ordered));
        let mut lists: Vec<(&u64, &Vec<(u64, NodeId)>)> = after.iter().collect();
        lists.sort_by_key(|(_, nodes)| nodes.first().map(|(_, node)| *node));
        let mut moved = Vec::new();
        for (list, now) in lists {
            let Some(then) = before.get(list) else { continue };
            let differing = now.iter().zip(then).find(|((a, _), (b, _))| a != b);
            if let Some(((_, node), _)) = differing {
                let old_line = new.keys.get(node).and_then(|k| old.nodes.get(k)).and_then(|n| n.first());
                let old_line = old_line.map_or(0, |n| self.old.1.line(*n));
                moved.push(Change { old_line, ..change(ChangeKind::Moved, self.new, *node) });
            }
        }
        moved
    }
}

/// Statements that both sides have, by the ordered list they stand in.
fn sequences(tree: &Tree, own: &Said, other: &Said, ordered: &[&str]) -> HashMap<u64, Vec<(u64, NodeId)>> {
    let mut lists: HashMap<u64, Vec<(u64, NodeId)>> = HashMap::new();
    for (_, node) in tree.walk() {
        let (Some(key), Some(above)) = (own.keys.get(&node), tree.parent(node)) else { continue };
        if !other.nodes.contains_key(key) {
            continue;
        }
        let within = |id: NodeId| ordered.iter().any(|word| tree.text(id).starts_with(word));
        let list = own.keys.get(&above).copied().unwrap_or_default();
        if within(above) {
            lists.entry(list).or_default().push((*key, node));
        } else if within(node) {
            let name: Vec<&str> = tree.words(node).take(2).collect();
            let list = std::hash::BuildHasherDefault::<DefaultHasher>::default().hash_one((list, name));
            lists.entry(list).or_default().push((*key, node));
        }
    }
    lists
}

fn change(kind: ChangeKind, (device, tree): (&Device, &Tree), node: NodeId) -> Change {
    let mut path: Vec<String> = Vec::new();
    let mut at = Some(node);
    while let Some(id) = at.filter(|id| *id != ROOT) {
        path.push(mask::shorten(&step(device, tree, id)));
        at = tree.parent(id);
    }
    path.reverse();
    Change { kind, path, old_line: 0, new_line: tree.line(node), below: below(tree, node) }
}

/// A statement without its secrets: as its line is shown where it has one of its own, as a word of a path otherwise.
fn step(device: &Device, tree: &Tree, node: NodeId) -> String {
    let text = tree.text(node);
    if !device.hides(tree, node, text) {
        return text.to_owned();
    }
    let (plain, masked) = device.shown(tree, node);
    if plain.trim() == text { masked.trim().to_owned() } else { mask::MASK.to_owned() }
}

fn below(tree: &Tree, node: NodeId) -> usize {
    let (mut count, mut work) = (0, vec![node]);
    while let Some(id) = work.pop() {
        work.extend(tree.all_children(id));
        count += 1;
    }
    count - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Library, Policy, ReadOptions};

    fn compare(family: &str, old: &str, new: &str) -> Difference {
        let read = |text: &str| {
            let options = ReadOptions { technology: Some(family.to_owned()), ..ReadOptions::default() };
            let device = Device::read(text.as_bytes(), &options).expect("device");
            let assessment = Assessment::of(&device, &Library::builtin(), &Policy::default());
            (device, assessment)
        };
        let (a, b) = (read(old), read(new));
        difference((&a.0, &a.1), (&b.0, &b.1))
    }

    fn short(changes: &[Change]) -> Vec<String> {
        changes
            .iter()
            .map(|c| format!("{:?} {} ({}>{})", c.kind, c.path.join(" / "), c.old_line, c.new_line))
            .collect()
    }

    const IOS: &str = "! one\nversion 15.2\nhostname R1\naaa new-model\nip access-list extended A\n permit ip host 1.1.1.1 any\n deny ip any any\nend\n";

    #[test]
    fn order_and_comments_do_not_count_where_the_device_ignores_them() {
        let new = "version 15.2\naaa new-model\n!\nhostname R1\n! two\nip access-list extended A\n  permit ip host 1.1.1.1 any\n  deny ip any any\nend\n";
        assert_eq!(short(&compare("cisco-ios", IOS, new).changes), Vec::<String>::new());
    }

    #[test]
    fn order_counts_in_an_access_list_and_blocks_are_reported_once() {
        let new = "version 15.2\nhostname R1\naaa new-model\nip access-list extended A\n deny ip any any\n permit ip host 1.1.1.1 any\nline vty 0 4\n transport input ssh\n login local\nend\n";
        let found = compare("cisco-ios", IOS, new);
        assert_eq!(
            short(&found.changes),
            ["Added line vty 0 4 (0>7)", "Moved ip access-list extended A / deny ip any any (7>5)"]
        );
        assert!(found.changes[0].below == 2 && !found.controls.is_empty());
    }

    #[test]
    fn changed_secrets_are_noticed_and_not_shown() {
        let old = IOS.replace("aaa new-model", "snmp-server community Sup3rSecr3t RO");
        let new = IOS.replace("aaa new-model", "snmp-server community An0therSecr3t RO");
        let found = compare("cisco-ios", &old, &new);
        assert_eq!(found.changes.len(), 2);
        let shown = serde_json::to_string(&found).expect("json");
        assert!(!shown.contains("Sup3r") && !shown.contains("An0ther"), "{shown}");
        assert_eq!(
            found.changes[0].path,
            ["snmp-server community ******** RO"],
            "what changed is still told"
        );
    }

    #[test]
    fn secrets_that_a_line_writes_otherwise_or_beside_others_are_not_shown() {
        let old = "version 21.4R3;\nsystem {\n    host-name edge1;\n    radius-server { 192.0.2.1 secret \"S3cr \\\" z\"; }\n}\nsnmp { community S3crPublic { authorization read-only; } }\n";
        let new = old.replace("S3cr", "0ther");
        let found = compare("junos", old, &new);
        let shown = serde_json::to_string(&found).expect("json");
        assert!(found.changes.len() >= 4 && !shown.contains("S3cr") && !shown.contains("0ther"), "{shown}");
    }
}
