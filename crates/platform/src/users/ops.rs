//! The operations on users (`contract/am.md 10`).

use qps::{Element, ObjectWriter, ServiceError};
use query::matcher::Prepared;
use query::{Filter, Kind, Test, Value, ValueRef};
use roaring::{MultiOps, RoaringBitmap};
use store::{Id, Job, Object, Stored};

use super::model::{self, Role, User};
use crate::engine::{self, Editable, Judge, Resource, Surface, check_members};
use crate::operation::State::Partial;
use crate::tags::{self, Tag};
use crate::{Answer, Call, Error, Input, Operation, Permission, Permissions, Result};

const SCHEMA: &str = "2.0/am/user.xsd";
const USER: Surface = Surface { version: "2.0", module: "am", object: "user", schema: SCHEMA };

/// The entries of the operation table.
pub(crate) const OPERATIONS: &[Operation] = &[
    USER.get(
        Permission::ManageUsers,
        engine::get::<Users>,
        Partial("users_are_found_and_read", "no delegated administrators"),
    ),
    USER.search(
        Permission::ManageUsers,
        engine::search::<Users>,
        Partial("users_are_found_and_read", "no delegated administrators"),
    ),
    USER.update(
        Permission::ManageUsers,
        update,
        Partial("roles_and_scope_of_a_user_are_changed", "scope tags and roles only, as the contract has it"),
    ),
];

/// `update/am/user/{id}`: one user at a time, and only by callers who see everything: nobody widens a scope beyond
/// their own.
fn update(call: &Call, input: Input) -> Result<Answer> {
    if call.caller.scope.is_some() {
        return Err(ServiceError::unauthorized().into());
    }
    if input.id.is_none() {
        return Err(Error::invalid(
            "A change of users without an id in the URL is not supported.",
            "Specify the id of one user in the URL.",
        ));
    }
    engine::update::<Users>(call, input)
}

/// The resource `User`.
pub(super) struct Users;

impl Resource for Users {
    type Object = User;
    const NAME: &'static str = "User";
    const SCHEMA: &'static str = SCHEMA;

    /// Managers do not see other managers (`contract/am.md 10`).
    fn scope(call: &Call) -> Filter {
        let managers = roles_with(call, Permission::ManageUsers);
        let mut hidden = users_with(call, &managers);
        hidden.remove(call.caller.user.get());
        let all = call.store().index::<User, _>(|index| index.ids().clone());
        Filter::set(all - hidden)
    }

    fn resolve(call: &Call, filter: Filter) -> Filter {
        filter.at(call.now).resolve(&mut |field, test| {
            (field == model::ROLE_NAME).then(|| {
                let prepared = Prepared::new(test, Kind::Text);
                let named = all_roles(call)
                    .into_iter()
                    .filter(|(_, role)| prepared.holds(ValueRef::Text(&role.name)));
                users_with(call, &named.map(|(id, _)| id).collect::<Vec<_>>())
            })
        })
    }

    fn judge<'f>(call: &'f Call, filter: &'f Filter) -> Judge<'f, User> {
        let filter = Self::resolve(call, filter.clone());
        Box::new(move |id, user| query::matches(User::fields(), &filter, id, user))
    }

    fn write(call: &Call, id: u32, user: &User, out: &mut ObjectWriter<'_>) {
        out.number("id", id);
        out.text("username", &user.login);
        out.text_always("firstName", &user.first_name);
        out.text_always("lastName", &user.last_name);
        out.text_always("emailAddress", &user.email);
        out.text_always("title", &user.title);
        let item = |list: &mut qps::ListWriter<'_>, element: &str, id: u32, name: &str| {
            list.item(element, |out| {
                out.number("id", id);
                out.text("name", name);
            });
        };
        out.list("scopeTags", |list| {
            for tag in call.platform.tags().names(&user.scope) {
                item(list, "TagData", tag.id, &tag.name);
            }
        });
        out.list("roleList", |list| {
            for (id, role) in all_roles(call).iter().filter(|(id, _)| user.roles.contains(id)) {
                item(list, "RoleData", id.get(), &role.name);
            }
        });
    }
}

fn all_roles(call: &Call) -> Vec<(Id<Role>, Role)> {
    let ids: Vec<u32> = call.store().index::<Role, _>(|index| index.ids().iter().collect());
    let read = call.store().read().and_then(|mut reading| reading.get_many::<Role>(&ids));
    match read {
        Ok(roles) => roles.into_iter().map(|role| (role.id, role.object)).collect(),
        Err(error) => {
            tracing::error!(%error, "the roles could not be read");
            Vec::new()
        }
    }
}

fn roles_with(call: &Call, permission: Permission) -> Vec<Id<Role>> {
    let roles = all_roles(call).into_iter().filter(|(_, role)| role.permissions.has(permission));
    roles.map(|(id, _)| id).collect()
}

fn users_with(call: &Call, roles: &[Id<Role>]) -> RoaringBitmap {
    let sets = roles.iter().map(|role| {
        let has = Filter::Field(model::ROLES, Test::Equals(Value::Integer(role.get().into())));
        call.store().index::<User, _>(|index| index.select(&has).into_owned())
    });
    sets.union()
}

/// What a request wants of a user's scope and roles. Empty lists, which a client always sends, change nothing.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    add_tags: Vec<Ref>,
    remove_tags: Vec<Ref>,
    add_roles: Vec<Ref>,
    remove_roles: Vec<Ref>,
}

/// The members of `User`, those that only answers have included.
const MEMBERS: &[&str] =
    &["id", "username", "firstName", "lastName", "emailAddress", "title", "scopeTags", "roleList"];

/// A tag or role as a request names it.
#[derive(Debug, Clone)]
enum Ref {
    Id(i64),
    Name(String),
}

impl Ref {
    fn read(element: &Element) -> Result<Self> {
        match (element.long("id")?, element.text("name")) {
            (Some(id), _) => Ok(Ref::Id(id)),
            (None, Some(name)) => Ok(Ref::Name(name.to_owned())),
            (None, None) => Err(ServiceError::cannot_be_null(&element.field("id")).into()),
        }
    }

    fn tag(&self, job: &mut Job<'_>) -> Result<Id<Tag>> {
        let found = match self {
            Ref::Id(id) => {
                Id::from_wire(*id).map(|id| job.get::<Tag>(id)).transpose()?.flatten().map(|tag| tag.id)
            }
            Ref::Name(name) => tags::named(job, name)?,
        };
        found.ok_or_else(|| tags::unknown(&self.shown()))
    }

    fn role(&self, job: &mut Job<'_>) -> Result<Stored<Role>> {
        let id = match self {
            Ref::Id(id) => Id::from_wire(*id),
            Ref::Name(name) => job.find::<Role>(&model::role_key(name))?,
        };
        let found = id.map(|id| job.get::<Role>(id)).transpose()?.flatten();
        found.ok_or_else(|| {
            let message = format!("Data: There is no role with id or name '{}'.", self.shown());
            Error::invalid(message, "Specify the id or name of an existing role, such as Reader.")
        })
    }

    fn shown(&self) -> String {
        match self {
            Ref::Id(id) => id.to_string(),
            Ref::Name(name) => name.clone(),
        }
    }
}

impl Editable for Users {
    type Edit = Edit;

    fn read_edit(_: &Call, data: &Element) -> Result<Edit> {
        check_members(data, MEMBERS)?;
        let read = |items: Vec<&Element>| items.into_iter().map(Ref::read).collect::<Result<Vec<_>>>();
        let tags = data.list_edit("scopeTags", &["TagData"])?.unwrap_or_default();
        let roles = data.list_edit("roleList", &["RoleData"])?.unwrap_or_default();
        if tags.set.is_some() || roles.set.is_some() {
            return Err(Error::invalid(
                "Data: 'set' is not supported for the scope tags and roles of a user.",
                "Use 'add' and 'remove'.",
            ));
        }
        Ok(Edit {
            add_tags: read(tags.add)?,
            remove_tags: read(tags.remove)?,
            add_roles: read(roles.add)?,
            remove_roles: read(roles.remove)?,
        })
    }

    fn edit(call: &Call, job: &mut Job<'_>, old: &Stored<User>, edit: &Edit) -> Result<()> {
        let mut new = old.object.clone();
        let removed = edit.remove_tags.iter().map(|tag| tag.tag(job)).collect::<Result<Vec<_>>>()?;
        new.scope.retain(|tag| !removed.contains(tag));
        if new.scope.is_empty() && !old.scope.is_empty() && edit.add_tags.is_empty() {
            return Err(Error::invalid(
                format!("Data: Without its last scope tag, the user '{}' would see everything.", old.login),
                "Add another scope tag in the same call, or take roles away instead.",
            ));
        }
        new.scope.extend(edit.add_tags.iter().map(|tag| tag.tag(job)).collect::<Result<Vec<_>>>()?);
        let removed =
            edit.remove_roles.iter().map(|role| Ok(role.role(job)?.id)).collect::<Result<Vec<_>>>()?;
        new.roles.retain(|role| !removed.contains(role));
        for role in &edit.add_roles {
            let role = role.role(job)?;
            demand_all(call, role.permissions)?;
            new.roles.push(role.id);
        }
        new.scope.sort_unstable();
        new.scope.dedup();
        new.roles.sort_unstable();
        new.roles.dedup();
        if new.roles.is_empty() {
            return Err(Error::invalid(
                format!("Data: The user '{}' would be left without a role.", old.login),
                "Add another role in the same call.",
            ));
        }
        if new != old.object {
            new.modified = job.now();
        }
        Ok(job.update(old, new)?)
    }
}

/// Nobody gives away what they do not have.
fn demand_all(call: &Call, permissions: Permissions) -> Result<()> {
    permissions.iter().try_for_each(|permission| call.demand(permission))
}
