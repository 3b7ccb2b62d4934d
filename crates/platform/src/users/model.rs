//! Users and roles as they are stored.

use jiff::Timestamp;
use query::{Field, FieldId, Fields, Kind as Of, Source, ValueRef};
use serde::{Deserialize, Serialize};
use store::{Id, Kind, Object};

use crate::tags::Tag;
use crate::{Permission, Permissions};

/// Somebody who may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Unique ignoring case.
    pub login: String,
    /// The password's hash, in PHC form.
    pub password: String,
    /// What they may do, together.
    pub roles: Vec<Id<Role>>,
    /// The tags that mark what they may see; none for everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<Id<Tag>>,
    /// Given name.
    #[serde(default)]
    pub first_name: String,
    /// Family name.
    #[serde(default)]
    pub last_name: String,
    /// Where mail reaches them.
    #[serde(default)]
    pub email: String,
    /// What they are.
    #[serde(default)]
    pub title: String,
    /// When the user was made.
    pub created: Timestamp,
    /// When the user was last changed.
    pub modified: Timestamp,
}

impl User {
    pub(super) fn new(
        login: String,
        password: String,
        roles: Vec<Id<Role>>,
        scope: Vec<Id<Tag>>,
        now: Timestamp,
    ) -> Self {
        let (first_name, last_name, email, title) = Default::default();
        Self {
            login,
            password,
            roles,
            scope,
            first_name,
            last_name,
            email,
            title,
            created: now,
            modified: now,
        }
    }
}

pub(super) fn login_key(login: &str) -> String {
    format!("login:{}", login.trim().to_lowercase())
}

pub(super) fn role_key(name: &str) -> String {
    format!("name:{}", name.trim().to_lowercase())
}

impl Object for User {
    const KIND: Kind = Kind::new("user");

    fn fields() -> &'static Fields<Self> {
        &USERS
    }

    fn keys(&self) -> Vec<String> {
        vec![login_key(&self.login)]
    }
}

/// The ids of a user's roles.
pub(super) const ROLES: FieldId = FieldId(2);
/// The names of a user's roles: joined.
pub(super) const ROLE_NAME: FieldId = FieldId(3);

static USERS: Fields<User> = Fields {
    fields: &[
        Field::new(Of::Integer, Source::Id).criteria(&["id"]),
        Field::new(Of::Text, Source::Read(|user: &User, out| out(ValueRef::Text(&user.login))))
            .criteria(&["username"]),
        Field::new(
            Of::Integer,
            Source::Read(|user: &User, out| {
                user.roles.iter().for_each(|role| out(ValueRef::Integer(role.get().into())));
            }),
        ),
        Field::new(Of::Text, Source::Joined).criteria(&["roleName"]),
    ],
    lists: &[],
};

/// A set of permissions with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Unique ignoring case.
    pub name: String,
    /// What it allows.
    pub permissions: Permissions,
}

impl Object for Role {
    const KIND: Kind = Kind::new("role");

    fn fields() -> &'static Fields<Self> {
        &ROLE_TABLE
    }

    fn keys(&self) -> Vec<String> {
        vec![role_key(&self.name)]
    }
}

static ROLE_TABLE: Fields<Role> = Fields {
    fields: &[
        Field::new(Of::Integer, Source::Id).criteria(&["id"]),
        Field::new(Of::Text, Source::Read(|role: &Role, out| out(ValueRef::Text(&role.name))))
            .criteria(&["name"]),
    ],
    lists: &[],
};

/// The roles that every installation has.
pub fn built_in_roles() -> Vec<Role> {
    use Permission::{
        AccessWas, ActivateAgent, ApiAccess, CatalogAccess, CatalogEntryAdd, CatalogEntryDelete,
        CatalogEntryUpdate, CatalogUpdate, CreateAsset, CreateUserTag, CreateWebAsset, DeactivateAgent,
        DeleteAsset, DeleteUserTag, DeleteWebAsset, EditAsset, EditUserTag, EditWebAsset, EditWebAssetUrl,
        ModifyDynamicTagRules, PurgeWebAsset, ReadAsset, ReadTag,
    };
    let editor = [
        ApiAccess,
        ReadAsset,
        CreateAsset,
        EditAsset,
        DeleteAsset,
        ReadTag,
        CreateUserTag,
        EditUserTag,
        DeleteUserTag,
        ModifyDynamicTagRules,
        ActivateAgent,
        DeactivateAgent,
        AccessWas,
        CatalogAccess,
        CatalogEntryUpdate,
        CatalogEntryDelete,
        CatalogUpdate,
        CatalogEntryAdd,
        CreateWebAsset,
        EditWebAsset,
        EditWebAssetUrl,
        DeleteWebAsset,
        PurgeWebAsset,
    ];
    let reader = [ApiAccess, ReadAsset, ReadTag, AccessWas, CatalogAccess];
    vec![
        Role { name: "Manager".into(), permissions: Permissions::all() },
        Role { name: "Editor".into(), permissions: Permissions::of(&editor) },
        Role { name: "Reader".into(), permissions: Permissions::of(&reader) },
    ]
}
