//! The `fields` URL parameter (contract/qps.md 11): which members of a record are written.
//!
//! The paths form a tree, and a place in a record is the set of tree nodes that the way there matches: more than one
//! where a name and `*` both fit. The sets live on one stack, so that looking a member up allocates nothing.

/// The members that a caller wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    /// The tree, its root first; empty if everything is wanted.
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    /// A path ends here: all below is wanted.
    whole: bool,
    /// By name, sorted.
    children: Vec<(Box<str>, usize)>,
    /// The child `*`.
    any: Option<usize>,
}

/// What is wanted at one place of a record.
#[derive(Clone, Copy, Debug)]
pub(super) enum Selection {
    /// Everything.
    All,
    /// What the nodes say that stand in this range of the stack.
    Part { from: usize, to: usize },
}

impl Projection {
    pub(super) const EVERYTHING: Self = Self { nodes: Vec::new() };

    /// Everything.
    pub fn all() -> Self {
        Self::EVERYTHING
    }

    /// Reads the parameter: paths with dots, separated by commas, through `list` and item names; `*` is any one
    /// level. No path at all means everything; names that do not exist select nothing.
    pub fn parse(fields: &str) -> Self {
        let mut projection = Self::default();
        for path in fields.split(',').map(str::trim) {
            let is_path = !path.is_empty() && path.split('.').all(|name| !name.trim().is_empty());
            if is_path {
                projection.add(path);
            }
        }
        projection
    }

    /// Whether everything is wanted.
    pub fn is_all(&self) -> bool {
        self.nodes.is_empty()
    }

    fn add(&mut self, path: &str) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut at = 0;
        for name in path.split('.').map(str::trim) {
            let next = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            at = if name == "*" { *node.any.get_or_insert(next) } else { node.child_or_insert(name, next) };
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.whole = true;
        }
    }

    /// The selection at the top of a record.
    pub(super) fn top(&self, stack: &mut Vec<usize>) -> Selection {
        stack.clear();
        if self.is_all() {
            return Selection::All;
        }
        stack.push(0);
        Selection::Part { from: 0, to: 1 }
    }

    /// The selection inside the member `name`; `None` if the member is not wanted. The caller takes the stack back to
    /// its old length when it leaves the member.
    pub(super) fn enter(&self, stack: &mut Vec<usize>, outer: Selection, name: &str) -> Option<Selection> {
        let Selection::Part { from, to } = outer else { return Some(Selection::All) };
        let start = stack.len();
        for place in from..to {
            let Some(node) = stack.get(place).and_then(|&node| self.nodes.get(node)) else { continue };
            for child in node.child(name).into_iter().chain(node.any) {
                if self.nodes.get(child).is_some_and(|child| child.whole) {
                    return Some(Selection::All);
                }
                stack.push(child);
            }
        }
        (stack.len() > start).then_some(Selection::Part { from: start, to: stack.len() })
    }
}

impl Node {
    fn child(&self, name: &str) -> Option<usize> {
        let found = self.children.binary_search_by(|(known, _)| known.as_ref().cmp(name)).ok()?;
        self.children.get(found).map(|&(_, node)| node)
    }

    fn child_or_insert(&mut self, name: &str, node: usize) -> usize {
        match self.children.binary_search_by(|(known, _)| known.as_ref().cmp(name)) {
            Ok(found) => self.children.get(found).map_or(node, |&(_, known)| known),
            Err(place) => {
                self.children.insert(place, (name.into(), node));
                node
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a scalar at the path is written.
    fn wants(fields: &str, path: &str) -> bool {
        let projection = Projection::parse(fields);
        let mut stack = Vec::new();
        let mut selection = projection.top(&mut stack);
        for name in path.split('.') {
            match projection.enter(&mut stack, selection, name) {
                Some(inner) => selection = inner,
                None => return false,
            }
        }
        matches!(selection, Selection::All)
    }

    #[test]
    fn paths_select_leaves_and_what_is_below() {
        assert!(wants("id,name", "id"));
        assert!(!wants("id,name", "created"));
        assert!(wants("name,agentInfo.agentId", "agentInfo.agentId"));
        assert!(!wants("name,agentInfo.agentId", "agentInfo.platform"));
        assert!(wants("agentInfo", "agentInfo.platform"));
        assert!(wants(" name , tags.list.TagSimple.id ", "tags.list.TagSimple.id"));
        assert!(!wants("agentInfo.agentId", "agentInfo"), "a scalar is not the container that was meant");
    }

    #[test]
    fn a_star_is_any_one_level() {
        assert!(wants("id,defaultTags.*.*.id", "defaultTags.list.TagSimple.id"));
        assert!(!wants("id,defaultTags.*.*.id", "defaultTags.list.TagSimple.name"));
        assert!(wants("a.b,*.c", "a.c"), "a name does not hide the star beside it");
        assert!(wants("a.b,*.c", "a.b"));
        assert!(wants("*", "anything.below"));
    }

    #[test]
    fn no_path_means_everything() {
        for fields in ["", " ", ",", ", ,", ".", "a..b"] {
            assert!(Projection::parse(fields).is_all(), "{fields}");
        }
        assert!(Projection::all().is_all());
        assert!(!wants("nonsense", "id"));
    }

    #[test]
    fn hostile_paths_cost_what_they_weigh() {
        let stars: Vec<String> = (0..200).map(|n| format!("{}a", "*.".repeat(n))).collect();
        assert!(wants(&stars.join(","), "x.y.z.a"));
        let names: Vec<String> = (0..20_000).map(|n| format!("n{n}")).collect();
        assert!(wants(&names.join(","), "n19999"));
    }
}
