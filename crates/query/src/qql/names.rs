//! What names in a text may stand for. [`Names`] hides the type of the objects, so that the parser and the printer
//! are compiled once.

use crate::{FieldId, Fields, Filter, Kind, ListId, Member, Source, Test};

/// At most so many known names are offered for an unknown one.
const OFFERED: usize = 3;
/// Longer names are not compared with the known ones.
const COMPARED: usize = 64;

/// What a test is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Field(FieldId),
    /// A member, asked of the whole object.
    Member(ListId, FieldId),
    /// A member, asked of one element.
    Element(FieldId),
}

/// What a token names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

impl Target {
    pub(super) fn ask(self, test: Test) -> Filter {
        match self.place {
            Place::Field(id) | Place::Element(id) => Filter::Field(id, test),
            Place::Member(list, id) => Filter::Any(list, Box::new(Filter::Field(id, test))),
        }
    }

    pub(super) fn ask_any(self, tests: Vec<Test>) -> Filter {
        let mut tests = Test::merge(tests);
        if tests.len() == 1 {
            return self.ask(tests.swap_remove(0));
        }
        Filter::Or(tests.into_iter().map(|test| self.ask(test)).collect())
    }
}

/// A field, by its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    pub(super) target: Target,
    /// Its canonical token; its name in Criteria if QQL can't ask for it.
    pub(super) name: &'static str,
    pub(super) is_token: bool,
}

/// A list without the type of its objects.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nested {
    pub(super) id: ListId,
    pub(super) names: &'static [&'static str],
    pub(super) members: &'static [Member],
}

/// The table, as far as QQL sees it.
pub(super) trait Names {
    /// What a full token names: a field, else a member of a list.
    fn token(&self, token: &str) -> Option<Target>;
    /// The field at a place: what its token names, the token, and whether QQL knows it by that.
    fn field(&self, id: FieldId) -> Option<Named>;
    /// What text without a token is looked for in.
    fn free(&self) -> Vec<Target>;
    /// The list at a place.
    fn list(&self, id: ListId) -> Option<Nested>;
    /// All lists.
    fn lists(&self) -> Vec<Nested>;
    /// The canonical tokens of all fields, then those of all members.
    fn tokens(&self) -> Vec<String>;
}

impl<T> Names for Fields<T> {
    fn token(&self, token: &str) -> Option<Target> {
        if let Some((id, _)) = self.by_token(token) {
            return target(self, id);
        }
        let (list, id, member) = self.member_by_token(token)?;
        Some(Target { place: Place::Member(list, id), kind: member.kind })
    }

    fn field(&self, id: FieldId) -> Option<Named> {
        let (target, field) = (target(self, id)?, Fields::field(self, id)?);
        let known = |name: &str| self.token(name).is_some_and(|found| found.place == target.place);
        let token = field.tokens.iter().copied().find(|name| known(name));
        let name = token.or(field.criteria.first().copied()).unwrap_or_default();
        Some(Named { target, name, is_token: token.is_some() })
    }

    fn free(&self) -> Vec<Target> {
        self.iter().filter(|(_, field)| field.free).filter_map(|(id, _)| target(self, id)).collect()
    }

    fn list(&self, id: ListId) -> Option<Nested> {
        let list = Fields::list(self, id)?;
        Some(Nested { id, names: list.names, members: list.members })
    }

    fn lists(&self) -> Vec<Nested> {
        self.iter_lists().map(|(id, list)| Nested { id, names: list.names, members: list.members }).collect()
    }

    fn tokens(&self) -> Vec<String> {
        let fields =
            self.fields.iter().filter_map(|field| field.tokens.first()).map(|name| (*name).to_owned());
        fields.chain(self.lists().iter().flat_map(Nested::tokens)).collect()
    }
}

fn target<T>(fields: &Fields<T>, id: FieldId) -> Option<Target> {
    let field = Fields::field(fields, id)?;
    let Source::Member(list, member) = field.source else {
        return Some(Target { place: Place::Field(id), kind: field.kind });
    };
    let kind = Fields::list(fields, list)?.members.get(usize::from(member.0))?.kind;
    Some(Target { place: Place::Member(list, member), kind })
}

impl Nested {
    /// The member of this name, asked of one element.
    pub(super) fn member(&self, name: &str) -> Option<Target> {
        let found = (0..).map(FieldId).zip(self.members).find(|(_, own)| own.name.eq_ignore_ascii_case(name));
        found.map(|(id, member)| Target { place: Place::Element(id), kind: member.kind })
    }

    /// The members under their full names.
    pub(super) fn tokens(&self) -> Vec<String> {
        let name = self.names.first().copied().unwrap_or_default();
        self.members.iter().map(|member| format!("{name}.{}", member.name)).collect()
    }
}

/// What names are relative to.
#[derive(Debug, Clone)]
pub(super) enum Scope {
    /// Tokens that begin with this; with nothing at the outermost level.
    Object(String),
    /// Members, of one element, that begin with this.
    Element(Nested, String),
    /// No names: values of one field.
    Values(Target, String),
}

impl Scope {
    /// The full name of what `name` means here.
    fn full(&self, name: &str) -> String {
        match self {
            Scope::Object(prefix) | Scope::Element(_, prefix) if !prefix.is_empty() => {
                format!("{prefix}.{name}")
            }
            _ => name.to_owned(),
        }
    }

    /// What a name is about. A group may repeat the beginning that it is relative to.
    pub(super) fn target(&self, names: &dyn Names, name: &str) -> Option<Target> {
        match self {
            Scope::Values(..) => None,
            Scope::Object(prefix) => {
                names.token(&self.full(name)).or_else(|| below(name, prefix).and_then(|_| names.token(name)))
            }
            Scope::Element(list, prefix) => list
                .member(&self.full(name))
                .or_else(|| below(name, prefix).and_then(|_| list.member(name)))
                .or_else(|| list.names.iter().find_map(|own| list.member(below(name, own)?))),
        }
    }

    /// The scope that a group under this name opens.
    pub(super) fn inner(&self, names: &dyn Names, name: &str) -> Option<Scope> {
        let full = self.full(name);
        match self {
            Scope::Values(..) => None,
            Scope::Element(list, _) => list
                .members
                .iter()
                .any(|member| below(member.name, &full).is_some())
                .then_some(Scope::Element(*list, full)),
            Scope::Object(_) => list_scope(names, &full).or_else(|| {
                names
                    .tokens()
                    .iter()
                    .any(|token| below(token, &full).is_some())
                    .then_some(Scope::Object(full))
            }),
        }
    }

    /// The list of exactly this name.
    pub(super) fn list(&self, names: &dyn Names, name: &str) -> Option<Nested> {
        let Scope::Object(_) = self else { return None };
        let full = self.full(name);
        names.lists().into_iter().find(|list| list.names.iter().any(|own| own.eq_ignore_ascii_case(&full)))
    }

    /// The known names nearest to one that is not.
    pub(super) fn nearest(&self, names: &dyn Names, name: &str) -> Vec<String> {
        if name.len() > COMPARED {
            return Vec::new();
        }
        let known: Vec<String> = match self {
            Scope::Object(_) | Scope::Values(..) => names.tokens(),
            Scope::Element(list, _) => list.members.iter().map(|member| member.name.to_owned()).collect(),
        };
        let wanted = self.full(name).to_ascii_lowercase();
        let mut ranked: Vec<_> =
            known.into_iter().filter_map(|token| Some((far(&wanted, &token)?, token))).collect();
        ranked.sort();
        ranked.into_iter().map(|(_, token)| token).take(OFFERED).collect()
    }
}

/// The scope of a list, or of what a path below it names in common.
fn list_scope(names: &dyn Names, full: &str) -> Option<Scope> {
    names.lists().into_iter().find_map(|list| {
        list.names.iter().find_map(|own| {
            if own.eq_ignore_ascii_case(full) {
                return Some(Scope::Element(list, String::new()));
            }
            let path = below(full, own)?;
            let known = list.members.iter().any(|member| below(member.name, path).is_some());
            known.then(|| Scope::Element(list, path.to_owned()))
        })
    })
}

/// What follows `prefix` and a dot in a name, in any case of letters.
fn below<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    let (head, rest) = name.split_at_checked(prefix.len())?;
    rest.strip_prefix('.').filter(|_| head.eq_ignore_ascii_case(prefix))
}

/// How far a known token is from the wanted (lower case) one; none if too far to be meant.
fn far(wanted: &str, token: &str) -> Option<usize> {
    let token = token.to_ascii_lowercase();
    let typing = strsim::osa_distance(wanted, &token);
    if typing <= (wanted.len() / 3).max(1) {
        return Some(typing);
    }
    let is_kin = below_end(&token, wanted) || below_end(wanted, &token) || below(&token, wanted).is_some();
    is_kin.then_some(typing)
}

/// Whether `name` is a path that ends in `end`.
fn below_end(name: &str, end: &str) -> bool {
    name.strip_suffix(end).is_some_and(|head| head.ends_with('.'))
}
