//! Where a scan may go (`contract/was.md 7.7`). Asked for each request by the client itself, so that nothing passes by.

use std::net::IpAddr;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::http::{Origin, Target};

/// Which hosts and paths belong to a web application.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reach {
    /// Scheme, host and port of the start; the default ports of http and https count as one.
    #[default]
    Origin,
    /// The host of the start, on any port, http or https.
    All,
    /// At or below the directory of the start, on its host.
    Limit,
    /// The host of the start, and the one sub-domain with all below it.
    Subdomain(String),
    /// The host of the start, and the listed domains.
    Domains(Vec<String>),
}

/// An entry of an allow or exclude list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrlEntry {
    /// A URL prefix, or a regular expression.
    pub value: String,
    /// Whether it is a regular expression, searched anywhere in the URL.
    #[serde(default)]
    pub regex: bool,
}

enum Matcher {
    Prefix(String),
    Regex(Regex),
}

impl Matcher {
    fn of(entry: &UrlEntry) -> Result<Self, ScopeError> {
        if !entry.regex {
            return Ok(Self::Prefix(entry.value.to_ascii_lowercase()));
        }
        Regex::new(&entry.value)
            .map(Self::Regex)
            .map_err(|error| ScopeError { value: entry.value.clone(), why: error.to_string() })
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.to_ascii_lowercase().starts_with(prefix),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// A list entry that can't be used.
#[derive(Debug, Clone, thiserror::Error)]
#[error("'{value}' is no regular expression: {why}")]
pub struct ScopeError {
    value: String,
    why: String,
}

/// What a web application's settings say about scope.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScopeRules {
    /// Hosts and paths.
    pub reach: Reach,
    /// What is not requested.
    pub exclude: Vec<UrlEntry>,
    /// What is requested although it is excluded.
    pub allow: Vec<UrlEntry>,
    /// Bodies that are not sent.
    pub exclude_bodies: Vec<UrlEntry>,
    /// URLs that end a session: never requested while logged in.
    pub logout: Vec<UrlEntry>,
}

/// What a scope says of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// It may be requested.
    Inside,
    /// It is another application's (QID 150010).
    Outside,
    /// A list keeps it out (QID 150020).
    Excluded,
    /// It would end the session.
    Logout,
}

/// A scope, ready to answer.
pub struct Scope {
    start: Target,
    reach: Reach,
    exclude: Vec<Matcher>,
    allow: Vec<Matcher>,
    bodies: Vec<Matcher>,
    logout: Vec<Matcher>,
}

impl Scope {
    /// The scope of an application that starts at `start`.
    ///
    /// # Errors
    /// An entry is no regular expression.
    pub fn new(start: &Target, rules: &ScopeRules) -> Result<Self, ScopeError> {
        let list = |entries: &[UrlEntry]| entries.iter().map(Matcher::of).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            start: start.clone(),
            reach: rules.reach.clone(),
            exclude: list(&rules.exclude)?,
            allow: list(&rules.allow)?,
            bodies: list(&rules.exclude_bodies)?,
            logout: list(&rules.logout)?,
        })
    }

    /// Where the application starts.
    #[must_use]
    pub fn start(&self) -> &Target {
        &self.start
    }

    /// Whether a URL may be requested.
    #[must_use]
    pub fn rule(&self, url: &Target) -> Ruling {
        if !self.reaches(url) {
            return Ruling::Outside;
        }
        let text = url.to_string();
        if self.exclude.iter().any(|entry| entry.matches(&text))
            && !self.allow.iter().any(|entry| entry.matches(&text))
        {
            return Ruling::Excluded;
        }
        if self.logout.iter().any(|entry| entry.matches(&text)) {
            return Ruling::Logout;
        }
        Ruling::Inside
    }

    /// Whether a body may be sent.
    #[must_use]
    pub fn allows_body(&self, body: &str) -> bool {
        !self.bodies.iter().any(|entry| entry.matches(body))
    }

    fn reaches(&self, url: &Target) -> bool {
        let (start, here) = (&self.start.origin, &url.origin);
        let same_host = start.host == here.host;
        match &self.reach {
            Reach::Origin => start == here || (same_host && is_default(start) && is_default(here)),
            Reach::All => same_host,
            Reach::Limit => same_host && clean(&url.path).starts_with(self.start.directory()),
            Reach::Subdomain(domain) => same_host || is_below(&here.host, domain),
            Reach::Domains(domains) => {
                same_host || domains.iter().any(|domain| here.host.eq_ignore_ascii_case(domain))
            }
        }
    }
}

fn is_default(origin: &Origin) -> bool {
    origin.port == origin.scheme.default_port()
}

fn is_below(host: &str, domain: &str) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    host == domain || (host.parse::<IpAddr>().is_err() && host.ends_with(&format!(".{domain}")))
}

/// The path as a server would see it, so that `..` does not lead out of a directory.
fn clean(path: &str) -> String {
    let decoded = crate::http::encode::unpercent(path).replace('\\', "/");
    let mut kept = Vec::new();
    for segment in decoded.split('/').skip(1) {
        match segment {
            ".." => drop(kept.pop()),
            "." => {}
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(reach: Reach) -> Scope {
        let start = Target::parse("https://shop.example.test/app/index.html").unwrap();
        let rules = ScopeRules {
            reach,
            exclude: vec![UrlEntry { value: "/admin".into(), regex: true }],
            allow: vec![UrlEntry { value: "https://shop.example.test/app/admin/help".into(), regex: false }],
            logout: vec![UrlEntry { value: "logout".into(), regex: true }],
            ..ScopeRules::default()
        };
        Scope::new(&start, &rules).unwrap()
    }

    #[test]
    fn each_reach_has_its_borders() {
        let inside = |reach: &Reach, url: &str| {
            scope(reach.clone()).rule(&Target::parse(url).unwrap()) == Ruling::Inside
        };
        let cases = [
            ("https://shop.example.test/x", [true, true, false, true, true]),
            ("http://shop.example.test/app/x", [true, true, true, true, true]),
            ("https://shop.example.test:8443/app/", [false, true, true, true, true]),
            ("https://api.example.test/app/", [false, false, false, true, false]),
            ("https://cdn.test/app/", [false, false, false, false, true]),
            ("https://shop.example.test.evil.test/app/", [false, false, false, false, false]),
            ("https://evilexample.test/app/", [false, false, false, false, false]),
        ];
        let reaches = [
            Reach::Origin,
            Reach::All,
            Reach::Limit,
            Reach::Subdomain("example.test".into()),
            Reach::Domains(vec!["cdn.test".into()]),
        ];
        for (url, wanted) in cases {
            assert_eq!(reaches.each_ref().map(|reach| inside(reach, url)), wanted, "{url}");
        }
    }

    #[test]
    fn lists_and_dots_are_minded() {
        let rule = |reach: Reach, url: &str| scope(reach).rule(&Target::parse(url).unwrap());
        assert_eq!(rule(Reach::All, "https://shop.example.test/app/admin/users"), Ruling::Excluded);
        assert_eq!(rule(Reach::All, "https://shop.example.test/app/admin/help/1"), Ruling::Inside);
        assert_eq!(rule(Reach::All, "https://shop.example.test/app/logout"), Ruling::Logout);
        let mut up = Target::parse("https://shop.example.test/app/x").unwrap();
        up.path = "/app/%2e%2e/other".into();
        assert_eq!(scope(Reach::Limit).rule(&up), Ruling::Outside);
    }
}
