//! Two calls that anybody may make.

use hyper::{Response, StatusCode};

use super::body::Body;
use super::respond;

/// `GET /health`.
pub(super) fn health() -> Response<Body> {
    respond::content(StatusCode::OK, "application/json", r#"{"status":"ok"}"#)
}

/// `GET /`.
pub(super) fn welcome() -> Response<Body> {
    let text = concat!(
        "Redoubt ",
        env!("CARGO_PKG_VERSION"),
        "\n\nThe API is below /qps/rest/. Try: curl -u LOGIN /qps/rest/portal/version\n"
    );
    respond::text(StatusCode::OK, text)
}
