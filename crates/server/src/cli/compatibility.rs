//! `redoubt compatibility`: what is built of the API, from the tables that also route the calls.

use std::fmt::Write;

use platform::{IdPart, Operation, Platform, State};

use crate::http::endpoints::ENDPOINTS;

const HEAD: &str = "\
# Compatibility

Which calls of the Qualys-compatible API are built. This page is made by `redoubt compatibility` from the tables that
also route the calls, so it can't say anything else than the server does. Each line names a test that shows it.

A call of the QPS API that is not here answers `UNKNOWN_OBJECT`, `OPERATION_NOT_SUPPORTED` or `INVALID_URL`. Every call below
`/qps/rest/` needs the permission API Access besides the one that is named.

## Calls of the QPS API

| method | path | permission | state | test |
| --- | --- | --- | --- | --- |
";

const GATEWAY: &str = "
## Calls of the gateway

They take a bearer token of `POST /auth` (or HTTP Basic), need API Access too, and answer in JSON, the older ones in XML. A call
that is not here answers 404 in the shape of its API; extensions are calls that other servers do not have.

| method | path | documented | permission | state | test |
| --- | --- | --- | --- | --- | --- |
";

const OTHERS: &str = "
## Other paths

| method | path | who may call | what for | state | test |
| --- | --- | --- | --- | --- | --- |
";

/// The page.
pub(super) fn document() -> String {
    // Writing into memory can't fail.
    let mut page = HEAD.to_owned();
    for operation in Platform::operations() {
        let methods: Vec<_> = operation.methods.iter().map(|method| method.name()).collect();
        let (state, test) = told(operation.state);
        let _ = writeln!(
            page,
            "| {} | `{}` | {} | {state} | `{test}` |",
            methods.join(", "),
            path(operation),
            permissions(operation)
        );
    }
    page.push_str(GATEWAY);
    for operation in Platform::gateway().iter().flat_map(|family| family.operations) {
        let (state, test) = told(operation.state);
        let documented = if operation.documented { "yes" } else { "extension" };
        let _ = writeln!(
            page,
            "| {} | `{}` | {documented} | {} | {state} | `{test}` |",
            operation.method.name(),
            operation.shown_path(),
            operation.permission.name()
        );
    }
    page.push_str(OTHERS);
    for endpoint in ENDPOINTS {
        let methods: Vec<_> = endpoint.methods.iter().map(hyper::Method::as_str).collect();
        let (state, test) = told(endpoint.state);
        let _ = writeln!(
            page,
            "| {} | `{}` | {} | {} | {state} | `{test}` |",
            methods.join(", "),
            endpoint.path,
            endpoint.permission,
            endpoint.purpose
        );
    }
    page
}

fn permissions(operation: &Operation) -> String {
    operation.permission.chain().map(|permission| permission.name()).collect::<Vec<_>>().join(", ")
}

fn path(operation: &Operation) -> String {
    let route = operation.route;
    let id = match route.id {
        IdPart::None => "",
        IdPart::Required => "/{id}",
        IdPart::Optional => "[/{id}]",
    };
    format!("/qps/rest/{}/{}/{}/{}{id}", route.version, route.verb, route.module, route.object)
}

fn told(state: State) -> (String, &'static str) {
    match state {
        State::Done(test) => ("done".to_owned(), test),
        State::Partial(test, missing) => (format!("partial: {missing}"), test),
    }
}
