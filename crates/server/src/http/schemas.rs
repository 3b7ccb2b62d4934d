//! The schemas that XML answers name (`contract/qps.md 15`).

use hyper::{Response, StatusCode};

use super::body::Body;
use super::{endpoints, respond};

/// `GET /qps/xsd/...`.
pub(super) fn serve(path: &str) -> Response<Body> {
    let name = endpoints::parts(path).skip(2).collect::<Vec<_>>().join("/");
    match platform::schema(&name) {
        Some(schema) => respond::content(StatusCode::OK, "application/xml", schema),
        None => respond::nothing_here(path),
    }
}
