//! The entries of the operation table that all resources have alike.

use crate::Permission;
use crate::operation::{Handler, IdPart, Method, Operation, Route, State};

/// Where a resource stands in URLs.
#[derive(Clone, Copy)]
pub(crate) struct Surface {
    pub(crate) version: &'static str,
    pub(crate) module: &'static str,
    pub(crate) object: &'static str,
    pub(crate) schema: &'static str,
}

impl Surface {
    /// `GET get/{module}/{object}/{id}`; POST too (`contract/qps.md 1`).
    pub(crate) const fn get(self, permission: Permission, handler: Handler, state: State) -> Operation {
        self.entry("get", IdPart::Required, &[Method::Get, Method::Post], permission, handler, state)
    }

    /// `POST search/{module}/{object}`; GET too, where there is no filter.
    pub(crate) const fn search(self, permission: Permission, handler: Handler, state: State) -> Operation {
        self.entry("search", IdPart::None, &[Method::Post, Method::Get], permission, handler, state)
    }

    /// `GET count/{module}/{object}`, and POST with a filter.
    pub(crate) const fn count(self, permission: Permission, handler: Handler, state: State) -> Operation {
        self.entry("count", IdPart::None, &[Method::Get, Method::Post], permission, handler, state)
    }

    /// `POST create/{module}/{object}`.
    pub(crate) const fn create(self, permission: Permission, handler: Handler, state: State) -> Operation {
        self.entry("create", IdPart::None, &[Method::Post], permission, handler, state)
    }

    /// `POST update/{module}/{object}[/{id}]`; PUT too, as a client sends it.
    pub(crate) const fn update(self, permission: Permission, handler: Handler, state: State) -> Operation {
        self.entry("update", IdPart::Optional, &[Method::Post, Method::Put], permission, handler, state)
    }

    /// `POST delete/{module}/{object}[/{id}]`; DELETE too.
    pub(crate) const fn delete(self, permission: Permission, handler: Handler, state: State) -> Operation {
        self.entry("delete", IdPart::Optional, &[Method::Post, Method::Delete], permission, handler, state)
    }

    /// Another verb, `POST {verb}/{module}/{object}[/{id}]`.
    pub(crate) const fn act(
        self,
        verb: &'static str,
        permission: Permission,
        handler: Handler,
        state: State,
    ) -> Operation {
        self.entry(verb, IdPart::Optional, &[Method::Post], permission, handler, state)
    }

    /// Another verb on all that the caller sees, `POST {verb}/{module}/{object}`.
    pub(crate) const fn act_on_all(
        self,
        verb: &'static str,
        permission: Permission,
        handler: Handler,
        state: State,
    ) -> Operation {
        self.entry(verb, IdPart::None, &[Method::Post], permission, handler, state)
    }

    const fn entry(
        self,
        verb: &'static str,
        id: IdPart,
        methods: &'static [Method],
        permission: Permission,
        handler: Handler,
        state: State,
    ) -> Operation {
        let Self { version, module, object, schema } = self;
        Operation {
            route: Route { version, verb, module, object, id },
            methods,
            permission,
            schema,
            handler,
            state,
        }
    }
}
