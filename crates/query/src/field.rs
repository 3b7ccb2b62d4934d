//! Field tables: what may be asked of a kind of object.

use std::fmt;

use crate::{Filter, Kind, Test, ValueRef};

/// A field of a table, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u16);

/// A nested list of a table, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListId(pub u16);

/// Operators of Criteria (`contract/qps.md 6.1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the wire's")]
pub enum Operator {
    Contains,
    Equals,
    NotEquals,
    In,
    Greater,
    Lesser,
    None,
}

impl Operator {
    /// All operators, in the order in which an error lists them.
    pub const ALL: [Operator; 7] = [
        Operator::Equals,
        Operator::NotEquals,
        Operator::Contains,
        Operator::Greater,
        Operator::Lesser,
        Operator::In,
        Operator::None,
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Operator::Contains => "CONTAINS",
            Operator::Equals => "EQUALS",
            Operator::NotEquals => "NOT EQUALS",
            Operator::Greater => "GREATER",
            Operator::Lesser => "LESSER",
            Operator::In => "IN",
            Operator::None => "NONE",
        }
    }
}

/// A set of Criteria operators.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Operators(u8);

impl Operators {
    /// The given operators.
    pub const fn of(list: &[Operator]) -> Self {
        let mut bits = 0;
        let mut rest = list;
        while let [first, tail @ ..] = rest {
            bits |= 1 << *first as u8;
            rest = tail;
        }
        Self(bits)
    }

    /// The operators that a kind has unless its field says otherwise (`contract/qps.md 6.1`).
    pub const fn of_kind(kind: Kind) -> Self {
        use Operator::{Contains, Equals, Greater, In, Lesser, NotEquals};
        match kind {
            Kind::Text => Self::of(&[Contains, Equals, NotEquals]),
            Kind::Keyword | Kind::Enum(_) => Self::of(&[Equals, NotEquals, In]),
            Kind::Boolean => Self::of(&[Equals, NotEquals]),
            Kind::Integer => Self::of(&[Equals, NotEquals, Greater, Lesser, In]),
            Kind::Date => Self::of(&[Equals, NotEquals, Greater, Lesser]),
            Kind::Address => Self::of(&[Contains, Equals, NotEquals]),
            Kind::Version => Self::of(&[Equals, Greater, Lesser]),
        }
    }

    /// Whether the set has this operator.
    pub const fn has(self, operator: Operator) -> bool {
        self.0 & (1 << operator as u8) != 0
    }

    /// The set without one operator.
    pub const fn without(self, operator: Operator) -> Self {
        Self(self.0 & !(1 << operator as u8))
    }

    /// The operators of the set, in the order of [`Operator::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Operator> {
        Operator::ALL.into_iter().filter(move |operator| self.has(*operator))
    }
}

impl fmt::Debug for Operators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Operator::name)).finish()
    }
}

/// Receives the values of one field of one object: none, one or many.
pub type Values<'a> = dyn FnMut(ValueRef<'_>) + 'a;

/// Receives the elements of one list of one object: for each, its members in the table's order.
pub type Elements<'a> = dyn FnMut(&[Option<ValueRef<'_>>]) + 'a;

/// Where the values of a field come from.
pub enum Source<T> {
    /// From the object itself. Several values make a multi-valued field: a test holds if one value meets it.
    Read(fn(&T, &mut Values<'_>)),
    /// A member of a nested list: a test of the field asks whether some element meets it.
    Member(ListId, FieldId),
    /// The object's own id, an integer. The matcher is handed it; the index answers it without an index.
    Id,
    /// From other objects: the collection answers it as a set of ids (see [`crate::Filter::resolve`]).
    Joined,
}

impl<T> Clone for Source<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Source<T> {}

/// One field of a table.
pub struct Field<T> {
    /// Names in Criteria, the documented one first; none when Criteria can't ask for it. Matched exactly.
    pub criteria: &'static [&'static str],
    /// Names in QQL, the canonical one first; none when QQL can't ask for it. Matched ignoring case.
    pub tokens: &'static [&'static str],
    /// What it holds.
    pub kind: Kind,
    /// The Criteria operators it takes.
    pub operators: Operators,
    /// Whether a QQL text without a token looks here too (`contract/qql.md 3.2`).
    pub free: bool,
    /// Where its values come from.
    pub source: Source<T>,
}

impl<T> Field<T> {
    /// A field of a kind with that kind's operators; name it with [`Field::criteria`] and [`Field::qql`].
    pub const fn new(kind: Kind, source: Source<T>) -> Self {
        Self { criteria: &[], tokens: &[], kind, operators: Operators::of_kind(kind), free: false, source }
    }

    /// Names it in Criteria.
    pub const fn criteria(mut self, names: &'static [&'static str]) -> Self {
        self.criteria = names;
        self
    }

    /// Names it in QQL.
    pub const fn qql(mut self, tokens: &'static [&'static str]) -> Self {
        self.tokens = tokens;
        self
    }

    /// Restricts or widens its Criteria operators.
    pub const fn operators(mut self, operators: &[Operator]) -> Self {
        self.operators = Operators::of(operators);
        self
    }

    /// Lets QQL texts without a token look here.
    pub const fn free(mut self) -> Self {
        self.free = true;
        self
    }
}

/// One member of the elements of a list.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Name inside the list, in QQL: `name` in `software:(name:x)`; sub-paths may have dots.
    pub name: &'static str,
    /// What it holds. A member has at most one value per element.
    pub kind: Kind,
    /// Whether the index also keeps its values apart from the other members, for quick single-member questions.
    /// Worth it for a few values that many elements share (a QID), not for values as many as elements.
    pub projected: bool,
}

impl Member {
    /// A member.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, projected: false }
    }

    /// Asks the index to keep its values apart too.
    pub const fn projected(mut self) -> Self {
        self.projected = true;
        self
    }
}

/// A nested list: objects hold elements, elements hold members.
pub struct List<T> {
    /// Its key in QQL, canonical spelling first: `software`.
    pub names: &'static [&'static str],
    /// The members, in the order in which [`List::read`] gives them.
    pub members: &'static [Member],
    /// Gives each element of an object. The slice has one entry per member.
    pub read: fn(&T, &mut Elements<'_>),
}

/// What may be asked of a kind of object.
pub struct Fields<T: 'static> {
    /// The fields. [`FieldId`] counts here.
    pub fields: &'static [Field<T>],
    /// The nested lists. [`ListId`] counts here.
    pub lists: &'static [List<T>],
}

impl<T> Fields<T> {
    /// The field at a place.
    pub fn field(&self, id: FieldId) -> Option<&'static Field<T>> {
        self.fields.get(usize::from(id.0))
    }

    /// The list at a place.
    pub fn list(&self, id: ListId) -> Option<&'static List<T>> {
        self.lists.get(usize::from(id.0))
    }

    /// The fields with their places.
    pub fn iter(&self) -> impl Iterator<Item = (FieldId, &'static Field<T>)> + use<T> {
        (0..).map(FieldId).zip(self.fields)
    }

    /// The lists with their places.
    pub fn iter_lists(&self) -> impl Iterator<Item = (ListId, &'static List<T>)> + use<T> {
        (0..).map(ListId).zip(self.lists)
    }

    /// The field that Criteria call by this name.
    pub fn by_criteria(&self, name: &str) -> Option<(FieldId, &'static Field<T>)> {
        self.iter().find(|(_, field)| field.criteria.contains(&name))
    }

    /// The field that QQL calls by this token, in any case of letters.
    pub fn by_token(&self, token: &str) -> Option<(FieldId, &'static Field<T>)> {
        self.iter().find(|(_, field)| field.tokens.iter().any(|name| name.eq_ignore_ascii_case(token)))
    }

    /// The list that QQL calls by this name, in any case of letters.
    pub fn list_by_name(&self, name: &str) -> Option<(ListId, &'static List<T>)> {
        self.iter_lists().find(|(_, list)| list.names.iter().any(|own| own.eq_ignore_ascii_case(name)))
    }

    /// The filter that asks a test of a field. One that reads a list member becomes a question about elements.
    pub fn ask(&self, id: FieldId, test: Test) -> Filter {
        match self.field(id).map(|field| field.source) {
            Some(Source::Member(list, member)) => Filter::Any(list, Box::new(Filter::Field(member, test))),
            _ => Filter::Field(id, test),
        }
    }

    /// The filter that asks whether one of the tests holds; equalities alone become one list.
    pub fn ask_any(&self, id: FieldId, tests: Vec<Test>) -> Filter {
        let mut tests = Test::merge(tests);
        if tests.len() == 1 {
            return self.ask(id, tests.swap_remove(0));
        }
        Filter::Or(tests.into_iter().map(|test| self.ask(id, test)).collect())
    }

    /// The member of a list that a full token such as `software.name` names.
    pub fn member_by_token(&self, token: &str) -> Option<(ListId, FieldId, &'static Member)> {
        self.iter_lists().find_map(|(list_id, list)| {
            list.names.iter().find_map(|name| {
                let (head, rest) = token.split_at_checked(name.len())?;
                let member = rest.strip_prefix('.').filter(|_| head.eq_ignore_ascii_case(name))?;
                let found = list.member(member)?;
                Some((list_id, found.0, found.1))
            })
        })
    }
}

impl<T> List<T> {
    /// The member of this name, in any case of letters.
    pub fn member(&self, name: &str) -> Option<(FieldId, &'static Member)> {
        (0..).map(FieldId).zip(self.members).find(|(_, member)| member.name.eq_ignore_ascii_case(name))
    }
}
