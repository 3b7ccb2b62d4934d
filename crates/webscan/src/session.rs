//! What a browser remembers between requests: cookies, and headers that carry a login.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::http::{Origin, Request, Response, Scheme, Target};

/// A cookie as it was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The host that set it, or the domain it is for.
    pub domain: String,
    /// Whether it is for that host alone.
    pub host_only: bool,
    /// The path it is for.
    pub path: String,
    /// Over TLS only.
    pub secure: bool,
    /// Out of reach of scripts.
    pub http_only: bool,
    /// `Strict`, `Lax` or `None`, where it is said.
    pub same_site: Option<String>,
    /// Whether it outlives the browser.
    pub is_persistent: bool,
}

/// Most cookies that are kept.
const MAX_COOKIES: usize = 300;

impl Cookie {
    /// Reads a `Set-Cookie` header of an answer from `url`; the flag says whether it deletes the cookie. None for what a
    /// browser would not take.
    #[must_use]
    pub fn read(header: &str, url: &Target) -> Option<(Self, bool)> {
        let mut parts = header.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let host = url.origin.host.clone();
        let mut cookie = Self {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            domain: host.clone(),
            host_only: true,
            path: default_path(&url.path),
            secure: false,
            http_only: false,
            same_site: None,
            is_persistent: false,
        };
        let mut is_gone = false;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "secure" => cookie.secure = true,
                "httponly" => cookie.http_only = true,
                "samesite" => cookie.same_site = Some(value.to_owned()),
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "domain" if !value.is_empty() => {
                    let domain = value.trim_start_matches('.').to_ascii_lowercase();
                    if domain != host && !is_below(&host, &domain) {
                        return None;
                    }
                    cookie.host_only = host.parse::<IpAddr>().is_ok();
                    cookie.domain = domain;
                }
                "max-age" => {
                    cookie.is_persistent = true;
                    is_gone |= value.parse::<i64>().is_ok_and(|seconds| seconds <= 0);
                }
                "expires" => {
                    cookie.is_persistent = true;
                    is_gone |= value.contains("1970") || value.contains("-70 ");
                }
                _ => {}
            }
        }
        (!cookie.name.is_empty()).then_some((cookie, is_gone))
    }

    fn suits(&self, url: &Target) -> bool {
        let Origin { scheme, host, .. } = &url.origin;
        let domain = *host == self.domain || (!self.host_only && is_below(host, &self.domain));
        let path = url.path == self.path
            || (url.path.starts_with(&self.path)
                && (self.path.ends_with('/')
                    || url.path.get(self.path.len()..).is_some_and(|r| r.starts_with('/'))));
        domain && path && (!self.secure || *scheme == Scheme::Https || is_local(host))
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    domain.contains('.') && host.parse::<IpAddr>().is_err() && host.ends_with(&format!(".{domain}"))
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn default_path(path: &str) -> String {
    match path.rfind('/') {
        Some(0) | None => "/".to_owned(),
        Some(at) => path.get(..at).unwrap_or("/").to_owned(),
    }
}

/// The state of one user's browser.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// In the order they were first set.
    pub cookies: Vec<Cookie>,
    /// Headers that carry the login, sent to the origin of the scan alone.
    pub headers: Vec<(String, String)>,
    /// Names and values that stand for a user's name and password in replays (`{{authpassword}}`): never written anywhere.
    #[serde(skip)]
    pub secrets: Vec<(String, String)>,
}

impl Session {
    /// Puts the cookies and login headers on a request; what the request says itself goes first.
    #[must_use]
    pub fn dress(&self, request: &Request) -> Request {
        let mut dressed = request.clone();
        for cookie in self.cookies_for(&request.url) {
            if !request.cookies.iter().any(|(name, _)| *name == cookie.name) {
                dressed.cookies.push((cookie.name.clone(), cookie.value.clone()));
            }
        }
        for (name, value) in &self.headers {
            if request.header(name).is_none() {
                dressed.headers.push((name.clone(), value.clone()));
            }
        }
        dressed
    }

    /// The cookies that go to a URL.
    pub(crate) fn cookies_for<'a>(&'a self, url: &'a Target) -> impl Iterator<Item = &'a Cookie> {
        self.cookies.iter().filter(move |cookie| cookie.suits(url))
    }

    /// Takes in the cookies that an answer sets.
    pub fn absorb(&mut self, url: &Target, response: &Response) {
        for header in response.all("set-cookie") {
            if let Some((cookie, is_gone)) = Cookie::read(header, url) {
                self.set(cookie, is_gone);
            }
        }
    }

    fn set(&mut self, cookie: Cookie, is_gone: bool) {
        let same = |have: &Cookie| {
            have.name == cookie.name && have.domain == cookie.domain && have.path == cookie.path
        };
        let at = self.cookies.iter().position(same);
        match (at, is_gone) {
            (Some(at), true) => drop(self.cookies.remove(at)),
            (Some(at), false) => {
                if let Some(old) = self.cookies.get_mut(at) {
                    *old = cookie;
                }
            }
            (None, false) if self.cookies.len() < MAX_COOKIES => self.cookies.push(cookie),
            (None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_where_they_belong() {
        let url = |text: &str| Target::parse(text).unwrap();
        let mut session = Session::default();
        let answer = Response::new(
            200,
            &[
                ("Set-Cookie", "sid=1; Path=/app; HttpOnly"),
                ("Set-Cookie", "all=2; Domain=example.test; Path=/"),
                ("Set-Cookie", "evil=3; Domain=other.test"),
                ("Set-Cookie", "tls=4; Secure; Path=/; SameSite=Lax"),
            ],
            "",
        );
        session.absorb(&url("https://shop.example.test/app/login"), &answer);
        let sent = |to: &str| {
            session.dress(&Request::get(url(to))).cookies.into_iter().map(|(n, _)| n).collect::<Vec<_>>()
        };
        assert_eq!(sent("https://shop.example.test/app/x"), ["sid", "all", "tls"]);
        assert_eq!(sent("http://shop.example.test/apple"), ["all"]);
        assert_eq!(sent("https://api.example.test/"), ["all"]);
        let gone = Response::new(200, &[("Set-Cookie", "sid=; Path=/app; Max-Age=0")], "");
        session.absorb(&url("https://shop.example.test/app/x"), &gone);
        assert_eq!(session.cookies.len(), 2);
    }
}
