//! The entries of the operation table that all resources have alike.

use crate::operation::{Answer, Download, Handler, IdPart, Input, Method, Operation, Route, State};
use crate::{Call, Permission, Result};

/// What most operations are carried out by.
type Answers = fn(&Call, Input) -> Result<Answer>;

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
    pub(crate) const fn get(self, permission: Permission, handler: Answers, state: State) -> Operation {
        self.answers("get", IdPart::Required, &[Method::Get, Method::Post], permission, handler, state)
    }

    /// `POST search/{module}/{object}`; GET too, where there is no filter.
    pub(crate) const fn search(self, permission: Permission, handler: Answers, state: State) -> Operation {
        self.answers("search", IdPart::None, &[Method::Post, Method::Get], permission, handler, state)
    }

    /// `GET count/{module}/{object}`, and POST with a filter.
    pub(crate) const fn count(self, permission: Permission, handler: Answers, state: State) -> Operation {
        self.answers("count", IdPart::None, &[Method::Get, Method::Post], permission, handler, state)
    }

    /// `POST create/{module}/{object}`.
    pub(crate) const fn create(self, permission: Permission, handler: Answers, state: State) -> Operation {
        self.answers("create", IdPart::None, &[Method::Post], permission, handler, state)
    }

    /// `POST update/{module}/{object}[/{id}]`; PUT too, as a client sends it.
    pub(crate) const fn update(self, permission: Permission, handler: Answers, state: State) -> Operation {
        self.answers("update", IdPart::Optional, &[Method::Post, Method::Put], permission, handler, state)
    }

    /// `POST delete/{module}/{object}[/{id}]`; DELETE too.
    pub(crate) const fn delete(self, permission: Permission, handler: Answers, state: State) -> Operation {
        self.answers("delete", IdPart::Optional, &[Method::Post, Method::Delete], permission, handler, state)
    }

    /// Another verb, `POST {verb}/{module}/{object}[/{id}]`.
    pub(crate) const fn act(
        self,
        verb: &'static str,
        permission: Permission,
        handler: Answers,
        state: State,
    ) -> Operation {
        self.answers(verb, IdPart::Optional, &[Method::Post], permission, handler, state)
    }

    /// `POST download/{module}/{object}`: a file; GET too, which is what tools resume with.
    pub(crate) const fn download(
        self,
        permission: Permission,
        handler: fn(&Call, Input) -> Result<Download>,
        state: State,
    ) -> Operation {
        let methods = &[Method::Post, Method::Get];
        self.entry("download", IdPart::None, methods, permission, Handler::Download(handler), state)
    }

    const fn answers(
        self,
        verb: &'static str,
        id: IdPart,
        methods: &'static [Method],
        permission: Permission,
        handler: Answers,
        state: State,
    ) -> Operation {
        self.entry(verb, id, methods, permission, Handler::Answer(handler), state)
    }

    /// Another verb on all that the caller sees, `POST {verb}/{module}/{object}`.
    pub(crate) const fn act_on_all(
        self,
        verb: &'static str,
        permission: Permission,
        handler: Answers,
        state: State,
    ) -> Operation {
        self.answers(verb, IdPart::None, &[Method::Post], permission, handler, state)
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
