//! From where a call comes, and what the caller calls this server.

use std::net::{IpAddr, SocketAddr};

use hyper::header::{HOST, HeaderMap, HeaderName};
use hyper::{Request, Uri};

use super::line::Line;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// The longest name that a host can have, and its port.
const LONGEST_HOST: usize = 253 + 6;

/// From where a call comes, and what the caller calls this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// The caller's address.
    pub(super) peer: IpAddr,
    /// Whether the caller's way here is encrypted.
    pub(super) is_secure: bool,
    /// Host and port as the caller wrote them.
    host: String,
}

impl Origin {
    /// Of a request. What a proxy says of the way before it counts only if it is trusted.
    pub(super) fn of<B>(request: &Request<B>, line: &Line, trust_proxy: bool) -> Self {
        let headers = request.headers();
        let said = if trust_proxy { Forwarded::read(headers) } else { Forwarded::default() };
        let own = || line.local.to_string();
        Self {
            peer: said.peer.unwrap_or(line.peer.ip()).to_canonical(),
            is_secure: said.is_secure.unwrap_or(line.is_tls),
            host: said.host.or_else(|| host(request.uri(), headers)).unwrap_or_else(own),
        }
    }

    /// Where the caller finds a path of this server.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.host)
    }
}

#[derive(Default)]
struct Forwarded {
    peer: Option<IpAddr>,
    is_secure: Option<bool>,
    host: Option<String>,
}

impl Forwarded {
    /// The nearest proxy wrote the last address of `X-Forwarded-For`; those before it are hearsay.
    fn read(headers: &HeaderMap) -> Self {
        let last_for =
            headers.get_all(FORWARDED_FOR).iter().next_back().and_then(|value| value.to_str().ok());
        let is_secure = match text(headers, &FORWARDED_PROTO).map(first) {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => Some(true),
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => Some(false),
            _ => None,
        };
        Self {
            peer: last_for.and_then(|list| address(list.rsplit(',').next()?.trim())),
            is_secure,
            host: text(headers, &FORWARDED_HOST).map(first).and_then(checked_host),
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn first(list: &str) -> &str {
    list.split(',').next().unwrap_or_default().trim()
}

fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let named = uri.authority().map(hyper::http::uri::Authority::as_str);
    named.or_else(|| text(headers, &HOST)).and_then(checked_host)
}

/// What is repeated in answers has to be a host and nothing else.
fn checked_host(host: &str) -> Option<String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || ".-_:[]".contains(letter);
    let good = !host.is_empty() && host.len() <= LONGEST_HOST && host.chars().all(fits);
    good.then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            peer: "[::ffff:192.0.2.1]:4000".parse().unwrap(),
            local: "127.0.0.1:8080".parse().unwrap(),
            is_tls: false,
        }
    }

    fn origin(uri: &str, headers: &[(&'static str, &str)], trust_proxy: bool) -> Origin {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Origin::of(&request.body(()).unwrap(), &line(), trust_proxy)
    }

    #[test]
    fn answers_name_the_host_that_the_caller_used() {
        assert_eq!(
            origin("/", &[("host", "scan.example.test")], false).url("/a"),
            "http://scan.example.test/a"
        );
        assert_eq!(origin("http://b.test:81/", &[("host", "a.test")], false).url("/"), "http://b.test:81/");
        for host in ["", "a b", "a\"b", "a/b", &"a".repeat(300)] {
            assert_eq!(origin("/", &[("host", host)], false).url("/"), "http://127.0.0.1:8080/", "{host}");
        }
    }

    #[test]
    fn a_proxy_is_believed_only_when_it_is_trusted() {
        let said = [
            ("host", "inner:8080"),
            ("x-forwarded-for", "203.0.113.9, 198.51.100.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "redoubt.example.test"),
        ];
        let trusted = origin("/", &said, true);
        assert_eq!(trusted.url("/"), "https://redoubt.example.test/");
        assert_eq!(trusted.peer.to_string(), "198.51.100.7");
        let own = origin("/", &said, false);
        assert_eq!(own.url("/"), "http://inner:8080/");
        assert_eq!(own.peer.to_string(), "192.0.2.1");
    }

    #[test]
    fn addresses_are_read_in_the_forms_that_proxies_write() {
        for text in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443"] {
            assert_eq!(address(text), Some("2001:db8::1".parse().unwrap()), "{text}");
        }
        assert_eq!(address("192.0.2.1:4000"), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(address("unknown"), None);
    }
}
