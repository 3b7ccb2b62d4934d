//! The documentation of the gateway: OpenAPI documents, and Swagger UI to read and try them (`contract/gateway.md 7`).
//! Everything comes from this server, so it works without a network.

use std::io::Read;

use flate2::read::GzDecoder;
use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH,
    VARY,
};
use hyper::{Request, Response, StatusCode};
use platform::Platform;
use platform::gateway::{Family, openapi};

use super::body::Body;
use super::{endpoints, qps_calls, respond};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const PLAIN: &str = "text/plain; charset=utf-8";

/// What the page may load: what is from here. Swagger UI sets styles and small pictures by itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'self'";

/// A file of the pages.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
    is_packed: bool,
}

const PAGE: &[u8] = include_bytes!("../../assets/swagger-ui/page.html");
const ASSETS: &[Asset] = &[
    Asset {
        name: "swagger-ui-bundle.js",
        content_type: JAVASCRIPT,
        content: include_bytes!("../../assets/swagger-ui/swagger-ui-bundle.js.gz"),
        is_packed: true,
    },
    Asset {
        name: "swagger-ui.css",
        content_type: CSS,
        content: include_bytes!("../../assets/swagger-ui/swagger-ui.css.gz"),
        is_packed: true,
    },
    plain("page.js", JAVASCRIPT, include_bytes!("../../assets/swagger-ui/page.js")),
    plain("page.css", CSS, include_bytes!("../../assets/swagger-ui/page.css")),
    plain("LICENSE", PLAIN, include_bytes!("../../assets/swagger-ui/LICENSE")),
    plain("NOTICE", PLAIN, include_bytes!("../../assets/swagger-ui/NOTICE")),
    plain("LICENSES-OF-PARTS.txt", PLAIN, include_bytes!("../../assets/swagger-ui/LICENSES-OF-PARTS.txt")),
];

const fn plain(name: &'static str, content_type: &'static str, content: &'static [u8]) -> Asset {
    Asset { name, content_type, content, is_packed: false }
}

/// `GET /apidocs/...`.
pub(super) fn serve(request: &Request<Incoming>) -> Response<Body> {
    let path = request.uri().path();
    let parts: Vec<_> = endpoints::parts(path).skip(1).collect();
    match parts.as_slice() {
        ["assets", name] => match ASSETS.iter().find(|asset| asset.name == *name) {
            Some(asset) => asset.serve(request),
            None => respond::nothing_here(path),
        },
        [name, version] if family(name, version).is_some() => page(),
        [name, version, "openapi.json" | "swagger.json"] => match family(name, version) {
            Some(family) => respond::content(StatusCode::OK, JSON, openapi(family).to_string()),
            None => respond::nothing_here(path),
        },
        _ => respond::nothing_here(path),
    }
}

fn family(name: &str, version: &str) -> Option<&'static Family> {
    Platform::gateway().iter().copied().find(|family| family.name == name && family.version == version)
}

fn page() -> Response<Body> {
    let mut response = respond::content(StatusCode::OK, HTML, PAGE);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer"));
    response
}

impl Asset {
    fn serve(&self, request: &Request<Incoming>) -> Response<Body> {
        let tag = format!("\"{}-{}\"", env!("CARGO_PKG_VERSION"), self.content.len());
        let known =
            request.headers().get(IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes());
        let takes_packed = qps_calls::wishes(request.headers()).pack;
        let mut response = match (known, self.is_packed && !takes_packed) {
            (true, _) => respond::content(StatusCode::NOT_MODIFIED, self.content_type, Vec::new()),
            (false, false) => respond::content(StatusCode::OK, self.content_type, self.content),
            (false, true) => respond::content(StatusCode::OK, self.content_type, self.unpacked()),
        };
        let headers = response.headers_mut();
        if self.is_packed {
            headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
            if takes_packed && !known {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        respond::add(&mut response, ETAG, &tag);
        response
    }

    fn unpacked(&self) -> Vec<u8> {
        let mut unpacked = Vec::new();
        // A test reads each of them whole.
        let _ = GzDecoder::new(self.content).read_to_end(&mut unpacked);
        unpacked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_files_are_whole() {
        for asset in ASSETS.iter().filter(|asset| asset.is_packed) {
            assert!(GzDecoder::new(asset.content).read_to_end(&mut Vec::new()).is_ok(), "{}", asset.name);
            assert!(asset.unpacked().len() > 100_000, "{}", asset.name);
        }
    }
}
