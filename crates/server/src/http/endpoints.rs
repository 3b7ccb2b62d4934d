//! Everything that answers besides the platform's operations: the dispatcher and `COMPATIBILITY.md` come from this one
//! table, as they come from the operation table for the rest.

use hyper::Method;
use platform::State;

/// A path that answers.
pub(crate) struct Endpoint {
    /// The methods it takes, the documented one first.
    pub(crate) methods: &'static [Method],
    /// The path; a last part in braces stands for anything.
    pub(crate) path: &'static str,
    /// Who may call.
    pub(crate) permission: &'static str,
    /// What it is for.
    pub(crate) purpose: &'static str,
    /// How far it is built.
    pub(crate) state: State,
    /// What answers.
    pub(super) place: Place,
}

/// What answers at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Health,
    PortalVersion,
    About,
    Schemas,
    Docs,
    Auth,
    AuthClient,
    Enroll,
    CheckIn,
}

const GET: &[Method] = &[Method::GET, Method::HEAD];
const POST: &[Method] = &[Method::POST];
const SIGNED_IN: &str = "API Access";
const ANYONE: &str = "none";

/// The table.
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        methods: GET,
        path: "/qps/rest/portal/version",
        permission: SIGNED_IN,
        purpose: "versions of the server; opens a session",
        state: State::Done("portal_version_answers_with_our_own_versions_and_opens_a_session"),
        place: Place::PortalVersion,
    },
    Endpoint {
        methods: GET,
        path: "/qps/xsd/{schema}",
        permission: ANYONE,
        purpose: "the schemas that XML answers name",
        state: State::Done("the_schemas_that_answers_name_are_served"),
        place: Place::Schemas,
    },
    Endpoint {
        methods: GET,
        path: "/msp/about.php",
        permission: SIGNED_IN,
        purpose: "the login probe of SDKs",
        state: State::Done("about_answers_with_limits_that_an_sdk_can_read"),
        place: Place::About,
    },
    Endpoint {
        methods: GET,
        path: "/apidocs/{page}",
        permission: ANYONE,
        purpose: "the gateway's documentation: Swagger UI at /apidocs/oca/v2, OpenAPI 3.1 at /apidocs/oca/v2/openapi.json",
        state: State::Done("the_documentation_is_served_with_all_that_it_loads"),
        place: Place::Docs,
    },
    Endpoint {
        methods: POST,
        path: "/auth",
        permission: SIGNED_IN,
        purpose: "gives a bearer token for login and password",
        state: State::Done("a_token_comes_bare_with_201_and_opens_both_doors"),
        place: Place::Auth,
    },
    Endpoint {
        methods: POST,
        path: "/auth/oidc",
        permission: SIGNED_IN,
        purpose: "gives a bearer token for the headers clientId and clientSecret, which are a login and a password here",
        state: State::Done("a_client_gets_a_token_for_its_id_and_secret"),
        place: Place::AuthClient,
    },
    Endpoint {
        methods: POST,
        path: "/auth/oauth",
        permission: SIGNED_IN,
        purpose: "the same as /auth/oidc",
        state: State::Done("a_client_gets_a_token_for_its_id_and_secret"),
        place: Place::AuthClient,
    },
    Endpoint {
        methods: POST,
        path: "/agent/v1/enroll",
        permission: "an activation key",
        purpose: "gives an agent its identity",
        state: State::Done("an_agent_enrols_and_checks_in_over_http"),
        place: Place::Enroll,
    },
    Endpoint {
        methods: POST,
        path: "/agent/v1/checkin",
        permission: "the agent's signature",
        purpose: "takes an agent's report",
        state: State::Done("an_agent_enrols_and_checks_in_over_http"),
        place: Place::CheckIn,
    },
    Endpoint {
        methods: GET,
        path: "/health",
        permission: ANYONE,
        purpose: "whether the server answers",
        state: State::Done("health_answers_everybody"),
        place: Place::Health,
    },
    Endpoint {
        methods: GET,
        path: "/",
        permission: ANYONE,
        purpose: "says what this server is",
        state: State::Done("the_root_says_what_this_server_is"),
        place: Place::Root,
    },
];

impl Endpoint {
    /// Whether it takes a method.
    pub(super) fn takes(&self, method: &Method) -> bool {
        self.methods.contains(method)
    }

    fn is_at(&self, path: &str) -> bool {
        let mut wanted = parts(self.path);
        let mut given = parts(path);
        loop {
            match (wanted.next(), given.next()) {
                (Some(any), Some(_)) if any.starts_with('{') => return true,
                (Some(one), Some(other)) if one == other => {}
                (None, None) => return true,
                _ => return false,
            }
        }
    }
}

/// The endpoint at a path. Trailing and doubled slashes say nothing.
pub(super) fn find(path: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.is_at(path))
}

/// Whether the first part of a path is this.
pub(super) fn is_below(path: &str, first: &str) -> bool {
    parts(path).next() == Some(first)
}

/// The parts of a path.
pub(super) fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_say_nothing_and_the_rest_is_exact() {
        let place = |path| find(path).map(|endpoint| endpoint.place);
        for path in ["/qps/rest/portal/version", "//qps//rest/portal/version/"] {
            assert_eq!(place(path), Some(Place::PortalVersion), "{path}");
        }
        assert_eq!(place("/qps/xsd/2.0/am/tag.xsd"), Some(Place::Schemas));
        assert_eq!(place("/qps/xsd/version.xsd"), Some(Place::Schemas));
        assert_eq!(place("/"), Some(Place::Root));
        assert_eq!(place(""), Some(Place::Root));
        for path in ["/qps", "/qps/xsd", "/QPS/rest/portal/version", "/qps/rest/portal/version/1", "/healthy"]
        {
            assert_eq!(place(path), None, "{path}");
        }
    }
}
