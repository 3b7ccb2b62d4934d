//! The document matcher: a filter, asked of one object, without an index.
//!
//! It is the slow twin of the index and says what a filter means. Beyond what [`Prepared`] says of single values:
//!
//! - A field test holds if one of the field's values meets it; a field without values meets none.
//! - A field that reads a list member asks whether some element of the list meets the test.
//! - A joined field that was not resolved, and a place that the table does not have, meet nothing.
//! - `Any` holds if one element meets the whole inner filter; `Any` of `All` if there is an element. Inside it,
//!   fields are members; another `Any` or a `Set` meets no element there.
//! - `Not` is plain negation, also of the three above.

use crate::{FieldId, Fields, Filter, Kind, List, Member, Source, Test, ValueRef, Values};

pub use crate::prepared::Prepared;

/// Whether the object meets the filter. For many objects, make a [`Matcher`] once.
pub fn matches<T>(fields: &Fields<T>, filter: &Filter, id: u32, object: &T) -> bool {
    Matcher::new(fields, filter).matches(id, object)
}

/// Whether a value of a field of this kind meets the test. For many values, make a [`Prepared`] once.
pub fn test_value(test: &Test, kind: Kind, value: ValueRef<'_>) -> bool {
    Prepared::new(test, kind).holds(value)
}

/// Whether one list element, a value for each member, meets what stands inside a [`Filter::Any`]. For many
/// elements, make an [`ElementMatcher`] once.
pub fn element_matches(filter: &Filter, members: &[Member], values: &[Option<ValueRef<'_>>]) -> bool {
    ElementMatcher::new(filter, members).matches(values)
}

/// A filter made ready for many objects.
pub struct Matcher<'f, T: 'static> {
    tree: Tree<ObjectLeaf<'f, T>>,
}

enum ObjectLeaf<'f, T: 'static> {
    Read(fn(&T, &mut Values<'_>), Prepared<'f>),
    Id(Prepared<'f>),
    Any(&'static List<T>, ElementMatcher<'f>),
    Set(&'f roaring::RoaringBitmap),
    Never,
}

impl<'f, T> Matcher<'f, T> {
    /// Makes a filter over objects of this table ready.
    pub fn new(fields: &Fields<T>, filter: &'f Filter) -> Self {
        Self { tree: Tree::build(filter, &|leaf| ObjectLeaf::new(fields, leaf)) }
    }

    /// Whether the object, which has this id, meets the filter.
    pub fn matches(&self, id: u32, object: &T) -> bool {
        self.tree.holds(&|leaf| leaf.holds(id, object))
    }
}

impl<'f, T> ObjectLeaf<'f, T> {
    fn new(fields: &Fields<T>, filter: &'f Filter) -> Self {
        let leaf = match filter {
            Filter::Field(id, test) => Self::field(fields, *id, test),
            Filter::Any(list, inner) => {
                fields.list(*list).map(|list| ObjectLeaf::Any(list, ElementMatcher::new(inner, list.members)))
            }
            Filter::Set(ids) => Some(ObjectLeaf::Set(ids)),
            Filter::All | Filter::And(_) | Filter::Or(_) | Filter::Not(_) => None,
        };
        leaf.unwrap_or(ObjectLeaf::Never)
    }

    fn field(fields: &Fields<T>, id: FieldId, test: &'f Test) -> Option<Self> {
        let field = fields.field(id)?;
        match field.source {
            Source::Read(read) => Some(ObjectLeaf::Read(read, Prepared::new(test, field.kind))),
            Source::Id => Some(ObjectLeaf::Id(Prepared::new(test, field.kind))),
            Source::Member(list, member) => {
                let list = fields.list(list)?;
                Some(ObjectLeaf::Any(list, ElementMatcher::one(member, test, list.members)))
            }
            Source::Joined => None,
        }
    }

    fn holds(&self, id: u32, object: &T) -> bool {
        let mut found = false;
        match self {
            ObjectLeaf::Never => {}
            ObjectLeaf::Id(test) => found = test.holds(ValueRef::Integer(i64::from(id))),
            ObjectLeaf::Set(ids) => found = ids.contains(id),
            ObjectLeaf::Read(read, test) => {
                read(object, &mut |value| found = found || test.holds(value));
            }
            ObjectLeaf::Any(list, element) => {
                (list.read)(object, &mut |values| found = found || element.matches(values));
            }
        }
        found
    }
}

/// What stands inside a [`Filter::Any`], made ready for many elements.
pub struct ElementMatcher<'f> {
    tree: Tree<ElementLeaf<'f>>,
}

/// The test of a member, by its place; none if it can't be met.
struct ElementLeaf<'f>(Option<(usize, Prepared<'f>)>);

impl<'f> ElementMatcher<'f> {
    /// Makes an inner filter over elements with these members ready.
    pub fn new(filter: &'f Filter, members: &[Member]) -> Self {
        let leaf = |leaf: &'f Filter| match leaf {
            Filter::Field(id, test) => ElementLeaf::new(*id, test, members),
            _ => ElementLeaf(None),
        };
        Self { tree: Tree::build(filter, &leaf) }
    }

    fn one(member: FieldId, test: &'f Test, members: &[Member]) -> Self {
        Self { tree: Tree::Leaf(ElementLeaf::new(member, test, members)) }
    }

    /// Whether an element, a value for each member in the table's order, meets the filter.
    pub fn matches(&self, values: &[Option<ValueRef<'_>>]) -> bool {
        self.tree.holds(&|ElementLeaf(leaf)| {
            let Some((place, test)) = leaf else { return false };
            values.get(*place).copied().flatten().is_some_and(|value| test.holds(value))
        })
    }
}

impl<'f> ElementLeaf<'f> {
    fn new(id: FieldId, test: &'f Test, members: &[Member]) -> Self {
        let place = usize::from(id.0);
        Self(members.get(place).map(|member| (place, Prepared::new(test, member.kind))))
    }
}

/// The part of a filter that is the same over objects and over elements.
enum Tree<L> {
    And(Vec<Tree<L>>),
    Or(Vec<Tree<L>>),
    Not(Box<Tree<L>>),
    Leaf(L),
}

impl<L> Tree<L> {
    fn build<'f>(filter: &'f Filter, leaf: &impl Fn(&'f Filter) -> L) -> Self {
        let list = |parts: &'f [Filter]| parts.iter().map(|part| Tree::build(part, leaf)).collect();
        match filter {
            Filter::All => Tree::And(Vec::new()),
            Filter::And(parts) => Tree::And(list(parts)),
            Filter::Or(parts) => Tree::Or(list(parts)),
            Filter::Not(inner) => Tree::Not(Box::new(Tree::build(inner, leaf))),
            Filter::Field(..) | Filter::Any(..) | Filter::Set(_) => Tree::Leaf(leaf(filter)),
        }
    }

    fn holds(&self, leaf: &impl Fn(&L) -> bool) -> bool {
        match self {
            Tree::And(parts) => parts.iter().all(|part| part.holds(leaf)),
            Tree::Or(parts) => parts.iter().any(|part| part.holds(leaf)),
            Tree::Not(inner) => !inner.holds(leaf),
            Tree::Leaf(own) => leaf(own),
        }
    }
}
