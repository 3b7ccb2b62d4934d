//! Permissions by the contract's names, and sets of them (`contract/am.md 2`, `contract/ca.md 1.5`).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum Permission {
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
    UninstallAgent,
    ManageDiscoveries,
    ManageUsers,
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
}

impl Permission {
    /// All permissions.
    pub const ALL: [Permission; 26] = [
        Permission::ApiAccess,
        Permission::ReadAsset,
        Permission::CreateAsset,
        Permission::EditAsset,
        Permission::DeleteAsset,
        Permission::ReadTag,
        Permission::CreateUserTag,
        Permission::EditUserTag,
        Permission::DeleteUserTag,
        Permission::ModifyDynamicTagRules,
        Permission::ActivateAgent,
        Permission::DeactivateAgent,
        Permission::UninstallAgent,
        Permission::ManageDiscoveries,
        Permission::ManageUsers,
        Permission::AccessWas,
        Permission::CatalogAccess,
        Permission::CatalogEntryUpdate,
        Permission::CatalogEntryDelete,
        Permission::CatalogUpdate,
        Permission::CatalogEntryAdd,
        Permission::CreateWebAsset,
        Permission::EditWebAsset,
        Permission::EditWebAssetUrl,
        Permission::DeleteWebAsset,
        Permission::PurgeWebAsset,
    ];

    /// The contract's name.
    pub const fn name(self) -> &'static str {
        match self {
            Permission::ApiAccess => "API Access",
            Permission::ReadAsset => "Read Asset",
            Permission::CreateAsset => "Create Asset",
            Permission::EditAsset => "Edit Asset",
            Permission::DeleteAsset => "Delete Asset",
            Permission::ReadTag => "Read Tag",
            Permission::CreateUserTag => "Create User Tag",
            Permission::EditUserTag => "Edit User Tag",
            Permission::DeleteUserTag => "Delete User Tag",
            Permission::ModifyDynamicTagRules => "Modify Dynamic Tag Rules",
            Permission::ActivateAgent => "Activate Agent",
            Permission::DeactivateAgent => "Deactivate Agent",
            Permission::UninstallAgent => "Uninstall Agent",
            Permission::ManageDiscoveries => "Manage Discoveries",
            Permission::ManageUsers => "Manage Users",
            Permission::AccessWas => "Access WAS module",
            Permission::CatalogAccess => "WAS.CATALOG.ACCESS",
            Permission::CatalogEntryUpdate => "WAS.CATALOG.ENTRY.UPDATE",
            Permission::CatalogEntryDelete => "WAS.CATALOG.ENTRY.DELETE",
            Permission::CatalogUpdate => "WAS.CATALOG.UPDATE",
            Permission::CatalogEntryAdd => "WAS.CATALOG.ENTRY.ADD_TO_SUBSCRIPTION",
            Permission::CreateWebAsset => "Create Web Asset",
            Permission::EditWebAsset => "Edit Web Asset",
            Permission::EditWebAssetUrl => "Edit Web Application URL",
            Permission::DeleteWebAsset => "Delete Web Asset",
            Permission::PurgeWebAsset => "Purge Web Asset",
        }
    }

    /// The permission without which this one allows nothing (`contract/was.md 3`).
    pub const fn base(self) -> Option<Self> {
        match self {
            Permission::CatalogAccess
            | Permission::CreateWebAsset
            | Permission::EditWebAsset
            | Permission::DeleteWebAsset
            | Permission::PurgeWebAsset => Some(Permission::AccessWas),
            Permission::CatalogEntryUpdate
            | Permission::CatalogEntryDelete
            | Permission::CatalogUpdate
            | Permission::CatalogEntryAdd => Some(Permission::CatalogAccess),
            Permission::EditWebAssetUrl => Some(Permission::EditWebAsset),
            _ => None,
        }
    }

    /// This permission and those that it rests on.
    pub fn chain(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |permission| permission.base())
    }

    /// The permission of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.name() == name)
    }
}

/// A set of permissions. Stored as the list of their names; a name of a newer version is dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions(u64);

impl Permissions {
    /// These permissions.
    pub fn of(list: &[Permission]) -> Self {
        Self(list.iter().fold(0, |bits, permission| bits | 1 << *permission as u64))
    }

    /// All permissions.
    pub fn all() -> Self {
        Self::of(&Permission::ALL)
    }

    /// Whether the set allows this: the permission is in it, and so are those that it rests on.
    pub fn has(self, permission: Permission) -> bool {
        permission.chain().all(|one| self.holds(one))
    }

    fn holds(self, permission: Permission) -> bool {
        self.0 & 1 << permission as u64 != 0
    }

    /// What is in either set.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The permissions of the set.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.holds(*permission))
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Permission::name))
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let known: Vec<_> = names.iter().filter_map(|name| Permission::named(name)).collect();
        Ok(Self::of(&known))
    }
}
